"""The tokenizer's answer by the definition, one character at a time."""

import numpy as np
from tiny_network import ENTITY_TYPES, LISTS_OF_TYPE, TERMS, make_tokenizer

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.dictionary_features import DictionaryMatcher
from modeling_dicmt.normalization import normalize
from modeling_dicmt.radicals import RadicalTable

TOKENIZER = make_tokenizer()  # for tests that do not change it
NAMES = ["input_ids", "attention_mask", "radical_ids", "dictionary_features"]


def expected_encoding(text):
    """The definition, one character at a time."""
    vocab = TOKENIZER.get_vocab()
    matcher = DictionaryMatcher(ClinicalDictionary(TERMS), ENTITY_TYPES, LISTS_OF_TYPE)
    return {
        "input_ids": [vocab.get(character, vocab["[UNK]"]) for character in normalize(text)],
        "attention_mask": [1] * len(text),
        "radical_ids": RadicalTable.load().ids(text).tolist(),
        "dictionary_features": matcher.features_batch([text])[0].tolist(),
    }


def as_lists(encoding):
    return {name: np.asarray(encoding[name]).tolist() for name in NAMES}
