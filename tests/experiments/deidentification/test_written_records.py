"""Records that were written by hand: their marks, and that they are what a composed record is."""

import json
from collections import Counter

import pytest

from experiments.deidentification.__main__ import main
from experiments.deidentification.scoring import read_references
from experiments.deidentification.written_records import SETS, read_marked, read_written_records
from modeling_dicmt.deidentification import IDENTIFIER_TYPES


def test_marks_become_offsets():
    record = read_marked("a", "⟦NAME|王建国⟧，男，⟦DATE|5月3日⟧入院")
    assert record["text"] == "王建国，男，5月3日入院"
    assert record["identifiers"] == [{"start": 0, "end": 3, "type": "NAME"}, {"start": 6, "end": 10, "type": "DATE"}]
    assert read_marked("b", "无殊") == {"id": "b", "text": "无殊", "identifiers": []}


@pytest.mark.parametrize("marked", ["⟦NAME|王建国，男", "王建国⟧，男", "⟦NAME|王⟦NAME|建⟧国⟧", "⟦name|王建国⟧"])
def test_a_mark_that_is_none_is_told_with_its_record(marked):
    with pytest.raises(ValueError, match="Record r7: a mark is not closed"):
        read_marked("r7", marked)


@pytest.mark.parametrize("name", SETS)
def test_every_set_has_identifiers_of_all_types_at_different_places_and_records_without(name, tmp_path, capsys):
    path = tmp_path / "records.jsonl"
    assert main(["compose", "--source", name, "--output_file", str(path)]) == 0
    records = read_references(path)
    assert records == read_written_records(name) and f"{len(records)} records" in capsys.readouterr().out
    counts = Counter(one["type"] for record in records for one in record["identifiers"])
    assert counts.keys() == set(IDENTIFIER_TYPES) and counts["NAME"] > 300 and min(counts.values()) >= 9
    assert sum(not record["identifiers"] for record in records) >= 10
    for record in records:
        # A name that is marked once is marked wherever it stands.
        marked = {(one["start"], one["end"]) for one in record["identifiers"]}
        names = {record["text"][one["start"] : one["end"]] for one in record["identifiers"] if one["type"] == "NAME"}
        for word in (word for word in names if len(word) > 2):
            start = record["text"].find(word)
            while start >= 0:
                assert any(first <= start and start + len(word) <= last for first, last in marked), record["id"]
                start = record["text"].find(word, start + 1)


def test_no_record_is_in_both_sets():
    first, second = ({json.dumps(record["text"]) for record in read_written_records(name)} for name in SETS)
    assert not first & second
