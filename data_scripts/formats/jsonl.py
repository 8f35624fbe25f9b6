"""JSON Lines: `{"id"?, "group"?, "section"?, "text", "entities"?: [{start, end, type, word?, score?}]}` a line."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modeling_dicmt.files import parse_json

from ..readers.records import CorpusError, at_line
from ..readers.values import annotations, field, identifier
from .format import Format, FoundRecord, Losses, RecordFile, Write
from .options import FormatOptions
from .text_files import TextInput, text_output


def json_objects(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file with one a line, as (line, object); blank lines are passed over.

    Raises:
        CorpusError: If the file cannot be read, or a line is no JSON object; names file and line.
    """
    with TextInput(path, encoding) as file:
        for line in file:
            if line.strip():
                place = at_line(path, file.number)
                value = parse_json(line, place, CorpusError)
                if not isinstance(value, dict):
                    raise CorpusError(f"{place}: expected a JSON object, got {type(value).__name__}.")
                yield file.number, value


def json_line(value: dict[str, Any]) -> str:
    """A line with an object. A lone surrogate has no form in UTF-8; its escape is read as it."""
    line = json.dumps(value, ensure_ascii=False)
    return line.encode("utf-8", "backslashreplace").decode() + "\n"


class JSONLines(Format):
    """Entities may have a `mention` or `word`, which must equal `text[start:end]`. Other keys are ignored."""

    name = "jsonl"
    title = 'an object a line: {"id", "group", "section", "text", "entities": [{start, end, type, score}]}'
    suffixes = (".jsonl", ".ndjson")

    def read(self, file: RecordFile, options: FormatOptions, losses: Losses) -> Iterator[FoundRecord]:
        for number, value in json_objects(file.path, options.encoding):
            yield record_of(value, at_line(file.path, number), number, options.annotated)

    @contextmanager
    def open(self, path: Path, name: str, options: FormatOptions, losses: Losses) -> Iterator[Write]:
        with text_output(path, name, options.encoding) as write:
            yield lambda record: write(json_line(record))


def record_of(value: dict[str, Any], place: str, number: int, annotated: bool = True) -> FoundRecord:
    """A record from its JSON object.

    Raises:
        CorpusError: If it is none; names its place.
    """
    text = field(value, "text", str, place)
    if not annotated:
        return FoundRecord(place, number, text, id=identifier(value, "id", place))
    is_annotated = value.get("entities") is not None
    return FoundRecord(
        place,
        number,
        text,
        annotations(field(value, "entities", list, place), text, place) if is_annotated else None,
        *(identifier(value, key, place) for key in ("id", "group", "section")),
    )
