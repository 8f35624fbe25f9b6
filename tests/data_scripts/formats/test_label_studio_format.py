"""Label Studio's JSON as its documentation shows it, its two ways of counting, and what is wrong with a file.

`label_studio_export.json` is what Label Studio 1.23.2 exported as JSON, less keys that are not read: entities drawn by
mouse on its page (emoji, line ends and blanks between them), pre-annotations from a file of `convert` that were
accepted there, a task that was skipped, a draft, several annotations, and results that are no labels.
"""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from made_up_records import read_all, record, spans, write

from data_scripts.format_corpora import FORMAT_CORPORA
from data_scripts.formats import Losses
from data_scripts.readers.records import CorpusError

EXPORT = Path(__file__).with_name("label_studio_export.json")
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


def test_a_real_export_is_read():
    losses = Losses()
    found = {item["id"]: item for item in read_all(EXPORT, losses=losses)}
    assert {name: spans(item) for name, item in found.items()} == {
        "emoji": [(1, 3, "Symptom"), (4, 5, "Test"), (7, 9, "Drug")],
        "startcrlf": [(4, 11, "Disease"), (9, 11, "Symptom")],
        "wide": [(5, 7, "Symptom"), (2, 11, "Disease")],
        "plain": [(2, 4, "Symptom"), (7, 9, "Symptom")],
        "nested": [(0, 5, "Disease"), (0, 2, "Body"), (4, 5, "Disease")],
        "draft": [(2, 4, "Symptom")],
        "truth": [(7, 9, "Disease")],
        "relation": [(2, 4, "Symptom"), (4, 6, "Test")],
    }
    assert found["startcrlf"]["text"] == "\r\n\r\n头痛😀\r\n咳嗽\t" and found["wide"]["text"].startswith(
        "\u3000\u3000患者 "
    )
    assert (found["plain"]["group"], found["plain"]["section"]) == ("p1", "主诉")
    assert losses == {
        "tasks that were skipped in Label Studio, left out": 1,
        "drafts of Label Studio, which were not submitted, left out": 1,
        "further annotations of one task, left out": 2,
        "results of Label Studio that are no labels of a text, left out": 3,
        "results of Label Studio without a label, left out": 1,
    }


def test_a_real_export_is_a_corpus(tmp_path):
    (tmp_path / "train.json").write_bytes(EXPORT.read_bytes())
    (corpus,) = (item for item in FORMAT_CORPORA if item.name == "label_studio")
    assert len(list(corpus(tmp_path).read(tmp_path / "train.json", None, True))) == 8


def test_predictions_of_which_only_the_numbers_were_exported_are_told():
    assert "holds numbers alone" in refused(EXPORT, results="predictions")


def test_older_versions_count_utf16_code_units(tmp_path):
    old = {"data": {"text": TEXT}, "completions": [{"result": [result(2, 4, "头痛", "S"), result(7, 11, "咳嗽", "S")]}]}
    path = put(tmp_path / "old.json", old)
    (found,) = read_all(path, offsets="utf16")
    assert spans(found) == [(1, 3, "S"), (6, 10, "S")]
    assert "say offsets=utf16" in refused(path)


def test_skipped_tasks_are_left_out_unless_texts_alone_are_read_and_the_ground_truth_is_preferred(tmp_path):
    skipped = {"was_cancelled": True, "result": [result(1, 3, "头痛", "A")]}
    first, truth = ({"result": [result(1, 3, "头痛", name)]} for name in "BC")
    tasks = [task(annotations=[skipped]), task(annotations=[skipped, first, truth | {"ground_truth": True}])]
    losses = Losses()
    path = put(tmp_path / "x.json", *tasks, task(annotations=[], id=8))
    one, two = read_all(path, losses=losses)
    assert spans(one) == [(1, 3, "C")] and two == {"id": "8", "text": TEXT}
    assert losses == {
        "further annotations of one task, left out": 1,
        "tasks that were skipped in Label Studio, left out": 1,
    }
    assert [item["text"] for item in read_all(path, annotated=False)] == [TEXT] * 3
    assert len(read_all(path, results="predictions")) == 3


@pytest.mark.parametrize("name", ["annotations", "predictions"])
def test_what_is_written_is_what_label_studio_imports(tmp_path, name):
    made = [record(TEXT, (1, 3, "Symptom", 0.5), id="r1", group="p"), {"id": "r2", "text": "无"}]
    write(tmp_path / "tasks.json", made, results=name, offsets="utf16")
    one, two = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    assert one["data"] == {"text": TEXT, "id": "r1", "group": "p"} and two == {"data": {"text": "无", "id": "r2"}}
    assert one[name][0]["result"] == [result(2, 4, "头痛", "Symptom", score=0.5)]
    assert ("model_version" in one[name][0]) == (name == "predictions")
    # Without it an import marks annotations as ground truth, before what people say.
    assert one[name][0].get("ground_truth") is (False if name == "annotations" else None)


def test_the_labelling_configuration_names_every_type_and_the_column_of_the_texts(tmp_path):
    types = ["疾病", '<a & "b">', "Symptom", "B-x"]
    made = [record(TEXT, (1, 3, name)) for name in [*types, *types]]
    write(tmp_path / "x.json", made, label_config=str(tmp_path / "labels.xml"), text_column="note")
    (task, *_) = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    (labels, text) = ElementTree.fromstring((tmp_path / "labels.xml").read_text(encoding="utf-8"))
    assert [label.get("value") for label in labels] == sorted(types)
    assert len({label.get("background") for label in labels}) == len(types)
    (result,) = task["annotations"][0]["result"]
    assert (labels.tag, labels.get("name")) == ("Labels", result["from_name"])
    assert (text.tag, text.get("name"), labels.get("toName")) == ("Text", result["to_name"], result["to_name"])
    assert text.get("value") == "$note" and task["data"]["note"] == TEXT


@pytest.mark.parametrize("column", ["文本", "my text", "1"])
def test_a_column_that_label_studio_s_page_cannot_show_is_told(tmp_path, column):
    with pytest.raises(CorpusError, match="finds no texts in a column"):
        write(tmp_path / "x.json", [record("头痛", (0, 2, "S"))], label_config=str(tmp_path / "l"), text_column=column)
    assert not list(tmp_path.iterdir())


def test_a_labelling_configuration_without_labels_is_not_written(tmp_path):
    with pytest.raises(CorpusError, match="needs the types of entities"):
        write(tmp_path / "x.json", [{"text": "无"}], label_config=str(tmp_path / "labels.xml"))
    assert not list(tmp_path.iterdir())


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
