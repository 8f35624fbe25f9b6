"""The DicMT network: representations → BiLSTM → segmentation (NES) and recognition (NER) of entities."""

import os
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel
from transformers import initialization as init
from transformers.utils import ModelOutput

from .bilstm import BiLSTM
from .bilstm_inference import concatenate
from .configuration_dicmt import DicMTConfig
from .context import DilatedConvolutions, SelfAttention, WindowConvolution
from .crf import LinearChainCRF, legal_bio_transitions
from .representations import CharacterRepresentation, embedding_bound
from .tagging import IGNORED_TAG


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
    _keep_in_fp32_modules_strict = ("crf",)

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


class DicMTForTokenClassification(DicMTPreTrainedModel):
    """DicMT (Dictionary-based Multi-Task network, 2021): recognises entities character by character.

    Its inputs are those that `DicMTTokenizer` returns. Padding, at either side, takes no part in anything: a sentence's
    output does not depend on the batch that it is in.
    """

    def __init__(self, config: DicMTConfig):
        super().__init__(config)
        config.validate_architecture()  # settings may have been assigned since it was made
        self.num_labels = config.num_labels
        self.representation = CharacterRepresentation(config)
        self.dropout = nn.Dropout(config.dropout)
        size = self.representation.output_size
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
        self.segmenter = nn.Linear(size, 1) if config.segmentation_task else None
        self.recogniser = nn.Linear(size, config.num_labels) if config.recognition_task else None
        self.crf = None
        if config.recognition_task and config.decoder == "crf":
            legal = legal_bio_transitions(_labels(config)) if config.exclude_illegal_transitions else None
            self.crf = LinearChainCRF(config.num_labels, batch_first=True, legal_transitions=legal)
        self.post_init()

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
        mask = torch.ones_like(input_ids, dtype=torch.bool) if attention_mask is None else attention_mask.bool()
        inputs = {"radical_ids": radical_ids, "dictionary_features": dictionary_features, "labels": labels}
        for name, tensor in {"attention_mask": mask, **inputs}.items():
            if tensor is not None and tensor.shape[:2] != input_ids.shape:
                raise ValueError(
                    f"{name} has the shape {tuple(tensor.shape)}, but input_ids {tuple(input_ids.shape)}: "
                    "each character needs its own."
                )
        order = None
        if bool((mask[:, 1:] & ~mask[:, :-1]).any()):  # padding before characters: everything inside is right-padded
            order = mask.int().argsort(dim=1, descending=True, stable=True)
            input_ids, mask, radical_ids, dictionary_features, labels = (
                None if tensor is None else _take(tensor, order)
                for tensor in (input_ids, mask, radical_ids, dictionary_features, labels)
            )
        results = self._forward_right_padded(input_ids, mask, radical_ids, dictionary_features, labels, output_logits)
        if order is not None:
            back = order.argsort(dim=1)
            results = {name: _take(value, back) if value.dim() > 1 else value for name, value in results.items()}
        output = DicMTOutput(**results)
        return_dict = self.config.return_dict if return_dict is None else return_dict
        return output if return_dict else output.to_tuple()

    def _forward_right_padded(
        self,
        input_ids: Tensor,
        mask: Tensor,
        radical_ids: Tensor | None,
        dictionary_features: Tensor | None,
        labels: Tensor | None,
        output_logits: bool,
    ) -> dict[str, Tensor]:
        batch, length = input_ids.shape
        if batch * length == 0:
            return self._nothing(batch, length, labels is not None, output_logits)
        characters = mask
        if labels is not None:
            self._check_labels(labels, characters)
        mask = mask.clone()
        mask[:, 0] = True  # an empty sentence counts as one character inside, which is taken out again below
        lengths = mask.sum(1)
        states = self.shared_states(input_ids, mask, lengths, radical_ids, dictionary_features)

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
        if self.recogniser is not None:
            emissions = self.recogniser(states)
            results["emissions"] = emissions.masked_fill(~characters[..., None], 0)
            if labels is not None:
                results["recognition_loss"] = self._recognition_loss(emissions, labels, mask, characters) / sentences
                weighted.append(self.config.recognition_loss_weight * results["recognition_loss"])
            if not self.training:
                results |= self._decode(emissions, mask, characters, output_logits)
        if weighted:
            results["loss"] = sum(weighted)
        return results

    def shared_states(
        self,
        input_ids: Tensor,
        mask: Tensor,
        lengths: Tensor,
        radical_ids: Tensor | None,
        dictionary_features: Tensor | None,
    ) -> Tensor:
        """What both tasks read, (B, L, width), from inputs padded at the right; arguments as the representation's."""
        parts = self.representation(input_ids, mask, lengths, radical_ids, dictionary_features)
        if self.window is None and isinstance(self.context, BiLSTM) and not self.training:
            states = self.context(parts, lengths)  # without dropout the parts need not be put together
        else:
            states = self.dropout(concatenate(parts))
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
        if self.recogniser is not None:
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


def _labels(config: DicMTConfig) -> list[str]:
    return [config.id2label[index] for index in range(len(config.id2label))]


def _take(tensor: Tensor, order: Tensor) -> Tensor:
    """Reorder the characters of (B, L, …) by `order` (B, L)."""
    index = order if tensor.dim() == 2 else order[..., None].expand_as(tensor)
    return tensor.gather(1, index)


DicMTForTokenClassification.register_for_auto_class("AutoModelForTokenClassification")
