"""Counts, export and the command line."""

import json

import datasets
import pytest
from corpus_files import own_record, write_json_lines

from data_scripts import CorpusError, corpus_statistics, export_corpus, load_corpus, statistics_table
from data_scripts.__main__ import deidentified_parts, main


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "data"
    write_json_lines(
        folder / "train.jsonl",
        [
            own_record("头痛三天。予休息。", (0, 2, "Symptom"), (0, 1, "Anatomy"), id="a", group="p", section="s"),
            own_record("无\n"),
        ],
    )
    write_json_lines(folder / "test.jsonl", [own_record("咳嗽", (0, 2, "Symptom"))])
    return folder


@pytest.fixture
def corpus(folder, tmp_path):
    return load_corpus("jsonl", folder, cache_dir=tmp_path / "cache", validation_share=0)


def test_statistics_count_by_type_and_split(corpus):
    statistics = corpus_statistics(corpus, ["Symptom"])
    assert statistics["train"] == {
        "records": 2,
        "characters": 11,
        "sentences": 3,
        "entities": 2,
        "records_without_entities": 1,
        "nested_entities": 1,
        "entities_by_type": {"Symptom": 1, "Anatomy": 1},
    }
    assert statistics["test"]["entities_by_type"] == {"Symptom": 1, "Anatomy": 0}
    assert list(statistics["test"]["entities_by_type"]) == ["Symptom", "Anatomy"]


def test_the_table_has_splits_as_columns_and_a_total(corpus):
    lines = statistics_table(corpus_statistics(corpus)).split("\n")
    assert lines[0] == "|  | train | test | total |"
    assert "| characters | 11 | 2 | 13 |" in lines and "| – Symptom | 1 | 1 | 2 |" in lines
    assert len({line.count("|") for line in lines}) == 1


def test_exported_parquet_is_read_by_plain_load_dataset(corpus, tmp_path):
    folder = export_corpus(corpus, tmp_path / "out", name="own")
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "test.parquet", "train.parquet"]
    assert not list(tmp_path.glob(".out*"))
    read = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache2"))
    assert {split: part[:] for split, part in read.items()} == {split: part[:] for split, part in corpus.items()}
    assert read["train"].features == corpus["train"].features
    assert "| – Symptom | 1 | 1 | 2 |" in (folder / "README.md").read_text(encoding="utf-8")


def test_exported_json_lines_are_own_records_again(corpus, tmp_path):
    folder = export_corpus(corpus, tmp_path / "out", name="own", format="jsonl")
    again = load_corpus("jsonl", folder, cache_dir=tmp_path / "cache2", validation_share=0)
    assert {split: part[:] for split, part in again.items()} == {split: part[:] for split, part in corpus.items()}
    plain = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache3"))
    assert plain["test"]["text"][:] == ["咳嗽"]


def test_exported_json_lines_leave_out_empty_entities(tmp_path):
    entities = [{"start_idx": 0, "end_idx": 1, "type": "sym", "entity": "咳嗽"}]
    entities.append({"start_idx": 1, "end_idx": 0, "type": "sym", "entity": ""})
    (tmp_path / "CMeEE_train.json").write_text(json.dumps([{"text": "咳嗽", "entities": entities}]), encoding="utf-8")
    corpus = load_corpus("cmeee", tmp_path, cache_dir=tmp_path / "cache", validation_share=0)
    assert len(corpus["train"][0]["entities"]) == 2
    folder = export_corpus(corpus, tmp_path / "out", name="cmeee", format="jsonl")
    (record,) = load_corpus("jsonl", folder, cache_dir=tmp_path / "cache", validation_share=0)["train"]
    assert record["entities"] == [{"start": 0, "end": 2, "type": "Symptom"}]


def test_export_replaces_nothing(corpus, tmp_path):
    (tmp_path / "out").mkdir()
    export_corpus(corpus, tmp_path / "out", name="own")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(CorpusError, match="out exists and is not an empty folder"):
        export_corpus(corpus, tmp_path / "out", name="own")
    with pytest.raises(ValueError, match="parquet, jsonl, got 'csv'"):
        export_corpus(corpus, tmp_path / "new", name="own", format="csv")
    assert sorted(tmp_path.iterdir()) == before


def test_an_export_that_fails_leaves_nothing(corpus, tmp_path, monkeypatch):
    def full_disk(self, path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(datasets.Dataset, "to_parquet", full_disk)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OSError, match="No space left"):
        export_corpus(corpus, tmp_path / "out", name="own")
    assert sorted(tmp_path.iterdir()) == before


def test_the_command_line_counts_exports_and_lists(folder, tmp_path, capsys):
    common = ["--dataset_name", "jsonl", "--data_dir", str(folder)]
    common += ["--validation_share", "0"]
    assert main(["statistics", *common, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["train"]["records"] == 2
    assert main(["statistics", *common, "--label_set", "Symptom,Anatomy"]) == 0
    assert "| – Symptom | 1 | 1 | 2 |\n| – Anatomy | 1 | 0 | 1 |" in capsys.readouterr().out
    assert main(["export", *common, "--flatten", "outermost", "--output_dir", str(tmp_path / "out")]) == 0
    read = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache2"))
    assert [len(entities) for entities in read["train"]["entities"]] == [1, 0]
    assert main(["list"]) == 0
    assert "ccks2017" in capsys.readouterr().out


def test_a_corpus_s_readme_says_what_is_noted_of_it(corpus, tmp_path):
    folder = export_corpus(corpus, tmp_path / "out", name="own", note="It was looked through.")
    assert "the mention.\n\nIt was looked through.\n\n|" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def identified(tmp_path):
    """A folder of records with identifiers, also in `id` and `group`, and what `push` is given for it."""
    text = "患者王建国，腹痛3天，电话：13812345678。"
    records = [
        own_record(text, (6, 8, "Symptom"), (2, 5, "Name"), id="ZY1", group="王建国", section="主诉"),
        own_record(text.replace("腹", "胸"), id="ZY2", group="王建国"),
        own_record("咳嗽", (0, 2, "Symptom"), id="ZY3", group="李明"),
    ]
    write_json_lines(tmp_path / "identified" / "train.jsonl", records)
    folder = str(tmp_path / "identified")
    return ["push", "--dataset_name", "jsonl", "--data_dir", folder, "--validation_share", "0"]


@pytest.fixture
def pushed(monkeypatch):
    """What `push` would upload: parts and note."""
    calls = []
    monkeypatch.setattr("data_scripts.__main__._push", lambda parts, *rest: calls.append((parts, rest[-1])) or "a/b")
    return calls


def test_a_push_has_to_say_what_became_of_identifiers(identified, pushed, capsys, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("data_scripts.__main__.read_corpus", lambda *_, **__: pytest.fail("records were read"))
        assert main(identified) == 1 and not pushed
    error = capsys.readouterr().err
    assert all(f"--deidentified {choice} (" in error for choice in ("now", "before", "no"))
    assert main([*identified, "--deidentified", "yes"]) == 1 and "invalid choice: 'yes'" in capsys.readouterr().err
    for choice, note in (("before", "states that nothing in it"), ("no", "was not de-identified")):
        assert main([*identified, "--deidentified", choice]) == 0
        parts, told = pushed.pop()
        assert note in told and "王建国" in parts["train"][0]["text"] and parts["train"][0]["id"] == "ZY1"


def test_a_push_that_de_identifies_leaves_no_identifier_and_moves_entities(identified, pushed, capsys):
    assert main([*identified, "--deidentified", "now"]) == 0
    ((parts, note),) = pushed
    assert "looked for by rules" in note and "replaced: NAME 2, PHONE 2\n" in capsys.readouterr().out
    first, second, third = parts["train"]
    content = json.dumps(parts, ensure_ascii=False)
    assert not [word for word in ("王建国", "13812345678", "ZY", "李明") if word in content]
    symptom, name = sorted(first["entities"], key=lambda entity: entity["type"] == "Name")
    assert first["text"][symptom["start"] : symptom["end"]] == "腹痛"
    assert second["text"].startswith(f"患者{first['text'][name['start'] : name['end']]}，")  # one patient's, one name
    assert [record["id"] for record in parts["train"]] == ["train 1", "train 2", "train 3"]
    assert first["group"] == second["group"] == "patient 1" and third["group"] == "patient 2"
    assert first["section"] == "主诉" and third["text"] == "咳嗽"
    assert main([*identified, "--deidentified", "now"]) == 0
    assert pushed[1][0]["train"][0]["text"] != first["text"]  # by a key of its own


def test_a_push_that_de_identifies_leaves_out_empty_entities():
    record = {"id": "1", "group": "1", "section": "", "text": "咳嗽", "entities": [{"start": 1, "end": 1, "type": "x"}]}
    parts, found = deidentified_parts({"train": [record]})
    assert parts["train"][0]["entities"] == [] and found == {} and record["entities"]


def test_the_command_line_reports_errors_in_one_line(folder, tmp_path, capsys):
    common = ["--dataset_name", "jsonl", "--data_dir", str(folder)]
    assert main(["statistics", *common, "--label_set", "Drug"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and "train.jsonl, line 1" in error and error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["statistic"], "invalid choice: 'statistic'"),
        (["statistics"], "required: --dataset_name. python -m data_scripts statistics --help"),
        (["statistics", "--dataset_name", "sample", "--datadir", "x"], "no option --datadir. Did you mean --data_dir?"),
        (["statistics", "--dataset", "sample"], "required: --dataset_name"),
        (
            ["export", "--dataset_name", "sample", "--output_dir", "x", "--format", "csv"],
            "--format: invalid choice: 'c",
        ),
        (["radicals", "none", "out"], "error: none: No such file or directory.\n"),
    ],
)
def test_a_mistyped_option_printed_the_usage(arguments, message, capsys):
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and error.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--help"], ["statistics", "--help"], ["export", "--help"]])
def test_help_teaches(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 0
    assert ("examples:" if len(arguments) == 1 else "--flatten") in capsys.readouterr().out
