"""A file that is one JSON list, read object by object, so that the memory needed does not grow with the file."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modeling_dicmt.files import MAX_LINE_BYTES, decode_json

from ..readers.records import CorpusError, at_line
from .text_files import TextInput

_BLOCK = 1 << 16
_BLANKS = re.compile(r"[ \t\r\n]*")
# An error this near to the end of what was read, or of a string that does not end, may be no more than the cut.
_CUT_CHARACTERS = 16
_CUT = "Correct it; if it is the end of the file, the file may be cut."
# Finds ends only: what is found is parsed again, strictly.
_LENIENT = json.JSONDecoder()


def json_list(path: Path, encoding: str = "utf-8") -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a file that is one JSON list, as (line on which it begins, object).

    Raises:
        CorpusError: If the file cannot be read, or is not a list of objects; names file and line.
    """
    with TextInput(path, encoding) as file:
        window = _Window(file)
        expected = "["
        while True:
            found = window.next_character()
            if found != expected:
                if expected == "," and found == "]":
                    break
                what = "the list's start '['" if expected == "[" else "',' or ']'"
                raise CorpusError(f"{window.place}: not a JSON list of records: {what} expected here. {_CUT}")
            window.advance(1)
            if expected == "[" and window.next_character() == "]":
                break
            window.next_character()
            line, value = window.line, window.value()
            if not isinstance(value, dict):
                raise CorpusError(f"{at_line(path, line)}: expected a JSON object, got {type(value).__name__}. {_CUT}")
            yield line, value
            expected = ","
        window.advance(1)
        if window.next_character():
            raise CorpusError(f"{window.place}: text after the list's end. Remove it.")


class _Window:
    """A part of a file, and a position in it that only moves forward."""

    def __init__(self, file: TextInput) -> None:
        self._file = file
        self._text = ""
        self._position = 0
        self.line = 1

    @property
    def place(self) -> str:
        return at_line(self._file.path, self.line)

    def advance(self, count: int) -> None:
        self.line += self._text.count("\n", self._position, self._position + count)
        self._position += count

    def next_character(self) -> str:
        """The next character that is no blank, at which the position then is; "" at the end of the file."""
        while True:
            self.advance(_BLANKS.match(self._text, self._position).end() - self._position)
            if self._position < len(self._text):
                return self._text[self._position]
            if not self._extend(_BLOCK):
                return ""

    def value(self) -> Any:
        """The JSON value at the position, which moves behind it.

        What is held is doubled as long as the value does not end in it, so that a long value is scanned about twice.
        """
        if len(self._text) - self._position < _BLOCK // 2:
            self._extend(_BLOCK)
        while True:
            try:
                _LENIENT.raw_decode(self._text, self._position)
                is_whole = True  # or a number that goes on, which is no object either
            except json.JSONDecodeError as error:
                is_whole = not (error.msg.startswith("Unterminated") or len(self._text) - error.pos <= _CUT_CHARACTERS)
            except (RecursionError, ValueError):
                is_whole = True  # an error that more of the text does not mend
            if is_whole or not self._extend(len(self._text) - self._position):
                break
            if len(self._text) - self._position > MAX_LINE_BYTES:
                raise CorpusError(
                    f"{self.place}: an object longer than {MAX_LINE_BYTES >> 20} Mi characters, which no record is."
                )
        value, end = decode_json(self._text, self._position, self.place, CorpusError)
        self.advance(end - self._position)
        return value

    def _extend(self, size: int) -> bool:
        """Read on, and drop what lies before the position; returns whether there was more."""
        more = self._file.block(max(size, _BLOCK))
        self._text = self._text[self._position :] + more
        self._position = 0
        return bool(more)
