import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_dicmt.sentences import MAX_SENTENCE_LENGTH, Sentence, cut_sentence, split_sentences

ENDS = "。\n\v\f\r\x85\u2028\u2029"
WEAK_MARKS = "；;，,、：:！!？? \t\u3000"
texts = st.text(
    alphabet=st.one_of(st.sampled_from(ENDS + WEAK_MARKS), st.sampled_from("肝癌CT3😀\ud800"), st.characters())
)


def pieces_of(text, sentences):
    return [text[start:end] for start, end in sentences]


def naive_sentences(text):
    """Character by character: a sentence closes between an end mark and a character that is none."""
    sentences, current = [], ""
    for character in text:
        if current and current[-1] in ENDS and character not in ENDS:
            sentences.append(current)
            current = ""
        current += character
    return sentences + [current] * bool(current)


def is_partition(sentences, start, end):
    return [s.start for s in sentences] + [end] == [start] + [s.end for s in sentences] and all(
        s.start < s.end for s in sentences
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("患者咳嗽", ["患者咳嗽"]),
        ("咳嗽。发热。", ["咳嗽。", "发热。"]),
        ("咳嗽。。。发热", ["咳嗽。。。", "发热"]),
        ("咳嗽\r\n发热\r腹痛\n\n头晕", ["咳嗽\r\n", "发热\r", "腹痛\n\n", "头晕"]),
        ("咳嗽。\r\n发热", ["咳嗽。\r\n", "发热"]),
        ("\n咳嗽", ["\n", "咳嗽"]),
        ("  \u3000 ", ["  \u3000 "]),
        ("血压120.5，WBC 3.2！好？", ["血压120.5，WBC 3.2！好？"]),
        ("😀。\ud800\u2028肝", ["😀。", "\ud800\u2028", "肝"]),
    ],
)
def test_split_sentences(text, expected):
    assert pieces_of(text, split_sentences(text)) == expected


@given(texts)
def test_sentences_partition_the_text_and_equal_the_naive_reading(text):
    sentences = split_sentences(text)
    assert is_partition(sentences, 0, len(text)) or text == "" == "".join(pieces_of(text, sentences))
    assert pieces_of(text, sentences) == naive_sentences(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("肝肝肝，癌癌", ["肝肝肝，", "癌癌"]),  # at the mark
        ("肝肝，癌，癌癌", ["肝肝，癌，", "癌癌"]),  # at the last mark within reach
        ("肝肝肝肝肝肝肝", ["肝肝肝肝肝", "肝肝"]),  # no mark: at the limit
        ("肝肝肝肝肝，癌", ["肝肝肝肝肝", "，癌"]),  # the mark lies beyond the limit
        ("肝肝肝肝，癌", ["肝肝肝肝，", "癌"]),  # the mark is the last character within reach
        ("肝肝肝肝。\r\n", ["肝肝肝肝。", "\r\n"]),
        ("肝肝肝肝。", ["肝肝肝肝。"]),
        ("肝，肝肝肝", ["肝，肝肝肝"]),  # within the limit: left whole
    ],
)
def test_cut_sentence_at_five_characters(text, expected):
    assert pieces_of(text, cut_sentence(text, Sentence(0, len(text)), max_length=5)) == expected


@pytest.mark.parametrize("mark", WEAK_MARKS)
def test_every_weaker_mark_is_a_place_to_cut(mark):
    assert cut_sentence(f"肝肝{mark}癌癌癌", Sentence(0, 6), max_length=5) == [(0, 3), (3, 6)]


def test_cut_sentence_looks_at_its_own_sentence_only():
    text = "一，二。" + "肝" * 8 + "。三，四"
    assert cut_sentence(text, Sentence(4, 13), max_length=6) == [(4, 10), (10, 13)]


def test_an_empty_sentence_has_no_piece_and_the_limit_is_at_least_one():
    assert cut_sentence("肝", Sentence(1, 1)) == []
    with pytest.raises(ValueError, match="max_length must be at least 1, got 0"):
        cut_sentence("肝", Sentence(0, 1), max_length=0)


@given(texts, st.integers(1, 12))
def test_pieces_partition_their_sentence_within_the_limit_and_end_at_the_last_mark(text, max_length):
    for sentence in split_sentences(text):
        pieces = cut_sentence(text, sentence, max_length)
        assert is_partition(pieces, *sentence)
        assert all(end - start <= max_length for start, end in pieces)
        for start, end in pieces[:-1]:
            window = text[start : start + max_length]
            marks = [i for i, c in enumerate(window) if c in ENDS + WEAK_MARKS or c.isspace()]
            assert end - start == (marks[-1] + 1 if marks else max_length)


@pytest.mark.parametrize("text", ["肝" * 2**20, "。" * 2**20, "肝，" * 2**19, "\r" * 2**20, " " * 2**20], ids=ascii)
def test_a_megabyte_takes_linear_time(text):
    started = time.perf_counter()
    pieces = [piece for sentence in split_sentences(text) for piece in cut_sentence(text, sentence)]
    assert time.perf_counter() - started < 5  # about 0.1 s; a quadratic pass takes minutes
    assert is_partition(pieces, 0, len(text))
    assert max(end - start for start, end in pieces) == MAX_SENTENCE_LENGTH
