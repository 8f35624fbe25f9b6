"""What a pattern cannot say of an identifier: that a number's check digit is right, that a day is on the calendar."""

import re
from collections.abc import Callable, Mapping

from ..normalization import normalize

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10x98765432"
_HAN_DIGITS = str.maketrans("〇零○一二三四五六七八九幺", "0001234567891")
_IN_WORDS = re.compile("(?:([一二三四五六七八九]?)百零?)?(?:([一二三四五六七八九]?)十)?([一二三四五六七八九]?)")
_LUNAR = {"正月": "一月", "元月": "一月", "冬月": "十一月", "腊月": "十二月", "初": ""}
# Letters that a scanner reads for digits, and a zero that an input method writes for one.
_LIKE_DIGITS = str.maketrans("oil|", "0111")
_MIXED_ZERO = re.compile(r"(?<=\d)[〇○](?=\d)|(?<=\d)[〇○](?![〇零○一二三四五六七八九十])")
# What is no number of a record although it has letters and digits: a telephone, a day, a measured value, a disease.
_NO_CODE = re.compile(
    r"(?:86)?1[3-9]\d{9}|[48]00\d{7}|0\d{2,3}[-—]?[2-9]\d{6,7}|(?:\d{2}|(?:19|20)\d{2})[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d{2}|(?:19|20)\d{2}[-/]\d{1,2}"
    r"|[a-z]{0,4}\d{1,6}\.\d{1,4}[a-z]{0,4}|[a-z]\d{2}(?:\.[\dx]\w{0,5})?|nct\d{8}|(?:0|[1-9]\d{0,3})[-/](?:0|[1-9]\d{0,2})"
    r"|.{0,30}\d(?:mg|g|ml|ug|gy|iu|cm|mm|ng|pg)(?![\d-]).{0,30}|p?o?d\d{1,2}-d?\d{1,2}|[cpy]{0,2}t?\d[a-d]?n\d\w{0,6}"
)
_DAY = re.compile(r"(?:19|20)\d{2}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d{2}")
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
    text = _as_digits(normalize(text))
    for word, number in _LUNAR.items():
        text = text.replace(word, number)
    numbers = [_number(part) for part in re.findall(r"\d+|[〇零○一二三四五六七八九十廿卅]+", text)]
    if len(numbers) == 1 and re.fullmatch(r"\d{8}", text):  # 20130501
        numbers = [int(text[:4]), int(text[4:6]), int(text[6:])]
    elif len(numbers) == 1 and re.fullmatch(r"\d{6}", text):  # 130501
        numbers = [int(text[:2]), int(text[2:4]), int(text[4:])]
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
    found = re.search(r"\d+|[〇零一二三四五六七八九十百]+", _as_digits(normalize(text)).replace("十有", "十"))
    return found is not None and 89 < _number(found[0]) < 130


def _as_digits(text: str) -> str:
    """Folded text with what a scanner reads for digits, or what stands for a zero among them, as digits."""
    return _MIXED_ZERO.sub("0", text.translate(_LIKE_DIGITS) if re.search(r"\d", text) else text)


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


def is_mostly_digits(text: str) -> bool:
    """Whether a number has misread digits, but fewer than half of them: 139l234567O."""
    right, wrong = len(re.findall(r"\d", normalize(text))), len(re.findall("[oil|〇○]", normalize(text)))
    return 0 < wrong < right


def is_code(text: str) -> bool:
    """Whether letters and digits can be the number of a card or a sample: no telephone, day, value, ICD code."""
    text = normalize(text)
    digits, letters = len(re.findall(r"\d", text)), len(re.findall("[a-z]", text))
    if re.fullmatch(r"(?:19|20)\d{6}", text) and is_calendar_date(text):
        return False
    return digits >= 3 and digits + letters >= 5 and not _NO_CODE.fullmatch(text)


def is_card_number(text: str) -> bool:
    """Whether three characters at least are digits, or stand for hidden ones, and they are no day."""
    return has_digits(text) and not _DAY.fullmatch(normalize(text))


def is_long_number(text: str) -> bool:
    """Whether digits that nothing explains are a number of a record: neither a day, with its time or not, nor round."""
    text = normalize(text)
    if _NO_CODE.fullmatch(text) or text.endswith("000"):
        return False
    return not (re.fullmatch(r"\d{8}|\d{12}|\d{14}", text) and is_calendar_date(text[:8]))


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
    "card_number": is_card_number,
    "code": is_code,
    "long_number": is_long_number,
    "mostly_digits": is_mostly_digits,
    "has_digits": has_digits,
    "five_digits": has_five_digits,
    "three_characters": has_three_characters,
    "capitalised": is_capitalised,
    "all_capitals": is_in_capitals,
}
"""By the names that rule files have for them."""
