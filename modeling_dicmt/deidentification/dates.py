"""Calendar dates as records write them: moved by days, or made coarser, in the form that they have."""

import calendar
import datetime
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .codes import code_of, new_code, pour
from .draws import Draw
from .numerals import NUMBER, digit_value, number_value, write_number

_SEPARATORS = frozenset("-/.－／．。—–−、,，·_\\~") | {""}
_LETTER = re.compile("[A-Za-zＡ-Ｚａ-ｚ]")
_FIRST_YEAR, _LAST_YEAR = 1800, 2200
# Years of two digits from here on are of the 20th century.
_CENTURY = 50
# Of a date without a year: no leap year, nor are those beside it. For 29 February: a leap year.
_ANY_YEAR, _LEAP_YEAR = 2002, 2000
# What stands for a date without a day, a date without a month: the middle.
_DAY_OF_MONTH, _DAY_OF_YEAR = 15, (7, 2)


class _Field(NamedTuple):
    role: str  # "Y", "M" or "D"
    start: int
    end: int


class _Date:
    """A text read as a date, in one of the ways in which it can be read."""

    def __init__(self, text: str, fields: Sequence[_Field]):
        self.text, self.fields = text, tuple(fields)
        self.tokens = {role: text[start:end] for role, start, end in fields}
        values = {role: number_value(token) for role, token in self.tokens.items()}
        self.year, self.month, self.day = values.get("Y"), values.get("M"), values.get("D")
        if self.year is not None and len(self.tokens["Y"]) <= 2:
            self.year += 2000 if self.year < _CENTURY else 1900
        self.is_year_plausible = "Y" not in values or (
            self.year is not None and _FIRST_YEAR <= self.year <= _LAST_YEAR and len(self.tokens["Y"]) != 3
        )
        self.is_month_valid = "M" not in values or (self.month is not None and 1 <= self.month <= 12)

    @property
    def is_valid(self) -> bool:
        return (
            self.is_year_plausible
            and self.is_month_valid
            and ("D" not in self.tokens or (self.day is not None and 1 <= self.day <= self._days_of_month()))
        )

    def _days_of_month(self) -> int:
        return calendar.monthrange(_LEAP_YEAR if "Y" not in self.tokens else self.year, self.month)[1]

    def nearest(self) -> datetime.date:
        """The date itself; of one that does not exist the nearest in each field (30 February: the 28th or 29th)."""
        year = self.year if "Y" in self.tokens and self.is_year_plausible else _ANY_YEAR
        if "M" not in self.tokens:
            return datetime.date(year, *_DAY_OF_YEAR)
        month = min(max(self.month or 1, 1), 12)
        if "D" not in self.tokens:
            return datetime.date(year, month, _DAY_OF_MONTH)
        if "Y" not in self.tokens and (self.month, self.day) == (2, 29):
            year = _LEAP_YEAR
        return datetime.date(year, month, min(max(self.day or 1, 1), calendar.monthrange(year, month)[1]))

    def write(self, date: datetime.date) -> str:
        """Another date in the form of this one."""
        pieces, kept_from = [], 0
        for role, start, end in self.fields:
            token = self.text[start:end]
            if role == "Y":
                year = date.year if len(token) > 2 else date.year % 100
                written = write_number(year, token, width=len(token), digit_by_digit=True)
            else:
                written = write_number(date.month if role == "M" else date.day, token, width=self._width(token))
            pieces += (self.text[kept_from:start], written)
            kept_from = end
        return "".join((*pieces, self.text[kept_from:]))

    def _width(self, token: str) -> int:
        """2 if a month or day below 10 has a zero before it: as it has here or, where none is below 10, as usual."""
        if len(token) == 1:
            return 1
        if digit_value(token[0]) == 0:
            return 2
        if number_value(token[0]) is None or "十" in token or "拾" in token:
            return 1
        others = [other for role, other in self.tokens.items() if role != "Y"]
        if any(len(other) == 1 for other in others):
            return 1
        return 2 if any(digit_value(other[0]) == 0 for other in others) or "月" not in self.text else 1


def _readings(text: str) -> Iterator[_Date]:
    """The ways in which a text can be read as a date, the likelier first; not all of them exist."""
    # A date has three numbers at most; of a very long text nothing more need be known.
    matches = [match for match, _ in zip(NUMBER.finditer(text), range(4), strict=False)]
    places = [match.span() for match in matches]
    # In "May 5, 2013" the 5 is no month.
    if not 1 <= len(matches) <= 3 or _LETTER.search(text):
        return
    ends = [start for start, _ in places[1:]] + [len(text)]
    after = [re.sub(r"\s", "", text[end:next_start]) for (_, end), next_start in zip(places, ends, strict=True)]
    lengths = [end - start for start, end in places]
    if len(matches) == 1:
        yield from (_Date(text, fields) for fields in _readings_of_one(places[0], after[0], matches[0].group()))
        return
    for roles in _roles(lengths, after):
        yield _Date(text, [_Field(role, *place) for role, place in zip(roles, places, strict=True)])


def _roles(lengths: Sequence[int], after: Sequence[str]) -> Sequence[str]:
    has_year, has_month = after[0] == "年", "月" in after[:2]
    if len(lengths) == 3:
        if after[0] not in _SEPARATORS | {"年"} or after[1] not in _SEPARATORS | {"月"}:
            return ()
        if has_year or has_month or lengths[0] == 4:
            return ("YMD",)
        return ("MDY", "DMY") if lengths[2] == 4 else ("YMD", "MDY", "DMY")
    if after[0] == "月":
        return ("MY",) if after[1].startswith("年") else ("MD",)
    if after[0] == "年":
        return ("YM",)
    if after[0] not in _SEPARATORS:
        return ()
    if lengths[0] == 4 or after[1].startswith("月"):
        return ("YM",)
    return ("MY",) if lengths[1] == 4 else ("MD", "YM")


def _readings_of_one(place: tuple[int, int], after: str, token: str) -> Iterator[list[_Field]]:
    start, end = place
    if after.startswith(("年", "月")):
        yield [_Field("Y" if after[0] == "年" else "M", start, end)]
        return
    if after:
        return
    layouts = {8: ("YYYYMMDD",), 6: ("YYYYMM", "YYMMDD"), 4: ("YYYY", "MMDD")}.get(end - start, ())
    for layout in layouts:
        if token[0].isdecimal() or layout == "YYYY":
            yield [
                _Field(role, start + layout.index(role), start + layout.rindex(role) + 1)
                for role in "YMD"
                if role in layout
            ]


def _read(text: str) -> _Date | None:
    readings = list(_readings(text))
    return next((reading for reading in readings if reading.is_valid), readings[0] if readings else None)


def move_date(text: str, days: int, draw: Draw) -> str:
    """A date some days later, as it is written: separators, zeros, width and numerals, two digits or four of a year.

    A month is moved as its 15th, a year as its 2 July, a day and month without a year as one of a year without
    29 February near it: none of them may then be a day off. Years of two digits are 1950 to 2049. What does not exist
    (30 February) is moved as the nearest date that does.

    Args:
        text: The date as written.
        days: How many days; negative: earlier.
        draw: Decides the digits of what is no date at all, such as a day alone or several dates in one: days stay
            days, months months, years move by one.
    """
    date = _read(text)
    if date is None:
        return NUMBER.sub(lambda match: _other_part(match.group(), days, draw), text)
    return date.write(date.nearest() + datetime.timedelta(days))


def _other_part(token: str, days: int, draw: Draw) -> str:
    value = number_value(token)
    if value is None or len(token) > 4:
        return pour(new_code(code_of(token), draw), token)
    if _FIRST_YEAR <= value <= _LAST_YEAR:
        return write_number(value + (1 if days > 0 else -1), token, digit_by_digit=True)
    width = len(token) if digit_value(token[0]) == 0 else 1
    number = 12 if value <= 12 else 31 if value <= 31 else 99
    # Another one than it is, whatever is drawn.
    return write_number(1 + (value + draw.below(number - 1)) % number, token, width=width)


def coarsen_date(text: str) -> str | None:
    """A date's month, as it is written; what has no day stays as it is. None if no month can be told.

    2013-05-17 → 2013-05, 2013年5月17日 → 2013年5月, 20130517 → 201305, 5/17 → 5月. A year of two digits between
    separators gets words, since 13/5 may be a day: 13年5月.
    """
    date = _read(text)
    if date is None or not date.is_month_valid or not date.is_year_plausible:
        return None
    if "D" not in date.tokens:
        return text
    roles = "".join(field.role for field in date.fields)
    year, month = date.tokens.get("Y"), date.tokens["M"]
    if "月" in text and roles in ("YMD", "MD"):
        return text[: text.index("月") + 1]
    unpadded = write_number(date.month, month)
    if year is None:
        return f"{unpadded}月"
    if len(year) <= 2:
        return f"{year}年{unpadded}月"
    if roles == "YMD":
        return text[: date.fields[1].end]
    # The day first or in the middle: what stands between the month and the year goes with it.
    return f"{month}{text[date.fields[1].end : date.fields[2].start]}{year}"
