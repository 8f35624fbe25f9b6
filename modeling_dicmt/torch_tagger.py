"""The network on PyTorch as a tagger of sentences."""

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from transformers import PreTrainedModel

from .crf import LinearChainCRF
from .prediction import (
    BATCH_CHARACTERS,
    ENCODER_BATCH_CHARACTERS,
    TaggedBatch,
    collect_entities,
    predict_sentences,
)
from .tagging import Span
from .tokenization_dicmt import DicMTTokenizer


class TorchTagger:
    """Labels batches with a network, on the network's device; it is put into evaluation mode.

    Args:
        model: The network.
    """

    def __init__(self, model: PreTrainedModel):
        self.model = model.eval()
        self.config = model.config
        on_cpu_with_encoder = model.device.type == "cpu" and model.config.encoder_config is not None
        self.batch_characters = ENCODER_BATCH_CHARACTERS if on_cpu_with_encoder else BATCH_CHARACTERS

    @torch.inference_mode()
    def label(self, inputs: Mapping[str, np.ndarray]) -> TaggedBatch:
        """Label a batch as `pad_sentences` gives it."""
        tensors = {name: torch.from_numpy(array).to(self.model.device) for name, array in inputs.items()}
        output = self.model(**tensors, output_logits=False)
        tags, in_entity = output.predictions, output.segmentation_logits
        return TaggedBatch(
            output.emissions,
            inputs["attention_mask"].astype(bool),
            None if tags is None else tags.cpu().numpy(),
            None if in_entity is None else (in_entity > 0).cpu().numpy(),
        )

    @torch.inference_mode()
    def tag_probabilities(self, labels: TaggedBatch) -> np.ndarray:
        """Posterior probability (B, L) of each tag of the best paths; 0 at padding."""
        emissions, mask = in_double(labels)
        marginals = self._chain(emissions).marginals(emissions, mask).clamp(max=1).cpu().numpy()
        return np.take_along_axis(marginals, labels.tags.clip(min=0)[..., None], axis=2)[..., 0]

    @torch.inference_mode()
    def span_probabilities(self, labels: TaggedBatch, spans: np.ndarray) -> np.ndarray:
        """Probability (N,) over all paths that just these spans (N, 5) are entities."""
        emissions, mask = in_double(labels)
        spans = torch.from_numpy(spans).to(emissions.device)
        return self._chain(emissions).span_log_probabilities(emissions, spans, mask).exp().cpu().numpy()

    def _chain(self, emissions: torch.Tensor) -> LinearChainCRF:
        if self.model.crf is not None:
            return self.model.crf
        # Independent tags are a chain whose transitions say nothing.
        chain = LinearChainCRF(self.config.num_labels, batch_first=True).to(emissions.device)
        for parameter in chain.parameters():
            parameter.zero_()
        return chain


def in_double(labels: TaggedBatch) -> tuple[torch.Tensor, torch.Tensor]:
    """Emissions and mask. A probability is a small difference of long sums, whose rounding would be seen in fp32."""
    emissions = labels.emissions
    if emissions.device.type != "mps":  # which has no fp64
        emissions = emissions.double()
    return emissions, torch.from_numpy(labels.mask).to(emissions.device)


def predict_entities(
    model: PreTrainedModel,
    tokenizer: DicMTTokenizer,
    texts: Iterable[str],
    batch_characters: int | None = None,
) -> list[list[Span]]:
    """Entities of records of any length.

    Args:
        model: The network.
        tokenizer: Its tokenizer, with the dictionary to use.
        texts: The records' texts.
        batch_characters: Characters of a batch, padding included; None for what is fast.

    Returns:
        For each record its entities in the text's order; `text[start:end]` is the mention.
    """
    texts = list(texts)
    sentences = list(tokenizer.encode_records(texts))
    predictions = predict_sentences(TorchTagger(model), sentences, batch_characters)
    return collect_entities(sentences, predictions, len(texts))
