"""`python -m experiments`: what it shows, and what it refuses before anything is run."""

import json
import logging

import pytest
from made_up_runs import table_of
from transformers import AutoModel, AutoTokenizer

from experiments import __main__ as command
from experiments.specification import SpecificationError
from experiments.stand_in import write_untrained_encoder


@pytest.fixture(autouse=True)
def logging_as_before():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def test_list_shows_every_specification_and_preset(capsys):
    assert command.main(["list"]) == 0
    shown = capsys.readouterr().out
    for name in ("table5 ", "table11 ", "figure4 ", "wang2019_lstm", "Table 9: the tasks", "quick ", "full "):
        assert name in shown


@pytest.mark.parametrize(("arguments", "status"), [([], 2), (["--help"], 0), (["trian"], 2)])
def test_without_a_known_word_it_says_how_it_is_used(arguments, status, capsys):
    assert command.main(arguments) == status
    assert "python -m experiments run all --preset quick" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["run", "report"])
def test_help_explains_every_setting(word, capsys):
    with pytest.raises(SystemExit) as stop:
        command.main([word, "--help"])
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert "--results_dir" in shown and "--output_dir" in shown


def refuse(arguments, error, message, tmp_path):
    with pytest.raises(error, match=message):
        command.main(["run", *arguments, "--output_dir", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_run_is_refused_before_anything_is_written(tmp_path, data):
    corpus = ["--dataset_name", "jsonl", "--data_dir", data.data_dir]
    refuse(["table4"], SpecificationError, "no specification 'table4'", tmp_path)
    refuse(["table7", "--preset", "huge"], SpecificationError, "no preset 'huge'", tmp_path)
    refuse(["table7", "--jobs", "0"], ValueError, "--jobs must be at least 1, got 0", tmp_path)
    refuse(["table7", "--skip", "nobody"], SpecificationError, "--skip nobody: there is no such system", tmp_path)
    refuse(["table7", "--dataset_name", "jsonl"], ValueError, "data_dir", tmp_path)
    mine = tmp_path / "mine.yaml"
    mine.write_text(json.dumps({"title": "x", "show": "by_type", "types": ["Gene"]}), encoding="utf-8")
    refuse([str(mine), *corpus], SpecificationError, "mine: jsonl has no entity type Gene", tmp_path)
    resource = ["--encoder", str(tmp_path / "no_such_encoder")]
    refuse(["table6", *corpus, *resource], SpecificationError, "--encoder .*no_such_encoder cannot be read", tmp_path)
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("2 3\n肺 1 2\n", encoding="utf-8")
    resource = ["--pretrained", data.data_dir]
    refuse(["unlabelled", *corpus, *resource], SpecificationError, "--pretrained .*no checkpoint", tmp_path)
    resource = ["--unlabelled", data.data_dir, str(tmp_path / "no_records")]
    refuse(["unlabelled", *corpus, *resource], SpecificationError, "--unlabelled .*no_records cannot be", tmp_path)
    resource = ["--character_vectors", str(vectors)]
    refuse(["table6", *corpus, *resource], SpecificationError, "--character_vectors .*vectors.txt, line 2", tmp_path)


def test_a_specification_without_systems_is_reported_at_once_and_again_without_text(tmp_path, data, capsys):
    corpus = ["--dataset_name", "jsonl", "--data_dir", data.data_dir]
    out = tmp_path / "out"
    assert command.main(["run", "table3", "contradictions", *corpus, "--output_dir", str(out)]) == 0
    page = (out / "report" / "report.html").read_text(encoding="utf-8")
    assert "Table 3: the corpus" in page and "Annotations that contradict each other" in page
    plan = json.loads((out / "results" / "plan.json").read_text(encoding="utf-8"))
    shown = plan["environment"]["command"]
    assert shown.endswith("--data_dir DATA_DIR --output_dir OUTPUT_DIR") and "table3 contradictions" in shown
    assert str(tmp_path) not in json.dumps(plan)
    (out / "examples.json").write_text(json.dumps({"errors": {}, "contradictions": ["…a[b]c…"]}), encoding="utf-8")
    for arguments, told in (([], True), (["--without_text"], False)):
        assert command.main(["report", "--output_dir", str(out), *arguments]) == 0
        assert ("…a[b]c…" in (out / "report" / "report.html").read_text(encoding="utf-8")) == told


def test_paths_are_not_told_however_they_are_given(tmp_path):
    parse = ["--output_dir", "/secret/out", "--dataset_name", "jsonl", "--data-dir=/secret/records"]
    settings = command.RunArguments(output_dir="/secret/out", results_dir="/secret/results")
    data = command.DataArguments(dataset_name="jsonl", data_dir="/secret/records", dictionary="/secret/terms")
    settings.unlabelled = ["/secret/a.txt", "/secret/b"]
    given = ["/secret/mine.yaml", "table7", *parse, "--dictionary", "/secret/terms", "--results-dir=/secret/results"]
    given += ["--unlabelled", "/secret/a.txt", "/secret/b"]
    assert command._public_command(given, settings, data) == (
        "python -m experiments run mine.yaml table7 --output_dir OUTPUT_DIR --dataset_name jsonl --data-dir=DATA_DIR "
        "--dictionary DICTIONARY --results-dir=RESULTS_DIR --unlabelled UNLABELLED UNLABELLED"
    )


def test_a_report_on_results_kept_elsewhere(tmp_path, results_dir):
    folder = results_dir(table_of("full", "bare"))
    assert command.main(["report", "--output_dir", str(tmp_path / "new"), "--results_dir", str(folder)]) == 0
    assert "the whole" in (tmp_path / "new" / "report" / "report.md").read_text(encoding="utf-8")
    with pytest.raises(FileNotFoundError, match=r"has no plan\.json"):
        command.main(["report", "--output_dir", str(tmp_path / "nothing")])


def test_the_stand_in_is_an_encoder_of_the_texts_characters_and_always_the_same(tmp_path):
    first, second = (write_untrained_encoder(["肺炎 a", "b"], tmp_path / name) for name in ("a", "b"))
    weights = [AutoModel.from_pretrained(path, add_pooling_layer=False).state_dict() for path in (first, second)]
    assert all(bool((weights[0][name] == weights[1][name]).all()) for name in weights[0])
    assert set(AutoTokenizer.from_pretrained(first).get_vocab()) > {"肺", "炎", "a", "b", "[CLS]", "[SEP]"}
    before = (tmp_path / "a" / "model.safetensors").stat().st_mtime_ns
    write_untrained_encoder(["肺炎 a", "b"], tmp_path / "a")
    assert (tmp_path / "a" / "model.safetensors").stat().st_mtime_ns == before
