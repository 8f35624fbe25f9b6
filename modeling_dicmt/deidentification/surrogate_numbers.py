"""Numbers of people and things in the form that they have: telephones, identity cards, records, plates, beds, ages."""

import datetime
import re
from functools import partial

from ..normalization import normalize
from .codes import code_of, is_han, new_code, new_number, other_code, pour
from .draws import Draw, Patient
from .numerals import CHINESE, NUMBER, number_value, write_number
from .surrogate_words import words_of

_BETWEEN_PHONES = re.compile(r"(转|轉|分机|ext\.?|[/、,;])")
_COUNTRY = re.compile(r"\s*(?:\+\s*86|0086|86(?=[\s-]*1[3-9](?:[\s-]*\d){9}\s*$))")
_PROVINCES_OF_CARDS = (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66))
_CHECK_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_OFFICERS = "军政后参海空沈北兰济南广成装"
_PLATE_LETTERS = "abcdefghjklmnpqrstuvwxyz"  # I and O would be read as 1 and 0
# A number of a bed or ward with letters beside it, then what it counts.
_BED = re.compile(
    rf"(?P<number>(?:(?<![a-z])[a-z])?(?:[0-9]+|[{CHINESE}]+)(?:[a-z](?![a-z]))?)"
    r"(?P<unit>\s{0,2}(?:病区|护理单元|区|病室|室|楼|床|号床|号)?)"
)
_EMAIL_HOSTS = ("example.com", "example.org", "example.net")  # reserved: nobody's


def new_phone(text: str, patient: Patient) -> str:
    """Another telephone number of the same kind: mobile, with an area code, short; extensions are numbers of their own.

    Args:
        text: The number as written, with country code, in digits of any kind; several between / or 、 too.
        patient: Whose record it stands in.
    """
    pieces, kept_from = [], 0
    for match in _BETWEEN_PHONES.finditer(normalize(text)):
        pieces += (_new_phone(text[kept_from : match.start()], patient), text[slice(*match.span())])
        kept_from = match.end()
    return "".join((*pieces, _new_phone(text[kept_from:], patient)))


def _new_phone(text: str, patient: Patient) -> str:
    country = _COUNTRY.match(normalize(text))
    start = country.end() if country else 0
    form = text[start:]
    # Hidden digits count: 138****8000 is a mobile number.
    has_eleven = sum(c.isalnum() or c in "*＊×" for c in form) == 11
    return text[:start] + other_code(form, "PHONE", patient, partial(_phone_code, has_eleven))


def _phone_code(has_eleven: bool, code: str, draw: Draw) -> str:
    if has_eleven and re.fullmatch(r"1[3-9]\d{0,9}", code):
        return "1" + str(3 + draw.below(7)) + _digits(len(code) - 2, draw)
    if re.fullmatch(r"0\d{9,11}", code):
        # 010 and 02… have three digits, all others four.
        area = f"02{draw.below(10)}" if code[1] in "12" else f"0{3 + draw.below(7)}{_digits(2, draw)}"
        return area + str(2 + draw.below(7)) + _digits(len(code) - len(area) - 1, draw)
    if re.fullmatch(r"[48]00\d{7}", code):
        return code[:3] + _digits(7, draw)
    if re.fullmatch(r"[2-8]\d{6,7}", code):
        return str(2 + draw.below(7)) + _digits(len(code) - 1, draw)
    return new_code(code, draw)


def _digits(number: int, draw: Draw) -> str:
    return "".join(str(draw.below(10)) for _ in range(number))


def new_id(text: str, patient: Patient) -> str:
    """Another number of an identity card, passport or insurance.

    Of identity cards (15 or 18 characters) the birth date moves as the patient's dates do, the digit that tells the sex
    stays even or odd, and the check digit is right. An officer's card gets another issuer's character.
    """
    new = other_code(text, "ID", patient, partial(_id_code, patient.days))
    if "字" not in new:
        return new
    return "".join(
        patient.other("ISSUER", c, c, lambda draw: draw.choice(_OFFICERS)) if c in _OFFICERS else c for c in new
    )


def _id_code(days: int, code: str, draw: Draw) -> str:
    if not re.fullmatch(r"\d{17}[\dx]|\d{15}", code):
        return new_code(code, draw)
    is_long = len(code) == 18
    birth = _moved_birth(code[6:14] if is_long else "19" + code[6:12], days, draw)
    sex = int(code[16 if is_long else 14]) % 2
    for _ in range(200):
        area = f"{draw.choice(_PROVINCES_OF_CARDS)}{1 + draw.below(20):02d}{1 + draw.below(29):02d}"
        order = f"{draw.below(100):02d}{2 * draw.below(5) + sex}"
        if not is_long:
            return area + birth[2:] + order
        new = area + birth + order
        new += check_digit(new)
        if (new[-1] == "x") == (code[-1] == "x"):
            break
    return new


def _moved_birth(birth: str, days: int, draw: Draw) -> str:
    try:
        date = datetime.datetime.strptime(birth, "%Y%m%d").date()
    except ValueError:
        date = None
    if date is None or not 1880 < date.year < 2100:
        date = datetime.date(1930, 1, 1) + datetime.timedelta(draw.below(60 * 365))
        return f"{date:%Y%m%d}"
    return f"{date + datetime.timedelta(days):%Y%m%d}"


def check_digit(digits: str) -> str:
    """The last character of an identity card's number, "x" for ten (GB 11643-1999), of the 17 digits before it."""
    return "10x98765432"[sum(weight * int(digit) for weight, digit in zip(_CHECK_WEIGHTS, digits, strict=True)) % 11]


def new_record_number(text: str, patient: Patient) -> str:
    """Another number of a record, admission or examination: a digit for each digit, a letter for each letter."""
    return other_code(text, "RECORD_NUMBER", patient)


def new_plate(text: str, patient: Patient) -> str:
    """Another car's plate: region for region, a digit for each digit, a letter other than I and O for each letter."""
    regions, code = words_of("plate_regions"), code_of(text)
    new = other_code(text, "PLATE", patient, _plate_code)
    # By the plate, so that two of a region need not be of one again.
    return "".join(
        patient.other("PLATE REGION", code, c, lambda draw: draw.choice(regions)) if c in regions else c for c in new
    )


def _plate_code(code: str, draw: Draw) -> str:
    return "".join(str(draw.below(10)) if c.isdigit() else draw.choice(_PLATE_LETTERS) for c in code)


def new_bed(text: str, patient: Patient) -> str:
    """Another bed or ward: each number by itself, so that 3病区12床 and 12床 agree; 十二床 and 12床 do too."""

    pieces, kept_from = [], 0
    for match in _BED.finditer(normalize(text)):
        start, end = match.span("number")
        form, unit = text[start:end], match["unit"].strip()
        unit = "床" if unit in ("", "号", "号床") else unit
        value = number_value(NUMBER.search(form).group())
        normal = NUMBER.sub(match["number"] if value is None else str(value), match["number"], count=1)
        pieces += (text[kept_from:start], patient.other(f"BED {unit}", normal, form, partial(_bed_number, form)))
        kept_from = end
    return "".join((*pieces, text[kept_from:])) if pieces else new_record_number(text, patient)


def _bed_number(form: str, draw: Draw) -> str:
    new = NUMBER.sub(lambda match: new_number(match.group(), draw), form)
    return "".join(pour(draw.choice("abcdef"), c) if c.isalpha() and not is_han(c) else c for c in new)


def new_email(text: str, patient: Patient) -> str:
    """Another address: the name before @ by letters and digits, after it a domain that nobody can have."""
    place = next((i for i, character in enumerate(normalize(text)) if character == "@"), None)
    if place is None:
        return new_record_number(text, patient)
    name, host = text[:place], text[place + 1 :]
    new = other_code(name, "EMAIL", patient, also=f"@{code_of(host)}")
    characters = patient.draw("EMAIL", "".join(filter(is_han, name)))
    new = "".join(characters.choice(words_of("given_common")) if is_han(c) else c for c in new)
    new_host = patient.other("EMAIL HOST", code_of(host), host, lambda draw: draw.choice(_EMAIL_HOSTS))
    if host[:1] and host[0] > "\uff00":
        new_host = "".join(chr(ord(c) + 0xFEE0) for c in new_host)
    return new + text[place] + new_host


def new_age(text: str) -> str:
    """The age 90 in the same numerals: ages above 89 become one class, as they would without a key."""
    match = re.search(rf"[0-9０-９]+|[{CHINESE}百佰](?:有?[{CHINESE}百佰])*", text)
    if match is None:
        return text
    return text[: match.start()] + write_number(90, match.group()) + text[match.end() :]
