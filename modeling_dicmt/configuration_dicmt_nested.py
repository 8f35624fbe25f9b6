"""Configuration of a DicMT network that scores spans, for entities that lie within each other."""

from typing import ClassVar

from huggingface_hub.dataclasses import strict

from .configuration_dicmt import AUTO_MAP, DicMTConfig
from .span_decoding import OVERLAPS


@strict
class DicMTNestedConfig(DicMTConfig):
    """What a network with a span head is made of; the rest is `DicMTConfig`'s, of which the CRF's settings say nothing.

    Args:
        span_head_size: Width of the two vectors of each character whose products score spans.
        max_span_length: Characters of the longest span that is scored.
        span_lists: Dictionary lists whose terms are evidence for the spans where they stand, as the tokenizer's.
        span_threshold: The probability above which a span is an entity.
        span_overlap: What entities may do: "crossing", overlap in any way; "nested", lie within each other; "none",
            neither.
    """

    model_type = "dicmt_nested"
    scores_spans: ClassVar[bool] = True
    auto_classes: ClassVar[dict] = AUTO_MAP | {
        "AutoConfig": "configuration_dicmt_nested.DicMTNestedConfig",
        "AutoModel": "modeling_dicmt_nested.DicMTForNestedEntities",
        "AutoModelForTokenClassification": "modeling_dicmt_nested.DicMTForNestedEntities",
    }

    span_head_size: int = 64
    max_span_length: int = 30
    span_lists: list[str] | None = None
    span_threshold: float | int = 0.5
    span_overlap: str = "nested"

    def validate_architecture(self) -> None:
        """Reject settings that no network can be built from."""
        super().validate_architecture()
        if not self.recognition_task:
            raise ValueError("A network for nested entities recognises entities: switch on recognition_task.")
        for name in ("span_head_size", "max_span_length"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}.")
        if not 0 < self.span_threshold < 1:
            raise ValueError(f"span_threshold must be above 0 and below 1, got {self.span_threshold}.")
        if self.span_overlap not in OVERLAPS:
            raise ValueError(f"span_overlap must be one of {', '.join(OVERLAPS)}, got {self.span_overlap!r}.")

    @property
    def num_span_sources(self) -> int:
        """Sources of evidence for spans: the lists, then the vetted terms of each entity type; 0 without."""
        return 0 if self.span_lists is None else len(self.span_lists) + len(self.entity_types)


CONFIGURATIONS: dict[str, type[DicMTConfig]] = {
    config.model_type: config for config in (DicMTConfig, DicMTNestedConfig)
}
"""Configurations of the networks that recognise entities, by the model_type of their checkpoints."""

DicMTNestedConfig.register_for_auto_class()
