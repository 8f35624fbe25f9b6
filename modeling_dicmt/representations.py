"""A character's representation `p_t ⊕ r_t ⊕ d_t`: encoder or embedding, radical, dictionary feature (section 3.1)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel

from .bilstm import Rows
from .configuration_dicmt import DicMTConfig


class BertFamilyEncoder(nn.Module):
    """A BERT-family encoder seen as a character encoder: [CLS] and [SEP] exist in here and nowhere else.

    Args:
        config: The network's configuration; `encoder_config` and the two encoder token ids must be set.

    Raises:
        ValueError: If a token id is missing.
    """

    def __init__(self, config: DicMTConfig):
        super().__init__()
        if config.encoder_begin_token_id is None or config.encoder_end_token_id is None:
            raise ValueError("A network with an encoder needs encoder_begin_token_id and encoder_end_token_id.")
        self.model = AutoModel.from_config(config.encoder_config, add_pooling_layer=False)
        self.frozen = config.freeze_encoder
        self.begin, self.end, self.pad = config.encoder_begin_token_id, config.encoder_end_token_id, config.pad_token_id
        self.output_size = config.encoder_config.hidden_size
        self.max_characters = config.encoder_config.max_position_embeddings - 2
        self.model.requires_grad_(not self.frozen)

    def train(self, mode: bool = True) -> "BertFamilyEncoder":
        super().train(mode)
        if self.frozen:  # no dropout in a frozen encoder: its outputs are constants
            self.model.eval()
        return self

    def forward(self, input_ids: Tensor, lengths: Tensor) -> Tensor:
        """Contextual representations (B, L, hidden_size) of the characters (B, L), padded at the right."""
        length = input_ids.size(1)
        if length > self.max_characters:
            raise ValueError(
                f"The encoder takes {self.max_characters} characters at most, got a sentence of {length}: "
                "cut sentences to max_sentence_length before they are encoded."
            )
        places = torch.arange(length + 2, device=input_ids.device)
        framed = functional.pad(input_ids, (1, 1), value=self.pad).masked_fill(places == 0, self.begin)
        framed = framed.masked_fill(places == (lengths + 1)[:, None], self.end)
        mask = places < (lengths + 2)[:, None]
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            hidden = self.model(input_ids=framed, attention_mask=mask.long()).last_hidden_state
        return hidden[:, 1:-1]


class BigramEmbedding(nn.Module):
    """Embeddings of the two bigrams that a character is part of, hashed into one table (not in the paper).

    A feature CRF's strength on small corpora is its character n-grams; this gives the network the same evidence.
    Computed from `input_ids`, so that nothing but characters travels to the network.

    Args:
        size: Width of a bigram's embedding.
        num_buckets: Rows of the table besides the one for padding.
        dropout: Share of bigrams left out in training.
    """

    def __init__(self, size: int, num_buckets: int, dropout: float):
        super().__init__()
        self.num_buckets = num_buckets
        self.dropout = dropout
        self.table = nn.Embedding(num_buckets + 1, size, padding_idx=0)
        self.output_size = 2 * size

    def buckets(self, first: Tensor, second: Tensor) -> Tensor:
        """Rows of the table, 1…num_buckets, of bigrams given by the ids of their characters."""
        mixed = torch.bitwise_xor(first.long() * 73_856_093, second.long() * 19_349_663)
        return mixed % self.num_buckets + 1

    def forward(self, input_ids: Tensor, mask: Tensor) -> Rows:
        """The bigrams before and after each character, from (B, L) ids, padded at the right by one and the same id."""
        outside = input_ids.new_zeros(input_ids.size(0), 1)
        framed = torch.cat([outside, input_ids.masked_fill(~mask, 0), outside], dim=1)  # (B, L + 2)
        rows = self.buckets(framed[:, :-1], framed[:, 1:])  # (B, L + 1)
        if self.training and self.dropout:
            rows = rows.masked_fill(torch.rand(rows.shape, device=rows.device) < self.dropout, 0)
        return Rows(self.table, torch.stack([rows[:, :-1], rows[:, 1:]], dim=-1))


class CharacterRepresentation(nn.Module):
    """`p_t ⊕ r_t ⊕ d_t` for each character, of width `output_size`."""

    def __init__(self, config: DicMTConfig):
        super().__init__()
        self.config = config
        self.encoder = self.characters = self.bigrams = self.radicals = None
        if config.encoder_config is not None:
            self.encoder = BertFamilyEncoder(config)
            size = self.encoder.output_size
        else:
            size = config.character_embedding_size
            self.characters = nn.Embedding(config.vocab_size, size, padding_idx=config.pad_token_id)
        if config.bigram_embedding_size:
            self.bigrams = BigramEmbedding(
                config.bigram_embedding_size, config.num_bigram_buckets, config.bigram_dropout
            )
            size += self.bigrams.output_size
        if config.radical_embedding_size:
            self.radicals = nn.Embedding(config.num_radicals, config.radical_embedding_size, padding_idx=0)
            size += config.radical_embedding_size
        self.dictionary_size = config.dictionary_feature_size
        self.output_size = size + self.dictionary_size

    def forward(
        self,
        input_ids: Tensor,
        mask: Tensor,
        lengths: Tensor,
        radical_ids: Tensor | None,
        dictionary_features: Tensor | None,
    ) -> list[Tensor | Rows]:
        """Represent characters, padded at the right, in parts: `concatenate` puts them side by side.

        Args:
            input_ids: (B, L) character ids.
            mask: (B, L), True for characters.
            lengths: (B,) characters a sentence, at least 1.
            radical_ids: (B, L), needed where the network has radical embeddings.
            dictionary_features: (B, L, D), needed where the network has dictionary features at its input.

        Returns:
            Parts whose widths add up to output_size.

        Raises:
            ValueError: If an input that the network needs is missing or of another width.
        """
        config = self.config
        if self.training and config.character_dropout and self.encoder is None:
            dropped = (torch.rand(input_ids.shape, device=input_ids.device) < config.character_dropout) & mask
            input_ids = input_ids.masked_fill(dropped, config.unk_token_id)
        if self.encoder is not None:
            parts: list[Tensor | Rows] = [self.encoder(input_ids, lengths)]
        else:
            parts = [Rows(self.characters, input_ids[..., None])]
        if self.bigrams is not None:
            parts.append(self.bigrams(input_ids, mask))
        if self.radicals is not None:
            if radical_ids is None:
                raise ValueError("This network embeds radicals: pass radical_ids, as DicMTTokenizer returns them.")
            parts.append(Rows(self.radicals, radical_ids.long()[..., None]))
        if self.dictionary_size:
            first = parts[0].table.weight if isinstance(parts[0], Rows) else parts[0]
            parts.append(self.dictionary(dictionary_features, mask).to(first.dtype))
        return parts

    def dictionary(self, features: Tensor | None, mask: Tensor) -> Tensor:
        """The dictionary features as the network takes them: fp32 (B, L, D), zero at padding, some hidden in training.

        Raises:
            ValueError: If they are missing or of another width.
        """
        config = self.config
        if features is None:
            raise ValueError(
                "This network uses dictionary features: pass dictionary_features, as DicMTTokenizer returns them."
            )
        if features.size(-1) != config.dictionary_feature_size:
            raise ValueError(
                f"Expected dictionary features of width {config.dictionary_feature_size}, got {features.size(-1)}: the "
                "tokenizer's n-gram sizes and entity types, and whether it has columns of vetted_terms, must be as the "
                "network's."
            )
        features = features.to(mask.device).masked_fill(~mask[..., None], 0).float()
        if self.training and config.dictionary_dropout and config.reference_feature_size:
            reference, vetted = features.tensor_split([config.reference_feature_size], dim=-1)
            # (B, L, sizes × directions, bits): a code is kept or left out whole
            codes = reference.unflatten(-1, (-1, config.dictionary_code_width))
            kept = torch.rand((*codes.shape[:-1], 1), device=codes.device) >= config.dictionary_dropout
            features = torch.cat([(codes * kept).flatten(-2), vetted], dim=-1)
        return features


def embedding_bound(size: int) -> float:
    """±sqrt(3 / size), between which the paper draws character embeddings."""
    return math.sqrt(3 / size)
