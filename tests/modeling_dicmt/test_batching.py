import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_network import SENTENCES, make_tokenizer

from modeling_dicmt.batching import length_batches, pad_sentences


@pytest.fixture
def sentences():
    tokenizer = make_tokenizer()
    return [next(tokenizer.encode_records([text])) for text in SENTENCES]


def test_a_batch_is_what_the_tokenizer_gives(sentences):
    expected = make_tokenizer()(SENTENCES, padding=True, return_tensors="pt")
    found = pad_sentences(sentences, pad_token_id=0)
    assert found.keys() == expected.keys()
    for name, array in found.items():
        tensor = torch.from_numpy(array)
        assert torch.equal(tensor, expected[name]) and tensor.dtype == expected[name].dtype


def test_padding_and_labels(sentences):
    tags = [np.arange(len(text)) % 7 for text in SENTENCES]
    batch = pad_sentences(sentences, pad_token_id=5, tags=tags)
    for row, text in enumerate(SENTENCES):
        assert batch["labels"][row].tolist() == [*(np.arange(len(text)) % 7), *[-100] * (49 - len(text))]
        assert batch["input_ids"][row, len(text) :].tolist() == [5] * (49 - len(text))
    assert batch["labels"].dtype == np.int64


def test_tags_of_another_length_are_refused(sentences):
    with pytest.raises(ValueError, match="broadcast"):
        pad_sentences(sentences[:1], 0, [np.zeros(len(SENTENCES[0]) + 1, dtype=np.int64)])


def test_no_sentence_at_all():
    batch = pad_sentences([], 0, [])
    assert {name: array.shape for name, array in batch.items()} == {
        "input_ids": (0, 0),
        "attention_mask": (0, 0),
        "radical_ids": (0, 0),
        "dictionary_features": (0, 0, 0),
        "labels": (0, 0),
    }


@given(st.lists(st.integers(0, 40)), st.integers(1, 100))
def test_batches_hold_every_sentence_once_within_the_limit(lengths, limit):
    batches = list(length_batches(lengths, limit))
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    in_order = [lengths[index] for batch in batches for index in batch]
    assert in_order == sorted(lengths, reverse=True), "the longest first: a batch too large fails at once"
    for number, batch in enumerate(batches, start=1):
        longest = max(lengths[index] for index in batch)
        assert longest * len(batch) <= limit or len(batch) == 1
        if number < len(batches):
            assert max(1, longest) * (len(batch) + 1) > limit, "another sentence would not have fitted"
