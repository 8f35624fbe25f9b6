import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_scripts.dictionary_lists import default_lists_of_type
from data_scripts.label_sets import LABEL_SETS
from modeling_dicmt import ngram_matching
from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.dictionary_features import DictionaryMatcher, code_width
from modeling_dicmt.dictionary_files import DictionaryError
from modeling_dicmt.normalization import normalize

DATA_DIR = Path(os.environ.get("DICMT_DATA_DIR", Path(__file__).parents[2] / "../shared/data"))
TYPES = ["Disease", "Anatomy", "Symptom", "Exam", "Treatment"]
LISTS_OF_TYPE = default_lists_of_type(TYPES, corpus="ccks2017")


def naive_features(text, types_of_term, entity_types, sizes, multi_hot, precedence):
    """The definition, one n-gram at a time. `types_of_term`: normalised term -> set of entity types."""
    text = normalize(text)
    width = len(entity_types) if multi_hot else code_width(len(entity_types))
    rows = []
    for t in range(len(text)):
        row = []
        for n in sorted(sizes):
            for start in (t - n + 1, t):
                inside = start >= 0 and start + n <= len(text)
                types = types_of_term.get(text[start : start + n], set()) if inside else set()
                if multi_hot:
                    row += [int(entity_type in types) for entity_type in entity_types]
                else:
                    code = entity_types.index(min(types, key=precedence.index)) + 1 if types else 0
                    row += [int(bit) for bit in f"{code:0{width}b}"]
        rows.append(row)
    return np.array(rows, dtype=np.uint8).reshape(len(text), 2 * len(sizes) * width)


def features_of(terms, **options):
    return DictionaryMatcher(ClinicalDictionary(terms), TYPES, LISTS_OF_TYPE, **options)


def matches_of(compiled, text):
    return compiled.matches(*compiled.features_batch([text]))


# Few characters, so that terms overlap, nest, touch the edges and recur; each kind that is treated in its own way.
ALPHABET = "aAbＡ肝炎，,\u3000 \U00020000😀\ud800é"
WORDS = st.text(alphabet=ALPHABET, min_size=1, max_size=7)


@st.composite
def schemes(draw):
    entity_types = [f"T{i}" for i in range(draw(st.integers(1, 9)))]
    lists_of_type = {
        name: draw(st.lists(st.sampled_from(["l0", "l1", "l2", "l3", "absent"]), unique=True)) for name in entity_types
    }
    raw_terms = draw(
        st.dictionaries(WORDS, st.sets(st.sampled_from(["l0", "l1", "l2", "l3"]), min_size=1), max_size=25)
    )
    terms = {term: lists for term, lists in raw_terms.items() if normalize(term).strip() and "\ud800" not in term}
    sizes = draw(st.lists(st.integers(1, 10), min_size=1, max_size=6, unique=True))
    precedence = draw(st.lists(st.sampled_from(entity_types), unique=True))
    return entity_types, lists_of_type, terms, sizes, draw(st.booleans()), precedence


@settings(max_examples=300, deadline=None)
@given(schemes(), st.lists(st.text(alphabet=ALPHABET, max_size=30), max_size=5))
def test_features_equal_the_definition(scheme, texts):
    entity_types, lists_of_type, terms, sizes, multi_hot, first = scheme
    types_of_term: dict[str, set[str]] = {}
    for term, lists in terms.items():
        types = {name for name in entity_types if lists & set(lists_of_type[name])}
        types_of_term.setdefault(normalize(term).strip(), set()).update(types)
    precedence = first + [name for name in entity_types if name not in first]

    compiled = DictionaryMatcher(ClinicalDictionary(terms), entity_types, lists_of_type, sizes, multi_hot, first)
    expected = [naive_features(text, types_of_term, entity_types, sizes, multi_hot, precedence) for text in texts]
    batch = compiled.features_batch(texts)
    assert len(batch) == len(texts)
    for text, one, wanted in zip(texts, batch, expected, strict=True):
        (alone,) = compiled.features_batch([text])
        assert alone.dtype == one.dtype == np.uint8
        assert alone.shape == one.shape == (len(text), compiled.dim)
        np.testing.assert_array_equal(alone, wanted)
        np.testing.assert_array_equal(one, wanted)
        found = [
            (start, end, min(types, key=precedence.index))
            for start in range(len(text))
            for end in range(start + 1, len(text) + 1)
            if end - start in sizes and (types := types_of_term.get(normalize(text)[start:end]))
        ]
        assert compiled.matches(one) == found


def test_the_papers_layout():
    # 胃炎 (Disease, 001) ends at the second and starts at the first character; CT检查 is Exam, 100.
    compiled = features_of({"胃炎": ["disease"], "ct检查": ["exam"]})
    assert compiled.dim == 30
    (features,) = compiled.features_batch(["胃炎ＣＴ检查"])
    assert features[1].tolist() == [0, 0, 1] + [0] * 27
    assert features[0].tolist() == [0, 0, 0, 0, 0, 1] + [0] * 24
    four_characters = 3 * 2 * 2  # after the columns of sizes 2 and 3
    assert np.flatnonzero(features[5]).tolist() == [four_characters]
    assert np.flatnonzero(features[2]).tolist() == [four_characters + 3]
    assert not features[3:5].any()
    assert matches_of(compiled, "胃炎ＣＴ检查") == [(0, 2, "Disease"), (2, 6, "Exam")]


def test_nothing_matches_across_the_edge_of_a_text():
    compiled = features_of({"胃炎": ["disease"]})
    first, empty, second = compiled.features_batch(["慢性胃", "", "炎症"])
    assert not first.any() and empty.shape == (0, 30) and not second.any()
    assert compiled.features_batch([]) == []


def test_width_follows_the_number_of_types():
    for corpus, dim in (("ccks2017", 30), ("cmeee", 40)):
        types = [entity_type.name for entity_type in LABEL_SETS[corpus]]
        lists = default_lists_of_type(types, corpus=corpus)
        assert DictionaryMatcher(ClinicalDictionary({}), types, lists).dim == dim
    assert features_of({}, multi_hot=True).dim == 50


def test_a_term_of_several_types():
    terms = {"黄疸": ["symptom", "disease"]}
    assert matches_of(features_of(terms), "黄疸") == [(0, 2, "Disease")]
    assert matches_of(features_of(terms, precedence=["Symptom"]), "黄疸") == [(0, 2, "Symptom")]
    multi_hot = features_of(terms, multi_hot=True)
    assert multi_hot.features_batch(["黄疸"])[0][0, 5:10].tolist() == [1, 0, 1, 0, 0]
    assert matches_of(multi_hot, "黄疸") == [(0, 2, "Disease")]
    multi_hot = features_of(terms, multi_hot=True, precedence=["Symptom"])
    assert matches_of(multi_hot, "黄疸") == [(0, 2, "Symptom")]


@pytest.mark.parametrize("length", [ngram_matching._BLOCK - 1, ngram_matching._BLOCK, ngram_matching._BLOCK + 3])
def test_terms_across_the_blocks_of_a_long_text(length):
    compiled = features_of({"胃炎胃炎胃炎": ["disease"]}, ngram_sizes=[6])
    for start in range(ngram_matching._BLOCK - 7, length - 5):
        text = "，" * start + "胃炎胃炎胃炎" + "，" * (length - start - 6)
        assert [match.start for match in matches_of(compiled, text)] == [start]


def test_a_term_is_found_once_where_two_blocks_overlap():
    compiled = features_of({"胃炎": ["disease"], "慢性浅表胃炎": ["disease"]})
    text = "，" * (ngram_matching._BLOCK + 1) + "胃炎，，，，，，"
    assert [match.start for match in matches_of(compiled, text)] == [ngram_matching._BLOCK + 1]


def test_colliding_hashes_are_compiled_again(monkeypatch):
    # Under the multiplier 1 the hash of an n-gram is a sum: terms of the same characters collide.
    monkeypatch.setattr(ngram_matching, "_MULTIPLIERS", (1, ngram_matching._MULTIPLIERS[0]))
    compiled = features_of({"腹痛": ["symptom"], "痛腹": ["disease"]})
    assert [match.type for match in matches_of(compiled, "腹痛腹")] == ["Symptom", "Disease"]
    monkeypatch.setattr(ngram_matching, "_MULTIPLIERS", (1,))
    with pytest.raises(ValueError, match="collide"):
        features_of({"腹痛": ["symptom"], "痛腹": ["disease"]})
    # A text's n-gram may collide with a term at any time: only the term itself matches.
    assert [match.start for match in matches_of(features_of({"腹痛": ["symptom"]}), "痛腹，腹痛")] == [3]


@pytest.mark.parametrize("sizes", [[0, 2], [2, 11], [2, 2], [10**9], ["2"], [2.0], [True], "23", 2, None, {2: 3}])
def test_unusable_sizes_are_refused(sizes):
    with pytest.raises(ValueError, match="distinct sizes within 1…10"):
        features_of({}, ngram_sizes=sizes)


def test_no_sizes_make_features_of_no_width():
    features = features_of({"腹痛": ["symptom"]}, ngram_sizes=[])
    assert features.dim == 0
    assert [part.shape for part in features.features_batch(["腹痛", ""])] == [(2, 0), (0, 0)]
    assert matches_of(features, "腹痛") == matches_of(features, "") == []


class CountedName(str):
    """A list's name that counts how often it is looked at."""

    looks = 0

    def __hash__(self):
        CountedName.looks += 1
        return super().__hash__()


def test_as_many_combinations_as_lists_are_compiled_in_linear_time():
    lists = [f"l{i}" for i in range(2000)]
    dictionary = ClinicalDictionary({f"t{i}": [name] for i, name in enumerate(lists)})
    CountedName.looks = 0
    compiled = DictionaryMatcher(dictionary, ["T"], {"T": list(map(CountedName, lists))}, ngram_sizes=[5])
    assert compiled.num_terms == 1000
    assert CountedName.looks < 10 * len(lists)


def test_unknown_types_are_refused():
    with pytest.raises(DictionaryError, match=r"lists_of_type: no entity type Drug; the label set has Disease"):
        DictionaryMatcher(ClinicalDictionary({}), ["Disease"], {"Drug": ["drug"]})
    with pytest.raises(DictionaryError, match="precedence: no entity type Drug"):
        DictionaryMatcher(ClinicalDictionary({}), ["Disease"], {}, precedence=["Drug"])
    with pytest.raises(ValueError, match="distinct"):
        DictionaryMatcher(ClinicalDictionary({}), ["Disease", "Disease"], {})


def test_compiled_features_survive_pickling():
    compiled = features_of({"黄疸": ["symptom", "disease"]}, ngram_sizes=[2, 3], multi_hot=True, precedence=["Symptom"])
    restored = pickle.loads(pickle.dumps(compiled))
    (expected,) = compiled.features_batch(["黄疸"])
    np.testing.assert_array_equal(restored.features_batch(["黄疸"])[0], expected)
    assert matches_of(restored, "黄疸") == [(0, 2, "Symptom")]


@pytest.mark.real_data
def test_features_of_real_text_equal_the_definition():
    corpus = DATA_DIR / "corpus"
    if not corpus.is_dir():
        pytest.skip("the real data are absent (DICMT_DATA_DIR)")
    dictionary = ClinicalDictionary.from_path(DATA_DIR / "dictionaries")
    types_of_term = {
        term: types
        for term, lists in dictionary.items()
        if (types := {name for name in TYPES if set(LISTS_OF_TYPE[name]) & set(lists)})
    }
    sizes = (2, 3, 4, 5, 6)
    for multi_hot in (False, True):
        compiled = DictionaryMatcher(dictionary, TYPES, LISTS_OF_TYPE, sizes, multi_hot)
        for file in sorted(corpus.glob("*.txt")):
            with open(file, encoding="utf-8") as lines:
                text = lines.read(10_000)
            expected = naive_features(text, types_of_term, TYPES, sizes, multi_hot, TYPES)
            assert expected.any()
            np.testing.assert_array_equal(compiled.features_batch([text])[0], expected)
