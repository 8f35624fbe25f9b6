"""Results as files, made in memory or in a private folder that is removed at once."""

import json
import os
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..pages.marks import found_marks
from ..pages.page import records_page
from ..pages.text import visible
from .errors import VisitorError
from .recognising import Result
from .uploads import Record

WriteRecords = Callable[[Path, Iterable[Record]], None]
"""Writes records into a new folder, as brat has them; raises ValueError if it cannot."""


def json_lines(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Records a line each, with their entities, if they have any, as all commands read them."""
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
    return "".join(lines).encode("utf-8", errors="replace")


def annotated(result: Result) -> list[Record]:
    """The records with the entities that count."""
    pairs = zip(result.records, result.found, strict=True)
    return [{**record, "entities": entities} for record, entities in pairs]


def brat_archive(result: Result, write: WriteRecords, folder: Path) -> bytes:
    """The records as a zip of brat's files.

    Args:
        result: The records with their entities.
        write: Writes them.
        folder: Where a private folder is made for it.

    Raises:
        VisitorError: If brat has no form for them.
    """
    keys = ("start", "end", "type")
    records = [
        {**record, "entities": [{key: entity[key] for key in keys} for entity in record["entities"]]}
        for record in annotated(result)
    ]
    content = BytesIO()
    with TemporaryDirectory(dir=folder) as temporary, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        target = Path(temporary) / "brat"
        try:
            write(target, records)
        except ValueError as error:
            reason = str(error).replace(str(target), "").strip(", ")
            raise VisitorError("cannot be written", reason=visible(reason)) from None
        for path in sorted(target.rglob("*")):
            if path.is_file():
                archive.write(path, os.path.relpath(path, target))
    return content.getvalue()


def page(result: Result, folder: Path) -> bytes:
    """The records as a page, one file; arguments as above."""
    with TemporaryDirectory(dir=folder) as temporary:
        path = Path(temporary) / "entities.html"
        with records_page(path, result.types) as file:
            for record, entities in zip(result.records, result.found, strict=True):
                file.add(record, found_marks(entities))
        return path.read_bytes()


def as_download(name: str, kind: str, content: bytes) -> dict[str, str]:
    """A file as the page's script hands it to the browser: `name`, `type` and `data`, in base 64."""
    return {"name": name, "type": kind, "data": b64encode(content).decode("ascii")}


DOWNLOADS: Mapping[str, tuple[str, str]] = {
    "JSON": ("entities.jsonl", "application/jsonl"),
    "BRAT": ("entities.zip", "application/zip"),
    "HTML": ("entities.html", "text/html"),
}
"""Names and types of the files that results are downloaded as."""


def download(kind: str, result: Result, write: WriteRecords, folder: Path) -> dict[str, str]:
    """A result as one of `DOWNLOADS`; arguments and errors as above."""
    if kind == "JSON":
        content = json_lines(annotated(result))
    elif kind == "BRAT":
        content = brat_archive(result, write, folder)
    else:
        content = page(result, folder)
    return as_download(*DOWNLOADS[kind], content)
