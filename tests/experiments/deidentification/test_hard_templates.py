"""The language of the templates, and that every template of the files can be filled by every patient that it is for."""

import random
import re

import pytest

from experiments.deidentification.patients import PATIENT_KINDS, Patient
from experiments.deidentification.templates import (
    Choice,
    Slot,
    parse_template,
    read_kind,
    read_kinds,
    read_sentences,
    slots_of,
)
from modeling_dicmt.deidentification import IDENTIFIER_TYPES

KINDS = read_kinds()
TEMPLATES = [template for kind in KINDS for section in kind.sections for template in section.templates]


def test_a_template_is_text_slots_and_alternatives_that_may_nest():
    assert parse_template("于{DATE:now}[转{BED}|回[家|院]|]。") == (
        "于",
        Slot("DATE", "now"),
        Choice((("转", Slot("BED", "")), ("回", Choice((("家",), ("院",)))), ())),
        "。",
    )
    assert parse_template("a|b") == ("a|b",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{NAME", "does not close the slot"),
        ("a[b|c", "does not close the bracket"),
        ("a]", "closes ']'"),
        ("}", "closes"),
    ],
)
def test_a_template_that_is_not_closed_is_an_error(text, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        parse_template(text)


def test_there_are_as_many_templates_as_promised_and_none_twice():
    assert len(TEMPLATES) >= 200 and len(set(TEMPLATES)) == len(TEMPLATES)
    assert len(read_sentences("traps")) >= 60


def test_every_patient_fills_the_templates_of_the_kinds_that_are_for_it():
    for kind in KINDS:
        assert kind.patients and kind.patients <= set(PATIENT_KINDS), kind.name
        for of in sorted(kind.patients):
            patient = Patient(random.Random(7), of)
            for section in kind.sections:
                for template in section.templates:
                    for slot in slots_of(template):
                        if slot.name not in ("plain", "trap"):
                            text, identifier_type = patient.fill(slot.name, slot.argument)
                            assert text and identifier_type in (slot.name if slot.name.isupper() else None, None), slot


def test_every_patient_has_a_kind_of_record_and_every_type_a_template():
    assert set().union(*(kind.patients for kind in KINDS)) == set(PATIENT_KINDS)
    names = {slot.name for template in TEMPLATES for slot in slots_of(template)}
    assert names >= set(IDENTIFIER_TYPES) | {"plain", "trap"}


@pytest.mark.parametrize("name", ["plain", "traps"])
def test_sentences_that_identify_nobody_have_no_slot_of_an_identifier(name):
    patient = Patient(random.Random(1), "adult")
    for sentence in read_sentences(name):
        for slot in slots_of(sentence):
            assert patient.fill(slot.name, slot.argument)[1] is None, slot


@pytest.mark.parametrize("name", ["plain", "traps"])
def test_sentences_end_as_sentences_do(name):
    assert all(sentence[-1].endswith("。") for sentence in read_sentences(name))


def test_an_unknown_slot_is_an_error():
    with pytest.raises(ValueError, match=r"There is no slot \{TITLE:\}"):
        Patient(random.Random(1), "adult").fill("TITLE", "")


def test_a_file_of_templates_says_patients_sections_and_how_many(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("# a note\n@ adult old\n== head 1\n一\n二\n--\n三\n== end 0-2\n{NAME:new}\n", encoding="utf-8")
    kind = read_kind(path)
    assert (kind.name, kind.patients) == ("note", {"adult", "old"})
    assert [(section.name, section.least, section.most, section.templates) for section in kind.sections] == [
        ("head", 1, 1, (("一\n二",), ("三",))),
        ("end", 0, 2, ((Slot("NAME", "new"),),)),
    ]


def test_a_line_before_the_first_section_and_a_bad_template_name_the_file(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("@ adult\n姓名\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"note\.txt, line 2: expected a section"):
        read_kind(path)
    path.write_text("@ adult\n== head 1\n{NAME\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"note\.txt: A template does not close the slot"):
        read_kind(path)
