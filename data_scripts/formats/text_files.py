"""Files of text in any encoding, also compressed, read and written piece by piece; errors have file and line."""

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from modeling_dicmt.files import MAX_LINE_BYTES

from ..encodings import HEAD_BYTES, find_encoding
from ..readers.records import CorpusError, at_line

COMPRESSIONS = (".gz", ".bz2", ".xz")

# What Python makes of bytes that the encoding does not have.
_UNDECODABLE = re.compile("[\udc80-\udcff]")
_UNREADABLE = (OSError, EOFError, UnicodeError, zlib.error, lzma.LZMAError)


def plain_name(name: str) -> str:
    """A file's name without the ending of a compression."""
    return Path(name).stem if name.lower().endswith(COMPRESSIONS) else name


@contextmanager
def open_compressed(path: Path, mode: str, name: str | None = None) -> Iterator[BinaryIO]:
    """Open a file, through what its name says about compression.

    Args:
        path: The file.
        mode: "rb" or "wb".
        name: What the file is going to be called, where that is not what it is called.
    """
    with open(path, mode) as raw, _through_compression(raw, mode, name or path.name) as stream:
        yield stream


def _through_compression(raw: BinaryIO, mode: str, name: str) -> BinaryIO:
    if name.lower().endswith(".gz"):
        # Neither time nor name: the same records give the same bytes.
        return gzip.GzipFile("", mode, fileobj=raw, mtime=0)
    if name.lower().endswith(".bz2"):
        return bz2.BZ2File(raw, mode)
    return lzma.LZMAFile(raw, mode) if name.lower().endswith(".xz") else raw


class TextInput(AbstractContextManager):
    """A file of text, read by lines or blocks with its line ends as stored.

    Args:
        path: The file.
        encoding: Its encoding, unless its first bytes show that it is another.
        keeps_mark: Whether the byte order mark of a UTF-8 file is a character of its text.

    Raises:
        CorpusError: Here and by each of its methods, if the file cannot be read or is in another encoding; names file
            and line, and quotes no text.
    """

    def __init__(self, path: Path, encoding: str, *, keeps_mark: bool = False) -> None:
        self.path = path
        self.number = 0
        """Lines that were read so far, by either method."""
        self._stack = ExitStack()
        try:
            self._raw = self._stack.enter_context(open(path, "rb"))
            stream = self._stack.enter_context(_through_compression(self._raw, "rb", path.name))
            head = stream.read(HEAD_BYTES)
            stream.seek(0)
        except _UNREADABLE as error:
            self._stack.close()
            raise self._unreadable(error) from error
        self._encoding = find_encoding(head, encoding)
        if keeps_mark:
            self._encoding = self._encoding.removesuffix("-sig")
        self._file = self._stack.enter_context(
            io.TextIOWrapper(stream, self._encoding, errors="surrogateescape", newline="\n")
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def position(self) -> int:
        """How many bytes of the file, as it lies on the disk, are read; blocks are read ahead."""
        return self._raw.tell()

    def lines(self) -> Iterator[tuple[str, CorpusError | None]]:
        """Lines with their ends, and what is wrong with a line: it is in another encoding, or too long to be whole."""
        while text := self._read(lambda: self._file.readline(MAX_LINE_BYTES + 1)):
            is_whole, error = len(text) <= MAX_LINE_BYTES, self._wrong(text)
            if not is_whole:
                error = CorpusError(
                    f"{at_line(self.path, self.number + 1)}: longer than {MAX_LINE_BYTES >> 20} Mi characters, which "
                    "no record is. Is it a file of this format?"
                )
            self.number += 1
            yield text, error
            while not is_whole and text and not text.endswith("\n"):  # only for who goes on: it may be the whole disk
                text = self._read(lambda: self._file.readline(MAX_LINE_BYTES))

    def block(self, size: int) -> str:
        """At most `size` further characters, "" at the end of the file."""
        text = self._read(lambda: self._file.read(size))
        if error := self._wrong(text):
            raise error
        self.number += text.count("\n")
        return text

    def __iter__(self) -> Iterator[str]:
        for text, error in self.lines():
            if error is not None:
                raise error
            yield text

    def _read(self, read: Callable[[], str]) -> str:
        try:
            return read()
        except _UNREADABLE as error:
            raise self._unreadable(error) from error

    def _wrong(self, text: str) -> CorpusError | None:
        """What to tell of a text that follows the lines that were read, if it is in another encoding."""
        found = None if text.isascii() else _UNDECODABLE.search(text)
        if found is None:
            return None
        line = self.number + 1 + text.count("\n", 0, found.start())
        likely = "gb18030" if self._encoding.startswith("utf") else "utf-8"
        return CorpusError(
            f"{at_line(self.path, line)}: not {self._encoding.removesuffix('-sig').upper()}. The file is damaged, cut "
            f"within a character, or in another encoding, or in several: convert the file, or name its encoding (often "
            f"{likely}) where there is an option for it."
        )

    def _unreadable(self, error: Exception) -> CorpusError:
        """No OSError: whoever writes meanwhile would take it for one of the place that is written to."""
        if isinstance(error, UnicodeError):
            reason = f"it is not {self._encoding.upper()}: name its encoding"
        else:
            reason = getattr(error, "strerror", None) or str(error).rstrip(".") or type(error).__name__
        place = f"{self.path}, after line {self.number}" if self.number else f"{self.path}"
        return CorpusError(f"{place}: cannot be read ({reason}). Restore the file, or leave it out.")


def read_whole(path: Path, encoding: str, *, keeps_mark: bool = False) -> str:
    """All of a file that is one record; see `TextInput`.

    Raises:
        CorpusError: As `TextInput`, or if it is longer than any record.
    """
    with TextInput(path, encoding, keeps_mark=keeps_mark) as file:
        text = file.block(MAX_LINE_BYTES)
        if file.block(1):
            raise CorpusError(f"{path}: longer than {MAX_LINE_BYTES >> 20} Mi characters, which no record is.")
    return text


@contextmanager
def text_output(path: Path, name: str, encoding: str) -> Iterator[Callable[[str], object]]:
    """Open a file to write text; gives the function that does.

    Line ends are written as they are.

    Args:
        path: The file.
        name: What it is going to be called, which says whether it is compressed.
        encoding: Its encoding.

    Raises:
        CorpusError: By the function, if the encoding does not have a character.
    """
    with open_compressed(path, "wb", name) as stream, io.TextIOWrapper(stream, encoding, newline="\n") as file:

        def write(text: str) -> None:
            try:
                file.write(text)
            except UnicodeEncodeError as error:
                character = f"U+{ord(text[error.start]):04X}"
                raise CorpusError(
                    f"{encoding} does not have the character {character}, which a record holds. Write utf-8 or gb18030."
                ) from None

        yield write
