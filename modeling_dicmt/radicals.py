"""Radicals of Han characters: the radical ids behind `r_t`, the radical embedding (section 3.1 of the paper).

`radicals.tsv` beside this module holds the first radical of every character of Unihan's kRSUnicode field: a line for
each of the 214 Kangxi radicals, with its characters as ranges of code points. It travels with a checkpoint.
`python -m data_scripts radicals` derives it.
"""

import os
from pathlib import Path

import numpy as np

from .files import write_text

RADICALS_FILE = "radicals.tsv"
NUM_KANGXI_RADICALS = 214

PADDING_RADICAL = 0
NO_HAN_RADICAL = 1
UNKNOWN_RADICAL = 2
_FIRST_RADICAL = 3  # the id of Kangxi radical 1
NUM_RADICALS = _FIRST_RADICAL + NUM_KANGXI_RADICALS

# Radical supplement, ideographs of the basic plane, compatibility ideographs, the two planes reserved for ideographs.
_HAN_RANGES = (
    (0x2E80, 0x2EFF),
    (0x3007, 0x3007),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_KANGXI_BLOCK = 0x2F00  # the radicals themselves as characters; text copied from PDF files is full of them
_TABLE_SIZE = 0x40000  # code points above are no Han characters

_HEADER = """\
# Kangxi radical, then its characters (ranges of hexadecimal code points). Derived from the field kRSUnicode of the
# Unicode Han Database (Unihan), Unicode 15: the first of several radicals, marks of simplified forms dropped.
# Copyright © 1991-2023 Unicode, Inc. Unicode License V3: https://www.unicode.org/license.txt
"""


class RadicalTable:
    """Radical id of every character: 1 no Han character, 2 unknown, otherwise the Kangxi radical's number + 2 (0 pads).

    Args:
        characters: The code points of each Kangxi radical (1…214), as ranges `(first, last)`, both included.

    Raises:
        ValueError: If a radical or a code point is out of range.
    """

    def __init__(self, characters: dict[int, list[tuple[int, int]]]):
        # One entry more than the table's range: the id of all code points above it.
        table = np.full(_TABLE_SIZE + 1, NO_HAN_RADICAL, dtype=np.uint8)
        for first, last in _HAN_RANGES:
            table[first : last + 1] = UNKNOWN_RADICAL
        table[_KANGXI_BLOCK : _KANGXI_BLOCK + NUM_KANGXI_RADICALS] = np.arange(_FIRST_RADICAL, NUM_RADICALS)
        for radical, ranges in characters.items():
            if not 1 <= radical <= NUM_KANGXI_RADICALS:
                raise ValueError(f"{radical} is not a Kangxi radical (1…{NUM_KANGXI_RADICALS}).")
            for first, last in ranges:
                if not 0 <= first <= last < _TABLE_SIZE:
                    raise ValueError(f"{first:X}-{last:X} of radical {radical} is not a range of code points.")
                table[first : last + 1] = radical + _FIRST_RADICAL - 1
        self._table = table
        self._characters = characters

    @classmethod
    def load(cls, path: str | os.PathLike | None = None) -> "RadicalTable":
        """Read a radical table.

        Args:
            path: A file in the format of `radicals.tsv`; default is the file beside this module.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If a line is malformed, or a radical is missing; names file and line.
        """
        path = Path(__file__).with_name(RADICALS_FILE) if path is None else Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"No radical table at {path}: copy the package's {RADICALS_FILE} there.")
        characters: dict[int, list[tuple[int, int]]] = {}
        content = path.read_text(encoding="utf-8")
        for number, line in enumerate(content.split("\n"), start=1):
            if not line or line.startswith("#"):
                continue
            try:
                radical, ranges = line.split("\t")
                bounds = (item.partition("-") for item in ranges.split(" "))
                characters[int(radical)] = [(int(first, 16), int(last or first, 16)) for first, _, last in bounds]
            except ValueError as error:
                raise ValueError(
                    f"{path}, line {number}: expected a radical's number, a tab and hexadecimal ranges ({error}); "
                    f"copy the package's {RADICALS_FILE} again."
                ) from error
        if len(characters) != NUM_KANGXI_RADICALS or not content.endswith("\n"):
            raise ValueError(
                f"{path} has {len(characters)} of {NUM_KANGXI_RADICALS} radicals: the file is cut or not a radical "
                f"table; copy the package's {RADICALS_FILE} again."
            )
        return cls(characters)

    def save(self, path: str | os.PathLike) -> None:
        """Write the table in the format of `radicals.tsv`."""
        lines = (f"{radical}\t{_as_text(ranges)}\n" for radical, ranges in self._characters.items() if ranges)
        write_text(path, (_HEADER, *lines))

    def ids(self, text: str) -> np.ndarray:
        """Radical ids of a text's characters, uint8 (L,)."""
        return self.ids_of_code_points(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4"))

    def ids_of_code_points(self, points: np.ndarray) -> np.ndarray:
        """Radical ids of characters given by their code points."""
        return self._table[np.minimum(points, _TABLE_SIZE)]


def _as_text(ranges: list[tuple[int, int]]) -> str:
    return " ".join(f"{first:X}" if first == last else f"{first:X}-{last:X}" for first, last in ranges)
