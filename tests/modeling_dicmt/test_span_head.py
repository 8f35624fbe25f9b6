"""The span head against a loop over all spans, its loss against sums by hand and finite differences."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from modeling_dicmt.span_head import SpanHead, banded_products, span_loss, spans_within

TYPES, SIZE, HEAD, SOURCES = 3, 5, 4, 2


def make_head(longest: int, num_sources: int = SOURCES) -> SpanHead:
    """A head whose parameters are all of a size that shows."""
    torch.manual_seed(0)
    head = SpanHead(SIZE, TYPES, longest, HEAD, num_sources).double()
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter)
    return head


@torch.no_grad()
def naive_score(head: SpanHead, states: torch.Tensor, start: int, end: int, kind: int, evidence: list) -> float:
    """The definition, for one span of one sentence (L, size), end exclusive."""
    ends = states @ head.ends.weight.T + head.ends.bias
    ends = torch.where(ends > 0, ends, ends.exp() - 1)
    typed = states @ head.typed.weight.T + head.typed.bias
    first, last = ends[start, :HEAD], ends[end - 1, HEAD:]
    score = sum(float(first[a] * head.bilinear[kind, a, b] * last[b]) for a in range(HEAD) for b in range(HEAD))
    score += float(typed[start, kind] + typed[end - 1, TYPES + kind])
    score += sum(float(typed[place, 2 * TYPES + kind]) for place in range(start, end))
    score += float(head.length[kind, end - start - 1])
    return score + sum(float(head.evidence[source, kind]) for b, e, source in evidence if (b, e) == (start, end))


@pytest.mark.parametrize(("length", "longest"), [(1, 1), (1, 4), (7, 3), (6, 3), (5, 5), (4, 9), (11, 1)])
def test_scores_are_those_of_a_loop_over_all_spans(length, longest):
    head = make_head(longest)
    torch.manual_seed(length)
    states = torch.randn(2, length, SIZE, dtype=torch.float64)
    evidence = torch.full((2, 4, 3), -1)
    evidence[0, :3] = torch.tensor([[0, 1, 1], [0, length, 0], [0, 1, 1]])  # the second may be longer than the longest
    evidence[1, 2] = torch.tensor([length - 1, length, 0])
    scores = head(states, evidence).detach()
    assert scores.shape == (2, length, TYPES, longest)
    for sentence in range(2):
        of_sentence = [row for row in evidence[sentence].tolist() if row[0] >= 0]
        for start in range(length):
            for end in range(start + 1, min(start + longest, length) + 1):
                for kind in range(TYPES):
                    expected = naive_score(head, states[sentence], start, end, kind, of_sentence)
                    assert float(scores[sentence, start, kind, end - start - 1]) == pytest.approx(expected, abs=1e-9)


@given(st.integers(1, 20), st.integers(1, 9))
def test_banded_products_are_those_of_the_whole_matrix(length, width):
    torch.manual_seed(length * 31 + width)
    queries, keys = torch.randn(3, length, 2, 4, dtype=torch.float64), torch.randn(3, length, 4, dtype=torch.float64)
    whole = torch.nn.functional.pad(torch.einsum("bltd,bkd->bltk", queries, keys), (0, width))
    banded = banded_products(queries, keys, width)
    assert banded.shape == (3, length, 2, width)
    for start in range(length):
        assert torch.allclose(banded[:, start], whole[:, start, :, start : start + width])


def test_memory_grows_with_the_length_not_its_square():
    saved = []
    for length in (200, 400, 800):
        queries, keys = torch.randn(1, length, 2, 4, requires_grad=True), torch.randn(1, length, 4, requires_grad=True)
        sizes: list[int] = []

        def keep(tensor, sizes=sizes):
            sizes.append(tensor.numel())
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            banded_products(queries, keys, 10)
        saved.append(sum(sizes))
    assert saved[2] < 4.2 * saved[0] and saved[1] < 2.1 * saved[0]


def test_the_loss_is_the_cross_entropy_of_every_span():
    torch.manual_seed(0)
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]], dtype=torch.bool)
    scores = torch.randn(3, 4, TYPES, 3, dtype=torch.float64)
    # one of the length of its sentence, one character, two types on a stretch, and one that is too long
    entities = torch.full((3, 4, 3), -1)
    entities[0] = torch.tensor([[0, 3, 2], [1, 2, 0], [1, 2, 1], [0, 4, 0]])
    entities[1, 1] = torch.tensor([0, 2, 1])
    known = {(0, 0, 3, 2), (0, 1, 2, 0), (0, 1, 2, 1), (1, 0, 2, 1)}
    expected = torch.zeros(3, dtype=torch.float64)
    for sentence, length in enumerate(mask.sum(1).tolist()):
        for start in range(length):
            for end in range(start + 1, min(start + 3, length) + 1):
                for kind in range(TYPES):
                    probability = torch.sigmoid(scores[sentence, start, kind, end - start - 1])
                    is_entity = (sentence, start, end, kind) in known
                    expected[sentence] -= torch.log(probability if is_entity else 1 - probability)
    found = span_loss(scores, spans_within(mask, 3), entities)
    assert torch.allclose(found, expected) and found[2] == 0


def test_the_gradient_of_the_loss_numerically():
    head = make_head(3)
    states = torch.randn(2, 5, SIZE, dtype=torch.float64, requires_grad=True)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], dtype=torch.bool)
    entities = torch.tensor([[[0, 3, 1], [1, 2, 0]], [[2, 3, 2], [-1, -1, -1]]])
    evidence = torch.tensor([[[1, 2, 0]], [[0, 3, 1]]])
    parameters = [*head.parameters()]

    def loss(states, *_):
        return span_loss(head(states, evidence), spans_within(mask, 3), entities)

    assert torch.autograd.gradcheck(loss, (states, *parameters))


def test_dividing_the_weights_divides_the_scores():
    head = make_head(3)
    states, evidence = torch.randn(1, 5, SIZE, dtype=torch.float64), torch.tensor([[[1, 2, 0]]])
    before = head(states, evidence)
    head.divide_(2.5)
    assert torch.allclose(head(states, evidence), before / 2.5)
