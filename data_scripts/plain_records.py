"""Records without annotations, as users have them: a .jsonl file, a .txt file that is one record, a folder of such."""

import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from .formats.format import RecordFile
from .formats.options import FormatOptions
from .formats.streams import read
from .readers.records import CorpusError

logger = logging.getLogger(__name__)

SUFFIXES = (".jsonl", ".txt")
_KINDS = 'a .jsonl file (records {"text": …}, one a line), a .txt file (one record), or a folder of such'


def is_record_file(path: Path) -> bool:
    """Whether a file's name says that it holds records."""
    return path.suffix.lower() in SUFFIXES


def find_record_files(path: Path) -> list[Path]:
    """The files with records that a path stands for, in the order of their names.

    What else lies in a folder, hidden files apart, is named in a warning.

    Raises:
        FileNotFoundError: If there is nothing at `path`, or no record in the folder.
        CorpusError: If a file is of another kind.
    """
    if path.is_dir():
        entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
        files = [entry for entry in entries if is_record_file(entry)]
        if not files:
            raise FileNotFoundError(f"{path} holds no .txt or .jsonl file. What is read: {_KINDS}.")
        others = [entry.name for entry in entries if entry not in files]
        if others:
            names = ", ".join(others[:5]) + (" …" if len(others) > 5 else "")
            logger.warning("%s: not read, since neither .txt nor .jsonl: %d (%s).", path, len(others), names)
    else:
        files = [path]
    for file in files:
        if not file.exists():
            raise FileNotFoundError(f"{file}: there is no such file or folder.")
        if not is_record_file(file):
            raise CorpusError(f"{file}: {file.suffix or 'a file without an ending'} is not read. What is: {_KINDS}.")
        if not file.is_file():
            raise CorpusError(f"{file} has the name of a file with records, but is none.")
    return files


def check_records(files: Sequence[Path], limit: int | None = None, *, annotated: bool = False) -> int:
    """Read all records, or the first `limit`, so that a wrong one is told before hours of work; returns their number.

    Raises:
        ValueError: As `read_records`.
    """
    count = sum(1 for _ in islice(read_records(files, annotated=annotated), limit))
    if count == 0:
        logger.warning("%s: there is no record.", ", ".join(str(path) for path in files[:5]))
    return count


def read_records(files: Sequence[Path], *, annotated: bool = False) -> Iterator[dict[str, Any]]:
    """Records with `id` and `text`, read as they are consumed. Text is as it is stored, line ends included.

    A record without an id bears the name of its file, with the number of its line.

    Args:
        files: As `find_record_files` gives them.
        annotated: Whether to read, where a record has them, `group`, `section` and `entities` as well; of an entity
            start, end, type, word and score.

    Raises:
        ValueError: If a file is not UTF-8, or a line is no record; names file and line, and quotes no text.
    """
    formats = {".jsonl": "jsonl", ".txt": "text"}
    files_of_formats = [RecordFile(path, path.name, formats[path.suffix.lower()]) for path in files]
    return read(files_of_formats, FormatOptions(annotated=annotated))
