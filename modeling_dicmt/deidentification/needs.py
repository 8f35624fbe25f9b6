"""A pattern → characters without which it cannot match.

They are read off the pattern as it is written. What is not understood needs nothing: too little costs time, too much
would lose what a rule finds.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from operator import itemgetter

import numpy as np

PLANE = 0x10000
"""Characters are told apart within the basic plane alone."""

Need = frozenset[str]
"""Characters and classes, as a pattern has them, of which one must be in the text."""

_CHARACTERS = "".join(map(chr, range(PLANE)))
_TOKEN = re.compile(
    r"(?P<open>\((?!\?)|\(\?(?::|P<\w+>|<?[=!]))|(?P<bar>\|)"
    r"|(?P<repeat>(?:[*+?]|\{(?!\})\d*(?:,\d*)?\})[?+]?)"
    r"|(?P<any>[.^$]|\\(?:[AbBZz]|\d{1,3}|N\{[^}]*\}))"
    r"|(?P<one>\[\^?\]?(?:\\.|[^\]\\])*\]|\\(?:x..|u.{4}|U.{8}|.)|[^()])",
    re.DOTALL,
)
# Round brackets, and what they may be a part of without being one.
_BRACKETS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()]", re.DOTALL)
_MAY_BE_LEFT_OUT = re.compile(r"[*?]|\{0*(?:,\d*)?\}")


class Needs:
    """Tells what a text must have for a pattern to match.

    What stands between brackets is read once: the same long lists of words are in many patterns.
    """

    def __init__(self) -> None:
        self._of_groups: dict[str, list[Need]] = {}

    def __call__(self, pattern: str) -> list[Need]:
        """The needs of a pattern, of which a text must have one each. Empty where nothing can be told."""
        try:
            return self._read(pattern, 0, len(pattern), _closing_brackets(pattern))
        except _NotUnderstood:
            return []

    def _read(self, pattern: str, start: int, end: int, closing: Mapping[int, int]) -> list[Need]:
        # An alternative is a list of parts, a part a list of what it needs.
        alternatives: list[list[list[Need]]] = [[]]
        position = start
        while position < end:
            token = _TOKEN.match(pattern, position, end)
            if token is None:  # flags, with which characters stand for others too, a condition, a comment
                raise _NotUnderstood
            inside, position = token.end(), token.end()
            if token["open"]:
                closed = closing[token.start()]
                group, position = pattern[inside:closed], closed + 1
                if group not in self._of_groups:
                    self._of_groups[group] = self._read(pattern, inside, closed, closing)
                alternatives[-1].append([] if token[0].endswith("!") else self._of_groups[group])
            elif token["bar"]:
                alternatives.append([])
            elif token["repeat"]:
                if _MAY_BE_LEFT_OUT.match(token[0]):
                    alternatives[-1][-1] = []
            else:
                alternatives[-1].append([frozenset([token[0]])] if token["one"] else [])
        return _of_any(alternatives)


class _NotUnderstood(Exception):
    """A pattern has something that `Needs` does not know."""


def _closing_brackets(pattern: str) -> dict[int, int]:
    """Where each round bracket that opens is closed."""
    opened: list[int] = []
    closing = {}
    for token in _BRACKETS.finditer(pattern):
        if token[0] == "(":
            opened.append(token.start())
        elif token[0] == ")":
            if not opened:  # one within a comment
                raise _NotUnderstood
            closing[opened.pop()] = token.start()
    if opened:
        raise _NotUnderstood
    return closing


def _of_any(alternatives: Sequence[Sequence[Sequence[Need]]]) -> list[Need]:
    """What is needed whichever of some alternatives it is: one of the first of each, of the last, of the rarest."""
    needed = [[need for part in parts for need in part] for parts in alternatives]
    if len(needed) == 1:
        return needed[0]
    if not all(needed):
        return []
    # Words for one thing often have few last characters (住院号, 门诊号) or few first ones (姓名, 姓氏).
    ways: tuple[Callable[[list[Need]], Need], ...] = (itemgetter(0), itemgetter(-1), partial(min, key=_size))
    return list(dict.fromkeys(frozenset().union(*map(way, needed)) for way in ways))


def members(need: Need) -> np.ndarray:
    """Which characters of the basic plane are among those needed, bool (PLANE,)."""
    found = np.zeros(PLANE, dtype=bool)
    found[[ord(one) for one in need if len(one) == 1 and ord(one) < PLANE]] = True
    for one in need:
        if len(one) > 1:
            found |= _members(one)
    return found


def _size(need: Need) -> int:
    return sum(1 if len(one) == 1 else int(_members(one).sum()) for one in need)


@lru_cache(maxsize=4096)
def _members(one: str) -> np.ndarray:
    found = np.zeros(PLANE, dtype=bool)
    found[[ord(character) for character in re.findall(one, _CHARACTERS)]] = True
    return found
