"""Batches of an epoch: sentences of about the same length together, the same batches for any number of processes."""

from collections.abc import Iterator, Sequence

import numpy as np

# A sentence's length is blurred by up to this share before sorting, so that batches differ from epoch to epoch.
LENGTH_NOISE = 0.2


class EpochBatches:
    """The batches of each epoch, a function of seed and epoch alone.

    A batch is what one optimiser step sees, over all processes and accumulation steps together. All batches of an
    epoch have the same size within one sentence, so none is a remnant.

    Args:
        lengths: Characters of each sentence.
        batch_size: Sentences of a batch at most.
        seed: Seed of the order.
    """

    def __init__(self, lengths: Sequence[int] | np.ndarray, batch_size: int, seed: int):
        self.lengths = np.asarray(lengths)
        self.seed = seed
        self.num_batches = -(-len(self.lengths) // batch_size)

    def __len__(self) -> int:
        return self.num_batches

    def epoch(self, epoch: int, start: int = 0, lengths: np.ndarray | None = None) -> Iterator[np.ndarray]:
        """Batches of an epoch from number `start` on: indices of sentences, in random order within the batch.

        Args:
            epoch: The epoch, from 0.
            start: The first batch's number.
            lengths: Characters of each sentence in this epoch, where they differ from epoch to epoch.
        """
        generator = np.random.default_rng((self.seed, epoch))
        lengths = self.lengths if lengths is None else lengths
        blurred = lengths * (1 + LENGTH_NOISE * generator.random(len(lengths)))
        batches = self.cut(np.argsort(blurred, kind="stable"))
        for position, batch in enumerate(generator.permutation(self.num_batches)):
            indices = generator.permutation(batches[batch])
            if position >= start:
                yield indices

    def cut(self, order: np.ndarray) -> list[np.ndarray]:
        """Sentences in the order of their lengths, cut into `num_batches` batches."""
        return np.array_split(order, self.num_batches)


class CharacterBatches(EpochBatches):
    """Batches of about the same number of characters, for sentences of which only the characters count.

    Args:
        lengths: Characters of each sentence.
        batch_characters: Characters of a batch, about; no less than a sentence has.
        seed: Seed of the order.
    """

    def __init__(self, lengths: Sequence[int] | np.ndarray, batch_characters: int, seed: int):
        super().__init__(lengths, 1, seed)
        self.num_batches = max(1, round(int(self.lengths.sum(dtype=np.int64)) / batch_characters))

    def cut(self, order: np.ndarray) -> list[np.ndarray]:
        total = np.cumsum(self.lengths[order], dtype=np.int64)
        bounds = total[-1] * np.arange(1, self.num_batches) / self.num_batches
        return np.split(order, np.searchsorted(total, bounds))


def share_of_process(batch: np.ndarray, process: int, num_processes: int, accumulation_steps: int) -> list[np.ndarray]:
    """The part of a batch that a process computes, in `accumulation_steps` parts (some may be empty).

    The parts of all processes together are the batch, each sentence once.
    """
    return np.array_split(batch[process::num_processes], accumulation_steps)
