import math

import pytest

from data_scripts.label_sets import LABEL_SETS
from modeling_dicmt.dictionary_features import code_width
from modeling_dicmt.tagging import bio_labels, entity_types_of

# DESIGN.md, "Types and codes".
PAPER_CODES = {
    "ccks2017": {"疾病和诊断": 0b001, "身体部位": 0b010, "症状和体征": 0b011, "检查和检验": 0b100, "治疗": 0b101},
    "ccks2018": {"药物": 0b001, "解剖部位": 0b010, "独立症状": 0b011, "症状描述": 0b100, "手术": 0b101},
}


@pytest.mark.parametrize("corpus", PAPER_CODES)
def test_codes_of_the_paper(corpus):
    codes = {entity_type.corpus_label: code for code, entity_type in enumerate(LABEL_SETS[corpus], start=1)}
    assert codes == PAPER_CODES[corpus]
    assert code_width(len(codes)) == 3


def test_each_label_set_is_usable():
    assert set(LABEL_SETS) == {"ccks2017", "ccks2018", "fccd", "yidu_s4k", "cmeee", "sample"}
    for label_set in LABEL_SETS.values():
        names = [entity_type.name for entity_type in label_set]
        assert entity_types_of(bio_labels(names)) == names
        assert len({entity_type.corpus_label for entity_type in label_set}) == len(names)
        lists = [name for entity_type in label_set for name in entity_type.lists]
        assert len(lists) == len(set(lists)), "a list is evidence for one type"


def test_fccd_has_the_label_set_of_ccks2018():
    assert LABEL_SETS["fccd"] == LABEL_SETS["ccks2018"]


@pytest.mark.parametrize("num_types", range(1, 40))
def test_a_code_holds_all_types_and_nothing(num_types):
    assert code_width(num_types) == math.ceil(math.log2(num_types + 1))


def test_a_label_set_without_types_is_refused():
    with pytest.raises(ValueError, match="at least one entity type, got 0"):
        code_width(0)


def test_bio_labels_in_order():
    assert bio_labels(["Drug", "Site"]) == ["O", "B-Drug", "I-Drug", "B-Site", "I-Site"]
    assert bio_labels([]) == ["O"]


@pytest.mark.parametrize(
    ("types", "message"),
    [(["Drug", ""], "'' cannot be an entity type"), (["O"], "'O' cannot be"), (["Drug", "Drug"], "must be distinct")],
)
def test_types_that_no_label_can_be_made_of_are_refused(types, message):
    with pytest.raises(ValueError, match=message):
        bio_labels(types)


def test_entity_types_of_labels_in_any_order_of_prefixes():
    assert entity_types_of(["O", "B-B", "I-B", "B-A", "I-A"]) == ["B", "A"]
    assert entity_types_of(["I-B", "I-A", "B-A", "B-B", "O"]) == ["A", "B"]
