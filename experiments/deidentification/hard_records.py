"""Records that are hard to de-identify, composed from templates: what to find, and what only looks like it.

The templates are written apart from the rules that find identifiers, so that the rules are tested and not described.
What a span covers, beside the commonplace:

- a name has no title: 李某 of 主治医师李某, 王芳 of 王芳之子; a surname alone before a title (王 of 王主任) is a name;
- a number that is partly masked (139****5678) is still one;
- an age is an identifier from 90 years on; a year alone (2013年, 98年) is a date;
- a name of a known hospital is an institution also where it is short (郑大一附院); 我院, 当地医院 are none;
- telephone numbers of everybody (120), codes of diseases, drugs and genes identify nobody.
"""

import random
from typing import Any

from .damage import Span, damage
from .patients import PATIENT_KINDS, Patient
from .templates import Choice, Kind, Slot, Template, read_kinds, read_sentences

DEFAULT_SEED, DEFAULT_COUNT = 20130501, 600
_SENTENCES = ("plain", "trap")
_PLAIN_LINES = 0.25
"""Share of the templates of a record that a clinical sentence follows on a line of its own."""


class Decks:
    """Draws the members of a collection in a shuffled order, each once before any comes again.

    Args:
        source: Where all choices come from.
    """

    def __init__(self, source: random.Random) -> None:
        self._source = source
        self._left: dict[str, list[Any]] = {}

    def draw(self, name: str, members: tuple[Any, ...]) -> Any:
        """The next member; `name` is what the collection is known by."""
        if not self._left.get(name):
            self._left[name] = self._source.sample(members, len(members))
        return self._left[name].pop()


class RecordWriter:
    """Composes records and keeps track of where each identifier comes to stand.

    Args:
        source: Where all choices come from.
    """

    def __init__(self, source: random.Random) -> None:
        self._source, self._decks = source, Decks(source)
        self._kinds = read_kinds()
        self._sentences = {"plain": read_sentences("plain"), "trap": read_sentences("traps")}

    def admit(self) -> Patient:
        """A new patient."""
        kind = self._source.choices(list(PATIENT_KINDS), list(PATIENT_KINDS.values()))[0]
        return Patient(self._source, kind)

    def draw_kind(self, patient: Patient) -> Kind:
        """A kind of record that there is of such a patient."""
        fitting = tuple(kind for kind in self._kinds if patient.kind in kind.patients)
        return self._decks.draw(patient.kind, fitting)

    def compose(self, kind: Kind, patient: Patient) -> tuple[str, list[Span]]:
        """The text of a record, and its identifiers as (start, end, type)."""
        pieces: list[str] = []
        spans: list[Span] = []
        for section in kind.sections:
            for _ in range(self._source.randint(section.least, section.most)):
                template = self._decks.draw(f"{kind.name}/{section.name}", section.templates)
                self._write(template, patient, pieces, spans)
                pieces.append("\n")
                if self._source.random() < _PLAIN_LINES:
                    self._write(self._decks.draw("plain", self._sentences["plain"]), patient, pieces, spans)
                    pieces.append("\n")
        return damage(self._source, "".join(pieces), spans)

    def _write(self, template: Template, patient: Patient, pieces: list[str], spans: list[Span]) -> None:
        for part in template:
            if isinstance(part, Choice):
                self._write(self._source.choice(part.options), patient, pieces, spans)
            elif isinstance(part, Slot) and part.name in _SENTENCES:
                self._write(self._decks.draw(part.name, self._sentences[part.name]), patient, pieces, spans)
            elif isinstance(part, Slot):
                text, identifier_type = patient.fill(part.name, part.argument)
                if identifier_type is not None:
                    start = sum(map(len, pieces))
                    spans.append((start, start + len(text), identifier_type))
                pieces.append(text)
            else:
                pieces.append(part)


def compose_hard_records(seed: int, count: int) -> list[dict[str, Any]]:
    """Compose the test set; the same records for the same seed, and the first ones of a larger count.

    Args:
        seed: Of all choices.
        count: How many records.

    Returns:
        Records `{"id", "group", "text", "identifiers": [{"start", "end", "type"}]}`; a group is a patient, with two to
        four records. Identifiers are sorted and never overlap.
    """
    source = random.Random(seed)
    writer = RecordWriter(source)
    records: list[dict[str, Any]] = []
    patients = 0
    while len(records) < count:
        patient = writer.admit()
        patients += 1
        for _ in range(source.randint(2, 4)):
            patient.next_day()
            text, spans = writer.compose(writer.draw_kind(patient), patient)
            identifiers = [{"start": start, "end": end, "type": kind} for start, end, kind in spans]
            records.append(
                {
                    "id": f"hard-{len(records) + 1:05d}",
                    "group": f"patient-{patients:04d}",
                    "text": text,
                    "identifiers": identifiers,
                }
            )
    return records[:count]
