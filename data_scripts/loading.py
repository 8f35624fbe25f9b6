"""A corpus by name → the records of its parts: train, validation and, where the folder has one, test."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from .ccks2017 import CCKS2017
from .ccks2018 import CCKS2018
from .cmeee import CMeEE
from .corpus import Corpus
from .fccd import FCCd
from .flattening import flatten_records
from .format_corpora import FORMAT_CORPORA
from .formats.options import FormatOptions
from .jsonl import JSONL
from .label_sets import LABEL_SETS, EntityType, resolve_label_set
from .readers.records import Record
from .sample import Sample
from .splits import split_groups
from .yidu_s4k import YiduS4K

CORPORA: dict[str, type[Corpus]] = {
    corpus.name: corpus for corpus in (CCKS2017, CCKS2018, FCCd, YiduS4K, CMeEE, JSONL, *FORMAT_CORPORA, Sample)
}

FLATTEN_CHOICES = ("outermost", "forbid")

Parts = dict[str, list[Record]]


def find_corpus(name: str) -> type[Corpus]:
    """The corpus of a name.

    Raises:
        ValueError: If there is none; names those that there are, and the one that may have been meant.
    """
    if name not in CORPORA:
        alike = get_close_matches(name.casefold(), CORPORA, n=1)
        hint = f"Did you mean {alike[0]}? " if alike else ""
        raise ValueError(f"There is no corpus {name!r}. {hint}There are {', '.join(CORPORA)}. Own records are 'jsonl'.")
    return CORPORA[name]


def read_corpus(
    name: str,
    data_dir: str | Path | None = None,
    *,
    label_set: str | Sequence[EntityType | str] | None = None,
    validation_share: float = 0.1,
    seed: int = 42,
    flatten: str | None = None,
    splits: Sequence[str] | None = None,
    format_options: Sequence[str] | None = None,
) -> Parts:
    """Read a corpus as whole records.

    Args:
        name: One of `CORPORA`.
        data_dir: The corpus's folder, or the one that holds it under the corpus's name; None for the sample.
        label_set: Types that may occur, as a name in `LABEL_SETS`, as entity types or as tag names. None for the
            corpus's own; for "jsonl" None reads any type.
        validation_share: Share of the groups that become the development part where the corpus has none; 0 for none.
        seed: Seed of that choice.
        flatten: What to do with nested entities, which a flat scheme cannot tag: None keeps what the corpus has,
            "forbid" raises an error with both lines (but for a test part, which is only scored), "outermost" keeps
            the outermost ones and logs how many were left out.
        splits: The parts that are read, so that no other need be there; None for all, and then there must be a training
            part.
        format_options: How own records are read, such as "encoding=gb18030" or "text_column=Report": see
            `FormatOptions`.

    Returns:
        The parts train, validation and, where the folder has one, test: records with `id`, `group`, `section`, `text`
        and `entities` (a list of `{start, end, type}`, end exclusive).

    Raises:
        CorpusError: If the folder or a file in it is not as it should be.
        ValueError: If `name`, `label_set`, `validation_share`, `flatten` or an option is not one of the above.
    """
    corpus_class = find_corpus(name)
    if not 0 <= validation_share < 1:
        raise ValueError(f"validation_share must be at least 0 and less than 1, got {validation_share}.")
    if flatten is not None and flatten not in FLATTEN_CHOICES:
        raise ValueError(f"flatten must be None or one of {', '.join(FLATTEN_CHOICES)}, got {flatten!r}.")
    types = None if label_set is None else resolve_label_set(label_set)
    corpus = corpus_class(data_dir, splits, FormatOptions.from_pairs(format_options) if format_options else None)
    parts = {part: corpus.read_part(part, types, False if flatten == "forbid" else None) for part in corpus.sources}
    if validation_share and splits is None and "validation" not in parts:
        parts = _add_validation_part(parts, validation_share, seed)
    if flatten == "outermost":
        parts = {part: flatten_records(f"{name}, {part} part", records) for part, records in parts.items()}
    return parts


def _add_validation_part(parts: Parts, share: float, seed: int) -> Parts:
    train = parts["train"]
    kept, moved = split_groups([record["group"] for record in train], [record["text"] for record in train], share, seed)
    divided = {"train": [train[index] for index in kept], "validation": [train[index] for index in moved]}
    return divided | {part: records for part, records in parts.items() if part != "train"}


def label_set_of(
    name: str,
    parts: Mapping[str, Iterable[Mapping]],
    label_set: str | Sequence[EntityType | str] | None = None,
) -> tuple[EntityType, ...]:
    """The label set that goes with a corpus that was read: the one given, the corpus's own, or the types found in it.

    Found types (of "jsonl") are in alphabetical order, so that their numbers do not hang on the records' order.
    """
    if label_set is not None:
        return resolve_label_set(label_set)
    return LABEL_SETS[name] if name in LABEL_SETS else resolve_label_set(sorted(count_types(parts)))


def count_types(parts: Mapping[str, Iterable[Mapping]]) -> Counter[str]:
    """How many entities of each type all parts have."""
    return Counter(entity["type"] for records in parts.values() for record in records for entity in record["entities"])
