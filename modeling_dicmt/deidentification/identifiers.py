"""What is found: stretches of a record's text that tell who somebody is."""

from typing import NamedTuple

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
"""NAME: of patients, relatives, staff. ID: of identity cards, passports, insurances. RECORD_NUMBER: of records,
admissions, examinations. BED: beds and wards. AGE: those above 89 years."""


class Identifier(NamedTuple):
    """A stretch of a record's text.

    Args:
        start: Offset of its first character in the original text.
        end: Offset after its last.
        type: One of `IDENTIFIER_TYPES`.
        rule: What found it: `file/rule` of a rule, "names" for a user's own list, "recogniser" for a network.
    """

    start: int
    end: int
    type: str
    rule: str
