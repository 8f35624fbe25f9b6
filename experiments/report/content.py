"""What a report is made of, before it becomes Markdown or HTML: sections of notes, tables, plots and examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..specification import Table
from .plots import Plot
from .results import Figure

NOTHING = "–"


@dataclass(frozen=True)
class TextTable:
    """A table whose cells are ready to be shown.

    Args:
        header: Names of the columns.
        rows: As many cells each.
        caption: Said above it, where a section has several.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True)
class Examples:
    """Lines of text from the corpus, in groups with a heading each."""

    groups: Mapping[str, Sequence[str]]


@dataclass
class Section:
    """One table or figure of the paper, or one of those beyond it.

    Args:
        name: Name of its specification; the stem of its plots' files.
        title: Heading.
        notes: Paragraphs before the tables.
        tables: Tables.
        plots: Plots.
        examples: Text of records; nothing of it is in the results themselves.
        remarks: Paragraphs after the tables: what is missing, how to read a column.
    """

    name: str
    title: str
    notes: list[str] = field(default_factory=list)
    tables: list[TextTable] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
    examples: list[Examples] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, table: Table, **parts: Any) -> "Section":
        """The beginning of the section that shows a specification's table."""
        return cls(table.name, table.title, notes=[table.note] if table.note else [], **parts)


def percent(figure: Figure | None) -> str:
    """A fraction over seeds in per cent: mean, and ± the sample standard deviation of several seeds."""
    return number(figure, 100, 2)


def number(figure: Figure | None, factor: float, digits: int) -> str:
    """A figure over seeds times a factor: mean, and ± the sample standard deviation of several seeds."""
    if figure is None:
        return NOTHING
    deviation = "" if figure.deviation is None else f" ± {factor * figure.deviation:.{digits}f}"
    return f"{factor * figure.mean:.{digits}f}{deviation}"


def count(value: float) -> str:
    """A count, or the mean of counts over seeds."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def plain(value: Any) -> str:
    """Any value in words."""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
