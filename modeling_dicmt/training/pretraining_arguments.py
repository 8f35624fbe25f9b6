"""Command-line arguments of a pre-training."""

from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

from ..commands.command_line import check_bounds
from .arguments import OptimizationArguments


def _help(text: str, **options) -> dict:
    return {"metadata": {"help": text, **options}}


class EncoderPreset(NamedTuple):
    """Sizes of a new BERT (Turc et al., 2019), and the learning rate that it is trained by unless another is given."""

    num_hidden_layers: int
    hidden_size: int
    num_attention_heads: int
    intermediate_size: int
    learning_rate: float


ENCODER_PRESETS = {
    "tiny": EncoderPreset(2, 128, 2, 512, 1e-3),
    "mini": EncoderPreset(4, 256, 4, 1024, 5e-4),
    "small": EncoderPreset(4, 512, 8, 2048, 5e-4),
    "base": EncoderPreset(12, 768, 12, 3072, 1e-4),
}
_PRESETS_TOLD = ", ".join(
    f"{name} {layers} / {hidden} / {heads} / {feed_forward}"
    for name, (layers, hidden, heads, feed_forward, _) in ENCODER_PRESETS.items()
)

_LANGUAGE_MODEL_RATE = 2e-3
_ENCODER_RATE = 5e-5


@dataclass
class EncoderArguments:
    """An encoder that is pre-trained in place of the character networks, and what of a text is hidden from it."""

    _argument_group_name = "encoder (in place of the character networks)"

    encoder_name_or_path: str | None = field(
        default=None,
        **_help(
            "Pre-train this BERT-family encoder (name or folder) further, by characters that are hidden from it.",
            private=True,
        ),
    )
    encoder_preset: str | None = field(
        default=None,
        **_help(
            "Pre-train a new BERT over the text's characters. Layers / hidden size / heads / feed-forward: "
            f"{_PRESETS_TOLD}. tiny trains on two CPU cores, base is BERT-base.",
            choices=list(ENCODER_PRESETS),
        ),
    )
    masked_share: float = field(
        default=0.15, **_help("Share of the characters that are hidden.", above=0, below=1, rare=True)
    )
    dictionary: str | None = field(
        default=None,
        **_help(
            "Term lists, as run_ner.py takes them: terms that occur are hidden as a whole. Default: character by "
            "character.",
            private=True,
        ),
    )
    dictionary_encoding: str = field(default="utf-8", **_help("Encoding of the term lists, say gb18030."))

    def __post_init__(self) -> None:
        check_bounds(self)
        if self.encoder_preset not in (None, *ENCODER_PRESETS):
            raise ValueError(
                f"--encoder_preset must be one of {', '.join(ENCODER_PRESETS)}, got {self.encoder_preset!r}."
            )
        if self.encoder_name_or_path is not None and self.encoder_preset is not None:
            raise ValueError(
                "--encoder_name_or_path and --encoder_preset exclude each other: an encoder is trained further, or is "
                "new. Pass one."
            )
        given = _given(self)
        if not self.is_given and given:
            raise ValueError(
                f"Only an encoder has {', '.join(given)}: leave it out, or pass --encoder_name_or_path or "
                "--encoder_preset."
            )

    @property
    def is_given(self) -> bool:
        """Whether an encoder is trained, and no character networks."""
        return self.encoder_name_or_path is not None or self.encoder_preset is not None

    @property
    def learning_rate(self) -> float:
        """The learning rate where none is given."""
        if self.encoder_preset is not None:
            return ENCODER_PRESETS[self.encoder_preset].learning_rate
        return _ENCODER_RATE if self.is_given else _LANGUAGE_MODEL_RATE


@dataclass
class PreTrainedModelArguments:
    """What the network is made of; the recogniser that is trained from it has its embeddings' sizes."""

    _argument_group_name = "character networks"

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
        default=192, **_help("Units of the LSTM a direction; a recogniser is the slower for more.", minimum=1)
    )
    dropout: float = field(default=0.1, **_help("Dropout at the LSTMs' input and output.", minimum=0, below=1))
    bigram_dropout: float = field(
        default=0.2, **_help("Share of bigrams hidden while training.", minimum=0, below=1, rare=True)
    )
    min_character_count: int = field(
        default=3,
        **_help(
            "Occurrences that a character needs for a place in a new vocabulary, also that of --encoder_preset.",
            minimum=1,
            rare=True,
        ),
    )
    max_sentence_length: int = field(
        default=250, **_help("Characters above which a sentence is cut; also an encoder's.", minimum=1, rare=True)
    )

    def __post_init__(self) -> None:
        check_bounds(self)

    def check(self, encoder: EncoderArguments) -> None:
        """Raise ValueError if something is given that the encoder, which is trained instead, does not have."""
        if not encoder.is_given:
            return
        shared = ["--max_sentence_length", *(["--min_character_count"] if encoder.encoder_preset is not None else [])]
        foreign = [name for name in _given(self) if name not in shared]
        if foreign:
            chosen = "--encoder_preset" if encoder.encoder_preset is not None else "--encoder_name_or_path"
            raise ValueError(
                f"Only the character networks have {', '.join(foreign)}, and {chosen} trains an encoder in their "
                "place, which brings its own sizes and vocabulary: leave one of them out."
            )


@dataclass
class PreTrainingArguments(OptimizationArguments):
    """How the network is trained, and where the results go."""

    num_train_epochs: int = field(default=2, **_help("Passes over the text.", minimum=1))
    learning_rate: float | None = field(
        default=None,
        **_help(
            f"Learning rate. Default: {_LANGUAGE_MODEL_RATE} for the character networks, {_ENCODER_RATE} for an "
            "encoder that is trained further, for a new one "
            f"{', '.join(f'{preset.learning_rate} ({name})' for name, preset in ENCODER_PRESETS.items())}.",
            above=0,
        ),
    )
    train_batch_characters: int = field(default=2500, **_help("Characters a step and process, about.", minimum=1))
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

    def resolved(self, encoder: EncoderArguments) -> "PreTrainingArguments":
        """These arguments with what depends on the kind of network decided."""
        return self if self.learning_rate is not None else replace(self, learning_rate=encoder.learning_rate)


def _given(arguments: Any) -> list[str]:
    """Options whose value is another than their default."""
    return [f"--{item.name}" for item in fields(arguments) if getattr(arguments, item.name) != item.default]
