"""Derivation of the package's table of radicals from the Unicode Han Database (Unihan)."""

import os
import re

from modeling_dicmt.radicals import NUM_KANGXI_RADICALS, RadicalTable


def write_radical_table(unihan_path: str | os.PathLike, path: str | os.PathLike) -> None:
    """Derive `radicals.tsv`; see `derive_radicals`.

    Raises:
        ValueError: If a line is malformed, or `path` is the file that is read.
    """
    if os.path.exists(path) and os.path.samefile(unihan_path, path):
        raise ValueError(f"{path} is the file that is read, which the table would replace: name another one.")
    RadicalTable(derive_radicals(unihan_path)).save(path)


def derive_radicals(unihan_path: str | os.PathLike) -> dict[int, list[tuple[int, int]]]:
    """Characters of each Kangxi radical, as ranges of code points, ascending, from Unihan's kRSUnicode.

    Args:
        unihan_path: Lines `U+4E00⇥kRSUnicode⇥1.0`, as Unicode ships them, or `U+4E00⇥1.0`.

    Raises:
        ValueError: If a line of the field is malformed; names file and line.
    """
    characters: dict[int, list[int]] = {radical: [] for radical in range(1, NUM_KANGXI_RADICALS + 1)}
    with open(unihan_path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            columns = line.split()
            if not columns or columns[0].startswith("#"):
                continue
            if len(columns) > 2 and columns[1].startswith("k"):
                if columns[1] != "kRSUnicode":
                    continue
                del columns[1]
            # 149'.5 is stroke 5 of radical 149 in its simplified form; several values are separated by blanks.
            match = re.match(r"U\+([0-9A-F]+) (\d+)'*\.", " ".join(columns))
            if match is None or int(match[2]) not in characters:
                raise ValueError(f"{unihan_path}, line {number}: {' '.join(columns)!r} is no entry of kRSUnicode.")
            characters[int(match[2])].append(int(match[1], 16))
    return {radical: _as_ranges(sorted(code_points)) for radical, code_points in characters.items()}


def _as_ranges(code_points: list[int]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for code_point in code_points:
        if ranges and ranges[-1][1] == code_point - 1:
            ranges[-1] = (ranges[-1][0], code_point)
        else:
            ranges.append((code_point, code_point))
    return ranges
