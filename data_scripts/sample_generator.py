"""Writes the sample: `python -m data_scripts.sample_generator` makes `sample_data/` anew, the same bytes every time.

Patients have four records each. Two fifths of the terms never occur in the training part, so that the term list is
worth something; some are missing from the list, some stand in a wrong list, and annotators disagree in a few per cent
of cases, so that nothing scores 100 %.
"""

import json
import random
import re
from pathlib import Path

from modeling_dicmt.files import write_text

from .readers.records import Entity, Record
from .sample import SAMPLE_FOLDER
from .sample_templates import FILLERS, SECTIONS
from .sample_vocabulary import DUAL, LIST_OF_KIND, LISTS, MODIFIERS, SIGNS

PATIENTS = {"train": 50, "validation": 10, "test": 15}
UNSEEN_SHARE = 0.4
"""Share of a kind's terms that the training part never uses, and of the other parts' mentions drawn from these."""

_TYPE_OF_KIND = {
    "D": "Disease",
    "A": "Anatomy",
    "S": "Symptom",
    "N": "Symptom",
    "E": "Exam",
    "L": "Exam",
    "G": "Treatment",
    "O": "Treatment",
}
_RECURS, _MODIFIED, _COUNTED_IN, _OVERLOOKED, _DISAGREED = 0.15, 0.12, 0.5, 0.02, 0.15
_USED_TERMS = 170
"""Terms of a list that records use at most; the rest of a list is in the dictionary only."""

_SLOT = re.compile(r"\{(\w+)(\*?)\}")


class RecordWriter:
    """Composes records and keeps track of where each term comes to stand.

    Args:
        random_source: Where all choices come from.
    """

    def __init__(self, random_source: random.Random) -> None:
        self.random = random_source
        self.seen: dict[str, list[str]] = {}
        self.unseen: dict[str, list[str]] = {}
        self.patient: dict[str, str] = {}
        for kind, name in LIST_OF_KIND.items():
            terms = [term for term in LISTS[name] if term not in SIGNS]
            # Opaque and common terms come first in a list; compositions fill it up.
            plain = [term for term in terms if len(term) <= 4 or not re.search("[一-鿿]", term)][:110]
            composed = self.random.sample(sorted(set(terms) - set(plain)), min(60, len(set(terms) - set(plain))))
            used = (plain + composed)[:_USED_TERMS]
            self.random.shuffle(used)
            cut = round(len(used) * UNSEEN_SHARE)
            self.unseen[kind], self.seen[kind] = used[:cut], used[cut:]

    def admit(self, unseen_share: float) -> None:
        """Begin a new patient, with a term of each kind that recurs in the patient's records."""
        self.patient = {kind: self._draw(kind, unseen_share) for kind in LIST_OF_KIND}

    def _draw(self, kind: str, unseen_share: float) -> str:
        return self.random.choice((self.unseen if self.random.random() < unseen_share else self.seen)[kind])

    def compose(self, record_id: str, group: str, section: str, unseen_share: float) -> Record:
        """One record of a section; `unseen_share` of its mentions are terms that the training part lacks."""
        pieces: list[str] = []
        entities: list[Entity] = []
        count = self.random.randint(4, 6)
        for template in self.random.sample(SECTIONS[section], count):
            self._fill(template, unseen_share, pieces, entities)
        text = "".join(pieces)
        if self.random.random() < 0.15:
            text += "\r\n"
        return Record(id=record_id, group=group, section=section, text=text, entities=entities)

    def _fill(self, template: str, unseen_share: float, pieces: list[str], entities: list[Entity]) -> None:
        position = 0
        for slot in _SLOT.finditer(template):
            pieces.append(template[position : slot.start()])
            position = slot.end()
            name, many = slot.groups()
            if not name.isupper():
                pieces.append(self._figure(name))
                continue
            for number in range(self.random.randint(2, 4) if many else 1):
                if number:
                    pieces.append(self.random.choice("、、、，,"))
                kind = self.random.choice(name)
                self._place(kind, "诊断" in template, unseen_share, pieces, entities)
        pieces.append(template[position:])

    def _place(
        self, kind: str, diagnosis: bool, unseen_share: float, pieces: list[str], entities: list[Entity]
    ) -> None:
        entity_type = _TYPE_OF_KIND.get(kind, "")
        if kind == "X":
            term = self.random.choice(DUAL)
            is_disease = diagnosis != (self.random.random() < _DISAGREED)
            entity_type = "Disease" if is_disease else "Symptom"
        elif kind == "N":
            term = self.random.choice(SIGNS)
        else:
            recurs = self.random.random() < _RECURS
            term = self.patient[kind] if recurs else self._draw(kind, unseen_share)
        modifier = ""
        if kind in MODIFIERS and self.random.random() < _MODIFIED:
            modifier = self.random.choice(MODIFIERS[kind])
        start = sum(map(len, pieces)) + (0 if self.random.random() < _COUNTED_IN else len(modifier))
        pieces.append(modifier + self._widen(term))
        if self.random.random() >= _OVERLOOKED:
            entities.append(Entity(start=start, end=sum(map(len, pieces)), type=entity_type))

    def _widen(self, term: str) -> str:
        """Now and then the full-width or lower-case form of a Latin term, as typed in a hurry."""
        if term.isascii() and term.isalpha():
            choice = self.random.random()
            if choice < 0.04:
                return "".join(chr(ord(character) + 0xFEE0) for character in term)
            if choice < 0.08:
                return term.lower()
        return term

    def _figure(self, name: str) -> str:
        draw = self.random.randint
        if name in FILLERS:
            return self.random.choice(FILLERS[name])
        return {
            "num": str(draw(1, 9)),
            "year": str(draw(2008, 2019)),
            "month": f"{draw(1, 12):02d}",
            "day": f"{draw(1, 28):02d}",
            "temp": f"{draw(360, 395) / 10}",
            "pulse": str(draw(58, 120)),
            "breath": str(draw(14, 28)),
            "pressure": f"{draw(95, 180)}/{draw(55, 105)}",
        }[name]


def compose_records(seed: int = 2021) -> dict[str, list[Record]]:
    """The records of each split."""
    writer = RecordWriter(random.Random(seed))
    records: dict[str, list[Record]] = {}
    patient = 0
    for split, patients in PATIENTS.items():
        records[split] = []
        for _ in range(patients):
            patient += 1
            share = 0.0 if split == "train" else UNSEEN_SHARE
            writer.admit(share)
            for section in SECTIONS:
                records[split].append(writer.compose(f"{section}-{patient}", str(patient), section, share))
    return records


def compose_dictionary(seed: int = 2021) -> dict[str, list[str]]:
    """Terms by dictionary list: nine in ten, a few in a wrong list, some with remarks in brackets, as in real lists."""
    source = random.Random(seed)
    lists = {name: [term for term in terms if source.random() < 0.92] for name, terms in LISTS.items()}
    lists["disease"] += DUAL
    lists["symptom"] += source.sample(DUAL, len(DUAL) // 2)
    for name, terms in LISTS.items():
        for term in source.sample(terms, len(terms) // 50 + 1):
            lists[source.choice([other for other in lists if other != name])].append(term)
        lists[name] += [f"{term}（{source.choice(('复诊', '自费', '待查'))}）" for term in source.sample(terms, 5)]
    return {name: sorted(set(terms)) for name, terms in lists.items()}


def write_sample(folder: Path = SAMPLE_FOLDER, seed: int = 2021) -> None:
    """Write records and term list into `folder`, each file whole or not at all."""
    (folder / "dictionary").mkdir(parents=True, exist_ok=True)
    for split, records in compose_records(seed).items():
        lines = (json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n" for record in records)
        write_text(folder / f"{split}.jsonl", lines)
    for name, terms in compose_dictionary(seed).items():
        write_text(folder / "dictionary" / f"{name}.tsv", (f"{term}\tsample\n" for term in terms))


if __name__ == "__main__":
    write_sample()
