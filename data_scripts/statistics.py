"""What a corpus holds: records, characters, sentences, entities by type and split (the paper's Table 3)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modeling_dicmt.sentences import split_sentences

_COUNTS = ("records", "characters", "sentences", "entities")


def corpus_statistics(
    corpus: Mapping[str, Iterable[Mapping[str, Any]]], types: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """Count what each part holds.

    Args:
        corpus: Parts as `read_corpus` or `load_corpus` gives them.
        types: Tag names in the order wanted; types that occur beyond these follow in alphabetical order.

    Returns:
        For each part `records`, `characters`, `sentences`, `entities`, `records_without_entities`,
        `nested_entities` (which overlap an earlier one) and `entities_by_type`, the same types in every part.
    """
    parts = {part: [(record["text"], record["entities"]) for record in records] for part, records in corpus.items()}
    counts = {part: Counter(e["type"] for _, es in records for e in es) for part, records in parts.items()}
    order = [*types, *sorted(set().union(*counts.values()) - set(types))]
    return {
        part: {
            "records": len(records),
            "characters": sum(len(text) for text, _ in records),
            "sentences": sum(len(split_sentences(text)) for text, _ in records),
            "entities": counts[part].total(),
            "records_without_entities": sum(not entities for _, entities in records),
            "nested_entities": sum(_count_overlapping(entities) for _, entities in records),
            "entities_by_type": {name: counts[part][name] for name in order},
        }
        for part, records in parts.items()
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
    cells = [header, *([name, *(f"{value:,}" for value in values)] for name, values in rows)]
    # A type's name is the user's own, and must stay within its cell.
    lines = ["| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in row) + " |" for row in cells]
    return "\n".join([lines[0], "|---|" + "---:|" * (len(header) - 1), *lines[1:]])
