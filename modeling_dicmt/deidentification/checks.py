"""What a pattern cannot say of an identifier: that a number's check digit is right, that a day is on the calendar."""

import re
from collections.abc import Callable, Mapping

from ..normalization import normalize

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10x98765432"
_HAN_DIGITS = str.maketrans("〇零○一二三四五六七八九幺", "0001234567891")
_IN_WORDS = re.compile("(?:([一二三四五六七八九]?)百零?)?(?:([一二三四五六七八九]?)十)?([一二三四五六七八九]?)")
_LUNAR = {"正月": "一月", "元月": "一月", "冬月": "十一月", "腊月": "十二月", "初": ""}
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_identity_number(text: str) -> bool:
    """Whether an identity card's number of 18 has the right check digit (GB 11643-1999); blanks do not count."""
    number = re.sub(r"[\s-]", "", normalize(text))
    if not re.fullmatch(r"\d{17}[\dx]", number):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    return _CHECK_DIGITS[total % 11] == number[17]


def is_calendar_date(text: str) -> bool:
    """Whether numbers of a year, a month and a day, or the latter two or the former two, are those of a day."""
    text = normalize(text)
    for word, number in _LUNAR.items():
        text = text.replace(word, number)
    numbers = [_number(part) for part in re.findall(r"\d+|[〇零○一二三四五六七八九十廿卅]+", text)]
    if len(numbers) == 1 and re.fullmatch(r"\d{8}", text):  # 20130501
        numbers = [int(text[:4]), int(text[4:6]), int(text[6:])]
    if len(numbers) == 3:
        year, month, day = numbers
        is_year = 1900 <= year <= 2099 or year <= 99
        return is_year and 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]
    if len(numbers) == 2:
        first, second = numbers
        if first > 99:
            return 1900 <= first <= 2099 and 1 <= second <= 12
        return 1 <= first <= 12 and 1 <= second <= _DAYS[first - 1]
    return len(numbers) == 1 and 1900 <= numbers[0] <= 2099


def is_above_89(text: str) -> bool:
    """Whether an age in years, in digits or in words, is above 89 and below 130."""
    found = re.search(r"\d+|[〇零一二三四五六七八九十百]+", text)
    return found is not None and 89 < _number(found[0]) < 130


def _number(text: str) -> int:
    """A number in digits, in words (九十三, 一百零二), or digit by digit in words (二〇一三)."""
    if text.isdigit():
        return int(text)
    text = text.replace("廿", "二十").replace("卅", "三十")
    if not re.search("[十百]", text):
        return int(text.translate(_HAN_DIGITS))
    parts = _IN_WORDS.fullmatch(text)
    if parts is None:
        return -1
    hundreds, tens, ones = parts.groups()
    return (
        100 * int(("〇" if hundreds is None else hundreds or "一").translate(_HAN_DIGITS))
        + 10 * int(("〇" if tens is None else tens or "一").translate(_HAN_DIGITS))
        + int((ones or "〇").translate(_HAN_DIGITS))
    )


def has_digits(text: str) -> bool:
    """Whether three characters at least are digits, or stand for hidden ones."""
    return len(re.findall(r"[\d*×]", text)) >= 3


def has_three_characters(text: str) -> bool:
    """Whether it is longer than what else is numbered: a first finding, a second picture."""
    return len(text) >= 3


def is_capitalised(text: str) -> bool:
    """Whether Latin words are written as names are: Li Ming, LI Ming; CT and bid are none."""
    words = re.findall("[A-Za-z'’-]+", text)
    return bool(words) and all(word[0].isupper() for word in words) and any(word[1:].islower() for word in words)


def is_in_capitals(text: str) -> bool:
    """Whether all Latin letters are capitals: ZHANG WEI."""
    return text.isupper()


def has_five_digits(text: str) -> bool:
    """Whether five characters at least are digits."""
    return len(re.findall(r"\d", text)) >= 5


CHECKS: Mapping[str, Callable[[str], bool]] = {
    "identity_number": is_identity_number,
    "calendar_date": is_calendar_date,
    "above_89": is_above_89,
    "has_digits": has_digits,
    "five_digits": has_five_digits,
    "three_characters": has_three_characters,
    "capitalised": is_capitalised,
    "all_capitals": is_in_capitals,
}
"""By the names that rule files have for them."""
