"""Plots of a report: what is shown, and how matplotlib draws it."""

import textwrap
import unicodedata
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import font_manager, pyplot
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure as Canvas
from matplotlib.ft2font import FT2Font

from .results import Figure

# Okabe and Ito's colours, which colour-blind readers can tell apart.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999", "#000000")
# Fonts with Chinese characters that systems bring or offer, the most legible first.
CJK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Droid Sans Fallback",
)
NO_CJK_FONT = (
    "No font with Chinese characters was found on this machine, so radicals are labelled by their Kangxi numbers; the "
    "table has the characters. Install one (Debian: fonts-noto-cjk or fonts-wqy-microhei) and write the report again."
)
_INCH_A_ROW = 0.32
_LETTERS_AN_INCH = 12


@dataclass(frozen=True)
class Plot:
    """A plot.

    Args:
        name: Stem of its files.
        title: Said above it, and by it to whoever cannot see it.
    """

    name: str
    title: str

    def draw(self) -> Canvas:
        """Draw it; the caller closes the figure."""
        raise NotImplementedError


@dataclass(frozen=True)
class DotPlot(Plot):
    """Figures with their spread, a row for each system.

    Args:
        rows: Names of the rows, from the top.
        series: For each measure the rows' figures (fractions); None where a row has none.
        x_label: What the figures are.
        marked: A row to draw a line at, of the first measure.
    """

    rows: Sequence[str]
    series: Mapping[str, Sequence[Figure | None]]
    x_label: str
    marked: int | None = None

    def draw(self) -> Canvas:
        canvas, axes = _canvas(7.5, 1.1 + _INCH_A_ROW * len(self.rows))
        places = np.arange(len(self.rows), dtype=float)
        for number, (name, figures) in enumerate(self.series.items()):
            shift = 0.16 * (number - (len(self.series) - 1) / 2)
            known = [(place + shift, figure) for place, figure in zip(places, figures, strict=True) if figure]
            axes.errorbar(
                [100 * figure.mean for _, figure in known],
                [place for place, _ in known],
                xerr=[100 * (figure.deviation or 0) for _, figure in known],
                fmt="o",
                capsize=3,
                markersize=5,
                color=COLORS[number % len(COLORS)],
                label=name,
            )
        first = next(iter(self.series.values()))
        if self.marked is not None and first[self.marked]:
            axes.axvline(100 * first[self.marked].mean, color="0.6", linestyle=":", linewidth=1)
        axes.set_yticks(places, self.rows)
        axes.set_ylim(len(self.rows) - 0.5, -0.5)
        axes.set_xlabel(self.x_label)
        if len(self.series) > 1:
            canvas.legend(loc="outside right upper", fontsize=8)
        return canvas


@dataclass(frozen=True)
class LinePlot(Plot):
    """Figures over a quantity.

    Args:
        series: For each line its points: place, figure (a fraction).
        x_label: What the places are.
        y_label: What the figures are.
    """

    series: Mapping[str, Sequence[tuple[float, Figure]]]
    x_label: str
    y_label: str

    def draw(self) -> Canvas:
        canvas, axes = _canvas(6.5, 4.2)
        _draw_lines(axes, self.series)
        axes.set(xlabel=self.x_label, ylabel=self.y_label)
        if any(self.series):
            axes.legend(fontsize=8)
        return canvas


@dataclass(frozen=True)
class LineGrid(Plot):
    """Several figures over one quantity, under several conditions: a row of panels a figure, a column a condition.

    Args:
        panels: For each row and column, by their names, for each line its points: place, figure (a fraction). A name
            stands for the same line everywhere.
        x_label: What the places are.
    """

    panels: Mapping[str, Mapping[str, Mapping[str, Sequence[tuple[float, Figure]]]]]
    x_label: str

    def draw(self) -> Canvas:
        columns = list(next(iter(self.panels.values())))
        canvas, all_axes = pyplot.subplots(
            len(self.panels),
            len(columns),
            figsize=(1 + 3 * len(columns), 1.2 + 2.6 * len(self.panels)),
            sharex=True,
            sharey="row",
            squeeze=False,
            layout="constrained",
        )
        for row, (name, panels) in zip(all_axes, self.panels.items(), strict=True):
            for axes, column in zip(row, columns, strict=True):
                _draw_lines(axes, panels[column])
                axes.grid(alpha=0.3)
                axes.set_axisbelow(True)
            row[0].set_ylabel(name)
        for top, bottom, column in zip(all_axes[0], all_axes[-1], columns, strict=True):
            top.set_title(column, fontsize=9)
            bottom.set_xlabel(self.x_label)
        lines, names = all_axes[0][0].get_legend_handles_labels()
        canvas.legend(lines, names, loc="outside lower center", ncols=min(3, len(names)), fontsize=8)
        return canvas


@dataclass(frozen=True)
class HeatMap(Plot):
    """Numbers of rows and columns as shades, written into their cells.

    Args:
        rows: Names of the rows.
        columns: Names of the columns.
        shades: (rows, columns) what the shades tell; NaN for nothing.
        cells: (rows, columns) what is written.
        x_label: What the columns are.
        y_label: What the rows are.
        power: Exponent of the shades' scale, below 1 to tell small ones apart.
    """

    rows: Sequence[str]
    columns: Sequence[str]
    shades: np.ndarray
    cells: Sequence[Sequence[str]]
    x_label: str = ""
    y_label: str = ""
    power: float = 1.0

    def draw(self) -> Canvas:
        width = 2.8 + 0.85 * len(self.columns)
        canvas, axes = _canvas(width, 1.5 + _INCH_A_ROW * len(self.rows), grid=False)
        known = self.shades[np.isfinite(self.shades)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        norm = PowerNorm(self.power, vmin=low, vmax=high if high > low else low + 1)
        axes.imshow(np.ma.masked_invalid(self.shades), cmap="Blues", norm=norm, aspect="auto")
        for row, values in enumerate(self.cells):
            for column, value in enumerate(values):
                shade = self.shades[row, column]
                dark = np.isfinite(shade) and norm(shade) > 0.6
                axes.text(column, row, value, ha="center", va="center", fontsize=8, color="white" if dark else "black")
        axes.set_xticks(range(len(self.columns)), self.columns, rotation=20, ha="right")
        axes.set_yticks(range(len(self.rows)), self.rows)
        axes.set(xlabel=self.x_label, ylabel=self.y_label)
        return canvas


@dataclass(frozen=True)
class BarPlot(Plot):
    """Stacked bars, a panel for each system or part.

    Args:
        columns: Names of the bars.
        panels: For each panel, for each layer, the bars' heights.
        x_label: What the bars are.
        y_label: What the heights are.
    """

    columns: Sequence[str]
    panels: Mapping[str, Mapping[str, Sequence[float]]]
    x_label: str
    y_label: str

    def draw(self) -> Canvas:
        size = (1 + 4.2 * len(self.panels), 4.2)
        canvas, all_axes = pyplot.subplots(
            1, len(self.panels), figsize=size, sharey=True, squeeze=False, layout="constrained"
        )
        for axes, (name, layers) in zip(all_axes[0], self.panels.items(), strict=True):
            bottom = np.zeros(len(self.columns))
            for number, (layer, heights) in enumerate(layers.items()):
                color = COLORS[number % len(COLORS)]
                axes.bar(range(len(self.columns)), heights, bottom=bottom, label=layer or None, color=color)
                bottom += np.array(heights, dtype=float)
            axes.set_xticks(range(len(self.columns)), self.columns, rotation=20, ha="right")
            axes.set(title=name, xlabel=self.x_label)
            axes.grid(alpha=0.3, axis="y")
            axes.set_axisbelow(True)
        all_axes[0, 0].set_ylabel(self.y_label)
        if any(any(layers) for layers in self.panels.values()):
            all_axes[0, -1].legend(fontsize=8)
        return canvas


@dataclass(frozen=True)
class RadicalPlot(Plot):
    """The commonest radicals of each entity type, a panel for each.

    Args:
        panels: For each type the Kangxi numbers of radicals with their shares, the commonest first.
        x_label: What the shares are of.
    """

    panels: Mapping[str, Sequence[tuple[int, float]]]
    x_label: str

    def draw(self) -> Canvas:
        columns = min(3, len(self.panels))
        lines = -(-len(self.panels) // columns)
        most = max(len(shares) for shares in self.panels.values())
        canvas, all_axes = pyplot.subplots(
            lines, columns, figsize=(3 * columns, lines * (1.1 + 0.28 * most)), squeeze=False, layout="constrained"
        )
        font = find_cjk_font()
        for axes in all_axes.flat[len(self.panels) :]:
            axes.set_axis_off()
        for axes, (name, shares) in zip(all_axes.flat, self.panels.items(), strict=False):
            axes.barh(range(len(shares)), [100 * share for _, share in shares], color=COLORS[0])
            labels = [radical_character(number) if font else str(number) for number, _ in shares]
            axes.set_yticks(range(len(shares)), labels)
            axes.invert_yaxis()
            axes.set_title(name)
            axes.grid(alpha=0.3, axis="x")
            axes.set_axisbelow(True)
        canvas.supxlabel(self.x_label, fontsize=9)
        return canvas


def radical_character(number: int) -> str:
    """The character that a Kangxi radical, numbered 1 to 214, is as a character of its own."""
    return unicodedata.normalize("NFKC", chr(0x2F00 + number - 1))


@cache
def find_cjk_font() -> str | None:
    """Name of a font that has the radicals' characters, None if there is none on this machine."""
    # matplotlib keeps a list of fonts, which knows nothing of those installed since.
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for path in sorted(set(font_manager.findSystemFonts()) - known):
        try:
            font_manager.fontManager.addfont(path)
        except (OSError, RuntimeError):  # nothing that freetype takes
            continue
    by_name: dict[str, str] = {}
    for entry in font_manager.fontManager.ttflist:
        by_name.setdefault(entry.name, entry.fname)
    for name in [*(name for name in CJK_FONTS if name in by_name), *sorted(set(by_name) - set(CJK_FONTS))]:
        if _has_radicals(by_name[name]):
            return name
    return None


def _has_radicals(path: str) -> bool:
    try:
        characters = FT2Font(path).get_charmap()
    except (OSError, RuntimeError):  # a font that freetype does not take
        return False
    glyphs = [characters.get(ord(radical_character(number))) for number in (30, 104, 130, 149)]
    # matplotlib brings a last resort that has one and the same box for all characters of a script.
    return None not in glyphs and len(set(glyphs)) == len(glyphs)


def save(plot: Plot, folder: Path) -> dict[str, Path]:
    """Write a plot as SVG, its letters as outlines, and PNG; returns the two paths by their endings."""
    font = find_cjk_font()
    style: dict[str, Any] = {
        "svg.hashsalt": "dicmt",
        "svg.fonttype": "path",
        "font.size": 9,
        "figure.titlesize": 10,
        # Names of types and systems may be Chinese, and may hold a dollar.
        "font.family": ["DejaVu Sans", *([font] if font else [])],
        "text.parse_math": False,
    }
    paths = {ending: folder / f"{plot.name}.{ending}" for ending in ("svg", "png")}
    with matplotlib.rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        canvas = plot.draw()
        width = int(_LETTERS_AN_INCH * canvas.get_figwidth())
        canvas.suptitle("\n".join(textwrap.wrap(plot.title, width)))
        for ending, path in paths.items():
            # No date: the same figures give the same file.
            canvas.savefig(path, dpi=150, metadata={"Date": None} if ending == "svg" else None)
        pyplot.close(canvas)
    return paths


def _draw_lines(axes: Axes, series: Mapping[str, Sequence[tuple[float, Figure]]]) -> None:
    for number, (name, points) in enumerate(series.items()):
        axes.errorbar(
            [place for place, _ in points],
            [100 * figure.mean for _, figure in points],
            yerr=[100 * (figure.deviation or 0) for _, figure in points],
            marker="o",
            capsize=3,
            color=COLORS[number % len(COLORS)],
            label=name or None,
        )
    axes.set_xticks(sorted({place for points in series.values() for place, _ in points}))


def _canvas(width: float, height: float, grid: bool = True) -> tuple[Canvas, Axes]:
    canvas, axes = pyplot.subplots(figsize=(width, height), layout="constrained")
    if grid:
        axes.grid(alpha=0.3)
        axes.set_axisbelow(True)
    return canvas, axes
