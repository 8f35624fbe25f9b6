"""Whether an entity's score is the share of such entities that are right, and making it so (Guo et al., 2017).

A network that has learned its training part by heart is too sure of itself on other records. All scores of the CRF,
divided by one number, the temperature, are the same chain with the same best path, whose probabilities are less
extreme. It is the one that makes the correctness of a development part's predicted entities most likely, and is worked
into the weights, so that a checkpoint needs no further setting and its span probabilities are those of its own CRF.

Of a network that scores spans the threshold above which one is an entity is chosen first, by the part's F1; the
temperature then leaves the entities what they are.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
import torch

from ..modeling_dicmt import DicMTForTokenClassification
from ..modeling_dicmt_nested import DicMTForNestedEntities
from ..prediction import SentencePrediction, TaggedBatch, read_batches
from ..span_decoding import log_odds, probability
from ..tagging import Span
from ..torch_tagger import chain_of

logger = logging.getLogger(__name__)

# Fewer entities say too little. The grid is coarse, so that rounding, which differs with the number of processes,
# decides nothing.
MIN_ENTITIES = 50
THRESHOLDS = np.round(np.arange(0.1, 0.71, 0.05), 2)
TEMPERATURES = np.round(np.arange(0.5, 4.01, 0.05), 2)
NUM_BINS = 15
_SMALLEST = 1e-6


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


@dataclass(frozen=True)
class Calibration:
    """What calibration did.

    Args:
        temperature: What the scores were divided by.
        error_before: Expected calibration error on the development part before.
        error: The same after, each half of the records with the temperature fitted on the other half.
    """

    temperature: float
    error_before: float
    error: float


class AnnotatedPart(Protocol):
    """What calibration asks of an `Evaluator`, which scores by this module."""

    def tag(self, model: DicMTForTokenClassification) -> Iterable[tuple[list[list[int]], TaggedBatch]]: ...

    def collect(self, predictions: Sequence[SentencePrediction]) -> tuple[list[list[Span]], list[list[float]]]: ...

    def gather(self, own: Sequence[Any]) -> list[Any]: ...

    def correct(self, entities: Sequence[Sequence[Span]]) -> list[bool]: ...

    @property
    def num_entities(self) -> int: ...


def calibrate(network: DicMTForTokenClassification, part: AnnotatedPart) -> Calibration | None:
    """Scale a network's scores, in place, by the temperature that suits an annotated part; all processes alike.

    Args:
        network: The network; its best paths stay what they are.
        part: The part's `Evaluator`; it is not the part that the network was trained on.

    Returns:
        What was done; None, with the scores as they were, if there are too few predicted entities, or all of them are
        right or all wrong.
    """
    config = network.config
    if not config.recognition_task:
        return None
    batches, chain = list(part.tag(network)), chain_of(network)
    if config.scores_spans:
        config.span_threshold = best_threshold(network, part, batches)
    entities = part.gather(part.collect(read_batches(batches, config))[0])
    correct = np.array(part.correct(entities), dtype=bool)
    halves = np.repeat(np.arange(len(entities)) % 2, [len(of_record) for of_record in entities])
    if len(correct) < MIN_ENTITIES or correct.all() or not correct.any():
        logger.info("Scores are left as they are: %d entities say too little about their calibration.", len(correct))
        return None

    @cache
    def probabilities(temperature: float) -> np.ndarray:
        if config.scores_spans:  # the entities stay the same, so that their scores are what is divided
            scores = np.concatenate(part.gather(part.collect(read_batches(batches, config, None, "spans"))[1]))
            return probability(log_odds(scores) / temperature)
        scaled = (
            (places, batch._replace(emissions=np.divide(batch.emissions, temperature, dtype=np.float64)))
            for places, batch in batches
        )
        predictions = read_batches(scaled, config, chain.divided_by(temperature), "spans")
        return np.concatenate(part.gather(part.collect(predictions)[1]))

    def best(chosen: np.ndarray) -> float:
        return _minimum(lambda temperature: _surprise(probabilities(temperature)[chosen], correct[chosen]))

    crossed = np.empty(len(correct))
    for half in (0, 1):
        crossed[halves == half] = probabilities(best(halves != half))[halves == half]
    temperature = best(np.ones(len(correct), dtype=bool))
    before, after = (calibration_error(scores, correct)["error"] for scores in (probabilities(1.0), crossed))
    scale_scores(network, temperature)
    logger.info(
        "Scores divided by %.2f: calibration error %.4f before, %.4f after (each half with the other's temperature).",
        temperature,
        before,
        after,
    )
    return Calibration(temperature, before, after)


@torch.no_grad()
def scale_scores(network: DicMTForTokenClassification, temperature: float) -> None:
    """Divide all scores by `temperature`, in the network's weights; its best paths, or entities, stay the same."""
    if network.config.scores_spans:
        network.spans.divide_(temperature)
        threshold = log_odds(network.config.span_threshold) / temperature
        network.config.span_threshold = float(probability(threshold))
        return
    parameters = [*network.classifier.parameters(), *(network.crf.parameters() if network.crf is not None else ())]
    for parameter in parameters:
        parameter.div_(temperature)


def best_threshold(
    network: DicMTForNestedEntities, part: AnnotatedPart, batches: Sequence[tuple[list[list[int]], TaggedBatch]]
) -> float:
    """The probability above which a span is to be an entity, for the best F1 on a part; all processes alike.

    Args:
        network: The network.
        part: The part's `Evaluator`.
        batches: The part's sentences as the network scores them.

    Returns:
        Of equally good ones of `THRESHOLDS` the one nearest to 0.5; the network's own if the part has too few entities.
    """
    before, support = network.config.span_threshold, part.num_entities
    if support < MIN_ENTITIES:
        return before
    f1 = {}
    for threshold in THRESHOLDS.tolist():
        network.config.span_threshold = threshold
        correct = part.correct(part.gather(part.collect(read_batches(batches, network.config))[0]))
        f1[threshold] = 2 * sum(correct) / (len(correct) + support)
    network.config.span_threshold = before
    return max(f1, key=lambda threshold: (f1[threshold], -abs(threshold - 0.5)))


def _surprise(probabilities: np.ndarray, correct: np.ndarray) -> float:
    probability_of_truth = np.where(correct, probabilities, 1 - probabilities)
    return float(-np.log(probability_of_truth.clip(min=_SMALLEST)).mean())


def _minimum(function: Callable[[float], float]) -> float:
    """The temperature of the grid where a function with one valley is least (ternary search)."""
    low, high = 0, len(TEMPERATURES) - 1
    while high - low > 2:
        left, right = low + (high - low) // 3, high - (high - low) // 3
        if function(float(TEMPERATURES[left])) <= function(float(TEMPERATURES[right])):
            high = right
        else:
            low = left
    return min((float(TEMPERATURES[index]) for index in range(low, high + 1)), key=function)
