"""What is kept of a run: one JSON file of figures, from which every table is made. No text of a record is in it."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from data_scripts.records import Records
from modeling_dicmt.evaluation.clinical_ner import length_row, read_entities, score_entities
from modeling_dicmt.evaluation.prediction_files import write_predictions
from modeling_dicmt.evaluation.report import ERROR_CLASSES, classify_errors
from modeling_dicmt.evaluation.significance import count_by_record
from modeling_dicmt.files import read_json, read_json_lines, write_text
from modeling_dicmt.publishing.card import PARTS

from .planning import Run

FINISHED, FAILED = "finished", "failed"
# The name that run_ner.py gives the figures of each part.
PREFIXES = {part: f"{name}_" for name, (_, part) in PARTS.items()}
OUTSIDE = "none"

Spans = Sequence[Iterable[Any]]


def predictions_file(folder: Path, part: str) -> Path:
    """Where a run leaves what it predicts for a part of the corpus."""
    return folder / f"predictions_{part}.jsonl"


def read_predictions(folder: Path, part: str) -> list[list[tuple[int, int, str]]]:
    """The entities that a run found in each record of a part."""
    return [
        [(entity["start"], entity["end"], entity["type"]) for entity in line["entities"]]
        for _, line in read_json_lines(predictions_file(folder, part))
    ]


def write_part(
    folder: Path, part: str, records: Records, found: Spans, training_mentions: Mapping[str, Mapping[str, int]]
) -> dict[str, Any]:
    """Write what was found in a part's records, and score it; returns the figures under run_ner.py's names."""
    write_predictions(predictions_file(folder, part), records, found)
    scores = score_entities(
        found,
        [record["entities"] for record in records],
        texts=[record["text"] for record in records],
        training_mentions=training_mentions,
    )
    return {f"{PREFIXES[part]}{name}": value for name, value in scores.items()}


def describe(run: Run, preset: str, command: str) -> dict[str, Any]:
    """What a run is, whatever comes of it."""
    return {
        "identity": run.identity,
        "system": run.system.name,
        "title": run.system.title,
        "kind": run.system.kind,
        "seed": run.seed,
        "preset": preset,
        "command": command,
        "settings": dict(run.public_settings),
        "members": [member.name for member in run.members],
    }


def figures(folder: Path, parts: Mapping[str, Records]) -> dict[str, Any]:
    """What a finished run's folder says, part by part.

    Returns:
        `parts`: for each part `scores` (as `score_entities` returns them), `per_record` (for each record its correct,
        predicted and annotated entities), `confusion` and `errors`; and what is known of the training, rounds of
        self-training included.
    """
    results = read_json(folder / "all_results.json")
    of_parts = {}
    for part, prefix in PREFIXES.items():
        scores = {name.removeprefix(prefix): value for name, value in results.items() if name.startswith(prefix)}
        if scores and part in parts:
            gold = [record["entities"] for record in parts[part]]
            of_parts[part] = {"scores": scores} | compare(read_predictions(folder, part)[: len(gold)], gold)
    training = {name: value for name, value in results.items() if name.startswith(("train_", "self_training"))}
    return {"parts": of_parts, "training": training}


def compare(predictions: Spans, references: Spans) -> dict[str, Any]:
    """Counts that a table of differences needs, and that no text is in.

    Returns:
        `per_record`: correct, predicted and annotated entities of each record. `confusion`: `{annotated type:
        {predicted type: count}}`, boundaries aside; `none` stands for no entity there. `errors`: `{class of error:
        {length of the annotated, else of the predicted entity: count}}`.
    """
    confusion: dict[str, Counter[str]] = {}
    errors: dict[str, Counter[str]] = {kind: Counter() for kind in ERROR_CLASSES}
    found, gold = read_entities(predictions, "predictions"), read_entities(references, "references")
    for mine, theirs in zip(found, gold, strict=True):
        for entity in mine & theirs:
            confusion.setdefault(entity[2], Counter())[entity[2]] += 1
    for error in classify_errors(predictions, references):
        annotated = error.annotated[2] if error.annotated else OUTSIDE
        predicted = error.predicted[2] if error.predicted else OUTSIDE
        confusion.setdefault(annotated, Counter())[predicted] += 1
        start, end, _ = error.annotated or error.predicted
        errors[error.kind][length_row(end - start)] += 1
    return {
        "per_record": count_by_record(predictions, references).astype(int).tolist(),
        "confusion": {kind: dict(sorted(row.items())) for kind, row in sorted(confusion.items())},
        "errors": {kind: dict(row) for kind, row in errors.items()},
    }


class ResultStore:
    """The results of runs, a JSON file each, in one folder.

    Args:
        folder: The folder; it is made when something is first written.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)

    def path(self, run_name: str) -> Path:
        return self.folder / f"{run_name}.json"

    def get(self, run_name: str) -> dict[str, Any] | None:
        """The results of a run, None if there are none.

        Raises:
            ValueError: If its file is no JSON.
        """
        path = self.path(run_name)
        try:
            return read_json(path) if path.exists() else None
        except ValueError as error:
            raise ValueError(f"{error} Delete it, and the run is done again.") from error

    def put(self, run_name: str, result: Mapping[str, Any]) -> None:
        """Write the results of a run; the file is never half-written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_text(self.path(run_name), json.dumps(dict(result), ensure_ascii=False) + "\n")
