"""`python -m data_scripts convert`: from one format to another, and what is told to be lost."""

import json
from itertools import pairwise

import pytest
from made_up_records import read_all, record, spans, write

from data_scripts.__main__ import main

RECORDS = [
    record(
        "患者头痛\t😀，\r\n咳嗽。", (2, 4, "Symptom", 0.5), (2, 3, "Anatomy"), (9, 11, "Symptom"), id="r1", group="p1"
    ),
    record("无", id="r2", section="查体"),
]


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "in.jsonl", RECORDS)

    def call(*arguments):
        status = main(["convert", *map(str, arguments)])
        return status, "".join(capsys.readouterr())

    return call


def test_what_a_format_cannot_carry_is_told_with_its_number(run, tmp_path):
    status, told = run("--input", "in.jsonl", "--output", "out.conll", "--output_scheme", "BIOES")
    assert status == 0 and "Wrote 2 records to out.conll. Left out or changed: " in told
    for what in ("ids of records (2)", "groups of records (1)", "inner ones of nested entities (1)", "scores (1)"):
        assert what in told
    assert "\tS-" not in (tmp_path / "out.conll").read_text(encoding="utf-8")
    assert "\tE-Symptom" in (tmp_path / "out.conll").read_text(encoding="utf-8")


def test_nothing_lost_is_told_too_and_all_comes_back_over_several_formats(run, tmp_path):
    chain = ["in.jsonl", "a.csv", "b.parquet", "c.json", "d.tsv.gz", "e.jsonl"]
    for source, target in pairwise(chain):
        status, told = run("--input", source, "--output", target)
        assert status == 0 and "Left out or changed: nothing." in told
    assert read_all(tmp_path / "e.jsonl") == RECORDS


def test_formats_encodings_and_columns_are_told_for_either_side(run, tmp_path):
    columns = ["--output_text_column", "病历", "--output_encoding", "gb18030"]
    assert run("--input", "in.jsonl", "--output", "x", "--to", "csv", *columns)[0] == 0
    assert "病历" in (tmp_path / "x").read_bytes().decode("gb18030")
    options = ["--from", "csv", "--text_column", "病历", "--encoding", "gb18030"]
    assert run("--input", "x", *options, "--output", "tasks.json", "--output_results", "predictions")[0] == 0
    assert "predictions" in json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))[0]
    assert run("--input", "tasks.json", "--results", "predictions", "--output", "y.jsonl")[0] == 0
    assert read_all(tmp_path / "y.jsonl") == RECORDS


def test_folders_are_written_and_read(run, tmp_path):
    assert run("--input", "in.jsonl", "--output", "new/brat", "--to", "brat")[0] == 0
    status, told = run("--input", "new/brat", "--output", "y.jsonl")
    assert status == 0 and "Left out or changed: nothing." in told
    one, two = read_all(tmp_path / "y.jsonl")
    assert (one["id"], one["text"], spans(one)) == ("r1", RECORDS[0]["text"], spans(RECORDS[0])) and two["id"] == "r2"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--input", "in.jsonl", "--output", "in.jsonl"], "would be replaced"),
        (["--input", "in.jsonl", "--output", "./in.jsonl", "--to", "csv"], "would be replaced"),
        (["--input", "folder", "--from", "text", "--output", "folder/x.jsonl"], "would lie in the folder of --input"),
        (["--input", "in.jsonl", "--output", "o.json", "--output_label_config", "in.jsonl"], "would be replaced"),
        (["--input", "in.jsonl", "--output", "o.json", "--output_label_config", "./o.json"], "are both o.json"),
        (["--input", "in.jsonl", "--output", "out"], "does not say which format"),
        (["--input", "none.csv", "--output", "out.csv"], "no such file"),
        (["--input", "in.jsonl", "--output", "out.csv", "--to", "xls"], "invalid choice: 'xls'"),
        (["--input", "in.jsonl", "--output", "out.csv", "--encoding", "x"], "no text encoding 'x'"),
        (["--input", "in.jsonl", "--output", "out.csv", "--output_id_column", "text"], "Two columns have one name"),
        (["--input", "in.jsonl", "--from", "csv", "--output", "out.csv"], "in.jsonl, line 1"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_written(run, tmp_path, arguments, told):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("无")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    status, message = run(*arguments)
    assert status == 1 and message.startswith("error: ") and told in message and message.count("\n") == 1
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_help_says_what_each_format_cannot_carry(capsys):
    with pytest.raises(SystemExit):
        main(["convert", "--help"])
    shown = capsys.readouterr().out
    assert "conll: " in shown and "Cannot carry: groups, ids, nested entities" in shown
