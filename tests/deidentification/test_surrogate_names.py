"""Names: component for component, in their form."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_dicmt.deidentification.surrogate_words import words_of
from modeling_dicmt.deidentification.surrogates import Surrogates

SURROGATES = Surrogates(b"a key for the tests alone")
SURNAMES = st.sampled_from(words_of("surnames") + words_of("rare_surnames") + words_of("compound_surnames"))
GIVEN = st.text(st.sampled_from(words_of("given_common") + words_of("given_female")), min_size=1, max_size=2)


def name(original, group="p"):
    return SURROGATES.of("NAME", original, group)


@given(SURNAMES, st.sampled_from(["某", "某某", "××", "X", "**"]), st.sampled_from(["p", "q"]))
def test_a_surname_is_replaced_alone_and_what_is_hidden_stays(surname, hidden, group):
    new = name(surname, group)
    assert len(new) == len(surname) and new != surname
    assert new in words_of("compound_surnames" if len(surname) == 2 else "surnames")
    assert name(surname + hidden, group) == new + hidden


@given(SURNAMES, GIVEN)
def test_each_component_becomes_another_of_its_length(surname, given):
    new = name(surname + given)
    assert len(new) == len(surname + given)
    assert new[: len(surname)] != surname and new[len(surname) :] != given
    if not (len(surname) == 1 and (surname + given)[:2] in words_of("compound_surnames")):
        assert new[: len(surname)] == name(surname)


@given(SURNAMES, GIVEN, st.lists(st.sampled_from(["", " ", "\n", "　", " \n"]), min_size=5, max_size=5))
def test_blanks_within_stay_and_say_nothing(surname, given, blanks):
    original = "".join(c + blank for c, blank in zip(surname + given, blanks, strict=False))
    new = name(original)
    assert "".join(new.split()) == name(surname + given)
    assert re.sub(r"\S", "王", new) == re.sub(r"\S", "王", original)


def test_who_has_the_same_name_or_surname_still_has():
    full = name("王建国")
    assert name("王建军")[0] == name("老王")[1] == name("王") == full[0]
    assert name("建国") == name("李建国")[1:] == full[1:]
    assert name("老王")[0] == "老" and name("小明")[0] == "小" and name("小明")[1] != "明"
    assert name("王建国", "q") != full


def test_no_two_common_surnames_of_a_patient_become_one():
    new = [name(surname) for surname in words_of("surnames")]
    assert sorted(new) == sorted(words_of("surnames"))
    assert not [a for a, b in zip(words_of("surnames"), new, strict=True) if a == b]


def test_given_names_of_women_stay_such_and_doubled_ones_doubled():
    for i in range(10):
        new = name("王娜娜", f"{i}")
        assert new[1] == new[2] != "娜" and new[1] in words_of("given_female")
        assert name("李强", f"{i}")[1] in words_of("given_common")


@pytest.mark.parametrize("original", ["古丽巴哈尔·买买提", "阿不都拉 · 热依汗", "古丽巴\n哈尔·买买提", "扎西・次仁"])
def test_names_with_dots_become_names_with_dots(original):
    for i in range(10):
        new = name(original, f"{i}")
        assert re.sub(r"[^\s·・]", "王", new) == re.sub(r"[^\s·・]", "王", original)
        parts = re.split("[·・]", "".join(new.split()))
        assert all(part in words_of("transliterated") for part in parts)
        old_parts = re.split("[·・]", "".join(original.split()))
        assert all(old != new for old, new in zip(old_parts, parts, strict=True))


def test_parts_of_minorities_names_are_known_alone():
    assert name("古丽巴哈尔·买买提") == f"{name('古丽巴哈尔')}·{name('买买提')}"


def test_four_characters_may_have_two_surnames():
    assert name("陈方安生")[:2] == name("陈") + name("方")


@pytest.mark.parametrize(
    ("original", "form"),
    [
        ("John Smith", "[A-Z][a-z]+ [A-Z][a-z]+"),
        ("SMITH, John", "[A-Z]+, [A-Z][a-z]+"),
        ("J. Smith", r"[A-Z]\. [A-Z][a-z]+"),
        ("zhang wei", "[a-z]+ [a-z]+"),
        ("Ludwig van Dam", "[A-Z][a-z]+ van [A-Z][a-z]+"),
        ("ＷＡＮＧ", "[Ａ-Ｚ]+"),
        ("WJG", "[A-Z]{3}"),
        ("José", "[A-Z][a-z]+"),
    ],
)
def test_latin_names_become_latin_names_in_their_case(original, form):
    for i in range(10):
        new = name(original, f"{i}")
        assert re.fullmatch(form, new)
        assert not (set(re.findall(r"\w\w+", new)) - {"van"}) & set(re.findall(r"\w\w+", original))


def test_latin_names_are_the_same_in_any_case():
    assert name("SMITH") == name("John Smith").split()[1].upper()


def test_what_is_hidden_whole_stays():
    assert name("某某") == "某某" and name("×××") == "×××"


def test_a_given_name_that_is_a_particle_elsewhere_does_not_stay():
    kept = {
        name: sum(name.split()[-1].lower() in Surrogates(bytes([n]) * 32).of("NAME", name, "p").lower().split()
                  for n in range(60))
        for name in ("Zhang Bin", "wang bin", "Li Da", "Bin")
    }  # fmt: skip
    assert max(kept.values()) <= 3, kept
    assert "van" in Surrogates(b"k" * 32).of("NAME", "Jan van Dijk", "p").split()
