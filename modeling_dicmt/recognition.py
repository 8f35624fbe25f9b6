"""Records in a stream → entities as users get them: the one mechanism behind pipeline, endpoint, ONNX and commands."""

import logging
import time
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from .chunks import text_chunks
from .dictionary import ClinicalDictionary, as_dictionary
from .lexicon import Lexicon
from .normalization import normalize
from .prediction import SentencePrediction, Tagger, predict_sentences
from .tokenization_dicmt import DicMTTokenizer, EncodedSentence
from .vetted_terms import ANY_TYPE, warn_of_unfindable

logger = logging.getLogger(__name__)

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
        dictionary: Reference lists that replace all of the tokenizer's own, for the call: a `ClinicalDictionary`, a
            path as `ClinicalDictionary.from_path` takes it, or `{list: [terms]}`. How many of its own terms they lack
            is logged once.
        terms: Vetted terms besides the tokenizer's own, in the same forms; a list is named by an entity type, by what
            the corpus calls one, or by a dictionary list.
        not_terms: What is no entity, in the same forms: of the types that its list names; given without a list, or in
            the list "*", of any type. Just this stretch is none, a longer or shorter one may be; a vetted term that is
            also among these is no vetted term.
        force: Whether every vetted term is an entity of its type, whatever the network says; also below the threshold.
            Of terms that overlap the longest counts, of a term's types the one most probable to the network. A term
            that a sentence of more than the tokenizer's `max_sentence_length` is cut within is none.
        evidence: Whether each entity names the terms that it overlaps, of the vetted ones and of the dictionary's.
        batch_characters: Characters of a batch, padding included; default: what is fast. No influence on the answers.
        max_seconds: Time that a call may take, from when its first answer is asked for; default: no limit.
        max_evidence: Names of lists that a call's evidence may hold altogether; default: no limit.

    Raises:
        ValueError: If a value is of no use; says which would be, and quotes nothing of it.
    """

    aggregation_strategy: str = "simple"
    ignore_labels: Sequence[str] = ("O",)
    threshold: float = 0.0
    dictionary: Any = None
    terms: Any = None
    not_terms: Any = None
    force: bool = False
    evidence: bool = False
    batch_characters: int | None = None
    max_seconds: float | None = None
    max_evidence: int | None = None

    def __post_init__(self) -> None:
        # transformers' own enumeration is understood, too
        strategy = getattr(self.aggregation_strategy, "value", self.aggregation_strategy)
        strategy = strategy.lower() if isinstance(strategy, str) else strategy
        if strategy not in AGGREGATION_STRATEGIES:
            raise ValueError(
                f"aggregation_strategy must be one of {', '.join(AGGREGATION_STRATEGIES)}, got {_described(strategy)}."
            )
        object.__setattr__(self, "aggregation_strategy", strategy)
        labels = self.ignore_labels
        are_names = isinstance(labels, list | tuple | set | frozenset) and all(isinstance(item, str) for item in labels)
        if not are_names:
            raise ValueError(f"ignore_labels must be a list of strings, got {_described(labels)}.")
        object.__setattr__(self, "ignore_labels", frozenset(labels))
        if not _is_number(self.threshold) or not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold must be a number from 0 to 1, got {_described(self.threshold)}.")
        for name in ("force", "evidence"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} must be True or False, got {_described(getattr(self, name))}.")
        for name in ("batch_characters", "max_evidence"):
            size = getattr(self, name)
            if size is not None and (type(size) is not int or size < 1):
                raise ValueError(f"{name} must be a whole number from 1 on, got {_described(size)}.")
        if self.max_seconds is not None and not (_is_number(self.max_seconds) and self.max_seconds > 0):
            raise ValueError(f"max_seconds must be a number above 0, got {_described(self.max_seconds)}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _described(value: Any) -> str:
    """A value's type, and the length of a string or a list: its content may be a record's."""
    name = type(value).__name__
    if _is_number(value):
        return f"another number ({name})"
    return f"{name} of length {len(value)}" if isinstance(value, str | list | tuple | dict) else name


def join_settings(own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A pipeline's own settings with those of a call, which replace them; terms are added."""
    joined = {**own, **given}
    for name, read in (("terms", _read_terms), ("not_terms", _read_not_terms)):
        if name in own and name in given:
            joined[name] = read(own[name]).merge(read(given[name]))
    return joined


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
        self._last: tuple[Any, ...] | None = None  # the last call's own terms, what they stand beside, and the lexicon
        self._told: deque[int] = deque(maxlen=1000)  # hashes of the terms that the log was told of

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
            `start` and `end`, where `text[start:end] == word`. The score is the probability under the CRF that just
            this stretch is an entity of the type. With `evidence` also `evidence`: the terms that overlap the entity,
            `term`, `entity_group`, `lists`, `vetted` (whether it is a vetted term or one of the dictionary's), `start`
            and `end` each. With `force` also `forced`: whether it is an entity because a vetted term is; its score is
            what the network says of it all the same. With "none": `entity`, `score`, `index`, `word`, `start` and `end`
            of each character, and `forced` likewise.

        Raises:
            ValueError: If a record is no string: of a list before any work is done, else when its turn comes.
            TimeoutError: If the call takes longer than `max_seconds`.
        """
        settings = settings or RecognitionSettings()
        allowance = _Allowance(settings)
        checked = _checked(texts)
        if isinstance(texts, list | tuple):
            checked = list(checked)
        lexicon = self._lexicon(settings)
        for chunk in text_chunks(checked, CHUNK_CHARACTERS, CHUNK_RECORDS):
            yield from self._recognize(chunk, lexicon, settings, allowance)

    def _recognize(
        self,
        texts: Sequence[str],
        lexicon: Lexicon,
        settings: RecognitionSettings,
        allowance: "_Allowance",
    ) -> Iterator[list[dict[str, Any]]]:
        sentences = []
        allowance.check_time()
        for sentence in self.tokenizer.encode_records(texts, lexicon):
            allowance.check_time()
            sentences.append(sentence)
        by_character = settings.aggregation_strategy == "none"
        predictions = predict_sentences(
            _WatchedTagger(self.tagger, allowance),
            sentences,
            settings.batch_characters,
            "tags" if by_character else "spans",
            settings.force,
        )
        found: list[list[dict[str, Any]]] = [[] for _ in texts]
        read = self._characters if by_character else self._entities
        for sentence, prediction in zip(sentences, predictions, strict=True):
            found[sentence.record].extend(read(texts[sentence.record], sentence, prediction, settings))
        if settings.evidence and not by_character:
            for record, pieces in groupby(sentences, attrgetter("record")):
                if found[record]:
                    allowance.check_time()
                    _add_evidence(texts[record], found[record], _terms_in(list(pieces), lexicon), lexicon, allowance)
        yield from found

    def _entities(
        self, text: str, sentence: EncodedSentence, prediction: SentencePrediction, settings: RecognitionSettings
    ) -> Iterator[dict[str, Any]]:
        required = frozenset(sentence.terms if settings.force else ())
        for span, score in zip(prediction.entities, prediction.scores.tolist(), strict=True):
            forced = span in required
            if (forced or score >= settings.threshold) and span.type not in settings.ignore_labels:
                start, end = sentence.start + span.start, sentence.start + span.end
                entity = {
                    "entity_group": span.type,
                    "score": score,
                    "word": text[start:end],
                    "start": start,
                    "end": end,
                }
                yield entity | {"forced": forced} if settings.force else entity

    def _characters(
        self, text: str, sentence: EncodedSentence, prediction: SentencePrediction, settings: RecognitionSettings
    ) -> Iterator[dict[str, Any]]:
        id2label = self.tagger.config.id2label
        pairs = zip(prediction.tags.tolist(), prediction.scores.tolist(), strict=True)
        required = {
            place + sentence.start
            for start, end, _ in (sentence.terms if settings.force else ())
            for place in range(start, end)
        }
        for place, (tag, score) in enumerate(pairs, start=sentence.start):
            label = id2label[tag]
            forced = place in required
            ignored = label in settings.ignore_labels or label[2:] in settings.ignore_labels
            if (forced or score >= settings.threshold) and not ignored:
                character = {
                    "entity": label,
                    "score": score,
                    "index": place,
                    "word": text[place],
                    "start": place,
                    "end": place + 1,
                }
                yield character | {"forced": forced} if settings.force else character

    def _lexicon(self, settings: RecognitionSettings) -> Lexicon:
        """The terms of a call; those of the last call are kept compiled, since calls repeat theirs."""
        if settings.dictionary is settings.terms is settings.not_terms is None:
            return self.tokenizer.lexicon
        given = (
            None if settings.dictionary is None else as_dictionary(settings.dictionary, "dictionary"),
            None if settings.terms is None else _read_terms(settings.terms),
            None if settings.not_terms is None else _read_not_terms(settings.not_terms),
        )
        dictionary, terms, not_terms = given
        own = self.tokenizer.lexicon
        if terms is not None and len(terms) and not (own.has_channel or settings.force):
            raise ValueError(
                "This network has no channel for vetted terms: train one (vetted_terms, run_ner.py's default), or have "
                "them found by force."
            )
        last = self._last  # read once and never again: another thread may put another one there at any time
        if last is not None and last[0] == given and last[1] is own:
            return last[2]
        matcher = None
        if dictionary is not None:
            matcher = self.tokenizer.compile_dictionary(dictionary)
            matcher.check_usable("the dictionary that was passed", quote=False)
            self._tell_what_is_lacking(dictionary)
        for name, passed in (("terms", terms), ("not_terms", not_terms)):
            if passed is not None and self._is_new(name, passed):
                warn_of_unfindable(passed, name)
        if terms is not None and len(self.tokenizer.terms):
            terms = self.tokenizer.terms.merge(terms)
        lexicon = self.tokenizer.compile_lexicon(matcher, terms, not_terms, quote=False)
        self._last = (given, own, lexicon)
        return lexicon

    def _is_new(self, name: str, passed: ClinicalDictionary) -> bool:
        """Whether the log was told nothing of these terms yet."""
        key = hash((name, passed))
        if key in self._told:
            return False
        self._told.append(key)
        return True

    def _tell_what_is_lacking(self, terms: ClinicalDictionary) -> None:
        if not self._is_new("dictionary", terms):
            return
        own, passed = self.tokenizer.dictionary, set(terms)
        lacking = len(own) - sum(map(passed.__contains__, own))
        if lacking:
            logger.warning(
                "A dictionary that was passed for a call replaces the checkpoint's: %d of its %d terms are not in it.",
                lacking,
                len(own),
            )


class _Allowance:
    """What is left of the time and the evidence that a call may take."""

    def __init__(self, settings: RecognitionSettings):
        self._settings = settings
        self._begin = time.monotonic()
        self._evidence = 0

    def check_time(self) -> None:
        limit = self._settings.max_seconds
        if limit is not None and time.monotonic() - self._begin > limit:
            raise TimeoutError(
                f"The call took longer than the {limit:g} seconds that it may take (max_seconds; of an endpoint "
                "DICMT_MAX_SECONDS): pass fewer characters at a time, or have the limit raised."
            )

    def take_evidence(self, names: int) -> None:
        self._evidence += names
        limit = self._settings.max_evidence
        if limit is not None and self._evidence > limit:
            raise ValueError(
                f"The evidence names lists more than {limit} times, which is what a call may hold (max_evidence; of an "
                "endpoint DICMT_MAX_EVIDENCE): pass fewer characters at a time, or do without evidence."
            )


class _WatchedTagger:
    """A tagger that looks at the clock whenever it is used, which is at least once a batch."""

    def __init__(self, tagger: Tagger, allowance: _Allowance):
        self._tagger, self._allowance = tagger, allowance

    def __getattr__(self, name: str) -> Any:
        self._allowance.check_time()
        return getattr(self._tagger, name)


def _checked(texts: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"Record {number}: expected its text, a string, got {type(text).__name__}.")
        yield text


def _read_terms(terms: Any) -> ClinicalDictionary:
    return as_dictionary(terms, "terms", may_be_empty=True)


def _read_not_terms(terms: Any) -> ClinicalDictionary:
    if isinstance(terms, list | tuple | set | frozenset):
        terms = {ANY_TYPE: list(terms)}
    return as_dictionary(terms, "not_terms", may_be_empty=True)


class _Match(NamedTuple):
    """A term in a record.

    Args:
        start: Offset of its first character.
        end: Offset after its last.
        is_vetted: Whether it is a vetted term or one of the dictionary's.
        type: Its entity type.
    """

    start: int
    end: int
    is_vetted: bool
    type: str


def _terms_in(sentences: Sequence[EncodedSentence], lexicon: Lexicon) -> list[_Match]:
    """The terms in a record, in order, as the network saw them in its sentences."""
    features = np.concatenate([sentence.dictionary_features for sentence in sentences])
    of_dictionary = lexicon.dictionary.matches(features[:, : lexicon.dictionary.dim])
    vetted = [
        _Match(start + sentence.start, end + sentence.start, True, kind)
        for sentence in sentences
        for start, end, kind in sentence.terms
    ]
    return sorted([*(_Match(start, end, False, kind) for start, end, kind in of_dictionary), *vetted])


def _add_evidence(
    text: str,
    entities: Sequence[dict[str, Any]],
    matches: Sequence[_Match],
    lexicon: Lexicon,
    allowance: _Allowance,
) -> None:
    """Name the terms that overlap each entity; `matches` are those of the record."""
    lists_of = lru_cache(maxsize=None)(
        lambda term, is_vetted: (lexicon.terms.terms if is_vetted else lexicon.dictionary.dictionary).lists_of(term)
    )
    starts = [match.start for match in matches]
    longest = max((match.end - match.start for match in matches), default=0)
    for entity in entities:
        begin, end = entity["start"], entity["end"]
        entity["evidence"] = []
        for match in matches[bisect_right(starts, begin - longest) : bisect_left(starts, end)]:
            if match.end > begin:
                term = normalize(text[match.start : match.end])
                lists = lists_of(term, match.is_vetted)
                allowance.take_evidence(len(lists))
                entity["evidence"].append(
                    {
                        "term": term,
                        "entity_group": match.type,
                        "lists": list(lists),
                        "vetted": match.is_vetted,
                        "start": match.start,
                        "end": match.end,
                    }
                )


def with_type(entity: Mapping[str, Any]) -> dict[str, Any]:
    """An entity as files and metrics have it: its type is `type`, not `entity_group`, and so in its evidence."""
    found = {"type" if name == "entity_group" else name: value for name, value in entity.items()}
    if "evidence" in found:
        found["evidence"] = [with_type(term) for term in found["evidence"]]
    return found
