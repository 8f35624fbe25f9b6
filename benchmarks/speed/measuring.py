"""Two sides in turn, round after round; medians, and whether the aim was reached."""

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch


@dataclass(frozen=True)
class Settings:
    """What every row is measured with.

    Args:
        quick: Few rounds, small sizes.
        threads: Threads of torch and of the processes that are started.
        device: "cpu" or "cuda".
        data_dir: The folder with `ccks2017` and `dictionaries`, or None for the embedded sample.
        folder: Where the network that was trained for the benchmark lies, and what else is made.
    """

    quick: bool
    threads: int
    device: str
    data_dir: str | None
    folder: str

    @property
    def rounds(self) -> int:
        return 3 if self.quick else 9


@dataclass
class Row:
    """A line of the table.

    Args:
        what: What was measured.
        against: The other side.
        ours: Its figure, with unit.
        theirs: The other side's.
        ratio: The two as a ratio, of whatever `aim` speaks of; None where nothing is compared.
        aim: "≥ 2" for at least twice as fast, "≤ 2.5" for at most 2.5 times the time; "" for none.
        note: What a reader needs to know besides.
        threads: Threads that it was measured with.
        device: "cpu" or "cuda".
    """

    what: str
    against: str
    ours: str
    theirs: str
    ratio: float | None
    aim: str = ""
    note: str = ""
    threads: int = 1
    device: str = "cpu"
    rounds: dict[str, list[float]] = field(default_factory=dict)

    @property
    def reached(self) -> bool | None:
        """Whether the ratio is what was aimed at; None without an aim or a ratio."""
        if not self.aim or self.ratio is None:
            return None
        sign, number = self.aim.split()
        return self.ratio >= float(number) if sign == "≥" else self.ratio <= float(number)


def in_turn(sides: Mapping[str, Callable[[], Any]], rounds: int, device: str = "cpu") -> dict[str, list[float]]:
    """Seconds of each side in each round; each runs once before, which is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    gc.collect()
    gc.freeze()  # what is there now is not looked through before each side again
    try:
        for number in range(rounds + 1):
            for name, side in sides.items():
                gc.collect()
                _wait(device)
                started = time.perf_counter()
                side()
                _wait(device)
                if number:
                    seconds[name].append(time.perf_counter() - started)
    finally:
        gc.unfreeze()
    return seconds


def compare(
    what: str,
    against: str,
    ours: Callable[[], Any],
    theirs: Callable[[], Any],
    aim: str,
    settings: Settings,
    work: float | None = None,
    unit: str = "characters/s",
    note: str = "",
    rounds: int | None = None,
) -> Row:
    """Measure two sides and make a row of it.

    Args:
        what: See `Row`, as for `against`, `aim` and `note`.
        against: The other side's name.
        ours: Does the work once.
        theirs: The same, the other way.
        aim: See `Row`.
        settings: The run's.
        work: How much is done, to tell speeds; without it, milliseconds are told.
        unit: Unit of the speed.
        note: See `Row`.
        rounds: Rounds, if not the run's.
    """
    seconds = in_turn({"ours": ours, "theirs": theirs}, rounds or settings.rounds, settings.device)
    mine, other = (statistics.median(seconds[name]) for name in ("ours", "theirs"))
    ratio = mine / other if aim.startswith("≤") else other / mine
    told = [f"{1e3 * value:,.1f} ms" if work is None else f"{work / value:,.0f} {unit}" for value in (mine, other)]
    return Row(what, against, *told, ratio, aim, note, settings.threads, settings.device, seconds)


def speed_of(row: Row, characters: int, aim: str) -> Row:
    """The speed of a row's own side as a row of its own, whose aim it can be."""
    speed = characters / statistics.median(row.rounds["ours"]) / 1e6
    told = f"{speed:.2f} M characters/s"
    return Row(row.what, "—", told, "", speed, aim, "in millions of characters a second", row.threads)


def fastest(choices: Mapping[int, Callable[[], Any]]) -> int:
    """The choice that takes the least time in its second run."""
    seconds = {}
    for choice, run in choices.items():
        run()
        started = time.perf_counter()
        run()
        seconds[choice] = time.perf_counter() - started
    return min(seconds, key=seconds.__getitem__)


def require(condition: bool, message: str) -> None:
    """Stop where the sides do not agree: there is then nothing to compare."""
    if not condition:
        raise ValueError(f"Nothing was measured: {message}.")


def close(ours: torch.Tensor, theirs: torch.Tensor, tolerance: float) -> bool:
    """Whether tensors agree within a share of the larger values."""
    scale = max(1.0, float(theirs.abs().max()))
    return float((ours.double() - theirs.double()).abs().max()) <= tolerance * scale


def resident_bytes() -> int:
    """Memory of this process that is in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def describe_machine() -> str:
    """Processor, cores, versions."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        processor = names[0] if names else processor
    packages = ["torch", "transformers", "tokenizers", "numpy", "pytorch-crf", "spacy", "python-crfsuite"]
    versions = []
    for name in packages:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"no {name}")
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return f"{processor}, {os.cpu_count()} cores, {gpu}; Python {platform.python_version()}, {', '.join(versions)}"


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
