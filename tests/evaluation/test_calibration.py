"""The scores' calibration error, and the temperature that makes scores mean what they say."""

import copy
import functools

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from hypothesis import given
from hypothesis import strategies as st
from tiny_network import RECORDS, make_model, make_span_model, make_span_tokenizer, make_tokenizer

from modeling_dicmt.evaluation.calibration import (
    TEMPERATURES,
    _minimum,
    calibrate,
    calibration_error,
    scale_scores,
)
from modeling_dicmt.evaluation.evaluator import Evaluator
from modeling_dicmt.prediction import predict_sentences
from modeling_dicmt.span_decoding import log_odds, probability
from modeling_dicmt.torch_tagger import TorchTagger, predict_entities


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


def span_scores(network, texts):
    sentences = list(make_tokenizer().encode_records(texts))
    predictions = predict_sentences(TorchTagger(network), sentences, score="spans")
    return np.concatenate([prediction.scores for prediction in predictions])


def evaluator_for(network, keep, texts):
    """An evaluator whose annotations are the network's own entities, as far as `keep` says that they are right."""
    found = predict_entities(network, make_tokenizer(), texts)
    records = []
    for text, entities in zip(texts, found, strict=True):
        right = [{name: entity[name] for name in ("start", "end", "type")} for entity in entities if next(keep)]
        records.append({"id": str(len(records)), "text": text, "entities": right})
    return Evaluator(records, make_tokenizer(), Accelerator(cpu=True), 400, {})


@pytest.fixture(scope="module")
def texts():
    return [text[start:] for text in RECORDS for start in range(min(len(text), 12))]


def spans(network, texts):
    found = predict_entities(network, make_tokenizer(), texts)
    return [[(entity["start"], entity["end"], entity["type"]) for entity in entities] for entities in found]


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_scaling_keeps_the_paths_and_softens_the_scores(decoder, texts):
    network = make_model(tag_decoder=decoder)
    entities, before = spans(network, texts), span_scores(network, texts)
    scale_scores(network, 3.0)
    assert spans(network, texts) == entities and len(before) > 50
    after = span_scores(network, texts)
    assert after.mean() < before.mean() - 0.1
    scale_scores(network, 1 / 3.0)
    assert np.allclose(span_scores(network, texts), before, atol=1e-4)


@pytest.mark.parametrize("truth", [0.8, 2.0])
def test_the_temperature_of_the_truth_is_found(truth, texts):
    """Annotations are drawn with the probabilities that the network has at another temperature."""
    network = make_model()
    scale_scores(network, 2.0)  # scores that leave something to be unsure about
    wiser = copy.deepcopy(network)
    scale_scores(wiser, truth)
    texts = texts * 12
    draws = iter(np.random.default_rng(0).random(100_000) < np.resize(span_scores(wiser, texts), 100_000))
    calibration = calibrate(network, evaluator_for(network, draws, texts))
    assert calibration.temperature == pytest.approx(truth, rel=0.15)
    assert calibration.error < calibration.error_before
    assert np.allclose(span_scores(network, texts), span_scores(wiser, texts), atol=0.12)


def test_temperatures_are_the_best_of_the_grid_and_each_half_is_scored_with_that_of_the_other(texts):
    network = make_model()
    scale_scores(network, 2.0)
    evaluator = evaluator_for(network, iter(np.random.default_rng(1).random(10_000) < 0.7), texts)
    found = evaluator.predict(network).entities
    correct = np.array(evaluator.correct(found))
    half = np.concatenate([[record % 2] * len(entities) for record, entities in enumerate(found)])

    @functools.cache
    def scores(temperature):
        scaled = copy.deepcopy(network)
        scale_scores(scaled, temperature)
        return span_scores(scaled, texts)

    def best(chosen):
        def surprise(temperature):
            truth = np.where(correct, scores(temperature), 1 - scores(temperature))
            return -np.log(truth[chosen].clip(1e-6)).mean()

        return min(TEMPERATURES.tolist(), key=surprise)

    first, second = best(half == 0), best(half == 1)
    assert first != second, "else it does not matter which half has the temperature of which"
    crossed = np.where(half == 0, scores(second), scores(first))
    whole, before = best(half >= 0), span_scores(network, texts)
    calibration = calibrate(network, evaluator)
    assert calibration.temperature == whole
    assert calibration.error == pytest.approx(calibration_error(crossed, correct)["error"], abs=2e-3)
    assert calibration.error_before == pytest.approx(calibration_error(before, correct)["error"], abs=2e-3)


@pytest.mark.parametrize("settings", [{}, {"tag_decoder": "softmax"}, {"exclude_illegal_transitions": False}])
def test_the_network_runs_once_for_all_temperatures(settings, texts):
    network, calls = make_model(**settings), []
    scale_scores(network, 2.0)
    evaluator = evaluator_for(network, iter(np.random.default_rng(1).random(10_000) < 0.7), texts)
    evaluator.batch_characters = None
    before = evaluator.score(evaluator.predict(network))["calibration"]["error"]
    network.register_forward_hook(lambda *_: calls.append(1) and None)
    calibration = calibrate(network, evaluator)
    assert len(calls) == 1
    assert calibration.error_before == before


@pytest.mark.parametrize("place", range(len(TEMPERATURES)))
def test_the_lowest_place_of_any_valley_is_found(place):
    assert _minimum(lambda temperature: abs(temperature - TEMPERATURES[place])) == TEMPERATURES[place]


@pytest.mark.parametrize("keep", [True, False])
def test_all_right_or_all_wrong_says_nothing(keep, texts):
    network = make_model()
    before = copy.deepcopy(network.state_dict())
    assert calibrate(network, evaluator_for(network, iter([keep] * 10_000), texts)) is None
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_few_entities_say_too_little():
    network = make_model()
    assert calibrate(network, evaluator_for(network, iter([True, False] * 100), RECORDS[1:2])) is None


def test_a_network_that_only_segments_has_no_scores(texts):
    network = make_model(recognition_task=False)
    assert calibrate(network, evaluator_for(make_model(), iter([True, False] * 5000), texts)) is None


# -- networks that score spans


def part_of(model, share: float, seed: int = 0) -> Evaluator:
    """Records that are annotated with a share of what a network finds above 0.3, and as much that it does not find."""
    tokenizer, random = make_span_tokenizer(), np.random.default_rng(seed)
    texts = [text + "。" + text[:number] for text in RECORDS for number in range(1, 5) if text]
    model.config.span_threshold = 0.3
    records = []
    for text, found in zip(texts, predict_entities(model, tokenizer, texts), strict=True):
        entities = [
            {name: entity[name] for name in ("start", "end", "type")} for entity in found if random.random() < share
        ]
        records.append({"text": text, "entities": entities})
    return Evaluator(records, tokenizer, Accelerator(), None, None)


def test_the_threshold_is_the_one_of_the_best_f1():
    model = make_span_model(span_overlap="nested")
    part = part_of(model, share=1.0)
    model.config.span_threshold = 0.5
    assert part(model)["f1"] == 1 and model.config.span_threshold == 0.3
    by_hand = {}
    part = part_of(model, share=0.5)
    for threshold in np.round(np.arange(0.1, 0.71, 0.05), 2).tolist():
        model.config.span_threshold = threshold
        by_hand[threshold] = part.score(part.predict(model))["f1"]
    assert part(model)["f1"] == max(by_hand.values()) == by_hand[model.config.span_threshold]


def test_few_entities_leave_the_threshold_as_it_is():
    model = make_span_model(span_threshold=0.42)
    part = Evaluator([{"text": "患者", "entities": []}], make_span_tokenizer(), Accelerator(), None, None)
    part(model)
    assert model.config.span_threshold == 0.42


def test_the_temperature_of_spans_leaves_the_entities_what_they_are():
    model = make_span_model(span_overlap="nested")
    part = part_of(model, share=0.6)
    part(model)
    before = part.predict(model)
    done = calibrate(model, part)
    after = part.predict(model)
    assert after.entities == before.entities and done.temperature != 1
    for old, new in zip(before.scores, after.scores, strict=True):
        odds = log_odds(np.array(old)) / done.temperature
        assert np.allclose(new, probability(odds), atol=1e-5)
    assert done.error_before == pytest.approx(part.score(before)["calibration"]["error"], abs=1e-4)
    assert part.score(after)["calibration"]["error"] < done.error_before
