"""Pre-training of an encoder on text without labels, by characters that are hidden from it (the paper's FT-BERT)."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModelForMaskedLM, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from ..prediction import BATCH_CHARACTERS, ENCODER_BATCH_CHARACTERS
from ..pretraining_dicmt import PreTrainingOutput
from .hidden_characters import IGNORED, HiddenCharacters
from .pretraining import HeldOutText, PreTrainer, Text

# Of held-out text the same characters are hidden at each evaluation and in each run, so that figures can be compared.
_HELD_OUT_SEED, _HELD_OUT_EPOCH = 0, 0


class MaskedCharacterModel(nn.Module):
    """A masked language model of transformers that computes its scores at hidden characters alone.

    Most of an encoder's vocabulary's scores would be of characters that nobody asks for, and of a large vocabulary they
    would take more memory than all its layers. What is saved is the transformers model, and nothing of this class.

    Args:
        model: What `AutoModelForMaskedLM` gives.
    """

    def __init__(self, model: PreTrainedModel):
        super().__init__()
        self.model = model

    @classmethod
    def from_pretrained(cls, folder: str | os.PathLike, **settings: Any) -> "MaskedCharacterModel":
        """Load what `save_pretrained` saved; settings are those of `AutoModelForMaskedLM.from_pretrained`."""
        return cls(AutoModelForMaskedLM.from_pretrained(folder, **settings))

    def save_pretrained(self, folder: str | os.PathLike) -> None:
        """Save the transformers model."""
        self.model.save_pretrained(folder)

    @property
    def config(self) -> PreTrainedConfig:
        """The transformers model's configuration."""
        return self.model.config

    def num_parameters(self) -> int:
        """How many weights the transformers model has."""
        return self.model.num_parameters()

    def forward(self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor) -> PreTrainingOutput:
        """Guess hidden characters; arguments (B, L) as `HiddenCharacters.inputs` gives them.

        Returns:
            `loss`, the mean over the hidden characters; 0, and of no gradient, without any.
        """
        is_hidden = labels != IGNORED
        targets = labels[is_hidden]  # (N,)
        # The states of hidden characters alone go into the last layer, whatever the head before it is made of.
        last = self.model.get_output_embeddings()
        choice = last.register_forward_pre_hook(lambda _, inputs: (inputs[0][is_hidden], *inputs[1:]))
        try:
            logits = self.model(input_ids=input_ids, attention_mask=attention_mask, return_dict=True).logits
        finally:
            choice.remove()
        if logits.ndim == 3:  # of a head that uses the last layer's weights without calling it
            logits = logits[is_hidden]
        output = PreTrainingOutput(num_predictions=targets.new_tensor(len(targets)))
        output["log_likelihood"] = -functional.cross_entropy(logits.float(), targets, reduction="sum")
        output["loss"] = -output["log_likelihood"] / max(1, len(targets))
        if not self.training:
            output["num_correct"] = (logits.argmax(-1) == targets).sum()
        return output


class HeldOutHiddenCharacters(HeldOutText):
    """Figures of hidden characters of text that an encoder does not learn from.

    Args:
        text: The sentences.
        tokenizer: The encoder's tokenizer.
        accelerator: The processes.
        hidden: What hides characters.
    """

    def __init__(
        self, text: Text, tokenizer: PreTrainedTokenizerBase, accelerator: Accelerator, hidden: HiddenCharacters
    ):
        batch_characters = ENCODER_BATCH_CHARACTERS if accelerator.device.type == "cpu" else BATCH_CHARACTERS
        super().__init__(text, tokenizer, accelerator, batch_characters)
        self.hidden = hidden

    def inputs(self, indices: np.ndarray) -> Mapping[str, np.ndarray]:
        return self.hidden.inputs(self.text, indices, _HELD_OUT_SEED, _HELD_OUT_EPOCH)


class EncoderPreTrainer(PreTrainer):
    """Learns to guess hidden characters; the best version is that with the highest held-out accuracy.

    Args:
        hidden: What hides characters.
        others: Those of `Trainer`.
    """

    def __init__(self, *others: Any, hidden: HiddenCharacters):
        self.hidden = hidden
        super().__init__(*others)

    def inputs(self, indices: np.ndarray) -> Mapping[str, np.ndarray]:
        return self.hidden.inputs(self.examples, indices, self.arguments.seed, self.progress.epoch)

    def weight(self, indices: np.ndarray) -> int:
        return self.hidden.count(self.examples, indices, self.arguments.seed, self.progress.epoch)
