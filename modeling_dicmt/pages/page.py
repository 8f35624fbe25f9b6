"""Pages in one file each: nothing is loaded from anywhere, and nothing runs but the script that comes with them."""

import base64
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TextIO

import jinja2
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from ..evaluation.report import ERROR_CLASSES
from ..files import replacing
from .marks import ERROR_SIGNS, Mark, found_marks, is_counted
from .records import draw_record
from .types import TypeStyles
from .words import WORDS

_RECORDS = "<!-- records -->"


@cache
def read_resource(name: str) -> str:
    """A file of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def stylesheet() -> str:
    """How records, and figures, look: for a fragment of `render_records` in another page."""
    return read_resource("page.css")


def as_json(content: Any) -> Markup:
    """JSON for a script element: no markup in it ends the element, or begins another."""
    return htmlsafe_json_dumps(content, ensure_ascii=False, separators=(",", ":"))


def render_template(name: str, **values: Any) -> str:
    """A template of this package with its style sheet and its script, and a policy that lets nothing else in.

    Args:
        name: The template's file.
        values: What it shows; texts are escaped.
    """
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(read_resource),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = read_resource("page.css"), read_resource("page.js")
    policy = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; "
    return environment.get_template(name).render(
        values
        | {
            "policy": policy + "form-action 'none'",
            "style": Markup(style),
            "script": Markup(script),
            "say": say,
            "words": WORDS,
            "as_json": as_json,
        }
    )


def say(word: str) -> Markup:
    """A word of the page in both languages, of which its style sheet shows one."""
    english, chinese = WORDS[word]
    return Markup('<span class="en" lang="en">{}</span><span class="zh" lang="zh">{}</span>').format(english, chinese)


class RecordsPage:
    """A page of records that is being written. Of what was added no more stays in memory than the types.

    Args:
        file: Where it is written.
        types: The types that are known, in the order in which they get their looks.
        compared: Whether entities are shown against annotations.
    """

    def __init__(self, file: TextIO, types: Iterable[str] = (), compared: bool = False):
        self._file, self._styles = file, TypeStyles(types)
        # What comes after the records tells how types look; only the script reads it.
        page = render_template(
            "records.html",
            title="comparison" if compared else "entities",
            compared=compared,
            settings={"words": WORDS, "errors": list(ERROR_CLASSES), "signs": ERROR_SIGNS, "compared": compared},
        )
        head, _, self._tail = page.partition(_RECORDS)
        file.write(head)

    def add(self, record: dict[str, Any], marks: Iterable[Mark]) -> None:
        """Add a record, `id` and `text`, with its entities.

        Raises:
            ValueError: If an entity leaves the text.
        """
        drawn = draw_record(record, marks, self._styles)
        kinds = {name: number for number, name in enumerate(ERROR_CLASSES)}
        entities = [
            [
                self._styles.style(mark.type).number,
                None if mark.score is None else round(mark.score, 4),
                kinds.get(mark.error, -1),
                ("", "predicted", "annotated").index(mark.side),
                int(is_counted(mark)),
            ]
            for mark in drawn.marks
        ]
        content = as_json({"html": drawn.html, "entities": entities, "characters": len(record["text"])})
        self._file.write(f'<script type="application/json" class="record-data">{content}</script>\n')

    def passing(
        self, pairs: Iterable[tuple[dict[str, Any], Iterable[Any]]]
    ) -> Iterator[tuple[dict[str, Any], Iterable[Any]]]:
        """Add each record with the entities that were found in it (see `found_marks`), and pass both on."""
        for record, entities in pairs:
            self.add(record, found_marks(entities))
            yield record, entities

    def close(self) -> None:
        """Write what comes after the records."""
        types = [[style.name, style.label, style.classes] for style in self._styles]
        self._file.write(f'<script type="application/json" id="types">{as_json(types)}</script>\n{self._tail}')


@contextmanager
def records_page(
    path: str | os.PathLike[str], types: Iterable[str] = (), compared: bool = False
) -> Iterator[RecordsPage]:
    """Write a page of records; the file is there, whole, after the block, and not at all if the block fails.

    Args:
        path: The file.
        types: See `RecordsPage`.
        compared: See `RecordsPage`.

    Raises:
        OSError: If it cannot be written.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as file:
        page = RecordsPage(file, types, compared)
        yield page
        page.close()


def _hash(content: str) -> str:
    """What a Content-Security-Policy calls an element of this content."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
