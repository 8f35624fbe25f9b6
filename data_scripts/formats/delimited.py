"""Tables as text: CSV and TSV with a header, quoted as RFC 4180 and spreadsheets have it."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from modeling_dicmt.files import MAX_LINE_BYTES, parse_json

from ..readers.records import CorpusError, at_line
from ..readers.values import annotations, harmless_names
from .columns import Columns
from .format import Format, FoundRecord, LazyRecord, Losses, RecordFile, Write
from .options import FormatOptions
from .text_files import TextInput, text_output


class _Writer:
    """What `csv.writer` writes to."""

    def __init__(self, write) -> None:
        self.write = write


class Delimited(Format):
    """A row a record; its entities are a JSON list in a column of their own, whose empty cell is no annotation."""

    delimiter: str

    def read(self, file: RecordFile, options: FormatOptions, losses: Losses) -> Iterator[LazyRecord]:
        csv.field_size_limit(MAX_LINE_BYTES)  # its default is shorter than some records
        path, errors = file.path, []

        def note(line: tuple[str, CorpusError | None]) -> str:
            if line[1] is not None:
                errors.append(line[1])
            return line[0]

        with TextInput(path, options.encoding) as lines:
            rows = csv.reader(map(note, lines.lines()), delimiter=self.delimiter, strict=True)
            columns = None
            while True:
                number = lines.number + 1
                place = at_line(path, number)
                try:
                    row = next(rows, None)
                except csv.Error as error:
                    raise (errors or [_no_row(place, error)])[0] from None
                if row is None:
                    break
                if not row:
                    continue
                if columns is None:
                    if errors:
                        raise errors[0]
                    columns = Columns(options, row, place, harmless_names(row))
                    continue
                get = partial(_record, row, columns, place, number, options.annotated, errors[:1])
                errors.clear()
                yield LazyRecord(number, get, lines.position)
            if columns is None:
                raise CorpusError(f"{path}: there is no header with the columns' names. Restore the file.")

    @contextmanager
    def open(self, path: Path, name: str, options: FormatOptions, losses: Losses) -> Iterator[Write]:
        names = Columns.written(options)
        with text_output(path, name, options.encoding) as write_text:
            # With this line end, the writer quotes what holds any part of it.
            rows = csv.writer(_Writer(write_text), delimiter=self.delimiter, lineterminator="\r\n")
            rows.writerow(names.values())

            def write(record: dict) -> None:
                cells = {key: record.get(key, "") for key in names}
                if "entities" in record:
                    cells["entities"] = json.dumps(record["entities"], ensure_ascii=False)
                rows.writerow(cells.values())

            yield write


def _no_row(place: str, error: csv.Error) -> CorpusError:
    return CorpusError(f"{place}: no row of a table ({error}). Is a quotation mark not closed, or not doubled?")


def _record(
    row: list[str], columns: Columns, place: str, number: int, annotated: bool, errors: list[CorpusError]
) -> FoundRecord:
    if errors:
        raise errors[0]
    if len(row) != len(columns.header):
        raise CorpusError(
            f"{place}: {len(row)} cells, where the header has {len(columns.header)} columns. Correct the row; is "
            "a cell with a delimiter or line end in it not quoted?"
        )
    named = dict(zip(columns.header, row, strict=True))
    cells = {key: named[name] for key, name in columns.names.items()}
    text, entities = cells["text"], cells.get("entities", "")
    found = None
    if entities and annotated:
        listed = parse_json(entities, f"{place}, column {columns.names['entities']}", CorpusError)
        if not isinstance(listed, list):
            raise CorpusError(f"{place}: the entities must be a JSON list. Correct the row.")
        found = annotations(listed, text, place)
    return FoundRecord(place, number, text, found, *(cells.get(key, "") for key in ("id", "group", "section")))


class CSV(Delimited):
    """Separated by commas."""

    name = "csv"
    title = "a table with a header and columns text, id, group, section and entities (a JSON list), or told ones"
    suffixes = (".csv",)
    delimiter = ","


class TSV(Delimited):
    """Separated by tabs."""

    name = "tsv"
    title = "the same, separated by tabs"
    suffixes = (".tsv",)
    delimiter = "\t"
