"""Annotated records → sentences with entities that may lie within each other: what a span head is trained on."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..tagging import Span
from ..tokenization_dicmt import DicMTTokenizer, EncodedSentence
from .examples import annotated_sentences


class SpanExamples(NamedTuple):
    """Sentences with their entities.

    Args:
        sentences: Encoded sentences.
        entities: Of each sentence integer (N, 3), distinct, ascending: first character, end (exclusive), type.
        crossing: Entities that cross a sentence's edge, as (record's id, entity): they are not trained on.
    """

    sentences: list[EncodedSentence]
    entities: list[np.ndarray]
    crossing: list[tuple[str, Span]]

    def __len__(self) -> int:
        return len(self.sentences)

    @property
    def lengths(self) -> np.ndarray:
        """Characters of each sentence."""
        return np.array([len(sentence.input_ids) for sentence in self.sentences])

    @property
    def labels(self) -> list[np.ndarray]:
        """What each sentence's network learns: the entities."""
        return self.entities

    def entities_of(self, index: int) -> np.ndarray:
        """The entities of a sentence, integer (N, 3)."""
        return self.entities[index]

    @staticmethod
    def labels_of(entities: np.ndarray, length: int) -> np.ndarray:
        """The labels of a sentence of a length with other entities."""
        return entities


def make_span_examples(records: Sequence[Mapping[str, Any]], tokenizer: DicMTTokenizer) -> SpanExamples:
    """Split records into sentences, encode them, and keep the entities of each, in its offsets.

    Args:
        records: Records with `id`, `text` and `entities`, which may overlap in any way.
        tokenizer: The tokenizer of the network that is trained.

    Raises:
        ValueError: If an entity is empty, or of a type that the tokenizer lacks; names the record.
    """
    place = {name: index for index, name in enumerate(tokenizer.entity_types)}
    examples = SpanExamples([], [], [])
    for record, sentence, within in annotated_sentences(records, tokenizer, examples.crossing):
        for entity in within:
            if entity.type not in place or entity.start >= entity.end:
                raise ValueError(
                    f"Record {record['id']}: {entity} is empty, or of a type that is none of {', '.join(place)}."
                )
        rows = {(entity.start - sentence.start, entity.end - sentence.start, place[entity.type]) for entity in within}
        examples.sentences.append(sentence)
        examples.entities.append(np.array(sorted(rows), dtype=np.int64).reshape(-1, 3))
    return examples


def longest_span(examples: SpanExamples, share: float) -> int:
    """Characters of the longest span that a network for these entities has to score, so that it can find a share."""
    sizes = np.sort(np.concatenate([np.ones(1, dtype=np.int64), *(one[:, 1] - one[:, 0] for one in examples.entities)]))
    return int(sizes[int(np.ceil(share * len(sizes))) - 1])
