"""Entities within a record's text, drawn and read back: nothing is added to the text, nothing is lost of it."""

import math
import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from reading_pages import Reading

from modeling_dicmt.evaluation.report import ERROR_CLASSES, classify_errors
from modeling_dicmt.pages.marks import Mark, compared_marks, found_marks, is_counted
from modeling_dicmt.pages.page import stylesheet
from modeling_dicmt.pages.records import MAX_OPEN, draw_text, render_records
from modeling_dicmt.pages.types import TypeStyles

TRAPS = ["</script>", "<!--", "<script>", "]]>", "&amp;", "&#13;", "\r\n", "\u202e", "👨‍👩‍👧", "\ud800", "\x00"]
CHARACTERS = st.sampled_from(
    [*"肺炎患者a1 <>&\"'\t\n\r\x00\x0b\x1b\x7f\x85\u2028\u202e\ufeff\u3164\U000e0041\u200d\ud800\udfff😀𠮷"]
)
TEXTS = st.lists(CHARACTERS | st.sampled_from(TRAPS), max_size=25).map("".join)


@st.composite
def texts_with_marks(draw):
    text = draw(TEXTS)
    places = st.integers(0, len(text))
    spans = draw(st.lists(st.tuples(places, places, st.sampled_from(["Disease", "部位", '"><b>'])), max_size=MAX_OPEN))
    return text, [Mark(min(one, other), max(one, other), kind) for one, other, kind in spans]


@given(texts_with_marks())
@example(("左侧股骨颈骨折", [Mark(0, 5, "A"), Mark(2, 7, "B")]))
@example(("a\r\nb", [Mark(0, 2, "A")]))
@example(("肺炎", [Mark(0, 2, "A"), Mark(0, 2, "B"), Mark(0, 1, "A"), Mark(1, 2, "A"), Mark(1, 1, "A")]))
def test_what_is_drawn_is_the_text_and_each_mark_is_its_part_of_it(case):
    text, marks = case
    drawn = draw_text(text, marks, TypeStyles())
    reading = Reading(drawn.html)
    assert reading.text == text
    assert [mark[:3] for mark in drawn.marks] == sorted({mark[:3] for mark in marks}, key=lambda m: (m[0], -m[1], m[2]))
    assert {n: reading.marked[n] for n in range(len(drawn.marks))} == {
        n: text[mark.start : mark.end] for n, mark in enumerate(drawn.marks)
    }
    assert {tag for tag, _ in reading.elements} <= {"div", "mark", "span", "br"}


@given(texts_with_marks())
def test_lines_of_overlapping_entities_are_apart_and_the_inner_one_is_nearer(case):
    text, marks = case
    drawn = draw_text(text, marks, TypeStyles()).marks
    html = draw_text(text, marks, TypeStyles()).html
    levels = {int(number): int(level) for level, number in re.findall(r" l(\d+) [^>]*?data-n=\"(\d+)\"", html)}
    for one, outer in enumerate(drawn):
        for other, inner in enumerate(drawn):
            overlap = min(outer.end, inner.end) > max(outer.start, inner.start)
            if one != other and overlap:
                assert levels[one] != levels[other]
                if outer.start <= inner.start and inner.end < outer.end:
                    assert levels[other] < levels[one]


def test_each_entity_has_one_label_and_one_stop_of_the_keyboard():
    marks = [Mark(0, 5, "A"), Mark(2, 7, "B"), Mark(4, 9, "A"), Mark(3, 3, "B")]
    elements = Reading(draw_text("0123456789", marks, TypeStyles()).html).elements
    pieces = [attributes for tag, attributes in elements if tag == "mark"]
    assert len(pieces) > len(marks)
    for marker in ("first", "last"):
        of = [piece["data-n"] for piece in pieces if marker in piece["class"].split()]
        assert sorted(of) == ["0", "1", "2", "3"]
    assert [piece["data-n"] for piece in pieces if "tabindex" in piece] == ["0", "1", "2", "3"]


def test_entities_beyond_what_can_lie_over_one_another_are_named_below():
    marks = [Mark(0, 40 - number, f"kind {number}") for number in range(MAX_OPEN + 3)]
    drawn = draw_text("字" * 40, marks, TypeStyles())
    assert len(drawn.marks) == MAX_OPEN and Reading(drawn.html).text == "字" * 40
    assert re.findall(r"<li>(.*?)</li>", drawn.html) == [f"kind {n} 0–{40 - n}" for n in range(MAX_OPEN, MAX_OPEN + 3)]


def test_what_is_wrong_is_named_below_with_its_class_and_side():
    annotated = [(0, 40 - number, f"kind {number}") for number in range(MAX_OPEN + 1)]
    drawn = draw_text("字" * 40, compared_marks([], annotated), TypeStyles())
    assert f"<li>kind {MAX_OPEN} 0–{40 - MAX_OPEN} − annotated</li>" in drawn.html


def test_what_shows_nothing_is_named():
    for character in "\u00ad\u115f\u1160\u200b\u3164\uffa0\U000e0041\U000e007f":
        assert f"U+{ord(character):04X}" in draw_text(f"肺{character}炎", [], TypeStyles()).html
        assert TypeStyles([f"A{character}"]).style(f"A{character}").name == f"A[U+{ord(character):04X}]"


@pytest.mark.parametrize(
    "score, kept", [(math.nan, None), (math.inf, None), (np.float32(0.5), 0.5), (1, 1.0), (None, None)]
)
def test_scores_are_numbers_that_a_page_can_hold(score, kept):
    """NaN is no JSON: the page's script would read nothing."""
    entity = {"start": 0, "end": 2, "type": "A", "score": score}
    marks = [*found_marks([entity]), *compared_marks([(0, 2, "A")], [], [score])]
    assert [mark.score for mark in marks] == [kept, kept]
    assert all(type(mark.score) in (float, type(None)) for mark in marks)


def test_the_work_grows_with_the_entities_and_not_with_their_square():
    def pieces(number):
        marks = [Mark(place, place + 500, "A") for place in range(number)]
        return draw_text("字" * (number + 500), marks, TypeStyles()).html.count("<mark")

    assert pieces(4000) < 2.2 * pieces(2000)


def test_a_record_of_a_hundred_thousand_characters():
    text = "患者发热。\n" * 17_000
    drawn = draw_text(text, [Mark(6 * n + 2, 6 * n + 4, "症状") for n in range(17_000)], TypeStyles())
    reading = Reading(drawn.html)
    assert reading.text == text and set(reading.marked.values()) == {"发热"} and len(reading.marked) == 17_000


@pytest.mark.parametrize("span", [(0, 5), (-1, 2), (3, 2)])
def test_an_entity_that_leaves_the_text_is_refused(span):
    with pytest.raises(ValueError, match=f"{span[0]} to {span[1]} .* is no part of the text, which has 4 characters"):
        draw_text("患者发热", [Mark(*span, "A")], TypeStyles())


def test_scores_and_evidence_are_told():
    vetted = {"term": '肺"炎', "type": "Disease", "lists": ["mine", "icd"], "vetted": True, "start": 0, "end": 2}
    evidence = [vetted, *[vetted | {"vetted": False}] * 20]
    entity = {"start": 0, "end": 2, "type": "Disease", "score": 0.987, "forced": True, "evidence": evidence}
    (mark,) = found_marks([entity])
    title = Reading(draw_text("肺炎", [mark], TypeStyles()).html).elements[1][1]["title"].split("\n")
    assert title[:4] == ["Disease", "score: 0.99", "forced", 'vetted: 肺"炎 (mine/icd)']
    assert title[4:] == ['dictionary: 肺"炎 (mine/icd)'] * 11 + ["more terms: 9"]


SPANS = st.lists(st.tuples(st.integers(0, 8), st.integers(1, 4), st.sampled_from("AB")), max_size=6)


@given(SPANS, SPANS)
def test_every_error_is_marked_once_with_its_class(found, gold):
    found, gold = ([(start, start + length, kind) for start, length, kind in spans] for spans in (found, gold))
    marks = compared_marks(found, gold, [0.5] * len(found))
    expected = [error.kind for error in classify_errors([found], [gold])]
    assert sorted(mark.error for mark in marks if is_counted(mark)) == sorted(expected)
    right = {mark[:3] for mark in marks if not mark.error}
    assert right == set(found) & set(gold)
    assert {mark[:3] for mark in marks if mark.side != "annotated"} == set(found)
    assert {mark[:3] for mark in marks if mark.side != "predicted"} == set(gold)
    assert all((mark.score is None) == (mark.side == "annotated") for mark in marks)


def test_types_look_different_and_have_labels_of_their_own():
    names = [
        *ERROR_CLASSES,
        "疾病和诊断",
        "疾病",
        "疾病名称",
        "Disease",
        "Dis",
        "Disorder",
        *(f"t{n}" for n in range(21)),
    ]
    styles = TypeStyles(names)
    assert len({style.label for style in styles}) == len(names)
    assert len({style.classes for style in styles}) == len(names) == 32
    assert TypeStyles(["疾病和诊断", "Anatomy", "手术"]).style("Anatomy").label == "Ana"
    assert [style.label for style in TypeStyles(["疾病和诊断", "dis"])] == ["疾病", "dis"]


def test_a_fragment_needs_no_script_and_takes_many_records_or_one():
    records = [({"id": f"r{n}", "text": "患者肺炎"}, found_marks([(2, 4, "Disease")])) for n in range(3)]
    reading = Reading(render_records(records, types=["Drug", "Disease"]))
    assert reading.text == "患者肺炎" * 3 and not reading.scripts
    assert [attributes.get("class") for _, attributes in reading.elements].count("record") == 3
    assert any("c1 p1" in (attributes.get("class") or "") for tag, attributes in reading.elements if tag == "mark")
    assert "legend" not in render_records(records[:1], legend=False)


def luminance(color: str) -> float:
    values = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_that_is_read_has_contrast(theme):
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    light, _, dark = stylesheet().partition("@media screen")
    colors = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark if theme == "dark" else light))
    pairs = [(f"ink-{n}", f"tint-{n}") for n in range(8)] + [(f"ink-{n}", "card") for n in range(8)]
    pairs += [(ink, f"tint-{n}") for n in range(8) for ink in ("ink", "wrong")]
    pairs += [(ink, paper) for ink in ("ink", "quiet", "accent", "wrong") for paper in ("paper", "card")]
    pairs += [("on-wrong", "wrong"), ("ink", "found")]
    for pair in pairs:
        low, high = sorted(luminance(colors[name]) for name in pair)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (pair, (high + 0.05) / (low + 0.05))
