"""Records in a stream → entities as users get them: the one mechanism behind pipeline, endpoint, ONNX and commands."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .dictionary import ClinicalDictionary
from .dictionary_features import DictionaryMatcher
from .prediction import SentencePrediction, Tagger, predict_sentences
from .sentences import split_sentences
from .tokenization_dicmt import DicMTTokenizer, EncodedSentence

# Records that are encoded at a time: enough to fill batches of like lengths, few enough to keep the memory flat.
CHUNK_RECORDS = 512
CHUNK_CHARACTERS = 2**18

# Settings of transformers' own pipeline that say how work is cut up, which is settled here without them.
_NOT_NEEDED = ("batch_size", "num_workers", "stride")

AGGREGATION_STRATEGIES = ("none", "simple", "first", "average", "max")


@dataclass(frozen=True)
class RecognitionSettings:
    """How entities are returned.

    Args:
        aggregation_strategy: "simple" for entities. "first", "average" and "max" give the same: a token is a
            character, and the CRF's path has nothing to reconcile. "none" for single characters with their tags.
        ignore_labels: Entity types that are left out; with "none" also tags, of which "O" is left out by default.
        threshold: The least score of an entity (with "none": of a character's tag), from 0 to 1.
        dictionary: Terms in place of the tokenizer's own: a `ClinicalDictionary`, a path as
            `ClinicalDictionary.from_path` takes it, or what JSON has, such as `{list: [terms]}`.
        evidence: Whether each entity names the dictionary's terms that it overlaps.
        batch_characters: Characters of a batch, padding included; default: what is fast. No influence on the answers.

    Raises:
        ValueError: If a value is of no use; says which would be.
    """

    aggregation_strategy: str = "simple"
    ignore_labels: Sequence[str] = ("O",)
    threshold: float = 0.0
    dictionary: Any = None
    evidence: bool = False
    batch_characters: int | None = None

    def __post_init__(self) -> None:
        # transformers' own enumeration is understood, too
        strategy = getattr(self.aggregation_strategy, "value", self.aggregation_strategy)
        strategy = strategy.lower() if isinstance(strategy, str) else strategy
        if strategy not in AGGREGATION_STRATEGIES:
            raise ValueError(
                f"aggregation_strategy must be one of {', '.join(AGGREGATION_STRATEGIES)}, "
                f"got {self.aggregation_strategy!r}."
            )
        object.__setattr__(self, "aggregation_strategy", strategy)
        if isinstance(self.ignore_labels, str) or not all(isinstance(label, str) for label in self.ignore_labels):
            raise ValueError(f"ignore_labels must be a list of strings, got {self.ignore_labels!r}.")
        number = isinstance(self.threshold, int | float) and not isinstance(self.threshold, bool)
        if not number or not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold must be a number from 0 to 1, got {self.threshold!r}.")
        if not isinstance(self.evidence, bool):
            raise ValueError(f"evidence must be True or False, got {self.evidence!r}.")
        size = self.batch_characters
        if size is not None and (type(size) is not int or size < 1):
            raise ValueError(f"batch_characters must be a whole number from 1 on, got {size!r}.")


def read_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a caller gave; those of the stock pipeline that are not needed here are left out.

    Raises:
        ValueError: If there is no such setting, or its value is of no use.
    """
    given = {name: value for name, value in settings.items() if value is not None and name not in _NOT_NEEDED}
    known = RecognitionSettings.__dataclass_fields__
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ValueError(f"Unknown settings {', '.join(unknown)}; this pipeline has {', '.join(known)}.")
    RecognitionSettings(**given)
    return given


class EntityRecognizer:
    """Recognises entities in records of any length.

    Args:
        tagger: The network.
        tokenizer: Its tokenizer.

    Raises:
        ValueError: If the network was trained for segmentation alone.
    """

    def __init__(self, tagger: Tagger, tokenizer: DicMTTokenizer):
        if not tagger.config.recognition_task:
            raise ValueError(
                "This network was trained to segment (NES) only and knows no entities: use one with recognition_task."
            )
        self.tagger, self.tokenizer = tagger, tokenizer
        self._swapped: DictionaryMatcher | None = None

    def __call__(
        self, inputs: str | Iterable[str], settings: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]] | list[list[dict[str, Any]]] | Iterator[list[dict[str, Any]]]:
        """Entities of a record, or of each of many.

        Args:
            inputs: A record's text, which gives its entities; a list or tuple of texts, which gives a list; or any
                other iterable of texts, which gives an iterator that reads on as it is consumed.
            settings: Values of `RecognitionSettings`, by name.

        Raises:
            ValueError: If a text is no string, or a setting is of no use.
        """
        chosen = RecognitionSettings(**(settings or {}))
        if isinstance(inputs, str):
            return next(self.stream([inputs], chosen))
        if isinstance(inputs, list | tuple):
            for number, text in enumerate(inputs):  # before any work is done
                check_text(number, text)
            return list(self.stream(inputs, chosen))
        try:
            texts = None if isinstance(inputs, bytes | bytearray | Mapping) else iter(inputs)
        except TypeError:
            texts = None
        if texts is None:
            raise ValueError(
                f"Pass a record's text (a string) or an iterable of texts, got {type(inputs).__name__}. Of a dataset "
                'pass the column: dataset["text"].'
            )
        return self.stream(texts, chosen)

    def stream(
        self, texts: Iterable[str], settings: RecognitionSettings | None = None
    ) -> Iterator[list[dict[str, Any]]]:
        """Entities of each record, in the records' order; only a chunk of records is in memory at a time.

        Args:
            texts: The records' texts.
            settings: How entities are returned.

        Yields:
            For each record its entities in the text's order, as JSON has them: `entity_group`, `score`, `word`,
            `start` and `end`, where `text[start:end] == word`; with `evidence` also `evidence`: the dictionary's terms
            that overlap the entity, `term`, `entity_group`, `lists`, `start` and `end` each. The score is the
            probability under the CRF that just this stretch is an entity of the type. With "none": `entity`, `score`,
            `index`, `word`, `start` and `end` of each character.

        Raises:
            ValueError: If a record is no string, which is found when its turn comes.
        """
        settings = settings or RecognitionSettings()
        features = self._features(settings.dictionary)
        for chunk in _chunks(texts):
            yield from self._recognize(chunk, features, settings)

    def _recognize(
        self, texts: Sequence[str], features: DictionaryMatcher, settings: RecognitionSettings
    ) -> Iterator[list[dict[str, Any]]]:
        sentences = list(self.tokenizer.encode_records(texts, features))
        by_character = settings.aggregation_strategy == "none"
        predictions = predict_sentences(
            self.tagger, sentences, settings.batch_characters, "tags" if by_character else "spans"
        )
        found: list[list[dict[str, Any]]] = [[] for _ in texts]
        read = self._characters if by_character else self._entities
        for sentence, prediction in zip(sentences, predictions, strict=True):
            found[sentence.record].extend(read(texts[sentence.record], sentence, prediction, settings))
        for text, entities in zip(texts, found, strict=True):
            if settings.evidence and not by_character:
                _add_evidence(text, entities, features)
            yield entities

    def _entities(
        self, text: str, sentence: EncodedSentence, prediction: SentencePrediction, settings: RecognitionSettings
    ) -> Iterator[dict[str, Any]]:
        for span, score in zip(prediction.entities, prediction.scores.tolist(), strict=True):
            if score >= settings.threshold and span.type not in settings.ignore_labels:
                start, end = sentence.start + span.start, sentence.start + span.end
                yield {"entity_group": span.type, "score": score, "word": text[start:end], "start": start, "end": end}

    def _characters(
        self, text: str, sentence: EncodedSentence, prediction: SentencePrediction, settings: RecognitionSettings
    ) -> Iterator[dict[str, Any]]:
        id2label = self.tagger.config.id2label
        pairs = zip(prediction.tags.tolist(), prediction.scores.tolist(), strict=True)
        for place, (tag, score) in enumerate(pairs, start=sentence.start):
            label = id2label[tag]
            ignored = label in settings.ignore_labels or label[2:] in settings.ignore_labels
            if score >= settings.threshold and not ignored:
                yield {
                    "entity": label,
                    "score": score,
                    "index": place,
                    "word": text[place],
                    "start": place,
                    "end": place + 1,
                }

    def _features(self, dictionary: Any) -> DictionaryMatcher:
        """The matcher of a call's dictionary; the last one is kept, since calls repeat theirs."""
        if dictionary is None:
            return self.tokenizer.dictionary_matcher
        terms = _read_dictionary(dictionary)
        if self._swapped is None or self._swapped.dictionary != terms:
            features = self.tokenizer.compile_dictionary(terms)
            features.check_usable("the dictionary that was passed")
            self._swapped = features
        return self._swapped


def check_text(number: int, text: Any) -> None:
    """Raise ValueError, naming the record's number but nothing of it, if its text is no string."""
    if not isinstance(text, str):
        raise ValueError(f"Record {number}: expected its text, a string, got {type(text).__name__}.")


def _read_dictionary(dictionary: Any) -> ClinicalDictionary:
    if isinstance(dictionary, ClinicalDictionary):
        return dictionary
    if isinstance(dictionary, str | os.PathLike):
        return ClinicalDictionary.from_path(dictionary)
    if isinstance(dictionary, Mapping | list | tuple):
        return ClinicalDictionary.from_json(dictionary, "the dictionary that was passed")
    if type(dictionary).__name__ == ClinicalDictionary.__name__:  # of the installed package, passed to remote code
        return ClinicalDictionary(dict(dictionary.items()))
    raise ValueError(
        "dictionary must be a ClinicalDictionary, a path, or a mapping {list: [terms]}, "
        f"got {type(dictionary).__name__}."
    )


def _chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    characters = 0
    for number, text in enumerate(texts):
        check_text(number, text)
        chunk.append(text)
        characters += len(text)
        if len(chunk) == CHUNK_RECORDS or characters >= CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _add_evidence(text: str, entities: Sequence[dict[str, Any]], features: DictionaryMatcher) -> None:
    """Name the terms that overlap each entity, as the network saw them: within a full sentence."""
    remaining = iter(entities)
    entity = next(remaining, None)
    for sentence in split_sentences(text):
        if entity is None:
            return
        if entity["start"] >= sentence.end:
            continue
        matches = features.matches(text[sentence.start : sentence.end])
        while entity is not None and entity["start"] < sentence.end:
            start, end = entity["start"] - sentence.start, entity["end"] - sentence.start
            entity["evidence"] = [
                {
                    "term": match.term,
                    "entity_group": match.entity_type,
                    "lists": list(features.dictionary.lists_of(match.term)),
                    "start": sentence.start + match.start,
                    "end": sentence.start + match.end,
                }
                for match in matches
                if match.start < end and start < match.end
            ]
            entity = next(remaining, None)


def with_type(entity: Mapping[str, Any]) -> dict[str, Any]:
    """An entity as files and metrics have it: its type is `type`, not `entity_group`, and so in its evidence."""
    found = {"type" if name == "entity_group" else name: value for name, value in entity.items()}
    if "evidence" in found:
        found["evidence"] = [with_type(term) for term in found["evidence"]]
    return found
