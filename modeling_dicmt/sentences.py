"""Record → sentences: the one place where a record's text is split, and where a sentence that is too long is cut.

A record is labelled sentence by sentence (the paper's sentences end at 。 and have at most 250 characters). Splitting
loses nothing: sentences, and the pieces of a sentence, lie end to end and cover the text, so a character's place in the
record is always its place in the sentence plus the sentence's start.
"""

import re
from typing import NamedTuple

MAX_SENTENCE_LENGTH = 250

# The line ends are Unicode's mandatory breaks (UAX #14): LF, VT, FF, CR, NEL, LS, PS.
_SENTENCE_ENDS = "。\n\v\f\r\x85\u2028\u2029"
# A run of ends (。\r\n, blank lines) closes one sentence. Only the ends at a text's very beginning have none to close.
_SENTENCE = re.compile(f"[^{_SENTENCE_ENDS}]+[{_SENTENCE_ENDS}]*|[{_SENTENCE_ENDS}]+")
_UP_TO_LAST_MARK = re.compile(rf".*[{_SENTENCE_ENDS}；;，,、：:！!？?\s]", re.DOTALL)


class Sentence(NamedTuple):
    """A stretch of a record's text.

    Args:
        start: Offset of its first character in the record's text.
        end: Offset after its last character.
    """

    start: int
    end: int


def split_sentences(text: str) -> list[Sentence]:
    """Split a record's text after each run of 。 and line ends; the marks stay with the sentence that they end.

    Args:
        text: The record's text, of any length.

    Returns:
        The sentences in order. They partition the text: the first starts at 0, each next one where the previous one
        ends, the last ends at `len(text)`. An empty text has no sentence.
    """
    return [Sentence(*match.span()) for match in _SENTENCE.finditer(text)]


def cut_sentence(text: str, sentence: Sentence, max_length: int = MAX_SENTENCE_LENGTH) -> list[Sentence]:
    """Cut a sentence into pieces of at most `max_length` characters.

    A piece ends after the last mark (；，、：！？, their half-width forms, any blank) within the limit, or at the limit
    where there is none. A sentence within the limit is its own only piece.

    Args:
        text: The record's text.
        sentence: The sentence, in offsets of `text`.
        max_length: The most characters a piece may have, at least 1.

    Returns:
        The pieces in order; they partition the sentence.

    Raises:
        ValueError: If `max_length` is below 1.
    """
    if max_length < 1:
        raise ValueError(f"max_length must be at least 1, got {max_length}.")
    pieces = []
    start, end = sentence
    while end - start > max_length:
        limit = start + max_length
        reach = _UP_TO_LAST_MARK.match(text, start, limit)
        piece = Sentence(start, reach.end() if reach else limit)
        pieces.append(piece)
        start = piece.end
    if start < end:
        pieces.append(Sentence(start, end))
    return pieces
