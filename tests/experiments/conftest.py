"""The made-up corpus as files, and its results as a runner leaves them."""

import json
from pathlib import Path

import pytest
from made_up_runs import FOUND, PRESET, SYSTEMS, TRAIN, TYPES, VALIDATION

from data_scripts.arguments import DataArguments
from experiments.planning import make_plan
from experiments.recording import ResultStore, compare, describe
from experiments.report.results import write_plan
from experiments.specification import Specification, Table
from modeling_dicmt.evaluation.clinical_ner import count_mentions, score_entities


@pytest.fixture
def parts() -> dict[str, list[dict]]:
    return {"train": TRAIN, "validation": VALIDATION}


@pytest.fixture
def data(tmp_path) -> DataArguments:
    """The corpus as files, with a dictionary of two lists."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, records in (("train", TRAIN), ("validation", VALIDATION)):
        lines = (json.dumps(item, ensure_ascii=False) for item in records)
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    dictionary = tmp_path / "dictionary"
    dictionary.mkdir()
    (dictionary / "disease.tsv").write_text("肺炎\n胃炎\n哮喘\n", encoding="utf-8")
    (dictionary / "drug.tsv").write_text("头孢\n青霉素\n", encoding="utf-8")
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps({"Disease": ["disease"], "Drug": ["drug"]}), encoding="utf-8")
    return DataArguments(
        dataset_name="jsonl", data_dir=str(folder), dictionary=str(dictionary), dictionary_mapping=str(mapping)
    )


@pytest.fixture
def plan_of(data, parts):
    """Makes plans of tables."""

    def make(*tables: Table, **settings):
        systems = SYSTEMS | settings.pop("systems", {})
        return make_plan(Specification(tables, systems), settings.pop("preset", PRESET), data, parts, **settings)

    return make


@pytest.fixture
def results_dir(tmp_path, parts, plan_of):
    """Writes results: a plan of the tables, and what `FOUND` says of each run; other runs have none."""

    def write(*tables: Table, **options) -> Path:
        folder = tmp_path / "results"
        plan = plan_of(*tables, **options)
        corpus = {
            "entity_types": TYPES,
            "statistics": {
                "train": {
                    "records": 3,
                    "characters": 32,
                    "sentences": 3,
                    "entities": 6,
                    "entities_by_type": {"Disease": 4, "Drug": 2},
                    "records_without_entities": 0,
                    "nested_entities": 0,
                }
            },
            "radicals": {"Disease": {"130": 3, "104": 1}, "Drug": {"170": 2}},
            "contradictions": {
                "repeated_texts": 1,
                "repeated_texts_annotated_differently": 1,
                "contexts": 2,
                "occurrences": 5,
                "minority": 2,
                "pairs": {"Disease / none": 2},
            },
        }
        write_plan(folder, plan, "jsonl", corpus, {"command": "python -m experiments run …"})
        store = ResultStore(folder)
        gold = [item["entities"] for item in VALIDATION]
        for (system, seed), found in FOUND.items():
            if seed in plan.run_of.get(system, {}):
                run = plan.run_of[system][seed]
                mask = [[0] * len(item["text"]) for item in VALIDATION]
                mask[0][3:5] = [1, 1]
                scores = score_entities(
                    found,
                    gold,
                    texts=[item["text"] for item in VALIDATION],
                    training_mentions=count_mentions(TRAIN),
                    segmentation=mask,
                )
                result = describe(run, "tiny", "run_ner.py …") | {
                    "status": "finished",
                    "minutes": 1.5,
                    "parts": {"validation": {"scores": scores} | compare(found, gold)},
                }
                store.put(run.name, result)
        return folder

    return write
