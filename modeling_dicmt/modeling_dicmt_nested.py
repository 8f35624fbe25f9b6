"""DicMT for nested entities: the same shared layer and segmentation (NES), and a score for every span.

Not in the paper, which names nested entities as future work.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.utils import ModelOutput

from .configuration_dicmt_nested import DicMTNestedConfig
from .modeling_dicmt import DicMTModel, DicMTPreTrainedModel, right_padded, take_characters
from .span_head import SpanHead, span_loss, spans_within


@dataclass
class NestedOutput(ModelOutput):
    """What the network returns; B sentences, L characters, T entity types, spans of up to W characters.

    Args:
        loss: α · segmentation_loss + β · recognition_loss (eq. 6); needs labels.
        span_scores: (B, L, T, W) log-odds of the span that begins at a character, of a type, of a length from 1 on;
            -inf where it leaves its sentence.
        segmentation_logits: (B, L) logit of the character's being inside any entity.
        recognition_loss: Binary cross-entropy of all spans, summed over a sentence, averaged over sentences.
        segmentation_loss: Binary cross-entropy (eq. 3), summed over a sentence, averaged over sentences.
    """

    loss: Tensor | None = None
    span_scores: Tensor | None = None
    segmentation_logits: Tensor | None = None
    recognition_loss: Tensor | None = None
    segmentation_loss: Tensor | None = None


class DicMTForNestedEntities(DicMTPreTrainedModel):
    """DicMT with a span head in place of the CRF: entities may lie within each other.

    Padding, at either side, takes no part in anything.
    """

    config_class = DicMTNestedConfig
    base_class: ClassVar[type[DicMTModel]] = DicMTModel
    label_modules = ("spans",)
    _keep_in_fp32_modules_strict = ("spans",)

    def __init__(self, config: DicMTNestedConfig):
        super().__init__(config)
        self.dicmt = self.base_class(config, initialize=False)
        size = self.dicmt.output_size
        self.segmenter = nn.Linear(size, 1) if config.segmentation_task else None
        self.spans = self.build_span_head(size)
        self.post_init()

    def build_span_head(self, size: int) -> nn.Module:
        """The layer over states of a width that spans are scored by."""
        config = self.config
        return SpanHead(
            size, len(config.entity_types), config.max_span_length, config.span_head_size, config.num_span_sources
        )

    def score_spans(self, states: Tensor, within: Tensor, evidence: Tensor | None) -> Tensor:
        """The scores (B, L, T, W) of states (B, L, size), of which those `within` (B, L, W) their sentences count."""
        return self.spans(states, evidence)

    def recognition_loss(self, states: Tensor, scores: Tensor, within: Tensor, labels: Tensor) -> Tensor:
        """The loss of each sentence, (B,)."""
        return span_loss(scores, within, labels)

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if isinstance(module, SpanHead):
            module.initialize()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        radical_ids: Tensor | None = None,
        dictionary_features: Tensor | None = None,
        span_evidence: Tensor | None = None,
        labels: Tensor | None = None,
        return_dict: bool | None = None,
    ) -> NestedOutput | tuple[Tensor, ...]:
        """Run the network on sentences.

        Args:
            input_ids: (B, L) character ids.
            attention_mask: (B, L), 1 for characters, 0 for padding at either side; default: no padding.
            radical_ids: (B, L) radical ids.
            dictionary_features: (B, L, D) dictionary features.
            span_evidence: (B, N, 3) first character, end (exclusive) and source of each term, in offsets of the
                sentence, whose characters alone count; -1 at padding. None for no term.
            labels: (B, M, 3) first character, end and type of each entity, likewise; those longer than the longest span
                are left out.
            return_dict: False for a tuple of what is not None.

        Raises:
            ValueError: If an input that the network needs is missing or does not fit, or spans leave their sentences.
        """
        inputs, back = right_padded(input_ids, attention_mask, radical_ids, dictionary_features)
        mask, config = inputs["attention_mask"], self.config
        self._check_spans("labels", labels, mask, len(config.entity_types))
        self._check_spans("span_evidence", span_evidence, mask, config.num_span_sources)
        output = NestedOutput()
        within = spans_within(mask, config.max_span_length)
        if mask.numel():
            states = self.dicmt(**inputs, return_dict=True).last_hidden_state
            with torch.autocast(states.device.type, enabled=False):
                scores = self.score_spans(states.float(), within, self._kept(span_evidence))
        else:
            states = next(self.parameters()).new_zeros(*mask.shape, self.dicmt.output_size)
            scores = states.new_zeros(*mask.shape, len(config.entity_types), config.max_span_length)

        sentences = mask.any(1).sum().clamp(min=1)
        weighted = []
        if self.segmenter is not None:
            logits = self.segmenter(states).squeeze(-1).float()
            output["segmentation_logits"] = logits.masked_fill(~mask, 0)
            if labels is not None:
                losses = functional.binary_cross_entropy_with_logits(logits, covered(labels, mask), reduction="none")
                output["segmentation_loss"] = losses.masked_fill(~mask, 0).sum() / sentences
                weighted.append(config.segmentation_loss_weight * output["segmentation_loss"])
        if labels is not None:
            output["recognition_loss"] = self.recognition_loss(states, scores, within, labels).sum() / sentences
            weighted.append(config.recognition_loss_weight * output["recognition_loss"])
            output["loss"] = sum(weighted)
        output["span_scores"] = scores.masked_fill(~within[:, :, None], -torch.inf)
        if back is not None:
            for name in ("span_scores", "segmentation_logits"):
                if output.get(name) is not None:
                    output[name] = take_characters(output[name], back)
        return_dict = config.return_dict if return_dict is None else return_dict
        return output if return_dict else output.to_tuple()

    def _kept(self, evidence: Tensor | None) -> Tensor | None:
        """The evidence, some of it hidden in training as the characters' dictionary codes are."""
        share = self.config.dictionary_dropout
        if evidence is None or not (self.training and share):
            return evidence
        hidden = torch.rand(evidence.shape[:2], device=evidence.device) < share
        return evidence.masked_fill(hidden[..., None], -1)

    def _check_spans(self, name: str, spans: Tensor | None, mask: Tensor, num_kinds: int) -> None:
        if spans is None:
            return
        if spans.dim() != 3 or spans.size(0) != mask.size(0) or spans.size(2) != 3:
            raise ValueError(
                f"{name} has the shape {tuple(spans.shape)}, but ({mask.size(0)}, N, 3) is expected: start, end and "
                "kind of N spans of each sentence."
            )
        start, end, kind = spans.unbind(-1)
        fits = (start < end) & (end <= mask.sum(1)[:, None]) & (kind >= 0) & (kind < num_kinds)
        wrong = (start >= 0) & ~fits
        if bool(wrong.any()):
            sentence, place = (int(index) for index in wrong.nonzero()[0])
            raise ValueError(
                f"{name}: {tuple(spans[sentence, place].tolist())} in sentence {sentence} of the batch has no "
                f"character, leaves the sentence, or is of a kind beyond the network's {num_kinds}."
            )


def covered(entities: Tensor, mask: Tensor) -> Tensor:
    """1 for characters inside any entity, else 0: fp32 (B, L), of entities (B, N, 3) as in `forward`."""
    start, end, _ = entities.unbind(-1)  # (B, N)
    counts = start >= 0
    edges = torch.zeros(mask.size(0), mask.size(1) + 1, device=mask.device)
    edges.scatter_add_(1, start.masked_fill(~counts, 0), counts.float())
    edges.scatter_add_(1, end.masked_fill(~counts, 0), -counts.float())
    return (edges.cumsum(1)[:, :-1] > 0.5).float()


DicMTForNestedEntities.register_for_auto_class("AutoModelForTokenClassification")
