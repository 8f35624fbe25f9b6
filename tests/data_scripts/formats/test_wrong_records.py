"""Wrong records in files of all formats: set aside with their place, while the others are read."""

import gzip
import json
import random

import pyarrow
import pytest
from pyarrow import parquet

from data_scripts.formats import FormatOptions, find_files
from data_scripts.formats.streams import read, read_each
from data_scripts.readers.records import CorpusError

SECRET = "王建国"


def write_lines(path, key):
    rows = [{"id": "a", "text": "咳嗽"}, {"id": "b", "text": [SECRET]}, {"id": "c", "text": "发热"}]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_table(path, key):
    path.write_text(f"id,text\na,咳嗽\nb,{SECRET},\nc,发热\n".replace(",", key), encoding="utf-8")


def write_parquet(path, key):
    parquet.write_table(pyarrow.table({"id": ["a", "b", "c"], "text": ["咳嗽", None, "发热"]}), path)


def write_tasks(path, key):
    tasks = [
        {"data": {"id": "a", "text": "咳嗽"}},
        {"data": {"id": "b", "note": SECRET}},
        {"id": "c", "data": {"text": "发热"}},
    ]
    path.write_text(json.dumps(tasks, ensure_ascii=False, indent=1), encoding="utf-8")


def write_conll(path, key):
    lines = ["-DOCSTART- O", "", "咳 O", "嗽 O", "", "-DOCSTART- O", "", SECRET, "无 O", ""]
    path.write_text("\n".join([*lines, "-DOCSTART- O", "", "发 O", "热 O", "", ""]), encoding="utf-8")


def write_texts(path, key):
    path.mkdir()
    for name, content in (("a", "咳嗽".encode()), ("b", SECRET.encode("gb18030")), ("c", "发热".encode())):
        (path / f"{name}.txt").write_bytes(content)
        if key:
            (path / f"{name}.ann").write_text("")


CASES = [
    ("jsonl", write_lines, "x.jsonl", "", [1, 2, 3], "b"),
    ("doccano", write_lines, "x.jsonl", "", [1, 2, 3], "b"),
    ("csv", write_table, "x.csv", ",", [2, 3, 4], "x.csv:3"),
    ("tsv", write_table, "x.tsv", "\t", [2, 3, 4], "x.tsv:3"),
    ("parquet", write_parquet, "x.parquet", "", [1, 2, 3], "b"),
    ("label_studio", write_tasks, "x.json", "", [1, 2, 3], "b"),
    ("conll", write_conll, "x.conll", "", [1, 6, 11], "x.conll:6"),
    ("text", write_texts, "x", "", [None] * 3, "b.txt"),
    ("brat", write_texts, "x", "ann", [None] * 3, "b"),
]


@pytest.mark.parametrize(("format", "write", "name", "key", "lines", "id_of_wrong"), CASES, ids=[c[0] for c in CASES])
@pytest.mark.parametrize("annotated", [True, False])
def test_a_wrong_record_is_set_aside_and_the_others_are_read(
    tmp_path, format, write, name, key, lines, id_of_wrong, annotated
):
    write(tmp_path / name, key)
    files, options = find_files(tmp_path / name, format), FormatOptions(annotated=annotated)
    first, wrong, last = read_each(files, options)
    assert [first.get("text"), wrong.get("text"), last.get("text")] == ["咳嗽", None, "发热"]
    assert [record["line"] for record in (first, wrong, last)] == lines
    assert wrong["id"] == id_of_wrong and wrong["reason"] and SECRET not in wrong["reason"]
    assert str(tmp_path) not in wrong["reason"] and not wrong["reason"].startswith((",", ":", "line"))
    alone = list(read([file for file in files if file.name != wrong["file"]], options)) if len(files) > 1 else None
    if alone is not None:
        places = ("file", "line", "bytes")
        assert alone == [{k: v for k, v in record.items() if k not in places} for record in (first, last)]
    with pytest.raises(CorpusError):
        list(read(files, options))


@pytest.mark.parametrize("format", ["jsonl", "csv", "conll"])
def test_a_line_in_another_encoding_is_no_matter_of_the_others(tmp_path, format):
    made = {"jsonl": '{{"text": "{}"}}\n', "csv": "{}\n", "conll": "{} O\n\n"}[format]
    lines = [made.format(text) for text in ("咳", "腹", "热")]
    head = b"text\n" if format == "csv" else b""
    content = head + lines[0].encode() + lines[1].encode("gb18030") + lines[2].encode()
    (tmp_path / f"x.{format}").write_bytes(content)
    found = list(read_each(find_files(tmp_path / f"x.{format}")))
    assert [record.get("text") for record in found] == ["咳", None, "热"]
    assert "not UTF-8" in found[1]["reason"]


def test_a_line_too_long_to_be_a_record_is_passed_over(tmp_path, monkeypatch):
    from data_scripts.formats import text_files

    monkeypatch.setattr(text_files, "MAX_LINE_BYTES", 100)
    lines = ['{"text": "咳"}', '{"text": "%s"}' % ("痛" * 1000), '{"text": "热"}']
    (tmp_path / "x.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = list(read_each(find_files(tmp_path / "x.jsonl")))
    assert [record.get("text") for record in found] == ["咳", None, "热"] and "longer than" in found[1]["reason"]
    assert [record["line"] for record in found] == [1, 2, 3]


def test_a_file_that_cannot_be_read_on_is_one_that_is_set_aside_with_what_follows_in_it(tmp_path):
    content = gzip.compress(b"".join(b'{"text": "%d"}\n' % n for n in range(100_000)))
    (tmp_path / "a.jsonl.gz").write_bytes(content[: len(content) // 2])
    (tmp_path / "b.csv").write_text("Report\n咳\n", encoding="utf-8")
    (tmp_path / "c.jsonl").write_text('{"text": "热"}\n', encoding="utf-8")
    *read_of_a, a, b, c = read_each(find_files(tmp_path))
    assert 0 < len(read_of_a) < 100_000 and all(record["file"] == "a.jsonl.gz" for record in read_of_a)
    assert (a["file"], a["line"], "cannot be read" in a["reason"]) == ("a.jsonl.gz", None, True)
    assert (b["file"], "no column 'text'" in b["reason"]) == ("b.csv", True)
    assert c["text"] == "热"


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_bytes_of_records_add_up_to_those_of_the_file(tmp_path, ending):
    chance = random.Random(1)
    content = b"".join(b'{"text": "%x"}\n' % chance.getrandbits(80) for _ in range(50_000))
    path = tmp_path / f"x.jsonl{ending}"
    path.write_bytes(gzip.compress(content) if ending else content)
    sizes = [record["bytes"] for record in read_each(find_files(path))]
    assert sum(sizes) == path.stat().st_size and sum(sizes[:25_000]) < 0.7 * sum(sizes) and min(sizes) >= 0
