"""Which documents were there before, in a few bytes a document."""

from bisect import bisect_left
from hashlib import blake2b

import numpy as np

_NEW_KEYS = 1 << 16


def document_key(content: bytes) -> int:
    """64 bits of a document's normalised content; of 100 million documents two share theirs once in 3,700 runs."""
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "little")


class SeenKeys:
    """A set of 64-bit keys that takes 8 bytes a key, 16 while it grows, and a few MB besides.

    New keys are in a set; once they are many, in sorted arrays. An array is merged with the one before it when it is as
    large, so that there are few. A key is looked for in each.
    """

    def __init__(self) -> None:
        self._new: set[int] = set()
        self._sorted: list[np.ndarray] = []  # uint64, each longer than the next

    def add(self, key: int) -> bool:
        """Add a key; whether it is new."""
        if key in self._new or any(_holds(array, key) for array in self._sorted):
            return False
        self._new.add(key)
        if len(self._new) == _NEW_KEYS:
            self._store()
        return True

    def _store(self) -> None:
        keys = np.fromiter(self._new, dtype=np.uint64, count=len(self._new))
        self._new.clear()
        while self._sorted and len(self._sorted[-1]) <= len(keys):
            keys = np.concatenate([self._sorted.pop(), keys])
        keys.sort()
        self._sorted.append(keys)


def _holds(array: np.ndarray, key: int) -> bool:
    view = memoryview(array)  # whose items, unlike the array's, are plain integers
    place = bisect_left(view, key)
    return place < len(view) and view[place] == key
