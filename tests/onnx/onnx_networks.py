"""Networks of every make that is exported."""

from tiny_network import make_encoder_settings, make_language_model_settings, make_model, make_tokenizer

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


def make(name):
    network, tokenizer = NETWORKS[name]
    return make_model(**network), make_tokenizer(**tokenizer)
