"""What all readers share: a record, the checks of its annotations, errors with file, line, reason and remedy."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict
from warnings import warn

from ..label_sets import LABEL_SETS, EntityType

_OFFSET_LIMIT = 1 << 31
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class CorpusError(ValueError):
    """A corpus's file or folder cannot be read as what it should be; the message says where, why and what to do."""


class CorpusWarning(UserWarning):
    """Something in a corpus that is read all the same, in the one way that makes sense."""


class Entity(TypedDict):
    """An entity: `text[start:end]` is its mention; `type` is the tag name, such as "Disease"."""

    start: int
    end: int
    type: str


class Record(TypedDict):
    """A whole clinical record. Records of one `group` (patient, where known) stay on one side of a split."""

    id: str
    group: str
    section: str
    text: str
    entities: list[Entity]


@dataclass(frozen=True)
class Annotation:
    """An entity as a file states it, with its place there.

    Args:
        start: First character.
        end: Character after the last one (readers of inclusive formats add 1).
        type: Tag name.
        place: File and line, for messages.
        score: The score that a recogniser gave it, if one did.
        has_word: Whether the file states the mention besides the offsets.
    """

    start: int
    end: int
    type: str
    place: str
    score: float | None = None
    has_word: bool = False


def at_line(path: Path, line: int) -> str:
    """The way in which every message names a place in a file; `line` counts from 1."""
    return f"{path}, line {line}"


def read_text(path: Path, *, drop_bom: bool = True) -> str:
    """Read a UTF-8 file with its line ends as stored, since offsets count them.

    Raises:
        CorpusError: If the file is not UTF-8.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CorpusError(
            f"{at_line(path, line)}: not UTF-8 (byte {error.start}: {error.reason}). The file is damaged, cut "
            "within a character, or in another encoding: convert it, for example with `iconv -f GB18030 -t UTF-8`."
        ) from error
    return text[1:] if drop_bom and text.startswith("\ufeff") else text


def replace_surrogates(text: str) -> str:
    """Lone surrogates, which JSON escapes can hold and UTF-8 cannot, become U+FFFD; the length stays."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def type_names(label_set: Sequence[EntityType] | None) -> dict[str, str] | None:
    """Map what files may call a type (the corpus's label or the tag name) to the tag name; None allows any type."""
    if label_set is None:
        return None
    return {t.corpus_label: t.name for t in label_set} | {t.name: t.name for t in label_set}


def tag_name(label: str, names: Mapping[str, str] | None, place: str) -> str:
    """The tag name of a type as a file calls it.

    Raises:
        CorpusError: If the label set lacks the type, with the corpora that have it.
    """
    if names is None:
        return label
    if label in names:
        return names[label]
    others = [name for name, types in LABEL_SETS.items() if label in (type_names(types) or ())]
    hint = f"It is a type of {', '.join(others)}: is this the right corpus? " if others else ""
    raise CorpusError(
        f"{place}: unknown entity type {label[:40]!r}; the label set has {', '.join(names)}. {hint}Correct the line, "
        "or pass a label set that has the type."
    )


def is_whole(value: object) -> bool:
    """Whether a JSON value is an integer (True and 1.0 are none)."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_offset(value: object) -> bool:
    """Whether a JSON value is an integer of the size that an offset can have."""
    return is_whole(value) and abs(value) < _OFFSET_LIMIT


def check_range(start: int, end: int, length: int, place: str, *, allow_empty: bool = False) -> None:
    """Raise a CorpusError unless `[start, end)` is a (non-empty) span of a text of `length` characters."""
    if start < 0 or end > length or end < start + (not allow_empty):
        reason = "it lies outside the text" if start < 0 or end > length else "it is empty or reversed"
        raise CorpusError(
            f"{place}: the entity at {start}:{end} (end exclusive) does not fit the record's text of {length} "
            f"characters: {reason}. Correct the offsets, or restore the text if it is cut."
        )


def check_entities(annotations: Iterable[Annotation], *, allow_overlap: bool) -> list[Entity]:
    """Sort a record's annotations by place in the text and check them against each other.

    A repeated line (same span and type) is kept once, with a warning.

    Args:
        annotations: Annotations within the text's range.
        allow_overlap: Whether entities may be nested or overlap.

    Raises:
        CorpusError: If two entities overlap although the corpus's scheme is flat; names both places.
    """
    kept: list[Annotation] = []
    seen: dict[tuple[int, int, str], Annotation] = {}
    for annotation in sorted(annotations, key=lambda a: (a.start, a.end)):
        key = (annotation.start, annotation.end, annotation.type)
        if key in seen:
            warn(
                f"{annotation.place}: repeats the entity of {seen[key].place}; it is read once. Remove one of the two.",
                CorpusWarning,
                stacklevel=2,
            )
            continue
        seen[key] = annotation
        if not allow_overlap and kept and annotation.start < kept[-1].end:
            raise CorpusError(
                f"{annotation.place}: the {annotation.type} at {annotation.start}:{annotation.end} overlaps the "
                f"{kept[-1].type} at {kept[-1].start}:{kept[-1].end} of {kept[-1].place}. BIO "
                "tags are flat: remove one of the two, or, where nesting is meant (cmeee, jsonl), flatten to the "
                "outermost entities (--flatten outermost)."
            )
        kept.append(annotation)
    return [Entity(start=a.start, end=a.end, type=a.type) for a in kept]


def named_entities(
    annotations: Iterable[Annotation], names: Mapping[str, str] | None, *, allow_overlap: bool
) -> list[Entity]:
    """A record's annotations under the tag names of their types, checked against each other.

    Raises:
        CorpusError: As `tag_name` and `check_entities`.
    """
    named = [replace(item, type=tag_name(item.type, names, item.place)) for item in annotations]
    return check_entities(named, allow_overlap=allow_overlap)
