"""Records as users have them: counted, and sorted into what their results are called."""

import gzip
import logging
from pathlib import Path

import pytest

from data_scripts.formats import FormatOptions, find_files
from data_scripts.record_files import check_records, find_shards
from data_scripts.record_outputs import check_output


def write(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"text": "咳嗽"}\n' if "json" in name else "text\n咳嗽\n", encoding="utf-8")


def names(folder, ending=".jsonl"):
    found = find_shards(find_files(folder), ending)
    return {name: [file.name for file in files] for name, files in found.items()}


def test_results_are_called_as_the_files_and_those_of_a_folder_s_texts_are_together(tmp_path):
    write(tmp_path, "a.csv", "b/c.jsonl", "b/D.JSONL", "b/2.txt", "b/1.txt", "b/e/3.txt", "b/f.ndjson")
    assert names(tmp_path) == {
        "a.jsonl": ["a.csv"],
        "b/D.JSONL": ["b/D.JSONL"],
        "b/c.jsonl": ["b/c.jsonl"],
        "b/texts.jsonl": ["b/1.txt", "b/2.txt"],
        "b/e/texts.jsonl": ["b/e/3.txt"],
        "b/f.jsonl": ["b/f.ndjson"],
    }
    assert list(names(tmp_path, "")) == ["a", "b/texts", "b/D", "b/c", "b/e/texts", "b/f"]
    assert list(names(tmp_path / "b" / "e", ".csv")) == ["texts.csv"]


@pytest.mark.parametrize("ending", [".jsonl", ""])
def test_compressed_files_give_results_that_are_not(tmp_path, ending):
    with gzip.open(tmp_path / "a.csv.gz", "wt", encoding="utf-8") as file:
        file.write("text\n咳嗽\n")
    assert names(tmp_path, ending) == {f"a{ending}": ["a.csv.gz"]}


@pytest.mark.parametrize(
    ("files", "ending"),
    [(("a.csv", "a.jsonl"), ".jsonl"), (("texts.jsonl", "1.txt"), ".jsonl"), (("a.csv", "a/b.csv"), "")],
)
def test_results_that_would_be_in_each_other_s_place_are_told(tmp_path, files, ending):
    write(tmp_path, *files)
    with pytest.raises(ValueError, match="rename"):
        names(tmp_path, ending)


def test_records_are_counted_and_none_is_said(tmp_path, caplog):
    (tmp_path / "a.jsonl").write_text('{"text": "咳嗽"}\n\n{"text": ""}\n', encoding="utf-8")
    write(tmp_path, "b.csv")
    options = FormatOptions()
    assert check_records(find_files(tmp_path), options) == 3 and check_records(find_files(tmp_path), options, 2) == 2
    (tmp_path / "a.jsonl").write_text("\n")
    with caplog.at_level(logging.WARNING):
        assert check_records(find_files(tmp_path / "a.jsonl"), options) == 0
    assert caplog.messages == [f"{tmp_path / 'a.jsonl'}: there is no record."]


def test_what_is_written_takes_no_place_of_what_is_read(tmp_path):
    write(tmp_path, "in/b/a.jsonl", "lists/Drug.txt")
    sources = {"input": str(tmp_path / "in"), "terms": str(tmp_path / "lists"), "dictionary": None}
    check_output("--it", tmp_path / "out.jsonl", sources)
    check_output("--it", tmp_path / "in" / "notes.md", sources)
    check_output("--it", tmp_path / "lists" / "below" / "x.tsv", sources)
    for name in ("in/b/a.jsonl", "in/b/new.csv.gz", "in/new.spacy", "lists/Drug.txt", "lists/new.tsv"):
        with pytest.raises(ValueError, match=r"--input|--terms"):
            check_output("--it", tmp_path / name, sources)
    with pytest.raises(ValueError, match="is a folder"):
        check_output("--it", tmp_path / "in", sources)
    with pytest.raises(ValueError, match="a device or a pipe"):
        check_output("--it", Path("/dev/null"), sources)
