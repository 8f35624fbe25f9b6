"""Damage to a copy of a checkpoint; each function returns what the error should say."""

from collections.abc import Callable
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor


def change_weights(folder: Path, change: Callable[[dict[str, Tensor]], object]) -> None:
    """Write a checkpoint's weights as a function leaves them."""
    file = folder / "model.safetensors"
    weights = load_file(file)
    change(weights)
    save_file(weights, file, metadata={"format": "pt"})


def remove_a_weight(folder: Path) -> str:
    change_weights(folder, lambda weights: weights.pop("crf.transitions"))
    return "lacks weights"


def make_a_weight_no_number(folder: Path) -> str:
    change_weights(folder, lambda weights: weights["crf.transitions"][1].fill_(float("nan")))
    return "no finite numbers"
