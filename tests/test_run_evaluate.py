"""`run_evaluate.py` as a user calls it: what is scored, against what, and what is written."""

import json
import re
import sys

import pytest

import run_evaluate
import run_predict
from modeling_dicmt.commands import progress
from modeling_dicmt.commands.command_line import run_command
from modeling_dicmt.evaluation.clinical_ner import score_entities
from modeling_dicmt.evaluation.significance import count_by_record, paired_bootstrap

TEXTS = ["患者左肺见阴影，考虑肺炎。", "既往有高血压病史，服用阿莫西林。", "无发热，胃窦部充血。"] * 2
ENTITIES = [
    [{"start": 2, "end": 4, "type": "Anatomy"}, {"start": 10, "end": 12, "type": "Disease"}],
    [{"start": 3, "end": 6, "type": "Disease"}, {"start": 11, "end": 15, "type": "Drug"}],
    [{"start": 4, "end": 7, "type": "Anatomy"}],
] * 2
GOLD = [
    {"id": f"r{number}", "text": text, "entities": entities}
    for number, (text, entities) in enumerate(zip(TEXTS, ENTITIES, strict=True))
]
FOUND = [{"id": f"r{number}", "entities": entities} for number, entities in enumerate(ENTITIES)]
WORSE = [row | {"entities": row["entities"][:1]} for row in FOUND]


def evaluate(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["run_evaluate.py", *map(str, arguments)])
    run_command(run_evaluate.run)


def refused(monkeypatch, capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        evaluate(monkeypatch, *arguments)
    assert stopped.value.code == 1
    return capsys.readouterr().err


def write(path, rows):
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def files(tmp_path):
    """Files `gold`, `found` and `worse` by name."""
    return {
        name: write(tmp_path / f"{name}.jsonl", rows)
        for name, rows in (("gold", GOLD), ("found", FOUND), ("worse", WORSE))
    }


def test_a_test_file_alone_could_not_be_scored(checkpoint, tmp_path, monkeypatch, capsys):
    write(tmp_path / "corpus" / "test.jsonl", GOLD)
    before = sorted(checkpoint.iterdir())
    evaluate(
        monkeypatch, "--model_name_or_path", checkpoint, "--dataset_name", "jsonl", "--data_dir", tmp_path / "corpus",
        "--output_dir", tmp_path / "out",
    )  # fmt: skip
    assert "all (10)" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["errors.jsonl", "report.md", "scores.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "out"]
    assert [path.name for path in (tmp_path / "corpus").iterdir()] == ["test.jsonl"]
    assert sorted(checkpoint.iterdir()) == before
    scores = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))["scores"]
    assert {"segmentation", "calibration", "by_type", "relaxed_f1"} <= scores.keys()

    # the same records as a file, and the same entities as a file, give the same scores
    write(tmp_path / "gold.jsonl", GOLD)
    monkeypatch.setattr(
        sys, "argv", ["run_predict.py", "--model_name_or_path", str(checkpoint), "--input",
        str(tmp_path / "gold.jsonl"), "--output_file", str(tmp_path / "found.jsonl")],
    )  # fmt: skip
    run_command(run_predict.run)
    evaluate(
        monkeypatch, "--predictions", tmp_path / "found.jsonl", "--references", tmp_path / "gold.jsonl",
        "--output_dir", tmp_path / "again",
    )  # fmt: skip
    again = json.loads((tmp_path / "again" / "scores.json").read_text(encoding="utf-8"))["scores"]
    assert again == {name: value for name, value in scores.items() if name != "segmentation"}
    errors = [read_lines(tmp_path / folder / "errors.jsonl") for folder in ("out", "again")]
    assert errors[0] == errors[1]


def test_scores_and_errors_by_id(files, tmp_path, monkeypatch, capsys):
    evaluate(
        monkeypatch, "--predictions", files["worse"], "--references", files["gold"], "--output_dir", tmp_path / "out"
    )
    results = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))
    expected = score_entities([row["entities"] for row in WORSE], ENTITIES, texts=TEXTS)
    assert results["scores"] == json.loads(json.dumps(expected))
    assert read_lines(tmp_path / "out" / "errors.jsonl") == [
        {"id": record["id"], "error": "missed", "annotated": missed | {"word": record["text"][slice(*span)]}}
        for record in GOLD
        for missed in record["entities"][1:]
        for span in [(missed["start"], missed["end"])]
    ]
    printed = capsys.readouterr().out
    assert "| Drug (2) | 0.00 | 0.00 | 0.00 | 0.00 |" in printed and not any(text in printed for text in TEXTS)
    assert printed.split("\n\n", 1)[1].strip() in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")


def test_a_page_has_each_error_with_its_class(files, tmp_path, monkeypatch):
    evaluate(
        monkeypatch, "--predictions", files["worse"], "--references", files["gold"], "--html", tmp_path / "page.html"
    )
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    records = [json.loads(r) for r in re.findall(r'class="record-data">(.*?)</script>', html)]
    kinds = json.loads(re.search(r'id="settings">(.*?)</script>', html)[1])["errors"]
    missed = kinds.index("missed")
    assert [[(error, side, counted) for _, _, error, side, counted in record["entities"]] for record in records] == [
        [(-1, 0, 0)] + [(missed, 2, 1)] * (len(entities) - 1) for entities in ENTITIES
    ]
    assert all(f"<h2>{gold['id']}</h2>" in record["html"] for gold, record in zip(GOLD, records, strict=True))


def test_a_page_of_errors_takes_no_other_file_s_place(files, tmp_path, monkeypatch, capsys):
    common = ("--predictions", files["worse"], "--references", files["gold"])
    assert "is a file of --references" in refused(monkeypatch, capsys, *common, "--html", files["gold"])
    clash = ("--output_dir", tmp_path / "out", "--html", tmp_path / "out" / "report.md")
    assert "is a file that --output_dir gets" in refused(monkeypatch, capsys, *common, *clash)


def test_nothing_is_written_unless_asked_for(files, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    evaluate(monkeypatch, "--predictions", files["found"], "--references", files["gold"])
    assert sorted(tmp_path.iterdir()) == before
    assert "| all (10) | 100.00 | 100.00 | 100.00 | 100.00 |" in capsys.readouterr().out


def test_a_second_system_is_compared_by_the_paired_bootstrap(files, tmp_path, monkeypatch, capsys):
    evaluate(
        monkeypatch, "--predictions", files["found"], "--baseline_predictions", files["worse"], "--references",
        files["gold"], "--output_dir", tmp_path / "out",
    )  # fmt: skip
    counts = [[count_by_record([row["entities"] for row in rows], ENTITIES)] for rows in (FOUND, WORSE)]
    expected = paired_bootstrap(*counts)
    results = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))
    assert results["difference_of_f1"] == expected._asdict() and expected.difference > 0
    assert results["baseline_scores"]["f1"] == pytest.approx(2 * 6 / 16)
    assert f"Difference of F1: {100 * expected.difference:+.2f} points" in capsys.readouterr().out


def test_recall_by_training_count(files, tmp_path, monkeypatch):
    evaluate(
        monkeypatch, "--predictions", files["found"], "--references", files["gold"], "--training_records",
        write(tmp_path / "train.jsonl", GOLD[:3]), "--output_dir", tmp_path / "out",
    )  # fmt: skip
    scores = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))["scores"]
    assert {row: item["support"] for row, item in scores["recall_by_training_count"].items() if item["support"]} == {
        "1": 10
    }


def test_types_of_one_side_count_are_told_and_can_be_left_out(files, tmp_path, monkeypatch, capsys):
    rows = [row | {"entities": [*row["entities"], {"start": 0, "end": 1, "type": "Exam"}]} for row in FOUND]
    found = write(tmp_path / "more.jsonl", rows)
    evaluate(monkeypatch, "--predictions", found, "--references", files["gold"])
    told = capsys.readouterr().out
    assert "do not have Exam (6)" in told and "--label_set Anatomy,Disease,Drug " in told
    assert "| all (10) | 62.50 | 100.00 |" in told
    evaluate(monkeypatch, "--predictions", found, "--references", files["gold"], "--label_set", "Disease, Drug")
    told = capsys.readouterr().out
    assert "| all (6) | 100.00 | 100.00 |" in told and "Anatomy" not in told and "Note" not in told


def test_a_missing_development_part_is_that_of_the_training(checkpoint, tmp_path, monkeypatch, capsys):
    write(tmp_path / "corpus" / "train.jsonl", [row | {"text": f"{row['text']}{n}"} for n, row in enumerate(GOLD)])
    start = ("--model_name_or_path", checkpoint, "--dataset_name", "jsonl", "--data_dir", tmp_path / "corpus")
    evaluate(monkeypatch, *start, "--split", "validation")
    assert "jsonl, validation part, 1 records" in capsys.readouterr().out
    assert "has no test part" in refused(monkeypatch, capsys, *start)


def test_wrong_options_are_told(files, checkpoint, tmp_path, monkeypatch, capsys):
    gold = ("--references", files["gold"])
    for arguments, message in (
        (gold, "Pass either of --model_name_or_path and --predictions"),
        ((*gold, "--predictions", "x", "--model_name_or_path", "y"), "Pass one of --model_name_or_path"),
        (("--predictions", files["found"]), "Pass either of --dataset_name and --references"),
        ((*gold, "--predictions", files["found"], "--data_dir", tmp_path), "--data_dir goes with --dataset_name"),
        ((*gold, "--predictions", tmp_path / "none.jsonl"), "--predictions: there is no file or folder"),
        ((*gold, "--predictions", files["found"], "--device", "meta"), "--device meta cannot be used here"),
        ((*gold, "--predictions", files["found"], "--label_set", "Disese"), "--label_set: there is no Disese"),
        ((*gold, "--model_name_or_path", tmp_path / "none"), str(tmp_path / "none")),
        (("--model_name_or_path", checkpoint, "--dataset_name", "ccks"), "There is no corpus 'ccks'"),
    ):
        said = refused(monkeypatch, capsys, *arguments)
        assert message in said and "Errno" not in said


@pytest.mark.parametrize("option", ["predictions", "references", "baseline_predictions", "training_records"])
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_scored_was_replaced_by_its_errors(files, tmp_path, monkeypatch, capsys, option, linked):
    settings = {"predictions": files["found"], "references": files["gold"]}
    out = tmp_path / "out"
    source = write(out / "errors.jsonl", GOLD if option in ("references", "training_records") else FOUND)
    settings[option] = source
    if linked:
        settings[option] = tmp_path / "link.jsonl"
        settings[option].symlink_to(source)
    before = source.read_bytes()
    arguments = [item for name, path in settings.items() for item in (f"--{name}", path)]
    said = refused(monkeypatch, capsys, *arguments, "--output_dir", out)
    assert f"the file of --{option}" in said and source.read_bytes() == before
    assert [path.name for path in out.iterdir()] == ["errors.jsonl"]


@pytest.mark.parametrize("option", ["predictions", "references", "training_records", "data_dir", "output_dir"])
def test_a_mistyped_name_was_told_after_all_was_loaded(option, files, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run_evaluate, "evaluate", None)
    given = {"predictions": files["found"], "references": files["gold"], option: tmp_path / "none"}
    if option == "data_dir":
        given |= {"dataset_name": "jsonl"}
        del given["references"]
    if option == "output_dir":
        given[option] = files["gold"]  # a file
    said = refused(monkeypatch, capsys, *(item for name, value in given.items() for item in (f"--{name}", value)))
    assert str(given[option]) in said


def test_there_was_no_bar_for_prediction(checkpoint, files, monkeypatch, capsys):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0)
    evaluate(monkeypatch, "--model_name_or_path", checkpoint, "--references", files["gold"])
    assert "prediction: 100%" in capsys.readouterr().err
