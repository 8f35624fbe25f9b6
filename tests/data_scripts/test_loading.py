"""`load_corpus`: files of a folder → `DatasetDict`, errors before anything is kept, a cache that sees changes."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import datasets
import pytest
from corpus_files import (
    ENTITIES_2017,
    TEXT,
    own_record,
    spans,
    write,
    write_ccks2017,
    write_json_lines,
    write_pair,
)

from data_scripts import CORPORA, CorpusError, label_set_of, load_corpus, read_corpus, resolve_label_set
from data_scripts.builder import FEATURES, CorpusBuilder
from data_scripts.label_sets import LABEL_SETS, EntityType

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def load(tmp_path):
    return lambda name, folder, **options: load_corpus(name, folder, cache_dir=tmp_path / "cache", **options)


def own_corpus(folder, count=20, **splits):
    records = [own_record(f"患者头痛{i}", (2, 4, "Symptom"), (2, 3, "Anatomy")) for i in range(count)]
    write_json_lines(folder / "train.jsonl", records)
    for split, content in splits.items():
        write_json_lines(folder / f"{split}.jsonl", content)
    return folder


def test_ccks2017_loads_patients_whole_with_their_test_part(tmp_path, load):
    folder = write_ccks2017(tmp_path / "data", patients=20)
    write_pair(folder / "test" / "病史", "病史-900")
    corpus = load("ccks2017", folder)
    assert list(corpus) == ["train", "validation", "test"]
    assert [len(corpus[split]) for split in corpus] == [36, 4, 1]
    assert not set(corpus["train"]["group"]) & set(corpus["validation"]["group"])
    assert spans(corpus["test"][0]) == ENTITIES_2017
    assert corpus["test"][0]["text"] == TEXT
    assert set(corpus["train"].features) == {"id", "group", "section", "text", "entities"}


def test_the_folder_above_the_corpus_will_do(tmp_path, load):
    write_ccks2017(tmp_path / "data" / "ccks2017")
    assert len(load("ccks2017", tmp_path / "data", validation_share=0)["train"]) == 8


def test_a_development_part_is_used_as_it_is(tmp_path, load):
    folder = write_ccks2017(tmp_path / "data")
    write_pair(folder / "dev" / "病史", "病史-900")
    corpus = load("ccks2017", folder)
    assert (len(corpus["train"]), corpus["validation"]["id"][:]) == (8, ["病史-900"])


@pytest.mark.parametrize("name", ["ccks2018", "fccd"])
def test_ccks2018_and_fccd_share_a_layout(tmp_path, load, name):
    for number in range(4):
        write_pair(tmp_path / "data" / "train", f"现病史-{number}", f"手术{number}", "手术\t0\t2\t手术\n")
    record = load(name, tmp_path / "data")["train"][0]
    assert spans(record) == [(0, 2, "Operation")]


def test_overlap_stops_a_training_part_and_is_scored_in_a_test_part(tmp_path, load):
    folder = write_ccks2017(tmp_path / "data")
    both = "肺炎\t13\t14\t疾病和诊断\n炎\t14\t14\t症状和体征\n"
    write_pair(folder / "test" / "病史", "病史-9", mentions=both)
    record = load("ccks2017", folder)["test"][0]
    assert spans(record) == [(13, 15, "Disease"), (14, 15, "Symptom")]
    write_pair(folder / "train" / "病史", "病史-9", TEXT + "9", mentions=both)
    with pytest.raises(CorpusError, match="overlaps"):
        load("ccks2017", folder)


def test_yidu_reads_both_training_files_and_the_test_file(tmp_path, load):
    for number, name in enumerate(
        ["subtask1_training_part1.txt", "subtask1_training_part2.txt", "subtask1_test_set_with_answer.json"]
    ):
        entity = {"start_pos": 0, "end_pos": 2, "label_type": "手术", "overlap": 0}
        write(tmp_path / "data" / name, "\ufeff" + json.dumps({"originalText": f"手术{number}", "entities": [entity]}))
    corpus = load("yidu_s4k", tmp_path / "data", validation_share=0)
    assert [record["text"] for record in corpus["train"]] == ["手术0", "手术1"]
    assert [record["text"] for record in corpus["test"]] == ["手术2"]
    (tmp_path / "data" / "subtask1_training_part1.txt").unlink()
    with pytest.raises(CorpusError, match=r"part1\.txt is missing"):
        load("yidu_s4k", tmp_path / "data")


def test_cmeee_uses_its_development_part_and_leaves_out_a_test_part_without_answers(tmp_path, load):
    record = {"text": "感冒", "entities": [{"start_idx": 0, "end_idx": 1, "type": "dis", "entity": "感冒"}]}
    for split in ("train", "dev"):
        write(tmp_path / "data" / f"CMeEE_{split}.json", json.dumps([record], ensure_ascii=False))
    write(tmp_path / "data" / "CMeEE_test.json", '[{"text": "无"}]')
    assert {split: len(part) for split, part in load("cmeee", tmp_path / "data").items()} == {
        "train": 1,
        "validation": 1,
    }


def test_nested_entities_are_kept_forbidden_or_flattened(tmp_path, load, caplog):
    folder = own_corpus(tmp_path / "data", validation=[own_record("无")])
    kept = load("jsonl", folder)
    assert spans(kept["train"][0]) == [(2, 3, "Anatomy"), (2, 4, "Symptom")]
    with pytest.raises(CorpusError, match=r"train\.jsonl, line 1, entity 1: .*overlaps .*line 1, entity 2"):
        load("jsonl", folder, flatten="forbid")
    with caplog.at_level(logging.WARNING, "data_scripts.flattening"):
        flat = load("jsonl", folder, flatten="outermost")
    assert spans(flat["train"][0]) == [(2, 4, "Symptom")]
    assert "train part: 20 of 40 entities are" in caplog.text and "validation part: 0 of 0" in caplog.text
    assert flat["train"].features == kept["train"].features


def test_conll_files_are_own_records_too(tmp_path, load):
    write(tmp_path / "data" / "train.bio", "头\tB-S\n痛\tI-S\n\n无\tO\n\n")
    write(tmp_path / "data" / "dev.conll", "咳\tB-S\n嗽\tI-S\n\n")
    corpus = load("jsonl", tmp_path / "data")
    assert spans(corpus["train"][0]) == [(0, 2, "S")] and len(corpus["validation"]) == 1


def test_two_files_for_one_part_are_ambiguous(tmp_path, load):
    folder = own_corpus(tmp_path / "data")
    write(folder / "train.txt", "")
    with pytest.raises(CorpusError, match=r"has train\.jsonl, train\.txt for one part\. Leave one"):
        load("jsonl", folder)


@pytest.mark.parametrize("name", [name for name in CORPORA if name != "sample"])
def test_a_missing_or_wrong_folder_says_what_must_be_there(tmp_path, load, name):
    with pytest.raises(CorpusError, match=rf"{name} needs a data_dir.*train"):
        load(name, None)
    with pytest.raises(CorpusError, match=rf"nowhere is not a folder\. {name} needs"):
        load(name, tmp_path / "nowhere")
    write(tmp_path / "other" / "notes.md", "")
    with pytest.raises(CorpusError, match=rf"has no training part of {name}: expected .*train.*; it holds notes\.md"):
        load(name, tmp_path / "other")


def test_an_empty_part_and_a_part_without_entities_are_rejected(tmp_path, load):
    write(tmp_path / "empty" / "train.jsonl", "\n")
    with pytest.raises(CorpusError, match=r"train\.jsonl: the train part of jsonl is empty"):
        load("jsonl", tmp_path / "empty")
    write_json_lines(tmp_path / "bare" / "train.jsonl", [own_record("无")])
    with pytest.raises(CorpusError, match="has 1 records but no entity"):
        load("jsonl", tmp_path / "bare")
    folder = own_corpus(tmp_path / "test_only", test=[])
    with pytest.raises(CorpusError, match=r"test\.jsonl: the test part of jsonl is empty"):
        load("jsonl", folder)


def test_an_error_in_the_last_part_leaves_no_cache_and_a_correction_is_seen(tmp_path, load):
    folder = own_corpus(
        tmp_path / "data", test=[own_record("头痛", (0, 2, "Symptom")), own_record("痛", (0, 5, "Symptom"))]
    )
    with pytest.raises(CorpusError, match=r"test\.jsonl, line 2, entity 1"):
        load("jsonl", folder)
    left = [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert left == []
    write_json_lines(folder / "test.jsonl", [own_record("头痛", (0, 2, "Symptom"))])
    assert len(load("jsonl", folder)["test"]) == 1


def test_a_changed_file_of_the_same_size_and_time_is_noticed(tmp_path, load):
    folder = own_corpus(tmp_path / "data", validation=[own_record("头痛", (0, 2, "A"))])
    path = folder / "validation.jsonl"
    before = path.stat()
    assert spans(load("jsonl", folder)["validation"][0]) == [(0, 2, "A")]
    write_json_lines(path, [own_record("头痛", (0, 1, "B"))])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert spans(load("jsonl", folder)["validation"][0]) == [(0, 1, "B")]


def test_a_second_load_reads_the_cache(tmp_path, load, monkeypatch):
    folder = own_corpus(tmp_path / "data")
    first = load("jsonl", folder)
    monkeypatch.setattr(CORPORA["jsonl"], "read", lambda *_: pytest.fail("read again"))
    assert load("jsonl", folder)["train"][:] == first["train"][:]


def test_a_builder_used_directly_sees_changes_too(tmp_path):
    def records():
        builder = CorpusBuilder("jsonl", tmp_path / "data", cache_dir=str(tmp_path / "cache"), validation_share=0)
        builder.download_and_prepare()
        return len(builder.as_dataset(split="train"))

    own_corpus(tmp_path / "data", count=3)
    assert records() == 3
    own_corpus(tmp_path / "data", count=4)
    assert records() == 4


def test_a_label_set_limits_the_types_and_is_part_of_the_cache_key(tmp_path, load):
    folder = own_corpus(tmp_path / "data")
    load("jsonl", folder)
    with pytest.raises(
        CorpusError, match=r"line 1, entity 2: unknown entity type 'Anatomy'; the label set has Symptom"
    ):
        load("jsonl", folder, label_set=["Symptom"])
    load("jsonl", folder, label_set="ccks2017")


def test_label_sets_are_given_the_corpus_own_or_found(tmp_path, load):
    assert resolve_label_set("cmeee") == LABEL_SETS["cmeee"]
    assert resolve_label_set(["Drug", "Gene"]) == (
        EntityType("Drug", "Drug"),
        EntityType("Gene", "Gene"),
    )
    corpus = load("jsonl", own_corpus(tmp_path / "data"))
    assert [t.name for t in label_set_of("jsonl", corpus)] == ["Anatomy", "Symptom"]
    assert label_set_of("sample", corpus) == LABEL_SETS["ccks2017"]
    assert label_set_of("sample", corpus, "fccd") == LABEL_SETS["fccd"]
    for wrong, reason in [
        ("nothing", "no label set 'nothing'"),
        ([], "at least one type"),
        (["A", "A"], "each type once"),
    ]:
        with pytest.raises(ValueError, match=reason):
            resolve_label_set(wrong)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"name": "ccks2016"}, "no corpus 'ccks2016'. Did you mean ccks201.*There are ccks2017"),
        ({"validation_share": 1.0}, "validation_share"),
        ({"flatten": "inner"}, "outermost, forbid"),
    ],
)
def test_wrong_arguments_are_named(options, reason):
    with pytest.raises(ValueError, match=reason):
        load_corpus(**({"name": "sample"} | options))


def test_entities_come_back_as_plain_lists_of_plain_values(tmp_path, load):
    entities = load("jsonl", own_corpus(tmp_path / "data"))["train"][0]["entities"]
    assert entities == [{"start": 2, "end": 3, "type": "Anatomy"}, {"start": 2, "end": 4, "type": "Symptom"}]
    assert isinstance(load("jsonl", tmp_path / "data"), datasets.DatasetDict)


@pytest.mark.parametrize("options", [{}, {"flatten": "outermost"}, {"validation_share": 0.3, "seed": 1}])
def test_records_are_the_same_read_loaded_and_from_the_cache(tmp_path, load, options):
    folder = own_corpus(tmp_path / "data", test=[own_record("头痛", (0, 2, "Symptom"), id=3, group="p")])
    parts = read_corpus("jsonl", folder, **options)
    assert list(parts) == ["train", "validation", "test"]
    for corpus in (load_corpus("jsonl", folder, **options), *(load("jsonl", folder, **options) for _ in range(2))):
        assert {part: records.to_list() for part, records in corpus.items()} == parts
        assert all(records.features == FEATURES for records in corpus.values())


def test_no_copy_of_the_records_is_left_behind(tmp_path, monkeypatch):
    folder = own_corpus(tmp_path / "data")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "home"))
    assert load_corpus("jsonl", folder)["train"][0]["text"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [folder / "train.jsonl"]


def test_two_records_of_one_id_are_refused(tmp_path, load):
    for section in ("病史", "病"):  # 病-史-1 is both section 病's and, with its section before it, no other's
        write_pair(tmp_path / "data" / "train" / section, "1" if section == "病史" else "病史-1")
    write_pair(tmp_path / "data" / "train" / "病史", "病史-1")
    with pytest.raises(CorpusError, match="two records have the id '病史-1'"):
        load("ccks2017", tmp_path / "data", validation_share=0)


def test_importing_the_package_does_not_import_datasets():
    code = (
        "import sys, data_scripts, data_scripts.arguments, data_scripts.__main__ as command\n"
        "data_scripts.read_corpus('sample')\n"
        "assert command.main(['statistics', '--dataset_name', 'sampel']) == 1\n"
        "heavy = {'datasets', 'torch', 'huggingface_hub'} & {*sys.modules}\n"
        "sys.exit(bool(heavy) or 'CORPORA' not in dir(data_scripts))"
    )
    finished = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert "There is no corpus 'sampel'. Did you mean sample?" in finished.stderr
