"""The BiLSTM, also from parts of representations without gradients, against `nn.LSTM` on packed sequences."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.overrides import TorchFunctionMode

from modeling_dicmt import bilstm
from modeling_dicmt.bilstm import BiLSTM, Rows, concatenate


def make_pair(input_size=7, hidden_size=5):
    torch.manual_seed(3)
    ours = BiLSTM(input_size, hidden_size)
    theirs = nn.LSTM(input_size, hidden_size, batch_first=True, bidirectional=True)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    for parameter in ours.parameters():  # biases included, and large enough to saturate some gates
        nn.init.normal_(parameter)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def packed(lstm, inputs, lengths):
    sequence = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(lstm(sequence)[0], batch_first=True, total_length=inputs.size(1))[0]


@pytest.mark.parametrize("lengths", [[4, 9, 1, 9, 2], [1], [6], [1, 1, 1], [3, 5]])
@pytest.mark.parametrize("extra_padding", [0, 4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_outputs_and_all_gradients_are_those_of_packed_nn_lstm(lengths, extra_padding, dtype):
    ours, theirs = (module.to(dtype) for module in make_pair())
    lengths = torch.tensor(lengths)
    inputs = torch.randn(len(lengths), int(lengths.max()) + extra_padding, 7, dtype=dtype)
    weights = torch.randn(*inputs.shape[:2], 10, dtype=dtype)
    results = []
    for run in (lambda x: ours(x, lengths), lambda x: packed(theirs, x, lengths)):
        leaf = inputs.clone().requires_grad_()
        outputs = run(leaf)
        (outputs * weights).sum().backward()
        results.append([outputs, leaf.grad])
    results[0] += [parameter.grad for parameter in ours.parameters()]
    results[1] += [parameter.grad for parameter in theirs.parameters()]
    for mine, expected in zip(*results, strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-4, atol=2e-5)
    padding = torch.arange(inputs.size(1)) >= lengths[:, None]
    assert not results[0][0][padding].any()
    assert not results[0][1][padding].any()


def test_a_sentence_is_the_same_in_any_batch():
    ours, _ = make_pair()
    lengths = torch.tensor([8, 3, 1, 5])
    inputs = torch.randn(4, 8, 7)
    together = ours(inputs, lengths)
    other_order = ours(inputs.flip(0), lengths.flip(0)).flip(0)
    torch.testing.assert_close(other_order, together, rtol=0, atol=1e-6)
    for row, length in enumerate(lengths.tolist()):
        alone = ours(inputs[row : row + 1, :length], lengths[row : row + 1])
        torch.testing.assert_close(together[row, :length], alone[0], rtol=0, atol=1e-6)


def test_what_stands_at_padding_does_not_matter():
    ours, _ = make_pair()
    lengths = torch.tensor([8, 3])
    inputs = torch.randn(2, 8, 7)
    other = inputs.clone()
    other[1, 3:] = 1e6
    assert torch.equal(ours(inputs, lengths), ours(other, lengths))


def test_no_gradient_is_asked_of_inputs_that_are_constants():
    ours, _ = make_pair()
    ours(torch.randn(2, 3, 7), torch.tensor([3, 1])).sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in ours.parameters())
    for parameter in ours.parameters():
        parameter.requires_grad_(False)
    assert not ours(torch.randn(2, 3, 7), torch.tensor([3, 1])).requires_grad


@pytest.mark.parametrize("inputs_dtype", [torch.float32, torch.bfloat16])
def test_under_autocast_any_precision_of_the_inputs_will_do(inputs_dtype):
    ours, _ = make_pair()
    lengths, inputs = torch.tensor([4, 9, 1]), torch.randn(3, 9, 7)
    expected = ours(inputs, lengths)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = ours(inputs.to(inputs_dtype), lengths)
    torch.testing.assert_close(found.float(), expected, rtol=0.05, atol=0.05)
    found.float().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in ours.parameters())


def test_a_network_in_bf16_is_close_to_fp32():
    ours, _ = make_pair()
    lengths, inputs = torch.tensor([4, 9, 1]), torch.randn(3, 9, 7)
    expected = ours(inputs, lengths)
    found = ours.bfloat16()(inputs.bfloat16(), lengths)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), expected, rtol=0.05, atol=0.05)
    assert not found[2, 1:].any()


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
    monkeypatch.setattr(bilstm, "_BLOCK", block)
    monkeypatch.setattr(bilstm, "_CACHED_VALUES", cached)
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


class StepCounter(TorchFunctionMode):
    steps = 0

    def __torch_function__(self, function, types, arguments=(), options=None):
        self.steps += function is torch.Tensor.baddbmm_
        return function(*arguments, **(options or {}))


@pytest.mark.parametrize(("sentences", "steps"), [(1, 6), (64, 6), (70, 6), (128, 12), (130, 12)])
def test_a_few_sentences_more_take_no_steps_of_their_own(sentences, steps):
    ours, _ = make_pair()
    with torch.no_grad(), StepCounter() as counter:
        ours(torch.randn(sentences, 6, 7), torch.full((sentences,), 6))
    assert counter.steps == steps


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


def test_what_stands_at_padding_of_parts_does_not_matter():
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
