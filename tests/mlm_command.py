"""Running `run_mlm.py` with tiny settings: in this process, which is quick, or as a command of its own."""

import contextlib
import io
import os
import signal
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from accelerate.state import AcceleratorState
from ner_command import ENVIRONMENT, REPOSITORY, finish, results_in
from test_resume import place_of, wait_for_state
from warm_process import WarmProcess, WarmRanks

import run_mlm

# Characters of a document of the corpus, which no file may show.
MARKER = "特征串甲乙丙丁"

TINY = {
    "num_train_epochs": 2,
    "train_batch_characters": 1000,
    "warmup_steps": 0,
    "learning_rate": 0.01,
    "cpu_threads": 1,
    "quiet": True,
}
CHARACTER_NETWORKS = {
    "character_embedding_size": 8,
    "bigram_embedding_size": 4,
    "num_bigram_buckets": 50,
    "radical_embedding_size": 4,
    "lstm_hidden_size": 8,
}


def command_line(corpus: Path, output_dir: Path, **settings: Any) -> list[str]:
    """Arguments of a tiny run, of the character networks if no encoder is given; a setting of None is left out."""
    networks = {} if {"encoder_name_or_path", "encoder_preset"} & settings.keys() else CHARACTER_NETWORKS
    merged = TINY | networks | {"corpus": corpus, "output_dir": output_dir} | settings
    given = {name: value for name, value in merged.items() if value is not None}
    return [word for name, value in given.items() for word in (f"--{name}", str(value))]


def pretrain_here(corpus: Path, output_dir: Path, **settings: Any) -> dict[str, Any]:
    """Run the command in this process; returns `all_results.json`, or raises ValueError with what it wrote."""
    errors = io.StringIO()
    try:
        arguments = ["run_mlm.py", *command_line(corpus, output_dir, **settings)]
        with (
            mock.patch.object(sys, "argv", arguments),
            mock.patch.dict(os.environ, ENVIRONMENT),
            contextlib.redirect_stderr(errors),
        ):
            run_mlm.main()
    except SystemExit as stop:
        raise ValueError(errors.getvalue()) from stop
    finally:
        AcceleratorState._reset_state(reset_partial_state=True)
    return results_in(output_dir)


def start(corpus: Path, output_dir: Path, processes: int = 1, **settings: Any) -> WarmProcess | WarmRanks:
    """Start the command as a process of its own, or several."""
    command = [REPOSITORY / "run_mlm.py", *command_line(corpus, output_dir, **settings)]
    environment = os.environ | ENVIRONMENT
    if processes > 1:
        return WarmRanks(command, REPOSITORY, environment, processes)
    return WarmProcess(command, REPOSITORY, environment)


def pretrain_killed_once(corpus: Path, output_dir: Path, **settings: Any) -> None:
    """Run the command, kill it in the midst of a pass, and run it again to its end."""
    process = start(corpus, output_dir, **settings)
    wait_for_state(process, output_dir, after=(0, 0))
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL and place_of(output_dir) < (settings["num_train_epochs"], 0)
    pretrain_here(corpus, output_dir, **settings)


def pretrain_by_two_processes(corpus: Path, output_dir: Path, **settings: Any) -> None:
    """Run the command by two processes to its end."""
    process = start(corpus, output_dir, 2, **settings)
    errors = finish(process)
    assert process.returncode == 0, errors
