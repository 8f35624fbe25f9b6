"""Inference in a linear chain with numpy alone: marginals and span probabilities for all, best paths without torch.

Reading best paths back is the same with torch: a step of it is so little that numpy is many times as fast.

Shapes as in `crf.py`: L characters, B sentences, T tags; time-major inside, padding at the right.
"""

import os
from pathlib import Path

import numpy as np

from .tagging import IGNORED_TAG

CRF_FILE = "crf.npz"

# Double precision ends at exp(±708). Every tag is reached from every other one within two steps, so that probabilities
# that are scaled at each step lie apart by at most two steps' scores of less than 300.
_MODERATE = 300.0

# Multiplications in a matrix product above which BLAS would share it among threads.
_PRODUCTS = 2**18


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

    @classmethod
    def independent(cls, num_tags: int) -> "NumpyCRF":
        """Tags that do not depend on each other: a chain whose transitions say nothing."""
        nothing = np.zeros((num_tags, num_tags), dtype=np.float32)
        return cls(nothing[0], nothing, nothing[0])

    def divided_by(self, temperature: float) -> "NumpyCRF":
        """The chain with all its scores divided by a number."""
        scores = (self.start, self.transitions, self.end)
        return NumpyCRF(*(np.divide(array, temperature, dtype=np.float64) for array in scores))

    def save(self, folder: str | os.PathLike) -> None:
        """Write `crf.npz` into a folder."""
        np.savez(Path(folder) / CRF_FILE, start=self.start, transitions=self.transitions, end=self.end)

    @classmethod
    def load(cls, folder: str | os.PathLike) -> "NumpyCRF":
        """Read what `save` wrote.

        Raises:
            ValueError: If a score is no number; an excluded transition's is -inf.
        """
        with open(Path(folder) / CRF_FILE, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            scores = arrays["start"], arrays["transitions"], arrays["end"]
        if not all((array < np.inf).all() for array in scores):  # NaN is not below anything
            raise ValueError(f"{CRF_FILE} has scores that are no numbers")
        return cls(*scores)

    def viterbi(self, emissions: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Tag ids (B, L) of the best paths, -100 at padding; ties go to the lower tag id.

        Args:
            emissions: (B, L, T).
            mask: Boolean (B, L), True for characters; each sentence has one at least.
        """
        emissions = emissions.swapaxes(0, 1)
        forward = np.empty_like(emissions)
        forward[0] = self.start + emissions[0]
        for t in range(1, len(emissions)):
            forward[t] = (forward[t - 1][..., None] + self.transitions).max(-2) + emissions[t]
        return backtrack(forward, self.transitions, self.end, mask.sum(1)).T

    def marginals(self, emissions: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Posterior probability of each tag at each character, p(y_t = j | x).

        Args:
            emissions: (B, L, T).
            mask: Boolean (B, L), True for characters; each sentence has one at least.

        Returns:
            Probabilities (B, L, T) in fp64; 0 at padding.
        """
        emissions, lengths = emissions.swapaxes(0, 1).astype(np.float64), mask.sum(1)
        forward, backward, log_partition = self._forward_backward(emissions, lengths)
        logarithms = forward + backward - emissions - log_partition[:, None]
        logarithms[~mask.T] = -np.inf
        return np.exp(np.minimum(logarithms, 0)).swapaxes(0, 1)

    def span_log_probabilities(self, emissions: np.ndarray, spans: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Log probability that exactly these spans are entities, over all paths.

        A span is an entity of its type if a path enters it by B-X (or by I-X from elsewhere, where that is legal),
        stays in I-X up to its end, and does not go on with I-X after it.

        Args:
            emissions: (B, L, T).
            spans: Integer (N, 5): sentence in the batch, first character, end (exclusive), B tag, I tag.
            mask: Boolean (B, L), True for characters; each sentence has one at least.

        Returns:
            (N,) log probabilities in fp64.

        Raises:
            ValueError: If a span is empty or leaves its sentence.
        """
        # In fp64: a probability is a small difference of long sums.
        emissions, lengths = emissions.swapaxes(0, 1).astype(np.float64), mask.sum(1)
        sentence, first, stop, begin, inside = spans.T
        check_spans(spans, lengths)
        forward, backward, log_partition = self._forward_backward(emissions, lengths)
        start, transitions, end = self.start, self.transitions, self.end
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
        forward, backward = _log_sums(
            np.stack([emissions, emissions[reversal, sentences]], axis=1),
            np.stack([self.start, self.end]).astype(np.float64),
            np.stack([self.transitions, self.transitions.T]).astype(np.float64),
        ).swapaxes(0, 1)
        log_partition = _log_sum(forward[lengths - 1, sentences] + self.end, -1)
        return forward, backward[reversal, sentences], log_partition


def check_spans(spans: np.ndarray, lengths: np.ndarray) -> None:
    """Raise a ValueError if a span, as `NumpyCRF.span_log_probabilities` takes them, is none of its sentence's."""
    sentence, first, stop, _, _ = spans.T
    if ((first < 0) | (stop <= first) | (stop > lengths[sentence])).any():
        raise ValueError("Each span must be non-empty and lie within its sentence.")


def _log_sums(emissions: np.ndarray, start: np.ndarray, transitions: np.ndarray) -> np.ndarray:
    """Logarithm (L, D, B, T) of the sum over all prefixes that end in each tag, in D directions.

    Args:
        emissions: (L, D, B, T).
        start: (D, T).
        transitions: (D, T, T).
    """
    if not _spread(emissions[:, 0], start, transitions) < _MODERATE:  # also if it is no number
        return _log_sums_of_any_size(emissions, start, transitions)
    # Products of probabilities that are scaled at each step (Rabiner, 1989, section V.A).
    rows = max(1, _PRODUCTS // start.shape[1] ** 2)
    transition = np.exp(transitions - transitions.max())
    largest = emissions.max(-1, keepdims=True)  # of each step's scores, which its probabilities are relative to
    sums = np.exp(emissions - largest)
    sums[0] *= np.exp(start - start.max())[:, None]
    largest[0] += start.max()
    largest[1:] += transitions.max()
    scales = np.ones_like(largest)
    product = np.empty_like(sums[0])
    for t in range(1, len(sums)):
        for at in range(0, product.shape[1], rows):
            np.matmul(sums[t - 1, :, at : at + rows], transition, out=product[:, at : at + rows])
        product /= product.max(-1, keepdims=True, out=scales[t])
        sums[t] *= product
    largest += np.log(scales, out=scales)
    with np.errstate(divide="ignore"):  # of excluded tags
        return np.log(sums, out=sums) + largest.cumsum(0)


def _log_sums_of_any_size(emissions: np.ndarray, start: np.ndarray, transitions: np.ndarray) -> np.ndarray:
    sums = np.empty_like(emissions)
    sums[0] = start[:, None] + emissions[0]
    for t in range(1, len(emissions)):
        sums[t] = _log_sum(sums[t - 1][..., None] + transitions[:, None], -2) + emissions[t]
    return sums


def _spread(emissions: np.ndarray, start: np.ndarray, transitions: np.ndarray) -> float:
    """The most by which one step's score can lie below another's, excluded transitions aside.

    inf where a tag is more than two steps from another.
    """
    possible = transitions[0] != -np.inf
    if not (possible @ possible).all():
        return np.inf
    spread = (emissions.max(-1) - emissions.min(-1)).max()
    for scores in (start, transitions):
        spread += scores.max() - scores.min(where=scores != -np.inf, initial=np.inf)
    return float(spread)


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

    into = np.ascontiguousarray(transitions.T, np.result_type(forward, transitions))  # row j: arriving at tag j
    candidates = np.empty(forward.shape[1:], into.dtype)
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


def _log_sum(scores: np.ndarray, axis: int) -> np.ndarray:
    largest = scores.max(axis, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0)
    with np.errstate(divide="ignore"):  # the sum of nothing is log 0
        return np.log(np.exp(scores - largest).sum(axis)) + largest.squeeze(axis)


def _times(count: np.ndarray, score: np.ndarray) -> np.ndarray:
    """`count * score`, where none of a score, also of -inf, is 0."""
    return np.where(count > 0, np.maximum(count, 1) * score, 0)
