"""Command-line arguments of a pre-training."""

from dataclasses import dataclass, field

from ..commands.command_line import check_bounds
from .arguments import OptimizationArguments


def _help(text: str, **options) -> dict:
    return {"metadata": {"help": text, **options}}


@dataclass
class PreTrainedModelArguments:
    """What the network is made of; the recogniser that is trained from it has its embeddings' sizes."""

    _argument_group_name = "network"

    character_embedding_size: int = field(default=100, **_help("Width of the character embeddings.", minimum=1))
    bigram_embedding_size: int = field(
        default=50, **_help("Width of the character bigrams' embeddings; 0 for none.", minimum=0)
    )
    num_bigram_buckets: int = field(
        default=200000, **_help("Rows of the bigram table (bigrams are hashed).", minimum=1, rare=True)
    )
    radical_embedding_size: int = field(
        default=50, **_help("Width of the radical embeddings; 0 for none.", minimum=0, rare=True)
    )
    lstm_hidden_size: int = field(
        default=256, **_help("Units of the LSTM a direction; a recogniser is the slower for more.", minimum=1)
    )
    dropout: float = field(default=0.1, **_help("Dropout at the LSTMs' input and output.", minimum=0, below=1))
    bigram_dropout: float = field(
        default=0.2, **_help("Share of bigrams hidden while training.", minimum=0, below=1, rare=True)
    )
    min_character_count: int = field(
        default=3, **_help("Occurrences that a character needs for a place in the vocabulary.", minimum=1, rare=True)
    )
    max_sentence_length: int = field(
        default=250, **_help("Characters above which a sentence is cut.", minimum=1, rare=True)
    )

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass
class PreTrainingArguments(OptimizationArguments):
    """How the network is trained, and where the results go."""

    num_train_epochs: int = field(default=3, **_help("Passes over the text.", minimum=1))
    train_batch_characters: int = field(default=5000, **_help("Characters a step and process, about.", minimum=1))
    warmup_steps: int = field(
        default=200, **_help("Steps over which the learning rate rises from 0.", minimum=0, rare=True)
    )
    max_grad_norm: float = field(
        default=1.0, **_help("Gradients are clipped to this norm; 0 for no clipping.", minimum=0, rare=True)
    )
    early_stopping_patience: int = field(
        default=0,
        **_help("Stop after this many passes without a better held-out accuracy; 0 for never.", minimum=0, rare=True),
    )
    save_steps: int = field(
        default=1000,
        **_help("Steps between states to resume from; 0 for none.", free=True, minimum=0, rare=True),
    )
