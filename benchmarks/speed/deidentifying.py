"""Identifiers found by rules: records, short ones and sentences, against each rule tried in each text."""

from collections.abc import Iterator, Sequence

import numpy as np

from modeling_dicmt.deidentification import IdentifierFinder
from modeling_dicmt.deidentification.sieve import Sieve

from .inputs import sentences_of, texts_of
from .measuring import Row, Settings, compare, require, speed_of

SHORT = 125


class NoSieve(Sieve):
    """Lets all rules through."""

    def candidates(self, points: np.ndarray, starts: Sequence[int]) -> list[list[int]]:
        """The numbers of all rules, for each text."""
        return [list(range(self._needed.shape[1]))] * len(starts)


def rows(settings: Settings) -> Iterator[Row]:
    """The same records whole, cut to short ones, and by sentences: the shorter, the more a call for each rule costs."""
    records = texts_of(settings, "train")[: 300 if settings.quick else None]
    finder, trying_all = IdentifierFinder(), IdentifierFinder()
    trying_all.sieve = NoSieve(trying_all.rules)
    kinds = {
        "records": records,
        f"pieces of {SHORT} characters": [
            text[start : start + SHORT] for text in records for start in range(0, len(text), SHORT)
        ],
        "sentences": sentences_of(records),
    }
    for kind, texts in kinds.items():
        characters = sum(map(len, texts))
        require(finder.find_all(texts) == trying_all.find_all(texts), "the sieve loses identifiers")
        row = compare(
            f"identifiers by rules, {kind}",
            "each rule tried in each text",
            lambda texts=texts: finder.find_all(texts),
            lambda texts=texts: trying_all.find_all(texts),
            "",
            settings,
            work=characters,
            note=f"{characters:,} characters, {len(texts):,} texts; {len(finder.rules)} rules",
        )
        yield row
        yield speed_of(row, characters, "≥ 0.5")
