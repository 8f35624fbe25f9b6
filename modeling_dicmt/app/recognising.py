"""What a visitor asks for and gets: entities with and without terms of the visitor's own, and what these change."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..evaluation.report import ERROR_CLASSES
from ..pages.marks import ANNOTATED, CHANGE_SIGNS, Mark, compared_marks, found_marks
from .arguments import Limits
from .errors import Deadline, VisitorError
from .networks import Entities, Networks
from .terms import parse_terms
from .uploads import Record, check_records

VIEWS = ("changes", "after", "before")

_CHANGE_OF = dict(zip(ERROR_CLASSES, CHANGE_SIGNS, strict=True))
_SIDES = {"predicted": "after", "annotated": "before"}


@dataclass(frozen=True)
class Request:
    """What a visitor asks for.

    Args:
        records: The records, `id` and `text`.
        network: The name of the network.
        terms: Vetted terms, as `parse_terms` reads them.
        not_terms: Likewise what is no entity.
        force: Whether each of the terms is an entity wherever it occurs.
    """

    records: list[Record]
    network: str
    terms: str = ""
    not_terms: str = ""
    force: bool = False


@dataclass(frozen=True)
class Result:
    """The entities of a visitor's records.

    Args:
        request: What they were asked for with.
        types: The network's entity types, in order.
        before: The entities of each record by what the page has.
        after: The same with the visitor's terms; None if there are none.
    """

    request: Request
    types: tuple[str, ...]
    before: Sequence[Entities]
    after: Sequence[Entities] | None = None

    @property
    def records(self) -> Sequence[Record]:
        """The records."""
        return self.request.records

    @property
    def found(self) -> Sequence[Entities]:
        """The entities that count: with the visitor's terms, if there are any."""
        return self.before if self.after is None else self.after

    def marks(self, view: str) -> list[list[Mark]]:
        """The marks of each record's entities; of the view "changes" with what the terms change."""
        if self.after is None or view == "after":
            return [found_marks(entities) for entities in self.found]
        if view == "before":
            return [found_marks(entities) for entities in self.before]
        return [changed_marks(before, after) for before, after in zip(self.before, self.after, strict=True)]

    def changes(self) -> Counter[str]:
        """How many entities the terms change, by `CHANGE_SIGNS`, each once."""
        marks = [mark for of_record in self.marks("changes") for mark in of_record]
        return Counter(mark.error for mark in marks if mark.error and (mark.side != ANNOTATED or mark.error == "lost"))

    def counts(self) -> Counter[str]:
        """How many entities there are of each type, before or with the terms, whichever are more."""
        by_side = [
            Counter(entity["type"] for entities in side for entity in entities) for side in (self.before, self.found)
        ]
        return by_side[0] | by_side[1]


def recognise(networks: Networks, request: Request, limits: Limits) -> Result:
    """Find the entities of a visitor's records.

    Args:
        networks: The networks to choose from.
        request: What is asked for.
        limits: What it may hold and take.

    Raises:
        VisitorError: If it exceeds a limit, or the terms are of no use.
    """
    check_records(request.records, limits)
    if max(len(request.terms), len(request.not_terms)) > limits.max_characters:
        raise VisitorError("too many terms", most=f"{limits.max_terms:,}")
    network, deadline = networks.chosen(request.network), Deadline(limits.max_seconds)
    read = partial(parse_terms, types_of_name=network.tokenizer.types_of_name, types=network.types)
    given = read(request.terms, most=limits.max_terms)
    excluded = read(request.not_terms, most=limits.max_terms, any_type=True)
    texts = [record["text"] for record in request.records]
    before = network.recognise(texts, deadline)
    if given is None and excluded is None:
        return Result(request, network.types, before)
    forced = given is not None and (request.force or not network.has_channel)
    after = network.recognise(texts, deadline, given, excluded, forced)
    return Result(request, network.types, before, after)


def changed_marks(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[Mark]:
    """The marks of a record's entities with terms, and of those without them that changed.

    An entity that was lost, or is of another type or boundary now, is marked as it was as well: on the side that
    `compared_marks` has for annotations.
    """
    scores = {(entity["start"], entity["end"], entity["type"]): entity.get("score") for entity in before}
    marks = []
    for mark in compared_marks(after, before):
        facts = tuple((_SIDES.get(name, name), value) for name, value in mark.facts)
        score = scores[mark[:3]] if mark.side == ANNOTATED else mark.score
        marks.append(mark._replace(score=score, error=_CHANGE_OF.get(mark.error, ""), facts=facts))
    return marks


def filtered(marks: Sequence[Mark], hidden: Collection[str], least: float) -> list[Mark]:
    """The marks whose types are not hidden, of at least a score."""
    return [mark for mark in marks if mark.type not in hidden and (mark.score is None or mark.score >= least)]
