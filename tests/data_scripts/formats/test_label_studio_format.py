"""Label Studio's JSON as its documentation shows it, its two ways of counting, and what is wrong with a file."""

import json

import pytest
from made_up_records import read_all, record, spans, write

from data_scripts.formats import Losses
from data_scripts.readers.records import CorpusError

TEXT = "😀头痛。\r\n咳  嗽"
"""Characters: 头痛 1:3, 咳  嗽 6:10; in UTF-16 code units one more."""


def result(start, end, text, *labels, **keys):
    value = {"start": start, "end": end, "text": text, "labels": list(labels)}
    return {"id": "1", "from_name": "label", "to_name": "text", "type": "labels", "value": value} | keys


def task(*results, text=TEXT, **keys):
    return {"id": 7, "data": {"text": text}, "annotations": [{"id": 1, "result": list(results)}]} | keys


def put(path, *tasks, indent=None):
    path.write_text(json.dumps(list(tasks), ensure_ascii=False, indent=indent), encoding="utf-8")
    return path


def refused(path, **options):
    with pytest.raises(CorpusError) as error:
        read_all(path, **options)
    return str(error.value)


@pytest.mark.parametrize("indent", [None, 2])
def test_an_export_is_read(tmp_path, indent):
    exported = {
        "id": 1,
        "annotations": [
            {
                "id": 1001,
                "result": [
                    result(1, 3, "头痛", "Symptom", origin="manual"),
                    result(6, 10, "咳 嗽", "Symptom", "Sign"),
                    {"from_id": "1", "to_id": "2", "type": "relation", "direction": "right"},
                ],
                "was_cancelled": False,
                "ground_truth": False,
                "created_at": "2021-03-09T22:16:08.746926Z",
                "lead_time": 3.5,
            }
        ],
        "predictions": [{"model_version": "m", "score": 0.9, "result": [result(1, 2, "头", "Sign", score=0.75)]}],
        "data": {"text": TEXT, "id": "r1", "group": "p"},
        "meta": {},
    }
    losses = Losses()
    path = put(tmp_path / "export.json", exported, task(), indent=indent)
    first, second = read_all(path, losses=losses)
    assert (first["id"], first["group"], first["text"]) == ("r1", "p", TEXT)
    assert spans(first) == [(1, 3, "Symptom"), (6, 10, "Symptom"), (6, 10, "Sign")]
    assert second == {"id": "7", "text": TEXT, "entities": []}
    assert losses["results of Label Studio that are no labels of a text, left out"] == 1
    (first, second) = read_all(path, results="predictions")
    assert first["entities"] == [{"start": 1, "end": 2, "type": "Sign", "score": 0.75}] and "entities" not in second


def test_older_versions_count_utf16_code_units(tmp_path):
    old = {"data": {"text": TEXT}, "completions": [{"result": [result(2, 4, "头痛", "S"), result(7, 11, "咳嗽", "S")]}]}
    path = put(tmp_path / "old.json", old)
    (found,) = read_all(path, offsets="utf16")
    assert spans(found) == [(1, 3, "S"), (6, 10, "S")]
    assert "say offsets=utf16" in refused(path)


def test_skipped_annotations_are_none_and_the_ground_truth_is_preferred(tmp_path):
    skipped = {"was_cancelled": True, "result": [result(1, 3, "头痛", "A")]}
    first, truth = ({"result": [result(1, 3, "头痛", name)]} for name in "BC")
    tasks = [task(annotations=[skipped]), task(annotations=[skipped, first, truth | {"ground_truth": True}])]
    losses = Losses()
    one, two = read_all(put(tmp_path / "x.json", *tasks), losses=losses)
    assert "entities" not in one and spans(two) == [(1, 3, "C")]
    assert losses == {"further annotations of one task, left out": 1}


@pytest.mark.parametrize("name", ["annotations", "predictions"])
def test_what_is_written_is_what_label_studio_imports(tmp_path, name):
    made = [record(TEXT, (1, 3, "Symptom", 0.5), id="r1", group="p"), {"id": "r2", "text": "无"}]
    write(tmp_path / "tasks.json", made, results=name, offsets="utf16")
    one, two = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    assert one["data"] == {"text": TEXT, "id": "r1", "group": "p"} and two == {"data": {"text": "无", "id": "r2"}}
    assert one[name][0]["result"] == [result(2, 4, "头痛", "Symptom", score=0.5)]
    assert ("model_version" in one[name][0]) == (name == "predictions")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"data": {"other": "无"}, "annotations": []}, "'text' is missing"),
        ({"text": "无", "label": []}, "object 'data'"),
        (task(result(0, 99, "头", "S")), "lie outside it"),
        (task(result(2, 2, "", "S")), "empty or reversed"),
        (task(result(1, 3, "肚子", "S")), "the result's text is another. Restore"),
        (task(result("1", 3, "头痛", "S")), "whole numbers"),
        (task({"type": "labels", "value": 3}), "whole numbers"),
        (task(result(1, 3, "头痛", 5)), "expected a string"),
        (task(result(1, 3, "头痛", "O")), "cannot be an entity type"),
        (task(result(1, 3, "头痛", "S", score="high")), "'score' must be a number"),
        (task(annotations={}), "must be a list of objects"),
        (task("x"), "expected an object"),
    ],
)
def test_a_wrong_task_is_named_by_its_line_and_its_text_is_not_quoted(tmp_path, wrong, told):
    path = put(tmp_path / "x.json", task(), wrong, indent=1)
    message = refused(path)
    lines = path.read_text(encoding="utf-8").split("\n")
    line = next(number for number, text in enumerate(lines, start=1) if text == " {" and number > 2)
    assert f"x.json, line {line} (task 2)" in message and told in message
    assert "头痛" not in message and "肚子" not in message


def test_an_offset_within_a_character_is_told(tmp_path):
    path = put(tmp_path / "x.json", task(result(1, 4, None, "S")))
    assert "within a character of two code units" in refused(path, offsets="utf16")


def test_a_file_cut_anywhere_is_told(tmp_path):
    path = put(tmp_path / "x.json", task(result(1, 3, "头痛", "S")), task())
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        assert str(path) in refused(path)
