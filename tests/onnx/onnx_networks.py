"""Networks of every make that is exported."""

from tiny_network import (
    make_encoder_settings,
    make_language_model_settings,
    make_model,
    make_span_model,
    make_span_tokenizer,
    make_tokenizer,
)

NETWORKS = {
    "plain": ({"bigram_embedding_size": 3, "num_bigram_buckets": 40}, {}),
    "encoder": (make_encoder_settings(), {}),
    "language model": (make_language_model_settings(), {}),
    "characters alone": ({"radical_embedding_size": 0, "ngram_sizes": []}, {"ngram_sizes": []}),
    "no context": ({"context_encoder": "none"}, {}),
    "softmax": ({"tag_decoder": "softmax"}, {}),
    "all transitions": ({"exclude_illegal_transitions": False}, {}),
    "recognition alone": ({"segmentation_task": False}, {}),
    "vetted terms": ({"vetted_terms": True}, {"vetted_terms": True, "terms": {"Drug": ["服用", "患者"]}}),
}

# With a span head.
SPAN_NETWORKS = {
    "spans": ({"span_overlap": "nested"}, {}),
    "spans, vetted terms": (
        {"vetted_terms": True, "span_threshold": 0.3},
        {"vetted_terms": True, "terms": {"Drug": ["服用", "患者"]}},
    ),
    "spans of a word": ({"max_span_length": 2, "span_overlap": "none"}, {}),
    "spans longer than sentences": ({"max_span_length": 70}, {}),
    "spans, encoder": (make_encoder_settings(), {}),
    "spans alone": ({"segmentation_task": False, "span_lists": None}, {"span_lists": None}),
}


def make(name):
    if name in SPAN_NETWORKS:
        network, tokenizer = SPAN_NETWORKS[name]
        return make_span_model(**network), make_span_tokenizer(**tokenizer)
    network, tokenizer = NETWORKS[name]
    return make_model(**network), make_tokenizer(**tokenizer)
