"""Reading unlabelled records."""

import json

import pytest

from data_scripts import unlabelled_records
from data_scripts.readers.records import CorpusError
from data_scripts.unlabelled_records import read_unlabelled


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "b").mkdir()
    lines = [{"text": "丙\n丁", "id": 7}, {"text": "\ud800"}]
    (tmp_path / "b" / "more.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (tmp_path / "a.txt").write_bytes("\ufeff甲，乙。\r\n \r\n\n　丁 x\n戊".encode())
    (tmp_path / "notes.md").write_text("no record", encoding="utf-8")
    return tmp_path


def test_files_of_a_folder_are_read_in_order_and_blank_lines_are_none(folder):
    expected = ["甲，乙。", "　丁 x", "戊", "丙\n丁", "\ufffd"]
    assert list(read_unlabelled([str(folder)])) == expected
    assert list(read_unlabelled([str(folder / "b"), str(folder / "a.txt")])) == expected[3:] + expected[:3]
    assert list(read_unlabelled([str(folder)], limit=2)) == expected[:2]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.txt", "甲\n乙".encode("gb18030"), "x.txt, line 1: not UTF-8"),
        ("x.txt", "甲\n".encode() + "乙".encode("gb18030"), "x.txt, line 2: not UTF-8"),
        ("x.jsonl", b'{"text": "a"}\n{"words": "b"}', "x.jsonl, line 2: expected the record's text"),
        ("x.jsonl", b'{"text": 3}', "x.jsonl, line 1: expected the record's text"),
        ("x.jsonl", b'{"text": "a"', "x.jsonl, line 1: not valid JSON"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=reason):
        list(read_unlabelled([str(tmp_path)]))


def test_a_line_without_an_end_is_not_read_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(unlabelled_records, "MAX_LINE_BYTES", 10)
    (tmp_path / "x.txt").write_text("甲\n" + "a" * 11, encoding="utf-8")
    with pytest.raises(CorpusError, match="line 2: longer than"):
        list(read_unlabelled([str(tmp_path / "x.txt")]))


def test_a_folder_without_records_is_told(tmp_path):
    with pytest.raises(CorpusError, match=r"holds no \.jsonl or \.txt file"):
        list(read_unlabelled([str(tmp_path)]))
