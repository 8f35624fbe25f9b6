"""The tokenizer on many texts: padded, truncated, in windows or words, by the stock collator and by `Dataset.map`."""

import copy

import numpy as np
import pytest
import torch
from datasets import Dataset
from datasets.fingerprint import Hasher
from naive_encoding import NAMES, TOKENIZER, as_lists, expected_encoding
from tiny_network import SENTENCES, make_tokenizer
from transformers import DataCollatorForTokenClassification

from modeling_dicmt.dictionary import ClinicalDictionary


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize(
    ("options", "length"),
    [
        ({"padding": True}, 49),
        ({"padding": True, "pad_to_multiple_of": 8}, 56),
        ({"padding": "max_length", "max_length": 60}, 60),
    ],
)
@pytest.mark.parametrize("tensors", ["pt", "np"])
def test_padding(side, options, length, tensors):
    encoding = TOKENIZER(SENTENCES, padding_side=side, return_tensors=tensors, **options)
    for row, sentence in enumerate(SENTENCES):
        place = slice(0, len(sentence)) if side == "right" else slice(length - len(sentence), length)
        expected = expected_encoding(sentence)
        for name in NAMES:
            values = np.asarray(encoding[name])
            assert values.shape[:2] == (4, length)
            assert values[row, place].tolist() == expected[name]
            rest = np.delete(values[row], np.arange(length)[place], axis=0)
            assert not rest.any()  # [PAD], attention, radical and features of padding are all 0
    expected_dtype = (torch.int64, torch.uint8) if tensors == "pt" else (np.dtype("int64"), np.dtype("uint8"))
    assert (encoding["input_ids"].dtype, encoding["radical_ids"].dtype) == expected_dtype
    assert encoding["dictionary_features"].dtype == expected_dtype[1]


@pytest.mark.parametrize("side", ["right", "left"])
def test_truncation(side, tokenizer):
    tokenizer.truncation_side = side
    text = SENTENCES[1]
    whole = expected_encoding(text)
    encoding = tokenizer(text, truncation=True, max_length=9)
    kept = slice(0, 9) if side == "right" else slice(len(text) - 9, None)
    assert as_lists(encoding) == {name: values[kept] for name, values in whole.items()}
    assert as_lists(tokenizer(text)) == whole, "the next text is whole again"


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("padding_side", ["right", "left"])
def test_windows_that_overlap(batched, padding_side):
    texts = SENTENCES if batched else SENTENCES[1]
    encoding = TOKENIZER(
        texts,
        truncation=True,
        max_length=10,
        stride=4,
        padding=True,
        padding_side=padding_side,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        return_tensors="np",
    )
    sources = encoding["overflow_to_sample_mapping"]
    seen = [set() for _ in SENTENCES]
    for row, source in enumerate(sources):
        sentence = SENTENCES[source] if batched else texts
        whole = expected_encoding(sentence)
        inside = encoding["attention_mask"][row].astype(bool)
        positions = encoding["offset_mapping"][row][inside][:, 0].tolist()
        seen[source].update(positions)
        for name in NAMES:
            assert encoding[name][row][inside].tolist() == [whole[name][position] for position in positions]
            assert not encoding[name][row][~inside].any()
    lengths = [len(sentence) for sentence in (SENTENCES if batched else [texts])]
    assert [len(positions) for positions in seen if positions] == lengths
    assert len(sources) > len(lengths)


def test_words(tokenizer):
    words = [["左肺", "见", "", "肺炎", "。"], ["高血压"], []]
    encoding = tokenizer(words, is_split_into_words=True)
    for row, sentence in enumerate(words):
        text = "".join(sentence)
        assert as_lists({name: encoding[name][row] for name in NAMES}) == expected_encoding(text)
        assert encoding.word_ids(row) == [index for index, word in enumerate(sentence) for _ in word]
    single = tokenizer(words[0], is_split_into_words=True)
    assert as_lists(single) == expected_encoding("左肺见肺炎。")
    windows = tokenizer(
        words[0], is_split_into_words=True, truncation=True, max_length=3, stride=1, return_overflowing_tokens=True
    )
    whole = expected_encoding("左肺见肺炎。")
    assert [features.tolist() for features in windows["dictionary_features"]] == [
        whole["dictionary_features"][start : start + 3] for start in range(0, len(windows["input_ids"]) * 2, 2)
    ]


def test_one_text_and_a_batch_of_one():
    for tensors, kind in (("pt", torch.Tensor), ("np", np.ndarray)):
        one, batch = TOKENIZER(SENTENCES[0], return_tensors=tensors), TOKENIZER([SENTENCES[0]], return_tensors=tensors)
        for name in NAMES:
            assert isinstance(one[name], kind)
            assert one[name].shape == batch[name].shape
            assert (one[name] == batch[name]).all()
    assert isinstance(TOKENIZER(SENTENCES[0])["dictionary_features"], np.ndarray)
    assert isinstance(TOKENIZER(SENTENCES[0])["input_ids"][0], int)


def test_empty_texts_and_empty_batches():
    assert as_lists(TOKENIZER("")) == {name: [] for name in NAMES}
    assert TOKENIZER("")["dictionary_features"].shape == (0, 20)
    assert dict(TOKENIZER([])) == {name: [] for name in NAMES}
    for tensors in ("pt", "np"):
        for texts, rows in (("", 1), ([""], 1), (["", ""], 2), ([], 0)):
            encoding = TOKENIZER(texts, return_tensors=tensors)
            assert tuple(encoding["input_ids"].shape) == tuple(encoding["radical_ids"].shape) == (rows, 0)
            assert tuple(encoding["dictionary_features"].shape) == (rows, 0, 20)
            assert "int64" in str(TOKENIZER([], return_tensors=tensors)["input_ids"].dtype)
    assert list(TOKENIZER.encode_records([])) == list(TOKENIZER.encode_records(["", ""])) == []


@pytest.mark.parametrize("kind", ["lists", "arrays"])
@pytest.mark.parametrize("side", ["right", "left"])
def test_pad_puts_single_encodings_together(kind, side, tokenizer):
    tokenizer.padding_side = side
    texts = [*SENTENCES, ""]
    features = [dict(tokenizer(text)) for text in texts]
    if kind == "lists":  # as a dataset returns them: an empty sentence has lost the width of its features
        features = [{name: np.asarray(value).tolist() for name, value in item.items()} for item in features]
        assert features[-1]["dictionary_features"] == []
    padded = tokenizer.pad(features, return_tensors="pt")
    expected = tokenizer(texts, padding=True, return_tensors="pt")
    for name in NAMES:
        assert torch.equal(padded[name], expected[name])
        assert padded[name].dtype == expected[name].dtype
    one = tokenizer.pad(features[0], padding="max_length", max_length=20)
    assert np.asarray(one["dictionary_features"]).shape == (20, 20)


def test_the_stock_collator_pads_labels_as_well():
    features = [dict(TOKENIZER(text)) | {"labels": [1] * len(text)} for text in SENTENCES]
    batch = DataCollatorForTokenClassification(TOKENIZER)(features)
    expected = TOKENIZER(SENTENCES, padding=True, return_tensors="pt")
    assert all(torch.equal(batch[name], expected[name]) for name in NAMES)
    assert torch.equal(batch["labels"], torch.where(expected["attention_mask"].bool(), 1, -100))


def test_datasets_map_in_two_processes_is_found_again_in_the_cache(tmp_path):
    Dataset.from_dict({"text": SENTENCES * 3}).save_to_disk(tmp_path / "data")
    data = Dataset.load_from_disk(tmp_path / "data")
    mapped = data.map(make_tokenizer(), input_columns="text", batched=True, num_proc=2)
    for row, sentence in enumerate(SENTENCES * 3):
        assert {name: mapped[row][name] for name in NAMES} == expected_encoding(sentence)
    again = data.map(make_tokenizer(), input_columns="text", batched=True, num_proc=2)
    assert again._fingerprint == mapped._fingerprint
    other = make_tokenizer(dictionary=ClinicalDictionary({"肺炎": ["drug"]}))
    assert Hasher.hash(other) != Hasher.hash(make_tokenizer()), "the dictionary's content is part of it"


def test_fingerprints():
    tokenizer = make_tokenizer()
    fingerprint = Hasher.hash(tokenizer)
    tokenizer(SENTENCES, padding=True, return_tensors="pt")
    tokenizer("肺炎")
    assert Hasher.hash(copy.deepcopy(tokenizer)) == Hasher.hash(tokenizer)
    assert Hasher.hash(make_tokenizer()) == fingerprint
    for change in (
        {"ngram_sizes": [2, 3]},
        {"precedence": ["Anatomy"]},
        {"multi_hot_dictionary": True},
        {"vetted_terms": True},
        {"terms": {"Drug": ["肝"]}},
    ):
        assert Hasher.hash(make_tokenizer(**change)) != fingerprint
