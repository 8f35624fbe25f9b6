"""The formats by name, and which files are of one."""

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..readers.records import CorpusError
from .brat import Brat, annotation_file
from .conll import CoNLL
from .delimited import CSV, TSV
from .docbin import DocBin
from .doccano import Doccano
from .format import ALL_PARTS, Format, RecordFile
from .jsonl import JSONLines
from .label_studio import LabelStudio
from .parquet import Parquet
from .plain_text import PlainText
from .text_files import plain_name

logger = logging.getLogger(__name__)

FORMATS: dict[str, Format] = {
    item.name: item
    for item in (
        JSONLines(),
        CSV(),
        TSV(),
        Parquet(),
        PlainText(),
        Brat(),
        Doccano(),
        LabelStudio(),
        CoNLL(),
        DocBin(),
    )
}

# Of what a folder holds and is not read, so many are named.
_NAMED = 5


def find_format(name: str) -> Format:
    """The format of a name.

    Raises:
        ValueError: If there is none; names those that there are.
    """
    if name not in FORMATS:
        raise ValueError(f"There is no format {name!r}. There are {', '.join(FORMATS)}.")
    return FORMATS[name]


def what_is_lost(item: Format) -> str:
    """What a format cannot carry, in words."""
    lost = sorted(ALL_PARTS - item.carries)
    return ", ".join([*lost, *([item.limits] if item.limits else [])]) or "nothing"


def guess_format(path: str | os.PathLike) -> str:
    """The format that the name of a file, which need not be there, says.

    Raises:
        CorpusError: If it says none.
    """
    found = format_of_name(Path(path).name)
    if found is None:
        raise CorpusError(
            f"{path}: its name does not say which format it has. Name it; there are {', '.join(FORMATS)}."
        )
    return found


def format_of_name(name: str) -> str | None:
    """The format that the name of a file says; None if it says none."""
    name = plain_name(name)
    if name.lower().endswith(".ann"):
        return "brat"
    return next((item.name for item in FORMATS.values() if item.is_named(name)), None)


def find_files(path: str | os.PathLike, format: str | None = None) -> list[RecordFile]:
    """The files with records that a path stands for, of a folder all below it, by path.

    Hidden files and linked folders are passed over; what else a folder holds is named in a warning.

    Args:
        path: A file or folder.
        format: The format of all of them; None for what the name of each says: in a folder with .ann files, a text is
            one of brat.

    Raises:
        FileNotFoundError: If there is nothing at `path`, or no record in the folder.
        CorpusError: If a file is of no known format, or cannot be one.
        ValueError: If there is no such format.
    """
    path = Path(path)
    format = find_format(format).name if format else None
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file or folder.")
    if not path.is_dir():
        format = format or guess_format(path)
        if format == "brat" and not plain_name(path.name).lower().endswith(".txt"):
            raise CorpusError(f"{path}: of brat, name the folder, or the file with the text (.txt).")
        if not path.is_file():
            raise CorpusError(f"{path} has the name of a file with records, but is none.")
        return [RecordFile(path, path.name, format)]
    found, others = [], []
    files = list(_walk(path, others))
    annotations = {file for file, name in files if name.lower().endswith(".ann")}
    is_brat = format == "brat" or (format is None and bool(annotations))
    for file, name in files:
        kind = _kind_of(name, format, is_brat)
        if kind == "brat" and file in annotations:
            continue
        if kind is None:
            others.append(name)
            continue
        if not file.is_file():
            raise CorpusError(f"{file} is a link to what is not there, or no file. Restore it or remove it.")
        found.append(RecordFile(file, name, kind))
    if is_brat:
        _check_pairs(annotations, found)
    kinds = f"of the format {format}" if format else "with the name of a format"
    if not found:
        raise FileNotFoundError(f"{path} holds no file {kinds}. There are {', '.join(FORMATS)}.")
    if others:
        names = ", ".join(others[:_NAMED]) + (" …" if len(others) > _NAMED else "")
        logger.warning("%s: not read, since not %s: %d (%s).", path, kinds, len(others), names)
    return found


def _kind_of(name: str, format: str | None, is_brat: bool) -> str | None:
    """The format that a file of a folder is read as, brat's .ann files among them; None if it is not read."""
    if format is None:
        found = format_of_name(name)
        return "brat" if found == "text" and is_brat else found
    suffixes = FORMATS[format].suffixes or FORMATS["jsonl"].suffixes
    return format if plain_name(name).lower().endswith(suffixes) else None


def _walk(folder: Path, passed_over: list[str]) -> Iterator[tuple[Path, str]]:
    """Files below a folder with their names from it; what is passed over is added to the list."""

    def stop(error: OSError) -> None:  # else os.walk would leave the folder out without a word
        raise CorpusError(f"{error.filename}: cannot be read ({error.strerror}).") from error

    for parent, folders, files in os.walk(folder, onerror=stop):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        passed_over += [name for name in folders if os.path.islink(os.path.join(parent, name))]
        for name in sorted(name for name in files if not name.startswith(".")):
            path = Path(parent, name)
            yield path, path.relative_to(folder).as_posix()


def _check_pairs(annotations: Iterable[Path], found: Sequence[RecordFile]) -> None:
    texts = {annotation_file(file.path) for file in found if file.format == "brat"}
    for path in sorted(annotations):
        if path not in texts:
            raise CorpusError(f"{path}: its text, {path.stem}.txt, is missing. Add it, or remove the annotations.")
