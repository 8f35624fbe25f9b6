"""The tokenizer: one token a character of any text, and everything that transformers and datasets do with one."""

import copy
import itertools
import json
import pickle
import shutil

import numpy as np
import pytest
import torch
from counted_steps import is_linear
from datasets import Dataset
from datasets.fingerprint import Hasher
from hypothesis import given
from hypothesis import strategies as st
from tiny_network import ENTITY_TYPES, LISTS_OF_TYPE, RECORDS, SENTENCES, TERMS, make_tokenizer
from transformers import DataCollatorForTokenClassification

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.dictionary_features import DictionaryMatcher
from modeling_dicmt.normalization import normalize
from modeling_dicmt.radicals import RadicalTable
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer, character_vocabulary

TOKENIZER = make_tokenizer()  # for tests that do not change it
NAMES = ["input_ids", "attention_mask", "radical_ids", "dictionary_features"]

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


# Padding, truncation, windows, words


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


# With transformers and datasets


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


def test_precedence_decides_between_types():
    first = make_tokenizer()("胃炎")["dictionary_features"]
    other = make_tokenizer(precedence=["Anatomy"])("胃炎")["dictionary_features"]
    assert first[1, :2].tolist() == [0, 1] and other[1, :2].tolist() == [1, 0]


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


# Vetted terms

VETTED = {"Drug": ["阿莫西林　0.5G", "服用"], "anatomy": ["左肺", "阿莫西林"], "Disease": ["胃炎", "左肺"]}


@pytest.fixture
def vetted():
    return make_tokenizer(vetted_terms=True, terms=VETTED)


@pytest.mark.parametrize("form", ["mapping", "dictionary", "path", "foreign"])
def test_vetted_terms_in_every_form(form, vetted, tmp_path):
    rows = [(term, name) for name, terms in VETTED.items() for term in terms]
    (tmp_path / "own.tsv").write_text("".join(f"{term}\t{name}\n" for term, name in rows), encoding="utf-8")
    lists = {term: [name for other, name in rows if other == term] for term, _ in rows}
    terms = {
        "mapping": {name: tuple(terms) for name, terms in VETTED.items()},
        "dictionary": ClinicalDictionary(lists),
        "path": str(tmp_path / "own.tsv"),
        "foreign": type("ClinicalDictionary", (), {"items": lambda self: lists.items()})(),
    }[form]
    tokenizer = make_tokenizer(vetted_terms=True)
    none = tokenizer(SENTENCES[1])["dictionary_features"]
    tokenizer.terms = terms
    assert tokenizer.terms == ClinicalDictionary(lists) == vetted.terms
    features = tokenizer(SENTENCES[1])["dictionary_features"]
    assert np.array_equal(features, vetted(SENTENCES[1])["dictionary_features"])
    assert np.array_equal(features[:, :20], none[:, :20]) and features[:, 20:].any() and not none[:, 20:].any()
    for nothing in ({}, {"Drug": []}, {"Drug": set()}, ClinicalDictionary({})):
        tokenizer.terms = nothing
        assert len(tokenizer.terms) == 0
        assert np.array_equal(tokenizer(SENTENCES[1])["dictionary_features"], none)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (["左肺"], "terms must be a ClinicalDictionary, a path, or a mapping {list: .terms.}, got list"),
        (None, "terms must be .* got NoneType"),
        ({"Drug": "左肺"}, "what was passed as terms is no dictionary"),
        ({"Drug": None}, "what was passed as terms is no dictionary"),
        ({"Drug": [" "]}, "what was passed as terms holds no usable term"),
        ({"药品": ["左肺"]}, r"terms: unknown names \(药品\)\. .*: Disease, disease, Anatomy, anatomy, Drug, drug\.$"),
    ],
)
def test_vetted_terms_of_no_use_are_refused_and_change_nothing(terms, message, vetted):
    before = vetted.terms, vetted.lexicon
    with pytest.raises(ValueError, match=message):
        vetted.terms = terms
    assert (vetted.terms, vetted.lexicon) == before


def test_vetted_terms_that_cannot_be_found_are_told(tokenizer, caplog):
    tokenizer.terms = {"Drug": ["左肺", "左。肺"]}
    assert "terms: 1 of 2 can never be found." in caplog.text


def test_a_folder_has_vetted_terms_only_while_the_tokenizer_has_some(vetted, tmp_path):
    def names():
        return {path.name for path in tmp_path.iterdir()}

    file = str(tmp_path / "terms.tsv")
    make_tokenizer(vetted_terms=True).save_pretrained(tmp_path)
    assert "terms.tsv" not in names() and len(DicMTTokenizer.from_pretrained(tmp_path).terms) == 0
    assert file in vetted.save_pretrained(tmp_path) and "terms.tsv" in names()
    assert "左肺" not in (tmp_path / "tokenizer_config.json").read_text(encoding="utf-8")
    loaded = DicMTTokenizer.from_pretrained(tmp_path)
    assert loaded.terms == vetted.terms
    (tmp_path / "prefixed").mkdir()
    vetted.save_pretrained(tmp_path / "prefixed", filename_prefix="a")
    assert (tmp_path / "prefixed" / "a-terms.tsv").exists() and not (tmp_path / "prefixed" / "terms.tsv").exists()
    loaded.terms = {}
    assert file not in loaded.save_pretrained(tmp_path) and "terms.tsv" not in names()
    assert len(DicMTTokenizer.from_pretrained(tmp_path).terms) == 0


def test_terms_given_in_loading_replace_the_saved_ones(vetted, tmp_path):
    vetted.save_pretrained(tmp_path)
    other = DicMTTokenizer.from_pretrained(tmp_path, terms={"Drug": ["见"]})
    assert list(other.terms) == ["见"]
    other.save_pretrained(tmp_path / "again")
    assert list(DicMTTokenizer.from_pretrained(tmp_path / "again").terms) == ["见"]
    assert "见" not in (tmp_path / "again" / "tokenizer_config.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("side", ["right", "left"])
def test_the_columns_of_vetted_terms_are_padded_cut_and_windowed_like_all_others(side, vetted):
    text = SENTENCES[1]
    whole = vetted(text)["dictionary_features"]
    assert whole.shape == (len(text), 32) and whole[:, 20:].sum() > 10
    padded = vetted([text, SENTENCES[3]], padding="max_length", max_length=60, padding_side=side, return_tensors="np")
    place = slice(0, len(text)) if side == "right" else slice(60 - len(text), 60)
    expected = np.zeros((60, 32), dtype=np.uint8)
    expected[place] = whole
    assert np.array_equal(padded["dictionary_features"][0], expected)
    again = vetted.pad(
        {"input_ids": [[5] * len(text)], "dictionary_features": [whole.tolist()]},
        padding="max_length",
        max_length=60,
        padding_side=side,
    )
    assert np.array_equal(again["dictionary_features"][0], expected)
    vetted.truncation_side = side
    kept = slice(0, 20) if side == "right" else slice(len(text) - 20, None)
    assert np.array_equal(vetted(text, truncation=True, max_length=20)["dictionary_features"], whole[kept])
    vetted.truncation_side = "right"
    windows = vetted(text, truncation=True, max_length=10, stride=4, return_overflowing_tokens=True)
    for number, window in enumerate(windows["dictionary_features"]):
        assert np.array_equal(window, whole[6 * number : 6 * number + 10])
    words = vetted([[text[:7], "", text[7:]]], is_split_into_words=True)
    assert np.array_equal(words["dictionary_features"][0], whole)


def test_datasets_map_tells_tokenizers_with_other_vetted_terms_apart(vetted, tmp_path):
    Dataset.from_dict({"text": SENTENCES}).save_to_disk(tmp_path / "data")
    data = Dataset.load_from_disk(tmp_path / "data")
    without = make_tokenizer(vetted_terms=True)
    first, second, again = (
        data.map(tokenizer, input_columns="text", batched=True)
        for tokenizer in (without, vetted, make_tokenizer(vetted_terms=True, terms=VETTED))
    )
    assert again._fingerprint == second._fingerprint != first._fingerprint
    for tokenizer, mapped in ((without, first), (vetted, second)):
        for row, sentence in enumerate(SENTENCES):
            assert mapped[row]["dictionary_features"] == tokenizer(sentence)["dictionary_features"].tolist()
