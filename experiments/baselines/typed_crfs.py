"""A CRF for each entity type over one shared layer: entities of several types may nest, those of one type may not.

    python -m experiments.baselines.typed_crfs SETTINGS.json

takes the settings of run_ner.py.
"""

from collections.abc import Sequence

import torch
from huggingface_hub.dataclasses import strict
from torch import Tensor, nn
from transformers import initialization as init

import run_ner
from modeling_dicmt.commands.command_line import run_command
from modeling_dicmt.configuration_dicmt_nested import DicMTNestedConfig
from modeling_dicmt.crf import LinearChainCRF, legal_bio_transitions
from modeling_dicmt.modeling_dicmt_nested import DicMTForNestedEntities
from modeling_dicmt.training.arguments import ModelArguments, TrainingArguments
from modeling_dicmt.training.span_trainer import SpanTrainer

# The tags of each type's chain.
LABELS = ["O", "B-X", "I-X"]
# The log-odds of what a chain's best path has, and less it, of what it has not.
CERTAIN = 10.0


@strict
class TypedCRFsConfig(DicMTNestedConfig):
    """As of a network with a span head, whose widths say nothing here."""

    model_type = "dicmt_typed_crfs"
    _auto_class = None

    def __post_init__(self, **kwargs):
        super().__post_init__(**kwargs)
        # DicMT's own classes, which these name, would build another network from the checkpoint.
        self.auto_map, self.custom_pipelines = {}, {}


class TypedCRFs(nn.Module):
    """The chains.

    Args:
        size: Width of the states.
        num_types: Entity types T, each with a chain.
    """

    def __init__(self, size: int, num_types: int):
        super().__init__()
        self.classifier = nn.Linear(size, num_types * len(LABELS))
        self.chains = nn.ModuleList(
            LinearChainCRF(len(LABELS), batch_first=True, legal_transitions=legal_bio_transitions(LABELS))
            for _ in range(num_types)
        )

    def emissions(self, states: Tensor) -> Sequence[Tensor]:
        """The scores (B, L, 3) of each type's tags."""
        return self.classifier(states).unflatten(-1, (-1, len(LABELS))).unbind(-2)

    def paths(self, states: Tensor, mask: Tensor) -> Tensor:
        """The best tags (B, L, T), 0 at padding."""
        paths = [chain.viterbi(scores, mask) for chain, scores in zip(self.chains, self.emissions(states), strict=True)]
        return torch.stack(paths, dim=-1).clamp(min=0)

    def loss(self, states: Tensor, mask: Tensor, tags: Tensor) -> Tensor:
        """Negative log-likelihood (B,) of tags (B, L, T), summed over types."""
        of_types = zip(self.chains, self.emissions(states), tags.unbind(-1), strict=True)
        return -sum(chain(scores, of_type, mask, reduction="none") for chain, scores, of_type in of_types)

    @torch.no_grad()
    def divide_(self, temperature: float) -> None:
        """Nothing: all entities of a best path are equally certain here."""


class TypedCRFsForNestedEntities(DicMTForNestedEntities):
    """DicMT with a CRF for each entity type; it is loaded by this class alone.

    An entity's score says no more than that it is on a best path.
    """

    config_class = TypedCRFsConfig
    _auto_class = None

    def build_span_head(self, size: int) -> nn.Module:
        return TypedCRFs(size, len(self.config.entity_types))

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, LinearChainCRF):
            for parameter in module.parameters():
                init.uniform_(parameter, -0.1, 0.1)
            init.copy_(module.legal_transitions, legal_bio_transitions(LABELS))
        else:
            super()._init_weights(module)

    def score_spans(self, states: Tensor, within: Tensor, evidence: Tensor | None) -> Tensor:
        mask = with_first(within)
        shape = (*mask.shape, len(self.config.entity_types), self.config.max_span_length)
        if self.training:  # nothing is read of them
            return states.new_full((), -CERTAIN).expand(shape)
        scores = states.new_full(shape, -CERTAIN)
        tags = self.spans.paths(states, mask)  # (B, L, T)
        following = torch.zeros_like(tags[:, 0])  # I's from the next character on
        for place in range(tags.size(1) - 1, -1, -1):
            here = tags[:, place]
            sentence, kind = ((here == 1) & (following < shape[-1])).nonzero(as_tuple=True)
            scores[sentence, place, kind, following[sentence, kind]] = CERTAIN
            following = torch.where(here == 2, following + 1, 0)
        return scores

    def recognition_loss(self, states: Tensor, scores: Tensor, within: Tensor, labels: Tensor) -> Tensor:
        mask = with_first(within)
        tags = outermost_tags(labels, *mask.shape, len(self.config.entity_types))
        return self.spans.loss(states, mask, tags).masked_fill(~within[:, 0, 0], 0)


def with_first(within: Tensor) -> Tensor:
    """The mask (B, L) of spans (B, L, W) within sentences, an empty one as one character, which a CRF needs."""
    mask = within[..., 0].clone()
    mask[:, 0] = True
    return mask


def outermost_tags(labels: Tensor, batch: int, length: int, num_types: int) -> Tensor:
    """Tags (B, L, T) of each type's entities that lie in no other of the type, of entities (B, N, 3)."""
    tags = torch.zeros(batch, length, num_types, dtype=torch.long)
    for tags_of_sentence, entities in zip(tags, labels.tolist(), strict=True):
        for start, end, kind in sorted(entities, key=lambda entity: (entity[0] - entity[1], entity[0])):
            if start >= 0 and not tags_of_sentence[start:end, kind].any():
                tags_of_sentence[start:end, kind] = 2
                tags_of_sentence[start, kind] = 1
    return tags.to(labels.device)


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command.

    Args:
        arguments: The command line; default: the process's.
    """
    run_ner.run(arguments, ModelArguments, TrainingArguments, TypedCRFsForNestedEntities, SpanTrainer)


if __name__ == "__main__":
    run_command(run)
