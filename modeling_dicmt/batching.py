"""Sentences → padded arrays, without waste: batches hold sentences of about the same length."""

from collections.abc import Iterator, Sequence

import numpy as np

from .radicals import PADDING_RADICAL
from .tagging import IGNORED_TAG
from .tokenization_dicmt import EncodedSentence


def pad_sentences(
    sentences: Sequence[EncodedSentence], pad_token_id: int, tags: Sequence[np.ndarray] | None = None
) -> dict[str, np.ndarray]:
    """Stack sentences, padded at the right to the longest.

    Args:
        sentences: B sentences.
        pad_token_id: Id that pads `input_ids`.
        tags: The sentences' tag ids, if the batch is to have labels.

    Returns:
        The network's inputs: `input_ids` and `attention_mask` (B, L) int64, `radical_ids` (B, L) and
        `dictionary_features` (B, L, D) uint8, and `labels` (B, L) int64, -100 at padding, if there are tags.
    """
    lengths = [len(sentence.input_ids) for sentence in sentences]
    shape = (len(sentences), max(lengths, default=0))
    width = sentences[0].dictionary_features.shape[1] if sentences else 0
    arrays = {
        "input_ids": np.full(shape, pad_token_id, dtype=np.int64),
        "attention_mask": np.zeros(shape, dtype=np.int64),
        "radical_ids": np.full(shape, PADDING_RADICAL, dtype=np.uint8),
        "dictionary_features": np.zeros((*shape, width), dtype=np.uint8),
    }
    if tags is not None:
        arrays["labels"] = np.full(shape, IGNORED_TAG, dtype=np.int64)
    for row, (sentence, length) in enumerate(zip(sentences, lengths, strict=True)):
        arrays["input_ids"][row, :length] = sentence.input_ids
        arrays["attention_mask"][row, :length] = 1
        arrays["radical_ids"][row, :length] = sentence.radical_ids
        arrays["dictionary_features"][row, :length] = sentence.dictionary_features
        if tags is not None:
            arrays["labels"][row, :length] = tags[row]
    return arrays


def length_batches(lengths: Sequence[int], max_characters: int) -> Iterator[list[int]]:
    """Batches of sentences of about the same length, the longest first.

    Args:
        lengths: Characters of each sentence.
        max_characters: Characters of a batch, padding included; a sentence that is longer is a batch by itself.

    Yields:
        Indices of the sentences of each batch; together all indices once.
    """
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable").tolist()
    start = 0
    while start < len(order):
        size = max(1, max_characters // max(1, lengths[order[start]]))
        yield order[start : start + size]
        start += size
