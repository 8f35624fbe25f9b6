"""Pre-training of the shared layer on text without labels (`DicMTForPreTraining`), by the trainer of all networks.

An encoder is another network, with other inputs and nothing else: `encoder_pretraining`.
"""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import nn
from transformers import PreTrainedTokenizerBase

from ..prediction import BATCH_CHARACTERS, length_batches
from ..radicals import PADDING_RADICAL
from ..tokenization_dicmt import DicMTTokenizer
from .batches import CharacterBatches
from .trainer import Trainer


class Text(Protocol):
    """Sentences by their number, wherever they are kept."""

    lengths: np.ndarray  # (N,) characters of each

    def __len__(self) -> int: ...

    def take(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Code points of some sentences' normalised characters, end to end, and where each ends."""


def character_inputs(text: Text, indices: np.ndarray, tokenizer: DicMTTokenizer) -> dict[str, np.ndarray]:
    """The inputs of sentences, padded at the right: `input_ids` and `attention_mask` (B, L) int64, `radical_ids` uint8.

    Args:
        text: The sentences.
        indices: Their numbers, (B,).
        tokenizer: What encodes them.
    """
    points, ends = text.take(indices)
    lengths = np.diff(ends, prepend=0)
    mask = np.arange(lengths.max(initial=0)) < lengths[:, None]
    input_ids = np.full(mask.shape, tokenizer.pad_token_id, dtype=np.int64)
    radical_ids = np.full(mask.shape, PADDING_RADICAL, dtype=np.uint8)
    input_ids[mask], radical_ids[mask] = tokenizer.encode_points(points)
    return {"input_ids": input_ids, "attention_mask": mask.astype(np.int64), "radical_ids": radical_ids}


class HeldOutText:
    """Figures of a network on text that it does not learn from, the same for any number of processes.

    Args:
        text: The sentences.
        tokenizer: The network's tokenizer.
        accelerator: The processes.
        batch_characters: Characters of a batch, padding included.
    """

    def __init__(
        self,
        text: Text,
        tokenizer: PreTrainedTokenizerBase,
        accelerator: Accelerator,
        batch_characters: int = BATCH_CHARACTERS,
    ):
        self.text, self.tokenizer, self.accelerator = text, tokenizer, accelerator
        self.batches = list(length_batches(text.lengths.tolist(), batch_characters))

    def inputs(self, indices: np.ndarray) -> Mapping[str, np.ndarray]:
        """The network's inputs for some of the sentences."""
        return character_inputs(self.text, indices, self.tokenizer)

    @torch.no_grad()
    def __call__(self, model: nn.Module) -> dict[str, Any]:
        """`perplexity` of a predicted character, and `accuracy`, the share of these that the network guesses right.

        Raises:
            FloatingPointError: If the network gives no finite figures.
        """
        was_training = model.training
        model.eval()
        accelerator, own = self.accelerator, []
        for number in range(accelerator.process_index, len(self.batches), accelerator.num_processes):
            arrays = self.inputs(np.array(self.batches[number]))
            inputs = {name: torch.from_numpy(array).to(accelerator.device) for name, array in arrays.items()}
            output = model(**inputs)
            figures = (output.log_likelihood, output.num_predictions, output.num_correct)
            own.append((number, *(figure.item() for figure in figures)))
        model.train(was_training)
        # Added up in the order of the batches, whoever had them.
        rows = sorted(gather_object(own))
        log_likelihood, predictions, correct = (sum(column) for column in list(zip(*rows, strict=True))[1:])
        if not math.isfinite(log_likelihood):  # weights may be finite numbers still, and so may the training's loss
            raise FloatingPointError(
                f"The log-likelihood of the held-out text is {log_likelihood}: the training diverged. Use a smaller "
                "--learning_rate, or --mixed_precision no."
            )
        return {
            "perplexity": math.exp(min(-log_likelihood / max(1, predictions), 700)),
            "accuracy": correct / max(1, predictions),
        }


class PreTrainer(Trainer):
    """Learns to predict characters; the best version is that with the highest held-out accuracy."""

    criterion: ClassVar[str] = "accuracy"
    criterion_title: ClassVar[str] = "accuracy"

    def make_batches(self) -> CharacterBatches:
        arguments = self.arguments
        parts = self.accelerator.num_processes * arguments.gradient_accumulation_steps
        return CharacterBatches(self.examples.lengths, arguments.train_batch_characters * parts, arguments.seed)

    def inputs(self, indices: np.ndarray) -> Mapping[str, np.ndarray]:
        return character_inputs(self.examples, indices, self.tokenizer)

    def weight(self, indices: np.ndarray) -> int:
        return int((self.examples.lengths[indices] - 1).sum())
