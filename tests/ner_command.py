"""Running `run_ner.py` with tiny settings: in this process, which is quick, or as a command of its own."""

import contextlib
import dataclasses
import io
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import psutil
from accelerate.state import AcceleratorState
from warm_process import WarmProcess, WarmRanks

import run_ner
from data_scripts.arguments import DataArguments
from data_scripts.records import load_records
from modeling_dicmt.evaluation.clinical_ner import count_mentions
from modeling_dicmt.evaluation.evaluator import score_predictions
from modeling_dicmt.evaluation.systems import run_network

REPOSITORY = Path(__file__).parents[1]
SAMPLE_DICTIONARY = REPOSITORY / "data_scripts" / "sample_data" / "dictionary"

ENVIRONMENT = {"ACCELERATE_USE_CPU": "true", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "DICMT_DEBUG": ""}
# A process that hangs then tells where: `finish`.
ENVIRONMENT["PYTHONFAULTHANDLER"] = "1"

LAUNCHER = (
    *(sys.executable, "-m", "accelerate.commands.launch", "--num_processes", "1", "--num_machines", "1"),
    *("--mixed_precision", "no", "--dynamo_backend", "no"),
)

TINY = {
    "dataset_name": "sample",
    "max_train_records": 12,
    "max_eval_records": 6,
    "character_embedding_size": 8,
    "bigram_embedding_size": 4,
    "num_bigram_buckets": 50,
    "radical_embedding_size": 4,
    "lstm_hidden_size": 8,
    "num_train_epochs": 2,
    "warmup_steps": 0,
    "learning_rate": 0.01,
    "cpu_threads": 1,
    "quiet": True,
}


class Outcome(NamedTuple):
    """How a command ended."""

    status: int
    errors: str

    @property
    def message(self) -> str:
        """The one error message; fails where there is none, more than one, or a traceback."""
        messages = [line for line in self.errors.splitlines() if line.startswith("error")]
        assert len(messages) == 1, self.errors
        assert "Traceback" not in self.errors
        return messages[0]


def command_line(output_dir: Path, **settings: Any) -> list[str]:
    """Arguments of a tiny run; a setting of None is left out."""
    arguments = []
    for name, value in (TINY | {"output_dir": output_dir} | settings).items():
        if value is not None:
            arguments += [f"--{name}", *map(str, value if isinstance(value, list) else [value])]
    return arguments


def run_here(arguments: Sequence[str]) -> Outcome:
    """Run the command in this process."""
    root, status, errors = logging.getLogger(), 0, io.StringIO()
    handlers, root.handlers = root.handlers, []
    level = root.level
    try:
        with (
            mock.patch.object(sys, "argv", ["run_ner.py", *arguments]),
            mock.patch.dict(os.environ, ENVIRONMENT),
            contextlib.redirect_stderr(errors),
        ):
            run_ner.main()
    except SystemExit as stop:
        status = int(stop.code or 0)
    finally:
        root.handlers = handlers
        root.setLevel(level)
        AcceleratorState._reset_state(reset_partial_state=True)
    return Outcome(status, errors.getvalue())


def train_here(output_dir: Path, **settings: Any) -> dict[str, Any]:
    """Run the command in this process to its end; returns `all_results.json`."""
    outcome = run_here(command_line(output_dir, **settings))
    assert outcome.status == 0, outcome.errors
    return results_in(output_dir)


def start(
    arguments: Sequence[str],
    launcher: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    processes: int = 1,
) -> subprocess.Popen | WarmProcess | WarmRanks:
    """Start the command as a process of its own, or several, or by a launcher."""
    command = [str(REPOSITORY / "run_ner.py"), *arguments]
    environment = os.environ | ENVIRONMENT | dict(environment or {})
    if processes > 1:
        return WarmRanks(command, REPOSITORY, environment, processes)
    if not launcher:
        return WarmProcess(command, REPOSITORY, environment)
    return subprocess.Popen(
        [*launcher, *command],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(
    arguments: Sequence[str],
    launcher: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    processes: int = 1,
) -> Outcome:
    """Run the command as a process of its own, or several, or by a launcher, to its end."""
    process = start(arguments, launcher, environment, processes)
    errors = finish(process)
    return Outcome(process.returncode, errors)


def finish(process: subprocess.Popen | WarmProcess | WarmRanks, seconds: float = 300) -> str:
    """Wait for a command to end; returns its errors. If it hangs, fails with the stack of each of its processes."""
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        for running in getattr(process, "ranks", [process]):
            parent = psutil.Process(running.pid)
            for child in [*parent.children(recursive=True), parent]:
                child.send_signal(signal.SIGABRT)  # which writes the stacks
        _, errors = process.communicate()
        raise AssertionError(f"Not done after {seconds} seconds.\n{errors}") from None
    return errors


def torchrun(processes: int = 2) -> list[str]:
    """The launcher of several processes on this machine."""
    return [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]


def results_in(output_dir: Path) -> dict[str, Any]:
    return json.loads((output_dir / "all_results.json").read_text(encoding="utf-8"))


def scored_here(folder: Path, **settings: Any) -> dict[str, Any]:
    """The figures that this process, alone, finds for the network in a folder, under their names in the results."""
    names = {field.name for field in dataclasses.fields(DataArguments)}
    settings = {name: value for name, value in (TINY | settings).items() if name in names}
    parts, _ = load_records(DataArguments(**settings | {"dictionary": None}))
    figures = {}
    try:
        with mock.patch.dict(os.environ, ENVIRONMENT):
            for part, prefix in (("validation", "eval"), ("test", "test")):
                predictions = run_network(str(folder), parts[part]).predictions
                scores = score_predictions(predictions, parts[part], count_mentions(parts["train"]))
                figures |= {f"{prefix}_{name}": value for name, value in scores.items()}
    finally:
        AcceleratorState._reset_state(reset_partial_state=True)
    return json.loads(json.dumps(figures))


def scores_in(results: dict[str, Any]) -> dict[str, Any]:
    """Those of the results that score a part."""
    return {name: value for name, value in results.items() if name.startswith(("eval_", "test_"))}


def record(text: str, *entities: tuple[int, int, str], **keys: str) -> dict[str, Any]:
    """An annotated record."""
    return {"text": text, "entities": [{"start": s, "end": e, "type": t} | keys for s, e, t in entities]}


GENES = [
    record("患者携带基因甲。", (4, 7, "Gene")),
    record("检出病毒乙。未见基因丙。", (2, 5, "Virus"), (8, 11, "Gene")),
    record("再次检出病毒丁。", (4, 7, "Virus")),
]


def json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write_corpus(folder: Path, train: list[dict], validation: list[dict] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for part, records in (("train", train), ("validation", train if validation is None else validation)):
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
        (folder / f"{part}.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder


def files_in(folder: Path) -> dict[str, bytes]:
    """All files below a folder, with their content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def without_times(results: dict[str, Any]) -> dict[str, Any]:
    """Results that must not depend on the machine's speed."""
    return {name: value for name, value in results.items() if "second" not in name}
