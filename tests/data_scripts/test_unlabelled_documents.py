"""Lines and records → documents."""

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unlabelled_texts import read, write, write_records

from data_scripts.unlabelled import documents as module
from data_scripts.unlabelled.documents import joined_lines, read_documents
from data_scripts.unlabelled.lines import Line
from data_scripts.unlabelled.report import ReadingReport
from data_scripts.unlabelled.sources import find_sources


def test_a_line_is_a_document(tmp_path):
    texts, report = read(write(tmp_path / "a.txt", "患者腹痛。", "", "  ", "三天"))
    assert texts == ["患者腹痛。", "三天"]
    assert report.empty == 2


@pytest.mark.parametrize("documents", ["line", "paragraph"])
def test_a_damaged_line_is_not_counted_as_empty_too(tmp_path, documents):
    path = tmp_path / "a.txt"
    path.write_bytes("咳。\n".encode() * 20 + b"\xff\n" + "痛。\n".encode())
    texts, report = read(path, documents=documents)
    assert "".join(texts).replace("\n", "") == "咳。" * 20 + "痛。" and report.empty == 0
    assert [found["count"] for found in report.exclusions.values()] == [1]


def test_a_paragraph_or_a_file_is_a_document_with_its_broken_lines_joined(tmp_path):
    path = write(
        tmp_path / "a.txt",
        "患者三天前出现腹",
        "痛，伴恶心。",
        "查体：腹软，",
        "无压痛",
        "",
        "",
        "诊断：胆囊炎，type",
        "2 DM",
    )
    paragraphs, report = read(path, documents="paragraph")
    assert paragraphs == ["患者三天前出现腹痛，伴恶心。\n查体：腹软，无压痛", "诊断：胆囊炎，type 2 DM"]
    assert report.empty == 0
    assert read(path, documents="file")[0] == ["\n".join(paragraphs)]


@pytest.mark.parametrize("heading", ["现病史：", "【诊断】", "一、病史", "（2）腹痛", "1. CT", "3、血压", "现病史:"])
def test_a_heading_continues_no_line(tmp_path, heading):
    path = write(tmp_path / "a.txt", "患者腹", heading)
    assert read(path, documents="file")[0] == [f"患者腹\n{heading}"]


@pytest.mark.parametrize("rest", ["3.5mmol", "（见图）", "痛：", "体格检查未见异常", "12天"])
def test_what_only_begins_like_a_heading_does(tmp_path, rest):
    path = write(tmp_path / "a.txt", "患者血糖", rest)
    assert read(path, documents="file")[0] == [f"患者血糖{rest}"]


LINES = st.lists(st.text(alphabet='患者腹痛。，；：:!a1 -（)"”', max_size=8))


@given(LINES, st.booleans())
def test_joining_loses_no_character_and_breaks_where_a_sentence_ends(texts, ends_at_blank):
    lines = [Line(number, text, True) for number, text in enumerate(texts, 1)]
    pieces = [piece for _, piece in joined_lines(lines, ends_at_blank)]
    together = "".join(piece or "" for piece in pieces)
    assert "".join(together.split()) == "".join("".join(texts).split())
    stripped = [text.strip() for text in texts if text.strip()]
    # A break within a document stands after a sentence's end or before a heading, and after each such end there is one.
    for before, after in pairwise(stripped):
        if before.endswith(("。", "；", "!")) and not ends_at_blank:
            assert f"{before}\n{after}" in together


def test_a_text_beyond_the_limit_is_cut_at_marks_and_told(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_DOCUMENT_CHARACTERS", 20)
    long = "".join(f"{chr(0x5600 + number)}句，" for number in range(50))
    plain = write(tmp_path / "a.txt", "短。", long, "末。")
    wrapped = write(tmp_path / "b.txt", "短。", "", *(long[at : at + 7] for at in range(0, len(long), 7)), "", "末。")
    records = write_records(tmp_path / "c.jsonl", {"text": "短。"}, {"text": long}, {"text": "末。"})
    for path, options in ((plain, {}), (wrapped, {"documents": "paragraph"}), (records, {})):
        texts, report = read(path, **options)
        assert texts[0] == "短。" and texts[-1] == "末。" and "".join(texts[1:-1]) == long
        assert all(len(text) <= 20 and text.endswith("，") for text in texts[1:-1])
        ((reason, found),) = report.exclusions.items()
        assert "longer than 20 characters" in reason
        assert found == {"count": 1, "first": f"{path.name}, line {3 if options else 2}"}


def test_a_line_as_long_as_a_file_takes_no_more_memory_than_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_DOCUMENT_CHARACTERS", 100_000)
    path = tmp_path / "a.txt"
    with open(path, "w", encoding="utf-8") as file:
        for _ in range(100):
            file.write("患者腹痛三天。" * 10_000)
    report = ReadingReport()
    tracemalloc.start()
    try:
        characters = sum(len(document.text) for document in read_documents(find_sources([path]), report))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert characters == 7_000_000
    assert peak < 3_000_000


def test_a_text_without_marks_is_cut_at_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_DOCUMENT_CHARACTERS", 20)
    texts, _ = read(write(tmp_path / "a.txt", "字" * 45))
    assert list(map(len, texts)) == [20, 20, 5]


def test_records_of_json_lines(tmp_path):
    path = write_records(
        tmp_path / "a.jsonl.gz", {"text": "患者\n腹痛"}, {"text": "", "id": 7}, {"text": "咳", "section": None}
    )
    texts, report = read(path)
    assert texts == ["患者\n腹痛", "咳"] and report.empty == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "患者", "text": "两"}', "not valid JSON"),
        ('["患者"]', 'expected an object with a string "text"'),
        ('{"id": "患者"}', 'expected an object with a string "text"'),
        ('{"text": 5}', 'expected an object with a string "text"'),
        ('{"text": "患者", "section": 5}', 'expected a string as "section"'),
        ('{"text": "患', "cut"),
        ('{"text": "' + "患者" * 200 + '"}', "longer than 160 characters"),
    ],
)
def test_what_is_no_record_is_named_by_file_and_line_and_not_quoted(tmp_path, monkeypatch, line, message):
    monkeypatch.setattr(module, "MAX_JSON_CHARACTERS", 160)
    path = write(tmp_path / "a.jsonl", '{"text": "好"}', "", line)
    with pytest.raises(ValueError, match=message) as raised:
        read(path)
    assert f"{path}, line 3" in str(raised.value) and "患" not in str(raised.value)


def test_a_transformation_sees_each_whole_document_before_sections_are_chosen(tmp_path):
    path = write(tmp_path / "a.txt", "姓名：张三。", "", "现病史：张三腹痛。", documents := "主诉：腹痛。")
    seen = []

    def hide(text):
        seen.append(text)
        return text.replace("张三", "某某") if text != documents else ""

    texts, report = read(path, sections=["现病史"], transformation=hide)
    assert texts == ["现病史：某某腹痛。"]
    assert seen == ["姓名：张三。", "现病史：张三腹痛。", "主诉：腹痛。"]
    assert report.empty == 2 and report.without_section == 1


def test_a_transformation_that_fails_is_told_by_line_without_its_message(tmp_path):
    path = write(tmp_path / "a.txt", "好", "张三")

    def fail(text):
        if text == "张三":
            raise RuntimeError(text)  # an error of the system's kind, which would be told as one of the disk
        return text

    with pytest.raises(
        ValueError, match=r"a\.txt, line 2: the transformation of the text failed \(RuntimeError\)"
    ) as raised:
        read(path, transformation=fail)
    assert "张三" not in str(raised.value)
    with pytest.raises(ValueError, match=r"a\.txt, line 1: the transformation gave NoneType"):
        read(path, transformation=lambda text: None)
