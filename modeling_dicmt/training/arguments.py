"""Command-line arguments of a training. The defaults are the recipe that served best on a development split.

What the fields' metadata may say of bounds, of rare options and of what a card shows: `DataclassParser`.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from ..commands.command_line import check_bounds
from ..publishing.contents import RESULTS_FILE

# What draws random numbers takes seeds of 32 bits.
_LARGEST_SEED = 2**32 - 1
# Epochs of a training part of up to 580,000 characters, which the recipe was found on, and of large ones.
MOST_EPOCHS, LEAST_EPOCHS = 24, 8
_CHARACTERS_TO_PASS = 14_000_000


def _help(text: str, **options) -> dict:
    return {"metadata": {"help": text, **options}}


@dataclass
class ModelArguments:
    """What the network is made of."""

    _argument_group_name = "network"

    model_name_or_path: str | None = field(
        default=None,
        **_help(
            "Start from this DicMT checkpoint, also one of another label set or with another --head. The network's "
            "settings are then its own.",
            private=True,
        ),
    )
    encoder_name_or_path: str | None = field(
        default=None,
        **_help("BERT-family encoder (name or folder). Default: none, plain character embeddings.", private=True),
    )
    pretrained: str | None = field(
        default=None,
        **_help(
            "Folder that run_mlm.py wrote. Character networks: see --pretrained_as; their vocabulary and the sizes of "
            "their embeddings of characters and radicals are taken over. An encoder: as --encoder_name_or_path.",
            private=True,
        ),
    )
    pretrained_as: str | None = field(
        default=None,
        **_help(
            "'states': the embeddings are started from, and the states of --pretrained, which stays as it is, are "
            "further inputs; 'embeddings': they are started from alone, for a network that is as fast as one without. "
            "Default: states; with --unlabelled embeddings, and teachers have one and the other by turns.",
            choices=["states", "embeddings"],
        ),
    )
    freeze_encoder: bool = field(default=False, **_help("Keep the encoder's weights as they are."))
    character_vectors: str | None = field(
        default=None,
        **_help("word2vec text file to start the character embeddings from; sets their size.", private=True, rare=True),
    )
    character_embedding_size: int = field(
        default=100, **_help("Width of the character embeddings.", minimum=1, rare=True)
    )
    bigram_embedding_size: int = field(
        default=50, **_help("Width of the character bigrams' embeddings; 0 for none.", minimum=0, rare=True)
    )
    num_bigram_buckets: int = field(
        default=20000, **_help("Rows of the bigram table (bigrams are hashed).", minimum=1, rare=True)
    )
    radical_embedding_size: int = field(
        default=50, **_help("Width of the radical embeddings; 0 for none.", minimum=0, rare=True)
    )
    ngram_sizes: list[int] = field(
        default_factory=lambda: [2, 3, 4, 5, 6],
        **_help("Sizes of the dictionary's n-grams, from 1 to 10.", minimum=1, maximum=10, rare=True),
    )
    multi_hot_dictionary: bool = field(
        default=False, **_help("A bit a type for dictionary matches, not a type code.", rare=True)
    )
    vetted_terms: bool = field(
        default=True,
        **_help(
            "Whether vetted terms, which are given later, have a channel of their own; training simulates them from "
            "the annotations."
        ),
    )
    context_encoder: str = field(
        default="bilstm", **_help("Layer over the representations.", choices=["bilstm", "none"], rare=True)
    )
    lstm_hidden_size: int = field(default=128, **_help("Units of the BiLSTM a direction.", minimum=1, rare=True))
    dropout: float = field(
        default=0.5, **_help("Dropout at the BiLSTM's input and output.", minimum=0, below=1, rare=True)
    )
    character_dropout: float = field(
        default=0.1,
        **_help("Share of plain character embeddings hidden while training.", minimum=0, below=1, rare=True),
    )
    bigram_dropout: float = field(
        default=0.3, **_help("Share of bigrams hidden while training.", minimum=0, below=1, rare=True)
    )
    dictionary_dropout: float = field(
        default=0.2, **_help("Share of dictionary matches hidden while training.", minimum=0, below=1, rare=True)
    )
    head: str = field(
        default="auto",
        **_help(
            "'spans' scores every stretch of a sentence, for entities that lie within each other; 'tags' labels "
            "characters. Default: spans where entities of the training part overlap, or --model_name_or_path scores "
            "spans.",
            choices=["auto", "tags", "spans"],
        ),
    )
    span_head_size: int = field(
        default=64, **_help("Width of the vectors whose products score spans.", minimum=1, rare=True)
    )
    max_span_length: int = field(
        default=0,
        **_help(
            "Characters of the longest span that is scored; 0 for what holds all but 3 in 1,000 of the training part's "
            "entities.",
            minimum=0,
            rare=True,
        ),
    )
    span_overlap: str = field(
        default="auto",
        **_help(
            "What entities that are found by spans may do: overlap in any way (crossing), lie within each other "
            "(nested), neither (none). Default: what those of the training part do.",
            choices=["auto", "crossing", "nested", "none"],
            rare=True,
        ),
    )
    tag_decoder: str = field(
        default="crf", **_help("'crf', or 'softmax' for independent tags.", choices=["crf", "softmax"], rare=True)
    )
    exclude_illegal_transitions: bool = field(
        default=True, **_help("Whether the CRF rules out I- tags that follow nothing.", rare=True)
    )
    recognition_task: bool = field(default=True, **_help("Whether to learn to recognise entities (NER).", rare=True))
    segmentation_task: bool = field(default=True, **_help("Whether to learn to segment entities (NES).", rare=True))
    recognition_loss_weight: float = field(
        default=4.5, **_help("β: weight of the recognition loss.", minimum=0, rare=True)
    )
    segmentation_loss_weight: float = field(
        default=0.5, **_help("α: weight of the segmentation loss.", minimum=0, rare=True)
    )
    max_sentence_length: int = field(
        default=250, **_help("Characters above which a sentence is cut.", minimum=1, rare=True)
    )

    def __post_init__(self) -> None:
        check_bounds(self)
        others = ("model_name_or_path", "encoder_name_or_path", "character_vectors")
        given = [f"--{name}" for name in others if getattr(self, name) is not None]
        if self.pretrained is not None and given:
            raise ValueError(
                f"--pretrained and {given[0]} exclude each other: a network starts from one of them. Pass one."
            )
        if self.pretrained_as is not None and self.pretrained is None:
            raise ValueError("--pretrained_as says how a pre-trained network is used: name it by --pretrained.")


@dataclass
class OptimizationArguments:
    """How any network is trained, and where the results go."""

    _argument_group_name = "training and results"

    output_dir: str = field(**_help("Folder for the best model and its figures.", free=True))
    num_train_epochs: int | None = field(
        default=None,
        **_help(
            f"Epochs. Default: {MOST_EPOCHS}; of large training parts fewer, for 14 million characters in all, but "
            f"at least {LEAST_EPOCHS}.",
            minimum=1,
        ),
    )
    gradient_accumulation_steps: int = field(
        default=1, **_help("Parts in which a step's sentences are computed.", minimum=1, rare=True)
    )
    learning_rate: float = field(default=2e-3, **_help("Learning rate of everything but the encoder.", above=0))
    weight_decay: float = field(default=0.0, **_help("Decoupled weight decay of the matrices.", minimum=0, rare=True))
    lr_scheduler_type: str = field(
        default="linear",
        **_help(
            "Course of the learning rate after warm-up.",
            choices=["linear", "cosine", "cosine_with_restarts", "polynomial", "constant", "constant_with_warmup"],
            rare=True,
        ),
    )
    warmup_steps: int = field(
        default=100, **_help("Steps over which the learning rate rises from 0.", minimum=0, rare=True)
    )
    max_grad_norm: float = field(
        default=25.0, **_help("Gradients are clipped to this norm; 0 for no clipping.", minimum=0, rare=True)
    )
    average_decay: float = field(
        default=0.998,
        **_help(
            "Decay of the weights' running average, which is what is evaluated and saved; 0 for none.",
            minimum=0,
            below=1,
            rare=True,
        ),
    )
    early_stopping_patience: int = field(
        default=10,
        **_help("Stop after this many evaluations without a better development F1; 0 for never.", minimum=0),
    )
    eval_every_epochs: int = field(
        default=1, **_help("Epochs between evaluations on the development part.", minimum=1, rare=True)
    )
    save_steps: int = field(
        default=500,
        **_help(
            "Steps between states to resume from, besides the one after each epoch; 0 for none.",
            free=True,
            minimum=0,
            rare=True,
        ),
    )
    keep_states: bool = field(
        default=False, **_help("Leave the states in the folder of a finished run.", free=True, rare=True)
    )
    seed: int = field(
        default=42, **_help("Seed of initialisation, batches and dropout.", minimum=0, maximum=_LARGEST_SEED)
    )
    mixed_precision: str = field(default="no", **_help("Arithmetic.", choices=["no", "bf16", "fp16"]))
    cpu_threads: int = field(
        default=0,
        **_help(
            "Threads a process on a CPU; 0 for one, and for all cores, shared among the processes, where steps are "
            "large (with an encoder, in pre-training).",
            free=True,
            minimum=0,
        ),
    )
    overwrite_output_dir: bool = field(
        default=False, **_help("Start afresh in an output folder with results or states of another run.", free=True)
    )
    report_to: str = field(
        default="none", **_help("Trackers, by accelerate's names, comma-separated: tensorboard, wandb, …", free=True)
    )
    logging_steps: int = field(
        default=20, **_help("Steps between figures for the trackers.", free=True, minimum=1, rare=True)
    )
    text_license: str | None = field(
        default=None,
        **_help(
            "What the terms of the texts and records allow, in words, for the network's card: 'research only'.",
            free=True,
            rare=True,
        ),
    )
    quiet: bool = field(default=False, **_help("No progress bars.", free=True))

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass
class TrainingArguments(OptimizationArguments):
    """How a recogniser is trained."""

    per_device_train_batch_size: int = field(default=32, **_help("Sentences a step and process.", minimum=1))
    encoder_learning_rate: float = field(default=3e-5, **_help("Learning rate of the encoder.", above=0))
    eval_batch_characters: int | None = field(
        default=None,
        **_help(
            "Characters of a batch at evaluation, padding included; default: what is fast.",
            free=True,
            minimum=1,
            rare=True,
        ),
    )
    final_fit: bool = field(
        default=False,
        **_help(
            "After development, train once more on training + development part for as many epochs as the best model "
            "took; development figures are those from before."
        ),
    )
    push_to_hub: bool = field(
        default=False,
        **_help(
            "At the end, upload network, card and figures to the Hub; never predictions, reports, states or logs.",
            free=True,
        ),
    )


def with_epochs(training: TrainingArguments, characters: int) -> TrainingArguments:
    """The arguments with the epochs that they leave to the training part, whose sentences have so many characters."""
    if training.num_train_epochs is not None:
        return training
    epochs = min(MOST_EPOCHS, max(LEAST_EPOCHS, round(_CHARACTERS_TO_PASS / max(1, characters))))
    return replace(training, num_train_epochs=epochs)


def check_unfinished(training: OptimizationArguments) -> None:
    """Raise ValueError if the output folder holds the results of a finished run that are not to be replaced."""
    if (Path(training.output_dir) / RESULTS_FILE).exists() and not training.overwrite_output_dir:
        raise ValueError(
            f"{training.output_dir} holds the results of a finished run. Pass another --output_dir, or "
            "--overwrite_output_dir to replace them."
        )
