"""Files that visitors upload: read within the limits, and deleted whatever comes of it."""

import json

import pytest

from modeling_dicmt.app.arguments import Limits
from modeling_dicmt.app.errors import VisitorError
from modeling_dicmt.app.uploads import Source, check_records, read_records, uploaded

TEXT = "患者左肺见阴影，考虑肺炎。"


def put(folder, name, content):
    place = folder / "0f3c" / name
    place.parent.mkdir()
    place.write_bytes(content if isinstance(content, bytes) else content.encode())
    return place


def take(path, folder, source, limits):
    with uploaded(str(path), folder, limits) as file:
        return read_records(file, source, limits)


@pytest.mark.parametrize(
    "name, content, texts",
    [
        ("a.txt", TEXT, [TEXT]),
        ("a.txt", TEXT.encode("gb18030"), [TEXT]),
        ("a.txt", "a\r\nb <script>\u202e😀".encode("utf-8-sig"), ["a\r\nb <script>\u202e😀"]),
        ("A.JSONL", json.dumps({"text": TEXT}) + "\n" + json.dumps({"id": "7", "text": "x"}), [TEXT, "x"]),
        ("b.csv", f"id,text\n1,{TEXT}\n2,\n", [TEXT]),
        ("c.conll", "肺 B-Disease\n炎 I-Disease\n\n", ["肺炎"]),
    ],
)
def test_records_of_a_file_are_read_and_the_file_is_deleted(tmp_path, source, name, content, texts):
    path = put(tmp_path, name, content)
    records = take(path, tmp_path, source, Limits())
    assert [record["text"] for record in records] == texts
    assert all(record.keys() == {"id", "text"} for record in records)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    "name, content, word",
    [
        ("a.exe", TEXT, "unknown format"),
        ("a.jsonl.gz", TEXT, "unknown format"),
        ("a.parquet", TEXT, "unknown format"),
        ("a.spacy", TEXT, "unknown format"),
        ("a.txt", b"\xff\xfe\xff", "file cannot be read"),
        ("a.txt", b"\xff\xff\xff", "file cannot be read"),
        ("a.jsonl", "{", "file cannot be read"),
        ("a.jsonl", '{"text": 1}', "file cannot be read"),
        ("a.json", "[" * 2000, "file cannot be read"),
        ("a.txt", "", "file is empty"),
        ("a.txt", " \n", "file is empty"),
        ("a.txt", "x" * 101, "too many characters"),
        ("a.txt", "x" * 3000, "file too large"),
        ("a.jsonl", '{"text": "x"}\n' * 4, "too many records"),
    ],
)
def test_a_wrong_file_is_told_in_words_and_deleted(tmp_path, source, name, content, word):
    path = put(tmp_path, name, content)
    with pytest.raises(VisitorError) as caught:
        take(path, tmp_path, source, Limits(max_characters=100, max_records=3, max_file_kilobytes=2))
    assert caught.value.word == word
    for language in ("en", "zh"):
        told = caught.value.told(language)
        assert str(tmp_path) not in told and "0f3c" not in told and "Traceback" not in told
    assert not [*tmp_path.iterdir()]


def test_no_file_elsewhere_is_opened_or_deleted(tmp_path, source):
    secret, folder = tmp_path / "secret.txt", tmp_path / "uploads"
    secret.write_text(TEXT)
    folder.mkdir()
    (folder / "link.txt").symlink_to(secret)
    for path in (secret, folder / ".." / "secret.txt", folder / "link.txt", folder / "none.txt"):
        with pytest.raises(VisitorError, match="file is gone"):
            take(path, folder, source, Limits())
    with pytest.raises(VisitorError, match="file is gone"), uploaded(None, folder, Limits()):
        pass
    assert secret.read_text() == TEXT


def test_reading_that_never_ends_is_ended(tmp_path):
    def forever(path):
        while True:
            yield {"id": "a", "text": " "}

    path = put(tmp_path, "a.jsonl", "x")
    with pytest.raises(VisitorError, match="took too long"):
        take(path, tmp_path, Source(forever, (".jsonl",)), Limits(max_seconds=0.05))


def test_what_was_pasted_has_the_same_limits():
    records = [{"id": "", "text": "x" * 60}] * 2
    check_records(records, Limits(max_characters=120, max_records=2))
    for limits in (Limits(max_characters=119), Limits(max_records=1)):
        with pytest.raises(VisitorError, match="too many"):
            check_records(records, limits)
