"""Vetted terms in training: lists simulated from the annotations, so that the network learns how far to trust them.

In a share of the sentences some of the mentions are "known": the columns of vetted terms show them. Of the known
entities some are hidden besides: their characters, and with them bigrams and radicals, are unknown, so that nothing but
the term says what they are, as with a new drug. Some other stretches are hidden alike, so that hiding is no hint. All
is drawn anew in every epoch, and nothing of it is saved: no mention of a patient leaves the training.
"""

from collections.abc import Mapping

import numpy as np

from ..radicals import PADDING_RADICAL
from ..tagging import find_entities
from ..tokenization_dicmt import EncodedSentence
from ..vetted_terms import BITS_OF_TYPE, write_features
from .examples import Examples

SHARE_OF_SENTENCES = 0.7  # in which mentions may be known, each with a probability that is drawn for the sentence
HIDDEN_KNOWN = 0.3  # of the known entities
HIDDEN_OTHER = 0.05  # of the other entities, and as many stretches as would be entities


class KnownTerms:
    """Sentences of an epoch, with simulated vetted terms.

    Args:
        examples: The sentences to train on.
        id2label: Label of each tag id.
        unk_token_id: Id of a hidden character.
        seed: Seed of all that is drawn.
    """

    def __init__(self, examples: Examples, id2label: Mapping[int, str], unk_token_id: int, seed: int):
        self.examples, self.unk_token_id, self.seed = examples, unk_token_id, seed
        self.num_types = sum(label.startswith("B-") for label in id2label.values())
        self.columns = slice(-BITS_OF_TYPE * self.num_types, None)
        self.entities = []
        for tags in examples.tags:
            found = find_entities(tags[None], id2label)
            self.entities.append(found.entities[:, 1:])

    def sentence(self, index: int, epoch: int) -> EncodedSentence:
        """A sentence as an epoch sees it."""
        sentence, entities = self.examples.sentences[index], self.entities[index]
        random = np.random.default_rng((self.seed, epoch, index))
        length = len(sentence.input_ids)
        known = np.zeros(len(entities), dtype=bool)
        if random.random() < SHARE_OF_SENTENCES:
            known = random.random(len(entities)) < random.random()
        hidden = random.random(len(entities)) < np.where(known, HIDDEN_KNOWN, HIDDEN_OTHER)
        stretches = [(s, e) for s, e, _ in entities[hidden].tolist()]
        for _ in range(random.poisson(HIDDEN_OTHER * max(1, len(entities)))):
            size = int(random.integers(1, 7))
            start = int(random.integers(0, max(1, length - size + 1)))
            stretches.append((start, min(length, start + size)))
        marked = entities[known]
        if not len(marked) and not stretches:
            return sentence
        features = sentence.dictionary_features.copy()
        types = np.eye(self.num_types, dtype=np.uint8)[marked[:, 2]]
        write_features(marked[:, 0], marked[:, 1], types, features[:, self.columns])
        input_ids, radical_ids = sentence.input_ids.copy(), sentence.radical_ids.copy()
        for start, end in stretches:
            input_ids[start:end] = self.unk_token_id
            radical_ids[start:end] = PADDING_RADICAL
        return sentence._replace(input_ids=input_ids, radical_ids=radical_ids, dictionary_features=features)
