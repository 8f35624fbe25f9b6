import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling_dicmt import ngram_matching
from modeling_dicmt.ngram_matching import NgramMatcher

PIECE = ngram_matching._PIECE


def points_of(text):
    return np.array(list(map(ord, text)), dtype=np.uint32)


def matcher_of(terms, sizes=()):
    """A term's value is its place among the terms."""
    terms_of_size = {}
    for n in {*map(len, terms), *sizes}:
        places = [i for i, term in enumerate(terms) if len(term) == n]
        points = np.array([points_of(terms[i]) for i in places], dtype=np.uint32).reshape(len(places), n)
        terms_of_size[n] = (points, np.array(places, dtype=np.uint32))
    return NgramMatcher(terms_of_size)


def found_in(matcher, text):
    """For each size pairs of start and value."""
    found = matcher.find(points_of(text))
    return {n: list(zip(starts.tolist(), values.tolist(), strict=True)) for n, (starts, values) in found.items()}


def naive(terms, text, sizes=()):
    """The definition, one n-gram at a time."""
    value_of = {term: i for i, term in enumerate(terms)}
    found = {}
    for n in {*map(len, terms), *sizes}:
        ngrams = [text[start : start + n] for start in range(len(text) - n + 1)]
        found[n] = [(start, value_of[ngram]) for start, ngram in enumerate(ngrams) if ngram in value_of]
    return found


@st.composite
def texts_and_terms(draw):
    """Few characters, recurring, so that terms overlap, nest, begin each other and reach over the text's end."""
    words = st.text(alphabet="ab肝炎\U00020000\0", min_size=1, max_size=4)
    unit, times = draw(words), draw(st.integers(0, 100))
    text = draw(st.text(alphabet="ab肝炎\U00020000\0", max_size=300)) + unit * times
    text = text[: draw(st.integers(0, len(text)))]
    terms = draw(st.lists(st.text(alphabet="ab肝炎\U00020000\0", min_size=1, max_size=200), max_size=5))
    for _ in range(draw(st.integers(0, 20))):
        # A stretch of the text, whole or with something after it, before it, or in place of a character.
        start = draw(st.integers(0, len(text)))
        stretch = text[start : start + draw(st.integers(0, 200))]
        place = draw(st.integers(0, len(stretch)))
        terms.append((stretch[:place] + draw(words | st.just("")) + stretch[place + draw(st.integers(0, 1)) :])[:200])
    sizes = draw(st.lists(st.integers(1, 200), max_size=3))
    return text, list(dict.fromkeys(filter(None, terms))), sizes


@settings(max_examples=300, deadline=None)
@given(texts_and_terms(), st.sampled_from([1, 7, 64, ngram_matching._BLOCK]), st.sampled_from([1, 2, 5, PIECE]))
def test_found_is_what_the_definition_finds(case, block, piece):
    text, terms, sizes = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ngram_matching, "_BLOCK", block)
        patch.setattr(ngram_matching, "_PIECE", piece)
        matcher = matcher_of(terms, sizes)
        assert found_in(matcher, text) == naive(terms, text, sizes)
        assert found_in(matcher, "") == {n: [] for n in {*map(len, terms), *sizes}}


def test_no_terms():
    assert NgramMatcher({}).find(points_of("肝炎")) == {}
    assert found_in(matcher_of([], sizes=[2, 200]), "肝炎") == {2: [], 200: []}


def test_values_and_starts_are_whole_numbers_whether_or_not_anything_is_found():
    matcher = matcher_of(["肝炎", "肝炎" * 20], sizes=[3])
    for text in ("慢性肝炎", "慢", ""):
        for starts, values in matcher.find(points_of(text)).values():
            assert starts.dtype == values.dtype == np.int64


def test_terms_that_begin_each_other_in_a_text_of_one_character():
    terms = ["a" * n for n in range(1, 201)]
    for length in (1, 199, 200, 450):
        found = found_in(matcher_of(terms), "a" * length)
        assert found == {n: [(start, n - 1) for start in range(length - n + 1)] for n in range(1, 201)}


@pytest.mark.parametrize("size", [1, 2, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 1, 200])
def test_one_other_character_anywhere_is_no_match(size):
    term = "".join(chr(0x4E00 + i) for i in range(size))
    matcher = matcher_of([term, term + "后", "前" + term])
    assert found_in(matcher, term)[size] == [(0, 0)]
    for place in range(size):
        changed = term[:place] + "改" + term[place + 1 :]
        assert found_in(matcher, "。" + changed + "。") == {size: [], size + 1: []}


@pytest.mark.parametrize("size", [2, 40])
@pytest.mark.parametrize("block", [8, 64])
def test_terms_across_the_borders_of_blocks(monkeypatch, size, block):
    monkeypatch.setattr(ngram_matching, "_BLOCK", block)
    term = "".join(chr(0x4E00 + i) for i in range(size))
    matcher = matcher_of([term])
    for length in (2 * block - 1, 2 * block, 2 * block + 1):
        for start in range(length - size + 1):
            text = "，" * start + term + "，" * (length - start - size)
            assert found_in(matcher, text) == {size: [(start, 0)]}
        # Nor does a term begin in the text that would end beyond it.
        assert found_in(matcher, "，" * (length - size + 1) + term[:-1]) == {size: []}


def test_a_filter_that_lets_everything_pass_changes_nothing(monkeypatch):
    def flags(self, hashes):
        return np.full(len(hashes), 255, dtype=np.uint8)

    terms = ["肝", "肝炎", "肝炎" * 10, "肝炎" * 10 + "肝", "炎" * PIECE, "炎" * 50]
    text = "慢性" + "肝炎" * 30 + "炎" * 70
    monkeypatch.setattr(ngram_matching._Filter, "flags", flags)
    assert found_in(matcher_of(terms), text) == naive(terms, text)


# Under the multiplier 1 an n-gram's hash is the sum of its characters, so that those of the same ones collide.
SUM = 1


@pytest.mark.parametrize("head", ["", "肝" * (PIECE - 2), "肝" * PIECE, "肝" * 3 * PIECE])
@pytest.mark.parametrize("tail", ["", "炎", "炎" * PIECE])
def test_terms_that_collide_are_compiled_with_the_next_multiplier(monkeypatch, head, tail):
    terms = [head + "ab" + tail, head + "ba" + tail]
    text = "。".join([*terms, head + "aa" + tail])
    monkeypatch.setattr(ngram_matching, "_MULTIPLIERS", (SUM, ngram_matching._MULTIPLIERS[0]))
    assert found_in(matcher_of(terms), text) == naive(terms, text)
    monkeypatch.setattr(ngram_matching, "_MULTIPLIERS", (SUM,))
    with pytest.raises(ValueError, match="collide under every hash multiplier"):
        matcher_of(terms)


@pytest.mark.parametrize("size", [2, PIECE, PIECE + 1, 3 * PIECE, 200])
def test_ngrams_of_the_text_that_collide_with_a_term_are_no_match(monkeypatch, size):
    monkeypatch.setattr(ngram_matching, "_MULTIPLIERS", (SUM,))
    term = "ab" + "炎" * (size - 2)
    matcher = matcher_of([term, term + "后"])
    for text in ("ba" + "炎" * (size - 2), "炎" * (size - 2) + "ab", "a" + "炎" * (size - 2) + "b"):
        assert found_in(matcher, f"{text}后") == naive([term, term + "后"], f"{text}后")


def test_what_has_been_compared_is_not_compared_again(monkeypatch):
    compared = []
    find = ngram_matching._Table.find

    def counted(self, hashes, starts, code_points):
        compared.append(len(hashes) * len(self._columns))
        return find(self, hashes, starts, code_points)

    monkeypatch.setattr(ngram_matching._Table, "find", counted)
    found_in(matcher_of(["a" * n for n in range(1, 201)]), "a" * 1000)
    assert sum(compared) <= 1000 * 200 * PIECE
    # Where the filter leaves next to nothing, next to nothing is compared.
    compared.clear()
    found_in(matcher_of([f"{i:03}" * 20 for i in range(1000)]), "肝" * 1000)
    assert sum(compared) == 0


def test_filters_of_long_terms_are_small():
    generator = np.random.default_rng(0)
    points = generator.integers(0x4E00, 0x9FFF, (2000, 200), dtype=np.uint32)
    matcher = NgramMatcher({200: (points, np.arange(2000))})
    filters = [level.filter for level in matcher._levels if level.filter is not None]
    assert sum(one._packed.nbytes for one in filters) <= 100 * len(points)


def test_terms_of_the_same_beginning_share_slots():
    points = np.full((4096, 3), ord("肝"), dtype=np.uint32)
    points[:, 2] = 0x4E00 + np.arange(4096)
    first, second, third = (
        level.filter._packed.nbytes for level in NgramMatcher({3: (points, np.arange(4096))})._levels
    )
    assert first == second < third
