"""What a corpus holds: records, characters, sentences, entities by type and split (the paper's Table 3)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import datasets

from modeling_dicmt.evaluation.report import markdown_table
from modeling_dicmt.sentences import split_sentences

_COUNTS = ("records", "characters", "sentences", "entities")


def corpus_statistics(corpus: datasets.DatasetDict, types: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """Count what each split holds.

    Args:
        corpus: Splits as `load_corpus` gives them.
        types: Tag names in the order wanted; types that occur beyond these follow in alphabetical order.

    Returns:
        For each split `records`, `characters`, `sentences`, `entities`, `records_without_entities`,
        `nested_entities` (which overlap an earlier one) and `entities_by_type`, the same types in every split.
    """
    counts = {split: Counter(e["type"] for es in part["entities"] for e in es) for split, part in corpus.items()}
    order = [*types, *sorted(set().union(*counts.values()) - set(types))]
    return {
        split: {
            "records": len(part),
            "characters": sum(map(len, part["text"])),
            "sentences": sum(len(split_sentences(text)) for text in part["text"]),
            "entities": counts[split].total(),
            "records_without_entities": sum(not entities for entities in part["entities"]),
            "nested_entities": sum(map(_count_overlapping, part["entities"])),
            "entities_by_type": {name: counts[split][name] for name in order},
        }
        for split, part in corpus.items()
    }


def _count_overlapping(entities: Sequence[Mapping[str, Any]]) -> int:
    reach = overlapping = 0
    for entity in entities:  # by start, as the readers sort them
        overlapping += entity["start"] < reach
        reach = max(reach, entity["end"])
    return overlapping


def statistics_rows(statistics: Mapping[str, Mapping[str, Any]]) -> tuple[list[str], list[tuple[str, list[int]]]]:
    """The statistics as a table: a row a count, a column a split, and their total.

    Args:
        statistics: As `corpus_statistics` returns them.

    Returns:
        Names of the columns, that of the rows' names being empty; the rows, each a name and numbers.
    """
    splits = list(statistics)
    types = list(next(iter(statistics.values()))["entities_by_type"])
    rows = [(name, [statistics[split][name] for split in splits]) for name in _COUNTS]
    rows += [(f"– {name}", [statistics[split]["entities_by_type"][name] for split in splits]) for name in types]
    for name in ("records_without_entities", "nested_entities"):
        rows.append((name.replace("_", " "), [statistics[split][name] for split in splits]))
    return ["", *splits, "total"], [(name, [*values, sum(values)]) for name, values in rows]


def statistics_table(statistics: Mapping[str, Mapping[str, Any]]) -> str:
    """`statistics_rows` in Markdown."""
    header, rows = statistics_rows(statistics)
    return markdown_table(header, [(name, *(f"{value:,}" for value in values)) for name, values in rows]).rstrip("\n")
