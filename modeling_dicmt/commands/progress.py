"""The bar that shows how far a command is: on a terminal drawn in place, in a log file a line every few seconds."""

import sys
from collections.abc import Iterable
from typing import Any, TextIO

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 10


def progress(
    iterable: Iterable[Any] | None = None,
    *,
    total: int | None = None,
    unit: str = "record",
    description: str = "",
    quiet: bool = False,
    initial: int = 0,
    unit_scale: bool = False,
) -> tqdm:
    """A bar on the standard error; iterate over it, or call its `update()`, as with any of tqdm's.

    Args:
        iterable: What is gone through; None for a bar that is moved by hand.
        total: How many there are; default: the iterable's length, where it has one.
        unit: What is counted.
        description: Words before the bar.
        quiet: Show nothing.
        initial: How many were done before.
        unit_scale: Write 1.2M for 1,200,000.
    """
    options: dict[str, Any] = {"dynamic_ncols": True, "mininterval": 0.5}
    if not sys.stderr.isatty():
        seconds = SECONDS_BETWEEN_LINES  # what is done sooner leaves no line
        options = {"file": _Lines(sys.stderr), "mininterval": seconds, "maxinterval": seconds, "delay": seconds}
    options |= {"desc": description or None, "total": total, "unit": unit, "unit_scale": unit_scale}
    return tqdm(iterable, disable=quiet, initial=initial, **options)


class _Lines:
    """A file in which each state of a bar becomes a line: it is no terminal that could go back to the line's start."""

    def __init__(self, file: TextIO):
        self._file, self._state = file, ""

    def write(self, text: str) -> None:
        state = text.strip().partition("[")[0]  # without the times
        if state and state != self._state:  # a bar that is closed shows its end again
            self._state = state
            self._file.write(f"{text.strip()}\n")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
