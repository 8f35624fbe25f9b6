"""Which rules are tried in which texts: all that find anything there, and few others."""

import re
from pathlib import Path

import numpy as np
import pytest
from counted_steps import is_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st

from modeling_dicmt.deidentification import IdentifierFinder
from modeling_dicmt.deidentification.needs import Needs, members
from modeling_dicmt.deidentification.rules import Rule, RuleFile, read_rules, split_example
from modeling_dicmt.deidentification.sieve import Sieve
from modeling_dicmt.normalization import code_points, normalize

FILES = read_rules()
FINDER = IdentifierFinder(FILES)
RULES, SIEVE = FINDER.rules, FINDER.sieve
EXAMPLES = [split_example(example)[0] for file in FILES for example in file.examples]
# Cues, separators and ends: what one text ends with must not be read together with what another begins with.
PIECES = [
    *(
        "姓名：",
        "王建国",
        "电话",
        "1381234",
        "5678",
        "住院号",
        "：",
        "床",
        "12",
        "20",
        "13-05-01",
        "岁",
        "92",
        "某",
        "@b.com",
    ),
    *(
        "\0",
        "\n",
        "\r\n",
        " ",
        "　",
        "。",
        "，",
        "",
        "😀",
        "\ud800",
        "\uffff",
        "女，",
        "签名",
        "Ｊohn",
        "李",
        "省",
        "河南",
    ),
]
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
    st.sampled_from(EXAMPLES),
    st.tuples(st.sampled_from(EXAMPLES), st.integers(0, 30)).map(lambda cut: cut[0][cut[1] :]),
    st.text(max_size=5),
)


def candidates(sieve, texts):
    """As the finder asks: a character after each text."""
    starts = np.cumsum([0, *(len(text) + 1 for text in texts)])[:-1]
    return sieve.candidates(code_points("\0".join([*texts, ""])), starts)


@settings(max_examples=150, deadline=None)
@given(st.lists(TEXTS, max_size=6))
@example(["姓名：", "王建国", "，男"])
@example(["王建国\n", "李建国", "\n王建国", ""])
@example(["王 建", "", " ", "国，男"])
@example(["13812", "345678"])
def test_texts_together_give_what_each_gives_alone(texts):
    assert FINDER.find_all(texts) == [FINDER.find(text) for text in texts]


@settings(max_examples=150, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4))
@example(["😀12345678"])
def test_a_rule_that_finds_anything_in_a_text_is_tried_there(texts):
    for text, numbers in zip(texts, candidates(SIEVE, texts), strict=True):
        assert numbers == sorted(set(numbers))
        finding = {number for number, rule in enumerate(RULES) if any(rule.find(text, normalize(text)))}
        assert finding <= set(numbers)


@pytest.mark.parametrize("count", [255, 256, 257, 600])
def test_more_texts_than_are_taken_at_a_time(count):
    texts = [f"患者王建国{number}，电话：1381234{number:04}" if number % 3 else "" for number in range(count)]
    found = FINDER.find_all(texts)
    assert [len(items) for items in found] == [min(number % 3, 1) * len(found[1]) for number in range(count)]
    assert FINDER.find_all([]) == []


def test_few_rules_are_tried_in_a_text_that_has_nothing_to_find():
    (numbers,) = candidates(SIEVE, ["心肺听诊未闻及异常，腹软无压痛。"])
    assert len(numbers) < len(RULES) / 10


def test_texts_do_not_lend_each_other_characters():
    rules = [Rule("a/a", "PHONE", "甲乙"), Rule("a/b", "PHONE", "丙", near="丁")]
    sieve = Sieve(rules)
    assert candidates(sieve, ["甲", "乙", "", "甲乙", "丁", "丁丙", "丙"]) == [[], [], [], [0], [], [1], []]


@pytest.mark.parametrize("pattern", [r"\d{2}", "[\U0001d7ce-\U0001d7ff]", "\U0001d7cf", r"\U0001d7d0"])
def test_characters_beyond_the_basic_plane_may_be_whatever_a_rule_needs(pattern):
    assert candidates(Sieve([Rule("a/a", "PHONE", pattern)]), ["𝟏𝟐", "a"]) == [[0], []]


def test_each_text_has_a_beginning_and_an_end_of_its_own():
    rules = tuple(Rule(f"a/{number}", "PHONE", pattern) for number, pattern in enumerate(["^x", "y$"]))
    finder = IdentifierFinder([RuleFile(Path("a.yaml"), "PHONE", rules, ())])
    found = finder.find_all(["x", "xy", "yx", "y", "y\n", "\nx"])
    assert [[(item.start, item.rule) for item in items] for items in found] == [
        *([(0, "a/0")], [(0, "a/0"), (1, "a/1")], [], [(0, "a/1")], [(0, "a/1")], []),
    ]


def test_as_many_needs_as_rules_have_are_told_apart():
    characters = [chr(0x4E00 + number) for number in range(200)]
    sieve = Sieve([Rule(f"a/{one}", "PHONE", one) for one in characters])
    assert candidates(sieve, characters) == [[number] for number in range(200)]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("床", [{"床"}]),
        ("床号?", [{"床"}]),
        ("床号*?|x", [{"床", "x"}]),
        ("床号{0,3}", [{"床"}]),
        ("床号{00,3}", [{"床"}]),
        ("床号{,3}", [{"床"}]),
        ("床号{1,3}", [{"床"}, {"号"}]),
        ("床号{2}", [{"床"}, {"号"}]),
        ("(?:床号){0,2}x", [{"x"}]),
        ("(?:床号){1,2}?", [{"床"}, {"号"}]),
        (r"(?P<a>床)\d[^\]\d]", [{"床"}, {r"\d"}, {r"[^\]\d]"}]),
        ("住院号|门诊号", [{"住", "门"}, {"号"}]),
        ("(?:住院|[门]诊)号", [{"住", "[门]"}, {"院", "诊"}, {"号"}]),
        (r"(?:[a-z\d]床-|-楼[\u3400-\u9fff])", [{r"[a-z\d]", "-"}, {"-", r"[\u3400-\u9fff]"}, {"床", "-"}]),
        ("床|x?", []),
        ("床|", []),
        ("(?<=床)号(?=是|为)(?!不)(?<!的)", [{"床"}, {"号"}, {"是", "为"}]),
        (r"^\A\b床\B.$\Z", [{"床"}]),
        (r"([12])\1", [{"[12]"}]),
        (r"\n\t\x41\u4e00\.", [{r"\n"}, {r"\t"}, {r"\x41"}, {r"\u4e00"}, {r"\."}]),
        (r"\N{DIGIT ONE}床", [{"床"}]),
        ("[]x]{1,2}[^]x]", [{"[]x]"}, {"[^]x]"}]),
        ("床{}", [{"床"}, {"{"}, {"}"}]),
        ("(?i)a", []),
        ("(?i:a)b", []),
        ("(?x) a b", []),
        ("(a)?(?(1)b|c)", []),
        ("a(?#b)", []),
        ("(?P<a>a)(?P=a)", []),
        ("x(?:a(?i:b))", []),
        ("a(?#)b)", []),
        ("a(?#(b)", []),
        (r"(?:[)(]\)床)?号", [{"号"}]),
        ("(?:甲|乙)丙|(?:甲|乙)丁(?!甲|乙)(?<!甲|乙)", [{"甲", "乙"}, {"丙", "丁"}]),
    ],
)
def test_what_a_pattern_needs(pattern, expected):
    assert Needs()(pattern) == [frozenset(need) for need in expected]


def test_members_of_classes_are_what_they_match():
    assert [chr(point) for point in np.flatnonzero(members(frozenset(["x", "[a-c]", r"\."])))] == [*".abcx"]


ATOMS = st.sampled_from(["a", "b", "c", "[ab]", "[^a]", r"\d", "1", r"\.", ".", "^", "$", r"\b", "[.c]"])
QUANTIFIERS = st.sampled_from(["", "", "", "?", "{0,2}", "{,2}", "{1,2}", "{2}", "??", "{0,1}?"])
GROUPS = st.sampled_from(["(?:", "(", "(?=", "(?!", "(?<=", "(?<!"])
PATTERNS = st.recursive(
    st.tuples(ATOMS, QUANTIFIERS).map("".join),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map("|".join),
        st.tuples(GROUPS, inner, st.just(")"), QUANTIFIERS).map("".join),
    ),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(PATTERNS, st.lists(st.text("abc1.😀", max_size=6), min_size=1, max_size=5))
def test_where_a_pattern_matches_there_is_what_it_needs(pattern, texts):
    try:
        compiled = re.compile(pattern)
    except re.error:  # a look to the left of changing length, a repeated repetition
        return
    sieve = Sieve([Rule("a/a", "PHONE", pattern)])
    for text, numbers in zip(texts, candidates(sieve, texts), strict=True):
        assert numbers or compiled.search(text) is None


@pytest.mark.parametrize("text", [" ", "1", "1 ", "一", "一\n", "一\n\n\n\n", "\0"])
def test_a_long_text_of_one_kind_takes_no_square_of_its_length(text):
    """Sifting and the closing of gaps: the square of so many characters would be some 70,000 million steps."""
    finder = IdentifierFinder([])
    assert finder.find(text * (2**18 // len(text))) == []


def test_closing_gaps_and_finding_across_them_takes_linear_time():
    finder = IdentifierFinder([RuleFile(Path("a.yaml"), "PHONE", (Rule("a/a", "PHONE", "1{3}"),), ())])
    assert len(finder.find("1 11 " * 10)) == 10
    assert is_linear(finder.find, "1 11 " * 200, "1 11 " * 400)
