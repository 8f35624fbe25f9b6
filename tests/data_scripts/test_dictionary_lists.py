import pytest

from data_scripts.dictionary_lists import default_lists_of_type, read_lists_of_type
from modeling_dicmt.dictionary_files import DictionaryError


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def test_defaults_come_from_the_label_set_and_from_names():
    types = ["Disease", "Treatment", "Gene"]
    lists = default_lists_of_type(types, ["Drug", "disease", "GENE", "治疗", "other"], "ccks2017")
    assert lists == {"Disease": ("disease",), "Treatment": ("drug", "operation", "Drug", "治疗"), "Gene": ("GENE",)}
    # A type of no known corpus is fed as the type of its name is elsewhere, so that own records get the same features.
    assert default_lists_of_type(types, ["drug", "gene"], "own") == {
        "Disease": ("disease",),
        "Treatment": ("drug", "operation"),
        "Gene": ("gene",),
    }
    # A type that its corpus leaves without lists has none.
    assert default_lists_of_type(["ImagingExam"], ["exam"], "yidu_s4k") == {"ImagingExam": ()}


def test_own_chinese_type_names_find_the_lists_of_the_corpora_s_labels():
    """Own records with the type 疾病和诊断 had no list, although each label set's Disease is called that."""
    types = ["疾病和诊断", "检查和检验", "解剖部位", "基因", "影像检查"]
    assert default_lists_of_type(types, ["disease", "exam", "Disease", "gene"], "jsonl") == {
        "疾病和诊断": ("disease", "Disease"),
        "检查和检验": ("exam", "charge_items"),
        "解剖部位": ("anatomy",),
        "基因": (),
        "影像检查": (),
    }


def test_a_users_mapping(tmp_path):
    path = write(tmp_path / "lists.json", '{"Drug": ["western", "herbal"]}')
    lists = read_lists_of_type(path, ["Disease", "Drug"], ["western", "herbal", "icd"])
    assert lists == {"Disease": (), "Drug": ("western", "herbal")}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"Drugs": ["western"]}', r"lists\.json: no entity type Drugs; the label set has Disease, Drug"),
        ('{"Drug": ["eastern"]}', r"lists\.json: the dictionary has no list eastern; its lists are western"),
        ('{"Drug": "western"}', "expected an object"),
        ('["Drug"]', "expected an object"),
        ('{"Drug": ["western"], "Drug": []}', r"lists\.json: not valid JSON \(an object has a key twice"),
        ('{"Drug": [\n', r"lists\.json: not valid JSON .*line 2, column 1"),
    ],
)
def test_a_wrong_mapping_is_refused(tmp_path, content, message):
    with pytest.raises(DictionaryError, match=message):
        read_lists_of_type(write(tmp_path / "lists.json", content), ["Disease", "Drug"], ["western"])
