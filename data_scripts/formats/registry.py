"""The formats by name, and which files are of one."""

import logging
import os
from collections.abc import Iterator, Sequence
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
    """The format that the name of a file, which need not be there, says; of a folder what the files in it say.

    Raises:
        CorpusError: If it says none, or files in the folder say several.
    """
    path = Path(path)
    if path.is_dir():
        names = {name for _, name in _walk(path, [])}
        found = {format_name for name in names if (format_name := _format_of(name))}
        if found == {"text", "brat"}:
            return "brat"
        if len(found) == 1:
            return found.pop()
        raise CorpusError(f"{path} holds files of {', '.join(sorted(found)) or 'no known format'}: name the format.")
    found_one = _format_of(path.name)
    if found_one is None:
        raise CorpusError(
            f"{path}: its name does not say which format it has. Name it; there are {', '.join(FORMATS)}."
        )
    return found_one


def _format_of(name: str) -> str | None:
    name = plain_name(name)
    if name.lower().endswith(".ann"):
        return "brat"
    return next((item.name for item in FORMATS.values() if item.is_named(name)), None)


def find_files(path: str | os.PathLike, format: str | None = None) -> list[RecordFile]:
    """The files with records that a path stands for, of a folder all below it, by path.

    Hidden files and linked folders are passed over; what else a folder holds is named in a warning.

    Args:
        path: A file or folder.
        format: The format of all of them; None for what their names say.

    Raises:
        FileNotFoundError: If there is nothing at `path`, or no record in the folder.
        CorpusError: If a file is of no known format, or cannot be one.
        ValueError: If there is no such format.
    """
    path = Path(path)
    format = find_format(format).name if format else guess_format(path) if path.exists() else None
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file or folder.")
    if not path.is_dir():
        if format == "brat" and not plain_name(path.name).lower().endswith(".txt"):
            raise CorpusError(f"{path}: of brat, name the folder, or the file with the text (.txt).")
        if not path.is_file():
            raise CorpusError(f"{path} has the name of a file with records, but is none.")
        return [RecordFile(path, path.name, format)]
    found, others = [], []
    for file, name in _walk(path, others):
        if plain_name(name).lower().endswith(".txt") if format == "brat" else _is_of(name, format):
            if not file.is_file():
                raise CorpusError(f"{file} is a link to what is not there, or no file. Restore it or remove it.")
            found.append(RecordFile(file, name, format))
        elif not (format == "brat" and name.lower().endswith(".ann")):
            others.append(name)
    if format == "brat":
        _check_pairs(path, found)
    if not found:
        raise FileNotFoundError(f"{path} holds no file of the format {format}.")
    if others:
        names = ", ".join(others[:_NAMED]) + (" …" if len(others) > _NAMED else "")
        logger.warning("%s: not read, since not of the format %s: %d (%s).", path, format, len(others), names)
    return found


def _is_of(name: str, format: str) -> bool:
    item = FORMATS[format]
    suffixes = item.suffixes or FORMATS["jsonl"].suffixes
    return plain_name(name).lower().endswith(suffixes)


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


def _check_pairs(folder: Path, found: Sequence[RecordFile]) -> None:
    texts = {annotation_file(file.path) for file in found}
    for path, name in _walk(folder, []):
        if name.lower().endswith(".ann") and path not in texts:
            raise CorpusError(f"{path}: its text, {path.stem}.txt, is missing. Add it, or remove the annotations.")
