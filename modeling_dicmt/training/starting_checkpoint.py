"""A trained DicMT checkpoint as the start of a command: read whole or not at all, also put onto another label set."""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from safetensors import SafetensorError

from ..configuration_dicmt import DicMTConfig
from ..modeling_dicmt import DicMTForTokenClassification
from ..tokenization_dicmt import DicMTTokenizer

logger = logging.getLogger(__name__)


def load_config(path: str) -> DicMTConfig:
    """Read a checkpoint's configuration.

    Raises:
        ValueError: If it is no DicMT checkpoint, or its configuration cannot be read.
    """
    with _reading(path):
        settings, _ = DicMTConfig.get_config_dict(path)
    if settings.get("model_type") != DicMTConfig.model_type:
        raise ValueError(
            f"{path} is no DicMT checkpoint: its model_type is {settings.get('model_type')!r}. A BERT-family encoder "
            "goes to --encoder_name_or_path."
        )
    return DicMTConfig.from_pretrained(path)


def load_tokenizer(path: str) -> DicMTTokenizer:
    """Read a checkpoint's tokenizer with its dictionary; raises ValueError if it cannot be read."""
    load_config(path)
    with _reading(path):
        return DicMTTokenizer.from_pretrained(path)


def load_network(path: str) -> DicMTForTokenClassification:
    """Read a checkpoint's network, in fp32 whatever it was saved in; raises ValueError if it cannot be read."""
    load_config(path)
    with _reading(path):
        return DicMTForTokenClassification.from_pretrained(path, dtype=torch.float32)


def types_as_in_checkpoint(path: str, entity_types: Sequence[str]) -> list[str]:
    """The entity types, in the checkpoint's order if they are the same: weights and codes then keep their meaning."""
    before = load_config(path).entity_types
    return list(before) if set(before) == set(entity_types) else list(entity_types)


def transfer_network(path: str, tokenizer: DicMTTokenizer) -> DicMTForTokenClassification:
    """A checkpoint's network for a tokenizer that may have other entity types or n-gram sizes.

    What has the same meaning is carried over: the shared layers, and the labels that both have, by their names. The
    rest, which includes the weights of dictionary codes where the types differ, is initialised, and logged.
    """
    before = load_network(path)
    settings = before.config.to_dict()
    for name in ("id2label", "label2id", "architectures"):
        settings.pop(name)
    settings |= {"entity_types": tokenizer.entity_types, "ngram_sizes": tokenizer.init_kwargs["ngram_sizes"]}
    config = DicMTConfig(**settings)
    same_codes = config.entity_types == before.config.entity_types and list(config.ngram_sizes) == list(
        before.config.ngram_sizes
    )
    if same_codes:
        return before
    network = DicMTForTokenClassification(config)
    new = [label for label in config.label2id if label not in before.config.label2id]
    old_types, types = ", ".join(before.config.entity_types), ", ".join(config.entity_types)
    logger.warning("%s was trained to recognise %s; now it is %s.", path, old_types, types)
    new_parts = [*_carry_over(before, network), *([f"labels {', '.join(new)}"] if new else [])]
    logger.warning("Newly initialised, to be trained: %s.", "; ".join(new_parts))
    return network


@torch.no_grad()
def _carry_over(before: DicMTForTokenClassification, network: DicMTForTokenClassification) -> Iterator[str]:
    """Copy what has the same meaning in both; yields the names of what has not."""
    source = before.state_dict()
    old_ids = before.config.label2id
    shared = [(index, old_ids[label]) for label, index in network.config.label2id.items() if label in old_ids]
    to, since = (torch.tensor(ids, dtype=torch.long) for ids in zip(*shared, strict=True))
    for name, tensor in network.state_dict().items():
        old = source.get(name)
        if old is None:
            yield name
        elif name == "crf.transitions":
            tensor[to[:, None], to] = old[since[:, None], since]
        elif name.startswith(("recogniser.", "crf.")) and tensor.shape[1:] == old.shape[1:]:
            tensor[to] = old[since]
        elif (
            name.startswith("context.weight_ih") and network.window is None
        ):  # the last columns are those of the dictionary
            width = tensor.size(1) - network.config.dictionary_input_size
            tensor[:, :width] = old[:, : old.size(1) - before.config.dictionary_input_size]
            if network.config.dictionary_input_size:
                yield f"the dictionary's columns of {name}"
        elif tensor.shape == old.shape:
            tensor.copy_(old)
        else:
            yield name


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Turn what libraries raise over a broken or missing checkpoint into one message."""
    try:
        yield
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, SafetensorError, json.JSONDecodeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ValueError(
            f"{path} is no whole DicMT checkpoint: {reason} Name the folder that run_ner.py wrote, or copy it anew."
        ) from error
