"""The mentions of a stream of records by type, counted in memory that does not grow with the records."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..normalization import normalize
from .report import in_context

# Distinct mentions that are counted at least: whenever there are twice as many, the rarest of them are forgotten.
MENTIONS = 50_000


@dataclass
class Mention:
    """What was counted of a mention as one type.

    Args:
        word: As the first record has it; another one may have other widths and capitals.
        occurrences: How often it was found.
        documents: In how many documents; of one document all is added in succession.
        score: Sum of its scores.
        contexts: The first places that look different, of a document each.
    """

    word: str
    occurrences: int = 0
    documents: int = 0
    score: float = 0.0
    contexts: list[str] = field(default_factory=list)
    last_document: object = None


class MentionCounter:
    """Counts mentions by text (folded as terms are) and type.

    Args:
        most: See `MENTIONS`.
        contexts: Contexts that are kept of each mention.

    Attributes:
        forgotten: How often, at most, a mention occurred beyond what was counted of it.
    """

    def __init__(self, most: int = MENTIONS, contexts: int = 0):
        self.forgotten = 0
        self._most, self._contexts = most, contexts
        self._mentions: dict[tuple[str, str], Mention] = {}

    def __len__(self) -> int:
        return len(self._mentions)

    def items(self) -> Iterator[tuple[tuple[str, str], Mention]]:
        """Mentions by (folded text, type), the most frequent first."""
        return iter(sorted(self._mentions.items(), key=lambda item: (-item[1].occurrences, item[0])))

    def add(self, text: str, entities: Iterable[Mapping[str, Any]], document: object) -> None:
        """Count a record's entities, with `start`, `end`, `type`, `word` and `score`.

        Args:
            text: The record's text.
            entities: Its entities, or some of them.
            document: What tells its document from the one before: records of one patient may be one.
        """
        for entity in entities:
            key = normalize(entity["word"]).strip(), entity["type"]
            mention = self._mentions.get(key)
            if mention is None:
                mention = self._mentions[key] = Mention(entity["word"].strip())
            mention.occurrences += 1
            mention.score += entity["score"]
            if mention.documents == 0 or mention.last_document != document:
                mention.documents += 1
                mention.last_document = document
                if len(mention.contexts) < self._contexts:
                    place = entity["start"], entity["end"], entity["type"]
                    context = in_context(text, [place], *place[:2])
                    if context not in mention.contexts:
                        mention.contexts.append(context)
        if len(self._mentions) > 2 * self._most:
            ranked = sorted(self._mentions.items(), key=lambda item: -item[1].occurrences)
            self.forgotten += ranked[self._most][1].occurrences
            self._mentions = dict(ranked[: self._most])
