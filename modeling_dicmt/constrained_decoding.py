"""Best paths of a chain among those in which given spans are entities and others are not; exact for every chain.

What an entity of a path is, `NumpyCRF.span_log_probabilities` says: it is entered by B-X, or by I-X from elsewhere,
goes on in I-X, and ends before what is not I-X. Shapes as in `crf_numpy.py`.
"""

from collections import defaultdict

import numpy as np

from .crf_numpy import NumpyCRF, check_spans
from .tagging import IGNORED_TAG

_NO_PATH = "The chain itself excludes every path that has the required entities and none of the excluded ones."


def best_paths(
    chain: NumpyCRF,
    emissions: np.ndarray,
    mask: np.ndarray,
    tags: np.ndarray,
    required: np.ndarray,
    excluded: np.ndarray,
) -> np.ndarray:
    """Best paths in which each required span is an entity, entered by its B tag, and no excluded one is an entity.

    Around an excluded span an entity may begin before it, or end after it, or lie within it, and the span itself may be
    an entity of another type.

    Args:
        chain: The chain.
        emissions: (B, L, T).
        mask: Boolean (B, L), True for characters; each sentence has one at least.
        tags: Integer (B, L) best paths without any condition, -100 at padding: they stay where they meet all of them.
        required: Integer (N, 5): sentence in the batch, first character, end (exclusive), B tag, I tag.
        excluded: Integer (M, 5), as `required`; these may overlap each other and required ones.

    Returns:
        Tag ids (B, L), -100 at padding.

    Raises:
        ValueError: If a span is empty or leaves its sentence, if required ones overlap, if one is excluded as well, or
            if the chain has no such path.
    """
    lengths = mask.sum(1)
    _check(required, excluded, lengths)
    emissions = _with_required(emissions, required)
    tags = tags.copy()
    rows = np.unique(required[~_are_required_entities(tags, required), 0])
    if len(rows):
        tags[rows] = chain.viterbi(emissions[rows], mask[rows])
        if not _are_required_entities(tags, required).all():
            raise ValueError(_NO_PATH)
    excluded = excluded[np.argsort(excluded[:, 0], kind="stable")]
    for row in np.unique(excluded[are_entities(tags, excluded), 0]):
        first, last = np.searchsorted(excluded[:, 0], [row, row + 1])
        length = lengths[row]
        tags[row, :length] = _best_path_without(chain, emissions[row, :length], excluded[first:last, 1:])
    return tags


def most_probable_types(chain: NumpyCRF, emissions: np.ndarray, mask: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Of spans that are the same stretch with several types, the one that is most probably an entity.

    Args:
        chain: The chain.
        emissions: (B, L, T).
        mask: Boolean (B, L), True for characters; each sentence has one at least.
        spans: Integer (N, 5) as `NumpyCRF.span_log_probabilities` takes them.

    Returns:
        Integer (M, 5), one span for each stretch, ordered by stretch.
    """
    stretches, stretch, types = np.unique(spans[:, :3], axis=0, return_inverse=True, return_counts=True)
    stretch = stretch.reshape(-1)  # numpy 2.0 gives it another shape
    scores = np.zeros(len(spans))
    several = types[stretch] > 1
    if several.any():
        rows, row = np.unique(spans[several, 0], return_inverse=True)
        asked = np.column_stack([row, spans[several, 1:]])
        scores[several] = chain.span_log_probabilities(emissions[rows], asked, mask[rows])
    order = np.lexsort((-scores, stretch))
    return spans[order[np.searchsorted(stretch[order], np.arange(len(stretches)))]]


def are_entities(tags: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Whether each span is exactly an entity of a path, as `find_entities` reads them: (N,) boolean.

    Args:
        tags: Integer (B, L), -100 at padding.
        spans: Integer (N, 5): sentence, first character, end (exclusive), B tag, I tag; within their sentences.
    """
    row, start, end, begin, inside = spans.T
    padded = np.pad(tags, ((0, 0), (1, 1)), constant_values=IGNORED_TAG)  # character t stands at t + 1
    before, first, second = (padded[row, start + step] for step in range(3))
    begins = (first == begin) | ((first == inside) & (before != begin) & (before != inside))
    # Where the run of one tag ends that goes on after each character, in offsets of the sentence.
    run_end = np.where(padded[:, 1:-1] != padded[:, 2:], np.arange(1, tags.shape[1] + 1), tags.shape[1])
    run_end = np.minimum.accumulate(run_end[:, ::-1], axis=1)[:, ::-1]
    next_start = np.minimum(start + 1, tags.shape[1] - 1)
    return begins & (end == np.where(second == inside, run_end[row, next_start], start + 1))


def _are_required_entities(tags: np.ndarray, spans: np.ndarray) -> np.ndarray:
    row, start, _, begin, _ = spans.T
    return are_entities(tags, spans) & (tags[row, start] == begin)


def _check(required: np.ndarray, excluded: np.ndarray, lengths: np.ndarray) -> None:
    check_spans(np.concatenate([required, excluded]), lengths)
    ordered = required[np.lexsort((required[:, 1], required[:, 0]))]
    if ((ordered[1:, 0] == ordered[:-1, 0]) & (ordered[1:, 1] < ordered[:-1, 2])).any():
        raise ValueError("Required spans must not overlap each other: keep one of those that do.")
    if not set(map(tuple, required.tolist())).isdisjoint(map(tuple, excluded.tolist())):
        raise ValueError("A span cannot be required and excluded: leave it out of one of them.")


def _with_required(emissions: np.ndarray, required: np.ndarray) -> np.ndarray:
    """A copy of the emissions in fp64, -inf for tags that required entities leave no room for."""
    emissions = emissions.astype(np.float64)
    for row, start, end, begin, inside in required.tolist():
        stretch = emissions[row, start:end]
        scores = stretch[:, inside].copy()
        scores[0] = stretch[0, begin]
        stretch[:] = -np.inf
        stretch[1:, inside] = scores[1:]
        stretch[0, begin] = scores[0]
        emissions[row, end : end + 1, inside] = -np.inf
    return emissions


def _best_path_without(chain: NumpyCRF, emissions: np.ndarray, excluded: np.ndarray) -> np.ndarray:
    """Best path (L,) of one sentence in which no excluded span is an entity, in O(L·T·(T + M)).

    Where an entity ends says nothing of where it began. So an I tag has, besides the usual state, one for each place
    where excluded spans begin: that of entities that began there. Such an entity may not end where a span does.

    Args:
        chain: The chain.
        emissions: (L, T).
        excluded: Integer (M, 4): first character, end (exclusive), B tag, I tag.
    """
    length, num_tags = emissions.shape
    starts, tracker_of_span = np.unique(excluded[:, [0, 2, 3]], axis=0, return_inverse=True)
    insides = starts[:, 2]
    trackers = np.arange(len(starts)) + num_tags  # states; those before are the tags
    tag_of_state = np.concatenate([np.arange(num_tags), insides])
    beginning_at = defaultdict(list)  # place → (state, B tag, I tag) of what may begin there
    for state, (start, begin, inside) in enumerate(starts.tolist(), start=num_tags):
        beginning_at[start].append((state, begin, inside))
    # Place → states of the character before it that must not be left there, other than to their I tag.
    kept_at = defaultdict(list)
    for (start, end, begin, inside), tracker in zip(excluded.tolist(), tracker_of_span.reshape(-1), strict=True):
        kept_at[end].append((num_tags + tracker, inside))
        if end == start + 1:
            kept_at[end].append((begin, inside))

    transitions = chain.transitions[tag_of_state].astype(np.float64)  # (S, T)
    transitions[trackers, insides] = -np.inf  # a tracker goes on as itself
    going_on = chain.transitions[insides, insides]
    end_scores = chain.end[tag_of_state].astype(np.float64)
    end_scores[[state for state, _ in kept_at[length]]] = -np.inf

    scores = np.full(len(tag_of_state), -np.inf)
    scores[:num_tags] = chain.start + emissions[0]
    for tracker, _, inside in beginning_at[0]:
        scores[tracker], scores[inside] = scores[inside], -np.inf
    previous = np.empty((length, len(tag_of_state)), dtype=np.intp)
    for t in range(1, length):
        candidates = scores[:, None] + transitions  # (S, T)
        for state, inside in kept_at[t]:
            to_inside = candidates[state, inside]
            candidates[state] = -np.inf
            candidates[state, inside] = to_inside
        scores[num_tags:] += going_on
        previous[t, num_tags:] = trackers
        for tracker, begin, inside in beginning_at[t - 1]:
            if candidates[begin, inside] > scores[tracker]:
                scores[tracker], previous[t, tracker] = candidates[begin, inside], begin
            candidates[begin, inside] = -np.inf
        for tracker, begin, inside in beginning_at[t]:
            of_one_entity = candidates[[begin, inside], inside]
            candidates[[begin, inside], inside] = -np.inf
            previous[t, tracker] = candidates[:, inside].argmax()
            scores[tracker] = candidates[:, inside].max()
            candidates[:, inside] = -np.inf
            candidates[[begin, inside], inside] = of_one_entity
        candidates.argmax(0, out=previous[t, :num_tags])
        candidates.max(0, out=scores[:num_tags])
        scores += emissions[t, tag_of_state]

    scores += end_scores
    if scores.max() == -np.inf:
        raise ValueError(_NO_PATH)
    state = int(scores.argmax())
    path = np.empty(length, dtype=np.int64)
    for t in range(length - 1, -1, -1):
        path[t] = tag_of_state[state]
        state = previous[t, state] if t else state
    return path
