"""Terms as visitors write and upload them."""

import json

import pytest

from modeling_dicmt.app.errors import VisitorError
from modeling_dicmt.app.terms import parse_terms, read_terms_file

TYPES = ("Disease", "Drug")
NAMES = {"Disease": ("Disease",), "疾病": ("Disease",), "Drug": ("Drug",), "a:b": ("Drug",)}


def types_of_name(name):
    return NAMES.get(name, ())


def parse(text, most=10, any_type=False):
    found = parse_terms(text, types_of_name, TYPES, most, any_type)
    return None if found is None else dict(found.items())


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", None),
        (" \n\t\n", None),
        ("Drug：阿莫西林、头孢；氨氯地平", dict.fromkeys(["阿莫西林", "头孢", "氨氯地平"], ("Drug",))),
        ("Drug: 1,2-a;b、\n\n疾病：肺炎", {"1,2-a": ("Drug",), "b": ("Drug",), "肺炎": ("疾病",)}),
        ("肺炎\tDisease\n肺炎\tDrug\tmore", {"肺炎": ("Disease", "Drug")}),
        ("Drug：比例1：2", {"比例1:2": ("Drug",)}),
    ],
)
def test_lines_are_types_with_terms_or_rows_of_a_table(text, expected):
    assert parse(text) == expected


def test_what_is_no_entity_needs_no_type():
    assert parse("发热、咳嗽\nDrug：头孢", any_type=True) == {"发热": ("*",), "咳嗽": ("*",), "头孢": ("Drug",)}


@pytest.mark.parametrize(
    "text, word, line",
    [
        ("阿莫西林", "line without type", 1),
        ("Drug：a\n<b>：c", "unknown type", 2),
        ("Drug：a\n\nDrug：" + "长" * 201, "unusable term", 3),
        ("Drug：a\u202eb", "unusable term", 1),
        ("Drug：" + "、".join(map(str, range(11))), "too many terms", None),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, word, line):
    with pytest.raises(VisitorError) as caught:
        parse(text)
    assert caught.value.word == word and caught.value.values.get("line") == line
    for language in ("en", "zh"):
        assert line is None or str(line) in caught.value.told(language)


@pytest.mark.parametrize("name, content", [
    ("Drug.txt", "阿莫西林\n氨氯；地平\n"),
    ("all.tsv", "阿莫西林\tDrug\n氨氯；地平\tDrug\n"),
    ("all.json", json.dumps({"Drug": ["阿莫西林", "氨氯；地平"]})),
])  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_file_becomes_lines_that_say_the_same(tmp_path, name, content, encoding):
    (tmp_path / name).write_bytes(content.encode(encoding))
    assert parse(read_terms_file(tmp_path / name, types_of_name)[0]) == {"阿莫西林": ("Drug",), "氨氯;地平": ("Drug",)}


def test_lists_with_awkward_names_become_rows(tmp_path):
    (tmp_path / "all.json").write_text(json.dumps({"a:b": ["x", "y；z"]}), encoding="utf-8")
    assert parse(read_terms_file(tmp_path / "all.json", types_of_name)[0]) == {"x": ("a:b",), "y;z": ("a:b",)}
    (tmp_path / "mine.txt").write_text("发热\n咳；嗽\n比:例", encoding="utf-8")
    lines, rejected = read_terms_file(tmp_path / "mine.txt", types_of_name, any_type=True)
    assert parse(lines, any_type=True) == {"发热": ("*",), "咳;嗽": ("*",), "比:例": ("*",)} and not rejected


@pytest.mark.parametrize(
    "name, content, word",
    [
        ("a.txt", b"\xff\xff\xff", "unknown encoding"),
        ("a.json", b"{", "file cannot be read"),
        ("a.txt", b"", "file cannot be read"),
    ],
)
def test_a_wrong_file_is_told_without_its_place(tmp_path, name, content, word):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VisitorError) as caught:
        read_terms_file(tmp_path / name, types_of_name)
    assert caught.value.word == word and str(tmp_path) not in caught.value.told("en")
