"""The span head: a score for every stretch of a sentence, up to a length, and every entity type.

The score of type t for the characters i … j is

    first(h_i) · U_t · last(h_j) + begin_t(h_i) + end_t(h_j) + Σ inside_t(h_i … h_j) + length_t(j - i + 1) + evidence

with states h: the biaffine score of both ends (Yu et al., 2020), and what is inside, as in a segmental CRF (Sarawagi &
Cohen, 2004), as a difference of running sums. Only lengths up to the longest are computed: B sentences of L characters
take memory for B · L · T · W scores, whatever L is.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import initialization as init

# A network begins by taking no span for an entity: of a sentence's thousands a few are.
_FIRST_BIAS = -6.0


class CharacterScores(NamedTuple):
    """What each of L characters gives to the spans that begin or end at it; T types, B sentences, vectors of width d.

    Args:
        queries: (B, L, T, d), of a span's first character; its product with the last one's key is a part of the score.
        keys: (B, L, d).
        begin: (B, L, T) score of beginning, less the sum of what is inside before.
        end: (B, L, T) score of ending, with the sum of what is inside up to it.
    """

    queries: Tensor
    keys: Tensor
    begin: Tensor
    end: Tensor


class SpanHead(nn.Module):
    """Scores spans.

    Args:
        size: Width of the states.
        num_types: Entity types T.
        longest: Characters W of the longest span that is scored.
        head_size: Width d of the two ends' vectors.
        num_sources: Sources of evidence; 0 for none.
    """

    def __init__(self, size: int, num_types: int, longest: int, head_size: int, num_sources: int):
        super().__init__()
        self.num_types, self.longest, self.head_size = num_types, longest, head_size
        self.ends = nn.Linear(size, 2 * head_size)
        self.typed = nn.Linear(size, 3 * num_types)
        self.bilinear = nn.Parameter(torch.empty(num_types, head_size, head_size))
        self.length = nn.Parameter(torch.empty(num_types, longest))
        self.evidence = nn.Parameter(torch.empty(num_sources, num_types)) if num_sources else None

    def initialize(self) -> None:
        """Set the weights that are none of a layer's, where a checkpoint did not."""
        # Small beside those of the ends by themselves: which pairs belong together is learnt later.
        init.normal_(self.bilinear, std=0.5 / self.head_size)
        init.constant_(self.length, _FIRST_BIAS)
        if self.evidence is not None:
            init.zeros_(self.evidence)

    @torch.no_grad()
    def divide_(self, temperature: float) -> None:
        """Divide all scores by a number, in the weights."""
        for parameter in (*self.typed.parameters(), self.bilinear, self.length, self.evidence):
            if parameter is not None:
                parameter.div_(temperature)

    def forward(self, states: Tensor, evidence: Tensor | None = None) -> Tensor:
        """Score spans.

        Args:
            states: (B, L, size), of at least one character.
            evidence: Integer (B, N, 3): first character, end (exclusive) and source of each piece of evidence, in
                offsets of the sentence; -1 at padding. Needed where there are sources.

        Returns:
            (B, L, T, W): log-odds of the span that begins at a character, of a type, of a length from 1 on. Those that
            leave their sentence mean nothing.
        """
        queries, keys, begin, end = self.of_characters(states)
        end = functional.pad(end, (0, 0, 0, self.longest - 1)).unfold(1, self.longest, 1)  # (B, L, T, W)
        scores = banded_products(queries, keys, self.longest)
        for part in (begin[..., None], end, self.length):  # in place: a batch's scores are many
            scores += part
        if self.evidence is not None and evidence is not None and evidence.size(1):
            scores = self._with_evidence(scores, evidence)
        return scores

    def of_characters(self, states: Tensor) -> CharacterScores:
        """What characters give to the scores of spans, from their states (B, L, size)."""
        first, last = functional.elu(self.ends(states)).chunk(2, dim=-1)  # (B, L, d)
        begin, end, inside = self.typed(states).chunk(3, dim=-1)  # (B, L, T)
        running = inside.cumsum(1)
        queries = first @ self.bilinear.transpose(0, 1).flatten(1)  # one product for all types
        queries = queries.unflatten(-1, (self.num_types, self.head_size))
        return CharacterScores(queries, last, begin - running + inside, end + running)

    def _with_evidence(self, scores: Tensor, evidence: Tensor) -> Tensor:
        start, end, source = evidence.unbind(-1)
        sentence, place = ((start >= 0) & (end - start <= self.longest)).nonzero(as_tuple=True)
        start, end, source = (column[sentence, place] for column in (start, end, source))
        types = torch.arange(self.num_types, device=scores.device)
        index = (sentence[:, None], start[:, None], types, (end - start - 1)[:, None])
        return scores.index_put(index, self.evidence[source].to(scores.dtype), accumulate=True)


def banded_products(queries: Tensor, keys: Tensor, width: int) -> Tensor:
    """Products (B, L, T, W) of each query (B, L, T, d) with the W keys (B, L, d) from its place on; 0 beyond the last.

    Blocks of W places meet blocks of 2 W keys, so that memory grows with L, not its square.
    """
    batch, length, types, size = queries.shape
    blocks = -(-length // width)
    padding = blocks * width - length
    queries = functional.pad(queries, (0, 0, 0, 0, 0, padding)).view(batch, blocks, width * types, size)
    keys = functional.pad(keys, (0, 0, 0, padding + width)).view(batch, blocks + 1, width, size)
    keys = torch.cat([keys[:, :-1], keys[:, 1:]], dim=2)  # (B, blocks, 2 W, d)
    products = (queries @ keys.transpose(-1, -2)).view(batch, blocks, width, types, 2 * width)
    # Row r of the W places holds its products from column r on. One value more a row, and row r begins r values later.
    products = functional.pad(products.transpose(2, 3).flatten(-2), (0, width))
    products = products.unflatten(-1, (width, 2 * width + 1))[..., :width]  # (B, blocks, T, W places, W)
    return products.transpose(2, 3).flatten(1, 2)[:, :length]


def spans_within(mask: Tensor, longest: int) -> Tensor:
    """Whether the span of each first character and length is within its sentence: boolean (B, L, longest).

    Args:
        mask: (B, L), True for characters, all padding at the right.
        longest: Characters of the longest span.
    """
    places = torch.arange(mask.size(1), device=mask.device)
    ends = places[:, None] + torch.arange(longest, device=mask.device)
    return ends < mask.sum(1)[:, None, None]


def span_loss(scores: Tensor, within: Tensor, entities: Tensor) -> Tensor:
    """Binary cross-entropy of each span's being an entity, summed over a sentence's spans and types: (B,).

    Args:
        scores: (B, L, T, W) log-odds.
        within: (B, L, W), see `spans_within`.
        entities: Integer (B, N, 3): first character, end (exclusive), type, each once; -1 at padding. Those longer than
            W are left out.
    """
    of_none = functional.softplus(scores).masked_fill(~within[:, :, None], 0).sum((1, 2, 3))
    start, end, kind = entities.unbind(-1)  # (B, N)
    counts = (start >= 0) & (end - start <= scores.size(-1))
    sentence, place = counts.nonzero(as_tuple=True)
    start, end, kind = (column[sentence, place] for column in (start, end, kind))
    gains = scores[sentence, start, kind, end - start - 1]
    return of_none.index_add(0, sentence, -gains)
