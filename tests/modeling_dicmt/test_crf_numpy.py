"""The chain in numpy says what the chain in torch says, which is held against enumeration in `test_crf.py`."""

import itertools

import numpy as np
import pytest
import torch

from modeling_dicmt.crf import LinearChainCRF, legal_bio_transitions
from modeling_dicmt.crf_numpy import NumpyCRF
from modeling_dicmt.tagging import tags_to_spans

LABELS = ["O", "B-X", "I-X", "B-Y", "I-Y"]
ID2LABEL = dict(enumerate(LABELS))
LENGTHS = [7, 1, 4, 7, 2]


def make_chains(legal, scale, seed=0):
    """The same chain in torch and in numpy, emissions (B, L, T) and mask (B, L)."""
    generator = torch.Generator().manual_seed(seed)
    crf = LinearChainCRF(
        len(LABELS), batch_first=True, legal_transitions=legal_bio_transitions(LABELS) if legal else None
    )
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)
        chain = NumpyCRF(*(scores.detach().numpy() for scores in crf.chain()))
    emissions = torch.randn(len(LENGTHS), max(LENGTHS), len(LABELS), generator=generator) * scale
    mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]
    return crf, chain, emissions, mask


CASES = pytest.mark.parametrize(("legal", "scale"), list(itertools.product([True, False], [0.0, 1.0, 100.0])))


@CASES
def test_best_paths_are_the_same_also_where_all_are_best(legal, scale):
    for seed in range(5):
        crf, chain, emissions, mask = make_chains(legal, scale, seed)
        expected = crf.viterbi(emissions, mask).numpy()
        assert np.array_equal(chain.viterbi(emissions.numpy(), mask.numpy()), expected)
        assert (expected == -100).sum() == mask.numel() - sum(LENGTHS)


@CASES
def test_marginals_are_the_same(legal, scale):
    crf, chain, emissions, mask = make_chains(legal, scale)
    expected = crf.marginals(emissions.double(), mask).detach().numpy()
    found = chain.marginals(emissions.numpy(), mask.numpy())
    assert np.allclose(found, expected, atol=1e-6)
    assert np.allclose(found.sum(-1), mask.numpy())


@CASES
def test_span_probabilities_are_the_same(legal, scale):
    crf, chain, emissions, mask = make_chains(legal, scale)
    spans = [
        (sentence, start, end, begin, begin + 1)
        for sentence, length in enumerate(LENGTHS)
        for start in range(length)
        for end in range(start + 1, length + 1)
        for begin in (1, 3)
    ]
    with torch.no_grad():
        expected = crf.span_log_probabilities(emissions.double(), torch.tensor(spans), mask).numpy()
    found = chain.span_log_probabilities(emissions.numpy(), np.array(spans), mask.numpy())
    # Emissions in fp32 times a hundred: what is next to nothing differs in what it is next to.
    assert np.allclose(np.exp(found), np.exp(expected), atol=1e-6)
    assert not np.isnan(found).any() and (found <= 0).all()


@pytest.mark.parametrize("legal", [True, False])
def test_spans_against_enumeration(legal):
    _, chain, emissions, _ = make_chains(legal, 1.0)
    emissions = emissions[:1, :4].double().numpy()
    scores = {}
    for path in itertools.product(range(len(LABELS)), repeat=4):
        score = chain.start[path[0]] + chain.end[path[-1]] + emissions[0, range(4), path].sum()
        scores[path] = score + sum(chain.transitions[pair] for pair in itertools.pairwise(path))
    partition = np.logaddexp.reduce(list(scores.values()))
    for start, end, begin in itertools.product(range(4), range(1, 5), (1, 3)):
        if start < end:
            wanted = (start, end, LABELS[begin][2:])
            chosen = [score for path, score in scores.items() if wanted in tags_to_spans(path, ID2LABEL)]
            (found,) = chain.span_log_probabilities(
                emissions, np.array([(0, start, end, begin, begin + 1)]), np.ones((1, 4), dtype=bool)
            )
            assert found == pytest.approx(np.logaddexp.reduce(chosen) - partition, abs=1e-5)


def test_a_saved_chain_is_the_same(tmp_path):
    chain = make_chains(True, 1.0)[1]
    chain.save(tmp_path)
    loaded = NumpyCRF.load(tmp_path)
    for name in ("start", "transitions", "end"):
        assert np.array_equal(getattr(loaded, name), getattr(chain, name))


def test_scores_that_are_not_of_one_set_of_tags():
    with pytest.raises(ValueError, match=r"got \(3,\), \(3, 4\), \(3,\)"):
        NumpyCRF(np.zeros(3), np.zeros((3, 4)), np.zeros(3))
