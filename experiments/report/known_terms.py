"""The section on known terms: what systems find when they are given terms at prediction."""

from ..known_terms import BESIDE, SHARES
from ..specification import Table
from .content import Section, TextTable, count, percent
from .plots import LineGrid
from .results import Results
from .scores import ReadFigure, new_section

_MEASURES = {"found": "found", "F1": "f1", "precision": "precision"}
_PLOTTED = ("found", "F1")


def point_figure(measure: str, share: float, beside: str, way: str) -> ReadFigure:
    """Reads a measure at a point of `adding_terms.measure`; None where the system has not got it."""

    def read(scores: dict) -> float | None:
        points = scores.get("known_terms", {}).get("points", ())
        wanted = {"share": share, "beside": beside, "way": way}
        return next((point[measure] for point in points if wanted.items() <= point.items()), None)

    return read


def known_terms_section(table: Table, results: Results) -> Section:
    """Found, F1 and precision over the share of the vetted terms that is known, beside other terms."""
    section = new_section(table, results)
    section.notes.append(_definitions(table, results))
    shown = [row for row in table.rows if results.of(row.system)]
    ways = {row.system: _ways(results, row.system) for row in shown}
    header = ["system", "terms", "beside", *(f"{100 * share:.0f} % known" for share in SHARES)]
    for name, measure in _MEASURES.items():
        rows = [
            [results.title(row), way, beside, *(percent(figure) for figure in figures)]
            for row in shown
            for way in ways[row.system]
            for beside in BESIDE
            if any(figures := [results.figure(row.system, point_figure(measure, x, beside, way)) for x in SHARES])
        ]
        section.tables.append(TextTable(header, rows, f"{name[0].upper()}{name[1:]} (%)"))
    for way in dict.fromkeys(way for of_system in ways.values() for way in of_system):
        panels = {
            f"{name} (%)": {
                f"beside {beside}": {
                    results.title(row): [
                        (100 * share, figure)
                        for share in SHARES
                        if (figure := results.figure(row.system, point_figure(_MEASURES[name], share, beside, way)))
                    ]
                    for row in shown
                    if way in ways[row.system]
                }
                for beside in BESIDE
            }
            for name in _PLOTTED
        }
        title = f"{table.title}, {way}"
        section.plots.append(LineGrid(f"{table.name}-{way}", title, panels, "vetted terms that are known (%)"))
    return section


def _ways(results: Results, system: str) -> list[str]:
    """In which ways a system takes terms."""
    points = (point for found in results.of(system) for point in found["scores"].get("known_terms", {})["points"])
    return list(dict.fromkeys(point["way"] for point in points))


def _definitions(table: Table, results: Results) -> str:
    counts = next((found["scores"]["known_terms"] for row in table.rows for found in results.of(row.system)), None)
    numbers = (
        f" Here {count(counts['vetted_terms'])} terms with {count(counts['occurrences'])} occurrences, and "
        f"{count(counts['ambiguous_terms'])} ambiguous ones."
        if counts
        else ""
    )
    return (
        "Vetted terms are mentions of this part, of two characters or more, that are no mention in training, and whose "
        "occurrences are annotated as just this entity nine times in ten at least; ambiguous terms are the others."
        + numbers
    )
