"""A vocabulary from elsewhere, and how much of the texts it knows."""

import logging

import pytest

from modeling_dicmt.training.vocabulary import check_vocabulary


@pytest.mark.parametrize(
    ("text", "share"), [("甲乙甲乙", 0), ("甲乙甲丙", 0.25), ("甲 \n乙丙丙", 0.5), ("", 0), ("ＡＢａｂ", 0)]
)
def test_the_share_is_one_of_occurrences_blanks_aside_width_and_case_folded(text, share):
    assert check_vocabulary({"甲", "乙", "a", "b"}, [text], "it") == share


def test_a_vocabulary_of_other_characters_is_refused_with_the_share_and_an_odd_one_told(caplog):
    with caplog.at_level(logging.WARNING):
        check_vocabulary("甲", ["甲" * 95 + "乙" * 5], "it")
        assert not caplog.records
        check_vocabulary("甲", ["甲" * 94, "乙" * 6], "--pretrained pre")
    (record,) = caplog.records
    assert record.getMessage().startswith("--pretrained pre does not know 6.0 % of the training records' characters")
    with pytest.raises(ValueError, match=r"--pretrained pre does not know 66\.7 % of .*other characters"):
        check_vocabulary("甲", ["甲乙丙"], "--pretrained pre")
