"""Sections on what systems get wrong: confusion between types, classes of errors by length."""

from collections.abc import Mapping, Sequence

import numpy as np

from modeling_dicmt.evaluation.clinical_ner import LENGTH_ROWS
from modeling_dicmt.evaluation.report import ERROR_CLASSES

from ..recording import OUTSIDE
from ..specification import Table
from .content import Examples, Section, TextTable, count
from .plots import BarPlot, HeatMap
from .results import Results


def confusion_section(table: Table, results: Results) -> Section:
    """For each system, which types annotated entities were given."""
    section = Section.of(table)
    for row in table.rows:
        found = results.of(row.system)
        if not results.recognises(row.system):
            section.remarks.append(f"{results.title(row)}: {results.absence(row.system) or 'recognises no types'}.")
            continue
        names = [*results.reference_types(table), OUTSIDE]
        counts = np.array(
            [
                [np.mean([run["confusion"].get(gold, {}).get(mine, 0) for run in found]) for mine in names]
                for gold in names
            ]
        )
        cells = [[count(value) for value in line] for line in counts]
        cells[-1][-1] = ""  # what is rightly no entity is not counted
        title = results.title(row)
        rows = [[f"annotated {name}", *line] for name, line in zip(names, cells, strict=True)]
        section.tables.append(TextTable(["", *(f"found {name}" for name in names)], rows, title))
        totals = counts.sum(axis=1, keepdims=True)
        shares = np.divide(counts, totals, out=np.full_like(counts, np.nan), where=totals > 0)
        shares[-1] = np.nan  # shares of what is found where nothing is would not compare
        section.plots.append(
            HeatMap(
                f"{table.name}-{row.system}",
                f"{title}: entities by annotated and found type (mean over seeds)",
                names,
                names,
                shares,
                cells,
                "found",
                "annotated",
                power=0.3,
            )
        )
    section.remarks.append(
        "Pairs of entities with the same boundaries count, then those that overlap; “none” is an entity that has no "
        "partner. Means over seeds. Shades are shares of the row."
    )
    return section


def errors_section(table: Table, results: Results, examples: Mapping[str, Mapping[str, Sequence[str]]]) -> Section:
    """Classes of errors by the entities' lengths, with examples where text is at hand.

    Args:
        table: Its specification.
        results: The results.
        examples: For each system, for each class of error, lines that show some.
    """
    section = Section.of(table)
    panels = {}
    for row in table.rows:
        found = results.of(row.system)
        if not results.recognises(row.system):
            section.remarks.append(f"{results.title(row)}: {results.absence(row.system) or 'recognises no types'}.")
            continue
        counts = {kind: _mean_counts([run["errors"].get(kind, {}) for run in found]) for kind in ERROR_CLASSES}
        support = [found[0]["scores"]["recall_by_length"][length]["support"] for length in LENGTH_ROWS]
        rows = [[kind, *map(count, heights), count(sum(heights))] for kind, heights in counts.items()]
        rows.append(["annotated entities", *map(count, support), count(sum(support))])
        title = results.title(row)
        section.tables.append(TextTable(["class", *LENGTH_ROWS, "all"], rows, title))
        panels[title] = counts
        if row.system in examples:
            groups = {f"{title}, {kind}": lines for kind, lines in examples[row.system].items() if lines}
            section.examples.append(Examples(groups))
    if panels:
        section.plots.append(
            BarPlot(table.name, table.title, LENGTH_ROWS, panels, "length of the entity", "errors (mean over seeds)")
        )
    section.remarks.append(
        "By the length of the annotated entity, of spurious ones by that of the found entity. Means over seeds. "
        + " ".join(f"{kind.capitalize()}: {meaning}." for kind, meaning in ERROR_CLASSES.items())
    )
    return section


def _mean_counts(runs: Sequence[Mapping[str, int]]) -> list[float]:
    """For each row of lengths the mean of the runs' counts."""
    return [float(np.mean([counts.get(length, 0) for counts in runs])) for length in LENGTH_ROWS]
