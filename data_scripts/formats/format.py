"""What all formats share: a record as it is found, a file with its format, and how a format is read and written."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from ..readers.records import Annotation
from .options import FormatOptions

RecordDict = dict[str, Any]
"""{"id", "text", "group"?, "section"?, "entities"?: [{"start", "end", "type", "word"?, "score"?}]}, ends exclusive."""

Losses = Counter[str]
"""What was left out or changed, in words, and how often."""

ALL_PARTS = frozenset({"ids", "groups", "sections", "entities", "nested entities", "scores", "records not annotated"})
"""What a record may have besides its text. "records not annotated": told from those annotated as without entities."""


class RecordFile(NamedTuple):
    """A file with records.

    Args:
        path: The file; of brat that with the text.
        name: What it is called: its path from the folder that was given.
        format: The name of its format.
    """

    path: Path
    name: str
    format: str

    def size(self) -> int:
        """Bytes of it; 0 if it is not there any more, which its reading tells."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0


@dataclass(frozen=True)
class FoundRecord:
    """A record as a file has it, checked by itself.

    Args:
        place: Its file and line, for messages.
        number: The line on which it begins, or which row it is; what it is called by where it has no id.
        text: The text as stored.
        annotations: Its entities; None where it is not annotated, which is not the same as annotated as without any.
        id: Its id, "" where it has none; likewise group and section.
    """

    place: str
    number: int
    text: str
    annotations: Sequence[Annotation] | None = None
    id: str = ""
    group: str = ""
    section: str = ""

    def as_dict(self, default_id: str) -> RecordDict:
        record: RecordDict = {"id": self.id or default_id, "text": self.text}
        record |= {name: value for name in ("group", "section") if (value := getattr(self, name))}
        if self.annotations is not None:
            record["entities"] = [_as_dict(item, self.text) for item in self.annotations]
        return record


def _as_dict(item: Annotation, text: str) -> dict[str, Any]:
    entity: dict[str, Any] = {"start": item.start, "end": item.end, "type": item.type}
    if item.has_word:
        entity["word"] = text[item.start : item.end]
    if item.score is not None:
        entity["score"] = item.score
    return entity


@dataclass(frozen=True)
class LazyRecord:
    """A record of a file that is taken from it, and checked, when it is asked for: a wrong one ends no reading.

    Args:
        number: See `FoundRecord`.
        get: Gives the record; raises CorpusError if it is none.
        position: How many bytes of the file are read with it, about; 0 where nobody knows.
        get_id: Gives the id of what may be no record; "" where there is none to be found.
    """

    number: int
    get: Callable[[], FoundRecord]
    position: int = 0
    get_id: Callable[[], str] = str


Write = Callable[[RecordDict], object]


class Format:
    """A format of files with records; a subclass reads and writes it."""

    name: ClassVar[str]
    title: ClassVar[str]
    """What it is, in a line."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """Endings of its files' names. Only where no other format has them, a file's format is told from its name."""
    is_folder: ClassVar[bool] = False
    """Whether what is written is a folder with a file a record."""
    carries: ClassVar[frozenset[str]] = ALL_PARTS
    """Which of `ALL_PARTS` it can express. What it cannot is taken away before `open`'s function is called."""
    annotated_by: ClassVar[str] = "'entities'"
    """What is missing of a record that is not annotated."""
    limits: ClassVar[str] = ""
    """What else it cannot carry, in words."""

    def read(self, file: RecordFile, options: FormatOptions, losses: Losses) -> Iterator[LazyRecord]:
        """Records of a file, read as they are consumed; each is to be got before the next.

        Args:
            file: The file.
            options: How it is read.
            losses: Takes what the file has and a record cannot.

        Raises:
            CorpusError: If the file cannot be read, or what is wrong in it leaves open where the next record begins;
                names file and line. What is wrong with a record alone is raised by that.
        """
        raise NotImplementedError

    def open(self, path: Path, name: str, options: FormatOptions, losses: Losses) -> AbstractContextManager[Write]:
        """Open a file, or a folder, to write records; gives the function that writes one.

        Args:
            path: Where it is written.
            name: What it is going to be called.
            options: How it is written.
            losses: Takes what cannot be written.

        Raises:
            CorpusError: By the function, if a record cannot be written.
        """
        raise NotImplementedError

    def is_named(self, name: str) -> bool:
        """Whether a file's name, without the ending of a compression, has one of the format's endings."""
        return name.lower().endswith(self.suffixes) if self.suffixes else False
