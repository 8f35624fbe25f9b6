"""The shared layer: a bidirectional LSTM whose answer does not depend on padding, fast on few CPU cores.

`nn.LSTM` differentiates through every time step on a CPU and adds up the weights' gradients step by step. Here both
directions advance in one loop, and the gradients of the weights are one matrix product over all steps. On other devices
and in reduced precision, `nn.LSTM` itself runs, on packed sequences.

Without gradients, representations are never made. A representation is a few rows of tables side by side: of its
character, its bigrams, its radical. A batch holds few different ones of each, so each is multiplied by the weights
once, and a character's projection is the sum of its rows'.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

# Sentences that advance together, about, and values of their gates that are made at a time: what a step reads is then
# still in the processor's cache.
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


class BiLSTM(nn.LSTM):
    """One-layer bidirectional LSTM over padded sentences; parameters and results are those of `nn.LSTM`.

    Args:
        input_size: Width of a character's representation.
        hidden_size: Units a direction (the paper: 128).
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size, batch_first=True, bidirectional=True)

    def forward(self, inputs: Tensor | Sequence[Tensor | Rows], lengths: Tensor) -> Tensor:
        """Run both directions over each sentence's own characters.

        Args:
            inputs: (B, L, input_size), padded at the right; or the parts of it, as `concatenate` takes them, which
                spares most of the work where no gradients are asked for.
            lengths: (B,) characters a sentence, each at least 1.

        Returns:
            (B, L, 2 * hidden_size), zero at padding.
        """
        parts = [inputs] if isinstance(inputs, Tensor) else inputs
        weight = self.weight_ih_l0
        if weight.device.type != "cpu" or weight.dtype != torch.float32 or torch.is_autocast_enabled("cpu"):
            return self.forward_packed(parts, lengths)
        weights = (
            torch.cat([self.weight_ih_l0, self.weight_ih_l0_reverse]),
            torch.stack([self.weight_hh_l0, self.weight_hh_l0_reverse]),
            torch.cat([self.bias_ih_l0 + self.bias_hh_l0, self.bias_ih_l0_reverse + self.bias_hh_l0_reverse]),
        )
        if torch.is_grad_enabled():
            return _BiLSTM.apply(concatenate(parts), lengths.to(weight.device), *weights)
        return run_bilstm(parts, lengths.to(weight.device), *weights)

    def forward_packed(self, inputs: Tensor | Sequence[Tensor | Rows], lengths: Tensor) -> Tensor:
        """The same by `nn.LSTM`'s own means: for other devices, reduced precision, and export."""
        inputs = inputs if isinstance(inputs, Tensor) else concatenate(inputs)
        packed = pack_padded_sequence(inputs, lengths.cpu(), batch_first=True, enforce_sorted=False)
        outputs, _ = super().forward(packed)
        return pad_packed_sequence(outputs, batch_first=True, total_length=inputs.size(1))[0]


class _BiLSTM(torch.autograd.Function):
    """Both directions at once: B sentences, L characters, I inputs, H units; gates in nn.LSTM's order i, f, g, o."""

    @staticmethod
    def forward(ctx, inputs: Tensor, lengths: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor) -> Tensor:
        # weight_ih: (2 * 4H, I), weight_hh: (2, 4H, H), bias: (2 * 4H,)
        batch, length, _ = inputs.shape
        hidden = weight_hh.size(2)
        reversal, padding = _reversal_and_padding(lengths, length)
        gates = torch.addmm(bias, inputs.transpose(0, 1).reshape(length * batch, -1), weight_ih.T)
        gates = _split_directions(gates.view(length, batch, 2, 4 * hidden), reversal)  # (L, 2, B, 4H)

        weight = weight_hh.transpose(1, 2).contiguous()  # (2, H, 4H)
        states = inputs.new_empty(length, 2, batch, hidden)
        cells = torch.empty_like(states)
        squashed = torch.empty_like(states)  # tanh of the cells
        state = cell = inputs.new_zeros(2, batch, hidden)
        for t in range(length):
            gate = gates[t]
            gate.baddbmm_(state, weight)
            gate[..., : 2 * hidden].sigmoid_()
            gate[..., 2 * hidden : 3 * hidden].tanh_()
            gate[..., 3 * hidden :].sigmoid_()
            i, f, g, o = gate.split(hidden, dim=-1)
            cell = torch.mul(f, cell, out=cells[t]).addcmul_(i, g)
            state = torch.mul(o, torch.tanh(cell, out=squashed[t]), out=states[t])
        if any(ctx.needs_input_grad):
            ctx.save_for_backward(inputs, weight_ih, weight_hh, reversal, padding, gates, states, cells, squashed)
        return _join_directions(states, reversal).masked_fill(padding, 0).transpose(0, 1).contiguous()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        inputs, weight_ih, weight_hh, reversal, padding, gates, states, cells, squashed = ctx.saved_tensors
        length, _, batch, hidden = states.shape
        grad_output = grad_output.transpose(0, 1).masked_fill(padding, 0).view(length, batch, 2, hidden)
        grad_states = _split_directions(grad_output, reversal)  # (L, 2, B, H)

        # What each gate contributes per unit of its cell's (i, f, g) or its state's (o) gradient, for all steps at
        # once.
        i, f, g, o = gates.split(hidden, dim=-1)
        state_to_cell = o * (1 - squashed * squashed)
        per_gate = torch.empty_like(gates)
        per_gate[..., :hidden] = g * i * (1 - i)
        per_gate[1:, ..., hidden : 2 * hidden] = cells[:-1] * (f * (1 - f))[1:]
        per_gate[0, ..., hidden : 2 * hidden] = 0  # the cell before the first character is zero
        per_gate[..., 2 * hidden : 3 * hidden] = i * (1 - g * g)
        per_gate[..., 3 * hidden :] = squashed * o * (1 - o)

        grad_gates = per_gate.view(length, 2, batch, 4, hidden)
        grad_state = inputs.new_zeros(2, batch, hidden)
        grad_cell = inputs.new_zeros(2, batch, hidden)
        for t in range(length - 1, -1, -1):
            grad_state = grad_state + grad_states[t]
            grad_cell.addcmul_(grad_state, state_to_cell[t])
            grad_gates[t, :, :, :3].mul_(grad_cell.unsqueeze(2))
            grad_gates[t, :, :, 3].mul_(grad_state)
            grad_cell.mul_(f[t])
            grad_state = torch.bmm(per_gate[t], weight_hh)

        steps = per_gate[1:].transpose(0, 1).reshape(2, -1, 4 * hidden)  # (2, (L-1)B, 4H)
        grad_weight_hh = torch.bmm(steps.transpose(1, 2), states[:-1].transpose(0, 1).reshape(2, -1, hidden))
        grad_projected = _join_directions(per_gate, reversal).reshape(length * batch, 8 * hidden)
        grad_weight_ih = grad_projected.T @ inputs.transpose(0, 1).reshape(length * batch, -1)
        grad_inputs = None
        if ctx.needs_input_grad[0]:
            grad_inputs = (grad_projected @ weight_ih).view(length, batch, -1).transpose(0, 1)
        return grad_inputs, None, grad_weight_ih, grad_weight_hh, grad_projected.sum(0)


def _reversal_and_padding(lengths: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Indices (L, B) that reverse each sentence within its length, and where padding is (L, B, 1)."""
    positions = torch.arange(length, device=lengths.device)[:, None]
    padding = positions >= lengths
    return torch.where(padding, positions, lengths - 1 - positions), padding[..., None]


def _split_directions(sequence: Tensor, reversal: Tensor) -> Tensor:
    """(L, B, 2, W) in reading order to (L, 2, B, W), the second direction in its own order of steps."""
    batch = torch.arange(sequence.size(1), device=sequence.device)
    return torch.stack([sequence[:, :, 0], sequence[reversal, batch, 1]], dim=1)


def _join_directions(steps: Tensor, reversal: Tensor) -> Tensor:
    """Inverse of `_split_directions`, with the directions side by side: (L, 2, B, W) to (L, B, 2 * W)."""
    batch = torch.arange(steps.size(2), device=steps.device)
    return torch.cat([steps[:, 0], steps[reversal, 1, batch]], dim=-1)


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
    for block in _blocks(len(lengths)):
        longest = int(lengths[block].max())
        _run_block(table, rows[block, :longest], lengths[block], weight, states[block, :longest])
    return states


def _blocks(batch: int) -> Iterator[slice]:
    """A batch in blocks of like sizes: a few sentences by themselves would take as many steps as a full block."""
    number = max(1, round(batch / _BLOCK))
    for index in range(number):
        yield slice(batch * index // number, batch * (index + 1) // number)


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
