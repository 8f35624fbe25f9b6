"""Records with labelled identifiers: composed, and written as a folder that the corpus `jsonl` reads."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from ..export import export_corpus
from ..readers.records import Entity, Record
from .documents import OWN, POOLS, compose_document, is_held_out, pools_of
from .filling import Piece
from .noise import add_noise
from .patient import IDENTIFIER_TYPES, Patient

VALIDATION_SHARE = 0.1
"""Share of the records that are the development part; no patient is on both sides."""
LEAST_RECORDS = 10
_RECORDS_OF_PATIENT = (1, 2, 2, 3, 3)


def to_record(pieces: Sequence[Piece], record_id: str, group: str, section: str) -> Record:
    """The record that stretches of text make up; those with a type are its entities."""
    entities: list[Entity] = []
    position = 0
    for piece in pieces:
        if piece.type:
            entities.append(Entity(start=position, end=position + len(piece.text), type=piece.type))
        position += len(piece.text)
    text = "".join(piece.text for piece in pieces)
    return Record(id=record_id, group=group, section=section, text=text, entities=entities)


def compose_identified_records(
    count: int = 3000, seed: int = 2021, sentences: Sequence[str] = ()
) -> dict[str, list[Record]]:
    """Records with identifiers, of patients who have one to three each.

    Args:
        count: How many records, both parts together.
        seed: Where all choices come from: the same seed, the same records.
        sentences: A user's own, without identifiers (`own_sentences`), among which some are put.

    Returns:
        The parts train and validation. No text occurs twice.

    Raises:
        ValueError: If there are to be fewer than ten.
    """
    if count < LEAST_RECORDS:
        raise ValueError(f"--records must be at least {LEAST_RECORDS}, got {count}.")
    random = Random(seed)
    known: set[str] = set()
    validation = round(count * VALIDATION_SHARE)
    return {
        "train": _compose_part(
            count - validation, "train", random, known, pools_of(lambda template: not is_held_out(template), sentences)
        ),
        "validation": _compose_part(
            validation, "validation", random, known, {**POOLS, OWN: [*filter(is_held_out, sentences)]}
        ),
    }


def _compose_part(
    count: int, part: str, random: Random, known: set[str], pools: Mapping[str, Sequence[str]]
) -> list[Record]:
    records: list[Record] = []
    patients = 0
    while len(records) < count:
        patients += 1
        patient, group = Patient(random), f"{part}-{patients}"
        for number in range(min(random.choice(_RECORDS_OF_PATIENT), count - len(records))):
            record = _compose_record(patient, f"{group}-{number + 1}", group, known, pools)
            known.add(record["text"])
            records.append(record)
    return records


def _compose_record(
    patient: Patient, record_id: str, group: str, known: set[str], pools: Mapping[str, Sequence[str]]
) -> Record:
    while True:
        section, pieces = compose_document(patient, pools)
        record = to_record(add_noise(pieces, patient.random), record_id, group, section)
        if record["text"].strip() and record["text"] not in known:
            return record


def write_identified_records(
    output_dir: str | Path, count: int = 3000, seed: int = 2021, sentences: Sequence[str] = ()
) -> Path:
    """Write train.jsonl, validation.jsonl and a README with counts into a new or empty folder; returns it.

    Raises:
        CorpusError: If the folder holds something already.
        ValueError: If there are to be fewer than ten records.
    """
    parts = compose_identified_records(count, seed, sentences)
    return export_corpus(parts, output_dir, name="identifiers", format="jsonl", types=IDENTIFIER_TYPES)
