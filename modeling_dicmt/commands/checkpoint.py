"""The DicMT checkpoint that a command is given: read whole or not at all."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from safetensors import SafetensorError

from ..configuration_dicmt import DicMTConfig
from ..modeling_dicmt import DicMTForTokenClassification
from ..tokenization_dicmt import DicMTTokenizer


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
