"""Inference in a linear chain with numpy alone: what `LinearChainCRF` does with torch, for runtimes without it.

Reading best paths back is the same for both: a step of it is so little that numpy is many times as fast as torch.

Shapes as in `crf.py`: L characters, B sentences, T tags; time-major inside, padding at the right.
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .tagging import IGNORED_TAG

CRF_FILE = "crf.npz"


class NumpyCRF:
    """A chain of tags that is only asked, not trained.

    Args:
        start: (T,) score of beginning with each tag; -inf where that is excluded.
        transitions: (T, T) score of going from a tag (row) to another.
        end: (T,) score of ending with each tag.
    """

    def __init__(self, start: np.ndarray, transitions: np.ndarray, end: np.ndarray):
        if transitions.shape != (len(start), len(start)) or end.shape != start.shape:
            raise ValueError(
                f"Scores of one set of tags have the shapes (T,), (T, T), (T,); got {start.shape}, "
                f"{transitions.shape}, {end.shape}."
            )
        self.start, self.transitions, self.end = start, transitions, end

    def save(self, folder: str | os.PathLike) -> None:
        """Write `crf.npz` into a folder."""
        np.savez(Path(folder) / CRF_FILE, start=self.start, transitions=self.transitions, end=self.end)

    @classmethod
    def load(cls, folder: str | os.PathLike) -> "NumpyCRF":
        """Read what `save` wrote."""
        with open(Path(folder) / CRF_FILE, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            return cls(arrays["start"], arrays["transitions"], arrays["end"])

    def viterbi(self, emissions: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Tag ids (B, L) of the best paths, -100 at padding; ties go to the lower tag id.

        Args:
            emissions: (B, L, T).
            mask: Boolean (B, L), True for characters; each sentence has one at least.
        """
        forward = _one_direction(emissions.swapaxes(0, 1), self.start, self.transitions, _maximum)
        return backtrack(forward, self.transitions, self.end, mask.sum(1)).T

    def marginals(self, emissions: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Posterior probability (B, L, T) of each tag at each character; 0 at padding."""
        emissions, lengths = emissions.swapaxes(0, 1).astype(np.float64), mask.sum(1)
        forward, backward, log_partition = self._forward_backward(emissions, lengths)
        logarithms = forward + backward - emissions - log_partition[:, None]
        logarithms[np.arange(len(emissions))[:, None] >= lengths] = -np.inf
        return np.exp(np.minimum(logarithms, 0)).swapaxes(0, 1)

    def span_log_probabilities(self, emissions: np.ndarray, spans: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Log probability (N,) over all paths that just these spans are entities.

        Args:
            emissions: (B, L, T).
            spans: Integer (N, 5): sentence in the batch, first character, end (exclusive), B tag, I tag.
            mask: Boolean (B, L).
        """
        emissions, lengths = emissions.swapaxes(0, 1).astype(np.float64), mask.sum(1)
        forward, backward, log_partition = self._forward_backward(emissions, lengths)
        start, transitions, end = self.start, self.transitions, self.end
        sentence, first, stop, begin, inside = spans.T
        tags = np.arange(len(start))

        # Entering: by B, or by I from a tag that is neither B nor I of the type.  (N,)
        enter_begin = forward[first, sentence, begin]
        before = forward[np.maximum(first - 1, 0), sentence] + transitions[:, inside].T  # (N, T)
        before = np.where((tags == begin[:, None]) | (tags == inside[:, None]), -np.inf, before)
        enter_inside = np.where(first == 0, start[inside], _log_sum(before, -1)) + emissions[first, sentence, inside]
        # Staying: sums of I emissions and I→I transitions.  (N,)
        cumulative = emissions.cumsum(0)
        stay = cumulative[stop - 1, sentence, inside] - cumulative[first, sentence, inside]
        steps = stop - first - 1
        to_inside = np.where(steps > 0, transitions[begin, inside], 0)
        within = transitions[inside, inside]
        stay_begin = to_inside + _times(steps - 1, within)
        stay_inside = _times(steps, within)
        # Leaving: the sentence's end, or any tag but I of the type.  (N,)
        after = backward[np.minimum(stop, len(emissions) - 1), sentence]
        after = np.where(tags == inside[:, None], -np.inf, after)

        def leave(last: np.ndarray) -> np.ndarray:
            return np.where(stop == lengths[sentence], end[last], _log_sum(transitions[last] + after, -1))

        by_begin = enter_begin + stay_begin + leave(np.where(steps > 0, inside, begin))
        by_inside = enter_inside + stay_inside + leave(inside)
        return np.minimum(np.logaddexp(by_begin, by_inside) + stay - log_partition[sentence], 0)

    def _forward_backward(
        self, emissions: np.ndarray, lengths: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Forward and backward variables (L, B, T), both with the emission at their own character; log partition (B,).

        What stands at padding is meaningless.
        """
        length, batch, _ = emissions.shape
        places, sentences = np.arange(length)[:, None], np.arange(batch)
        reversal = np.where(places < lengths, lengths - 1 - places, places)  # (L, B)
        forward = _one_direction(emissions, self.start, self.transitions, _log_sum)
        backward = _one_direction(emissions[reversal, sentences], self.end, self.transitions.T, _log_sum)
        log_partition = _log_sum(forward[lengths - 1, sentences] + self.end, -1)
        return forward, backward[reversal, sentences], log_partition


def backtrack(forward: np.ndarray, transitions: np.ndarray, end: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Best paths (L, B) from the scores of best prefixes, -100 at padding; ties go to the lower tag id.

    Args:
        forward: (L, B, T) score of the best prefix that ends in each tag, the tag's emission included.
        transitions: (T, T).
        end: (T,).
        lengths: (B,) characters of each sentence.
    """
    length, batch, _ = forward.shape
    last = lengths - 1
    final = (forward[last, np.arange(batch)] + end).argmax(-1)
    order = np.argsort(last, kind="stable")
    places, firsts = np.unique(last[order], return_index=True)
    sentences_ending_at = dict(zip(places.tolist(), np.split(order, firsts[1:]), strict=True))

    into = np.ascontiguousarray(transitions.T)  # row j: scores of arriving at tag j
    candidates = np.empty(forward.shape[1:], np.result_type(forward, into))
    path = np.zeros((length, batch), dtype=np.intp)
    for t in range(length - 1, -1, -1):
        if t < length - 1:
            into.take(path[t + 1], axis=0, out=candidates, mode="clip")  # without a mode it would go through a buffer
            np.add(candidates, forward[t], out=candidates).argmax(-1, out=path[t])
        ending = sentences_ending_at.get(t)
        if ending is not None:  # those that end before t keep any tags so far
            path[t, ending] = final[ending]
    path[np.arange(length)[:, None] > last] = IGNORED_TAG
    return path.astype(np.int64, copy=False)


def _one_direction(
    emissions: np.ndarray, start: np.ndarray, transitions: np.ndarray, combine: Callable[[np.ndarray, int], np.ndarray]
) -> np.ndarray:
    """Combined score (L, B, T) of all prefixes that end in each tag."""
    variables = np.empty_like(emissions)
    variables[0] = start + emissions[0]
    for t in range(1, len(emissions)):
        variables[t] = combine(variables[t - 1][..., None] + transitions, -2) + emissions[t]
    return variables


def _maximum(scores: np.ndarray, axis: int) -> np.ndarray:
    return scores.max(axis)


def _log_sum(scores: np.ndarray, axis: int) -> np.ndarray:
    largest = scores.max(axis, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0)
    with np.errstate(divide="ignore"):  # the sum of nothing is log 0
        return np.log(np.exp(scores - largest).sum(axis)) + largest.squeeze(axis)


def _times(count: np.ndarray, score: np.ndarray) -> np.ndarray:
    """`count * score`, where none of a score, also of -inf, is 0."""
    return np.where(count > 0, np.maximum(count, 1) * score, 0)
