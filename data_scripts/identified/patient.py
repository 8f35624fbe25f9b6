"""A patient, and what the slots of templates stand for in the patient's records."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from . import dates, loose_forms, loose_places, names, numbers, places

IDENTIFIER_TYPES = (
    "NAME",
    "ID",
    "PHONE",
    "RECORD_NUMBER",
    "BED",
    "ADDRESS",
    "INSTITUTION",
    "DATE",
    "AGE",
    "EMAIL",
    "PLATE",
)
"""As the package finds them; a test holds the two lists against each other, since this folder imports no other's."""

_FIRST_DAY, _DAYS = date(2005, 1, 1), 365 * 19
_OWN_SHARE = 0.45
"""Of the persons whom no slot tells apart, those that other sentences of the patient's records name, too."""
_OLD = 90
"""The age from which on an age is an identifier."""


class Patient:
    """One patient with relatives, staff and numbers, which all of the patient's records share.

    Args:
        random: Where all choices come from.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self.sex = random.choice("男女")
        self.years = random.choice(
            (random.randint(1, 17), *(random.randint(18, 89) for _ in range(8)), random.randint(90, 103))
        )
        self.admitted = _FIRST_DAY + timedelta(days=random.randrange(_DAYS))
        self.born = self.admitted - timedelta(days=self.years * 365 + self.years // 4 + random.randint(1, 360))
        self.date_form = random.choice(dates.FORMS)
        self.name = names.compose_anybody(random, self.sex, self.born.year > 1975)
        # Relatives share the surname half of the time, which makes it no cue of who is meant.
        self.relatives = [
            names.compose_name(random, surname=self.name[0])
            if random.random() < 0.4 and self.name[0] in names.words.SURNAMES
            else names.compose_anybody(random)
            for _ in range(2)
        ]
        self.staff = [
            names.compose_anybody(random) if random.random() < 0.2 else names.compose_name(random) for _ in range(5)
        ]
        self.identity_number = numbers.compose_identity_number(random, self.born, self.sex)
        self.mobile = numbers.compose_mobile(random)
        self.record_number = numbers.compose_record_number(random, self.admitted.year)
        self.bed_number = numbers.compose_bed_number(random)
        self.bed = numbers.compose_bed(random)
        self.address = places.compose_address(random)
        self.employer = places.compose_employer(random)
        self.hospital = places.compose_hospital(random)

    def _day(self, longest: int = 60) -> date:
        return self.admitted + timedelta(days=self.random.randint(-longest // 4, longest))

    def _past(self) -> date:
        return self.admitted - timedelta(days=self.random.randint(30, min(365 * 30, max(31, 365 * self.years))))

    def _mostly(self, own: str, compose: Callable[[Random], str]) -> str:
        return own if self.random.random() < 0.5 else compose(self.random)

    def identifier(self, slot: str) -> tuple[str, str] | None:
        """What stands in an identifier's slot now, and its type; None if there is no such slot."""
        entry = _SLOTS.get(slot)
        return None if entry is None else (entry[1](self), entry[0])

    def age(self) -> tuple[str, str]:
        """The patient's age and its type, which is none below 90."""
        return dates.write_age(self.random, self.years), "AGE" if self.years >= _OLD else ""


def _person(patient: Patient) -> str:
    random = patient.random
    own = random.choice((patient.name, patient.name, *patient.relatives, *patient.staff))
    return names.write_name(random, own if random.random() < _OWN_SHARE else names.compose_anybody(random))


def _kin(patient: Patient) -> str:
    random = patient.random
    name = random.choice(patient.relatives) if random.random() < 0.8 else names.compose_anybody(random)
    return names.write_name(random, name)


def _any_day(patient: Patient) -> str:
    random = patient.random
    if random.random() < 0.4:
        return dates.write_date(random, patient._day(), patient.date_form)
    return loose_forms.write_loose_day(random, patient._past())


def _staff(patient: Patient) -> str:
    own = patient.random.random() < 0.7
    name = patient.random.choice(patient.staff) if own else names.compose_name(patient.random)
    return names.write_name(patient.random, name)


_SLOTS: dict[str, tuple[str, Callable[[Patient], str]]] = {
    "patient": ("NAME", lambda p: names.write_name(p.random, p.name)),
    "kin": ("NAME", _kin),
    "doctor": ("NAME", _staff),
    "nurse": ("NAME", lambda p: _staff(p) if p.random.random() < 0.5 else names.compose_name(p.random, "女")),
    "person": ("NAME", _person),
    "plain_name": ("NAME", lambda p: names.compose_name(p.random)),
    "minority": ("NAME", lambda p: names.compose_minority_name(p.random)),
    "foreigner": ("NAME", lambda p: names.compose_foreign_name(p.random)),
    "masked": ("NAME", lambda p: names.compose_masked_name(p.random)),
    "surname": ("NAME", lambda p: names.pick_surname(p.random)),
    "familiar": ("NAME", lambda p: p.random.choice("老老小小大") + names.pick_surname(p.random, 0)),
    "pet": ("NAME", lambda p: p.random.choice(names.PET_NAMES)),
    "nickname": ("NAME", lambda p: names.compose_nickname(p.random)),
    "id": ("ID", lambda p: numbers.write_identity_number(p.random, p.identity_number)),
    "other_id": (
        "ID",
        lambda p: numbers.compose_identity_number(p.random, p._past(), p.random.choice("男女")),
    ),
    "passport": ("ID", lambda p: numbers.compose_passport(p.random)),
    "insurance": ("ID", lambda p: numbers.compose_insurance_number(p.random)),
    "officer": ("ID", lambda p: numbers.compose_officer_number(p.random)),
    "phone": ("PHONE", lambda p: numbers.write_mobile(p.random, p._mostly(p.mobile, numbers.compose_mobile))),
    "landline": ("PHONE", lambda p: numbers.compose_landline(p.random)),
    "local_phone": ("PHONE", lambda p: numbers.compose_landline(p.random, is_local=True)),
    "short_phone": ("PHONE", lambda p: numbers.digits(p.random, p.random.choice((4, 5, 6)))),
    "chat": ("PHONE", lambda p: numbers.compose_chat_number(p.random)),
    "qq": ("PHONE", lambda p: numbers.digits(p.random, p.random.randint(6, 10))),
    "record": ("RECORD_NUMBER", lambda p: p.record_number),
    "other_record": ("RECORD_NUMBER", lambda p: numbers.compose_record_number(p.random, p.admitted.year)),
    "exam_number": ("RECORD_NUMBER", lambda p: numbers.compose_examination_number(p.random, p.admitted.year)),
    "any_number": ("RECORD_NUMBER", lambda p: loose_forms.compose_loose_number(p.random, p.admitted.year)),
    "any_phone": ("PHONE", lambda p: loose_forms.compose_loose_phone(p.random)),
    "any_bed": ("BED", lambda p: loose_forms.compose_loose_bed(p.random)),
    "any_day": ("DATE", _any_day),
    "place": ("ADDRESS", lambda p: loose_places.compose_loose_place(p.random)),
    "short_hospital": ("INSTITUTION", lambda p: loose_places.compose_short_hospital(p.random)),
    "agency": ("INSTITUTION", lambda p: loose_places.compose_agency(p.random)),
    "bed": ("BED", lambda p: p._mostly(p.bed, numbers.compose_bed)),
    "bed_number": ("BED", lambda p: p.bed_number + p.random.choice(("", "", "", "", "床", "号"))),
    "ward": ("BED", lambda p: numbers.compose_ward(p.random)),
    "address": ("ADDRESS", lambda p: p._mostly(p.address, places.compose_address)),
    "short_address": ("ADDRESS", lambda p: places.compose_short_address(p.random)),
    "village": ("ADDRESS", lambda p: places.compose_village(p.random)),
    "region": ("ADDRESS", lambda p: places.compose_region(p.random)),
    "hospital": ("INSTITUTION", lambda p: p._mostly(p.hospital, places.compose_hospital)),
    "employer": ("INSTITUTION", lambda p: p._mostly(p.employer, places.compose_employer)),
    "school": ("INSTITUTION", lambda p: places.compose_school(p.random)),
    "date": ("DATE", lambda p: dates.write_date(p.random, p._day(), p.date_form)),
    "admitted": ("DATE", lambda p: dates.write_date(p.random, p.admitted, p.date_form)),
    "born": ("DATE", lambda p: dates.write_date(p.random, p.born, p.date_form)),
    "past_date": ("DATE", lambda p: dates.write_date(p.random, p._past(), p.date_form)),
    "month_day": ("DATE", lambda p: dates.write_month_day(p.random, p._day())),
    "numeric_day": ("DATE", lambda p: dates.write_numeric_day(p.random, p._day())),
    "month": ("DATE", lambda p: dates.write_month(p.random, p._past())),
    "year": ("DATE", lambda p: dates.write_year(p.random, p._past().year)),
    "lunar_day": ("DATE", lambda p: dates.write_lunar_day(p.random)),
    "old_age": ("AGE", lambda p: dates.write_age(p.random, p.random.randint(_OLD, 106))),
    "bare_old_age": ("AGE", lambda p: str(p.random.randint(_OLD, 106))),
    "mail": ("EMAIL", lambda p: numbers.compose_mail(p.random)),
    "plate": ("PLATE", lambda p: numbers.compose_plate(p.random)),
}
"""Slots of identifiers: type and what writes it. `{age}` is apart: its type hangs on the patient."""

IDENTIFIER_SLOTS = (*_SLOTS, "age")
