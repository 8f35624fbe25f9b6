"""Parquet: a row a record, entities as a list of structures; read and written a group of rows at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modeling_dicmt.files import parse_json

from ..readers.records import CorpusError
from ..readers.values import annotations, field, harmless_names, identifier
from .columns import Columns
from .format import Format, FoundRecord, LazyRecord, Losses, RecordFile, Write
from .options import FormatOptions

if TYPE_CHECKING:
    import pyarrow

# Rows that are held at a time; as many characters end a group, too.
_ROWS = 256
_CHARACTERS = 1 << 22


class Parquet(Format):
    """What the datasets library and pandas read and write."""

    name = "parquet"
    title = "columns text, id, group, section and entities (a list of {start, end, type, score}), or told ones"
    suffixes = (".parquet",)

    def read(self, file: RecordFile, options: FormatOptions, losses: Losses) -> Iterator[LazyRecord]:
        import pyarrow
        from pyarrow import parquet

        path, number = file.path, 0
        try:
            with parquet.ParquetFile(path) as table:
                header, size = table.schema_arrow.names, path.stat().st_size
                columns = Columns(options, header, str(path), harmless_names(header))
                for batch in table.iter_batches(_ROWS, columns=list(columns.names.values())):
                    for row in batch.to_pylist():
                        number += 1
                        place, position = f"{path}, row {number}", size * number // table.metadata.num_rows
                        get = partial(_record, row, columns, place, number, options.annotated)
                        yield LazyRecord(number, get, position, partial(_id, row, columns, place))
        except (pyarrow.ArrowException, OSError) as error:
            reason = getattr(error, "strerror", None) or "it is damaged, cut, or no Parquet file"
            raise CorpusError(f"{path}: cannot be read ({reason}). Restore the file.") from error

    @contextmanager
    def open(self, path: Path, name: str, options: FormatOptions, losses: Losses) -> Iterator[Write]:
        import pyarrow
        from pyarrow import parquet

        names = Columns.written(options)
        schema = _schema(names)
        held: list[dict[str, Any]] = []
        characters = 0
        with parquet.ParquetWriter(path, schema) as table:

            def write(record: dict[str, Any]) -> None:
                nonlocal characters
                held.append({column: record.get(key) for key, column in names.items()})
                characters += len(record["text"])
                if len(held) == _ROWS or characters >= _CHARACTERS:
                    write_held()

            def write_held() -> None:
                nonlocal characters
                table.write_table(pyarrow.Table.from_pylist(held, schema))
                held.clear()
                characters = 0

            yield write
            write_held()


def _schema(names: dict[str, str]) -> "pyarrow.Schema":
    import pyarrow

    entity = {"start": pyarrow.int32(), "end": pyarrow.int32(), "type": pyarrow.string(), "score": pyarrow.float64()}
    entities = pyarrow.list_(pyarrow.struct(list(entity.items())))
    return pyarrow.schema(
        [(column, entities if key == "entities" else pyarrow.string()) for key, column in names.items()]
    )


def _id(row: dict[str, Any], columns: Columns, place: str) -> str:
    return identifier({"id": row.get(columns.names.get("id"))}, "id", place)


def _record(row: dict[str, Any], columns: Columns, place: str, number: int, annotated: bool) -> FoundRecord:
    cells = {key: row[name] for key, name in columns.names.items()}
    text, listed = field(cells, "text", str, place), cells.get("entities")
    if isinstance(listed, str) and annotated:
        listed = parse_json(listed, place, CorpusError)
    found = None
    if listed is not None and annotated:
        if not isinstance(listed, list):
            raise CorpusError(f"{place}: the entities must be a list of structures. Convert the column.")
        # A column of structures has all keys in each.
        listed = [{k: v for k, v in e.items() if v is not None} if isinstance(e, dict) else e for e in listed]
        found = annotations(listed, text, place)
    return FoundRecord(
        place, number, text, found, *(identifier(cells, key, place) for key in ("id", "group", "section"))
    )
