"""Layers of the networks that DicMT is compared with, against their definitions one character at a time."""

import pytest
import torch

from experiments.baselines.layers import DilatedConvolutions, SelfAttention, WindowConvolution


@pytest.fixture
def inputs():
    """Two sentences of 7 and 4 characters, with what must not matter behind the shorter one."""
    torch.manual_seed(3)
    mask = torch.arange(7) < torch.tensor([7, 4])[:, None]
    return torch.randn(2, 7, 6), mask


def convolve_at(convolution, sentence, place):
    """The convolution's output at one character of a sentence (L, D), which has zeros beyond its ends."""
    weight, bias = convolution.weight, convolution.bias
    dilation = convolution.dilation[0]
    total = bias.clone()
    for tap, offset in enumerate((-dilation, 0, dilation)):
        if 0 <= place + offset < len(sentence):
            total = total + weight[:, :, tap] @ sentence[place + offset]
    return total


def convolve(convolution, sentence):
    return torch.stack([convolve_at(convolution, sentence, place) for place in range(len(sentence))])


def sentences_of(inputs, mask):
    return [row[inside] for row, inside in zip(inputs, mask, strict=True)]


def assert_rows(outputs, mask, expected):
    for row, inside, sentence in zip(outputs, mask, expected, strict=True):
        torch.testing.assert_close(row[inside], sentence)
        assert not row[~inside].any()


def test_a_window_is_the_character_and_its_neighbours(inputs):
    values, mask = inputs
    layer = WindowConvolution(6, 5)
    assert layer.output_size == 5
    expected = [convolve(layer.convolution, sentence).relu() for sentence in sentences_of(values, mask)]
    assert_rows(layer(values, mask), mask, expected)


def test_dilated_convolutions_add_to_what_they_get(inputs):
    values, mask = inputs
    layer = DilatedConvolutions(6, 4, dilations=(1, 2))
    expected = []
    for sentence in sentences_of(values, mask):
        states = convolve(layer.entry, sentence).relu()
        for first, second in layer.blocks:
            states = states + convolve(second, convolve(first, states).relu()).relu()
        expected.append(states)
    assert_rows(layer(values, mask), mask, expected)


def test_dilated_convolutions_see_as_far_as_their_dilations_reach():
    layer = DilatedConvolutions(1, 3)
    values = torch.randn(1, 41, 1, requires_grad=True)
    layer(values, torch.ones(1, 41, dtype=torch.bool))[0, 20].sum().backward()
    seen = values.grad[0, :, 0].nonzero().flatten()
    reach = 1 + 2 * (1 + 2 + 4)
    assert 20 - reach <= int(seen.min()) < 20 - 1 and 20 + 1 < int(seen.max()) <= 20 + reach


@pytest.mark.parametrize("heads", [1, 2])
def test_attention_weighs_the_sentence_s_own_characters(inputs, heads):
    values, mask = inputs
    layer = SelfAttention(6, heads)
    torch.nn.init.normal_(layer.attention.in_proj_weight)
    outputs = layer(values, mask)
    for row, inside in zip(range(2), mask, strict=True):
        sentence = values[row][inside]
        projected = sentence @ layer.attention.in_proj_weight.T + layer.attention.in_proj_bias
        query, key, value = projected.chunk(3, dim=-1)
        size = 6 // heads
        attended = []
        for head in range(heads):
            part = slice(head * size, (head + 1) * size)
            weights = (query[:, part] @ key[:, part].T / size**0.5).softmax(-1)
            attended.append(weights @ value[:, part])
        expected = layer.attention.out_proj(torch.cat(attended, dim=-1))
        torch.testing.assert_close(outputs[row][inside], torch.cat([sentence, expected], dim=-1))
