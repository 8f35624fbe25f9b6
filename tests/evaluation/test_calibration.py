import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_dicmt.evaluation.calibration_error import calibration_error


def naive(scores, correct, num_bins):
    total = 0.0
    for number in range(num_bins):
        low, high = number / num_bins, (number + 1) / num_bins
        chosen = [
            i for i, score in enumerate(scores) if low <= score < high or (number == num_bins - 1 and score == 1.0)
        ]
        if chosen:
            confidence = sum(scores[i] for i in chosen) / len(chosen)
            precision = sum(correct[i] for i in chosen) / len(chosen)
            total += len(chosen) / len(scores) * abs(confidence - precision)
    return total


# Sixteenths are exact in binary, so that both put a score on an edge into the same bin.
@given(
    st.lists(st.tuples(st.integers(0, 16).map(lambda n: n / 16), st.booleans()), min_size=1), st.sampled_from([4, 8])
)
def test_the_error_is_the_textbooks(pairs, num_bins):
    scores, correct = zip(*pairs, strict=True)
    found = calibration_error(scores, correct, num_bins)
    assert found["error"] == pytest.approx(naive(scores, correct, num_bins), abs=1e-4)
    assert sum(row["entities"] for row in found["bins"]) == len(scores)


def test_bins_tell_score_and_precision():
    found = calibration_error([0.1, 0.1, 0.95, 1.0], [True, False, True, True], num_bins=2)
    assert found["bins"] == [
        {"from": 0.0, "to": 0.5, "entities": 2, "score": 0.1, "precision": 0.5},
        {"from": 0.5, "to": 1.0, "entities": 2, "score": 0.975, "precision": 1.0},
    ]
    assert found["error"] == pytest.approx(0.4 / 2 + 0.025 / 2, abs=1e-4)


def test_nothing_predicted_is_no_error():
    assert calibration_error([], []) == {"error": 0.0, "bins": []}


def test_a_score_for_each_entity():
    with pytest.raises(ValueError, match="2 scores for 1 entities"):
        calibration_error(np.zeros(2), [True])
