"""A network that scores spans behind the commands: what lies within each other is written, read and scored as such."""

import json
import sys

import pytest
from tiny_network import ENTITY_TYPES, RECORDS, make_span_model, make_span_tokenizer

import run_evaluate
import run_predict
from data_scripts.formats.options import FormatOptions
from data_scripts.formats.registry import find_files
from data_scripts.formats.streams import read
from modeling_dicmt.commands.command_line import run_command
from modeling_dicmt.evaluation.clinical_ner import inner_entities, score_entities
from modeling_dicmt.torch_tagger import predict_entities

# BRAT cuts line ends off, which the tests of formats are about.
TEXTS = [text.replace("\n", "　") for text in RECORDS if text] * 3


@pytest.fixture(scope="module")
def nesting(tmp_path_factory):
    """A checkpoint that finds nested entities, and what it finds in the records."""
    folder = tmp_path_factory.mktemp("nesting")
    model, tokenizer = make_span_model(span_overlap="nested"), make_span_tokenizer()
    for part in (model, tokenizer):
        part.save_pretrained(folder)
    found = [
        [(e["start"], e["end"], e["type"]) for e in of_text] for of_text in predict_entities(model, tokenizer, TEXTS)
    ]
    assert sum(len(inner_entities(set(of_text))) for of_text in found) > 10
    return folder, found


@pytest.fixture
def records(tmp_path):
    folder = tmp_path / "records"
    folder.mkdir()
    for number, text in enumerate(TEXTS):
        line = json.dumps({"id": f"r{number:02}", "text": text}, ensure_ascii=False)
        with open(folder / f"{2 * number // len(TEXTS)}.jsonl", "a", encoding="utf-8") as file:
            file.write(line + "\n")
    return folder


def command(monkeypatch, module, *arguments):
    monkeypatch.setattr(sys, "argv", [module.__name__ + ".py", *map(str, arguments)])
    run_command(module.run)


def spans(row):
    return sorted((e["start"], e["end"], e["type"]) for e in row["entities"])


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("jsonl", "out.jsonl"),
        ("brat", "out"),
        ("label_studio", "out.json"),
        ("doccano", "out.jsonl"),
        ("docbin", "out.spacy"),
        ("parquet", "out.parquet"),
    ],
)
def test_formats_hold_what_was_found_within_what_else_was(nesting, records, tmp_path, monkeypatch, name, output):
    checkpoint, found = nesting
    output = tmp_path / output
    command(
        monkeypatch, run_predict, "--model_name_or_path", checkpoint, "--input", records, "--output_file", output,
        "--output_format", name,
    )  # fmt: skip
    read_back = list(read(find_files(output, name), FormatOptions(results="predictions")))
    assert [spans(row) for row in read_back] == [sorted(of_text) for of_text in found]


def test_a_job_in_two_processes_finds_what_one_finds(nesting, records, tmp_path, monkeypatch):
    checkpoint, found = nesting
    for number in (1, 2):
        command(
            monkeypatch, run_predict, "--model_name_or_path", checkpoint, "--input", records,
            "--output_dir", tmp_path / str(number), "--num_processes", number,
        )  # fmt: skip
    files = [{path.name: path.read_bytes() for path in (tmp_path / name).glob("*.jsonl")} for name in ("1", "2")]
    assert files[0] == files[1] and len(files[0]) == 2
    rows = [json.loads(line) for content in files[0].values() for line in content.decode().splitlines()]
    assert {row["id"]: spans(row) for row in rows} == {
        f"r{number:02}": sorted(of_text) for number, of_text in enumerate(found)
    }


def test_evaluation_scores_inner_and_outer_entities(nesting, tmp_path, monkeypatch):
    checkpoint, found = nesting
    # Every second entity that the network finds is annotated, and one that it does not find.
    gold = [sorted({*of_text[::2], (0, 1, ENTITY_TYPES[1])}) for of_text in found]
    corpus = tmp_path / "gold.jsonl"
    rows = (
        {
            "id": f"r{number}",
            "text": text,
            "entities": [{"start": start, "end": end, "type": kind} for start, end, kind in of_text],
        }
        for number, (text, of_text) in enumerate(zip(TEXTS, gold, strict=True))
    )
    corpus.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    command(
        monkeypatch, run_evaluate, "--model_name_or_path", checkpoint, "--references", corpus,
        "--output_dir", tmp_path / "out",
    )  # fmt: skip
    results = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))
    expected = score_entities(found, gold)["by_nesting"]
    assert results["scores"]["by_nesting"] == expected and 0 < expected["inner"]["recall"] <= 1
    report = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert f"| inner | {expected['inner']['support']} |" in report
