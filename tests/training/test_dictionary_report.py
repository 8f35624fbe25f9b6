import json

import pytest

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.dictionary_features import DictionaryMatcher
from modeling_dicmt.training.dictionary_report import build_report


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


@pytest.fixture
def matcher(tmp_path):
    write(tmp_path / "disease.tsv", "癌\n胃炎\n黄疸\n慢性浅表性胃炎\n坏\x00行\n")
    write(tmp_path / "symptom.tsv", "黄疸\n腹痛\n上腹部持续性隐痛\n")
    write(tmp_path / "generic.tsv", "患者\n")
    write(tmp_path / "operation.tsv", "上腹部持续性隐痛\n")  # shared, but too long to match
    dictionary = ClinicalDictionary.from_path(tmp_path)
    lists_of_type = {"Disease": ["disease", "icd"], "Symptom": ["symptom"], "Operation": ["operation"]}
    types = ["Disease", "Symptom", "Operation"]
    return DictionaryMatcher(dictionary, types, lists_of_type, precedence=["Symptom"])


@pytest.fixture
def report(matcher):
    return build_report(matcher)


def test_a_list_of_no_type_may_be_evidence_for_spans(matcher):
    report = build_report(matcher, ["disease", "generic"])
    assert report.unused_lists == {"generic": 1} and report.evidence_lists == ("generic",)
    assert "List generic is no entity type's: its 1 terms are evidence" in str(report)


def test_counts(report):
    assert report.to_dict() == {
        "terms": 7,
        "ngram_sizes": [2, 3, 4, 5, 6],
        "types": [
            {
                "entity_type": "Symptom",
                "lists": ["symptom"],
                "missing_lists": [],
                "terms": 3,
                "matchable": 2,
                "too_short": 0,
                "too_long": 1,
                "lost": 0,
            },
            {
                "entity_type": "Disease",
                "lists": ["disease", "icd"],
                "missing_lists": ["icd"],
                "terms": 4,
                "matchable": 2,
                "too_short": 1,
                "too_long": 1,
                "lost": 1,
            },
            {
                "entity_type": "Operation",
                "lists": ["operation"],
                "missing_lists": [],
                "terms": 1,
                "matchable": 0,
                "too_short": 0,
                "too_long": 1,
                "lost": 0,
            },
        ],
        "shared_terms": [{"types": ["Symptom", "Disease"], "terms": 1}],
        "unused_lists": {"generic": 1},
        "evidence_lists": [],
        "rejected_rows": 1,
        "first_rejected_rows": [
            {"file": "disease.tsv", "line": 5, "reason": "the term contains the invisible character U+0000"}
        ],
    }
    assert json.loads(json.dumps(report.to_dict())) == report.to_dict()


def test_table(report):
    lines = str(report).splitlines()
    assert lines[0] == "Dictionary: 7 terms; terms of 2, 3, 4, 5, 6 characters can match."
    assert lines[1].split() == "type lists terms can match too short too long as other type".split()
    assert lines[3].split() == "Disease disease, icd (missing) 4 2 1 1 1".split()
    assert lines[4].split() == "Operation operation 1 0 0 1 0".split()
    assert lines[5:] == [
        "Of several types, Symptom and Disease: 1 terms, encoded as Symptom.",
        "List generic is left out: no entity type uses its 1 terms.",
        "1 rows rejected; the first:",
        "  disease.tsv, line 5: the term contains the invisible character U+0000",
    ]
