"""Entity spans ↔ BIO tags, one tag a character."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

# Tag id at padding, where there is no tag; what pads spans.
IGNORED_TAG = -100
PADDING_SPAN = -1

_OUTSIDE, _BEGIN, _INSIDE = range(3)
_PREFIXES = {"B-": _BEGIN, "I-": _INSIDE}


class Span(NamedTuple):
    """An entity in a text.

    Args:
        start: Offset of its first character.
        end: Offset after its last character.
        type: Tag name of its type, as in `B-Disease`.
    """

    start: int
    end: int
    type: str


def bio_labels(entity_types: Sequence[str]) -> list[str]:
    """BIO labels of the types in order: `["O", "B-Disease", "I-Disease", …]`.

    Raises:
        ValueError: If a type is empty, occurs twice, or is `O`.
    """
    for entity_type in entity_types:
        if not entity_type or entity_type == "O":
            raise ValueError(f"{entity_type!r} cannot be an entity type: give each type a name other than 'O'.")
    if len(set(entity_types)) != len(entity_types):
        raise ValueError(f"Entity types must be distinct, got {list(entity_types)}.")
    return ["O"] + [f"{prefix}-{entity_type}" for entity_type in entity_types for prefix in "BI"]


def entity_types_of(labels: Sequence[str]) -> list[str]:
    """Entity types of a list of BIO labels, in the order in which their B- labels come (inverse of `bio_labels`)."""
    return [label[2:] for label in labels if label.startswith("B-")]


def spans_to_tags(
    spans: Iterable[tuple[int, int, str]], length: int, label2id: Mapping[str, int], offset: int = 0
) -> list[int]:
    """Write entities as BIO tags.

    Args:
        spans: Entities `(start, end, type)` in any order, in the coordinates in which the tagged stretch is
            `[offset, offset + length)`.
        length: Characters of the stretch that is tagged.
        label2id: Id of each label: `O`, and `B-` and `I-` of each type.
        offset: Where the stretch begins.

    Returns:
        The tag ids of the stretch's characters, `length` of them.

    Raises:
        ValueError: If two entities overlap, if one is empty or leaves the stretch, or if its type has no label.
    """
    tags = [label2id["O"]] * length
    previous = None
    for span in sorted(Span(*span) for span in spans):
        start, end, entity_type = span
        if not offset <= start < end <= offset + length:
            raise ValueError(
                f"{span} is empty or leaves the stretch from {offset} to {offset + length} that is tagged: "
                "check its offsets (the end is exclusive), or tag the whole text that it lies in."
            )
        if previous is not None and start < previous.end:
            raise ValueError(
                f"{previous} and {span} overlap, which BIO tags cannot express: keep one of them (say, the outer one)."
            )
        begin, inside = f"B-{entity_type}", f"I-{entity_type}"
        if begin not in label2id or inside not in label2id:
            raise ValueError(f"The type of {span} is not in the label set, which has the labels {', '.join(label2id)}.")
        tags[start - offset : end - offset] = [label2id[begin]] + [label2id[inside]] * (end - start - 1)
        previous = span
    return tags


def tags_to_spans(tags: Sequence[int] | np.ndarray, id2label: Mapping[int, str], offset: int = 0) -> list[Span]:
    """Read entities from BIO tags as conlleval does: an I- after O, or after another type, begins an entity too.

    Args:
        tags: (length,) tag ids, without padding.
        id2label: Label of each id: `O`, `B-` or `I-` and a type.
        offset: Where the tagged stretch begins; it is added to the entities' offsets.

    Returns:
        The entities in order; none overlap.

    Raises:
        ValueError: If `tags` is not one row of integers or has an id without a label, or a label is not BIO.
    """
    tag_ids = np.asarray(tags)
    if tag_ids.size == 0:
        return []
    if tag_ids.ndim != 1 or tag_ids.dtype.kind not in "iu":
        raise ValueError(f"Tags are one row of integers, got shape {tag_ids.shape} and type {tag_ids.dtype}.")
    labelled = np.isin(tag_ids, list(id2label))
    if not labelled.all():
        place = int(labelled.argmin())
        raise ValueError(
            f"Tag id {tag_ids[place]} at position {place} has no label: leave padding out, and give the labels of the "
            f"model that predicted (ids here: {sorted(id2label)})."
        )
    found = find_entities(tag_ids[None], id2label)
    return [
        Span(start + offset, end + offset, found.types[type_id]) for _, start, end, type_id in found.entities.tolist()
    ]


def pad_spans(spans: Sequence[np.ndarray]) -> np.ndarray:
    """Stack integer (N, 3) of each of B sentences: int64 (B, longest N, 3), padded by -1."""
    stacked = np.full((len(spans), max(map(len, spans), default=0), 3), PADDING_SPAN, dtype=np.int64)
    for row, of_sentence in enumerate(spans):
        stacked[row, : len(of_sentence)] = of_sentence
    return stacked


class FoundEntities(NamedTuple):
    """The entities of a batch.

    Args:
        entities: Integer (N, 4): row of the batch, first character, end (exclusive), index into `types`; in order.
        types: Names of types.
    """

    entities: np.ndarray
    types: list[str]


def find_entities(tags: np.ndarray, id2label: Mapping[int, str]) -> FoundEntities:
    """Read the entities of many rows at once, as `tags_to_spans` reads one.

    Args:
        tags: Integer (B, L) tag ids that have labels, or -100 where there is padding.
        id2label: Label of each id.
    """
    prefix_of_id, type_of_id, types = _read_labels(id2label)
    # The last id stands for padding, which is outside as O is; a column of it keeps rows apart.
    padded = np.full((tags.shape[0], tags.shape[1] + 1), len(prefix_of_id) - 1)
    np.copyto(padded[:, :-1], tags, where=tags != IGNORED_TAG)
    tag_ids = padded.ravel()
    prefixes = prefix_of_id[tag_ids]
    type_ids = type_of_id[tag_ids]  # -1 outside

    starts_entity = prefixes == _BEGIN
    starts_entity[:1] |= prefixes[:1] == _INSIDE
    # Outside counts as a type of its own, so that an I- after O differs from its neighbour as well.
    starts_entity[1:] |= (prefixes[1:] == _INSIDE) & (type_ids[1:] != type_ids[:-1])
    ends_entity = prefixes != _OUTSIDE
    ends_entity[:-1] &= starts_entity[1:] | (prefixes[1:] == _OUTSIDE)

    rows, starts = np.divmod(np.flatnonzero(starts_entity), padded.shape[1])
    ends = np.flatnonzero(ends_entity) % padded.shape[1] + 1
    return FoundEntities(np.stack([rows, starts, ends, type_ids[starts_entity]], axis=1), types)


def _read_labels(id2label: Mapping[int, str]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Prefix and type (an index into the returned names, -1 for O) of each id, as arrays that an id indexes.

    One id more than there are labels is outside, for padding.
    """
    prefix_of_id = np.zeros(max(id2label) + 2, dtype=np.int8)
    type_of_id = np.full(max(id2label) + 2, -1, dtype=np.int64)
    types: dict[str, int] = {}
    for label_id, label in id2label.items():
        if label == "O":
            continue
        if label[:2] not in _PREFIXES or not label[2:]:
            raise ValueError(f"{label!r} (id {label_id}) is not a BIO label: expected 'O', or 'B-' or 'I-' and a type.")
        prefix_of_id[label_id] = _PREFIXES[label[:2]]
        type_of_id[label_id] = types.setdefault(label[2:], len(types))
    return prefix_of_id, type_of_id, list(types)
