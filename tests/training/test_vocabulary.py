"""A vocabulary from elsewhere, and how much of the texts it knows."""

import logging

import pytest

from modeling_dicmt.training.vocabulary import check_vocabulary, count_characters


@pytest.mark.parametrize(
    ("text", "share"), [("甲乙甲乙", 0), ("甲乙甲丙", 0.25), ("甲 \n乙丙丙", 0.5), ("", 0), ("ＡＢａｂ", 0)]
)
def test_the_share_is_one_of_occurrences_blanks_aside_width_and_case_folded(text, share):
    assert check_vocabulary({"甲", "乙", "a", "b"}, count_characters([text]), "it", "") == share


def test_a_vocabulary_of_other_characters_is_refused_with_the_share_and_an_odd_one_told(caplog):
    with caplog.at_level(logging.WARNING):
        check_vocabulary("甲", {"甲": 95, "乙": 5}, "it", "")
        assert not caplog.records
        check_vocabulary("甲", {"甲": 94, "乙": 6}, "--pretrained pre", "")
    (record,) = caplog.records
    assert record.getMessage().startswith("--pretrained pre does not know 6.0 % of the text's characters")
    with pytest.raises(ValueError, match=r"pre does not know 66\.7 % of .*other characters.* Pass another"):
        check_vocabulary("甲", {"甲": 1, "乙": 1, "丙": 1}, "--pretrained pre", "Pass another.")
