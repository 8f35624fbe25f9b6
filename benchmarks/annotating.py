"""Annotating a folder of files: how near the command comes to the pipeline's own speed, and what a kill costs.

    python -m benchmarks.annotating --model_name_or_path OUT --megabytes 100 --kills 20

generates records with the sample's generator, checks that one process and all of them write the same bytes, then has
the pipeline, one process and all processes read the records in turn. What a job takes before its first record is
measured with a record a process, told by itself and taken off. With --kills the job is killed at random times, then
finished: the bytes must be those of a job that nobody disturbed, each record there once. Memory is what the processes
have at the quarters of a job: it must not grow.
"""

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from data_scripts.sample_generator import UNSEEN_SHARE, RecordWriter
from data_scripts.sample_templates import SECTIONS
from modeling_dicmt.commands.checkpoint import load_network, load_tokenizer
from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.commands.processes import available_cores
from modeling_dicmt.recognition import EntityRecognizer
from modeling_dicmt.torch_tagger import TorchTagger

from .speed.measuring import describe_machine

_ROOT = Path(__file__).parents[1]
_SHARDS = 8
_CHECKED_BYTES = 500_000
_SECONDS_BETWEEN_LOOKS = 0.05


@dataclass
class AnnotatingArguments:
    """What is measured."""

    model_name_or_path: str = field(metadata={"help": "Folder of a trained network."})
    megabytes: float = field(default=10, metadata={"help": "Size of the records' files.", "above": 0})
    rounds: int = field(default=3, metadata={"help": "How often each reads the records.", "minimum": 1})
    num_processes: int = field(
        default=0, metadata={"help": "Processes of the larger job; 0 for all cores.", "minimum": 0}
    )
    kills: int = field(default=0, metadata={"help": "How often a job is killed before it may end.", "minimum": 0})
    seed: int = field(default=7, metadata={"help": "Of the records and of the times of kills."})


class Done(NamedTuple):
    """What a command took.

    Args:
        seconds: From its start to its end.
        cpu_seconds: Of all its processes.
        memory: (MB of the command's own process, MB of the largest of the others), at each look.
    """

    seconds: float
    cpu_seconds: float
    memory: list[tuple[float, float]]


def records(seed: int) -> Iterator[tuple[str, str]]:
    """Records without end: id and text, of the kinds that the sample has."""
    writer, patient = RecordWriter(random.Random(seed)), 0
    while True:
        patient += 1
        writer.admit(UNSEEN_SHARE)
        for section in SECTIONS:
            record = writer.compose(f"{section}-{patient}", str(patient), section, UNSEEN_SHARE)
            yield record["id"], record["text"]


def write_records(folder: Path, sizes: list[float], seed: int) -> None:
    """Write files that have just reached so many bytes each."""
    folder.mkdir()
    source = records(seed)
    for number, size in enumerate(sizes):
        with open(folder / f"{number:04d}.jsonl", "w", encoding="utf-8", newline="\n") as file:
            while file.tell() < size:
                name, text = next(source)
                file.write(json.dumps({"id": name, "text": text}, ensure_ascii=False) + "\n")


def read(folder: Path) -> list[dict[str, Any]]:
    """The lines of a folder's files, in the order of their names."""
    rows = []
    for path in sorted(folder.glob("*.jsonl")):
        with open(path, encoding="utf-8") as file:
            rows += map(json.loads, file)
    return rows


def start(arguments: AnnotatingArguments, source: Path, target: Path, num_processes: int) -> subprocess.Popen:
    """The command, in a process of its own."""
    options = {
        "model_name_or_path": arguments.model_name_or_path,
        "input": source,
        "output_dir": target,
        "num_processes": num_processes,
    }
    command = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
    with open(target.with_name(f"{target.name}.log"), "ab") as log:
        return subprocess.Popen([sys.executable, str(_ROOT / "run_predict.py"), *command], stdout=log, stderr=log)


def finish(process: subprocess.Popen, target: Path) -> tuple[float, list[tuple[float, float]]]:
    """Wait for a command, and look at all its processes meanwhile; raises ValueError if it fails.

    Returns:
        cpu_seconds and memory as `Done` has them.
    """
    looked_at, memory, used = psutil.Process(process.pid), [], {}
    while process.poll() is None:
        with suppress(psutil.Error):  # it, or one of its processes, has just ended
            others = looked_at.children(recursive=True)
            for one in (looked_at, *others):
                used[one.pid] = sum(one.cpu_times()[:2])
            sizes = [other.memory_info().rss / 1e6 for other in others]
            memory.append((looked_at.memory_info().rss / 1e6, max(sizes, default=0)))
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    if process.returncode != 0:
        said = target.with_name(f"{target.name}.log").read_text(encoding="utf-8", errors="replace")
        raise ValueError(f"run_predict.py ended with the status {process.returncode}:\n{said[-2000:]}")
    return sum(used.values()), memory


def annotate(arguments: AnnotatingArguments, source: Path, target: Path, num_processes: int) -> Done:
    """Do a job from its beginning to its end."""
    started = time.perf_counter()
    cpu_seconds, memory = finish(start(arguments, source, target, num_processes), target)
    return Done(time.perf_counter() - started, cpu_seconds, memory)


def check_same(one: Path, other: Path, what: str) -> None:
    """Raise ValueError if two folders have other results."""
    results = [{path.name: path.read_bytes() for path in folder.glob("*.jsonl")} for folder in (one, other)]
    if not results[0] or results[0] != results[1]:
        raise ValueError(f"{what} other bytes: there is nothing to compare.")


def written(folder: Path) -> int:
    """Bytes of results that a job has, finished or not."""
    total = 0
    for path in [*folder.rglob("*.jsonl"), *folder.rglob("entities")]:
        with suppress(FileNotFoundError):  # it took its place meanwhile
            total += path.stat().st_size
    return total


def disturb(arguments: AnnotatingArguments, source: Path, target: Path, size: int) -> dict[str, Any]:
    """Kill a job again and again, each time further on, finish it, and check that each record is there once.

    Args:
        arguments: The benchmark's.
        source: The records.
        target: The job's folder, a new one.
        size: Bytes of its results.

    Raises:
        ValueError: If it ends before it is killed, or records are not there once.
    """
    chance = random.Random(arguments.seed)
    for number in range(arguments.kills):
        process = start(arguments, source, target, arguments.num_processes)
        limit = size * (number + chance.random()) / (arguments.kills + 1)
        while process.poll() is None and written(target) < limit:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        if process.poll() is not None:
            raise ValueError("A job ended before it was killed: kill it less often, or give it more --megabytes.")
        process.kill()
        process.wait()
    finish(start(arguments, source, target, arguments.num_processes), target)
    if [row["id"] for row in read(target)] != [row["id"] for row in read(source)]:
        raise ValueError("After the kills records are missing, or there more than once.")
    continued = target.joinpath("run.log").read_text(encoding="utf-8").count("going on after")
    return {"kills": arguments.kills, "files_that_went_on_within": continued}


def measure(arguments: AnnotatingArguments, scratch: Path) -> dict[str, Any]:
    """All figures, by name; raises ValueError if bytes differ."""
    several = arguments.num_processes = arguments.num_processes or available_cores()
    size = arguments.megabytes * 1e6
    folders = {"checked": [min(size, _CHECKED_BYTES) / 2] * 2, "few": [1] * several, "all": [size / _SHARDS] * _SHARDS}
    for name, sizes in folders.items():
        write_records(scratch / name, sizes, arguments.seed)
    for number in (1, several):
        annotate(arguments, scratch / "checked", scratch / f"checked-{number}", number)
    check_same(scratch / "checked-1", scratch / f"checked-{several}", "One process and several write")

    texts = [row["text"] for row in read(scratch / "all")]
    characters = sum(map(len, texts))
    path = arguments.model_name_or_path
    recognizer = EntityRecognizer(TorchTagger(load_network(path), cpu_threads=1), load_tokenizer(path))
    list(recognizer.stream(texts[:100]))  # what is done once is not counted
    taken: dict[str, list[Done]] = {
        "pipeline": [],
        "one": [],
        "several": [],
        "start of one": [],
        "start of several": [],
    }
    for number in range(arguments.rounds):
        before, started = time.process_time(), time.perf_counter()
        for _ in recognizer.stream(iter(texts)):
            pass
        taken["pipeline"].append(Done(time.perf_counter() - started, time.process_time() - before, []))
        for name, processes in (("one", 1), ("several", several)):
            target = scratch / f"few-{name}-{number}"
            taken[f"start of {name}"].append(annotate(arguments, scratch / "few", target, processes))
            target = scratch / f"all-{name}-{number}"
            taken[name].append(annotate(arguments, scratch / "all", target, processes))
            check_same(scratch / "all-one-0", target, "Jobs on the same records write")

    seconds = {name: statistics.median(done.seconds for done in rounds) for name, rounds in taken.items()}
    cpu = {name: statistics.median(done.cpu_seconds for done in rounds) for name, rounds in taken.items()}
    work = {name: seconds[name] - seconds.get(f"start of {name}", 0) for name in ("pipeline", "one", "several")}
    results = {
        "machine": describe_machine(),
        "processes": several,
        "records": len(texts),
        "characters": characters,
        "characters_per_second": {name: round(characters / value) for name, value in work.items()},
        "cpu_seconds_per_million_characters": {
            name: round((cpu[name] - cpu.get(f"start of {name}", 0)) / characters * 1e6, 2) for name in work
        },
        "seconds_at_the_start": {name: round(seconds[f"start of {name}"], 1) for name in ("one", "several")},
        "one_process_against_the_pipeline": round(work["pipeline"] / work["one"], 3),
        "several_against_one": round(work["one"] / work["several"], 3),
        "several_against_one_start_included": round(seconds["one"] / seconds["several"], 3),
        "memory_mb_at_the_quarters": {name: _at_quarters(taken[name][-1].memory) for name in ("one", "several")},
    }
    if arguments.kills:
        killed = scratch / "killed"
        results["after_kills"] = disturb(arguments, scratch / "all", killed, written(scratch / "all-one-0"))
        check_same(scratch / "all-one-0", killed, "A job that was killed writes")
    return results


def _at_quarters(memory: list[tuple[float, float]]) -> dict[str, list[int]]:
    """MB of the command's own process, and of the largest of the others, at each quarter of the time."""
    places = [(len(memory) - 1) * quarter // 4 for quarter in (1, 2, 3)]
    return {
        name: [round(memory[place][index]) for place in places] + [round(max(look[index] for look in memory))]
        for index, name in enumerate(("own", "largest_worker"))
    }


def run() -> None:
    (arguments,) = parse_arguments((AnnotatingArguments,), __doc__)
    with tempfile.TemporaryDirectory(prefix="dicmt-") as scratch:
        print(json.dumps(measure(arguments, Path(scratch)), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    run_command(run)
