"""Configuration of a DicMT network."""

from copy import deepcopy
from typing import Any, ClassVar

from huggingface_hub.dataclasses import strict
from transformers import AutoConfig, PreTrainedConfig
from transformers.configuration_utils import SubConfigSpec

from .dictionary_features import MAX_NGRAM_SIZE, PAPER_NGRAM_SIZES, code_width
from .radicals import NUM_RADICALS
from .sentences import MAX_SENTENCE_LENGTH
from .tagging import bio_labels, entity_types_of
from .vetted_terms import BITS_OF_TYPE

AUTO_MAP = {
    "AutoConfig": "configuration_dicmt.DicMTConfig",
    "AutoModel": "modeling_dicmt.DicMTForTokenClassification",
    "AutoModelForTokenClassification": "modeling_dicmt.DicMTForTokenClassification",
    "AutoTokenizer": [None, "tokenization_dicmt.DicMTTokenizer"],
}

# One task only: with a second, `pipeline(model=…)` could not tell which is meant.
CUSTOM_PIPELINES = {
    "token-classification": {"impl": "pipeline_dicmt.DicMTPipeline", "pt": ["AutoModelForTokenClassification"]}
}

# What a pre-trained network may differ in from the recogniser that reads its states.
LANGUAGE_MODEL_SIZES = (
    "character_embedding_size",
    "bigram_embedding_size",
    "num_bigram_buckets",
    "radical_embedding_size",
    "lstm_hidden_size",
)

# The CRF's tables grow with its square.
MAX_ENTITY_TYPES = 1000


@strict
class DicMTConfig(PreTrainedConfig):
    """What a DicMT network is made of. The defaults are the paper's, without an encoder (its "Random" setting).

    Args:
        entity_types: Tag names of the entity types, in the order of their dictionary codes. The BIO labels (`id2label`)
            follow from it. Default: the five types of CCKS2017.
        vocab_size: Characters in the vocabulary.
        pad_token_id: Id that pads `input_ids`.
        unk_token_id: Id of every character that the vocabulary lacks.
        character_embedding_size: Width of a character's embedding where there is no encoder.
        encoder_config: Configuration of a BERT-family encoder; None for plain character embeddings.
        freeze_encoder: Whether the encoder's weights stay as they are.
        encoder_begin_token_id: Id that the encoder expects before a sentence ([CLS]).
        encoder_end_token_id: Id that the encoder expects after a sentence ([SEP]).
        bigram_embedding_size: Width of the embeddings of the two character bigrams that each character is part of;
            0 for none (not in the paper).
        num_bigram_buckets: Rows of the bigram table; bigrams are hashed into it.
        language_model: Sizes of a pre-trained network (`DicMTForPreTraining`) whose states are further inputs of the
            BiLSTM and whose weights stay as they are, by the names in `LANGUAGE_MODEL_SIZES`; None for none (not in
            the paper).
        num_radicals: Radical ids, padding included.
        radical_embedding_size: Width of a radical's embedding; 0 for none.
        ngram_sizes: Sizes of the dictionary's n-grams, ascending; empty for no dictionary feature.
        multi_hot_dictionary: One bit a type instead of a type code, for terms of several types (not in the paper).
        vetted_terms: Whether the dictionary features have columns of vetted terms: for each type the bits begin,
            inside, end and single of a term, of any length (not in the paper).
        context_encoder: "bilstm", or "none" to label from the representations alone (not in the paper).
        lstm_hidden_size: Units of the BiLSTM a direction.
        dropout: Dropout of the BiLSTM's input, but for the columns of vetted terms, and output.
        character_dropout: Share of plain character embeddings that training replaces by the unknown character's (not in
            the paper).
        bigram_dropout: Share of bigrams that training leaves out.
        dictionary_dropout: Share of dictionary codes that training leaves out (not in the paper).
        tag_decoder: "crf", or "softmax" for independent characters.
        exclude_illegal_transitions: Whether the CRF gives no probability to I-X without a B-X or I-X before it.
        recognition_task: Whether the network recognises entities (task 2, NER).
        segmentation_task: Whether the network segments entities (task 1, NES).
        recognition_loss_weight: β of eq. 6.
        segmentation_loss_weight: α of eq. 6.
        max_sentence_length: Characters above which a sentence is cut.
    """

    model_type = "dicmt"
    scores_spans: ClassVar[bool] = False
    auto_classes: ClassVar[dict[str, Any]] = AUTO_MAP
    context_encoders: ClassVar[tuple[str, ...]] = ("bilstm", "none")
    sub_configs_defaults = {"encoder_config": SubConfigSpec(config_class=AutoConfig, model_type="bert", optional=True)}  # noqa: RUF012
    keys_to_ignore_at_inference = [  # noqa: RUF012  (the stock Trainer adds a list to it)
        "predictions",
        "emissions",
        "segmentation_logits",
        "recognition_loss",
        "segmentation_loss",
    ]

    entity_types: list[str] | None = None
    vocab_size: int = 2
    pad_token_id: int | None = 0
    unk_token_id: int | None = 1
    character_embedding_size: int = 100
    encoder_config: dict | PreTrainedConfig | None = None
    freeze_encoder: bool = False
    encoder_begin_token_id: int | None = None
    encoder_end_token_id: int | None = None
    bigram_embedding_size: int = 0
    num_bigram_buckets: int = 20000
    language_model: dict[str, int] | None = None
    num_radicals: int = NUM_RADICALS
    radical_embedding_size: int = 50
    ngram_sizes: list[int] | tuple[int, ...] = PAPER_NGRAM_SIZES
    multi_hot_dictionary: bool = False
    vetted_terms: bool = False
    context_encoder: str = "bilstm"
    lstm_hidden_size: int = 128
    dropout: float | int = 0.5
    character_dropout: float | int = 0.0
    bigram_dropout: float | int = 0.0
    dictionary_dropout: float | int = 0.0
    tag_decoder: str = "crf"
    exclude_illegal_transitions: bool = True
    recognition_task: bool = True
    segmentation_task: bool = True
    recognition_loss_weight: float | int = 3.0
    segmentation_loss_weight: float | int = 2.0
    max_sentence_length: int = MAX_SENTENCE_LENGTH

    def __post_init__(self, **kwargs):
        # The labels are the entity types', so that the two can never disagree; a label set given alone sets the types.
        labels = self.id2label
        for name in ("id2label", "label2id"):
            if not isinstance(getattr(self, name), dict | None):
                raise ValueError(f"{name} must be a dictionary, got {type(getattr(self, name)).__name__}.")
        if self.entity_types is None:
            default = ["Disease", "Anatomy", "Symptom", "Exam", "Treatment"]
            self.entity_types = entity_types_of([labels[key] for key in sorted(labels, key=int)]) if labels else default
        derived = dict(enumerate(bio_labels(self.entity_types)))
        self.id2label = derived if labels is None else {int(key): label for key, label in labels.items()}
        if self.label2id is None:
            self.label2id = {label: key for key, label in derived.items()}
        kwargs.setdefault("auto_map", dict(self.auto_classes))
        # A copy for each: transformers.pipeline writes classes into what it finds, which JSON does not take.
        kwargs["custom_pipelines"] = deepcopy(CUSTOM_PIPELINES)
        super().__post_init__(**kwargs)
        self.validate_architecture()  # @strict would too, but wrap the error in one that is no ValueError

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], **kwargs: Any) -> Any:
        """As the base class's; `entity_types` given beside the saved settings bring their own labels."""
        if kwargs.get("entity_types") is not None:
            labels = ("id2label", "label2id", "entity_types")
            config_dict = {name: value for name, value in config_dict.items() if name not in labels}
            config_dict["entity_types"] = list(kwargs.pop("entity_types"))
        return super().from_dict(config_dict, **kwargs)

    def to_dict(self) -> dict[str, Any]:
        """As the base class's, without where the encoder was read from, which may be a folder of this machine."""
        settings = super().to_dict()
        if settings["encoder_config"] is not None:
            settings["encoder_config"].pop("_name_or_path", None)
        return settings

    def validate_architecture(self) -> None:
        """Reject settings that no network can be built from."""
        if len(self.entity_types) > MAX_ENTITY_TYPES:
            raise ValueError(f"There can be {MAX_ENTITY_TYPES} entity types at most, got {len(self.entity_types)}.")
        labels = dict(enumerate(bio_labels(self.entity_types)))
        if self.id2label != labels or self.label2id != {label: key for key, label in labels.items()}:
            raise ValueError(
                f"id2label and label2id must be the BIO labels of entity_types {self.entity_types}, "
                f"{list(labels.values())} in this order, got {self.id2label}. Pass entity_types alone."
            )
        if self.context_encoder not in self.context_encoders:
            choices = " or ".join(map(repr, self.context_encoders))
            raise ValueError(f"context_encoder must be {choices}, got {self.context_encoder!r}.")
        if self.tag_decoder not in ("crf", "softmax"):
            raise ValueError(f"tag_decoder must be 'crf' or 'softmax', got {self.tag_decoder!r}.")
        if not (self.recognition_task or self.segmentation_task):
            raise ValueError(
                "Switch on recognition_task or segmentation_task: a network without a task learns nothing."
            )
        sizes = list(self.ngram_sizes)
        if sizes != sorted(set(sizes)) or any(not 1 <= size <= MAX_NGRAM_SIZE for size in sizes):
            raise ValueError(
                f"ngram_sizes must be distinct sizes from 1 to {MAX_NGRAM_SIZE} in ascending order, got {sizes}."
            )
        for name in ("dropout", "character_dropout", "bigram_dropout", "dictionary_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, got {getattr(self, name)}.")
        for name in (
            "vocab_size",
            "character_embedding_size",
            "num_bigram_buckets",
            "lstm_hidden_size",
            "max_sentence_length",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}.")
        for name in ("bigram_embedding_size", "radical_embedding_size"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)}.")
        for name in ("pad_token_id", "unk_token_id"):
            self._check_id(name, self.vocab_size)
        if self.language_model is not None:
            if self.language_model.keys() != {*LANGUAGE_MODEL_SIZES}:
                raise ValueError(f"language_model must have {', '.join(LANGUAGE_MODEL_SIZES)}, and nothing else.")
            self.of_language_model()
        if self.encoder_config is not None:
            for name in ("num_hidden_layers", "num_attention_heads"):
                if not 1 <= getattr(self.encoder_config, name, 1) <= 1000:
                    raise ValueError(f"The encoder's {name} must be from 1 to 1000.")
            for name in ("encoder_begin_token_id", "encoder_end_token_id"):
                if getattr(self, name) is not None:
                    self._check_id(name, self.encoder_config.vocab_size)

    def _check_id(self, name: str, size: int) -> None:
        value = getattr(self, name)
        if value is None or not 0 <= value < size:
            raise ValueError(f"{name} must be an id of the vocabulary, 0 to {size - 1}, got {value}.")

    def of_language_model(self) -> "DicMTConfig":
        """The configuration of the pre-trained network whose states are inputs: its sizes, and this vocabulary.

        Raises:
            ValueError: If there is none, or no network is of such sizes.
        """
        if self.language_model is None:
            raise ValueError("This network reads no pre-trained network's states: language_model is not set.")
        vocabulary = {name: getattr(self, name) for name in ("vocab_size", "pad_token_id", "unk_token_id")}
        return type(self)(**vocabulary, num_radicals=self.num_radicals, ngram_sizes=[], **self.language_model)

    @property
    def dictionary_code_width(self) -> int:
        """Bits of one dictionary code."""
        return len(self.entity_types) if self.multi_hot_dictionary else code_width(len(self.entity_types))

    @property
    def reference_feature_size(self) -> int:
        """Columns of the reference lists: sizes × 2 directions × bits of a code (the paper: 30)."""
        return len(self.ngram_sizes) * 2 * self.dictionary_code_width

    @property
    def vetted_feature_size(self) -> int:
        """Columns of vetted terms: 4 bits for each type; 0 without."""
        return self.vetted_terms * BITS_OF_TYPE * len(self.entity_types)

    @property
    def dictionary_feature_size(self) -> int:
        """Width D of a character's dictionary feature: the reference lists' columns, then those of vetted terms."""
        return self.reference_feature_size + self.vetted_feature_size


DicMTConfig.register_for_auto_class()
