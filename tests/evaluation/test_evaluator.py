"""Figures on annotated records: what they are of, and that batches and processes have no influence on them."""

import copy

import numpy as np
import pytest
from accelerate import Accelerator
from tiny_network import RECORDS, make_model, make_tokenizer

from modeling_dicmt.crf_numpy import NumpyCRF
from modeling_dicmt.evaluation.clinical_ner import count_mentions
from modeling_dicmt.evaluation.evaluator import Evaluator, Predictions
from modeling_dicmt.tagging import Span
from modeling_dicmt.torch_tagger import predict_entities

ANNOTATED = {"肺炎": "Disease", "高血压": "Disease", "左肺": "Anatomy", "胃窦部": "Anatomy", "阿莫西林": "Drug"}
PART = [
    {
        "id": str(number),
        "text": text,
        "entities": [
            {"start": text.index(mention), "end": text.index(mention) + len(mention), "type": entity_type}
            for mention, entity_type in ANNOTATED.items()
            if mention in text
        ],
    }
    for number, text in enumerate([*RECORDS, "左肺。"])
]


def make_evaluator(processes=None, mentions=None):
    return Evaluator(PART, make_tokenizer(), processes or Accelerator(cpu=True), 200, mentions or {})


@pytest.fixture
def evaluator():
    return make_evaluator(mentions=count_mentions(PART[:2]))


@pytest.fixture
def network():
    return make_model()


def right_answers(records) -> Predictions:
    entities = [[Span(**entity) for entity in record["entities"]] for record in records]
    masks = [np.zeros(len(record["text"]), dtype=bool) for record in records]
    for mask, spans in zip(masks, entities, strict=True):
        for span in spans:
            mask[span.start : span.end] = True
    return Predictions(entities, masks, [[1.0] * len(spans) for spans in entities])


def test_predictions_are_those_of_the_network_in_the_records_order(evaluator, network):
    predictions = evaluator.predict(network)
    expected = predict_entities(network, make_tokenizer(), evaluator.texts)
    assert predictions.entities == [
        [(entity["start"], entity["end"], entity["type"]) for entity in entities] for entities in expected
    ]
    assert predictions.scores == [
        pytest.approx([entity["score"] for entity in entities], abs=1e-4) for entities in expected
    ]
    assert any(predictions.entities)  # of an untrained network, but not nothing
    assert [mask.shape for mask in predictions.segmentation] == [(len(text),) for text in evaluator.texts]


def test_figures_do_not_depend_on_the_batches(evaluator, network):
    together = evaluator(network)
    evaluator.batch_characters = 1
    assert evaluator(network) == together


def test_in_training_no_probability_of_a_span_is_computed(evaluator, network, monkeypatch):
    """They took part of each epoch's time, and nobody read them before the end."""
    expected = evaluator.score(evaluator.predict(network))
    assert expected.pop("calibration")["bins"]

    def fail(*_):
        raise AssertionError("Probabilities were computed.")

    monkeypatch.setattr(NumpyCRF, "span_log_probabilities", fail)
    monkeypatch.setattr(NumpyCRF, "marginals", fail)
    assert evaluator(network) == expected
    assert evaluator.predict(network, scores=False).scores is None
    with pytest.raises(AssertionError, match="computed"):
        evaluator.predict(network)


def test_right_answers_score_one(evaluator):
    results = evaluator.score(right_answers(evaluator.records))
    assert results["precision"] == results["recall"] == results["f1"] == 1
    assert results["segmentation"]["characters"]["f1"] == 1
    assert sum(row["support"] for row in results["recall_by_training_count"].values()) == results["support"] > 0


def test_without_recognition_the_figures_are_those_of_segmentation(evaluator):
    right = right_answers(evaluator.records)
    nothing = [[] for _ in right.entities]
    results = evaluator.score(Predictions(nothing, right.segmentation, nothing), recognition_task=False)
    assert results["f1"] == results["segmentation"]["spans"]["f1"] == 1
    assert evaluator.score(Predictions(nothing, right.segmentation, nothing))["f1"] == 0


class Share:
    """One of several processes, as far as sharing out the records goes."""

    def __init__(self, process_index: int, num_processes: int):
        self.process_index, self.num_processes = process_index, num_processes


@pytest.mark.parametrize("processes", [2, 3, 8])
def test_processes_share_the_records_and_gather_them_in_order(network, evaluator, monkeypatch, processes):
    """Eight processes for five records: some have none."""
    whole = evaluator.predict(network)
    shares, gathered = [], []
    monkeypatch.setattr(
        "modeling_dicmt.evaluation.evaluator.gather_object", lambda items: (shares.append(list(items)), list(items))[1]
    )
    evaluators = [make_evaluator(Share(process, processes)) for process in range(processes)]
    for one in evaluators:
        one.predict(network)
    for share in shares:
        gathered += share
    monkeypatch.setattr("modeling_dicmt.evaluation.evaluator.gather_object", lambda items: copy.copy(gathered))
    for one in evaluators:
        predictions = one.predict(network)
        assert predictions.entities == whole.entities
        assert predictions.scores == [pytest.approx(scores, abs=1e-4) for scores in whole.scores]
        assert all(map(np.array_equal, predictions.segmentation, whole.segmentation))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
