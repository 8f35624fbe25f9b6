"""A network, a tokenizer and made-up records so small that a test builds or copies them in no time."""

from dataclasses import fields

import torch
from transformers import BertConfig

from modeling_dicmt.configuration_dicmt import DicMTConfig
from modeling_dicmt.configuration_dicmt_nested import DicMTNestedConfig
from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.modeling_dicmt_nested import DicMTForNestedEntities
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer, character_vocabulary

ENTITY_TYPES = ["Disease", "Anatomy", "Drug"]
TERMS = {
    "肺炎": ["disease"],
    "高血压": ["disease"],
    "左肺": ["anatomy"],
    "肺": ["anatomy"],
    "胃窦部": ["anatomy"],
    "阿莫西林": ["drug"],
    "胃炎": ["disease", "anatomy"],
}
LISTS_OF_TYPE = {"Disease": ["disease"], "Anatomy": ["anatomy"], "Drug": ["drug"]}

# No sentence is longer than 250 characters; the second is long enough to need padding of the others.
SENTENCES = [
    "患者左肺见阴影，考虑肺炎。",
    "既往有高血压病史10余年，规律服用阿莫西林　0.5g，否认糖尿病，胃镜示胃窦部充血水肿，考虑胃炎。",
    "CT示𠂇侧肺\t气肿😀。",
    "痛",
]
RECORDS = ["".join(SENTENCES[:2]), SENTENCES[2] + "\n" + SENTENCES[0], "", SENTENCES[3]]


def make_tokenizer(**settings) -> DicMTTokenizer:
    settings = {
        "vocab": character_vocabulary(SENTENCES, TERMS, min_count=1),
        "dictionary": ClinicalDictionary(TERMS),
        "entity_types": ENTITY_TYPES,
        "lists_of_type": LISTS_OF_TYPE,
    } | settings
    return DicMTTokenizer(**settings)


def make_config(**settings) -> DicMTConfig:
    settings = {
        "entity_types": ENTITY_TYPES,
        "vocab_size": len(make_tokenizer()),
        "character_embedding_size": 12,
        "radical_embedding_size": 6,
        "lstm_hidden_size": 10,
    } | settings
    unknown = settings.keys() - {"num_labels", *(item.name for item in fields(DicMTConfig))}
    assert not unknown, f"a configuration keeps any setting, also one that nothing reads: {unknown}"
    return DicMTConfig(**settings)


def make_encoder_config(**settings) -> BertConfig:
    settings = {
        "vocab_size": len(make_tokenizer()) + 2,
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 20,
        "max_position_embeddings": 80,
        "pad_token_id": 0,
    } | settings
    return BertConfig(**settings)


def make_encoder_settings(**settings) -> dict:
    """Settings of a network with a BERT encoder; [CLS] and [SEP] have the two ids after the characters'."""
    begin = len(make_tokenizer())
    return {
        "encoder_config": make_encoder_config(),
        "encoder_begin_token_id": begin,
        "encoder_end_token_id": begin + 1,
    } | settings


def make_language_model_settings() -> dict:
    """Settings of a network that reads a pre-trained one's states."""
    sizes = {
        "character_embedding_size": 5,
        "bigram_embedding_size": 3,
        "num_bigram_buckets": 30,
        "radical_embedding_size": 2,
        "lstm_hidden_size": 7,
    }
    embeddings = {name: size for name, size in sizes.items() if name != "lstm_hidden_size"}
    return {"language_model": sizes} | embeddings


def make_model(seed: int = 0, **settings) -> DicMTForTokenClassification:
    """A network in evaluation mode, with weights so large that its answers differ from character to character."""
    torch.manual_seed(seed)
    model = DicMTForTokenClassification(make_config(**settings))
    language_model = model.dicmt.language_model
    for module, scale in (
        (model.dicmt.context, 1.0),
        (language_model and language_model.context, 1.0),
        (model.segmenter, 2.0),
        (model.classifier, 6.0),
        (model.crf, 0.5),
    ):
        for name, parameter in module.named_parameters() if module is not None else ():
            if "bias" not in name:
                torch.nn.init.normal_(parameter, std=scale)
    return model.eval()


SPAN_LISTS = ["anatomy", "disease", "drug"]


def make_span_tokenizer(**settings) -> DicMTTokenizer:
    """The tokenizer of `make_span_model`, whose terms are evidence for spans."""
    return make_tokenizer(**({"span_lists": SPAN_LISTS} | settings))


def make_span_model(seed: int = 0, **settings) -> DicMTForNestedEntities:
    """A network with a span head, in evaluation mode, that finds spans of all kinds: nested, crossing, many."""
    settings = {
        "entity_types": ENTITY_TYPES,
        "vocab_size": len(make_tokenizer()),
        "character_embedding_size": 12,
        "radical_embedding_size": 6,
        "lstm_hidden_size": 10,
        "span_head_size": 8,
        "max_span_length": 7,
        "span_lists": SPAN_LISTS,
        "span_overlap": "crossing",
    } | settings
    torch.manual_seed(seed)
    model = DicMTForNestedEntities(DicMTNestedConfig(**settings))
    for module, scale in ((model.dicmt.context, 1.0), (model.segmenter, 2.0), (model.spans, 0.5)):
        for name, parameter in module.named_parameters() if module is not None else ():
            if "bias" not in name:
                torch.nn.init.normal_(parameter, std=scale)
    return model.eval()


def rounded(answers: list) -> list:
    """Entities of records, their scores without what differs from batch to batch in fp32."""
    return [[item | {"score": round(item["score"], 4)} for item in found] for found in answers]
