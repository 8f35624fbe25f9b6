"""Keys that were seen, counts of characters and bigrams, and which documents are held out."""

import random
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_scripts.unlabelled import duplicates, held_out
from data_scripts.unlabelled.counts import BigramCounts, CharacterCounts
from data_scripts.unlabelled.duplicates import SeenKeys
from data_scripts.unlabelled.held_out import HeldOutChoice, KeyedDocument


def test_a_key_is_new_once(monkeypatch):
    monkeypatch.setattr(duplicates, "_NEW_KEYS", 4)
    draw = random.Random(0)
    keys = [draw.choice([draw.getrandbits(64), draw.randrange(40), 2**64 - 1, 0]) for _ in range(2000)]
    seen, expected = SeenKeys(), set()
    for key in keys:
        assert seen.add(key) == (key not in expected)
        expected.add(key)
    assert len(seen._sorted) < 10  # few to look in


def test_seen_keys_take_few_bytes():
    seen = SeenKeys()
    number = 4 * duplicates._NEW_KEYS
    for key in range(number):
        seen.add(key)
    assert not seen._new and sum(array.nbytes for array in seen._sorted) == 8 * number


SENTENCES = st.lists(st.lists(st.text(alphabet="患腹a。", min_size=1, max_size=6), min_size=1, max_size=4), max_size=6)


def counted(batches, limit=1 << 21):
    characters, bigrams = CharacterCounts(), BigramCounts(limit)
    for batch in batches:
        points = np.array([ord(character) for character in "".join(batch)], dtype=np.uint32)
        characters.add(points)
        bigrams.add(points, np.cumsum([len(sentence) for sentence in batch]))
    return characters, bigrams


@given(SENTENCES)
def test_counts_are_those_of_each_sentence(batches):
    characters, bigrams = counted(batches)
    sentences = [sentence for batch in batches for sentence in batch]
    points, counts = characters.arrays()
    assert dict(zip(map(chr, points.tolist()), counts.tolist(), strict=True)) == Counter("".join(sentences))
    pairs, counts = bigrams.arrays()
    found = {
        chr(first) + chr(second): count for (first, second), count in zip(pairs.tolist(), counts.tolist(), strict=True)
    }
    assert found == Counter(one + two for text in sentences for one, two in pairwise(text))
    assert bigrams.error == 0


def test_of_too_many_bigrams_the_frequent_stay_with_counts_within_the_error():
    draw = random.Random(1)
    alphabet = [chr(0x4E00 + number) for number in range(60)]
    batches = [
        ["肺炎" * draw.randrange(1, 4), *("".join(draw.choices(alphabet, k=30)) for _ in range(3))] for _ in range(200)
    ]
    limit = 400
    _, bigrams = counted(batches, limit)
    pairs, counts = bigrams.arrays()
    assert len(pairs) <= limit and len(bigrams._pending) == 0
    expected = Counter(a + b for batch in batches for text in batch for a, b in pairwise(text))
    found = {chr(a) + chr(b): count for (a, b), count in zip(pairs.tolist(), counts.tolist(), strict=True)}
    assert found["肺炎"] >= expected["肺炎"] - bigrams.error and "炎肺" in found
    assert 0 < bigrams.error < 100
    for pair, count in expected.items():
        assert count - bigrams.error <= found.get(pair, 0) <= count


def document(key, sentences):
    return KeyedDocument(key, np.zeros(sentences, np.uint32), list(range(1, sentences + 1)))


def chosen(documents, share):
    """Keys held out and keys trained on."""
    choice = HeldOutChoice(share)
    settled = [pair for item in documents for pair in choice.settle(item)] + list(choice.settle_rest())
    assert sorted(item.key for item, _ in settled) == sorted(item.key for item in documents)
    return tuple({item.key for item, is_out in settled if is_out is wanted} for wanted in (True, False))


def random_documents(number, seed=0, longest=5):
    draw = random.Random(seed)
    return [document(draw.getrandbits(64), draw.randint(1, longest)) for _ in range(number)]


@pytest.mark.parametrize("number", [2, 10, 100, 700, 3000])
def test_the_documents_order_decides_nothing(number):
    documents = random_documents(number)
    expected = chosen(documents, 0.05)
    for seed in range(3):
        random.Random(seed).shuffle(documents)
        assert chosen(documents, 0.05) == expected


def test_of_much_text_the_share_is_held_out():
    documents = random_documents(20_000)
    out, _ = chosen(documents, 0.05)
    assert out == {item.key for item in documents if item.key < 0.05 * 2**64}
    assert 850 < len(out) < 1150


def test_of_little_text_more_is_held_out_but_a_tenth_at_most():
    documents = random_documents(2000, longest=3)  # about 4,000 sentences, of which 1 in 1,000 would be 4
    lengths = {item.key: len(item.ends) for item in documents}
    out, rest = chosen(documents, 0.001)
    assert held_out.MIN_HELD_OUT_SENTENCES <= sum(map(lengths.get, out)) < held_out.MIN_HELD_OUT_SENTENCES + 3
    assert max(out) < min(rest)
    documents = random_documents(100, longest=3)
    lengths = {item.key: len(item.ends) for item in documents}
    out, _ = chosen(documents, 0.001)
    assert 0.08 < sum(map(lengths.get, out)) / sum(lengths.values()) <= 0.1


def test_of_two_documents_the_shorter_is_held_out_and_of_one_none():
    assert chosen([document(2**60, 9), document(2**61, 3)], 0.01) == ({2**61}, {2**60})
    assert chosen([document(2**60, 9)], 0.01) == (set(), {2**60})
    assert chosen([], 0.01) == (set(), set())


def test_nothing_is_held_out_if_nothing_is_asked_for():
    documents = random_documents(50)
    assert chosen(documents, 0) == (set(), {item.key for item in documents})
