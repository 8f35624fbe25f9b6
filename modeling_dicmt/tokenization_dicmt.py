"""The tokenizer side: text → character ids, radical ids and dictionary features, one token a character."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import BatchEncoding, PreTrainedTokenizerFast
from transformers.utils import PaddingStrategy

from .chunks import text_chunks
from .dictionary import DICTIONARY_FILE, TERMS_FILE, ClinicalDictionary, as_dictionary
from .dictionary_features import PAPER_NGRAM_SIZES, DictionaryMatcher, check_sizes
from .dictionary_files import DictionaryError
from .files import read_json
from .lexicon import Lexicon
from .normalization import code_points, normalize
from .radicals import PADDING_RADICAL, RADICALS_FILE, RadicalTable
from .sentences import MAX_SENTENCE_LENGTH, cut_sentence, split_sentences
from .tagging import Span, pad_spans
from .vetted_terms import ANY_TYPE, TermMatcher, warn_of_unfindable

logger = logging.getLogger(__name__)

PAD_TOKEN = "[PAD]"
UNK_TOKEN = "[UNK]"

# Characters of the records that are encoded together.
_CHUNK_CHARACTERS = 2**15


class EncodedSentence(NamedTuple):
    """A sentence of a record, or a piece of one that is too long, ready for the network; L characters.

    Args:
        record: Index of the record among those encoded.
        start: Offset of the sentence's first character in the record's text.
        input_ids: (L,) int32.
        radical_ids: (L,) uint8.
        dictionary_features: (L, D) uint8.
        terms: The vetted terms within it, in its offsets; none overlaps another, but one may come with several types.
        not_terms: What is no entity, likewise; these may overlap.
        span_evidence: Terms within it, integer (N, 3) as `Lexicon.span_evidence` gives them, in its offsets; None of a
            tokenizer without `span_lists`.
    """

    record: int
    start: int
    input_ids: np.ndarray
    radical_ids: np.ndarray
    dictionary_features: np.ndarray
    terms: tuple[Span, ...] = ()
    not_terms: tuple[Span, ...] = ()
    span_evidence: np.ndarray | None = None


class DicMTTokenizer(PreTrainedTokenizerFast):
    """Characters with their radicals and dictionary features; it is also what `AutoProcessor` returns.

    Exactly one token a character, blanks, digits, Latin and emoji included, and no special tokens: token `i` of a text
    is its character `i`. A text that is passed in is taken for one whole sentence: an n-gram of the dictionary
    matches anywhere within it. Records are for `encode_records`, which splits them.

    Encodings hold, besides the usual `input_ids` and `attention_mask`, `radical_ids` (B, L) and `dictionary_features`
    (B, L, D), both uint8: torch tensors with `return_tensors="pt"`, else numpy arrays. With `span_lists` they hold
    `span_evidence` (B, N, 3) int64, too: first character, end (exclusive) and source of each term within the text, in
    offsets of its characters, padding at either side not counted; -1 where another text of the batch has more.

    Args:
        vocab: Id of each character, and of `[PAD]` and `[UNK]`. Its characters are normalised ones.
        tokenizer_file: A saved `tokenizer.json`, in place of `vocab`.
        dictionary: The terms behind the dictionary features. `tokenizer.dictionary` can be replaced at any time.
        dictionary_file: A saved dictionary, in place of `dictionary`.
        terms: Vetted terms, `{name: [terms]}` or a `ClinicalDictionary`; a name is an entity type, a corpus's label or
            a dictionary list. `tokenizer.terms` can be replaced at any time.
        terms_file: Saved vetted terms, in place of `terms`.
        dictionary_terms: How many terms the saved dictionary had, to notice that it was cut since.
        dictionary_fingerprint: The saved dictionary's `fingerprint`, which spares checking what has it still.
        radicals_file: A radical table; default: the package's.
        entity_types: Tag names of the types, in the order of their codes.
        lists_of_type: Dictionary lists that are evidence for each entity type; default: those named as the type is,
            regardless of case.
        ngram_sizes: N-gram sizes of the dictionary features; empty for none.
        multi_hot_dictionary: One bit a type instead of a type code.
        precedence: Types from the one that wins to the one that loses where a term has several; default: their order.
        vetted_terms: Whether the features have columns of vetted terms.
        span_lists: Dictionary lists whose terms, of any length, are evidence for the spans where they stand, in the
            order of the network's weights; None for a network that scores characters.
        corpus_labels: What the corpus calls entity types, `{type: label}`: names that vetted terms may be given by.
        max_sentence_length: Characters above which `encode_records` cuts a sentence.

    Raises:
        ValueError: If a setting, which a checkpoint's files may give, is of no use; names it.
    """

    vocab_files_names = {  # noqa: RUF012
        "tokenizer_file": "tokenizer.json",
        "dictionary_file": DICTIONARY_FILE,
        "terms_file": TERMS_FILE,
        "radicals_file": RADICALS_FILE,
    }
    model_input_names = ["input_ids", "attention_mask", "radical_ids", "dictionary_features"]  # noqa: RUF012
    padding_side = "right"

    def __init__(
        self,
        vocab: Mapping[str, int] | None = None,
        tokenizer_file: str | None = None,
        dictionary: ClinicalDictionary | None = None,
        dictionary_file: str | None = None,
        dictionary_terms: int | None = None,
        dictionary_fingerprint: str | None = None,
        terms: Any = None,
        terms_file: str | None = None,
        radicals_file: str | None = None,
        entity_types: Sequence[str] | None = None,
        lists_of_type: Mapping[str, Sequence[str]] | None = None,
        ngram_sizes: Sequence[int] = PAPER_NGRAM_SIZES,
        multi_hot_dictionary: bool = False,
        precedence: Sequence[str] | None = None,
        vetted_terms: bool = False,
        span_lists: Sequence[str] | None = None,
        corpus_labels: Mapping[str, str] | None = None,
        max_sentence_length: int = MAX_SENTENCE_LENGTH,
        **kwargs: Any,
    ):
        if tokenizer_file is not None:
            vocab = _read_vocabulary(tokenizer_file)
        if vocab is None:
            raise ValueError("DicMTTokenizer needs a vocab (see character_vocabulary) or a tokenizer_file.")
        if entity_types is None:
            raise ValueError("DicMTTokenizer needs entity_types: the dictionary's codes depend on them.")
        for token in (PAD_TOKEN, UNK_TOKEN):
            if token not in vocab:
                raise ValueError(f"The vocabulary lacks {token}.")
        entity_types = _names("entity_types", entity_types)
        precedence = None if precedence is None else _names("precedence", precedence)
        if lists_of_type is not None:
            _check("lists_of_type", isinstance(lists_of_type, Mapping), "an object {type: [lists]}")
            lists_of_type = {name: _names("lists_of_type", lists) for name, lists in lists_of_type.items()}
        check_sizes(ngram_sizes)
        _check("multi_hot_dictionary", isinstance(multi_hot_dictionary, bool), "true or false")
        _check("vetted_terms", isinstance(vetted_terms, bool), "true or false")
        span_lists = None if span_lists is None else _names("span_lists", span_lists)
        if corpus_labels is not None:
            are_labels = isinstance(corpus_labels, Mapping) and all(
                isinstance(name, str) for pair in corpus_labels.items() for name in pair
            )
            _check("corpus_labels", are_labels, "an object {type: label}")
            corpus_labels = dict(corpus_labels)
        length = max_sentence_length
        _check("max_sentence_length", type(length) is int and length >= 1, "a whole number from 1 on")
        count, fingerprint = dictionary_terms, dictionary_fingerprint
        _check("dictionary_terms", count is None or type(count) is int, "a whole number")
        _check("dictionary_fingerprint", fingerprint is None or isinstance(fingerprint, str), "a string")
        for name in ("is_local", "local_files_only"):  # how it was loaded, which is nothing to save with it
            kwargs.pop(name, None)
        kwargs |= {"pad_token": PAD_TOKEN, "unk_token": UNK_TOKEN, "split_special_tokens": True}
        super().__init__(
            tokenizer_object=_character_tokenizer(dict(vocab)),
            entity_types=entity_types,
            lists_of_type=lists_of_type,
            ngram_sizes=list(ngram_sizes),
            multi_hot_dictionary=multi_hot_dictionary,
            precedence=precedence,
            vetted_terms=vetted_terms,
            span_lists=span_lists,
            corpus_labels=corpus_labels,
            max_sentence_length=max_sentence_length,
            **kwargs,
        )
        if span_lists is not None:
            self.model_input_names = [*type(self).model_input_names, "span_evidence"]
        self.entity_types = entity_types
        self.max_sentence_length = max_sentence_length
        self._radical_table = RadicalTable.load(radicals_file)
        self._ids = _id_table(vocab)
        if dictionary is None:
            dictionary = (
                ClinicalDictionary.load(dictionary_file, dictionary_fingerprint)
                if dictionary_file
                else ClinicalDictionary({})
            )
            folder = kwargs.get("name_or_path")
            if folder and dictionary_file is None and ngram_sizes:
                logger.warning(
                    "There is no %s in %s: no term will match. Copy the checkpoint's file there, or assign "
                    "tokenizer.dictionary.",
                    DICTIONARY_FILE,
                    folder,
                )
            if dictionary_file is not None and dictionary_terms not in (None, len(dictionary)):
                logger.warning(
                    "%s holds %d terms, but held %s when it was saved: it was edited since, or cut off in copying.",
                    dictionary_file,
                    len(dictionary),
                    dictionary_terms,
                )
        self._terms = ClinicalDictionary({})
        self.dictionary = dictionary
        if terms_file is not None and terms is None:
            terms = ClinicalDictionary.load(terms_file)
        if terms is not None:
            self.terms = terms

    @property
    def dictionary(self) -> ClinicalDictionary:
        """The terms behind the dictionary features; assign another dictionary to use other terms from then on."""
        return self._lexicon.dictionary.dictionary

    @dictionary.setter
    def dictionary(self, dictionary: ClinicalDictionary) -> None:
        if not isinstance(dictionary, ClinicalDictionary):
            raise ValueError(f"dictionary must be a ClinicalDictionary, got {type(dictionary).__name__}.")
        self._lexicon = self.compile_lexicon(self.compile_dictionary(dictionary))

    @property
    def dictionary_matcher(self) -> DictionaryMatcher:
        """The matcher of the dictionary's n-grams, compiled for the entity types."""
        return self._lexicon.dictionary

    @property
    def terms(self) -> ClinicalDictionary:
        """The vetted terms; others that are assigned are used from then on.

        Assign a `ClinicalDictionary` or `{name: [terms]}`. A name is an entity type, what the corpus calls one, or a
        list of the dictionary, in any case. Without columns of vetted terms in the features the terms serve where they
        are forced alone.

        Raises:
            DictionaryError: If a name is none of these, or no term is usable.
        """
        return self._terms

    @terms.setter
    def terms(self, terms: Any) -> None:
        terms = as_dictionary(terms, "terms", may_be_empty=True)
        warn_of_unfindable(terms, "terms")
        self._lexicon = self.compile_lexicon(terms=terms)
        self._terms = terms

    @property
    def lexicon(self) -> Lexicon:
        """The tokenizer's own terms, compiled."""
        return self._lexicon

    def compile_lexicon(
        self,
        dictionary: DictionaryMatcher | None = None,
        terms: ClinicalDictionary | None = None,
        not_terms: ClinicalDictionary | None = None,
        quote: bool = True,
    ) -> Lexicon:
        """Other terms under this tokenizer's scheme, for `encode_records`; the tokenizer keeps its own.

        Args:
            dictionary: Reference lists, as `compile_dictionary` gives them; default: the tokenizer's own.
            terms: Vetted terms; default: the tokenizer's own.
            not_terms: What is no entity: of the types that its lists name, or of any for the list `ANY_TYPE`.
            quote: Whether an error may name lists of `terms` and `not_terms`.

        Raises:
            DictionaryError: If a list is named neither like an entity type, nor what the corpus calls one, nor like a
                list of the reference lists; says which there are.
        """
        terms = self._terms if terms is None else terms
        not_terms = ClinicalDictionary({}) if not_terms is None else not_terms
        forbidden = TermMatcher(not_terms, self.entity_types, self._types_of_lists(not_terms, "not_terms", quote))
        vetted = TermMatcher(terms, self.entity_types, self._types_of_lists(terms, "terms", quote), forbidden)
        span_lists = self.init_kwargs["span_lists"]
        if dictionary is None:
            matcher, reference = self.dictionary_matcher, self._lexicon.reference_terms
        else:
            matcher, reference = dictionary, None
            if span_lists is not None:
                known = {name: {name} & {*span_lists} for name in matcher.dictionary.lists}
                reference = TermMatcher(matcher.dictionary, span_lists, known)
        return Lexicon(matcher, vetted, forbidden, self.init_kwargs["vetted_terms"], reference)

    def types_of_name(self, name: str) -> tuple[str, ...]:
        """The entity types of vetted terms whose list has a name; none if no type is called so."""
        return self._types_of_names([name])[name]

    def _names_of_types(self) -> dict[str, list[Sequence[str]]]:
        """What each entity type is called in lists of vetted terms: its name, its label, its dictionary lists."""
        labels = self.init_kwargs["corpus_labels"] or {}
        lists_of_type = self.init_kwargs["lists_of_type"] or {}
        return {name: [(name,), (labels.get(name, name),), lists_of_type.get(name, ())] for name in self.entity_types}

    def _types_of_names(self, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
        names_of_type = self._names_of_types()
        # As a name is written first, then in any case; each time the entity types first.
        tables: list[tuple[Callable[[str], str], dict[str, list[str]]]] = []
        for fold in (str, str.casefold):
            for level in range(3):
                types_of_name: dict[str, list[str]] = {}
                for kind, known in names_of_type.items():
                    for name in set(map(fold, known[level])):
                        types_of_name.setdefault(name, []).append(kind)
                tables.append((fold, types_of_name))
        return {
            name: tuple(next((table[fold(name)] for fold, table in tables if fold(name) in table), ()))
            for name in names
        }

    def _types_of_lists(self, terms: ClinicalDictionary, what: str, quote: bool) -> dict[str, tuple[str, ...]]:
        """The entity types of each list of vetted terms."""
        types_of_list = self._types_of_names(terms.lists)
        any_type = f", or {ANY_TYPE} for any type" if what == "not_terms" else ""
        if any_type and ANY_TYPE in types_of_list:
            types_of_list[ANY_TYPE] = tuple(self.entity_types)
        unknown = [name for name, types in types_of_list.items() if not types]
        if unknown:
            told = f"{', '.join(unknown[:5])}{' …' if len(unknown) > 5 else ''}" if quote else str(len(unknown))
            names_of_type = self._names_of_types()
            known = dict.fromkeys(name for names in names_of_type.values() for level in names for name in level)
            raise DictionaryError(
                f"{what}: unknown names ({told}). A list is named by an entity type, what the corpus calls it, or a "
                f"dictionary list: {', '.join(known)}{any_type}."
            )
        return types_of_list

    def compile_dictionary(self, dictionary: ClinicalDictionary) -> DictionaryMatcher:
        """A matcher of other terms under this tokenizer's scheme, for `encode_records`; the tokenizer keeps its own."""
        settings = self.init_kwargs
        lists_of_type = settings["lists_of_type"]
        if lists_of_type is None:
            named: dict[str, list[str]] = {}
            for name in dictionary.lists:
                named.setdefault(name.casefold(), []).append(name)
            lists_of_type = {name: named.get(name.casefold(), ()) for name in self.entity_types}
        return DictionaryMatcher(
            dictionary,
            self.entity_types,
            lists_of_type,
            ngram_sizes=tuple(settings["ngram_sizes"]),
            multi_hot=settings["multi_hot_dictionary"],
            precedence=settings["precedence"],
        )

    def encode_records(self, texts: Iterable[str], lexicon: Lexicon | None = None) -> Iterator[EncodedSentence]:
        """Split records into sentences and encode them, in the records' order.

        Dictionary features are those of the full sentence, also where it is cut because it is too long.

        Args:
            texts: The records' texts, of any length.
            lexicon: One of `compile_lexicon`, to use other terms than the tokenizer's own.

        Yields:
            The sentences of the first record, of the second, …; together they hold every character once.
        """
        lexicon = self._lexicon if lexicon is None else lexicon
        first = 0
        # The records of a chunk in one pass: a short one by itself would be mostly overhead.
        for chunk in text_chunks(texts, _CHUNK_CHARACTERS):
            pieces, ends, offset = [], [], 0
            for record, text in enumerate(chunk, start=first):
                for sentence in split_sentences(text):
                    ends.append(offset + sentence.end)
                    for start, end in cut_sentence(text, sentence, self.max_sentence_length):
                        pieces.append((record, start, slice(offset + start, offset + end)))
                offset += len(text)
            first += len(chunk)
            points = code_points("".join(chunk))
            input_ids, radical_ids = self.encode_points(points)
            features, terms = lexicon.features(points, ends)
            not_terms = lexicon.not_terms.occurrences(points, ends)
            evidence = lexicon.span_evidence(points, ends)
            for record, start, piece in pieces:
                yield EncodedSentence(
                    record,
                    start,
                    input_ids[piece],
                    radical_ids[piece],
                    features[piece],
                    lexicon.terms.spans(terms, piece.start, piece.stop),
                    lexicon.not_terms.spans(not_terms, piece.start, piece.stop),
                    None if evidence is None else _within(evidence, piece),
                )

    def encode_points(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Ids (L,) int32 and radical ids (L,) uint8 of normalised characters, given as code points (L,) uint32."""
        return self._ids[np.minimum(points, len(self._ids) - 1)], self._radical_table.ids_of_code_points(points)

    def _encode_plus(self, text: Any, text_pair: Any = None, **kwargs: Any) -> BatchEncoding:
        if text_pair is not None:
            raise ValueError("DicMTTokenizer encodes single texts: pass each sentence by itself, not as a pair.")
        return_tensors = kwargs.pop("return_tensors", None)
        split = kwargs.get("is_split_into_words", False)
        batched = isinstance(text, (list, tuple)) and (
            not split or (len(text) > 0 and isinstance(text[0], (list, tuple)))
        )
        texts = [_normalized(item, split) for item in (text if batched else [text])]
        if not texts:
            return self._encode_nothing(return_tensors)
        encoded = super()._encode_plus(texts, **kwargs)

        sources = encoded.get("overflow_to_sample_mapping", range(len(texts)))
        joined = ["".join(item) for item in texts]
        radical_ids = [self._radical_table.ids(item) for item in joined]
        ends = list(accumulate(map(len, joined)))
        points = code_points("".join(joined))
        features, _ = self._lexicon.features(points, ends)
        terms, evidence = self._lexicon.span_evidence(points, ends), []
        encoded["radical_ids"], encoded["dictionary_features"] = [], []
        for encoding, source in zip(encoded.encodings, sources, strict=True):
            first, place = _place(encoding, texts[source] if split else None)
            length = place.stop - place.start
            row = np.full(len(encoding.ids), PADDING_RADICAL, dtype=np.uint8)
            row[place] = radical_ids[source][first : first + length]
            matrix = np.zeros((len(encoding.ids), self._lexicon.dim), dtype=np.uint8)
            begin = ends[source] - len(joined[source]) + first
            matrix[place] = features[begin : begin + length]
            encoded["radical_ids"].append(row)
            encoded["dictionary_features"].append(matrix)
            if terms is not None:
                evidence.append(_within(terms, slice(begin, begin + length)))
        if terms is not None:
            is_padded = kwargs.get("padding_strategy", PaddingStrategy.DO_NOT_PAD) != PaddingStrategy.DO_NOT_PAD
            encoded["span_evidence"] = list(pad_spans(evidence)) if is_padded or return_tensors else evidence
        if not batched and return_tensors is None and not kwargs.get("return_overflowing_tokens"):
            return BatchEncoding({name: value[0] for name, value in encoded.items()}, encoded.encodings)
        return BatchEncoding(dict(encoded), encoded.encodings, tensor_type=return_tensors)

    def _encode_nothing(self, return_tensors: str | None) -> BatchEncoding:
        if return_tensors is None:
            return BatchEncoding({name: [] for name in self.model_input_names})
        empty: dict[str, np.ndarray] = {name: np.zeros((0, 0), dtype=np.int64) for name in self.model_input_names}
        empty["radical_ids"] = np.zeros((0, 0), dtype=np.uint8)
        empty["dictionary_features"] = np.zeros((0, 0, self._lexicon.dim), dtype=np.uint8)
        if "span_evidence" in empty:
            empty["span_evidence"] = pad_spans([])
        return BatchEncoding(empty, tensor_type=return_tensors)

    def pad(self, encoded_inputs: Any, *args: Any, **kwargs: Any) -> BatchEncoding:
        """Pad encodings to one length, and their evidence for spans to one number; arguments are the base class's."""
        if isinstance(encoded_inputs, list | tuple) and encoded_inputs and isinstance(encoded_inputs[0], Mapping):
            encoded_inputs = {name: [one[name] for one in encoded_inputs] for name in encoded_inputs[0]}
        ids = encoded_inputs.get("input_ids") if "span_evidence" in encoded_inputs else None
        if ids is not None and len(ids) and np.ndim(ids[0]):  # a batch
            rows = [_as_spans(of_one) for of_one in encoded_inputs["span_evidence"]]
            encoded_inputs = {**encoded_inputs, "span_evidence": list(pad_spans(rows))}
        return super().pad(encoded_inputs, *args, **kwargs)

    def _pad(
        self,
        encoded_inputs: dict[str, Any],
        max_length: int | None = None,
        padding_strategy: PaddingStrategy = PaddingStrategy.DO_NOT_PAD,
        pad_to_multiple_of: int | None = None,
        padding_side: str | None = None,
        return_attention_mask: bool | None = None,
    ) -> dict[str, Any]:
        length = len(encoded_inputs["input_ids"])
        padded = super()._pad(
            encoded_inputs, max_length, padding_strategy, pad_to_multiple_of, padding_side, return_attention_mask
        )
        missing = len(padded["input_ids"]) - length
        side = padding_side or self.padding_side
        for name, pad_value in (("radical_ids", PADDING_RADICAL), ("dictionary_features", 0)):
            if name in padded:
                values = np.asarray(padded[name], dtype=np.uint8)
                if name == "dictionary_features":  # an empty sentence has lost its width on the way through a list
                    values = values.reshape(length, self._lexicon.dim)
                width = [(0, missing) if side == "right" else (missing, 0)] + [(0, 0)] * (values.ndim - 1)
                padded[name] = np.pad(values, width, constant_values=pad_value)
        if "span_evidence" in padded:  # in offsets of the characters: padding moves nothing
            padded["span_evidence"] = _as_spans(padded["span_evidence"])
        return padded

    def save_pretrained(self, save_directory: str | os.PathLike, *args: Any, **kwargs: Any) -> tuple[str, ...]:
        """Save vocabulary, dictionary and radical table; arguments are the base class's."""
        self.init_kwargs["dictionary_terms"] = len(self.dictionary)
        self.init_kwargs["dictionary_fingerprint"] = self.dictionary.fingerprint
        return super().save_pretrained(save_directory, *args, **kwargs)

    def _save_pretrained(
        self,
        save_directory: str | os.PathLike,
        file_names: tuple[str, ...],
        legacy_format: bool | None = None,
        filename_prefix: str | None = None,
    ) -> tuple[str, ...]:
        prefix = f"{filename_prefix}-" if filename_prefix else ""
        dictionary_file = os.path.join(save_directory, prefix + DICTIONARY_FILE)
        radicals_file = os.path.join(save_directory, prefix + RADICALS_FILE)
        self.dictionary.save(dictionary_file)
        self._radical_table.save(radicals_file)
        terms_file = os.path.join(save_directory, prefix + TERMS_FILE)
        if len(self.terms):
            self.terms.save(terms_file)
        elif os.path.exists(terms_file):  # of a tokenizer that was saved there before
            os.remove(terms_file)
        file_names = super()._save_pretrained(save_directory, file_names, legacy_format, filename_prefix)
        return (*file_names, dictionary_file, radicals_file, *([terms_file] if len(self.terms) else []))


def character_vocabulary(texts: Iterable[str], terms: Iterable[str] = (), min_count: int = 2) -> dict[str, int]:
    """Vocabulary of the "Random" setting: the characters seen at least `min_count` times, `[PAD]` 0 and `[UNK]` 1.

    Args:
        texts: The training part's texts.
        terms: The dictionary's terms, which count as text.
        min_count: Occurrences, in texts and terms together, that a character needs.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(normalize(text))
    for term in terms:
        counts.update(normalize(term))
    characters = sorted(character for character, count in counts.items() if count >= min_count)
    return {token: index for index, token in enumerate([PAD_TOKEN, UNK_TOKEN, *characters])}


def _check(name: str, is_right: bool, expected: str) -> None:
    if not is_right:
        raise ValueError(f"{name} of a tokenizer must be {expected}; its tokenizer_config.json may be damaged.")


def _names(setting: str, names: Any) -> list[str]:
    """A list of distinct, non-empty strings."""
    _check(
        setting,
        isinstance(names, list | tuple)
        and all(isinstance(name, str) and name for name in names)
        and len(set(names)) == len(names),
        "a list of distinct names (of lists_of_type: for each type)",
    )
    return list(names)


def _read_vocabulary(path: str | os.PathLike) -> dict[str, int]:
    content = read_json(path)
    model = content.get("model") if isinstance(content, dict) else None
    vocab = model.get("vocab") if isinstance(model, dict) else None
    if not isinstance(vocab, dict) or not all(type(index) is int and 0 <= index < 2**31 for index in vocab.values()):
        raise ValueError(f"{path} holds no vocabulary (model.vocab: a number for each token): copy it anew.")
    return vocab


def _character_tokenizer(vocab: dict[str, int]) -> Tokenizer:
    backend = Tokenizer(models.WordLevel(vocab, unk_token=UNK_TOKEN))
    backend.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), behavior="isolated")
    backend.decoder = decoders.Fuse()  # no blanks between characters
    return backend


def _as_spans(rows: Any) -> np.ndarray:
    """Spans int64 (N, 3) of what may have been through lists or tensors; of none the width is lost there."""
    return np.asarray(rows, dtype=np.int64).reshape(-1, 3)


def _within(spans: np.ndarray, stretch: slice) -> np.ndarray:
    """The spans (N, 3), ordered by start, that lie within a stretch, in its offsets."""
    first, last = spans[:, 0].searchsorted((stretch.start, stretch.stop)).tolist()
    found = spans[first:last]
    return found[found[:, 1] <= stretch.stop] - (stretch.start, stretch.start, 0)


def _id_table(vocab: Mapping[str, int]) -> np.ndarray:
    """Id of every code point, (highest code point + 2,) int32; the last entry stands for all code points above."""
    characters = [token for token in vocab if len(token) == 1]
    table = np.full(max(map(ord, characters), default=0) + 2, vocab[UNK_TOKEN], dtype=np.int32)
    for character in characters:
        table[ord(character)] = vocab[character]
    return table


def _normalized(text: Any, split: bool) -> str | list[str]:
    if split and isinstance(text, (list, tuple)) and all(isinstance(word, str) for word in text):
        return [normalize(word) for word in text]
    if not split and isinstance(text, str):
        return normalize(text)
    expected = "a list of strings for each text (is_split_into_words=True)" if split else "a string for each text"
    raise ValueError(f"DicMTTokenizer takes {expected}, got {type(text).__name__}.")


def _place(encoding: Any, words: list[str] | None) -> tuple[int, slice]:
    """First character of an encoding in its text, and where its tokens stand among the padding."""
    tokens = np.flatnonzero(encoding.attention_mask)
    if not len(tokens):
        return 0, slice(0, 0)
    first = encoding.offsets[tokens[0]][0]
    if words is not None:  # offsets then count within the word
        first += sum(len(word) for word in words[: encoding.word_ids[tokens[0]]])
    return first, slice(int(tokens[0]), int(tokens[-1]) + 1)


DicMTTokenizer.register_for_auto_class("AutoTokenizer")
