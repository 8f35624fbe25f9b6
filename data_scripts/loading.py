"""`load_corpus`: a corpus by name → `DatasetDict` with train, validation and, where the folder has one, test."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
from datasets.exceptions import DatasetGenerationError

from .ccks2017 import CCKS2017
from .ccks2018 import CCKS2018
from .cmeee import CMeEE
from .corpus_builder import ClinicalCorpusBuilder
from .fccd import FCCd
from .flattening import flatten_outermost
from .jsonl import JSONL
from .label_sets import LABEL_SETS, EntityType
from .readers.records import CorpusError
from .sample import Sample
from .splits import split_groups
from .yidu_s4k import YiduS4K

logger = logging.getLogger(__name__)

CORPORA: dict[str, type[ClinicalCorpusBuilder]] = {
    builder.corpus: builder for builder in (CCKS2017, CCKS2018, FCCd, YiduS4K, CMeEE, JSONL, Sample)
}

FLATTEN_CHOICES = ("outermost", "forbid")


def load_corpus(
    name: str,
    data_dir: str | Path | None = None,
    *,
    cache_dir: str | Path | None = None,
    label_set: str | Sequence[EntityType | str] | None = None,
    validation_share: float = 0.1,
    seed: int = 42,
    flatten: str | None = None,
    splits: Sequence[str] | None = None,
) -> datasets.DatasetDict:
    """Load a corpus as whole records.

    Args:
        name: One of `CORPORA`.
        data_dir: The corpus's folder, or the one that holds it under the corpus's name; None for the sample.
        cache_dir: Where the datasets library keeps the prepared copy; None for its usual place. The copy is made anew
            when a file of the corpus changes.
        label_set: Types that may occur, as a name in `LABEL_SETS`, as entity types or as tag names. None for the
            corpus's own; for "jsonl" None reads any type.
        validation_share: Share of the groups that become the development split where the corpus has none; 0 for none.
        seed: Seed of that choice.
        flatten: What to do with nested entities, which a flat scheme cannot tag: None keeps what the corpus has,
            "forbid" raises an error with both lines (but for a test part, which is only scored), "outermost" keeps
            the outermost ones and logs how many were left out.
        splits: Those that are read, so that no other need be there; None for all, and then there must be a training
            part.

    Returns:
        Splits train, validation and, where the folder has one, test, with the columns `id`, `group`, `section`, `text`
        and `entities` (a list of `{start, end, type}`, end exclusive).

    Raises:
        CorpusError: If the folder or a file in it is not as it should be; nothing is left in the cache then.
        ValueError: If `name`, `label_set`, `validation_share` or `flatten` is not one of the above.
    """
    if name not in CORPORA:
        raise ValueError(f"There is no corpus {name!r}; there are {', '.join(CORPORA)}. Own records are 'jsonl'.")
    if not 0 <= validation_share < 1:
        raise ValueError(f"validation_share must be at least 0 and less than 1, got {validation_share}.")
    if flatten is not None and flatten not in FLATTEN_CHOICES:
        raise ValueError(f"flatten must be None or one of {', '.join(FLATTEN_CHOICES)}, got {flatten!r}.")
    options: dict[str, Any] = {}
    if label_set is not None:
        options["label_set"] = resolve_label_set(label_set)
    if flatten == "forbid":
        options["allow_overlap"] = False
    builder = CORPORA[name](data_dir=data_dir, splits=splits, cache_dir=cache_dir, **options)
    try:
        builder.download_and_prepare()
    except DatasetGenerationError as error:
        cause = error.__cause__
        if isinstance(cause, CorpusError | OSError):
            raise cause from None
        raise
    corpus = builder.as_dataset()
    if validation_share and splits is None and "validation" not in corpus:
        corpus = add_validation_split(corpus, validation_share, seed)
    if flatten == "outermost":
        corpus, dropped = flatten_corpus(corpus)
        for split, count in dropped.items():
            total = count + sum(map(len, corpus[split]["entities"]))
            logger.warning("%s, %s: %d of %d entities left out, nested in others.", name, split, count, total)
    return corpus


def add_validation_split(corpus: datasets.DatasetDict, share: float = 0.1, seed: int = 42) -> datasets.DatasetDict:
    """Move a share of the training part's groups to a validation split (see `split_groups`)."""
    train = corpus["train"]
    kept, moved = split_groups(train["group"][:], train["text"][:], share, seed)
    parts = {"train": train.select(kept), "validation": train.select(moved)}
    return datasets.DatasetDict(parts | {split: part for split, part in corpus.items() if split != "train"})


def flatten_corpus(corpus: datasets.DatasetDict) -> tuple[datasets.DatasetDict, dict[str, int]]:
    """Keep each record's outermost entities (see `flatten_outermost`).

    Returns:
        The flat corpus, and how many entities were left out of each split.
    """
    flat = corpus.map(_flatten_record, desc="Flattening")
    dropped = {
        split: sum(map(len, part["entities"])) - sum(map(len, flat[split]["entities"]))
        for split, part in corpus.items()
    }
    return flat, dropped


def _flatten_record(record: Mapping[str, Any]) -> dict[str, Any]:
    return {"entities": flatten_outermost(record["entities"])}


def resolve_label_set(label_set: str | Sequence[EntityType | str]) -> tuple[EntityType, ...]:
    """Entity types from a name in `LABEL_SETS`, from entity types, or from tag names.

    Raises:
        ValueError: If it is an unknown name, empty, or has a type twice.
    """
    if isinstance(label_set, str):
        if label_set not in LABEL_SETS:
            raise ValueError(
                f"There is no label set {label_set!r}; there are {', '.join(LABEL_SETS)}. Or give a list of type names."
            )
        return LABEL_SETS[label_set]
    types = tuple(t if isinstance(t, EntityType) else EntityType(t, t) for t in label_set)
    if not types or len({t.name for t in types}) != len(types):
        raise ValueError(f"A label set needs at least one type and each type once, got {[t.name for t in types]}.")
    return types


def label_set_of(
    name: str, corpus: datasets.DatasetDict, label_set: str | Sequence[EntityType | str] | None = None
) -> tuple[EntityType, ...]:
    """The label set that goes with a loaded corpus: the one given, the corpus's own, or the types found in its splits.

    Found types (of "jsonl") are in alphabetical order, so that their numbers do not hang on the records' order.
    """
    if label_set is not None:
        return resolve_label_set(label_set)
    if name in LABEL_SETS:
        return LABEL_SETS[name]
    found = {entity["type"] for part in corpus.values() for entities in part["entities"] for entity in entities}
    return resolve_label_set(sorted(found))
