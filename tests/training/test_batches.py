import itertools

import numpy as np
import pytest

from modeling_dicmt.training.batches import EpochBatches, share_of_process

LENGTHS = np.random.default_rng(0).integers(1, 250, size=103)


def batches_of(epoch: int, seed: int = 1, batch_size: int = 10, **options) -> list[list[int]]:
    return [batch.tolist() for batch in EpochBatches(LENGTHS, batch_size, seed).epoch(epoch, **options)]


@pytest.mark.parametrize("batch_size", [1, 7, 10, 102, 103, 500])
@pytest.mark.parametrize("epoch", [0, 5])
def test_an_epoch_has_each_sentence_once_in_batches_of_one_size(batch_size, epoch):
    batches = batches_of(epoch, batch_size=batch_size)
    assert sorted(itertools.chain(*batches)) == list(range(103))
    sizes = {len(batch) for batch in batches}
    assert max(sizes) <= batch_size and max(sizes) - min(sizes) <= 1
    assert len(batches) == len(EpochBatches(LENGTHS, batch_size, seed=1))


def test_batches_follow_from_seed_and_epoch_alone():
    assert batches_of(3) == batches_of(3)
    assert batches_of(3) != batches_of(4)
    assert batches_of(3) != batches_of(3, seed=2)


def test_batches_do_not_depend_on_the_epochs_that_came_before():
    used = EpochBatches(LENGTHS, 10, seed=1)
    for epoch in range(3):
        list(used.epoch(epoch))
    assert [batch.tolist() for batch in used.epoch(3)] == batches_of(3)


@pytest.mark.parametrize("start", [0, 1, 4, 10, 11])
def test_a_start_skips_exactly_the_batches_before_it(start):
    assert batches_of(2, start=start) == batches_of(2)[start:]


def test_sentences_of_a_batch_have_about_the_same_length():
    spread = [np.ptp(LENGTHS[batch]) for batch in batches_of(0)]
    by_chance = [np.ptp(LENGTHS[batch]) for batch in np.array_split(np.random.default_rng(0).permutation(103), 11)]
    assert np.mean(spread) < np.mean(by_chance) / 3


def test_sentences_of_a_batch_change_from_epoch_to_epoch():
    first, second = ({frozenset(batch) for batch in batches_of(epoch)} for epoch in (0, 1))
    assert len(first & second) <= 1


@pytest.mark.parametrize("processes", [1, 2, 3, 8])
@pytest.mark.parametrize("accumulation_steps", [1, 2, 5])
@pytest.mark.parametrize("size", [1, 2, 31, 32])
def test_the_shares_of_all_processes_are_the_batch(processes, accumulation_steps, size):
    batch = np.random.default_rng(0).permutation(1000)[:size]
    shares = [share_of_process(batch, process, processes, accumulation_steps) for process in range(processes)]
    assert all(len(parts) == accumulation_steps for parts in shares)
    sentences = [index for parts in shares for part in parts for index in part.tolist()]
    assert sorted(sentences) == sorted(batch.tolist())
    totals = [sum(map(len, parts)) for parts in shares]
    assert max(totals) - min(totals) <= 1
