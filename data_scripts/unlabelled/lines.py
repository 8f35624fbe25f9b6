"""The lines of a file in bounded memory, whatever its lines' length; its encoding found out."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from ..encodings import HEAD_BYTES, find_encoding
from ..readers.records import CorpusError, at_line
from .report import ReadingReport
from .sources import Source, unreadable

# Of a file with more lines than this share undecodable, something else is wrong than a damaged place here and there.
_MOST_UNDECODABLE = 0.1
_JUDGED_FROM = 10
# A file with more NULs is binary (in compressed ones each 256th byte is); a stray one costs its line.
_MOST_NULS = 0.001


class Line(NamedTuple):
    """A line, or a piece of one.

    Args:
        number: The line's number, from 1.
        text: Its text without the line's end.
        is_end: Whether the line ends with it; False where it is longer than the limit and goes on.
        is_skipped: Whether it is no text; `text` is then empty.
    """

    number: int
    text: str
    is_end: bool
    is_skipped: bool = False


def read_lines(
    source: Source,
    encoding: str,
    limit: int,
    report: ReadingReport,
    advance: Callable[[int], object] = lambda _: None,
) -> Iterator[Line]:
    """The lines of a file, read as they are consumed; at most `limit` characters are held at a time.

    Lines that are no text (bytes that the encoding does not have, NUL) are skipped and counted; so is a binary file
    that was found in a folder.

    Args:
        source: The file.
        encoding: Its encoding, where it is not UTF-8 and does not begin with a byte order mark.
        limit: Characters of a line beyond which it comes in pieces.
        report: Takes what is skipped.
        advance: Called with the number of bytes read since the last call.

    Raises:
        CorpusError: If the file cannot be read, was named and is binary, or has many undecodable lines; names file and
            line.
    """
    try:
        with open(source.path, "rb") as raw:
            yield from _read(source, raw, encoding, limit, report, advance)
    except OSError as error:  # of opening and closing
        raise unreadable(source, error) from error


def _read(
    source: Source,
    raw: BinaryIO,
    encoding: str,
    limit: int,
    report: ReadingReport,
    advance: Callable[[int], object],
) -> Iterator[Line]:
    stream = gzip.GzipFile(fileobj=raw) if source.is_gzip else raw
    number = undecodable = first = position = 0
    try:
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(source, error) from error
    encoding = find_encoding(head, encoding)
    if head.count(0) > _MOST_NULS * len(head) and "\n".encode(encoding) == b"\n":
        if source.is_named:
            raise CorpusError(f"{source.path}: a binary file (it has NUL bytes), not text. Leave it out or convert it.")
        report.exclude("binary file, skipped", source.name)
        return
    report.files += 1
    is_start = True
    # What cannot be decoded becomes lone surrogates, by which a line is recognised.
    with io.TextIOWrapper(stream, encoding, errors="surrogateescape") as file:
        while True:
            try:
                text = file.readline(limit)
            except (OSError, EOFError, UnicodeError, zlib.error) as error:
                raise unreadable(source, error, number) from error
            if not text:
                break
            is_end = text.endswith("\n") or len(text) < limit
            number += is_start
            is_start = is_end
            advance(raw.tell() - position)
            position = raw.tell()
            is_text = _is_decoded(text)
            if not is_text:
                undecodable, first = undecodable + 1, first or number
                report.exclude("line that is damaged or in another encoding, skipped", f"{source.name}, line {number}")
                if undecodable >= _JUDGED_FROM:
                    _check_undecodable(source, encoding, first, undecodable, number)
            yield Line(number, text.removesuffix("\n") if is_text else "", is_end, not is_text)
    if not is_start:
        yield Line(number, "", True)
    _check_undecodable(source, encoding, first, undecodable, number)


def _is_decoded(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _check_undecodable(source: Source, encoding: str, first: int, undecodable: int, lines: int) -> None:
    if undecodable > _MOST_UNDECODABLE * lines:
        raise CorpusError(
            f"{at_line(source.path, first)}: not {encoding} ({undecodable:,} of the first {lines:,} lines are not). "
            "The file is damaged or in another encoding: name that by --encoding (gb18030 is frequent), of unlabelled "
            "records by --unlabelled_encoding, convert the file, or leave it out."
        )
