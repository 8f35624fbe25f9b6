"""Sections that compare systems by their scores: Tables 5 to 11, learning curves, loss weights."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from modeling_dicmt.evaluation.clinical_ner import COUNT_ROWS
from modeling_dicmt.evaluation.significance import Difference, adjust_for_several, paired_bootstrap

from ..specification import Row, Table
from .content import NOTHING, Section, TextTable, number, percent
from .plots import DotPlot, HeatMap, LinePlot
from .results import Figure, Results

Scores = Mapping[str, Any]

# A figure of the scores that `score_entities` returns; None where a run has not got it.
ReadFigure = Callable[[Scores], float | None]

_SEEDS = "Mean ± sample standard deviation over seeds; where there is no ±, one run."


def entity_figure(name: str) -> ReadFigure:
    """Reads a strict figure of entities; None of a run that recognises none, such as segmentation alone."""
    return lambda scores: scores[name] if scores["predicted"] else None


def type_figure(entity_type: str, name: str = "f1") -> ReadFigure:
    """Reads a type's figure; None where there is nothing of the type to find or found."""
    return lambda scores: scores["by_type"].get(entity_type, {}).get(name) if scores["predicted"] else None


def segmentation_figure(way: str, name: str = "f1") -> ReadFigure:
    """Reads a figure of the segmentation task, counted in one of its ways; None without that task."""
    return lambda scores: scores.get("segmentation", {}).get(way, {}).get(name)


def training_count_figure(row: str) -> ReadFigure:
    """Reads the recall of entities by how often they occur in training; None where there are no such entities."""

    def read(scores: Scores) -> float | None:
        found = scores.get("recall_by_training_count", {}).get(row)
        return found["recall"] if found and found["support"] and scores["predicted"] else None

    return read


def nesting_figure(kind: str, name: str) -> ReadFigure:
    """Reads a figure of the entities within others ("inner") or of the others ("outer"); None where none is inner."""
    return lambda scores: scores.get("by_nesting", {}).get(kind, {}).get(name) if scores["predicted"] else None


def _nesting_column(kind: str, name: str, title: str) -> tuple[str, Callable[[str, Results], str]]:
    return title, lambda system, results: percent(results.figure(system, nesting_figure(kind, name)))


# Heading of each further column of a table of scores, and a system's cell, by the names of `FURTHER_COLUMNS`.
_FURTHER_COLUMNS: dict[str, tuple[str, Callable[[str, Results], str]]] = {
    "unseen_recall": (
        "recall of entities that training lacks",
        lambda system, results: percent(results.figure(system, training_count_figure("0"))),
    ),
    "outer_f1": _nesting_column("outer", "f1", "F1 of outer entities"),
    "inner_f1": _nesting_column("inner", "f1", "F1 of inner entities"),
    "outer_recall": _nesting_column("outer", "recall", "recall of outer entities"),
    "inner_recall": _nesting_column("inner", "recall", "recall of inner entities"),
    "training_minutes": (
        "minutes of training",
        lambda system, results: number(results.training_minutes(system), 1, 1),
    ),
}


def scores_section(table: Table, results: Results) -> Section:
    """Precision, recall and F1 of each system, and how it differs from the reference."""
    section = new_section(table, results)
    differences = _differences(table, results)
    columns = {"precision": "precision", "recall": "recall", "F1": "f1", "macro F1": "macro_f1"}
    further = [_FURTHER_COLUMNS[name] for name in table.columns]
    rows = [
        [
            results.title(row),
            str(len(results.of(row.system))),
            *(percent(results.figure(row.system, entity_figure(name))) for name in columns.values()),
            *(cell(row.system, results) for _, cell in further),
            *_difference_cells(table, row, differences),
        ]
        for row in table.rows
    ]
    header = ["system", "runs", *columns, *(title for title, _ in further), *_difference_header(table, results)]
    section.tables.append(TextTable(header, rows))
    _plot_f1(section, table, results)
    return section


def segmentation_section(table: Table, results: Results) -> Section:
    """The tasks: recognition's entities, segmentation by characters and by spans."""
    section = new_section(table, results)
    columns: dict[str, ReadFigure] = {
        "NER F1": entity_figure("f1"),
        "NES F1, characters": segmentation_figure("characters"),
        "NES F1, spans": segmentation_figure("spans"),
        "NES precision, spans": segmentation_figure("spans", "precision"),
        "NES recall, spans": segmentation_figure("spans", "recall"),
        "NES F1 against entities": segmentation_figure("entities"),
        "boundaries of NER, F1": entity_figure("boundary_f1"),
    }
    differences = _differences(table, results)
    header = ["system", "runs", *columns, *_difference_header(table, results)]
    rows = [
        [
            results.title(row),
            str(len(results.of(row.system))),
            *(percent(results.figure(row.system, read)) for read in columns.values()),
            *_difference_cells(table, row, differences),
        ]
        for row in table.rows
    ]
    section.tables.append(TextTable(header, rows))
    ceilings = (results.figure(row.system, segmentation_figure("gold_mask_entities")) for row in table.rows)
    ceiling = next((figure for figure in ceilings if figure), None)
    section.remarks.append(
        "NES marks each character as inside an entity or not. Characters: those marked. Spans: maximal stretches of "
        "marks against the stretches that annotated entities cover; entities that touch are one stretch in both. "
        "Against entities: the same stretches against the entities' own boundaries"
        + (f", where a perfect mask has {100 * ceiling.mean:.2f}." if ceiling else ".")
        + " How the paper counted is not said. Boundaries of NER: entities with the right ends, whatever the type."
    )
    shown = {name: columns[name] for name in ("NER F1", "NES F1, characters", "NES F1, spans")}
    rows_with_figures = [row for row in table.rows if results.of(row.system)]
    if rows_with_figures:
        section.plots.append(
            DotPlot(
                table.name,
                table.title,
                [results.title(row) for row in rows_with_figures],
                {name: [results.figure(row.system, read) for row in rows_with_figures] for name, read in shown.items()},
                "F1 (%)",
            )
        )
    return section


def training_count_section(table: Table, results: Results) -> Section:
    """Recall of entities by how often the same mention has the same type in the training part."""
    section = new_section(table, results)
    support = _training_count_support(table, results)
    names = {"more": "more often"} | {row: f"{row} ×" for row in COUNT_ROWS if row != "more"}
    columns = [f"{names[row]} ({support.get(row, 0)})" for row in COUNT_ROWS]
    readers = [training_count_figure(row) for row in COUNT_ROWS]
    _add_matrix(section, table, results, columns, readers, "Recall (%)", "occurrences in training (entities)")
    section.remarks.append(
        "An entity counts as seen as often as its mention, as it is written, has its type in the training part. In "
        "brackets, how many entities of this part there are."
    )
    return section


def by_type_section(table: Table, results: Results) -> Section:
    """F1 of each entity type, their mean, and over all entities."""
    section = new_section(table, results)
    types = results.reference_types(table)
    readers = [*(type_figure(entity_type) for entity_type in types), entity_figure("macro_f1"), entity_figure("f1")]
    columns = [*types, "macro average", "all"]
    _add_matrix(section, table, results, columns, readers, "F1 (%)", "entity type")
    section.remarks.append("The macro average is the mean of the types' F1.")
    return section


def curve_section(table: Table, results: Results) -> Section:
    """F1 over a quantity."""
    section = new_section(table, results)
    differences = _differences(table, results)
    columns = {"precision": "precision", "recall": "recall", "F1": "f1"}
    has_segmentation = any(results.figure(row.system, segmentation_figure("characters")) for row in table.rows)
    header = ["system", "runs", *columns, *(["NES F1, characters"] if has_segmentation else [])]
    header += _difference_header(table, results)
    rows, lines = [], {}
    for row in table.rows:
        figure = results.figure(row.system, entity_figure("f1"))
        cells = [percent(results.figure(row.system, entity_figure(name))) for name in columns.values()]
        if has_segmentation:
            cells.append(percent(results.figure(row.system, segmentation_figure("characters"))))
        rows.append([results.title(row), str(len(results.of(row.system))), *cells])
        rows[-1] += _difference_cells(table, row, differences)
        if figure:
            lines.setdefault(row.series, []).append((row.x, figure))
    section.tables.append(TextTable(header, rows))
    if lines:
        section.plots.append(LinePlot(table.name, table.title, lines, table.x_label, "F1 (%)"))
    return section


def new_section(table: Table, results: Results) -> Section:
    """The beginning of a section on systems: which have no figures and why, and what to know of the others."""
    section = Section.of(table, remarks=[_SEEDS])
    for row in table.rows:
        absence, note = results.absence(row.system), results.note(row.system)
        if absence:
            section.remarks.append(f"{results.title(row)}: {absence}.")
        elif note:
            section.remarks.append(f"{results.title(row)}: {note}.")
    return section


def _plot_f1(section: Section, table: Table, results: Results) -> None:
    rows = [row for row in table.rows if results.figure(row.system, entity_figure("f1"))]
    if rows:
        marked = next((number for number, row in enumerate(rows) if row.system == table.reference), None)
        figures = [results.figure(row.system, entity_figure("f1")) for row in rows]
        titles = [results.title(row) for row in rows]
        section.plots.append(DotPlot(table.name, table.title, titles, {"F1": figures}, "strict F1 (%)", marked))


def _add_matrix(
    section: Section,
    table: Table,
    results: Results,
    columns: Sequence[str],
    readers: Sequence[ReadFigure],
    label: str,
    x_label: str,
) -> None:
    """A table of systems and columns, and the same as a heat map."""
    cells: list[list[Figure | None]] = [[results.figure(row.system, read) for read in readers] for row in table.rows]
    titles = [results.title(row) for row in table.rows]
    rows = [[title, *map(percent, figures)] for title, figures in zip(titles, cells, strict=True)]
    section.tables.append(TextTable(["system", *columns], rows))
    known = [(title, figures) for title, figures in zip(titles, cells, strict=True) if any(figures)]
    if known:
        shades = np.array([[figure.mean if figure else np.nan for figure in figures] for _, figures in known])
        written = [[f"{100 * figure.mean:.1f}" if figure else "" for figure in figures] for _, figures in known]
        section.plots.append(
            HeatMap(
                table.name, f"{table.title}: {label}", [title for title, _ in known], columns, shades, written, x_label
            )
        )


def _training_count_support(table: Table, results: Results) -> dict[str, int]:
    for row in table.rows:
        for found in results.of(row.system):
            if "recall_by_training_count" in found["scores"]:
                return {name: entry["support"] for name, entry in found["scores"]["recall_by_training_count"].items()}
    return {}


def _differences(table: Table, results: Results) -> dict[str, tuple[Difference, float]]:
    """Of each system that can be tested against the reference, the difference and its p, adjusted for the table."""
    if not table.reference or not results.recognises(table.reference):
        return {}
    reference = results.counts(table.reference)
    found = {
        name: paired_bootstrap(results.counts(name), reference)
        for name in dict.fromkeys(row.system for row in table.rows)
        if name != table.reference and results.recognises(name)
    }
    adjusted = adjust_for_several([difference.p for difference in found.values()])
    return {name: (difference, p) for (name, difference), p in zip(found.items(), adjusted, strict=True)}


def _difference_header(table: Table, results: Results) -> list[str]:
    if not table.reference:
        return []
    title = next((row.title for row in table.rows if row.system == table.reference), "")
    return [f"F1 – “{title or results.plan['systems'][table.reference]['title']}” [95 %]", "p", "p (Holm)"]


def _difference_cells(table: Table, row: Row, differences: Mapping[str, tuple[Difference, float]]) -> list[str]:
    if not table.reference:
        return []
    if row.system not in differences:
        return [NOTHING] * 3
    difference, adjusted = differences[row.system]
    interval = f"{100 * difference.difference:+.2f} [{100 * difference.low:+.2f}, {100 * difference.high:+.2f}]"
    return [interval, _probability(difference.p), _probability(adjusted)]


def _probability(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
