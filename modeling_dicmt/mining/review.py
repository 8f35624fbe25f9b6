"""The table of candidates that a person reviews: written for spreadsheets, and read as these leave it."""

import codecs
import csv
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from ..dictionary_files import is_list_name, why_unusable
from ..evaluation.report import visible
from ..files import write_text
from ..normalization import normalize
from .candidates import Candidate

CONTEXTS = 3
COLUMNS = (
    "accept",
    "term",
    "type",
    "probability",
    "occurrences",
    "documents",
    "value",
    "other_types",
    "group",
    "near",
    "difference",
    "near_lists",
    *(f"context_{number}" for number in range(1, CONTEXTS + 1)),
)
_NEEDED = COLUMNS[:3]

YES = ("x", "yes", "y", "true", "1", "1.0", "是", "√", "✓", "✔")
NO = ("", "no", "n", "false", "0", "0.0", "否", "-", "×", "✗", "✘")

# What a spreadsheet would compute or take for a number or a date. Some read the full-width signs likewise.
_COMPUTED = re.compile(r"\s*(?:[=+\-@＝＋－＠]|[\d\s.,:/%eE+\-年月日时分]+$|(?:true|false)$)", re.IGNORECASE)
_GUARD = "'"


class Accepted(NamedTuple):
    """A row that was accepted.

    Args:
        term: The term, folded.
        type: Its entity type.
        line: Line of the file.
    """

    term: str
    type: str
    line: int


def write_review(path: str | os.PathLike, candidates: Iterable[Candidate]) -> None:
    """Write candidates as a table with tabs, UTF-8 with the mark that Excel needs, complete or not at all.

    No cell is a formula, and none of text a number or a date: such cells begin with `'`.
    """
    write_text(path, _lines(candidates))


def _lines(candidates: Iterable[Candidate]) -> Iterator[str]:
    yield "\ufeff" + _line(COLUMNS)
    for candidate in candidates:
        others = ", ".join(f"{name} ({number})" for name, number in candidate.other_types.items())
        texts = [*candidate.contexts[:CONTEXTS], *[""] * (CONTEXTS - len(candidate.contexts))]
        yield _line(
            (
                "",
                guard(candidate.term),
                _plain(candidate.type),
                f"{candidate.probability:.3f}",
                candidate.occurrences,
                candidate.documents,
                f"{candidate.value:.2f}",
                _plain(others),
                candidate.group,
                guard(candidate.near),
                guard(candidate.difference),
                guard(", ".join(candidate.near_lists)),
                *map(_plain, texts),
            )
        )


def _line(cells: Sequence[object]) -> str:
    quoted = (f'"{text.replace(chr(34), chr(34) * 2)}"' if '"' in text else text for text in map(str, cells))
    return "\t".join(quoted) + "\r\n"


def guard(text: str) -> str:
    """A text as a cell that stays what it is: no formula, number or date."""
    return _GUARD + text if _COMPUTED.match(text.lstrip(_GUARD)) else text


def _plain(text: str) -> str:
    """The same of any text, in one line without control characters."""
    return guard(" ".join(visible(text).split()))


def unguard(cell: str) -> str:
    """The text of a cell, whether or not the spreadsheet kept what guards it."""
    cell = cell.strip()
    return cell[1:] if cell.startswith(_GUARD) and _COMPUTED.match(cell.lstrip(_GUARD)) else cell


def read_accepted(
    path: str | os.PathLike, types: Collection[str] = (), closed: bool = False
) -> tuple[list[Accepted], set[str]]:
    """Read the rows that were accepted, in the file's order, and all types that may be named.

    Args:
        path: What `write_review` wrote and a spreadsheet saved: with tabs, commas or semicolons, in UTF-8, UTF-16 or
            GB18030, with further columns or without those that only inform.
        types: Entity types that may be named besides those of the table.
        closed: Whether only `types` may be named.

    Raises:
        ValueError: If it is no such table, or a row is neither accepted nor not, or cannot become a term. Names file
            and line, and quotes no term.
    """
    rows = list(_read_rows(Path(path)))
    known = {*types} if closed else {*types, *(kind for _, row in rows if (kind := unguard(row["type"])))}
    by_name = {kind.casefold(): kind for kind in sorted(known)}
    accepted = []
    for line, row in rows:
        where, answer = f"{path}, line {line}", unguard(row["accept"])
        if normalize(answer) in NO:
            continue
        named = unguard(row["type"]) if normalize(answer) in YES else answer
        if named.casefold() not in by_name:
            raise ValueError(f"{where}: {_wrong_type(named, by_name, normalize(answer) in YES)}")
        kind = named if named in known else by_name[named.casefold()]
        term = normalize(unguard(row["term"])).strip()
        if reason := why_unusable(term):
            raise ValueError(f"{where}: it is accepted, but {reason}.")
        if not is_list_name(kind):
            raise ValueError(
                f"{where}: its type cannot name a list: no commas, blanks at its ends, control characters."
            )
        accepted.append(Accepted(term, kind, line))
    return accepted, known


def _wrong_type(named: str, by_name: Mapping[str, str], is_of_column: bool) -> str:
    alike = get_close_matches(named.casefold(), by_name, n=1)
    hint = f" Did you mean {by_name[alike[0]]}?" if alike else ""
    types = ", ".join(sorted(by_name.values())) or "none"
    if is_of_column:
        return f"it is accepted, but its type is none of {types}.{hint} Correct it, or name it by --label_set."
    return (
        f"accept says neither yes ({', '.join(YES[:3])}, 1, 是) nor no (empty, no, 0, 否), nor a type of {types}.{hint}"
        " Name other types by --label_set."
    )


def _read_rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    text = _decode(path)
    first = text.partition("\n")[0]
    delimiter = max("\t;,", key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    begin = 1
    try:
        for cells in reader:
            line, begin = begin, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = [cell.strip() for cell in cells]
                _check_header(header, f"{path}, line {line}")
                continue
            if any(cell.strip() for cell in cells[len(header) :]):
                raise ValueError(f"{path}, line {line}: {len(cells)} cells, but there are {len(header)} columns.")
            yield line, dict.fromkeys(_NEEDED, "") | dict(zip(header, cells, strict=False))
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: not a table that a spreadsheet saves ({error}).") from None
    if not header:
        raise ValueError(f"{path} is empty: give the table that `terms mine` wrote.")


def _check_header(header: Sequence[str], where: str) -> None:
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise ValueError(
            f"{where}: there is no column {', '.join(missing)}. The first line names the columns, as `terms mine` "
            "wrote them; save as text with tabs, commas or semicolons."
        )
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise ValueError(f"{where}: the column {', '.join(twice)} is there twice.")


def _decode(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith(b"PK\3\4"):
        raise ValueError(f"{path} is a workbook (.xlsx, .ods): save it as text with tabs, or as CSV.")
    encodings = ["utf-8-sig", "gb18030"]  # which spreadsheets in China save
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError(f"{path} is neither UTF-8 nor UTF-16 nor GB18030: it is damaged. Save it as UTF-8.")
