"""JSON Lines: `{"id"?, "group"?, "section"?, "text", "entities"?: [{start, end, type, word?, score?}]}` a line."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from modeling_dicmt.files import parse_json

from ..readers.records import CorpusError, at_line
from ..readers.values import annotations, field, identifier
from .format import Format, FoundRecord, LazyRecord, Losses, RecordFile, Write
from .options import FormatOptions
from .text_files import TextInput, text_output


def json_records(
    path: Path, encoding: str, record_of: Callable[[dict[str, Any], str, int], FoundRecord]
) -> Iterator[LazyRecord]:
    """The records of a file with a JSON object a line; blank lines are passed over.

    Args:
        path: The file.
        encoding: Its encoding.
        record_of: Gives the record of an object, its place and its line; raises CorpusError if it is none.

    Raises:
        CorpusError: If the file cannot be read.
    """

    def value_of(line: str, error: CorpusError | None, place: str) -> dict[str, Any]:
        if error is not None:
            raise error
        value = parse_json(line, place, CorpusError)
        if not isinstance(value, dict):
            raise CorpusError(f"{place}: expected a JSON object, got {type(value).__name__}.")
        return value

    def get(line: str, error: CorpusError | None, number: int) -> FoundRecord:
        place = at_line(path, number)
        return record_of(value_of(line, error, place), place, number)

    def get_id(line: str, error: CorpusError | None, number: int) -> str:
        place = at_line(path, number)
        return identifier(value_of(line, error, place), "id", place)

    with TextInput(path, encoding) as file:
        for line, error in file.lines():
            if error is not None or line.strip():
                found = (line, error, file.number)
                yield LazyRecord(file.number, partial(get, *found), file.position, partial(get_id, *found))


def json_line(value: dict[str, Any]) -> str:
    """A line with an object. A lone surrogate has no form in UTF-8; its escape is read as it."""
    line = json.dumps(value, ensure_ascii=False)
    return line.encode("utf-8", "backslashreplace").decode() + "\n"


class JSONLines(Format):
    """Entities may have a `mention` or `word`, which must equal `text[start:end]`. Other keys are ignored."""

    name = "jsonl"
    title = 'an object a line: {"id", "group", "section", "text", "entities": [{start, end, type, score}]}'
    suffixes = (".jsonl", ".ndjson")

    def read(self, file: RecordFile, options: FormatOptions, losses: Losses) -> Iterator[LazyRecord]:
        parts = {"annotated": options.annotated, "named": options.named}
        return json_records(file.path, options.encoding, partial(record_of, **parts))

    @contextmanager
    def open(self, path: Path, name: str, options: FormatOptions, losses: Losses) -> Iterator[Write]:
        with text_output(path, name, options.encoding) as write:
            yield lambda record: write(json_line(record))


def record_of(
    value: dict[str, Any], place: str, number: int, annotated: bool = True, named: bool = True
) -> FoundRecord:
    """A record from its JSON object, entities if `annotated`, group and section if `named`.

    Raises:
        CorpusError: If it is none; names its place.
    """
    text = field(value, "text", str, place)
    is_annotated = annotated and value.get("entities") is not None
    return FoundRecord(
        place,
        number,
        text,
        annotations(field(value, "entities", list, place), text, place) if is_annotated else None,
        *(identifier(value, key, place) for key in (("id", "group", "section") if named else ("id",))),
    )
