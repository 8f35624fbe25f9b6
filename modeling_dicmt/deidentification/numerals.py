"""Numbers as records write them: digits of any width, and Chinese numerals, small and capital."""

import re
import unicodedata

_ZEROS = "〇零○"
_SMALL = "一二三四五六七八九"
_CAPITAL = "壹贰叁肆伍陆柒捌玖"
_VALUES = {zero: 0 for zero in _ZEROS} | {"两": 2, "幺": 1, "貳": 2, "參": 3, "陸": 6}
_VALUES |= {character: i for digits in (_SMALL, _CAPITAL) for i, character in enumerate(digits, 1)}
# Tens, and those with their number in them.
_TENS = {"十": None, "拾": None, "廿": 2, "卅": 3}
_LONGEST = 8

CHINESE = "".join((*_VALUES, *_TENS))
"""All characters of Chinese numerals below a hundred, and of numbers read digit by digit."""
NUMBER = re.compile(rf"[0-9０-９]+|[{CHINESE}]+")


def digit_value(character: str) -> int | None:
    """0 to 9 for a digit of any script and width or a Chinese one, otherwise None; 十 is none."""
    value = _VALUES.get(character)
    return unicodedata.decimal(character, None) if value is None else value


def like_digit(value: int, character: str, zero: str = "〇") -> str:
    """The digit `value` (0 to 9) of the same kind as `character`, which is one itself.

    Args:
        value: The new digit.
        character: The old one.
        zero: The zero among Chinese digits: 〇, 零 or ○.
    """
    old = unicodedata.decimal(character, None)
    if old is not None:
        return chr(ord(character) - old + value)
    if value == 0:
        return character if character in _ZEROS else zero
    return (_CAPITAL if character in _CAPITAL or character in "貳參陸" else _SMALL)[value - 1]


def zero_of(text: str) -> str:
    """The Chinese zero that a text has; 〇 if none, 零 beside capital numerals."""
    for character in text:
        if character in _ZEROS:
            return character
    return "零" if any(character in _CAPITAL for character in text) else "〇"


def number_value(token: str) -> int | None:
    """The number that digits or Chinese numerals are (十二 and 一二 are 12); None if they are none, or very long."""
    if not token or len(token) > _LONGEST:
        return None
    tens = [i for i, character in enumerate(token) if character in _TENS]
    if not tens:
        digits = [digit_value(character) for character in token]
        return None if None in digits else int("".join(map(str, digits)))
    if len(tens) > 1:
        return None
    before, ten, after = token[: tens[0]], token[tens[0]], token[tens[0] + 1 :]
    counted = _TENS[ten]
    if len(before) > (counted is None) or len(after) > 1:
        return None
    tens_digit = counted or (digit_value(before) if before else 1)
    ones_digit = digit_value(after) if after else 0
    return 10 * tens_digit + ones_digit if tens_digit and ones_digit is not None else None


def write_number(value: int, like: str, width: int = 1, digit_by_digit: bool = False) -> str:
    """A number in the numerals of another: full-width, small or capital ones, 廿一 or 二十一.

    Args:
        value: The number.
        like: The other number, as written.
        width: Digits at least; the missing ones are zeros.
        digit_by_digit: Whether Chinese numerals name each digit (二〇一三), as those of 100 or more always do here.
    """
    digits = f"{value:0{width}d}"
    zero = zero_of(like)
    if like[0] not in CHINESE or digit_by_digit or value > 99:
        return "".join(like_digit(int(digit), like[0], zero) for digit in digits)
    capital = any(character in "拾貳參陸" or character in _CAPITAL for character in like)
    names = zero + (_CAPITAL if capital else _SMALL)
    tens, ones = divmod(value, 10)
    if not tens:
        return zero * (width - 1) + names[ones]
    ten = "拾" if capital else "十"
    if tens in (2, 3) and ("廿" in like or "卅" in like):
        head = "廿" if tens == 2 else "卅"
    else:
        has_one = len(like) > 1 and like[1] in _TENS and digit_value(like[0]) == 1
        head = ("" if tens == 1 and not has_one else names[tens]) + ten
    return head + (names[ones] if ones else "")
