"""Numbers that only tell one thing from another, such as those of records: new ones of the same form."""

import re
from collections.abc import Callable
from functools import partial

from ..normalization import normalize
from .draws import Draw, Patient
from .numerals import digit_value, like_digit, number_value, write_number, zero_of

_HAN = re.compile(r"[\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_ZEROS, _TENS = "〇零○", "十拾廿卅"
# What somebody hid already.
_HIDDEN = re.compile(r"[xX×＊*]{2,}|[×＊*]")


def is_han(character: str) -> bool:
    return _HAN.match(character) is not None


def code_of(text: str) -> str:
    """The digits and letters of a code, whatever their width, numerals, case and the separators between them."""
    return "".join(character for _, character in _places(text))


def _places(text: str) -> list[tuple[int, str]]:
    """Where the digits and letters of a code are, each with its ASCII form; other letters are "z"."""
    hidden = {i for match in _HIDDEN.finditer(text) for i in range(*match.span())}
    places = []
    for i, (character, folded) in enumerate(zip(text, normalize(text), strict=True)):
        digit = digit_value(character)
        if i in hidden:
            continue
        if digit is not None:
            places.append((i, str(digit)))
        elif character.isalpha() and not is_han(character):
            places.append((i, folded if folded.isascii() else "z"))
    return places


def pour(code: str, form: str) -> str:
    """A code in the form of another: its separators, width, numerals, case and Chinese words.

    Args:
        code: As many digits and small ASCII letters as `code_of(form)` has.
        form: The other one, as written.
    """
    zero = zero_of(form)
    characters = list(form)
    for (i, _), new in zip(_places(form), code, strict=True):
        old = form[i]
        if new.isdigit():
            # A digit may take a letter's place, in the last one of an identity card.
            kind = old if digit_value(old) is not None else "０" if "！" <= old <= "～" else "0"
            characters[i] = like_digit(int(new), kind, zero)
        else:
            new = new.upper() if old.isupper() or digit_value(old) is not None else new
            characters[i] = chr(ord(new) + 0xFEE0) if "！" <= old <= "～" else new
    return "".join(characters)


def new_code(code: str, draw: Draw) -> str:
    """Another code: a digit for each digit, a letter for each letter.

    Zeros at the start of a number stay, and no number gets new ones there: how many of its digits count is its form.
    """
    new = []
    leading = True
    for i, character in enumerate(code):
        if not character.isdigit():
            new.append(chr(ord("a") + draw.below(26)))
            leading = True
        elif leading and character == "0" and code[i + 1 : i + 2].isdigit():
            new.append("0")
        else:
            new.append(str(1 + draw.below(9) if leading and character != "0" else draw.below(10)))
            leading = False
    return "".join(new)


def other_code(
    text: str, kind: str, patient: Patient, make: Callable[[str, Draw], str] = new_code, also: str = ""
) -> str:
    """A code in the form of `text` that is not its own; all forms of one code get the same.

    Args:
        text: The code as written.
        kind: What the code is of: two kinds have nothing to do with each other.
        patient: Whose it is.
        make: Makes a code (digits, small ASCII letters) of another one.
        also: What else decides, besides the code.
    """
    code = code_of(text)
    if not code:
        return text
    return pour(patient.other(kind, f"{code}{also}", code, partial(make, code)), text)


def new_number(token: str, draw: Draw) -> str:
    """Another number of as many digits (12 → 31, 十二 → 三十一); draws that make 31 of 12 make 三十一 of 十二."""
    value = number_value(token)
    is_counted = len(token) == 1 or token[0] in _ZEROS or any(character in _TENS for character in token)
    if value and value < 100 and (is_counted or str(value) == normalize(token)):
        width = len(token) if digit_value(token[0]) == 0 else 1
        return write_number(1 + draw.below(9) if value < 10 else 10 + draw.below(90), token, width)
    return pour(new_code(code_of(token), draw), token)
