"""Reading term lists as hospitals have them: a folder of lists, a table `term⇥type`, JSON.

A row that cannot become a term is rejected with a reason and the reading goes on, since one bad row in 50,000 is no
ground to refuse a list; a file that cannot be read at all is an error. Reasons never quote a row.
"""

import logging
import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from .files import parse_json
from .normalization import normalize

logger = logging.getLogger(__name__)

LIST_FILE_SUFFIXES = (".tsv", ".txt")

# Control, zero-width, bidirectional characters, line separators, surrogates: terms with them never match as they look.
_INVISIBLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
_SUGGESTED_ENCODINGS = ("utf-8", "gb18030", "utf-16")


class DictionaryError(ValueError):
    """A dictionary, or a file that should hold one, is unusable."""


class RejectedRow(NamedTuple):
    """A row of a dictionary file that became no term.

    Args:
        file: The file's name.
        line: Line from 1; in JSON the entry, from 1.
        reason: Why, without the row's text.
    """

    file: str
    line: int
    reason: str


class TermCollector:
    """Terms with their lists, and rejected rows, as a reader comes upon them."""

    def __init__(self, lists: Iterable[str] | None = None):
        self.wanted_lists = None if lists is None else set(lists)
        self.terms: dict[str, set[str]] = {}
        self.rejected: list[RejectedRow] = []
        self.found_lists: set[str] = set()

    def add(self, raw_term: object, list_names: Iterable[object], file: Path, line: int) -> None:
        """Take one row, or reject it."""
        names = [name.strip() if isinstance(name, str) else "" for name in list_names]
        if not names or not all(map(is_list_name, names)):
            self.reject(file, line, "the row has no type, or one that is no usable name")
            return
        self.found_lists.update(names)
        if self.wanted_lists is not None:
            names = [name for name in names if name in self.wanted_lists]
            if not names:
                return
        term = normalize(raw_term).strip() if isinstance(raw_term, str) else ""
        reason = why_unusable(term) if isinstance(raw_term, str) else "the term is no string"
        if reason:
            self.reject(file, line, reason)
        else:
            self.terms.setdefault(term, set()).update(names)

    def reject(self, file: Path, line: int, reason: str) -> None:
        """Note a row that became no term."""
        self.rejected.append(RejectedRow(file.name, line, reason))


def why_unusable(term: str) -> str | None:
    """Why a normalised, stripped string cannot be a term; None if it can."""
    if not term:
        return "the term is empty"
    invisible = _INVISIBLE.search(term)
    if invisible:
        return f"the term contains the invisible character U+{ord(invisible[0]):04X}"
    if "\ufffd" in term:
        return "the term contains U+FFFD, the trace of a wrong decoding"
    return None


@lru_cache(maxsize=1024)
def is_list_name(name: str) -> bool:
    """Whether a list of this name can be written to `dictionary.tsv` and read back."""
    return (
        bool(name) and name == name.strip() and "," not in name and not _INVISIBLE.search(name) and "\ufffd" not in name
    )


def read_terms(path: str | os.PathLike, encoding: str = "utf-8", lists: Iterable[str] | None = None) -> TermCollector:
    """Read a folder, a table or a JSON file; see `ClinicalDictionary.from_path` for the forms, arguments and errors."""
    path = Path(path)
    if isinstance(lists, str):
        raise TypeError(f"lists must be a collection of list names, got the string {lists!r}.")
    collector = TermCollector(lists)
    if path.is_dir():
        _read_folder(path, encoding, collector)
    elif not path.exists():
        raise FileNotFoundError(f"There is no dictionary at {path}: give a folder of .tsv/.txt lists, or a file.")
    elif path.suffix.lower() == ".json":
        _add_json(parse_json(read_text(path, encoding), str(path), DictionaryError), path, collector)
    else:
        _read_table(path, encoding, collector)

    _check_found(path, collector)
    return collector


def terms_of_json(content: object, name: str) -> TermCollector:
    """Read what a JSON dictionary holds; see `ClinicalDictionary.from_json`."""
    collector = TermCollector()
    _add_json(content, Path(name), collector)
    _check_found(Path(name), collector)
    return collector


def _check_found(path: Path, collector: TermCollector) -> None:
    missing = sorted((collector.wanted_lists or set()) - collector.found_lists)
    if missing:
        raise DictionaryError(
            f"{path} has no list {', '.join(missing)}; its lists are {', '.join(sorted(collector.found_lists))}."
        )
    if not collector.terms:
        first = "".join(f" The first: {row.file}, line {row.line}: {row.reason}." for row in collector.rejected[:1])
        raise DictionaryError(
            f"{path} holds no usable term ({len(collector.rejected)} rows rejected).{first} Write a term a line."
        )


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """Decode a file strictly, without a byte order mark, with line ends as `\\n`.

    Raises:
        DictionaryError: If the file is in another encoding; names line, byte and the encoding that would do.
    """
    content = path.read_bytes()
    try:
        text = content.decode(encoding)
    except LookupError as error:
        raise DictionaryError(f"{encoding!r} is no known encoding; pass one such as 'utf-8' or 'gb18030'.") from error
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        line = content.count(b"\n", 0, start) + 1
        hint = _encoding_hint(content, encoding)
        raise DictionaryError(
            f"{path} is not {encoding}: line {line}, byte {start} cannot be decoded. {hint}"
        ) from error
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _encoding_hint(content: bytes, tried: str) -> str:
    has_utf16_mark = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if has_utf16_mark else _SUGGESTED_ENCODINGS:
        if encoding == tried.lower() or (encoding == "utf-16" and not has_utf16_mark):
            continue  # without its mark nearly anything decodes as UTF-16
        try:
            content.decode(encoding)
        except UnicodeError:
            continue
        return (
            f"It reads as {encoding}: pass encoding={encoding!r} (--dictionary_encoding {encoding}), or save the "
            "file as UTF-8."
        )
    return "It is damaged or in a rare encoding: pass the right encoding, or save the file as UTF-8."


def _read_folder(folder: Path, encoding: str, collector: TermCollector) -> None:
    entries = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    files = [file for file in entries if file.suffix.lower() in LIST_FILE_SUFFIXES]
    if not files:
        raise DictionaryError(
            f"{folder} has no list: a list is a .tsv or .txt file, a term a line, named after its type."
        )
    others = [file.name for file in entries if file not in files]
    if others:
        names = ", ".join(others[:5]) + (" …" if len(others) > 5 else "")
        logger.warning("%s: not read, since neither .tsv nor .txt: %d (%s).", folder, len(others), names)
    for file in files:
        list_name = _list_name_of(file)
        collector.found_lists.add(list_name)
        if collector.wanted_lists is not None and list_name not in collector.wanted_lists:
            continue
        _read_list(file, list_name, read_text(file, encoding), collector)


def _list_name_of(file: Path) -> str:
    name = file.stem.strip()
    if not is_list_name(name):
        raise DictionaryError(
            f"{file}: a list is named after its file; use a name without commas or control characters."
        )
    return name


def _read_list(file: Path, list_name: str, text: str, collector: TermCollector) -> None:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            collector.add(line.partition("\t")[0], [list_name], file, number)


def _read_table(file: Path, encoding: str, collector: TermCollector) -> None:
    text = read_text(file, encoding)
    if "\t" not in text:  # not a table but one list
        _read_list(file, _list_name_of(file), text, collector)
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            term, _, rest = line.partition("\t")
            names = rest.partition("\t")[0].strip()
            collector.add(term, names.split(",") if names else [], file, number)


def _add_json(content: object, file: Path, collector: TermCollector) -> None:
    is_lists = isinstance(content, Mapping) and all(
        isinstance(name, str) and isinstance(terms, list | tuple | set | frozenset) for name, terms in content.items()
    )
    if not is_lists:
        raise DictionaryError(f'{file} is no dictionary: give {{list: [terms]}}, as in {{"drug": ["阿莫西林"]}}.')
    number = 0
    for list_name, terms in content.items():
        names = [list_name.strip()]
        for term in terms:
            number += 1
            collector.add(term, names, file, number)
