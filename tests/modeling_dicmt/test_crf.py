"""The CRF against the enumeration of every path, and against torchcrf."""

import copy
import functools
import itertools

import pytest
import torch
import torchcrf

from modeling_dicmt.crf import LinearChainCRF, legal_bio_transitions
from modeling_dicmt.tagging import IGNORED_TAG

LABELS = ["O", "B-Drug", "I-Drug", "B-Site", "I-Site"]
NUM_TAGS = len(LABELS)
LENGTHS = [4, 1, 5, 2, 5]
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-5}


def is_legal(path):
    """The BIO scheme by its definition, label by label."""
    previous = "O"
    for tag in path:
        label = LABELS[tag]
        if label.startswith("I-") and previous[2:] != label[2:]:
            return False
        previous = label
    return True


@functools.cache
def all_paths(length, num_tags, exclude):
    paths = itertools.product(range(num_tags), repeat=length)
    return torch.tensor([path for path in paths if is_legal(path) or not exclude])


def enumerate_paths(crf, emissions):
    """All paths of one sentence, (P, L), and their scores, (P,), from emissions (L, T); illegal ones left out."""
    length, num_tags = emissions.shape
    paths = all_paths(length, num_tags, crf.legal_transitions is not None)
    scores = crf.start_transitions[paths[:, 0]] + crf.end_transitions[paths[:, -1]]
    scores = scores + emissions[torch.arange(length), paths].sum(1)
    return paths, scores + crf.transitions[paths[:, :-1], paths[:, 1:]].sum(1)


def make_crf(exclude, num_tags=NUM_TAGS, batch_first=True, dtype=torch.float64):
    legal = legal_bio_transitions(LABELS[:num_tags]) if exclude else None
    crf = LinearChainCRF(num_tags, batch_first=batch_first, legal_transitions=legal).to(dtype)
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter)
    return crf


def make_batch(lengths, num_tags=NUM_TAGS, dtype=torch.float64, kind="usual"):
    """Emissions (B, L, T) with garbage at padding, and a mask (B, L)."""
    emissions = torch.randn(len(lengths), max(lengths), num_tags, dtype=dtype)
    if kind == "extreme":
        emissions += 1e4 * torch.randint(-1, 2, emissions.shape)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return emissions.masked_fill(~mask[..., None], 123.0), mask


def legal_tags(crf, mask):
    """Some path that the CRF allows for each sentence, -7 at padding."""
    tags = torch.full(mask.shape, -7)
    for row, length in enumerate(mask.sum(1).tolist()):
        paths, _ = enumerate_paths(crf, torch.zeros(length, crf.num_tags, dtype=torch.float64))
        tags[row, :length] = paths[torch.randint(len(paths), ())]
    return tags


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(11)


CASES = pytest.mark.parametrize(
    ("exclude", "num_tags", "lengths", "dtype", "kind"),
    [
        (True, 5, LENGTHS, torch.float64, "usual"),
        (False, 5, LENGTHS, torch.float64, "usual"),
        (True, 5, LENGTHS, torch.float32, "usual"),
        (False, 5, LENGTHS, torch.float32, "usual"),
        (True, 5, LENGTHS, torch.float64, "extreme"),
        (False, 5, LENGTHS, torch.float64, "extreme"),
        (True, 3, [6, 2, 1], torch.float64, "usual"),
        (True, 5, [1], torch.float64, "usual"),
        (True, 5, [1, 1], torch.float64, "usual"),
        (False, 1, [3, 1], torch.float64, "usual"),
        (True, 1, [3, 1], torch.float64, "usual"),
    ],
)


@CASES
@pytest.mark.parametrize("batch_first", [True, False])
def test_everything_equals_the_enumeration_of_all_paths(exclude, num_tags, lengths, dtype, kind, batch_first):
    crf = make_crf(exclude, num_tags, batch_first, dtype)
    emissions, mask = make_batch(lengths, num_tags, dtype, kind)
    tags = legal_tags(crf, mask)

    def order(tensor):
        return tensor if batch_first else tensor.transpose(0, 1)

    inputs = order(emissions), order(mask)
    likelihood = crf(inputs[0], order(tags).masked_fill(~inputs[1], 0), inputs[1], reduction="none")
    decoded = crf.decode(*inputs)
    viterbi, best_through = (order(f(*inputs)) for f in (crf.viterbi, crf.max_marginals))
    assert likelihood.dtype == best_through.dtype == dtype

    close = {"rtol": TOLERANCE[dtype], "atol": TOLERANCE[dtype]}
    crf = copy.deepcopy(crf).double()
    for row, length in enumerate(lengths):
        paths, scores = enumerate_paths(crf, emissions[row, :length].double())
        own = (paths == tags[row, :length]).all(1)
        torch.testing.assert_close(likelihood[row].double(), (scores[own] - scores.logsumexp(0)).squeeze(0), **close)
        assert decoded[row] == paths[scores.argmax()].tolist()
        assert viterbi[row].tolist() == decoded[row] + [IGNORED_TAG] * (mask.size(1) - length)

        through = torch.nn.functional.one_hot(paths, num_tags).bool()  # (P, L, T)
        best = torch.where(through, scores[:, None, None], torch.finfo(dtype).min).amax(0)
        torch.testing.assert_close(best_through[row, :length].double(), best, **close)
        assert best_through[row, :length].argmax(-1).tolist() == decoded[row]
        assert not best_through[row, length:].any()


@CASES
def test_gradients_equal_those_of_the_enumeration(exclude, num_tags, lengths, dtype, kind):
    crf = make_crf(exclude, num_tags, dtype=dtype)
    emissions, mask = make_batch(lengths, num_tags, dtype, kind)
    emissions.requires_grad_()
    tags = legal_tags(crf, mask)
    weights = torch.randn(len(lengths), dtype=dtype)  # another gradient flows into each sentence

    (crf(emissions, tags.clamp(min=0), mask, reduction="none") * weights).sum().backward()
    expected_crf = copy.deepcopy(crf).double()
    expected_crf.zero_grad()
    expected_emissions = emissions.detach().double().requires_grad_()
    total = 0
    for row, length in enumerate(lengths):
        paths, scores = enumerate_paths(expected_crf, expected_emissions[row, :length])
        own = (paths == tags[row, :length]).all(1)
        total = total + weights[row] * (scores[own].squeeze(0) - scores.logsumexp(0))
    total.backward()

    close = {"rtol": 10 * TOLERANCE[dtype], "atol": 10 * TOLERANCE[dtype]}
    torch.testing.assert_close(emissions.grad.double(), expected_emissions.grad, **close)
    for (name, parameter), expected in zip(crf.named_parameters(), expected_crf.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad.double(), expected.grad, **close, msg=lambda m, n=name: f"{n}: {m}")


def torch_crf_like(crf, excluded_score=-1e6):
    """torchcrf with the same parameters, and a very low score where a transition is excluded."""
    reference = torchcrf.CRF(crf.num_tags, batch_first=crf.batch_first).to(crf.transitions.dtype)
    reference.load_state_dict(crf.state_dict())
    if crf.legal_transitions is not None:
        with torch.no_grad():
            reference.transitions.masked_fill_(~crf.legal_transitions[:-1], excluded_score)
            reference.start_transitions.masked_fill_(~crf.legal_transitions[-1], excluded_score)
    return reference


@pytest.mark.parametrize("exclude", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean", "token_mean"])
def test_torchcrf_agrees_on_long_sentences(exclude, batch_first, reduction):
    crf = make_crf(exclude, batch_first=batch_first)
    reference = torch_crf_like(crf)
    emissions, mask = make_batch([60, 1, 33, 60, 2, 17])
    tags = crf_sample(crf, mask)
    if not batch_first:
        emissions, mask, tags = (tensor.transpose(0, 1).contiguous() for tensor in (emissions, mask, tags))
    pairs = []
    for module in (crf, reference):
        leaf = emissions.clone().requires_grad_()
        value = module(leaf, tags, mask, reduction=reduction)
        value.sum().backward()
        pairs.append((value, leaf.grad, *(p.grad for p in module.parameters())))
    for ours, theirs in zip(*pairs, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-8)
    assert crf.decode(emissions, mask) == reference.decode(emissions, mask)


def crf_sample(crf, mask):
    """Legal tags (B, L) of long sentences: random ones, with each I- that has nothing to continue made a B-."""
    tags = torch.randint(crf.num_tags, mask.shape)
    for row in tags:
        previous = "O"
        for position, tag in enumerate(row.tolist()):
            if LABELS[tag].startswith("I-") and previous[2:] != LABELS[tag][2:]:
                row[position] = tag - 1
            previous = LABELS[int(row[position])]
    return tags


def test_without_a_mask_all_characters_count():
    crf = make_crf(True)
    emissions, mask = make_batch([6, 6, 6])
    tags = crf_sample(crf, mask)
    assert torch.equal(crf(emissions, tags), crf(emissions, tags, mask))
    for method in (crf.max_marginals, crf.viterbi):
        assert torch.equal(method(emissions), method(emissions, mask))
    assert crf.decode(emissions) == crf.decode(emissions, mask)


def test_a_uint8_mask_counts_as_a_boolean_one():
    crf = make_crf(True)
    emissions, mask = make_batch(LENGTHS)
    tags = legal_tags(crf, mask).clamp(min=0)
    assert crf.decode(emissions, mask.to(torch.uint8)) == crf.decode(emissions, mask)
    assert torch.equal(crf(emissions, tags, mask.to(torch.uint8)), crf(emissions, tags, mask))
    for method in (crf.max_marginals, crf.viterbi):
        assert torch.equal(method(emissions, mask.to(torch.uint8)), method(emissions, mask))


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ([1, 0, 1], "contiguous from the first character"),
        ([0, 1, 1], "first timestep"),
        ([0, 0, 0], "first timestep"),
    ],
)
def test_a_mask_with_holes_or_padding_at_the_left_is_refused(mask, message):
    crf = make_crf(True)
    emissions, mask = torch.zeros(1, 3, 5).double(), torch.tensor([mask]).bool()
    for call in (crf.max_marginals, crf.viterbi, crf.decode):
        with pytest.raises(ValueError, match=message):
            call(emissions, mask)
    with pytest.raises(ValueError, match=message):
        crf(emissions, torch.zeros(1, 3).long(), mask)


@pytest.mark.parametrize("path", [[0, 2, 0], [2, 0, 0], [0, 1, 4], [0, 0, 2]])
def test_labels_that_the_scheme_excludes_are_refused(path):
    crf = make_crf(True)
    emissions = torch.zeros(2, 3, 5).double()
    with pytest.raises(ValueError, match="sentence 1 of the batch use a transition that the label scheme excludes"):
        crf(emissions, torch.tensor([[1, 2, 0], path]))
    assert torch.isfinite(make_crf(False)(emissions, torch.tensor([[1, 2, 0], path])))


def test_illegal_labels_at_padding_do_not_matter():
    crf = make_crf(True)
    emissions, mask = make_batch([1, 3])
    likelihoods = [crf(emissions, torch.tensor([[0, *rest], [1, 2, 0]]), mask) for rest in ([0, 0], [2, 4], [3, 2])]
    assert likelihoods[0] == likelihoods[1] == likelihoods[2]


def test_legal_transitions_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"shape \(6, 5\), got \(3, 3\)"):
        LinearChainCRF(5, legal_transitions=torch.ones(3, 3, dtype=torch.bool))


def test_legal_bio_transitions_by_definition():
    legal = legal_bio_transitions(LABELS)
    assert legal.shape == (6, 5)
    for previous, tag in itertools.product(range(5), repeat=2):
        # B-… of the type makes any tag possible, so that only the step itself decides.
        start = [previous - 1, previous] if LABELS[previous].startswith("I-") else [previous]
        assert legal[previous, tag] == is_legal([*start, tag])
    assert legal[5].tolist() == [is_legal([tag]) for tag in range(5)]


@pytest.mark.parametrize("exclude", [True, False])
def test_where_several_paths_are_best_the_argmax_of_max_marginals_is_the_decoded_one(exclude):
    crf = make_crf(exclude, dtype=torch.float32)
    for parameter in crf.parameters():
        torch.nn.init.zeros_(parameter)
    for emissions in (
        torch.zeros(8, 7, 5),
        torch.randint(-1, 1, (64, 7, 5)).float(),  # most best paths score 0, where one unit in the last place is 1e-45
        torch.randint(-1, 2, (64, 7, 5)).float(),
        torch.randint(-1, 2, (64, 7, 5)).float() * 1e4,
    ):
        scores = crf.max_marginals(emissions)
        assert scores.argmax(-1).tolist() == crf.decode(emissions)
        # The stock pipeline takes the argmax after a softmax in fp32.
        assert scores.softmax(-1).argmax(-1).tolist() == crf.decode(emissions)


@pytest.mark.parametrize("exclude", [True, False])
def test_scores_that_differ_by_rounding_alone_still_give_one_path(exclude):
    # 0.1 + 0.2 + … in another order: forward plus backward scores need not be equal where the paths' scores are.
    crf = make_crf(exclude, dtype=torch.float32)
    emissions = torch.randint(-3, 4, (200, 9, 5)) * 0.1
    for parameter in crf.parameters():
        parameter.data = torch.randint(-3, 4, parameter.shape) * 0.1
    assert crf.max_marginals(emissions).argmax(-1).tolist() == crf.decode(emissions)


def test_extreme_emissions_in_fp32_stay_finite():
    crf = make_crf(True, dtype=torch.float32)
    emissions, mask = make_batch(LENGTHS, dtype=torch.float32, kind="extreme")
    emissions.requires_grad_()
    tags = legal_tags(copy.deepcopy(crf).double(), mask).clamp(min=0)
    likelihood = crf(emissions, tags, mask, reduction="none")
    likelihood.sum().backward()
    for row, length in enumerate(LENGTHS):
        paths, scores = enumerate_paths(crf, emissions[row, :length].detach())
        own = (paths == tags[row, :length]).all(1)
        # A path's score is about 5e4, of which fp32 keeps units of 4e-3.
        torch.testing.assert_close(likelihood[row], (scores[own] - scores.logsumexp(0))[0], rtol=1e-5, atol=2e-2)
    assert all(torch.isfinite(tensor.grad).all() for tensor in (emissions, *crf.parameters()))


def test_reduced_precision_computes_in_fp32():
    crf = make_crf(True, dtype=torch.float32)
    emissions, mask = make_batch(LENGTHS, dtype=torch.float32)
    tags = legal_tags(copy.deepcopy(crf).double(), mask).clamp(min=0)
    emissions = emissions.bfloat16()
    expected = crf(emissions.float(), tags, mask)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(crf(emissions, tags, mask), expected)
        assert torch.equal(crf.max_marginals(emissions, mask), crf.max_marginals(emissions.float(), mask))
    assert expected.dtype == torch.float32
    leaf = emissions.clone().requires_grad_()
    crf(leaf, tags, mask).backward()
    assert leaf.grad.dtype == torch.bfloat16 and torch.isfinite(leaf.grad).all()


def test_state_is_that_of_torchcrf():
    crf = make_crf(True)
    assert crf.state_dict().keys() == torchcrf.CRF(5).state_dict().keys()
    clone = copy.deepcopy(crf)
    emissions, mask = make_batch(LENGTHS)
    assert torch.equal(clone.max_marginals(emissions, mask), crf.max_marginals(emissions, mask))
    assert clone.transitions is not crf.transitions
