"""A stream of texts in chunks that are worked on together, so that the memory needed does not grow with the stream."""

from collections.abc import Iterable, Iterator
from itertools import islice, tee
from typing import Any


def text_chunks(texts: Iterable[str], max_characters: int, max_texts: int | None = None) -> Iterator[list[str]]:
    """Texts in their order, in lists that end with the text that reaches a limit.

    Args:
        texts: The texts, read as the chunks are consumed.
        max_characters: Characters of a chunk; its last text may go beyond.
        max_texts: Texts of a chunk; None for any number.
    """
    chunk: list[str] = []
    characters = 0
    for text in texts:
        chunk.append(text)
        characters += len(text)
        if characters >= max_characters or len(chunk) == max_texts:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def record_chunks(
    records: Iterable[dict[str, Any]], max_characters: int, max_records: int | None = None
) -> Iterator[list[dict[str, Any]]]:
    """Records in lists as `text_chunks` has their texts; what has no text counts as an empty one."""
    records, again = tee(records)  # the second is at most a chunk behind
    for texts in text_chunks((record.get("text", "") for record in again), max_characters, max_records):
        yield list(islice(records, len(texts)))
