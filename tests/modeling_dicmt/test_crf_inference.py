"""The fast loops over time against the plain one, their slow reference; `test_crf.py` has the enumeration of paths."""

import math

import pytest
import torch

from modeling_dicmt import crf_inference
from modeling_dicmt.crf import LinearChainCRF, legal_bio_transitions
from modeling_dicmt.crf_inference import (
    Chain,
    LogPartition,
    both_variables,
    forward_variables,
    log_partition_of,
    log_sum,
    maximum,
)

LABELS = ["O", *(f"{prefix}-{name}" for name in "ABCDE" for prefix in "BI")]


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(3)


def make_chain(num_tags, scale, legal, dtype=torch.float64):
    """A chain whose scores differ by up to 2 · scale, with BIO's excluded transitions or without."""
    start, transitions, end = (
        scale * (2 * torch.rand(shape, dtype=dtype) - 1) for shape in ((num_tags,), (num_tags, num_tags), (num_tags,))
    )
    if legal:
        allowed = legal_bio_transitions(LABELS[:num_tags])
        transitions = transitions.masked_fill(~allowed[:-1], -torch.inf)
        start = start.masked_fill(~allowed[-1], -torch.inf)
    return Chain(start, transitions, end)


def make_emissions(lengths, num_tags, scale, dtype=torch.float64):
    emissions = scale * (2 * torch.rand(max(lengths), len(lengths), num_tags, dtype=dtype) - 1)
    return emissions, torch.tensor(lengths)


def fail(*_):
    raise AssertionError("This form of the loop is not to be used here.")


def fast_and_plain(emissions, chain, lengths, combine, plain_dtype, monkeypatch):
    """Both variables, first where the plain loop must not run, then where no other does, in a type of its own."""
    with torch.no_grad():
        with monkeypatch.context() as patch:
            patch.setattr(crf_inference, "_plain_variables", fail)
            fast = both_variables(emissions, chain, lengths, combine)
        monkeypatch.setattr(crf_inference, "_variables", crf_inference._plain_variables)
        chain = Chain(*(scores.to(plain_dtype) for scores in chain))
        return fast, both_variables(emissions.to(plain_dtype), chain, lengths, combine)


def log_partition_and_gradients(emissions, chain, lengths, weights):
    leaves = [emissions.clone().requires_grad_(), *(scores.clone().requires_grad_() for scores in chain)]
    log_partition = LogPartition.apply(*leaves, lengths)
    (log_partition * weights).sum().backward()
    return log_partition.detach(), [leaf.grad for leaf in leaves]


def expected_gradient(leaf):
    return torch.zeros_like(leaf) if leaf.grad is None else leaf.grad  # a single character has no transition


# One step's scores differ by up to 6 · scale. The fast sums end at 100; the largest scale here comes close.
SHAPES = pytest.mark.parametrize(
    ("lengths", "num_tags", "legal"),
    [([1], 1, False), ([9, 1, 4], 1, False), ([7], 2, False), ([600, 250, 1, 33], 11, True), ([300, 300], 11, False)],
)
SCALES = pytest.mark.parametrize("scale", [0.0, 1.0, 5.0, 16.5])


@SHAPES
@SCALES
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_sums_of_probabilities_are_those_of_scores(lengths, num_tags, legal, scale, dtype, monkeypatch):
    emissions, lengths = make_emissions(lengths, num_tags, scale, dtype)
    chain = make_chain(num_tags, scale, legal, dtype)
    fast, slow = fast_and_plain(emissions, chain, lengths, log_sum, torch.float64, monkeypatch)
    for variables, reference in zip(fast, slow, strict=True):
        torch.testing.assert_close(variables, reference, rtol=1e-12, atol=1e-9)


@SHAPES
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e4])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_maxima_along_memory_are_the_same_numbers(lengths, num_tags, legal, scale, dtype, monkeypatch):
    emissions, lengths = make_emissions(lengths, num_tags, scale, dtype)
    chain = make_chain(num_tags, scale, legal, dtype)
    fast, slow = fast_and_plain(emissions, chain, lengths, maximum, dtype, monkeypatch)
    for variables, reference in zip(fast, slow, strict=True):
        assert torch.equal(variables, reference)


@SHAPES
@SCALES
def test_gradients_are_those_of_differentiating_through_every_step(lengths, num_tags, legal, scale):
    emissions, lengths = make_emissions(lengths, num_tags, scale)
    chain = make_chain(num_tags, scale, legal)
    weights = torch.randn(len(lengths), dtype=torch.float64)
    found, gradients = log_partition_and_gradients(emissions, chain, lengths, weights)

    leaves = [emissions.clone().requires_grad_(), *(scores.clone().requires_grad_() for scores in chain)]
    forward = forward_variables(leaves[0], Chain(*leaves[1:]), log_sum)  # plain, since gradients are asked for
    expected = log_partition_of(forward, leaves[3], lengths)
    (expected * weights).sum().backward()
    torch.testing.assert_close(found, expected.detach(), rtol=1e-12, atol=1e-9)
    for gradient, leaf in zip(gradients, leaves, strict=True):
        torch.testing.assert_close(gradient, expected_gradient(leaf), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("legal", [True, False])
@pytest.mark.parametrize("where", ["emissions", "transitions", "padding"])
def test_scores_too_large_for_probabilities_stay_sums_of_scores(legal, where, monkeypatch):
    monkeypatch.setattr(crf_inference, "_sum_variables", fail)
    emissions, lengths = make_emissions([40, 7], 5, 1.0)
    chain = make_chain(5, 1.0, legal)
    if where == "emissions":
        emissions *= 1e4
    elif where == "transitions":
        chain = chain._replace(transitions=chain.transitions * 1e4)
    else:
        emissions[20:, 1] = torch.nan  # what stands there is meaningless, and must not spread
    log_partition, gradients = log_partition_and_gradients(emissions, chain, lengths, torch.ones(2))
    assert log_partition.isfinite().all()
    for gradient in gradients:
        assert gradient.isfinite().all()
    torch.testing.assert_close(gradients[0].sum((0, 2)), lengths.double())  # one tag a character
    torch.testing.assert_close(gradients[2].sum(), torch.tensor(45.0, dtype=torch.float64))  # 39 + 6 transitions


def test_scores_that_grow_with_every_character_need_scaling(monkeypatch):
    """All paths have the score 33 · 2L, far outside of double precision's range; there are 3^L of them."""
    monkeypatch.setattr(crf_inference, "_plain_variables", fail)
    length = 5000
    emissions = torch.full((length, 1, 3), 33.0, dtype=torch.float64)
    emissions[::2] *= -1
    chain = Chain(*(torch.full(shape, 33.0, dtype=torch.float64) for shape in ((3,), (3, 3), (3,))))
    found = LogPartition.apply(emissions, *chain, torch.tensor([length]))
    assert found.item() == pytest.approx(length * math.log(3) + 33.0 * (length + 1), rel=1e-12)


def test_the_smallest_shares_are_kept_between_scalings(monkeypatch):
    """A tag that is as unlikely as the fast sums admit at every character, and the only one that can end."""
    monkeypatch.setattr(crf_inference, "_plain_variables", fail)
    length, unlikely = 400, -99.0
    emissions = torch.zeros(length, 1, 2, dtype=torch.float64)
    emissions[..., 1] = unlikely
    transitions = torch.zeros(2, 2, dtype=torch.float64)
    end = torch.tensor([-1e5, 0.0], dtype=torch.float64)
    found = LogPartition.apply(emissions, torch.zeros(2, dtype=torch.float64), transitions, end, torch.tensor([length]))
    assert found.item() == pytest.approx(unlikely, rel=1e-12)


def test_a_tag_that_takes_many_steps_to_reach_is_not_lost(monkeypatch):
    """0 → 1 → 2 → 3 is the only way to tag 3, and costs 95 a step: probabilities would end before it."""
    monkeypatch.setattr(crf_inference, "_sum_variables", fail)
    transitions = torch.full((9, 9), -torch.inf, dtype=torch.float64)
    transitions[0, 0] = 0.0
    for tag in range(8):
        transitions[tag, tag + 1] = -95.0
    transitions[8, 8] = -95.0
    end = torch.full((9,), -1e6, dtype=torch.float64)
    end[8] = 0.0
    start = torch.full((9,), -torch.inf, dtype=torch.float64)
    start[0] = 0.0
    emissions = torch.zeros(30, 1, 9, dtype=torch.float64)
    found = LogPartition.apply(emissions, start, transitions, end, torch.tensor([30]))
    assert found.item() == pytest.approx(-95.0 * 8, rel=1e-9)


def test_emissions_under_differentiation_give_differentiable_variables():
    crf = LinearChainCRF(5, batch_first=True).double()
    emissions = torch.randn(2, 6, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda scores: crf.max_marginals(scores), (emissions,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_results_have_the_type_of_the_scores(dtype):
    emissions, lengths = make_emissions([5, 2], 5, 1.0, dtype)
    chain = make_chain(5, 1.0, False, dtype)
    log_partition, gradients = log_partition_and_gradients(emissions, chain, lengths, torch.ones(2, dtype=dtype))
    assert {log_partition.dtype, *(gradient.dtype for gradient in gradients)} == {dtype}
