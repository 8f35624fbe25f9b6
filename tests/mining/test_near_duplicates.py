"""Near duplicates: every pair compared by the definition, and pairs that a reviewer would name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_dicmt.mining.near_duplicates import Difference, NearDuplicates, core

WRITING, ORDER, HAS_MORE, LACKS = Difference


def units(text):
    """Characters, digits and Latin letters in a row as one."""
    found = []
    for character in text:
        is_latin = character in "abcdefghijklmnopqrstuvwxyz0123456789."
        if found and is_latin and found[-1][-1] in "abcdefghijklmnopqrstuvwxyz0123456789.":
            found[-1] += character
        else:
            found.append(character)
    return found


def naive(indexed, term):
    """How an indexed term differs from a term, by the definition; None if it is not near to it."""
    one, other = core(indexed), core(term)
    if one == other:
        return WRITING
    shortest = min(len(one), len(other))
    if shortest < 3:
        return None
    if sorted(units(one)) == sorted(units(other)):
        return ORDER

    def becomes(longer, shorter):
        return any(
            longer[:place] + longer[place + 1 :] == shorter and not longer[place].isascii()
            for place in range(len(longer))
        )

    return HAS_MORE if becomes(one, other) else LACKS if becomes(other, one) else None


TEXTS = st.text("左右肺叶手术ab12Ａ（）()-.+ 、", min_size=1, max_size=7)


@given(st.lists(TEXTS, max_size=12), TEXTS)
def test_what_is_found_is_what_comparing_every_pair_finds(terms, term):
    found = [(near.index, near.difference) for near in NearDuplicates(terms).find(term)]
    expected = [(index, naive(other, term)) for index, other in enumerate(terms)]
    assert found == [(index, difference) for index, difference in expected if difference is not None]


@given(TEXTS, TEXTS)
def test_two_terms_are_near_to_each_other_or_neither_is(one, other):
    inverse = {WRITING: WRITING, ORDER: ORDER, HAS_MORE: LACKS, LACKS: HAS_MORE}
    (found, back) = (
        {near.difference: near.character for near in NearDuplicates([a]).find(b)}
        for a, b in ((one, other), (other, one))
    )
    assert [*back] == [inverse[difference] for difference in found] and [*back.values()] == [*found.values()]


@pytest.mark.parametrize(
    ("term", "other", "difference", "character"),
    [
        ("C反应蛋白", "c-反应蛋白（CRP）", WRITING, ""),
        ("Ⅱ型糖尿病", "II 型糖尿病", WRITING, ""),
        ("胆囊切除手术", "胆囊切除术", WRITING, ""),
        ("【院内】阿莫西林", "阿莫西林", WRITING, ""),
        ("干、湿性啰音", "干湿性啰音", WRITING, ""),
        ("肺左上叶", "左肺上叶", ORDER, ""),
        ("高血压病", "高血压", HAS_MORE, "病"),
        ("胸正位片", "胸部正位片", LACKS, "部"),
        ("2型糖尿病", "2型尿糖病", ORDER, ""),
    ],
)
def test_near_by_hand(term, other, difference, character):
    assert NearDuplicates(["无关的", term]).find(other) == [(1, difference, character)]


@pytest.mark.parametrize(
    ("term", "other"),
    [
        ("左肺上叶", "右肺上叶"),
        ("L1椎体骨折", "L12椎体骨折"),
        ("T12椎体", "T21椎体"),
        ("肺炎", "肺炎症"),
        ("腹痛", "痛腹"),
        ("HBsAg(+)", "HBsAg(-)"),
        ("Rh+血型", "Rh血型"),
        ("1.5mg", "15mg"),
        ("高血压病二期", "高血压"),
    ],
)
def test_what_differs_in_meaning_is_not_near(term, other):
    assert NearDuplicates([term]).find(other) == []


def test_a_term_of_remarks_or_marks_alone_keeps_them():
    assert core("（术后）") == "术后" and core("--") == "-" and core("、") == "、"
