"""Nested entities → flat ones, for schemes that can tag a character once."""

import logging
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from .readers.records import Entity, Record

logger = logging.getLogger(__name__)


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


def flatten_records(place: str, records: Sequence[Record]) -> list[Record]:
    """The records with their outermost entities alone; how many others there were is logged, after `place`."""
    records = list(records)
    flat = [record | {"entities": flatten_outermost(record["entities"])} for record in records]
    before, after = (sum(len(record["entities"]) for record in version) for version in (records, flat))
    logger.warning("%s: %d of %d entities are nested in others and are left out.", place, before - after, before)
    return flat
