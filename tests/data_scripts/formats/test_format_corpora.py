"""Each format as a corpus of its own: parts, what is refused, and a training on one."""

import logging

import pytest
from made_up_records import record, spans, write
from ner_command import command_line, json_lines, results_in, run_here

from data_scripts import CORPORA, CorpusError, load_corpus, read_corpus
from data_scripts.formats import FORMATS

NAMES = [name for name, item in FORMATS.items() if "entities" in item.carries]


def records(start, count):
    made = []
    for number in range(start, start + count):
        text = f"患者第{number}次检出基因甲，未见病毒乙。"
        at = text.index("基因甲")
        made.append(record(text, (at, at + 3, "Gene"), (at + 6, at + 9, "Virus"), id=f"r{number}", group=f"p{number}"))
    return made


def write_corpus(folder, name, **options):
    folder.mkdir()
    ending = "" if FORMATS[name].is_folder else (FORMATS[name].suffixes or (".jsonl",))[0]
    for part, start, count in (("train", 0, 12), ("dev", 20, 3), ("test", 30, 2)):
        write(folder / f"{part}{ending}", records(start, count), name, **options)
    return folder


def test_all_formats_with_entities_are_corpora():
    assert {*NAMES} <= {*CORPORA} and "text" not in CORPORA


@pytest.mark.parametrize("name", NAMES)
def test_a_corpus_of_each_format_is_read(tmp_path, name):
    parts = read_corpus(name, write_corpus(tmp_path / "data", name))
    assert {part: len(items) for part, items in parts.items()} == {"train": 12, "validation": 3, "test": 2}
    expected = records(0, 12)
    if FORMATS[name].is_folder:
        expected.sort(key=lambda item: item["id"])
    for read, made in zip(parts["train"], expected, strict=True):
        assert (read["text"], spans(read)) == (made["text"], spans(made))
        assert read["id"] == made["id"] or name == "conll"
        assert (read["group"] == made["group"]) == ("groups" in FORMATS[name].carries)


def test_compressed_parts_and_options_are_read(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    write(folder / "train.csv.gz", records(0, 12), "csv", encoding="gb18030", text_column="病历")
    options = ["encoding=gb18030", "text_column=病历"]
    assert len(read_corpus("csv", folder, format_options=options, validation_share=0)["train"]) == 12
    loaded = load_corpus("csv", folder, format_options=options, validation_share=0, cache_dir=tmp_path / "cache")
    assert loaded["train"][0]["text"] == records(0, 1)[0]["text"]
    with pytest.raises(CorpusError, match=r"train\.csv\.gz, line 1: not UTF-8"):
        read_corpus("csv", folder)


def test_options_are_for_own_records(tmp_path):
    with pytest.raises(ValueError, match="ccks2017 has one form"):
        read_corpus("ccks2017", tmp_path, format_options=["encoding=gb18030"])


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("conll", "docbin")])
def test_a_record_that_is_not_annotated_is_told(tmp_path, name):
    folder = write_corpus(tmp_path / "data", name)
    path = next(path for path in folder.iterdir() if path.name.startswith("test"))
    if path.is_dir():
        for file in path.iterdir():
            file.unlink()
        path.rmdir()
    write(path, [{"id": "a", "text": "无"}], name)
    with pytest.raises(CorpusError, match=r"the record is not annotated: .* is missing"):
        read_corpus(name, folder)


def test_types_outside_the_label_set_and_ids_given_twice_are_told(tmp_path):
    folder = write_corpus(tmp_path / "data", "brat")
    with pytest.raises(CorpusError, match=r"r0\.ann, line 2: unknown entity type 'Virus'"):
        read_corpus("brat", folder, label_set=["Gene"])
    (tmp_path / "x").mkdir()
    write(tmp_path / "x" / "train.csv", records(0, 2) * 2)
    with pytest.raises(CorpusError, match=r"line 4: the id 'r0' is also that of line 2"):
        read_corpus("csv", tmp_path / "x")


def test_nested_entities_are_read_and_what_is_passed_over_is_logged(tmp_path, caplog):
    folder = write_corpus(tmp_path / "data", "brat")
    with (folder / "train" / "r0.ann").open("a", encoding="utf-8") as file:
        file.write("T3\tPart 5 6\t检\nR1\tIs Arg1:T1 Arg2:T2\n")
    with caplog.at_level(logging.WARNING):
        first = read_corpus("brat", folder)["train"][0]
    assert (5, 6, "Part") in spans(first)
    assert f"{folder / 'train'}: relations of brat, left out (1)." in caplog.text


@pytest.mark.slow(seconds=20)
def test_a_network_is_trained_on_a_corpus_of_another_format(tmp_path):
    folder = write_corpus(tmp_path / "data", "brat", encoding="gb18030")
    options = {"dataset_name": "brat", "data_dir": folder, "format_options": ["encoding=gb18030"]}
    outcome = run_here(command_line(tmp_path / "out", **options, num_train_epochs=1))
    assert outcome.status == 0, outcome.errors
    assert "eval_f1" in results_in(tmp_path / "out")
    predicted = json_lines(tmp_path / "out" / "predictions_test.jsonl")
    assert [item["id"] for item in predicted] == ["r30", "r31"]
