"""How entity types look: a colour, a line and a short label each, so that none is told by its colour alone."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .text import visible

COLORS = 8
"""Colours of `page.css`, which readers who see red and green alike can tell apart."""
LINES = 4
"""Lines of `page.css`: solid, dashed, dotted, double."""
# A name that is no longer than this is its own label: letters, characters.
_WHOLE = {True: 4, False: 2}


class TypeStyle(NamedTuple):
    """How a type looks.

    Args:
        number: Its number among the types of a page.
        name: The type, without characters that show nothing.
        label: Its short label, which no other type of the page has.
    """

    number: int
    name: str
    label: str

    @property
    def classes(self) -> str:
        """The classes of its colour and line in `page.css`; 32 types look different."""
        return f"c{self.number % COLORS} p{(self.number + self.number // COLORS) % LINES}"


class TypeStyles:
    """The types of a page, in the order in which they are met.

    Args:
        types: Those that are known before.
    """

    def __init__(self, types: Iterable[str] = ()):
        self._styles: dict[str, TypeStyle] = {}
        self._labels: set[str] = set()
        for name in types:
            self.style(name)

    def __iter__(self) -> Iterator[TypeStyle]:
        return iter(self._styles.values())

    def items(self) -> Iterable[tuple[str, TypeStyle]]:
        """The types, each with how it looks."""
        return self._styles.items()

    def style(self, entity_type: str) -> TypeStyle:
        """How a type looks; a new one gets the next look."""
        if entity_type not in self._styles:
            name = visible(entity_type)
            self._styles[entity_type] = TypeStyle(len(self._styles), name, self._label(name))
        return self._styles[entity_type]

    def _label(self, name: str) -> str:
        """The shortest beginning of a name that is no other type's label, of two characters or of three letters."""
        is_whole, least = len(name) <= _WHOLE[name.isascii()], 3 if name.isascii() else 2
        ends = range(len(name) if is_whole else least, min(len(name), 12) + 1)
        labels = (name[:end] for end in ends)
        numbered = (f"{name[:least]}{number}" for number in range(2, len(self._labels) + 3))
        label = next(label for label in (*labels, *numbered) if label not in self._labels)
        self._labels.add(label)
        return label
