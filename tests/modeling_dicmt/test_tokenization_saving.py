"""A tokenizer that is saved, loaded, pickled, copied or given another dictionary, and hostile files of one."""

import copy
import json
import pickle
import shutil

import numpy as np
import pytest
from naive_encoding import NAMES
from tiny_network import SENTENCES, make_tokenizer

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer


def clones(tokenizer, folder):
    tokenizer.save_pretrained(folder / "first")
    once = DicMTTokenizer.from_pretrained(folder / "first")
    once.save_pretrained(folder / "second")
    yield once
    yield DicMTTokenizer.from_pretrained(folder / "second")
    yield pickle.loads(pickle.dumps(tokenizer))
    yield copy.deepcopy(tokenizer)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"ngram_sizes": [1, 3], "max_sentence_length": 7},
        {"multi_hot_dictionary": True},
        {"precedence": ["Anatomy"]},
        {"ngram_sizes": []},
        {"lists_of_type": None},
        {"dictionary": ClinicalDictionary({})},
        {"vetted_terms": True},
        {"vetted_terms": True, "corpus_labels": {"Drug": "药品"}, "terms": {"药品": ["既往有", "肺\t炎", "胃炎"]}},
        {"padding_side": "left", "truncation_side": "left", "model_max_length": 30},
    ],
)
def test_saved_pickled_and_copied_it_is_the_same(settings, tmp_path):
    tokenizer = make_tokenizer(**settings)
    texts = [*SENTENCES, "胃炎[PAD] [UNK]\n", ""]
    for clone in clones(tokenizer, tmp_path):
        for options in ({"padding": True}, {"padding": True, "truncation": True, "max_length": 8}):
            found, expected = (one(texts, return_tensors="np", **options) for one in (clone, tokenizer))
            assert found.keys() == expected.keys()
            assert all(np.array_equal(found[name], expected[name]) for name in NAMES)
        assert clone.dictionary == tokenizer.dictionary and clone.terms == tokenizer.terms
        assert clone.get_vocab() == tokenizer.get_vocab()
        for name in ("entity_types", "max_sentence_length", "padding_side", "truncation_side", "model_max_length"):
            assert getattr(clone, name) == getattr(tokenizer, name)
        for name in (
            "lists_of_type",
            "ngram_sizes",
            "multi_hot_dictionary",
            "precedence",
            "vetted_terms",
            "corpus_labels",
        ):
            assert clone.init_kwargs[name] == tokenizer.init_kwargs[name]
        for found, expected in zip(clone.encode_records(texts), tokenizer.encode_records(texts), strict=True):
            assert all(np.array_equal(mine, theirs) for mine, theirs in zip(found, expected, strict=True))


def test_a_saved_tokenizer_has_files_beside_it_and_no_loose_parts(tmp_path):
    files = make_tokenizer().save_pretrained(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"tokenizer.json", "tokenizer_config.json", "dictionary.tsv", "radicals.tsv"} <= names
    assert {str(tmp_path / name) for name in ("dictionary.tsv", "radicals.tsv")} <= set(files)
    prefixed = tmp_path / "prefixed"
    prefixed.mkdir()
    make_tokenizer().save_pretrained(prefixed, filename_prefix="a")
    assert (prefixed / "a-dictionary.tsv").exists() and not (prefixed / "dictionary.tsv").exists()


def test_a_hospital_updates_its_terms_without_retraining(tokenizer, tmp_path):
    text = "见气肿，高血压"
    before = tokenizer(text)
    assert not before["dictionary_features"][1:3].any() and before["dictionary_features"][4:].any()
    tokenizer.dictionary = ClinicalDictionary({"气肿": ["disease"], "见气": ["anatomy"]})
    after = tokenizer(text)
    assert after["dictionary_features"].shape == before["dictionary_features"].shape
    assert after["dictionary_features"][:3].any() and not after["dictionary_features"][4:].any()
    assert after["input_ids"] == before["input_ids"]
    assert np.array_equal(after["radical_ids"], before["radical_ids"])
    pieces = [piece.dictionary_features for piece in tokenizer.encode_records([text])]
    assert np.array_equal(np.concatenate(pieces), after["dictionary_features"])
    for clone in clones(tokenizer, tmp_path):
        assert clone.dictionary == tokenizer.dictionary
        assert np.array_equal(clone(text)["dictionary_features"], after["dictionary_features"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        *(
            ({"entity_types": value}, "entity_types of a tokenizer must")
            for value in ("Disease", 3, [3], {"A": 1}, [""])
        ),
        ({"entity_types": ["Disease", "Disease"]}, "entity_types of a tokenizer must"),
        ({"entity_types": [f"T{i}" for i in range(256)], "lists_of_type": {}}, "at most 255"),
        ({"entity_types": []}, "lists_of_type: no entity type Anatomy, Disease, Drug"),
        ({"entity_types": [], "lists_of_type": None}, "at least one entity type"),
        *(({"ngram_sizes": value}, "ngram_sizes must be") for value in ([10**9], ["2"], "23", 5, None, [2, 2], [1.0])),
        *(
            ({"lists_of_type": value}, "lists_of_type of a tokenizer must")
            for value in (["drug"], "drug", {"Drug": "d"})
        ),
        *(({"lists_of_type": {"Drug": value}}, "lists_of_type of a tokenizer") for value in ({"drug": 1}, [1], None)),
        ({"lists_of_type": {"Operation": ["drug"]}}, "no entity type Operation"),
        ({"precedence": "Drug"}, "precedence of a tokenizer must"),
        ({"precedence": ["Operation"]}, "no entity type Operation"),
        ({"multi_hot_dictionary": "no"}, "multi_hot_dictionary of a tokenizer must"),
        ({"vetted_terms": 1}, "vetted_terms of a tokenizer must"),
        *(({"corpus_labels": value}, "corpus_labels of a tokenizer must") for value in (["药品"], "药品", {"Drug": 1})),
        *(
            ({"max_sentence_length": value}, "max_sentence_length of a tok")
            for value in (0, -1, "250", 2.5, None, True)
        ),
        ({"dictionary_terms": "x"}, "dictionary_terms of a tokenizer must"),
        ({"dictionary_fingerprint": 7}, "dictionary_fingerprint of a tokenizer must"),
    ],
)
def test_a_hostile_tokenizer_config_is_refused(settings, message, checkpoint, tmp_path):
    folder = shutil.copytree(checkpoint, tmp_path / "hostile")
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))
    with pytest.raises(ValueError, match=message):
        DicMTTokenizer.from_pretrained(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "holds no vocabulary"),
        ('{"model": 3}', "holds no vocabulary"),
        ('{"model": {"vocab": ["[PAD]", "[UNK]"]}}', "holds no vocabulary"),
        ('{"model": {"vocab": {"[PAD]": 0, "[UNK]": 1, "肺": -1}}}', "holds no vocabulary"),
        ('{"model": {"vocab": {"[PAD]": 0, "[UNK]": 1, "肺": "2"}}}', "holds no vocabulary"),
        ('{"model": {"vocab": {"[PAD]": 0, "[UNK]": 1, "肺": 4294967296}}}', "holds no vocabulary"),
        ('{"model": {"vocab": {"[PAD]": 0, "[UNK]": 1, "肺": 2, "肺": 3}}}', "a key twice"),
        ("[" * 100_000, "nested too deeply"),
        ("肺", "not valid JSON"),
    ],
)
def test_a_file_that_holds_no_vocabulary_is_refused(content, message, tmp_path):
    (tmp_path / "tokenizer.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        make_tokenizer(vocab=None, tokenizer_file=str(tmp_path / "tokenizer.json"))
