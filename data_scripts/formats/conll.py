"""CoNLL/BIO files: a line `character⇥tag` (or with a blank between them), a blank line after each sentence.

`-DOCSTART-` lines begin documents, each of which is then a record, its sentences its lines; in a file without them each
sentence is a record, its text the tokens without anything between them (a token may be more than a character). Read are
BIO, IOB1, BIOES and BMES tags alike: an I- (M-, E-) tag that continues nothing starts an entity, as conlleval reads it.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..readers.records import Annotation, CorpusError, at_line
from .format import Format, FoundRecord, LazyRecord, Losses, RecordFile, Write
from .options import FormatOptions
from .text_files import TextInput, text_output

_DOCUMENT_START = "-DOCSTART-"
_CONTINUES = "IME"
_STARTS = "BS"
_LINE_END = re.compile(r"\r\n|\r|\n")


class CoNLL(Format):
    """A record is written as a document with a character a line, a blank line in place of each of its line ends."""

    name = "conll"
    title = "`character⇥tag` a line, a blank line after each sentence, -DOCSTART- before each record of several"
    suffixes = (".conll", ".bio", ".bioes", ".bmes", ".iob")
    carries = frozenset({"entities"})
    limits = "which line ends a text has, empty lines, and entities across line ends"

    def read(self, file: RecordFile, options: FormatOptions, losses: Losses) -> Iterator[LazyRecord]:
        path = file.path
        document, in_documents = _Document(path), False
        with TextInput(path, options.encoding) as lines:
            for line, error in lines.lines():
                if line.startswith(_DOCUMENT_START):
                    if document.number:
                        yield document.read_until(lines.position)
                    document, in_documents = _Document(path, lines.number), True
                elif error is not None or line.strip():
                    document.add_line(line.removesuffix("\n").removesuffix("\r"), lines.number, error)
                elif line.endswith("\n"):  # nothing ends with what follows the last line end
                    document.end_sentence()
                    if not in_documents and document.number:
                        yield document.read_until(lines.position)
                        document = _Document(path)
            document.end_file()
            if document.number:
                yield document.read_until(lines.position)

    @contextmanager
    def open(self, path: Path, name: str, options: FormatOptions, losses: Losses) -> Iterator[Write]:
        with text_output(path, name, options.encoding) as write_text:

            def write(record: dict) -> None:
                write_text(f"{_DOCUMENT_START}\tO\n\n")
                text = record["text"]
                tags = _tags(text, record.get("entities", ()), options.scheme, losses)
                start, written = 0, []
                for end, following in [(m.start(), m.end()) for m in _LINE_END.finditer(text)] + [(len(text), 0)]:
                    if start < end:
                        write_text("".join(f"{text[i]}\t{tags[i]}\n" for i in range(start, end)) + "\n")
                        written.append(text[start:end])
                    start = following
                losses["texts whose line ends became single ones, empty lines left out"] += text != "\n".join(written)

            yield write


class _Document:
    """The text and entities of a record that is being read.

    Args:
        path: The file.
        number: The line on which it begins; 0 for that of its first token.
    """

    def __init__(self, path: Path, number: int = 0) -> None:
        self._path = path
        self.number = number
        self.last = 0
        """The line of its last token."""
        self.previous = "O"
        """The tag of the last token of the sentence."""
        self._pieces: list[str] = []
        self._annotations: list[Annotation] = []
        self._position = 0
        self._is_start = False
        self._error: CorpusError | None = None

    def add_line(self, line: str, number: int, error: CorpusError | None) -> None:
        """Take the next line; what is wrong with the first wrong one is raised where the record is asked for."""
        self.number = self.number or number
        if self._error is None:
            try:
                if error is not None:
                    raise error
                self.add(*_read_line(line, self._path, number))
            except CorpusError as wrong:
                self._error = wrong

    def end_file(self) -> None:
        if self.previous != "O" and self._error is None:
            self._error = CorpusError(
                f"{at_line(self._path, self.last)}: the file ends within an entity. It may be cut: restore it, or, if "
                "it is whole, end it with a blank line, as every sentence."
            )

    def end_sentence(self) -> None:
        self.previous = "O"
        self._is_start = bool(self._pieces)

    def add(self, token: str, tag: str, number: int) -> None:
        if self._is_start:
            self._pieces.append("\n")
            self._position += 1
            self._is_start = False
        end = self._position + len(token)
        if tag != "O":
            place = at_line(self._path, number)
            if tag[0] in _CONTINUES and self.previous[1:] == tag[1:] and self.previous[0] not in "ES":
                first = self._annotations[-1]
                self._annotations[-1] = Annotation(first.start, end, tag[2:], first.place)
            else:
                self._annotations.append(Annotation(self._position, end, tag[2:], place))
        self._pieces.append(token)
        self._position, self.previous, self.last = end, tag, number

    def read_until(self, position: int) -> LazyRecord:
        return LazyRecord(self.number, self._record, position)

    def _record(self) -> FoundRecord:
        if self._error is not None:
            raise self._error
        place = at_line(self._path, self.number)
        return FoundRecord(place, self.number, "".join(self._pieces), self._annotations)


def _read_line(line: str, path: Path, number: int) -> tuple[str, str, int]:
    token, _, tag = line.rpartition("\t") if "\t" in line else line.rpartition(" ")
    prefix, _, entity_type = tag.partition("-")
    is_token = len(token) == 1 or (token and not any(character.isspace() for character in token))
    is_tag = tag == "O" or (prefix in (*_STARTS, *_CONTINUES) and entity_type not in ("", "O"))
    if not is_token or not is_tag:
        raise CorpusError(
            f"{at_line(path, number)}: malformed line; expected a character, a tab or blank, and a tag: "
            "O, B-TYPE or I-TYPE (also M-, E-, S-). Correct the line; if it is the last one, the file may be cut."
        )
    return token, tag, number


def _tags(text: str, entities: Sequence[dict], scheme: str, losses: Losses) -> list[str]:
    """A tag for each character; entities do not overlap."""
    tags = ["O"] * len(text)
    ends = {}
    for entity in entities:
        start, end, name = entity["start"], entity["end"], entity["type"]
        if _LINE_END.search(name) or "\t" in name:
            raise CorpusError("an entity type with a tab or line end cannot be a tag. Rename the type.")
        if _LINE_END.search(text, start, end):
            losses["entities across line ends, left out"] += 1
            continue
        first, last, alone = {"BIO": "BIB", "BIOES": "BES", "BMES": "BES", "IOB1": "III"}[scheme]
        inner = "M" if scheme == "BMES" else "I"
        if scheme == "IOB1" and ends.get(start) == name:
            first = alone = "B"
        prefixes = alone if end - start == 1 else first + inner * (end - start - 2) + last
        tags[start:end] = [f"{prefix}-{name}" for prefix in prefixes]
        ends[end] = name
    return tags
