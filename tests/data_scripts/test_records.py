import dataclasses

import pytest

from data_scripts.arguments import DataArguments
from data_scripts.records import load_dictionary, load_lists_of_type, load_records
from data_scripts.sample import SAMPLE_DICTIONARY
from modeling_dicmt.dictionary import ClinicalDictionary


@pytest.fixture
def data() -> DataArguments:
    return DataArguments(dataset_name="sample", dictionary=str(SAMPLE_DICTIONARY), max_train_records=10)


def test_the_limits_apply_to_their_parts(data):
    parts, entity_types = load_records(dataclasses.replace(data, max_train_records=3, max_eval_records=2))
    assert {name: len(records) for name, records in parts.items()} == {"train": 3, "validation": 2, "test": 2}
    assert entity_types == ["Disease", "Anatomy", "Symptom", "Exam", "Treatment"]
    assert parts["train"] == load_records(dataclasses.replace(data, max_train_records=4))[0]["train"][:3]


def test_training_records_without_an_entity_are_refused(data, tmp_path):
    lines = ['{"text": "患者", "entities": []}', '{"text": "肺炎", "entities": [{"start": 0, "end": 2, "type": "A"}]}']
    for name in ("train", "validation"):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    data = dataclasses.replace(data, dataset_name="jsonl", data_dir=str(tmp_path), max_train_records=2)
    assert load_records(data)[1] == ["A"]
    with pytest.raises(ValueError, match="No training record has an entity"):
        load_records(dataclasses.replace(data, max_train_records=1))


def test_shares_of_the_training_records_are_nested_and_leave_the_other_parts(data):
    data = dataclasses.replace(data, max_train_records=None)
    whole, _ = load_records(data)
    shares = {share: load_records(dataclasses.replace(data, train_share=share))[0] for share in (0.1, 0.5)}
    for share, parts in shares.items():
        assert len(parts["train"]) == share * len(whole["train"])
        assert parts["validation"] == whole["validation"] and parts["test"] == whole["test"]
    ids = [[record["id"] for record in parts["train"]] for parts in (shares[0.1], shares[0.5], whole)]
    assert set(ids[0]) < set(ids[1]) < set(ids[2])
    assert ids[1] == [name for name in ids[2] if name in set(ids[1])]  # in their order
    assert ids[0] != ids[2][: len(ids[0])]  # not the first ones


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1])
def test_a_share_that_is_none_is_refused(data, share):
    with pytest.raises(ValueError, match="--train_share must be above 0 and at most 1"):
        load_records(dataclasses.replace(data, train_share=share))


def test_a_share_of_the_dictionary_is_used(data):
    whole, part = load_dictionary(data), load_dictionary(dataclasses.replace(data, dictionary_share=0.7))
    assert len(part) == pytest.approx(0.7 * len(whole), rel=0.01)
    assert set(part) < set(whole)
    assert load_dictionary(dataclasses.replace(data, dictionary=None)) is None


def test_a_mapping_of_the_user_s_own_replaces_the_corpus_s(data, tmp_path):
    (tmp_path / "mapping.json").write_text('{"Symptom": ["own"]}', encoding="utf-8")
    dictionary = ClinicalDictionary({"腹痛": ["own"], "肺炎": ["symptom"]})
    mapped = dataclasses.replace(data, dictionary_mapping=str(tmp_path / "mapping.json"))
    assert load_lists_of_type(mapped, dictionary, ["Symptom"]) == {"Symptom": ("own",)}
    assert load_lists_of_type(data, dictionary, ["Symptom"])["Symptom"][0] == "symptom"


def test_no_copy_of_the_records_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "home"))
    parts, _ = load_records(DataArguments(dataset_name="sample"))
    assert parts["train"][0]["text"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
