"""What is kept of a run: counts by hand, and no text."""

import json

import pytest
from made_up_runs import VALIDATION

from experiments.recording import ResultStore, compare, figures, read_predictions
from modeling_dicmt.evaluation.prediction_files import write_predictions
from modeling_dicmt.files import write_json

GOLD = [
    [(0, 2, "Disease"), (5, 8, "Drug"), (10, 12, "Disease")],
    [(0, 4, "Disease")],
    [],
]
FOUND = [
    [(0, 2, "Disease"), (5, 8, "Disease"), (9, 12, "Disease")],  # right, wrong type, wrong boundary
    [(2, 6, "Drug")],  # wrong both
    [(3, 5, "Drug")],  # spurious
]


def test_records_confusion_and_errors_are_counted_as_by_hand():
    counts = compare(FOUND, GOLD)
    assert counts["per_record"] == [[1, 3, 3], [0, 1, 1], [0, 1, 0]]
    assert counts["confusion"] == {
        "Disease": {"Disease": 2, "Drug": 1},
        "Drug": {"Disease": 1},
        "none": {"Drug": 1},
    }
    assert counts["errors"] == {
        "wrong type": {"3": 1},
        "wrong boundary": {"2": 1},
        "wrong type and boundary": {"4": 1},
        "missed": {},
        "spurious": {"2": 1},
    }


def test_every_entity_is_in_the_confusion_once():
    counts = compare(FOUND, GOLD)["confusion"]
    annotated = sum(count for kind, row in counts.items() if kind != "none" for count in row.values())
    found = sum(count for row in counts.values() for kind, count in row.items() if kind != "none")
    assert (annotated, found) == (sum(map(len, GOLD)), sum(map(len, FOUND)))


def test_what_a_folder_says_is_read_part_by_part_and_without_text(tmp_path, parts):
    found = [[(3, 5, "Disease")], [(1, 3, "Drug")]]
    write_predictions(tmp_path / "predictions_validation.jsonl", VALIDATION, found)
    rounds = [{"teachers": [{"seed": 1, "f1": 0.4}]}]
    results = {"eval_f1": 0.5, "train_seconds": 3, "train_best_epoch": 2, "test_f1": 1, "self_training": rounds}
    write_json(tmp_path / "all_results.json", results)
    assert read_predictions(tmp_path, "validation") == found
    result = figures(tmp_path, parts)
    assert result["training"] == {"train_seconds": 3, "train_best_epoch": 2, "self_training": rounds}
    assert list(result["parts"]) == ["validation"]  # this corpus has no test part
    assert result["parts"]["validation"]["scores"] == {"f1": 0.5}
    assert result["parts"]["validation"]["per_record"] == [[1, 1, 2], [1, 1, 2]]
    written = json.dumps(result, ensure_ascii=False)
    assert not any(word in written for word in ("肺炎", "头孢"))


def test_results_are_kept_by_name(tmp_path):
    store = ResultStore(tmp_path / "results")
    assert store.get("a") is None
    store.put("a", {"status": "finished"})
    assert store.get("a") == {"status": "finished"}
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["a.json"]


def test_a_result_that_is_cut_off_says_what_to_do(tmp_path):
    store = ResultStore(tmp_path)
    store.path("a").write_text('{"status": "fin', encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.json: not valid JSON .* Delete it, and the run is done again"):
        store.get("a")
