"""What is found, as a whole: offsets, overlaps, gaps, repeated names, names of one's own, a second opinion."""

import random
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from modeling_dicmt.deidentification import Identifier, IdentifierFinder
from modeling_dicmt.deidentification.checks import CHECKS
from modeling_dicmt.deidentification.finding import known_names, longest_apart
from modeling_dicmt.dictionary import ClinicalDictionary

FINDER = IdentifierFinder()
PIECES = [
    *(
        "患者",
        "王建国",
        "李某某",
        "，男",
        "电话：",
        "13812345678",
        "１３８ １２３４ ５６７８",
        "住院号",
        "：",
        "0012345",
    ),
    *("2013-05-01", "二〇一三年五月一日", "河南省郑州市金水区", "花园路12号", "市第三人民医院", "+12床", "a@b.com"),
    *(
        "豫A12345",
        "92岁",
        "\n",
        "\r\n",
        " ",
        "。",
        "高血压",
        "心前区",
        "120/80mmHg",
        "签名：",
        "Ｊohn Smith",
        "😀",
        "某" * 9,
    ),
]


def found(text):
    return [(text[item.start : item.end], item.type) for item in FINDER.find(text)]


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_identifiers_lie_in_the_text_apart_and_in_order(text):
    items = FINDER.find(text)
    assert all(0 <= item.start < item.end <= len(text) for item in items)
    assert all(before.end <= after.start for before, after in pairwise(items))


@pytest.mark.parametrize("text", ["", "\n", "。", "\ud800", "😀" * 10, "\0"])
def test_texts_with_nothing_to_find(text):
    assert FINDER.find(text) == []


def test_full_width_and_blanks_are_what_they_stand_for():
    assert found("电话：１３８１２３４５６７８") == [("１３８１２３４５６７８", "PHONE")]
    assert found("姓名：王 建 国，男") == [("王 建 国", "NAME")]
    assert found("患者王建\n国，男，45岁") == [("王建\n国", "NAME")]
    assert found("住 院 号：1 2 3 4 5 6") == [("1 2 3 4 5 6", "RECORD_NUMBER")]


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("身份证 410105197001011\n234）", ("410105197001011\n234", "ID")),
        ("电话+86 139123456\n 78）", ("+86 139123456\n 78", "PHONE")),
        ("于2010年1月2\n5日入院", ("2010年1月2\n5日", "DATE")),
    ],
)
def test_a_number_of_full_form_is_better_than_its_part_before_a_gap(text, identifier):
    assert identifier in found(text)


def test_a_tab_parts_the_cells_of_a_table():
    assert found("年龄：58\t床号：31") == [("31", "BED")]


@pytest.mark.parametrize("gap", [" ", "\n", "  ", "\r\n", "\r\n ", " \n\t", "    ", "\v", "，"])
def test_gaps_of_one_to_three_blanks_and_line_ends_are_closed(gap):
    closed = gap.isspace() and len(gap) <= 3 and gap != "\v"
    assert ((f"王{gap}建{gap}国", "NAME") in found(f"患者王{gap}建{gap}国，男，45岁")) == closed


def test_a_name_is_found_wherever_it_stands_once_a_cue_tells_it():
    text = "姓名：赵铁柱。今晨赵铁柱诉腹痛，予赵铁柱禁食。"
    assert found(text) == [("赵铁柱", "NAME")] * 3


def test_a_name_of_two_characters_within_a_word_is_part_of_the_word():
    text = "麻醉医师：张力。四肢肌张力正常，张力来电，今晨张力诉痛。"
    assert [item.start for item in FINDER.find(text)] == [5, 16, 23]


@pytest.mark.parametrize("first", [20000000, 200000])
def test_a_long_list_of_numbers_is_found_to_its_end(first):
    numbers = [str(first + n) for n in range(40)]
    text = "登记号：" + "、".join(numbers) + "。"
    assert [text[item.start : item.end] for item in FINDER.find(text)] == numbers


def test_many_names_are_found_wherever_they_stand_as_few_are():
    names = [f"王{first}{second}" for first in "建志海国文" for second in "军强涛平华明伟东"] + [
        f"李{first}{second}" for first in "建志海国文" for second in "军强涛平华明伟东"
    ]
    text = "".join(f"签名：{name}。" for name in names) + "、".join(f"见{name}来" for name in names)
    starts = [item.start for item in FINDER.find(text)]
    assert len(names) == 80 and [text[start : start + 3] for start in starts] == names * 2


def test_a_name_that_is_a_word_is_one_only_where_the_cue_tells_it():
    text = "姓名：高兴，女。患者今日高兴，常规查房。"
    assert found(text) == [("高兴", "NAME")]


def test_names_of_one_s_own_are_found_without_a_cue():
    finder = IdentifierFinder(names=known_names(ClinicalDictionary({"明月": ["staff"], "Smith": ["staff"]})))
    text = "今晨明月来电，SMITH在场"
    assert [(text[item.start : item.end], item.rule) for item in finder.find(text)] == [
        ("明月", "names"),
        ("SMITH", "names"),
    ]
    assert found(text) == []


def test_a_second_opinion_adds_what_the_rules_overlook_and_takes_nothing_away():
    def recognise(texts):
        return [[Identifier(0, 2, "NAME", "recogniser"), Identifier(3, 7, "NAME", "recogniser")] for _ in texts]

    text = "小明，王建国，男，45岁"
    assert [(item.start, item.end) for item in FINDER.find(text)] == [(3, 6)]
    both = IdentifierFinder(recognise=recognise).find_all([text, text])
    assert [[(item.start, item.end) for item in items] for items in both] == [[(0, 2), (3, 7)]] * 2


def test_of_a_number_the_rules_say_where_it_ends_and_of_a_name_the_longer_opinion_counts():
    text = "电话：13812345678，张三丰来电，男，45岁"

    def recognise(texts):
        return [[Identifier(3, 18, "NAME", "recogniser"), Identifier(15, 20, "NAME", "recogniser")] for _ in texts]

    found = IdentifierFinder(recognise=recognise).find(text)
    assert [(text[item.start : item.end], item.rule) for item in found] == [
        ("13812345678", "phone/mobile"),
        ("张三丰来电", "recogniser"),
    ]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 6), st.sampled_from(["NAME", "ID", "PHONE"])), max_size=8))
@example([(0, 3, "NAME"), (0, 3, "ID")])
def test_of_overlapping_ones_the_longest_is_chosen(spans):
    items = [Identifier(start, start + length, type_, "x") for start, length, type_ in spans]
    chosen = longest_apart(items, 20)
    assert all(before.end <= after.start for before, after in pairwise(chosen))
    for item in items:  # each is chosen, or gave way to one that is not shorter
        over = [other for other in chosen if other.start < item.end and item.start < other.end]
        assert item in chosen or any(other.end - other.start >= item.end - item.start for other in over)
    if {item.type for item in items} == {"NAME", "ID"} and len({item[:2] for item in items}) == 1:
        assert [item.type for item in chosen] == ["ID"]


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("identity_number", ["11010519491231002X", "11010519491231002x", "110105 19491231 002Ｘ"],
         ["110105194912310021", "1101051949123100", "", "abc"]),
        ("calendar_date", ["2013-05-01", "2012-2-29", "13/5/1", "5月31日", "20130501", "二〇一三年五月一日", "2013.5",
          "2O13-O5-l0", "2〇13年5月1日"],
         ["2013-13-01", "2013-04-31", "2o13-13-01", "5月32日", "20131301", "1.2.3.4", "99"]),
        ("above_89", ["90岁", "129岁", "九十岁", "一百零二岁", "百岁", "九十有二", "9O岁"],
         ["89岁", "130岁", "八十九岁", "岁", "十十岁"]),
        ("code", ["HD-0457", "87-2207", "0317-088", "SCR-001", "影2018-20331", "0712345678901"],
         ["13812345678", "8613812345678", "055162889122", "4008208820", "2013-5-1", "05/07/2014", "20160911", "12.15",
          "C34.900", "100-200", "1500mg", "D1-14", "4N2M0", "BPD7.70cm", "AB12", "ABCDE1"]),
        ("card_number", ["8821345", "410***", "参字第20031187"], ["2023-05-08", "14/05/2023", "A12"]),
        ("long_number", ["00338172", "201443369", "410105001002003381"],
         ["20130501", "201305011020", "20130501102030", "12000000", "13812345678"]),
        ("mostly_digits", ["l391234567O", "139〇1234567"], ["13912345678", "oil", "1oOl"]),
        ("capitalised", ["John Smith", "LI Ming"], ["CT", "bid", "john Smith", ""]),
    ],
)  # fmt: skip
def test_checks(name, right, wrong):
    assert [CHECKS[name](text) for text in right] == [True] * len(right)
    assert [CHECKS[name](text) for text in wrong] == [False] * len(wrong)


def naive_check_digit(digits):
    """GB 11643-1999 as it is written: weights 2^(18-i) mod 11."""
    total = sum(int(digit) * (2 ** (18 - place) % 11) for place, digit in enumerate(digits, start=1))
    return "10X98765432"[total % 11]


def test_check_digits_are_those_of_the_standard():
    source = random.Random(5)
    for _ in range(200):
        digits = "".join(source.choice("0123456789") for _ in range(17))
        right = naive_check_digit(digits)
        assert CHECKS["identity_number"](digits + right)
        assert not any(CHECKS["identity_number"](digits + other) for other in "0123456789X" if other != right)
