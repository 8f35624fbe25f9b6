"""Records without annotations, as users have them."""

import json
import logging

import pytest

from data_scripts.plain_records import check_records, find_record_files, read_records


def read(path):
    return list(read_records(find_record_files(path)))


def test_files_of_a_folder_are_read_in_order_and_as_they_are_stored(tmp_path):
    (tmp_path / "b.txt").write_bytes("\ufeff患者\r\n腹痛".encode())
    (tmp_path / "a.jsonl").write_text('{"id": "r0", "text": "无发热"}\n\n{"text": ""}\n{"id": 7, "text": "咳"}\n')
    (tmp_path / "C.TXT").write_text("", encoding="utf-8")
    (tmp_path / ".hidden.txt").write_text("not read", encoding="utf-8")
    assert read(tmp_path) == [
        {"id": "C.TXT", "text": ""},
        {"id": "r0", "text": "无发热"},
        {"id": "a.jsonl:3", "text": ""},
        {"id": "7", "text": "咳"},
        {"id": "b.txt", "text": "患者\r\n腹痛"},
    ]
    assert check_records(find_record_files(tmp_path)) == 5 and check_records(find_record_files(tmp_path), 2) == 2


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl.gz", "a.docx", "a.xml", "a"])
def test_other_kinds_of_files_were_read_as_one_record_of_text(tmp_path, name):
    (tmp_path / name).write_text("患者", encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.jsonl file .* a\.txt file|a \.jsonl file .* a \.txt file"):
        find_record_files(tmp_path / name)


def test_other_kinds_of_files_in_a_folder_are_named(tmp_path, caplog):
    for name in ("a.txt", "b.csv", "c.json"):
        (tmp_path / name).write_text("患者", encoding="utf-8")
    (tmp_path / "more").mkdir()
    with caplog.at_level(logging.WARNING):
        assert [path.name for path in find_record_files(tmp_path)] == ["a.txt"]
    assert "3 (b.csv, c.json, more)" in caplog.text


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such file or folder"):
        find_record_files(tmp_path / "none.jsonl")
    with pytest.raises(FileNotFoundError, match=r"holds no \.txt or \.jsonl file"):
        find_record_files(tmp_path)
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"gone\.txt"):
        find_record_files(tmp_path)
    (tmp_path / "gone.txt").unlink()
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(ValueError, match="but is none"):
        find_record_files(tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "患者", "text": "两"}', "line 2: not valid JSON"),
        ("[1]", "line 2: expected a JSON object"),
        ('{"id": "x"}', "line 2: the key 'text' is missing .* expected a string"),
        ('{"id": true, "text": "患者"}', "line 2: 'id' must be"),
        ('{"id": ["x"], "text": "患者"}', "line 2: 'id' must be"),
    ],
)
def test_what_is_no_record_is_named_by_file_and_line_and_not_quoted(tmp_path, line, message):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "好"}) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=message) as raised:
        read(path)
    assert str(path) in str(raised.value) and "患者" not in str(raised.value)


def test_text_that_is_not_utf_8_is_named(tmp_path):
    (tmp_path / "a.txt").write_bytes("患者".encode("gb18030"))
    with pytest.raises(ValueError, match=r"a\.txt, line 1: not UTF-8"):
        read(tmp_path / "a.txt")


def test_a_file_without_a_record_was_passed_over(tmp_path, caplog):
    (tmp_path / "empty.jsonl").write_text("\n")
    assert check_records([tmp_path / "empty.jsonl"]) == 0
    assert caplog.messages == [f"{tmp_path / 'empty.jsonl'}: there is no record."]
