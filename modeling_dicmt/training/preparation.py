"""Arguments → tokenizer and network."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer, PreTrainedConfig

from ..commands.checkpoint import is_encoder, load_config, load_encoder_config, load_pretrained, load_tokenizer
from ..configuration_dicmt import LANGUAGE_MODEL_SIZES, DicMTConfig
from ..dictionary import ClinicalDictionary
from ..modeling_dicmt import DicMTForTokenClassification
from ..normalization import normalize
from ..pretraining_dicmt import DicMTForPreTraining
from ..span_decoding import OVERLAPS
from ..tokenization_dicmt import PAD_TOKEN, UNK_TOKEN, DicMTTokenizer, character_vocabulary
from .arguments import ModelArguments
from .span_examples import SpanExamples, longest_span
from .transfer import transfer_network
from .vocabulary import check_vocabulary, count_characters

logger = logging.getLogger(__name__)

# Of the entities, how many a span head can find: the few longest ones would make it slow.
SHARE_OF_LENGTHS = 0.997

# What a recogniser starts from a pre-trained network's: its embeddings, by their sizes. Bigrams are not among them: a
# table that is large enough for a whole language makes small steps slow, and brought nothing.
EMBEDDINGS = {"characters": "character_embedding_size", "radicals": "radical_embedding_size"}


def resolve_pretrained(model: ModelArguments) -> ModelArguments:
    """The same arguments, an encoder that `--pretrained` names under the name of encoders.

    `run_mlm.py` writes a folder of either kind, and this alone tells them apart.

    Raises:
        ValueError: If it names neither a network that `run_mlm.py` wrote nor an encoder, or an encoder is to be used in
            a way that is none.
    """
    if model.pretrained is None or not is_encoder(model.pretrained):
        return model
    if model.pretrained_as is not None:
        raise ValueError(
            f"--pretrained_as is a matter of character networks, and {model.pretrained} is an encoder: leave it out."
        )
    return replace(model, encoder_name_or_path=model.pretrained, pretrained=None)


def build_tokenizer(
    model: ModelArguments,
    texts: Sequence[str],
    entity_types: Sequence[str],
    dictionary: ClinicalDictionary | None = None,
    lists_of_type: Mapping[str, Sequence[str]] | None = None,
    precedence: Sequence[str] | None = None,
    withhold_dictionary: bool = False,
    corpus_labels: Mapping[str, str] | None = None,
    span_lists: Sequence[str] | None = None,
) -> DicMTTokenizer:
    """The network's tokenizer, of the checkpoint's, the encoder's or the training part's vocabulary.

    Args:
        model: What the network is made of.
        texts: The training part's texts.
        entity_types: Entity types in the order in which the network numbers them.
        dictionary: The terms; None for those of the checkpoint that is started from, or none.
        lists_of_type: The dictionary's lists for each entity type; default: those named as the type is.
        precedence: Entity types whose code a term of several types gets first.
        withhold_dictionary: Whether the dictionary is to stay here: a new vocabulary then has no character of its terms
            that the texts lack.
        corpus_labels: What the corpus calls the entity types; default: the checkpoint's that is started from, or none.
        span_lists: The dictionary's lists that are evidence for spans, where the network scores spans.

    Raises:
        ValueError: If a dictionary is given of which no term can ever match, or a pre-trained network is one of other
            characters.
    """
    model = resolve_pretrained(model)
    settings: dict[str, Any] = {
        "ngram_sizes": model.ngram_sizes if dictionary is not None else [],
        "multi_hot_dictionary": model.multi_hot_dictionary,
        "vetted_terms": model.vetted_terms,
        "max_sentence_length": model.max_sentence_length,
        "span_lists": span_lists,
    }
    terms = ClinicalDictionary({}) if dictionary is None else dictionary
    if model.model_name_or_path is not None:
        before = load_tokenizer(model.model_name_or_path)
        vocab = before.get_vocab()
        if len(before.terms):
            logger.warning(
                "%s: its %d vetted terms are not taken along. Give them where records are recognised, or save them "
                "with the new network's tokenizer.",
                model.model_name_or_path,
                len(before.terms),
            )
        settings |= {name: before.init_kwargs[name] for name in settings if name != "span_lists"}
        if span_lists is not None and dictionary is None:
            own = before.init_kwargs["span_lists"]
            settings["span_lists"] = sorted(before.dictionary.lists) if own is None else own
        same_types = list(entity_types) == before.entity_types
        if same_types and precedence is None:
            precedence = before.init_kwargs["precedence"]
        if dictionary is None:
            terms = before.dictionary
            if same_types:
                lists_of_type = before.init_kwargs["lists_of_type"]
    elif model.encoder_name_or_path is not None:
        load_encoder_config(model.encoder_name_or_path)  # tells what is no encoder
        encoder_tokenizer = AutoTokenizer.from_pretrained(model.encoder_name_or_path)
        vocab = renamed_special_tokens(encoder_tokenizer)
    elif model.pretrained is not None:
        vocab = load_tokenizer(model.pretrained).get_vocab()
        remedy = "Pass one of the records' script and language, or leave the option out."
        check_vocabulary(vocab, count_characters(texts), f"--pretrained {model.pretrained}", remedy)
    else:
        vocab = character_vocabulary(texts, () if withhold_dictionary else terms)
        if model.character_vectors is not None:
            characters = sorted(read_character_vectors(model.character_vectors)[0])
            vocab |= {token: index for index, token in enumerate((c for c in characters if c not in vocab), len(vocab))}
    tokenizer = DicMTTokenizer(
        vocab=vocab,
        dictionary=terms,
        entity_types=entity_types,
        lists_of_type=lists_of_type,
        precedence=precedence,
        corpus_labels=corpus_labels,
        **settings,
    )
    if dictionary is not None:
        tokenizer.dictionary_matcher.check_usable("the dictionary")
    return tokenizer


def build_model(
    model: ModelArguments,
    tokenizer: DicMTTokenizer,
    seed: int,
    network_class: type[DicMTForTokenClassification] = DicMTForTokenClassification,
) -> DicMTForTokenClassification:
    """The network: a checkpoint's, put onto the tokenizer's entity types and the head, or a new one.

    What a checkpoint cannot give, because head, label set or the dictionary's width differ, is initialised and logged.

    Args:
        model: What the network is made of.
        tokenizer: Its tokenizer.
        seed: Seed of what is initialised.
        network_class: The network's class; settings of `model` that its configuration has become that's.

    Raises:
        ValueError: If the encoder takes shorter sentences than they are cut to.
    """
    model = resolve_pretrained(model)
    torch.manual_seed(seed)
    if model.model_name_or_path is not None:
        _warn_of_ignored_settings(model)
        return transfer_network(model, tokenizer, network_class.config_class.scores_spans)
    settings = {name: getattr(model, name) for name in network_settings(model, network_class.config_class)}
    vectors = pretrained = None
    if model.encoder_name_or_path is not None:
        encoder_tokenizer = AutoTokenizer.from_pretrained(model.encoder_name_or_path)
        settings["encoder_config"] = load_encoder_config(model.encoder_name_or_path)
        settings["encoder_begin_token_id"] = encoder_tokenizer.cls_token_id
        settings["encoder_end_token_id"] = encoder_tokenizer.sep_token_id
    elif model.pretrained is not None:
        pretrained = load_pretrained(model.pretrained)
        sizes = {name: getattr(pretrained.config, name) for name in LANGUAGE_MODEL_SIZES}
        settings |= {name: sizes[name] for name in EMBEDDINGS.values()}
        if model.pretrained_as != "embeddings":
            settings["language_model"] = sizes
    elif model.character_vectors is not None:
        vectors, settings["character_embedding_size"] = read_character_vectors(model.character_vectors)
    if network_class.config_class.scores_spans:
        settings["span_lists"] = tokenizer.init_kwargs["span_lists"]
    config = network_class.config_class(
        entity_types=list(tokenizer.entity_types),
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        unk_token_id=tokenizer.unk_token_id,
        ngram_sizes=tokenizer.init_kwargs["ngram_sizes"],
        **settings,
    )
    network = network_class(config)
    if model.encoder_name_or_path is not None:
        check_positions(model.encoder_name_or_path, config.encoder_config, config.max_sentence_length)
        encoder = AutoModel.from_pretrained(model.encoder_name_or_path, add_pooling_layer=False, dtype=torch.float32)
        encoder.requires_grad_(not model.freeze_encoder)
        network.dicmt.representation.encoder.model = encoder
    if vectors is not None:
        _set_character_vectors(network, tokenizer, vectors)
    if pretrained is not None:
        _take_pretrained(network, pretrained)
    return network


def with_span_settings(model: ModelArguments, examples: SpanExamples, overlap: str) -> ModelArguments:
    """The arguments with what those of a span head leave to the training part.

    Args:
        model: The arguments; a checkpoint that they name finds no less than before.
        examples: The training part.
        overlap: What its entities do: "crossing", "nested" or "none".
    """
    longest = longest_span(examples, SHARE_OF_LENGTHS)
    before = None if model.model_name_or_path is None else load_config(model.model_name_or_path)
    if before is not None and before.scores_spans:
        longest = max(longest, before.max_span_length)
        overlap = min(overlap, before.span_overlap, key=OVERLAPS.index)
    longest = model.max_span_length or longest
    sizes = np.concatenate([np.zeros(1, dtype=np.int64), *(rows[:, 1] - rows[:, 0] for rows in examples.entities)])
    beyond = int((sizes > longest).sum())
    if beyond:
        logger.warning(
            "Spans of up to %d characters are scored: %d of %d entities of the training part are longer, up to "
            "%d, and are never found. --max_span_length %d would find them, in more time.",
            longest,
            beyond,
            len(sizes) - 1,
            sizes.max(),
            sizes.max(),
        )
    return replace(
        model,
        max_span_length=longest,
        span_overlap=overlap if model.span_overlap == "auto" else model.span_overlap,
    )


def network_settings(model: ModelArguments, config_class: type[DicMTConfig] = DicMTConfig) -> list[str]:
    """Settings of the command line that a network's configuration takes over as they are."""
    known = {item.name for item in fields(config_class)}
    return [item.name for item in fields(model) if item.name in known and item.name != "ngram_sizes"]


def renamed_special_tokens(encoder_tokenizer: Any) -> dict[str, int]:
    """An encoder's vocabulary, its padding and unknown tokens under the names that DicMTTokenizer gives them."""
    names = {encoder_tokenizer.pad_token: PAD_TOKEN, encoder_tokenizer.unk_token: UNK_TOKEN}
    return {names.get(token, token): index for token, index in encoder_tokenizer.get_vocab().items()}


def check_positions(name: str, config: PreTrainedConfig, max_sentence_length: int) -> None:
    """Raise ValueError if an encoder, which the message calls `name`, takes shorter sentences than they are cut to."""
    limit = config.max_position_embeddings - 2  # of which [CLS] and [SEP] have one each
    if max_sentence_length > limit:
        raise ValueError(
            f"{name} takes {limit} characters at most, but sentences are cut after {max_sentence_length} only: pass "
            f"--max_sentence_length {limit}."
        )


def read_character_vectors(path: str) -> tuple[dict[str, np.ndarray], int]:
    """Vectors of single characters from a word2vec text file, and their width; longer words are passed over.

    Raises:
        ValueError: If a line is malformed, with file and line, or there is no single character.
    """
    vectors: dict[str, np.ndarray] = {}
    with open(path, encoding="utf-8") as lines:
        header = next(lines, "").split()
        if len(header) != 2 or not all(item.isdigit() for item in header):
            raise ValueError(f"{path}, line 1: expected the number of words and their width, as word2vec writes them.")
        width = int(header[1])
        for number, line in enumerate(lines, start=2):
            word, *values = line.rstrip().rsplit(" ", width)
            if len(values) != width:
                raise ValueError(f"{path}, line {number}: expected a word and {width} numbers, got {len(values)}.")
            if len(word) == 1:
                try:
                    vector = np.array(values, dtype=np.float32)
                except ValueError as error:
                    raise ValueError(f"{path}, line {number}: {error}.") from error
                # Text is normalised, so a full-width form serves only where its plain form has no vector.
                character = normalize(word)
                if character == word or character not in vectors:
                    vectors[character] = vector
    if not vectors:
        raise ValueError(f"{path} has vectors of longer words only, no single character: give vectors of characters.")
    return vectors, width


def _take_pretrained(network: DicMTForTokenClassification, pretrained: DicMTForPreTraining) -> None:
    """Give a network the pre-trained one beside it, where it has a place for that, and embeddings to start from."""
    if network.dicmt.language_model is not None:
        network.dicmt.language_model.load_state_dict(pretrained.dicmt.state_dict())
    own, others = network.dicmt.representation, pretrained.dicmt.representation
    for part in EMBEDDINGS:
        if getattr(others, part) is not None:
            getattr(own, part).load_state_dict(getattr(others, part).state_dict())


def _set_character_vectors(
    network: DicMTForTokenClassification, tokenizer: DicMTTokenizer, vectors: Mapping[str, np.ndarray]
) -> None:
    weight = network.dicmt.representation.characters.weight
    # Vectors from a file come in any scale; the network's own embeddings have a fixed one.
    scale = float(weight.detach().std()) / float(np.stack(list(vectors.values())).std())
    found = [(index, vectors[token]) for token, index in tokenizer.get_vocab().items() if token in vectors]
    with torch.no_grad():
        for index, vector in found:
            weight[index] = torch.from_numpy(vector * scale)
    logger.info("Character vectors: %d of %d characters of the vocabulary found.", len(found), len(tokenizer))


def _warn_of_ignored_settings(model: ModelArguments) -> None:
    defaults = ModelArguments()
    settings = [*network_settings(model), "ngram_sizes", "encoder_name_or_path", "character_vectors"]
    if load_config(model.model_name_or_path).scores_spans:
        settings.append("span_head_size")
    ignored = [f"--{name}" for name in settings if getattr(model, name) != getattr(defaults, name)]
    if ignored:
        logger.warning("Settings of the network are those of the checkpoint; ignored: %s.", ", ".join(ignored))
