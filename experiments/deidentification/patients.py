"""A patient, with all that the patient's records have in common, and what a slot of a template is filled with."""

import datetime
import random
from collections.abc import Callable

from .date_forms import in_chinese, write_age, write_date
from .name_forms import draw_name, surname_of, write_name
from .number_forms import (
    digits,
    draw_identity_number,
    draw_landline,
    draw_mail,
    draw_mobile,
    draw_other_identity,
    draw_plate,
    draw_record_number,
    in_words,
    write_identity_number,
    write_mobile,
    write_record_number,
)
from .place_forms import (
    bare_bed,
    draw_address,
    draw_bed,
    draw_hospital,
    draw_near_address,
    draw_place,
    draw_police,
    draw_region,
    draw_school,
    draw_unit,
)

PATIENT_KINDS = {"adult": 62, "old": 16, "child": 8, "obstetric": 14}
"""Kinds of patients by their shares. old: above 89 years."""

IDENTIFYING_AGE = 90
_RELATIVES = ("father", "mother", "spouse", "child", "sibling")
_STAFF = ("chief", "attending", "resident", "nurse", "other")
_OWN_KINDS = ("word", "latin", "minority", "masked", "nick", "rare", "compound")


class Patient:
    """A patient with relatives, staff, numbers and a stay; all are made up.

    Args:
        source: Where all choices come from.
        kind: One of `PATIENT_KINDS`.
    """

    def __init__(self, source: random.Random, kind: str) -> None:
        self.source, self.kind = source, kind
        self.sex = "女" if kind == "obstetric" else source.choice("男女")
        self.admission = datetime.date(source.randint(2009, 2023), source.randint(1, 12), source.randint(1, 28))
        self.age = source.randint(*{"adult": (18, 89), "old": (90, 103), "child": (1, 14), "obstetric": (20, 43)}[kind])
        self.birth = (self.admission.year - self.age - 1, source.randint(1, 12), source.randint(1, 28))
        self.day = self.admission
        self.region = draw_region(source)
        self.name = draw_name(source, self.sex)
        self.people = {role: self._relative(role) for role in _RELATIVES}
        self.people |= {role: draw_name(source, staff=True) for role in _STAFF} | {"patient": self.name}
        self.identity_number = draw_identity_number(source, self.region[0], self.birth, self.sex)
        self.mobile, self.relatives_mobile = draw_mobile(source), draw_mobile(source)
        self.record_number = draw_record_number(source, self.admission.year)
        self.address, self.place = draw_address(source, self.region), draw_place(source, self.region)
        self.hospital, self.unit = draw_hospital(source, self.region), draw_unit(source, self.region)
        self.bed, self.ward = draw_bed(source)

    def _relative(self, role: str) -> str:
        sex = {"father": "男", "mother": "女", "spouse": "女" if self.sex == "男" else "男"}.get(role, "")
        is_chinese = len(self.name) < 5 and "一" <= self.name[0] <= "鿿" and "·" not in self.name
        if is_chinese and self.source.random() < {"father": 0.9, "child": 0.6, "sibling": 0.8}.get(role, 0):
            return draw_name(self.source, sex, surname=surname_of(self.name))
        return draw_name(self.source, sex)

    def next_day(self) -> None:
        """Some days pass before the next record is written."""
        self.day += datetime.timedelta(self.source.randint(0, 4))

    def fill(self, name: str, argument: str) -> tuple[str, str | None]:
        """What stands in a slot: the text and, if it is an identifier, its type.

        Raises:
            ValueError: If there is no such slot.
        """
        if name.isupper():
            written: Callable[[str], str | tuple[str, None]] | None = getattr(self, f"_write_{name.lower()}", None)
            if written is not None:
                text = written(argument)
                return text if isinstance(text, tuple) else (text, name)
        elif (plain := getattr(self, f"_plain_{name}", None)) is not None:
            return plain(argument), None
        raise ValueError(f"There is no slot {{{name}:{argument}}}.")

    # Identifiers: each takes what stands after the colon. A pair with None is text that identifies nobody.

    def _write_name(self, argument: str) -> str:
        if argument == "surname":
            return surname_of(draw_name(self.source, surname=self.source.choice("王李张刘陈赵孙周吴郑冯高何马")))
        if argument in _OWN_KINDS:
            return write_name(self.source, draw_name(self.source, kind=argument))
        if argument == "relative":
            argument = self.source.choice(_RELATIVES)
        if argument == "staff":
            return write_name(self.source, draw_name(self.source, staff=True))
        if argument == "new":
            return write_name(self.source, draw_name(self.source))
        return write_name(self.source, self.people[argument])

    def _write_id(self, argument: str) -> str:
        if not argument:
            return write_identity_number(self.source, self.identity_number)
        if argument == "relative":
            sex, year = self.source.choice("男女"), self.admission.year - self.source.randint(25, 60)
            birth = (year, self.source.randint(1, 12), self.source.randint(1, 28))
            number = draw_identity_number(self.source, self.region[0], birth, sex)
            return write_identity_number(self.source, number)
        return draw_other_identity(self.source, argument)

    def _write_phone(self, argument: str) -> str:
        if argument in ("", "words", "relative"):
            number = self.relatives_mobile if argument == "relative" else self.mobile
            return write_mobile(self.source, number, argument if argument == "words" else "")
        if argument == "new":
            return write_mobile(self.source, draw_mobile(self.source))
        if argument == "short":
            return digits(self.source, self.source.choice((4, 5, 6)), "2345678")
        if argument == "any":
            return self._write_phone(self.source.choice(("", "relative", "landline", "local", "extension")))
        if argument == "landline_words":
            return in_words(self.source, digits(self.source, 8, "2345678"))
        return draw_landline(self.source, "" if argument == "landline" else argument)

    def _write_record_number(self, argument: str) -> str:
        is_own = argument == "patient"
        number = self.record_number if is_own else draw_record_number(self.source, self.admission.year)
        return write_record_number(self.source, number)

    def _write_bed(self, argument: str) -> str:
        if argument == "bare":
            return bare_bed(self.bed)
        if argument == "ward":
            return self.ward
        if argument == "both":
            return self.ward + self.bed
        return draw_bed(self.source)[0] if argument == "other" else self.bed

    def _write_address(self, argument: str) -> str:
        if argument == "place":
            return self.place
        if argument == "near":
            return draw_near_address(self.source)
        return draw_address(self.source, draw_region(self.source)) if argument == "other" else self.address

    def _write_institution(self, argument: str) -> str | tuple[str, None]:
        if argument == "own":
            return self.hospital
        if argument == "unit":
            return self.unit
        if argument == "work":
            return (
                (self.source.choice("无 农民 退休 个体 本地 务农 自由职业".split()), None)
                if self.source.random() < 0.2
                else self.unit
            )
        if argument in ("school", "police"):
            return draw_school(self.source, self.region) if argument == "school" else draw_police(self.source)
        region = self.region if self.source.random() < 0.6 else draw_region(self.source)
        return draw_unit(self.source, region) if argument == "other_unit" else draw_hospital(self.source, region)

    def _write_date(self, argument: str) -> str:
        when, _, form = argument.partition("/")
        days = {
            "admission": self.admission,
            "now": self.day,
            "birth": datetime.date(*self.birth),
            "recent": self.admission - datetime.timedelta(self.source.randint(1, 40)),
            "soon": self.day + datetime.timedelta(self.source.randint(1, 14)),
            "past": self.admission - datetime.timedelta(self.source.randint(200, min(9000, 365 * self.age + 100))),
        }
        if when not in days:
            raise ValueError(f"There is no date {when!r}: {', '.join(days)}.")
        if when == "past" and not form:
            form = self.source.choice(("", "full", "month", "month", "year"))
        return write_date(self.source, days[when], form)

    def _write_age(self, argument: str) -> str | tuple[str, None]:
        age = self.source.randint(90, 101) if argument == "old" else self.age
        written = write_age(self.source, age)
        return written if age >= IDENTIFYING_AGE else (written, None)

    def _write_email(self, _: str) -> str:
        return draw_mail(self.source)

    def _write_plate(self, _: str) -> str:
        return draw_plate(self.source)

    # Text that identifies nobody.

    def _plain_sex(self, _: str) -> str:
        return self.sex

    def _plain_age(self, _: str) -> str:
        """An age of somebody that identifies nobody: often just below the limit."""
        age = self.source.choice((89, 88, 85, self.source.randint(40, 87), self.source.randint(1, 80)))
        return self.source.choice((f"{age}岁", f"{age}岁", f"{age} 岁", f"{in_chinese(age)}岁"))

    def _plain_number(self, argument: str) -> str:
        """A whole number between two, `{number:3-9}`."""
        least, most = argument.split("-")
        return str(self.source.randint(int(least), int(most)))

    def _plain_decimal(self, argument: str) -> str:
        """A number with one or two digits after the point, `{decimal:3.5-9}`."""
        least, most = map(float, argument.split("-"))
        return f"{self.source.uniform(least, most):.{self.source.choice((1, 2, 2))}f}"

    def _plain_time(self, _: str) -> str:
        hour, minute = self.source.randint(0, 23), self.source.randint(0, 59)
        forms = (f"{hour:02d}:{minute:02d}", f"{hour}:{minute:02d}", f"{hour}时{minute}分", f"{hour}：{minute:02d}")
        return self.source.choice((*forms, f"{hour:02d}:{minute:02d}:{self.source.randint(10, 59)}"))
