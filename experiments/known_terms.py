"""Terms that a user could add, as annotations tell them: which are new, which are certain, which would be wrong.

Of a part that is held back, the *unseen mentions* are those of two characters or more whose string is no mention in
training. One is *vetted* if of its occurrences nine in ten at least are annotated as just this entity, of one type; it
is *ambiguous* otherwise. *Wrong terms* are frequent n-grams that are annotated nowhere. Strings are compared after
normalisation, and an occurrence is any place where the string stands, overlapping ones and such inside others included.
A mention with a blank at one of its ends counts as well, though a list of terms holds it without the blank.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data_scripts.records import Records
from modeling_dicmt.normalization import normalize

LEAST_LENGTH = 2
# Share of a string's occurrences that have to be annotated as one type for the string to be a vetted term.
LEAST_SHARE = 0.9
WRONG_LENGTHS = range(2, 7)

# What the experiment varies: the share of a part's vetted terms that is known, what is known beside them, and whether
# terms are evidence or an order.
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
NOTHING, AMBIGUOUS = "nothing", "ambiguous terms"
WRONG_COUNTS = {"100 wrong terms": 100, "1,000 wrong terms": 1000}
BESIDE = (NOTHING, *WRONG_COUNTS, AMBIGUOUS)
ADDED, FORCED = "added", "forced"

Terms = dict[str, list[str]]
Occurrence = tuple[int, int, int]


@dataclass
class UnseenMention:
    """A mention of a held-back part that is none in training.

    Args:
        term: Its normalised string.
        annotated: For each type that it is annotated as, the occurrences, (record, start, end), that are annotated as
            just this entity.
        occurrences: How often the string occurs in the part.
    """

    term: str
    annotated: dict[str, list[Occurrence]]
    occurrences: int = 0

    @property
    def vetted_type(self) -> str | None:
        """The type that it is certain to be of; None if it is ambiguous."""
        kind = max(self.annotated, key=lambda name: len(self.annotated[name]))
        return kind if len(self.annotated[kind]) >= LEAST_SHARE * self.occurrences else None


def unseen_mentions(train: Records, held_out: Records) -> list[UnseenMention]:
    """The unseen mentions of a held-back part, in alphabetical order, with all places where they occur."""
    seen, new = _types_of_mentions(train), _types_of_mentions(held_out)
    found = {
        term: UnseenMention(term, {kind: [] for kind in sorted(kinds)})
        for term, kinds in sorted(new.items())
        if term not in seen and len(term) >= LEAST_LENGTH
    }
    lengths = sorted({len(term) for term in found})
    for number, record in enumerate(held_out):
        types: dict[tuple[int, int], set[str]] = defaultdict(set)
        for entity in record["entities"]:
            types[entity["start"], entity["end"]].add(entity["type"])
        text = normalize(record["text"])
        for length in lengths:
            for start in range(len(text) - length + 1):
                mention = found.get(text[start : start + length])
                if mention is not None:
                    mention.occurrences += 1
                    # A stretch of two types is a mention of both, and certainly of neither.
                    if len(kinds := types.get((start, start + length), ())) == 1:
                        mention.annotated[min(kinds)].append((number, start, start + length))
    return list(found.values())


def vetted_terms(mentions: Iterable[UnseenMention]) -> Terms:
    """For each type the unseen mentions that are vetted terms of it."""
    return _by_type((mention.vetted_type, mention.term) for mention in mentions if mention.vetted_type)


def ambiguous_terms(mentions: Iterable[UnseenMention]) -> Terms:
    """For each type the unseen mentions that are annotated as it somewhere, and are no vetted terms."""
    return _by_type(
        (kind, mention.term) for mention in mentions if not mention.vetted_type for kind in mention.annotated
    )


def wrong_terms(train: Records, held_out: Records, count: int, types: Sequence[str], seed: int) -> Terms:
    """The most frequent n-grams of letters, Han characters and digits in a part that are annotated in neither part.

    Args:
        train: Training part.
        held_out: The part.
        count: How many; fewer if there are not as many.
        types: Types, of which each term is given one at random.
        seed: Of this choice. Fewer terms of a seed are among more terms of it, and of the same types there.
    """
    annotated = _types_of_mentions(train).keys() | _types_of_mentions(held_out).keys()
    frequency = Counter[str]()
    for record in held_out:
        text = normalize(record["text"])
        run_end = 0
        for start in range(len(text)):
            if start >= run_end:
                run_end = start
                while run_end < len(text) and text[run_end].isalnum():
                    run_end += 1
            frequency.update(text[start : start + n] for n in WRONG_LENGTHS if start + n <= run_end)
    ordered = sorted((term for term in frequency if term not in annotated), key=lambda term: (-frequency[term], term))
    # RandomState, not Generator: numpy guarantees its stream across versions.
    kinds = np.random.RandomState(seed).randint(len(types), size=count)
    return _by_type((types[kind], term) for term, kind in zip(ordered, kinds.tolist(), strict=False))


def share_of_terms(terms: Mapping[str, Sequence[str]], share: float, seed: int) -> Terms:
    """A random share (0 to 1) of the terms; for one seed a smaller share's terms are among a larger share's."""
    pairs = [(kind, term) for kind in sorted(terms) for term in sorted(terms[kind])]
    order = np.random.RandomState(seed).permutation(len(pairs))[: round(share * len(pairs))]
    return _by_type(pairs[index] for index in sorted(order.tolist()))


def merge_terms(*several: Mapping[str, Iterable[str]]) -> Terms:
    """All terms of several, a term once a type."""
    return _by_type((kind, term) for terms in several for kind, of_kind in terms.items() for term in of_kind)


def share_found(
    predictions: Sequence[Iterable[tuple[int, int, str]]], mentions: Iterable[UnseenMention]
) -> float | None:
    """Of the annotated occurrences of vetted terms, the share that is predicted with just its offsets and type.

    Args:
        predictions: For each record of the part its entities (start, end, type).
        mentions: The part's unseen mentions.

    Returns:
        From 0 to 1; None if there is no such occurrence.
    """
    found = [set(map(tuple, entities)) for entities in predictions]
    hits = [
        (start, end, mention.vetted_type) in found[record]
        for mention in mentions
        if mention.vetted_type
        for record, start, end in mention.annotated[mention.vetted_type]
    ]
    return sum(hits) / len(hits) if hits else None


def _types_of_mentions(records: Records) -> dict[str, set[str]]:
    types: dict[str, set[str]] = defaultdict(set)
    for record in records:
        for entity in record["entities"]:
            types[normalize(record["text"][entity["start"] : entity["end"]])].add(entity["type"])
    return types


def _by_type(pairs: Iterable[tuple[str, str]]) -> Terms:
    terms: dict[str, dict[str, None]] = defaultdict(dict)
    for kind, term in pairs:
        terms[kind].setdefault(term)
    return {kind: list(of_kind) for kind, of_kind in sorted(terms.items())}
