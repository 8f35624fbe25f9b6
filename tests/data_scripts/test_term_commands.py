"""`python -m data_scripts terms`: from entities to a table to lists that find what was not found before."""

import csv
import io
import json
import os
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

import run_predict
from data_scripts import read_corpus
from data_scripts.__main__ import main
from modeling_dicmt.commands.command_line import run_command
from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.normalization import normalize

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data_scripts" / "sample_data"
RECORDS = [
    {"id": "r0", "group": "p0", "text": "予ＸＹ－９片治疗，左肺见阴影。"},
    {"id": "r1", "group": "p0", "text": "XY-9片口服，考虑肺炎。"},
    {"id": "r2", "group": "p1", "text": "无。"},
    {"id": "r3", "group": "p1", "text": "停xy-9片，XY9片？"},
]
ENTITIES = [
    [("ＸＹ－９片", "Drug", 0.9), ("左肺", "Anatomy", 0.8)],
    [("XY-9片", "Drug", 0.8), ("肺炎", "Disease", 1.0)],
    [],
    [("xy-9片", "Drug", 0.7), ("XY9片", "Drug", 0.5)],
]


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def entity(text, word, kind, score):
    start = text.index(word)
    return {"start": start, "end": start + len(word), "type": kind, "word": word, "score": score}


def predictions(records=RECORDS, entities=ENTITIES):
    return [
        {"id": record["id"], "entities": [entity(record["text"], *found) for found in of_record]}
        for record, of_record in zip(records, entities, strict=True)
    ]


@pytest.fixture
def files(tmp_path):
    """Records, their entities, and a list that knows one of them."""
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "Disease.txt").write_text("肺炎\n", encoding="utf-8")
    return {
        "--records": write_lines(tmp_path / "records.jsonl", RECORDS),
        "--entities": write_lines(tmp_path / "entities.jsonl", predictions()),
        "--dictionary": tmp_path / "lists",
        "--output_file": tmp_path / "out" / "review.tsv",
        "--report": tmp_path / "out" / "report.md",
    }


def terms(step, options):
    return main(["terms", step, *(str(part) for option in options.items() for part in option if part is not True)])


def mine(files, **others):
    assert terms("mine", files | {f"--{name}": value for name, value in others.items()}) == 0
    return table(files["--output_file"])


def table(path):
    text = path.read_bytes().decode("utf-8-sig")
    return [*csv.DictReader(io.StringIO(text, newline=""), delimiter="\t")]


def fill(path, target, answers, encoding="utf-16", delimiter=";"):
    """Save the table as a spreadsheet does, its column accept filled by term."""
    rows = table(path)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, rows[0].keys(), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(row | {"accept": answers.get(row["term"], "")} for row in rows)
    target.write_bytes(out.getvalue().encode(encoding))
    return target


def test_a_table_and_a_report_by_hand(files, capsys):
    rows = mine(files)
    seen = [
        tuple(row[name] for name in ("accept", "term", "type", "probability", "occurrences", "documents"))
        for row in rows
    ]
    assert seen == [
        ("", "ＸＹ－９片", "Drug", "0.800", "3", "2"),
        ("", "XY9片", "Drug", "0.500", "1", "1"),
        ("", "左肺", "Anatomy", "0.800", "1", "1"),
    ]
    assert [(row["group"], row["near"], row["difference"]) for row in rows] == [
        ("1", "", ""),
        ("1", "ＸＹ－９片", "writing"),
        ("2", "", ""),
    ]
    assert [rows[0][f"context_{number}"] for number in (1, 2, 3)] == [
        "予[ＸＹ－９片|Drug]治疗，左肺见阴影。",
        "停[xy-9片|Drug]，XY9片？",
        "",
    ]
    report = files["--report"].read_text(encoding="utf-8")
    assert "- records with entities looked for: 4; others, not counted: 0" in report
    assert "- entities: 6, of which 1 are in the lists" in report
    assert "| Drug | 4 | 0 | 0.0 |" in report and "| Disease | 1 | 1 | 100.0 |" in report
    assert "| ＸＹ－９片 | Drug | 3 | 2 | 0.80 | no |" in report and "| 肺炎 | Disease | 1 | 1 | 1.00 | yes |" in report
    assert "nearly a term of the lists: 0; nearly a better candidate: 1" in report
    assert "3 candidates" in capsys.readouterr().out


def predicted(monkeypatch, checkpoint, tmp_path, **settings):
    records = write_lines(tmp_path / "new.jsonl", [{"id": "n", "text": "患者继续ＸＹ-9片治疗。"}])
    options = {"model_name_or_path": checkpoint, "input": records, "output_file": tmp_path / "found.jsonl"} | settings
    arguments = [
        part for name, value in options.items() for part in (f"--{name}", str(value))[: 1 + (value is not True)]
    ]
    monkeypatch.setattr(sys, "argv", ["run_predict.py", *arguments])
    run_command(run_predict.run)
    found = json.loads((tmp_path / "found.jsonl").read_text(encoding="utf-8"))["entities"]
    return [(entity["word"], entity["type"]) for entity in found]


@pytest.mark.parametrize("target", ["--output_dir", "--output_file"])
def test_what_is_accepted_is_found_from_then_on(files, tmp_path, monkeypatch, channel_checkpoint, target, capsys):
    mine(files)
    review = fill(files["--output_file"], tmp_path / "filled.csv", {"ＸＹ－９片": "x", "左肺": "Anatomy"})
    lists = tmp_path / ("vetted" if target == "--output_dir" else "vetted.tsv")
    assert ("ＸＹ-9片", "Drug") not in predicted(monkeypatch, channel_checkpoint, tmp_path)
    for said in (
        "Added to {}: Anatomy 1, Drug 1. Known already: 0 rows.",
        "Added to {}: nothing. Known already: 2 rows.",
    ):
        capsys.readouterr()
        assert terms("accept", {"--review": review, target: lists}) == 0
        assert capsys.readouterr().out == said.format(lists) + "\n"
        assert dict(ClinicalDictionary.from_path(lists).items()) == {"xy-9片": ("Drug",), "左肺": ("Anatomy",)}
    found = predicted(monkeypatch, channel_checkpoint, tmp_path, terms=lists, force_terms=True)
    assert ("ＸＹ-9片", "Drug") in found
    files |= {"--dictionary": lists, "--output_file": tmp_path / "next.tsv"}
    (row,) = [row for row in mine(files) if row["near"]]
    assert (row["term"], row["near"], row["difference"], row["near_lists"]) == ("XY9片", "xy-9片", "writing", "Drug")


def test_conflicts_are_told_by_line_and_not_added(files, tmp_path, capsys):
    mine(files)
    review = fill(files["--output_file"], tmp_path / "filled.tsv", {"ＸＹ－９片": "x", "左肺": "x"}, delimiter="\t")
    lists = tmp_path / "vetted"
    lists.mkdir()
    (lists / "Anatomy.txt").write_text("xy-9片", encoding="utf-8")
    options = {"--review": review, "--output_dir": lists}
    assert terms("accept", options) == 0
    out = capsys.readouterr().out
    assert "Not added, line 2: accepted as Drug, but the term is Anatomy in the lists." in out and "9片" not in out
    assert not (lists / "Drug.txt").exists()
    assert (lists / "Anatomy.txt").read_text(encoding="utf-8") == "xy-9片\n左肺\n"
    assert terms("accept", options | {"--allow_several_types": True}) == 0
    assert ClinicalDictionary.from_path(lists).lists_of("xy-9片") == ("Anatomy", "Drug")


def refused(capsys, step, options):
    """What is said, in one line, of what must not work; and nothing is left that was not there."""
    before = {path: path.read_bytes() for path in Path(options["here"]).rglob("*") if path.is_file()}
    assert terms(step, {name: value for name, value in options.items() if name != "here"}) == 1
    (message,) = capsys.readouterr().err.splitlines()
    assert before == {path: path.read_bytes() for path in Path(options["here"]).rglob("*") if path.is_file()}
    return message


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        (predictions()[::-1], "entities.jsonl, line 2: behind the record of the line before"),
        ([{"id": "none", "entities": []}], "entities.jsonl, line 1: behind the record"),
        ([{"id": "r0", "entities": [{"start": 0, "end": 99, "type": "Drug"}]}], "line 1, entity 1: 0 to 99"),
        ([{"id": "r0", "entities": [{"start": 0, "end": 1, "type": "Drug", "word": "他"}]}], "its word is not what"),
        ([{"id": "r0", "entities": []}], "there is no entity of a record"),
        ([], "there is no entity of a record"),
        ([{"id": "r0"}], "line 1: expected"),
    ],
)
def test_entities_that_do_not_fit_are_told(files, tmp_path, capsys, entities, message):
    write_lines(files["--entities"], entities)
    assert message in refused(capsys, "mine", files | {"here": tmp_path})


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--output_file", "lists/Disease.txt", "is there already"),
        ("--output_file", "lists/review.tsv", "would be read as a part of"),
        ("--report", "records.jsonl", "is a file that is read"),
        ("--report", "lists/Disease.txt", "is a file that is read"),
        ("--report", "out/review.tsv", "is a file that is read, or --output_file"),
        ("--report", "lists", "is a folder"),
        ("--records", "none.jsonl", "no such file"),
        ("--dictionary", "none", "There is no dictionary"),
        ("--entities", "none.jsonl", "none.jsonl"),
    ],
)
def test_places_that_cannot_be_used_are_told(files, tmp_path, capsys, option, value, message):
    assert message in refused(capsys, "mine", files | {option: tmp_path / value, "here": tmp_path})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "Say where the terms go"),
        ({"--output_dir": "a", "--output_file": "b"}, "Say where the terms go"),
        ({"--output_dir": "records.jsonl"}, "is a file"),
        ({"--output_file": "lists"}, "is a folder"),
        ({"--output_file": "terms.json"}, "JSON is not added to"),
        ({"--output_file": "review.tsv"}, "is, or holds, the table that was reviewed"),
        ({"--output_dir": "."}, "is, or holds, the table that was reviewed"),
        ({"--output_dir": "new"}, "no row is accepted"),
        ({"--output_dir": "new", "--review": "records.jsonl"}, "line 1: there is no column accept"),
        ({"--output_dir": "new", "--review": "none.tsv"}, "none.tsv"),
        ({"--output_dir": "new", "--label_set": "nothing,Drug"}, "no row is accepted"),
        ({"--output_dir": "new", "--dictionary_encoding": "utf-80"}, "there is no text encoding"),
    ],
)
def test_what_cannot_be_accepted_is_told(files, tmp_path, capsys, options, message):
    (tmp_path / "review.tsv").write_text("accept\tterm\ttype\n\t肺炎\tDrug\n", encoding="utf-8")
    places = {
        name: value if name in ("--label_set", "--dictionary_encoding") else tmp_path / value
        for name, value in options.items()
    }
    assert message in refused(capsys, "accept", {"--review": tmp_path / "review.tsv"} | places | {"here": tmp_path})


def test_what_the_records_of_the_sample_say_of_half_its_dictionary(tmp_path):
    """Half of the terms are taken out of the lists: those that the records have come back, most of them at the top."""
    records = read_corpus("sample")["train"]
    found = [
        {
            "id": record["id"],
            "entities": [item | {"word": record["text"][item["start"] : item["end"]]} for item in record["entities"]],
        }
        for record in records
    ]
    whole = ClinicalDictionary.from_path(SAMPLE / "dictionary")
    half = whole.subsample(0.5, seed=7)
    half.save(tmp_path / "half.tsv")
    rows = mine(
        {
            "--records": SAMPLE / "train.jsonl",
            "--entities": write_lines(tmp_path / "entities.jsonl", found),
            "--dictionary": tmp_path / "half.tsv",
            "--output_file": tmp_path / "review.tsv",
        }
    )
    candidates = [normalize(row["term"]) for row in rows]
    mentioned = {normalize(item["word"]) for line in found for item in line["entities"]}
    removed = {term for term in whole if term not in half and term in mentioned and len(term) > 1}
    assert len(removed) > 200 and removed <= {*candidates} and not any(term in half for term in candidates)
    shuffled = random.Random(0).sample(candidates, len(candidates))
    occurrences = {normalize(row["term"]): int(row["occurrences"]) for row in rows}
    first, by_chance = (
        sum(occurrences[term] for term in order[:100] if term in removed) for order in (candidates, shuffled)
    )
    assert first > 2 * by_chance


def test_memory_does_not_grow_with_the_records(files):
    peaks = []
    for number in (300, 3000):
        records = [{"id": f"r{index}", "text": f"患者{index % 250:04d}号药，予以治疗。" * 4} for index in range(number)]
        found = [[(f"{index % 250:04d}号药", "Drug", 0.5)] for index in range(number)]
        write_lines(files["--records"], records)
        write_lines(files["--entities"], predictions(records, found))
        files["--output_file"].unlink(missing_ok=True)
        tracemalloc.start()
        mine(files)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.slow(seconds=20)
def test_a_table_does_not_depend_on_the_process(files, tmp_path):
    found = []
    for seed in "12":
        files |= {"--output_file": tmp_path / f"{seed}.tsv", "--report": tmp_path / f"{seed}.md"}
        options = [str(part) for option in files.items() for part in option]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-m", "data_scripts", "terms", "mine", *options], check=True, env=environment)
        found.append([files[name].read_bytes() for name in ("--output_file", "--report")])
    assert found[0] == found[1]
