"""The JSON corpora: Yidu-S4K (an object a line), CMeEE (a list), and own records (an object a line)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from modeling_dicmt.files import decode_json, read_json_lines

from .records import (
    Annotation,
    CorpusError,
    Record,
    at_line,
    check_entities,
    check_range,
    is_offset,
    is_whole,
    read_text,
    replace_surrogates,
    tag_name,
)

_CUT = "Correct it; if it is the end of the file, the file may be cut."


def json_list(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a file that is one JSON list, as (line on which it begins, object).

    Raises:
        CorpusError: If the file is not a list of objects.
    """
    text = read_text(path)
    position, line = _skip_blanks(text, 0, 1)
    expected = "["
    while True:
        if text[position : position + 1] != expected:
            if expected == "," and text[position : position + 1] == "]":
                break
            what = "the list's start '['" if expected == "[" else "',' or ']'"
            raise CorpusError(f"{at_line(path, line)}: not a JSON list of records: {what} expected here. {_CUT}")
        position, line = _skip_blanks(text, position + 1, line)
        if expected == "[" and text[position : position + 1] == "]":
            break
        value, end = decode_json(text, position, at_line(path, line), CorpusError)
        if not isinstance(value, dict):
            raise CorpusError(f"{at_line(path, line)}: expected a JSON object, got {type(value).__name__}. {_CUT}")
        yield line, value
        line += text.count("\n", position, end)
        position, line = _skip_blanks(text, end, line)
        expected = ","
    position, line = _skip_blanks(text, position + 1, line)
    if position < len(text):
        raise CorpusError(f"{at_line(path, line)}: text after the list's end. Remove it.")


def _skip_blanks(text: str, position: int, line: int) -> tuple[int, int]:
    while position < len(text) and text[position] in " \t\r\n":
        line += text[position] == "\n"
        position += 1
    return position, line


def _described(value: Any) -> str:
    """A number, or of anything else the type: it may be a record's text."""
    shown = repr(value) if isinstance(value, int | float | None) else type(value).__name__
    return shown if len(shown) <= 40 else f"{shown[:40]}…"


def _names(value: dict[str, Any]) -> str:
    """Keys that look like names of fields: others may be texts."""
    return ", ".join([key for key in value if len(key) <= 40 and key.isascii() and key.isidentifier()][:10])


def _field(value: dict[str, Any], key: str, kind: type, place: str) -> Any:
    if not isinstance(value.get(key), kind):
        got = (
            f"is {_described(value[key])}"
            if key in value
            else f"is missing (there are {_names(value) or 'no such names'})"
        )
        wanted = {str: "a string", list: "a list"}[kind]
        raise CorpusError(f"{place}: the key {key!r} {got}; expected {wanted}. Correct the record.")
    return value[key]


def _read_object(
    value: dict[str, Any],
    place: str,
    names: Mapping[str, str] | None,
    *,
    keys: Sequence[str],
    inclusive_end: bool,
    allow_overlap: bool,
    mention_keys: Sequence[str] = (),
    allow_empty: bool = False,
) -> tuple[str, list[Any]]:
    """Text and checked entities of a record; `keys` name the text, the entities' start, end and type."""
    text_key, start_key, end_key, type_key = keys
    text = replace_surrogates(_field(value, text_key, str, place))
    annotations = []
    for number, entity in enumerate(_field(value, "entities", list, place), start=1):
        where = f"{place}, entity {number}"
        if not isinstance(entity, dict):
            raise CorpusError(f"{where}: an entity must be a JSON object with {start_key}, {end_key} and {type_key}.")
        for key in (start_key, end_key):
            if not is_offset(entity.get(key)):
                raise CorpusError(
                    f"{where}: {key!r} must be a whole number, got {_described(entity.get(key))}. Correct the record."
                )
        start, end = entity[start_key], entity[end_key] + inclusive_end
        check_range(start, end, len(text), where, allow_empty=allow_empty)
        for key in mention_keys:
            if key in entity and replace_surrogates(_field(entity, key, str, where)) != text[start:end]:
                raise CorpusError(
                    f"{where}: {key!r} is {entity[key]!r}, but the text at {start}:{end} (end exclusive) is "
                    f"{text[start:end]!r}. {key} must equal text[start:end]: correct the offsets ({end_key!r} is "
                    f"{'inclusive' if inclusive_end else 'exclusive'} in this format)."
                )
        label = replace_surrogates(_field(entity, type_key, str, where)).strip()
        if not label or label == "O":
            raise CorpusError(f"{where}: {label!r} cannot be an entity type. Give the type's name.")
        annotations.append(Annotation(start, end, tag_name(label, names, where), where))
    return text, check_entities(annotations, allow_overlap=allow_overlap)


def read_yidu_s4k(path: Path, names: Mapping[str, str] | None, *, allow_overlap: bool = False) -> Iterator[Record]:
    """Records of a Yidu-S4K file: `{"originalText", "entities": [{label_type, start_pos, end_pos}]}` a line.

    The end is exclusive. `overlap` (0 throughout) is left out: overlapping entities are an error.
    """
    keys = ("originalText", "start_pos", "end_pos", "label_type")
    for line, value in read_json_lines(path, CorpusError):
        text, entities = _read_object(
            value, at_line(path, line), names, keys=keys, inclusive_end=False, allow_overlap=allow_overlap
        )
        record_id = f"{path.stem}-{line}"
        yield Record(id=record_id, group=record_id, section="", text=text, entities=entities)


def read_cmeee(path: Path, names: Mapping[str, str] | None, *, allow_overlap: bool = True) -> Iterator[Record]:
    """Records of a CMeEE file: a list of `{"text", "entities": [{start_idx, end_idx, type, entity}]}`, end inclusive.

    An entity may be empty: two of the published training part are.
    """
    keys = ("text", "start_idx", "end_idx", "type")
    for number, (line, value) in enumerate(json_list(path), start=1):
        text, entities = _read_object(
            value,
            f"{at_line(path, line)} (record {number})",
            names,
            keys=keys,
            inclusive_end=True,
            allow_overlap=allow_overlap,
            mention_keys=("entity",),
            allow_empty=True,
        )
        record_id = f"{path.stem}-{number}"
        yield Record(id=record_id, group=record_id, section="", text=text, entities=entities)


def read_jsonl(path: Path, names: Mapping[str, str] | None, *, allow_overlap: bool = True) -> Iterator[Record]:
    """Own records, one a line: `{"id"?, "group"?, "section"?, "text", "entities": [{start, end, type}]}`.

    The end is exclusive. Where an entity has a `mention` or `word`, it must equal `text[start:end]`. Other
    keys are ignored. Without an id, a record is named after its line; without a group, it is its own.
    """
    lines_of_ids: dict[str, int] = {}
    for line, value in read_json_lines(path, CorpusError):
        place = at_line(path, line)
        text, entities = _read_object(
            value,
            place,
            names,
            keys=("text", "start", "end", "type"),
            inclusive_end=False,
            allow_overlap=allow_overlap,
            mention_keys=("mention", "word"),
        )
        record_id = _identifier(value, "id", place) or f"{path.stem}-{line}"
        if record_id in lines_of_ids:
            raise CorpusError(
                f"{place}: the id {record_id!r} is also that of line {lines_of_ids[record_id]}. Give each record "
                "its own id."
            )
        lines_of_ids[record_id] = line
        group = _identifier(value, "group", place) or record_id
        yield Record(
            id=record_id, group=group, section=_identifier(value, "section", place), text=text, entities=entities
        )


def _identifier(value: dict[str, Any], key: str, place: str) -> str:
    found = value.get(key)
    if found is None:
        return ""
    if not isinstance(found, str) and not is_whole(found):
        raise CorpusError(
            f"{place}: {key!r} must be a string or a whole number, got {_described(found)}. Correct the record."
        )
    return replace_surrogates(str(found))
