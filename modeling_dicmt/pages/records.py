"""A record's entities within its text, as HTML: nested, crossing, adjacent, of one character, of none."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from .marks import CHANGE_SIGNS, ERROR_SIGNS, Mark
from .text import text_html, visible
from .types import TypeStyles

# Entities that may lie over one another. More are named below the record: browsers do not nest without end, and the
# work must not grow with the square of the entities.
MAX_OPEN = 16

_SIGNS = ERROR_SIGNS | CHANGE_SIGNS

Say = Callable[[str], str]
"""Gives a word of what is told of an entity ("score", "gained") in the language of the page."""


class Drawn(NamedTuple):
    """A record's text with its entities.

    Args:
        html: The text, and what is said below it.
        marks: The entities that are marked in it; their `data-n` is their place here.
    """

    html: str
    marks: list[Mark]


def draw_text(text: str, marks: Iterable[Mark], styles: TypeStyles, say: Say = str) -> Drawn:
    """Mark entities in a text. The content of the elements of a mark is `text[start:end]`, and nothing else is added.

    An entity is an element; one that ends within another that began in it is cut in two there. What lies within an
    entity has its line above that entity's, so that each line can be followed.

    Args:
        text: The text.
        marks: The entities; one that is given twice is marked once.
        styles: How types look.
        say: Says what is told of an entity; default: in English, as `page.js` reads it.

    Raises:
        ValueError: If an entity leaves the text.
    """
    marks = list(marks)
    for mark in marks:
        if not 0 <= mark.start <= mark.end <= len(text):
            raise ValueError(
                f"{mark.start} to {mark.end} (end exclusive) is no part of the text, which has {len(text)} characters: "
                "are these the entities of this record?"
            )
    ordered = sorted({(*mark[:3], mark.side): mark for mark in marks}.values(), key=_order)
    drawn, too_deep = _shallow(ordered)
    levels = _levels(drawn)
    pieces: list[str] = []
    last_piece: dict[int, int] = {}  # where in `pieces` the latest element of a mark begins
    stack: list[int] = []

    def open_piece(number: int) -> None:
        is_first = number not in last_piece
        last_piece[number] = len(pieces)
        pieces.append(_open_tag(drawn[number], number, levels[number], styles, is_first, say))
        stack.append(number)

    position = 0
    for place, ending, starting in _boundaries(drawn):
        pieces.append(text_html(text, position, place))
        position = place
        if ending:
            deepest = min(stack.index(number) for number in ending)
            pieces.append("</mark>" * (len(stack) - deepest))
            reopened = [number for number in stack[deepest:] if number not in ending]
            del stack[deepest:]
            for number in reopened:
                open_piece(number)
        for number in starting:
            open_piece(number)
            if drawn[number].start == drawn[number].end:
                pieces.append("</mark>")
                stack.pop()
    pieces.append(text_html(text, position))
    for place in last_piece.values():
        pieces[place] = pieces[place].replace('class="', 'class="last ', 1)
    depth = max(levels, default=-1) + 1
    html = f'<div class="text d{min(depth, MAX_OPEN)}" lang="zh">{"".join(pieces)}</div>'
    if too_deep:
        named = "".join(f"<li>{escape(_named(mark))}</li>" for mark in too_deep)
        html += f'<ul class="deep" title="more than {MAX_OPEN} entities over one another">{named}</ul>'
    return Drawn(html, drawn)


def draw_record(record: Mapping[str, Any], marks: Iterable[Mark], styles: TypeStyles, say: Say = str) -> Drawn:
    """The same under the record's id."""
    drawn = draw_text(record["text"], marks, styles, say)
    return drawn._replace(html=f"<h2>{escape(visible(str(record['id'])))}</h2>{drawn.html}")


def render_records(
    records: Iterable[tuple[Mapping[str, Any], Iterable[Mark]]],
    types: Iterable[str] = (),
    legend: bool = True,
    say: Say = str,
) -> str:
    """Records with their entities as a fragment for another page, which needs `page.css` and no script.

    Args:
        records: Each record, `id` and `text`, with its entities.
        types: The types in the order in which they get their looks, so that they look alike on every page.
        legend: Whether the types are explained above.
        say: Says what is told of an entity.
    """
    styles = TypeStyles(types)
    articles = [
        f'<article class="record">{draw_record(record, marks, styles, say).html}</article>' for record, marks in records
    ]
    chips = "".join(
        f'<span class="chip {style.classes}"><b>{escape(style.label)}</b> {escape(style.name)}</span>'
        for style in styles
    )
    head = f'<div class="legend">{chips}</div>' if legend else ""
    return f'<div class="dicmt">{head}{"".join(articles)}</div>'


def _order(mark: Mark) -> tuple[Any, ...]:
    return mark.start, -mark.end, mark.type, mark.side


def _shallow(ordered: Sequence[Mark]) -> tuple[list[Mark], list[Mark]]:
    """The marks that lie over fewer than `MAX_OPEN` others that begin before them, and the rest."""
    kept, rest, ends = [], [], []
    for mark in ordered:
        ends = [end for end in ends if end > mark.start]
        if len(ends) < MAX_OPEN:
            kept.append(mark)
            ends.append(mark.end)
        else:
            rest.append(mark)
    return kept, rest


def _levels(ordered: Sequence[Mark]) -> list[int]:
    """How far below the text each mark's line is: below those of all that it contains, and beside no crossing one."""
    within: list[list[int]] = [[] for _ in ordered]  # for each, those that begin in it
    is_open: list[int] = []
    for number, mark in enumerate(ordered):
        is_open = [other for other in is_open if ordered[other].end > mark.start]
        for other in is_open if mark.end > mark.start else ():  # one of no character has no line
            within[other].append(number)
        is_open.append(number)
    levels = [0] * len(ordered)
    for number in reversed(range(len(ordered))):
        contained = [levels[other] for other in within[number] if ordered[other].end <= ordered[number].end]
        crossing = {levels[other] for other in within[number] if ordered[other].end > ordered[number].end}
        level = 1 + max(contained, default=-1)
        while level in crossing:
            level += 1
        levels[number] = level
    return levels


def _boundaries(ordered: Sequence[Mark]) -> Iterable[tuple[int, set[int], list[int]]]:
    """Each place where marks begin or end, in order, with those that end there and those that begin there."""
    ending: dict[int, set[int]] = {}
    starting: dict[int, list[int]] = {}
    for number, mark in enumerate(ordered):
        starting.setdefault(mark.start, []).append(number)
        if mark.end > mark.start:
            ending.setdefault(mark.end, set()).add(number)
    for place in sorted(ending.keys() | starting.keys()):
        # Those of no character before the others: they lie between what ends here and what begins.
        begin = sorted(starting.get(place, ()), key=lambda number: ordered[number].end > place)
        yield place, ending.get(place, set()), begin


def _named(mark: Mark) -> str:
    """A mark in words, as what was or is to be found, and wrong in which way."""
    sign = f" {_SIGNS[mark.error]}" if mark.error else ""
    return f"{visible(mark.type)} {mark.start}–{mark.end}{sign}{f' {mark.side}' if mark.side else ''}"


def _open_tag(mark: Mark, number: int, level: int, styles: TypeStyles, is_first: bool, say: Say) -> str:
    style = styles.style(mark.type)
    classes = ["e", style.classes, f"l{min(level, MAX_OPEN - 1)}", mark.side, "wrong" if mark.error else ""]
    classes += ["first" if is_first else "", "empty" if mark.start == mark.end else ""]
    label = style.label + (f" {_SIGNS[mark.error]}" if mark.error else "")
    tag = f'<mark class="{" ".join(filter(None, classes))}" data-n="{number}" data-label="{escape(label)}"'
    if not is_first:
        return f"{tag}>"
    told = [style.name, *([f"{say('score')}: {mark.score:.2f}"] if mark.score is not None else [])]
    kind = "change" if mark.error in CHANGE_SIGNS else "error"
    told += [f"{say(kind)}: {say(mark.error)}"] if mark.error else []
    told += [f"{say(name)}: {value}".removesuffix(": ") for name, value in mark.facts]
    return f'{tag} tabindex="0" title="{escape(chr(10).join(told))}">'
