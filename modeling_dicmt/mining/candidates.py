"""Mentions that no list has, ranked, and grouped with the terms that they are nearly the same as."""

import math
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import chain

from ..dictionary import ClinicalDictionary
from ..dictionary_files import why_unusable
from ..evaluation.mentions import Mention, MentionCounter
from ..normalization import normalize
from ..sentences import split_sentences
from ..vetted_terms import MAX_TERM_LENGTH
from .near_duplicates import Difference, Near, NearDuplicates

# A vetted term of one character matches within words, too.
MIN_TERM_LENGTH = 2

_SAID = {
    Difference.WRITING: "writing",
    Difference.ORDER: "order",
    Difference.HAS_MORE: "has {} more",
    Difference.LACKS: "lacks {}",
}


@dataclass
class Candidate:
    """A mention that might become a term.

    Args:
        term: As a record has it.
        type: The type that it has the highest sum of scores as.
        probability: Of just this stretch, where it was found, to be an entity of the type: the scores' sum over the
            occurrences of all types.
        occurrences: How often it was found, as whatever type.
        documents: In how many documents it was found as the type.
        other_types: As what else it was found, and how often.
        contexts: Places.
        value: See `worth`.
        near: The known term that it is nearly the same as, or the candidate, or nothing.
        near_lists: The lists of the known term; none if it is a candidate.
        difference: How it differs from `near`.
        group: Number of its group, from 1, in the order of the groups' best.
    """

    term: str
    type: str
    probability: float
    occurrences: int
    documents: int
    other_types: dict[str, int]
    contexts: list[str] = field(default_factory=list)
    near: str = ""
    near_lists: tuple[str, ...] = ()
    difference: str = ""
    group: int = 0

    @property
    def value(self) -> float:
        return worth(self.probability, self.occurrences, self.documents)


def worth(probability: float, occurrences: int, documents: int) -> float:
    """By what candidates are ranked: probability × ln(1 + occurrences) × documents.

    Documents count in full, since a term that many documents share is the hospital's, and occurrences by their
    logarithm, since one document may repeat its own slip; a doubtful mention falls back in proportion.
    """
    return probability * math.log1p(occurrences) * documents


def candidates_of(
    counter: MentionCounter, known: Sequence[ClinicalDictionary], most: int
) -> tuple[list[Candidate], int]:
    """The candidates among the mentions that were counted, the best first, ungrouped.

    Args:
        counter: The mentions.
        known: All lists that there are already.
        most: How many candidates are kept.

    Returns:
        The candidates, and how many mentions could be no terms: too short, too long, or across a sentence's end.
    """
    types_of: defaultdict[str, list[tuple[str, Mention]]] = defaultdict(list)
    for (text, kind), mention in counter.items():
        types_of[text].append((kind, mention))
    candidates, unusable = [], 0
    for text, mentions in types_of.items():
        if is_in(text, known):
            continue
        if not is_usable(text):
            unusable += 1
            continue
        kind, mention = max(mentions, key=lambda item: (item[1].score, item[0]))
        occurrences = sum(other.occurrences for _, other in mentions)
        candidates.append(
            Candidate(
                term=mention.word,
                type=kind,
                probability=mention.score / occurrences,
                occurrences=occurrences,
                documents=mention.documents,
                other_types={name: other.occurrences for name, other in mentions if name != kind},
                contexts=mention.contexts,
            )
        )
    candidates.sort(key=lambda candidate: (-candidate.value, normalize(candidate.term)))
    return candidates[:most], unusable


def is_in(text: str, lists: Iterable[Container[str]]) -> bool:
    """Whether any of the lists holds a text, folded as terms are."""
    return any(text in terms for terms in lists)


def is_usable(text: str) -> bool:
    """Whether a folded mention, as a term, could be found, and would not be within words."""
    return (
        MIN_TERM_LENGTH <= len(text) <= MAX_TERM_LENGTH
        and why_unusable(text) is None
        and not ("。" in text and len(split_sentences(text)) > 1)
    )


def group_candidates(
    candidates: Sequence[Candidate],
    known: Iterable[ClinicalDictionary],
    lists_of_type: Mapping[str, Set[str]] | None = None,
) -> list[Candidate]:
    """Say what each candidate is nearly the same as, and put groups together.

    A candidate belongs to the known term that is nearest to it, of equally near ones the shortest, then the first; else
    to the best candidate that is near to it and belongs to no other; else it begins a group. So all of a group are near
    to one term, and none is drawn in by others of it. What differs by more than its writing is near within a type
    alone: 右下肺 is no slip for 右下肺炎.

    Args:
        candidates: The best first; they are completed.
        known: All lists that there are already.
        lists_of_type: The lists of each type; all for a type that has none among them.

    Returns:
        The candidates, groups in the order of their best and each group in the order given.
    """
    lists_of_type = lists_of_type or {}
    index = NearDuplicates([candidate.term for candidate in candidates])
    nearest: dict[int, tuple[Difference, int, str, Near, tuple[str, ...]]] = {}
    for term, lists in chain.from_iterable(dictionary.items() for dictionary in known):
        for near in index.find(term) if len(term) <= MAX_TERM_LENGTH else ():
            of_type = lists_of_type.get(candidates[near.index].type)
            if near.difference == Difference.WRITING or not of_type or not of_type.isdisjoint(lists):
                found = near.difference, len(term), term, near, lists
                nearest[near.index] = min(found, nearest.get(near.index, found))
    members: defaultdict[str, list[int]] = defaultdict(list)
    for place, candidate in enumerate(candidates):
        if place in nearest:
            _, _, term, near, lists = nearest[place]
            _join(candidate, near, term, lists)
            members[f"known {term}"].append(place)
        elif not candidate.near:
            own = members[f"new {candidate.term}"]
            own.append(place)
            for near in index.find(candidate.term):
                other = candidates[near.index]
                is_alike = near.difference == Difference.WRITING or other.type == candidate.type
                if near.index > place and near.index not in nearest and not other.near and is_alike:
                    _join(other, near, candidate.term)
                    own.append(near.index)
    groups = sorted(sorted(group) for group in members.values())
    for number, group in enumerate(groups, start=1):
        for place in group:
            candidates[place].group = number
    return [candidates[place] for group in groups for place in group]


def _join(candidate: Candidate, near: Near, term: str, lists: tuple[str, ...] = ()) -> None:
    candidate.near, candidate.near_lists = term, lists
    candidate.difference = _SAID[near.difference].format(near.character)
