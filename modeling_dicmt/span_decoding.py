"""Scored spans → entities: any, none that cross, or none that overlap; always those of the highest sum of scores.

Two spans cross where each has characters that the other lacks, and both share some. What a threshold lets through
rarely crosses: only stretches of a text where it does are searched, by dynamic programming over the places where spans
begin or end. The same stretch with several types is one choice where spans may not overlap, and several where they may.
"""

import numpy as np

OVERLAPS = ("crossing", "nested", "none")
"""What entities may do: overlap in any way, lie within each other, or neither."""


def find_spans(
    scores: np.ndarray, threshold: float, overlap: str, required: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The entities of scored spans.

    Args:
        scores: (B, L, types, longest span): log-odds of the span that begins at a character, of a type, of a length
            from 1 on; -inf where it leaves its sentence.
        threshold: The probability above which a span is a candidate.
        overlap: One of `OVERLAPS`.
        required: Integer (N, 4) of spans that are entities whatever their scores, none of which overlaps another: what
            they exclude is no candidate.

    Returns:
        Integer (N, 4), by sentence, start, end, longest first, and type: sentence, first character, end (exclusive),
        type. And their log-odds, (N,).
    """
    least = log_odds(threshold)
    row, start, kind, length = np.nonzero(scores > least)
    spans = np.column_stack([row, start, start + length + 1, kind])
    if required is not None and len(required):
        spans = spans[~_are_excluded(spans, required, overlap)]
    spans = spans[np.lexsort(spans.T[::-1])]
    spans = spans[choose_spans(spans, scores_of_spans(scores, spans) - least, overlap)]
    if required is not None and len(required):
        spans = np.concatenate([spans, required])
    spans = spans[np.lexsort((spans[:, 3], -spans[:, 2], spans[:, 1], spans[:, 0]))]
    return spans, scores_of_spans(scores, spans)


def scores_of_spans(scores: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Scores (N,) in fp64 of spans (N, 4), as `find_spans` has them; -inf of those longer than the longest."""
    row, start, end, kind = spans.T
    length = end - start
    longest = scores.shape[3]
    found = scores[row, start, kind, np.minimum(length, longest) - 1].astype(np.float64)
    return np.where(length <= longest, found, -np.inf)


def log_odds(probability: float | np.ndarray) -> float | np.ndarray:
    """Of probabilities above 0 and below 1."""
    return np.log(probability) - np.log1p(-probability)


def probability(log_odds: float | np.ndarray) -> float | np.ndarray:
    """The inverse of `log_odds`, without overflow."""
    return np.exp(-np.logaddexp(0, -log_odds))


def choose_spans(spans: np.ndarray, scores: np.ndarray, overlap: str = "nested") -> np.ndarray:
    """The spans that become entities: of all sets that `overlap` allows one of the highest sum of scores.

    Args:
        spans: Integer (N, 4): sentence, first character, end (exclusive), type; distinct, in this order ascending.
        scores: (N,) positive scores, say log-odds above those of the threshold.
        overlap: One of `OVERLAPS`.

    Returns:
        Their indices, ascending.

    Raises:
        ValueError: If `overlap` is none of these, a span is empty, or a score is not above 0.
    """
    if overlap not in OVERLAPS:
        raise ValueError(f"overlap must be one of {', '.join(OVERLAPS)}, got {overlap!r}.")
    if len(spans) and not ((spans[:, 1] < spans[:, 2]).all() and (scores > 0).all()):
        raise ValueError("Spans need a character and a score above 0 each: leave the others out.")
    if overlap == "crossing" or len(spans) < 2:
        return np.arange(len(spans))
    search = _without_overlap if overlap == "none" else _without_crossing
    firsts = _clusters(spans)
    sizes = np.diff(firsts, append=len(spans))
    chosen = [firsts[sizes == 1]]
    for first, size in zip(firsts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        cluster = slice(first, first + size)
        chosen.append(first + np.array(search(spans[cluster, 1], spans[cluster, 2], scores[cluster])))
    return np.sort(np.concatenate(chosen))


def _are_excluded(spans: np.ndarray, required: np.ndarray, overlap: str) -> np.ndarray:
    """Which spans (N, 4) cannot be entities beside those required (M, 4), or are one of them."""
    excluded = np.zeros(len(spans), dtype=bool)
    for row, start, end, kind in required.tolist():
        first, last = np.searchsorted(spans[:, 0], (row, row + 1))
        _, starts, ends, kinds = spans[first:last].T
        here = (starts == start) & (ends == end)
        overlaps = (starts < end) & (start < ends)
        is_nested = ((start <= starts) & (ends <= end)) | ((starts <= start) & (end <= ends))
        excluded[first:last] |= here & (kinds == kind)
        if overlap != "crossing":
            excluded[first:last] |= overlaps & ~is_nested
        if overlap == "none":
            excluded[first:last] |= overlaps
    return excluded


def _clusters(spans: np.ndarray) -> np.ndarray:
    """Where clusters begin among the spans: of such as overlap directly or through others."""
    # One axis for all sentences: none reaches into the next.
    width = int(spans[:, 2].max())
    offsets = spans[:, 0] * width
    reach = np.maximum.accumulate(offsets + spans[:, 2])
    begins = offsets[1:] + spans[1:, 1] >= reach[:-1]
    return np.flatnonzero(np.concatenate([[True], begins]))


def _without_overlap(starts: np.ndarray, ends: np.ndarray, scores: np.ndarray) -> list[int]:
    """Weighted interval scheduling: the best sum up to each place follows from those up to the places before it."""
    order = np.argsort(ends, kind="stable").tolist()
    finished = ends[order]
    compatible = np.searchsorted(finished, starts[order], side="right").tolist()  # how many end before it starts
    best, takes = [0.0], []
    for number, index in enumerate(order):
        taken = best[compatible[number]] + float(scores[index])
        takes.append(taken > best[-1])
        best.append(max(taken, best[-1]))
    chosen, number = [], len(order)
    while number:
        if takes[number - 1]:
            chosen.append(order[number - 1])
            number = compatible[number - 1]
        else:
            number -= 1
    return chosen


def _without_crossing(starts: np.ndarray, ends: np.ndarray, scores: np.ndarray) -> list[int]:
    """The best laminar family, as a bracketing: that of a stretch is its own spans, and those of two parts of it."""
    if not _any_cross(starts, ends):
        return [*range(len(starts))]
    places, index = np.unique(np.concatenate([starts, ends]), return_inverse=True)
    first, last = index.reshape(2, -1)
    count = len(places)
    own = np.zeros((count, count))
    np.add.at(own, (first, last), scores)
    best = own.copy()  # best[i, j]: within places[i] … places[j]
    split = np.zeros((count, count), dtype=np.int64)
    for length in range(2, count):
        for i in range(count - length):
            j = i + length
            sums = best[i, i + 1 : j] + best[i + 1 : j, j]
            split[i, j] = i + 1 + int(sums.argmax())
            best[i, j] += sums[split[i, j] - i - 1]
    of_stretch: dict[tuple[int, int], list[int]] = {}
    for number, stretch in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        of_stretch.setdefault(stretch, []).append(number)
    chosen, open_stretches = [], [(0, count - 1)]
    while open_stretches:
        i, j = open_stretches.pop()
        chosen.extend(of_stretch.get((i, j), ()))
        if j - i > 1:
            open_stretches += [(i, int(split[i, j])), (int(split[i, j]), j)]
    return chosen


def _any_cross(starts: np.ndarray, ends: np.ndarray) -> bool:
    """Whether any two spans cross: by start, the longer first, each must end within what is open at its start."""
    open_ends: list[int] = []
    for start, end in sorted(zip(starts.tolist(), (-ends).tolist(), strict=True)):
        while open_ends and open_ends[-1] <= start:
            open_ends.pop()
        if open_ends and open_ends[-1] < -end:
            return True
        open_ends.append(-end)
    return False
