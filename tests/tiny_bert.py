"""A BERT over single characters, so small that a test makes it on the spot, and other encoders of its family."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForMaskedLM, BertTokenizer, PreTrainedModel

from modeling_dicmt.tokenization_dicmt import DicMTTokenizer
from modeling_dicmt.training.preparation import renamed_special_tokens

SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 20,
    "max_position_embeddings": 260,
    "pad_token_id": 0,
}


def make_bert_tokenizer(characters: Iterable[str]) -> BertTokenizer:
    """BERT's own tokenizer over some characters, which have the ids after the special tokens'."""
    tokens = [*SPECIAL_TOKENS, *dict.fromkeys(characters)]
    return BertTokenizer(vocab={token: index for index, token in enumerate(tokens)})


def character_tokenizer(tokenizer: BertTokenizer) -> DicMTTokenizer:
    """What gives single characters the same ids."""
    return DicMTTokenizer(renamed_special_tokens(tokenizer), entity_types=["Disease"], ngram_sizes=[])


def make_masked_language_model(vocab_size: int, model_type: str = "bert", **settings: Any) -> PreTrainedModel:
    """An untrained network with the head that guesses tokens."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(model_type, **SIZES | {"vocab_size": vocab_size} | settings)
    return AutoModelForMaskedLM.from_config(config)


def write_bert(folder: Path, characters: Iterable[str], **settings: Any) -> Path:
    """Write a checkpoint as transformers does; returns its folder."""
    tokenizer = make_bert_tokenizer(characters)
    make_masked_language_model(len(tokenizer), **settings).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
