"""CCKS2017 CNER: admissions in four sections, `DIR/train/<section>/`, `DIR/test/<section>/`; inclusive end offsets."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from .corpus import PART_NAMES, Corpus, find_one
from .readers.ccks import find_records, read_record
from .readers.records import Record


class CCKSCorpus(Corpus):
    """Base of the corpora in the layout of CCKS2017 and CCKS2018 (`readers/ccks.py`)."""

    inclusive_end: ClassVar[bool]
    sections: ClassVar[bool]

    @classmethod
    def find_parts_in(cls, folder: Path) -> dict[str, list[Path]]:
        found = {part: find_one(folder, names, is_folder=True) for part, names in PART_NAMES.items()}
        return {part: [path] for part, path in found.items() if path}

    def read(self, source: Path, names: Mapping[str, str] | None, allow_overlap: bool) -> Iterator[Record]:
        for original, annotations in find_records(source, sections=self.sections):
            yield read_record(
                original,
                annotations,
                names,
                inclusive_end=self.inclusive_end,
                sections=self.sections,
                allow_overlap=allow_overlap,
            )


class CCKS2017(CCKSCorpus):
    """CCKS2017 task 2. Records of one number, in all sections, are one patient: their `group` is the number."""

    name = "ccks2017"
    layout = "train/<section>/NAME-1.txtoriginal.txt and NAME-1.txt, test/<section>/… likewise (end inclusive)"
    inclusive_end = True
    sections = True
