"""Text that a report may show beside its figures: errors of systems, contradictions of the corpus.

It is kept in a file of its own, apart from the results, which hold no text: it is as confidential as the records are.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_scripts.records import Records
from modeling_dicmt.evaluation.report import classify_errors, show_errors

from .corpus_analysis import Contradiction, find_contradictions
from .planning import Plan
from .recording import predictions_file, read_predictions

EXAMPLES_FILE = "examples.json"
PART = "validation"  # whose errors are shown
ERRORS_SHOWN = 8
CONTRADICTIONS_SHOWN = 40


def collect_examples(plan: Plan, runs: Path, parts: Mapping[str, Records]) -> dict[str, Any]:
    """What there is to show.

    Args:
        plan: Its tables of errors name the systems.
        runs: Folder of the runs' folders.
        parts: The corpus's records.

    Returns:
        `errors`: for each system that has predictions, of its first seed, for each class of error, lines.
        `contradictions`: lines.
    """
    systems = [row.system for table in plan.specification.tables if table.show == "errors" for row in table.rows]
    errors = {}
    for system in dict.fromkeys(systems):
        run = next(iter(plan.run_of[system].values()))
        if predictions_file(runs / run.name, PART).exists():
            found = read_predictions(runs / run.name, PART)
            records = parts[PART][: len(found)]
            of_system = classify_errors(found, [record["entities"] for record in records])
            errors[system] = show_errors(of_system, records, ERRORS_SHOWN)
    contradictions: list[str] = []
    if any(table.show == "contradictions" for table in plan.specification.tables):
        seen = [record for name in ("train", "validation") for record in parts[name]]
        contradictions = [_show(item) for item in find_contradictions(seen)[:CONTRADICTIONS_SHOWN]]
    return {"errors": errors, "contradictions": contradictions}


def _show(item: Contradiction) -> str:
    kinds = ", ".join(f"{kind} {count} ×" for kind, count in item.types.items())
    places = "; ".join(f"{record} at {start}" for record, start in item.places)
    return f"…{item.before}[{item.mention}]{item.after}…  {kinds}  ({places})"
