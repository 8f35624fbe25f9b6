"""Dictionary features `d_t`: which n-grams around a character are terms, of which type (section 3.2 of the paper)."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from .dictionary import ClinicalDictionary
from .dictionary_files import DictionaryError
from .ngram_matching import NgramMatcher
from .normalization import code_points, normalize

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


class DictionaryMatch(NamedTuple):
    """A term found in a text.

    Args:
        start: Offset of its first character.
        end: Offset after its last character.
        term: The term as the dictionary has it (normalised).
        entity_type: Its type, by precedence where it has several.
    """

    start: int
    end: int
    term: str
    entity_type: str


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
        self.ngram_sizes = _check_sizes(ngram_sizes)
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

    def codes(self, text: str) -> np.ndarray:
        """Type codes, uint8 (L, 2 * sizes), 0 where the n-gram is no term; by precedence, also with `multi_hot`."""
        return self._fill(code_points(text), self._codes)[..., 0]

    def features(self, text: str) -> np.ndarray:
        """Features of one text, uint8 (L, dim)."""
        return self._fill(code_points(text), self._bits).reshape(len(text), self.dim)

    def features_batch(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Features of many texts in one pass: views, uint8 (L_i, dim), of one array; no term spans two texts."""
        # Between two texts stands a line end, which no term contains.
        points = code_points("\n".join(texts))
        features = self._fill(points, self._bits).reshape(len(points), self.dim)
        ends = itertools.accumulate(len(text) + 1 for text in texts)
        return [features[end - 1 - len(text) : end - 1] for text, end in zip(texts, ends, strict=True)]

    def matches(self, text: str) -> list[DictionaryMatch]:
        """Terms found in a text, overlapping ones included, by start and then length."""
        normalized = normalize(text)
        found = []
        for size, (starts, kinds) in self._matcher.find(code_points(text)).items():
            for start, code in zip(starts.tolist(), self._codes[kinds, 0].tolist(), strict=True):
                term = normalized[start : start + size]
                found.append(DictionaryMatch(start, start + size, term, self.entity_types[code - 1]))
        return sorted(found)

    def check_usable(self, name: str) -> None:
        """Raise DictionaryError if no term of the dictionary, which came from `name`, can ever match."""
        if not self.ngram_sizes:
            raise DictionaryError(
                f"The network has no dictionary features, so that the terms of {name} cannot serve: use it without "
                "them, or train a new network with a dictionary."
            )
        if not self.num_terms:
            wanted = sorted({item for lists in self.lists_of_type.values() for item in lists})
            raise DictionaryError(
                f"No term of {name} can match: its lists are {', '.join(self.dictionary.lists)}, those that serve are "
                f"{', '.join(wanted)}, with terms of {', '.join(map(str, self.ngram_sizes))} characters. Rename the "
                "lists, or train with a --dictionary_mapping that names them, or with other --ngram_sizes."
            )

    def __reduce__(self):
        # Compiled again on the other side: the tables are larger than what they are made of.
        arguments = (self.dictionary, self.entity_types, self.lists_of_type)
        return type(self), (*arguments, self.ngram_sizes, self.multi_hot, self.precedence)

    def _compile(self) -> None:
        points, starts, combination_of_term, combinations = self.dictionary.columns()
        types_of_combination = [types_of_lists(lists, self.lists_of_type, self.precedence) for lists in combinations]
        # A kind is a distinct combination of types; kind 0 has none, and its terms are left out.
        kinds = sorted({(), *types_of_combination})
        self._codes = np.zeros((len(kinds), 1), dtype=np.uint8)
        self._bits = np.zeros((len(kinds), self._width), dtype=np.uint8)
        for kind, types in enumerate(kinds):
            places = [self.entity_types.index(name) for name in types]
            if self.multi_hot:
                self._bits[kind, places] = 1
            if places:
                self._codes[kind] = places[0] + 1
        if not self.multi_hot:
            self._bits[:] = self._codes >> np.arange(self._width - 1, -1, -1) & 1

        kind_of_combination = np.array([kinds.index(types) for types in types_of_combination], dtype=np.uint32)
        kind_of_term = kind_of_combination[combination_of_term]
        lengths = np.diff(starts) - 1
        terms = {}
        for size in self.ngram_sizes:
            chosen = np.flatnonzero((lengths == size) & (kind_of_term != 0))
            terms[size] = (points[starts[chosen, None] + np.arange(size)], kind_of_term[chosen])
        self.num_terms = sum(len(values) for _, values in terms.values())  # that can match
        self._matcher = NgramMatcher(terms)

    def _fill(self, points: np.ndarray, values_of_kind: np.ndarray) -> np.ndarray:
        """Spread the values of each term found to its last and its first character: (L, 2 * sizes, values)."""
        filled = np.zeros((len(points), 2 * len(self.ngram_sizes), values_of_kind.shape[1]), dtype=np.uint8)
        for i, (size, (starts, kinds)) in enumerate(self._matcher.find(points).items()):
            values = values_of_kind[kinds]
            filled[starts + size - 1, 2 * i] = values
            filled[starts, 2 * i + 1] = values
        return filled


def _check_sizes(ngram_sizes: Sequence[int]) -> tuple[int, ...]:
    sizes = tuple(sorted(ngram_sizes))
    if len(set(sizes)) != len(sizes) or any(not 1 <= size <= MAX_NGRAM_SIZE for size in sizes):
        raise ValueError(f"ngram_sizes must be distinct sizes within 1…{MAX_NGRAM_SIZE}, got {list(ngram_sizes)}.")
    return sizes
