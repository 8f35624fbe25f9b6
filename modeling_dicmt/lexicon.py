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
        reference_terms: The reference lists' terms of any length, as evidence for spans; None for a network that scores
            characters.
    """

    dictionary: DictionaryMatcher
    terms: TermMatcher
    not_terms: TermMatcher
    has_channel: bool
    reference_terms: TermMatcher | None = None

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

    def span_evidence(self, points: np.ndarray, ends: Sequence[int]) -> np.ndarray | None:
        """Terms in texts that lie end to end, as evidence for the spans where they stand; arguments as above.

        Returns:
            Integer (N, 3) by start: first character, end (exclusive), source, for all terms of the lists in
            `reference_terms`, overlapping ones too, and all vetted terms. A source is a list, in their order, or, after
            these, the entity type of a vetted term. None without `reference_terms`.
        """
        if self.reference_terms is None:
            return None
        reference = self.reference_terms.rows(self.reference_terms.occurrences(points, ends))
        vetted = self.terms.rows(self.terms.occurrences(points, ends))
        vetted[:, 2] += len(self.reference_terms.entity_types)
        rows = np.concatenate([reference, vetted])
        return rows[np.argsort(rows[:, 0], kind="stable")]
