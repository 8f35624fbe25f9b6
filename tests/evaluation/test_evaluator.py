import copy

import numpy as np
import pytest

from modeling_dicmt.evaluation.clinical_ner import count_mentions
from modeling_dicmt.evaluation.evaluator import Evaluator, Predictions
from modeling_dicmt.tagging import Span
from modeling_dicmt.torch_tagger import predict_entities


@pytest.fixture
def evaluator(corpus, tokenizer, accelerator):
    parts = corpus[0]
    return Evaluator(parts["test"], tokenizer, accelerator(), 200, count_mentions(parts["train"]))


def right_answers(records) -> Predictions:
    entities = [[Span(**entity) for entity in record["entities"]] for record in records]
    masks = [np.zeros(len(record["text"]), dtype=bool) for record in records]
    for mask, spans in zip(masks, entities, strict=True):
        for span in spans:
            mask[span.start : span.end] = True
    return Predictions(entities, masks, [[1.0] * len(spans) for spans in entities])


def test_predictions_are_those_of_the_network_in_the_records_order(evaluator, network, tokenizer):
    predictions = evaluator.predict(network)
    assert predictions.entities == predict_entities(network, tokenizer, evaluator.texts)
    assert any(predictions.entities)  # of an untrained network, but not nothing
    assert [mask.shape for mask in predictions.segmentation] == [(len(text),) for text in evaluator.texts]


def test_figures_do_not_depend_on_the_batches(evaluator, network):
    together = evaluator(network)
    evaluator.batch_characters = 1
    assert evaluator(network) == together


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
def test_processes_share_the_records_and_gather_them_in_order(
    corpus, tokenizer, network, evaluator, monkeypatch, processes
):
    """Eight processes for five records: some have none."""
    whole = evaluator.predict(network)
    shares, gathered = [], []
    monkeypatch.setattr(
        "modeling_dicmt.evaluation.evaluator.gather_object", lambda items: (shares.append(list(items)), list(items))[1]
    )
    evaluators = [
        Evaluator(corpus[0]["test"], tokenizer, Share(process, processes), 200, {}) for process in range(processes)
    ]
    for one in evaluators:
        one.predict(network)
    for share in shares:
        gathered += share
    monkeypatch.setattr("modeling_dicmt.evaluation.evaluator.gather_object", lambda items: copy.copy(gathered))
    for one in evaluators:
        predictions = one.predict(network)
        assert predictions.entities == whole.entities
        assert all(map(np.array_equal, predictions.segmentation, whole.segmentation))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
