"""The training command from end to end, on the sample and on records made up here."""

import json
import math
import os
import sys
from pathlib import Path

import pytest
import torch
from ner_command import (
    REPOSITORY,
    SAMPLE_DICTIONARY,
    TINY,
    command_line,
    results_in,
    run,
    run_here,
    train_here,
    without_times,
)
from safetensors.torch import load_file
from transformers import BertConfig, BertModel, BertTokenizer

from data_scripts.sample import SAMPLE_FOLDER
from modeling_dicmt.evaluation.clinical_ner import score_entities
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer
from modeling_dicmt.torch_tagger import predict_entities

LAUNCHER = (
    *(sys.executable, "-m", "accelerate.commands.launch", "--num_processes", "1", "--num_machines", "1"),
    *("--mixed_precision", "no", "--dynamo_backend", "no"),
)


def record(text: str, *entities: tuple[int, int, str], **keys: str) -> dict:
    return {"text": text, "entities": [{"start": s, "end": e, "type": t} | keys for s, e, t in entities]}


GENES = [
    record("患者携带基因甲。", (4, 7, "Gene")),
    record("检出病毒乙。未见基因丙。", (2, 5, "Virus"), (8, 11, "Gene")),
    record("再次检出病毒丁。", (4, 7, "Virus")),
]
NESTED = record("左肺炎症。", (0, 4, "Gene"), (1, 2, "Virus"))


def json_lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write_corpus(folder: Path, train: list[dict], validation: list[dict] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for part, records in (("train", train), ("validation", train if validation is None else validation)):
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
        (folder / f"{part}.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder


def files_in(folder: Path) -> dict[str, bytes]:
    """All files below a folder, with their content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def sample(cache_dir) -> dict:
    """Settings of a run that learns something within seconds."""
    return {
        "dictionary": SAMPLE_DICTIONARY,
        "cache_dir": cache_dir,
        "max_train_records": 60,
        "max_eval_records": 20,
        "num_train_epochs": 6,
        "per_device_train_batch_size": 8,
        "lstm_hidden_size": 16,
        "dropout": 0.1,
    }


@pytest.fixture(scope="session")
def trained(tmp_path_factory, sample) -> Path:
    """What `accelerate launch` leaves behind. Only to be read."""
    folder = tmp_path_factory.mktemp("trained")
    outcome = run(command_line(folder, **sample), LAUNCHER)
    assert outcome.status == 0, outcome.errors
    return folder


@pytest.fixture
def tiny(cache_dir) -> dict:
    """Settings of a run that takes half a second."""
    return {"cache_dir": cache_dir, "dictionary": SAMPLE_DICTIONARY}


# The whole way


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
    assert [list(map(tuple, record)) for record in spans] == reported


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
def test_scoring_alone_gives_the_same_figures(trained, sample, tmp_path):
    """Also where sizes on the command line are others: the checkpoint's are its own. Its dictionary is, too."""
    settings = sample | {"dictionary": None, "lstm_hidden_size": 99, "max_sentence_length": 11}
    results = train_here(tmp_path, **settings, do_train=False, model_name_or_path=trained)
    of_training = ("train_", "calibration_")
    figures = {name: value for name, value in results_in(trained).items() if not name.startswith(of_training)}
    assert results == figures
    assert (tmp_path / "model.safetensors").read_bytes() == (trained / "model.safetensors").read_bytes()
    assert (tmp_path / "dictionary.tsv").read_bytes() == (trained / "dictionary.tsv").read_bytes()


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
    scored = train_here(tmp_path / "scored", **tiny, do_train=False, model_name_or_path=tmp_path / "fit")
    assert scored["test_f1"] == results["test_f1"] and scored["test_by_type"] == results["test_by_type"]


def test_early_stopping_ends_a_run(tiny, tmp_path):
    # The rate is too small for a single answer to change.
    results = train_here(tmp_path, **tiny, num_train_epochs=30, early_stopping_patience=2, learning_rate=1e-9)
    assert results["train_epochs"] == 3 and results["train_best_epoch"] == 1


def test_tensorboard_gets_the_figures(tiny, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    train_here(tmp_path, **tiny, report_to="tensorboard", logging_steps=1)
    (events,) = (tmp_path / "logs").rglob("events.out.tfevents.*.0")
    found = accumulator.EventAccumulator(str(events.parent))
    found.Reload()
    assert {"train/loss", "train/learning_rate", "eval/f1"} <= set(found.Tags()["scalars"])
    assert len(found.Scalars("eval/f1")) == 2
    assert all(math.isfinite(event.value) for event in found.Scalars("train/loss"))


# Other networks


def test_fine_tuning_onto_another_label_set_says_what_is_new(trained, cache_dir, tmp_path):
    corpus = write_corpus(tmp_path / "corpus", GENES)
    settings = {"cache_dir": cache_dir, "dataset_name": "jsonl", "data_dir": corpus, "model_name_or_path": trained}
    outcome = run_here(command_line(tmp_path / "out", **settings, num_train_epochs=40, early_stopping_patience=0))
    assert outcome.status == 0, outcome.errors
    (told,) = [line for line in outcome.errors.splitlines() if "Newly initialised, to be trained: " in line]
    assert "labels B-Gene, I-Gene, B-Virus, I-Virus" in told and "characters" not in told
    assert "was trained to recognise Disease, Anatomy" in outcome.errors and "now it is Gene, Virus" in outcome.errors
    assert results_in(tmp_path / "out")["eval_f1"] > 0.5
    config = DicMTForTokenClassification.from_pretrained(tmp_path / "out").config
    assert list(config.id2label.values()) == ["O", "B-Gene", "I-Gene", "B-Virus", "I-Virus"]


def test_the_softmax_decoder(tiny, tmp_path):
    train_here(tmp_path, **tiny, decoder="softmax")
    assert not any(name.startswith("crf.") for name in load_file(tmp_path / "model.safetensors"))


def test_segmentation_alone(tiny, tmp_path):
    results = train_here(tmp_path, **tiny, recognition_task=False, num_train_epochs=15)
    assert results["eval_f1"] == results["eval_segmentation"]["spans"]["f1"] > 0.1
    assert not any(name.startswith(("recogniser.", "crf.")) for name in load_file(tmp_path / "model.safetensors"))


def test_recognition_alone(tiny, tmp_path):
    results = train_here(tmp_path, **tiny, segmentation_task=False)
    assert "eval_segmentation" not in results and "eval_f1" in results
    assert not any(name.startswith("segmenter.") for name in load_file(tmp_path / "model.safetensors"))


def test_without_a_dictionary_the_network_has_no_columns_for_it(tiny, tmp_path):
    widths = {}
    for name, settings in {"with": tiny, "without": tiny | {"dictionary": None}}.items():
        train_here(tmp_path / name, **settings)
        network = DicMTForTokenClassification.from_pretrained(tmp_path / name)
        widths[name] = network.representation.output_size
    assert widths["with"] - widths["without"] == 30


def test_mixed_precision_trains_finite_weights_in_fp32(tiny, tmp_path):
    plain = train_here(tmp_path / "plain", **tiny, num_train_epochs=6)
    mixed = train_here(tmp_path / "mixed", **tiny, num_train_epochs=6, mixed_precision="bf16")
    weights, others = (load_file(tmp_path / name / "model.safetensors") for name in ("mixed", "plain"))
    assert all(weight.dtype == torch.float32 and bool(weight.isfinite().all()) for weight in weights.values())
    assert any(not torch.equal(weight, others[name]) for name, weight in weights.items())
    assert mixed["eval_f1"] == pytest.approx(plain["eval_f1"], abs=0.15)


def test_character_vectors_set_the_embeddings_width(tiny, tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("3 5\n肺 1 2 3 4 5\n痛 0 1 0 1 0\n患者 1 1 1 1 1\n", encoding="utf-8")
    outcome = run_here(command_line(tmp_path / "out", **tiny, character_vectors=path))
    assert outcome.status == 0 and "Character vectors: 2 of" in outcome.errors
    assert DicMTForTokenClassification.from_pretrained(tmp_path / "out").config.character_embedding_size == 5


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> Path:
    """A BERT of two layers that has learnt nothing, with the sample's characters."""
    folder = tmp_path_factory.mktemp("bert")
    text = (SAMPLE_FOLDER / "train.jsonl").read_text(encoding="utf-8")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set(text) - set(" \n"))]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=300,
    )
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("frozen", [True, False])
def test_an_encoder_is_tuned_or_kept(tiny, bert, tmp_path, frozen):
    settings = tiny | {"encoder_name_or_path": bert, "freeze_encoder": frozen, "encoder_learning_rate": 1e-3}
    results = train_here(tmp_path / "out", **settings)
    weights, before = load_file(tmp_path / "out" / "model.safetensors"), load_file(bert / "model.safetensors")
    prefix = "representation.encoder.model."
    kept = {
        name: torch.equal(weight, before[name[len(prefix) :]])
        for name, weight in weights.items()
        if name.startswith(prefix)
    }
    assert len(kept) > 30
    assert all(kept.values()) if frozen else not any(same for name, same in kept.items() if "query.weight" in name)
    assert not any(name.startswith("representation.characters") for name in weights)
    # The encoder travels with the checkpoint: its folder is not needed to load it.
    scored = train_here(tmp_path / "scored", **tiny, do_train=False, model_name_or_path=tmp_path / "out")
    assert scored["eval_f1"] == results["eval_f1"] and scored["eval_segmentation"] == results["eval_segmentation"]


# Bad input: one message, exit status 1, and nothing half-written


@pytest.fixture
def refused(tmp_path):
    """Runs a command that has to fail; returns its message after checking what it has left behind."""

    def refuse(**settings) -> str:
        cache, output_dir = tmp_path / "own_cache", tmp_path / "refused"
        outcome = run_here(command_line(output_dir, **{"cache_dir": cache} | settings))
        assert outcome.status == 1
        if output_dir.is_dir():
            left = set(files_in(output_dir))
            assert not left, left
        return outcome.message

    return refuse


def own(tmp_path: Path, *records: dict | str) -> dict:
    """Settings for a corpus of these records (or lines as they are)."""
    folder = tmp_path / "corpus"
    write_corpus(folder, GENES)
    lines = [record if isinstance(record, str) else json.dumps(record, ensure_ascii=False) for record in records]
    (folder / "train.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return {"dataset_name": "jsonl", "data_dir": folder}


@pytest.mark.parametrize(
    ("lines", "parts"),
    [
        ([GENES[0], '{"text": "患者", "entities": ['], ["train.jsonl, line 2", "JSON"]),
        ([GENES[0], record("患者", (1, 9, "Gene"))], ["train.jsonl, line 2", "9"]),
        ([GENES[0], record("患者", (0, 1, "Gene"), word="者")], ["train.jsonl, line 2", "患", "者"]),
        ([GENES[0], NESTED], ["train.jsonl, line 2", "--flatten outermost"]),
        ([record("患者")], ["train", "no entity"]),
        ([], ["train.jsonl"]),
    ],
    ids=["cut off", "beyond the text", "another mention", "nested", "no entity", "empty"],
)
def test_a_wrong_corpus_is_refused_each_time(refused, tmp_path, lines, parts):
    settings = own(tmp_path, *lines)
    message = refused(**settings)
    for part in parts:
        assert part in message
    assert refused(**settings) == message  # no cache makes the corpus pass the second time
    assert not list((tmp_path / "own_cache").rglob("*.arrow"))
    assert not list((tmp_path / "own_cache").rglob("dataset_info.json"))


def test_nested_entities_can_be_flattened(cache_dir, tmp_path):
    settings = own(tmp_path, *GENES, NESTED) | {"cache_dir": cache_dir, "flatten": "outermost"}
    outcome = run_here(command_line(tmp_path / "out", **settings))
    assert outcome.status == 0, outcome.errors
    assert "train part: 1 of 6 entities are nested in others and are not trained on" in outcome.errors


def test_mended_records_are_read_anew(refused, tmp_path):
    refused(**own(tmp_path, GENES[0], "{"))
    train_here(tmp_path / "out", **own(tmp_path, *GENES), cache_dir=tmp_path / "own_cache")


def test_a_type_that_the_corpus_does_not_have_is_refused(refused, tmp_path):
    folder = tmp_path / "train" / "病史"
    folder.mkdir(parents=True)
    (folder / "病史-1.txtoriginal.txt").write_text("患者头痛。", encoding="utf-8")
    (folder / "病史-1.txt").write_text("头痛\t2\t3\t基因\n", encoding="utf-8")
    message = refused(dataset_name="ccks2017", data_dir=tmp_path)
    assert "病史-1.txt, line 1" in message and "基因" in message and "症状和体征" in message


def test_an_unknown_corpus_is_refused(refused):
    assert "no corpus 'ccks2099'; there are ccks2017" in refused(dataset_name="ccks2099")


@pytest.mark.parametrize("name", ["ccks2017", "ccks2018", "jsonl"])
@pytest.mark.parametrize("data_dir", [None, "nowhere"])
def test_a_missing_folder_is_refused(refused, tmp_path, name, data_dir):
    message = refused(dataset_name=name, data_dir=data_dir and tmp_path / data_dir)
    assert (data_dir or "data_dir") in message


def write_lists(folder: Path, encoding: str = "utf-8", **lists: list[str]) -> Path:
    folder.mkdir()
    for name, terms in lists.items():
        (folder / f"{name}.tsv").write_text("".join(f"{term}\n" for term in terms), encoding=encoding)
    return folder


def test_a_dictionary_in_another_encoding_is_refused_and_read_with_it(refused, cache_dir, tmp_path):
    lists = write_lists(tmp_path / "lists", "gb18030", disease=["慢性支气管炎", "肺气肿"], drug=["青霉素"])
    message = refused(dictionary=lists)
    assert "disease.tsv" in message and "gb18030" in message and "--dictionary_encoding" in message
    train_here(tmp_path / "out", cache_dir=cache_dir, dictionary=lists, dictionary_encoding="gb18030")
    tokenizer = DicMTTokenizer.from_pretrained(tmp_path / "out")
    assert sorted(tokenizer.dictionary) == sorted(["慢性支气管炎", "肺气肿", "青霉素"])


@pytest.mark.parametrize(
    "lists",
    [{"disease": []}, {"disease": ["炎", "非常非常罕见的一种疾病"]}, {"unknown_list": ["肺气肿"]}],
    ids=["empty", "lengths that no n-gram has", "a list of no type"],
)
def test_a_dictionary_without_a_usable_term_is_refused(refused, tmp_path, lists):
    message = refused(dictionary=write_lists(tmp_path / "lists", **lists))
    assert "lists" in message and "term" in message


def test_a_dictionary_that_is_not_there_is_refused(refused, tmp_path):
    assert f"no dictionary at {tmp_path / 'lists'}" in refused(dictionary=tmp_path / "lists")


def test_an_unknown_setting_in_a_file_is_refused(tmp_path):
    (tmp_path / "settings.json").write_text('{"learning_speed": 1}', encoding="utf-8")
    outcome = run_here([str(tmp_path / "settings.json"), *command_line(tmp_path / "out")])
    assert outcome.status == 1 and "learning_speed" in outcome.message
    assert not (tmp_path / "out").exists()


def test_a_diverged_training_is_told(tiny, tmp_path):
    outcome = run_here(command_line(tmp_path, **tiny, learning_rate=1e30, num_train_epochs=5))
    assert outcome.status == 1
    assert "diverged" in outcome.message and "--learning_rate" in outcome.message
    assert {name.split("/")[0] for name in files_in(tmp_path)} == {"checkpoints"}


@pytest.fixture
def broken(trained, tmp_path) -> Path:
    """A copy of a checkpoint, to be broken."""
    folder = tmp_path / "broken"
    folder.mkdir()
    for path in trained.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("do_train", [True, False])
def test_a_checkpoint_cut_off_anywhere_is_refused(refused, broken, name, do_train):
    content = (broken / name).read_bytes()
    for end in (0, len(content) // 2):
        (broken / name).write_bytes(content[:end])
        message = refused(model_name_or_path=broken, do_train=do_train)
        assert str(broken) in message


@pytest.mark.slow
def test_a_checkpoint_of_another_label_set_is_not_scored(refused, trained, tmp_path):
    settings = {"dataset_name": "jsonl", "data_dir": write_corpus(tmp_path / "corpus", GENES)}
    message = refused(**settings, do_train=False, model_name_or_path=trained)
    assert str(trained) in message and "recognises Disease, Anatomy" in message and "Gene, Virus" in message


def test_scoring_without_a_checkpoint_is_refused(refused):
    assert "--model_name_or_path" in refused(do_train=False)


def test_an_output_folder_that_cannot_be_made_is_refused(tiny, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    outcome = run_here(command_line(tmp_path / "file", **tiny))
    assert outcome.status == 1
    assert f"{tmp_path / 'file'} cannot be made" in outcome.message and "--output_dir" in outcome.message


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="limits the size of files")
def test_a_full_disk_leaves_whole_files_and_the_run_resumes(tiny, tmp_path):
    """A limit on file sizes stands for the disk: weights and states do not fit."""
    train_here(tmp_path / "whole", **tiny, num_train_epochs=3)
    arguments = command_line(tmp_path / "full", **tiny, num_train_epochs=3)
    size = (tmp_path / "whole" / "checkpoints" / "last" / "optimizer.bin").stat().st_size
    launcher = ("bash", "-c", f'ulimit -f {size // 1024 - 1} && exec "$0" "$@"', sys.executable)
    outcome = run(arguments, launcher)
    assert outcome.status == 1
    assert "Cannot write to" in outcome.message and "Make room" in outcome.message
    left = files_in(tmp_path / "full")
    assert "model.safetensors" not in left and not any("last" in name or ".new" in name for name in left)
    for name, content in left.items():
        if name.endswith(".safetensors"):
            assert load_file(tmp_path / "full" / name) and content
    train_here(tmp_path / "full", **tiny, num_train_epochs=3)
    assert files_in(tmp_path / "full")["model.safetensors"] == files_in(tmp_path / "whole")["model.safetensors"]


@pytest.mark.slow
def test_an_error_of_the_command_is_one_line_without_a_traceback(tmp_path):
    outcome = run(command_line(tmp_path / "out", **own(tmp_path, "{"), cache_dir=tmp_path / "own_cache"))
    assert outcome.status == 1
    assert "train.jsonl, line 1" in outcome.message
    assert not (tmp_path / "out").exists()
    assert REPOSITORY.name not in outcome.message.split("train.jsonl")[1]
