"""Sections on the corpus itself: its size (Table 3), its types' radicals (Fig. 4), annotations that contradict."""

from collections.abc import Sequence

from data_scripts.statistics import statistics_rows

from ..corpus_analysis import CONTEXT_LENGTH
from ..specification import Table
from .content import NOTHING, Examples, Section, TextTable, count
from .plots import NO_CJK_FONT, BarPlot, RadicalPlot, find_cjk_font, radical_character
from .results import Results

_RADICALS_SHOWN = 10
_PAIRS_SHOWN = 12


def statistics_section(table: Table, results: Results) -> Section:
    """Records, characters, sentences and entities by type of each part."""
    section = Section.of(table)
    statistics = results.corpus["statistics"]
    header, rows = statistics_rows(statistics)
    section.tables.append(TextTable(header, [[name, *map(count, values)] for name, values in rows]))
    types = results.reference_types(table)
    layers = {
        part: [of_part["entities_by_type"].get(kind, 0) for kind in types] for part, of_part in statistics.items()
    }
    section.plots.append(BarPlot(table.name, table.title, types, {"": layers}, "entity type", "entities"))
    section.remarks.append("Nested entities overlap an earlier one. Sentences end at 。 and at line ends.")
    return section


def radicals_section(table: Table, results: Results) -> Section:
    """The commonest radicals in the mentions of each entity type."""
    section = Section.of(table)
    panels, rows = {}, []
    for kind in results.reference_types(table):
        counts = {int(number): value for number, value in results.corpus["radicals"].get(kind, {}).items()}
        total = sum(counts.values())
        shares = [
            (number, value / total) for number, value in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        ][:_RADICALS_SHOWN]
        shown = ", ".join(f"{radical_character(number)} {100 * share:.1f}" for number, share in shares)
        rows.append([kind, count(total), shown or NOTHING])
        if shares:
            panels[kind] = shares
    section.tables.append(TextTable(["type", "Chinese characters", "commonest radicals, with their shares (%)"], rows))
    if panels:
        section.plots.append(RadicalPlot(table.name, table.title, panels, "share of the type's Chinese characters (%)"))
        if find_cjk_font() is None:
            section.remarks.append(NO_CJK_FONT)
    section.remarks.append(
        "Of all mentions in the training part, each occurrence counted. 肉 also stands for ⺼ (肝, 腺)."
    )
    return section


def contradictions_section(table: Table, results: Results, examples: Sequence[str]) -> Section:
    """Annotations of the same mention in the same context that differ.

    Args:
        table: Its specification.
        results: The results.
        examples: Lines that show some.
    """
    section = Section.of(table)
    counts = results.corpus["contradictions"]
    rows = [
        ["texts of whole records that occur more than once", counts["repeated_texts"]],
        ["of these, annotated differently", counts["repeated_texts_annotated_differently"]],
        ["mentions in contexts that are annotated differently", counts["contexts"]],
        ["their occurrences", counts["occurrences"]],
        ["of these, not annotated as most of their context", counts["minority"]],
    ]
    section.tables.append(TextTable(["what", "number"], [[name, count(value)] for name, value in rows]))
    pairs = list(counts["pairs"].items())[:_PAIRS_SHOWN]
    if pairs:
        rows = [[pair, count(number)] for pair, number in pairs]
        section.tables.append(TextTable(["annotated as", "contexts"], rows, "Most frequent contradictions"))
    if examples:
        section.examples.append(Examples({"Contexts, with how often they are annotated as what": examples}))
    section.remarks.append(
        f"Training and development part. A context is a mention with the {CONTEXT_LENGTH} characters before and after "
        "it, the same wherever it occurs; “none” is an occurrence that is not annotated with just these boundaries. "
        "What is not annotated as most of its context, no system that reads the context alone can get right."
    )
    return section
