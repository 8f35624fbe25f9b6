"""What the page shows of results, as HTML without scripts: the fragments of `pages`, counts, and a table."""

from collections.abc import Sequence
from functools import partial
from html import escape

from ..pages.marks import CHANGE_SIGNS, Mark
from ..pages.records import render_records
from ..pages.text import visible
from ..pages.types import TypeStyles
from .deidentifying import Deidentified
from .errors import VisitorError
from .recognising import Result, filtered
from .uploads import Record
from .words import WORDS, say

# Rows of a table, and characters of an entity in it.
_ROWS = 500
_CHARACTERS = 60


def message(text: str, kind: str = "error") -> str:
    """A message to the visitor; its text is shown as it is."""
    role = "alert" if kind == "error" else "status"
    return f'<div class="dicmt"><p class="message {kind}" role="{role}">{escape(visible(text))}</p></div>'


def told(error: VisitorError, language: str) -> str:
    """The message of what went wrong."""
    return message(error.told(language))


def placeholder(word: str, language: str) -> str:
    """What stands where results will be."""
    return f'<div class="dicmt"><p class="empty-note">{escape(say(word, language))}</p></div>'


def counted(number: int, one: str, many: str, language: str) -> str:
    """A number of things in words."""
    return f"{number:,} {say(one if number == 1 else many, language)}"


def header(language: str) -> str:
    """The head of the page."""
    title, about = (escape(say(word, language)) for word in ("title", "about"))
    return f'<header class="dicmt head"><h1>{title}</h1><p class="told">{about}</p></header>'


def show_result(result: Result, view: str, hidden: Sequence[str], least: float, language: str) -> str:
    """The records with their entities, what terms change, and all as a table.

    Args:
        result: The result.
        view: One of `VIEWS`.
        hidden: Types that are left out.
        least: The least score.
        language: Of what is said about them.
    """
    marks = [filtered(of_record, hidden, least) for of_record in result.marks(view)]
    pairs = list(zip(result.records, marks, strict=True))
    # What a change was made from is no entity any more.
    number = sum(mark.side != "annotated" for of_record in marks for mark in of_record)
    parts = [counted(len(pairs), "one record", "records", language)] if len(pairs) > 1 else []
    parts.append(counted(number, "one entity", "of entities", language))
    lines = [("，" if language == "zh" else ", ").join(parts)]
    if result.after is not None:
        changes = result.changes()
        gained, lost = changes.pop("gained", 0), changes.pop("lost", 0)
        altered = sum(changes.values())
        lines.append(
            say("of changes", language, gained=gained, lost=lost, altered=altered)
            if gained + lost + altered
            else say("no change", language)
        )
        lines += [say("signs", language)] if view == "changes" and gained + lost + altered else []
    status = "".join(f'<p class="told">{escape(line)}</p>' for line in lines)
    shown = [mark.type for of_record in marks for mark in of_record]
    types = [name for name in result.types if name in {*shown}]
    fragment = render_records(pairs, result.types, legend=False, say=partial(_word, language))
    return f'<div class="dicmt counts" role="status">{status}</div>{_legend(types, result)}{fragment}' + _table(
        pairs, language
    )


def show_deidentified(done: Deidentified, language: str) -> str:
    """The records without identifiers, and what stands in their places."""
    note = say("deidentify note", language)
    status = [say("replaced", language, number=f"{done.replaced:,}"), note]
    lines = "".join(f'<p class="told">{escape(line)}</p>' for line in status)
    fragment = render_records(zip(done.records, done.marks, strict=True), legend=bool(done.replaced))
    return f'<div class="dicmt counts" role="status">{lines}</div>{fragment}'


def _word(language: str, word: str) -> str:
    return say(word, language) if word in WORDS else word


def _legend(types: Sequence[str], result: Result) -> str:
    styles = TypeStyles(result.types)
    chips = [
        f'<span class="chip {styles.style(name).classes}"><b>{escape(styles.style(name).label)}</b> '
        f"{escape(styles.style(name).name)}</span>"
        for name in types
    ]
    return f'<div class="dicmt"><div class="legend">{"".join(chips)}</div></div>' if chips else ""


def _table(pairs: Sequence[tuple[Record, Sequence[Mark]]], language: str) -> str:
    marks = [
        (record, mark)
        for record, of_record in pairs
        for mark in sorted(of_record, key=lambda mark: (mark.start, -mark.end, mark.side))
    ]
    if not marks:
        return ""
    has_changes = any(mark.error in CHANGE_SIGNS for _, mark in marks)
    columns = ["text", "type", "score", "place", *(["change"] if has_changes else [])]
    head = "".join(f"<th>{escape(say(column, language))}</th>" for column in columns)
    rows = "".join(_row(record, mark, len(pairs) > 1, has_changes, language) for record, mark in marks[:_ROWS])
    cut = say("table cut", language, number=f"{_ROWS:,}", all=f"{len(marks):,}") if len(marks) > _ROWS else ""
    return (
        f'<div class="dicmt"><details class="as-table"><summary>{escape(say("table", language))}</summary>'
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        f'<p class="told">{escape(cut)}</p></details></div>'
    )


def _row(record: Record, mark: Mark, with_id: bool, with_change: bool, language: str) -> str:
    text = record["text"][mark.start : min(mark.end, mark.start + _CHARACTERS)]
    text += "…" if mark.end - mark.start > _CHARACTERS else ""
    place = f"{mark.start}–{mark.end}"
    cells = [
        visible(text),
        visible(mark.type),
        "" if mark.score is None else f"{mark.score:.2f}",
        f"{visible(str(record['id']))}: {place}" if with_id else place,
    ]
    if with_change:
        side = f" ({say('before', language)})" if mark.side == "annotated" and mark.error != "lost" else ""
        cells.append(f"{CHANGE_SIGNS[mark.error]} {say(mark.error, language)}{side}" if mark.error else "")
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
