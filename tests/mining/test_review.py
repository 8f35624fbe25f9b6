"""The table that is reviewed: safe in a spreadsheet, and read in whatever form a spreadsheet saves it."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_dicmt.mining.candidates import Candidate
from modeling_dicmt.mining.review import COLUMNS, guard, read_accepted, unguard, write_review


def candidate(term, kind="Drug", **settings):
    settings = {"probability": 0.5, "occurrences": 3, "documents": 2, "other_types": {}} | settings
    return Candidate(term, kind, **settings)


def cells(path):
    """What a spreadsheet shows."""
    text = path.read_bytes().decode("utf-8")
    assert text.startswith("\ufeff") and text.count("\ufeff") == 1
    return list(csv.reader(io.StringIO(text[1:], newline=""), delimiter="\t"))


def reviewed(path, answers, *candidates):
    """A table whose column accept is filled."""
    write_review(path, candidates)
    header, *rows = cells(path)
    return header, [[answer, *row[1:]] for answer, row in zip(answers, rows, strict=True)]


def save(path, header, rows, delimiter="\t", encoding="utf-8-sig", end="\r\n", quoting=csv.QUOTE_MINIMAL):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows([header, *rows])
    path.write_bytes(out.getvalue().encode(encoding))
    return path


NASTY = [
    "=1+1",
    "+x",
    "-片",
    "@a",
    "＝A1",
    "'=x",
    "''-y",
    "3/4",
    "2021-03-05",
    "1e5",
    "001",
    "true",
    '"引"',
    'a"b',
    "'abc",
]


def test_no_cell_is_computed_and_every_term_comes_back(tmp_path):
    path = tmp_path / "review.tsv"
    context = ["=cmd|' /C calc'!A0\t\n\x1b[31m", "\r-1", "@x"]
    rows = [candidate(term, near=term, other_types={"=B": 1}, contexts=context) for term in NASTY]
    header, table = reviewed(path, ["x"] * len(NASTY), *rows)
    assert tuple(header) == COLUMNS and all(len(row) == len(COLUMNS) for row in table)
    numbers = [COLUMNS.index(name) for name in ("probability", "occurrences", "documents", "value", "group")]
    for row in table:
        for place, cell in enumerate(row):
            assert not {*cell} & {*"\t\r\n\x1b"}
            if place not in numbers:
                assert cell.strip()[:1] not in {*"=+-@＝＋－＠"} - {""} and not cell.replace("/", "").isdigit(), cell
    accepted, _ = read_accepted(save(tmp_path / "saved.tsv", header, table))
    assert [row.term for row in accepted] == [term.lower().replace("＝", "=") for term in NASTY]
    assert [row.line for row in accepted] == [*range(2, 2 + len(NASTY))]


@given(st.text("'=+-@＝a1/ \"", min_size=1, max_size=6).map(str.strip))
def test_a_guarded_text_comes_back(text):
    cell = guard(text)
    assert unguard(cell) == text and cell[:1] not in {*"=+-@＝"}


@pytest.mark.parametrize("text", ["true", "FALSE", "3/4", "12月5日", "1e5", "-", "+a"])
def test_what_a_spreadsheet_would_change_is_guarded(text):
    assert guard(text) == f"'{text}"


@pytest.mark.parametrize("text", ["真true", "3级", "a-b", "'abc", "CT"])
def test_what_it_would_not_is_left_alone(text):
    assert guard(text) == text


def test_lines_are_those_of_the_file_where_a_cell_has_several(tmp_path):
    rows = [["x", "肺炎", "Drug", "two\nlines"], ["x", "气胸", "Drug", "of\r\nthree\nlines"], ["x", "", "Drug", ""]]
    path = save(tmp_path / "r.tsv", [*HEADER, "comment"], rows[:2], end="\n")
    assert [row.line for row in read_accepted(path)[0]] == [2, 4]
    with pytest.raises(ValueError, match="line 7"):
        read_accepted(save(path, [*HEADER, "comment"], rows, end="\n"))


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_whatever_a_spreadsheet_saves_is_read(tmp_path, encoding, delimiter, end, quoting):
    rows = [candidate('甲"乙,丙;丁'), candidate("替雷利珠单抗"), candidate("肺炎", "Disease")]
    header, table = reviewed(tmp_path / "review.tsv", ["x", "", "是"], *rows)
    table.insert(1, [""] * len(header))
    path = save(tmp_path / "saved.csv", header, table, delimiter, encoding, end, quoting)
    accepted, types = read_accepted(path)
    assert accepted == [('甲"乙,丙;丁', "Drug", 2), ("肺炎", "Disease", 5)] and types == {"Drug", "Disease"}


@pytest.mark.parametrize("answer", ["x", "X", "Ｘ", " yes ", "1", "1.0", "TRUE", "是", "√"])
def test_yes(tmp_path, answer):
    path = save(tmp_path / "r.tsv", *reviewed(tmp_path / "review.tsv", [answer], candidate("肺炎", "Disease")))
    assert read_accepted(path)[0] == [("肺炎", "Disease", 2)]


@pytest.mark.parametrize("answer", ["", " ", "no", "0", "FALSE", "否", "-", "'-"])
def test_no(tmp_path, answer):
    path = save(tmp_path / "r.tsv", *reviewed(tmp_path / "review.tsv", [answer], candidate("肺炎", "Disease")))
    assert read_accepted(path)[0] == []


def test_a_type_may_be_named_and_columns_moved_left_out_and_added(tmp_path):
    rows = [["肺炎", "drug", "", "Drug"], ["阿莫西林", "operation", "?", "Drug"], ["甲", "", "", "Drug"]]
    path = save(tmp_path / "r.tsv", ["term", "accept", "comment", "type"], rows)
    accepted, types = read_accepted(path, ["Operation"])
    assert accepted == [("肺炎", "Drug", 2), ("阿莫西林", "Operation", 3)] and types == {"Drug", "Operation"}


HEADER = ["accept", "term", "type"]


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        (["word", "tag"], [["肺炎", "Drug"]], r"line 1: there is no column accept, term, type"),
        ([*HEADER, "term"], [], r"line 1: the column term is there twice"),
        (HEADER, [["x", "", "Drug"]], r"line 2: it is accepted, but the term is empty"),
        (HEADER, [["", "肺炎", "Drug"], ["x", "肺\u200b炎", "Drug"]], r"line 3: .* invisible character U\+200B"),
        (
            HEADER,
            [["Drgu", "肺炎", "Drug"]],
            r"line 2: accept says neither yes .* nor a type of Drug. Did you mean Drug\?",
        ),
        (HEADER, [["x", "肺炎", ""]], r"line 2: it is accepted, but its type is none of none"),
        (HEADER, [["x", "肺炎", "a,b"]], r"line 2: its type cannot name a list"),
        (HEADER, [["x", "肺炎", "Drug", "", "more"]], r"line 2: 5 cells, but there are 3 columns"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_quotes_no_term(tmp_path, header, rows, message):
    with pytest.raises(ValueError, match=message) as told:
        read_accepted(save(tmp_path / "r.tsv", header, rows))
    assert "肺" not in str(told.value) and str(tmp_path / "r.tsv") in str(told.value)


def test_only_types_of_a_closed_set_are_taken(tmp_path):
    path = save(tmp_path / "r.tsv", HEADER, [["x", "肺炎", "Drug"]])
    with pytest.raises(ValueError, match=r"line 2: .* none of Disease\. Correct it, or name it by --label_set"):
        read_accepted(path, ["Disease"], closed=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\r\n\r\n", "is empty"),
        (b"PK\x03\x04rest", "is a workbook"),
        (b"accept\tterm\ttype\n\xff\xfe\xfa", "neither UTF-8 nor UTF-16 nor GB18030"),
        (b'accept\tterm\ttype\nx\t"cut', "line 2: not a table that a spreadsheet saves"),
        (b"\xff\xfea", "neither UTF-8"),
    ],
)
def test_what_is_no_table_is_told(tmp_path, content, message):
    (tmp_path / "r.tsv").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_accepted(tmp_path / "r.tsv")
