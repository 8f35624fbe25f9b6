"""Majority vote over entities: an entity counts if more than half of the systems find it, type and offsets alike."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from modeling_dicmt.tagging import Span


def vote(predictions: Sequence[Sequence[Sequence[Any]]]) -> list[list[Span]]:
    """Combine what several systems find.

    Systems whose entities do not overlap give a vote whose entities do not: two that overlap would each need more than
    half of the systems, so one system would have found both.

    Args:
        predictions: For each system, for each record, its entities `(start, end, type)`.

    Returns:
        For each record the entities that more than half of the systems find, in order.
    """
    combined = []
    for of_record in zip(*predictions, strict=True):
        votes = Counter(Span(*entity) for found in of_record for entity in {tuple(entity) for entity in found})
        combined.append(sorted(entity for entity, count in votes.items() if 2 * count > len(predictions)))
    return combined
