"""Reading records without labels."""

import json
import logging

import pytest
from unlabelled_texts import write, write_records

from data_scripts.readers.records import CorpusError
from data_scripts.unlabelled import documents
from data_scripts.unlabelled.records import RecordReader


def texts(*paths, **options) -> list[str]:
    return list(RecordReader([str(path) for path in paths], **options)())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "b").mkdir()
    lines = [{"text": "丙\r\n丁", "id": 7}, {"text": "\ud800"}]
    (tmp_path / "b" / "more.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (tmp_path / "a.txt").write_bytes("\ufeff甲，乙。\r\n \r\n\n　丁 x\n戊".encode())
    write(tmp_path / "c.txt.gz", "己")
    (tmp_path / "notes.md").write_text("no record", encoding="utf-8")
    return tmp_path


def test_files_of_a_folder_are_read_in_order_and_blank_lines_are_none(folder):
    first, more, last = ["甲，乙。", "　丁 x", "戊"], ["丙\r\n丁", "\ufffd"], ["己"]
    assert texts(folder) == first + more + last
    assert texts(folder / "b", folder / "a.txt") == more + first
    assert texts(folder, limit=4) == (first + more)[:4]


def test_it_reads_anew_and_tells_once_what_it_passed_over(folder, caplog):
    reader = RecordReader([str(folder)])
    with caplog.at_level(logging.WARNING):
        assert list(reader()) == list(reader())
    assert [record.getMessage() for record in caplog.records] == [
        "Unlabelled records: 1 × file of another kind, not read; first: notes.md."
    ]
    characters = sum(map(len, reader()))
    assert reader.known == {"names": ["a.txt", "more.jsonl", "c.txt.gz"], "records": 6, "characters": characters}


def test_records_of_paragraphs_and_in_another_encoding(tmp_path):
    path = write(tmp_path / "a.txt", "患者腹", "痛。", "", "查体", encoding="gb18030")
    assert texts(path, documents="paragraph", encoding="gb18030") == ["患者腹痛。", "查体"]
    assert texts(path, documents="file", encoding="gb18030") == ["患者腹痛。\n查体"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.txt", "甲\n乙".encode("gb18030"), r"x.txt, line 1: not utf-8 .*--unlabelled_encoding"),
        ("x.txt", "甲\n".encode() + "乙".encode("gb18030"), "x.txt, line 2: not utf-8"),
        ("x.jsonl", b'{"text": "a"}\n{"words": "b"}', 'x.jsonl, line 2: expected an object with a string "text"'),
        ("x.jsonl", b'{"text": 3}', 'x.jsonl, line 1: expected an object with a string "text"'),
        ("x.jsonl", b'{"text": "a"', "x.jsonl, line 1: not valid JSON"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=reason):
        texts(tmp_path)


def test_a_line_without_an_end_is_not_read_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "MAX_DOCUMENT_CHARACTERS", 10)
    monkeypatch.setattr(documents, "MAX_JSON_CHARACTERS", 20)
    path = write(tmp_path / "x.txt", "甲", "a" * 25)
    assert texts(path) == ["甲", "a" * 10, "a" * 10, "a" * 5]
    path = write_records(tmp_path / "x.jsonl", {"text": "甲"}, {"text": "a" * 25})
    with pytest.raises(CorpusError, match=r"x\.jsonl, line 2: longer than 20 characters"):
        texts(path)


def test_a_folder_without_records_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no file with text"):
        texts(tmp_path)
