"""Arguments and text → tokenizer and character networks of a pre-training."""

from collections.abc import Mapping
from dataclasses import fields

import torch

from ..configuration_dicmt import DicMTConfig
from ..pretraining_dicmt import DicMTForPreTraining
from ..tokenization_dicmt import PAD_TOKEN, UNK_TOKEN, DicMTTokenizer
from .pretraining_arguments import PreTrainedModelArguments


def build_pretraining_tokenizer(model: PreTrainedModelArguments, counts: Mapping[str, int]) -> DicMTTokenizer:
    """The tokenizer of a network for pre-training: its vocabulary is in the order of the characters' frequency.

    Args:
        model: What the network is made of.
        counts: How often each normalised character occurs in the text.

    Raises:
        ValueError: If no character is frequent enough.
    """
    frequent = [character for character, count in counts.items() if count >= model.min_character_count]
    if not frequent:
        raise ValueError(
            f"No character of the text occurs {model.min_character_count} times: give more text, or a smaller "
            "--min_character_count."
        )
    ordered = sorted(frequent, key=lambda character: (-counts[character], character))
    vocab = {token: index for index, token in enumerate((PAD_TOKEN, UNK_TOKEN, *ordered))}
    entity_types = DicMTConfig().entity_types  # a network's labels and features need some; there are none here
    return DicMTTokenizer(
        vocab, entity_types=entity_types, ngram_sizes=[], max_sentence_length=model.max_sentence_length
    )


def build_pretraining_network(
    model: PreTrainedModelArguments, tokenizer: DicMTTokenizer, seed: int
) -> DicMTForPreTraining:
    """A new network for pre-training.

    Args:
        model: What it is made of.
        tokenizer: Its tokenizer.
        seed: Seed of its weights.
    """
    torch.manual_seed(seed)
    config = DicMTConfig(
        entity_types=list(tokenizer.entity_types),
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        unk_token_id=tokenizer.unk_token_id,
        ngram_sizes=[],
        **{item.name: getattr(model, item.name) for item in fields(model) if item.name in DicMTConfig.__annotations__},
    )
    return DicMTForPreTraining(config)
