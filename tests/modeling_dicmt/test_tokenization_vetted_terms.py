"""Vetted terms of the tokenizer: their forms, their file, and their columns in all that is done with a text."""

import numpy as np
import pytest
from datasets import Dataset
from tiny_network import SENTENCES, make_tokenizer

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer

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
