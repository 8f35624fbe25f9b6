"""Accepted terms → the lists that `--terms` and `--dictionary` read; what is in the lists stays as it is."""

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..dictionary import ClinicalDictionary
from ..dictionary_files import LIST_FILE_SUFFIXES, read_text
from ..files import replacing
from .review import Accepted

# No file of one of the systems that lists are copied between.
_NO_FILE_NAME = re.compile(r'[/\\:*?"<>|]|^\.|\.$')


@dataclass
class Merge:
    """What became of accepted rows.

    Args:
        added: New terms of each list, in the order of the rows.
        known: Rows whose term a list of the type has already, or an earlier row.
        conflicts: Rows whose term is also accepted as another type, or is in a list of one; they are not added.
    """

    added: dict[str, list[str]] = field(default_factory=dict)
    known: list[Accepted] = field(default_factory=list)
    conflicts: list[tuple[Accepted, str]] = field(default_factory=list)


def plan_merge(
    accepted: Sequence[Accepted],
    lists: ClinicalDictionary,
    lists_of_type: Mapping[str, Sequence[str]],
    allow_several_types: bool = False,
) -> Merge:
    """Decide what becomes of accepted rows.

    Args:
        accepted: The rows.
        lists: What the lists hold already.
        lists_of_type: The lists of each type, of those that are accepted and others: a list of none is no evidence.
        allow_several_types: Whether a term may be of several types: such rows are added, and are no conflicts.
    """
    types_of_list: defaultdict[str, set[str]] = defaultdict(set)
    for kind, names in lists_of_type.items():
        for name in names:
            types_of_list[name].add(kind)
    accepted_as: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in accepted:
        accepted_as[row.term].setdefault(row.type, row.line)
    merge = Merge()
    for row in accepted:
        listed = lists.lists_of(row.term)
        types = set().union(*(types_of_list[name] for name in listed))
        others = [f"{kind} in line {line}" for kind, line in accepted_as[row.term].items() if kind != row.type]
        others += [f"{', '.join(sorted(types))} in the lists"] if types and row.type not in types else []
        if row.type in types or accepted_as[row.term][row.type] != row.line:
            merge.known.append(row)
        elif others and not allow_several_types:
            merge.conflicts.append((row, " and ".join(others)))
        else:
            merge.added.setdefault(row.type, []).append(row.term)
    return merge


def read_lists(path: Path, encoding: str) -> ClinicalDictionary:
    """The lists at a path; none if there is nothing there, or an empty folder.

    Raises:
        DictionaryError: As `ClinicalDictionary.from_path`.
    """
    if not path.exists() or (path.is_dir() and not any(_lists_in(path))):
        return ClinicalDictionary({})
    return ClinicalDictionary.from_path(path, encoding)


def extend_folder(folder: str | os.PathLike, added: Mapping[str, Sequence[str]], encoding: str) -> None:
    """Add terms to a folder of lists: to the list that is named like the type, in any case, else to a new `Type.txt`.

    Each list is replaced in one step, after all are prepared; to do it again, after it was cut off, adds what is left.

    Raises:
        ValueError: If a type cannot name a file. Nothing is written then.
    """
    folder = Path(folder)
    list_of = {file.stem.strip().casefold(): file for file in reversed([*_lists_in(folder)])}
    list_of |= {file.stem.strip(): file for file in reversed([*_lists_in(folder)])}
    contents = {}
    for kind, terms in added.items():
        if _NO_FILE_NAME.search(kind):
            raise ValueError(f"The type {kind!r} cannot name a file in {folder}: write a table instead, --output_file.")
        file = list_of.get(kind) or list_of.get(kind.casefold()) or folder / f"{kind}.txt"
        contents[file] = _extended(file, terms, encoding)
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in contents.items():
        _replace(file, content)


def extend_table(path: str | os.PathLike, added: Mapping[str, Sequence[str]], encoding: str) -> None:
    """Add terms to a table `term⇥type`, or to a file that is one list, named after its type.

    Raises:
        ValueError: If the file is one list of another type. Nothing is written then.
    """
    path = Path(path)
    is_one_list = path.exists() and path.stat().st_size > 0 and "\t" not in read_text(path, encoding)
    others = [kind for kind in added if kind.casefold() != path.stem.strip().casefold()]
    if is_one_list and others:
        raise ValueError(
            f"{path} is a list of {path.stem} alone, and {', '.join(others)} was accepted, too: name a folder of lists "
            "by --output_dir, or another table."
        )
    rows = [term if is_one_list else f"{term}\t{kind}" for kind, terms in added.items() for term in terms]
    content = _extended(path, rows, encoding)
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, content)


def _lists_in(folder: Path) -> list[Path]:
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    return [file for file in entries if file.suffix.lower() in LIST_FILE_SUFFIXES and not file.name.startswith(".")]


def _extended(file: Path, lines: Sequence[str], encoding: str) -> bytes:
    """A file's content with lines added, its own bytes, mark and line ends kept."""
    text = file.read_bytes().decode(encoding) if file.exists() else ""
    end = "\r\n" if "\r\n" in text else "\n"
    between = end if text and not text.endswith(("\n", "\r")) else ""
    return (text + between + "".join(f"{line}{end}" for line in lines)).encode(encoding)


def _replace(file: Path, content: bytes) -> None:
    with replacing(file) as temporary:
        temporary.write_bytes(content)
