"""Values of a record as JSON has them, checked: each error says what was expected and quotes no text of the record."""

import math
from collections.abc import Sequence
from typing import Any

from .records import Annotation, CorpusError, check_range, is_offset, is_whole, replace_surrogates

_WANTED = {str: "a string", list: "a list"}


def described(value: Any) -> str:
    """A number, or of anything else the type: it may be a record's text."""
    shown = repr(value) if isinstance(value, int | float | None) else type(value).__name__
    return shown if len(shown) <= 40 else f"{shown[:40]}…"


def harmless_names(names: Sequence[str]) -> str:
    """Those that look like names of fields: others may be texts."""
    return ", ".join([name for name in names if len(name) <= 40 and name.isascii() and name.isidentifier()][:10])


def field(value: dict[str, Any], key: str, kind: type, place: str) -> Any:
    """A record's value that must be there and of a type, str or list.

    Raises:
        CorpusError: If it is missing, or of another type.
    """
    if not isinstance(value.get(key), kind):
        got = (
            f"is {described(value[key])}"
            if key in value
            else f"is missing (there are {harmless_names([*value]) or 'no such names'})"
        )
        raise CorpusError(f"{place}: the key {key!r} {got}; expected {_WANTED[kind]}. Correct the record.")
    return value[key]


def identifier(value: dict[str, Any], key: str, place: str) -> str:
    """A record's id, group or section; "" where there is none.

    Raises:
        CorpusError: If it is neither a string nor a whole number.
    """
    found = value.get(key)
    if found is None:
        return ""
    if not isinstance(found, str) and not is_whole(found):
        raise CorpusError(
            f"{place}: {key!r} must be a string or a whole number, got {described(found)}. Correct the record."
        )
    return str(found)


def annotations(
    entities: list[Any],
    text: str,
    place: str,
    *,
    keys: Sequence[str] = ("start", "end", "type"),
    inclusive_end: bool = False,
    mention_keys: Sequence[str] = ("mention", "word"),
    allow_empty: bool = False,
) -> list[Annotation]:
    """The entities of a record, each checked against its text; types are as the file calls them.

    Args:
        entities: What the file has as the list of entities.
        text: The record's text.
        place: File and line.
        keys: What an entity's start, end and type are called.
        inclusive_end: Whether the end is the mention's last character.
        mention_keys: Keys of which each, where it is there, must be the text between the offsets.
        allow_empty: Whether an entity may have no character.

    Raises:
        CorpusError: If an entity is none of this text; names file, line and entity.
    """
    start_key, end_key, type_key = keys
    found = []
    for number, entity in enumerate(entities, start=1):
        where = f"{place}, entity {number}"
        if not isinstance(entity, dict):
            raise CorpusError(f"{where}: an entity must be a JSON object with {start_key}, {end_key} and {type_key}.")
        for key in (start_key, end_key):
            if not is_offset(entity.get(key)):
                raise CorpusError(
                    f"{where}: {key!r} must be a whole number, got {described(entity.get(key))}. Correct the record."
                )
        start, end = entity[start_key], entity[end_key] + inclusive_end
        check_range(start, end, len(text), where, allow_empty=allow_empty)
        for key in mention_keys:
            if key in entity and replace_surrogates(field(entity, key, str, where)) != replace_surrogates(
                text[start:end]
            ):
                raise CorpusError(
                    f"{where}: {key!r} is {entity[key]!r}, but the text at {start}:{end} (end exclusive) is "
                    f"{text[start:end]!r}. {key} must equal text[start:end]: correct the offsets ({end_key!r} is "
                    f"{'inclusive' if inclusive_end else 'exclusive'} in this format)."
                )
        label = entity_type(field(entity, type_key, str, where), where)
        found.append(Annotation(start, end, label, where, score(entity, where), "word" in entity))
    return found


def entity_type(label: str, place: str) -> str:
    """A type's name as a file has it, without blanks around it.

    Raises:
        CorpusError: If it is empty, or O, which says that there is no entity.
    """
    label = replace_surrogates(label).strip()
    if not label or label == "O":
        raise CorpusError(f"{place}: {label!r} cannot be an entity type. Give the type's name.")
    return label


def score(entity: dict[str, Any], place: str) -> float | None:
    """An entity's score; None where it has none.

    Raises:
        CorpusError: If it is no finite number.
    """
    found = entity.get("score")
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise CorpusError(f"{place}: 'score' must be a number, got {described(found)}. Correct the record.")
    return float(found)
