"""What is scored against annotated records: a network, or a file of what something found in them."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import compress
from typing import Any, NamedTuple

from accelerate import Accelerator

from ..commands.checkpoint import load_network, load_tokenizer
from ..commands.recognition_arguments import RecognitionArguments, read_terms
from .evaluator import Evaluator, Predictions
from .prediction_files import Row, read_predictions

Records = Sequence[Mapping[str, Any]]


class System(NamedTuple):
    """What is scored.

    Args:
        name: What reports call it.
        predictions: What it says of the records.
        types: The entity types that it knows; of a file, those in it.
    """

    name: str
    predictions: Predictions
    types: Sequence[str]


def run_network(
    path: str, records: Records, arguments: RecognitionArguments | None = None, quiet: bool = True
) -> System:
    """Let a network find the records' entities.

    Args:
        path: The checkpoint.
        records: The records.
        arguments: With which terms, and where; default: its own terms, and the CPU.
        quiet: Show no progress.

    Raises:
        ValueError: If it is no whole checkpoint, or knows no entities, or the terms are of no use to it.
    """
    arguments = arguments or RecognitionArguments()
    network, tokenizer = load_network(path), load_tokenizer(path)
    if not network.config.recognition_task:
        raise ValueError(f"{path} was trained to segment (NES) only and knows no entities that could be scored.")
    lexicon = tokenizer.compile_lexicon(not_terms=read_terms(tokenizer, arguments))
    characters, force = arguments.batch_characters, arguments.force_terms
    evaluator = Evaluator(records, tokenizer, Accelerator(), characters, None, lexicon, force)
    name = " ".join([path, *arguments.given()])
    return System(name, evaluator.predict(network.to(arguments.device), quiet=quiet), tokenizer.entity_types)


def read_system(path: str, records: Records, source: str, rows: Iterable[Row] | None = None) -> System:
    """Read what was found in the records; see `read_predictions`."""
    entities, scores = read_predictions(path, records, source, rows)
    types = sorted({span.type for of_record in entities for span in of_record})
    return System(path, Predictions(entities, None, scores), types)


def compare_types(records: Records, system: System) -> list[str]:
    """What there is to say of types that only the records or only the system's answers have.

    Raises:
        ValueError: If they have no type in common.
    """
    annotated = Counter(entity["type"] for record in records for entity in record["entities"])
    predicted = Counter(span.type for of_record in system.predictions.entities for span in of_record)
    shared = sorted(annotated.keys() & set(system.types))
    if annotated and system.types and not shared:
        raise ValueError(
            f"{system.name} has the types {', '.join(system.types)}, the records have {', '.join(sorted(annotated))}: "
            "none is the same. Are the types of one corpus, under the same names?"
        )
    unknown = [f"{name} ({annotated[name]})" for name in sorted(annotated.keys() - set(system.types))]
    foreign = [f"{name} ({predicted[name]})" for name in sorted(predicted.keys() - annotated.keys())]
    notes = []
    if unknown:
        notes.append(f"{system.name} does not have {', '.join(unknown)}, which count as missed.")
    if foreign:
        notes.append(f"The records do not have {', '.join(foreign)} of {system.name}, which count as wrong.")
    if notes and shared:
        notes.append(f"--label_set {','.join(shared)} scores what both have.")
    return notes


def restrict_to_types(
    records: Records, systems: Sequence[System], types: Collection[str]
) -> tuple[list[dict[str, Any]], list[System]]:
    """Both sides with some types alone. What the segmentation task says, which knows no types, is left out.

    Raises:
        ValueError: If nobody has one of the types.
    """
    known = {entity["type"] for record in records for entity in record["entities"]}.union(*(s.types for s in systems))
    if unknown := [name for name in types if name not in known]:
        raise ValueError(f"--label_set: there is no {', '.join(unknown)}; there are {', '.join(sorted(known))}.")
    kept = [
        {**record, "entities": [entity for entity in record["entities"] if entity["type"] in types]}
        for record in records
    ]
    return kept, [system._replace(predictions=_restricted(system.predictions, types)) for system in systems]


def _restricted(predictions: Predictions, types: Collection[str]) -> Predictions:
    chosen = [[span.type in types for span in of_record] for of_record in predictions.entities]

    def keep(values: list[list[Any]] | None) -> list[list[Any]] | None:
        return values and [[*compress(*pair)] for pair in zip(values, chosen, strict=True)]

    return Predictions(keep(predictions.entities), None, keep(predictions.scores))
