"""The CRF against torchcrf: loss and gradient, decoding, marginals."""

import copy
from collections.abc import Iterator

import torch
import torchcrf

from modeling_dicmt.crf import LinearChainCRF
from modeling_dicmt.crf_numpy import NumpyCRF

from .measuring import Row, Settings, close, compare, require

SIZES = ((32, 250, 11), (64, 40, 11))


def make_pair(batch: int, length: int, tags: int, device: str) -> tuple:
    """Our CRF and torchcrf's with the same scores, emissions (B, L, T), labels (B, L), mask (B, L)."""
    torch.manual_seed(0)
    ours = LinearChainCRF(tags, batch_first=True).to(device)
    theirs = torchcrf.CRF(tags, batch_first=True).to(device)
    theirs.load_state_dict(ours.state_dict())
    emissions = 3 * torch.randn(batch, length, tags, device=device)
    labels = torch.randint(tags, (batch, length), device=device)
    return ours, theirs, emissions, labels, torch.ones(batch, length, dtype=torch.bool, device=device)


def gradient(crf: torchcrf.CRF, emissions: torch.Tensor, labels: torch.Tensor, mask: torch.Tensor) -> list:
    """Loss, and its gradients by the emissions and by all scores."""
    leaf = emissions.clone().requires_grad_()
    crf.zero_grad()
    loss = -crf(leaf, labels, mask)
    loss.backward()
    return [loss.detach(), leaf.grad, *(parameter.grad for parameter in crf.parameters())]


def rows(settings: Settings) -> Iterator[Row]:
    """All rows of the CRF."""
    aims = {SIZES[0]: "≥ 2", SIZES[1]: "≥ 1.5"} if settings.device == "cpu" else dict.fromkeys(SIZES, "≥ 10")
    for size in SIZES:
        name = "{} × {} × {}".format(*size)
        ours, theirs, emissions, _, mask = inputs = make_pair(*size, settings.device)
        rest = inputs[2:]
        # In fp64, since torchcrf's sums of scores in fp32 are off by more than a tolerance should admit.
        exact = [gradient(copy.deepcopy(crf).double(), emissions.double(), *rest[1:]) for crf in (ours, theirs)]
        for mine, other in zip(*exact, strict=True):
            require(close(mine, other, 1e-8), "the CRFs' losses or gradients differ")
        for mine, other in zip(gradient(ours, *rest), exact[0], strict=True):
            require(close(mine, other, 1e-4), "the CRF's loss or gradients in fp32 are off")
        require(ours.decode(emissions, mask) == theirs.decode(emissions, mask), "the CRFs decode other paths")

        rounds = None if settings.quick else 25
        yield compare(
            f"CRF loss and gradient, {name}",
            "torchcrf",
            lambda ours=ours, rest=rest: gradient(ours, *rest),
            lambda theirs=theirs, rest=rest: gradient(theirs, *rest),
            aims[size],
            settings,
            rounds=rounds,
        )
        with torch.no_grad():
            yield compare(
                f"CRF decoding, {name}",
                "torchcrf",
                lambda ours=ours, rest=rest: ours.decode(rest[0], rest[2]),
                lambda theirs=theirs, rest=rest: theirs.decode(rest[0], rest[2]),
                "≥ 3" if settings.device == "cpu" else "≥ 20",
                settings,
                rounds=rounds,
            )
            # Probabilities are numpy's matter, for every runtime.
            chain = NumpyCRF(*(scores.numpy(force=True) for scores in ours.chain()))
            arrays = emissions.numpy(force=True), mask.numpy(force=True)
            methods = {
                "marginals": lambda chain=chain, arrays=arrays: chain.marginals(*arrays),
                "max-marginals": lambda ours=ours, rest=rest: ours.max_marginals(rest[0], rest[2]),
            }
            for kind, method in methods.items():
                yield compare(
                    f"CRF {kind}, {name}",
                    "two torchcrf likelihoods",
                    method,
                    lambda theirs=theirs, rest=rest: [theirs(*rest) for _ in range(2)],
                    "≤ 1",
                    settings,
                    rounds=rounds,
                )
