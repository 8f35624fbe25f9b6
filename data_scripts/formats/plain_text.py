"""Files of plain text: each .txt file is one record, named after its path."""

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .file_names import FileNames
from .format import Format, FoundRecord, LazyRecord, Losses, RecordFile, Write
from .options import FormatOptions
from .text_files import read_whole, text_output

_MARK = "\ufeff"


class PlainText(Format):
    """The text is as it is stored, line ends included; a byte order mark is dropped."""

    name = "text"
    title = "a folder with a .txt file a record, at any depth; or one such file"
    suffixes = (".txt",)
    is_folder = True
    carries = frozenset({"ids", "records not annotated"})

    def read(self, file: RecordFile, options: FormatOptions, losses: Losses) -> Iterator[LazyRecord]:
        def get() -> FoundRecord:
            return FoundRecord(str(file.path), 1, read_whole(file.path, options.encoding), id=file.name)

        yield LazyRecord(1, get, file.size(), lambda: file.name)

    @contextmanager
    def open(self, path: Path, name: str, options: FormatOptions, losses: Losses) -> Iterator[Write]:
        path.mkdir()
        names = FileNames(losses)
        is_markless = codecs.lookup(options.encoding).name == "utf-8"

        def write(record: dict) -> None:
            stem = names.stem(record.get("id", "").removesuffix(".txt"))
            (path / stem).parent.mkdir(parents=True, exist_ok=True)
            with text_output(path / f"{stem}.txt", f"{stem}.txt", options.encoding) as write_text:
                # Of a text that begins with the mark itself, a reader would drop it.
                has_mark = is_markless and record["text"].startswith(_MARK)
                write_text(_MARK * has_mark + record["text"])

        yield write
