"""The BiLSTM against `nn.LSTM` on packed sequences."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from modeling_dicmt.bilstm import BiLSTM


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
