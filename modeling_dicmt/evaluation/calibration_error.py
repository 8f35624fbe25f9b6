"""Whether an entity's score is the share of such entities that are right."""

from collections.abc import Sequence
from typing import Any

import numpy as np

NUM_BINS = 15


def calibration_error(
    scores: Sequence[float] | np.ndarray, correct: Sequence[bool] | np.ndarray, num_bins: int = NUM_BINS
) -> dict[str, Any]:
    """Expected calibration error (Guo et al., 2017, eq. 3) of predicted entities.

    Args:
        scores: Probability of each predicted entity.
        correct: Whether each is an annotated entity, span and type.
        num_bins: Bins of equal width between 0 and 1.

    Returns:
        `error`: the mean distance between score and precision, over the bins, each weighted by its entities (a
        fraction; 0 without entities); `bins`: for each bin that has entities its `from` and `to`, `entities`, mean
        `score` and `precision`.

    Raises:
        ValueError: If there are not as many scores as answers.
    """
    scores, correct = np.asarray(scores, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    if scores.shape != correct.shape:
        raise ValueError(f"Expected a score for each entity, got {scores.size} scores for {correct.size} entities.")
    bin_of_score = np.clip((scores * num_bins).astype(int), 0, num_bins - 1)
    bins, error = [], 0.0
    for number in range(num_bins):
        chosen = bin_of_score == number
        count = int(chosen.sum())
        if not count:
            continue
        score, precision = float(scores[chosen].mean()), float(correct[chosen].mean())
        error += abs(score - precision) * count / scores.size
        bins.append(
            {
                "from": round(number / num_bins, 4),
                "to": round((number + 1) / num_bins, 4),
                "entities": count,
                "score": round(score, 4),
                "precision": round(precision, 4),
            }
        )
    return {"error": round(error, 4), "bins": bins}
