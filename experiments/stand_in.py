"""An encoder with random weights, to try systems on BERT where no encoder is at hand; their figures say nothing."""

from collections.abc import Iterable
from pathlib import Path

import torch
from transformers import BertConfig, BertModel, BertTokenizer

SIZES = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 128}
MAX_POSITIONS = 512


def write_untrained_encoder(texts: Iterable[str], folder: Path) -> str:
    """Write a small BERT, the same for the same texts, whose vocabulary is their characters; returns the folder."""
    if not (folder / "model.safetensors").exists():
        folder.mkdir(parents=True, exist_ok=True)
        characters = sorted({character for text in texts for character in text if not character.isspace()})
        vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters]
        (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
        BertTokenizer(str(folder / "vocab.txt"), model_max_length=MAX_POSITIONS).save_pretrained(folder)
        torch.manual_seed(0)
        config = BertConfig(vocab_size=len(vocabulary), max_position_embeddings=MAX_POSITIONS, pad_token_id=0, **SIZES)
        BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return str(folder)
