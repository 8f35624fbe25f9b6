"""Institutions that do not exist, of the same kind: a 中学 for a 中学, a 机械厂 for a 机械厂."""

import re
from functools import cache, partial

from .codes import is_han, new_number, other_code
from .draws import Patient
from .numerals import CHINESE
from .surrogate_addresses import AREAS, new_areas_of
from .surrogate_words import words_of

_DIGITS = rf"(?:[0-9０-９]{{1,8}}|[{CHINESE}]{{1,4}})"
_ORDINAL = re.compile(rf"(?:第\s{{0,2}}{_DIGITS}|[0-9０-９]{{1,8}}|[{CHINESE}])$")
_BRANCHES, _DIRECTIONS = ("院区", "分院", "校区"), "东西南北新老"
# What is hidden already, or says nothing.
_NO_NAMES = frozenset("某×X省市县区乡镇")


def new_institution(text: str, patient: Patient) -> str:
    """Another institution of the same kind: its last word (人民医院, 中学, 机械厂) stays, and that there is a number.

    The areas before it become those that they become in the patient's addresses. 郑州大学第一附属医院 is an institution
    of another one, whose name changes. What has a kind alone (人民医院, 市医院) stays.
    """
    pieces = []  # from the end: an institution, before it the one that it belongs to, …
    while True:
        kind = _kind_of(text)
        head = text[: len(text) - len(kind)].rstrip()
        pieces.append(text[len(head) :])
        ordinal = _ORDINAL.search(head[-12:]) if kind else None
        if ordinal:
            head = head[: len(head) - len(ordinal.group())]
            pieces.append(_new_ordinal(ordinal.group(), patient))
        end = AREAS.match(head).end()
        name = head[end:]
        if not kind or len(name) <= 2 or not _kind_of(name):
            break
        text = head
    pieces += (_new_own_name(name, patient), new_areas_of(head[:end], patient))
    return "".join(reversed(pieces))


def _new_ordinal(ordinal: str, patient: Patient) -> str:
    def replace(match: re.Match[str]) -> str:
        token = match.group()
        return patient.other("institution number", token, token, partial(new_number, token))

    return re.sub(_DIGITS, replace, ordinal)


def _kind_of(text: str) -> str:
    """The longest kind that a text ends with, with the direction of a branch (东院区)."""
    kinds = _kinds()
    kind = next((text[-n:] for n in range(_longest_kind(), 0, -1) if text[-n:] in kinds), "")
    if kind in _BRANCHES and text[-len(kind) - 1 : -len(kind)] in tuple(_DIRECTIONS):
        kind = text[-len(kind) - 1 :]
    return kind


@cache
def _kinds() -> frozenset[str]:
    return frozenset(words_of("institution_kinds"))


@cache
def _longest_kind() -> int:
    return max(map(len, _kinds()))


def _new_own_name(name: str, patient: Patient) -> str:
    if _NO_NAMES.issuperset("".join(name.split())):
        return name
    if not any(map(is_han, name)):
        return other_code(name, "letters", patient)
    normal = "".join(name.split())
    return patient.other("institution", normal, normal, lambda draw: draw.choice(words_of("institution_names")))
