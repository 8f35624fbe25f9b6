"""The JSON corpora: Yidu-S4K (an object a line) and CMeEE (a list)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from modeling_dicmt.files import read_json_lines

from ..formats.json_list import json_list
from .records import CorpusError, Entity, Record, at_line, named_entities, replace_surrogates
from .values import annotations, field


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
) -> tuple[str, list[Entity]]:
    """Text and checked entities of a record; `keys` name the text, the entities' start, end and type."""
    text = replace_surrogates(field(value, keys[0], str, place))
    found = annotations(
        field(value, "entities", list, place),
        text,
        place,
        keys=keys[1:],
        inclusive_end=inclusive_end,
        mention_keys=mention_keys,
        allow_empty=allow_empty,
    )
    return text, named_entities(found, names, allow_overlap=allow_overlap)


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
