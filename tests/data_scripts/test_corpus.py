"""Parts of a corpus that are there and could be passed over: then the development part would be cut from training."""

import json

import pytest
from corpus_files import own_record, write, write_ccks2017, write_json_lines, write_pair

from data_scripts import CorpusError, read_corpus

RECORDS = [own_record(f"患者头痛{i}", (2, 4, "Symptom")) for i in range(10)]


@pytest.fixture
def own(tmp_path):
    """A folder of own records with a training part."""
    write_json_lines(tmp_path / "own" / "train.jsonl", RECORDS)
    return tmp_path / "own"


@pytest.fixture
def ccks(tmp_path):
    return write_ccks2017(tmp_path / "ccks")


def refused(name, folder):
    with pytest.raises(CorpusError) as error:
        read_corpus(name, folder)
    return str(error.value)


@pytest.mark.parametrize("name", ["validation.jsonl", "dev.conll", "test.jsonl"])
def test_a_dangling_link_is_not_passed_over(own, name):
    """A share of the training part was taken for development instead."""
    (own / name).symlink_to(own / "moved.jsonl")
    assert f"{own / name} is a link to what is not there" in refused("jsonl", own)


def test_a_folder_for_a_file_and_a_file_for_a_folder_are_not_passed_over(own, ccks):
    (own / "validation.jsonl").mkdir()
    assert "validation.jsonl is a folder; expected a file" in refused("jsonl", own)
    write(ccks / "dev", "")
    assert "dev is a file; expected a folder" in refused("ccks2017", ccks)
    (ccks / "dev").unlink()
    (ccks / "test").symlink_to(ccks / "nowhere")
    assert "test is a link to what is not there" in refused("ccks2017", ccks)


@pytest.mark.parametrize(
    "name",
    [
        *("Validation.jsonl", "validation.JSONL", "validation.json", "dev.csv", "valid.jsonl.gz", "DEV.txt", "dev"),
        *("test.xlsx", "test.json", "Test.BIO"),
    ],
)
def test_what_looks_like_a_part_and_is_not_read_is_told(own, name):
    write(own / name, "")
    message = refused("jsonl", own)
    assert f"{own / name} is not read" in message and ("dev.jsonl" in message or "test.jsonl" in message)


@pytest.mark.parametrize("name", ["train.csv", "train.json", "Train.jsonl", "train.jsonl.gz"])
def test_own_records_in_a_form_that_is_not_read_are_refused_with_what_is(tmp_path, name):
    write(tmp_path / name, "a,b\n")
    message = refused("jsonl", tmp_path)
    assert f"{name} is not read" in message and "train.jsonl or train.conll" in message
    message = refused("jsonl", tmp_path / name)
    assert f"{name} is a file: give the folder that holds it. Read is train.jsonl" in message


def test_what_is_no_part_is_let_be(own):
    for name in (".validation.jsonl", "._dev.jsonl", "train.csv", "train_notes.txt", "validation.py", "README.md"):
        write(own / name, "")
    (own / "devices").mkdir()
    assert list(read_corpus("jsonl", own)) == ["train", "validation"]
    assert list(read_corpus("jsonl", own, validation_share=0)) == ["train"]


def test_two_development_parts_are_not_chosen_from(own, ccks):
    for name in ("dev", "validation"):
        write_json_lines(own / f"{name}.jsonl", RECORDS)
        write_pair(ccks / name / "病史", "病史-900")
    assert "validation.jsonl, dev.jsonl for one part. Leave one." in refused("jsonl", own)
    assert "validation, dev for one part. Leave one." in refused("ccks2017", ccks)


@pytest.mark.parametrize("name", ["Dev", "TEST", "dev.zip"])
def test_folders_of_similar_names_are_told(ccks, name):
    (ccks / name).mkdir()
    assert f"{ccks / name} is not read" in refused("ccks2017", ccks)


@pytest.mark.parametrize(
    "suffixes", [(".TXTORIGINAL.TXT", ".TXT"), (".txtoriginal.TXT", ".txt"), (".txtoriginal.txt", ".Txt")]
)
def test_pairs_in_capitals_are_not_passed_over(ccks, suffixes):
    for suffix in suffixes:
        write(ccks / "train" / "病史" / f"病史-9{suffix}", "")
    assert "is not read: its name must end with .txt" in refused("ccks2017", ccks)


@pytest.mark.parametrize("name", ["train/出院", "train/病史/病史-9.txt"])
def test_links_to_nothing_among_the_records_are_not_passed_over(ccks, name):
    (ccks / name).symlink_to(ccks / "nowhere")
    assert f"{ccks / name} is a link to what is not there" in refused("ccks2017", ccks)


@pytest.mark.parametrize("name", ["cmeee_dev.json", "CMeEE_dev.jsonl", "CMeEE_dev.json.gz", "CMeEE_test.JSON"])
def test_cmeee_s_other_parts_are_not_passed_over(tmp_path, name):
    record = {"text": "感冒", "entities": [{"start_idx": 0, "end_idx": 1, "type": "dis", "entity": "感冒"}]}
    write(tmp_path / "CMeEE_train.json", json.dumps([record]))
    write(tmp_path / name, "[]")
    assert f"{name} is not read" in refused("cmeee", tmp_path)
