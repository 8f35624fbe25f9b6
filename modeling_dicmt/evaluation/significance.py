"""Whether a difference of F1 is more than chance: paired bootstrap over records (Koehn, 2004)."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .clinical_ner import read_entities

RESAMPLES = 10_000
_CHUNK = 500


class Difference(NamedTuple):
    """F1 of one system minus that of another.

    Args:
        difference: On the records as they are.
        low: Lower end of the 95 % interval.
        high: Its upper end.
        p: Two-sided: how often resampled records show no difference, or the other sign, twice.
    """

    difference: float
    low: float
    high: float
    p: float


def count_by_record(predictions: Sequence[Iterable[Any]], references: Sequence[Iterable[Any]]) -> np.ndarray:
    """Correct, predicted and annotated entities of each record, (records, 3).

    Args:
        predictions: For each record its predicted entities, as `score_entities` takes them.
        references: For each record its annotated entities.
    """
    pairs = zip(read_entities(predictions, "predictions"), read_entities(references, "references"), strict=True)
    counts = [(len(found & gold), len(found), len(gold)) for found, gold in pairs]
    return np.array(counts, dtype=float).reshape(-1, 3)


def paired_bootstrap(
    counts: Sequence[np.ndarray], other: Sequence[np.ndarray], resamples: int = RESAMPLES, seed: int = 0
) -> Difference:
    """Compare two systems on the same records, which are drawn anew with replacement, the same for both.

    Args:
        counts: For each seed of the system (records, 3): correct, predicted and annotated entities of each record.
        other: The same of the system that it is compared with. Counts are averaged over seeds first, so that what
            is tested is the records' choice, not the seeds'.
        resamples: How often records are drawn.
        seed: Of the drawing.

    Raises:
        ValueError: If the two were scored on different records.
    """
    mine, theirs = (np.mean(np.stack(item), axis=0) for item in (counts, other))
    if mine.shape != theirs.shape or not np.array_equal(mine[:, 2], theirs[:, 2]):
        raise ValueError("The systems were not scored on the same records: run them on one corpus and split.")
    both = np.concatenate([mine, theirs], axis=1)  # (records, 6)
    generator = np.random.default_rng(seed)
    drawn = []
    for start in range(0, resamples, _CHUNK):
        size = min(_CHUNK, resamples - start)
        chosen = generator.multinomial(len(both), np.full(len(both), 1 / len(both)), size=size)  # (size, records)
        drawn.append(_difference(chosen @ both))
    differences = np.concatenate(drawn)
    low, high = np.percentile(differences, [2.5, 97.5])
    tail = min(np.sum(differences <= 0), np.sum(differences >= 0))
    # One more of each, since the records as they are belong to the possible draws.
    p = min(1.0, 2 * (tail + 1) / (resamples + 1))
    return Difference(float(_difference(both.sum(0))), float(low), float(high), float(p))


def adjust_for_several(probabilities: Sequence[float]) -> list[float]:
    """p-values of several comparisons so that all of them together err as seldom as one (Holm, 1979)."""
    adjusted, largest = [1.0] * len(probabilities), 0.0
    for rank, place in enumerate(sorted(range(len(probabilities)), key=lambda place: probabilities[place])):
        largest = max(largest, min(1.0, (len(probabilities) - rank) * probabilities[place]))
        adjusted[place] = largest
    return adjusted


def _difference(totals: np.ndarray) -> np.ndarray:
    return _f1(totals[..., :3]) - _f1(totals[..., 3:])


def _f1(totals: np.ndarray) -> np.ndarray:
    correct, entities = totals[..., 0], totals[..., 1] + totals[..., 2]
    return np.divide(2 * correct, entities, out=np.zeros_like(correct), where=entities > 0)
