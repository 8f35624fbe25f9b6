"""Which scored spans become entities: against exhaustive search over all sets of them."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_dicmt.span_decoding import OVERLAPS, choose_spans


def overlap_of(one: tuple[int, ...], other: tuple[int, ...]) -> str | None:
    """How two spans (sentence, start, end, type) overlap: "crossing", "nested" or not at all."""
    if one[0] != other[0] or one[2] <= other[1] or other[2] <= one[1]:
        return None
    is_within = (one[1] <= other[1] and other[2] <= one[2]) or (other[1] <= one[1] and one[2] <= other[2])
    return "nested" if is_within else "crossing"


def is_allowed(spans: list[tuple[int, ...]], overlap: str) -> bool:
    forbidden = {"crossing": (), "nested": ("crossing",), "none": ("crossing", "nested")}[overlap]
    return not any(overlap_of(one, other) in forbidden for one, other in combinations(spans, 2))


def best_sum(spans: list[tuple[int, ...]], scores: list[float], overlap: str) -> float:
    """The highest sum of all sets that are allowed."""
    sets = (chosen for size in range(len(spans) + 1) for chosen in combinations(range(len(spans)), size))
    return max(sum(scores[i] for i in chosen) for chosen in sets if is_allowed([spans[i] for i in chosen], overlap))


spans_of_a_batch = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 7), st.integers(1, 5), st.integers(0, 1)).map(
        lambda span: (span[0], span[1], span[1] + span[2], span[3])
    ),
    unique=True,
    max_size=9,
).map(sorted)


@pytest.mark.parametrize("overlap", OVERLAPS)
@given(spans=spans_of_a_batch, data=st.data())
def test_the_sum_of_scores_is_the_highest_of_all_allowed_sets(spans, overlap, data):
    scores = data.draw(st.lists(st.integers(1, 30), min_size=len(spans), max_size=len(spans)))
    chosen = choose_spans(np.array(spans, dtype=np.int64).reshape(-1, 4), np.array(scores, dtype=float), overlap)
    assert chosen.tolist() == sorted(set(chosen.tolist()))
    assert is_allowed([spans[i] for i in chosen], overlap)
    assert sum(scores[i] for i in chosen) == best_sum(spans, scores, overlap)


def test_what_does_not_conflict_is_kept_whole():
    """Nested in nested, one character, two types on one stretch, neighbours that touch, and other sentences."""
    spans = np.array(
        [(0, 0, 9, 0), (0, 0, 9, 1), (0, 1, 4, 0), (0, 2, 3, 0), (0, 4, 5, 1), (0, 9, 10, 0), (1, 0, 9, 0)]
    )
    scores = np.full(len(spans), 0.5)
    assert choose_spans(spans, scores, "nested").tolist() == [*range(7)]
    assert choose_spans(spans, scores, "crossing").tolist() == [*range(7)]
    # of what starts within the long one, or lies in another, three short ones are worth more than it
    chosen = choose_spans(spans, scores, "none").tolist()
    assert chosen in ([2, 4, 5, 6], [3, 4, 5, 6])


def test_of_two_that_cross_the_one_of_the_higher_score_stays_with_what_is_in_it():
    spans = np.array([(0, 0, 4, 0), (0, 1, 2, 0), (0, 2, 6, 1), (0, 4, 6, 0)])
    assert choose_spans(spans, np.array([1.0, 0.1, 2.0, 0.1]), "nested").tolist() == [1, 2, 3]
    assert choose_spans(spans, np.array([2.0, 0.1, 1.0, 0.1]), "nested").tolist() == [0, 1, 3]


def test_several_types_of_a_stretch_count_together_against_what_crosses_it():
    spans = np.array([(0, 0, 4, 0), (0, 0, 4, 1), (0, 2, 6, 0)])
    assert choose_spans(spans, np.array([2.0, 2.0, 3.0]), "nested").tolist() == [0, 1]
    assert choose_spans(spans, np.array([2.0, 2.0, 3.0]), "none").tolist() == [2]


def test_a_sentence_full_of_spans_takes_no_cubic_python_time():
    """All spans of up to 30 characters of 200: as a network has them that was not trained."""
    spans = np.array([(0, i, j, 0) for i in range(200) for j in range(i + 1, min(i + 31, 201))])
    scores = np.random.default_rng(0).random(len(spans)) + 0.01
    for overlap in ("nested", "none"):
        chosen = choose_spans(spans, scores, overlap)
        assert is_allowed([tuple(span) for span in spans[chosen].tolist()], overlap)


def test_wrong_input_is_named():
    span, score = np.array([(0, 1, 2, 0)]), np.ones(1)
    with pytest.raises(ValueError, match="crossing, nested, none, got 'flat'"):
        choose_spans(span, score, "flat")
    with pytest.raises(ValueError, match="a score above 0"):
        choose_spans(span, np.zeros(1), "nested")
    with pytest.raises(ValueError, match="need a character"):
        choose_spans(np.array([(0, 2, 2, 0)]), score, "nested")
    assert choose_spans(np.zeros((0, 4), dtype=int), np.zeros(0), "none").tolist() == []
