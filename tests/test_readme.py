"""What README and docs show is run: bash and python blocks in a folder of their own, one after the other.

Blocks marked `console` set up an environment, which .ci/run does with the same Makefile, or train for minutes on a
corpus that is not here, whose command line is read; they may contain nothing else.
"""

import os
import re
import shutil
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest
from hub_server import HubServer
from warm_process import run_warm

from data_scripts.arguments import DataArguments
from data_scripts.unlabelled.arguments import UnlabelledArguments
from experiments.__main__ import main as experiments
from modeling_dicmt.commands.command_line import parse_arguments
from modeling_dicmt.training.arguments import ModelArguments, TrainingArguments
from modeling_dicmt.training.pretraining_arguments import (
    EncoderArguments,
    PreTrainedModelArguments,
    PreTrainingArguments,
)
from modeling_dicmt.training.self_training_arguments import SelfTrainingArguments

ROOT = Path(__file__).resolve().parents[1]


def blocks_of(name: str) -> list[tuple[str, str]]:
    """Kind and content of each block of code, in order."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def pages_of(index: str) -> list[str]:
    """The pages that an index names, in the order in which they are read, without those of indices that it names."""
    folder, text = Path(index).parent, (ROOT / index).read_text(encoding="utf-8")
    trees = re.findall(r"^```\{toctree\}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    names = [line for tree in trees for line in tree.splitlines() if line and not line.startswith(":")]
    return [(folder / f"{name}.md").as_posix() for name in names if not name.endswith("index")]


def commands_of(name: str) -> list[str]:
    """The commands of the table at the top."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(r"^\| [^|]+ \| `([^`]+)` \|$", text, re.MULTILINE)


# A block is shown, and run, once: the quick start's page takes in the README's.
BLOCKS = [block for name in ("README.md", *pages_of("docs/index.md")) for block in blocks_of(name)]
CHINESE_PAGES = {"README.zh.md": "README.md"} | {
    name: name.replace("docs/zh/", "docs/") for name in pages_of("docs/zh/index.md")
}

LONG_COMMAND = "python run_ner.py --dataset_name ccks2017 "
LONG_PRETRAINING = "python run_mlm.py --corpus RECORDS "
LONG_IDENTIFIERS = "python run_ner.py --dataset_name jsonl --data_dir outputs/identified "
LONG_NESTED = "python run_ner.py --dataset_name cmeee "
LONG_EXPERIMENTS = "python -m experiments run "

# Appended to the experiments, for the same reason.
QUICK_EXPERIMENTS = " --num_train_epochs 1 --max_train_records 20 --max_eval_records 5 --seeds 42"

# Appended to every training, so that it takes seconds.
QUICK_SETTINGS = (
    "--num_train_epochs 1 --max_train_records 20 --max_eval_records 5 --character_embedding_size 8 "
    "--lstm_hidden_size 8 --num_bigram_buckets 50 --cpu_threads 1 --quiet"
)
QUICK_PRETRAINING = "--num_train_epochs 1 --cpu_threads 1 --quiet"


@pytest.fixture(scope="module")
def hub():
    with HubServer() as server:
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory, hub):
    """A folder like the root whose `run_ner.py` and `run_mlm.py` train quickly, and a trained `outputs/quickstart`."""
    folder = tmp_path_factory.mktemp("readme")
    for name in (
        "modeling_dicmt",
        "data_scripts",
        "experiments",
        "benchmarks",
        "run_deidentify.py",
        "run_predict.py",
        "run_evaluate.py",
    ):
        (folder / name).symlink_to(ROOT / name)
    for name, quick in (("run_ner.py", QUICK_SETTINGS), ("run_mlm.py", QUICK_PRETRAINING)):
        (folder / name).write_text(
            f"import sys\nsys.path.insert(0, {str(folder)!r})\n"
            f"if __name__ == '__main__':\n    sys.argv += {quick.split()}\n"  # not where it is imported
            + f"exec(compile(open({str(ROOT / name)!r}, encoding='utf-8').read(), {name!r}, 'exec'))\n",
            encoding="utf-8",
        )
    training = "python run_ner.py --dataset_name sample --output_dir outputs/quickstart --dictionary "
    run(training + "data_scripts/sample_data/dictionary", folder, hub)
    return folder


def run(command, folder, hub):
    """Run what stands after `python`, as a list, or a block for bash, whose plain lines with python are run so."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
    }
    environment |= hub.environment(folder / "hf")
    if isinstance(command, str):
        lines = command.replace("\\\n", " ").splitlines()
    else:
        lines = [command]
    outputs = []
    for line in lines:
        if isinstance(line, str) and re.fullmatch(r"python [^|&;<>$`'\"*?()#~]*", line):
            line = line.split()[1:]
        if isinstance(line, str):
            result = subprocess.run(
                ["bash", "-ec", line], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
            )
        else:
            result = run_warm(line, folder, environment)
        assert result.returncode == 0, f"{line}\n{result.stdout}\n{result.stderr}"
        outputs.append(result.stdout)
    return "".join(outputs)


def test_console_blocks_only_set_up_environments():
    lines = [line for kind, block in BLOCKS if kind == "console" for line in block.splitlines()]
    assert "make quickstart" in lines and "make test" in lines
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for line in lines:
        program, argument = line.split()[:2]
        assert (program == "make" and argument in targets) or line.startswith(
            ("pip install ", LONG_COMMAND, LONG_PRETRAINING, LONG_EXPERIMENTS, LONG_IDENTIFIERS, LONG_NESTED)
        ), line


def test_the_long_commands_can_be_read():
    commands = [line for _, block in BLOCKS for line in block.splitlines() if line.startswith(LONG_COMMAND)]
    assert commands
    for command in commands:
        arguments = command.replace("SEED", "1").split()[2:]
        classes = (DataArguments, ModelArguments, SelfTrainingArguments, TrainingArguments)
        data, _, _, training = parse_arguments(classes, None, arguments)
        assert data.dataset_name == "ccks2017" and training.seed == 1


def test_the_long_training_on_identifiers_can_be_read():
    (command,) = [line for _, block in BLOCKS for line in block.splitlines() if line.startswith(LONG_IDENTIFIERS)]
    classes = (DataArguments, ModelArguments, SelfTrainingArguments, TrainingArguments)
    data, model, _, training = parse_arguments(classes, None, command.split()[2:])
    assert data.data_dir == "outputs/identified" and training.num_train_epochs == 8 and not model.segmentation_task


def test_the_long_training_on_nested_entities_can_be_read():
    (command,) = [line for _, block in BLOCKS for line in block.splitlines() if line.startswith(LONG_NESTED)]
    classes = (DataArguments, ModelArguments, SelfTrainingArguments, TrainingArguments)
    data, model, _, _ = parse_arguments(classes, None, command.split()[2:])
    assert data.dataset_name == "cmeee" and model.head == "auto"


def test_the_long_pretraining_can_be_read():
    (command,) = [line for _, block in BLOCKS for line in block.splitlines() if line.startswith(LONG_PRETRAINING)]
    classes = (UnlabelledArguments, EncoderArguments, PreTrainedModelArguments, PreTrainingArguments)
    text, encoder, _, _ = parse_arguments(classes, None, command.split()[2:])
    assert text.corpus == ["RECORDS"] and not encoder.is_given


def test_the_long_experiments_can_be_planned(monkeypatch, tmp_path):
    (command,) = [
        line
        for kind, block in BLOCKS
        if kind == "console"
        for line in block.splitlines()
        if line.startswith(LONG_EXPERIMENTS)
    ]
    plans = []

    def stop(specification, preset, data, parts, **_):
        plans.append((specification, preset, data))
        raise ValueError("planned")

    monkeypatch.setattr("experiments.__main__.load_records", lambda data: ({"train": []}, []))
    monkeypatch.setattr("experiments.__main__.make_plan", stop)
    with pytest.raises(ValueError, match="planned"):
        experiments(command.replace("OUT", str(tmp_path)).split()[3:])
    ((specification, preset, data),) = plans
    assert specification.needed() and preset.name == "full" and data.dataset_name == "ccks2017"


def test_every_block_is_of_a_known_kind():
    assert {kind for kind, _ in BLOCKS} <= {"console", "bash", "python", "text"}


@pytest.mark.parametrize("name", CHINESE_PAGES)
def test_a_chinese_page_shows_the_same_commands_and_code(name):
    pages = name, CHINESE_PAGES[name]
    assert blocks_of(pages[0]) == blocks_of(pages[1])
    assert commands_of(pages[0]) == commands_of(pages[1])
    chinese, english = (
        re.findall(r"^#+(?= \D)", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
        for text in ((ROOT / page).read_text(encoding="utf-8") for page in pages)
    )
    assert chinese == english


@pytest.mark.slow
@pytest.mark.parametrize("command", [line for line in commands_of("README.md") if line.startswith("python ")])
def test_each_command_of_the_table_has_the_options_that_it_is_shown_with(command):
    words = command.split()
    options = [word for word in words if word.startswith("--")]
    program = words[1:3] if words[1] == "-m" else words[1:2]
    commands = ("run", "statistics", "terms", "mine", "convert")
    program += list(takewhile(commands.__contains__, words[len(program) + 1 :]))
    help_option = "--help" if program[:2] == ["-m", "data_scripts"] else "--help_all"
    done = run_warm([*program, help_option], ROOT, os.environ | {"COLUMNS": "120"})
    assert done.returncode == 0, done.stderr
    assert options and all(re.search(rf"{option}\b", done.stdout) for option in options)


@pytest.mark.slow(seconds=200)
def test_blocks_run_in_the_order_in_which_they_are_read(folder, hub):
    assert any(kind == "bash" for kind, _ in BLOCKS) and any(kind == "python" for kind, _ in BLOCKS)
    outputs = {}
    for kind, block in BLOCKS:
        if kind == "bash":
            quick = re.sub(r"^python -m experiments run .*$", rf"\g<0>{QUICK_EXPERIMENTS}", block, flags=re.MULTILINE)
            outputs[block] = run(quick, folder, hub)
        elif kind == "python":
            outputs[block] = run(["-c", block], folder, hub)
    predictions = (folder / "outputs" / "entities.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(predictions) == len(
        (folder / "outputs" / "my_records" / "test.jsonl").read_text(encoding="utf-8").splitlines()
    )
    assert all((folder / "outputs" / name / "all_results.json").exists() for name in ("mine", "ft_bert", "on_ft_bert"))
    mine, pushed = hub.files("your-name/dicmt-mine"), hub.files("your-name/dicmt-sample")
    assert "dictionary.tsv" in pushed and "dictionary.tsv" not in mine
    assert hub.files("your-name/sample", "datasets").keys() >= {"train.parquet", "test.parquet", "README.md"}
    listing = next(output for block, output in outputs.items() if "--dry_run" in block)
    assert "model.safetensors" in listing and "predictions" not in listing
    whole, int8 = ((folder / "outputs" / name / "model.onnx").stat().st_size for name in ("onnx", "onnx_int8"))
    assert int8 < whole
    report = (folder / "outputs" / "experiments" / "report" / "report.md").read_text(encoding="utf-8")
    assert "| without the dictionary | 1 |" in report and "```" not in report
    shutil.rmtree(folder / "outputs")
