"""Records without annotations, as users have them: a .jsonl file, a .txt file that is one record, a folder of such."""

import logging
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from modeling_dicmt.files import scan_json_lines

from .formats.format import RecordFile
from .formats.jsonl import record_of
from .formats.options import FormatOptions
from .formats.streams import read
from .readers.records import CorpusError, at_line, read_text
from .readers.values import identifier

logger = logging.getLogger(__name__)

SUFFIXES = (".jsonl", ".txt")
# What the results of a folder's .txt files are called, together: a file each would be a million of a line each.
TEXTS_NAME = "texts.jsonl"
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


def find_shards(path: Path) -> dict[str, list[Path]]:
    """The files below a path by what their results are to be called, each in the order of names.

    A .jsonl file's results have its name, from the folder on; those of all .txt files of a folder together are called
    `TEXTS_NAME` there. Hidden files and folders are passed over.

    Raises:
        FileNotFoundError: If there is nothing at `path`, or no record below it.
        CorpusError: If a file is of another kind, or two results would have one name.
        OSError: If a folder or a file cannot be read.
    """
    if not path.is_dir():
        files = {file.name: file for file in find_record_files(path)}
    else:
        files = {file.relative_to(path).as_posix(): file for file in _walk(path) if is_record_file(file)}
        if not files:
            raise FileNotFoundError(f"{path} holds no .txt or .jsonl file. What is read: {_KINDS}.")
    shards: dict[str, list[Path]] = {}
    for name, file in sorted(files.items()):
        if not file.is_file():
            raise CorpusError(f"{file} has the name of a file with records, but is none.")
        with open(file, "rb"):  # told now rather than in the middle of the night
            pass
        is_text = file.suffix.lower() == ".txt"
        of_shard = shards.setdefault(PurePosixPath(name).with_name(TEXTS_NAME).as_posix() if is_text else name, [])
        if of_shard and not (is_text and of_shard[0].suffix.lower() == ".txt"):
            raise CorpusError(
                f"{of_shard[0]}: the results of the folder's .txt files would have this name too: rename it."
            )
        of_shard.append(file)
    return shards


def _walk(folder: Path) -> Iterator[Path]:
    def stop(error: OSError) -> None:  # else os.walk would leave the folder out without a word
        raise error

    for parent, folders, files in os.walk(folder, onerror=stop):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in files if not name.startswith("."))


def read_each(files: Sequence[Path], root: Path) -> Iterator[dict[str, Any]]:
    """Records of files that may have wrong ones among them, read as they are consumed.

    Args:
        files: As `find_record_files` or `find_shards` give them.
        root: Folder from which on files are named.

    Yields:
        Of each record `file`, `line` (None where it is the whole file), `id`, `bytes` in the file, and `text`; of what
        is none `reason` in place of `text`, which quotes nothing of it.

    Raises:
        OSError: If a file cannot be read.
    """
    for path in files:
        file = path.relative_to(root).as_posix()
        if path.suffix.lower() == ".txt":
            record: dict[str, Any] = {"file": file, "line": None, "id": path.name, "bytes": path.stat().st_size}
            try:
                yield record | {"text": read_text(path)}
            except CorpusError as error:
                yield record | {"reason": str(error).removeprefix(f"{path}, ")}
            continue
        for number, size, found in scan_json_lines(path, file, CorpusError):
            place, default = at_line(Path(file), number), f"{path.name}:{number}"
            record = {"file": file, "line": number, "id": default, "bytes": size}
            try:
                if isinstance(found, ValueError):
                    raise found
                record["id"] = identifier(found, "id", place) or default
                yield record | {"text": record_of(found, place, number, annotated=False).text}
            except CorpusError as error:
                yield record | {"reason": str(error).removeprefix(f"{place}: ")}
