"""Charts as SVG within a page: lines, and a reliability diagram. Colours and fonts are those of `page.css`."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple
from unicodedata import east_asian_width

from markupsafe import Markup

from .words import WORDS

_WIDTH, _HEIGHT = 480, 250
_LEFT, _TOP, _BOTTOM = 46, 20, 34
_LABEL = 14  # least distance of two labels
_LETTERS = 16  # of a series' name beside its line, or half as many Chinese characters

Scale = Callable[[float], float]


class Series(NamedTuple):
    """A line.

    Args:
        name: What it shows.
        points: Its points (x, y), in order of x.
        classes: Its colour and stroke, as `TypeStyle.classes` gives them; "" for the page's own.
    """

    name: str
    points: Sequence[tuple[float, float]]
    classes: str = ""


def line_chart(
    series: Sequence[Series], title: str, marked: float | None = None, write: Callable[[float], str] = "{:g}".format
) -> Markup:
    """Lines by epoch, each with its name at its end.

    Args:
        series: The lines; each has a point at least.
        title: The word of `words.py` that tells what they show.
        marked: An epoch to draw a line at: the one that was kept.
        write: How a value is written at the axis.
    """
    has_names = len(series) > 1
    right = _WIDTH - (110 if has_names else 20)
    xs = [x for line in series for x, _ in line.points]
    ys = [y for line in series for _, y in line.points]
    ticks = _ticks(min(ys), max(ys), 4)
    x_at = _scale(min(xs), max(xs), _LEFT, right)
    y_at = _scale(ticks[0], ticks[-1], _HEIGHT - _BOTTOM, _TOP)
    parts = [_axes(ticks, y_at, right, write)]
    for x in _whole_ticks(min(xs), max(xs)):
        parts.append(_text(x_at(x), _HEIGHT - _BOTTOM + 17, f"{x:g}", "middle"))
    parts.append(_words((_LEFT + right) / 2, _HEIGHT - 2, "epoch", "middle"))
    if marked is not None and min(xs) <= marked <= max(xs):
        parts.append(_path([(x_at(marked), _TOP), (x_at(marked), _HEIGHT - _BOTTOM)], "diagonal"))
        parts.append(_words(x_at(marked), _TOP - 6, "best", "middle"))
    ends = _apart([y_at(line.points[-1][1]) for line in series])
    for line, label_y in zip(series, ends, strict=True):
        points = [(x_at(x), y_at(y)) for x, y in line.points]
        dots = Markup().join(
            Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="{}"><title>{}</title></circle>').format(
                *at, 2.5 if len(points) > 1 else 4, f"{line.name} {x:g}: {write(y)}"
            )
            for at, (x, y) in zip(points, line.points, strict=True)
        )
        name = _text(right + 8, label_y + 4, _short(line.name), kind="name") if has_names else ""
        parts.append(Markup('<g class="{}">{}{}{}</g>').format(line.classes, _path(points, "curve"), dots, name))
    return _svg(_WIDTH, _HEIGHT, title, parts)


def reliability_diagram(bins: Sequence[Mapping[str, Any]], title: str) -> Markup:
    """Share of entities that are right by their score, and how many there are.

    Args:
        bins: As `calibration_error` returns them.
        title: The word of `words.py` that tells what it shows.
    """
    top, middle, bottom, right = 14, 254, 340, 460
    x_at, y_at = _scale(0, 1, _LEFT, right), _scale(0, 1, middle, top)
    ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    parts = [_axes(ticks, y_at, right, "{:g}".format), _path([(x_at(0), y_at(0)), (x_at(1), y_at(1))], "diagonal")]
    parts += [_text(x_at(tick), middle + 17, f"{tick:g}", "middle") for tick in ticks]
    total, most = sum(row["entities"] for row in bins), max(row["entities"] for row in bins)
    points = [(x_at(row["score"]), y_at(row["precision"])) for row in bins]
    parts.append(_path(points, "curve"))
    for row, (x, y) in zip(bins, points, strict=True):
        radius = 3 + 11 * math.sqrt(row["entities"] / total)
        told = f"{row['from']:.2f}–{row['to']:.2f}: {row['score']:.3f} → {row['precision']:.3f} ({row['entities']:,})"
        parts.append(
            Markup('<circle class="ring" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"><title>{}</title></circle>').format(
                x, y, radius, told
            )
        )
        left, width = x_at(row["from"]) + 1, x_at(row["to"]) - x_at(row["from"]) - 2
        height = max(1, (bottom - middle - 42) * row["entities"] / most)
        parts.append(
            Markup('<rect class="count" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
                left, bottom - height, width, height
            )
        )
        parts.append(_text(left + width / 2, bottom - height - 3, _thousands(row["entities"]), "middle"))
    parts += [_words((_LEFT + right) / 2, bottom + 16, "score", "middle"), _words(_LEFT, top - 4, "share right")]
    return _svg(_WIDTH, bottom + 20, title, parts)


def _svg(width: int, height: int, title: str, parts: Iterable[Markup]) -> Markup:
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        width, height, " / ".join(WORDS[title]), Markup().join(parts)
    )


def _axes(ticks: Sequence[float], y_at: Scale, right: float, write: Callable[[float], str]) -> Markup:
    lines = [_path([(_LEFT, y_at(tick)), (right, y_at(tick))], "grid") for tick in ticks]
    return Markup().join([*lines, *(_text(_LEFT - 7, y_at(tick) + 4, write(tick), "end") for tick in ticks)])


def _path(points: Sequence[tuple[float, float]], kind: str) -> Markup:
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return Markup('<path class="{}" d="M{}"/>').format(kind, line)


def _text(x: float, y: float, text: str, anchor: str = "", kind: str = "") -> Markup:
    anchor = Markup(' text-anchor="{}"').format(anchor) if anchor else ""
    return Markup('<text x="{:.1f}" y="{:.1f}"{} class="{}">{}</text>').format(x, y, anchor, kind, text)


def _words(x: float, y: float, word: str, anchor: str = "") -> Markup:
    """A word in both languages, of which the style sheet shows one."""
    return Markup().join(_text(x, y, said, anchor, kind) for said, kind in zip(WORDS[word], ("en", "zh"), strict=True))


def _short(name: str) -> str:
    widths = [2 if east_asian_width(character) in "WF" else 1 for character in name]
    if sum(widths) <= _LETTERS:
        return name
    fitting = [end for end in range(len(name)) if sum(widths[:end]) < _LETTERS]
    return f"{name[: fitting[-1]]}…"


def _thousands(number: int) -> str:
    return f"{number / 1000:.1f}k" if number >= 10_000 else str(number)


def _scale(low: float, high: float, start: float, end: float) -> Scale:
    return lambda value: start + (end - start) * ((value - low) / (high - low) if high > low else 0.5)


def _ticks(low: float, high: float, number: int) -> list[float]:
    """Round values from below the lowest to above the highest, `number` steps or about as many."""
    span = high - low or abs(high) or 1.0
    rough = span / number
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, max(last, first + 1) + 1)]


def _whole_ticks(low: float, high: float) -> list[int]:
    step = max(1, math.ceil((high - low) / 8))
    return list(range(math.ceil(low), math.floor(high) + 1, step))


def _apart(places: Sequence[float]) -> list[float]:
    """Heights of labels as near to those of their lines as they can be without touching."""
    order = sorted(range(len(places)), key=places.__getitem__)
    found = list(places)
    for before, number in pairwise(order):
        found[number] = max(found[number], found[before] + _LABEL)
    if found:  # what was pushed below the axis goes up again
        limit = float(_HEIGHT - 4)
        for number in reversed(order):
            found[number] = min(found[number], limit)
            limit = found[number] - _LABEL
    return found
