"""Candidates: their figures counted by hand, their order, and what they are grouped with."""

import math
import random

import pytest

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.evaluation.mentions import MentionCounter
from modeling_dicmt.mining.candidates import Candidate, candidates_of, group_candidates


def add(counter, text, *words, document):
    """Count the first place of each (word, type, score) in a text."""
    places = [(text.index(word), word, kind, score) for word, kind, score in words]
    entities = [
        {"start": start, "end": start + len(word), "type": kind, "word": word, "score": score}
        for start, word, kind, score in places
    ]
    counter.add(text, entities, document)


def candidate(term, kind="Disease", value=1.0):
    return Candidate(term, kind, probability=value, occurrences=1, documents=1, other_types={})


def test_figures_by_hand():
    counter = MentionCounter(contexts=2)
    add(counter, "予ＣＴ检查", ("ＣＴ检查", "Exam", 0.9), document="a")
    add(counter, "查ct检查", ("ct检查", "Exam", 0.7), document="a")
    add(counter, "行CT检查", ("CT检查", "Treatment", 0.5), document="b")
    add(counter, "见肺炎", ("肺炎", "Disease", 1.0), document="b")
    known = [ClinicalDictionary({"肺炎": ["disease"]})]
    (found,), unusable = candidates_of(counter, known, 10)
    assert unusable == 0
    assert (found.term, found.type, found.occurrences, found.documents) == ("ＣＴ检查", "Exam", 3, 1)
    assert found.probability == pytest.approx(1.6 / 3) and found.other_types == {"Treatment": 1}
    assert found.value == pytest.approx(1.6 / 3 * math.log(4) * 1)
    assert found.contexts == ["予[ＣＴ检查|Exam]"]  # one of a document


def test_a_better_known_and_more_widely_used_mention_comes_first():
    counter = MentionCounter()
    for document in range(4):
        add(counter, "四处用、疑似用", ("四处用", "Drug", 0.9), ("疑似用", "Drug", 0.3), document=document)
    for _ in range(6):
        add(counter, "一处用", ("一处用", "Drug", 0.9), document="one")
    found, _ = candidates_of(counter, [], 10)
    assert [row.term for row in found] == ["四处用", "疑似用", "一处用"]
    assert [row.term for row in candidates_of(counter, [], 1)[0]] == ["四处用"]


def test_what_could_be_no_term_is_counted_and_left_out():
    counter = MentionCounter()
    for word in ("肝", "肺炎。发热", "肺\u200b炎", "长" * 201):
        add(counter, word, (word, "Disease", 1.0), document=word)
    assert candidates_of(counter, [], 10) == ([], 4)


def test_records_of_one_patient_in_succession_are_one_document():
    counter = MentionCounter()
    for patient in "aaabba":
        add(counter, "肺炎", ("肺炎", "Disease", 1.0), document=patient)
    assert candidates_of(counter, [], 10)[0][0].documents == 3


def test_groups_by_hand():
    known = [
        ClinicalDictionary({"高血压": ["disease"], "高血压（病）": ["icd"]}),
        ClinicalDictionary({"右下肺炎": ["disease"]}),
    ]
    rows = [
        candidate("左侧胸部"),
        candidate("高血压病"),
        candidate("右下肺", "Anatomy"),
        candidate("左胸部"),
        candidate("左侧胸部位"),
        candidate("高 血压"),
        candidate("左胸"),
    ]
    found = group_candidates(rows, known, {"Disease": {"disease"}, "Anatomy": {"anatomy"}})
    assert [(row.group, row.term, row.near, row.difference, row.near_lists) for row in found] == [
        (1, "左侧胸部", "", "", ()),
        (1, "左胸部", "左侧胸部", "lacks 侧", ()),
        (1, "左侧胸部位", "左侧胸部", "has 位 more", ()),
        (2, "高血压病", "高血压", "has 病 more", ("disease",)),
        (2, "高 血压", "高血压", "writing", ("disease",)),
        (3, "右下肺", "", "", ()),
        (4, "左胸", "", "", ()),
    ]


def test_candidates_of_two_types_are_near_in_writing_alone():
    rows = [candidate("左下肺叶"), candidate("左肺下叶", "Anatomy"), candidate("左、下肺叶", "Anatomy")]
    assert [(row.term, row.near) for row in group_candidates(rows, [])] == [
        ("左下肺叶", ""),
        ("左、下肺叶", "左下肺叶"),
        ("左肺下叶", ""),
    ]


def test_contexts_are_some_that_differ():
    counter = MentionCounter(contexts=2)
    for document, text in enumerate(["见肺炎", "见肺炎", "有肺炎", "无肺炎"]):
        add(counter, text, ("肺炎", "Disease", 1.0), document=document)
    assert candidates_of(counter, [], 10)[0][0].contexts == ["见[肺炎|Disease]", "有[肺炎|Disease]"]


def test_without_lists_of_its_type_a_candidate_is_compared_with_all():
    (found,) = group_candidates([candidate("右下肺", "Anatomy")], [ClinicalDictionary({"右下肺炎": ["disease"]})])
    assert found.near == "右下肺炎"


def test_nothing_is_lost_and_the_lists_order_does_not_matter():
    chance = random.Random(7)
    terms = sorted({"".join(chance.choices("左右肺叶炎", k=chance.randint(2, 5))) for _ in range(150)})
    chance.shuffle(terms)
    lists = [ClinicalDictionary({term: ["disease"]}) for term in terms[:40]]
    found = []
    for order in (lists, lists[::-1]):
        rows = [candidate(term) for term in terms[40:]]
        found.append(group_candidates(rows, order))
    assert found[0] == found[1] and sorted(row.term for row in found[0]) == sorted(terms[40:])
    groups = [row.group for row in found[0]]
    assert groups == sorted(groups) and {*groups} == {*range(1, groups[-1] + 1)} and groups[-1] < len(groups)
