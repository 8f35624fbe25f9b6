"""BRAT standoff: a text as NAME.txt, its annotations as NAME.ann, a line `T1⇥Type start end⇥mention` each.

Offsets count characters of the text as stored, ends exclusive. An annotation may be of several pieces, `start end;start
end`; brat itself makes one of what goes over a line end, so that is how it is written here, too.
"""

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path

from ..readers.records import Annotation, CorpusError, at_line, check_range
from ..readers.values import entity_type
from .file_names import FileNames
from .format import Format, FoundRecord, LazyRecord, Losses, RecordFile, Write
from .options import FormatOptions
from .text_files import TextInput, plain_name, read_whole, text_output

_TEXT_BOUND = re.compile(
    r"T\S*\t(?P<type>\S+) (?P<pieces>[0-9]{1,9} [0-9]{1,9}(?:;[0-9]{1,9} [0-9]{1,9})*)\t(?P<mention>.*)", re.DOTALL
)
_OTHERS = {"R": "relations", "*": "relations", "E": "events", "A": "attributes", "M": "attributes"}
_OTHERS |= {"N": "normalizations", "#": "notes"}
_BLANK = re.compile(r"\s")
_LINE = re.compile(r"[^\r\n]+")


def annotation_file(path: Path) -> Path:
    """The file with the annotations of a text."""
    return path.with_name(plain_name(path.name)[: -len(".txt")] + ".ann")


class Brat(Format):
    """Relations, events, attributes, normalizations, notes are counted as lost. A text without .ann is bare."""

    name = "brat"
    title = "a folder with NAME.txt and NAME.ann (standoff) a record, at any depth"
    suffixes = (".txt", ".ann")
    is_folder = True
    carries = frozenset({"ids", "entities", "nested entities", "records not annotated"})
    annotated_by = "its .ann file"
    limits = "line ends at an entity's edge, blanks in the names of types"

    def read(self, file: RecordFile, options: FormatOptions, losses: Losses) -> Iterator[LazyRecord]:
        record_id = file.name.removesuffix(".txt")
        get = partial(_record, file.path, record_id, options, losses)
        yield LazyRecord(1, get, file.size(), lambda: record_id)

    @contextmanager
    def open(self, path: Path, name: str, options: FormatOptions, losses: Losses) -> Iterator[Write]:
        path.mkdir()
        names = FileNames(losses)
        # A byte order mark would count as a character.
        encoding = "utf-8" if codecs.lookup(options.encoding).name == "utf-8-sig" else options.encoding

        def write(record: dict) -> None:
            stem, text = names.stem(record.get("id", "").removesuffix(".txt")), record["text"]
            (path / stem).parent.mkdir(parents=True, exist_ok=True)
            lines = [line for entity in record.get("entities", ()) if (line := _line(entity, text, losses))]
            with text_output(path / f"{stem}.txt", f"{stem}.txt", encoding) as write_text:
                write_text(text)
            if "entities" in record:
                with text_output(path / f"{stem}.ann", f"{stem}.ann", encoding) as write_text:
                    write_text("".join(f"T{number}\t{line}\n" for number, line in enumerate(lines, start=1)))

        yield write


def _record(text_path: Path, record_id: str, options: FormatOptions, losses: Losses) -> FoundRecord:
    text = read_whole(text_path, options.encoding, keeps_mark=True)  # which brat counts as a character
    path, found = annotation_file(text_path), None
    if options.annotated and path.exists():
        found = []
        with TextInput(path, options.encoding) as lines:
            for line in lines:
                line = line.removesuffix("\n").removesuffix("\r")
                if line.startswith("T"):
                    found += _read_line(line, text, at_line(path, lines.number), options)
                elif line and line[0] in _OTHERS:
                    losses[f"{_OTHERS[line[0]]} of brat, left out"] += 1
                elif line.strip():
                    raise CorpusError(
                        f"{at_line(path, lines.number)}: no annotation of brat; a line begins with T, R, E, A, M, "
                        "N, # or *. Correct it; if it is the last one, the file may be cut."
                    )
    return FoundRecord(str(text_path), 1, text, found, id=record_id)


def _read_line(line: str, text: str, place: str, options: FormatOptions) -> list[Annotation]:
    match = _TEXT_BOUND.fullmatch(line)
    if match is None:
        raise CorpusError(
            f"{place}: malformed; expected T1, a tab, TYPE START END (or START END;START END), a tab and the mention. "
            "Correct the line; if it is the last one, the file may be cut."
        )
    label = entity_type(match["type"], place)
    pieces = [tuple(map(int, piece.split(" "))) for piece in match["pieces"].split(";")]
    for start, end in pieces:
        check_range(start, end, len(text), place)
    if any(end > start for (_, end), (start, _) in pairwise(pieces)):
        raise CorpusError(f"{place}: the pieces of the annotation are not in their order. Correct the line.")
    mention = " ".join(text[start:end] for start, end in pieces)
    if _BLANK.sub(" ", mention) != _BLANK.sub(" ", match["mention"]):
        raise CorpusError(
            f"{place}: the text at {match['pieces']} is not the mention. " + _hint(text, match["mention"], pieces)
        )
    if options.discontinuous == "outermost":
        pieces = [(pieces[0][0], pieces[-1][1])]
    return [Annotation(start, end, label, place) for start, end in pieces]


def _hint(text: str, mention: str, pieces: list[tuple[int, ...]]) -> str:
    start = pieces[0][0]
    before = text.count("\r\n", 0, start + text.count("\r\n"))
    moved = [text[first + before : last + before] for first, last in pieces]
    if before and " ".join(moved) == mention:
        return "It would be if \\r\\n counted as one: give the text the line ends it was annotated with (\\n)."
    at = text.find(mention, max(0, start - 100))
    if mention and at >= 0:
        return f"The mention stands at {at}: correct the offsets, or restore the text as it was annotated."
    return "Is the text cut, changed, or of another record? Restore it."


def _line(entity: dict, text: str, losses: Losses) -> str:
    start, end, name = entity["start"], entity["end"], entity["type"]
    if _BLANK.search(name):
        raise CorpusError("brat takes no blank in the name of an entity type. Rename the type.")
    pieces = [(match.start(), match.end()) for match in _LINE.finditer(text, start, end)]
    if not pieces:
        losses["entities of line ends alone, left out"] += 1
        return ""
    losses["entities with a line end at their edge, which is cut off"] += (pieces[0][0], pieces[-1][1]) != (start, end)
    places = ";".join(f"{first} {last}" for first, last in pieces)
    return f"{name} {places}\t" + _BLANK.sub(" ", " ".join(text[first:last] for first, last in pieces))
