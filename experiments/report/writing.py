"""Results → report.md, one self-contained report.html, and the plots as SVG and PNG beside them."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from modeling_dicmt.evaluation.report import markdown_table, text_block
from modeling_dicmt.evaluation.significance import RESAMPLES
from modeling_dicmt.files import write_text

from ..specification import Table
from .content import Section, plain
from .corpus import contradictions_section, radicals_section, statistics_section
from .errors import confusion_section, errors_section
from .known_terms import known_terms_section
from .plots import Plot, save
from .results import Results
from .scores import by_type_section, curve_section, scores_section, segmentation_section, training_count_section

PLOTS_FOLDER = "plots"
PARTS = {"validation": "development part", "test": "test part"}

_SECTIONS: dict[str, Callable[[Table, Results], Section]] = {
    "statistics": statistics_section,
    "scores": scores_section,
    "segmentation": segmentation_section,
    "by_training_count": training_count_section,
    "by_type": by_type_section,
    "radicals": radicals_section,
    "curve": curve_section,
    "confusion": confusion_section,
    "known_terms": known_terms_section,
}
_RUN_COLUMNS = ("system", "seed", "F1 (%)", "minutes", "command")


@dataclass(frozen=True)
class Report:
    """A report, ready to be written.

    Args:
        title: Heading.
        facts: What a reader must know of all figures: names and values.
        notes: Paragraphs after them.
        sections: Tables and figures.
        runs: Rows of the table of runs.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    notes: Sequence[str]
    sections: Sequence[Section]
    runs: Sequence[Sequence[str]]


def write_report(results: Results, folder: Path, examples: Mapping[str, Any] | None = None) -> Path:
    """Write the report on a folder of results.

    Args:
        results: The results.
        folder: Where it goes.
        examples: What `collect_examples` returned; without it the report holds no text of any record.

    Returns:
        Path of the HTML page.
    """
    report = compose(results, examples or {})
    plots = folder / PLOTS_FOLDER
    plots.mkdir(parents=True, exist_ok=True)
    paths = {plot.name: save(plot, plots) for section in report.sections for plot in section.plots}
    write_text(folder / "report.md", _as_markdown(report, paths))
    page = folder / "report.html"
    write_text(page, _as_html(report, paths))
    return page


def compose(results: Results, examples: Mapping[str, Any]) -> Report:
    """What the report says, in the order of the specifications."""
    plan = results.plan
    facts = [
        ("corpus", plan["dataset_name"]),
        ("figures of", PARTS[results.part]),
        ("preset", f"{plan['preset']}: {plan['preset_description']}"),
        *((name, plain(value)) for name, value in plan["environment"].items()),
    ]
    notes = []
    if results.part == "validation":
        notes.append(
            "Each system's best epoch was chosen on this part, so all figures are somewhat too good, alike for all "
            "systems that have epochs."
        )
    notes.append(
        "F1 is strict (start, end and type) and micro, on whole records. Differences of F1: the counts of each record, "
        f"averaged over seeds, in {RESAMPLES:,} draws of records with replacement (paired bootstrap); their interval "
        "and p tell how far the choice of records matters, not the choice of seeds. p (Holm) takes into account that a "
        "table makes several comparisons."
    )
    notes += [f"Failed: {name}: {reason}." for name, reason in results.failures()]
    return Report(
        f"DicMT's experiments on {plan['dataset_name']}",
        facts,
        notes,
        [_section(table, results, examples) for table in results.tables],
        _run_rows(results),
    )


def _section(table: Table, results: Results, examples: Mapping[str, Any]) -> Section:
    if table.show == "errors":
        return errors_section(table, results, examples.get("errors", {}))
    if table.show == "contradictions":
        return contradictions_section(table, results, examples.get("contradictions", ()))
    return _SECTIONS[table.show](table, results)


def _run_rows(results: Results) -> list[list[str]]:
    rows = []
    for system, runs in results.results.items():
        for seed, run in runs.items():
            if run is not None:
                part = run.get("parts", {}).get(results.part)
                f1 = f"{100 * part['scores']['f1']:.2f}" if part else run["status"]
                # Of a run that outlived its runner, what it says itself.
                minutes = run.get("minutes", run.get("training", {}).get("train_seconds", 0) / 60)
                rows.append(
                    [
                        results.plan["systems"][system]["title"],
                        seed,
                        f1,
                        f"{minutes:.1f}" if minutes else "",
                        run["command"],
                    ]
                )
    return rows


def _as_markdown(report: Report, paths: Mapping[str, Mapping[str, Path]]) -> str:
    parts = [f"# {report.title}\n", markdown_table(("", ""), report.facts)]
    parts += [f"{note}\n" for note in report.notes]
    for section in report.sections:
        parts.append(f"## {section.title}\n")
        parts += [f"{note}\n" for note in section.notes]
        for table in section.tables:
            parts += ([f"{table.caption}:\n"] if table.caption else []) + [markdown_table(table.header, table.rows)]
        for plot in section.plots:
            parts.append(f"![{plot.title}]({PLOTS_FOLDER}/{paths[plot.name]['svg'].name})\n")
        for example in section.examples:
            for heading, lines in example.groups.items():
                parts += [f"{heading}:\n", text_block(lines)]
        parts += [f"{remark}\n" for remark in section.remarks]
    if report.runs:
        parts += ["## Runs\n", markdown_table(_RUN_COLUMNS, report.runs)]
    return "\n".join(parts)


def _as_html(report: Report, paths: Mapping[str, Mapping[str, Path]]) -> str:
    def picture(plot: Plot) -> str:
        content = base64.b64encode(paths[plot.name]["svg"].read_bytes()).decode()
        return f"data:image/svg+xml;base64,{content}"

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("page.html")
    return template.render(report=report, picture=picture, run_columns=_RUN_COLUMNS)
