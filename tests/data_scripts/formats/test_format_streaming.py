"""Records pass through one at a time: the memory needed does not grow with their number, the time only with it."""

import json
import tracemalloc

import pytest
from made_up_records import record

import data_scripts.formats.json_list as module
from data_scripts.formats import FORMATS, FormatOptions, find_files, open_writer, read

TEXT = "患者头痛，咳嗽。" * 40
RECORDS = 6_000
"""Some 2 million characters, which Python holds in 4 MB at least."""


def made(number):
    return record(TEXT, (2, 4, "Symptom"), (5, 7, "Symptom"), id=f"r{number}")


def peak_of(call):
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# DocBin is one block, and says so.
@pytest.mark.parametrize("format", [name for name, item in FORMATS.items() if not item.is_folder and name != "docbin"])
def test_memory_does_not_grow_with_the_number_of_records(tmp_path, format):
    path = tmp_path / "x"

    def write_records():
        with open_writer(path, format) as write:
            for number in range(RECORDS):
                write(made(number))

    def read_records():
        assert sum(1 for _ in read(find_files(path, format))) == RECORDS

    limit = 1_500_000
    with open_writer(tmp_path / "warm", format) as write:  # what is imported counts once
        write(made(0))
    assert len(list(read(find_files(tmp_path / "warm", format)))) == 1
    assert peak_of(write_records) < limit
    assert path.stat().st_size > 4_000_000 or format == "parquet"
    assert peak_of(read_records) < limit


def test_a_long_object_is_scanned_about_twice(tmp_path, monkeypatch):
    """Parsing anew with each block that is read takes time that grows with the square."""
    path = tmp_path / "x.json"
    path.write_text(json.dumps([{"data": {"text": "痛" * 2_000_000}}, {}], ensure_ascii=False), encoding="utf-8")
    scanned = []

    class Counting(json.JSONDecoder):
        def raw_decode(self, text, position=0):
            scanned.append(len(text) - position)
            return super().raw_decode(text, position)

    monkeypatch.setattr(module, "_LENIENT", Counting())
    assert len(list(module.json_list(path))) == 2
    assert sum(scanned) < 3 * 2_000_000 + 200_000


@pytest.mark.parametrize("cut", [1 << 16, (1 << 16) - 1, (1 << 16) + 1, (1 << 15), (1 << 17) - 3])
def test_objects_across_the_ends_of_blocks_are_whole(tmp_path, cut):
    """Whatever lies on a block's end: a number, a literal, an escape, a surrogate's escape."""
    values = [{"x": "a" * (cut - 40)}, {"n": 1234567890, "t": True, "f": -1.5e-10, "s": '\\u0041"\\😀'}, {"y": None}]
    for shift in range(60):
        values[0]["x"] += "a"
        path = tmp_path / "x.json"
        path.write_text(json.dumps(values), encoding="utf-8")
        assert [value for _, value in module.json_list(path)] == values, shift


def test_the_first_record_is_there_before_a_later_mistake_is_met(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('[{"data": {"text": "头痛"}},\n3]', encoding="utf-8")
    records = read(find_files(path), FormatOptions())
    assert next(records)["text"] == "头痛"
    with pytest.raises(ValueError, match=r"x\.json, line 2: expected a JSON object, got int"):
        next(records)
