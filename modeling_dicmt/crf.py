"""Linear-chain conditional random field: torchcrf's parameters and interface, vectorised inference.

The paper's eq. 4 scores a pair of neighbouring tags by emissions of their own; as in torchcrf and in practice, a
path's score here is the sum of one emission a character and one entry of a transition matrix a pair of neighbours:

    score(y) = start[y_1] + Σ_t emission[t, y_t] + Σ_t transition[y_t, y_(t+1)] + end[y_n]

Shapes are time-major inside this module, as in torchcrf: L characters, B sentences, T tags. Padding is at the right.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

try:
    from torchcrf import CRF
except (
    ImportError
) as error:  # the module's name differs from the distribution's, which "pip install torchcrf" would miss
    raise ImportError("DicMT's CRF needs the module 'torchcrf'. Install it with: pip install pytorch-crf") from error

from .crf_inference import Chain, LogPartition, backtracked, best_paths, both_variables, maximum


def legal_bio_transitions(labels: Sequence[str]) -> Tensor:
    """Which transitions the BIO scheme allows: I-X comes only after B-X or I-X, and never first.

    Args:
        labels: The T BIO labels in the order of their ids.

    Returns:
        Boolean tensor of shape (T + 1, T): row i < T holds the tags that may follow tag i, row T those that may come
        first.
    """
    previous = [*labels, "O"]  # what may start a sentence is what may follow an O
    return torch.tensor([[not tag.startswith("I-") or before[2:] == tag[2:] for tag in labels] for before in previous])


class LinearChainCRF(CRF):
    """`torchcrf.CRF` with vectorised inference, max-marginals and excluded transitions.

    Parameters, argument checks and reductions are torchcrf's. The likelihood's gradient is computed by forward–backward
    in one pass instead of differentiating through the recursion. Everything is computed in at least fp32. Marginals and
    span probabilities are those of `NumpyCRF`, for any runtime.

    Args:
        num_tags: Number of tags T.
        batch_first: Whether tensors are (B, L, …) rather than (L, B, …).
        legal_transitions: Boolean (T + 1, T), as `legal_bio_transitions` gives it. Excluded transitions have
            probability 0 in likelihood and decoding alike. None allows every transition, which makes the model
            torchcrf's.
    """

    def __init__(self, num_tags: int, batch_first: bool = False, legal_transitions: Tensor | None = None) -> None:
        super().__init__(num_tags, batch_first=batch_first)
        if legal_transitions is not None and legal_transitions.shape != (num_tags + 1, num_tags):
            raise ValueError(
                f"legal_transitions must have the shape {(num_tags + 1, num_tags)}, "
                f"got {tuple(legal_transitions.shape)}"
            )
        self.register_buffer("legal_transitions", legal_transitions, persistent=False)

    def max_marginals(self, emissions: Tensor, mask: Tensor | None = None) -> Tensor:
        """Score of the best path through each tag at each character; its argmax over tags is the Viterbi path.

        Where several paths are best, the one that `decode` returns is raised by a unit in the last place, so that the
        argmax is one path and the same one, also after a softmax.

        Args:
            emissions: (B, L, T) if `batch_first`, else (L, B, T).
            mask: Boolean (B, L) or (L, B), True for characters; padding at the right.

        Returns:
            Scores of the emissions' shape; 0 at padding, the lowest finite number where no legal path passes.
        """
        emissions, mask, lengths = self._time_major(emissions, mask)
        chain = self.chain()
        forward, backward = both_variables(emissions, chain, lengths, maximum)
        scores = forward + backward - emissions
        path = backtracked(forward, chain, lengths).clamp(min=0)[..., None]
        best = scores.amax(-1, keepdim=True)
        # Near 0 the next number is so close that a softmax would make the two equal again.
        above = torch.maximum(
            torch.nextafter(best, torch.full_like(best, torch.inf)), best + torch.finfo(best.dtype).eps
        )
        first_best = scores.argmax(-1, keepdim=True)
        scores = scores.scatter(-1, path, torch.where(first_best == path, scores.gather(-1, path), above))
        scores = scores.clamp(min=torch.finfo(scores.dtype).min)
        return self._batch_major(scores.masked_fill(~mask[..., None], 0))

    def viterbi(self, emissions: Tensor, mask: Tensor | None = None) -> Tensor:
        """The best path as a tensor.

        Args:
            emissions: (B, L, T) if `batch_first`, else (L, B, T).
            mask: Boolean (B, L) or (L, B), True for characters; padding at the right.

        Returns:
            Tag ids, (B, L) or (L, B), -100 at padding.
        """
        emissions, _, lengths = self._time_major(emissions, mask)
        return self._batch_major(best_paths(emissions, self.chain(), lengths))

    def chain(self) -> Chain:
        """Start (T,), transition (T, T) and end (T,) scores, -inf where excluded."""
        start, transitions, end = (
            _at_least_fp32(p) for p in (self.start_transitions, self.transitions, self.end_transitions)
        )
        if self.legal_transitions is not None:
            transitions = transitions.masked_fill(~self.legal_transitions[:-1], -torch.inf)
            start = start.masked_fill(~self.legal_transitions[-1], -torch.inf)
        return Chain(start, transitions, end)

    def _time_major(self, emissions: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        self._validate(emissions, mask=mask)
        if mask is None:
            mask = emissions.new_ones(emissions.shape[:2], dtype=torch.bool)
        if self.batch_first:
            emissions, mask = emissions.transpose(0, 1), mask.transpose(0, 1)
        mask = mask.bool()
        return _at_least_fp32(emissions), mask, _lengths(mask)

    def _batch_major(self, time_major: Tensor) -> Tensor:
        return time_major.transpose(0, 1).contiguous() if self.batch_first else time_major

    # torchcrf's hooks, called by its forward() and decode() with time-major tensors

    def _compute_score(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        start, transitions, end = self.chain()
        mask = mask.bool()
        lengths = _lengths(mask)
        tags = tags.masked_fill(~mask, 0)
        emitted = _at_least_fp32(emissions).gather(2, tags[..., None]).squeeze(2)
        score = start[tags[0]] + emitted.masked_fill(~mask, 0).sum(0)
        score = score + transitions[tags[:-1], tags[1:]].masked_fill(~mask[1:], 0).sum(0)
        score = score + end[tags.gather(0, (lengths - 1)[None]).squeeze(0)]
        if self.legal_transitions is not None and bool(torch.isneginf(score).any()):
            sentence = int(torch.isneginf(score).nonzero()[0])
            raise ValueError(
                f"The labels of sentence {sentence} of the batch use a transition that the label scheme excludes "
                "(an I- label must follow a B- or I- label of its type). Correct the labels, or allow all transitions."
            )
        return score

    def _compute_normalizer(self, emissions: Tensor, mask: Tensor) -> Tensor:
        return LogPartition.apply(_at_least_fp32(emissions), *self.chain(), _lengths(mask.bool()))

    def _viterbi_decode(self, emissions: Tensor, mask: Tensor) -> list[list[int]]:
        lengths = _lengths(mask.bool())
        paths = best_paths(_at_least_fp32(emissions), self.chain(), lengths).T.tolist()
        return [path[:length] for path, length in zip(paths, lengths.tolist(), strict=True)]


def _at_least_fp32(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def _lengths(mask: Tensor) -> Tensor:
    """Lengths (B,) of a time-major mask, which must be padded at the right."""
    if bool((mask[1:] & ~mask[:-1]).any()):
        raise ValueError("The mask must be contiguous from the first character on: padding belongs at the right.")
    return mask.sum(0)
