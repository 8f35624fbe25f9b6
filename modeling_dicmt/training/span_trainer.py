"""The training loop for networks with a span head."""

import numpy as np

from ..prediction import pad_sentences
from ..tagging import pad_spans
from .trainer import Trainer


class SpanTrainer(Trainer):
    """As `Trainer`; the labels of a batch are entities, (B, N, 3), padded by -1."""

    def inputs(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        sentences, entities = zip(*map(self._example, indices.tolist()), strict=True)
        return pad_sentences(sentences, self.tokenizer.pad_token_id) | {"labels": pad_spans(entities)}
