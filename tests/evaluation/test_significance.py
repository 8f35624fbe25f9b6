"""The paired bootstrap against enumeration of all draws, and Holm's procedure against its definition."""

import itertools

import numpy as np
import pytest

from modeling_dicmt.evaluation.significance import adjust_for_several, count_by_record, paired_bootstrap

# Correct, predicted and annotated entities of four records, for two systems.
BETTER = np.array([[5, 6, 6], [3, 4, 5], [1, 2, 4], [4, 5, 5]], dtype=float)
WORSE = np.array([[4, 6, 6], [3, 5, 5], [2, 3, 4], [3, 5, 5]], dtype=float)


def f1(counts):
    correct, predicted, annotated = counts.sum(0)
    return 2 * correct / (predicted + annotated)


def test_counts_of_records():
    found = [[(0, 2, "A"), (3, 4, "B"), (3, 4, "B")], [], [(0, 1, "A")]]
    annotated = [[{"start": 0, "end": 2, "type": "A"}, {"start": 3, "end": 4, "type": "A"}], [(1, 2, "A")], []]
    assert count_by_record(found, annotated).tolist() == [[1, 2, 2], [0, 0, 1], [0, 1, 0]]
    assert count_by_record([], []).shape == (0, 3)


def test_interval_and_p_are_those_of_all_draws():
    draws = [list(draw) for draw in itertools.product(range(4), repeat=4)]  # each as likely as any other
    differences = np.array([f1(BETTER[draw]) - f1(WORSE[draw]) for draw in draws])
    found = paired_bootstrap([BETTER], [WORSE], resamples=40_000)
    assert found.difference == pytest.approx(f1(BETTER) - f1(WORSE))
    low, high = np.percentile(differences, [2.5, 97.5])
    assert found.low == pytest.approx(low, abs=2e-3) and found.high == pytest.approx(high, abs=2e-3)
    assert found.p > 0.05
    assert found.p == pytest.approx(2 * np.mean(differences <= 0), abs=0.01)


def test_the_other_way_round_it_is_the_same_with_the_other_sign():
    there, back = paired_bootstrap([BETTER], [WORSE]), paired_bootstrap([WORSE], [BETTER])
    assert back.difference == -there.difference and back.p == there.p
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))


def test_a_system_does_not_differ_from_itself():
    assert paired_bootstrap([WORSE], [WORSE]) == (0, 0, 0, 1)


def test_seeds_are_averaged_before_records_are_drawn():
    mixed = paired_bootstrap([BETTER, WORSE], [WORSE])
    middle = (BETTER + WORSE) / 2
    assert mixed.difference == pytest.approx(f1(middle) - f1(WORSE))
    assert mixed == paired_bootstrap([middle], [WORSE])


def test_other_records_cannot_be_compared():
    other = WORSE.copy()
    other[0, 2] += 1
    for counts in (other, WORSE[:3]):
        with pytest.raises(ValueError, match="not scored on the same records"):
            paired_bootstrap([BETTER], [counts])


def test_holm():
    assert adjust_for_several([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert adjust_for_several([0.9, 0.8]) == [1.0, 1.0]
    assert adjust_for_several([]) == []
