"""Which files hold the text, and a fingerprint of their content."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..readers.records import CorpusError
from .report import ReadingReport

SUFFIXES = (".txt", ".jsonl", ".txt.gz", ".jsonl.gz")
_KINDS = "Read are .txt and .jsonl files, also as .gz, and folders of them"
# A folder with more files is named itself: names of single records may be those of patients.
_NAMED_FILES = 20
_BLOCK = 1 << 20


class Source(NamedTuple):
    """A file with text.

    Args:
        path: The file.
        name: What reports call it: its path from the folder that was given.
        is_named: Whether it was given itself, not found in a folder.
    """

    path: Path
    name: str
    is_named: bool

    @property
    def is_jsonl(self) -> bool:
        return ".jsonl" in self.path.name.lower()[-len(".jsonl.gz") :]

    @property
    def is_gzip(self) -> bool:
        return self.path.name.lower().endswith(".gz")


def find_sources(paths: Sequence[str | os.PathLike], report: ReadingReport | None = None) -> list[Source]:
    """The files with text that paths stand for, folders with all that is below them by path, each file once.

    Hidden files are passed over; files of other kinds and linked folders are counted in the report.

    Args:
        paths: Files and folders.
        report: Takes the corpora's names, and what is passed over.

    Raises:
        FileNotFoundError: If there is nothing at a path, or no file with text in a folder.
        CorpusError: If a file is of another kind.
    """
    report = ReadingReport() if report is None else report
    found: dict[str, Source] = {}
    for path in map(Path, paths):
        sources = sorted(_in_folder(path, report)) if path.is_dir() else [_named(path)]
        if not sources:
            raise FileNotFoundError(f"{path} holds no file with text. {_KINDS}.")
        several = len(sources) > _NAMED_FILES
        folder = path.resolve().name
        report.names += [f"{folder} ({len(sources):,} files)"] if several else [item.path.name for item in sources]
        for source in sources:
            found.setdefault(os.path.realpath(source.path), source)
    report.names = list(dict.fromkeys(report.names))
    return list(found.values())


def _named(path: Path) -> Source:
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file or folder.")
    if not _is_text(path.name):
        raise CorpusError(f"{path}: {path.suffix or 'a file without an ending'} is not read. {_KINDS}.")
    if not path.is_file():
        raise CorpusError(f"{path} has the name of a file with text, but is none.")
    return Source(path, path.name, True)


def _in_folder(folder: Path, report: ReadingReport) -> Iterator[Source]:
    def stop(error: OSError) -> None:  # else os.walk would leave the folder out without a word
        raise CorpusError(f"{error.filename}: cannot be read ({error.strerror}).") from error

    for parent, folders, files in os.walk(folder, onerror=stop):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if os.path.islink(os.path.join(parent, name)):
                report.exclude("linked folder, not followed", Path(parent, name).relative_to(folder).as_posix())
        for name in sorted(name for name in files if not name.startswith(".")):
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            if not _is_text(name):
                report.exclude("file of another kind, not read", relative)
            elif path.is_file():
                yield Source(path, relative, False)
            else:
                raise CorpusError(f"{path} is a link to what is not there, or no file. Restore it or remove it.")


def _is_text(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def content_hash(source: Source) -> str:
    """Hash of a file's bytes.

    Raises:
        CorpusError: If it cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    try:
        with open(source.path, "rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise unreadable(source, error) from error
    return digest.hexdigest()


def content_secret(paths: Sequence[str | os.PathLike]) -> bytes:
    """32 bytes that the content of files decides, wherever they lie: only who has all of it can know them.

    They make what depends on a secret the same each time that the same text is read, without a secret to be kept.
    Whoever could compute them has the text itself.

    Args:
        paths: See `find_sources`, also for what is raised.

    Raises:
        CorpusError: If a file cannot be read.
    """
    hashes = sorted(map(content_hash, find_sources(paths)))
    return hashlib.blake2b("".join(hashes).encode(), digest_size=32, person=b"secret").digest()


def state_of(source: Source) -> tuple[int, int]:
    """Size and time of change of a file: what shows that it changes while it is read.

    Raises:
        CorpusError: If it is not there any more.
    """
    try:
        found = source.path.stat()
    except OSError as error:
        raise unreadable(source, error) from error
    return found.st_size, found.st_mtime_ns


def unreadable(source: Source, error: Exception, line: int | None = None) -> CorpusError:
    """The error for a file that cannot be read, or no further.

    No OSError: whoever writes meanwhile would take it for one of the place that is written to.
    """
    reason = getattr(error, "strerror", None) or str(error).rstrip(".") or type(error).__name__
    place = f"{source.path}, after line {line}" if line else f"{source.path}"
    return CorpusError(f"{place}: cannot be read ({reason}). Restore the file, or leave it out.")
