"""What is hidden from an encoder: against the definition, one unit at a time, and by counting."""

import itertools
from typing import Any

import naive_terms
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tiny_bert import SPECIAL_TOKENS, character_tokenizer, make_bert_tokenizer

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.dictionary_files import DictionaryError
from modeling_dicmt.normalization import code_points, normalize
from modeling_dicmt.training.hidden_characters import IGNORED, HiddenCharacters

CHARACTERS = "肝炎胃痛左侧,。1a"
TOKENIZER = make_bert_tokenizer(CHARACTERS)
UNKNOWN = "𠂇"


class Sentences:
    """Sentences in memory, as a packed text has them."""

    def __init__(self, sentences: list[str]):
        self.sentences = sentences
        self.lengths = np.array(list(map(len, sentences)), dtype=np.int64)

    def __len__(self) -> int:
        return len(self.sentences)

    def take(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chosen = [self.sentences[index] for index in indices]
        return code_points("".join(chosen)), np.cumsum(list(map(len, chosen)), dtype=np.int64)


def hiding(share: float = 0.15, terms: list[str] | None = None) -> HiddenCharacters:
    dictionary = None if terms is None else ClinicalDictionary({term: ["list"] for term in terms})
    return HiddenCharacters(character_tokenizer(TOKENIZER), TOKENIZER, share, dictionary)


def hidden_in(inputs: dict[str, Any], row: int, length: int) -> list[bool]:
    """Which characters of a sentence are to be guessed."""
    return (inputs["labels"][row, 1 : length + 1] != IGNORED).tolist()


def naive_units(text: str, terms: list[str]) -> list[tuple[int, int]]:
    """The units of a sentence, term by term and character by character."""
    found = naive_terms.longest_first(naive_terms.all_occurrences(text, [normalize(term).strip() for term in terms]))
    within = {place for stretch in found for place in range(*stretch)}
    return sorted([*found, *((place, place + 1) for place in range(len(text)) if place not in within)])


SENTENCES = st.lists(st.text(CHARACTERS + UNKNOWN, min_size=1, max_size=12), min_size=1, max_size=5)
TERMS = st.lists(st.text(CHARACTERS, min_size=1, max_size=4).filter(str.strip), min_size=1, max_size=6, unique=True)


@given(SENTENCES, TERMS)
@example(["肝炎胃", "炎"], ["肝炎", "炎胃", "肝炎胃痛"])
@example(["肝", "炎"], ["肝炎"])  # of two sentences
@example(["肝炎胃痛"], ["炎胃", "肝炎", "胃痛"])
def test_units_are_those_of_the_definition(sentences, terms):
    text = Sentences(sentences)
    points, ends = text.take(np.arange(len(text)))
    expected = []
    for sentence, end in zip(sentences, ends.tolist(), strict=True):
        begin = end - len(sentence)
        for first, last in naive_units(sentence, terms):
            expected += [begin + first] * (last - first)
    assert hiding(terms=terms).first_of_unit(points, ends).tolist() == expected


@given(SENTENCES, TERMS, st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_a_unit_is_hidden_whole_or_not_at_all_and_the_rest_is_left_alone(sentences, terms, seed, epoch):
    text, vocabulary = Sentences(sentences), TOKENIZER.get_vocab()
    hidden = hiding(0.5, terms)
    inputs = hidden.inputs(text, np.arange(len(text)), seed, epoch)
    ids, mask, labels = (inputs[name] for name in ("input_ids", "attention_mask", "labels"))
    assert ids.shape == mask.shape == labels.shape == (len(text), text.lengths.max() + 2)
    for row, sentence in enumerate(sentences):
        length = len(sentence)
        own = [vocabulary.get(character, TOKENIZER.unk_token_id) for character in sentence]
        assert (ids[row, 0], ids[row, length + 1]) == (TOKENIZER.cls_token_id, TOKENIZER.sep_token_id)
        assert mask[row].tolist() == [1] * (length + 2) + [0] * (mask.shape[1] - length - 2)
        assert set(ids[row, length + 2 :]) <= {TOKENIZER.pad_token_id}
        assert set(labels[row, length + 1 :]) | {labels[row, 0]} == {IGNORED}
        is_hidden = hidden_in(inputs, row, length)
        for place, (seen, label) in enumerate(zip(ids[row, 1:], labels[row, 1:], strict=True)):
            if place < length and label == IGNORED and sentence[place] != UNKNOWN:
                assert seen == own[place]
            elif place < length and label != IGNORED:
                assert label == own[place] and (seen == TOKENIZER.mask_token_id or seen >= len(SPECIAL_TOKENS))
        for first, last in naive_units(sentence, terms):
            of_unit = {is_hidden[place] for place in range(first, last) if sentence[place] != UNKNOWN}
            assert len(of_unit) <= 1
    assert hidden.count(text, np.arange(len(text)), seed, epoch) == (labels != IGNORED).sum()


def test_what_is_hidden_depends_on_seed_pass_and_the_sentence_s_number_alone():
    sentences = ["肝炎胃痛左侧,。1a" * 3, "左侧肝炎。" * 4, "痛" * 9, "肝炎胃痛左侧,。1a" * 3]
    text, hidden = Sentences(sentences), hiding(0.3, ["肝炎", "左侧"])

    def of(number: int, indices: list[int], seed: int = 5, epoch: int = 2) -> list[list[int]]:
        inputs, row = hidden.inputs(text, np.array(indices), seed, epoch), indices.index(number)
        return [inputs[name][row, : len(sentences[number]) + 2].tolist() for name in ("input_ids", "labels")]

    for number in range(len(text)):
        alone = of(number, [number])
        for order in itertools.permutations(range(len(text))):
            assert of(number, [*order]) == alone
    assert of(0, [0]) != of(0, [0], seed=6)
    assert of(0, [0]) != of(0, [0], epoch=3)
    assert of(0, [0]) != of(3, [3])  # the same words elsewhere


@pytest.mark.parametrize("share", [0.15, 0.4])
@pytest.mark.parametrize("terms", [None, ["肝炎胃痛", "左侧"]])
def test_the_share_asked_for_is_hidden_of_it_80_10_and_10_per_cent(share, terms):
    sentence, number = "肝炎胃痛,左侧肝1a。痛胃。", 3000
    inputs = hiding(share, terms).inputs(Sentences([sentence] * number), np.arange(number), 1, 0)
    is_hidden = inputs["labels"] != IGNORED
    counts = is_hidden[:, 1:-1].sum(0)  # of each place
    deviation = 5 * (share * (1 - share) / number) ** 0.5
    np.testing.assert_allclose(counts / number, share, atol=deviation)
    seen, right = inputs["input_ids"][is_hidden], inputs["labels"][is_hidden]
    exchanged = (seen != right) & (seen != TOKENIZER.mask_token_id)
    shares = [(seen == TOKENIZER.mask_token_id).mean(), exchanged.mean(), (seen == right).mean()]
    by_chance = 0.1 / len(CHARACTERS)  # exchanged for itself
    np.testing.assert_allclose(shares, [0.8, 0.1 - by_chance, 0.1 + by_chance], atol=5 * 0.4 / len(seen) ** 0.5)
    assert set(seen[exchanged].tolist()) == {TOKENIZER.get_vocab()[character] for character in CHARACTERS}


def test_terms_that_no_text_can_hold_are_refused():
    with pytest.raises(ValueError, match="No term of the dictionary can be found"):
        hiding(terms=["肝" * 201])
    with pytest.raises(DictionaryError):
        hiding(terms=[""])
