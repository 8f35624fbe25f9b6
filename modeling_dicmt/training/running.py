"""The process a training runs in: devices, threads, logging, and the output folder."""

import atexit
import hashlib
import logging
import os
import shutil
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import datasets
import torch
import transformers
from accelerate import Accelerator
from accelerate.utils import ProjectConfiguration, broadcast_object_list, set_seed

from ..commands.processes import available_cores
from ..files import write_json
from ..pages.training import PAGE_FILE
from ..publishing.contents import RESULTS_FILE
from .arguments import OptimizationArguments, TrainingArguments, check_unfinished
from .examples import Examples
from .states import CHECKPOINTS, SETTINGS_FILE, TEXT, check_settings

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

logger = logging.getLogger(__name__)

LOCK_FILE = ".lock"
_OTHER_RESULTS = ("predictions_*.jsonl", "errors_*.jsonl", "report_*.md", PAGE_FILE)


def start_process(training: OptimizationArguments) -> Accelerator:
    """Set up logging, seeds and accelerate for this process.

    Raises:
        ValueError: If the processes do not know of each other, or the device cannot do the arithmetic asked for.
    """
    accelerator = create_accelerator(training)
    world_size = os.environ.get("WORLD_SIZE", "1")
    if accelerator.num_processes == 1 and world_size != "1":
        raise ValueError(
            f"{world_size} processes were started that do not know of each other: each would train for itself. On a "
            "CPU set ACCELERATE_USE_CPU=true (ACCELERATE_USE_CPU=true torchrun --nproc_per_node 2 run_ner.py …)."
        )
    if training.mixed_precision == "fp16" and accelerator.device.type == "cpu":
        raise ValueError("--mixed_precision fp16 needs a GPU: use bf16 or no on a CPU.")
    logging.basicConfig(
        level=logging.INFO if accelerator.is_main_process else logging.ERROR,
        format="%(asctime)s %(name)s: %(message)s",
        datefmt="%H:%M:%S",
        force=True,
    )
    for library in ("datasets", "accelerate", "filelock", "fsspec"):
        logging.getLogger(library).setLevel(logging.WARNING)
    transformers.utils.logging.disable_progress_bar()
    datasets.disable_progress_bars()  # of the moments that preparing records takes
    set_seed(training.seed)
    return accelerator


def check_development_part(parts: Mapping[str, Any], training: TrainingArguments) -> None:
    """Say what is lost without a development part; raises ValueError if what was asked for needs one."""
    if "validation" in parts:
        return
    if training.final_fit:
        raise ValueError(
            "--final_fit trains anew with the development part, and there is none: leave it out, or pass a "
            "--validation_share above 0."
        )
    logger.warning(
        "No development part: all %d epochs are trained and the last version is kept. There are no development "
        "figures, no early stopping, and the scores are not calibrated.",
        training.num_train_epochs,
    )


def set_threads(accelerator: Accelerator, training: OptimizationArguments, are_steps_large: bool) -> None:
    """Choose the threads of a process on a CPU.

    Args:
        accelerator: The processes.
        training: What may ask for a number of threads.
        are_steps_large: Whether all cores are used, shared among the processes. A recogniser's step without an encoder
            is too small for that: two threads gain a third while both cores are free, and wait for each other many
            times as long as soon as another program uses one of them.
    """
    if accelerator.device.type == "cpu":
        shared = available_cores() // accelerator.num_processes if are_steps_large else 1
        torch.set_num_threads(training.cpu_threads or max(1, shared))


def _lock(path: Path) -> None:
    """Keep other processes' runs out of a folder until this process ends; raises ValueError if one is in it."""
    if fcntl is None:  # no such locks on this system
        return
    handle = open(path, "a")
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise ValueError(
            f"Another run is writing to {path.parents[1]}: wait for its end, or pass another --output_dir."
        ) from error
    atexit.register(handle.close)  # held, with its lock, as long as the process lives


def create_accelerator(training: OptimizationArguments) -> Accelerator:
    """An accelerator for one training; the processes behind it are the same each time."""
    trackers = [name for name in training.report_to.split(",") if name and name != "none"]
    output_dir = Path(training.output_dir)
    accelerator = Accelerator(
        mixed_precision=training.mixed_precision,
        log_with=trackers or None,
        project_config=ProjectConfiguration(project_dir=str(output_dir), logging_dir=str(output_dir / "logs")),
    )
    return accelerator


def binding_settings(arguments: Sequence[Any]) -> dict[str, Any]:
    """Settings, by name, that decide what weights a run ends with: those whose field is not marked as free."""
    return {
        item.name: getattr(of_class, item.name)
        for of_class in arguments
        for item in fields(of_class)
        if not item.metadata.get("free")
    }


def claim_output_dir(accelerator: Accelerator, arguments: Sequence[Any], contents: Mapping[str, str]) -> Path:
    """Make the output folder ready for a run: new, or resumed if it holds states of the same run.

    Args:
        accelerator: The processes.
        arguments: Dataclasses of the run's settings, `OptimizationArguments` the last of them.
        contents: Fingerprints of what is learnt from, by name.

    Raises:
        ValueError: If it holds the results of a finished run, or states of a run with other settings or data, or cannot
            be written to. Every process raises it.
    """
    training = arguments[-1]
    output_dir = Path(training.output_dir)
    settings = binding_settings(arguments) | {
        "num_processes": accelerator.num_processes,
        **contents,
    }
    problem: list[str | None] = [None]
    if accelerator.is_main_process:
        try:
            _claim(training, settings)
        except (ValueError, OSError) as error:
            problem = [str(error)]
    broadcast_object_list(problem)  # else the other processes would wait for one that has stopped
    if problem[0] is not None:
        raise ValueError(problem[0])
    return output_dir


def _claim(training: OptimizationArguments, settings: dict[str, Any]) -> None:
    output_dir = Path(training.output_dir)
    checkpoints = output_dir / CHECKPOINTS
    check_unfinished(training)
    ours = (LOCK_FILE, SETTINGS_FILE, TEXT)
    if checkpoints.is_dir() and any(checkpoints.iterdir()) and not any((checkpoints / name).exists() for name in ours):
        raise ValueError(
            f"{checkpoints} is not the work of a training, which would remove it at its end: pass another --output_dir."
        )
    try:
        checkpoints.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"{output_dir} cannot be made: {error.strerror}. Pass another --output_dir.") from error
    _lock(checkpoints / LOCK_FILE)
    if training.overwrite_output_dir:
        for path in checkpoints.iterdir():
            if path.name == TEXT:  # of this run
                continue
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK_FILE:
                path.unlink()
        for path in output_dir.glob("*"):  # results first and all of them: none may outlive its model
            if path.name == RESULTS_FILE or any(map(path.match, _OTHER_RESULTS)):
                path.unlink()
    check_settings(checkpoints, settings)
    write_json(checkpoints / SETTINGS_FILE, settings)


def start_trackers(accelerator: Accelerator, settings: dict[str, Any]) -> None:
    """Begin the trackers' logs with the run's settings."""
    if accelerator.trackers or accelerator.log_with:
        plain = {
            name: value if isinstance(value, int | float | str | bool) else str(value)
            for name, value in settings.items()
        }
        with warnings.catch_warnings():  # of the tracker's own library
            warnings.simplefilter("ignore")
            accelerator.init_trackers("dicmt", config=plain)


def fingerprint_of(examples: Examples) -> str:
    """Of the sentences and labels that are trained on."""
    digest = hashlib.sha256()
    for sentence, labels in zip(examples.sentences, examples.labels, strict=True):
        for array in (sentence.input_ids, sentence.dictionary_features, sentence.span_evidence, labels):
            if array is not None:
                digest.update(array.tobytes())
    return digest.hexdigest()[:16]
