"""Types that look like slips."""

from collections import Counter

import pytest

from data_scripts.found_types import suspicious_types


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("disease", "Disease"),
        ("Ｄisease", "Disease"),
        ("Disease ", "Disease"),
        ("In dependent-Symptom", "IndependentSymptom"),
        ("Disaese", "Disease"),
        ("Diseases", "Disease"),
        ("疾病诊断", "疾病和诊断"),
    ],
)
def test_a_type_much_like_a_commoner_one_is_pointed_out(slip, meant):
    (reason,) = suspicious_types({meant: 100, slip: 3, "Drug": 50})
    assert repr(slip) in reason and repr(meant) in reason


def test_a_type_that_occurs_once_is_pointed_out():
    assert suspicious_types({"Drug": 9, "Gene": 1}) == ["'Gene' occurs once: nothing can be learned from it."]


def test_types_that_are_meant_are_let_be():
    common = {"症状": 30, "体征": 20, "Grade1": 50, "Grade2": 40, "SymptomDescription": 40, "IndependentSymptom": 50}
    assert suspicious_types(common) == []


def test_a_file_of_nothing_but_types_is_not_compared_pair_by_pair():
    counts = Counter(f"type {number} " + "x" * 1000 for number in range(20_000))
    assert len(suspicious_types(counts)) == len(counts)
    long = {"x" * 1_000_000: 1000, "x" * 999_999 + "y": 1}
    assert suspicious_types(long)[0].endswith("occurs once: nothing can be learned from it.")
