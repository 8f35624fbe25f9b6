"""Several networks that label together: the mean of their scores, which are those of one network again.

The mean of the scores of linear chains is a linear chain, whose probability of a labelling is the geometric mean of
theirs, made to sum to 1 (a product of experts; Hinton, 2002). So the vote's best labelling is found, and the
probabilities of its entities are had, exactly and at the price of one network's. The mean of the log-odds of a span is
the same for its being an entity or none.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..crf_numpy import NumpyCRF
from ..prediction import SentencePrediction, TaggedBatch, length_batches, pad_sentences
from ..span_decoding import OVERLAPS, find_spans, log_odds, probability
from ..tagging import Span, bio_labels, find_entities
from ..tokenization_dicmt import DicMTTokenizer, EncodedSentence
from ..torch_tagger import TorchTagger
from .teachers import Teacher

# What tells of each batch that is done how many of the sentences were in it.
Tell = Callable[[int], object]


class LabelledSentence(NamedTuple):
    """What the vote says of a sentence of L characters.

    Args:
        prediction: Tags, if characters are labelled, entities and their probabilities.
        certainty: The least of the probabilities of its entities and, at each other character, of its being no part of
            any; where spans are scored, of each other span's being none.
    """

    prediction: SentencePrediction
    certainty: float


class Vote:
    """Networks that label together.

    Args:
        teachers: The networks, one at least, all of one head; their scores are calibrated, so that none is louder than
            it is sure.
        tokenizer: The student's, whose entity types are in the order in which tags are numbered here; the networks may
            have another order, other vocabularies, other dictionaries and other longest spans.

    Raises:
        ValueError: If some of the networks label characters, and others score spans.
    """

    def __init__(self, teachers: Sequence[Teacher], tokenizer: DicMTTokenizer):
        self.teachers = list(teachers)
        self.entity_types = list(tokenizer.entity_types)
        self.labels = bio_labels(self.entity_types)
        self._taggers = [TorchTagger(network) for network, _ in teachers]
        configs = [network.config for network, _ in teachers]
        if len({config.scores_spans for config in configs}) != 1:
            raise ValueError(
                "Some teachers label characters and others score spans, which cannot vote together: name teachers of "
                "one head."
            )
        self.scores_spans = configs[0].scores_spans
        # Of each teacher the places of its tags, or types, in the order used here.
        if self.scores_spans:
            self._orders = [np.array([*map(config.entity_types.index, self.entity_types)]) for config in configs]
            self.threshold = float(probability(np.mean([log_odds(config.span_threshold) for config in configs])))
            self.overlap = min((config.span_overlap for config in configs), key=OVERLAPS.index)
        else:
            self._orders = [np.array([config.label2id[name] for name in self.labels]) for config in configs]
        self.batch_characters = min(tagger.batch_characters for tagger in self._taggers)

    @property
    def chain(self) -> NumpyCRF:
        """The chain of the mean scores, of networks that label characters."""
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
        chain = None if self.scores_spans else self.chain
        for places in length_batches([len(sentence.input_ids) for sentence in sentences[0]], self.batch_characters):
            batches = [
                tagger.tag(pad_sentences([own[place] for place in places], tagger.config.pad_token_id))
                for own, tagger in zip(sentences, self._taggers, strict=True)
            ]
            if chain is None:
                answers = read_spans(self._mean_of_spans(batches), self.entity_types, self.threshold, self.overlap)
            else:
                answers = read_batch(self._mean_of_tags(batches, chain), chain, self.labels)
            found.update(zip(places, answers, strict=True))
            tell(len(places))
        return [found[place] for place in range(len(found))]

    def rows(self, entities: Iterable[Span]) -> np.ndarray:
        """Entities of a sentence as integer (n, 3), ascending: first character, end (exclusive), type."""
        rows = sorted((start, end, self.entity_types.index(kind)) for start, end, kind in entities)
        return np.array(rows, dtype=np.int64).reshape(-1, 3)

    def _mean_of_tags(self, batches: Sequence[TaggedBatch], chain: NumpyCRF) -> TaggedBatch:
        """A batch that each teacher tagged, with the mean of the emissions and its best paths."""
        total, mask = 0.0, batches[0].mask
        for batch, order in zip(batches, self._orders, strict=True):
            total = total + batch.emissions[..., order].astype(np.float64)
        emissions = total / len(batches)
        return TaggedBatch(emissions, mask, chain.viterbi(emissions, mask), None)

    def _mean_of_spans(self, batches: Sequence[TaggedBatch]) -> np.ndarray:
        """Mean scores (B, L, T, W) of a batch that each teacher scored: of a span, over those that score its length."""
        longest = max(batch.span_scores.shape[3] for batch in batches)
        total, voters = 0.0, np.zeros(longest)
        for batch, order in zip(batches, self._orders, strict=True):
            scores = batch.span_scores[:, :, order].astype(np.float64)
            own = scores.shape[3]
            total = total + np.pad(scores, ((0, 0), (0, 0), (0, 0), (0, longest - own)))
            voters[:own] += 1
        return total / voters


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
    tags = [row[:length] for row, length in zip(batch.tags, batch.mask.sum(1).tolist(), strict=True)]
    yield from _labelled(found, types, probabilities, certainty, tags)


def read_spans(
    scores: np.ndarray, entity_types: Sequence[str], threshold: float, overlap: str
) -> Iterator[LabelledSentence]:
    """What scored spans say of each sentence of a batch.

    Args:
        scores: (B, L, T, W) log-odds.
        entity_types: The types in the scores' order.
        threshold: See `find_spans`.
        overlap: See `find_spans`.
    """
    found, of_found = find_spans(scores, threshold, overlap)
    others = scores.copy()
    row, start, end, kind = found.T
    others[row, start, kind, end - start - 1] = -np.inf
    certainty = probability(-others.max((1, 2, 3)))
    no_tags = [np.zeros(0, dtype=np.int64)] * len(scores)
    yield from _labelled(found, entity_types, probability(of_found), certainty, no_tags)


def _labelled(
    found: np.ndarray,
    types: Sequence[str],
    probabilities: np.ndarray,
    certainty: np.ndarray,
    tags: Sequence[np.ndarray],
) -> Iterator[LabelledSentence]:
    """Sentences with their entities (N, 4), ordered by sentence, and what is certain but for these, (B,)."""
    np.minimum.at(certainty, found[:, 0], probabilities)
    firsts = np.searchsorted(found[:, 0], np.arange(len(certainty) + 1))
    for row, (first, last) in enumerate(itertools.pairwise(firsts.tolist())):
        entities = [Span(start, end, types[kind]) for _, start, end, kind in found[first:last].tolist()]
        prediction = SentencePrediction(tags[row], np.zeros(0, dtype=bool), entities, probabilities[first:last])
        yield LabelledSentence(prediction, float(certainty[row]))
