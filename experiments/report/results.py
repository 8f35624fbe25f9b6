"""The results of a plan, as the tables ask for them."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from modeling_dicmt.files import read_json, write_json

from ..planning import Plan
from ..recording import FINISHED, ResultStore
from ..specification import Row, Table, available_specifications

PLAN_FILE, CORPUS_FILE = "plan.json", "corpus.json"


class Figure(NamedTuple):
    """A figure over seeds.

    Args:
        mean: Mean.
        deviation: Sample standard deviation; None of one seed.
    """

    mean: float
    deviation: float | None


def write_plan(
    folder: Path, plan: Plan, dataset_name: str, corpus: Mapping[str, Any], environment: Mapping[str, str]
) -> None:
    """Put what is to be reported beside the results: tables, the runs of each system, the corpus's own figures.

    Tables and systems of earlier plans on the same corpus stay.

    Args:
        folder: The folder of results.
        plan: The plan.
        dataset_name: The corpus's name.
        corpus: What `analyse` says of the corpus.
        environment: What a reader must know of how the runs were done: names and values.

    Raises:
        ValueError: If the folder has results of another corpus or preset.
    """
    content: dict[str, Any] = {
        "dataset_name": dataset_name,
        "corpus": plan.corpus,
        "preset": plan.preset.name,
        "preset_description": plan.preset.description,
        "environment": dict(environment),
    }
    path = folder / PLAN_FILE
    before = read_json(path) if path.exists() else {}
    for name in ("dataset_name", "corpus", "preset"):
        if before and before.get(name) != content[name]:
            raise ValueError(
                f"{folder} holds results with another {name} ({before.get(name)}, now {content[name]}): pass another "
                "--results_dir."
            )
    systems = {}
    for name, runs in plan.run_of.items():
        system = plan.specification.systems[name]
        systems[name] = {
            "title": system.title,
            "source": system.source,
            "note": plan.note(name),
            "kind": system.kind,
            "runs": {str(seed): run.name for seed, run in runs.items()},
            "missing": next((run.missing for run in runs.values() if run.missing), ""),
        }
    tables = {table.name: asdict(table) for table in plan.specification.tables}
    content["tables"] = before.get("tables", {}) | tables
    content["systems"] = before.get("systems", {}) | systems
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / CORPUS_FILE, dict(corpus))
    write_json(path, content)


class Results:
    """What is in a folder of results.

    Args:
        folder: The folder.
        part: The part of the corpus whose figures are shown.

    Raises:
        FileNotFoundError: If the folder has no plan.
    """

    def __init__(self, folder: str | Path, part: str = "validation"):
        self.folder, self.part = Path(folder), part
        if not (self.folder / PLAN_FILE).is_file():
            raise FileNotFoundError(f"{folder} has no {PLAN_FILE}: name the folder that `run` calls its results.")
        self.plan = read_json(self.folder / PLAN_FILE)
        self.corpus = read_json(self.folder / CORPUS_FILE)
        order = list(available_specifications())
        self.tables = [
            Table(**{**table, "rows": tuple(Row(**row) for row in table["rows"])})
            for name, table in sorted(
                self.plan["tables"].items(),
                key=lambda item: order.index(item[0]) if item[0] in order else len(order),
            )
        ]
        store = ResultStore(self.folder)
        self.results = {
            name: {seed: store.get(run) for seed, run in system["runs"].items()}
            for name, system in self.plan["systems"].items()
        }

    @property
    def parts(self) -> list[str]:
        """Parts of the corpus that some run was scored on."""
        found = [result["parts"] for runs in self.results.values() for result in runs.values() if _finished(result)]
        return [part for part in ("validation", "test") if any(part in parts for parts in found)]

    def of(self, system: str) -> list[dict[str, Any]]:
        """The figures of a system's finished runs on the part, a seed each."""
        runs = self.results.get(system, {}).values()
        return [run["parts"][self.part] for run in runs if _finished(run) and self.part in run["parts"]]

    def title(self, row: Row) -> str:
        """What a row is called."""
        return row.title or self.plan["systems"][row.system]["title"]

    def note(self, system: str) -> str:
        """What a reader must know of a system; empty if there is nothing."""
        return self.plan["systems"][system]["note"]

    def absence(self, system: str) -> str:
        """Why a system has no figures; empty if it has."""
        if self.of(system):
            return ""
        entry = self.plan["systems"][system]
        if entry["missing"]:
            return f"not run: {entry['missing']}"
        failed = [run["reason"] for run in self.results[system].values() if run and run["status"] != FINISHED]
        return f"failed: {failed[0]}" if failed else "not yet run"

    def failures(self) -> list[tuple[str, str]]:
        """Names and reasons of all failed runs."""
        return [
            (self.plan["systems"][system]["runs"][seed], run["reason"])
            for system, runs in self.results.items()
            for seed, run in runs.items()
            if run and run["status"] != FINISHED
        ]

    def figure(self, system: str, read: Callable[[Mapping[str, Any]], float | None]) -> Figure | None:
        """A figure of the scores, over the system's seeds; None if it has none."""
        return _over_seeds([read(found["scores"]) for found in self.of(system)])

    def training_minutes(self, system: str) -> Figure | None:
        """How long a system's training took, as it says itself, over its seeds; None of what trains nothing."""
        runs = [run for run in self.results.get(system, {}).values() if _finished(run)]
        seconds = [run.get("training", {}).get("train_seconds") for run in runs]
        return _over_seeds([None if value is None else value / 60 for value in seconds])

    def counts(self, system: str) -> list[np.ndarray]:
        """For each seed correct, predicted and annotated entities of each record, (records, 3)."""
        return [np.array(found["per_record"], dtype=float).reshape(-1, 3) for found in self.of(system)]

    def recognises(self, system: str) -> bool:
        """Whether a system finds entities with their types, not only stretches of text."""
        return any("by_type" in found["scores"] and found["scores"]["predicted"] for found in self.of(system))

    def reference_types(self, table: Table) -> Sequence[str]:
        """The entity types that a table shows."""
        return table.types or self.corpus["entity_types"]


def _over_seeds(values: Iterable[float | None]) -> Figure | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Figure(statistics.mean(known), statistics.stdev(known) if len(known) > 1 else None)


def _finished(result: Mapping[str, Any] | None) -> bool:
    return result is not None and result["status"] == FINISHED
