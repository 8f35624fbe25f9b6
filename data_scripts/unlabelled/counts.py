"""How often characters and pairs of characters occur, in bounded memory."""

from collections.abc import Sequence

import numpy as np

MAX_BIGRAMS = 1 << 21
_CODE_POINTS = 0x110000


class CharacterCounts:
    """How often each code point occurs."""

    def __init__(self) -> None:
        self._counts = np.zeros(_CODE_POINTS, dtype=np.int64)

    def add(self, points: np.ndarray) -> None:
        """Count code points, uint32 (L,)."""
        counts = np.bincount(points)
        self._counts[: len(counts)] += counts

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Code points that occur, ascending uint32 (N,), and how often, int64 (N,)."""
        points = np.flatnonzero(self._counts)
        return points.astype(np.uint32), self._counts[points]


class BigramCounts:
    """How often two characters stand side by side within a sentence.

    The counts are exact up to `limit` different bigrams. Beyond, the rarest are forgotten each time (lossy counting):
    what is told is then never too high, and too low by at most `error`.

    Args:
        limit: Different bigrams that are held; up to twice as many while they are counted.
    """

    def __init__(self, limit: int = MAX_BIGRAMS):
        self.error = 0
        self._limit = limit
        self._keys = np.zeros(0, dtype=np.uint64)
        self._counts = np.zeros(0, dtype=np.int64)
        self._pending: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, points: np.ndarray, ends: Sequence[int] | np.ndarray) -> None:
        """Count the bigrams of sentences that lie end to end.

        Args:
            points: Code points of all sentences, uint32 (L,).
            ends: Where each sentence ends, ascending; the last at L.
        """
        first, second = points[:-1].astype(np.uint64), points[1:].astype(np.uint64)
        is_within = np.ones(len(first), dtype=bool)
        is_within[np.asarray(ends[:-1], dtype=np.int64) - 1] = False
        self._pending.append(np.unique((first << 32 | second)[is_within], return_counts=True))
        # Merged as soon as they are as many as those that were there, so that all merging is linear in the text.
        if sum(len(keys) for keys, _ in self._pending) > max(len(self._keys), self._limit // 8):
            self._merge()

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Bigrams as pairs of code points, ascending uint32 (N, 2), and how often, int64 (N,)."""
        self._merge()
        pairs = np.stack([self._keys >> 32, self._keys & 0xFFFFFFFF], axis=1)
        return pairs.astype(np.uint32), self._counts.copy()

    def _merge(self) -> None:
        if not self._pending:
            return
        keys = np.concatenate([self._keys, *(keys for keys, _ in self._pending)])
        counts = np.concatenate([self._counts, *(counts for _, counts in self._pending)])
        self._pending = []
        if not len(keys):
            return
        order = np.argsort(keys, kind="stable")
        keys, counts = keys[order], counts[order]
        starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        self._keys, self._counts = keys[starts], np.add.reduceat(counts, starts)
        if len(self._keys) > self._limit:
            # Half of them go, so that this is seldom; those as frequent as the last of them go with it.
            forgotten = int(np.partition(self._counts, -self._limit // 2)[-self._limit // 2])
            is_kept = self._counts > forgotten
            self._keys, self._counts = self._keys[is_kept], self._counts[is_kept]
            self.error += forgotten
