"""Files of plain text: each .txt file is one record, named after its path."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .file_names import FileNames
from .format import Format, FoundRecord, Losses, RecordFile, Write
from .options import FormatOptions
from .text_files import read_whole, text_output


class PlainText(Format):
    """The text is as it is stored, line ends included; a byte order mark is dropped."""

    name = "text"
    title = "a folder with a .txt file a record, at any depth; or one such file"
    suffixes = (".txt",)
    is_folder = True
    carries = frozenset({"ids", "records not annotated"})

    def read(self, file: RecordFile, options: FormatOptions, losses: Losses) -> Iterator[FoundRecord]:
        yield FoundRecord(str(file.path), 1, read_whole(file.path, options.encoding), id=file.name)

    @contextmanager
    def open(self, path: Path, name: str, options: FormatOptions, losses: Losses) -> Iterator[Write]:
        path.mkdir()
        names = FileNames(losses)

        def write(record: dict) -> None:
            stem = names.stem(record.get("id", "").removesuffix(".txt"))
            with text_output(path / f"{stem}.txt", f"{stem}.txt", options.encoding) as write_text:
                write_text(record["text"])

        yield write
