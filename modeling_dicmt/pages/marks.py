"""Entities as they are marked in a record: found ones, annotated ones, and what is wrong between the two."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..evaluation.report import ERROR_CLASSES, classify_errors
from .text import visible

PREDICTED, ANNOTATED = "predicted", "annotated"

ERROR_SIGNS = dict(zip(ERROR_CLASSES, ("≠", "↔", "≠↔", "−", "+"), strict=True))
"""What stands beside the label of an entity that is wrong, by the class of the error."""

CHANGE_SIGNS = dict(
    zip(
        ("other type", "other boundary", "other type and boundary", "lost", "gained"), ERROR_SIGNS.values(), strict=True
    )
)
"""The same where neither side is an annotation: what terms changed, in the order of the classes of errors."""

# What is told of an entity: terms that it overlaps, and characters of a word.
_TERMS = 12
_WORD = 40


class Mark(NamedTuple):
    """An entity in a record.

    Args:
        start: Offset of its first character.
        end: Offset after its last one.
        type: Its type.
        score: Its score, a finite number; None without one.
        side: `PREDICTED` or `ANNOTATED` where only one of two sides has it; "" else.
        error: The class of the error that it takes part in, one of `ERROR_CLASSES`, or of the change, one of
            `CHANGE_SIGNS`; "" if it is right, or if nobody knows.
        facts: What else is told of it, as (word of `words.py`, value).
    """

    start: int
    end: int
    type: str
    score: float | None = None
    side: str = ""
    error: str = ""
    facts: tuple[tuple[str, str], ...] = ()


def found_marks(entities: Iterable[Any]) -> list[Mark]:
    """The marks of entities that were found.

    Args:
        entities: Tuples `(start, end, type)`, or mappings with these keys and possibly `score`, `forced` and
            `evidence`, as `run_predict.py` writes them.
    """
    return [_found_mark(entity) for entity in entities]


def compared_marks(
    predicted: Sequence[Any], annotated: Iterable[Any], scores: Sequence[float] | None = None
) -> list[Mark]:
    """The marks of a record's entities, those that were found against those that are annotated.

    Args:
        predicted: Those that were found, each as `found_marks` takes them.
        annotated: Those that are annotated.
        scores: A score for each of the first.

    Returns:
        An entity of both sides once; of an error its predicted and its annotated entity, if it has both.
    """
    found: dict[tuple[int, int, str], Mark] = {}
    for index, entity in enumerate(predicted):
        mark = _found_mark(entity)
        found[mark[:3]] = mark if scores is None else mark._replace(score=_score(scores[index]))
    gold = {_found_mark(entity)[:3] for entity in annotated}
    marks = [mark for span, mark in found.items() if span in gold]
    for error in classify_errors([found], [gold]):
        if error.predicted is not None:
            mark = found[error.predicted]
            told = _other_side(ANNOTATED, error.annotated)
            marks.append(mark._replace(side=PREDICTED, error=error.kind, facts=(*told, *mark.facts)))
        if error.annotated is not None:
            told = _other_side(PREDICTED, error.predicted)
            marks.append(Mark(*error.annotated, side=ANNOTATED, error=error.kind, facts=told))
    return marks


def is_counted(mark: Mark) -> bool:
    """Whether a mark stands for its error: of two entities of one error, the predicted one does."""
    return bool(mark.error) and (mark.side == PREDICTED or mark.error == "missed")


def _other_side(side: str, span: tuple[int, int, str] | None) -> tuple[tuple[str, str], ...]:
    return () if span is None else ((side, f"{visible(span[2])} {span[0]}–{span[1]}"),)


def _found_mark(entity: Any) -> Mark:
    if not isinstance(entity, Mapping):
        return Mark(*entity[:3])
    facts = [("forced", "")] if entity.get("forced") else []
    terms = entity.get("evidence") or ()
    for term in terms[:_TERMS]:
        name = visible(term["term"])
        name = name if len(name) <= _WORD else f"{name[:_WORD]}…"
        facts.append(("vetted" if term.get("vetted") else "dictionary", f"{name} ({visible('/'.join(term['lists']))})"))
    if len(terms) > _TERMS:
        facts.append(("more terms", str(len(terms) - _TERMS)))
    return Mark(entity["start"], entity["end"], entity["type"], _score(entity.get("score")), facts=tuple(facts))


def _score(value: Any) -> float | None:
    """A score as Python's number, which a page can hold; what is no number, as 0/0 is not, is none."""
    score = None if value is None else float(value)
    return score if score is not None and math.isfinite(score) else None
