"""Inference in a linear chain of tags by loops over time: sums over all paths, best paths, gradients of the sums.

Shapes are time-major: L characters, B sentences, T tags; padding at the right, and what stands there is meaningless. A
chain is start (T,), transition (T, T) and end (T,) scores, -inf where a transition is excluded.

Each loop has two forms. The plain one, `_plain_variables`, is a sum of scores in log space; it can be differentiated
and takes scores of any size. Without gradients, and for sums only where scores are moderate, a fast one gives the same:
sums become matrix products of probabilities in double precision (Rabiner, 1989, section V.A), maxima run along memory.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from .crf_numpy import backtrack

# Double precision ends at exp(±708). Between two scalings probabilities may change by exp(±300), and those of two tags
# lie apart by at most two steps' scores of less than 100: every tag is reached from every other one within two steps.
_LARGEST_EXPONENT = 300.0
_MODERATE = 100.0


class Chain(NamedTuple):
    """Scores that do not depend on the text: start (T,), transitions (T, T) from row to column, end (T,)."""

    start: Tensor
    transitions: Tensor
    end: Tensor


def log_sum(scores: Tensor) -> Tensor:
    """Combines scores of paths by summing their exponentials, along the last dimension but one."""
    return scores.logsumexp(-2)


def maximum(scores: Tensor) -> Tensor:
    """Combines scores of paths by taking the best, along the last dimension but one."""
    return scores.amax(-2)


def forward_variables(emissions: Tensor, chain: Chain, combine: Callable[[Tensor], Tensor]) -> Tensor:
    """Combined score (L, B, T) of all prefixes that end in each tag, the tag's emission included.

    Args:
        emissions: (L, B, T).
        chain: The chain's scores.
        combine: `log_sum` or `maximum`.

    Returns:
        Scores, of sums in fp64 where that is fast, else of the emissions' type.
    """
    return _variables(emissions[:, None], chain.start[None, None], chain.transitions[None], combine)[:, 0]


def both_variables(
    emissions: Tensor, chain: Chain, lengths: Tensor, combine: Callable[[Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """Forward and backward variables (L, B, T), both with the emission at their own character; one loop runs both."""
    reversal, sentences = _reversal(lengths, emissions.size(0)), _arange(lengths.numel(), lengths)
    variables = _variables(
        torch.stack([emissions, emissions[reversal, sentences]], dim=1),
        torch.stack([chain.start, chain.end])[:, None],
        torch.stack([chain.transitions, chain.transitions.T]),
        combine,
    )
    return variables[:, 0], variables[:, 1][reversal, sentences]


def log_partition_of(forward: Tensor, end: Tensor, lengths: Tensor) -> Tensor:
    """Logarithm (B,) of the sum over all paths, from forward variables of sums."""
    return (forward[lengths - 1, _arange(lengths.numel(), lengths)] + end).logsumexp(-1)


def best_paths(emissions: Tensor, chain: Chain, lengths: Tensor) -> Tensor:
    """Best path (L, B) of each sentence, -100 at padding. Ties go to the lower tag id."""
    return backtracked(forward_variables(emissions, chain, maximum), chain, lengths)


def backtracked(forward: Tensor, chain: Chain, lengths: Tensor) -> Tensor:
    """`best_paths` from forward variables of maxima."""
    arrays = (tensor.detach().cpu().numpy() for tensor in (forward, chain.transitions, chain.end, lengths))
    return torch.from_numpy(backtrack(*arrays)).to(forward.device)


class LogPartition(torch.autograd.Function):
    """Log partition function (B,) whose gradient is the marginals, found by forward–backward (no second derivative)."""

    @staticmethod
    def forward(ctx, emissions: Tensor, start: Tensor, transitions: Tensor, end: Tensor, lengths: Tensor) -> Tensor:
        chain = Chain(start, transitions, end)
        if not any(ctx.needs_input_grad):
            return log_partition_of(forward_variables(emissions, chain, log_sum), end, lengths).to(emissions.dtype)
        forward, backward = both_variables(emissions, chain, lengths, log_sum)
        log_partition = log_partition_of(forward, end, lengths)
        ctx.save_for_backward(emissions, transitions, lengths, forward, backward, log_partition)
        return log_partition.to(emissions.dtype)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        emissions, transitions, lengths, forward, backward, log_partition = ctx.saved_tensors
        outside = _arange(emissions.size(0), lengths)[:, None] >= lengths  # (L, B)
        relative = forward - log_partition[:, None]
        tags = (relative + backward - emissions).exp().masked_fill(outside[..., None], 0) * grad_output[:, None]
        weights = grad_output.expand(emissions.shape[:2])[1:].masked_fill(outside[1:], 0)  # (L - 1, B)
        pairs = _pair_marginals(relative[:-1], backward[1:], transitions, weights.to(relative.dtype))
        ends = tags[lengths - 1, _arange(lengths.numel(), lengths)].sum(0)
        dtype = emissions.dtype
        return tags.to(dtype), tags[0].sum(0).to(dtype), pairs.to(dtype), ends.to(dtype), None


def _pair_marginals(before: Tensor, after: Tensor, transitions: Tensor, weights: Tensor) -> Tensor:
    """Σ over characters and sentences of weight · p(tag i, then tag j), (T, T).

    Args:
        before: (L - 1, B, T) forward variables, relative to the log partition.
        after: (L - 1, B, T) backward variables of the characters that follow.
        transitions: (T, T).
        weights: (L - 1, B), 0 where there is no pair.
    """
    before_best, after_best = before.amax(-1), after.amax(-1)
    together = before_best + after_best
    present = weights != 0
    if bool((together[present].abs() < _LARGEST_EXPONENT).all()):
        # exp(before + transition + after) in factors, so that the sum over all pairs is one matrix product
        scale = weights * together.masked_fill(~present, 0).exp()
        left = (before - before_best[..., None]).exp() * scale[..., None]
        right = (after - after_best[..., None]).exp()
        present = present[..., None]
        left, right = left.masked_fill(~present, 0), right.masked_fill(~present, 0)
        return left.flatten(0, 1).T @ right.flatten(0, 1) * transitions.exp()
    # (L - 1, B, T, T): exact also where single factors would overflow
    pairs = (before.unsqueeze(-1) + transitions + after.unsqueeze(-2)).exp()
    return torch.einsum("lbij,lb->ij", pairs.masked_fill(~present[..., None, None], 0), weights)


def _variables(emissions: Tensor, start: Tensor, transitions: Tensor, combine: Callable[[Tensor], Tensor]) -> Tensor:
    """Variables (L, D, B, T) of D directions: emissions (L, D, B, T), start (D, 1, T), transitions (D, T, T)."""
    if torch.is_grad_enabled() and (emissions.requires_grad or transitions.requires_grad or start.requires_grad):
        return _plain_variables(emissions, start, transitions, combine)
    if combine is maximum:
        return _best_variables(emissions, start, transitions)
    spread = _spread(emissions, start, transitions)
    if not spread < _MODERATE:  # also if it is no number
        return _plain_variables(emissions, start, transitions, combine)
    return _sum_variables(emissions, start, transitions, spread)


def _plain_variables(
    emissions: Tensor, start: Tensor, transitions: Tensor, combine: Callable[[Tensor], Tensor]
) -> Tensor:
    variables = [start + emissions[0]]
    for emission in emissions[1:].unbind(0):
        variables.append(combine(variables[-1].unsqueeze(-1) + transitions[:, None]) + emission)
    return torch.stack(variables)


def _spread(emissions: Tensor, start: Tensor, transitions: Tensor) -> float:
    """The most by which one step's score can lie below another's, excluded transitions aside.

    inf where probabilities are not to be used at all: without fp64, or where a tag is more than two steps from another.
    """
    possible = (transitions != -torch.inf).to(emissions.dtype)
    if emissions.device.type == "mps" or not bool((possible @ possible).all()):
        return torch.inf
    scores = (emissions.amax(-1) - emissions.amin(-1)).amax()
    for fixed in (start, transitions):
        scores = scores + fixed.amax() - fixed.masked_fill(fixed == -torch.inf, torch.inf).amin()
    return float(scores)


def _sum_variables(emissions: Tensor, start: Tensor, transitions: Tensor, spread: float) -> Tensor:
    """`_plain_variables` for `log_sum`, by products of probabilities in fp64 that are scaled every few steps."""
    # A step makes probabilities exp(spread) times as small at most, and T times as large.
    steps = int(_LARGEST_EXPONENT / max(spread, math.log(start.size(-1)), 1))
    emissions, start, transitions = emissions.double(), start.double(), transitions.double()
    largest_transition = transitions.amax()
    transition = (transitions - largest_transition).exp_()
    scales = emissions.amax(-1, keepdim=True)  # logarithms of what the factors are divided by
    factors = (emissions - scales).exp_()
    scales[1:] += largest_transition
    scales[0] += start.amax()
    variables = torch.empty_like(factors)
    torch.mul(factors[0], (start - start.amax()).exp(), out=variables[0])
    rows = variables.unbind(0)
    for t, factor in enumerate(factors[1:].unbind(0), start=1):
        torch.bmm(rows[t - 1], transition, out=rows[t]).mul_(factor)
        if t % steps == 0:
            total = rows[t].sum(-1, keepdim=True)
            rows[t].div_(total)
            scales[t] += total.log_()
    return variables.log_().add_(scales.cumsum_(0))


def _best_variables(emissions: Tensor, start: Tensor, transitions: Tensor) -> Tensor:
    """`_plain_variables` for `maximum`, the tags first in memory, so that a step's maxima run along it."""
    emissions = emissions.permute(0, 3, 1, 2).contiguous()  # (L, T, D, B)
    transition = transitions.permute(1, 2, 0)[..., None].contiguous()  # (T, T, D, 1)
    variables = torch.empty_like(emissions)
    torch.add(emissions[0], start.permute(2, 0, 1), out=variables[0])
    candidates = emissions.new_empty(transition.shape[:3] + emissions.shape[3:])
    rows = variables.unbind(0)
    for t, emission in enumerate(emissions[1:].unbind(0), start=1):
        torch.add(rows[t - 1].unsqueeze(1), transition, out=candidates)
        torch.amax(candidates, 0, out=rows[t]).add_(emission)
    return variables.permute(0, 2, 3, 1)


def _reversal(lengths: Tensor, length: int) -> Tensor:
    """Indices (L, B) that reverse each sentence within its length and leave padding where it is."""
    places = _arange(length, lengths)[:, None]
    return torch.where(places < lengths, lengths - 1 - places, places)


def _arange(end: int, like: Tensor) -> Tensor:
    return torch.arange(end, device=like.device)
