"""doccano's JSON Lines for sequence labelling: `{"id", "text", "label": [[start, end, type]]}` a line.

Read is also the form with `entities: [{label, start_offset, end_offset}]`, which projects with relations export.
Offsets count characters, ends exclusive.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..readers.records import CorpusError
from ..readers.values import annotations, field, identifier
from .format import ALL_PARTS, Format, FoundRecord, LazyRecord, Losses, RecordFile, Write
from .jsonl import json_line, json_records
from .options import FormatOptions
from .text_files import text_output

_LABELS = ("label", "labels")


class Doccano(Format):
    """Group and section are keys of their own, which doccano keeps as metadata. Relations and comments are lost."""

    name = "doccano"
    title = 'an object a line: {"id", "text", "label": [[start, end, type]]}, or with "entities"'
    carries = ALL_PARTS - {"scores"}

    def read(self, file: RecordFile, options: FormatOptions, losses: Losses) -> Iterator[LazyRecord]:
        def record_of(value: dict[str, Any], place: str, number: int) -> FoundRecord:
            text = field(value, "text", str, place)
            for key, what in (("relations", "relations"), ("Comments", "comments"), ("comments", "comments")):
                if isinstance(value.get(key), list) and value[key]:
                    losses[f"{what} of doccano, left out"] += len(value[key])
            names = (identifier(value, key, place) for key in ("id", "group", "section"))
            labels = _labels(value, place) if options.annotated else None
            keys = ("start_offset", "end_offset", "label")
            found = None if labels is None else annotations(labels, text, place, keys=keys, mention_keys=())
            return FoundRecord(place, number, text, found, *names)

        return json_records(file.path, options.encoding, record_of)

    @contextmanager
    def open(self, path: Path, name: str, options: FormatOptions, losses: Losses) -> Iterator[Write]:
        with text_output(path, name, options.encoding) as write_text:

            def write(record: dict) -> None:
                line = {key: value for key, value in record.items() if key != "entities"}
                if "entities" in record:
                    line["label"] = [[e["start"], e["end"], e["type"]] for e in record["entities"]]
                write_text(json_line(line))

            yield write


def _labels(value: dict[str, Any], place: str) -> list[Any] | None:
    """The entities of either form, in the form of `entities`."""
    if value.get("entities") is not None:
        return field(value, "entities", list, place)
    key = next((key for key in _LABELS if value.get(key) is not None), None)
    if key is None:
        return None
    labels = []
    for number, label in enumerate(field(value, key, list, place), start=1):
        if not isinstance(label, list) or len(label) != 3:
            raise CorpusError(
                f"{place}, entity {number}: expected [start, end, type]. Is it a project of sequence labelling?"
            )
        labels.append(dict(zip(("start_offset", "end_offset", "label"), label, strict=True)))
    return labels
