"""What became of vetted terms: which of those that occur were taken for entities, and which entities no list has.

The report holds text of the records: it is as confidential as they are.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..dictionary import ClinicalDictionary
from ..files import write_text
from ..lexicon import Lexicon
from ..normalization import normalize
from ..tokenization_dicmt import DicMTTokenizer
from ..vetted_terms import MAX_TERM_LENGTH
from .clinical_ner import Entity, overlapping
from .mentions import MENTIONS, MentionCounter
from .report import in_context, markdown_cell, markdown_table, record_name, text_block

MAX_CONTEXTS = 3
MAX_ROWS = 200  # of entities that no list has

# Characters of the records that are searched together.
_CHUNK_CHARACTERS = 2**15


@dataclass
class _Term:
    """What became of a vetted term; `instead` counts what was found where it was not taken."""

    occurrences: int = 0
    taken: int = 0
    instead: Counter[str] = field(default_factory=Counter)
    contexts: list[str] = field(default_factory=list)


class TermReport:
    """Counts what became of vetted terms in a stream of records; its memory does not grow with their number.

    A term is taken where just this stretch is an entity of one of its types. Of terms that overlap the longest counts
    alone, as for the network.

    Args:
        tokenizer: The network's tokenizer.
        lexicon: The terms that the entities were found with.
        mentions: See `mentions.MENTIONS`.
    """

    def __init__(self, tokenizer: DicMTTokenizer, lexicon: Lexicon, mentions: int = MENTIONS):
        self.lexicon, self._tokenizer = lexicon, tokenizer
        # Of the sentences only the vetted terms are needed.
        nothing = ClinicalDictionary({})
        alone = tokenizer.compile_lexicon(tokenizer.compile_dictionary(nothing), nothing)
        self._of_terms = replace(alone, terms=lexicon.terms, has_channel=False)
        lists = (lexicon.dictionary.dictionary, lexicon.terms.terms)
        self._is_listed = lru_cache(maxsize=2**16)(lambda mention: any(mention in terms for terms in lists))
        self._records = 0
        self._terms: defaultdict[tuple[str, str], _Term] = defaultdict(_Term)
        self._mentions = MentionCounter(mentions)
        self._waiting: list[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]] = []
        self._characters = 0

    def add(self, record: Mapping[str, Any], entities: Sequence[Mapping[str, Any]]) -> None:
        """Count a record, with `id` and `text`, and its entities, with `start`, `end`, `type`, `word` and `score`."""
        self._waiting.append((record, entities))
        self._characters += 1 + len(record["text"])
        if self._characters >= _CHUNK_CHARACTERS:
            self._count()

    def write(self, path: str) -> None:
        """Write the report on all that was added, in Markdown: the file is either complete or not there."""
        self._count()
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_text(path, (f"{part}\n" for part in self._parts()))

    def _parts(self) -> Iterator[str]:
        matcher = self.lexicon.terms
        occurrences = sum(row.occurrences for row in self._terms.values())
        taken = sum(row.taken for row in self._terms.values())
        # What was missed most first.
        rows = sorted(self._terms.items(), key=lambda item: (item[1].taken - item[1].occurrences, item[0]))
        missed = [item for item in rows if item[1].taken < item[1].occurrences]
        whole = sorted(rows[len(missed) :], key=lambda item: (-item[1].occurrences, item[0]))
        yield "# Vetted terms\n"
        yield "This report holds text of the records: it is as confidential as they are.\n"
        yield f"- records: {self._records:,}"
        yield (
            f"- vetted terms: {len(matcher.terms):,}, of which {matcher.num_terms:,} can match (1 to {MAX_TERM_LENGTH} "
            f"characters, and no entity by no list) and {len(self._terms):,} occur"
        )
        yield f"- their occurrences: {occurrences:,}, of which {taken:,} were taken for entities of the term's type\n"
        yield "## Not taken\n"
        if missed:
            columns = ("term", "type", "occurrences", "taken", "not taken", "found instead")
            yield markdown_table(columns, (_missed_row(*item) for item in missed))
            for (term, kind), row in missed:
                yield f"### {markdown_cell(term)} ({markdown_cell(kind)})\n"
                yield text_block(row.contexts)
        else:
            yield "None.\n"
        yield "## Always taken\n"
        if whole:
            table = ((*map(markdown_cell, key), row.occurrences) for key, row in whole)
            yield markdown_table(("term", "type", "occurrences"), table)
        else:
            yield "None.\n"
        yield "## Frequent entities that no list has\n"
        yield "Neither the reference lists nor the vetted terms hold them, of whatever type.\n"
        if forgotten := self._mentions.forgotten:
            yield f"Rare ones were forgotten on the way: each may have occurred {forgotten:,} times more.\n"
        ranked = [*self._mentions.items()]
        yield markdown_table(
            ("mention", "type", "occurrences", "records", "mean score"),
            (
                (*map(markdown_cell, key), row.occurrences, row.documents, f"{row.score / row.occurrences:.2f}")
                for key, row in ranked[:MAX_ROWS]
            ),
        )
        if len(ranked) > MAX_ROWS:
            yield f"These are the first {MAX_ROWS} of {len(ranked):,}.\n"

    def _count(self) -> None:
        waiting, self._waiting, self._characters = self._waiting, [], 0
        types_of_stretch: list[defaultdict[tuple[int, int], list[str]]] = [defaultdict(list) for _ in waiting]
        for sentence in self._tokenizer.encode_records((record["text"] for record, _ in waiting), self._of_terms):
            for start, end, kind in sentence.terms:
                types_of_stretch[sentence.record][sentence.start + start, sentence.start + end].append(kind)
        for (record, entities), types_of in zip(waiting, types_of_stretch, strict=True):
            self._records += 1
            self._count_terms(record, sorted((item["start"], item["end"], item["type"]) for item in entities), types_of)
            # Neither list nor term: what is folded by `__contains__` need not be folded here.
            unlisted = (entity for entity in entities if not self._is_listed(entity["word"]))
            self._mentions.add(record["text"], unlisted, document=self._records)

    def _count_terms(
        self, record: Mapping[str, Any], found: Sequence[Entity], types_of: Mapping[tuple[int, int], Sequence[str]]
    ) -> None:
        text = record["text"]
        places = [(start, end, "") for start, end in types_of]
        for (start, end, _), indices in zip(places, overlapping(places, found), strict=True):
            row = self._terms[normalize(text[start:end]), "/".join(types_of[start, end])]
            row.occurrences += 1
            overlap = [found[index] for index in indices]
            if any((start, end, kind) in overlap for kind in types_of[start, end]):
                row.taken += 1
                continue
            row.instead.update([_instead(start, end, entity) for entity in overlap] or ["nothing"])
            if len(row.contexts) < MAX_CONTEXTS:
                marked = [(start, end, "vetted term"), *overlap]
                first, last = min(place[0] for place in marked), max(place[1] for place in marked)
                row.contexts.append(f"{record_name(record)}: {in_context(text, marked, first, last)}")


def _instead(start: int, end: int, entity: Entity) -> str:
    """How an entity that overlaps a term lies to it, and its type: few different words, however many texts."""
    if (start, end) == entity[:2]:
        return entity[2]
    if entity[0] <= start and end <= entity[1]:
        return f"longer {entity[2]}"
    if start <= entity[0] and entity[1] <= end:
        return f"shorter {entity[2]}"
    return f"overlapping {entity[2]}"


def _missed_row(key: tuple[str, str], row: _Term) -> tuple[Any, ...]:
    instead = ", ".join(f"{what} ({number})" for what, number in row.instead.most_common())
    return (*map(markdown_cell, key), row.occurrences, row.taken, row.occurrences - row.taken, markdown_cell(instead))
