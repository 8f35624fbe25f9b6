"""The page of a training: curves, scores by type, calibration, errors by class; figures alone, no record's text."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ..evaluation.report import ERROR_CLASSES, SCORE_ROWS, classify_errors
from .charts import Series, line_chart, reliability_diagram
from .page import render_template
from .types import TypeStyles

PAGE_FILE = "report.html"


def render_training(
    title: str,
    run: Mapping[str, str],
    history: Sequence[Mapping[str, Any]],
    parts: Mapping[str, Mapping[str, Any]],
    types: Iterable[str],
    best_epoch: int | None = None,
    temperature: Mapping[str, float] | None = None,
) -> str:
    """Write what is known of a training as a page, one file for a browser.

    Args:
        title: What was trained on.
        run: What is to be known about the run, in a few words each.
        history: Figures of each evaluation, as a training's `history.json` has them; of a self-training of each stage.
        parts: Of `validation` and `test`, or of one: `scores`, as `score_predictions` gives them, and `errors`, as
            `count_errors` does.
        types: The entity types, in order.
        best_epoch: The epoch after which the network was kept.
        temperature: `temperature` and `error_before` of a calibration, if there was one.
    """
    styles = TypeStyles(types)
    for part in parts.values():
        for name in part["scores"]["by_type"]:
            styles.style(name)
    return render_template(
        "training.html",
        title=title,
        run=run,
        charts=_charts(history, styles, best_epoch),
        parts={name: _part(part) for name, part in parts.items()},
        styles=dict(styles.items()),
        calibration=temperature,
        score_rows=SCORE_ROWS,
        error_classes=list(ERROR_CLASSES),
        percent=lambda fraction: f"{100 * fraction:.2f}",
    )


def count_errors(
    predictions: Sequence[Iterable[Any]], references: Sequence[Iterable[Any]]
) -> dict[str, dict[str, int]]:
    """How many errors of each class there are, by type: the annotated one, or that of a spurious entity.

    Args:
        predictions: For each record its predicted entities, as `classify_errors` takes them.
        references: For each record its annotated entities.

    Returns:
        `{type: {class: errors}}`.
    """
    counts: dict[str, Counter[str]] = {}
    for error in classify_errors(predictions, references):
        counts.setdefault((error.annotated or error.predicted)[2], Counter())[error.kind] += 1
    return {name: dict(of_type) for name, of_type in sorted(counts.items())}


def _charts(
    history: Sequence[Mapping[str, Any]], styles: TypeStyles, best_epoch: int | None
) -> list[tuple[str, Markup]]:
    """The curves that there are figures for, each with the word that is its title."""
    stages = list(dict.fromkeys(entry.get("stage", "") for entry in history))
    of_stages = {stage: [entry for entry in history if entry.get("stage", "") == stage] for stage in stages}
    looks = TypeStyles(stages)
    best = best_epoch if len(stages) == 1 else None
    charts = []
    for key, word, factor in (("f1", "f1 by epoch", 100), ("train_loss", "loss by epoch", 1)):
        series = [
            Series(stage.replace("_", " "), points, looks.style(stage).classes)
            for stage, entries in of_stages.items()
            if (points := [(entry["epoch"], factor * entry[key]) for entry in entries if key in entry])
        ]
        if series:
            charts.append((word, line_chart(series, word, best)))
    last = of_stages[stages[-1]] if stages else []
    of_types = [
        Series(
            style.name,
            [
                (entry["epoch"], 100 * entry["f1_by_type"][name])
                for entry in last
                if name in entry.get("f1_by_type", {})
            ],
            style.classes,
        )
        for name, style in styles.items()
    ]
    of_types = [series for series in of_types if any(y for _, y in series.points)]
    if of_types:
        charts.append(("f1 by type and epoch", line_chart(of_types, "f1 by type and epoch", best_epoch)))
    return charts


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    bins = part["scores"].get("calibration", {}).get("bins")
    diagram = reliability_diagram(bins, "calibration") if bins else None
    all_errors = Counter[str]()
    for of_type in part["errors"].values():
        all_errors.update(of_type)
    return {**part, "diagram": diagram, "all_errors": all_errors}
