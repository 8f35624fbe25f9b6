"""What typing, printing and scanning do to a record: lines broken within names, blanks, other widths of characters.

Each function takes a text and its identifiers as (start, end, type), and returns both as they are afterwards.
"""

import random
from collections.abc import Mapping

Span = tuple[int, int, str]
Marked = tuple[str, list[Span]]

_HALF_WIDTH_MARKS = str.maketrans("：，；（）　", ":,;() ")
_FULL_WIDTH_DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")
_MISREAD = {"0": "O", "1": "l"}


def insert(text: str, spans: list[Span], pieces: Mapping[int, str]) -> Marked:
    """Put each piece before the character at its offset. A piece at an identifier's start or end stays outside."""
    shifts, shift, parts, position = [], 0, [], 0
    for offset in sorted(pieces):
        parts += [text[position:offset], pieces[offset]]
        position, shift = offset, shift + len(pieces[offset])
        shifts.append((offset, shift))
    parts.append(text[position:])

    def moved(offset: int, is_end: bool) -> int:
        before = [shift for place, shift in shifts if place < offset or (place == offset and not is_end)]
        return offset + (before[-1] if before else 0)

    return "".join(parts), [(moved(start, False), moved(end, True), kind) for start, end, kind in spans]


def break_lines(text: str, spans: list[Span], width: int) -> Marked:
    """Break what is longer than a line, wherever that falls."""
    breaks, column = {}, 0
    for offset, character in enumerate(text):
        if character == "\n":
            column = 0
            continue
        if column == width:
            breaks[offset], column = "\n", 0
        column += 1
    return insert(text, spans, breaks)


def add_blanks(source: random.Random, text: str, spans: list[Span], share: float) -> Marked:
    """Blanks between characters, as a scan's reader sees them."""
    places = range(1, len(text))
    blanks = {
        offset: " "
        for offset in places
        if source.random() < share and not text[offset - 1].isspace() and not text[offset].isspace()
    }
    return insert(text, spans, blanks)


def misread(source: random.Random, text: str, share: float) -> str:
    """Some digits beside another digit become letters that look like them; offsets stay."""
    characters = list(text)
    for offset in range(1, len(text) - 1):
        beside_digits = text[offset - 1].isdigit() and text[offset + 1].isdigit()
        if text[offset] in _MISREAD and beside_digits and source.random() < share:
            characters[offset] = _MISREAD[text[offset]]
    return "".join(characters)


def damage(source: random.Random, text: str, spans: list[Span]) -> Marked:
    """One record as it comes from one of several systems; two in three are as they were."""
    chance = source.random()
    if chance < 0.08:
        text = misread(source, text, 0.03)
        text, spans = add_blanks(source, text, spans, 0.02)
        return break_lines(text, spans, source.randint(18, 40))
    if chance < 0.14:
        return break_lines(text, spans, source.randint(16, 48))
    if chance < 0.17:
        return text.translate(_FULL_WIDTH_DIGITS), spans
    if chance < 0.27:
        return text.translate(_HALF_WIDTH_MARKS), spans
    if chance < 0.3:
        return text.replace("\n", " "), spans
    if chance < 0.33:
        return insert(text, spans, {offset: "\r" for offset, character in enumerate(text) if character == "\n"})
    return text, spans
