"""Layers around and in place of the shared BiLSTM, for networks that DicMT is compared with (none is in the paper).

A sentence's answer does not depend on its padding: convolutions see zeros beyond its ends, as they would if it were
alone, and attention sees its characters only.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class WindowConvolution(nn.Module):
    """A convolution over each character and its two neighbours, before the context encoder (Tang et al., 2019).

    Args:
        input_size: Width of a character's representation.
        size: Number of filters.
    """

    def __init__(self, input_size: int, size: int):
        super().__init__()
        self.convolution = nn.Conv1d(input_size, size, 3, padding=1)
        self.output_size = size

    def forward(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """(B, L, size) from inputs (B, L, input_size) and mask (B, L); zero at padding."""
        return _convolve(self.convolution, inputs, mask).relu()


class DilatedConvolutions(nn.Module):
    """Stacked dilated convolutions with residual connections (Qiu et al., 2018), in place of the BiLSTM.

    Each block adds two convolutions of its dilation to what it got, so that the window grows with every block while
    all characters are computed at once.

    Args:
        input_size: Width of a character's representation.
        size: Number of filters of each convolution.
        dilations: Dilation of each block.
    """

    def __init__(self, input_size: int, size: int, dilations: Sequence[int] = (1, 2, 4)):
        super().__init__()
        self.entry = nn.Conv1d(input_size, size, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.ModuleList(nn.Conv1d(size, size, 3, padding=dilation, dilation=dilation) for _ in range(2))
            for dilation in dilations
        )
        self.output_size = size

    def forward(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """(B, L, size) from inputs (B, L, input_size) and mask (B, L); zero at padding."""
        states = _convolve(self.entry, inputs, mask).relu()
        for first, second in self.blocks:
            states = states + _convolve(second, _convolve(first, states, mask).relu(), mask).relu()
        return states


class SelfAttention(nn.Module):
    """Each character's state beside an attention-weighted sum over the sentence's states (Tang et al., 2019).

    Args:
        size: Width of a state, a multiple of `heads`.
        heads: Number of attention heads.
    """

    def __init__(self, size: int, heads: int):
        super().__init__()
        self.attention = nn.MultiheadAttention(size, heads, batch_first=True)
        self.output_size = 2 * size

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """(B, L, 2 * size) from states (B, L, size) and mask (B, L), which has a character in every row."""
        attended, _ = self.attention(states, states, states, key_padding_mask=~mask, need_weights=False)
        return torch.cat([states, attended.masked_fill(~mask[..., None], 0)], dim=-1)


def _convolve(convolution: nn.Conv1d, inputs: Tensor, mask: Tensor) -> Tensor:
    inside = mask[..., None]
    return convolution(inputs.masked_fill(~inside, 0).transpose(1, 2)).transpose(1, 2).masked_fill(~inside, 0)
