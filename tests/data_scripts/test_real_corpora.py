"""The real corpora load with their documented counts (`DICMT_DATA_DIR`, by default ../shared/data)."""

import os
from pathlib import Path

import pytest

from data_scripts import corpus_statistics, load_corpus

DATA = Path(os.environ.get("DICMT_DATA_DIR", Path(__file__).parents[3] / "shared" / "data"))

# records, then entities by type, of the training part before a development split is taken
COUNTS = {
    "ccks2017": (1198, {"Disease": 722, "Anatomy": 10719, "Symptom": 7831, "Exam": 9546, "Treatment": 1048}),
    "ccks2018": (
        500,
        {"Drug": 860, "Anatomy": 6581, "IndependentSymptom": 2578, "SymptomDescription": 1751, "Operation": 911},
    ),
    "yidu_s4k": (
        878,
        {
            "Disease": 3807,
            "ImagingExam": 923,
            "LaboratoryTest": 1174,
            "Operation": 899,
            "Drug": 1637,
            "Anatomy": 7592,
        },
    ),
    "cmeee": (
        15000,
        {
            "BodyPart": 17697,
            "Disease": 15843,
            "Symptom": 12269,
            "Procedure": 6332,
            "Drug": 3930,
            "ExamItem": 2581,
            "Microorganism": 1908,
            "Equipment": 888,
            "Department": 348,
        },
    ),
}

pytestmark = pytest.mark.real_data


@pytest.fixture(params=COUNTS)
def name(request):
    if not (DATA / request.param).is_dir():
        pytest.skip(f"no folder {request.param} in DICMT_DATA_DIR ({DATA})")
    return request.param


def test_counts_are_the_documented_ones(name, tmp_path):
    train = corpus_statistics(load_corpus(name, DATA, cache_dir=tmp_path, validation_share=0))["train"]
    assert (train["records"], train["entities_by_type"]) == COUNTS[name]
    assert train["records_without_entities"] == {"ccks2017": 32}.get(name, train["records_without_entities"])
    assert bool(train["nested_entities"]) == (name == "cmeee")


def test_the_development_split_is_a_tenth_and_shares_no_patient_or_text(name, tmp_path):
    corpus = load_corpus(name, DATA, cache_dir=tmp_path)
    if (DATA / "cmeee" / "CMeEE_dev.json").is_file() and name == "cmeee":
        pytest.skip("cmeee has its own development part here")
    train, development = corpus["train"], corpus["validation"]
    for column in ("group", "text"):
        assert not set(train[column]) & set(development[column]), f"{name}: a {column} lies on both sides"
    groups = len(set(development["group"]))
    assert groups == round(0.1 * (groups + len(set(train["group"]))))


def test_the_other_corpus_is_recognised(tmp_path):
    if not (DATA / "ccks2018").is_dir():
        pytest.skip(f"no folder ccks2018 in DICMT_DATA_DIR ({DATA})")
    with pytest.raises(ValueError, match="ccks2018"):
        load_corpus("ccks2017", DATA / "ccks2018", cache_dir=tmp_path)
