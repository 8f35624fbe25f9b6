"""Yidu-S4K, CMeEE and own records in JSON: every trap, on made-up records."""

import json
import re

import pytest
from corpus_files import own_record, spans, write, write_json_lines
from hypothesis import given, settings
from hypothesis import strategies as st

from data_scripts.format_corpora import annotated_records
from data_scripts.formats import find_files
from data_scripts.formats.json_list import json_list
from data_scripts.label_sets import LABEL_SETS
from data_scripts.readers.json_formats import read_cmeee, read_yidu_s4k
from data_scripts.readers.records import CorpusError, CorpusWarning, type_names

YIDU = type_names(LABEL_SETS["yidu_s4k"])
CMEEE = type_names(LABEL_SETS["cmeee"])


def read_jsonl(path, names):
    return annotated_records(find_files(path, "jsonl"), names)


def yidu(text, *entities):
    keys = ("start_pos", "end_pos", "label_type")
    return {"originalText": text, "entities": [dict(zip(keys, e, strict=True)) | {"overlap": 0} for e in entities]}


def cmeee(text, *entities):
    keys = ("start_idx", "end_idx", "type", "entity")
    return {"text": text, "entities": [dict(zip(keys, entity, strict=True)) for entity in entities]}


def rejected(read, path):
    with pytest.raises(CorpusError) as error:
        list(read)
    assert path.name in str(error.value)
    return str(error.value)


def test_yidu_has_a_bom_exclusive_ends_and_no_overlap_key(tmp_path):
    path = write(
        tmp_path / "part1.txt",
        "\ufeff" + "\n".join(json.dumps(r) for r in [yidu("头痛。", (0, 2, "疾病和诊断")), yidu("无", *[])]) + "\n\n",
    )
    records = list(read_yidu_s4k(path, YIDU))
    assert [spans(record) for record in records] == [[(0, 2, "Disease")], []]
    assert records[0]["entities"][0].keys() == {"start", "end", "type"}
    assert [record["id"] for record in records] == ["part1-1", "part1-2"]
    assert records[0]["group"] != records[1]["group"]


def test_unicode_line_ends_do_not_split_a_json_line(tmp_path):
    path = write_json_lines(tmp_path / "train.jsonl", [own_record("头\u2028痛\x85", (0, 3, "Symptom"))])
    assert next(read_jsonl(path, None))["text"] == "头\u2028痛\x85"


def test_overlap_in_yidu_names_both_entities(tmp_path):
    path = write_json_lines(tmp_path / "p.txt", [yidu("无"), yidu("肝脏", (0, 2, "解剖部位"), (1, 2, "药物"))])
    message = rejected(read_yidu_s4k(path, YIDU), path)
    assert "line 2, entity 2" in message and "line 2, entity 1" in message and "overlaps" in message


def test_cmeee_has_inclusive_ends_and_nests(tmp_path):
    record = cmeee("肺部感染。", (0, 3, "dis", "肺部感染"), (0, 1, "bod", "肺部"))
    path = write(tmp_path / "CMeEE_train.json", json.dumps([record], ensure_ascii=False, indent=1))
    (read,) = read_cmeee(path, CMEEE)
    assert spans(read) == [(0, 2, "BodyPart"), (0, 4, "Disease")]
    message = rejected(read_cmeee(path, CMEEE, allow_overlap=False), path)
    assert "entity 1" in message and "entity 2" in message and "outermost" in message


def test_cmeee_names_the_line_where_a_record_begins(tmp_path):
    records = [cmeee("感冒", (0, 1, "dis", "感冒")), cmeee("咳嗽", (0, 0, "sym", "咳嗽"))]
    path = write(tmp_path / "CMeEE_dev.json", json.dumps(records, ensure_ascii=False, indent=1))
    message = rejected(read_cmeee(path, CMEEE), path)
    line = path.read_text(encoding="utf-8").split("\n").index(' "text": "咳嗽",'.replace(" ", "  ", 1))
    assert f"line {line} (record 2), entity 1" in message
    assert "'咳嗽'" in message and "'咳'" in message and "'end_idx' is inclusive" in message


def test_cmeee_keeps_the_empty_entities_it_was_published_with(tmp_path):
    path = write(tmp_path / "CMeEE_train.json", json.dumps([cmeee("咳嗽", (1, 0, "sym", ""))]))
    assert spans(next(read_cmeee(path, CMEEE))) == [(1, 1, "Symptom")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "'[' expected"),
        ('{"text": "无"}', "'[' expected"),
        ("[1]", "expected a JSON object, got int"),
        ('[{"text": "无", "entities": []} {}]', "',' or ']' expected"),
        ('[{"text": "无", "entities": []}]]', "after the list's end"),
        ('[{"text": "无", "entities": []},]', "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
    ],
    ids=["empty", "object", "number", "no comma", "rest", "comma", "deep"],
)
def test_a_file_that_is_no_list_of_records_is_rejected(tmp_path, content, reason):
    path = write(tmp_path / "CMeEE_train.json", content)
    message = rejected(read_cmeee(path, CMEEE), path)
    assert "line 1" in message and reason in message


SHORT = st.text(max_size=4)
OBJECTS = st.dictionaries(SHORT, SHORT | st.integers() | st.lists(SHORT, max_size=2), max_size=2)


@settings(max_examples=60, deadline=None)
@given(st.lists(OBJECTS, max_size=3), st.sampled_from([None, 1, 3]))
def test_json_list_equals_the_json_module(tmp_path_factory, values, indent):
    path = write(tmp_path_factory.mktemp("list") / "x.json", json.dumps(values, indent=indent))
    found = list(json_list(path))
    assert [value for _, value in found] == values
    lines = path.read_text(encoding="utf-8").split("\n")
    assert all(lines[line - 1].lstrip(" [").startswith("{") for line, _ in found)


def test_own_records_take_ids_groups_and_sections_where_given(tmp_path):
    records = [own_record("无", id=7, group="p1", section="查体"), own_record("无")]
    first, second = read_jsonl(write_json_lines(tmp_path / "train.jsonl", records), None)
    assert (first["id"], first["group"], first["section"]) == ("7", "p1", "查体")
    assert (second["id"], second["group"], second["section"]) == ("train-2", "train-2", "")


@pytest.mark.parametrize("key", ["mention", "word"])
def test_a_stated_mention_must_be_the_text(tmp_path, key):
    record = own_record("患者头痛", (2, 4, "Symptom"))
    record["entities"][0][key] = "头痛"
    path = write_json_lines(tmp_path / "train.jsonl", [record])
    assert spans(next(read_jsonl(path, None))) == [(2, 4, "Symptom")]
    record["entities"][0][key] = "头晕"
    message = rejected(read_jsonl(write_json_lines(path, [record]), None), path)
    assert "'头晕'" in message and "'头痛'" in message and "line 1, entity 1" in message


@pytest.mark.parametrize(
    ("record", "parts"),
    [
        ({"entities": []}, ["'text' is missing", "a string"]),
        ({"text": 3, "entities": []}, ["'text' is 3", "a string"]),
        ({"text": "无"}, ["'entities' is missing", "a list"]),
        ({"text": "无", "entities": [3]}, ["entity 1", "JSON object"]),
        (own_record("头痛", (0, 2.0, "S")), ["'end' must be a whole number", "2.0"]),
        (own_record("头痛", (True, 2, "S")), ["'start' must be a whole number", "True"]),
        (own_record("头痛", (-1, 2, "S")), ["-1:2", "outside the text"]),
        (own_record("头痛", (0, 3, "S")), ["0:3", "2 characters", "outside the text"]),
        (own_record("头痛", (1, 1, "S")), ["1:1", "empty or reversed"]),
        (own_record("头痛", (0, 2, "O")), ["'O' cannot be an entity type"]),
        (own_record("头痛", (0, 2, "  ")), ["'' cannot be an entity type"]),
        (own_record("头痛", id=["x"]), ["'id' must be a string"]),
        ([], ["expected a JSON object, got list"]),
        ("{", ["expected a JSON object, got str"]),
    ],
)
def test_a_malformed_record_is_named_with_line_and_reason(tmp_path, record, parts):
    path = write_json_lines(tmp_path / "train.jsonl", [own_record("无"), record])
    message = rejected(read_jsonl(path, None), path)
    assert "line 2" in message
    for part in parts:
        assert part in message


def test_a_line_that_is_no_json_is_named(tmp_path):
    for broken, reason in (("{'text': 1}", "column 2"), ("[" * 100_000, "too deeply"), ('{"text": "头', "may be cut")):
        path = write(tmp_path / "train.jsonl", json.dumps(own_record("无")) + "\n" + broken + "\n")
        message = rejected(read_jsonl(path, None), path)
        assert "line 2: not valid JSON" in message and reason in message


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ('{"text": "头痛", "entities": [{"start": 0, "end": 2, "type": "S"}], "entities": []}', "a key twice"),
        ('{"text": "头痛", "entities": [{"start": 0, "end": 2, "type": "S", "type": "D"}]}', "a key twice"),
        ('{"text": "头痛", "entities": ' + "[" * 5_000 + "]" * 5_000 + "}", "nested too deeply"),
        ('{"text": "头痛", "entities": [], "id": ' + "9" * 5_000 + "}", "too many digits"),
        ('{"text": "头痛", "entities": [{"start": 0, "end": ' + "9" * 4_300 + ', "type": "S"}]}', "whole number"),
        ('{"text": "头痛", "entities": [{"start": -1e400, "end": 2, "type": "S"}]}', "too large"),
    ],
    ids=["records", "entities", "deep", "digits", "offset", "infinite"],
)
@pytest.mark.parametrize("form", ["jsonl", "cmeee"])
def test_json_that_would_silently_lose_entities_is_refused(tmp_path, form, value, reason):
    """Of a key given twice the last value counted, and the first one's entities were gone."""
    if form == "jsonl":
        path = write(tmp_path / "train.jsonl", json.dumps(own_record("无")) + "\n" + value + "\n")
        message = rejected(read_jsonl(path, None), path)
    else:
        value = value.replace('"start"', '"start_idx"').replace('"end"', '"end_idx"')
        value = value.replace('"type": "S"', '"type": "sym"')
        value = value.replace('"id": ' + "9" * 5_000, '"entities_": ' + "9" * 5_000)
        path = write(tmp_path / "CMeEE_train.json", f'[{{"text": "无", "entities": []}},\n{value}]')
        message = rejected(read_cmeee(path, CMEEE), path)
    assert "line 2" in message and reason in message and len(message) < 400


def test_ids_may_be_longer_than_offsets(tmp_path):
    path = write_json_lines(tmp_path / "train.jsonl", [own_record("无", id=202111251234567890)])
    assert next(read_jsonl(path, None))["id"] == "202111251234567890"


def test_an_id_given_twice_names_both_lines(tmp_path):
    path = write_json_lines(tmp_path / "dev.jsonl", [own_record("a", id="x"), own_record("b"), own_record("c", id="x")])
    assert re.search("line 3: the id 'x' is also that of line 1", rejected(read_jsonl(path, None), path))


def test_a_label_set_takes_tag_names_and_corpus_labels_and_nothing_else(tmp_path):
    names = type_names(LABEL_SETS["ccks2017"])
    path = write_json_lines(tmp_path / "train.jsonl", [own_record("头痛", (0, 1, "症状和体征"), (1, 2, "Symptom"))])
    assert spans(next(read_jsonl(path, names))) == [(0, 1, "Symptom"), (1, 2, "Symptom")]
    path = write_json_lines(path, [own_record("头痛", (0, 1, "Gene"))])
    assert "unknown entity type 'Gene'" in rejected(read_jsonl(path, names), path)


def test_lone_surrogates_become_replacement_characters_at_their_place(tmp_path):
    path = write(tmp_path / "train.jsonl", '{"text": "\\ud800头痛", "entities": [{"start":1,"end":3,"type":"S"}]}\n')
    record = next(read_jsonl(path, None))
    assert record["text"] == "\ufffd头痛" and spans(record) == [(1, 3, "S")]


def test_a_repeated_entity_counts_once_and_warns(tmp_path):
    path = write_json_lines(tmp_path / "train.jsonl", [own_record("头痛", (0, 2, "S"), (0, 2, "S"))])
    with pytest.warns(CorpusWarning, match="entity 2: repeats .*entity 1"):
        assert spans(next(read_jsonl(path, None))) == [(0, 2, "S")]


@pytest.mark.parametrize("kind", ["jsonl", "yidu", "cmeee"])
def test_files_cut_at_any_byte_give_an_error_or_whole_entities(tmp_path, kind):
    path = tmp_path / "x"
    if kind == "jsonl":
        write_json_lines(path, [own_record("患者头痛", (2, 4, "S")), own_record("肺炎", (0, 2, "D"))])
        read, whole = (lambda: list(read_jsonl(path, None))), [[(2, 4, "S")], [(0, 2, "D")]]
    elif kind == "yidu":
        write_json_lines(path, [yidu("肝脏", (0, 2, "解剖部位")), yidu("肺癌", (0, 2, "疾病和诊断"))])
        read, whole = (lambda: list(read_yidu_s4k(path, YIDU))), [[(0, 2, "Anatomy")], [(0, 2, "Disease")]]
    else:
        write(
            path,
            json.dumps([cmeee("感冒", (0, 1, "dis", "感冒")), cmeee("咳", (0, 0, "sym", "咳"))], ensure_ascii=False),
        )
        read, whole = (lambda: list(read_cmeee(path, CMEEE))), [[(0, 2, "Disease")], [(0, 1, "Symptom")]]
    content = path.read_bytes()
    errors = 0
    for length in range(len(content)):
        path.write_bytes(content[:length])
        try:
            found = [spans(record) for record in read()]
        except CorpusError as error:
            errors += 1
            assert f"{path}, line" in str(error)
        else:
            assert found == whole[: len(found)]
    assert errors > len(content) * 0.9


@pytest.mark.parametrize(
    "record",
    [
        {"患者腹痛三天": []},
        {"text": ["患者腹痛三天"], "entities": []},
        {"text": "无", "entities": {"患者腹痛三天": 1}},
        {"text": "无", "entities": [{"start": "患者腹痛三天", "end": 1, "type": "S"}]},
        {"text": "无", "entities": [{"start": 0, "end": 1, "type": ["患者腹痛三天"]}]},
        {"id": {"患者腹痛三天": 1}, "text": "无", "entities": []},
        {"id": "1", "text": "无", "entities": [{"start": [[["患者腹痛三天"]]], "end": 1}]},
    ],
)
def test_a_value_of_another_type_was_quoted(tmp_path, record):
    path = write_json_lines(tmp_path / "train.jsonl", [record])
    assert "患者" not in rejected(read_jsonl(path, None), path)
