"""Nested entities → flat ones, for schemes that can tag a character once."""

import logging
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .readers.records import Entity, Record

logger = logging.getLogger(__name__)

_RARE = 1e-3


def flatten_outermost(entities: Iterable[Entity]) -> list[Entity]:
    """Keep the outermost entities, so that none overlap.

    The longest is kept first, the earlier one (in the text, then in the list) of two equally long ones; each
    entity left out thus overlaps a kept one that is at least as long, or is empty. Of two types on one span, the
    one listed first is kept.

    Args:
        entities: A record's entities, nested or crossing.

    Returns:
        The kept entities by place in the text. What it left out is the difference of the lengths: report it.
    """
    kept: list[Entity] = []  # by place, none overlapping another: only two neighbours can overlap a further one
    starts: list[int] = []
    for entity in sorted(entities, key=lambda e: (e["start"] - e["end"], e["start"])):
        if entity["start"] == entity["end"]:
            continue
        index = bisect_left(starts, entity["start"])
        is_free = (index == 0 or kept[index - 1]["end"] <= entity["start"]) and (
            index == len(kept) or entity["end"] <= kept[index]["start"]
        )
        if is_free:
            kept.insert(index, entity)
            starts.insert(index, entity["start"])
    return kept


class Overlaps(NamedTuple):
    """How entities of records overlap.

    Args:
        entities: How many there are.
        nested: How many lie within another one, or on the same stretch.
        crossing: How many share characters with one that does not hold them, nor they it.
    """

    entities: int
    nested: int
    crossing: int

    @property
    def kind(self) -> str:
        """What a network is to expect: "none", "nested" or "crossing"; a rare crossing is taken for an error."""
        if self.crossing > _RARE * self.entities:
            return "crossing"
        return "nested" if self.nested else "none"


def count_overlaps(records: Iterable[Record]) -> Overlaps:
    """How the entities of records overlap; of two that cross, the later one is counted."""
    number = nested = crossing = 0
    for record in records:
        entities = sorted({(e["start"], -e["end"], e["type"]) for e in record["entities"] if e["start"] < e["end"]})
        number += len(entities)
        open_ends: list[int] = []  # of entities that hold each other, the outermost first
        for start, negative_end, _ in entities:
            while open_ends and open_ends[-1] <= start:
                open_ends.pop()
            if not open_ends:
                open_ends.append(-negative_end)
            elif -negative_end <= open_ends[-1]:
                nested += 1
                open_ends.append(-negative_end)
            else:
                crossing += 1
    return Overlaps(number, nested, crossing)


def flatten_records(place: str, records: Sequence[Record]) -> list[Record]:
    """The records with their outermost entities alone; how many others there were is logged, after `place`."""
    records = list(records)
    flat = [record | {"entities": flatten_outermost(record["entities"])} for record in records]
    before, after = (sum(len(record["entities"]) for record in version) for version in (records, flat))
    logger.warning("%s: %d of %d entities are nested in others and are left out.", place, before - after, before)
    return flat
