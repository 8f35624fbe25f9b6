"""doccano's JSON Lines as it exports and imports them."""

import json

import pytest
from made_up_records import read_all, record, spans, write

from data_scripts.formats import Losses
from data_scripts.readers.records import CorpusError


def put(path, *values):
    path.write_text("".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values), encoding="utf-8")
    return path


def test_both_forms_of_its_exports_are_read(tmp_path):
    old = {"id": 1, "text": "😀头痛咳嗽", "label": [[1, 3, "Symptom"], [3, 5, "Symptom"]], "group": "p"}
    new = {
        "id": 2,
        "text": "头痛",
        "Comments": ["?"],
        "entities": [{"id": 5, "label": "Symptom", "start_offset": 0, "end_offset": 2}],
        "relations": [{"id": 0, "from_id": 5, "to_id": 5, "type": "same"}],
    }
    older = {"text": "头痛", "labels": [[0, 2, "S"]], "meta": {}}
    losses = Losses()
    path = put(tmp_path / "x.jsonl", old, new, older, {"text": "无"})
    found = read_all(path, "doccano", losses)
    assert [spans(item) for item in found[:3]] == [
        [(1, 3, "Symptom"), (3, 5, "Symptom")],
        [(0, 2, "Symptom")],
        [(0, 2, "S")],
    ]
    assert (found[0]["group"], found[2]["id"], found[3]) == ("p", "x.jsonl:3", {"id": "x.jsonl:4", "text": "无"})
    assert losses == {"relations of doccano, left out": 1, "comments of doccano, left out": 1}


def test_what_is_written_is_what_doccano_imports(tmp_path):
    losses = write(tmp_path / "x.jsonl", [record("头痛", (0, 2, "S", 0.5), id="r", group="p")], "doccano")
    assert json.loads((tmp_path / "x.jsonl").read_text(encoding="utf-8")) == {
        "id": "r",
        "text": "头痛",
        "group": "p",
        "label": [[0, 2, "S"]],
    }
    assert losses == {"scores": 1}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"data": "头痛"}, "'text' is missing"),
        ({"text": "头痛", "label": ["positive"]}, "entity 1: expected [start, end, type]"),
        ({"text": "头痛", "label": [[0, 2]]}, "entity 1: expected [start, end, type]"),
        ({"text": "头痛", "label": [[0, 3, "S"]]}, "outside the text"),
        ({"text": "头痛", "label": [[0.0, 2, "S"]]}, "'start_offset' must be a whole number"),
        ({"text": "头痛", "label": [[0, 2, ""]]}, "cannot be an entity type"),
        ({"text": "头痛", "entities": [{"start_offset": 0, "end_offset": 2}]}, "'label' is missing"),
    ],
)
def test_a_wrong_line_is_named_and_its_text_is_not_quoted(tmp_path, wrong, told):
    path = put(tmp_path / "x.jsonl", {"text": "无"}, wrong)
    with pytest.raises(CorpusError) as error:
        read_all(path, "doccano")
    assert "x.jsonl, line 2" in str(error.value) and told in str(error.value) and "头" not in str(error.value)
