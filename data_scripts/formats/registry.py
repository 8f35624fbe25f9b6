"""The formats by name: which files are of one, records read from them, records written to one."""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from modeling_dicmt.files import replacing

from ..flattening import flatten_outermost
from ..readers.records import CorpusError, replace_surrogates
from .brat import Brat, annotation_file
from .conll import CoNLL
from .delimited import CSV, TSV
from .docbin import DocBin
from .doccano import Doccano
from .format import ALL_PARTS, Format, FoundRecord, Losses, RecordDict, RecordFile
from .jsonl import JSONLines, record_of
from .label_studio import LabelStudio
from .options import FormatOptions
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


def find_records(
    files: Sequence[RecordFile], options: FormatOptions | None = None, losses: Losses | None = None
) -> Iterator[tuple[RecordFile, FoundRecord]]:
    """Records with their files and places; what the formats have besides is counted in `losses`."""
    options, losses = options or FormatOptions(), Losses() if losses is None else losses
    for file in files:
        for record in FORMATS[file.format].read(file, options, losses):
            yield file, record if options.annotated else replace(record, annotations=None, group="", section="")


def read(
    files: Sequence[RecordFile], options: FormatOptions | None = None, losses: Losses | None = None
) -> Iterator[RecordDict]:
    """Records as {"id", "text", "group"?, "section"?, "entities"?}, read as they are consumed.

    A record without an id bears the name of its file, with the number of its line or row. One without "entities" is not
    annotated. Text is as it is stored, line ends included.

    Args:
        files: As `find_files` gives them.
        options: How they are read.
        losses: Takes what the files have and a record cannot, in words and how often.

    Raises:
        CorpusError: If a file cannot be read or is none of its format; names file and line.
    """
    for file, record in find_records(files, options, losses):
        yield record.as_dict(f"{file.name}:{record.number}")


@contextmanager
def open_writer(
    path: str | os.PathLike,
    format: str | None = None,
    options: FormatOptions | None = None,
    losses: Losses | None = None,
) -> Iterator[Callable[[RecordDict], None]]:
    """Open a file, or of text and brat a new folder, to write records; gives the function that writes one.

    It is written beside its place, which it takes at the end: it is there whole or, after any error, as it was before.

    Args:
        path: The file or folder.
        format: Its format; None for what its name says.
        options: How it is written.
        losses: Takes what the format cannot carry, in words and how often.

    Raises:
        CorpusError: If the folder is not empty; by the function, if a record is none, or cannot be written.
        OSError: If it cannot be written.
        ValueError: If there is no such format.
    """
    target = Path(path)
    item = find_format(format or guess_format(target))
    options, losses = options or FormatOptions(), Losses() if losses is None else losses
    if item.is_folder and os.path.lexists(target) and (not target.is_dir() or any(target.iterdir())):
        raise CorpusError(f"{target} exists and is not an empty folder. Give a new folder, or remove it.")
    if not item.is_folder and target.is_dir():
        raise CorpusError(f"{target} is a folder: name a file.")
    count, of_others, is_writing = 0, [], False
    try:
        with replacing(target) as temporary, item.open(temporary, target.name, options, losses) as write:

            def write_record(record: RecordDict) -> None:
                nonlocal count, is_writing
                count += 1
                place = f"{target}, record {count}"
                kept = _carried(record, item, place, losses)
                is_writing = True
                try:
                    write(kept)
                except CorpusError as error:
                    raise CorpusError(f"{place}: {error}") from None
                is_writing = False

            try:
                yield write_record
            except Exception as error:
                if not is_writing:
                    of_others.append(error)
                raise
    except OSError:
        if of_others:  # no matter of the disk
            raise of_others[0] from of_others[0].__cause__
        raise
    for what in [what for what, number in losses.items() if not number]:
        del losses[what]


def _carried(record: RecordDict, item: Format, place: str, losses: Losses) -> RecordDict:
    """What a format can carry of a record, checked; empty ids, groups and sections are none."""
    found = record_of(record, place, 0)
    if item.name != "jsonl":  # whose escapes have them
        found = replace(found, text=replace_surrogates(found.text))
    kept = {key: value for key, value in found.as_dict("").items() if value or key in ("text", "entities")}
    for part, key in (("ids", "id"), ("groups", "group"), ("sections", "section")):
        losses[f"{part} of records"] += part not in item.carries and kept.pop(key, None) is not None
    entities = kept.get("entities")
    if entities is None:
        losses["records not annotated, which look like annotated ones"] += "records not annotated" not in item.carries
        return kept
    if "entities" not in item.carries:
        losses["entities"] += len(entities)
        del kept["entities"]
    elif "nested entities" not in item.carries:
        kept["entities"] = flatten_outermost(entities)
        losses["inner ones of nested entities"] += len(entities) - len(kept["entities"])
    if "scores" not in item.carries:
        for entity in kept.get("entities", ()):
            losses["scores"] += entity.pop("score", None) is not None
    return kept


def what_is_lost(item: Format) -> str:
    """What a format cannot carry, in words."""
    lost = sorted(ALL_PARTS - item.carries)
    return ", ".join([*lost, *([item.limits] if item.limits else [])]) or "nothing"
