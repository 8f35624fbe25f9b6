"""Records in a stream → entities as users get them: the one mechanism behind pipeline, endpoint, ONNX and commands."""

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from .chunks import text_chunks
from .dictionary import ClinicalDictionary, as_dictionary
from .lexicon import Lexicon
from .prediction import SentencePrediction, Tagger, predict_sentences
from .recognition_settings import Allowance, RecognitionSettings, read_not_terms, read_terms
from .term_evidence import add_evidence, terms_in
from .tokenization_dicmt import DicMTTokenizer, EncodedSentence
from .vetted_terms import warn_of_unfindable

logger = logging.getLogger(__name__)

# Records that are encoded at a time: enough to fill batches of like lengths, few enough to keep the memory flat.
CHUNK_RECORDS = 512
CHUNK_CHARACTERS = 2**18


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
            `start` and `end`, where `text[start:end] == word`. The score is the probability, under the CRF or of the
            span by itself, that just this stretch is an entity of the type. Entities of a network that scores spans may
            lie within each other; the outer one comes first. With `evidence` also `evidence`: the terms that overlap
            the entity, `term`, `entity_group`, `lists`, `vetted` (whether it is a vetted term or one of the
            dictionary's), `start` and `end` each. With `force` also `forced`: whether it is an entity because a vetted
            term is; its score is what the network says of it all the same. With "none": `entity`, `score`, `index`,
            `word`, `start` and `end` of each character, and `forced` likewise.

        Raises:
            ValueError: If a record is no string: of a list before any work is done, else when its turn comes; or if
                characters are asked for, and the network scores spans.
            TimeoutError: If the call takes longer than `max_seconds`.
        """
        settings = settings or RecognitionSettings()
        if settings.aggregation_strategy == "none" and self.tagger.config.scores_spans:
            raise ValueError(
                'This network scores spans and has no tags of characters, which aggregation_strategy "none" asks for: '
                "leave it out."
            )
        allowance = Allowance(settings)
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
        allowance: Allowance,
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
                    add_evidence(texts[record], found[record], terms_in(list(pieces), lexicon), lexicon, allowance)
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
            None if settings.terms is None else read_terms(settings.terms),
            None if settings.not_terms is None else read_not_terms(settings.not_terms),
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


class _WatchedTagger:
    """A tagger that looks at the clock whenever it is used, which is at least once a batch."""

    def __init__(self, tagger: Tagger, allowance: Allowance):
        self._tagger, self._allowance = tagger, allowance

    def __getattr__(self, name: str) -> Any:
        self._allowance.check_time()
        return getattr(self._tagger, name)


def _checked(texts: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"Record {number}: expected its text, a string, got {type(text).__name__}.")
        yield text


def with_type(entity: Mapping[str, Any]) -> dict[str, Any]:
    """An entity as files and metrics have it: its type is `type`, not `entity_group`, and so in its evidence."""
    found = {"type" if name == "entity_group" else name: value for name, value in entity.items()}
    if "evidence" in found:
        found["evidence"] = [with_type(term) for term in found["evidence"]]
    return found
