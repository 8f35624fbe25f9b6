"""What is written in a format and read again: the same records, but for what the format says that it loses."""

import json
import re
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_records import read_all, record, records, write

from data_scripts.flattening import flatten_outermost
from data_scripts.formats import FORMATS

SETTINGS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
NUMBERS = count()


def without(items, *keys, scores=True):
    """Records without some of their keys."""
    kept = [{key: value for key, value in item.items() if key not in keys} for item in items]
    for item in kept:
        if "entities" in item and not scores:
            item["entities"] = [{k: v for k, v in entity.items() if k != "score"} for entity in item["entities"]]
    return kept


def again(folder, made, name, format, **options):
    path = folder / f"{next(NUMBERS)}{name}"
    losses = write(path, made, format, **options)
    return read_all(path, format, **options), losses


@SETTINGS
@given(made=records())
@pytest.mark.parametrize(
    ("name", "format", "options"),
    [
        (".jsonl", "jsonl", {}),
        (".jsonl.gz", "jsonl", {"encoding": "utf-16"}),
        (".csv", "csv", {"text_column": "病历", "id_column": "号"}),
        (".csv.xz", "csv", {"encoding": "gb18030"}),
        (".tsv", "tsv", {}),
        (".parquet", "parquet", {"entities_column": "e"}),
        (".json", "label_studio", {}),
        (".json.bz2", "label_studio", {"offsets": "utf16", "results": "predictions", "text_column": "t"}),
    ],
)
def test_all_of_a_record_comes_back(tmp_path, made, name, format, options):
    read, losses = again(tmp_path, made, name, format, **options)
    assert read == made and not losses


@SETTINGS
@given(made=records())
@pytest.mark.parametrize(("name", "format"), [(".jsonl", "doccano"), (".spacy", "docbin")])
def test_all_but_scores_comes_back(tmp_path, made, name, format):
    read, losses = again(tmp_path, made, name, format)
    assert read == without(made, scores=False)
    assert losses.total() == sum("score" in e for item in made for e in item.get("entities", ()))


@SETTINGS
@given(made=records(scored=False))
def test_text_files_hold_ids_and_texts_as_they_are(tmp_path, made):
    made = [item | {"id": item["id"] + ".txt"} for item in made]
    read, _ = again(tmp_path, made, "", "text") if made else ([], None)
    assert read == without(made, "group", "section", "entities")


@SETTINGS
@given(made=records(scored=False))
def test_brat_holds_nested_entities_and_cuts_off_line_ends_at_their_edges(tmp_path, made):
    if not made:
        return
    read, losses = again(tmp_path, made, "", "brat")
    expected = without(made, "group", "section")
    lost = sum("group" in item for item in made) + sum("section" in item for item in made)
    for item in expected:
        if "entities" not in item:
            continue
        kept = []
        for entity in item["entities"]:
            mention = item["text"][entity["start"] : entity["end"]]
            start = entity["end"] - len(mention.lstrip("\r\n"))
            end = entity["start"] + len(mention.rstrip("\r\n"))
            lost += (start, end) != (entity["start"], entity["end"])
            if start < end:
                kept.append({"start": start, "end": end, "type": entity["type"]})
        item["entities"] = kept
    assert read == expected
    assert losses.total() == lost


@SETTINGS
@given(made=records(scored=False), scheme=st.sampled_from(["BIO", "BIOES", "BMES", "IOB1"]))
def test_conll_holds_lines_and_outermost_entities(tmp_path, made, scheme):
    read, losses = again(tmp_path, made, ".conll", "conll", scheme=scheme)
    assert [item["text"] for item in read] == [
        "\n".join(line for line in re.split("\r\n|\r|\n", item["text"]) if line) for item in made
    ]
    for item, found in zip(made, read, strict=True):
        text = item["text"]
        kept = [
            entity
            for entity in flatten_outermost(item.get("entities", ()))
            if not re.search("[\r\n]", text[entity["start"] : entity["end"]])
        ]
        mentions = [(text[entity["start"] : entity["end"]], entity["type"]) for entity in kept]
        assert mentions == [(found["text"][e["start"] : e["end"]], e["type"]) for e in found["entities"]]
    outermost = sum(len(flatten_outermost(item.get("entities", ()))) for item in made)
    assert losses["inner ones of nested entities"] == sum(len(i.get("entities", ())) for i in made) - outermost
    assert losses["ids of records"] == len(made)


@pytest.mark.parametrize("format", [name for name, item in FORMATS.items() if not item.is_folder])
def test_no_record_and_an_empty_one_come_back(tmp_path, format):
    write(tmp_path / "none", [], format)
    assert read_all(tmp_path / "none", format) == []
    write(tmp_path / "empty", [record("", id="a"), record("无", (0, 1, "S"), id="b")], format)
    assert [item["text"] for item in read_all(tmp_path / "empty", format)] == ["", "无"]


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_records_give_the_same_bytes(tmp_path, format):
    made = [record("头痛。\n咳嗽", (0, 2, "S"), id="a", group="p")]
    contents = []
    for name in ("one", "two"):
        write(tmp_path / name, made, format)
        path = tmp_path / name
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        contents.append([file.read_bytes() for file in files])
    assert contents[0] == contents[1]


@pytest.mark.parametrize("format", [name for name in FORMATS if name not in ("jsonl", "docbin")])
def test_lone_surrogates_keep_their_place(tmp_path, format):
    """They have no form in UTF-8: the whole file could not be written."""
    losses = write(tmp_path / "x", [record("\ud800头痛", (1, 3, "S"), id="a"), record("头痛")], format)
    assert sum(number for what, number in losses.items() if "surrogate" in what) == 1
    read, _ = read_all(tmp_path / "x", format)
    assert read["text"] == "\ufffd头痛"
    if "entities" in FORMATS[format].carries:
        assert (read["entities"][0]["start"], read["entities"][0]["end"]) == (1, 3)


def test_json_lines_keep_lone_surrogates_as_escapes(tmp_path):
    write(tmp_path / "x.jsonl", [{"id": "\udfff", "text": "\ud800头"}])
    assert read_all(tmp_path / "x.jsonl") == [{"id": "\udfff", "text": "\ud800头"}]
    assert json.loads((tmp_path / "x.jsonl").read_text(encoding="utf-8"))["text"] == "\ud800头"
