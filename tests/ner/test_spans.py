"""`run_ner.py` on nested entities: which head is chosen, what it leaves, and what it refuses."""

import json

import pytest
import torch
from ner_command import GENES, command_line, json_lines, record, results_in, run_here, train_here, write_corpus

from data_scripts.flattening import count_overlaps
from modeling_dicmt.commands.checkpoint import load_network, load_tokenizer
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.modeling_dicmt_nested import DicMTForNestedEntities
from modeling_dicmt.torch_tagger import predict_entities

PLACES = ("左肺", "右肺", "肝脏", "胃部", "左肾", "右肾", "脾脏", "胰腺")
NESTED = [
    sentence
    for place in PLACES
    for sentence in (
        record(f"患者{place}炎症，无发热。", (2, 6, "Disease"), (2, 4, "Part"), (8, 10, "Symptom")),
        record(f"检查{place}。见{place}肿大。", (2, 4, "Part"), (6, 10, "Disease"), (6, 8, "Part")),
    )
]
# A run that learns the corpus by heart within seconds.
LEARNS = {
    "dataset_name": "jsonl",
    "num_train_epochs": 40,
    "per_device_train_batch_size": 4,
    "lstm_hidden_size": 16,
    "dropout": 0.1,
    "max_train_records": None,
    "max_eval_records": None,
}


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    """What a run leaves behind, and the settings that it ran with. Only to be read."""
    folder = tmp_path_factory.mktemp("spans")
    dictionary = folder / "dictionary.json"
    dictionary.write_text(json.dumps({"Part": list(PLACES), "other": ["发热", "患者左肺炎症"]}))
    settings = LEARNS | {"data_dir": write_corpus(folder / "corpus", NESTED), "dictionary": dictionary}
    train_here(folder / "out", **settings)
    return folder / "out", settings


@pytest.mark.slow
def test_nested_entities_are_learnt_by_spans_and_scored_as_they_are(learnt):
    folder, settings = learnt
    results, network = results_in(folder), load_network(str(folder))
    assert isinstance(network, DicMTForNestedEntities)
    assert network.config.span_overlap == "nested" and network.config.max_span_length == 4
    assert network.config.span_lists == ["Part", "other"]
    assert results["eval_f1"] > 0.9 and "eval_segmentation" in results
    predictions = json_lines(folder / "predictions_validation.jsonl")
    assert count_overlaps(predictions).nested > 8, "nested entities were found"
    again = predict_entities(network, load_tokenizer(str(folder)), [item["text"] for item in NESTED])
    for line, found in zip(predictions, again, strict=True):
        spans = [(entity["start"], entity["end"], entity["type"]) for entity in line["entities"]]
        assert spans == [(entity["start"], entity["end"], entity["type"]) for entity in found]
        assert [entity["score"] for entity in line["entities"]] == pytest.approx(
            [entity["score"] for entity in found], abs=1e-3
        )
    errors = run_here(command_line(folder, **settings)).message
    assert "finished run" in errors


@pytest.mark.slow
def test_a_run_that_was_interrupted_ends_with_the_same_bytes(learnt, tmp_path, monkeypatch):
    from modeling_dicmt.training.span_trainer import SpanTrainer

    folder, settings = learnt
    step = SpanTrainer._step

    def interrupted(self, batch):
        if self._global_step == 50:
            raise KeyboardInterrupt
        return step(self, batch)

    with monkeypatch.context() as patched:
        patched.setattr(SpanTrainer, "_step", interrupted)
        assert run_here(command_line(tmp_path / "out", **settings)).status != 0
    assert (tmp_path / "out" / "checkpoints" / "last").is_dir()
    train_here(tmp_path / "out", **settings)
    for name in ("model.safetensors", "config.json"):
        assert (tmp_path / "out" / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.slow
def test_a_checkpoint_is_trained_further_by_its_own_head_or_the_other_one(learnt, tmp_path):
    folder, settings = learnt
    more = {name: value for name, value in settings.items() if name != "dictionary"} | {"model_name_or_path": folder}
    results = train_here(tmp_path / "more", **more | {"num_train_epochs": 1})
    assert results["eval_f1"] > 0.9 and load_network(str(tmp_path / "more")).config.span_lists == ["Part", "other"]
    flat = more | {"flatten": "outermost", "num_train_epochs": 1}
    train_here(tmp_path / "flat", **flat)
    assert isinstance(load_network(str(tmp_path / "flat")), DicMTForNestedEntities), "the checkpoint's head"
    outcome = run_here(command_line(tmp_path / "tags", **flat | {"head": "tags"}))
    assert "has another head: now characters are labelled" in outcome.errors
    assert type(load_network(str(tmp_path / "tags"))) is DicMTForTokenClassification
    back = run_here(command_line(tmp_path / "back", **more | {"model_name_or_path": tmp_path / "tags"}))
    assert "has another head: now spans are scored" in back.errors
    assert load_network(str(tmp_path / "back")).config.span_lists == ["Part", "other"]
    assert results_in(tmp_path / "back")["eval_f1"] > 0.9


@pytest.mark.slow
def test_a_student_learns_spans_from_unlabelled_records(learnt, tmp_path):
    folder, settings = learnt
    unlabelled = tmp_path / "records.txt"
    unlabelled.write_text("\n".join(f"复查{place}，见{place}炎症。" for place in PLACES), encoding="utf-8")
    taught = settings | {"unlabelled": unlabelled, "teachers": folder, "student_epochs": 20, "final_fit": True}
    results = train_here(tmp_path / "out", **taught)
    (figures,) = results["self_training"]
    assert figures["kept"]["sentences"] == len(PLACES) and figures["kept"]["by_type"]["Part"] >= len(PLACES)
    assert figures["vote"]["f1"] == figures["teachers"][0]["f1"] > 0.9 and results["eval_f1"] > 0.9
    network = load_network(str(tmp_path / "out"))
    assert isinstance(network, DicMTForNestedEntities) and network.config.max_span_length == 4
    outcome = run_here(command_line(tmp_path / "tags", **taught | {"head": "tags", "flatten": "outermost"}))
    assert f"{folder} scores spans; what is trained is to label characters" in outcome.message


@pytest.mark.slow
def test_what_is_fitted_at_last_has_the_threshold_that_the_development_part_chose(learnt, tmp_path, monkeypatch):
    _, settings = learnt
    monkeypatch.setattr("modeling_dicmt.evaluation.evaluator.best_threshold", lambda *_: 0.23)
    train_here(tmp_path / "out", **settings | {"num_train_epochs": 2, "final_fit": True})
    assert load_network(str(tmp_path / "out")).config.span_threshold == 0.23


def test_spans_can_be_asked_for_where_nothing_is_nested(tmp_path):
    settings = {"dataset_name": "jsonl", "data_dir": write_corpus(tmp_path / "corpus", GENES), "head": "spans"}
    train_here(tmp_path / "out", **settings)
    network = load_network(str(tmp_path / "out"))
    assert isinstance(network, DicMTForNestedEntities) and network.config.span_overlap == "none"
    with torch.inference_mode():
        found = predict_entities(network, load_tokenizer(str(tmp_path / "out")), [item["text"] for item in GENES])
    assert not count_overlaps([{"entities": entities} for entities in found]).nested


def test_flat_entities_are_tagged_as_before(tmp_path):
    settings = {"dataset_name": "jsonl", "data_dir": write_corpus(tmp_path / "corpus", GENES)}
    train_here(tmp_path / "out", **settings)
    assert type(load_network(str(tmp_path / "out"))) is DicMTForTokenClassification


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"head": "tags"}, "--flatten outermost"),
        ({"flatten": "forbid"}, "--flatten outermost"),
        ({"head": "spans", "recognition_task": False}, "--head spans"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, settings, reason):
    own = {"dataset_name": "jsonl", "data_dir": write_corpus(tmp_path / "corpus", NESTED)}
    outcome = run_here(command_line(tmp_path / "out", **own | settings))
    assert outcome.status == 1 and reason in outcome.message
