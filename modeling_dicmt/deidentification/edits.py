"""A text with stretches replaced, and where each offset of the one lies in the other."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple


class Edit(NamedTuple):
    """One stretch of a text, and what takes its place.

    Args:
        start: Offset of its first character in the original text.
        end: Offset after its last.
        replacement: The new text; may be empty, of the same length or of another.
    """

    start: int
    end: int
    replacement: str


class EditedText:
    """A text after all its edits.

    A replaced stretch has no inner places: whatever touches a part of it touches all of it, in both directions. What
    lies outside is kept, character by character.

    Args:
        original: The text before.
        edits: What is replaced, by start. Edits may touch, not overlap; each replaces at least one character.

    Raises:
        ValueError: If an edit is empty, reaches beyond the text, or starts before the one before it ends.

    Attributes:
        original: The text before.
        text: The text after.
        edits: The edits.
    """

    def __init__(self, original: str, edits: Iterable[Edit]):
        self.original, self.edits = original, tuple(edits)
        _check(self.edits, len(original))
        pieces, new_starts, new_ends = [], [], []
        kept_from = length = 0
        for start, end, replacement in self.edits:
            pieces += (original[kept_from:start], replacement)
            new_starts.append(length + start - kept_from)
            length = new_starts[-1] + len(replacement)
            new_ends.append(length)
            kept_from = end
        pieces.append(original[kept_from:])
        self.text = "".join(pieces)
        old = [edit.start for edit in self.edits], [edit.end for edit in self.edits]
        self._old, self._new = old, (new_starts, new_ends)

    def to_new(self, offset: int) -> int:
        """Where a character of the original is in the new text; within a replaced stretch, the replacement's start.

        Args:
            offset: 0 to the original's length, which becomes the new text's length.

        Raises:
            ValueError: If there is no such offset.
        """
        return _moved(_checked(offset, self.original), self._old, self._new)

    def to_original(self, offset: int) -> int:
        """Where a character of the new text was in the original; within a replacement, the replaced stretch's start.

        Args:
            offset: 0 to the new text's length, which becomes the original's length.

        Raises:
            ValueError: If there is no such offset.
        """
        return _moved(_checked(offset, self.text), self._new, self._old)

    def span_to_new(self, start: int, end: int) -> tuple[int, int] | None:
        """Where a span of the original lies in the new text: as many characters or, where it touches a replaced
        stretch, with the whole replacement.

        Returns:
            Start and end; None if nothing is left of the span, since all its characters were removed.

        Raises:
            ValueError: If the span is empty or reaches beyond the original.
        """
        return _moved_span(start, end, self.original, self._old, self._new)

    def span_to_original(self, start: int, end: int) -> tuple[int, int]:
        """Where a span of the new text lies in the original; with the whole stretch, where it touches a replacement.

        What was removed within the span is part of it, what was removed before or after it is not.

        Raises:
            ValueError: If the span is empty or reaches beyond the new text.
        """
        span = _moved_span(start, end, self.text, self._new, self._old)
        assert span is not None  # no replaced stretch of the original is empty
        return span

    def move(self, entities: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Entities of the original as entities of the new text, in the same order.

        Args:
            entities: Each with "start" and "end"; they may nest and overlap.

        Returns:
            New ones, widened to whole replacements, with all other keys as they were, and "word", where there is one,
            anew. Those of which nothing is left are not among them: they are as many as are missing.

        Raises:
            ValueError: If an entity is empty or reaches beyond the original.
        """
        moved = []
        for entity in entities:
            span = self.span_to_new(entity["start"], entity["end"])
            if span is None:
                continue
            start, end = span
            words = {"word": self.text[start:end]} if "word" in entity else {}
            moved.append({**entity, "start": start, "end": end, **words})
        return moved


def _check(edits: Sequence[Edit], length: int) -> None:
    """Messages have offsets and no text: they may end in a log."""
    for start, end, _ in edits:
        if not 0 <= start < end <= length:
            raise ValueError(f"An edit from {start} to {end} does not fit a text of {length} characters.")
    for before, after in pairwise(edits):
        if after.start < before.end:
            raise ValueError(
                f"The edit from {after.start} to {after.end} starts before the one from {before.start} to {before.end} "
                "ends: pass edits that do not overlap, by start."
            )


def _checked(offset: int, text: str) -> int:
    if not 0 <= offset <= len(text):
        raise ValueError(f"Offset {offset} is not of a text of {len(text)} characters.")
    return offset


# Starts of stretches and their ends, in one of the two texts.
_Stretches = tuple[list[int], list[int]]


def _moved(offset: int, here: _Stretches, there: _Stretches) -> int:
    # Of stretches that are empty here the last one counts: after all that was removed comes the character itself.
    i = bisect_right(here[0], offset) - 1
    if i < 0:
        return offset
    return there[0][i] if offset < here[1][i] else there[1][i] + offset - here[1][i]


def _moved_span(start: int, end: int, text: str, here: _Stretches, there: _Stretches) -> tuple[int, int] | None:
    if not 0 <= start < end <= len(text):
        raise ValueError(f"A span from {start} to {end} is not one of a text of {len(text)} characters.")
    # By the last character, not by the offset after it, which may lie behind text that was removed there.
    last = end - 1
    i = bisect_right(here[0], last) - 1
    if i < 0:
        new_end = end
    else:
        new_end = there[1][i] if last < here[1][i] else there[1][i] + end - here[1][i]
    new_start = _moved(start, here, there)
    return (new_start, new_end) if new_start < new_end else None
