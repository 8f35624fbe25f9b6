"""Made-up identifiers in place of real ones, so that what remains is a record that nobody's name is in."""

from collections.abc import Callable
from functools import lru_cache

from .dates import move_date
from .draws import Patient
from .identifiers import IDENTIFIER_TYPES
from .surrogate_addresses import new_address
from .surrogate_institutions import new_institution
from .surrogate_names import new_name
from .surrogate_numbers import new_age, new_bed, new_email, new_id, new_phone, new_plate, new_record_number

MIN_KEY_BYTES = 16

_MAKERS: dict[str, Callable[[str, Patient], str]] = {
    "NAME": new_name,
    "ID": new_id,
    "PHONE": new_phone,
    "RECORD_NUMBER": new_record_number,
    "BED": new_bed,
    "ADDRESS": new_address,
    "INSTITUTION": new_institution,
    "DATE": lambda text, patient: move_date(text, patient.days, patient.draw("DATE", text)),
    "AGE": lambda text, patient: new_age(text),
    "EMAIL": new_email,
    "PLATE": new_plate,
}


class Surrogates:
    """Surrogates that a key decides: HMAC-SHA256 of it, the patient, the class and the original in its normal form.

    They do not depend on anything that came before, so that records can be taken in any order, by several processes,
    and again. The same original has the same surrogate in all records of a patient, another one in another patient's.
    With the key, whoever guesses an original can check the guess; without it nobody can.

    Args:
        key: Secret bytes, `MIN_KEY_BYTES` at least, such as of `secrets.token_bytes(32)`.

    Raises:
        ValueError: If the key is shorter.
    """

    def __init__(self, key: bytes):
        if len(key) < MIN_KEY_BYTES:
            raise ValueError(
                f"A key of {len(key)} bytes can be guessed: pass {MIN_KEY_BYTES} at least, "
                "such as secrets.token_bytes(32)."
            )
        self._key = bytes(key)
        # Only spares work: a patient's draws follow from key and group.
        self._patient = lru_cache(maxsize=64)(lambda group: Patient(self._key, group))

    def __reduce__(self):
        return type(self), (self._key,)

    def of(self, identifier_type: str, original: str, group: str) -> str:
        """The surrogate of an identifier.

        Args:
            identifier_type: One of `IDENTIFIER_TYPES`.
            original: Its text in the record.
            group: The patient, as the records' `group` names them.

        Returns:
            Text of the same form. Whatever of it says nothing (a hidden name 某某, 人民医院 alone) is as it was.

        Raises:
            ValueError: If there is no such type.
        """
        if identifier_type not in _MAKERS:
            raise ValueError(f"No identifiers are {identifier_type!r}; they are {', '.join(IDENTIFIER_TYPES)}.")
        return _MAKERS[identifier_type](original, self._patient(group))
