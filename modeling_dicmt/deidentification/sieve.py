"""Texts → the rules that may find anything in each, by the characters that are in it.

There are many rules, and most of them have nothing to look for in most texts: to try each in each text takes longer
than what the few do that find something.
"""

from collections.abc import Sequence

import numpy as np

from .needs import PLANE, Needs, members
from .rules import Rule

_BITS = 64


class Sieve:
    """Tells which rules a text has the characters for.

    Args:
        rules: In the order of the numbers that `candidates` gives.
    """

    def __init__(self, rules: Sequence[Rule]):
        bit_of: dict[bytes, int] = {}
        needs = Needs()
        needed = [
            {
                bit_of.setdefault(members(need).tobytes(), len(bit_of))
                for pattern in (rule.pattern, rule.near)
                if pattern is not None
                for need in needs(pattern)
            }
            for rule in rules
        ]
        words = len(bit_of) // _BITS + 1
        # Which bits a character has, and which ones a rule's text must have.
        self._bits = np.zeros((words, PLANE), dtype=np.uint64)
        self._needed = np.zeros((words, len(rules)), dtype=np.uint64)
        for characters, bit in bit_of.items():
            word, place = divmod(bit, _BITS)
            self._bits[word, np.frombuffer(characters, dtype=bool)] |= np.uint64(1 << place)
        for number, bits in enumerate(needed):
            for bit in bits:
                self._needed[bit // _BITS, number] |= np.uint64(1 << bit % _BITS)
        # No character: what lies beyond the plane is taken for it, and for whatever a rule may need.
        self._bits[:, -1] = np.uint64(2**_BITS - 1)

    def candidates(self, points: np.ndarray, starts: Sequence[int]) -> list[list[int]]:
        """The numbers of rules that may find something, for each text.

        Args:
            points: Code points of folded texts, one after the other, none of them empty.
            starts: Where each begins.
        """
        possible = np.ones((len(starts), self._needed.shape[1]), dtype=bool)
        for bits, needed in zip(self._bits, self._needed, strict=True):
            of_text = np.bitwise_or.reduceat(bits.take(points, mode="clip"), starts)
            possible &= of_text[:, None] & needed == needed
        return [np.flatnonzero(row).tolist() for row in possible]
