"""Dictionary features `d_t`: which n-grams around a character are terms, of which type (section 3.2 of the paper)."""

import itertools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from .dictionary import ClinicalDictionary
from .dictionary_files import DictionaryError
from .ngram_matching import NgramMatcher
from .normalization import code_points
from .tagging import Span

PAPER_NGRAM_SIZES = (2, 3, 4, 5, 6)
MAX_NGRAM_SIZE = 10


def code_width(num_types: int) -> int:
    """Bits that a type code takes: `ceil(log2(num_types + 1))`, since the code 0 means "not in the dictionary"."""
    if num_types < 1:
        raise ValueError(f"A label set needs at least one entity type, got {num_types}.")
    return num_types.bit_length()


def types_of_lists(
    lists: Iterable[str], lists_of_type: Mapping[str, Iterable[str]], precedence: Sequence[str]
) -> tuple[str, ...]:
    """Entity types of a term of these lists, in order of precedence: the first is the one that its code shows."""
    lists = set(lists)
    return tuple(name for name in precedence if not lists.isdisjoint(lists_of_type[name]))


def check_lists_of_type(lists_of_type: Mapping[str, Iterable[str]], entity_types: Sequence[str], where: str) -> None:
    """Raise DictionaryError, naming `where`, if the mapping has an entity type that the label set lacks."""
    unknown = [name for name in lists_of_type if name not in entity_types]
    if unknown:
        raise DictionaryError(
            f"{where}: no entity type {', '.join(unknown)}; the label set has {', '.join(entity_types)}."
        )


class DictionaryMatcher:
    """Dictionary features of a label scheme, compiled from a dictionary.

    Columns: n-gram size ascending; for each size first the n-gram that ends at the character, then the one that starts
    at it; for each of them the type code (1 for the first entity type), most significant bit first, 0 where the n-gram
    is no term. A term counts only where it lies wholly within the text, so give full sentences.

    Args:
        dictionary: The terms.
        entity_types: Names of the label set's entity types, in order.
        lists_of_type: The dictionary lists that are evidence for each type. Lists that the dictionary lacks are ignored
            here (the report names them), so that a scheme outlives a change of dictionary.
        ngram_sizes: Sizes of n-grams, each within 1…10; empty for no feature at all. The paper's are 2 to 6.
        multi_hot: One bit for each type instead of a code, which shows all types of a term.
        precedence: The code of a term of several types is that of the type that comes first here; types left out follow
            in the label set's order, which is also the default.

    Raises:
        ValueError: If sizes or entity types are unusable.
        DictionaryError: If the mapping or the precedence names an unknown entity type.
    """

    def __init__(
        self,
        dictionary: ClinicalDictionary,
        entity_types: Sequence[str],
        lists_of_type: Mapping[str, Sequence[str]],
        ngram_sizes: Sequence[int] = PAPER_NGRAM_SIZES,
        multi_hot: bool = False,
        precedence: Sequence[str] | None = None,
    ):
        self.dictionary = dictionary
        self.entity_types = tuple(entity_types)
        self.lists_of_type = {name: tuple(lists_of_type.get(name, ())) for name in self.entity_types}
        self.ngram_sizes = check_sizes(ngram_sizes)
        self.multi_hot = multi_hot
        if len(set(self.entity_types)) != len(self.entity_types) or len(self.entity_types) > 255:
            raise ValueError(f"Entity types must be distinct and at most 255, got {len(self.entity_types)} names.")
        check_lists_of_type(lists_of_type, self.entity_types, "lists_of_type")
        first = tuple(precedence or ())
        check_lists_of_type(dict.fromkeys(first, ()), self.entity_types, "precedence")
        self.precedence = (*dict.fromkeys(first), *(name for name in self.entity_types if name not in first))
        self._width = len(self.entity_types) if multi_hot else code_width(len(self.entity_types))
        self._compile()

    @property
    def dim(self) -> int:
        """Values of a character: sizes x 2 directions x bits (30 in the paper)."""
        return 2 * len(self.ngram_sizes) * self._width

    def features(self, points: np.ndarray, ends: Sequence[int], out: np.ndarray | None = None) -> np.ndarray:
        """Features of texts that lie end to end; no term spans two of them.

        Args:
            points: `code_points` (L,) of all texts.
            ends: Where each text ends, ascending; the last at L.
            out: Zeros, uint8 (L, at least dim), whose first columns take the features; default: new ones.

        Returns:
            uint8 (L, dim), or `out`.
        """
        filled = np.zeros((len(points), self.dim), dtype=np.uint8) if out is None else out
        text_ends = np.asarray(ends, dtype=np.int64)
        width = self._width
        for i, (size, (starts, kinds)) in enumerate(self._matcher.find(points).items()):
            within = ends_within(starts, size, text_ends)
            starts, bits = starts[within], self._bits[kinds[within]]
            column = 2 * i * width
            filled[starts + size - 1, column : column + width] = bits
            filled[starts, column + width : column + 2 * width] = bits
        return filled

    def features_batch(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Features of many texts in one pass: views, uint8 (L_i, dim), of one array."""
        ends = list(itertools.accumulate(map(len, texts)))
        features = self.features(code_points("".join(texts)), ends)
        return [features[end - len(text) : end] for text, end in zip(texts, ends, strict=True)]

    def matches(self, features: np.ndarray) -> list[Span]:
        """The terms that features (L, dim) show, by start and then length; one of several types has the first."""
        # Of the two directions the n-grams that start at the character.
        bits = features.reshape(len(features), len(self.ngram_sizes), 2, self._width)[:, :, 1]
        starts, sizes = np.nonzero(bits.any(axis=-1))
        bits = bits[starts, sizes]
        if self.multi_hot:
            ranks = bits[:, [self.entity_types.index(name) for name in self.precedence]].argmax(axis=1)
            types = map(self.precedence.__getitem__, ranks.tolist())
        else:
            codes = bits @ (1 << np.arange(self._width - 1, -1, -1))
            types = map(self.entity_types.__getitem__, (codes - 1).tolist())
        ends = starts + np.array(self.ngram_sizes, dtype=np.int64)[sizes]
        return list(map(Span, starts.tolist(), ends.tolist(), types))

    def check_usable(self, name: str, quote: bool = True) -> None:
        """Raise DictionaryError if no term of the dictionary can ever match.

        Args:
            name: What the message calls the dictionary: where it came from.
            quote: Whether the message may name its lists.
        """
        if not self.ngram_sizes:
            raise DictionaryError(
                f"The network has no dictionary features, so that the terms of {name} cannot serve: use it without "
                "them, or train a new network with a dictionary."
            )
        if not self.num_terms:
            found = self.dictionary.lists
            wanted = sorted({item for lists in self.lists_of_type.values() for item in lists})
            raise DictionaryError(
                f"No term of {name} can match: its lists are {', '.join(found) if quote else len(found)}, those that "
                f"serve are {', '.join(wanted)}, with terms of "
                f"{', '.join(map(str, self.ngram_sizes))} characters. Rename the lists, or train with a "
                "--dictionary_mapping that names them, or with other --ngram_sizes."
            )

    def __reduce__(self):
        # Compiled again on the other side: the tables are larger than what they are made of.
        arguments = (self.dictionary, self.entity_types, self.lists_of_type)
        return type(self), (*arguments, self.ngram_sizes, self.multi_hot, self.precedence)

    def _compile(self) -> None:
        *_, combination_of_term, combinations = self.dictionary.columns()
        # As sets: a hostile dictionary may have 100,000 lists, and as many combinations of them.
        lists_of_type = {name: frozenset(lists) for name, lists in self.lists_of_type.items()}
        types_of_combination = [types_of_lists(lists, lists_of_type, self.precedence) for lists in combinations]
        # A kind is a distinct combination of types; kind 0 has none, and its terms are left out.
        kinds = {types: kind for kind, types in enumerate(sorted({(), *types_of_combination}))}
        place_of_type = {name: place for place, name in enumerate(self.entity_types)}
        self._bits = np.zeros((len(kinds), self._width), dtype=np.uint8)
        for types, kind in kinds.items():
            places = [place_of_type[name] for name in types]
            if self.multi_hot:
                self._bits[kind, places] = 1
            elif places:
                self._bits[kind] = (places[0] + 1) >> np.arange(self._width - 1, -1, -1) & 1
        kind_of_combination = np.array([kinds[types] for types in types_of_combination], dtype=np.uint32)
        kind_of_term = kind_of_combination[combination_of_term]
        self._matcher, self.num_terms = compile_terms(self.dictionary, kind_of_term, self.ngram_sizes)


def compile_terms(
    dictionary: ClinicalDictionary, kind_of_term: np.ndarray, sizes: Sequence[int] | range
) -> tuple[NgramMatcher, int]:
    """A matcher of a dictionary's terms of some sizes, whose values are their kinds, and how many they are.

    Args:
        dictionary: The terms.
        kind_of_term: A number for each of the dictionary's terms, uint32; 0 leaves it out.
        sizes: The sizes that match, ascending; the matcher has those of a list all, of a range those that occur.
    """
    points, starts, *_ = dictionary.columns()
    lengths = np.diff(starts) - 1
    chosen = np.flatnonzero((kind_of_term != 0) & np.isin(lengths, np.asarray(sizes)))
    chosen = chosen[np.argsort(lengths[chosen], kind="stable")]
    occurring, firsts = np.unique(lengths[chosen], return_index=True)
    of_size = dict(zip(occurring.tolist(), np.split(chosen, firsts[1:]), strict=False))
    terms = {}
    for size in occurring.tolist() if isinstance(sizes, range) else sizes:
        indices = of_size.get(size, chosen[:0])
        terms[size] = (points[starts[indices, None] + np.arange(size)], kind_of_term[indices])
    return NgramMatcher(terms), len(chosen)


def ends_within(starts: np.ndarray, size: int | np.ndarray, text_ends: np.ndarray) -> np.ndarray:
    """Whether each n-gram of texts that lie end to end is within one of them: boolean (N,).

    Args:
        starts: Where the n-grams start, (N,).
        size: Their size, or that of each.
        text_ends: Where each text ends, ascending.
    """
    return starts + size <= text_ends[np.searchsorted(text_ends, starts, side="right")]


def check_sizes(ngram_sizes: Sequence[int]) -> tuple[int, ...]:
    """N-gram sizes, ascending.

    Raises:
        ValueError: If they are no distinct whole numbers within 1…10.
    """
    if (
        not isinstance(ngram_sizes, list | tuple)
        or any(type(size) is not int or not 1 <= size <= MAX_NGRAM_SIZE for size in ngram_sizes)
        or len(set(ngram_sizes)) != len(ngram_sizes)
    ):
        raise ValueError(f"ngram_sizes must be a list of distinct sizes within 1…{MAX_NGRAM_SIZE}.")
    return tuple(sorted(ngram_sizes))
