"""Scores of spans with numpy alone, from what the exported network says of characters: `span_head.py` without PyTorch.

B sentences of L characters, T entity types, spans of up to W characters, S sources of evidence.
"""

import os
from pathlib import Path

import numpy as np

from ..configuration_dicmt_nested import DicMTNestedConfig

SPANS_FILE = "spans.npz"
SPAN_INPUTS = ("queries", "keys", "begin", "end")
"""What the exported network says of characters: `span_head.CharacterScores`."""


class SpanScores:
    """Scores spans from the scores of their characters.

    Args:
        length: (T, W) score of each length from 1 on.
        evidence: (S, T) score of a term of each source.
    """

    def __init__(self, length: np.ndarray, evidence: np.ndarray):
        self.length, self.evidence = length, evidence

    def save(self, folder: str | os.PathLike) -> None:
        """Write `spans.npz` into a folder."""
        np.savez(Path(folder) / SPANS_FILE, length=self.length, evidence=self.evidence)

    @classmethod
    def load(cls, folder: str | os.PathLike, config: DicMTNestedConfig) -> "SpanScores":
        """Read what `save` wrote for a network of a configuration.

        Raises:
            ValueError: If a score is no finite number, or there are others than the network's spans have.
        """
        with open(Path(folder) / SPANS_FILE, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            length, evidence = arrays["length"], arrays["evidence"]
        types = len(config.entity_types)
        shapes = (types, config.max_span_length), (config.num_span_sources, types)
        if (length.shape, evidence.shape) != shapes:
            raise ValueError(f"{SPANS_FILE} has scores of shapes {length.shape}, {evidence.shape}, not {shapes}")
        if not all(array.dtype.kind == "f" and np.isfinite(array).all() for array in (length, evidence)):
            raise ValueError(f"{SPANS_FILE} has scores that are no numbers")
        return cls(length, evidence)

    def __call__(
        self,
        queries: np.ndarray,
        keys: np.ndarray,
        begin: np.ndarray,
        end: np.ndarray,
        mask: np.ndarray,
        evidence: np.ndarray | None = None,
    ) -> np.ndarray:
        """Score spans.

        Args:
            queries: (B, L, T, d), as for the next three: see `CharacterScores`.
            keys: (B, L, d).
            begin: (B, L, T).
            end: (B, L, T).
            mask: Boolean (B, L), True for characters, all padding at the right.
            evidence: Integer (B, N, 3): first character, end (exclusive) and source of each term; -1 at padding.

        Returns:
            (B, L, T, W) log-odds of the span that begins at a character, of a type, of a length from 1 on; -inf where
            it leaves its sentence.

        Raises:
            ValueError: If evidence is of a source that the network does not have.
        """
        longest = self.length.shape[1]
        scores = banded_products(queries, keys, longest)
        scores += begin[..., None]
        end = np.pad(end, ((0, 0), (0, longest - 1), (0, 0)))
        scores += np.lib.stride_tricks.sliding_window_view(end, longest, axis=1)
        scores += self.length
        if evidence is not None:
            self._add_evidence(scores, evidence)
        ends = np.arange(mask.shape[1])[:, None] + np.arange(longest)
        leaves = ends >= mask.sum(1)[:, None, None]  # (B, L, W)
        np.copyto(scores, -np.inf, where=leaves[:, :, None])
        return scores

    def _add_evidence(self, scores: np.ndarray, evidence: np.ndarray) -> None:
        start, end, source = evidence.transpose(2, 0, 1)
        counts = (start >= 0) & (end - start <= scores.shape[3])
        sentence, place = np.nonzero(counts)
        start, end, source = (column[sentence, place] for column in (start, end, source))
        if len(source) and int(source.max()) >= len(self.evidence):
            raise ValueError(
                f"The tokenizer has terms of a source {int(source.max())}, but the network has scores for "
                f"{len(self.evidence)}: span_lists of tokenizer_config.json and config.json must be the same."
            )
        # A span may have several terms' evidence: each is added.
        np.add.at(scores, (sentence, start, slice(None), end - start - 1), self.evidence[source])


def banded_products(queries: np.ndarray, keys: np.ndarray, width: int) -> np.ndarray:
    """Products (B, L, T, W) of each query (B, L, T, d) with the W keys (B, L, d) from its place on; 0 beyond the last.

    Blocks of W places meet blocks of 2 W keys, as in `span_head.banded_products`.
    """
    batch, length, types, size = queries.shape
    blocks = -(-length // width)
    padding = blocks * width - length
    queries = np.pad(queries, ((0, 0), (0, padding), (0, 0), (0, 0))).reshape(batch, blocks, width, types, size)
    keys = np.pad(keys, ((0, 0), (0, padding + width), (0, 0))).reshape(batch, blocks + 1, width, size)
    keys = np.concatenate([keys[:, :-1], keys[:, 1:]], axis=2).swapaxes(-1, -2)  # (B, blocks, d, 2 W)
    products = np.empty((batch, blocks, width, types, 2 * width), dtype=queries.dtype)
    # A type at a time: matrices so small that BLAS does not share them among threads.
    for kind in range(types):
        np.matmul(queries[:, :, :, kind], keys, out=products[:, :, :, kind])
    # Row r of the W places holds its products from column r on, up to column r + W - 1.
    sentence, block, row, of_type, column = products.strides
    banded = np.lib.stride_tricks.as_strided(
        products,
        (batch, blocks, width, types, width),
        (sentence, block, row + column, of_type, column),
        writeable=False,
    )
    return np.ascontiguousarray(banded).reshape(batch, blocks * width, types, width)[:, :length]
