"""Arguments → records, dictionary and the lists of each type."""

import dataclasses
import json
import logging

import pytest
from corpus_files import own_record, write, write_json_lines

from data_scripts import CorpusError
from data_scripts.arguments import DataArguments
from data_scripts.records import load_dictionary, load_lists_of_type, load_records, load_split, taggable_records
from data_scripts.sample import SAMPLE_DICTIONARY
from modeling_dicmt.dictionary import ClinicalDictionary

SAMPLE = DataArguments(dataset_name="sample", dictionary=str(SAMPLE_DICTIONARY))


def own(folder, records, **options) -> DataArguments:
    write_json_lines(folder / "train.jsonl", records)
    return DataArguments(dataset_name="jsonl", data_dir=str(folder), **options)


def test_the_limits_apply_to_their_parts():
    parts, entity_types = load_records(dataclasses.replace(SAMPLE, max_train_records=3, max_eval_records=2))
    assert {name: len(records) for name, records in parts.items()} == {"train": 3, "validation": 2, "test": 2}
    assert entity_types == ["Disease", "Anatomy", "Symptom", "Exam", "Treatment"]
    assert parts["train"] == load_records(dataclasses.replace(SAMPLE, max_train_records=4))[0]["train"][:3]


def test_training_records_without_an_entity_are_refused(tmp_path):
    data = own(tmp_path, [own_record("患者"), own_record("肺炎", (0, 2, "A"))], validation_share=0, max_train_records=2)
    assert load_records(data)[1] == ["A"]
    with pytest.raises(ValueError, match="No training record has an entity"):
        load_records(dataclasses.replace(data, max_train_records=1))


def test_without_a_share_there_is_no_development_part(tmp_path, caplog):
    """One message said that the share may be 0, the other that a development part is needed."""
    data = own(tmp_path, [own_record("肺炎", (0, 2, "A"))])
    with pytest.raises(CorpusError, match=r"No development split can be made.*--validation_share 0\."):
        load_records(data)
    parts, _ = load_records(dataclasses.replace(data, validation_share=0))
    assert list(parts) == ["train"]


def test_shares_of_the_training_records_are_nested_and_leave_the_other_parts():
    whole, _ = load_records(SAMPLE)
    shares = {share: load_records(dataclasses.replace(SAMPLE, train_share=share))[0] for share in (0.1, 0.5)}
    for share, parts in shares.items():
        assert len(parts["train"]) == share * len(whole["train"])
        assert parts["validation"] == whole["validation"] and parts["test"] == whole["test"]
    ids = [[record["id"] for record in parts["train"]] for parts in (shares[0.1], shares[0.5], whole)]
    assert set(ids[0]) < set(ids[1]) < set(ids[2])
    assert ids[1] == [name for name in ids[2] if name in set(ids[1])]  # in their order
    assert ids[0] != ids[2][: len(ids[0])]  # not the first ones


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1])
def test_a_share_that_is_none_is_refused_from_python_too(share):
    with pytest.raises(ValueError, match="--train_share must be above 0 and at most 1"):
        load_records(dataclasses.replace(SAMPLE, train_share=share))


def test_a_development_part_with_texts_of_the_training_part_is_told(tmp_path, caplog):
    write_json_lines(tmp_path / "dev.jsonl", [own_record("肺炎"), own_record("无")])
    load_records(own(tmp_path, [own_record("肺炎", (0, 2, "A"))]))
    assert "1 development records have the text of a training record" in caplog.text


def test_a_share_of_the_dictionary_is_used():
    whole, part = load_dictionary(SAMPLE), load_dictionary(dataclasses.replace(SAMPLE, dictionary_share=0.7))
    assert len(part) == pytest.approx(0.7 * len(whole), rel=0.01)
    assert set(part) < set(whole)
    assert load_dictionary(dataclasses.replace(SAMPLE, dictionary=None)) is None


def test_the_types_found_in_own_records_are_told_with_what_looks_wrong(tmp_path, caplog):
    text = "头痛" * 15
    records = [own_record(text, *((2 * i, 2 * i + 2, "Symptom") for i in range(15)), id="a")]
    records.append(own_record("头痛肺炎", (0, 2, "symptom"), (2, 4, "Gene")))
    with caplog.at_level(logging.INFO, "data_scripts.records"):
        _, types = load_records(own(tmp_path, records, validation_share=0))
    assert types == ["Gene", "Symptom", "symptom"]
    told, suspicious = (record.getMessage() for record in caplog.records)
    assert "Symptom 15, symptom 1, Gene 1" in told
    assert "'symptom' (1) differs from 'Symptom' (15)" in suspicious and "'Gene' occurs once" in suspicious
    assert "--label_set" in suspicious


@pytest.mark.parametrize("given", [["Symptom,Gene"], ["Symptom", "Gene"], ["Symptom，", "Gene"], ["Symptom, Gene"]])
def test_a_label_set_says_which_types_may_occur_and_their_order(tmp_path, caplog, given):
    records = [own_record("头痛", (0, 2, "Symptom")), own_record("肺炎", (0, 2, "Symptom"))]
    data = own(tmp_path, records, validation_share=0, label_set=given)
    with caplog.at_level(logging.INFO, "data_scripts.records"):
        assert load_records(data)[1] == ["Symptom", "Gene"]
    assert not caplog.records
    with pytest.raises(CorpusError, match=r"line 1, entity 1: unknown entity type 'Symptom'; the label set has Drug"):
        load_records(dataclasses.replace(data, label_set=["Drug"]))


def test_a_label_set_may_be_a_corpus_s(tmp_path):
    data = own(tmp_path, [own_record("头痛", (0, 2, "症状和体征"))], validation_share=0, label_set=["ccks2017"])
    parts, types = load_records(data)
    assert types == ["Disease", "Anatomy", "Symptom", "Exam", "Treatment"]
    assert parts["train"][0]["entities"] == [{"start": 0, "end": 2, "type": "Symptom"}]


def test_a_mapping_of_the_user_s_own_replaces_the_corpus_s(tmp_path):
    path = write(tmp_path / "mapping.json", '{"Symptom": ["own"]}')
    data = dataclasses.replace(SAMPLE, dictionary_mapping=str(path))
    dictionary = ClinicalDictionary({"腹痛": ["own"], "肺炎": ["symptom"]})
    assert load_lists_of_type(data, dictionary, ["Symptom", "Drug"]) == {"Symptom": ("own",), "Drug": ()}


def test_a_type_that_no_list_serves_is_told_with_the_lists_and_the_option(caplog):
    data = DataArguments(dataset_name="jsonl")
    dictionary = ClinicalDictionary({"腹痛": ["disease"], "肺炎": ["own"]})
    lists = load_lists_of_type(data, dictionary, ["疾病和诊断", "基因"])
    assert lists == {"疾病和诊断": ("disease",), "基因": ()}
    (told,) = (record.getMessage() for record in caplog.records)
    assert "serves 基因. Its lists are disease, own: say by --dictionary_mapping" in told
    caplog.clear()
    load_lists_of_type(data, None, ["基因"])
    yidu = DataArguments(dataset_name="yidu_s4k")
    load_lists_of_type(yidu, dictionary, ["Disease", "ImagingExam"])  # the label set means it to have none
    assert not caplog.records


def test_nested_entities_are_left_out_of_training_and_kept_for_scores(tmp_path, caplog):
    data = own(tmp_path, [own_record("肺部感染", (0, 4, "D"), (0, 2, "A"))], validation_share=0, flatten="outermost")
    records = load_records(data)[0]["train"]
    assert len(records[0]["entities"]) == 2
    flat = taggable_records("train", records, data)
    assert flat[0]["entities"] == [{"start": 0, "end": 4, "type": "D"}] and len(records[0]["entities"]) == 2
    assert "1 of 2 entities are nested" in caplog.text
    assert taggable_records("train", records, dataclasses.replace(data, flatten="forbid")) is records


def test_no_copy_of_the_records_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "home"))
    assert load_records(SAMPLE)[0]["train"][0]["text"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_one_part_is_read_alone_or_taken_from_the_training_part(tmp_path):
    assert load_split("sample", None, "test") == load_records(SAMPLE)[0]["test"]
    write_json_lines(tmp_path / "test.jsonl", [own_record("肺炎", (0, 2, "A"))])
    assert [record["text"] for record in load_split("jsonl", str(tmp_path), "test")] == ["肺炎"]
    with pytest.raises(CorpusError, match="has no training part of jsonl"):
        load_split("jsonl", str(tmp_path), "validation")
    data = own(tmp_path, [own_record(f"肺炎{number}", (0, 2, "A")) for number in range(20)])
    assert load_split("jsonl", str(tmp_path), "validation") == load_records(data)[0]["validation"]
    with pytest.raises(ValueError, match="no corpus 'sampel'"):
        load_split("sampel", None, "test")


def test_a_share_of_the_development_part_can_be_learnt_as_well(tmp_path, caplog):
    records = [own_record(f"肺炎{number}", (0, 2, "A"), id=f"v{number}") for number in range(10)]
    data = own(tmp_path, [own_record("肺炎", (0, 2, "A"), id="t")])
    write_json_lines(tmp_path / "validation.jsonl", records)
    before, _ = load_records(data)
    assert [len(before[part]) for part in ("train", "validation")] == [1, 10]
    with caplog.at_level(logging.INFO, "data_scripts.records"):
        after, _ = load_records(dataclasses.replace(data, learn_validation=0.7))
    assert "7 of 10 development records are learnt as well" in caplog.text and "3 choose the epoch" in caplog.text
    assert after["train"][0] == before["train"][0] and len(after["validation"]) == 3
    joined = [*after["train"][1:], *after["validation"]]
    assert sorted(record["id"] for record in joined) == [record["id"] for record in before["validation"]]
    other, _ = load_records(dataclasses.replace(data, learn_validation=0.7, split_seed=1))
    assert other["validation"] != after["validation"]


def test_of_cmeee_most_of_the_development_part_is_learnt(tmp_path):
    for name, count in (("train", 3), ("dev", 10), ("test", 4)):
        items = [
            {
                "text": f"{name}肺炎{n}",
                "entities": [{"start_idx": len(name), "end_idx": len(name) + 1, "type": "dis", "entity": "肺炎"}],
            }
            for n in range(count)
        ]
        write(tmp_path / f"CMeEE_{name}.json", json.dumps(items, ensure_ascii=False))
    data = DataArguments(dataset_name="cmeee", data_dir=str(tmp_path))
    parts, _ = load_records(data)
    assert {part: len(records) for part, records in parts.items()} == {"train": 11, "validation": 2, "test": 4}
    assert load_split("cmeee", str(tmp_path), "validation") == parts["validation"], "what is learnt is not scored"
    assert len(load_split("cmeee", str(tmp_path), "test")) == 4
    parts, _ = load_records(dataclasses.replace(data, learn_validation=0.0))
    assert {part: len(records) for part, records in parts.items()} == {"train": 3, "validation": 10, "test": 4}
