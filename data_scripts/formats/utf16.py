"""Offsets in UTF-16 code units, as browsers and Java count, and in characters, as Python does."""

import re
from bisect import bisect_left

_TWO_UNITS = re.compile("[\U00010000-\U0010ffff]")


class Utf16Offsets:
    """Conversion between both for one text, each in the logarithm of the number of characters of two units.

    Args:
        text: The text.
    """

    def __init__(self, text: str) -> None:
        self._wide = [] if text.isascii() else [match.start() for match in _TWO_UNITS.finditer(text)]
        # The units at which these characters begin: each one before has moved it by one.
        self._units = [start + number for number, start in enumerate(self._wide)]
        self.length = len(text) + len(self._wide)
        """The text's length in code units."""

    def from_character(self, offset: int) -> int:
        """The code unit at which a character begins, or at which the text ends."""
        return offset + bisect_left(self._wide, offset)

    def to_character(self, offset: int) -> int | None:
        """The character that begins at a code unit; None if one lies across it."""
        before = bisect_left(self._units, offset)
        if before and self._units[before - 1] == offset - 1:
            return None
        return offset - before
