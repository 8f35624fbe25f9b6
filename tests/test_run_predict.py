"""`run_predict.py` as a user calls it, with a tiny untrained network: it is about records, offsets, messages."""

import json
import sys

import pytest

import run_predict
from modeling_dicmt import DicMTForTokenClassification, DicMTTokenizer, predict_entities, recognition
from modeling_dicmt.commands.command_line import run_command
from modeling_dicmt.pipeline_dicmt import DicMTPipeline


def predict(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["run_predict.py", *map(str, arguments)])
    run_command(run_predict.run)


def write_records(path, texts):
    lines = [json.dumps({"id": f"r{number}", "text": text}, ensure_ascii=False) for number, text in enumerate(texts)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_entities_are_those_of_predict_entities_over_several_chunks(checkpoint, tmp_path, monkeypatch):
    texts = ["患者腹痛3天。\r\n行CT检查。", "", "高血压" * 200, "😀肝癌　术后", *["无发热。"] * 5]
    write_records(tmp_path / "records.jsonl", texts)
    monkeypatch.setattr(recognition, "CHUNK_RECORDS", 2)
    predict(
        monkeypatch, "--model_name_or_path", checkpoint, "--input", tmp_path / "records.jsonl", "--output_file",
        tmp_path / "entities.jsonl",
    )  # fmt: skip
    rows = [json.loads(line) for line in (tmp_path / "entities.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == [f"r{number}" for number in range(len(texts))]
    network = DicMTForTokenClassification.from_pretrained(checkpoint)
    expected = predict_entities(network, DicMTTokenizer.from_pretrained(checkpoint), texts)
    found = [[(entity["start"], entity["end"], entity["type"]) for entity in row["entities"]] for row in rows]
    assert found == [[tuple(span) for span in spans] for spans in expected]
    assert sum(map(len, found)) > 0, "an untrained network without any entity shows nothing: choose another seed"
    for text, row in zip(texts, rows, strict=True):
        assert all(text[entity["start"] : entity["end"]] == entity["word"] for entity in row["entities"])


def test_text_files_are_records_as_they_are_stored(tmp_path):
    (tmp_path / "b.txt").write_bytes("\ufeff患者\r\n腹痛".encode())
    write_records(tmp_path / "a.jsonl", ["无发热"])
    (tmp_path / "notes.md").write_text("no record", encoding="utf-8")
    records = list(run_predict.read_records(tmp_path))
    assert records == [{"id": "r0", "text": "无发热"}, {"id": "b.txt", "text": "患者\r\n腹痛"}]


def test_show_marks_entities_of_the_first_records(checkpoint, tmp_path, monkeypatch, capsys):
    write_records(tmp_path / "records.jsonl", ["患者腹痛", "无发热"])
    predict(
        monkeypatch, "--model_name_or_path", checkpoint, "--input", tmp_path / "records.jsonl", "--show",
        "--max_records", 1,
    )  # fmt: skip
    shown = capsys.readouterr().out
    assert shown.startswith("r0\n") and "r1" not in shown
    assert "".join(character for character in shown if character in "患者腹痛") == "患者腹痛"


def test_terms_scores_and_evidence(checkpoint, tmp_path, monkeypatch):
    text = "患者替雷病，肺炎，左肺。" * 5
    (tmp_path / "disease.tsv").write_text("替雷病\n", encoding="utf-8")
    write_records(tmp_path / "records.jsonl", [text])
    arguments = ["--model_name_or_path", checkpoint, "--input", tmp_path / "records.jsonl", "--output_file"]
    arguments += [tmp_path / "out.jsonl", "--evidence", "--threshold", 0.5]
    for extra, dictionary in ((), None), (("--dictionary", tmp_path / "disease.tsv"), tmp_path / "disease.tsv"):
        predict(monkeypatch, *arguments, *extra)
        (row,) = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
        recognise = DicMTPipeline(
            model=DicMTForTokenClassification.from_pretrained(checkpoint),
            tokenizer=DicMTTokenizer.from_pretrained(checkpoint),
            device="cpu",
        )
        expected = recognise(text, threshold=0.5, evidence=True, dictionary=dictionary)
        assert expected and [entity | {"entity_group": entity["type"]} for entity in row["entities"]] == [
            entity | {"type": entity["entity_group"]} for entity in expected
        ]
        terms = {term["term"] for entity in row["entities"] for term in entity["evidence"]}
        assert terms <= ({"替雷病"} if dictionary else {"肺炎", "左肺"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": "患者"}\n{"text": \n', "records.jsonl, line 2: not JSON"),
        ('{"text": "患者"}\n{"text": 3}\n', 'line 2: expected an object with a string "text"'),
        ("[]\n", "line 1: expected an object"),
        ("患者".encode("gb18030"), "is not UTF-8"),
    ],
)
def test_what_is_no_record_ends_the_run_without_an_output(checkpoint, tmp_path, monkeypatch, capsys, content, message):
    path = tmp_path / "records.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    output = tmp_path / "entities.jsonl"
    with pytest.raises(SystemExit) as stopped:
        predict(monkeypatch, "--model_name_or_path", checkpoint, "--input", path, "--output_file", output)
    assert stopped.value.code == 1
    assert message in capsys.readouterr().err
    assert not output.exists()


def test_a_missing_input_and_a_missing_goal_are_said(checkpoint, tmp_path, monkeypatch, capsys):
    for arguments, message in (
        (("--input", tmp_path / "none.jsonl", "--show"), "none.jsonl"),
        (("--input", tmp_path, "--show"), "holds no .txt or .jsonl file"),
        (("--input", tmp_path), "Pass --output_file, --show, or both"),
    ):
        with pytest.raises(SystemExit) as stopped:
            predict(monkeypatch, "--model_name_or_path", checkpoint, *arguments)
        assert stopped.value.code == 1
        assert message in capsys.readouterr().err
