"""Terms that are nearly the same, in time linear in their number: by what two of them would have in common.

Two terms are near to each other in one of three ways, the nearest first:

- writing: without remarks in brackets, punctuation and blanks, in one width and case, with 术 for 手术, they are equal;
- order: they are made of the same characters, of three at least: 左肺上叶 and 肺左上叶;
- a character more: one of them, of three characters at least, becomes the other by it. A digit or a Latin letter does
  not count, since L1 and L12 are two vertebrae, nor does an exchange, since 左肺 and 右肺 are two lungs.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

MIN_LENGTH = 3
"""Characters of the shorter term, where order or a character more is compared: of two, many are near by chance."""

_REMARK = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>|【[^【】]*】|〔[^〔〕]*〕|《[^《》]*》|「[^「」]*」")
# A sign at the end is a result (HBsAg+), within a name it is a hyphen; a point between digits is decimal.
_SEPARATORS = re.compile(r"[^\w.+±-]|_|-(?=.)|(?<!\d)\.|\.(?!\d)")
_HYPHENS = str.maketrans("−–—‐‑", "-----")
_UNITS = re.compile(r"[a-z0-9.]+|.", re.DOTALL)


class Difference(IntEnum):
    """How two terms are near to each other; the smallest is the nearest."""

    WRITING = 1
    ORDER = 2
    HAS_MORE = 3
    LACKS = 4


class Near(NamedTuple):
    """A term that is near to another one.

    Args:
        index: Its place among the terms that were indexed.
        difference: How it, compared to the other, differs.
        character: What it has more, or lacks; else empty.
    """

    index: int
    difference: Difference
    character: str = ""


def core(term: str) -> str:
    """What of a term is compared: see above, writing. It may be longer or shorter than the term."""
    folded = unicodedata.normalize("NFKC", term).casefold().translate(_HYPHENS)
    bare = _SEPARATORS.sub("", _REMARK.sub(_without_words, folded)) or _SEPARATORS.sub("", folded)
    return bare.replace("手术", "术") or folded


def _without_words(remark: re.Match[str]) -> str:
    return "" if any(map(str.isalpha, remark[0])) else remark[0]  # (+) is a result, no remark


def _ordered(text: str) -> str:
    """The characters in one order for all orders; numbers and Latin words are not taken apart."""
    return "\n".join(sorted(_UNITS.findall(text)))


def _shortened(text: str) -> Iterator[tuple[str, str]]:
    """What remains with one character left out, and that character."""
    for place, character in enumerate(text):
        if not character.isascii():
            yield text[:place] + text[place + 1 :], character


class NearDuplicates:
    """An index of terms, asked for those that are near to another term.

    Args:
        terms: The terms.
    """

    def __init__(self, terms: Sequence[str]):
        self._by_core: defaultdict[str, list[int]] = defaultdict(list)
        self._by_order: defaultdict[str, list[int]] = defaultdict(list)
        self._by_shortened: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        for index, term in enumerate(terms):
            text = core(term)
            self._by_core[text].append(index)
            if len(text) >= MIN_LENGTH:
                self._by_order[_ordered(text)].append(index)
            if len(text) > MIN_LENGTH:
                for rest, character in _shortened(text):
                    self._by_shortened[rest].append((index, character))

    def find(self, term: str) -> list[Near]:
        """All that are near to a term, the term itself among them if it is indexed, each in its nearest way."""
        text = core(term)
        found = {index: Near(index, Difference.WRITING) for index in self._by_core.get(text, ())}
        if len(text) >= MIN_LENGTH:
            self._add(found, (Near(index, Difference.ORDER) for index in self._by_order.get(_ordered(text), ())))
            more = self._by_shortened.get(text, ())
            self._add(found, (Near(index, Difference.HAS_MORE, character) for index, character in more))
        if len(text) > MIN_LENGTH:
            for rest, character in _shortened(text):
                less = self._by_core.get(rest, ())
                self._add(found, (Near(index, Difference.LACKS, character) for index in less))
        return sorted(found.values())

    def _add(self, found: dict[int, Near], more: Iterable[Near]) -> None:
        for near in more:
            found.setdefault(near.index, near)
