"""Predictions from a file find their records by id, and what does not fit is told with both places."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from modeling_dicmt.evaluation.prediction_files import pair_predictions, read_predictions, write_predictions

ROOT = Path(__file__).parents[2]
RECORDS = [{"id": "a", "text": "患者肺炎。"}, {"id": "7", "text": "左肺"}, {"id": "c", "text": ""}]
FOUND = [[{"start": 2, "end": 4, "type": "Disease", "score": 0.9}], [{"start": 0, "end": 2, "type": "Anatomy"}], []]


def write(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_what_is_written_is_read_whatever_the_order(tmp_path):
    path = tmp_path / "found.jsonl"
    write_predictions(path, reversed(RECORDS), reversed(FOUND))
    entities, scores = read_predictions(path, RECORDS, "records")
    assert entities == [[(2, 4, "Disease")], [(0, 2, "Anatomy")], []]
    assert scores is None, "one of the entities has no score"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows[1]["entities"][0]["score"] = 1
    rows[1]["id"] = 7
    assert read_predictions(write(path, rows), RECORDS, "records")[1] == [[0.9], [1], []]


def test_a_process_that_writes_entities_imports_no_metric():
    """Seconds in each process of a job."""
    code = (
        "import sys; from modeling_dicmt.annotation.recognizing import prepare_answers; "
        "prepare_answers(lambda: lambda texts: [], False); print({'datasets', 'evaluate'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


ENTITY = {"start": 2, "end": 4, "type": "Disease"}
OTHERS = [{"id": "7", "entities": []}, {"id": "c", "entities": []}]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (OTHERS, "found.jsonl has no line for the record 'a' of gold.jsonl"),
        (OTHERS[:1], "no line for the record 'a' and 1 more of gold.jsonl"),
        ([*OTHERS, OTHERS[0]], "found.jsonl, line 3: the id '7' is also that of line 1"),
        ([{"id": "x", "entities": []}], "line 1: gold.jsonl has no record with the id 'x'"),
        (
            [{"id": "a", "entities": [], "text": "患者肺癌。"}],
            "its text is another one than that of the record 'a'",
        ),
        ([{"entities": []}], 'line 1: expected {"id", "entities"'),
        ([{"id": "a"}], 'line 1: expected {"id", "entities"'),
        ([{"id": "a", "entities": [3]}], "line 1, entity 1: expected whole numbers"),
        ([{"id": "a", "entities": [ENTITY | {"start": True}]}], "line 1, entity 1: expected whole numbers"),
        (
            [{"id": "a", "entities": [ENTITY | {"end": 9}]}],
            "2 to 9 (end exclusive) is no part of the record 'a'",
        ),
        ([{"id": "a", "entities": [ENTITY | {"end": 2}]}], "2 to 2 (end exclusive) is no part of"),
        (
            [{"id": "a", "entities": [ENTITY | {"word": "肺癌"}]}],
            "word is not what the record 'a' of gold.jsonl has",
        ),
        ([{"id": "a", "entities": [ENTITY | {"score": 1.5}]}], "a score is a number from 0 to 1"),
    ],
)
def test_what_does_not_fit_is_told_with_both_places_and_no_text(tmp_path, rows, message):
    path = write(tmp_path / "found.jsonl", rows)
    with pytest.raises(ValueError) as raised:
        read_predictions(path, RECORDS, "gold.jsonl")
    assert message in str(raised.value) and "肺" not in str(raised.value)


def test_records_with_one_id_cannot_be_told_apart(tmp_path):
    with pytest.raises(ValueError, match=r"gold\.jsonl has records with the same id"):
        read_predictions(write(tmp_path / "found.jsonl", OTHERS), [*RECORDS, RECORDS[0]], "gold.jsonl")


def test_records_and_predictions_are_paired_one_at_a_time(tmp_path):
    path = tmp_path / "found.jsonl"
    write_predictions(path, RECORDS[:2], FOUND[:2])
    read = []
    pairs = pair_predictions(path, (read.append(record["id"]) or record for record in RECORDS), "records")
    assert next(pairs) == (RECORDS[0], [{"start": 2, "end": 4, "type": "Disease", "word": "肺炎", "score": 0.9}])
    assert read == ["a"]
    assert [*pairs] == [
        (RECORDS[1], [{"start": 0, "end": 2, "type": "Anatomy", "word": "左肺", "score": None}]),
        (RECORDS[2], None),
    ]
    write_predictions(path, RECORDS[2:], FOUND[2:])
    assert [*pair_predictions(path, RECORDS, "records")] == [(RECORDS[0], None), (RECORDS[1], None), (RECORDS[2], [])]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([*OTHERS, OTHERS[0]], "line 3: behind the record of the line before gold.jsonl has no record with the id '7'"),
        (OTHERS[::-1], "line 2: behind the record"),
        ([{"id": "x", "entities": []}], "line 1: behind the record"),
        ([{"id": "a", "entities": [ENTITY | {"end": 9}]}], "line 1, entity 1: 2 to 9 (end exclusive) is no part of"),
        ([{"id": "a", "entities": [], "text": "患者肺癌。"}], "its text is another one"),
    ],
)
def test_predictions_that_are_no_pairs_are_told(tmp_path, rows, message):
    with pytest.raises(ValueError) as raised:
        list(pair_predictions(write(tmp_path / "found.jsonl", rows), RECORDS, "gold.jsonl"))
    assert message in str(raised.value) and "肺" not in str(raised.value)
