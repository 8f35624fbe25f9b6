"""CCKS2017 and CCKS2018: a folder with two files a record, the text and its mentions.

`NAME.txtoriginal.txt` is the record as stored, line ends included; `NAME.txt` has lines `mention⇥start⇥end⇥type`. The
corpora differ in two things: whether `end` is the mention's last character or the one after it, and whether records lie
in folders by section. Either mistake would shift every entity, so each mention is compared with the text.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from .records import (
    Annotation,
    CorpusError,
    Record,
    at_line,
    check_entities,
    check_range,
    read_text,
    replace_surrogates,
    tag_name,
)

ORIGINAL_SUFFIX = ".txtoriginal.txt"
_OFFSET = re.compile(r"-?[0-9]{1,9}")
_NUMBER = re.compile(r"(?P<section>.*?)-?(?P<number>[0-9]+)")


def find_records(folder: Path, *, sections: bool) -> list[tuple[Path, Path]]:
    """Pair the files of a split's folder: (original, annotations), ordered by section and number.

    Args:
        folder: For instance `ccks2017/train`.
        sections: Whether records lie in one subfolder a section, or directly in `folder`.

    Raises:
        CorpusError: If the layout is the other corpus's, a file lacks its counterpart, or there is no record.
    """
    entries = _visible(folder)
    direct = [path for path in entries if path.name.endswith(".txt")]
    subfolders = [path for path in entries if path.is_dir()]
    if sections and direct:
        raise CorpusError(
            f"{folder} holds records directly ({direct[0].name}), but this corpus has a folder for each section. "
            "Records without section folders are read as ccks2018 or fccd (where the end offset is exclusive)."
        )
    if not sections and any(list(path.glob("*.txt")) for path in subfolders):
        raise CorpusError(
            f"{folder} holds records in folders ({', '.join(path.name for path in subfolders)}). Records in "
            "section folders are read as ccks2017 (where the end offset is inclusive)."
        )
    pairs = [pair for place in (subfolders if sections else [folder]) for pair in _pair_files(place)]
    if not pairs:
        raise CorpusError(
            f"{folder} has no record: expected pairs of NAME{ORIGINAL_SUFFIX} (the text) and NAME.txt (its "
            f"mentions){' in a folder for each section' if sections else ''}."
        )
    return pairs


def _visible(folder: Path) -> list[Path]:
    """What a folder holds, hidden files apart; a record that would be passed over is an error."""
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    for path in paths:
        if path.name.casefold().endswith(".txt") and not path.name.endswith(".txt"):
            raise CorpusError(f"{path} is not read: its name must end with .txt, in this spelling. Rename it.")
        if not path.exists():
            raise CorpusError(f"{path} is a link to what is not there. Restore that, or remove the link.")
    return paths


def _pair_files(folder: Path) -> list[tuple[Path, Path]]:
    entries = _visible(folder)
    deeper = [path for path in entries if path.is_dir() and any(path.rglob("*.txt"))]
    if deeper:
        raise CorpusError(f"{deeper[0]} holds records that are not read: records lie directly in {folder}. Move them.")
    files = {path.name: path for path in entries if path.name.endswith(".txt")}
    originals = {name.removesuffix(ORIGINAL_SUFFIX) for name in files if name.endswith(ORIGINAL_SUFFIX)}
    annotations = {name.removesuffix(".txt") for name in files if not name.endswith(ORIGINAL_SUFFIX)}
    for stem in sorted(originals - annotations):
        raise CorpusError(
            f"{files[stem + ORIGINAL_SUFFIX]}: its annotations, {stem}.txt, are missing. Add the file; a record "
            "without entities has an empty one."
        )
    for stem in sorted(annotations - originals):
        raise CorpusError(
            f"{files[stem + '.txt']}: its text, {stem}{ORIGINAL_SUFFIX}, is missing. Add it, or remove the annotations."
        )
    return [(files[stem + ORIGINAL_SUFFIX], files[stem + ".txt"]) for stem in sorted(originals, key=_natural_order)]


def _natural_order(stem: str) -> tuple[str, int, str]:
    match = _NUMBER.fullmatch(stem)
    return (match["section"], int(match["number"]), stem) if match else (stem, -1, stem)


def read_record(
    original: Path,
    annotations: Path,
    names: Mapping[str, str] | None,
    *,
    inclusive_end: bool,
    sections: bool,
    allow_overlap: bool = False,
) -> Record:
    """Read one record.

    Args:
        original: The text's file.
        annotations: The mentions' file; empty for a record without entities.
        names: Tag name of each type that may occur (`type_names`).
        inclusive_end: Whether `end` is the mention's last character (ccks2017) or the one after it (ccks2018).
        sections: Whether the section is the folder's name, or what precedes the number in the file's name.
        allow_overlap: Whether entities may overlap.

    Raises:
        CorpusError: If a line is malformed, or the text at its offsets is not its mention.
    """
    text = read_text(original, drop_bom=False)
    found = []
    for number, line in enumerate(read_text(annotations).split("\n"), start=1):
        line = line.removesuffix("\r")
        if line:
            found.append(_read_line(line, text, at_line(annotations, number), original, names, inclusive_end))
    stem = original.name.removesuffix(ORIGINAL_SUFFIX)
    match = _NUMBER.fullmatch(stem)
    section = original.parent.name if sections else match["section"] if match else ""
    return Record(
        id=stem if stem.startswith(section) else f"{section}-{stem}",
        group=match["number"] if match else stem,
        section=section,
        text=replace_surrogates(text),
        entities=check_entities(found, allow_overlap=allow_overlap),
    )


def _read_line(
    line: str, text: str, place: str, original: Path, names: Mapping[str, str] | None, inclusive_end: bool
) -> Annotation:
    columns = line.rsplit("\t", 3)  # from the right: only the mention can hold a tab
    if len(columns) != 4 or not _OFFSET.fullmatch(columns[1]) or not _OFFSET.fullmatch(columns[2]):
        raise CorpusError(
            f"{place}: malformed line of {line.count(chr(9)) + 1} columns; expected 4, separated by "
            "tabs: mention, start, end, type, with whole numbers as offsets. Correct the line; if it is the last "
            "one, the file may be cut."
        )
    mention, start, end = columns[0], int(columns[1]), int(columns[2]) + inclusive_end
    if start < 0 or text[start:end] != mention:
        kind = "inclusive" if inclusive_end else "exclusive"
        raise CorpusError(
            f"{place}: the mention is {mention!r}, but {original.name} has {text[max(start, 0) : max(end, 0)]!r} "
            f"at {columns[1]}:{columns[2]} (end {kind}, {len(text)} characters in all). "
            + _mismatch_hint(text, mention, start, end, inclusive_end)
        )
    check_range(start, end, len(text), place)
    return Annotation(start, end, tag_name(columns[3].strip(), names, place), place)


def _mismatch_hint(text: str, mention: str, start: int, end: int, inclusive_end: bool) -> str:
    other_end = end - 1 if inclusive_end else end + 1
    if start >= 0 and text[start:other_end] == mention:
        other = "exclusive, as in ccks2018 and fccd" if inclusive_end else "inclusive, as in ccks2017"
        return f"With an end that is {other}, it would fit: load the data as that corpus."
    elsewhere = text.find(mention, max(0, start - 100))
    if mention and elsewhere >= 0:
        return (
            f"The mention stands at {elsewhere}: were the offsets counted on a text with other line ends (\\r\\n "
            "is two characters) or with a byte order mark? Restore the text as annotated, or correct the offsets."
        )
    return "The mention is not in the text near there: is the text cut, or of another record? Restore it."
