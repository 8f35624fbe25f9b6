"""What scanners, forms and haste do to a text; identifiers keep their place."""

import re
from collections.abc import Callable, Sequence
from random import Random

from .filling import Piece

_WIDE = {
    code: code + 0xFEE0
    for code in (*range(ord("0"), ord("9") + 1), *range(ord("A"), ord("Z") + 1), *range(ord("a"), ord("z") + 1))
}
_WIDE_DIGITS = {code: code + 0xFEE0 for code in range(ord("0"), ord("9") + 1)}
_HALF_MARKS = str.maketrans("，：；（）", ",:;()")
_BREAK_WITHIN = 0.06
"""How often a full line ends within an identifier: seldom, since training, whose sentences end there, loses it."""


def add_noise(pieces: Sequence[Piece], random: Random) -> list[Piece]:
    """The same stretches as somebody typed, printed or scanned them; half of the records stay as they are."""
    pieces = list(pieces)
    if random.random() < 0.15:
        pieces = [Piece(piece.text.translate(_HALF_MARKS), piece.type) for piece in pieces]
    if random.random() < 0.04:
        table = random.choice((_WIDE, _WIDE_DIGITS))
        share = random.choice((0.3, 1))
        pieces = [
            Piece(piece.text.translate(table), piece.type) if random.random() < share else piece for piece in pieces
        ]
    if random.random() < 0.08:
        pieces = _change_plain(
            pieces, lambda text: re.sub("[，。；,;：:]", lambda mark: "" if random.random() < 0.4 else mark[0], text)
        )
    if random.random() < 0.06:
        pieces = _change_plain(
            pieces, lambda text: re.sub("(?<=[，。：:、])", lambda _: random.choice((" ", "", "  ", "")), text)
        )
    if random.random() < 0.05:
        blank = random.choice((" ", " ", "　"))
        pieces = _change_plain(pieces, lambda text: text.replace("\n", random.choice(("", blank, blank * 2))))
    if random.random() < 0.04:
        share = random.choice((0.05, 0.2, 0.6))
        pieces = [Piece(_spread(piece.text, share, random), piece.type) for piece in pieces]
    if random.random() < 0.06:
        pieces = _wrap(pieces, random.randint(18, 45), random)
    if random.random() < 0.08:
        pieces = [Piece(re.sub("\r?\n", "\r\n", piece.text), piece.type) for piece in pieces]
    return [piece for piece in pieces if piece.text]


def _change_plain(pieces: Sequence[Piece], change: Callable[[str], str]) -> list[Piece]:
    return [piece if piece.type else Piece(change(piece.text)) for piece in pieces]


def _spread(text: str, share: float, random: Random) -> str:
    """Blanks between some characters, none before the first or after the last."""
    return "".join(character + (" " if random.random() < share else "") for character in text[:-1]) + text[-1:]


def _wrap(pieces: Sequence[Piece], width: int, random: Random) -> list[Piece]:
    """Lines of a column: they end wherever it is full, in the middle of a word as well."""
    wrapped: list[Piece] = []
    column = 0
    for piece in pieces:
        may_break = not piece.type or random.random() < _BREAK_WITHIN
        text = ""
        if piece.type and not may_break and column >= width:
            wrapped.append(Piece("\n"))
            column = 0
        for character in piece.text:
            if column >= width and may_break and character != "\n" and (text or not piece.type):
                text += "\n"
                column = 0
            text += character
            column = 0 if character == "\n" else column + 1
        wrapped.append(Piece(text, piece.type))
    return wrapped
