"""The BiLSTM without gradients: representations are never made, their parts' rows are projected once each.

A representation is a few rows of tables side by side: of its character, its bigrams, its radical. A batch holds few
different ones of each, so each is multiplied by the weights once, and a character's projection is the sum of its rows'.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

# Sentences that advance together, and values of their gates that are made at a time: what a step reads is then still
# in the processor's cache.
_BLOCK = 64
_CACHED_VALUES = 2**18


class Rows(NamedTuple):
    """A part of representations: n rows of a table, of width W, side by side.

    Args:
        table: (R, W).
        indices: (B, L, n), the rows of each character.
    """

    table: nn.Embedding
    indices: Tensor

    def dense(self) -> Tensor:
        """The part itself, (B, L, n * W)."""
        return self.table(self.indices).flatten(-2)


def concatenate(parts: Sequence[Tensor | Rows]) -> Tensor:
    """Parts side by side, (B, L, width); a part that is no `Rows` is a (B, L, W) tensor."""
    return torch.cat([part.dense() if isinstance(part, Rows) else part for part in parts], dim=-1)


def run_bilstm(
    parts: Sequence[Tensor | Rows], lengths: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor
) -> Tensor:
    """States (B, L, 2H), zero at padding, of one layer in both directions over representations in parts.

    Args:
        parts: The representations, as `concatenate` takes them; I values a character.
        lengths: (B,) characters a sentence, each at least 1.
        weight_ih: (8H, I), the gates of the first direction in `nn.LSTM`'s order, then those of the second.
        weight_hh: (2, 4H, H).
        bias: (8H,).
    """
    table, rows = _projected(parts, weight_ih, bias)  # (2R, 4H), (B, L, K)
    weight = weight_hh.transpose(1, 2).contiguous()  # (2, H, 4H)
    states = table.new_zeros(*rows.shape[:2], 2 * weight_hh.size(2))
    for start in range(0, len(lengths), _BLOCK):
        block = slice(start, start + _BLOCK)
        longest = int(lengths[block].max())
        _run_block(table, rows[block, :longest], lengths[block], weight, states[block, :longest])
    return states


def _run_block(table: Tensor, rows: Tensor, lengths: Tensor, weight: Tensor, states: Tensor) -> None:
    """Write the states (B, L, 2H) of a few sentences; padding is left as it is."""
    batch, length, _ = rows.shape
    hidden = weight.size(1)
    places = torch.arange(length, device=lengths.device)
    sentences = torch.arange(batch, device=lengths.device)[:, None]
    padding = places >= lengths[:, None]
    reversal = torch.where(padding, places, lengths[:, None] - 1 - places)  # (B, L)
    rows = torch.stack([rows, rows[sentences, reversal] + 1]).permute(2, 0, 1, 3).contiguous()  # (L, 2, B, K)

    steps = weight.new_empty(length, 2, batch, hidden)
    state = weight.new_zeros(2, batch, hidden)
    cell, squashed = torch.zeros_like(state), torch.empty_like(state)
    chunk = max(1, _CACHED_VALUES // (2 * batch * 4 * hidden))
    for start in range(0, length, chunk):
        gates = functional.embedding_bag(rows[start : start + chunk].flatten(0, 2), table, mode="sum")
        gates = gates.view(-1, 2, batch, 4 * hidden)
        i, f, g, o = gates.split(hidden, dim=-1)
        i_and_f = gates[..., : 2 * hidden]
        for t in range(len(gates)):
            gates[t].baddbmm_(state, weight)
            i_and_f[t].sigmoid_()
            g[t].tanh_()
            o[t].sigmoid_()
            cell.mul_(f[t]).addcmul_(i[t], g[t])
            state = torch.mul(o[t], torch.tanh(cell, out=squashed), out=steps[start + t])

    # Where a character's two states stand among L x 2 x B: at its own step and at that of the second direction.
    sources = (torch.stack([places.expand_as(reversal), reversal], dim=-1) * 2 + places.new_tensor([0, 1])) * batch
    sources = (sources + sentences[..., None]).masked_select(~padding[..., None])
    states[~padding] = steps.view(-1, hidden).index_select(0, sources).view(-1, 2 * hidden)


def _projected(parts: Sequence[Tensor | Rows], weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Rows whose sum is a character's projection plus bias.

    Returns:
        Rows (2R, 4H), of which 2r and 2r + 1 are one for the two directions; the first of those of each character,
        (B, L, K).
    """
    factors, indices = [], []
    column = total = 0
    for part in parts:
        used, places = _used_rows(part)  # (U, W), (B, L, n)
        width = used.size(1)
        for n in range(places.size(2)):
            factors.append((used, weight[:, column : column + width]))
            indices.append(places[..., n] + total)
            column += width
            total += len(used)
    table = bias.new_empty(total, len(bias))
    start = 0
    for used, columns in factors:
        rows = table[start : start + len(used)]
        if start == 0:  # each character has just one row of the first
            torch.addmm(bias, used, columns.T, out=rows)
        else:
            torch.mm(used, columns.T, out=rows)
        start += len(used)
    return table.view(2 * total, -1), torch.stack(indices, dim=-1).mul_(2)


def _used_rows(part: Tensor | Rows) -> tuple[Tensor, Tensor]:
    """The different rows (U, W) of a part, and which of them each character has, (B, L, n)."""
    if isinstance(part, Rows):
        indices = part.indices.long()
        used = torch.zeros(part.table.num_embeddings, dtype=torch.bool, device=indices.device)
        used.scatter_(0, indices.flatten(), True)  # unlike indexing, takes no negative index for one from the end
        return part.table.weight[used], (used.cumsum(0) - 1)[indices]
    # Of a tensor only rows that say nothing are taken to be the same: the dictionary's are zero for most characters.
    used = part.any(-1)
    rows = torch.cat([part.new_zeros(1, part.size(-1)), part[used]])
    places = used.flatten().cumsum(0).view(used.shape).masked_fill(~used, 0)
    return rows, places[..., None]
