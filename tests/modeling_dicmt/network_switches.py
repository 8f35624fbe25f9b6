"""Settings that switch the network's parts on and off, and batches for networks with any of them."""

import pytest
import torch
from tiny_network import ENTITY_TYPES, SENTENCES, make_encoder_settings, make_language_model_settings, make_tokenizer

from modeling_dicmt.tagging import IGNORED_TAG, spans_to_tags

SWITCHES = {
    "defaults": {},
    "softmax": {"tag_decoder": "softmax"},
    "all_transitions": {"exclude_illegal_transitions": False},
    "recognition_only": {"segmentation_task": False},
    "segmentation_only": {"recognition_task": False},
    "no_radicals": {"radical_embedding_size": 0},
    "no_dictionary": {"ngram_sizes": []},
    "multi_hot": {"multi_hot_dictionary": True},
    "vetted_terms": {"vetted_terms": True},
    "vetted_terms_alone": {"vetted_terms": True, "ngram_sizes": []},
    "bigrams": {"bigram_embedding_size": 4, "num_bigram_buckets": 50},
    "no_context": {"context_encoder": "none"},
    "language_model": make_language_model_settings(),
    "language_model_without_context": make_language_model_settings() | {"context_encoder": "none"},
    "tuned_encoder": make_encoder_settings(),
    "frozen_encoder": make_encoder_settings(freeze_encoder=True),
}
each_switch = pytest.mark.parametrize("name", SWITCHES)


def make_batch(config, sentences=SENTENCES, labels=True, seed=4, **padding):
    """The network's inputs, with legal labels drawn at random."""
    tokenizer = make_tokenizer(
        ngram_sizes=config.ngram_sizes,
        multi_hot_dictionary=config.multi_hot_dictionary,
        vetted_terms=config.vetted_terms,
        terms={"Drug": ["服用", "痛"], "Disease": ["阴影，考虑"]},
        **padding,
    )
    batch = dict(tokenizer(list(sentences), padding=True, return_tensors="pt"))
    if labels:
        generator = torch.Generator().manual_seed(seed)
        batch["labels"] = torch.full_like(batch["input_ids"], IGNORED_TAG)
        for row, sentence in enumerate(sentences):
            draws = torch.randint(1, 5, (len(sentence),), generator=generator).tolist()
            spans, start = [], 0
            while start < len(sentence):  # entities and gaps of 1 to 4 characters
                end = min(start + draws[start], len(sentence))
                if draws[start] % 2:
                    spans.append((start, end, ENTITY_TYPES[draws[start] % 3]))
                start = end + draws[start] // 3
            tags = torch.tensor(spans_to_tags(spans, len(sentence), config.label2id), dtype=torch.long)
            batch["labels"][row, batch["attention_mask"][row].bool()] = tags
    return batch
