"""The DicMT network: representations → BiLSTM (`DicMTModel`) → segmentation (NES) and recognition (NER) of entities."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import BaseModelOutput
from transformers.utils import ModelOutput

from .bilstm import BiLSTM, Rows, concatenate
from .configuration_dicmt import DicMTConfig
from .crf import LinearChainCRF, legal_bio_transitions
from .representations import CharacterRepresentation, embedding_bound
from .tagging import IGNORED_TAG

logger = logging.getLogger(__name__)


@dataclass
class DicMTOutput(ModelOutput):
    """What the network returns; B sentences, L characters, T tags.

    Args:
        loss: α · segmentation_loss + β · recognition_loss (eq. 6); needs labels.
        logits: (B, L, T), outside training only, unless left out with `output_logits=False`. With a CRF its
            max-marginals: the score of the best path through each tag, so that the argmax of each character is the
            Viterbi path. Else the emissions.
        predictions: (B, L) predicted tag ids, -100 at padding; outside training only.
        emissions: (B, L, T) scores that enter the CRF.
        segmentation_logits: (B, L) logit of the character's being inside an entity.
        recognition_loss: Negative log-likelihood of the tags (eq. 5), summed over a sentence, averaged over sentences.
        segmentation_loss: Binary cross-entropy (eq. 3), summed over a sentence, averaged over sentences.
    """

    loss: Tensor | None = None
    logits: Tensor | None = None
    predictions: Tensor | None = None
    emissions: Tensor | None = None
    segmentation_logits: Tensor | None = None
    recognition_loss: Tensor | None = None
    segmentation_loss: Tensor | None = None


class DicMTPreTrainedModel(PreTrainedModel):
    """Initialisation and loading, common to DicMT networks."""

    config_class = DicMTConfig
    base_model_prefix = "dicmt"
    main_input_name = "input_ids"
    _no_split_modules = ()

    label_modules: ClassVar[tuple[str, ...]] = ()
    """Parts of a head whose weights belong to single labels."""

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | os.PathLike, *args: Any, **kwargs: Any) -> Any:
        """Load a checkpoint, of this head or another one, also for other `entity_types=[…]`.

        What the checkpoint cannot give (another head, tags of another label set, dictionary codes of another width) is
        initialised, and named in the log. With `output_loading_info=True` it is the caller who looks at what is
        missing. Arguments are the base class's.

        Raises:
            ValueError: If the checkpoint lacks weights that it should have, has some that its own configuration has no
                place for, or a weight is no finite number.
        """
        with_information = kwargs.pop("output_loading_info", False)
        other_labels = cls._are_other_labels(pretrained_model_name_or_path, kwargs)
        if other_labels:
            kwargs.setdefault("ignore_mismatched_sizes", True)
        kwargs.setdefault("use_safetensors", True)  # no pickle
        model, information = super().from_pretrained(
            pretrained_model_name_or_path, *args, output_loading_info=True, **kwargs
        )
        if other_labels:
            information["missing_keys"] = {*information["missing_keys"], *model._forget_labels()}
        if with_information:
            return model, information
        new = sorted({*information["missing_keys"], *(key for key, *_ in information["mismatched_keys"])})
        required = () if kwargs.get("ignore_mismatched_sizes") else new
        if cls.__name__ not in (model.config.architectures or ()):
            required = [name for name in required if not hasattr(model, "dicmt") or name.startswith("dicmt.")]
        if required:
            raise ValueError(
                f"The checkpoint lacks weights ({len(required)}, {required[0]} among them): it was cut off in copying, "
                "or is of another version. Copy it anew, or train it again."
            )
        same_head = cls.__name__ in (model.config.architectures or ()) and not kwargs.get("ignore_mismatched_sizes")
        surplus = sorted(key for key in information["unexpected_keys"] if key.startswith("dicmt."))
        if same_head and surplus and not cls._are_other_settings(pretrained_model_name_or_path, kwargs):
            raise ValueError(
                f"The checkpoint has weights that its config.json has no place for ({len(surplus)}, {surplus[0]} among "
                "them): the two are not of one network. Copy it anew, or train it again."
            )
        if new:
            logger.warning("Newly initialised, to be trained: %s.", ", ".join(new))
        broken = [name for name, weight in model.named_parameters() if not bool(weight.isfinite().all())]
        if broken:
            raise ValueError(
                f"Weights of the checkpoint are no finite numbers ({len(broken)}, {broken[0]} among them): its "
                "training diverged, or the file is damaged. Copy it anew, or train it again."
            )
        return model

    def _forget_labels(self) -> Iterator[str]:
        """Initialise what belongs to single labels: a tag's scores are not to pass for those of one with its number."""
        for part in self.label_modules:
            module = getattr(self, part)
            if module is not None:
                for name, parameter in module.named_parameters():
                    parameter._is_hf_initialized = False
                    yield f"{part}.{name}"
                module.apply(self._init_weights)

    @classmethod
    def _saved_settings(cls, path: str | os.PathLike, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What the checkpoint's config.json holds."""
        hub = {name: settings[name] for name in ("cache_dir", "revision", "token", "subfolder") if name in settings}
        return cls.config_class.get_config_dict(path, **hub)[0]

    @classmethod
    def _are_other_settings(cls, path: str | os.PathLike, settings: Mapping[str, Any]) -> bool:
        """Whether a network is asked for that may have fewer parts than its checkpoint."""
        classes = [base for base in cls.config_class.__mro__ if issubclass(base, DicMTConfig)]
        own = {name for base in classes for name in vars(base).get("__annotations__", ())}
        if settings.get("config") is None:
            return any(name in own for name in settings)
        # The Auto classes pass the checkpoint's own configuration.
        asked, saved = settings["config"].to_dict(), cls.config_class(**cls._saved_settings(path, settings)).to_dict()
        return any(asked.get(name) != saved.get(name) for name in own)

    @classmethod
    def _are_other_labels(cls, path: str | os.PathLike, settings: Mapping[str, Any]) -> bool:
        """Whether a network is asked for that has other entity types than its checkpoint."""
        wanted = settings.get("entity_types") or getattr(settings.get("config"), "entity_types", None)
        if wanted is None:
            return False
        return cls._saved_settings(path, settings).get("entity_types") not in (None, list(wanted))

    def save_pretrained(self, save_directory: str | os.PathLike, *args: Any, **kwargs: Any) -> None:
        """Save the network with all the code that a checkpoint carries; arguments are the base class's.

        transformers copies the files that the saved class's module imports. These imports name those that it does not
        need itself: the pipeline, with all behind it, and the endpoint's handler.
        """
        from .handler import EndpointHandler  # noqa: F401
        from .pipeline_dicmt import DicMTPipeline  # noqa: F401

        super().save_pretrained(save_directory, *args, **kwargs)

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if isinstance(module, nn.Embedding):
            bound = embedding_bound(module.embedding_dim)
            init.uniform_(module.weight, -bound, bound)
            if module.padding_idx is not None and not getattr(module.weight, "_is_hf_initialized", False):
                init.zeros_(module.weight[module.padding_idx])
        elif isinstance(module, nn.Linear | nn.Conv1d):
            init.xavier_uniform_(module.weight)
        elif isinstance(module, LinearChainCRF):
            for parameter in module.parameters():
                init.uniform_(parameter, -0.1, 0.1)
            if module.legal_transitions is not None:  # not saved: it follows from the labels
                init.copy_(module.legal_transitions, legal_bio_transitions(_labels(self.config)))


class DicMTModel(DicMTPreTrainedModel):
    """What all heads read: each character's representation, and the BiLSTM over them (the shared layer).

    Its inputs are those that `DicMTTokenizer` returns. Padding, at either side, takes no part in anything: a sentence's
    states do not depend on the batch that it is in.

    Args:
        config: The network's configuration.
        initialize: False within a head, which initialises all weights together.
    """

    def __init__(self, config: DicMTConfig, initialize: bool = True):
        super().__init__(config)
        config.validate_architecture()  # settings may have been assigned since it was made
        self._initializes = initialize
        self.representation = self.build_representation()
        size = self.representation.output_size
        self.language_model: DicMTModel | None = None
        if config.language_model is not None:
            self.language_model = DicMTModel(config.of_language_model(), initialize=False).requires_grad_(False)
            size += self.language_model.output_size
        self.dropout = nn.Dropout(config.dropout)
        self.output_size = self.build_context(size)
        self.post_init()

    def build_representation(self) -> CharacterRepresentation:
        """The layer that represents characters."""
        return CharacterRepresentation(self.config)

    def build_context(self, size: int) -> int:
        """Make the layers over representations of a size; returns the width of their states."""
        self.context = None
        if self.config.context_encoder == "none":
            return size
        self.context = BiLSTM(size, self.config.lstm_hidden_size)
        return 2 * self.config.lstm_hidden_size

    def init_weights(self) -> None:
        if self._initializes:
            super().init_weights()

    def train(self, mode: bool = True) -> "DicMTModel":
        super().train(mode)
        if self.language_model is not None:  # its states are constants
            self.language_model.eval()
        return self

    def get_input_embeddings(self) -> nn.Module:
        if self.representation.encoder is not None:
            return self.representation.encoder.model.get_input_embeddings()
        return self.representation.characters

    def set_input_embeddings(self, value: nn.Module) -> None:
        if self.representation.encoder is not None:
            self.representation.encoder.model.set_input_embeddings(value)
        else:
            self.representation.characters = value

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        radical_ids: Tensor | None = None,
        dictionary_features: Tensor | None = None,
        return_dict: bool | None = None,
    ) -> BaseModelOutput | tuple[Tensor, ...]:
        """Run the shared layer on sentences.

        Args:
            input_ids: (B, L) character ids.
            attention_mask: (B, L), 1 for characters, 0 for padding at either side; default: no padding.
            radical_ids: (B, L) radical ids.
            dictionary_features: (B, L, D) dictionary features.
            return_dict: False for a tuple.

        Returns:
            `last_hidden_state`: (B, L, output_size).

        Raises:
            ValueError: If an input that the network needs is missing or does not fit.
        """
        inputs, back = right_padded(input_ids, attention_mask, radical_ids, dictionary_features)
        batch, length = input_ids.shape
        if batch * length == 0:
            states = next(self.parameters()).new_zeros(batch, length, self.output_size)
        else:
            states = self.states(**inputs)
            empty = ~inputs["attention_mask"][:, 0]
            states = states.masked_fill(empty[:, None, None], 0) if bool(empty.any()) else states
        if back is not None:
            states = take_characters(states, back)
        return_dict = self.config.return_dict if return_dict is None else return_dict
        return BaseModelOutput(last_hidden_state=states) if return_dict else (states,)

    def states(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        radical_ids: Tensor | None = None,
        dictionary_features: Tensor | None = None,
    ) -> Tensor:
        """The states (B, L, output_size) of at least one character; arguments as `right_padded` gives them.

        An empty sentence has states as if it held one character, which are to be left out.
        """
        mask = first_character_counts(attention_mask)
        lengths = mask.sum(1)
        parts = self.representation(input_ids, mask, lengths, radical_ids, dictionary_features)
        if self.language_model is not None:
            with torch.no_grad():
                pretrained = self.language_model.states(input_ids, attention_mask, radical_ids)
            parts = [pretrained, *parts]
        return self.context_states(parts, mask, lengths, dictionary_features)

    def context_states(
        self, parts: Sequence[Tensor | Rows], mask: Tensor, lengths: Tensor, dictionary_features: Tensor | None
    ) -> Tensor:
        """The states of characters that are represented in parts, padded at the right."""
        if self.context is None:
            return self.dropped(parts).masked_fill(~mask[..., None], 0)
        if not self.training:
            return self.context(parts, lengths)  # without dropout the parts need not be put together
        return self.dropout(self.context(self.dropped(parts), lengths))

    def dropped(self, parts: Sequence[Tensor | Rows]) -> Tensor:
        """Representations (B, L, width) with dropout, the columns of vetted terms spared: half a term is none."""
        representations = concatenate(parts)
        width = self.config.vetted_feature_size
        if not width or self.representation.dictionary_size == 0:
            return self.dropout(representations)
        others, vetted = representations.tensor_split([representations.size(-1) - width], dim=-1)
        return torch.cat([self.dropout(others), vetted], dim=-1)


class DicMTForTokenClassification(DicMTPreTrainedModel):
    """DicMT (Dictionary-based Multi-Task network, 2021): recognises entities character by character.

    The shared layer is `DicMTModel`; over it are a classifier of each character's tag with a CRF (task 2, NER) and one
    of each character's being inside an entity (task 1, NES). Padding takes no part in anything.
    """

    base_class: ClassVar[type[DicMTModel]] = DicMTModel
    label_modules = ("classifier", "crf")
    _keep_in_fp32_modules_strict = ("crf",)

    def __init__(self, config: DicMTConfig):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.dicmt = self.base_class(config, initialize=False)
        size = self.dicmt.output_size
        self.segmenter = nn.Linear(size, 1) if config.segmentation_task else None
        self.classifier = nn.Linear(size, config.num_labels) if config.recognition_task else None
        self.crf = None
        if config.recognition_task and config.tag_decoder == "crf":
            legal = legal_bio_transitions(_labels(config)) if config.exclude_illegal_transitions else None
            self.crf = LinearChainCRF(config.num_labels, batch_first=True, legal_transitions=legal)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        radical_ids: Tensor | None = None,
        dictionary_features: Tensor | None = None,
        labels: Tensor | None = None,
        output_logits: bool = True,
        return_dict: bool | None = None,
    ) -> DicMTOutput | tuple[Tensor, ...]:
        """Run the network on sentences.

        Args:
            input_ids: (B, L) character ids.
            attention_mask: (B, L), 1 for characters, 0 for padding at either side; default: no padding.
            radical_ids: (B, L) radical ids.
            dictionary_features: (B, L, D) dictionary features.
            labels: (B, L) tag ids, -100 at padding.
            output_logits: False to leave `logits` out, for `predictions` in less time.
            return_dict: False for a tuple of what is not None.

        Raises:
            ValueError: If an input that the network needs is missing or does not fit, or labels are illegal.
        """
        inputs, back = right_padded(input_ids, attention_mask, radical_ids, dictionary_features, labels=labels)
        results = self._forward_right_padded(inputs, inputs.pop("labels"), output_logits)
        if back is not None:
            results = {
                name: take_characters(value, back) if value.dim() > 1 else value for name, value in results.items()
            }
        output = DicMTOutput(**results)
        return_dict = self.config.return_dict if return_dict is None else return_dict
        return output if return_dict else output.to_tuple()

    def _forward_right_padded(
        self, inputs: Mapping[str, Tensor | None], labels: Tensor | None, output_logits: bool
    ) -> dict[str, Tensor]:
        characters = inputs["attention_mask"]
        if characters.numel() == 0:
            return self._nothing(*characters.shape, labels is not None, output_logits)
        if labels is not None:
            self._check_labels(labels, characters)
        mask = first_character_counts(characters)
        states = self.dicmt(**inputs, return_dict=True).last_hidden_state

        # One sentence counts as one, whatever its length: both losses are means over the same sentences.
        sentences = characters[:, 0].sum().clamp(min=1)
        results: dict[str, Tensor] = {}
        weighted = []
        if self.segmenter is not None:
            logits = self.segmenter(states).squeeze(-1).float()
            results["segmentation_logits"] = logits.masked_fill(~characters, 0)
            if labels is not None:
                losses = functional.binary_cross_entropy_with_logits(logits, (labels > 0).float(), reduction="none")
                results["segmentation_loss"] = losses.masked_fill(~characters, 0).sum() / sentences
                weighted.append(self.config.segmentation_loss_weight * results["segmentation_loss"])
        if self.classifier is not None:
            emissions = self.classifier(states)
            results["emissions"] = emissions.masked_fill(~characters[..., None], 0)
            if labels is not None:
                results["recognition_loss"] = self._recognition_loss(emissions, labels, mask, characters) / sentences
                weighted.append(self.config.recognition_loss_weight * results["recognition_loss"])
            if not self.training:
                results |= self._decode(emissions, mask, characters, output_logits)
        if weighted:
            results["loss"] = sum(weighted)
        return results

    def _recognition_loss(self, emissions: Tensor, labels: Tensor, mask: Tensor, characters: Tensor) -> Tensor:
        if self.crf is None:
            targets = labels.masked_fill(~characters, IGNORED_TAG)
            return functional.cross_entropy(emissions.float().flatten(0, 1), targets.flatten(), reduction="sum")
        with torch.autocast(emissions.device.type, enabled=False):
            likelihood = self.crf(emissions.float(), labels.masked_fill(~characters, 0), mask, reduction="none")
        return -likelihood.masked_fill(~characters[:, 0], 0).sum()

    def _decode(self, emissions: Tensor, mask: Tensor, characters: Tensor, output_logits: bool) -> dict[str, Tensor]:
        with torch.autocast(emissions.device.type, enabled=False):
            if self.crf is not None and not output_logits:
                return {"predictions": self.crf.viterbi(emissions.float(), mask).masked_fill(~characters, IGNORED_TAG)}
            logits = emissions if self.crf is None else self.crf.max_marginals(emissions.float(), mask)
        logits = logits.masked_fill(~characters[..., None], 0)
        predictions = logits.argmax(-1).masked_fill(~characters, IGNORED_TAG)
        return {"logits": logits, "predictions": predictions} if output_logits else {"predictions": predictions}

    def _check_labels(self, labels: Tensor, characters: Tensor) -> None:
        wrong = characters & ((labels < 0) | (labels >= self.num_labels))
        if bool(wrong.any()):
            sentence, position = (int(index) for index in wrong.nonzero()[0])
            raise ValueError(
                f"Label {int(labels[sentence, position])} of character {position} in sentence {sentence} of the batch "
                f"is not one of the network's {self.num_labels} labels ({', '.join(_labels(self.config))}). Every "
                "character needs a label; -100 belongs at padding only."
            )

    def _nothing(self, batch: int, length: int, with_losses: bool, output_logits: bool) -> dict[str, Tensor]:
        """The results for a batch without a character."""
        nothing = next(self.parameters()).new_zeros(batch, length)
        loss = nothing.new_zeros((), requires_grad=torch.is_grad_enabled())
        results = {}
        if self.segmenter is not None:
            results["segmentation_logits"] = nothing
            if with_losses:
                results["segmentation_loss"] = loss
        if self.classifier is not None:
            results["emissions"] = nothing.new_zeros(batch, length, self.num_labels)
            if with_losses:
                results["recognition_loss"] = loss
            if not self.training:
                results["predictions"] = nothing.long()
                if output_logits:
                    results["logits"] = results["emissions"]
        if with_losses:
            results["loss"] = loss
        return results


def right_padded(
    input_ids: Tensor,
    attention_mask: Tensor | None = None,
    radical_ids: Tensor | None = None,
    dictionary_features: Tensor | None = None,
    **more: Tensor | None,
) -> tuple[dict[str, Tensor | None], Tensor | None]:
    """Inputs (B, L, …) with all padding at the right, as everything within the network takes them.

    Args:
        input_ids: See `DicMTModel.forward`, as for the next three.
        attention_mask: Default: no padding.
        radical_ids: See there.
        dictionary_features: See there.
        **more: Further inputs of a character each, say labels.

    Returns:
        The inputs by their names, the mask boolean; and the order (B, L) that brings results back to where their
        characters were, None if nothing was moved.

    Raises:
        ValueError: If an input does not have one value a character.
    """
    mask = torch.ones_like(input_ids, dtype=torch.bool) if attention_mask is None else attention_mask.bool()
    inputs = {
        "input_ids": input_ids,
        "attention_mask": mask,
        "radical_ids": radical_ids,
        "dictionary_features": dictionary_features,
        **more,
    }
    for name, tensor in inputs.items():
        if tensor is not None and tensor.shape[:2] != input_ids.shape:
            raise ValueError(
                f"{name} has the shape {tuple(tensor.shape)}, but input_ids {tuple(input_ids.shape)}: "
                "each character needs its own."
            )
    if not bool((mask[:, 1:] & ~mask[:, :-1]).any()):  # no padding before a character
        return inputs, None
    order = mask.int().argsort(dim=1, descending=True, stable=True)
    moved = {name: None if tensor is None else take_characters(tensor, order) for name, tensor in inputs.items()}
    return moved, order.argsort(dim=1)


def first_character_counts(mask: Tensor) -> Tensor:
    """The mask with an empty sentence as one character, which LSTM and CRF need; its results are taken out again."""
    mask = mask.clone()
    mask[:, 0] = True
    return mask


def _labels(config: DicMTConfig) -> list[str]:
    return [config.id2label[index] for index in range(len(config.id2label))]


def take_characters(tensor: Tensor, order: Tensor) -> Tensor:
    """Reorder the characters of (B, L, …) by `order` (B, L)."""
    index = order[(..., *[None] * (tensor.dim() - 2))].expand_as(tensor)
    return tensor.gather(1, index)


DicMTForTokenClassification.register_for_auto_class("AutoModelForTokenClassification")
