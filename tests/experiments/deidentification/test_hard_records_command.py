"""`python -m experiments.deidentification`: composing, and scoring what was composed."""

import json

import pytest

from experiments.deidentification.__main__ import main
from experiments.deidentification.hard_records import compose_hard_records


@pytest.fixture
def references(tmp_path):
    path = tmp_path / "hard.jsonl"
    assert main(["compose", "--output_file", str(path), "--seed", "4", "--count", "6"]) == 0
    return path


def write_spans(path, records):
    path.write_text("".join(json.dumps(item) + "\n" for item in records), encoding="utf-8")
    return str(path)


def test_composed_records_are_those_of_the_seed(tmp_path, capsys):
    path = tmp_path / "records.jsonl"
    main(["compose", "--output_file", str(path), "--seed", "4", "--count", "6"])
    assert [json.loads(line) for line in path.read_text("utf-8").splitlines()] == compose_hard_records(4, 6)
    assert "6 records with" in capsys.readouterr().out


def test_the_gold_itself_scores_100_and_nothing_leaks(references, tmp_path, capsys):
    found = [
        {"id": item["id"], "identifiers": [one | {"rule": "gold"} for one in item["identifiers"]]}
        for item in compose_hard_records(4, 6)
    ]
    capsys.readouterr()
    spans = write_spans(tmp_path / "spans.jsonl", found)
    assert main(["score", "--references", str(references), "--spans", spans, "--details", "3"]) == 0
    table, mistakes = capsys.readouterr().out.split("\n\n")
    assert table.splitlines()[-1].endswith("| 100.00 | 100.00 | 100.00 | 100.00 | 100.00 | 0.00 | 0.00 |")
    assert len(mistakes.splitlines()) == 2


def test_details_are_shown_only_if_asked_for(references, tmp_path, capsys):
    records = compose_hard_records(4, 6)
    spans = write_spans(tmp_path / "spans.jsonl", [{"id": item["id"], "identifiers": []} for item in records])
    capsys.readouterr()
    main(["score", "--references", str(references), "--spans", spans])
    assert "leaked |" not in capsys.readouterr().out
    main(["score", "--references", str(references), "--spans", spans, "--details", "1"])
    assert "| leaked | NAME | hard-0000" in capsys.readouterr().out


def test_a_command_that_there_is_not_shows_how_it_goes(capsys):
    assert main(["guess"]) == 2 and main(["--help"]) == 0
    assert "experiments.deidentification compose" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["compose"], "--output_file"),
        (["compose", "--output_file", "x", "--count", "0"], "--count must be at least 1, got 0"),
        (["score", "--references", "x"], "--spans"),
        (["score", "--references", "x", "--spans", "y", "--detail", "2"], "Did you mean --details"),
    ],
)
def test_wrong_options_are_errors(arguments, reason):
    with pytest.raises(ValueError) as error:
        main(arguments)
    assert reason in str(error.value)
