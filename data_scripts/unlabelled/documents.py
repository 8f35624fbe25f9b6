"""Files → documents: lines put together, broken ones repaired, what is too long cut, sections chosen."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from modeling_dicmt.files import parse_json
from modeling_dicmt.sentences import Sentence, cut_sentence

from ..readers.records import CorpusError, at_line, replace_surrogates
from .lines import Line, read_lines
from .report import ReadingReport
from .sections import SectionFilter
from .sources import Source

MAX_DOCUMENT_CHARACTERS = 1_000_000
"""What is longer is cut, after a mark where there is one, into documents that are held out each for itself."""
MAX_JSON_CHARACTERS = 16 * MAX_DOCUMENT_CHARACTERS

Transformation = Callable[[str], str]
"""Changes the text of a document, say takes names out; it must give the same for the same text."""

_SENTENCE_END = re.compile("[。！？；：!?;:.][”’」』）)\"'\\]】]*$")
# 现病史：…, 【诊断】, 一、…, （1）…, 1. …, 1、…, but not 1.5
_HEADING = re.compile(
    r"[【\[]|[（(]?[0-9一二三四五六七八九十]{1,3}(?:[）)、]|[.．](?![0-9]))|[\u3400-\u9fff]{2,8}\s?[：:]"
)


class Document(NamedTuple):
    """A text as it is read, and where it is.

    Args:
        text: The text, transformed; of the chosen sections.
        place: Its file and line, for messages.
    """

    text: str
    place: str


def read_documents(
    sources: Iterable[Source],
    report: ReadingReport,
    *,
    documents: str = "line",
    sections: Sequence[str] | None = None,
    encoding: str = "utf-8",
    transformation: Transformation | None = None,
    advance: Callable[[int], object] = lambda _: None,
) -> Iterator[Document]:
    """The documents of files in their order, read as they are consumed.

    A transformation is given each document whole, before sections are chosen: what a record's head tells may have to go
    from all of it.

    Args:
        sources: The files.
        report: Takes what is skipped, cut, empty, or of no chosen section.
        documents: What a document of a .txt file is: "line", "paragraph" or "file". The lines of the latter two are
            joined where they were broken within a sentence.
        sections: The sections that are read; None for whole documents.
        encoding: See `read_lines`.
        transformation: Changes each document's text.
        advance: See `read_lines`.

    Raises:
        CorpusError: If a file cannot be read or is not as it should be, or the transformation fails; names file and
            line.
    """
    chosen = SectionFilter(sections) if sections else None
    for source in sources:
        limit = MAX_JSON_CHARACTERS if source.is_jsonl else MAX_DOCUMENT_CHARACTERS
        lines = read_lines(source, encoding, limit, report, advance)
        if source.is_jsonl:
            found = _records(source, lines, report)
        else:
            pieces = _whole_lines(lines) if documents == "line" else joined_lines(lines, documents == "paragraph")
            found = ((number, text, "") for number, text in _bounded(source, pieces, report))
        for number, text, section in found:
            place = at_line(source.path, number)
            if transformation is not None and text:
                text = _transformed(text, transformation, place)
            if not text.strip():
                report.empty += 1
                continue
            if chosen is not None:
                text = _chosen_sections(text, section, chosen, report)
                if not text.strip():
                    report.without_section += 1
                    continue
            yield Document(text, place)


def joined_lines(lines: Iterable[Line], ends_at_blank: bool) -> Iterator[tuple[int, str | None]]:
    """Lines put together as `_bounded` takes them, those that were broken within a sentence without a line break.

    A line is continued by the next one unless it ends as a sentence does or the next one begins as a heading does.
    Between two letters or digits of Latin script there was a blank.

    Args:
        lines: The lines of a file.
        ends_at_blank: Whether a document ends at a blank line.
    """
    before = ""
    inside = False
    for number, text, is_end, _ in lines:
        if inside:  # the rest of a line that comes in pieces
            yield number, text
        elif text := text.strip():
            yield number, _between(before, text) + text
        elif ends_at_blank:
            yield number, None
            before = ""
        if text:
            before = text
        inside = not is_end
    yield 0, None


def _between(before: str, text: str) -> str:
    if not before:
        return ""
    if _SENTENCE_END.search(before[-10:]) or _HEADING.match(text):
        return "\n"
    return " " if (before[-1] + text[0]).isascii() and before[-1].isalnum() and text[0].isalnum() else ""


def _whole_lines(lines: Iterable[Line]) -> Iterator[tuple[int, str | None]]:
    for number, text, is_end, is_skipped in lines:
        if not is_skipped:
            yield number, text
        if is_end:
            yield number, None
    yield 0, None


def _bounded(
    source: Source, pieces: Iterable[tuple[int, str | None]], report: ReadingReport
) -> Iterator[tuple[int, str]]:
    """Pieces put together to documents, (line where it begins, text), none longer than the limit.

    Args:
        source: Their file.
        pieces: (Line, text), to be put end to end; None in place of a text ends a document.
        report: Takes what is cut.
    """
    held: list[str] = []
    start = length = 0
    is_cut = False
    for number, piece in pieces:
        if piece is None:
            if held:
                yield start, "".join(held)
            held, length, is_cut = [], 0, False
            continue
        if not held:
            start = number
        held.append(piece)
        length += len(piece)
        if length > MAX_DOCUMENT_CHARACTERS:
            if not is_cut:
                _tell_cut(source, start, report)
            is_cut = True
            *whole, rest = _cut("".join(held))
            for text in whole:
                yield start, text
                start = number
            held, length = [rest], len(rest)


def _tell_cut(source: Source, number: int, report: ReadingReport) -> None:
    reason = f"text longer than {MAX_DOCUMENT_CHARACTERS:,} characters, cut into documents of at most that"
    report.exclude(reason, f"{source.name}, line {number}")


def _cut(text: str) -> list[str]:
    pieces = cut_sentence(text, Sentence(0, len(text)), MAX_DOCUMENT_CHARACTERS)
    return [text[start:end] for start, end in pieces]


def _records(source: Source, lines: Iterable[Line], report: ReadingReport) -> Iterator[tuple[int, str, str]]:
    """Line, text and section of a file's JSON objects."""
    for number, line, is_end, _ in lines:
        place = at_line(source.path, number)
        if not is_end:
            raise CorpusError(
                f"{place}: longer than {MAX_JSON_CHARACTERS:,} characters. Expected a JSON object a line; a text as "
                "long as that belongs into a .txt file."
            )
        if not line.strip():
            continue
        record = parse_json(line, place, CorpusError)
        text, section = (replace_surrogates(_field(record, name, place)) for name in ("text", "section"))
        if len(text) > MAX_DOCUMENT_CHARACTERS:
            _tell_cut(source, number, report)
        for piece in _cut(text) or [text]:
            yield number, piece, section


def _field(record: Any, name: str, place: str) -> str:
    value = record.get(name) if isinstance(record, dict) else None
    if isinstance(value, str):
        return value
    if name == "section" and value is None:
        return ""
    kind = 'an object with a string "text"' if name == "text" else 'a string as "section"'
    raise CorpusError(f"{place}: expected {kind}.")


def _transformed(text: str, transformation: Transformation, place: str) -> str:
    try:
        changed = transformation(text)
    except Exception as error:  # its message may quote the text
        raise CorpusError(f"{place}: the transformation of the text failed ({type(error).__name__}).") from error
    if not isinstance(changed, str):
        raise CorpusError(f"{place}: the transformation gave {type(changed).__name__}, not a text.")
    return changed


def _chosen_sections(text: str, section: str, chosen: SectionFilter, report: ReadingReport) -> str:
    if section.strip():
        report.saw_section(section.strip())
        return text if chosen.is_chosen(section) else ""
    headings = chosen.headings(text)
    for name in {name for _, name in headings}:
        report.saw_section(name)
    return chosen.select(text, headings)
