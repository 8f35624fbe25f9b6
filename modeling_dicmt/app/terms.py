"""Terms as visitors write them: a type and its terms a line, or a term and its type as a table has them."""

import re
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from ..dictionary import ClinicalDictionary
from ..dictionary_files import DictionaryError, RejectedRow, why_unusable
from ..normalization import normalize
from ..vetted_terms import ANY_TYPE, MAX_TERM_LENGTH
from .errors import VisitorError

# What parts a type from its terms, and terms from each other. A comma may be part of a drug's name.
_COLON = re.compile("[:：]")
_BETWEEN = re.compile("[、;；]")
_MARKS = re.compile("[:：、;；]")
# Of a name in a message so many characters are shown.
_SHOWN = 40

TypesOfName = Callable[[str], tuple[str, ...]]


def parse_terms(
    text: str, types_of_name: TypesOfName, types: tuple[str, ...], most: int, any_type: bool = False
) -> ClinicalDictionary | None:
    """The terms of a text: lines `type：term、term` or `term⇥type`.

    Args:
        text: What the visitor wrote.
        types_of_name: The entity types that a name stands for, none if it is the name of none.
        types: The network's entity types, for messages.
        most: How many terms there may be.
        any_type: Whether a line without a type is a term of any type, as what is no entity may be.

    Returns:
        The terms, None if there are none.

    Raises:
        VisitorError: If a line has no type or an unknown one, a term can never match, or there are too many.
    """
    lists_of_term: dict[str, set[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, terms = _parts(line, any_type, number)
        if name != ANY_TYPE and not types_of_name(name):
            raise VisitorError("unknown type", line=number, name=name[:_SHOWN], types="、".join(types))
        for raw in terms:
            term = normalize(raw).strip()
            if not term:
                continue
            if len(term) > MAX_TERM_LENGTH or why_unusable(term):
                raise VisitorError("unusable term", line=number, most=MAX_TERM_LENGTH)
            lists_of_term.setdefault(term, set()).add(name)
        if len(lists_of_term) > most:
            raise VisitorError("too many terms", most=f"{most:,}")
    return ClinicalDictionary(lists_of_term) if lists_of_term else None


def _parts(line: str, any_type: bool, number: int) -> tuple[str, list[str]]:
    """The type of a line and its terms."""
    term, tab, rest = line.partition("\t")
    if tab:
        return rest.partition("\t")[0].strip() or ANY_TYPE, [term]
    if colon := _COLON.search(line):
        return line[: colon.start()].strip(), _BETWEEN.split(line[colon.end() :])
    if not any_type:
        raise VisitorError("line without type", line=number)
    return ANY_TYPE, _BETWEEN.split(line)


def read_terms_file(
    path: Path, types_of_name: TypesOfName, any_type: bool = False
) -> tuple[str, tuple[RejectedRow, ...]]:
    """A file of terms in any form of a dictionary, as lines of the form above, for the visitor to see and to change.

    Args:
        path: The file; its name is that of its list, where it is no table.
        types_of_name: See `parse_terms`.
        any_type: Whether the terms of a list with the name of no type are of any type.

    Returns:
        The lines, and the rows that can be no term.

    Raises:
        VisitorError: If it cannot be read.
    """
    for encoding in ("utf-8", "gb18030"):
        try:
            dictionary = ClinicalDictionary.from_path(path, encoding)
        except DictionaryError as error:
            if isinstance(error.__cause__, UnicodeError):
                continue
            reason = str(error).replace(str(path), path.name)
            raise VisitorError("file cannot be read", reason=reason) from None
        return _as_lines(dictionary, types_of_name, any_type), dictionary.rejected
    raise VisitorError("unknown encoding")


def _as_lines(dictionary: ClinicalDictionary, types_of_name: TypesOfName, any_type: bool) -> str:
    rows = sorted((name, term) for term, names in dictionary.items() for name in names)
    lines: list[str] = []
    for name, of_list in groupby(rows, key=lambda row: row[0]):
        terms = [term for _, term in of_list]
        if any_type and not types_of_name(name):
            lines += [f"{term}\t{ANY_TYPE}" if _MARKS.search(term) else term for term in terms]
            continue
        simple = [] if _COLON.search(name) else [term for term in terms if not _BETWEEN.search(term)]
        lines += [f"{name}：{'、'.join(simple)}"] if simple else []
        lines += [f"{term}\t{name}" for term in terms if not simple or _BETWEEN.search(term)]
    return "\n".join(lines)
