"""Networks that label records for another to learn from."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from accelerate import Accelerator

from ..commands.checkpoint import load_network, load_tokenizer
from ..modeling_dicmt import DicMTForTokenClassification
from ..tokenization_dicmt import DicMTTokenizer


class Teacher(NamedTuple):
    """A network that labels, with the tokenizer that it was trained with."""

    network: DicMTForTokenClassification
    tokenizer: DicMTTokenizer


def load_teachers(paths: Sequence[str], student: DicMTTokenizer, accelerator: Accelerator) -> list[Teacher]:
    """Given teachers, on the device.

    Args:
        paths: Their checkpoints.
        student: The tokenizer of who is to learn from them.
        accelerator: The processes.

    Raises:
        ValueError: If one cannot be read, has other entity types or another head, recognises none, or cuts sentences
            elsewhere.
    """
    teachers = []
    for path in paths:
        teacher = Teacher(load_network(path).to(accelerator.device).eval(), load_tokenizer(path))
        _check(path, teacher, student)
        teachers.append(teacher)
    return teachers


def fingerprint_of_teachers(teachers: Sequence[Teacher]) -> str:
    """Hash of what teachers label by: their weights, settings, vocabularies and dictionaries."""
    digest = hashlib.sha256()
    for network, tokenizer in teachers:
        for name, tensor in sorted(network.state_dict().items()):
            digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
        digest.update(repr(sorted(tokenizer.get_vocab().items())).encode("utf-8", "backslashreplace"))
        digest.update(tokenizer.dictionary.fingerprint.encode() + tokenizer.terms.fingerprint.encode())
        digest.update(repr((tokenizer.entity_types, tokenizer.max_sentence_length)).encode())
        if network.config.scores_spans:
            config = network.config
            digest.update(repr((config.span_lists, config.span_threshold, config.span_overlap)).encode())
    return digest.hexdigest()[:16]


def _check(name: str, teacher: Teacher, student: DicMTTokenizer) -> None:
    """Raise a ValueError if a teacher's labels cannot be a student's."""
    config, length = teacher.network.config, teacher.tokenizer.max_sentence_length
    if set(config.entity_types) != set(student.entity_types):
        raise ValueError(
            f"{name} recognises {', '.join(config.entity_types)}; what is trained is to recognise "
            f"{', '.join(student.entity_types)}. Name teachers of the same entity types."
        )
    if config.scores_spans != (student.init_kwargs["span_lists"] is not None):
        does, learns, head = ("scores spans", "label characters", "spans")
        if not config.scores_spans:
            does, learns, head = ("labels characters", "score spans", "tags")
        raise ValueError(
            f"{name} {does}; what is trained is to {learns}. Name teachers of one head, and pass --head {head} for "
            "these."
        )
    if not config.recognition_task:
        raise ValueError(f"{name} was trained to segment only: name one that recognises entities.")
    if length != student.max_sentence_length:
        raise ValueError(
            f"{name} cuts sentences after {length} characters; here they are cut after {student.max_sentence_length}: "
            f"pass --max_sentence_length {length}."
        )
