"""All terms that a call uses, compiled: reference lists, vetted terms, and those that are no entity."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .dictionary_features import DictionaryMatcher
from .vetted_terms import BITS_OF_TYPE, Occurrences, TermMatcher


@dataclass(frozen=True)
class Lexicon:
    """Terms compiled for the label set of a network.

    Args:
        dictionary: The reference lists.
        terms: The vetted terms, without those that are no entity.
        not_terms: What is no entity.
        has_channel: Whether the features have the columns of vetted terms.
    """

    dictionary: DictionaryMatcher
    terms: TermMatcher
    not_terms: TermMatcher
    has_channel: bool

    @property
    def dim(self) -> int:
        """Width of a character's features: those of the reference lists, then those of vetted terms."""
        return self.dictionary.dim + self.has_channel * BITS_OF_TYPE * len(self.terms.entity_types)

    def features(self, points: np.ndarray, ends: Sequence[int]) -> tuple[np.ndarray, Occurrences]:
        """Features of texts that lie end to end, and the vetted terms that they show; no term spans two texts.

        Args:
            points: `code_points` (L,) of all texts.
            ends: Where each text ends, ascending; the last at L.

        Returns:
            uint8 (L, dim), and where vetted terms are.
        """
        features = np.zeros((len(points), self.dim), dtype=np.uint8)
        self.dictionary.features(points, ends, out=features)
        found = self.terms.find(points, ends)
        if self.has_channel:
            self.terms.write_features(found, features[:, self.dictionary.dim :])
        return features, found
