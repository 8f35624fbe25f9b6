"""Records read from files of any format, and written to one: one at a time, so that any number fits into memory."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from modeling_dicmt.files import replacing

from ..flattening import flatten_outermost
from ..readers.records import CorpusError, replace_surrogates
from .format import Format, FoundRecord, LazyRecord, Losses, RecordDict, RecordFile
from .jsonl import record_of
from .options import FormatOptions
from .registry import FORMATS, find_format, guess_format

_PLACE = re.compile(r"^(, (line|row|document) \d+)?( \(task \d+\))?[:,]? ?")


def find_records(
    files: Sequence[RecordFile], options: FormatOptions | None = None, losses: Losses | None = None
) -> Iterator[tuple[RecordFile, FoundRecord]]:
    """Records with their files and places; what the formats have besides is counted in `losses`."""
    options, losses = options or FormatOptions(), Losses() if losses is None else losses
    for file in files:
        for record in FORMATS[file.format].read(file, options, losses):
            yield file, _as_asked_for(record.get(), options)


def _as_asked_for(record: FoundRecord, options: FormatOptions) -> FoundRecord:
    if not options.annotated:
        record = replace(record, annotations=None)
    return record if options.named else replace(record, group="", section="")


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


def read_each(files: Sequence[RecordFile], options: FormatOptions | None = None) -> Iterator[dict[str, Any]]:
    """Records of files that may have wrong ones among them, read as they are consumed.

    Args:
        files: As `find_files` gives them.
        options: How they are read.

    Yields:
        Of each record what `read` gives, and `file`, its file's name; `line`, or row, None where it is the whole file;
        and `bytes`, about how much of the file it takes. What is no record has `reason` in place of `text`, which
        quotes nothing of it. A file that cannot be read, or not on, is one with neither line nor, after it, records.
    """
    options = options or FormatOptions()
    for file in files:
        read_until, item = 0, FORMATS[file.format]
        try:
            for lazy in item.read(file, options, Losses()):
                number, size = None if item.is_folder else lazy.number, max(0, lazy.position - read_until)
                read_until += size
                found: dict[str, Any] = {"file": file.name, "line": number, "bytes": size}
                default_id = f"{file.name}:{lazy.number}"
                try:
                    found |= _as_asked_for(lazy.get(), options).as_dict(default_id)
                except CorpusError as error:
                    found |= {"id": _id_of(lazy) or default_id, "reason": _reason(error, file)}
                yield found
        except CorpusError as error:
            yield {"file": file.name, "line": None, "id": file.name, "bytes": 0, "reason": _reason(error, file)}


def _id_of(lazy: LazyRecord) -> str:
    try:
        return lazy.get_id()
    except CorpusError:
        return ""


def _reason(error: CorpusError, file: RecordFile) -> str:
    """What is wrong, without the place that is told beside it."""
    told = str(error).removeprefix(str(file.path))
    return _PLACE.sub("", told).strip()


@contextmanager
def open_writer(
    path: str | os.PathLike,
    format: str | None = None,
    options: FormatOptions | None = None,
    losses: Losses | None = None,
) -> Iterator[Callable[[RecordDict], None]]:
    """Open a file, or of text and brat a new folder, to write records; gives the function that writes one.

    It is written beside its place, which it takes at the end: it is there whole or, after any error, as it was before.
    Folders above it are made.

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
    target.absolute().parent.mkdir(parents=True, exist_ok=True)
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
        text = replace_surrogates(found.text)
        losses["texts with lone surrogates, which became U+FFFD"] += text != found.text
        found = replace(found, text=text)
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
