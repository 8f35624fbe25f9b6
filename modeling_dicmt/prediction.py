"""Sentences → tags and their probabilities → entities in offsets of the record, whatever runs the network."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from .configuration_dicmt import DicMTConfig
from .constrained_decoding import best_paths, most_probable_types
from .crf_numpy import NumpyCRF
from .radicals import PADDING_RADICAL
from .span_decoding import find_spans, probability, scores_of_spans
from .tagging import IGNORED_TAG, Span, find_entities, pad_spans
from .tokenization_dicmt import EncodedSentence

# Characters of a batch where a step over time is shared by its sentences, and where an encoder runs on a CPU: it gains
# nothing from larger batches, and loses by their padding.
BATCH_CHARACTERS = 8192
ENCODER_BATCH_CHARACTERS = 1024

# Scores of spans that a batch has at most, where one has several sentences: with more, what is computed of them leaves
# the processor's cache.
_SPAN_SCORES = 2**20


class TaggedBatch(NamedTuple):
    """What the network says of a batch of B sentences, padded at the right to L characters; T tags.

    Args:
        emissions: (B, L, T) scores of the tags; None without the recognition task.
        mask: (B, L) boolean, True for characters.
        tags: (B, L) tag ids of the best paths; None without the recognition task.
        in_entity: (B, L) boolean, the segmentation task's answer; None without that task.
        span_scores: (B, L, types, longest span), of a network that scores spans, which has no tags: the log-odds of the
            span's being an entity; -inf where it leaves its sentence.
        required: Integer (N, 4), with `span_scores`: sentence, first character, end, type of spans that are entities
            whatever their scores; None for none.
    """

    emissions: np.ndarray | None
    mask: np.ndarray
    tags: np.ndarray | None
    in_entity: np.ndarray | None
    span_scores: np.ndarray | None = None
    required: np.ndarray | None = None


class Tagger(Protocol):
    """A network on some runtime: `TorchTagger`, `OnnxTagger`."""

    config: DicMTConfig
    batch_characters: int  # of a batch, padding included, that is fast

    @property
    def chain(self) -> NumpyCRF | None:
        """The chain that the network's tags are decoded by; None of a network that scores spans."""

    def tag(self, inputs: Mapping[str, np.ndarray]) -> TaggedBatch:
        """Tag a batch as `pad_sentences` gives it."""


class SentencePrediction(NamedTuple):
    """What the network says of a sentence of L characters.

    Args:
        tags: (L,) tag ids of the best path; empty without the recognition task.
        in_entity: (L,) boolean, the segmentation task's answer; empty without it.
        entities: The entities of the best path, in offsets of the sentence.
        scores: The probability of each entity, or with `score="tags"` of each of the L tags; empty if not asked for.
    """

    tags: np.ndarray
    in_entity: np.ndarray
    entities: list[Span]
    scores: np.ndarray


def pad_sentences(
    sentences: Sequence[EncodedSentence], pad_token_id: int, tags: Sequence[np.ndarray] | None = None
) -> dict[str, np.ndarray]:
    """Stack sentences, padded at the right to the longest.

    Args:
        sentences: B sentences.
        pad_token_id: Id that pads `input_ids`.
        tags: The sentences' tag ids, if the batch is to have labels.

    Returns:
        The network's inputs: `input_ids` and `attention_mask` (B, L) int64, `radical_ids` (B, L) and
        `dictionary_features` (B, L, D) uint8, `labels` (B, L) int64, -100 at padding, if there are tags, and, if the
        sentences have it, `span_evidence` (B, N, 3) int64, -1 at padding.
    """
    lengths = [len(sentence.input_ids) for sentence in sentences]
    shape = (len(sentences), max(lengths, default=0))
    width = sentences[0].dictionary_features.shape[1] if sentences else 0
    arrays = {
        "input_ids": np.full(shape, pad_token_id, dtype=np.int64),
        "attention_mask": np.zeros(shape, dtype=np.int64),
        "radical_ids": np.full(shape, PADDING_RADICAL, dtype=np.uint8),
        "dictionary_features": np.zeros((*shape, width), dtype=np.uint8),
    }
    if tags is not None:
        arrays["labels"] = np.full(shape, IGNORED_TAG, dtype=np.int64)
    if sentences and sentences[0].span_evidence is not None:
        arrays["span_evidence"] = pad_spans([sentence.span_evidence for sentence in sentences])
    for row, (sentence, length) in enumerate(zip(sentences, lengths, strict=True)):
        arrays["input_ids"][row, :length] = sentence.input_ids
        arrays["attention_mask"][row, :length] = 1
        arrays["radical_ids"][row, :length] = sentence.radical_ids
        arrays["dictionary_features"][row, :length] = sentence.dictionary_features
        if tags is not None:
            arrays["labels"][row, :length] = tags[row]
    return arrays


def fast_batch(config: DicMTConfig, on_cpu: bool = True) -> int:
    """Characters of a batch, padding included, with which a network is fast."""
    characters = ENCODER_BATCH_CHARACTERS if on_cpu and config.encoder_config is not None else BATCH_CHARACTERS
    if config.scores_spans:
        scores_of_character = len(config.entity_types) * config.max_span_length
        characters = max(1, min(characters, _SPAN_SCORES // scores_of_character))
    return characters


def length_batches(lengths: Sequence[int], max_characters: int) -> Iterator[list[int]]:
    """Batches of sentences of about the same length, the longest first.

    Args:
        lengths: Characters of each sentence.
        max_characters: Characters of a batch, padding included; a sentence that is longer is a batch by itself.

    Yields:
        Indices of the sentences of each batch; together all indices once.
    """
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable").tolist()
    start = 0
    while start < len(order):
        size = max(1, max_characters // max(1, lengths[order[start]]))
        yield order[start : start + size]
        start += size


def predict_sentences(
    tagger: Tagger,
    sentences: Sequence[EncodedSentence],
    batch_characters: int | None = None,
    score: str | None = None,
    force: bool = False,
) -> list[SentencePrediction]:
    """What a network says of sentences.

    Args:
        tagger: The network.
        sentences: Encoded sentences; what is among their `not_terms` is no entity.
        batch_characters: See `tag_sentences`.
        score: See `read_batches`.
        force: Whether all `terms` of the sentences are entities; see `constrain`.

    Returns:
        A prediction for each sentence, in the sentences' order.
    """
    batches, chain = tag_sentences(tagger, sentences, batch_characters), tagger.chain
    if any(sentence.not_terms or (force and sentence.terms) for sentence in sentences):
        batches = constrain(batches, chain, sentences, tagger.config, force)
    return read_batches(batches, tagger.config, chain, score)


def tag_sentences(
    tagger: Tagger, sentences: Sequence[EncodedSentence], batch_characters: int | None = None
) -> Iterator[tuple[list[list[int]], TaggedBatch]]:
    """Tag sentences, batched by length.

    Args:
        tagger: The network.
        sentences: Encoded sentences.
        batch_characters: Characters of a batch, padding included; None for what is fast for the network where it is.
            Has no influence on the answers.

    Yields:
        Batches, each with the places among `sentences` of each of its rows: what is the same to the network, and has
        the same terms, is tagged once, since records repeat themselves.
    """
    places_of_content: dict[tuple[Any, ...], list[int]] = {}
    for place, sentence in enumerate(sentences):
        arrays = (sentence.input_ids, sentence.radical_ids, sentence.dictionary_features, sentence.span_evidence)
        content = (
            *(array.tobytes() for array in arrays if array is not None),
            sentence.terms,
            sentence.not_terms,
        )
        places_of_content.setdefault(content, []).append(place)
    places = list(places_of_content.values())
    lengths = [len(sentences[same[0]].input_ids) for same in places]
    for batch in length_batches(lengths, batch_characters or tagger.batch_characters):
        chosen = [places[index] for index in batch]
        yield chosen, tagger.tag(pad_sentences([sentences[same[0]] for same in chosen], tagger.config.pad_token_id))


def constrain(
    batches: Iterable[tuple[list[list[int]], TaggedBatch]],
    chain: NumpyCRF | None,
    sentences: Sequence[EncodedSentence],
    config: DicMTConfig,
    force: bool,
) -> Iterator[tuple[list[list[int]], TaggedBatch]]:
    """Give tagged sentences the best paths that agree with what is known of them.

    Args:
        batches: As `tag_sentences` yields them.
        chain: The network's chain.
        sentences: Those tagged; none of their `not_terms` becomes an entity of its type.
        config: The network's configuration.
        force: Whether their `terms` become entities: of a stretch that has several types, the one most probable to the
            network.

    Yields:
        The batches with other tags, or, of spans, with what is required and without what is excluded; the emissions,
        which scores are computed from, and all other spans' scores remain the network's.

    Raises:
        ValueError: If terms of a sentence overlap, or are among its `not_terms`; those of `encode_records` never do.
    """
    for places, batch in batches:
        of_rows = [sentences[same[0]] for same in places]
        if batch.span_scores is not None:
            excluded = _as_typed_rows((sentence.not_terms for sentence in of_rows), config)
            required = _as_typed_rows((sentence.terms for sentence in of_rows if force), config)
            batch = constrain_spans(batch, required, excluded)
        if batch.tags is not None:
            excluded = _as_rows((sentence.not_terms for sentence in of_rows), config)
            terms = _as_rows((sentence.terms for sentence in of_rows if force), config)
            required = most_probable_types(chain, batch.emissions, batch.mask, terms)
            if len(excluded) or len(required):
                tags = best_paths(chain, batch.emissions, batch.mask, batch.tags, required, excluded)
                batch = batch._replace(tags=tags)
        yield places, batch


def _as_rows(spans: Iterable[Iterable[Span]], config: DicMTConfig) -> np.ndarray:
    """Spans of each sentence of a batch → integer (N, 5) as `NumpyCRF.span_log_probabilities` takes them."""
    ids = config.label2id
    rows = [
        (row, start, end, ids[f"B-{type}"], ids[f"I-{type}"])
        for row, of_row in enumerate(spans)
        for start, end, type in of_row
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, 5)


def constrain_spans(batch: TaggedBatch, required: np.ndarray, excluded: np.ndarray) -> TaggedBatch:
    """A batch of scored spans with spans that are entities, and without some; of all others the scores are the same.

    Args:
        batch: The batch.
        required: Integer (N, 4): sentence, first character, end, type. Of one stretch with several types the one of the
            highest score is taken; those longer than the network's longest have no score, and are less than any.
        excluded: Integer (M, 4), as `required`.
    """
    longest = batch.span_scores.shape[3]
    if len(excluded):
        scores = batch.span_scores.copy()
        row, start, end, kind = excluded[excluded[:, 2] - excluded[:, 1] <= longest].T
        scores[row, start, kind, end - start - 1] = -np.inf
        batch = batch._replace(span_scores=scores)
    if len(required):
        order = np.lexsort((required[:, 3], -scores_of_spans(batch.span_scores, required), *required[:, 2::-1].T))
        required = required[order]
        is_first = np.any(required[1:, :3] != required[:-1, :3], axis=1)
        batch = batch._replace(required=required[np.concatenate([[True], is_first])])
    return batch


def _as_typed_rows(spans: Iterable[Iterable[Span]], config: DicMTConfig) -> np.ndarray:
    """Spans of each sentence of a batch → integer (N, 4): sentence, first character, end, type."""
    place = {name: index for index, name in enumerate(config.entity_types)}
    rows = [(row, start, end, place[type]) for row, of_row in enumerate(spans) for start, end, type in of_row]
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def read_batches(
    batches: Iterable[tuple[list[list[int]], TaggedBatch]],
    config: DicMTConfig,
    chain: NumpyCRF | None = None,
    score: str | None = None,
) -> list[SentencePrediction]:
    """Read the entities of tagged sentences.

    Args:
        batches: As `tag_sentences` yields them, all of them.
        config: The network's configuration.
        chain: The network's chain; not needed without a score.
        score: "spans" for the entities' probabilities, "tags" for those of the characters' tags, None for neither.

    Returns:
        A prediction for each sentence, in the sentences' order.
    """
    predictions: dict[int, SentencePrediction] = {}
    for places, batch in batches:
        for same, prediction in zip(places, _read_batch(batch, config, chain, score), strict=True):
            predictions.update(dict.fromkeys(same, prediction))
    return [predictions[place] for place in range(len(predictions))]


def _read_batch(
    batch: TaggedBatch, config: DicMTConfig, chain: NumpyCRF | None, score: str | None
) -> list[SentencePrediction]:
    nothing = np.zeros(0)
    lengths = batch.mask.sum(1).tolist()
    tags, in_entity = (
        [nothing.astype(kind)] * len(lengths)
        if rows is None
        else [row[:length] for row, length in zip(rows, lengths, strict=True)]
        for rows, kind in ((batch.tags, np.int64), (batch.in_entity, bool))
    )
    entities: list[list[Span]] = [[] for _ in lengths]
    scores = [nothing] * len(lengths)
    if batch.span_scores is not None:
        found, log_odds = find_spans(batch.span_scores, config.span_threshold, config.span_overlap, batch.required)
        for row, start, end, kind in found.tolist():
            entities[row].append(Span(start, end, config.entity_types[kind]))
        if score == "spans" and len(found):
            probabilities = probability(log_odds)
            scores = np.split(probabilities, np.cumsum([len(spans) for spans in entities])[:-1])
    elif batch.tags is not None:
        found, types = find_entities(batch.tags, config.id2label)
        for row, start, end, type_id in found.tolist():
            entities[row].append(Span(start, end, types[type_id]))
        if score == "spans" and len(found):
            ids = config.label2id
            begin_and_inside = np.array([[ids[f"B-{name}"], ids[f"I-{name}"]] for name in types])
            spans = np.concatenate([found[:, :3], begin_and_inside[found[:, 3]]], axis=1)
            probabilities = np.exp(chain.span_log_probabilities(batch.emissions, spans, batch.mask))
            scores = np.split(probabilities, np.cumsum([len(spans) for spans in entities])[:-1])
        elif score == "tags":
            marginals = chain.marginals(batch.emissions, batch.mask)
            of_tags = np.take_along_axis(marginals, batch.tags.clip(min=0)[..., None], axis=2)[..., 0]
            scores = [row[:length] for row, length in zip(of_tags, lengths, strict=True)]
    return [SentencePrediction(*values) for values in zip(tags, in_entity, entities, scores, strict=True)]


def collect_entities(
    sentences: Sequence[EncodedSentence], predictions: Sequence[SentencePrediction], num_records: int
) -> list[list[Span]]:
    """Entities of each record, in offsets of its text, in the text's order."""
    entities: list[list[Span]] = [[] for _ in range(num_records)]
    for sentence, prediction in zip(sentences, predictions, strict=True):
        offset = sentence.start
        entities[sentence.record].extend(
            Span(start + offset, end + offset, type) for start, end, type in prediction.entities
        )
    return entities


def collect_scores(
    sentences: Sequence[EncodedSentence], predictions: Sequence[SentencePrediction], num_records: int
) -> list[list[float]]:
    """The probability of each entity of `collect_entities`, as `predict_sentences` gave it with `score="spans"`."""
    scores: list[list[float]] = [[] for _ in range(num_records)]
    for sentence, prediction in zip(sentences, predictions, strict=True):
        scores[sentence.record].extend(prediction.scores.tolist())
    return scores


def collect_segmentation(
    sentences: Sequence[EncodedSentence], predictions: Sequence[SentencePrediction], texts: Sequence[str]
) -> list[np.ndarray]:
    """The segmentation task's answer for each record: (characters,) boolean."""
    masks = [np.zeros(len(text), dtype=bool) for text in texts]
    for sentence, prediction in zip(sentences, predictions, strict=True):
        masks[sentence.record][sentence.start : sentence.start + len(prediction.in_entity)] = prediction.in_entity
    return masks
