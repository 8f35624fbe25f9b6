"""The training command from end to end, on the sample."""

import json
import math
import re
from pathlib import Path
from unittest import mock

import pytest
import torch
from ner_command import (
    GENES,
    TINY,
    command_line,
    files_in,
    json_lines,
    results_in,
    run,
    run_here,
    scored_here,
    train_here,
    without_times,
    write_corpus,
)
from ner_command import record as annotated
from safetensors.torch import load_file

from data_scripts.sample import SAMPLE_FOLDER
from modeling_dicmt.evaluation.clinical_ner import score_entities
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer
from modeling_dicmt.torch_tagger import predict_entities
from modeling_dicmt.training.known_terms import KnownTerms


@pytest.mark.slow
def test_results_are_strict_micro_fractions_of_both_parts(trained):
    results = results_in(trained)
    for part in ("eval", "test"):
        precision, recall, f1 = (results[f"{part}_{name}"] for name in ("precision", "recall", "f1"))
        assert 0.3 < f1 < 1 and f1 == pytest.approx(2 * precision * recall / (precision + recall))
        assert results[f"{part}_correct"] / results[f"{part}_predicted"] == precision
        assert results[f"{part}_correct"] / results[f"{part}_support"] == recall
    assert 1 <= results["train_best_epoch"] <= results["train_epochs"] == 6
    history = json.loads((trained / "history.json").read_text(encoding="utf-8"))
    assert max(entry["f1"] for entry in history) == history[results["train_best_epoch"] - 1]["f1"] == results["eval_f1"]


@pytest.mark.slow
@pytest.mark.parametrize(("part", "prefix"), [("validation", "eval"), ("test", "test")])
def test_predictions_are_spans_of_the_records_and_score_as_reported(trained, part, prefix):
    predictions = json_lines(trained / f"predictions_{part}.jsonl")
    records = json_lines(SAMPLE_FOLDER / f"{part}.jsonl")[:20]
    assert [line["id"] for line in predictions] == [record["id"] for record in records]
    for line, record in zip(predictions, records, strict=True):
        for entity in line["entities"]:
            assert entity["word"] == record["text"][entity["start"] : entity["end"]] != ""
    scores = score_entities([line["entities"] for line in predictions], [record["entities"] for record in records])
    results = results_in(trained)
    for name in ("precision", "recall", "f1", "by_type", "relaxed_f1"):
        assert scores[name] == results[f"{prefix}_{name}"], name


@pytest.mark.slow
def test_the_folder_holds_a_model_that_predicts_as_reported(trained):
    model = DicMTForTokenClassification.from_pretrained(trained).eval()
    tokenizer = DicMTTokenizer.from_pretrained(trained)
    texts = [record["text"] for record in json_lines(SAMPLE_FOLDER / "test.jsonl")[:20]]
    spans = predict_entities(model, tokenizer, texts)
    reported = [
        [(entity["start"], entity["end"], entity["type"]) for entity in line["entities"]]
        for line in json_lines(trained / "predictions_test.jsonl")
    ]
    assert [[(item["start"], item["end"], item["type"]) for item in record] for record in spans] == reported


@pytest.mark.slow
def test_the_run_is_described(trained):
    described = json.loads((trained / "run.json").read_text(encoding="utf-8"))
    assert described["settings"]["lstm_hidden_size"] == 16
    assert described["train_records"] == 60 and described["test_records"] == 20
    assert 0 < described["dictionary_coverage"]["train"]["same_type"] < 1
    assert described["parameters"] == DicMTForTokenClassification.from_pretrained(trained).num_parameters()
    for part in ("validation", "test"):
        assert f"sample, {part} part" in (trained / f"report_{part}.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_report_has_a_short_run_section_and_names_records_by_id(trained):
    report = (trained / "report_test.md").read_text(encoding="utf-8")
    run = report.split("## Run\n")[1].split("## Scores")[0]
    assert "- settings: in run.json\n" in run and "{" not in report.split("## Errors")[0] and len(run) < 500
    names = {record["id"] for record in json_lines(SAMPLE_FOLDER / "test.jsonl")[:20]}
    shown = re.findall(r"^record (.*?): ", report, re.MULTILINE)
    assert shown and set(shown) <= names


@pytest.mark.slow
def test_the_page_has_the_figures_of_both_parts_and_no_text(trained):
    page, results = (trained / "report.html").read_text(encoding="utf-8"), results_in(trained)
    for prefix in ("eval", "test"):
        assert f"<b>{100 * results[f'{prefix}_f1']:.2f}</b>" in page
        for of_type in results[f"{prefix}_by_type"].values():
            assert f"<td>{100 * of_type['relaxed_f1']:.2f}</td>" in page
    history = json.loads((trained / "history.json").read_text(encoding="utf-8"))
    assert page.count("<svg") == 3 + 2  # F1, loss and F1 by type; a diagram a part
    assert all(entry["train_loss"] > 0 for entry in history)
    assert history[-1]["f1_by_type"].keys() == results["eval_by_type"].keys()
    texts = [
        record["text"] for part in ("validation", "test") for record in json_lines(SAMPLE_FOLDER / f"{part}.jsonl")
    ]
    assert not any(text[place : place + 8] in page for text in texts for place in range(0, len(text) - 8, 4))


@pytest.mark.slow
@pytest.mark.parametrize(("part", "prefix"), [("validation", "eval"), ("test", "test")])
def test_all_errors_are_in_a_file(trained, part, prefix):
    errors, results = json_lines(trained / f"errors_{part}.jsonl"), results_in(trained)
    for side, total in (("predicted", "predicted"), ("annotated", "support")):
        wrong = results[f"{prefix}_{total}"] - results[f"{prefix}_correct"]
        assert sum(side in error for error in errors) == wrong > 0


@pytest.mark.slow
def test_a_finished_run_leaves_no_states(trained):
    assert not (trained / "checkpoints").exists()


def test_states_are_kept_on_request(tiny, tmp_path):
    train_here(tmp_path, **tiny, keep_states=True)
    assert (tmp_path / "checkpoints" / "last" / "progress.json").exists()
    assert not (tmp_path / "checkpoints" / "best").exists()  # it is the folder's own


@pytest.mark.slow
def test_a_log_file_is_not_filled_with_bars(tmp_path, tiny):
    outcome = run(command_line(tmp_path, **tiny | {"quiet": False}))
    assert outcome.status == 0, outcome.errors
    for noise in ("Generating", "Loading weights", "\r", "Warning"):
        assert noise not in outcome.errors, outcome.errors
    assert "epoch 2: development F1" in outcome.errors


@pytest.mark.slow
def test_a_second_run_into_the_same_folder_is_refused(trained, sample):
    before = files_in(trained)
    outcome = run_here(command_line(trained, **sample))
    assert outcome.status == 1
    assert "holds the results of a finished run. Pass another --output_dir, or --overwrite" in outcome.message
    assert files_in(trained) == before


def test_a_finished_folder_can_be_overwritten(tiny, tmp_path):
    train_here(tmp_path, **tiny, seed=1)
    before = files_in(tmp_path)
    results = train_here(tmp_path, **tiny, seed=2, overwrite_output_dir=True)
    assert files_in(tmp_path)["model.safetensors"] != before["model.safetensors"]
    fresh = train_here(tmp_path / "fresh", **tiny, seed=2)
    assert without_times(results) == without_times(fresh)


def test_two_runs_give_the_same_bytes(tiny, tmp_path):
    for name in ("a", "b"):
        train_here(tmp_path / name, **tiny)
    assert (tmp_path / "a" / "model.safetensors").read_bytes() == (tmp_path / "b" / "model.safetensors").read_bytes()


def test_settings_from_a_file_are_overridden_by_the_command_line(tiny, tmp_path):
    settings = {name: str(value) if isinstance(value, Path) else value for name, value in (TINY | tiny).items()}
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(settings | {"num_train_epochs": 1, "ngram_sizes": [2, 4]}), encoding="utf-8")
    outcome = run_here([str(path), "--output_dir", str(tmp_path / "out"), "--num_train_epochs", "2"])
    assert outcome.status == 0, outcome.errors
    assert results_in(tmp_path / "out")["train_epochs"] == 2
    assert DicMTForTokenClassification.from_pretrained(tmp_path / "out").config.ngram_sizes == [2, 4]


def test_the_final_fit_trains_on_the_development_part_too(tiny, tmp_path):
    plain = train_here(tmp_path / "plain", **tiny)
    results = train_here(tmp_path / "fit", **tiny, final_fit=True)
    development = {name: value for name, value in without_times(plain).items() if not name.startswith("test_")}
    assert {name: results[name] for name in development} == development
    weights, others = (load_file(tmp_path / name / "model.safetensors") for name in ("plain", "fit"))
    assert any(not torch.equal(weight, others[name]) for name, weight in weights.items())
    # The test figures are those of the network in the folder, which has seen more.
    scored = scored_here(tmp_path / "fit")
    assert scored["test_f1"] == results["test_f1"] and scored["test_by_type"] == results["test_by_type"]


@pytest.fixture
def without_development(tmp_path) -> dict:
    """Settings of a corpus that has none."""
    corpus = write_corpus(tmp_path / "corpus", GENES)
    (corpus / "validation.jsonl").rename(corpus / "test.jsonl")
    return {"dataset_name": "jsonl", "data_dir": corpus, "validation_share": 0}


def test_without_a_development_part_the_last_version_is_kept(without_development, tmp_path):
    outcome = run_here(command_line(tmp_path / "out", **without_development, num_train_epochs=3))
    assert outcome.status == 0, outcome.errors
    assert "No development part: all 3 epochs are trained and the last version is kept" in outcome.errors
    assert "no early stopping, and the scores are not calibrated" in outcome.errors
    results = results_in(tmp_path / "out")
    assert (results["train_epochs"], results["train_best_epoch"]) == (3, 3)
    assert not any(name.startswith(("eval_", "calibration_")) for name in results) and "test_f1" in results
    assert sorted(path.name for path in (tmp_path / "out").glob("report_*")) == ["report_test.md"]
    assert "the best on the development part" not in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_a_final_fit_without_a_development_part_makes_no_sense(without_development, tmp_path):
    outcome = run_here(command_line(tmp_path / "out", **without_development, final_fit=True))
    assert outcome.status == 1 and "--final_fit trains anew with the development part" in outcome.message


def test_an_f1_of_0_is_followed_by_no_word_on_calibration(tiny, tmp_path):
    outcome = run_here(command_line(tmp_path, **tiny, learning_rate=1e-9, num_train_epochs=1))
    assert results_in(tmp_path)["eval_f1"] == 0
    assert "calibration" not in outcome.errors and "Scores" not in outcome.errors


def test_early_stopping_ends_a_run(tiny, tmp_path):
    # The rate is too small for a single answer to change.
    results = train_here(tmp_path, **tiny, num_train_epochs=30, early_stopping_patience=2, learning_rate=1e-9)
    assert results["train_epochs"] == 3 and results["train_best_epoch"] == 1


@pytest.mark.slow
def test_overwriting_removes_what_holds_text(tiny, tmp_path):
    train_here(tmp_path, **tiny)
    with mock.patch("modeling_dicmt.training.trainer.Trainer.train", side_effect=KeyboardInterrupt):
        assert run_here(command_line(tmp_path, **tiny, overwrite_output_dir=True)).status == 130
    left = {path.name.split("_")[0] for path in tmp_path.iterdir()}
    assert not left & {"predictions", "errors", "report", "report.html", "all"}


def test_tensorboard_gets_the_figures(tiny, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    train_here(tmp_path, **tiny, report_to="tensorboard", logging_steps=1)
    (events,) = (tmp_path / "logs").rglob("events.out.tfevents.*.0")
    found = accumulator.EventAccumulator(str(events.parent))
    found.Reload()
    assert {"train/loss", "train/learning_rate", "eval/f1"} <= set(found.Tags()["scalars"])
    assert len(found.Scalars("eval/f1")) == 2
    assert all(math.isfinite(event.value) for event in found.Scalars("train/loss"))


# Mentions of training patients alone, in no dictionary.
MARKERS = ["基因鹮鹳鸬鹚", "病毒鸲鹆鹡鸰", "鹈鹕鸱鸮"]


def test_no_simulated_term_leaves_the_training(tmp_path):
    """Files hold neither the mentions that were shown as vetted terms nor those that were hidden."""
    train = [
        annotated(
            f"患者携带{gene}。检出{virus}，",
            (4, 4 + len(gene), "Gene"),
            (7 + len(gene), 7 + len(gene + virus), "Virus"),
        )
        for gene in (MARKERS[0], MARKERS[2], "基因甲")
        for virus in (MARKERS[1], "病毒乙")
    ]
    corpus, dictionary = write_corpus(tmp_path / "corpus", train, GENES), tmp_path / "dictionary.json"
    (corpus / "test.jsonl").write_text((corpus / "validation.jsonl").read_text(encoding="utf-8"), encoding="utf-8")
    dictionary.write_text(json.dumps({"Gene": ["基因甲", "基因丁"], "Virus": ["病毒乙"]}))
    shown, hidden, simulated = set(), set(), KnownTerms.sentence

    def watched(self, index, epoch):
        sentence, tags = simulated(self, index, epoch)
        width = 4 * self.num_types
        marked = sentence.dictionary_features[:, -width:].any(axis=1)
        for start, end, _ in self.entities[index].tolist() if len(tags) == len(self.examples.tags[index]) else ():
            if marked[start:end].all():
                shown.add((index, start))
            if (sentence.input_ids[start:end] == self.hidden_id).all():
                hidden.add((index, start))
        return sentence, tags

    settings = {"dataset_name": "jsonl", "data_dir": corpus, "dictionary": dictionary, "num_train_epochs": 15}
    with mock.patch.object(KnownTerms, "sentence", watched):
        outcome = run_here(command_line(tmp_path / "out", **settings, keep_states=True, quiet=False))
    assert outcome.status == 0, outcome.errors
    assert len(shown) > 4 and len(hidden) > 2, "terms were simulated"
    files = files_in(tmp_path / "out")
    assert {"model.safetensors", "tokenizer.json", "dictionary.tsv", "run.json", "report_test.md"} <= files.keys()
    assert any(name.startswith("checkpoints/") for name in files) and not any("terms.tsv" in name for name in files)
    assert not len(DicMTTokenizer.from_pretrained(tmp_path / "out").terms)
    assert DicMTForTokenClassification.from_pretrained(tmp_path / "out").config.vetted_terms
    files["what was said"] = outcome.errors.encode("utf-8")
    for marker in MARKERS:
        # The last four characters, which are no other mention's: vocabularies may hold each by itself.
        part = marker[-4:]
        forms = {part.encode(code) for code in ("utf-8", "gb18030", "utf-16-le", "utf-32-le")}
        forms.add(json.dumps(part)[1:-1].encode())
        assert [name for name, content in files.items() if any(form in content for form in forms)] == []
