"""Arguments → records, tokenizer and network."""

import logging
from collections.abc import Mapping, Sequence
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer

from data_scripts import flatten_outermost, label_set_of, load_corpus

from ..configuration_dicmt import DicMTConfig
from ..dictionary import ClinicalDictionary
from ..lists_of_type import default_lists_of_type, read_lists_of_type
from ..modeling_dicmt import DicMTForTokenClassification
from ..normalization import normalize
from ..tokenization_dicmt import PAD_TOKEN, UNK_TOKEN, DicMTTokenizer, character_vocabulary
from .arguments import DataArguments, ModelArguments
from .starting_checkpoint import load_config, load_tokenizer, transfer_network, types_as_in_checkpoint

logger = logging.getLogger(__name__)

Records = list[dict[str, Any]]

# Settings of the command line that a network takes over as they are.
_NETWORK_SETTINGS = (
    "freeze_encoder character_embedding_size bigram_embedding_size num_bigram_buckets radical_embedding_size "
    "multi_hot_dictionary window_convolution_size context_encoder lstm_hidden_size dilated_cnn_size attention_heads "
    "dictionary_lstm_hidden_size dropout character_dropout bigram_dropout dictionary_dropout decoder "
    "exclude_illegal_transitions recognition_task segmentation_task recognition_loss_weight segmentation_loss_weight "
    "max_sentence_length"
).split()


def load_records(arguments: DataArguments) -> tuple[dict[str, Records], list[str]]:
    """Read the corpus.

    Returns:
        The records of `train`, `validation` and, where there is one, `test`; and the entity types in the label set's
        order.

    Raises:
        CorpusError: If a file of the corpus is wrong.
        ValueError: If a part that is needed has no record.
    """
    # Records are private: without a cache folder asked for, no copy of them stays behind in one.
    with TemporaryDirectory(prefix="dicmt-") as scratch:
        corpus = load_corpus(
            arguments.dataset_name,
            arguments.data_dir,
            cache_dir=arguments.cache_dir or scratch,
            validation_share=arguments.validation_share,
            seed=arguments.split_seed,
            flatten="forbid" if arguments.flatten == "forbid" else None,
        )
        entity_types = [entity_type.name for entity_type in label_set_of(arguments.dataset_name, corpus)]
        limits = {"train": arguments.max_train_records}
        parts = {
            name: part.select(
                range(min(len(part), limits.get(name, arguments.max_eval_records) or len(part)))
            ).to_list()
            for name, part in corpus.items()
        }
    if arguments.train_share != 1:
        parts["train"] = _share_of(parts["train"], arguments.train_share, arguments.split_seed)
    for name, records in parts.items():
        _drop_empty_entities(name, records)
    for name in ("train", "validation"):
        if not parts.get(name):
            raise ValueError(
                f"The corpus has no records for {name}: give it more records or another --validation_share."
            )
    known = {record["text"] for record in parts["train"]}
    repeated = sum(record["text"] in known for record in parts["validation"])
    if repeated:
        logger.warning("%d development records have the text of a training record: their score is too good.", repeated)
    if not any(record["entities"] for record in parts["train"]):
        raise ValueError(
            "No training record has an entity: there is nothing to learn from. Check the annotation files."
        )
    return parts, entity_types


def _share_of(records: Records, share: float, seed: int) -> Records:
    """A random part of the records, in their order; for one seed a smaller share's are among a larger share's."""
    if not 0 < share <= 1:
        raise ValueError(f"--train_share must be above 0 and at most 1 (0.1 keeps a tenth), got {share}.")
    # RandomState, not Generator: numpy guarantees its stream across versions.
    order = np.random.RandomState(seed).permutation(len(records))
    return [records[index] for index in sorted(order[: max(1, round(share * len(records)))].tolist())]


def _drop_empty_entities(part: str, records: Records) -> None:
    """Some corpora (CMeEE) annotate stretches of no character, which nothing can find."""
    dropped = 0
    for record in records:
        entities = [entity for entity in record["entities"] if entity["start"] < entity["end"]]
        dropped += len(record["entities"]) - len(entities)
        record["entities"] = entities
    if dropped:
        logger.warning("%s part: %d entities without a character left out.", part, dropped)


def taggable_records(part: str, records: Records, arguments: DataArguments) -> Records:
    """The records with the entities that BIO tags can express: with `--flatten outermost` the outermost.

    Scores still count all entities; what is left out here can only be missed.
    """
    if arguments.flatten != "outermost":
        return records
    flat = [record | {"entities": flatten_outermost(record["entities"])} for record in records]
    before, after = (sum(len(record["entities"]) for record in version) for version in (records, flat))
    logger.warning(
        "%s part: %d of %d entities are nested in others and are not trained on.", part, before - after, before
    )
    return flat


def choose_entity_types(model: ModelArguments, entity_types: Sequence[str], do_train: bool) -> list[str]:
    """The corpus's entity types in the order in which the network numbers them: a checkpoint's, if it has the same.

    To be scored without training, a checkpoint may also know more types than the corpus has.

    Raises:
        ValueError: If there is to be no training, and no checkpoint is named or the corpus has types that it lacks.
    """
    if do_train:
        if model.model_name_or_path is None:
            return list(entity_types)
        return types_as_in_checkpoint(model.model_name_or_path, entity_types)
    if model.model_name_or_path is None:
        raise ValueError("--do_train False scores a checkpoint: name it by --model_name_or_path.")
    known = load_config(model.model_name_or_path).entity_types
    unknown = [entity_type for entity_type in entity_types if entity_type not in known]
    if unknown:
        raise ValueError(
            f"{model.model_name_or_path} recognises {', '.join(known)}; the corpus also has {', '.join(unknown)}, so "
            "scores would say nothing. Score it on a corpus of its own label set, or train it on this one (leave out "
            "--do_train False)."
        )
    return list(known)


def load_dictionary(arguments: DataArguments) -> ClinicalDictionary:
    """Read the term lists that the arguments name; an empty dictionary if they name none."""
    if arguments.dictionary is None:
        return ClinicalDictionary({})
    dictionary = ClinicalDictionary.from_path(arguments.dictionary, encoding=arguments.dictionary_encoding)
    if arguments.dictionary_share != 1:
        dictionary = dictionary.subsample(arguments.dictionary_share, seed=arguments.split_seed)
    return dictionary


def build_tokenizer(
    data: DataArguments,
    model: ModelArguments,
    texts: Sequence[str],
    dictionary: ClinicalDictionary,
    entity_types: Sequence[str],
) -> DicMTTokenizer:
    """The network's tokenizer, of the checkpoint's, the encoder's or the training part's vocabulary.

    Raises:
        ValueError: If a dictionary is given of which no term can ever match.
    """
    lists = dictionary.lists
    if data.dictionary_mapping is not None:
        lists_of_type = read_lists_of_type(data.dictionary_mapping, entity_types, lists)
    else:
        lists_of_type = default_lists_of_type(entity_types, lists, corpus=data.dataset_name)
    settings: dict[str, Any] = {
        "ngram_sizes": model.ngram_sizes if data.dictionary is not None else [],
        "multi_hot_dictionary": model.multi_hot_dictionary,
        "max_sentence_length": model.max_sentence_length,
        "precedence": data.dictionary_precedence,
    }
    if model.model_name_or_path is not None:
        before = load_tokenizer(model.model_name_or_path)
        vocab = before.get_vocab()
        settings |= {name: before.init_kwargs[name] for name in settings if name != "precedence"}
        same_types = list(entity_types) == before.entity_types
        if same_types and data.dictionary_precedence is None:
            settings["precedence"] = before.init_kwargs["precedence"]
        if data.dictionary is None:
            dictionary = before.dictionary
            if same_types:
                lists_of_type = before.init_kwargs["lists_of_type"]
            elif data.dictionary_mapping is None:
                lists_of_type = default_lists_of_type(entity_types, dictionary.lists, corpus=data.dataset_name)
    elif model.encoder_name_or_path is not None:
        encoder_tokenizer = AutoTokenizer.from_pretrained(model.encoder_name_or_path)
        vocab = _renamed_special_tokens(encoder_tokenizer)
    else:
        vocab = character_vocabulary(texts, dictionary)
        if model.character_vectors is not None:
            characters = sorted(read_character_vectors(model.character_vectors)[0])
            vocab |= {token: index for index, token in enumerate((c for c in characters if c not in vocab), len(vocab))}
    tokenizer = DicMTTokenizer(
        vocab=vocab,
        dictionary=dictionary,
        entity_types=entity_types,
        lists_of_type=lists_of_type,
        **settings,
    )
    if data.dictionary is not None:
        tokenizer.dictionary_features.check_usable(data.dictionary)
    return tokenizer


def build_model(
    model: ModelArguments, tokenizer: DicMTTokenizer, entity_types: Sequence[str], seed: int
) -> DicMTForTokenClassification:
    """The network: a checkpoint's, put onto the label set, or a new one.

    What a checkpoint cannot give, because the label set or the dictionary's width differ, is initialised and logged.
    """
    torch.manual_seed(seed)
    if model.model_name_or_path is not None:
        _warn_of_ignored_settings(model)
        return transfer_network(model.model_name_or_path, tokenizer)
    settings = {name: getattr(model, name) for name in _NETWORK_SETTINGS}
    vectors = None
    if model.encoder_name_or_path is not None:
        encoder_tokenizer = AutoTokenizer.from_pretrained(model.encoder_name_or_path)
        settings["encoder_config"] = AutoConfig.from_pretrained(model.encoder_name_or_path)
        settings["encoder_begin_token_id"] = encoder_tokenizer.cls_token_id
        settings["encoder_end_token_id"] = encoder_tokenizer.sep_token_id
    elif model.character_vectors is not None:
        vectors, settings["character_embedding_size"] = read_character_vectors(model.character_vectors)
    config = DicMTConfig(
        entity_types=list(entity_types),
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        unk_token_id=tokenizer.unk_token_id,
        ngram_sizes=tokenizer.init_kwargs["ngram_sizes"],
        **settings,
    )
    network = DicMTForTokenClassification(config)
    if model.encoder_name_or_path is not None:
        limit = network.representation.encoder.max_characters
        if config.max_sentence_length > limit:
            raise ValueError(
                f"{model.encoder_name_or_path} takes {limit} characters at most, but sentences are cut after "
                f"{config.max_sentence_length} only: pass --max_sentence_length {limit}."
            )
        encoder = AutoModel.from_pretrained(model.encoder_name_or_path, add_pooling_layer=False, dtype=torch.float32)
        encoder.requires_grad_(not model.freeze_encoder)
        network.representation.encoder.model = encoder
    if vectors is not None:
        _set_character_vectors(network, tokenizer, vectors)
    return network


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


def _set_character_vectors(
    network: DicMTForTokenClassification, tokenizer: DicMTTokenizer, vectors: Mapping[str, np.ndarray]
) -> None:
    weight = network.representation.characters.weight
    # Vectors from a file come in any scale; the network's own embeddings have a fixed one.
    scale = float(weight.detach().std()) / float(np.stack(list(vectors.values())).std())
    found = [(index, vectors[token]) for token, index in tokenizer.get_vocab().items() if token in vectors]
    with torch.no_grad():
        for index, vector in found:
            weight[index] = torch.from_numpy(vector * scale)
    logger.info("Character vectors: %d of %d characters of the vocabulary found.", len(found), len(tokenizer))


def _warn_of_ignored_settings(model: ModelArguments) -> None:
    defaults = ModelArguments()
    ignored = [
        f"--{name}"
        for name in (*_NETWORK_SETTINGS, "ngram_sizes", "encoder_name_or_path", "character_vectors")
        if getattr(model, name) != getattr(defaults, name)
    ]
    if ignored:
        logger.warning("Settings of the network are those of the checkpoint; ignored: %s.", ", ".join(ignored))


def _renamed_special_tokens(encoder_tokenizer: Any) -> dict[str, int]:
    """An encoder's vocabulary, its padding and unknown tokens under the names that DicMTTokenizer gives them."""
    names = {encoder_tokenizer.pad_token: PAD_TOKEN, encoder_tokenizer.unk_token: UNK_TOKEN}
    return {names.get(token, token): index for token, index in encoder_tokenizer.get_vocab().items()}
