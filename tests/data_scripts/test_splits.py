"""The development split: whole patients, identical texts on one side, the same at every run."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_scripts.readers.records import CorpusError
from data_scripts.splits import split_groups

RECORDS = st.lists(st.tuples(st.sampled_from("abcdefghij"), st.sampled_from(["", "t1", "t2", "t3", "t4", "t5", "t6"])))


def one_side_only(keys, development):
    sides = defaultdict(set)
    for index, key in enumerate(keys):
        sides[key].add(index in development)
    return all(len(side) == 1 for side in sides.values())


@given(RECORDS, st.floats(0.05, 0.95), st.integers(0, 3))
def test_groups_and_identical_texts_lie_on_one_side(records, share, seed):
    groups, texts = [g for g, _ in records], [f"{t}{'' if t else i}" if t else "" for i, (_, t) in enumerate(records)]
    try:
        train, development = split_groups(groups, texts, share, seed)
    except CorpusError:
        return
    assert sorted(train + development) == list(range(len(records)))
    assert train and development
    assert one_side_only(groups, set(development))
    assert one_side_only([text or str(index) for index, text in enumerate(texts)], set(development))


def test_a_tenth_of_the_groups_whatever_their_sizes():
    groups = [str(number) for number in range(200) for _ in range(1 + number % 5)]
    _, development = split_groups(groups, [str(i) for i in range(len(groups))])
    assert len({groups[index] for index in development}) == 20


def test_the_choice_depends_on_the_seed_but_not_on_the_records_order():
    groups = [str(number) for number in range(50)]
    texts = [f"text {group}" for group in groups]

    def chosen(order, seed=42):
        ordered = [groups[i] for i in order]
        return {ordered[i] for i in split_groups(ordered, [texts[i] for i in order], seed=seed)[1]}

    forward = chosen(range(50))
    assert forward == chosen(range(49, -1, -1))
    assert forward == chosen(range(50), 42) != chosen(range(50), 43)


def test_groups_chained_by_shared_texts_move_together():
    # a-b share one text, b-c another: a and c share none, yet must not be parted.
    groups = ["a", "b", "b", "c", "d"]
    texts = ["1", "1", "2", "2", "3"]
    for seed in range(10):
        train, development = split_groups(groups, texts, 0.25, seed)
        assert (train, development) == ([0, 1, 2, 3], [4])


def test_blank_texts_do_not_tie_groups():
    assert len(split_groups(["a", "b"], ["", ""], 0.5)[1]) == 1


def test_records_that_all_belong_together_cannot_be_divided():
    with pytest.raises(CorpusError, match=r"all 3 records are of one group or share.*--validation_share 0"):
        split_groups(["a", "a", "b"], ["1", "2", "1"])


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5])
def test_a_share_outside_0_and_1_is_rejected(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        split_groups(["a", "b"], ["1", "2"], share)
