"""Entities that were found by anything, kept in a file, and read back to the records that they belong to.

Such a file holds text of the records: it is as confidential as they are.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ..files import read_json_lines, write_text
from ..tagging import Span

Row = tuple[str, str, Mapping[str, Any]]
"""What messages call a place in a file, a record's id there, and an object with the list `entities`."""


def write_predictions(
    path: str | os.PathLike[str], records: Iterable[Mapping[str, Any]], entities: Iterable[Iterable[Any]]
) -> None:
    """Write predicted entities as JSON lines, `{"id", "entities": [{"start", "end", "type", "word", "score"?, …}]}`.

    Args:
        path: The file; it is either complete or not there.
        records: The records, with `id` and `text`.
        entities: For each record its entities: tuples `(start, end, type)`, or mappings with these keys and possibly
            `word` (checked), `score`, `forced` and `evidence`.

    Raises:
        ValueError: If an entity leaves its text or its word is not what the text has there, or if there are not as many
            lists of entities as records. Nothing is written then.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_text(path, prediction_lines(records, entities))


def prediction_lines(records: Iterable[Mapping[str, Any]], entities: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The lines of `write_predictions`, with its arguments and errors."""
    missing = object()
    for number, (record, found) in enumerate(zip_longest(records, entities, fillvalue=missing)):
        if record is missing or found is missing:
            more, fewer = ("records", "lists of entities") if found is missing else ("lists of entities", "records")
            raise ValueError(f"There are more {more} than the {number} {fewer}: give one list a record.")
        line = {"id": record["id"], "entities": [prediction(entity, record) for entity in found]}
        yield json.dumps(line, ensure_ascii=False) + "\n"


def prediction(entity: Any, record: Mapping[str, Any]) -> dict[str, Any]:
    """An entity of a record, checked, as its line has it; see `write_predictions`."""
    start, end, entity_type = _read_span(entity, record["text"], "A prediction", repr(record["id"]))
    found = {"start": start, "end": end, "type": entity_type, "word": record["text"][start:end]}
    if isinstance(entity, Mapping):
        if entity.get("score") is not None:
            found["score"] = float(entity["score"])
        found |= {name: entity[name] for name in ("forced", "evidence") if name in entity}
    return found


def read_predictions(
    path: str | os.PathLike, records: Sequence[Mapping[str, Any]], source: str, rows: Iterable[Row] | None = None
) -> tuple[list[list[Span]], list[list[float]] | None]:
    """Read predicted entities, and find the records that they belong to by id.

    Args:
        path: JSON lines as `write_predictions` leaves them, in any order.
        records: The annotated records, with `id` and `text`, each id once.
        source: What error messages call the records.
        rows: What was read of the path, where it is of another format.

    Returns:
        For each record its entities, and their scores; None in place of these if an entity has none.

    Raises:
        ValueError: If a line is no prediction, an id is missing or occurs twice on either side, or a text is another
            one. Names file and line, and the record on the other side, but quotes no text.
    """
    places = {record["id"]: place for place, record in enumerate(records)}
    if len(places) < len(records):
        raise ValueError(f"{source} has records with the same id, so that no prediction can be told from another's.")
    places_of_rows: dict[str, str] = {}
    found: list[dict[Span, float | None]] = [{} for _ in records]
    for where, name, row in read_rows(path) if rows is None else rows:
        if name in places_of_rows:
            other = places_of_rows[name].removeprefix(f"{path}, ")
            raise ValueError(f"{where}: the id {name!r} is also that of {other}. Give each record its own.")
        if name not in places:
            raise ValueError(f"{where}: {source} has no record with the id {name!r}.")
        places_of_rows[name] = where
        found[places[name]] = dict(_read_entities(row, records[places[name]], where, source))
    absent = [record["id"] for record in records if record["id"] not in places_of_rows]
    if absent:
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise ValueError(f"{path} has no line for the record {absent[0]!r}{more} of {source}.")
    scores = [[*of_record.values()] for of_record in found]
    complete = all(score is not None for of_record in scores for score in of_record)
    return [[*of_record] for of_record in found], scores if complete else None


def pair_predictions(
    path: str | os.PathLike, records: Iterable[Mapping[str, Any]], source: str
) -> Iterator[tuple[Mapping[str, Any], list[dict[str, Any]] | None]]:
    """Read records and predicted entities side by side, one record at a time.

    Args:
        path: JSON lines as `write_predictions` leaves them, in the order of the records; these may have more.
        records: Records with `id` and `text`.
        source: What error messages call the records.

    Returns:
        The records, each with its entities (`start`, `end`, `type`, `word` and `score`, which is None where the line
        has none), or with None where there is no line for it.

    Raises:
        ValueError: As `read_predictions`, or if a line's record is not behind that of the line before.
    """
    remaining = iter(records)
    for where, name, row in read_rows(path):
        for record in remaining:
            if record["id"] == name:
                break
            yield record, None
        else:
            raise ValueError(
                f"{where}: behind the record of the line before {source} has no record with the id {name!r}. Are these "
                "the entities of these records, in their order, each once?"
            )
        text = record["text"]
        yield (
            record,
            [
                {**span._asdict(), "word": text[span.start : span.end], "score": score}
                for span, score in _read_entities(row, record, where, source)
            ],
        )
    yield from ((record, None) for record in remaining)


def read_rows(path: str | os.PathLike) -> Iterator[Row]:
    """The rows of a file of JSON lines as `write_predictions` leaves them.

    Raises:
        ValueError: If a line is no prediction.
    """
    for number, row in read_json_lines(path):
        where = f"{path}, line {number}"
        if not isinstance(row.get("id"), str | int) or not isinstance(row.get("entities"), list):
            raise ValueError(f'{where}: expected {{"id", "entities": [{{"start", "end", "type"}}]}}.')
        yield where, str(row["id"]), row


def _read_entities(
    row: Mapping[str, Any], record: Mapping[str, Any], where: str, source: str
) -> Iterator[tuple[Span, float | None]]:
    name, text = record["id"], record["text"]
    if row.get("text", text) != text:
        raise ValueError(f"{where}: its text is another one than that of the record {name!r} of {source}.")
    for number, entity in enumerate(row["entities"], start=1):
        yield _read_entity(entity, text, f"{where}, entity {number}", f"{name!r} of {source}")


def _read_entity(entity: Any, text: str, where: str, record: str) -> tuple[Span, float | None]:
    span = _read_span(entity if isinstance(entity, Mapping) else None, text, where, record)
    score = entity.get("score")
    if score is not None and (type(score) not in (int, float) or not 0 <= score <= 1):
        raise ValueError(f"{where}: a score is a number from 0 to 1.")
    return span, score


def _read_span(entity: Any, text: str, where: str, record: str) -> Span:
    """Start, end and type of a mapping or tuple, which lie in the text; its word, if it has one, is the text's."""
    given = entity if isinstance(entity, Mapping) else {}
    fields = list(entity) if isinstance(entity, tuple) else [given.get(name) for name in Span._fields]
    if [type(value) for value in fields] != [int, int, str] or not fields[2]:
        raise ValueError(f"{where}: expected whole numbers start and end, and a type.")
    span = Span(*fields)
    if not 0 <= span.start < span.end <= len(text):
        raise ValueError(
            f"{where}: {span.start} to {span.end} (end exclusive) is no part of the record {record}, which has "
            f"{len(text)} characters."
        )
    word = text[span.start : span.end]
    if given.get("word", word) != word:
        raise ValueError(
            f"{where}: its word is not what the record {record} has from {span.start} to {span.end} (end exclusive): "
            "is this the same text?"
        )
    return span
