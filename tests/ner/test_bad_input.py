"""Bad input: one message, exit status 1, and nothing half-written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ner_command import (
    GENES,
    REPOSITORY,
    command_line,
    files_in,
    record,
    run,
    run_here,
    torchrun,
    train_here,
    write_corpus,
)
from safetensors.torch import load_file

from modeling_dicmt.tokenization_dicmt import DicMTTokenizer

NESTED = record("左肺炎症。", (0, 4, "Gene"), (1, 2, "Virus"))


@pytest.fixture
def refused(tmp_path):
    """Runs a command that has to fail; returns its message after checking what it has left behind."""

    def refuse(**settings) -> str:
        output_dir = tmp_path / "refused"
        outcome = run_here(command_line(output_dir, **settings))
        assert outcome.status == 1
        if output_dir.is_dir():
            left = set(files_in(output_dir))
            assert not left, left
        return outcome.message

    return refuse


def own(tmp_path: Path, *records: dict | str) -> dict:
    """Settings for a corpus of these records (or lines as they are)."""
    folder = tmp_path / "corpus"
    write_corpus(folder, GENES)
    lines = [record if isinstance(record, str) else json.dumps(record, ensure_ascii=False) for record in records]
    (folder / "train.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return {"dataset_name": "jsonl", "data_dir": folder}


@pytest.mark.parametrize(
    ("lines", "parts"),
    [
        ([GENES[0], '{"text": "患者", "entities": ['], ["train.jsonl, line 2", "JSON"]),
        ([GENES[0], record("患者", (1, 9, "Gene"))], ["train.jsonl, line 2", "9"]),
        ([GENES[0], record("患者", (0, 1, "Gene"), word="者")], ["train.jsonl, line 2", "患", "者"]),
        ([record("患者")], ["train", "no entity"]),
        ([], ["train.jsonl"]),
    ],
    ids=["cut off", "beyond the text", "another mention", "no entity", "empty"],
)
def test_a_wrong_corpus_is_refused_each_time(refused, tmp_path, lines, parts):
    settings = own(tmp_path, *lines)
    message = refused(**settings)
    for part in parts:
        assert part in message
    assert refused(**settings) == message  # no cache makes the corpus pass the second time


def test_nested_entities_can_be_flattened(tmp_path):
    settings = own(tmp_path, *GENES, NESTED) | {"flatten": "outermost"}
    outcome = run_here(command_line(tmp_path / "out", **settings))
    assert outcome.status == 0, outcome.errors
    assert "train part, as it is trained on: 1 of 6 entities are nested in others and are left out" in outcome.errors


def test_mended_records_are_read_anew(refused, tmp_path):
    refused(**own(tmp_path, GENES[0], "{"))
    train_here(tmp_path / "out", **own(tmp_path, *GENES))


def test_a_type_that_the_corpus_does_not_have_is_refused(refused, tmp_path):
    folder = tmp_path / "train" / "病史"
    folder.mkdir(parents=True)
    (folder / "病史-1.txtoriginal.txt").write_text("患者头痛。", encoding="utf-8")
    (folder / "病史-1.txt").write_text("头痛\t2\t3\t基因\n", encoding="utf-8")
    message = refused(dataset_name="ccks2017", data_dir=tmp_path)
    assert "病史-1.txt, line 1" in message and "基因" in message and "症状和体征" in message


def test_an_unknown_corpus_is_refused(refused):
    message = refused(dataset_name="ccks2099")
    assert "no corpus 'ccks2099'" in message and "ccks2017, ccks2018" in message


@pytest.mark.parametrize("name", ["ccks2017", "ccks2018", "jsonl"])
@pytest.mark.parametrize("data_dir", [None, "nowhere"])
def test_a_missing_folder_is_refused(refused, tmp_path, name, data_dir):
    message = refused(dataset_name=name, data_dir=data_dir and tmp_path / data_dir)
    assert (data_dir or "data_dir") in message


def write_lists(folder: Path, encoding: str = "utf-8", **lists: list[str]) -> Path:
    folder.mkdir()
    for name, terms in lists.items():
        (folder / f"{name}.tsv").write_text("".join(f"{term}\n" for term in terms), encoding=encoding)
    return folder


def test_a_dictionary_in_another_encoding_is_refused_and_read_with_it(refused, tmp_path):
    lists = write_lists(tmp_path / "lists", "gb18030", disease=["慢性支气管炎", "肺气肿"], drug=["青霉素"])
    message = refused(dictionary=lists)
    assert "disease.tsv" in message and "gb18030" in message and "--dictionary_encoding" in message
    train_here(tmp_path / "out", dictionary=lists, dictionary_encoding="gb18030")
    tokenizer = DicMTTokenizer.from_pretrained(tmp_path / "out")
    assert sorted(tokenizer.dictionary) == sorted(["慢性支气管炎", "肺气肿", "青霉素"])


@pytest.mark.parametrize(
    "lists",
    [{"disease": []}, {"disease": ["炎", "非常非常罕见的一种疾病"]}, {"unknown_list": ["肺气肿"]}],
    ids=["empty", "lengths that no n-gram has", "a list of no type"],
)
def test_a_dictionary_without_a_usable_term_is_refused(refused, tmp_path, lists):
    message = refused(dictionary=write_lists(tmp_path / "lists", **lists))
    assert "lists" in message and "term" in message


def test_a_dictionary_that_is_not_there_is_refused(refused, tmp_path):
    assert f"--dictionary: there is no file or folder {tmp_path / 'lists'}" in refused(dictionary=tmp_path / "lists")


def test_an_unknown_setting_in_a_file_is_refused(tmp_path):
    (tmp_path / "settings.json").write_text('{"learning_speed": 1}', encoding="utf-8")
    outcome = run_here([str(tmp_path / "settings.json"), *command_line(tmp_path / "out")])
    assert outcome.status == 1 and "learning_speed" in outcome.message
    assert not (tmp_path / "out").exists()


def test_a_diverged_training_is_told(tiny, tmp_path):
    outcome = run_here(command_line(tmp_path, **tiny, learning_rate=1e30, num_train_epochs=5))
    assert outcome.status == 1
    assert "diverged" in outcome.message and "--learning_rate" in outcome.message
    assert {name.split("/")[0] for name in files_in(tmp_path)} == {"checkpoints"}


@pytest.fixture
def broken(trained, tmp_path) -> Path:
    """A copy of a checkpoint, to be broken."""
    folder = tmp_path / "broken"
    folder.mkdir()
    for path in trained.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"])
def test_a_checkpoint_cut_off_anywhere_is_refused(refused, broken, name):
    content = (broken / name).read_bytes()
    for end in (0, len(content) // 2):
        (broken / name).write_bytes(content[:end])
        message = refused(model_name_or_path=broken)
        assert str(broken) in message


def test_an_output_folder_that_cannot_be_made_is_refused(tiny, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    for folder, message in ((tmp_path / "file", "is no folder"), (tmp_path / "file" / "below", "cannot be made")):
        outcome = run_here(command_line(folder, **tiny))
        assert outcome.status == 1
        assert f"{folder} {message}" in outcome.message and "--output_dir" in outcome.message


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="limits the size of files")
def test_a_full_disk_leaves_whole_files_and_the_run_resumes(tiny, tmp_path):
    """A limit on file sizes stands for the disk: weights and states do not fit."""
    tiny |= {"lstm_hidden_size": 64}  # larger than anything else that is written
    train_here(tmp_path / "whole", **tiny, num_train_epochs=3, keep_states=True)
    arguments = command_line(tmp_path / "full", **tiny, num_train_epochs=3)
    size = (tmp_path / "whole" / "checkpoints" / "last" / "optimizer.safetensors").stat().st_size
    launcher = ("bash", "-c", f'ulimit -f {size // 1024 - 1} && exec "$0" "$@"', sys.executable)
    outcome = run(arguments, launcher)
    assert outcome.status == 1
    assert "Cannot write to" in outcome.message and "Make room" in outcome.message
    left = files_in(tmp_path / "full")
    assert "model.safetensors" not in left and not any("last" in name or ".new" in name for name in left)
    for name, content in left.items():
        if name.endswith(".safetensors"):
            assert load_file(tmp_path / "full" / name) and content
    train_here(tmp_path / "full", **tiny, num_train_epochs=3)
    assert files_in(tmp_path / "full")["model.safetensors"] == files_in(tmp_path / "whole")["model.safetensors"]


@pytest.mark.slow
def test_an_error_of_the_command_is_one_line_without_a_traceback(tmp_path):
    outcome = run(command_line(tmp_path / "out", **own(tmp_path, "{")))
    assert outcome.status == 1
    assert "train.jsonl, line 1" in outcome.message
    assert not (tmp_path / "out").exists()
    assert REPOSITORY.name not in outcome.message.split("train.jsonl")[1]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("dropout", "1.5", "--dropout must be at least 0 and below 1, got 1.5."),
        ("dictionary", "none", "--dictionary: there is no file or folder none."),
        ("dictionary_mapping", "none", "--dictionary_mapping: there is no file or folder none."),
        ("character_vectors", "none", "--character_vectors: there is no file or folder none."),
        ("data_dir", "none", "none is not a folder."),
        ("encoder_name_or_path", "none", "There is no folder none."),
        ("model_name_or_path", "tests", "tests is no checkpoint: there is no config.json in it."),
    ],
)
def test_arguments_are_checked_before_anything_heavy_is_loaded(option, value, message):
    """A mistyped option or folder was told after five seconds of imports."""
    corpus = "jsonl" if option == "data_dir" else "sample"
    code = (
        "import sys, run_ner\n"
        f"try: run_ner.run(['--dataset_name', '{corpus}', '--output_dir', 'out', '--{option}', '{value}'])\n"
        "except (ValueError, OSError) as error: print(error, [name for name in HEAVY if name in sys.modules])"
    )
    code = code.replace("HEAVY", "('torch', 'datasets', 'accelerate', 'transformers.modeling_utils')")
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(message) and done.stdout.endswith(" []\n")


@pytest.mark.slow
def test_processes_that_do_not_know_of_each_other_are_told(tiny, tmp_path):
    """Plain torchrun on a CPU: each process trained for itself, into the same folder."""
    outcome = run(command_line(tmp_path / "out", **tiny), torchrun(), {"ACCELERATE_USE_CPU": "false"})
    told = [line for line in outcome.errors.splitlines() if line.startswith("error")]
    assert outcome.status != 0 and told
    assert all("2 processes were started that do not know of each other" in line for line in told)
    assert all("ACCELERATE_USE_CPU=true torchrun" in line for line in told)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["data_dir", "dictionary", "model_name_or_path"])
def test_what_is_read_was_replaced_by_the_results(tmp_path, option):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "README.md").write_text("of the corpus", encoding="utf-8")
    (tmp_path / "link").symlink_to(folder)
    for output in (folder, tmp_path / "link", folder / ".." / "folder"):
        outcome = run_here(command_line(output, **{"dataset_name": "jsonl", option: folder}))
        assert outcome.status == 1 and f"is the folder of --{option}" in outcome.message
    (folder / "dictionary.tsv").write_text("肺炎\tdisease\n", encoding="utf-8")
    outcome = run_here(command_line(folder, dataset_name="sample", dictionary=folder / "dictionary.tsv"))
    assert outcome.status == 1 and "is the folder of --dictionary" in outcome.message
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "dictionary.tsv"]
