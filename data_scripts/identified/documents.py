"""Which sentences make up which kind of record."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from random import Random

from . import (
    ambulance_templates,
    boundary_templates,
    call_templates,
    consent_templates,
    examination_templates,
    family_templates,
    field_templates,
    form_templates,
    hard_templates,
    letter_templates,
    list_templates,
    note_templates,
    passage_templates,
    plain_templates,
    psychiatry_templates,
    report_templates,
    role_templates,
    running_templates,
    staff_templates,
)
from .filling import Piece, fill
from .kinds import KINDS, LINE_POOLS, PLAIN_POOLS, Part
from .own_sentences import name_somebody
from .patient import Patient

POOLS: dict[str, tuple[str, ...]] = {
    "opening": note_templates.OPENINGS,
    "history": note_templates.HISTORY,
    "course": note_templates.COURSE,
    "discharge": report_templates.DISCHARGE,
    "report": report_templates.REPORTS,
    "rounds": staff_templates.ROUNDS,
    "signature": staff_templates.SIGNATURES,
    "row": field_templates.ROWS,
    "running": running_templates.RUNNING,
    "bare": running_templates.BARE,
    "roles": role_templates.ROLES,
    "family": family_templates.FAMILY,
    "letter": letter_templates.LETTERS,
    "call": call_templates.CALLS,
    "ambulance": ambulance_templates.AMBULANCES,
    "form": form_templates.FORMS,
    "list": list_templates.LISTS,
    "psychiatry": psychiatry_templates.PSYCHIATRY,
    "consent": consent_templates.CONSENTS,
    "examination": examination_templates.EXAMINATIONS,
    "passage": passage_templates.PASSAGES,
    "boundary": boundary_templates.BOUNDARIES,
    "hard": (*hard_templates.LIKE_PEOPLE, *hard_templates.LIKE_FIGURES),
    "clinical": plain_templates.CLINICAL,
    "plain": plain_templates.PLAIN,
    **{f"field {subject}": fields for subject, fields in field_templates.FIELDS.items()},
}
"""All templates, by what they are for."""

OWN = "own"
"""The pool of a user's own sentences."""
_HELD_OUT = 12
"""One template in so many is the development part's alone, which would otherwise only tell what was learnt by heart."""


_RUNNING_POOLS = ("history", "course", "rounds", "running", "roles", "family", "passage", "boundary")
"""Pools of sentences between which findings stand."""

_NAMED_SHARE = 0.2
"""Of the sentences of findings, those that name somebody without a word that tells so."""

_OWN_SHARE = 0.8
_NAMED_OWN_SHARE = 0.5
"""Of the sentences of findings those that are a user's own, and of these those that name somebody."""


def is_held_out(template: str) -> bool:
    """Whether a template is kept for the development part."""
    return zlib.crc32(template.encode()) % _HELD_OUT == 0


def pools_of(may_use: Callable[[str], bool], own: Sequence[str] = ()) -> dict[str, list[str]]:
    """The templates that may be used, by what they are for, and a user's own sentences that may be."""
    return {name: [*filter(may_use, pool)] for name, pool in {**POOLS, OWN: own}.items()}


def compose_document(patient: Patient, pools: Mapping[str, Sequence[str]] = POOLS) -> tuple[str, list[Piece]]:
    """A record of some kind about a patient.

    Args:
        patient: Whom it is about.
        pools: What it is made of; the sentences in `OWN`, if there are any, take the place of most of the findings.

    Returns:
        The kind's title, "" for stray sentences, and the record's stretches.
    """
    random = patient.random
    kind = random.choices(KINDS, [kind.weight for kind in KINDS])[0]
    title = random.choice(kind.titles.split()) if kind.titles else ""
    pieces: list[Piece] = []
    if title and random.random() < 0.5:
        if random.random() < 0.25:
            pieces += [*fill("{hospital}[\n| ]", patient)]
        pieces.append(Piece(title + random.choice(("\n", "\n", " ", "：", ""))))
    between = random.choice(("\n", "\n", "\n", "\n\n", "", "  "))
    for part in kind.parts:
        added = (
            _head(patient, pools)
            if part.pool == "head"
            else _paragraph(part, patient, pools, is_named=not kind.is_plain)
        )
        if added and pieces and not pieces[-1].text.endswith("\n"):
            pieces.append(Piece(between or _mark(pieces, random)))
        pieces += added
    return title, [piece for piece in pieces if piece.text]


def _sample(templates: Sequence[str], count: int, random: Random) -> list[str]:
    return random.sample(templates, min(count, len(templates)))


def _mark(pieces: Sequence[Piece], random: Random) -> str:
    """What ends a sentence that has no mark of its own."""
    return "" if not pieces or pieces[-1].text[-1] in "。，；\n：:" else random.choice(("。", "。", "，", "；", " "))


def _paragraph(part: Part, patient: Patient, pools: Mapping[str, Sequence[str]], is_named: bool) -> list[Piece]:
    random, own = patient.random, pools.get(OWN, ())
    pieces: list[Piece] = []
    is_list = part.pool in LINE_POOLS or random.random() < 0.1
    if part.headings and random.random() < 0.5:
        pieces.append(Piece(random.choice(part.headings.split())))
    for template in _sample(pools[part.pool], random.randint(part.least, part.most), random):
        if pieces:
            pieces.append(Piece(random.choice(("\n", "\n", "    ")) if is_list else _mark(pieces, random)))
        if part.pool == "clinical":
            is_own = bool(own) and random.random() < _OWN_SHARE
            template = random.choice(own) if is_own else template
            if is_named and random.random() < (_NAMED_OWN_SHARE if is_own else _NAMED_SHARE):
                template = name_somebody(template, random) if is_own else _name_somebody(template, random)
        pieces += fill(template, patient)
        # Identifiers in the midst of findings, not only beside each other.
        if part.pool in _RUNNING_POOLS and random.random() < 0.3:
            pieces.append(Piece(_mark(pieces, random)))
            pieces += fill(random.choice(own or pools[random.choice(PLAIN_POOLS)]), patient)
    return [piece for piece in pieces if piece.text]


def _name_somebody(template: str, random: Random) -> str:
    """A sentence of findings that names somebody: 王建国咳嗽、咳痰, 患者李娜仍腹痛."""
    slot = random.choice(("{patient}", "{patient}", "{person}"))
    if "患者" in template:
        return template.replace("患者", random.choice((slot, "患者" + slot)), 1)
    return slot + random.choice(("", "", "，", "：", " ")) + template


def _head(patient: Patient, pools: Mapping[str, Sequence[str]]) -> list[Piece]:
    """Fields, most of them in their usual order, between the same signs."""
    random = patient.random
    subjects = [subject for subject in field_templates.TYPICAL if random.random() < 0.7]
    subjects += random.sample(sorted(field_templates.FIELDS), random.randint(1, 5))
    if random.random() < 0.4:
        random.shuffle(subjects)
    between = random.choice(("  ", "    ", "\n", "\n", "，", " ", "\t", "；", "　", " | ", "  ", "、"))
    pieces: list[Piece] = []
    for subject in subjects:
        for template in _sample(pools[f"field {subject}"], 1, random):
            if pieces:
                pieces.append(Piece("\n" if random.random() < 0.1 else between))
            pieces += fill(template, patient)
    return pieces
