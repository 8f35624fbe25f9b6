"""The BiLSTM without gradients, from parts of representations, against `nn.LSTM` on the whole of them."""

import pytest
import torch
from test_bilstm import make_pair, packed
from torch import nn

from modeling_dicmt import bilstm_inference
from modeling_dicmt.bilstm_inference import Rows, concatenate

WIDTH = 3 + 2 * 2 + 4 + 5


def make_parts(batch, length):
    """A character of 9, two bigrams of one table of 30, a dense part, and one that is zero for most characters."""
    torch.manual_seed(8)
    sparse = torch.randint(0, 2, (batch, length, 5)).float() * (torch.rand(batch, length, 1) < 0.3)
    return [
        Rows(nn.Embedding(9, 3), torch.randint(0, 9, (batch, length, 1))),
        Rows(nn.Embedding(30, 2), torch.randint(0, 30, (batch, length, 2))),
        torch.randn(batch, length, 4),
        sparse,
    ]


def test_parts_side_by_side():
    parts = make_parts(2, 3)
    whole = concatenate(parts)
    characters, bigrams, dense, sparse = parts
    for row in range(2):
        for place in range(3):
            expected = [
                characters.table.weight[characters.indices[row, place, 0]],
                *bigrams.table.weight[bigrams.indices[row, place]],
                dense[row, place],
                sparse[row, place],
            ]
            assert torch.equal(whole[row, place], torch.cat(expected))


@pytest.mark.parametrize("lengths", [[4, 9, 1, 9, 2], [1], [6], [1, 1, 1], [3, 5, 7, 2, 8, 1, 1, 4, 6, 3, 9]])
@pytest.mark.parametrize("extra_padding", [0, 4])
@pytest.mark.parametrize(("block", "cached"), [(64, 2**18), (3, 1), (4, 4 * 2 * 4 * 5 * 2), (1, 500)])
def test_states_are_those_of_packed_nn_lstm(lengths, extra_padding, block, cached, monkeypatch):
    monkeypatch.setattr(bilstm_inference, "_BLOCK", block)
    monkeypatch.setattr(bilstm_inference, "_CACHED_VALUES", cached)
    ours, theirs = make_pair(WIDTH)
    parts = make_parts(len(lengths), max(lengths) + extra_padding)
    lengths = torch.tensor(lengths)
    with torch.no_grad():
        found = ours(parts, lengths)
        expected = packed(theirs, concatenate(parts), lengths)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(ours(concatenate(parts), lengths), expected, rtol=1e-4, atol=1e-5)
    padding = torch.arange(found.size(1)) >= lengths[:, None]
    assert not found[padding].any()


def test_without_gradients_no_representation_is_made(monkeypatch):
    def fail(*_):
        raise AssertionError("The representations were put together.")

    ours, _ = make_pair(WIDTH)
    parts, lengths = make_parts(2, 5), torch.tensor([5, 2])
    expected = ours(parts, lengths)
    assert expected.requires_grad
    monkeypatch.setattr("modeling_dicmt.bilstm.concatenate", fail)
    with torch.no_grad():
        torch.testing.assert_close(ours(parts, lengths), expected, rtol=1e-5, atol=1e-5)
    with pytest.raises(AssertionError, match="put together"):
        ours(parts, lengths)


def test_what_stands_at_padding_does_not_matter():
    ours, _ = make_pair(WIDTH)
    parts, lengths = make_parts(2, 8), torch.tensor([8, 3])
    other = [part if isinstance(part, Rows) else part.clone() for part in parts]
    for part in other[2:]:
        part[1, 3:] = torch.nan
    other[0].indices[1, 3:] = 4
    with torch.no_grad():
        torch.testing.assert_close(ours(other, lengths), ours(parts, lengths), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("wrong", [-1, 9])
def test_a_row_that_the_table_does_not_have_is_refused(wrong):
    ours, _ = make_pair(WIDTH)
    parts, lengths = make_parts(2, 3), torch.tensor([3, 3])
    parts[0].indices[0, 1] = wrong
    with torch.no_grad(), pytest.raises((IndexError, RuntimeError), match="out of"):
        ours(parts, lengths)


def test_gradients_reach_tables_through_parts():
    ours, theirs = make_pair(WIDTH)
    parts, lengths = make_parts(3, 6), torch.tensor([6, 1, 4])
    tables = [part.table.weight for part in parts[:2]]
    gradients = []
    for outputs in (ours(parts, lengths), packed(theirs, concatenate(parts), lengths)):
        gradients.append(torch.autograd.grad(outputs.square().sum(), tables))
    for mine, expected in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-4, atol=1e-5)
