"""Annotated records → sentences with tags: what training reads."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..tagging import Span, bio_labels, find_entities, spans_to_tags
from ..tokenization_dicmt import DicMTTokenizer, EncodedSentence

logger = logging.getLogger(__name__)


class Examples(NamedTuple):
    """Sentences with their tags.

    Args:
        sentences: Encoded sentences.
        tags: (L,) int64 tag ids of each sentence.
        crossing: Entities that cross a sentence's edge, as (record's id, entity): BIO tags cannot express them, and
            they are not trained on.
    """

    sentences: list[EncodedSentence]
    tags: list[np.ndarray]
    crossing: list[tuple[str, Span]]

    def __len__(self) -> int:
        return len(self.sentences)

    @property
    def lengths(self) -> np.ndarray:
        """Characters of each sentence."""
        return np.array([len(sentence.input_ids) for sentence in self.sentences])

    @property
    def labels(self) -> list[np.ndarray]:
        """What each sentence's network learns: the tags."""
        return self.tags

    def entities_of(self, index: int) -> np.ndarray:
        """The entities of a sentence, integer (N, 3): first character, end (exclusive), type."""
        tags = self.tags[index]
        id2label = dict(enumerate(bio_labels([str(kind) for kind in range(1 + max(0, int(tags.max())) // 2)])))
        return find_entities(tags[None], id2label).entities[:, 1:]

    @staticmethod
    def labels_of(entities: np.ndarray, length: int) -> np.ndarray:
        """The labels of a sentence of a length with other entities: their tags, by the ids of `bio_labels`."""
        tags = np.zeros(length, dtype=np.int64)
        for start, end, kind in entities.tolist():
            tags[start:end] = 2 * kind + 2
            tags[start] -= 1
        return tags


def make_examples(
    records: Sequence[Mapping[str, Any]], tokenizer: DicMTTokenizer, label2id: Mapping[str, int] | None = None
) -> Examples:
    """Split records into sentences, encode them, and write their entities as tags.

    Args:
        records: Records with `id`, `text` and `entities`.
        tokenizer: The tokenizer of the network that is trained.
        label2id: Id of each BIO label; default: those of `bio_labels`, as every network has them.

    Raises:
        ValueError: If entities of a record overlap or have a type without a label; names the record.
    """
    if label2id is None:
        label2id = {label: index for index, label in enumerate(bio_labels(tokenizer.entity_types))}
    examples = Examples([], [], [])
    for record, sentence, within in annotated_sentences(records, tokenizer, examples.crossing):
        try:
            tags = spans_to_tags(within, len(sentence.input_ids), label2id, offset=sentence.start)
        except ValueError as error:
            raise ValueError(f"Record {record['id']}: {error}") from error
        examples.sentences.append(sentence)
        examples.tags.append(np.array(tags, dtype=np.int64))
    return examples


def annotated_sentences(
    records: Sequence[Mapping[str, Any]], tokenizer: DicMTTokenizer, crossing: list[tuple[str, Span]]
) -> Iterator[tuple[Mapping[str, Any], EncodedSentence, list[Span]]]:
    """The records' sentences, each with its record and the entities within it, in the record's offsets, ascending.

    Those that cross a sentence's edge are put into `crossing`, each with its record's id.
    """
    entities_of = [sorted(Span(**entity) for entity in record["entities"]) for record in records]
    for sentence in tokenizer.encode_records(record["text"] for record in records):
        record, end = records[sentence.record], sentence.start + len(sentence.input_ids)
        within = []
        for entity in _starting_in(entities_of[sentence.record], sentence.start, end):
            if entity.end <= end:
                within.append(entity)
            else:
                crossing.append((record["id"], entity))
        yield record, sentence, within


def warn_of_crossing_entities(examples: Examples) -> None:
    """Log how many entities are not trained on because they cross a sentence's edge, and where the first are."""
    if examples.crossing:
        first = ", ".join(f"{record} {span.start}:{span.end}" for record, span in examples.crossing[:3])
        logger.warning(
            "%d entities cross the end of a sentence, or of a piece of one that is cut, and are not trained on: %s …",
            len(examples.crossing),
            first,
        )


def join_examples(first: Examples, second: Examples) -> Examples:
    """The sentences of both."""
    return type(first)(*(one + other for one, other in zip(first, second, strict=True)))


def _starting_in(entities: list[Span], start: int, end: int) -> Iterator[Span]:
    return (entity for entity in entities if start <= entity.start < end)
