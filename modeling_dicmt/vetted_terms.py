"""Vetted terms: what a hospital says is an entity, in a channel of its own beside the dictionary (not in the paper).

A reference list is public and noisy: the network learns how far each match is to be believed. A vetted term is believed
where nothing speaks against it, also if no character of it was ever seen: training shows the network such terms, with
their characters hidden (`training/known_terms.py`).
"""

import logging
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from .dictionary import ClinicalDictionary
from .dictionary_features import compile_terms, ends_within
from .sentences import split_sentences
from .tagging import Span

logger = logging.getLogger(__name__)

MAX_TERM_LENGTH = 200
"""Characters of the longest term that matches."""

# The list of what is no entity of any type.
ANY_TYPE = "*"

# Of texts together, for each of their characters: what would be far more takes memory, and says nothing any more. Of
# public lists of 191,400 terms the densest sentence of a corpus has 0.4 occurrences a character; digits and letters
# that are none of nine types' entities are 3 spans.
MAX_OCCURRENCES_PER_CHARACTER = 8
MAX_SPANS_PER_CHARACTER = 4
_SPANS_OF_SHORT_TEXTS = 1 << 16

# Bits of a type at each character: the first of a term, one between, its last, or a term of one character.
BEGIN, INSIDE, END, SINGLE = range(4)
BITS_OF_TYPE = 4


class TermMatcher:
    """Finds vetted terms in texts.

    Args:
        terms: The terms.
        entity_types: The label set's entity types, in order.
        types_of_list: The entity types of each of the terms' lists.
        excluded: Terms that are not found, each as of its types alone: of these, the others remain.

    Attributes:
        num_terms: How many of them can match: those of more than `MAX_TERM_LENGTH` characters cannot.
    """

    def __init__(
        self,
        terms: ClinicalDictionary,
        entity_types: Sequence[str],
        types_of_list: Mapping[str, Iterable[str]],
        excluded: "TermMatcher | None" = None,
    ):
        self.terms, self.entity_types, self.excluded = terms, tuple(entity_types), excluded
        self.types_of_list = {name: frozenset(types) for name, types in types_of_list.items()}
        *_, combination_of_term, combinations = terms.columns()
        # A kind is a set of types; kind 0 has none, and its terms are left out.
        kinds: dict[frozenset[str], int] = {frozenset(): 0}
        kind_of_combination = [kinds.setdefault(self._types(lists), len(kinds)) for lists in combinations]
        kind_of_term = np.array(kind_of_combination, dtype=np.uint32)[combination_of_term]
        for term, lists in excluded.terms.items() if excluded is not None else ():
            index = terms.index(term)
            if index is not None:
                left = self._types(terms.lists_of(term)) - excluded._types(lists)
                kind_of_term[index] = kinds.setdefault(left, len(kinds))
        self._types_of_kind = [tuple(name for name in self.entity_types if name in types) for types in kinds]
        self._bits = np.array([[name in types for name in self.entity_types] for types in kinds], dtype=np.uint8)
        self._matcher, self.num_terms = compile_terms(terms, kind_of_term, range(1, MAX_TERM_LENGTH + 1))

    def _types(self, lists: Iterable[str]) -> frozenset[str]:
        return frozenset().union(*map(self.types_of_list.__getitem__, lists))

    def __reduce__(self):
        return type(self), (self.terms, self.entity_types, self.types_of_list, self.excluded)

    def occurrences(self, points: np.ndarray, ends: Sequence[int]) -> "Occurrences":
        """All occurrences of terms, overlapping ones too, in texts that lie end to end; none spans two of them.

        Args:
            points: `code_points` (L,) of all texts.
            ends: Where each text ends, ascending; the last at L.

        Raises:
            ValueError: If on the average more than `MAX_OCCURRENCES_PER_CHARACTER` terms start at a character, or more
                than `MAX_SPANS_PER_CHARACTER`, each counted once a type.
        """
        found = self._search(points, ends)
        spans = self._bits.sum(1, dtype=np.int64)[found.kinds].sum()
        if spans > max(_SPANS_OF_SHORT_TEXTS, MAX_SPANS_PER_CHARACTER * len(points)):
            raise ValueError(
                f"Terms occur more than {MAX_SPANS_PER_CHARACTER} times a character, once for each of their types: too "
                "many lie within others. Leave some out, or say of which types they are, or are not."
            )
        return found

    def find(self, points: np.ndarray, ends: Sequence[int]) -> "Occurrences":
        """The occurrences that count: none overlaps another, the longest were chosen first; arguments as above.

        Raises:
            ValueError: If more than `MAX_OCCURRENCES_PER_CHARACTER` terms start at a character, on the average.
        """
        return self._search(points, ends).longest_first()

    def _search(self, points: np.ndarray, ends: Sequence[int]) -> "Occurrences":
        if not self.num_terms:
            return NO_OCCURRENCES
        most = max(_SPANS_OF_SHORT_TEXTS, MAX_OCCURRENCES_PER_CHARACTER * len(points))
        found = self._matcher.find(points, most).items()
        if sum(len(kinds) for _, (_, kinds) in found) > most:
            raise ValueError(
                f"More than {MAX_OCCURRENCES_PER_CHARACTER} terms start at a character, on the average: too many lie "
                "within others. Leave some out."
            )
        starts = np.concatenate([starts for _, (starts, _) in found])
        sizes = np.repeat([size for size, _ in found], [len(starts) for _, (starts, _) in found])
        kinds = np.concatenate([kinds for _, (_, kinds) in found])
        within = ends_within(starts, sizes, np.asarray(ends, dtype=np.int64))
        starts, sizes, kinds = starts[within], sizes[within], kinds[within]
        order = np.lexsort((sizes, starts))
        return Occurrences(starts[order], (starts + sizes)[order], kinds[order])

    def write_features(self, found: "Occurrences", out: np.ndarray) -> None:
        """Write features of occurrences that do not overlap.

        Args:
            found: The occurrences.
            out: Zeros, uint8 (L, 4 · types): for each entity type in order the bits begin, inside, end and single.
        """
        if len(found.starts):
            write_features(found.starts, found.ends, self._bits[found.kinds], out)

    def rows(self, found: "Occurrences") -> np.ndarray:
        """Occurrences as integer (N, 3): first character, end, place of the entity type; one of several types often."""
        rows, types = self._bits[found.kinds].nonzero()
        return np.column_stack([found.starts[rows], found.ends[rows], types])

    def spans(self, found: "Occurrences", start: int, end: int) -> tuple[Span, ...]:
        """Occurrences within a stretch of the texts, in its offsets; one of several types once for each."""
        if not len(found.starts):
            return ()
        first, last = found.starts.searchsorted((start, end)).tolist()
        columns = (column[first:last].tolist() for column in (found.starts, found.ends, found.kinds))
        return tuple(
            Span(begin - start, stop - start, name)
            for begin, stop, kind in zip(*columns, strict=True)
            if stop <= end
            for name in self._types_of_kind[kind]
        )


def warn_of_unfindable(terms: ClinicalDictionary, name: str) -> None:
    """Log how many of the terms, which the log calls `name`, no sentence can ever hold; quotes none of them."""
    number = len(terms.rejected) + sum(
        len(term) > MAX_TERM_LENGTH or ("。" in term and len(split_sentences(term)) > 1) for term in terms
    )
    if number:
        logger.warning(
            "%s: %d of %d can never be found. A term has %d characters at most, no line end or other invisible "
            "character, and 。 at its end alone, since a sentence ends there.",
            name,
            number,
            len(terms) + len(terms.rejected),
            MAX_TERM_LENGTH,
        )


class Occurrences:
    """Where terms occur, by start and then end.

    Args:
        starts: Offsets of the first characters, (N,).
        ends: Offsets after the last characters.
        kinds: What each is, an index.
    """

    __slots__ = ("ends", "kinds", "starts")

    def __init__(self, starts: np.ndarray, ends: np.ndarray, kinds: np.ndarray):
        self.starts, self.ends, self.kinds = starts, ends, kinds

    def longest_first(self) -> "Occurrences":
        """Those that remain where none overlaps another: the longest is taken first, of equally long ones the first."""
        chosen = longest_first(self.starts, self.ends)
        return Occurrences(self.starts[chosen], self.ends[chosen], self.kinds[chosen])


_NOTHING = np.zeros(0, dtype=np.int64)
NO_OCCURRENCES = Occurrences(_NOTHING, _NOTHING, _NOTHING)


def longest_first(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Indices, ascending, of stretches that do not overlap: the longest is taken first, of equally long ones the first.

    Args:
        starts: Where the stretches start, ascending, (N,).
        ends: Where they end.
    """
    if not len(starts):
        return _NOTHING
    # Stretches that overlap directly or through others lie in one cluster; most clusters are of one.
    reach = np.maximum.accumulate(ends)
    begins_cluster = np.concatenate([[True], starts[1:] >= reach[:-1]])
    clusters = np.cumsum(begins_cluster) - 1
    alone = np.bincount(clusters)[clusters] == 1
    crowded = np.flatnonzero(~alone)
    chosen = [np.flatnonzero(alone)]
    if len(crowded):
        order = crowded[np.lexsort((starts[crowded], starts[crowded] - ends[crowded]))]
        taken = bytearray(int(reach[-1]))
        kept = []
        for i, start, end in zip(order.tolist(), starts[order].tolist(), ends[order].tolist(), strict=True):
            # Whatever is taken already is at least as long: it cannot lie between the two.
            if not taken[start] and not taken[end - 1]:
                taken[start:end] = b"\x01" * (end - start)
                kept.append(i)
        chosen.append(np.array(kept, dtype=np.int64))
    return np.sort(np.concatenate(chosen))


def write_features(starts: np.ndarray, ends: np.ndarray, types: np.ndarray, out: np.ndarray) -> None:
    """Write features of stretches that do not overlap.

    Args:
        starts: Where the stretches start, (N,).
        ends: Where they end.
        types: Bits of their entity types, uint8 (N, types).
        out: Zeros, uint8 (L, 4 · types), which take the features.
    """
    sizes = ends - starts
    after = sizes.cumsum()  # of all stretches' characters, the first after each stretch
    bits = np.full(sizes.sum(), INSIDE)
    bits[after - sizes] = BEGIN
    bits[after - 1] = END
    bits[after[sizes == 1] - 1] = SINGLE
    places = np.arange(len(bits)) + (ends - after).repeat(sizes)
    out.reshape(len(out), types.shape[1], BITS_OF_TYPE)[places, :, bits] = types.repeat(sizes, axis=0)
