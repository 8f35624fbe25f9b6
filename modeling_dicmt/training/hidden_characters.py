"""Which characters of texts are hidden from an encoder, and what stands in their place (Devlin et al., 2019).

Terms of a dictionary can be hidden as a whole, so that a term is not guessed from its own other half (Sun et al., 2019;
Cui et al., 2021).
"""

import numpy as np
from transformers import PreTrainedTokenizerBase

from ..dictionary import ClinicalDictionary
from ..tokenization_dicmt import DicMTTokenizer
from ..vetted_terms import TermMatcher, warn_of_unfindable
from .pretraining import Text

IGNORED = -100
"""The label of a character that is not to be guessed."""

# Of the hidden characters these shares become [MASK], and a random character; the others stay what they are.
_MASK_SHARE, _RANDOM_SHARE = 0.8, 0.1
_TERM = "term"


class HiddenCharacters:
    """Hides characters of sentences, as a function of seed, pass and the sentence's number alone.

    A unit is a term of the dictionary where it matches (of overlapping ones the longest, of equally long ones the
    first), or else a character. Each unit is hidden by a draw of its own, hence the share of the characters that are
    hidden is on the average the one asked for, whatever the terms. Characters that the vocabulary lacks are hidden
    like others, but there is nothing to guess.

    Args:
        characters: Gives characters the encoder's ids.
        special: The encoder's own tokenizer, for the ids of what begins, ends, pads and hides.
        share: Of the characters, above 0 and below 1.
        dictionary: Terms that are hidden as a whole; None for none.

    Raises:
        ValueError: If there are terms, and none of them can be found in a text.
    """

    def __init__(
        self,
        characters: DicMTTokenizer,
        special: PreTrainedTokenizerBase,
        share: float,
        dictionary: ClinicalDictionary | None = None,
    ):
        self.characters, self.special, self.share = characters, special, share
        # (V,) ids of all single characters: what a hidden one may be exchanged for
        self.exchanges = np.array(sorted(i for token, i in characters.get_vocab().items() if len(token) == 1))
        self.terms = None
        if dictionary is not None:
            warn_of_unfindable(dictionary, "the dictionary")
            self.terms = TermMatcher(dictionary, [_TERM], {name: [_TERM] for name in dictionary.lists})
            if not self.terms.num_terms:
                raise ValueError("No term of the dictionary can be found in a text: give other terms, or none.")

    def inputs(self, text: Text, indices: np.ndarray, seed: int, epoch: int) -> dict[str, np.ndarray]:
        """What the encoder reads, (B, L + 2) int64 each, padded at the right; L is the longest sentence's length.

        Args:
            text: The sentences.
            indices: Their numbers, (B,).
            seed: Seed of the draws.
            epoch: The pass, from 0.

        Returns:
            `input_ids`, with what begins and ends a sentence; `attention_mask`; and `labels`, the ids of the characters
            that are to be guessed and `IGNORED` elsewhere.
        """
        ids, lengths, draws, is_hidden = self._draw(text, indices, seed, epoch)
        labels = np.where(self._is_guessed(ids, is_hidden), ids, IGNORED)
        seen = ids.copy()
        kind, number = draws[1:, is_hidden]
        exchanged = self.exchanges[(number * len(self.exchanges)).astype(np.int64)]
        seen[is_hidden] = np.where(
            kind < _MASK_SHARE,
            self.special.mask_token_id,
            np.where(kind < _MASK_SHARE + _RANDOM_SHARE, exchanged, ids[is_hidden]),
        )
        places = np.arange(lengths.max(initial=0) + 2)
        within = (places > 0) & (places <= lengths[:, None])  # (B, L + 2)
        framed = np.full(within.shape, self.special.pad_token_id, dtype=np.int64)
        framed[:, 0] = self.special.cls_token_id
        framed[np.arange(len(lengths)), lengths + 1] = self.special.sep_token_id
        framed[within] = seen
        targets = np.full(within.shape, IGNORED, dtype=np.int64)
        targets[within] = labels
        mask = places < lengths[:, None] + 2
        return {"input_ids": framed, "attention_mask": mask.astype(np.int64), "labels": targets}

    def count(self, text: Text, indices: np.ndarray, seed: int, epoch: int) -> int:
        """How many characters of sentences are to be guessed; arguments as above."""
        ids, _, _, is_hidden = self._draw(text, indices, seed, epoch)
        return int(self._is_guessed(ids, is_hidden).sum())

    def first_of_unit(self, points: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """For each character, (L,), the place of the first one of its unit.

        Args:
            points: Code points (L,) of sentences that lie end to end.
            ends: Where each sentence ends, (B,).
        """
        first = np.arange(len(points))
        if self.terms is not None:
            found = self.terms.find(points, ends)
            sizes = found.ends - found.starts
            after = sizes.cumsum()  # of all terms' characters, the first after each term
            first[np.arange(sizes.sum()) + (found.ends - after).repeat(sizes)] = found.starts.repeat(sizes)
        return first

    def _draw(
        self, text: Text, indices: np.ndarray, seed: int, epoch: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Ids (L,) of sentences that lie end to end, their lengths, three numbers (3, L) each, what is hidden (L,)."""
        points, ends = text.take(indices)
        lengths = np.diff(ends, prepend=0)
        ids, _ = self.characters.encode_points(points)
        # A generator a sentence: what it draws does not depend on the sentences beside it.
        draws = np.concatenate(
            [np.zeros((3, 0))]
            + [
                np.random.default_rng((seed, epoch, number)).random((3, length))
                for number, length in zip(indices.tolist(), lengths.tolist(), strict=True)
            ],
            axis=1,
        )
        is_hidden = draws[0, self.first_of_unit(points, ends)] < self.share
        return ids.astype(np.int64), lengths, draws, is_hidden

    def _is_guessed(self, ids: np.ndarray, is_hidden: np.ndarray) -> np.ndarray:
        return is_hidden & (ids != self.characters.unk_token_id)
