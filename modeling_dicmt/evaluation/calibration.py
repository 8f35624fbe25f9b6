"""Making scores mean what they say: one temperature for the CRF, fitted on the development part (Guo et al., 2017).

A network that has learned its training part by heart is too sure of itself on other records. All scores of the CRF,
divided by one number, are the same chain with the same best path, whose probabilities are less extreme; the number is
the one that makes the correctness of the predicted entities most likely. It is worked into the weights, so that a
checkpoint needs no further setting and its span probabilities are those of its own CRF.
"""

import logging
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from ..modeling_dicmt import DicMTForTokenClassification
from ..prediction import TaggedBatch
from ..torch_tagger import TorchTagger, in_double
from .calibration_error import calibration_error
from .evaluator import Evaluator

logger = logging.getLogger(__name__)

# Fewer entities say too little. The grid is coarse, so that rounding, which differs with the number of processes,
# decides nothing.
MIN_ENTITIES = 50
TEMPERATURES = np.round(np.arange(0.5, 4.01, 0.05), 2)
_SMALLEST = 1e-6


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


class _RecordingTagger(TorchTagger):
    """Keeps what span probabilities are computed from, and gives each span its number in place of a probability."""

    def __init__(self, model: DicMTForTokenClassification):
        super().__init__(model)
        self._batches: list[tuple[TaggedBatch, np.ndarray]] = []
        self._spans = 0

    def span_probabilities(self, labels: TaggedBatch, spans: np.ndarray) -> np.ndarray:
        self._batches.append((labels, spans))
        self._spans += len(spans)
        return np.arange(self._spans - len(spans), self._spans, dtype=np.float64)

    @torch.inference_mode()
    def probabilities(self, temperature: float) -> np.ndarray:
        """Probability of each span, by its number, at a temperature."""
        found = [np.zeros(0)]
        for labels, spans in self._batches:
            emissions, mask = in_double(labels)
            emissions = emissions / temperature
            chain = deepcopy(self._chain(emissions))
            for parameter in chain.parameters():
                parameter.div_(temperature)
            places = torch.from_numpy(spans).to(emissions.device)
            found.append(chain.span_log_probabilities(emissions, places, mask).exp().cpu().numpy())
        return np.concatenate(found).astype(np.float64)


def calibrate(network: DicMTForTokenClassification, evaluator: Evaluator) -> Calibration | None:
    """Scale a network's scores, in place, by the temperature that suits an annotated part; all processes alike.

    Args:
        network: The network; its best paths stay what they are.
        evaluator: The part, which is not the one that it was trained on.

    Returns:
        What was done; None, with the network as it was, if there are too few predicted entities, or all of them are
        right or all wrong.
    """
    if not network.config.recognition_task:
        return None
    tagger = _RecordingTagger(network)
    own = evaluator.predict_own(tagger)
    numbers = [np.array(scores, dtype=np.int64) for scores in own.scores]  # of the spans of each record
    entities = evaluator.gather(own.entities)
    correct = np.array(evaluator.correct(entities), dtype=bool)
    halves = np.repeat(np.arange(len(entities)) % 2, [len(of_record) for of_record in entities])
    if len(correct) < MIN_ENTITIES or correct.all() or not correct.any():
        logger.info("Scores are left as they are: %d entities say too little about their calibration.", len(correct))
        return None

    @cache
    def probabilities(temperature: float) -> np.ndarray:
        of_spans = tagger.probabilities(temperature)
        return np.concatenate(evaluator.gather([of_spans[of_record] for of_record in numbers]))

    def best(chosen: np.ndarray) -> float:
        return _minimum(lambda temperature: _surprise(probabilities(temperature)[chosen], correct[chosen]))

    crossed = np.empty(len(correct))
    for half in (0, 1):
        crossed[halves == half] = probabilities(best(halves != half))[halves == half]
    temperature = best(np.ones(len(correct), dtype=bool))
    scale_scores(network, temperature)
    calibration = Calibration(
        temperature,
        calibration_error(probabilities(1.0), correct)["error"],
        calibration_error(crossed, correct)["error"],
    )
    logger.info(
        "Scores divided by %.2f: calibration error %.4f before, %.4f after (each half with the other's temperature).",
        temperature,
        calibration.error_before,
        calibration.error,
    )
    return calibration


@torch.no_grad()
def scale_scores(network: DicMTForTokenClassification, temperature: float) -> None:
    """Divide all scores of the network's chain of tags by `temperature`, in its weights; best paths stay the same."""
    parameters = [*network.classifier.parameters(), *(network.crf.parameters() if network.crf is not None else ())]
    for parameter in parameters:
        parameter.div_(temperature)


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
