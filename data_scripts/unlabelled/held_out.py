"""Which documents are held out: by a hash of their content, so that neither order nor place decides."""

import heapq
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

MIN_HELD_OUT_SENTENCES = 200
"""Fewer give no figure to rely on: of a small corpus a larger share is held out, a tenth of its sentences at most."""
_MOST = 0.1


class KeyedDocument(NamedTuple):
    """A document on its way into a file.

    Args:
        key: The 64-bit hash of its content, no other document's.
        points: Code points of its normalised text, uint32 (L,).
        ends: Where each of its sentences ends, ascending; the last at L.
    """

    key: int
    points: np.ndarray
    ends: list[int]


class HeldOutChoice:
    """Tells of each document whether it is held out, of most at once, of a few at the end.

    Held out is what has a hash below the share of all hashes. Where these have fewer than `MIN_HELD_OUT_SENTENCES`
    sentences, so are the documents of the next hashes; the documents of the lowest hashes are kept back until the end
    for this.

    Args:
        share: Share of the documents, in [0, 1); 0 holds out none.
    """

    def __init__(self, share: float):
        self._share = share
        self._threshold = int(share * 2**64)
        self._lowest: list[tuple[int, KeyedDocument]] = []  # a heap, its first the one of the highest hash
        self._held_back = self._sentences = self._documents = 0

    def settle(self, document: KeyedDocument) -> Iterator[tuple[KeyedDocument, bool]]:
        """Add a document; the documents, this one or others, that are settled by it, and whether they are held out."""
        self._documents += 1
        self._sentences += len(document.ends)
        if not self._share:
            yield document, False
            return
        heapq.heappush(self._lowest, (-document.key, document))
        self._held_back += len(document.ends)
        while self._held_back - len(self._lowest[0][1].ends) >= MIN_HELD_OUT_SENTENCES:
            _, highest = heapq.heappop(self._lowest)
            self._held_back -= len(highest.ends)
            yield highest, highest.key < self._threshold

    def settle_rest(self) -> Iterator[tuple[KeyedDocument, bool]]:
        """The documents that were kept back, and whether they are held out: at least one is, if there are two."""
        rest = [document for _, document in sorted(self._lowest, reverse=True)]
        chosen: set[int] = set()
        taken = 0
        for document in rest:
            taken += len(document.ends)
            if document.key >= self._threshold and taken > self._sentences * _MOST:
                break
            chosen.add(document.key)
        if not chosen and self._share and self._documents > 1:
            chosen.add(min(rest, key=lambda document: (len(document.ends), document.key)).key)
        for document in rest:
            yield document, document.key in chosen
