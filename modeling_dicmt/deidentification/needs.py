"""A pattern → characters without which it cannot match.

They are read off the pattern as it is written. What is not understood needs nothing: too little costs time, too much
would lose what a rule finds.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from operator import itemgetter

import numpy as np

PLANE = 0x10000
"""Characters are told apart within the basic plane alone."""

Need = frozenset[str]
"""Characters and classes, as a pattern has them, of which one must be in the text."""

_CHARACTERS = "".join(map(chr, range(PLANE)))
_TOKEN = re.compile(
    r"(?P<open>\((?!\?)|\(\?(?::|P<\w+>|<?[=!]))|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<repeat>(?:[*+?]|\{(?!\})\d*(?:,\d*)?\})[?+]?)"
    r"|(?P<any>[.^$]|\\(?:[AbBZz]|\d{1,3}|N\{[^}]*\}))"
    r"|(?P<one>\[\^?\]?(?:\\.|[^\]\\])*\]|\\(?:x..|u.{4}|U.{8}|.)|[^(])",
    re.DOTALL,
)
_MAY_BE_LEFT_OUT = re.compile(r"[*?]|\{0*(?:,\d*)?\}")


def needs(pattern: re.Pattern[str]) -> list[Need]:
    """What a text must have for a pattern to match: one of each. Empty where nothing can be told."""
    if pattern.flags != re.UNICODE:  # with others, characters stand for more than themselves
        return []
    # A group is a list of alternatives, an alternative a list of parts, a part a list of what it needs.
    groups: list[list[list[list[Need]]]] = [[[]]]
    opened: list[str] = []
    position = 0
    while position < len(pattern.pattern):
        token = _TOKEN.match(pattern.pattern, position)
        if token is None:  # flags of a group, a condition, a comment
            return []
        position = token.end()
        if token["open"]:
            opened.append(token[0])
            groups.append([[]])
        elif token["close"]:
            needed = _of_any(groups.pop())
            groups[-1][-1].append([] if opened.pop().endswith("!") else needed)
        elif token["bar"]:
            groups[-1].append([])
        elif token["repeat"]:
            if _MAY_BE_LEFT_OUT.match(token[0]):
                groups[-1][-1][-1] = []
        else:
            groups[-1][-1].append([frozenset([token[0]])] if token["one"] else [])
    return _of_any(groups[0])


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
