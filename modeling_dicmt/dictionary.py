"""The clinical dictionary: terms and the lists that they come from (a hospital's drugs, operations, charge items, …).

It knows nothing of entity types: which lists are evidence for which type is the matter of `DictionaryMatcher`.
"""

import hashlib
import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from operator import lt
from pathlib import Path
from typing import Any

import numpy as np

from .dictionary_files import (
    DictionaryError,
    RejectedRow,
    TermCollector,
    is_list_name,
    read_terms,
    read_text,
    terms_of_json,
    why_unusable,
)
from .files import replacing
from .normalization import normalize

DICTIONARY_FILE = "dictionary.tsv"
TERMS_FILE = "terms.tsv"

_LISTS = list | tuple | set | frozenset


class ClinicalDictionary:
    """Immutable set of terms, each with the names of all lists that hold it.

    Terms are normalised as the text is (`normalize`) and stripped, so that ＣＴ检查 and ct检查 are one term.

    Args:
        terms: The lists of each term.

    Raises:
        DictionaryError: If a term is empty or contains an invisible or a replacement character (a tab, a line end),
            if it has no list, or if a list's name contains a comma or a control character.

    Attributes:
        rejected: The rows that `from_path` could not use. No part of the dictionary's identity, and not saved.
    """

    # One string and two arrays: a million terms as a dict of tuples would take ten times the memory.
    __slots__ = ("_combination_of_term", "_combinations", "_fingerprint", "_starts", "_text", "rejected")

    def __init__(self, terms: Mapping[str, Iterable[str]]):
        if not isinstance(terms, Mapping):
            raise DictionaryError(f"terms must be a mapping {{term: [lists]}}, got {type(terms).__name__}.")
        lists_of_term: dict[str, set[str]] = {}
        for number, (raw_term, names) in enumerate(terms.items(), start=1):
            names = (names,) if isinstance(names, str) else tuple(names)
            term = normalize(raw_term).strip()
            reason = why_unusable(term) or (None if names else "it is in no list")
            if reason:
                raise DictionaryError(f"Term {number} cannot be a term: {reason}.")
            lists_of_term.setdefault(term, set()).update(names)
        for name in {name for names in lists_of_term.values() for name in names}:
            if not is_list_name(name):
                raise DictionaryError(
                    f"A name of {len(name)} characters cannot name a list: no commas, control characters, blanks at "
                    "its ends, and not empty."
                )
        self._set(*_rows(lists_of_term))

    def _set(self, ordered: list[str], lists: list[str], rejected: Iterable[RejectedRow] = ()) -> None:
        """Take checked terms in ascending order, each with its lists, ascending and joined by commas."""
        combinations = sorted(set(lists))
        code_of = {combination: code for code, combination in enumerate(combinations)}
        lengths = np.fromiter(map(len, ordered), dtype=np.int64, count=len(ordered))
        self._text = "\n".join(ordered)
        self._starts = np.concatenate(([0], np.cumsum(lengths + 1)))  # (terms + 1,); one for the line end between
        self._combinations = tuple(tuple(combination.split(",")) for combination in combinations)
        self._combination_of_term = np.fromiter(map(code_of.__getitem__, lists), dtype=np.uint32, count=len(lists))
        self._fingerprint: str | None = None
        self.rejected = tuple(rejected)

    @classmethod
    def _of(cls, ordered: list[str], lists: list[str], rejected: Iterable[RejectedRow] = ()) -> "ClinicalDictionary":
        dictionary = cls.__new__(cls)
        dictionary._set(ordered, lists, rejected)
        return dictionary

    @classmethod
    def from_path(
        cls, path: str | os.PathLike, encoding: str = "utf-8", lists: Iterable[str] | None = None
    ) -> "ClinicalDictionary":
        """Read term lists.

        Args:
            path: A folder of .tsv/.txt lists (the file's stem names the list; lines `term` or `term⇥anything`), or a
                table with lines `term⇥list` or `term⇥list,list` (without any tab: one list, named after the file), or
                JSON: `{list: [terms]}`.
            encoding: Encoding of the files; a byte order mark is dropped.
            lists: Names of the lists to read; default all.

        Returns:
            The dictionary; `rejected` holds the rows that became no term. Blank lines are ignored.

        Raises:
            FileNotFoundError: If there is nothing at `path`.
            DictionaryError: If a file has another encoding or is malformed, a list of `lists` is missing, a folder has
                no list, or no row is usable; names file, line, reason and remedy.
        """
        return cls._collected(read_terms(path, encoding, lists))

    @classmethod
    def from_json(cls, content: object, name: str = "dictionary") -> "ClinicalDictionary":
        """Terms as JSON has them: `{list: [terms]}`.

        Args:
            content: The parsed JSON.
            name: What error messages call it.

        Raises:
            DictionaryError: If it is no such object, or no term is usable.
        """
        return cls._collected(terms_of_json(content, name))

    @classmethod
    def _collected(cls, collector: TermCollector) -> "ClinicalDictionary":
        return cls._of(*_rows(collector.terms), collector.rejected)

    def __len__(self) -> int:
        return len(self._combination_of_term)

    def __iter__(self) -> Iterator[str]:
        return iter(self._text.split("\n") if len(self) else ())

    def __contains__(self, term: object) -> bool:
        return isinstance(term, str) and self.index(term) is not None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ClinicalDictionary):
            return NotImplemented
        return (
            self._text == other._text
            and self._combinations == other._combinations
            and np.array_equal(self._combination_of_term, other._combination_of_term)
        )

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self):
        # Without the cached fingerprint, lest `datasets` take one dictionary for two after it was asked for.
        return _restore, (type(self), self._serialized(), self.rejected)

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}: {count}" for name, count in self.lists.items())
        return f"ClinicalDictionary({len(self)} terms; {counts})"

    @property
    def lists(self) -> dict[str, int]:
        """Number of terms of each list, by name."""
        counts = np.bincount(self._combination_of_term, minlength=len(self._combinations)).tolist()
        totals: dict[str, int] = {}
        for names, count in zip(self._combinations, counts, strict=True):
            for name in names:
                totals[name] = totals.get(name, 0) + count
        return dict(sorted(totals.items()))

    def lists_of(self, term: str) -> tuple[str, ...]:
        """Names of the lists that hold a term (normalised here), ascending; empty if there are none."""
        index = self.index(term)
        return () if index is None else self._combinations[self._combination_of_term[index]]

    def items(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Terms, ascending, with the names of their lists."""
        return zip(self, map(self._combinations.__getitem__, self._combination_of_term.tolist()), strict=True)

    def columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[tuple[str, ...], ...]]:
        """The terms as arrays, for code that compiles them.

        Returns:
            Code points of all terms (uint32), a foreign character between two terms; where each term starts
            (terms + 1,), so that term `i` is `starts[i] : starts[i + 1] - 1`; for each term an index of the last
            value, which holds the distinct combinations of list names.
        """
        code_points = np.frombuffer(self._text.encode("utf-32-le"), dtype="<u4")
        return code_points, self._starts, self._combination_of_term, self._combinations

    def merge(self, other: "ClinicalDictionary") -> "ClinicalDictionary":
        """The terms of both; a term of both has the lists of both."""
        lists_of_term = {term: set(names) for term, names in self.items()}
        for term, names in other.items():
            lists_of_term.setdefault(term, set()).update(names)
        return self._of(*_rows(lists_of_term), self.rejected + other.rejected)

    def subsample(self, share: float, seed: int = 42) -> "ClinicalDictionary":
        """A random part of the terms; for one seed a smaller share's terms are among a larger share's.

        Args:
            share: Part of the terms to keep, above 0 and at most 1.
            seed: Which part. The choice depends on seed and terms only, not on the order in which they were read.
        """
        if not 0 < share <= 1:
            raise ValueError(f"share must be above 0 and at most 1 (0.7 keeps 70 %), got {share}.")
        # RandomState, not Generator: numpy guarantees its stream across versions.
        order = np.random.RandomState(seed).permutation(len(self))
        kept = np.sort(order[: round(share * len(self))]).tolist()
        terms, lists = list(self), self._joined_lists()
        return self._of([terms[i] for i in kept], [lists[i] for i in kept], self.rejected)

    def select(self, lists: Iterable[str]) -> "ClinicalDictionary":
        """The terms of some lists, and of each term these lists only.

        Raises:
            DictionaryError: If the dictionary has no such list.
        """
        wanted = {lists} if isinstance(lists, str) else set(lists)
        unknown = sorted(wanted - set(self.lists))
        if unknown:
            raise DictionaryError(f"No list {', '.join(unknown)}: the dictionary has {', '.join(self.lists)}.")
        rows = [(term, [name for name in names if name in wanted]) for term, names in self.items()]
        rows = [(term, ",".join(names)) for term, names in rows if names]
        return self._of([term for term, _ in rows], [names for _, names in rows], self.rejected)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the content, which is that of the file which `save` writes."""
        if self._fingerprint is None:
            self._fingerprint = hashlib.sha256(self._serialized()).hexdigest()
        return self._fingerprint

    def save(self, path: str | os.PathLike) -> None:
        """Write one UTF-8 file, lines `term⇥list,list…` in ascending order; equal dictionaries give equal files."""
        with replacing(path) as temporary:
            temporary.write_bytes(self._serialized())

    @classmethod
    def load(cls, path: str | os.PathLike, fingerprint: str | None = None) -> "ClinicalDictionary":
        """Read what `save` wrote; a file that was edited since is read as `from_path` reads a table.

        Args:
            path: The file.
            fingerprint: The dictionary's when it was saved. A file that has it still is not looked through for edits.

        Raises:
            FileNotFoundError: If there is no such file.
            DictionaryError: If the file is no dictionary; names file, line, reason and remedy.
        """
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"There is no dictionary at {path}: save one there with ClinicalDictionary.save.")
        if fingerprint is not None:
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() == fingerprint:
                terms, lists = _split_rows(content.decode("utf-8"))
                if all(map(lt, terms, terms[1:])):  # whoever wrote the fingerprint may have written anything
                    return cls._of(terms, lists)
        text = read_text(path)
        terms, lists = _split_rows(text)
        if text == "" or _is_canonical(text, terms, lists):
            return cls._of(terms, lists)
        return cls.from_path(path)

    def _serialized(self) -> bytes:
        rows = zip(self, self._joined_lists(), strict=True)
        return "".join([f"{term}\t{names}\n" for term, names in rows]).encode("utf-8")

    def _joined_lists(self) -> list[str]:
        joined = [",".join(names) for names in self._combinations]
        return list(map(joined.__getitem__, self._combination_of_term.tolist()))

    def index(self, term: str) -> int | None:
        """Place of a term (normalised here) among the terms, ascending; None if it is none of them."""
        term = normalize(term).strip()
        index = bisect_left(range(len(self)), term, key=self._term)
        return index if index < len(self) and self._term(index) == term else None

    def _term(self, index: int) -> str:
        return self._text[self._starts[index] : self._starts[index + 1] - 1]


def as_dictionary(terms: Any, name: str, may_be_empty: bool = False) -> ClinicalDictionary:
    """Terms in any form that users have them in.

    Args:
        terms: A `ClinicalDictionary`, a path as `ClinicalDictionary.from_path` takes it, or `{list: [terms]}`.
        name: What error messages call it.
        may_be_empty: Whether lists without any term are right.

    Raises:
        ValueError: If it is none of these; DictionaryError, which is one, if no term is usable.
        FileNotFoundError: If there is nothing at the path.
    """
    if isinstance(terms, ClinicalDictionary):
        return terms
    if isinstance(terms, str | os.PathLike):
        return ClinicalDictionary.from_path(terms)
    if isinstance(terms, Mapping):
        if may_be_empty and all(isinstance(of_list, _LISTS) and not of_list for of_list in terms.values()):
            return ClinicalDictionary({})
        return ClinicalDictionary.from_json(terms, f"what was passed as {name}")
    if type(terms).__name__ == ClinicalDictionary.__name__:  # of the installed package, passed to remote code
        return ClinicalDictionary(dict(terms.items()))
    raise ValueError(
        f"{name} must be a ClinicalDictionary, a path, or a mapping {{list: [terms]}}, got {type(terms).__name__}."
    )


def _restore(cls: type, serialized: bytes, rejected: tuple[RejectedRow, ...]) -> ClinicalDictionary:
    return cls._of(*_split_rows(serialized.decode("utf-8")), rejected)


def _rows(lists_of_term: Mapping[str, set[str]]) -> tuple[list[str], list[str]]:
    """Terms in ascending order, and the lists of each, ascending and joined by commas."""
    ordered = sorted(lists_of_term)
    return ordered, [",".join(sorted(lists_of_term[term])) for term in ordered]


def _split_rows(text: str) -> tuple[list[str], list[str]]:
    columns = text.replace("\n", "\t").split("\t")
    return columns[0:-1:2], columns[1::2]


def _is_canonical(text: str, terms: list[str], lists: list[str]) -> bool:
    """Whether a file's rows are just as `save` writes them, in a few passes over the whole text."""
    content = np.frombuffer(text.encode("utf-8"), dtype=np.uint8)
    separators = content[(content == ord("\t")) | (content == ord("\n"))]
    occurs = np.zeros(0x110000, dtype=bool)  # a set of ten million characters would take most of the time
    occurs[np.frombuffer("".join(terms).encode("utf-32-le"), dtype="<u4")] = True
    characters = "".join(map(chr, np.flatnonzero(occurs).tolist()))
    return (
        text.endswith("\n")
        and bool(np.all(separators[0::2] == ord("\t")) and np.all(separators[1::2] == ord("\n")))
        and all(terms)
        and all(map(lt, terms, terms[1:]))
        and list(map(str.strip, terms)) == terms
        and why_unusable(characters) is None
        and normalize(characters) == characters
        and all(_is_canonical_combination(names) for names in set(lists))
    )


def _is_canonical_combination(lists: str) -> bool:
    names = lists.split(",")
    return names == sorted(set(names)) and all(map(is_list_name, names))
