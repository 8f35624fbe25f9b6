"""Several networks that label together: the mean of their scores, which are those of one chain again.

The mean of the scores of linear chains is a linear chain, whose probability of a labelling is the geometric mean of
theirs, made to sum to 1 (a product of experts; Hinton, 2002). So the vote's best labelling is found, and the
probabilities of its entities are had, exactly and at the price of one network's.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..crf_numpy import NumpyCRF
from ..prediction import SentencePrediction, TaggedBatch, length_batches, pad_sentences
from ..tagging import Span, bio_labels, find_entities
from ..tokenization_dicmt import DicMTTokenizer, EncodedSentence
from ..torch_tagger import TorchTagger
from .teachers import Teacher

# What tells of each batch that is done how many of the sentences were in it.
Tell = Callable[[int], object]


class LabelledSentence(NamedTuple):
    """What the vote says of a sentence of L characters.

    Args:
        prediction: Tags, entities and their probabilities.
        certainty: The least of the probabilities of its entities and, at each other character, of its being no part of
            any.
    """

    prediction: SentencePrediction
    certainty: float


class Vote:
    """Networks that label together.

    Args:
        teachers: The networks, one at least; their scores are calibrated, so that none is louder than it is sure.
        tokenizer: The student's, whose entity types are in the order in which tags are numbered here; the networks may
            have another order, other vocabularies and other dictionaries.
    """

    def __init__(self, teachers: Sequence[Teacher], tokenizer: DicMTTokenizer):
        self.teachers = list(teachers)
        self.labels = bio_labels(tokenizer.entity_types)
        self._taggers = [TorchTagger(network) for network, _ in teachers]
        # Of each teacher the places of its tags in the order used here.
        self._orders = [np.array([network.config.label2id[name] for name in self.labels]) for network, _ in teachers]
        self.batch_characters = min(tagger.batch_characters for tagger in self._taggers)

    @property
    def chain(self) -> NumpyCRF:
        """The chain of the mean scores."""
        chains = [
            (chain.start[order], chain.transitions[np.ix_(order, order)], chain.end[order])
            for chain, order in zip((tagger.chain for tagger in self._taggers), self._orders, strict=True)
        ]
        return NumpyCRF(*(np.mean(scores, axis=0, dtype=np.float64) for scores in zip(*chains, strict=True)))

    def encode(self, texts: Sequence[str]) -> list[list[EncodedSentence]]:
        """The sentences of records, for each teacher; those at one place are the same stretch of the same record."""
        encoded: dict[int, list[EncodedSentence]] = {}
        for _, tokenizer in self.teachers:
            if id(tokenizer) not in encoded:
                encoded[id(tokenizer)] = list(tokenizer.encode_records(texts))
        return [encoded[id(tokenizer)] for _, tokenizer in self.teachers]

    def label(
        self, sentences: Sequence[Sequence[EncodedSentence]], tell: Tell = lambda count: None
    ) -> list[LabelledSentence]:
        """Label sentences.

        Args:
            sentences: Sentences as `encode` gives them, of each teacher the same ones.
            tell: Called after each batch, with the number of its sentences.

        Returns:
            What the vote says of each, in their order.
        """
        found: dict[int, LabelledSentence] = {}
        chain = self.chain
        for places, batch in self._tag(sentences, chain):
            found.update(zip(places, read_batch(batch, chain, self.labels), strict=True))
            tell(len(places))
        return [found[place] for place in range(len(found))]

    def _tag(
        self, sentences: Sequence[Sequence[EncodedSentence]], chain: NumpyCRF
    ) -> Iterator[tuple[list[int], TaggedBatch]]:
        """Batches, with the places of their sentences."""
        for places in length_batches([len(sentence.input_ids) for sentence in sentences[0]], self.batch_characters):
            total, mask = 0.0, None
            for own, tagger, order in zip(sentences, self._taggers, self._orders, strict=True):
                inputs = pad_sentences([own[place] for place in places], tagger.config.pad_token_id)
                batch = tagger.tag(inputs)
                total, mask = total + batch.emissions[..., order].astype(np.float64), batch.mask
            emissions = total / len(self._taggers)
            yield places, TaggedBatch(emissions, mask, chain.viterbi(emissions, mask), None)


def read_batch(batch: TaggedBatch, chain: NumpyCRF, labels: Sequence[str]) -> Iterator[LabelledSentence]:
    """What a tagged batch says of each of its sentences.

    Args:
        batch: The batch, with scores and tags.
        chain: The chain that it was decoded by.
        labels: The BIO labels in the tags' order.
    """
    ids = {label: number for number, label in enumerate(labels)}
    found, types = find_entities(batch.tags, dict(enumerate(labels)))
    begin_and_inside = np.array([[ids[f"B-{name}"], ids[f"I-{name}"]] for name in types]).reshape(-1, 2)
    spans = np.concatenate([found[:, :3], begin_and_inside[found[:, 3]]], axis=1)
    probabilities = np.exp(chain.span_log_probabilities(batch.emissions, spans, batch.mask))
    outside = chain.marginals(batch.emissions, batch.mask)[..., ids["O"]]
    certainty = np.where(batch.tags == ids["O"], outside, 1.0).min(1)
    np.minimum.at(certainty, found[:, 0], probabilities)
    firsts = np.searchsorted(found[:, 0], np.arange(len(certainty) + 1))
    lengths = batch.mask.sum(1)
    for row, (first, last) in enumerate(itertools.pairwise(firsts.tolist())):
        entities = [Span(start, end, types[kind]) for _, start, end, kind in found[first:last].tolist()]
        tags = batch.tags[row, : lengths[row]]
        prediction = SentencePrediction(tags, np.zeros(0, dtype=bool), entities, probabilities[first:last])
        yield LabelledSentence(prediction, float(certainty[row]))
