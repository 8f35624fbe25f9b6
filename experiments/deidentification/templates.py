"""The language of the templates, and their files.

A template is text with slots and alternatives:

    [患者|病人]{NAME:patient}，[男|女]，{AGE:patient}，于{DATE:admission}收入{BED}。{trap}

- `{NAME:patient}`: an identifier, whose type is in capitals; what stands after the colon says which, or in which form.
- `{number:60-100}`: small letters are text that tells nothing about anybody.
- `[one|other|]`: one of these, the last of them nothing; they may hold slots and alternatives.

A file is a kind of record. A line with `@` says for which patients it is; `== name n` or `== name m-n` begins a
section, of which so many templates are drawn; `--` stands between the templates of a section; `#` begins a comment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "templates"
SENTENCES_FOLDER = Path(__file__).parent / "sentences"


class Slot(NamedTuple):
    """`{name:argument}`."""

    name: str
    argument: str


class Choice(NamedTuple):
    """`[…|…]`."""

    options: tuple["Template", ...]


Template = tuple["str | Slot | Choice", ...]


@dataclass(frozen=True)
class Section:
    """A part of a kind of record: `least` to `most` of its templates are drawn for a record."""

    name: str
    least: int
    most: int
    templates: tuple[Template, ...]


@dataclass(frozen=True)
class Kind:
    """A kind of record: its sections in order, and for which patients it is."""

    name: str
    patients: frozenset[str]
    sections: tuple[Section, ...]


def parse_template(text: str) -> Template:
    """Parse a template.

    Raises:
        ValueError: If a brace or bracket is not closed, or closed without being open; quotes the template.
    """
    parts, end = _parse(text, 0, nested=False)
    assert end == len(text)
    return parts


def _parse(text: str, position: int, nested: bool) -> tuple[Template, int]:
    """The parts from a position to the end, or to the | or ] that ends an alternative."""
    parts: list[str | Slot | Choice] = []
    plain = position
    while position < len(text):
        character = text[position]
        if nested and character in "|]":
            break
        if character not in "{}[]":
            position += 1
            continue
        if plain < position:
            parts.append(text[plain:position])
        if character in "}]":
            raise ValueError(f"A template closes {character!r}, which is not open, at character {position}: {text!r}")
        if character == "{":
            end = text.find("}", position)
            if end < 0:
                raise ValueError(f"A template does not close the slot at character {position}: {text!r}")
            name, _, argument = text[position + 1 : end].partition(":")
            parts.append(Slot(name, argument))
            position = end + 1
        else:
            options, opened = [], position
            while position < len(text) and text[position] != "]":
                option, position = _parse(text, position + 1, nested=True)
                options.append(option)
            if position >= len(text):
                raise ValueError(f"A template does not close the bracket at character {opened}: {text!r}")
            parts.append(Choice(tuple(options)))
            position += 1
        plain = position
    if plain < position:
        parts.append(text[plain:position])
    return tuple(parts), position


def slots_of(template: Template) -> Iterator[Slot]:
    """All slots of a template, those of its alternatives included."""
    for part in template:
        if isinstance(part, Slot):
            yield part
        elif isinstance(part, Choice):
            for option in part.options:
                yield from slots_of(option)


def read_sentences(name: str) -> tuple[Template, ...]:
    """The sentences of a file, one a line."""
    text = (SENTENCES_FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return tuple(parse_template(line) for line in text.splitlines() if line and not line.startswith("#"))


def read_kinds() -> tuple[Kind, ...]:
    """The kinds of records of all files, in the order of their names."""
    return tuple(read_kind(path) for path in sorted(FOLDER.glob("*.txt")))


def read_kind(path: Path) -> Kind:
    """The kind of record of a file.

    Raises:
        ValueError: If a line belongs to no section, or a template is none; names the file.
    """
    patients: frozenset[str] = frozenset()
    sections: list[tuple[str, int, int, list[list[str]]]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("#"):
            continue
        if line.startswith("@"):
            patients = frozenset(line[1:].split())
        elif line.startswith("== "):
            name, count = line[3:].split()
            least, _, most = count.partition("-")
            sections.append((name, int(least), int(most or least), [[]]))
        elif not sections:
            if line:
                raise ValueError(f"{path.name}, line {number}: expected a section, `== name 1`, got {line!r}.")
        elif line == "--":
            sections[-1][-1].append([])
        else:
            sections[-1][-1][-1].append(line)
    try:
        read = tuple(
            Section(name, least, most, tuple(parse_template("\n".join(lines).strip("\n")) for lines in templates))
            for name, least, most, templates in sections
        )
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
    return Kind(path.stem, patients, read)
