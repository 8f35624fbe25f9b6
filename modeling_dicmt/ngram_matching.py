"""Finding all n-grams of a text that are terms: exact, and without a Python loop over characters or terms."""

from collections.abc import Mapping

import numpy as np

# Odd, so that multiplication loses nothing; the later ones are for terms that collide under those before.
_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, 0xAEF17502108EF2D9)
_BLOCK = 1 << 15  # characters hashed at a time: the arrays of a block stay in the processor's cache
_SLOTS_PER_TERM = 8  # of the filter: one candidate in about eight is then a false one, for 8 to 16 bytes a term


class NgramMatcher:
    """Terms of some sizes, compiled for search.

    All n-grams of a text are hashed with 64 bits, a size's hashes from those of the size below, H(xc) = (H(x) + c) · M;
    a filter on the hash's top bits leaves few candidates, binary search finds their terms, and comparing code points
    makes the answer exact.

    Args:
        terms: For each size n the code points of its terms, all distinct, uint32 (terms, n), and a value for each term.

    Raises:
        RuntimeError: If terms collide under every multiplier, which chance alone does not bring about.
    """

    def __init__(self, terms: Mapping[int, tuple[np.ndarray, np.ndarray]]):
        for multiplier in _MULTIPLIERS:
            self._multiplier = np.uint64(multiplier)
            self._tables = {n: _Table(*terms[n], self._multiplier) for n in sorted(terms)}
            if all(table.is_injective for table in self._tables.values()):
                return
        raise RuntimeError("Dictionary terms collide under every hash multiplier: add one to _MULTIPLIERS.")

    def find(self, code_points: np.ndarray) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """Terms in a text of code points, uint32 (L,).

        Returns:
            For each size the starts of the n-grams that are terms, ascending, and the terms' values.
        """
        found = {n: ([], []) for n in self._tables}
        largest = max(self._tables, default=1)
        for begin in range(0, len(code_points), _BLOCK):
            block = code_points[begin : begin + _BLOCK + largest - 1]  # n-grams may reach over the block's end
            hashes = np.zeros(len(block), dtype=np.uint64)
            for n in range(1, min(largest, len(block)) + 1):
                hashes = hashes[: len(block) - n + 1]
                hashes += block[n - 1 :]
                hashes *= self._multiplier
                if n in self._tables:
                    starts, values = self._tables[n].find(hashes[:_BLOCK], block)
                    found[n][0].append(starts + begin)
                    found[n][1].append(values)
        empty = np.zeros(0, dtype=np.int64)
        return {n: tuple(np.concatenate([empty, *parts]) for parts in found[n]) for n in found}


class _Table:
    """The terms of one size, ordered by their hashes."""

    def __init__(self, terms: np.ndarray, values: np.ndarray, multiplier: np.uint64):
        hashes = np.zeros(len(terms), dtype=np.uint64)
        for column in terms.T:
            hashes = (hashes + column) * multiplier
        order = np.argsort(hashes)
        self._hashes = hashes[order]
        self._terms = terms[order]
        self._values = values[order]
        self.is_injective = not np.any(self._hashes[1:] == self._hashes[:-1])

        bits = max(1, (len(terms) * _SLOTS_PER_TERM).bit_length())
        self._shift = np.uint64(64 - bits)
        self._filter = np.zeros(1 << bits, dtype=bool)
        self._filter[self._slots(hashes)] = True

    def _slots(self, hashes: np.ndarray) -> np.ndarray:
        return (hashes >> self._shift).view(np.int64)

    def find(self, hashes: np.ndarray, code_points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Starts and values of the terms among the n-grams with these hashes; the first starts at code point 0."""
        starts = np.flatnonzero(self._filter[self._slots(hashes)])
        if len(self._terms) == 0:
            return starts, self._values
        candidates = np.searchsorted(self._hashes, hashes[starts])
        candidates[candidates == len(self._terms)] = 0
        ngrams = code_points[starts[:, None] + np.arange(self._terms.shape[1])]  # (candidates, n)
        is_term = (ngrams == self._terms[candidates]).all(axis=1)
        return starts[is_term], self._values[candidates[is_term]]
