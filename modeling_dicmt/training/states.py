"""Where a run keeps its states and its best version, and whether a run may go on from them.

A state is tensors (safetensors) and numbers (JSON): whoever can write to the folder can break a run, not run code in
it. What else decides how a run goes on follows from seed and step: batches, dropout, the learning rate.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.amp import GradScaler
from torch.optim import Optimizer

from ..files import read_json, restore_folder, write_json
from .optimization import WeightAverage

CHECKPOINTS = "checkpoints"
BEST = "best"
LAST = "last"
TEXT = "text"  # what a pre-training reads
LABELS = "_labels"  # what the folders of pseudo-labels end with
SETTINGS_FILE = "settings.json"
MODEL_FILE = "model.safetensors"
AVERAGE_FILE = "average.safetensors"
OPTIMIZER_FILE = "optimizer.safetensors"
PROGRESS_FILE = "progress.json"

_LONGEST = 1e10  # seconds; centuries
_MOMENTS = ("exp_avg", "exp_avg_sq", "step")
_AFRESH = "Pass --overwrite_output_dir to start afresh, or another --output_dir."


@dataclass
class Progress:
    """Where a run stands; part of its state on disk.

    Args:
        epoch: Epochs that are complete.
        step: Steps done in the epoch that is not.
        best_score: Best of the development figures that the training goes by, -1 before the first evaluation.
        best_epoch: Epoch after which it was reached; without evaluations the last one.
        seconds: Time spent so far, evaluations included, over all parts of an interrupted run.
        training_seconds: Of these, the time of training steps.
        stopped: Whether early stopping has ended the run.
        loss_sum: Losses of the steps since the last evaluation, added up.
        loss_steps: How many these are.
        history: Figures of each evaluation, with the mean loss of the steps since the one before.
    """

    epoch: int = 0
    step: int = 0
    best_score: float = -1.0
    best_epoch: int = 0
    seconds: float = 0.0
    training_seconds: float = 0.0
    stopped: bool = False
    loss_sum: float = 0.0
    loss_steps: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)

    def copy_from(self, values: Mapping[str, Any]) -> None:
        """Take over what `asdict` gave.

        Raises:
            ValueError: If a value is missing, unknown or of another type.
        """
        differing = {item.name for item in fields(self)} ^ values.keys()
        if differing:
            raise ValueError(f"missing or unknown: {', '.join(sorted(differing))}")
        for item in fields(self):
            value, kind = values[item.name], type(getattr(self, item.name))
            if type(value) is not kind and not (kind is float and type(value) is int):
                raise ValueError(f"{item.name} is of type {type(value).__name__}")
            setattr(self, item.name, value)
        if not all(isinstance(entry, dict) and type(entry.get("epoch")) is int for entry in self.history):
            raise ValueError("an entry of history has no epoch")


class TrainingState(NamedTuple):
    """What a training changes as it goes on.

    Args:
        network: The network, without what an accelerator has wrapped around it.
        optimizer: Its optimiser, AdamW.
        average: The running average of its weights, if there is one.
        scaler: What scales the loss of half precision, if there is one.
        progress: Where the training stands.
    """

    network: nn.Module
    optimizer: Optimizer
    average: WeightAverage | None
    scaler: GradScaler | None
    progress: Progress

    def save(self, folder: Path) -> None:
        """Write all of it into a folder."""
        _write_tensors(folder / MODEL_FILE, self.network.state_dict())
        if self.average is not None:
            _write_tensors(folder / AVERAGE_FILE, self.average.state_dict())
        moments = self.optimizer.state_dict()["state"]
        _write_tensors(
            folder / OPTIMIZER_FILE,
            {f"{index}.{name}": tensor for index, of_weight in moments.items() for name, tensor in of_weight.items()},
        )
        scaler = self.scaler.state_dict() if self.scaler is not None else {}
        write_json(folder / PROGRESS_FILE, {"progress": asdict(self.progress), "scaler": scaler})

    def load(self, folder: Path, num_epochs: int, num_steps: int) -> None:
        """Take over what `save` wrote, to the bit.

        Args:
            folder: The folder.
            num_epochs: Epochs of the training.
            num_steps: Steps of an epoch.

        Raises:
            ValueError: If a file is missing, damaged, or of another training; names it.
        """
        path = folder / PROGRESS_FILE
        if not path.exists():
            raise ValueError(
                f"{folder} holds no state that can be resumed: {PROGRESS_FILE} is missing, as it is from states of "
                f"older versions, which were pickled and are not read. {_AFRESH}"
            )
        try:
            saved = read_json(path)
            if not isinstance(saved, dict) or not all(isinstance(saved.get(k), dict) for k in ("progress", "scaler")):
                raise ValueError("expected an object with progress and scaler")
            self.progress.copy_from(saved["progress"])
            progress = self.progress
            if not (0 <= progress.epoch <= num_epochs and 0 <= progress.step < num_steps):
                raise ValueError(f"there is no epoch {progress.epoch}, step {progress.step} in this training")
            if not (0 <= progress.best_epoch <= progress.epoch and -1 <= progress.best_score <= 1):
                raise ValueError("its best epoch is none of those done, or its score none")
            if not all(0 <= seconds < _LONGEST for seconds in (progress.seconds, progress.training_seconds)):
                raise ValueError("its seconds are no time that a training takes")
            if progress.loss_steps < 0:
                raise ValueError("its losses are of no number of steps")
            if self.scaler is not None:
                _load_scaler(self.scaler, saved["scaler"])
        except (OSError, ValueError) as error:
            raise _damaged(path, error) from error

        self.network.load_state_dict(_read_tensors(folder / MODEL_FILE, self.network.state_dict()))
        if self.average is not None:
            average = _read_tensors(folder / AVERAGE_FILE, self.average.state_dict())
            if int(average["n_averaged"]) != progress.epoch * num_steps + progress.step:
                raise _damaged(folder / AVERAGE_FILE, f"it is not of the step that {PROGRESS_FILE} names")
            self.average.load_state_dict(average)
        self._load_optimizer(folder / OPTIMIZER_FILE)

    def _load_optimizer(self, path: Path) -> None:
        state = self.optimizer.state_dict()
        weights = [weight for group in self.optimizer.param_groups for weight in group["params"]]
        known = {
            f"{i}.{name}": w if name != "step" else torch.zeros(()) for i, w in enumerate(weights) for name in _MOMENTS
        }
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _read_tensors(path, known, partial=True).items():
            index, _, kind = name.partition(".")
            moments.setdefault(int(index), {})[kind] = tensor
        if any(len(of_weight) != len(_MOMENTS) for of_weight in moments.values()):
            raise _damaged(path, "tensors are missing")
        self.optimizer.load_state_dict(state | {"state": moments})


def check_settings(checkpoints: Path, settings: dict[str, Any]) -> None:
    """Refuse to resume a run with other settings than those it was started with.

    Raises:
        ValueError: Names each setting that differs, with both values; or the file of settings, if it is damaged.
    """
    path = checkpoints / SETTINGS_FILE
    stages = [checkpoints, *(path for path in checkpoints.glob("*") if path.is_dir())]
    has_state = any(restore_folder(stage / name) for stage in stages for name in (LAST, BEST))
    has_state = has_state or any(checkpoints.glob(f"*{LABELS}"))
    if not has_state:  # a run that failed before its first state left nothing to resume
        return
    try:
        before = read_json(path)
        if not isinstance(before, dict):
            raise ValueError("expected an object of settings")
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from error
    differing = [name for name in sorted(before | settings) if before.get(name) != settings.get(name)]
    if differing:
        listed = "; ".join(f"{name}: {before.get(name)!r} then, {settings.get(name)!r} now" for name in differing)
        raise ValueError(
            f"{checkpoints.parent} holds an unfinished run with other settings ({listed}). Pass the same settings to "
            "resume it, another --output_dir, or --overwrite_output_dir to start afresh."
        )


def _write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    # Cloned: safetensors refuses tensors that share memory.
    save_file({name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}, path)


def _read_tensors(path: Path, known: Mapping[str, Tensor], partial: bool = False) -> dict[str, Tensor]:
    """Tensors of a file, which must be of the names, shapes and types of those `known`: all of them, or a part."""
    try:
        found = load_file(path)
    except (OSError, ValueError, SafetensorError) as error:
        raise _damaged(path, error) from error
    differing = found.keys() - known.keys() if partial else found.keys() ^ known.keys()
    differing |= {
        name
        for name in found.keys() & known.keys()
        if (found[name].shape, found[name].dtype) != (known[name].shape, known[name].dtype)
        or not bool(found[name].isfinite().all())
    }
    if differing:
        raise _damaged(path, f"{_some(differing)} is missing, unknown, of another shape, or no finite number")
    return found


def _load_scaler(scaler: GradScaler, saved: Mapping[str, Any]) -> None:
    expected = scaler.state_dict()
    if saved.keys() != expected.keys() or any(type(saved[k]) is not type(v) for k, v in expected.items()):
        raise ValueError("the scaler of the loss is not that of this training")
    if expected:
        scaler.load_state_dict(dict(saved))


def _some(names: Iterable[str]) -> str:
    return sorted(names)[0]


def _damaged(path: Path, reason: object) -> ValueError:
    reason = getattr(reason, "strerror", None) or str(reason).removeprefix(f"{path}: ").strip().rstrip(".")
    return ValueError(f"{path} is damaged, or of another training: {reason}. {_AFRESH}")
