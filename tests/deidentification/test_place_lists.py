"""The lists of characters that places and words are looked for at hold those of all of them."""

import re

import pytest

from modeling_dicmt.deidentification.rules import LISTS, RULES_FOLDER


def words(name):
    lines = (RULES_FOLDER / LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [word for line in lines for word in re.sub("#.*", "", line).split()]


@pytest.mark.parametrize(
    ("lists", "place", "characters"),
    [
        (["provinces", "prefectures"], 0, "place_first_characters"),
        (["provinces", "prefectures"], 1, "place_second_characters"),
        (["counties"], 0, "county_first_characters"),
        (["counties"], 1, "county_second_characters"),
        (["not_in_institutions"], 0, "not_in_institutions_first"),
        (["institution_kinds"], 0, "institution_kind_first"),
        (["institution_kinds"], 1, "institution_kind_second"),
        (["names_with_verbs_and_links"], 0, "verbs_and_links"),
    ],
)
def test_each_word_is_looked_for(lists, place, characters):
    characters = {*words(characters), "厂"}
    assert {word[place] for name in lists for word in words(name) if len(word) > place} <= characters


def test_places_that_are_parts_of_words_are_places():
    assert set(words("place_names_in_words")) <= {*words("provinces"), *words("prefectures")}


def test_each_county_stands_once():
    counties = words("counties")
    assert len(counties) == len({*counties} - {*words("provinces"), *words("prefectures")})
