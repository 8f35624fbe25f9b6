"""The checkpoint that a command is given: read whole or not at all, with one message that says what is wrong."""

import inspect
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import (
    MODEL_FOR_MASKED_LM_MAPPING,
    MODEL_MAPPING,
    AutoConfig,
    AutoModelForMaskedLM,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging

from ..configuration_dicmt import DicMTConfig
from ..configuration_dicmt_nested import CONFIGURATIONS
from ..files import read_json
from ..modeling_dicmt import DicMTForTokenClassification
from ..modeling_dicmt_nested import DicMTForNestedEntities
from ..pretraining_dicmt import DicMTForPreTraining
from ..tokenization_dicmt import DicMTTokenizer
from .places import check_place

# The JSON files of a checkpoint, with what must be an object in each.
_JSON_FILES = {
    "config.json": (),
    "tokenizer_config.json": (),
    "tokenizer.json": ("model", "vocab"),
    "model.safetensors.index.json": ("weight_map",),
}
# The networks that recognise entities.
RECOGNISERS = {network.config_class: network for network in (DicMTForTokenClassification, DicMTForNestedEntities)}

_ENCODER_ADVICE = "Name a folder that transformers saved, or its name on the Hub."
_PRETRAINED_ADVICE = "Name the folder that run_mlm.py wrote, or copy it anew."
_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")


def load_config(path: str) -> DicMTConfig:
    """Read a checkpoint's configuration.

    Raises:
        ValueError: If there is none, it is no DicMT checkpoint's, or it cannot be read.
    """
    with _reading(path):
        settings = _settings(path)
    kind = settings.get("model_type")
    if not isinstance(kind, str) or kind not in CONFIGURATIONS:
        raise ValueError(
            f"{path} is no DicMT checkpoint: its model_type is {str(kind)[:40]!r}. A BERT-family "
            "encoder goes to --encoder_name_or_path."
        )
    with _reading(path):
        return CONFIGURATIONS[kind].from_pretrained(path)


def load_tokenizer(path: str) -> DicMTTokenizer:
    """Read a checkpoint's tokenizer with its dictionary.

    Raises:
        ValueError: If it cannot be read, or does not fit the checkpoint's network.
    """
    config = load_config(path)
    with _reading(path):
        tokenizer = DicMTTokenizer.from_pretrained(path)
        _check_fit(tokenizer, config)
        return tokenizer


def load_network(path: str) -> DicMTForTokenClassification | DicMTForNestedEntities:
    """Read a checkpoint's network, in fp32 whatever it was saved in.

    Raises:
        ValueError: If it cannot be read, lacks weights, or has weights that are no finite numbers.
    """
    network_class = RECOGNISERS[type(load_config(path))]
    with _reading(path):
        return network_class.from_pretrained(path, dtype=torch.float32, use_safetensors=True)


def load_pretrained(path: str) -> DicMTForPreTraining:
    """Read the network that `run_mlm.py` left in a folder, in fp32.

    Raises:
        ValueError: If there is none, it is of another head, or cannot be read.
    """
    config = load_config(path)
    if DicMTForPreTraining.__name__ not in (config.architectures or ()):
        raise ValueError(
            f"{path} holds no pre-trained network but {' '.join(map(str, config.architectures or ['another']))[:60]}: "
            "name the folder that run_mlm.py wrote. A recogniser is trained further by --model_name_or_path."
        )
    with _reading(path, "pre-trained network", _PRETRAINED_ADVICE):
        return DicMTForPreTraining.from_pretrained(path, dtype=torch.float32, use_safetensors=True)


def load_encoder_config(path: str) -> PreTrainedConfig:
    """Read the configuration of a BERT-family encoder, which a new network is to start from.

    Raises:
        ValueError: If there is none, it cannot be read, is a DicMT checkpoint's, or of another kind of network.
    """
    with _reading(path, "encoder", _ENCODER_ADVICE):
        is_encoder = _settings(path).get("model_type") not in CONFIGURATIONS
        config = AutoConfig.from_pretrained(path) if is_encoder else None
    if config is None:
        raise ValueError(
            f"{path} is a DicMT checkpoint, not an encoder: to train it further, pass --model_name_or_path."
        )
    if not _is_bert_family(config):
        raise ValueError(
            f"{path} is no BERT-family encoder: its model_type is {str(config.model_type)[:40]!r}. Name a checkpoint "
            "of BERT, RoBERTa, ERNIE or the like whose tokens are single Chinese characters."
        )
    return config


def load_encoder_tokenizer(path: str) -> PreTrainedTokenizerBase:
    """Read the tokenizer of a BERT-family encoder.

    Raises:
        ValueError: If it cannot be read.
    """
    with _reading(path, "encoder", _ENCODER_ADVICE):
        return AutoTokenizer.from_pretrained(path)


def load_masked_language_model(path: str) -> tuple[PreTrainedModel, list[str]]:
    """Read a BERT-family encoder with the head that guesses hidden tokens, in fp32.

    Returns:
        The network, and the names of the head's weights that the checkpoint lacks: these are newly initialised.

    Raises:
        ValueError: If it is none, cannot be read, lacks weights of the encoder, or has some that are no finite numbers.
    """
    load_encoder_config(path)
    with _reading(path, "encoder", _ENCODER_ADVICE):
        model, information = AutoModelForMaskedLM.from_pretrained(path, dtype=torch.float32, output_loading_info=True)
        missing = sorted(information["missing_keys"])
        of_encoder = [name for name in missing if name.startswith(f"{model.base_model_prefix}.")]
        if of_encoder:
            raise ValueError(f"its file of weights lacks {of_encoder[0]} and {len(of_encoder) - 1} more.")
        broken = [name for name, weight in model.named_parameters() if not bool(weight.isfinite().all())]
        if broken:
            raise ValueError(f"weights of {broken[0]} are no finite numbers.")
    return model, missing


def is_encoder(path: str) -> bool:
    """Whether a folder, or a name on the Hub, holds a BERT-family encoder; False for a DicMT checkpoint.

    Raises:
        ValueError: If it holds neither, or its configuration cannot be read.
    """
    with _reading(path, "pre-trained network", _PRETRAINED_ADVICE):
        kind = _settings(path).get("model_type")
        if kind in CONFIGURATIONS:
            return False
        if _is_bert_family(AutoConfig.from_pretrained(path)):
            return True
        raise ValueError(f"its model_type is {str(kind)[:40]!r}, which is no BERT-family encoder.")


def _is_bert_family(config: PreTrainedConfig) -> bool:
    """Whether transformers has an encoder and a head for hidden tokens for it, as the network's adapter takes them."""
    if type(config) not in MODEL_FOR_MASKED_LM_MAPPING or type(config) not in MODEL_MAPPING:
        return False
    return "add_pooling_layer" in inspect.signature(MODEL_MAPPING[type(config)].__init__).parameters


def _settings(path: str) -> dict[str, Any]:
    settings, _ = PreTrainedConfig.get_config_dict(path)
    return settings


def _check_fit(tokenizer: DicMTTokenizer, config: DicMTConfig) -> None:
    """Reject a tokenizer whose output another network than the checkpoint's would take."""
    if max(tokenizer.get_vocab().values()) >= config.vocab_size:
        raise ValueError(f"tokenizer.json has ids out of the network's range, 0 to {config.vocab_size - 1}.")
    width = tokenizer.lexicon.dim
    if tokenizer.entity_types != config.entity_types or width != config.dictionary_feature_size:
        raise ValueError("tokenizer_config.json has other entity types, n-gram sizes or vetted_terms than config.json.")
    if tokenizer.init_kwargs["span_lists"] != getattr(config, "span_lists", None):
        raise ValueError("tokenizer_config.json has other span_lists than config.json.")


def _check_files(folder: Path) -> None:
    """Look at what libraries would read with less care, or report without the file's name."""
    for name, keys in _JSON_FILES.items():
        if not (folder / name).exists():
            continue
        content = read_json(folder / name)
        for key in (None, *keys):
            content = content if key is None else content.get(key)
            if not isinstance(content, dict):
                raise ValueError(f"{folder / name}: expected a JSON object{f' as its {key}' if key else ''}.")
        if name.endswith("index.json") and not all(
            isinstance(shard, str) and _SHARD.fullmatch(shard) for shard in content.values()
        ):
            raise ValueError(f"{folder / name} names files that are no shards of this checkpoint.")


@contextmanager
def _reading(
    path: str,
    thing: str = "DicMT checkpoint",
    advice: str = "Name the folder that the training wrote, or copy it anew.",
) -> Iterator[None]:
    """Turn what libraries raise over a broken or missing checkpoint into one line, and show nothing else meanwhile."""
    check_place(path)
    verbosity, had_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # of tables of weights that do not fit, before the error that says so
    logging.disable_progress_bar()
    try:
        if os.path.isdir(path):
            _check_files(Path(path))
        yield
    except Exception as error:  # a checkpoint may be broken, or made up, in any way, and libraries raise anything
        raise ValueError(f"{path} is no whole {thing}: {_reason(error)} {advice}") from error
    finally:
        logging.set_verbosity(verbosity)
        if had_bars:
            logging.enable_progress_bar()


def _reason(error: Exception) -> str:
    """An error in one line, as a sentence."""
    if "ignore_mismatched_sizes" in str(error):
        return "its weights have other shapes than config.json says."
    lines = [line.strip() for line in str(error).splitlines() if line.strip()][:2]
    reason = " ".join(lines)[:300]
    if not reason or isinstance(error, KeyError | IndexError | AttributeError):
        reason = f"{type(error).__name__} {reason}".rstrip()
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."
