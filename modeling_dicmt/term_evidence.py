"""Which terms an entity overlaps: what a user is shown beside it."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from .lexicon import Lexicon
from .normalization import normalize
from .recognition_settings import Allowance
from .tokenization_dicmt import EncodedSentence


class Match(NamedTuple):
    """A term in a record.

    Args:
        start: Offset of its first character.
        end: Offset after its last.
        is_vetted: Whether it is a vetted term or one of the dictionary's.
        type: Its entity type.
    """

    start: int
    end: int
    is_vetted: bool
    type: str


def terms_in(sentences: Sequence[EncodedSentence], lexicon: Lexicon) -> list[Match]:
    """The terms in a record, in order, as the network saw them in its sentences."""
    features = np.concatenate([sentence.dictionary_features for sentence in sentences])
    of_dictionary = lexicon.dictionary.matches(features[:, : lexicon.dictionary.dim])
    vetted = [
        Match(start + sentence.start, end + sentence.start, True, kind)
        for sentence in sentences
        for start, end, kind in sentence.terms
    ]
    return sorted([*(Match(start, end, False, kind) for start, end, kind in of_dictionary), *vetted])


def add_evidence(
    text: str,
    entities: Sequence[dict[str, Any]],
    matches: Sequence[Match],
    lexicon: Lexicon,
    allowance: Allowance,
) -> None:
    """Name the terms that overlap each entity; `matches` are those of the record."""
    lists_of = lru_cache(maxsize=None)(
        lambda term, is_vetted: (lexicon.terms.terms if is_vetted else lexicon.dictionary.dictionary).lists_of(term)
    )
    starts = [match.start for match in matches]
    longest = max((match.end - match.start for match in matches), default=0)
    for entity in entities:
        begin, end = entity["start"], entity["end"]
        entity["evidence"] = []
        for match in matches[bisect_right(starts, begin - longest) : bisect_left(starts, end)]:
            if match.end > begin:
                term = normalize(text[match.start : match.end])
                lists = lists_of(term, match.is_vetted)
                allowance.take_evidence(len(lists))
                entity["evidence"].append(
                    {
                        "term": term,
                        "entity_group": match.type,
                        "lists": list(lists),
                        "vetted": match.is_vetted,
                        "start": match.start,
                        "end": match.end,
                    }
                )
