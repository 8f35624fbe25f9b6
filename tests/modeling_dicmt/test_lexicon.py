"""Terms under a tokenizer's label set: their names, and what they are in encoded records."""

import itertools

import naive_terms
import numpy as np
import pytest
from counted_steps import is_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tiny_network import ENTITY_TYPES, RECORDS, make_tokenizer

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.dictionary_files import DictionaryError
from modeling_dicmt.sentences import cut_sentence, split_sentences

# Each entity type is also known by what the corpus calls it, and by its lists of the dictionary.
SETTINGS = {
    "vetted_terms": True,
    "corpus_labels": {"Disease": "疾病", "Drug": "药品"},
    "lists_of_type": {"Disease": ["disease", "Finding"], "Anatomy": ["Finding"], "Drug": ["list", "drug"]},
}
TYPES_OF_NAME = {
    "Disease": ["Disease"],
    "DISEASE": ["Disease"],
    "disease": ["Disease"],
    "疾病": ["Disease"],
    "Anatomy": ["Anatomy"],
    "anatomy": ["Anatomy"],
    "Finding": ["Disease", "Anatomy"],
    "finding": ["Disease", "Anatomy"],
    "Drug": ["Drug"],
    "药品": ["Drug"],
    "LIST": ["Drug"],
}


@pytest.mark.parametrize("name", TYPES_OF_NAME)
@pytest.mark.parametrize("what", ["terms", "not_terms"])
def test_a_list_is_named_by_an_entity_type_a_corpus_label_or_a_dictionary_list(name, what):
    lexicon = make_tokenizer(**SETTINGS).compile_lexicon(**{what: ClinicalDictionary({"肝炎": [name]})})
    assert getattr(lexicon, what).types_of_list == {name: frozenset(TYPES_OF_NAME[name])}


def test_a_name_is_first_taken_as_it_is_written_and_first_for_an_entity_type():
    settings = {
        "entity_types": ["Drug", "drug", "Exam", "LAB"],
        "corpus_labels": {"Exam": "Lab", "LAB": "Drug"},
        "lists_of_type": {"Drug": ["Lab"], "drug": ["Medicine"], "Exam": ["drug"], "LAB": ["MEDICINE"]},
    }
    lexicon = make_tokenizer(**settings).compile_lexicon(
        terms=ClinicalDictionary({"肝": ["Drug", "drug", "DRUG", "Lab", "lab", "MEDICINE", "medicine"]})
    )
    assert {name: sorted(types) for name, types in lexicon.terms.types_of_list.items()} == {
        "Drug": ["Drug"],
        "drug": ["drug"],
        "DRUG": ["Drug", "drug"],
        "Lab": ["Exam"],
        "lab": ["LAB"],
        "MEDICINE": ["LAB"],
        "medicine": ["LAB", "drug"],
    }


def test_without_lists_of_types_a_list_is_one_that_is_named_as_a_type():
    tokenizer = make_tokenizer(lists_of_type=None)
    lexicon = tokenizer.compile_lexicon(terms=ClinicalDictionary({"肝": ["drug"]}))
    assert lexicon.terms.types_of_list == {"drug": {"Drug"}}


@pytest.mark.parametrize("what", ["terms", "not_terms"])
def test_a_name_that_is_none_of_these_is_refused_and_told_which_there_are(what):
    tokenizer = make_tokenizer(**SETTINGS)
    terms = ClinicalDictionary({f"肝{i}": ["Drug", f"unknown{i}"] for i in range(7)})
    told = "Disease, 疾病, disease, Finding, Anatomy, Drug, 药品, list, drug"
    told += {"terms": r"\.", "not_terms": r", or \* for any type\."}[what]
    listed = ", ".join(f"unknown{i}" for i in range(5)) + " …"
    with pytest.raises(DictionaryError, match=rf"^{what}: unknown names \({listed}\)\. A list is named by .*: {told}$"):
        tokenizer.compile_lexicon(**{what: terms})
    with pytest.raises(DictionaryError, match=rf"^{what}: unknown names \(7\)\. .*: {told}$"):
        tokenizer.compile_lexicon(**{what: terms}, quote=False)


def test_what_is_no_entity_of_any_type():
    tokenizer = make_tokenizer(**SETTINGS)
    everything = ClinicalDictionary({"肝炎": ["*"], "肝": ["Drug", "*"]})
    assert tokenizer.compile_lexicon(not_terms=everything).not_terms.types_of_list["*"] == {*ENTITY_TYPES}
    with pytest.raises(DictionaryError, match=r"terms: unknown names \(\*\)"):
        tokenizer.compile_lexicon(terms=everything)


def test_names_are_looked_up_in_linear_time():
    def compile_names(number):
        tokenizer = make_tokenizer(lists_of_type={"Drug": [f"l{i}" for i in range(number)]})
        tokenizer.compile_lexicon(terms=ClinicalDictionary({f"t{i}": [f"L{i}"] for i in range(number)}))

    assert is_linear(compile_names, 200, 400)


WORDS = st.sampled_from(["肝", "炎", "a", "Ａ", " ", "，", "。", "\n", "肺炎", "左肺"])
TEXTS = st.lists(st.lists(WORDS, max_size=25).map("".join), max_size=3)
NAMED = st.dictionaries(
    st.lists(WORDS.filter(lambda word: word != "\n"), min_size=1, max_size=4)
    .map("".join)
    .filter(lambda term: term.strip()),
    st.sets(st.sampled_from(sorted(TYPES_OF_NAME)), min_size=1, max_size=2),
    max_size=6,
)


@settings(max_examples=150)
@given(TEXTS, NAMED, NAMED, st.sampled_from([4, 250]), st.booleans())
@example(["肝炎，左肺肺炎"], {"左肺肺炎": ["药品"], "炎": ["finding"]}, {}, 4, True)
def test_records_hold_what_the_definition_finds_in_their_sentences(texts, terms, not_terms, max_length, has_channel):
    tokenizer = make_tokenizer(**SETTINGS | {"vetted_terms": has_channel}, max_sentence_length=max_length)
    lexicon = tokenizer.compile_lexicon(terms=ClinicalDictionary(terms), not_terms=ClinicalDictionary(not_terms))
    vetted = naive_terms.types_of_terms(terms, TYPES_OF_NAME, not_terms)
    forbidden = naive_terms.types_of_terms(not_terms, TYPES_OF_NAME)
    plain = tokenizer.encode_records(texts)
    width = tokenizer.dictionary_matcher.dim
    encoded = tokenizer.encode_records(texts, lexicon)
    for record, text in enumerate(texts):
        for sentence in split_sentences(text):
            whole = text[slice(*sentence)]
            kept = naive_terms.longest_first(naive_terms.all_occurrences(whole, vetted))
            features = naive_terms.features_of(whole, kept, vetted, ENTITY_TYPES)
            none = naive_terms.all_occurrences(whole, forbidden)
            for start, end in cut_sentence(text, sentence, max_length):
                found, own = next(encoded), next(plain)
                assert (found.record, found.start) == (record, start) == (own.record, own.start)
                place = slice(start - sentence.start, end - sentence.start)
                assert np.array_equal(found.dictionary_features[:, :width], own.dictionary_features[:, :width])
                assert np.array_equal(found.dictionary_features[:, width:], features[place, : 12 * has_channel])
                for spans, stretches, types in ((found.terms, kept, vetted), (found.not_terms, none, forbidden)):
                    within = [
                        (first - place.start, last - place.start)
                        for first, last in stretches
                        if place.start <= first and last <= place.stop
                    ]
                    assert list(spans) == naive_terms.spans_of(whole[place], within, types, ENTITY_TYPES)
                assert own.terms == own.not_terms == () and not own.dictionary_features[:, width:].any()
    assert list(encoded) == list(plain) == []


def test_a_term_across_a_cut_shows_but_is_no_stretch_of_either_piece():
    tokenizer = make_tokenizer(vetted_terms=True, max_sentence_length=3, terms={"Drug": ["阿莫西林胶囊"]})
    first, second, third = tokenizer.encode_records(["予阿莫西林胶囊。"])
    assert first.terms == second.terms == third.terms == ()
    column = tokenizer.dictionary_matcher.dim + 4 * ENTITY_TYPES.index("Drug")
    shown = np.concatenate([piece.dictionary_features for piece in (first, second, third)])[:, column:]
    assert [row.tolist() for row in shown] == [
        [0, 0, 0, 0],
        [1, 0, 0, 0],
        *[[0, 1, 0, 0]] * 4,
        [0, 0, 1, 0],
        [0, 0, 0, 0],
    ]


@settings(max_examples=100)
@given(TEXTS, NAMED)
def test_a_text_by_itself_has_the_features_of_a_records_sentence(texts, terms):
    tokenizer = make_tokenizer(**SETTINGS, terms=ClinicalDictionary(terms))
    sentences = [text[slice(*sentence)] for text in texts for sentence in split_sentences(text)]
    encoded = tokenizer.encode_records(texts)
    for found, own in zip(encoded, tokenizer(sentences)["dictionary_features"], strict=True):
        assert np.array_equal(found.dictionary_features, own)


def test_the_features_width_does_not_depend_on_terms():
    tokenizer = make_tokenizer(**SETTINGS)
    assert tokenizer.lexicon.dim == tokenizer("肝")["dictionary_features"].shape[1] == 20 + 12
    some = ClinicalDictionary({"肝": ["Drug"]})
    for terms, not_terms in itertools.product((None, some), repeat=2):
        lexicon = tokenizer.compile_lexicon(terms=terms, not_terms=not_terms)
        assert lexicon.dim == 32
        assert {piece.dictionary_features.shape[1] for piece in tokenizer.encode_records(RECORDS, lexicon)} == {32}
    tokenizer.terms = some
    assert tokenizer("肝")["dictionary_features"].shape == (1, 32)
    assert tokenizer([""], return_tensors="np")["dictionary_features"].shape == (1, 0, 32)


def test_without_a_channel_terms_are_stretches_alone():
    tokenizer = make_tokenizer(terms={"Drug": ["肝"]})
    assert tokenizer.lexicon.dim == 20 and not tokenizer("肝")["dictionary_features"].any()
    (sentence,) = tokenizer.encode_records(["肝"])
    assert sentence.terms == ((0, 1, "Drug"),) and sentence.dictionary_features.shape == (1, 20)


def test_other_reference_lists_leave_vetted_terms_alone_and_the_other_way_round():
    tokenizer = make_tokenizer(vetted_terms=True, terms={"Drug": ["肺炎"]})
    other = tokenizer.compile_dictionary(ClinicalDictionary({"左肺": ["anatomy"]}))
    (own,) = tokenizer.encode_records(["左肺肺炎"])
    (found,) = tokenizer.encode_records(["左肺肺炎"], tokenizer.compile_lexicon(other))
    assert found.terms == own.terms == ((2, 4, "Drug"),)
    assert np.array_equal(found.dictionary_features[:, 20:], own.dictionary_features[:, 20:])
    assert own.dictionary_features[2:, :20].any() and not found.dictionary_features[2:, :20].any()
    before = tokenizer("左肺肺炎")["dictionary_features"]
    tokenizer.dictionary = tokenizer.dictionary
    assert np.array_equal(tokenizer("左肺肺炎")["dictionary_features"], before) and before[2:, 20:].any()
    tokenizer.terms = {}
    after = tokenizer("左肺肺炎")["dictionary_features"]
    assert np.array_equal(after[:, :20], before[:, :20]) and not after[:, 20:].any()
