"""Records → entities: sentences in batches through the network, tags to spans, spans to offsets of the record."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch

from .batching import length_batches, pad_sentences
from .modeling_dicmt import DicMTForTokenClassification
from .tagging import Span, tags_to_spans
from .tokenization_dicmt import DicMTTokenizer, EncodedSentence

BATCH_CHARACTERS = 8192


class SentencePrediction(NamedTuple):
    """What the network says of a sentence of L characters.

    Args:
        tags: (L,) tag ids of the best path; empty without the recognition task.
        in_entity: (L,) boolean, the segmentation task's answer; empty without it.
    """

    tags: np.ndarray
    in_entity: np.ndarray


@torch.inference_mode()
def predict_sentences(
    model: DicMTForTokenClassification,
    sentences: Sequence[EncodedSentence],
    batch_characters: int = BATCH_CHARACTERS,
) -> list[SentencePrediction]:
    """Label sentences, batched by length.

    Args:
        model: The network; it is put into evaluation mode.
        sentences: Encoded sentences.
        batch_characters: Characters of a batch, padding included. Has no influence on the answers.

    Returns:
        A prediction for each sentence, in the sentences' order.
    """
    model.eval()
    predictions: list[SentencePrediction | None] = [None] * len(sentences)
    for batch in length_batches([len(sentence.input_ids) for sentence in sentences], batch_characters):
        inputs = pad_sentences([sentences[index] for index in batch], model.config.pad_token_id)
        output = model(**{name: tensor.to(model.device) for name, tensor in inputs.items()})
        tags = None if output.predictions is None else output.predictions.cpu().numpy()
        in_entity = None if output.segmentation_logits is None else (output.segmentation_logits > 0).cpu().numpy()
        nothing = np.zeros(0, dtype=np.int64)
        for row, index in enumerate(batch):
            length = len(sentences[index].input_ids)
            predictions[index] = SentencePrediction(
                nothing if tags is None else tags[row, :length],
                nothing.astype(bool) if in_entity is None else in_entity[row, :length],
            )
    return predictions


def collect_entities(
    sentences: Sequence[EncodedSentence],
    predictions: Sequence[SentencePrediction],
    num_records: int,
    id2label: dict[int, str],
) -> list[list[Span]]:
    """Entities of each record, in offsets of its text, in the text's order."""
    entities: list[list[Span]] = [[] for _ in range(num_records)]
    for sentence, prediction in zip(sentences, predictions, strict=True):
        entities[sentence.record].extend(tags_to_spans(prediction.tags, id2label, offset=sentence.start))
    return entities


def collect_segmentation(
    sentences: Sequence[EncodedSentence], predictions: Sequence[SentencePrediction], texts: Sequence[str]
) -> list[np.ndarray]:
    """The segmentation task's answer for each record: (characters,) boolean."""
    masks = [np.zeros(len(text), dtype=bool) for text in texts]
    for sentence, prediction in zip(sentences, predictions, strict=True):
        masks[sentence.record][sentence.start : sentence.start + len(prediction.in_entity)] = prediction.in_entity
    return masks


def predict_entities(
    model: DicMTForTokenClassification,
    tokenizer: DicMTTokenizer,
    texts: Iterable[str],
    batch_characters: int = BATCH_CHARACTERS,
) -> list[list[Span]]:
    """Entities of records of any length.

    Args:
        model: The network.
        tokenizer: Its tokenizer, with the dictionary to use.
        texts: The records' texts.
        batch_characters: Characters of a batch, padding included.

    Returns:
        For each record its entities in the text's order; `text[start:end]` is the mention.
    """
    texts = list(texts)
    sentences = list(tokenizer.encode_records(texts))
    predictions = predict_sentences(model, sentences, batch_characters)
    return collect_entities(sentences, predictions, len(texts), model.config.id2label)
