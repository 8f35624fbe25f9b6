"""Formats as input and output of `run_predict.py`, `run_evaluate.py` and `run_deidentify.py`."""

import json
import sys

import pytest

import run_deidentify
import run_evaluate
import run_predict
from data_scripts.formats import FormatOptions, Losses, find_files, open_writer, read
from modeling_dicmt.commands.command_line import run_command

TEXTS = [
    "患者左肺见阴影，考虑肺炎。😀胃窦部充血。",
    "既往有高血压病史10余年，规律服用阿莫西林。",
    "无",
    "胃镜示胃窦部充血水肿。\t肺炎。",
]
RECORDS = [
    {"id": f"r{number}", "group": f"p{number // 2}", "section": "现病史", "text": text, "entities": []}
    for number, text in enumerate(TEXTS)
]
FORMATS = ["jsonl", "csv", "tsv", "parquet", "brat", "doccano", "label_studio", "conll", "docbin"]
NAMES = {"doccano": "x.jsonl", "label_studio": "x.json", "docbin": "x.spacy", "brat": "x"}


def command(monkeypatch, module, **options):
    arguments = [item for name, value in options.items() for item in (f"--{name}", *map(str, value))]
    monkeypatch.setattr(sys, "argv", [f"{module.__name__}.py", *arguments])
    try:
        run_command(module.run)
    except SystemExit as stopped:
        return stopped.code
    return 0


def predict(monkeypatch, checkpoint, source, **options):
    given = {name: value if isinstance(value, list) else [value] for name, value in options.items()}
    return command(monkeypatch, run_predict, model_name_or_path=[checkpoint], input=[source], **given)


def write(path, records, format=None, **options):
    if format == "docbin":
        pytest.importorskip("spacy")
    with open_writer(path, format, FormatOptions(**options), Losses()) as write_record:
        for record in records:
            write_record(record)
    return path


def read_all(path, format=None, **options):
    return list(read(find_files(path, format), FormatOptions(**options)))


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def spans(record):
    return [(entity["start"], entity["end"], entity["type"]) for entity in record["entities"]]


@pytest.fixture
def source(tmp_path):
    return write(tmp_path / "in.jsonl", RECORDS)


@pytest.fixture
def found(checkpoint, source, tmp_path, monkeypatch):
    """Entities of the records, as the network finds them."""
    assert predict(monkeypatch, checkpoint, source, output_file=tmp_path / "found.jsonl") == 0
    found = rows(tmp_path / "found.jsonl")
    assert sum(len(row["entities"]) for row in found) > 3
    return found


@pytest.mark.parametrize("format", [name for name in FORMATS if name != "conll"])
def test_what_is_found_is_the_same_from_every_format_and_in_every_format(
    checkpoint, found, tmp_path, monkeypatch, format
):
    name = NAMES.get(format, f"x.{format}")
    given = write(tmp_path / "in" / name, RECORDS, format)
    out = tmp_path / "out" / name
    assert predict(monkeypatch, checkpoint, given, input_format=format, output_file=out, output_format=format) == 0
    written = read_all(out, format, results="predictions")
    assert [record["text"] for record in written] == TEXTS
    assert [spans(record) for record in written] == [spans(row) for row in found]
    assert [record["id"] for record in written] == [row["id"] for row in found]
    carries_groups = format != "brat"
    assert [record.get("group") for record in written] == [r["group"] if carries_groups else None for r in RECORDS]


def test_a_name_says_the_format_and_what_it_cannot_carry_is_told(checkpoint, tmp_path, monkeypatch, capsys):
    source = write(tmp_path / "in.csv", [{"text": "胃镜示\r\n充血"}, {"text": "肺炎"}])
    assert predict(monkeypatch, checkpoint, source, output_file=tmp_path / "x.bio") == 0
    assert "line ends" in capsys.readouterr().err
    assert [record["text"] for record in read_all(tmp_path / "x.bio")] == ["胃镜示\n充血", "肺炎"]


@pytest.mark.parametrize("format", ["csv", "brat", "label_studio"])
def test_a_folder_s_results_are_in_the_format_and_are_not_done_again(checkpoint, found, tmp_path, monkeypatch, format):
    folder, out = tmp_path / "folder", tmp_path / "out"
    folder.mkdir()
    options = {"encoding": "gb18030", "text_column": "Report"}
    write(folder / "a" / "t.csv", RECORDS[:2], **options)
    write(folder / "b", [{"text": r["text"], "id": f"d/{r['id']}"} for r in RECORDS[2:]], "text", encoding="gb18030")
    (folder / "b" / "d" / "bad.txt").write_bytes(b"\xff\xff\xff")
    given = {"encoding": "gb18030", "format_options": "text_column=Report", "output_dir": out, "output_format": format}
    assert predict(monkeypatch, checkpoint, folder, **given) == run_predict.SOME_FAILED
    ending = {"csv": ".csv", "brat": "", "label_studio": ".json"}[format]
    of_table = read_all(out / "a" / f"t{ending}", format, results="predictions")
    of_texts = read_all(out / "b" / "d" / f"texts{ending}", format, results="predictions")
    assert [spans(record) for record in [*of_table, *of_texts]] == [spans(row) for row in found]
    assert [record["text"] for record in [*of_table, *of_texts]] == TEXTS
    if format == "brat":
        assert (out / "b" / "d" / "texts" / "r2.ann").exists()
    (failed,) = rows(out / "failed.jsonl")
    assert (failed["file"], failed["line"]) == ("b/d/bad.txt", None) and "not GB18030" in failed["reason"]

    def no_network(*arguments):
        raise AssertionError("the network was asked again")

    with monkeypatch.context() as patched:
        patched.setattr(run_predict, "load_recognizer", no_network)
        assert predict(patched, checkpoint, folder, **given) == run_predict.SOME_FAILED
        given["format_options"] = "text_column=Other"
        assert predict(patched, checkpoint, folder, **given) == 1
    given["format_options"] = "text_column=Report"
    (folder / "b" / "d" / "bad.txt").unlink()
    assert predict(monkeypatch, checkpoint, folder, **given) == 0 and not (out / "failed.jsonl").exists()
    assert read_all(out / "b" / "d" / f"texts{ending}", format, results="predictions") == of_texts


def test_a_job_killed_while_results_were_converted_goes_on_with_them(checkpoint, source, tmp_path, monkeypatch):
    out, whole = tmp_path / "out", tmp_path / "whole"
    for target, is_killed in ((whole, False), (out, True)):
        with monkeypatch.context() as patched:
            if is_killed:
                convert = run_predict.write_as

                def killed(lines, target, convert=convert, **options):
                    convert(lines, target, **options)
                    raise KeyboardInterrupt

                patched.setattr(run_predict, "write_as", killed)
            status = predict(patched, checkpoint, source, output_dir=target, output_format="brat")
            assert status == (130 if is_killed else 0)
    assert (out / "in" / "r0.ann").exists() and not list(out.rglob("shards/in.json"))

    def no_network(*arguments):
        return lambda texts: pytest.fail("it was done already") if texts else []

    monkeypatch.setattr(run_predict, "load_recognizer", no_network)
    assert predict(monkeypatch, checkpoint, source, output_dir=out, output_format="brat") == 0
    assert read_all(out / "in", "brat") == read_all(whole / "in", "brat")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"output_format": "text"}, "has no place for entities"),
        ({"output_format": "csv", "evidence": []}, "--evidence goes with --output_format entities"),
        ({"output_options": "scheme=BIOES"}, "pass --output_format"),
        ({"output_format": "conll", "output_options": "scheme=B"}, "scheme must be one of"),
        ({"format_options": "encoding=gbk", "encoding": "gbk"}, "pass one of the two"),
        ({"encoding": "gbk2"}, "gbk2"),
        ({"input_format": "parquet"}, "cannot be read"),
        ({"format_options": "text_column=Report", "input_format": "csv"}, "no column 'Report'"),
    ],
)
def test_what_does_not_go_together_is_told_before_the_work(
    checkpoint, source, tmp_path, monkeypatch, capsys, options, told
):
    given = {"output_file": tmp_path / "out.jsonl"} | options
    assert predict(monkeypatch, checkpoint, source, **given) == 1
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1 and not (tmp_path / "out.jsonl").exists()


def test_a_folder_with_files_takes_no_results(checkpoint, source, tmp_path, monkeypatch, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "note.md").write_text("mine")
    given = {"output_file": tmp_path / "out", "output_format": "brat"}
    assert predict(monkeypatch, checkpoint, source, **given) == 1
    assert "holds files already" in capsys.readouterr().err and (tmp_path / "out" / "note.md").read_text() == "mine"


ANATOMY = {"start": 2, "end": 4, "type": "Anatomy"}
GOLD = [record | {"entities": [ANATOMY] if len(record["text"]) > 4 else []} for record in RECORDS]
FOUND = [record | {"entities": record["entities"] if record["id"] != "r3" else []} for record in GOLD]


@pytest.mark.parametrize("format", FORMATS)
def test_references_and_predictions_of_every_format_are_scored(tmp_path, monkeypatch, format):
    name = NAMES.get(format, f"x.{format}")
    gold = write(tmp_path / "gold" / name, GOLD, format)
    found = write(tmp_path / "found" / name, FOUND, format, results="predictions")
    options = {"references": [gold], "predictions": [found], "format": [format], "output_dir": [tmp_path / "out"]}
    assert command(monkeypatch, run_evaluate, **options) == 0
    scores = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))["scores"]
    assert (scores["precision"], scores["recall"], scores["support"]) == (1.0, 2 / 3, 3)


def test_a_job_s_folder_is_scored_and_what_it_set_aside_is_passed_over(checkpoint, source, tmp_path, monkeypatch):
    folder = tmp_path / "folder"
    write(folder / "a.jsonl", GOLD[:2])
    write(folder / "b.csv", GOLD[2:])
    with open(folder / "a.jsonl", "a", encoding="utf-8") as file:
        file.write("no record\n")
    out, gold = tmp_path / "out", write(tmp_path / "gold.parquet", GOLD)
    assert predict(monkeypatch, checkpoint, folder, output_dir=out) == run_predict.SOME_FAILED
    scored = {"references": [gold], "output_dir": [tmp_path / "scores"]}
    assert command(monkeypatch, run_evaluate, predictions=[out], **scored) == 0
    of_files = (tmp_path / "scores" / "errors.jsonl").read_bytes()
    assert command(monkeypatch, run_evaluate, model_name_or_path=[checkpoint], **scored) == 0
    assert (tmp_path / "scores" / "errors.jsonl").read_bytes() == of_files


@pytest.mark.parametrize("encoding", [{"encoding": ["gb18030"]}, {"format_options": ["encoding=gb18030"]}])
def test_a_corpus_and_files_are_read_in_their_encoding(tmp_path, monkeypatch, encoding):
    write(tmp_path / "corpus" / "test.csv", GOLD, encoding="gb18030")
    found = write(tmp_path / "found.csv", FOUND, encoding="gb18030")
    corpus = {"dataset_name": ["csv"], "data_dir": [tmp_path / "corpus"], "predictions": [found]}
    assert command(monkeypatch, run_evaluate, **corpus, **encoding) == 0


@pytest.mark.parametrize("format", ["csv", "brat", "parquet"])
def test_records_of_any_format_are_deidentified(tmp_path, monkeypatch, format):
    record = {
        "id": "a",
        "text": "患者王建国，男，因咳嗽入院。",
        "entities": [{"start": 9, "end": 11, "type": "Symptom"}],
    }
    given = write(tmp_path / NAMES.get(format, f"x.{format}"), [record], format)
    options = {"input": [given], "input_format": [format], "policies": ["tag"], "output_file": [tmp_path / "out.jsonl"]}
    assert command(monkeypatch, run_deidentify, **options) == 0
    (new,) = rows(tmp_path / "out.jsonl")
    assert new["id"] == "a" and "[姓名]" in new["text"] and "王建国" not in new["text"]
    assert [new["text"][e["start"] : e["end"]] for e in new["entities"]] == ["咳嗽"]
