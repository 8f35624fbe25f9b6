"""The networks that DicMT is compared with: subclasses of its own, trained by the same command.

    python -m experiments.baselines.networks SETTINGS.json

takes the settings of run_ner.py and those of `BaselineModelArguments` and `BaselineTrainingArguments`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from huggingface_hub.dataclasses import strict
from torch import Tensor

import run_ner
from modeling_dicmt.bilstm import BiLSTM, Rows
from modeling_dicmt.commands.command_line import run_command
from modeling_dicmt.configuration_dicmt import DicMTConfig
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification, DicMTModel, DicMTOutput
from modeling_dicmt.representations import CharacterRepresentation
from modeling_dicmt.training.arguments import ModelArguments, TrainingArguments
from modeling_dicmt.training.trainer import Trainer

from .layers import DilatedConvolutions, SelfAttention, WindowConvolution


@strict
class BaselineConfig(DicMTConfig):
    """What a network is made of that DicMT is compared with; the rest is `DicMTConfig`'s.

    Args:
        window_convolution_size: Filters of a convolution over each character and its two neighbours, whose output
            enters the context encoder in place of the representations; 0 for none (Tang et al., 2019).
        context_encoder: Also "dilated_cnn", for dilated convolutions with residual connections (Qiu et al., 2018).
        dilated_cnn_size: Filters of each dilated convolution.
        attention_heads: Heads of the self-attention over the context encoder's states; 0 for none.
        dictionary_lstm_hidden_size: Units a direction of a BiLSTM of the dictionary features' own, whose states join
            the context encoder's; 0 to concatenate the features at the input (Wang et al., 2019, have both).
    """

    model_type = "dicmt_baseline"
    context_encoders = ("bilstm", "dilated_cnn", "none")
    _auto_class = None

    window_convolution_size: int = 0
    dilated_cnn_size: int = 256
    attention_heads: int = 0
    dictionary_lstm_hidden_size: int = 0

    def __post_init__(self, **kwargs):
        super().__post_init__(**kwargs)
        # DicMT's own classes, which these name, would build another network from the checkpoint.
        self.auto_map, self.custom_pipelines = {}, {}

    def validate_architecture(self) -> None:
        """Reject settings that no network can be built from."""
        super().validate_architecture()
        if self.context_encoder == "none" and (self.attention_heads or self.window_convolution_size):
            raise ValueError("attention_heads and window_convolution_size need a context_encoder, got 'none'.")
        if self.attention_heads and self.context_size % self.attention_heads:
            raise ValueError(
                f"attention_heads must divide the width of the context encoder's states, {self.context_size}, got "
                f"{self.attention_heads}."
            )

    @property
    def context_size(self) -> int:
        """Width of the context encoder's states; 0 without one."""
        sizes = {"bilstm": 2 * self.lstm_hidden_size, "dilated_cnn": self.dilated_cnn_size, "none": 0}
        return sizes[self.context_encoder]


class RepresentationWithoutDictionary(CharacterRepresentation):
    """Characters without the dictionary's features, which go another way."""

    def __init__(self, config: DicMTConfig):
        super().__init__(config)
        self.output_size -= self.dictionary_size
        self.dictionary_size = 0


class BaselineModel(DicMTModel):
    """`DicMTModel` with other layers over the representations."""

    config_class = BaselineConfig

    def build_representation(self) -> CharacterRepresentation:
        if self.config.dictionary_lstm_hidden_size:
            return RepresentationWithoutDictionary(self.config)
        return super().build_representation()

    def build_context(self, size: int) -> int:
        config = self.config
        self.window = self.context = self.attention = self.dictionary_context = None
        if config.window_convolution_size:
            self.window = WindowConvolution(size, config.window_convolution_size)
            size = self.window.output_size
        if config.context_encoder == "bilstm":
            self.context = BiLSTM(size, config.lstm_hidden_size)
        elif config.context_encoder == "dilated_cnn":
            self.context = DilatedConvolutions(size, config.dilated_cnn_size)
        size = config.context_size or size
        if config.attention_heads:
            self.attention = SelfAttention(size, config.attention_heads)
            size = self.attention.output_size
        if config.dictionary_lstm_hidden_size and config.dictionary_feature_size:
            self.dictionary_context = BiLSTM(config.dictionary_feature_size, config.dictionary_lstm_hidden_size)
            size += 2 * config.dictionary_lstm_hidden_size
        return size

    def context_states(
        self, parts: Sequence[Tensor | Rows], mask: Tensor, lengths: Tensor, dictionary_features: Tensor | None
    ) -> Tensor:
        states = self.dropped(parts)
        if self.window is not None:
            states = self.dropout(self.window(states, mask))
        if isinstance(self.context, BiLSTM):
            states = self.dropout(self.context(states, lengths))
        elif self.context is not None:
            states = self.dropout(self.context(states, mask))
        if self.attention is not None:
            states = self.attention(states, mask)
        if self.dictionary_context is not None:
            features = self.representation.dictionary(dictionary_features, mask).to(states.dtype)
            states = torch.cat([states, self.dropout(self.dictionary_context(features, lengths))], dim=-1)
        return states


class BaselineForTokenClassification(DicMTForTokenClassification):
    """DicMT's heads over `BaselineModel`; it is loaded by this class alone."""

    config_class = BaselineConfig
    base_class = BaselineModel
    _auto_class = None


@dataclass
class BaselineModelArguments(ModelArguments):
    """What the network is made of, baselines' layers included."""

    context_encoder: str = field(
        default="bilstm",
        metadata={"help": "Layer over the representations.", "choices": list(BaselineConfig.context_encoders)},
    )
    window_convolution_size: int = field(
        default=0, metadata={"help": "Filters of a convolution over each character's window; 0 for none.", "minimum": 0}
    )
    dilated_cnn_size: int = field(default=256, metadata={"help": "Filters of each dilated convolution.", "minimum": 1})
    attention_heads: int = field(
        default=0, metadata={"help": "Heads of self-attention over the states; 0 for none.", "minimum": 0}
    )
    dictionary_lstm_hidden_size: int = field(
        default=0, metadata={"help": "Units of a BiLSTM of the dictionary features' own; 0 for none.", "minimum": 0}
    )


@dataclass
class BaselineTrainingArguments(TrainingArguments):
    """How the network is trained, the tasks one after the other included (Zhang et al., 2019)."""

    segmentation_epochs: int = field(
        default=0, metadata={"help": "Epochs, the first, in which segmentation (NES) alone is learnt.", "minimum": 0}
    )
    recognition_epochs: int = field(
        default=0,
        metadata={"help": "Epochs after them in which recognition (NER) alone is learnt; then both are.", "minimum": 0},
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if 0 < (self.num_train_epochs or 0) <= self.segmentation_epochs + self.recognition_epochs:
            raise ValueError(
                f"--segmentation_epochs and --recognition_epochs leave none of the {self.num_train_epochs} epochs for "
                "learning both tasks together: give more --num_train_epochs, or fewer of these."
            )


class StepwiseTrainer(Trainer):
    """Learns each task alone in the epochs that are set aside for it, then both."""

    def loss(self, output: DicMTOutput) -> Tensor:
        first, second = self.arguments.segmentation_epochs, self.arguments.recognition_epochs
        if self.progress.epoch >= first + second or output.segmentation_loss is None or output.recognition_loss is None:
            return super().loss(output)
        config = self.accelerator.unwrap_model(self.model).config
        learnt, waiting = output.segmentation_loss, output.recognition_loss
        weight = config.segmentation_loss_weight
        if self.progress.epoch >= first:
            learnt, waiting, weight = waiting, learnt, config.recognition_loss_weight
        # Times zero, not left out: processes exchange the gradients of all parameters.
        return weight * learnt + 0.0 * waiting


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command.

    Args:
        arguments: The command line; default: the process's.
    """
    run_ner.run(
        arguments,
        BaselineModelArguments,
        BaselineTrainingArguments,
        BaselineForTokenClassification,
        StepwiseTrainer,
    )


if __name__ == "__main__":
    run_command(run)
