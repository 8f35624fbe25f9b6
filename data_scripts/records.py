"""Arguments → the records that are trained on and scored, and the dictionary that goes with them."""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from modeling_dicmt.dictionary import ClinicalDictionary

from .arguments import DataArguments
from .dictionary_lists import default_lists_of_type, read_lists_of_type
from .flattening import flatten_records
from .found_types import suspicious_types
from .label_sets import LABEL_SETS, split_type_names
from .loading import count_types, find_corpus, label_set_of, read_corpus
from .splits import split_groups

logger = logging.getLogger(__name__)

Records = list[dict[str, Any]]

# Types that are pointed out by name.
_TOLD = 10


def load_records(arguments: DataArguments, tags: bool = False) -> tuple[dict[str, Records], list[str]]:
    """Read the corpus.

    Args:
        arguments: What is read.
        tags: Whether characters are to be tagged, so that nested entities are an error unless they are flattened.

    Returns:
        The records of `train` and, where there is one, `validation` and `test`; and the entity types in the label
        set's order.

    Raises:
        CorpusError: If a file of the corpus is wrong.
        ValueError: If the training part has no entity.
    """
    label_set = split_type_names(arguments.label_set)
    parts: dict[str, Records] = read_corpus(
        arguments.dataset_name,
        arguments.data_dir,
        label_set=label_set,
        validation_share=arguments.validation_share,
        seed=arguments.split_seed,
        flatten="forbid" if arguments.flatten == "forbid" or (tags and arguments.flatten is None) else None,
        format_options=arguments.format_options,
    )
    share = arguments.learn_validation
    share = find_corpus(arguments.dataset_name).learn_validation if share is None else share
    if share and "validation" in parts:
        parts = _learn_validation(parts, share, arguments.split_seed)
    entity_types = [entity_type.name for entity_type in label_set_of(arguments.dataset_name, parts, label_set)]
    if label_set is None and arguments.dataset_name not in LABEL_SETS:
        _tell_types(count_types(parts))
    for name, records in parts.items():
        limit = arguments.max_train_records if name == "train" else arguments.max_eval_records
        parts[name] = records[: limit or None]
    if arguments.train_share != 1:
        parts["train"] = _share_of(parts["train"], arguments.train_share, arguments.split_seed)
    for name, records in parts.items():
        _drop_empty_entities(name, records)
    known = {record["text"] for record in parts["train"]}
    repeated = sum(record["text"] in known for record in parts.get("validation", ()))
    if repeated:
        logger.warning("%d development records have the text of a training record: their score is too good.", repeated)
    if not any(record["entities"] for record in parts["train"]):
        raise ValueError(
            "No training record has an entity: there is nothing to learn from. Check the annotation files."
        )
    return parts, entity_types


def _learn_validation(parts: dict[str, Records], share: float, seed: int) -> dict[str, Records]:
    """The parts with a share of the development part's groups in the training part, after its own records."""
    records = parts["validation"]
    learnt, kept = split_groups(
        [record["group"] for record in records], [record["text"] for record in records], 1 - share, seed
    )
    logger.info(
        "%d of %d development records are learnt as well (--learn_validation), %d choose the epoch and are scored.",
        len(learnt),
        len(records),
        len(kept),
    )
    return parts | {
        "train": [*parts["train"], *(records[index] for index in learnt)],
        "validation": [records[index] for index in kept],
    }


def load_split(name: str, data_dir: str | None, split: str, format_options: Sequence[str] | None = None) -> Records:
    """Read one part of a corpus, to score it: no other need be there; the options are those of `read_corpus`.

    A development part that the corpus lacks is the share of the training part that `read_corpus` takes by default; of
    one that a training learns most of by default it is the rest.

    Raises:
        CorpusError: If a file of the corpus is wrong.
        ValueError: If there is no such corpus or part.
    """
    corpus = find_corpus(name)
    alone = split != "validation" or split in corpus.find_parts_in(corpus.find_folder(data_dir))
    splits = [split] if alone else None
    parts: dict[str, Records] = read_corpus(name, data_dir, splits=splits, format_options=format_options)
    if split == "validation" and corpus.learn_validation:
        parts = _learn_validation({"train": []} | parts, corpus.learn_validation, DataArguments.split_seed)
    records = parts[split]
    _drop_empty_entities(split, records)
    return records


def _tell_types(counts: Counter[str]) -> None:
    told = ", ".join(f"{name} {count:,}" for name, count in counts.most_common())
    logger.info("Entity types found, with the number of their entities: %s.", told)
    suspicious = suspicious_types(counts)
    if suspicious:
        more = f" And {len(suspicious) - _TOLD} more." if len(suspicious) > _TOLD else ""
        logger.warning(
            "Of the entity types found, %s%s Correct the records, or say by --label_set which types may occur.",
            " ".join(suspicious[:_TOLD]),
            more,
        )


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
    return flatten_records(f"{part} part, as it is trained on", records)


def corpus_labels(arguments: DataArguments, entity_types: Sequence[str]) -> dict[str, str]:
    """What the corpus calls each of its entity types, where that is another name than the type's own."""
    label_set = split_type_names(arguments.label_set) or arguments.dataset_name
    known = LABEL_SETS.get(label_set, ()) if isinstance(label_set, str) else ()
    return {
        item.name: item.corpus_label for item in known if item.name in entity_types and item.corpus_label != item.name
    }


def load_dictionary(arguments: DataArguments) -> ClinicalDictionary | None:
    """Read the term lists that the arguments name; None if they name none."""
    if arguments.dictionary is None:
        return None
    dictionary = ClinicalDictionary.from_path(arguments.dictionary, encoding=arguments.dictionary_encoding)
    if arguments.dictionary_share != 1:
        dictionary = dictionary.subsample(arguments.dictionary_share, seed=arguments.split_seed)
    return dictionary


def load_lists_of_type(
    arguments: DataArguments, dictionary: ClinicalDictionary | None, entity_types: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """The dictionary's lists for each entity type: those of `--dictionary_mapping`, or the corpus's own."""
    lists = () if dictionary is None else tuple(dictionary.lists)
    if arguments.dictionary_mapping is not None:
        return read_lists_of_type(arguments.dictionary_mapping, entity_types, lists)
    lists_of_type = default_lists_of_type(entity_types, lists, corpus=arguments.dataset_name)
    # A type that the corpus's own label set leaves without lists is meant to have none.
    meant = {known.name for known in LABEL_SETS.get(arguments.dataset_name, ()) if not known.lists}
    without = [name for name, names in lists_of_type.items() if name not in meant and not {*names} & {*lists}]
    if lists and without:
        logger.warning(
            "No list of the dictionary serves %s. Its lists are %s: say by --dictionary_mapping which lists serve "
            "which entity type, or name them alike.",
            ", ".join(without),
            ", ".join(lists),
        )
    return lists_of_type
