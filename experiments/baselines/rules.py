"""Rules and a dictionary, the first part of Hu et al.'s hybrid (2017).

The lexicon holds the dictionary's terms and the training part's mentions. The longest entry that fits is taken, from
left to right; an entry must not begin or end inside a word of Latin letters or digits. Of the entries, those are kept
whose matches in the training part are mostly annotated so, and of those that do not occur there, the terms of types
whose other terms mostly are.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data_scripts.records import Records
from modeling_dicmt.dictionary_features import types_of_lists
from modeling_dicmt.files import read_json, write_json
from modeling_dicmt.normalization import normalize
from modeling_dicmt.tagging import Span
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer

from ..specification import MODEL_OF_KIND

# Share of an entry's matches in the training part that have to be annotated.
LEAST_PRECISION = 0.5
# Entries that are dropped uncover shorter ones, which are then counted.
ROUNDS = 3
LONGEST_ENTRY = 20


class Rules:
    """Finds the entries of a lexicon that the training part has confirmed.

    Args:
        tokenizer: Has the dictionary and the lists of each entity type.
        label2id: Not used, as the options.
    """

    def __init__(self, tokenizer: DicMTTokenizer, label2id: Mapping[str, int], **options: Any):
        self.tokenizer = tokenizer
        self.lexicon: dict[str, str] = {}

    def fit(self, train: Records, validation: Records) -> None:
        matcher = self.tokenizer.dictionary_matcher
        terms: dict[str, str] = {}
        for term, lists in self.tokenizer.dictionary.items():
            types = types_of_lists(lists, matcher.lists_of_type, matcher.precedence)
            if types and len(term) <= LONGEST_ENTRY:
                terms[term] = types[0]
        annotated: dict[str, Counter[str]] = {}
        for record in train:
            for entity in record["entities"]:
                mention = normalize(record["text"][entity["start"] : entity["end"]])
                annotated.setdefault(mention, Counter())[entity["type"]] += 1
        # The first of several equally frequent types, in alphabetical order.
        mentions = {
            mention: min(counts, key=lambda kind: (-counts[kind], kind))
            for mention, counts in annotated.items()
            if len(mention) <= LONGEST_ENTRY
        }
        self.lexicon = terms | mentions
        for _ in range(ROUNDS):
            matched, correct = self._count(train)
            by_type = Counter[str](), Counter[str]()
            for term in terms.keys() & matched.keys():
                by_type[0][terms[term]] += matched[term]
                by_type[1][terms[term]] += correct[term]
            trusted = {kind for kind, count in by_type[0].items() if by_type[1][kind] >= LEAST_PRECISION * count}
            self.lexicon = {
                entry: kind
                for entry, kind in self.lexicon.items()
                if (correct[entry] >= LEAST_PRECISION * matched[entry] if entry in matched else kind in trusted)
            }

    def predict(self, texts: Sequence[str]) -> list[list[Span]]:
        return match_lexicon(self.lexicon, texts)

    def save(self, folder: Path) -> None:
        """Write the lexicon, to be read by `read_lexicon`."""
        write_json(folder / MODEL_OF_KIND["rules"], self.lexicon)

    def _count(self, records: Records) -> tuple[Counter[str], Counter[str]]:
        """How often each entry is matched in the records, and how often it is annotated there with its type."""
        matched, correct = Counter[str](), Counter[str]()
        for record, spans in zip(records, self.predict([record["text"] for record in records]), strict=True):
            text = normalize(record["text"])
            gold = {(entity["start"], entity["end"], entity["type"]) for entity in record["entities"]}
            for span in spans:
                entry = text[span.start : span.end]
                matched[entry] += 1
                correct[entry] += tuple(span) in gold
        return matched, correct


def read_lexicon(folder: Path) -> dict[str, str]:
    """The lexicon that rules have left in the folder of their run."""
    return read_json(folder / MODEL_OF_KIND["rules"])


def match_lexicon(lexicon: Mapping[str, str], texts: Sequence[str]) -> list[list[Span]]:
    """For each text the longest entries of a lexicon, from left to right.

    Args:
        lexicon: The type of each entry, a normalised string.
        texts: The texts.
    """
    lengths = sorted({len(entry) for entry in lexicon}, reverse=True)
    return [_match(lexicon, lengths, normalize(text)) for text in texts]


def _match(lexicon: Mapping[str, str], lengths: Sequence[int], text: str) -> list[Span]:
    found, start = [], 0
    while start < len(text):
        for length in lengths:
            end = start + length
            entry = text[start:end]
            if entry in lexicon and end <= len(text) and not (_splits(text, start) or _splits(text, end)):
                found.append(Span(start, end, lexicon[entry]))
                start = end
                break
        else:
            start += 1
    return found


def _splits(text: str, place: int) -> bool:
    """Whether a place in a text is inside a word of Latin letters or digits."""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    return before.isascii() and after.isascii() and before.isalnum() and after.isalnum()
