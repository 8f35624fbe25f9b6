"""Which terms a user could add: vetted, ambiguous and wrong ones, counted by hand on made-up records."""

from itertools import pairwise

import pytest
from made_up_runs import record

from experiments.known_terms import (
    ambiguous_terms,
    merge_terms,
    share_found,
    share_of_terms,
    unseen_mentions,
    vetted_terms,
    wrong_terms,
)

TRAIN = [record("t", "患者肺炎，予ＣＴ检查。", ("肺炎", "Disease"), ("ＣＴ", "Exam"))]


def held_out(text, *places):
    """A record whose entities are (word, number of its occurrence, type)."""
    entities = []
    for word, occurrence, kind in places:
        start = -1
        for _ in range(occurrence):
            start = text.index(word, start + 1)
        entities.append({"start": start, "end": start + len(word), "type": kind})
    return {"id": "h", "group": "h", "text": text, "entities": entities}


def mention_of(records, term):
    return next(mention for mention in unseen_mentions(TRAIN, records) if mention.term == term)


def test_a_mention_is_unseen_if_its_normalised_string_is_no_mention_in_training_of_any_type():
    records = [
        held_out(
            "肺炎，ct，ＭＲＩ示癌", ("肺炎", 1, "Exam"), ("ct", 1, "Exam"), ("ＭＲＩ", 1, "Exam"), ("癌", 1, "Disease")
        )
    ]
    (mention,) = unseen_mentions(TRAIN, records)
    # One character is too little.
    assert (mention.term, mention.occurrences, mention.annotated) == ("mri", 1, {"Exam": [(0, 6, 9)]})


@pytest.mark.parametrize(("unmarked", "is_vetted"), [(0, True), (1, True), (2, False)])
def test_nine_in_ten_occurrences_have_to_be_annotated(unmarked, is_vetted):
    marked = 9 if unmarked else 10
    records = [held_out("胃炎。", ("胃炎", 1, "Disease")) for _ in range(marked)]
    records += [held_out("胃炎。") for _ in range(unmarked)]
    mentions = unseen_mentions(TRAIN, records)
    assert mentions[0].occurrences == marked + unmarked
    assert vetted_terms(mentions) == ({"Disease": ["胃炎"]} if is_vetted else {})
    assert ambiguous_terms(mentions) == ({} if is_vetted else {"Disease": ["胃炎"]})


def test_an_occurrence_inside_a_longer_mention_or_over_another_counts():
    # 哈哈 stands twice in 哈哈哈, and 胃炎 inside 慢性胃炎.
    records = [
        held_out("哈哈哈，胃炎，慢性胃炎", ("哈哈", 1, "Symptom"), ("胃炎", 1, "Disease"), ("慢性胃炎", 1, "Disease"))
    ]
    assert mention_of(records, "哈哈").occurrences == 2
    assert mention_of(records, "胃炎").occurrences == 2
    mentions = unseen_mentions(TRAIN, records)
    assert vetted_terms(mentions) == {"Disease": ["慢性胃炎"]}
    assert ambiguous_terms(mentions) == {"Disease": ["胃炎"], "Symptom": ["哈哈"]}


def test_a_mention_of_two_types_is_vetted_for_neither():
    apart = [held_out("胃炎", ("胃炎", 1, "Disease")), held_out("胃炎", ("胃炎", 1, "Symptom"))]
    together = [held_out("胃炎", ("胃炎", 1, "Disease"), ("胃炎", 1, "Symptom"))]
    for records in (apart, together):
        mentions = unseen_mentions(TRAIN, records)
        assert vetted_terms(mentions) == {}
        assert ambiguous_terms(mentions) == {"Disease": ["胃炎"], "Symptom": ["胃炎"]}


def test_wrong_terms_are_the_most_frequent_n_grams_that_are_annotated_nowhere():
    records = [held_out("患者肺炎，患者胃炎\n患者甲乙丙丁戊己庚", ("胃炎", 1, "Disease"))]
    terms = wrong_terms(TRAIN, records, 1, ["Disease"], seed=0)
    assert terms == {"Disease": ["患者"]}
    every = {term for of_type in wrong_terms(TRAIN, records, 1000, ["Disease"], seed=0).values() for term in of_type}
    assert {"患者肺炎", "甲乙", "乙丙丁戊己庚"} <= every
    assert not {"肺炎", "胃炎", "炎，", "炎患", "炎\n患者", "甲乙丙丁戊己庚", "者"} & every


def test_the_types_of_wrong_terms_are_drawn_by_the_seed_and_stay_when_more_are_taken():
    records = [held_out("甲乙丙丁戊己庚辛壬癸")]
    few, more, other = (wrong_terms(TRAIN, records, n, ["A", "B"], seed) for n, seed in ((9, 1), (20, 1), (20, 2)))
    assert sum(map(len, few.values())) == 9 and sum(map(len, more.values())) == 20
    assert all(set(few[kind]) <= set(more[kind]) for kind in few)
    assert more != other


def test_a_smaller_share_of_the_terms_is_among_a_larger_one():
    terms = {"A": [f"a{n}" for n in range(10)], "B": [f"b{n}" for n in range(10)]}
    shares = [share_of_terms(terms, share, seed=3) for share in (0, 0.25, 0.5, 1)]
    assert [sum(map(len, share.values())) for share in shares] == [0, 5, 10, 20]
    assert shares[-1] == terms
    for smaller, larger in pairwise(shares):
        assert merge_terms(larger, smaller) == larger
    assert share_of_terms(terms, 0.5, seed=4) != shares[2]


def test_found_is_what_has_the_term_s_offsets_and_its_type():
    records = [
        held_out("胃炎，mri，胃炎", ("胃炎", 1, "Disease"), ("胃炎", 2, "Disease"), ("mri", 1, "Exam")),
        held_out("无"),
    ]
    mentions = unseen_mentions(TRAIN, records)
    found = [[(0, 2, "Disease"), (3, 6, "Disease"), (6, 9, "Disease"), (7, 9, "Symptom")], []]
    assert share_found(found, mentions) == pytest.approx(1 / 3)
    assert share_found(found, unseen_mentions(records, records)) is None
