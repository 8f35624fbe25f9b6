"""The tokenizer: one token a character of any text, its dictionary, its vocabulary, and what it refuses."""

import itertools

import numpy as np
import pytest
from counted_steps import is_linear
from hypothesis import given
from hypothesis import strategies as st
from naive_encoding import NAMES, TOKENIZER, as_lists, expected_encoding
from tiny_network import RECORDS, make_tokenizer

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.tokenization_dicmt import character_vocabulary

# What tokenizers merge, drop, expand or take for something special.
PIECES = [
    *(
        "肺炎",
        "高血压",
        "[PAD]",
        "[UNK]",
        "[CLS]",
        " ",
        "\u3000",
        "\n",
        "\r\n",
        "\t",
        "\x00",
        "2017",
        "CT",
        "ＣＴ",
        "㎝",
    ),
    *("👨\u200d👩\u200d👧", "😀", "𠂇", "𪚥", "e\u0301", "İ", "ﬁ", "ＣＴ", "##", "▁", "Ġ", "\ufeff", "\u2028"),
    *("\ud800", "\udfff\ud83d", "\U0010ffff"),
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=[]), max_size=4), max_size=8).map(
    "".join
)


@given(TEXTS)
def test_one_token_a_character_of_any_text(text):
    encoding = TOKENIZER(text, return_offsets_mapping=True)
    assert [tuple(pair) for pair in encoding["offset_mapping"]] == [(i, i + 1) for i in range(len(text))]
    expected = expected_encoding(text)
    assert as_lists(encoding) == expected
    assert encoding["radical_ids"].dtype == encoding["dictionary_features"].dtype == np.uint8
    assert encoding["dictionary_features"].shape == (len(text), 20)
    assert len(TOKENIZER.tokenize(text)) == len(text)
    for position in range(len(text)):
        assert encoding.char_to_token(position) == position


@given(st.lists(TEXTS, max_size=4))
def test_a_batch_is_its_texts(texts):
    encoding = TOKENIZER(texts)
    for row, text in enumerate(texts):
        assert as_lists({name: encoding[name][row] for name in NAMES}) == expected_encoding(text)
    padded = TOKENIZER(texts, padding=True, return_tensors="pt")
    longest = max(map(len, texts), default=0)
    assert padded["input_ids"].shape == padded["radical_ids"].shape == (len(texts), longest)
    assert padded["dictionary_features"].shape == (len(texts), longest, 20)


@given(st.lists(TEXTS, max_size=3))
def test_records_are_encoded_as_their_sentences_are(texts):
    covered = [0] * len(texts)
    for sentence in TOKENIZER.encode_records(texts):
        assert sentence.start == covered[sentence.record], "sentences lie end to end"
        end = sentence.start + len(sentence.input_ids)
        expected = expected_encoding(texts[sentence.record][sentence.start : end])
        assert sentence.input_ids.tolist() == expected["input_ids"]
        assert sentence.radical_ids.tolist() == expected["radical_ids"]
        assert sentence.dictionary_features.tolist() == expected["dictionary_features"]
        covered[sentence.record] = end
    assert covered == [len(text) for text in texts]


@pytest.mark.parametrize("text", ["\n\n", "肺\n\n\n炎", "\r\n\r\n", "  ", "\u2028\u2028"])
def test_line_ends_and_blanks_in_a_row_are_tokens_each(text):
    assert len(TOKENIZER(text)["input_ids"]) == len(text)


def test_a_dictionary_match_shows(tokenizer):
    features = tokenizer("见高血压。")["dictionary_features"].reshape(5, 5, 2, 2)  # sizes 2…6, end/start, bits
    found = np.argwhere(features.any(-1)).tolist()
    assert found == [[1, 1, 1], [3, 1, 0]]  # the 3-gram starts at 高 and ends at 压
    assert features[1, 1, 1].tolist() == [0, 1]


def test_features_of_a_cut_sentence_are_those_of_the_full_sentence():
    tokenizer = make_tokenizer(max_sentence_length=5)
    text = "见高血压肺炎，左肺胃窦部见阿莫西林"
    pieces = list(tokenizer.encode_records([text]))
    assert len(pieces) > 3 and max(len(piece.input_ids) for piece in pieces) == 5
    whole = tokenizer(text)
    for name in ("input_ids", "radical_ids", "dictionary_features"):
        joined = np.concatenate([getattr(piece, name) for piece in pieces])
        assert np.array_equal(joined, whole[name])
    cut = [piece.start for piece in pieces[1:]]
    assert any(text[i - 1] + text[i] in ("左肺", "窦部", "西林", "莫西", "胃窦", "肺炎") for i in cut), "a term is cut"
    alone = np.concatenate(
        [tokenizer(text[p.start : p.start + len(p.input_ids)])["dictionary_features"] for p in pieces]
    )
    assert not np.array_equal(alone, whole["dictionary_features"])


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (3, {}, "takes a string for each text, got int"),
        (["肺", None], {}, "takes a string for each text, got NoneType"),
        ([["肺"]], {}, "takes a string for each text, got list"),
        (b"abc", {}, "takes a string for each text, got bytes"),
        ("肺", {"is_split_into_words": True}, "takes a list of strings for each text .*, got str"),
        (["肺", 3], {"is_split_into_words": True}, "takes a list of strings for each text"),
        (["肺"], {"text_pair": ["炎"]}, "pass each sentence by itself, not as a pair"),
        (["肺", "肺炎"], {"return_tensors": "pt"}, "padding=True"),
    ],
)
def test_what_is_no_text_is_named(text, options, message):
    with pytest.raises(ValueError, match=message):
        TOKENIZER(text, **options)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vocab": None}, "needs a vocab"),
        ({"entity_types": None}, "needs entity_types"),
        ({"vocab": {"[PAD]": 0, "肺": 1}}, r"lacks \[UNK\]"),
        ({"vocab": {"[UNK]": 0, "肺": 1}}, r"lacks \[PAD\]"),
        ({"ngram_sizes": [0]}, "ngram_sizes"),
    ],
)
def test_settings_that_make_no_tokenizer_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        make_tokenizer(**settings)


def test_precedence_decides_between_types():
    first = make_tokenizer()("胃炎")["dictionary_features"]
    other = make_tokenizer(precedence=["Anatomy"])("胃炎")["dictionary_features"]
    assert first[1, :2].tolist() == [0, 1] and other[1, :2].tolist() == [1, 0]


def test_without_a_mapping_spellings_of_one_name_are_found_in_linear_time():
    def compile_lists(number):
        letters = itertools.product("dD", "iI", "sS", "eE", "aA", "sS", "eE")
        spellings = map("".join, itertools.islice(letters, number))
        dictionary = ClinicalDictionary({f"肺{i}": [name] for i, name in enumerate(spellings)})
        return tokenizer.compile_dictionary(dictionary)

    tokenizer = make_tokenizer(lists_of_type=None, dictionary=ClinicalDictionary({}))
    assert len(compile_lists(128).lists_of_type["Disease"]) == 128
    assert is_linear(compile_lists, 64, 128)


def test_without_a_mapping_new_lists_are_matched_by_name(tokenizer):
    tokenizer = make_tokenizer(lists_of_type=None, dictionary=ClinicalDictionary({"肺炎": ["Disease"]}))
    assert tokenizer("肺炎")["dictionary_features"].any()
    tokenizer.dictionary = ClinicalDictionary({"肺炎": ["something"], "左肺": ["anatomy"]})
    features = tokenizer("左肺炎")["dictionary_features"]
    assert features[:2].any() and not features[2].any()


def test_vocabulary_of_the_random_setting():
    vocab = character_vocabulary(["肺炎Ａ", "肺ab"], ["炎症"])
    assert vocab == {"[PAD]": 0, "[UNK]": 1, "a": 2, "炎": 3, "肺": 4}
    assert set(character_vocabulary(["肺"], min_count=1)) == {"[PAD]", "[UNK]", "肺"}
    assert character_vocabulary([]) == {"[PAD]": 0, "[UNK]": 1}


def test_characters_that_stand_in_the_vocabulary_in_another_width_or_case_are_known():
    ids = TOKENIZER("CＴct")["input_ids"]
    assert ids[0] == ids[2] != 1 and ids[1] == ids[3] != 1


def test_a_vocabulary_with_tokens_of_several_characters_still_gives_characters():
    vocab = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "肺": 4, "炎": 5, "##炎": 6, "肺炎": 7, "2017": 8, "2": 9}
    tokenizer = make_tokenizer(vocab=vocab)
    assert tokenizer("肺炎2017[CLS]")["input_ids"] == [4, 5, 9] + [1] * 8
    assert [piece.input_ids.tolist() for piece in tokenizer.encode_records(["肺炎2"])] == [[4, 5, 9]]


def test_the_records_of_the_tiny_network_have_all_that_is_hard():
    assert "" in RECORDS and any("\n" in record for record in RECORDS)
    assert any(ord(character) > 0xFFFF for record in RECORDS for character in record)


def test_a_mapping_given_as_dictionary_was_an_attribute_error(tokenizer):
    with pytest.raises(ValueError, match="dictionary must be a ClinicalDictionary, got dict"):
        tokenizer.dictionary = {"drug": ["低分子肝素"]}
