"""The chain in numpy against the enumeration of every path, and against torchcrf's gradients and torch's best paths."""

import itertools

import numpy as np
import pytest
import torch
import torchcrf

from modeling_dicmt import crf_numpy
from modeling_dicmt.crf import LinearChainCRF, legal_bio_transitions
from modeling_dicmt.crf_numpy import NumpyCRF
from modeling_dicmt.tagging import tags_to_spans

LABELS = ["O", "B-X", "I-X", "B-Y", "I-Y"]
NUM_TAGS = len(LABELS)
ID2LABEL = dict(enumerate(LABELS))
LENGTHS = [5, 1, 4, 5, 2]


def make_crf(legal, scale, seed=0, num_tags=NUM_TAGS):
    """A chain in torch; `chain_of` has it in numpy."""
    torch.manual_seed(seed)
    crf = LinearChainCRF(
        num_tags, batch_first=True, legal_transitions=legal_bio_transitions(LABELS[:num_tags]) if legal else None
    )
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter, std=scale)
    return crf


def chain_of(crf):
    return NumpyCRF(*(scores.detach().numpy() for scores in crf.chain()))


def make_batch(lengths, scale, seed=0, num_tags=NUM_TAGS):
    """Emissions (B, L, T) with garbage at padding, and a mask (B, L)."""
    generator = np.random.default_rng(seed)
    mask = np.arange(max(lengths)) < np.array(lengths)[:, None]
    emissions = generator.normal(size=(*mask.shape, num_tags), scale=scale)
    emissions[~mask] = generator.normal(size=num_tags)
    return emissions, mask


def all_spans(lengths):
    return np.array(
        [
            (sentence, start, end, begin, begin + 1)
            for sentence, length in enumerate(lengths)
            for start, end in itertools.combinations(range(length + 1), 2)
            for begin in (1, 3)
        ]
    )


def enumerate_paths(chain, emissions):
    """All paths of one sentence and the logarithms of their probabilities, from emissions (L, T)."""
    length, num_tags = emissions.shape
    paths = np.array(list(itertools.product(range(num_tags), repeat=length)))
    start, transitions, end = (array.astype(float) for array in (chain.start, chain.transitions, chain.end))
    scores = start[paths[:, 0]] + end[paths[:, -1]] + emissions[np.arange(length), paths].sum(1)
    scores += transitions[paths[:, :-1], paths[:, 1:]].sum(1)
    return paths, scores - np.logaddexp.reduce(scores)


def fail(*_):
    raise AssertionError("This form of the loop is not to be used here.")


CASES = pytest.mark.parametrize(
    ("legal", "scale"), list(itertools.product([True, False], [0.0, 1.0, 30.0, 1e4])), ids=str
)


@CASES
def test_marginals_equal_the_enumeration_of_all_paths(legal, scale):
    chain, (emissions, mask) = chain_of(make_crf(legal, min(scale, 100.0))), make_batch(LENGTHS, scale)
    found = chain.marginals(emissions, mask)
    assert found.dtype == np.float64 and found.max() <= 1
    for row, length in enumerate(LENGTHS):
        paths, logarithms = enumerate_paths(chain, emissions[row, :length])
        expected = np.stack([np.exp(logarithms) @ (paths == tag) for tag in range(len(LABELS))], axis=-1)
        assert np.allclose(found[row, :length], expected, rtol=0, atol=1e-9)
        assert not found[row, length:].any()


@CASES
def test_span_log_probabilities_equal_the_enumeration_of_all_paths(legal, scale):
    chain, (emissions, mask) = chain_of(make_crf(legal, min(scale, 100.0))), make_batch(LENGTHS, scale)
    spans = all_spans(LENGTHS)
    found = chain.span_log_probabilities(emissions, spans, mask)
    assert found.dtype == np.float64
    for row, length in enumerate(LENGTHS):
        paths, logarithms = enumerate_paths(chain, emissions[row, :length])
        entities = [tags_to_spans(path, ID2LABEL) for path in paths]
        own = spans[:, 0] == row
        for (_, start, end, begin, _), logarithm in zip(spans[own].tolist(), found[own], strict=True):
            chosen = [(start, end, LABELS[begin][2:]) in of_path for of_path in entities]
            expected = np.logaddexp.reduce(logarithms[chosen], initial=-np.inf)
            assert logarithm == pytest.approx(expected, rel=1e-9, abs=1e-7)
            assert logarithm <= 0


@pytest.mark.parametrize("num_tags", [1, 2, 3])
@pytest.mark.parametrize("lengths", [[1], [6], [1, 1, 1], [4, 2]])
def test_few_tags(num_tags, lengths):
    chain = chain_of(make_crf(False, 1.0, num_tags=num_tags))
    emissions, mask = make_batch(lengths, 1.0, num_tags=num_tags)
    for row, length in enumerate(lengths):
        paths, logarithms = enumerate_paths(chain, emissions[row, :length])
        expected = np.stack([np.exp(logarithms) @ (paths == tag) for tag in range(num_tags)], axis=-1)
        assert np.allclose(chain.marginals(emissions, mask)[row, :length], expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("legal", [True, False])
def test_marginals_of_long_sentences_are_the_gradients_of_torchcrfs_partition_function(legal):
    crf, (emissions, mask) = make_crf(legal, 1.0), make_batch([60, 1, 33, 250], 3.0)
    reference = torchcrf.CRF(len(LABELS)).double()
    for name, scores in zip(("start_transitions", "transitions", "end_transitions"), crf.chain(), strict=True):
        getattr(reference, name).data = scores.detach().double().clamp(min=-1e6)
    leaf = torch.from_numpy(emissions.swapaxes(0, 1).copy()).requires_grad_()
    partition = reference._compute_normalizer(leaf, torch.from_numpy(mask.T.copy()))
    (expected,) = torch.autograd.grad(partition.sum(), leaf)
    assert np.allclose(chain_of(crf).marginals(emissions, mask), expected.numpy().swapaxes(0, 1), rtol=0, atol=1e-9)


@pytest.mark.parametrize("legal", [True, False])
@pytest.mark.parametrize("scale", [0.0, 1.0, 8.0])
@pytest.mark.parametrize("products", [2**18, 75, 1])
def test_sums_of_probabilities_are_those_of_scores(legal, scale, products, monkeypatch):
    """Also where a step is several matrix products, each small enough for one thread."""
    chain, (emissions, mask) = chain_of(make_crf(legal, scale)), make_batch([600, 250, 1, 33], scale)
    spans = all_spans([7, 7, 1, 7])
    with monkeypatch.context() as patch:
        patch.setattr(crf_numpy, "_log_sums_of_any_size", fail)
        patch.setattr(crf_numpy, "_PRODUCTS", products)
        fast = chain.marginals(emissions, mask), chain.span_log_probabilities(emissions, spans, mask)
    monkeypatch.setattr(crf_numpy, "_MODERATE", 0)
    slow = chain.marginals(emissions, mask), chain.span_log_probabilities(emissions, spans, mask)
    for one, other in zip(fast, slow, strict=True):
        assert np.allclose(one, other, rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("legal", [True, False])
@pytest.mark.parametrize("where", ["emissions", "transitions", "start", "padding"])
def test_scores_too_large_for_probabilities_stay_sums_of_scores(legal, where, monkeypatch):
    chain, (emissions, mask) = chain_of(make_crf(legal, 1.0)), make_batch([40, 7], 1.0)
    if where == "emissions":
        emissions *= 1e4
    elif where == "padding":
        emissions[1, 20:] = np.nan  # what stands there is meaningless, and must not spread
    else:
        setattr(chain, where, getattr(chain, where) * np.float32(1e4))
    calls = []
    of_any_size = crf_numpy._log_sums_of_any_size
    monkeypatch.setattr(crf_numpy, "_log_sums_of_any_size", lambda *scores: calls.append(1) or of_any_size(*scores))
    assert np.allclose(chain.marginals(emissions, mask).sum(-1), mask, rtol=0, atol=1e-7)
    assert calls


def test_the_same_for_all_tags_says_nothing_however_large(monkeypatch):
    """All paths have the score 1e3 · 2L, far outside of double precision's range."""
    monkeypatch.setattr(crf_numpy, "_log_sums_of_any_size", fail)
    chain = NumpyCRF(*(np.full(shape, sign * 1e3) for sign, shape in ((1, 3), (-1, (3, 3)), (1, 3))))
    emissions = np.full((2, 300, 3), 1e3)
    emissions[1] = -1e3
    assert np.allclose(chain.marginals(emissions, np.ones((2, 300), dtype=bool)), 1 / 3, rtol=0, atol=1e-8)


def test_the_smallest_shares_are_kept(monkeypatch):
    """A tag nearly as unlikely as the fast sums admit at every character, and far likelier at the end."""
    monkeypatch.setattr(crf_numpy, "_log_sums_of_any_size", fail)
    unlikely = -140.0
    emissions = np.zeros((1, 400, 2))
    emissions[..., 1] = unlikely
    chain = NumpyCRF(np.zeros(2), np.zeros((2, 2)), np.array([-150.0, 0.0]))
    last = chain.marginals(emissions, np.ones((1, 400), dtype=bool))[0, -1]
    assert last[0] == pytest.approx(1 / (1 + np.exp(10.0)), rel=1e-9)


def test_a_tag_that_takes_many_steps_to_reach_is_not_lost():
    """0 → 1 → … → 8 is the only way to tag 8, and costs 95 a step: probabilities would end before it."""
    transitions = np.full((9, 9), -np.inf)
    transitions[0, 0] = 0.0
    for tag in range(8):
        transitions[tag, tag + 1] = -95.0
    start, end = np.full(9, -np.inf), np.full(9, -np.inf)
    start[0] = end[8] = 0.0
    marginals = NumpyCRF(start, transitions, end).marginals(np.zeros((1, 12, 9)), np.ones((1, 12), dtype=bool))
    assert np.allclose(marginals[0], np.eye(9)[[0, 0, 0, *range(9)]], rtol=0, atol=1e-9)


@pytest.mark.parametrize("span", [(0, 1, 1, 1, 2), (0, 2, 1, 1, 2), (0, 0, 5, 1, 2), (0, -1, 1, 1, 2), (1, 0, 2, 1, 2)])
def test_a_span_outside_its_sentence_is_refused(span):
    emissions, mask = make_batch([4, 1], 1.0)
    with pytest.raises(ValueError, match="non-empty and lie within its sentence"):
        chain_of(make_crf(True, 1.0)).span_log_probabilities(emissions, np.array([span]), mask)


@CASES
def test_best_paths_are_those_of_torch_also_where_all_are_best(legal, scale):
    for seed in range(5):
        crf, (emissions, mask) = make_crf(legal, scale, seed), make_batch(LENGTHS, scale, seed)
        emissions = emissions.astype(np.float32)
        expected = crf.viterbi(torch.from_numpy(emissions), torch.from_numpy(mask)).numpy()
        assert np.array_equal(chain_of(crf).viterbi(emissions, mask), expected)
        assert (expected == -100).sum() == mask.size - sum(LENGTHS)


def test_independent_tags_have_the_probabilities_of_a_softmax():
    emissions, mask = make_batch(LENGTHS, 3.0)
    expected = torch.from_numpy(emissions).softmax(-1).numpy() * mask[..., None]
    assert np.allclose(NumpyCRF.independent(len(LABELS)).marginals(emissions, mask), expected, rtol=0, atol=1e-12)


def test_a_chain_divided_by_a_temperature():
    crf, (emissions, mask) = make_crf(True, 2.0), make_batch(LENGTHS, 2.0)
    found = chain_of(crf).divided_by(1.7).marginals(emissions / 1.7, mask)
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.div_(1.7)
    assert np.allclose(found, chain_of(crf).marginals(emissions / 1.7, mask), rtol=0, atol=1e-6)


def test_a_saved_chain_is_the_same(tmp_path):
    chain = chain_of(make_crf(True, 1.0))
    chain.save(tmp_path)
    loaded = NumpyCRF.load(tmp_path)
    for name in ("start", "transitions", "end"):
        assert np.array_equal(getattr(loaded, name), getattr(chain, name))


def test_scores_that_are_not_of_one_set_of_tags():
    with pytest.raises(ValueError, match=r"got \(3,\), \(3, 4\), \(3,\)"):
        NumpyCRF(np.zeros(3), np.zeros((3, 4)), np.zeros(3))
