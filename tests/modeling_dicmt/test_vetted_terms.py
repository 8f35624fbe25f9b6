"""Vetted terms against the definition of `naive_terms.py`."""

import itertools
import pickle

import naive_terms
import numpy as np
import pytest
from counted_steps import is_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.normalization import code_points, normalize
from modeling_dicmt.vetted_terms import MAX_TERM_LENGTH, TermMatcher, longest_first, warn_of_unfindable

TYPES = ["Disease", "Anatomy", "Drug"]
TYPES_OF_LIST = {
    "disease": ("Disease",),
    "anatomy": ("Anatomy",),
    "drug": ("Drug",),
    "both": ("Anatomy", "Disease"),
    "none": (),
}


def matcher_of(terms, excluded=None):
    excluded = None if excluded is None else matcher_of(excluded)
    return TermMatcher(ClinicalDictionary(terms), TYPES, TYPES_OF_LIST, excluded)


# Few characters, so that terms nest, overlap and touch; runs of one, so that terms of 200 and 201 characters are there.
RUNS = st.sampled_from([1, 2, 3, 199, 200, 201, 202, 405]).map("肝".__mul__)
WORDS = st.text("肝炎aＡA\u3000 。\U00020000", max_size=5)
PHRASES = st.lists(WORDS | RUNS, max_size=3).map("".join)
TERMS = st.dictionaries(
    PHRASES.filter(lambda term: normalize(term).strip()),
    st.sets(st.sampled_from(sorted(TYPES_OF_LIST)), min_size=1),
    max_size=8,
)


@settings(max_examples=300)
@given(st.lists(PHRASES, max_size=4), TERMS, TERMS)
@example(["肝炎a", "肝炎", "", "a"], {"肝炎a": ["drug"], "炎": ["anatomy"], "a": ["both"]}, {})
@example(["肝炎a"], {"肝炎a": ["drug"], "炎": ["anatomy"]}, {"肝炎Ａ": ["drug"]})
@example(["肝" * 201 + "炎"], {"肝" * 200: ["drug"], "肝" * 201: ["disease"], "肝炎": ["anatomy"]}, {})
def test_features_and_spans_are_those_of_the_definition(texts, terms, excluded):
    # What is excluded is at times what else would be found.
    excluded = excluded | dict(itertools.islice(((term, ["disease"]) for term in terms), 0, None, 3))
    matcher, expected = matcher_of(terms, excluded), naive_terms.types_of_terms(terms, TYPES_OF_LIST, excluded)
    assert matcher.num_terms == len(expected)
    ends = list(itertools.accumulate(map(len, texts)))
    points = code_points("".join(texts))
    everything, found = matcher.occurrences(points, ends), matcher.find(points, ends)
    features = np.zeros((len(points), 4 * len(TYPES)), dtype=np.uint8)
    matcher.write_features(found, features)
    for text, end in zip(texts, ends, strict=True):
        start = end - len(text)
        occurring = naive_terms.all_occurrences(text, expected)
        kept = naive_terms.longest_first(occurring)
        assert list(matcher.spans(everything, start, end)) == naive_terms.spans_of(text, occurring, expected, TYPES)
        assert list(matcher.spans(found, start, end)) == naive_terms.spans_of(text, kept, expected, TYPES)
        assert np.array_equal(features[start:end], naive_terms.features_of(text, kept, expected, TYPES))
        # Of a stretch that is cut out the terms that are whole.
        cut = len(text) // 3, len(text) - len(text) // 4
        whole = [(first - cut[0], last - cut[0]) for first, last in kept if cut[0] <= first and last <= cut[1]]
        spans = naive_terms.spans_of(text[slice(*cut)], whole, expected, TYPES)
        assert list(matcher.spans(found, start + cut[0], start + cut[1])) == spans


@given(st.sets(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=40))
def test_longest_first_is_the_plain_loop(stretches):
    stretches = sorted((start, start + size) for start, size in stretches)
    starts, ends = np.array(stretches, dtype=np.int64).reshape(-1, 2).T
    chosen = longest_first(starts, ends)
    assert [stretches[index] for index in chosen] == naive_terms.longest_first(stretches)


def features_of(matcher, text):
    points = code_points(text)
    features = np.zeros((len(points), 4 * len(TYPES)), dtype=np.uint8)
    matcher.write_features(matcher.find(points, [len(points)]), features)
    return features


def spans_of(matcher, text):
    points = code_points(text)
    return [tuple(span) for span in matcher.spans(matcher.find(points, [len(points)]), 0, len(points))]


def test_the_layout():
    matcher = matcher_of({"肝": ["anatomy"], "肝炎": ["disease"], "替雷利珠单抗": ["drug", "disease"]})
    features = features_of(matcher, "肝，肝炎，替雷利珠单抗")
    begin, inside, end, single = range(4)
    disease, anatomy, drug = 0, 4, 8
    assert np.argwhere(features).tolist() == [
        [0, anatomy + single],
        [2, disease + begin],
        [3, disease + end],
        [5, disease + begin],
        [5, drug + begin],
        *([place, column + inside] for place in range(6, 10) for column in (disease, drug)),
        [10, disease + end],
        [10, drug + end],
    ]


def test_of_what_is_excluded_the_other_types_and_the_terms_within_remain():
    terms = {"慢性肝炎": ["both"], "肝炎": ["disease"], "慢性": ["disease"]}
    assert spans_of(matcher_of(terms), "慢性肝炎") == [(0, 4, "Disease"), (0, 4, "Anatomy")]
    assert spans_of(matcher_of(terms, {"慢性肝炎": ["disease"]}), "慢性肝炎") == [(0, 4, "Anatomy")]
    assert spans_of(matcher_of(terms, {"慢性肝炎": ["drug"]}), "慢性肝炎") == spans_of(matcher_of(terms), "慢性肝炎")
    for excluded in ({"慢性肝炎": ["both"]}, {"慢性肝炎 ": ["disease", "anatomy"], "肝": ["both"]}):
        found = spans_of(matcher_of(terms, excluded), "慢性肝炎")
        assert found == [(0, 2, "Disease"), (2, 4, "Disease")], "nothing longer is in their way"


def test_pickled_it_finds_the_same():
    matcher = matcher_of({"肝炎": ["both"], "肝": ["drug"]}, {"肝炎": ["disease"]})
    copy = pickle.loads(pickle.dumps(matcher))
    assert spans_of(copy, "肝炎肝") == spans_of(matcher, "肝炎肝") == [(0, 2, "Anatomy"), (2, 3, "Drug")]
    assert np.array_equal(features_of(copy, "肝炎肝"), features_of(matcher, "肝炎肝"))


def test_without_terms_nothing_is_found():
    for matcher in (matcher_of({}), matcher_of({"肝": ["none"]}), matcher_of({"肝": ["drug"]}, {"肝": ["drug"]})):
        assert matcher.num_terms == 0 and spans_of(matcher, "肝炎") == [] and not features_of(matcher, "肝炎").any()


@pytest.mark.parametrize("what", ["terms", "excluded"])
def test_as_many_lists_as_terms_are_compiled_in_linear_time(what):
    def compile_terms(terms):
        types_of_list = {name: ["Drug"] for names in terms.values() for name in names}
        matcher = TermMatcher(ClinicalDictionary(terms), TYPES, types_of_list)
        if what == "excluded":
            return TermMatcher(ClinicalDictionary({term: ["drug"] for term in terms}), TYPES, TYPES_OF_LIST, matcher)
        return matcher

    small, double = ({f"t{i}": [f"l{i}"] for i in range(number)} for number in (200, 400))
    assert compile_terms(small).num_terms == (200 if what == "terms" else 0)
    assert is_linear(compile_terms, small, double)


def test_the_log_says_how_many_can_never_be_found_and_quotes_none(caplog):
    lists = {"drug": ["肝炎。", "。", "肝。。", "a b", "肝" * MAX_TERM_LENGTH]}
    warn_of_unfindable(ClinicalDictionary.from_json(lists), "terms")
    assert not caplog.records
    lists["drug"] += ["肝" * (MAX_TERM_LENGTH + 1), "肝。炎", "。炎", "肝\n炎", " ", 3]
    warn_of_unfindable(ClinicalDictionary.from_json(lists), "not_terms")
    (message,) = [record.getMessage() for record in caplog.records]
    assert message.startswith("not_terms: 6 of 11 can never be found. A term has 200 characters at most")
    assert "肝" not in message
