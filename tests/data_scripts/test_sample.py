"""The sample: reproducible, sound, and such that the term list is worth something but cannot be everything."""

from pathlib import Path

import pytest

from data_scripts import SAMPLE_DICTIONARY, CorpusError, load_corpus
from data_scripts.label_sets import LABEL_SETS
from data_scripts.sample import SAMPLE_FOLDER
from data_scripts.sample_generator import write_sample
from modeling_dicmt.normalization import normalize


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return load_corpus("sample", cache_dir=tmp_path_factory.mktemp("cache"))


def mentions(part):
    return [
        (normalize(record["text"][entity["start"] : entity["end"]]), entity["type"])
        for record in part
        for entity in record["entities"]
    ]


def files_of(folder: Path):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_generator_writes_the_committed_files(tmp_path):
    write_sample(tmp_path)
    assert files_of(tmp_path) == files_of(SAMPLE_FOLDER)


def test_it_is_small_and_has_three_hundred_records_of_separate_patients(sample):
    assert sum(map(len, files_of(SAMPLE_FOLDER).values())) < 500_000
    assert sum(len(part) for part in sample.values()) == 300
    groups = [set(part["group"]) for part in sample.values()]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 75


def test_its_types_are_those_of_ccks2017(sample):
    for part in sample.values():
        assert {name for _, name in mentions(part)} == {t.name for t in LABEL_SETS["ccks2017"]}


def test_no_mention_holds_a_sentence_end(sample):
    assert not any("。" in mention or "\n" in mention for part in sample.values() for mention, _ in mentions(part))


def test_much_of_the_test_part_is_new_and_most_of_that_stands_in_the_dictionary(sample):
    lists = {path.stem: path.read_text(encoding="utf-8").splitlines() for path in SAMPLE_DICTIONARY.iterdir()}
    terms = {
        (normalize(line.split("\t")[0]), t.name)
        for t in LABEL_SETS["sample"]
        for name in t.lists
        for line in lists[name]
    }
    seen = set(mentions(sample["train"]))
    new = [mention for mention in mentions(sample["test"]) if mention not in seen]
    assert 0.25 < len(new) / len(mentions(sample["test"])) < 0.55
    assert 0.65 < sum(mention in terms for mention in new) / len(new) < 0.95
    words = {word for word, _ in terms}
    assert len(terms) - len(words) > 20, "no term of several types: the list would be free of noise"


def test_some_mentions_have_two_types(sample):
    types = {}
    for mention, name in mentions(sample["train"]):
        types.setdefault(mention, set()).add(name)
    assert sum(len(names) > 1 for names in types.values()) >= 10


def test_it_takes_no_folder(tmp_path):
    with pytest.raises(CorpusError, match=r"sample takes no data_dir.*'jsonl'"):
        load_corpus("sample", tmp_path)
