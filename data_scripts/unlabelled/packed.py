"""What a training reads: sentences by their number, from files that several processes share."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import datasets
import numpy as np

from modeling_dicmt.files import read_json

from .packing import COUNTS_FILE, HELD_OUT_FILE, TRAIN_FILE
from .report import ReadingReport

INFORMATION_FILE = "packed.json"


class PackedSentences:
    """Sentences in an Arrow file, which is mapped into memory: pages that are read are the system's to drop.

    The file is one of the datasets library, too: `datasets.Dataset.from_file(path)`.

    Args:
        path: The file.
    """

    def __init__(self, path: Path):
        self.path = path
        # (values, offsets) of each batch, views of the file; the dataset keeps it mapped
        self._table = datasets.Dataset.from_file(str(path)).data
        batches = self._table.column("points").chunks
        self._batches = [(batch.values.to_numpy(), batch.offsets.to_numpy()) for batch in batches]
        self._first = np.cumsum([0, *(len(batch) for batch in batches)])

    def __reduce__(self) -> tuple[Any, ...]:
        return PackedSentences, (self.path,)  # to another process goes the path, not the text

    def __len__(self) -> int:
        return int(self._first[-1])

    def __getitem__(self, index: int) -> str:
        if not -len(self) <= index < len(self):
            raise IndexError(f"Sentence {index} of {len(self)}.")
        return self.texts([index])[0]

    @cached_property
    def lengths(self) -> np.ndarray:
        """Characters of each sentence, int32 (N,): 4 bytes a sentence in memory."""
        return np.concatenate([np.zeros(0, np.int32), *(np.diff(offsets) for _, offsets in self._batches)])

    @cached_property
    def documents(self) -> np.ndarray:
        """Hash of each sentence's document, uint64 (N,). Sentences of one stand side by side, in their order."""
        return self._table.column("document").to_numpy()

    def take(self, indices: Sequence[int] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sentences by their numbers.

        Args:
            indices: The sentences' numbers (B,), in any order; negative ones count from the end.

        Returns:
            Code points of their normalised characters, end to end, uint32 (L,); and where each sentence ends, int64
            (B,). That is what `Lexicon.features` takes.
        """
        numbers = np.asarray(indices, dtype=np.int64)
        numbers = np.where(numbers < 0, numbers + len(self), numbers)
        batches = np.searchsorted(self._first, numbers, side="right") - 1
        parts = [np.zeros(0, np.uint32)]
        for batch, place in zip(batches.tolist(), (numbers - self._first[batches]).tolist(), strict=True):
            values, offsets = self._batches[batch]
            parts.append(values[offsets[place] : offsets[place + 1]])
        return np.concatenate(parts), np.cumsum([len(part) for part in parts[1:]], dtype=np.int64)

    def texts(self, indices: Sequence[int] | np.ndarray) -> list[str]:
        """Sentences by their numbers, as strings."""
        points, ends = self.take(indices)
        text = points.tobytes().decode("utf-32-le")
        return [text[start:end] for start, end in pairwise([0, *ends.tolist()])]


class PackedCorpus:
    """A folder that `prepare_corpus` made.

    Args:
        folder: The folder.

    Raises:
        OSError, ValueError: If it is none, or damaged.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        information = read_json(self.folder / INFORMATION_FILE)
        self.fingerprint: str = information["fingerprint"]
        """Of the files' content and the settings; the same files and settings give the same sentences in the same
        order, wherever the files lie."""
        self.report = ReadingReport(**information["report"])
        self.train = PackedSentences(self.folder / TRAIN_FILE)
        self.held_out = PackedSentences(self.folder / HELD_OUT_FILE)
        if len(self.train) + len(self.held_out) != self.report.sentences:
            raise ValueError(f"{self.folder} is damaged: remove it, and it is made anew.")

    @cached_property
    def character_counts(self) -> Counter[str]:
        """How often each normalised character occurs in what is trained on."""
        points, counts = self._counts("characters", "character_counts")
        return Counter(dict(zip(map(chr, points.tolist()), counts.tolist(), strict=True)))

    @property
    def bigram_counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of code points, ascending uint32 (N, 2), and how often they stand side by side, int64 (N,).

        Counted within sentences of what is trained on; of millions of different pairs the rarest are left out.
        """
        return self._counts("bigrams", "bigram_counts")

    def _counts(self, *names: str) -> tuple[np.ndarray, ...]:
        with np.load(self.folder / COUNTS_FILE, allow_pickle=False) as arrays:
            return tuple(arrays[name] for name in names)
