"""Vetted terms in training: lists simulated from the annotations, so that the network learns how far to trust them.

In a share of the sentences some of the entities are "known": the columns of vetted terms show them. Of the known ones
some are exchanged for another mention of their type or a term of its reference lists, and some are hidden: their
characters, and with them bigrams and radicals, are unknown, so that nothing but the term says what they are, as with a
new drug. Some other stretches are hidden alike, so that hiding is no hint, and some are marked that are no entity, so
that a term is not believed against everything else. All is drawn anew in every epoch, and nothing of it is saved: no
mention of a patient leaves the training.
"""

from typing import NamedTuple

import numpy as np

from ..radicals import PADDING_RADICAL
from ..tokenization_dicmt import DicMTTokenizer, EncodedSentence
from ..vetted_terms import BITS_OF_TYPE, longest_first, write_features
from .examples import Examples

SHARE_OF_SENTENCES = 0.7  # in which entities may be known, each with a probability that is drawn for the sentence
EXCHANGED, HIDDEN = 0.5, 0.3  # of the known entities
HIDDEN_OTHER = 0.05  # of the other entities, and of as many stretches as there are entities
WRONG = 0.5  # stretches marked as a term, in the mean, of a sentence in which entities may be known
CUTTING = 0.2  # of those that would cut or cover an entity
LONGEST_STRETCH = 6  # characters of a stretch that is drawn
LONGEST_TERM = 20  # characters of a reference term that an entity is exchanged for


class _Characters(NamedTuple):
    """The characters of a mention or a term, (n,) each."""

    input_ids: np.ndarray
    radical_ids: np.ndarray


class _Fates(NamedTuple):
    """What an epoch has in store for N sentences with E entities in all.

    Args:
        epoch: Its number.
        may_know: (N,) whether entities of the sentence may be known.
        known: (E,) which are.
        treatment: (E,) from 0 to 1, what is done with each.
        other: (E,) place among those of its type that it is exchanged for, if it is.
        lengths: (N,) characters of the sentences once entities are exchanged; an upper bound where some are not.
    """

    epoch: int
    may_know: np.ndarray
    known: np.ndarray
    treatment: np.ndarray
    other: np.ndarray
    lengths: np.ndarray


class KnownTerms:
    """Sentences as the epochs see them, with simulated vetted terms.

    What becomes of a sentence depends on the seed, the epoch and its place among the examples alone.

    Args:
        examples: The sentences to train on.
        tokenizer: The network's tokenizer, whose features have columns of vetted terms.
        seed: Seed of all that is drawn.
    """

    def __init__(self, examples: Examples, tokenizer: DicMTTokenizer, seed: int):
        self.examples, self.seed = examples, seed
        self.hidden_id, self.max_length = tokenizer.unk_token_id, tokenizer.max_sentence_length
        self.num_types = len(tokenizer.entity_types)
        self.bits_of_type = np.eye(self.num_types, dtype=np.uint8)
        # Of vetted terms as evidence for spans, after the dictionary's lists; None where there is no such evidence.
        lists = tokenizer.init_kwargs["span_lists"]
        self.first_source = None if lists is None else len(lists)
        # Of each sentence (N, 3): an entity's first character, its end, the place of its type in the label set.
        self.entities = [examples.entities_of(index) for index in range(len(examples))]
        self.others = self._others(tokenizer)
        self._first = np.cumsum([0, *map(len, self.entities)])  # of each sentence's entities, among all
        self._fates: _Fates | None = None

    def _others(self, tokenizer: DicMTTokenizer) -> list[list[_Characters]]:
        """What an entity of each type may be exchanged for: mentions, and at most as many reference terms."""
        mentions: list[dict[bytes, _Characters]] = [{} for _ in range(self.num_types)]
        for sentence, entities in zip(self.examples.sentences, self.entities, strict=True):
            for start, end, kind in entities.tolist():
                ids = sentence.input_ids[start:end]
                mentions[kind].setdefault(ids.tobytes(), _Characters(ids, sentence.radical_ids[start:end]))
        points, starts, combination_of_term, combinations = tokenizer.dictionary.columns()
        fits = np.diff(starts) - 1 <= LONGEST_TERM
        random = np.random.default_rng(self.seed)
        others = []
        for lists, of_type in zip(tokenizer.dictionary_matcher.lists_of_type.values(), mentions, strict=True):
            serves = np.array([not {*lists}.isdisjoint(combination) for combination in combinations], dtype=bool)
            chosen = random.permutation(np.flatnonzero(fits & serves[combination_of_term]))[: len(of_type)]
            terms = ["".join(map(chr, points[starts[place] : starts[place + 1] - 1].tolist())) for place in chosen]
            encoded = tokenizer(terms)
            reference = zip(encoded["input_ids"], encoded["radical_ids"], strict=True)
            others.append([*of_type.values(), *(_Characters(np.array(ids), radicals) for ids, radicals in reference)])
        return others

    def lengths(self, epoch: int) -> np.ndarray:
        """Characters (N,) of the sentences as an epoch sees them, for batches of such as are alike."""
        return self._fates_of(epoch).lengths

    def _fates_of(self, epoch: int) -> _Fates:
        """The same whenever it is asked for; one epoch's are kept."""
        if self._fates is not None and self._fates.epoch == epoch:
            return self._fates
        random = np.random.default_rng((self.seed, epoch))
        counts = np.diff(self._first)
        entities = np.concatenate([np.zeros((0, 3), dtype=np.int64), *self.entities])
        sentence = np.repeat(np.arange(len(counts)), counts)
        may_know = random.random(len(counts)) < SHARE_OF_SENTENCES
        known = random.random(len(entities)) < (random.random(len(counts)) * may_know)[sentence]
        treatment = random.random(len(entities))
        starts, ends, kinds = entities.T
        sizes = np.array([len(of_type) for of_type in self.others])
        other = (random.random(len(entities)) * sizes[kinds]).astype(np.int64)
        of_others = np.array([len(one.input_ids) for of_type in self.others for one in of_type], dtype=np.int64)
        growth = of_others[(np.cumsum(sizes) - sizes)[kinds] + other] - (ends - starts)
        growth = np.bincount(sentence, weights=growth * (known & (treatment < EXCHANGED)), minlength=len(counts))
        lengths = self.examples.lengths + growth.astype(np.int64)
        self._fates = _Fates(epoch, may_know, known, treatment, other, lengths)
        return self._fates

    def sentence(self, index: int, epoch: int) -> tuple[EncodedSentence, np.ndarray]:
        """A sentence and its labels as an epoch sees them.

        Args:
            index: Its place among the examples.
            epoch: The epoch, from 0.

        Returns:
            The sentence, of another length than the example's if entities were exchanged, and its labels, as the
            examples have them.
        """
        sentence, entities = self.examples.sentences[index], self.entities[index]
        length = len(sentence.input_ids)
        fates, own = self._fates_of(epoch), slice(self._first[index], self._first[index + 1])
        known, treatment, others = fates.known[own], fates.treatment[own], fates.other[own]
        random = np.random.default_rng((self.seed, epoch, index))
        hidden = (EXCHANGED <= treatment) & (treatment < EXCHANGED + np.where(known, HIDDEN, HIDDEN_OTHER))
        stretches = [*entities[hidden, :2].tolist(), *self._stretches(random, HIDDEN_OTHER * len(entities), length)]
        wrong = self._stretches(random, WRONG, length) if fates.may_know[index] else []
        # One that cuts an entity teaches not to trust a term's ends: needed against wrong terms, too often against all.
        wrong = [span for span in wrong if not _any_overlaps(entities, *span) or random.random() < CUTTING]
        if not (stretches or wrong or known.any()):
            return sentence, self.examples.labels[index]

        input_ids, radical_ids = sentence.input_ids.copy(), sentence.radical_ids.copy()
        for start, end in stretches:
            input_ids[start:end] = self.hidden_id
            radical_ids[start:end] = PADDING_RADICAL
        exchanged = (treatment < EXCHANGED) & ~_contain_others(entities)
        marked, others = entities[known], np.where(exchanged[known], others[known], -1)
        if wrong:
            wrong_types = random.integers(self.num_types, size=len(wrong))
            marked = np.concatenate([marked, np.column_stack([wrong, wrong_types])])
            others = np.concatenate([others, np.full(len(wrong), -1)])
        evidence = marked.copy()  # of which any may overlap others
        order = np.lexsort((marked[:, 1], marked[:, 0]))
        order = order[longest_first(marked[order, 0], marked[order, 1])]
        marked, others = marked[order], others[order]

        features, of_lists = sentence.dictionary_features.copy(), sentence.span_evidence
        for place in np.flatnonzero(others >= 0).tolist():
            start, end, kind = marked[place].tolist()
            other = self.others[kind][others[place]]
            growth = len(other.input_ids) - (end - start)
            if len(input_ids) + growth > self.max_length:
                continue
            input_ids = _spliced(input_ids, start, end, other.input_ids)
            radical_ids = _spliced(radical_ids, start, end, other.radical_ids)
            # In no reference list: those have no new drug either.
            nothing = np.zeros((len(other.input_ids), features.shape[1]), dtype=features.dtype)
            features = _spliced(features, start, end, nothing)
            if of_lists is not None:
                apart = (of_lists[:, 1] <= start) | (of_lists[:, 0] >= end)
                of_lists = _moved(of_lists[apart], start, end, growth)
            evidence = evidence[_fit(evidence, start, end)]
            entities, evidence, marked = (_moved(spans, start, end, growth) for spans in (entities, evidence, marked))
        starts, ends, kinds = marked.T
        write_features(starts, ends, self.bits_of_type[kinds], features[:, -BITS_OF_TYPE * self.num_types :])
        if of_lists is not None:
            of_lists = np.concatenate([of_lists, evidence + np.array([0, 0, self.first_source])])
        changed = sentence._replace(
            input_ids=input_ids, radical_ids=radical_ids, dictionary_features=features, span_evidence=of_lists
        )
        return changed, self.examples.labels_of(entities, len(input_ids))

    def _stretches(self, random: np.random.Generator, mean: float, length: int) -> list[list[int]]:
        """Stretches of a sentence, as many as a Poisson variable of this mean."""
        number = random.poisson(mean)
        if not number:  # most often
            return []
        sizes = random.integers(1, min(LONGEST_STRETCH, length) + 1, size=number)
        return [[start := int(random.integers(length - size + 1)), start + size] for size in sizes.tolist()]


def _any_overlaps(entities: np.ndarray, start: int, end: int) -> bool:
    return bool(((entities[:, 0] < end) & (start < entities[:, 1])).any())


def _fit(spans: np.ndarray, start: int, end: int) -> np.ndarray:
    """Which spans (N, 3) contain a stretch or share no character with it: boolean (N,)."""
    starts, ends, _ = spans.T
    return (ends <= start) | (end <= starts) | ((starts <= start) & (end <= ends))


def _contain_others(entities: np.ndarray) -> np.ndarray:
    """Which entities (N, 3) share characters with another that does not contain them: boolean (N,)."""
    starts, ends, _ = entities.T
    overlaps = (starts[:, None] < ends) & (starts < ends[:, None])
    is_within = (starts <= starts[:, None]) & (ends[:, None] <= ends)
    np.fill_diagonal(overlaps, False)
    return (overlaps & ~is_within).any(1)


def _moved(spans: np.ndarray, start: int, end: int, growth: int) -> np.ndarray:
    """Spans (N, 3), none of which cuts the stretch from start to end, once it has grown."""
    moved = spans.copy()
    moved[:, 0] += growth * (spans[:, 0] >= end)
    moved[:, 1] += growth * (spans[:, 1] >= end)
    return moved


def _spliced(values: np.ndarray, start: int, end: int, others: np.ndarray) -> np.ndarray:
    """Values (L, …) with others in the place of those from start to end."""
    return np.concatenate([values[:start], others.astype(values.dtype), values[end:]])
