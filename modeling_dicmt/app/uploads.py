"""Records of a file that a visitor uploaded, read within the limits; the file is deleted whatever comes of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..pages.text import visible
from .arguments import Limits
from .errors import Deadline, VisitorError

Record = dict[str, Any]
ReadRecords = Callable[[Path], Iterator[Record]]
"""Reads the records of a file, one after the other; raises ValueError, which may name the file's path."""


class Source:
    """What the page knows of records' files, which the package itself does not.

    Args:
        read: Reads them.
        endings: What names of files that it reads end in.
    """

    def __init__(self, read: ReadRecords, endings: tuple[str, ...]):
        self.read, self.endings = read, endings


@contextmanager
def uploaded(path: object, folder: Path, limits: Limits) -> Iterator[Path]:
    """A file that was uploaded, which is deleted afterwards.

    Args:
        path: What Gradio says of where it is.
        folder: Where such files are; no other is opened or deleted.
        limits: Of its size.

    Raises:
        VisitorError: If it is not there, or too large.
    """
    file = Path(path) if isinstance(path, str) else Path()
    if not file.is_file() or file.is_symlink() or not file.resolve().is_relative_to(folder.resolve()):
        raise VisitorError("file is gone")
    try:
        if file.stat().st_size > limits.max_file_kilobytes * 1024:
            raise VisitorError("file too large", most=f"{limits.max_file_kilobytes:,}")
        yield file
    finally:
        with suppress(OSError):
            file.unlink()
            file.parent.rmdir()


def read_records(file: Path, source: Source, limits: Limits) -> list[Record]:
    """The records of a file, `id` and `text`.

    Raises:
        VisitorError: If it is of no known format, cannot be read, has no text, or exceeds a limit.
    """
    if not file.name.lower().endswith(source.endings):
        raise VisitorError("unknown format", endings=" ".join(source.endings))
    deadline, records = Deadline(limits.max_seconds), []
    try:
        for record in source.read(file):
            deadline.left()
            if record["text"].strip():
                records.append({"id": record["id"], "text": record["text"]})
            check_records(records, limits)
    except (ValueError, OSError) as error:
        raise VisitorError("file cannot be read", reason=visible(_without_path(str(error), file))) from None
    if not records:
        raise VisitorError("file is empty")
    return records


def check_records(records: list[Record], limits: Limits) -> None:
    """Raise VisitorError if records are too many, or too long together."""
    if len(records) > limits.max_records:
        raise VisitorError("too many records", most=f"{limits.max_records:,}")
    if sum(len(record["text"]) for record in records) > limits.max_characters:
        raise VisitorError("too many characters", most=f"{limits.max_characters:,}")


def _without_path(message: str, file: Path) -> str:
    for place in (file, file.resolve()):
        message = message.replace(str(place), file.name).replace(str(place.parent), "")
    return message
