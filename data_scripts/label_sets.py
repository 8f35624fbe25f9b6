"""The entity types of each corpus: tag name, the corpus's own label, and the dictionary lists that feed the type.

This is the one table of the project: the type code of a dictionary match (section 3.2 of the paper), the order of the
BIO labels and the reading of a corpus's annotations all follow from it. A type's code is its place in its label set,
from 1.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class EntityType:
    """One type of entity in a label set.

    Args:
        name: Tag name, as in `B-Disease`.
        corpus_label: What the corpus's files call it.
        lists: Dictionary lists (file stems) whose terms are evidence for this type.
    """

    name: str
    corpus_label: str
    lists: tuple[str, ...] = ()


_CCKS2018 = (
    EntityType("Drug", "药物", ("drug",)),
    EntityType("Anatomy", "解剖部位", ("anatomy",)),
    EntityType("IndependentSymptom", "独立症状", ("symptom",)),
    EntityType("SymptomDescription", "症状描述"),
    EntityType("Operation", "手术", ("operation",)),
)

_CCKS2017 = (
    EntityType("Disease", "疾病和诊断", ("disease",)),
    EntityType("Anatomy", "身体部位", ("anatomy",)),
    EntityType("Symptom", "症状和体征", ("symptom",)),
    EntityType("Exam", "检查和检验", ("exam", "charge_items")),
    EntityType("Treatment", "治疗", ("drug", "operation")),
)

LABEL_SETS: dict[str, tuple[EntityType, ...]] = {
    "ccks2017": _CCKS2017,
    "ccks2018": _CCKS2018,
    "fccd": _CCKS2018,
    "yidu_s4k": (
        EntityType("Disease", "疾病和诊断", ("disease",)),
        EntityType("ImagingExam", "影像检查"),
        EntityType("LaboratoryTest", "实验室检验", ("exam", "charge_items")),
        EntityType("Operation", "手术", ("operation",)),
        EntityType("Drug", "药物", ("drug",)),
        EntityType("Anatomy", "解剖部位", ("anatomy",)),
    ),
    "cmeee": (
        EntityType("BodyPart", "bod", ("anatomy",)),
        EntityType("Disease", "dis", ("disease",)),
        EntityType("Symptom", "sym", ("symptom",)),
        EntityType("Procedure", "pro", ("operation", "exam")),
        EntityType("Drug", "dru", ("drug",)),
        EntityType("ExamItem", "ite", ("charge_items",)),
        EntityType("Microorganism", "mic"),
        EntityType("Equipment", "equ"),
        EntityType("Department", "dep"),
    ),
    "sample": _CCKS2017,
}


def resolve_label_set(label_set: str | Sequence[EntityType | str]) -> tuple[EntityType, ...]:
    """Entity types from a name in `LABEL_SETS`, from entity types, or from tag names.

    Raises:
        ValueError: If it is an unknown name, empty, or has a type twice.
    """
    if isinstance(label_set, str):
        if label_set not in LABEL_SETS:
            raise ValueError(
                f"There is no label set {label_set!r}; there are {', '.join(LABEL_SETS)}. Or give a list of type names."
            )
        return LABEL_SETS[label_set]
    types = tuple(t if isinstance(t, EntityType) else EntityType(t, t) for t in label_set)
    if not types or len({t.name for t in types}) != len(types):
        raise ValueError(f"A label set needs at least one type and each type once, got {[t.name for t in types]}.")
    return types


def split_type_names(words: Iterable[str] | None) -> str | list[str] | None:
    """A label set as a command line gives it, names between commas or blanks: a key of `LABEL_SETS`, or type names."""
    if words is None:
        return None
    names = [name for word in words for name in re.split(r"[,，\s]+", word) if name]
    return names[0] if len(names) == 1 and names[0] in LABEL_SETS else names
