"""Finding all n-grams of a text that are terms: exact, and without a Python loop over characters or terms."""

from collections.abc import Mapping
from math import inf
from typing import NamedTuple

import numpy as np

# Odd, so that multiplication loses nothing; the later ones are for terms that collide under those before.
_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, 0xAEF17502108EF2D9)
_BLOCK = 1 << 15  # characters searched at a time: the arrays of a block stay in the processor's cache
_PIECE = 16  # characters that are compared at once; longer terms are compared piece by piece
_SLOTS_PER_HASH = 8  # of a filter: about one foreign hash in ten passes, for 2 to 4 bytes a hash
_GOES_ON, _ENDS = 1, 2  # bits of a slot: an n-gram that begins longer terms, an n-gram that is a term
_NO_CHARACTER = 0xFFFFFFFF  # what follows a text's end, so that no term reaches beyond


class NgramMatcher:
    """Terms of any sizes, compiled for search.

    The search goes down a trie's levels with all starts of a block at once, and keeps those whose n-gram begins a term.
    The n-grams are hashed with 64 bits, a level's hashes from those of the level above, H(xc) = (H(x) + c) · M; a
    filter on the hash's top bits leaves few candidates, and binary search finds their terms.

    Comparing code points makes the answer exact, yet never takes more time than text length times sizes, since what
    lies before the last piece has been compared once: only starts whose n-gram is known to begin a term are kept at a
    piece's end. That n-gram is the same one, as no two of them share a hash, and as the hash after equal characters is
    a bijection of the hash before them.

    Args:
        terms: For each size n the code points of its terms, all distinct, uint32 (terms, n), and a value for each term.

    Raises:
        ValueError: If terms collide under every multiplier, which chance alone does not bring about.
    """

    def __init__(self, terms: Mapping[int, tuple[np.ndarray, np.ndarray]]):
        self._sizes = sorted(terms)
        for multiplier in _MULTIPLIERS:
            self._multiplier = np.uint64(multiplier)
            self._levels = self._compile(terms)
            if all(table.is_injective for level in self._levels for table in (level.terms, level.pieces) if table):
                return
        raise ValueError("Terms collide under every hash multiplier, as if made to: pass them in several parts.")

    def find(self, code_points: np.ndarray, most: float = inf) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """Terms in a text of code points, uint32 (L,).

        Args:
            code_points: The text.
            most: The search ends as soon as it has found more, so that no terms whatever make it take all memory.

        Returns:
            For each size the starts of the n-grams that are terms, ascending, and the terms' values.
        """
        found = {n: ([], []) for n in self._sizes}
        count = 0
        length = len(code_points)
        code_points = np.concatenate([code_points, np.full(len(self._levels), _NO_CHARACTER, dtype=np.uint32)])
        for begin in range(0, length, _BLOCK):
            starts = np.arange(begin, min(begin + _BLOCK, length))
            hashes = np.zeros(len(starts), dtype=np.uint64)
            for n, level in enumerate(self._levels, 1):
                hashes += code_points.take(starts + (n - 1))
                hashes *= self._multiplier
                if level.filter is None:
                    continue
                flags = level.filter.flags(hashes)
                if level.terms and len(candidates := np.flatnonzero(flags & _ENDS)):
                    matched, values = level.terms.find(hashes.take(candidates), starts.take(candidates), code_points)
                    found[n][0].append(starts.take(candidates.take(matched)))
                    found[n][1].append(values)
                    count += len(values)
                    if count > most:
                        return _joined(found)
                if level.narrows:
                    kept = np.flatnonzero(flags & _GOES_ON)
                    if level.pieces:
                        kept = kept[level.pieces.find(hashes.take(kept), starts.take(kept), code_points)[0]]
                    starts, hashes = starts.take(kept), hashes.take(kept)
                    if len(starts) == 0:
                        break
        return _joined(found)

    def _compile(self, terms: Mapping[int, tuple[np.ndarray, np.ndarray]]) -> list["_Level"]:
        sizes = np.repeat(np.array(self._sizes, dtype=np.int64), [len(terms[n][1]) for n in self._sizes])
        points = np.concatenate([np.zeros(0, dtype=np.uint32), *(terms[n][0].ravel() for n in self._sizes)])
        # Of the terms that are not shorter than the level, smallest first.
        starts = np.cumsum(sizes) - sizes
        hashes = np.zeros(len(sizes), dtype=np.uint64)
        levels = []
        while len(hashes):
            n = len(levels) + 1
            hashes += points[starts + (n - 1)]
            hashes *= self._multiplier
            ngrams, values = terms.get(n, (np.zeros((0, n), dtype=np.uint32), np.zeros(0, dtype=np.int64)))
            ending, hashes, starts = hashes[: len(values)], hashes[len(values) :], starts[len(values) :]
            piece = (n - 1) // _PIECE * _PIECE
            is_whole = n == piece + _PIECE
            # Within later pieces few starts are left to drop, and a term of many characters would need many slots.
            narrows = n <= _PIECE or is_whole
            pieces = points[starts[:, None] + np.arange(piece, n)] if is_whole else None
            levels.append(
                _Level(
                    filter=_Filter(ending, hashes if narrows else hashes[:0]) if narrows or len(values) else None,
                    terms=_Table(ending, piece, ngrams[:, piece:], values) if len(values) else None,
                    pieces=_Table(hashes, piece, pieces, np.zeros(len(hashes), dtype=bool)) if is_whole else None,
                    narrows=narrows,
                )
            )
        return levels


def _joined(found: Mapping[int, tuple[list[np.ndarray], ...]]) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    empty = np.zeros(0, dtype=np.int64)
    return {n: tuple(np.concatenate([empty, *parts]) for parts in found[n]) for n in found}


class _Filter:
    """Which hashes may be those of terms, and which those of n-grams that begin longer terms: two bits a slot."""

    def __init__(self, ending: np.ndarray, going_on: np.ndarray):
        bits = ((len(ending) + len(going_on)) * _SLOTS_PER_HASH).bit_length()
        flags = np.zeros(1 << bits, dtype=np.uint8)
        shift = np.uint64(64 - bits)
        flags[(going_on >> shift).view(np.int64)] = _GOES_ON
        flags[(ending >> shift).view(np.int64)] |= _ENDS
        # Terms share their first characters, and then need fewer slots.
        while np.count_nonzero(flags) * 2 * _SLOTS_PER_HASH <= len(flags):
            flags = flags[0::2] | flags[1::2]
            bits -= 1
        self._shift = np.uint64(64 - bits)
        self._packed = flags[0::4] | flags[1::4] << 2 | flags[2::4] << 4 | flags[3::4] << 6

    def flags(self, hashes: np.ndarray) -> np.ndarray:
        """_GOES_ON and _ENDS of hashes, uint8; the higher bits mean nothing."""
        slots = (hashes >> self._shift).view(np.int64)
        return self._packed.take(slots >> 2) >> (slots.astype(np.uint8) & 3) * 2


class _Table:
    """N-grams of one size, ordered by their hashes, with the code points from the last piece on."""

    def __init__(self, hashes: np.ndarray, piece: int, rests: np.ndarray, values: np.ndarray):
        order = np.argsort(hashes)
        again = np.flatnonzero(hashes[order[1:]] == hashes[order[:-1]])
        self.is_injective = np.array_equal(rests[order[again]], rests[order[again + 1]])
        order = np.delete(order, again)
        self._hashes = hashes[order]
        self._rests = rests[order]
        self._values = values[order]
        self._columns = piece + np.arange(rests.shape[1])

    def find(self, hashes: np.ndarray, starts: np.ndarray, code_points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which of the n-grams with these hashes and starts are in the table, and their values."""
        places = np.searchsorted(self._hashes, hashes)
        places[places == len(self._hashes)] = 0
        candidates = np.flatnonzero(self._hashes.take(places) == hashes)
        places = places.take(candidates)
        starts = starts.take(candidates)
        rests = code_points.take(starts[:, None] + self._columns)  # (candidates, characters of the rest)
        is_same = (rests == self._rests.take(places, axis=0)).all(axis=1)
        return candidates[is_same], self._values[places[is_same]]


class _Level(NamedTuple):
    """All n-grams of one size that are terms or begin terms."""

    filter: _Filter | None
    terms: _Table | None
    pieces: _Table | None
    narrows: bool
