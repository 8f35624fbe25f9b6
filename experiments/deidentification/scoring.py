"""Scores of found identifiers: what is found exactly, what is found in part, and what leaks.

A gold identifier is *found exactly* if a found one has its start, end and type; it is *touched* if any found one, of
whatever type, shares a character with it; its characters that no found identifier covers *leak*. A found identifier
that touches no gold one is a *false alarm*.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from modeling_dicmt.deidentification import IDENTIFIER_TYPES, Identifier
from modeling_dicmt.files import read_json_lines

GROUPS = {
    "numbers": ("ID", "PHONE", "RECORD_NUMBER", "BED", "DATE", "AGE", "EMAIL", "PLATE"),
    "names": ("NAME", "ADDRESS", "INSTITUTION"),
    "all": IDENTIFIER_TYPES,
}
"""Types whose counts are summed: what mostly consists of figures, what people and places are called, everything."""

MISTAKES = ("leaked", "false alarm", "other span or type")


@dataclass(frozen=True)
class Counts:
    """What the figures of a type, or of several, follow from.

    Args:
        gold: Gold identifiers.
        found: Found ones.
        exact: Gold identifiers that are found exactly.
        touched: Gold identifiers that some found one touches.
        touching: Found identifiers that touch some gold one.
        characters: Characters of the gold identifiers.
        leaked: Those of them that no found identifier covers.
        text: Characters of all texts, the same for every type.
    """

    gold: int
    found: int
    exact: int
    touched: int
    touching: int
    characters: int
    leaked: int
    text: int

    def figures(self) -> dict[str, float | None]:
        """The figures as fractions, None where there is nothing to divide by; false alarms per 10,000 characters."""
        return {
            "precision": _ratio(self.exact, self.found),
            "recall": _ratio(self.exact, self.gold),
            "f1": _ratio(2 * self.exact, self.gold + self.found),
            "relaxed_precision": _ratio(self.touching, self.found),
            "relaxed_recall": _ratio(self.touched, self.gold),
            "leaked_characters": _ratio(self.leaked, self.characters),
            "false_alarms": _ratio(10_000 * (self.found - self.touching), self.text),
        }


class Mistake(NamedTuple):
    """A gold identifier that leaks, or a found one that is wrong, in its context.

    Args:
        kind: One of `MISTAKES`.
        type: Type of the gold identifier, or of the false alarm.
        record: The record's id.
        before, text, after: The identifier and what stands around it.
        found: Type and rule of what was found there, or nothing.
        size: Characters that leak, or that are found for nothing.
    """

    kind: str
    type: str
    record: str
    before: str
    text: str
    after: str
    found: str
    size: int


def score(records: Sequence[Mapping[str, Any]], found: Sequence[Sequence[Identifier]]) -> dict[str, Counts]:
    """Count what was found in records.

    Args:
        records: Records with "text" and gold "identifiers", each `{"start", "end", "type"}`.
        found: For each record what was found in it.

    Returns:
        Counts by the types of `IDENTIFIER_TYPES`, then by the groups of `GROUPS`.
    """
    counters = {name: Counter() for name in IDENTIFIER_TYPES}
    text = 0
    for record, of_record in zip(records, found, strict=True):
        gold = gold_identifiers(record)
        text += len(record["text"])
        exact = {item[:3] for item in of_record}
        gold_characters, found_characters = _covered(gold), _covered(of_record)
        for item in gold:
            leaked = sum(offset not in found_characters for offset in range(item.start, item.end))
            length = item.end - item.start
            counters[item.type].update(
                gold=1, exact=item[:3] in exact, touched=leaked < length, characters=length, leaked=leaked
            )
        for item in of_record:
            touches = not gold_characters.isdisjoint(range(item.start, item.end))
            counters[item.type].update(found=1, touching=touches)
    for name, types in GROUPS.items():
        counters[name] = sum((counters[kind] for kind in types), Counter())
    names = ("gold", "found", "exact", "touched", "touching", "characters", "leaked")
    return {kind: Counts(*(counter[name] for name in names), text=text) for kind, counter in counters.items()}


def worst(
    records: Sequence[Mapping[str, Any]], found: Sequence[Sequence[Identifier]], count: int, context: int = 12
) -> list[Mistake]:
    """The mistakes that matter most, for development: quotes the records, so these must be made up.

    Args:
        records: See `score`.
        found: See `score`.
        count: How many of each kind and type; those with the most characters first, then in the records' order.
        context: Characters before and after that are quoted.
    """
    mistakes: list[Mistake] = []
    for record, of_record in zip(records, found, strict=True):
        text, gold = record["text"], gold_identifiers(record)
        exact, gold_characters, found_characters = {i[:3] for i in of_record}, _covered(gold), _covered(of_record)

        def note(kind: str, item: Identifier, of: str, size: int, record=record, text=text) -> None:
            around = (
                text[max(0, item.start - context) : item.start],
                text[item.start : item.end],
                text[item.end : item.end + context],
            )
            mistakes.append(Mistake(kind, item.type, record["id"], *around, of, size))

        for item in gold:
            there = [other for other in of_record if other.start < item.end and item.start < other.end]
            of = ", ".join(f"{other.type} {text[other.start : other.end]!r} by {other.rule}" for other in there)
            leaked = sum(offset not in found_characters for offset in range(item.start, item.end))
            if leaked:
                note("leaked", item, of, leaked)
            elif item[:3] not in exact:
                note("other span or type", item, of, 0)
        for item in of_record:
            if gold_characters.isdisjoint(range(item.start, item.end)):
                note("false alarm", item, item.rule, item.end - item.start)
    order = {name: place for place, name in enumerate((*MISTAKES, *IDENTIFIER_TYPES))}
    mistakes.sort(key=lambda mistake: (order[mistake.kind], order[mistake.type], -mistake.size))
    shown = Counter[tuple[str, str]]()
    kept = []
    for mistake in mistakes:
        shown[mistake.kind, mistake.type] += 1
        if shown[mistake.kind, mistake.type] <= count:
            kept.append(mistake)
    return kept


def scores_table(counts: Mapping[str, Counts]) -> str:
    """The scores as a Markdown table: percentages, and false alarms per 10,000 characters."""
    names = ("precision", "recall", "f1", "relaxed_precision", "relaxed_recall", "leaked_characters", "false_alarms")
    head = ("type", "gold", "found", "P", "R", "F1", "relaxed P", "relaxed R", "leaked characters", "false alarms")
    lines = [_row(head), _row(("---", *("---:" for _ in head[1:])))]
    for kind, of_kind in counts.items():
        figures = of_kind.figures()
        cells = [_shown(figures[name], 1 if name == "false_alarms" else 100) for name in names]
        lines.append(_row((f"**{kind}**" if kind in GROUPS else kind, of_kind.gold, of_kind.found, *cells)))
    return "\n".join(lines)


def mistakes_table(mistakes: Iterable[Mistake]) -> str:
    """Mistakes as a Markdown table; line ends and bars of the text are shown as signs."""
    lines = [_row(("mistake", "type", "record", "text", "found there")), _row(("---",) * 5)]
    for mistake in mistakes:
        quoted = f"{mistake.before}【{mistake.text}】{mistake.after}"
        cells = (mistake.kind, mistake.type, mistake.record, quoted, mistake.found or "–")
        lines.append(_row(tuple(cell.translate(_SIGNS) for cell in cells)))
    return "\n".join(lines)


def read_references(path: str | Path) -> list[dict[str, Any]]:
    """Read records with gold identifiers, as `compose` writes them.

    Raises:
        ValueError: If a record lacks its id or text, has an id that another has, or identifiers that do not fit its
            text; names file and line.
    """
    records: dict[str, dict[str, Any]] = {}
    for number, record in read_json_lines(path):
        where = f"{path}, line {number}"
        name = _id_of(record, where, records)
        if not isinstance(record.get("text"), str):
            raise ValueError(f'{where}: expected "text", a string.')
        _identifiers_of(record, where, len(record["text"]))
        records[name] = record
    if not records:
        raise ValueError(f"{path} holds no records.")
    return list(records.values())


def read_found(path: str | Path, records: Sequence[Mapping[str, Any]]) -> list[list[Identifier]]:
    """Read what was found in records, `{"id", "identifiers": [{"start", "end", "type", "rule"}]}` a line, in any order.

    Returns:
        For each of the records what was found in it.

    Raises:
        ValueError: If a record has no line or two, a line is of no record, or its identifiers do not fit the record's
            text; names file and line.
    """
    lengths = {record["id"]: len(record["text"]) for record in records}
    found: dict[str, list[Identifier]] = {}
    for number, line in read_json_lines(path):
        where = f"{path}, line {number}"
        name = _id_of(line, where, found)
        if name not in lengths:
            raise ValueError(f"{where}: no record of the references has the id {name!r}.")
        found[name] = _identifiers_of(line, where, lengths[name])
    lacking = [name for name in lengths if name not in found]
    if lacking:
        raise ValueError(
            f"{path} has no line for {len(lacking)} of {len(lengths)} records, the first {lacking[0]!r}. A record in "
            'which nothing was found has a line with "identifiers": [].'
        )
    return [found[name] for name in lengths]


def gold_identifiers(record: Mapping[str, Any]) -> list[Identifier]:
    """The gold identifiers of a record."""
    return [Identifier(item["start"], item["end"], item["type"], "gold") for item in record["identifiers"]]


def _id_of(line: Mapping[str, Any], where: str, others: Mapping[str, Any]) -> str:
    name = line.get("id")
    if not isinstance(name, str) or not name:
        raise ValueError(f'{where}: expected "id", a string that is not empty.')
    if name in others:
        raise ValueError(f"{where}: an earlier line has the id {name!r}, too.")
    return name


def _identifiers_of(line: Mapping[str, Any], where: str, length: int) -> list[Identifier]:
    """The identifiers of a line, sorted, after checking that they lie within the text and apart."""
    items = line.get("identifiers")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError(f'{where}: expected "identifiers", a list of objects with start, end and type.')
    found = []
    for item in items:
        start, end, kind, rule = (item.get(name) for name in ("start", "end", "type", "rule"))
        if type(start) is not int or type(end) is not int or not 0 <= start < end <= length:
            raise ValueError(
                f"{where}: an identifier from {start!r} to {end!r} is none of a text of {length} characters."
            )
        if kind not in IDENTIFIER_TYPES:
            raise ValueError(f"{where}: {kind!r} is no type of identifier; there are {', '.join(IDENTIFIER_TYPES)}.")
        if rule is not None and not isinstance(rule, str):
            raise ValueError(f'{where}: expected "rule", a string, got {type(rule).__name__}.')
        found.append(Identifier(start, end, kind, rule or ""))
    found.sort()
    for one, other in pairwise(found):
        if other.start < one.end:
            raise ValueError(
                f"{where}: identifiers overlap, from {one.start} to {one.end} and from {other.start} to {other.end}."
            )
    return found


def _covered(identifiers: Iterable[Identifier]) -> set[int]:
    """Offsets of the characters that identifiers cover."""
    return {offset for item in identifiers for offset in range(item.start, item.end)}


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _shown(figure: float | None, factor: float) -> str:
    return "–" if figure is None else f"{factor * figure:.2f}"


def _row(cells: Iterable[Any]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


_SIGNS = str.maketrans({"\n": "⏎", "\r": "␍", "|": "¦"})
