"""Speed of DicMT's parts and of the whole, each against what users would otherwise run, in one table.

    python -m benchmarks.speed --quick
    python -m benchmarks.speed --data_dir DIR --output_dir OUT

Each part is measured in a process of its own, with one thread and with two (--quick: all in one process, with two).
Both sides are checked to agree before they are timed, then run in turn, round after round; medians are told. DIR holds
`ccks2017` and `dictionaries`; without it the embedded sample is read. A small network is trained first, for the rows
that need one.

OUT/table.md has the table, OUT/parts/ every round, OUT/*.svg the curves. Parts that OUT has already are not measured
again, so that an interrupted run goes on where it was. Needs the extra: pip install "dicmt[benchmarks]".
"""

import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from tqdm.auto import tqdm

from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.files import read_json, write_json, write_text

from .heads import SPAN_NETWORK
from .inputs import dictionary_path
from .measuring import Row, Settings, describe_machine

ROOT = Path(__file__).parents[2]
# In the order of the table; each is a module with `rows(settings)`. Curves are measured besides.
PARTS = [
    *("crf", "dictionary", "tokenizing", "training", "recognising", "in_spacy", "heads"),
    *("terms", "sharing", "encoders", "memory", "starting", "deidentifying"),
]
CURVES = "curves"
# What is measured once, not for each number of threads.
ONCE = {"sharing", CURVES}
WITHOUT_NETWORK = {"crf", "dictionary", "deidentifying"}
EXTRA_MODULES = {
    "recognising": ["spacy", "pycrfsuite"],
    "in_spacy": ["spacy"],
    "starting": ["spacy"],
    CURVES: ["matplotlib"],
}


@dataclass
class BenchmarkArguments:
    """What is measured."""

    data_dir: str | None = field(
        default=None, metadata={"help": "Folder with `ccks2017` and `dictionaries`; default: the embedded sample."}
    )
    output_dir: str = field(default="outputs/speed", metadata={"help": "Where results go."})
    quick: bool = field(default=False, metadata={"help": "Few rounds and small sizes: under two minutes."})
    threads: list[int] = field(default_factory=lambda: [1, 2], metadata={"help": "Numbers of threads."})
    only: list[str] | None = field(default=None, metadata={"help": "Parts to measure.", "choices": [*PARTS, CURVES]})
    device: str = field(default="cpu", metadata={"help": "Where networks run.", "choices": ["cpu", "cuda"]})
    epochs: int = field(default=3, metadata={"help": "Epochs of the small network's training."})
    part: str | None = field(
        default=None, metadata={"help": "Measure one part in this process; for the command itself."}
    )


def run() -> None:
    (arguments,) = parse_arguments((BenchmarkArguments,), __doc__)
    if arguments.device == "cuda" and not torch.cuda.is_available():
        raise ValueError("--device cuda: torch sees no GPU here; run it on a machine that has one, or leave it out.")
    if arguments.data_dir is not None and not Path(arguments.data_dir, "ccks2017").is_dir():
        raise ValueError(f"{arguments.data_dir} holds no ccks2017: pass the folder that holds it and `dictionaries`.")
    if arguments.part is not None:
        _measure_here(arguments, arguments.part, arguments.threads[0])
        return
    wanted = arguments.only or [*PARTS, CURVES]
    for module in {name: None for part in wanted for name in EXTRA_MODULES.get(part, ())}:
        try:
            import_module(module)
        except ImportError as error:
            raise ImportError(f'{module} is missing. Install it with: pip install "dicmt[benchmarks]"') from error
    output = Path(arguments.output_dir)
    output.mkdir(parents=True, exist_ok=True)
    _check_same_run(arguments, output)
    if set(wanted) - WITHOUT_NETWORK:
        _train_network(arguments, output)
    if "heads" in wanted:
        _train_network(arguments, output, SPAN_NETWORK, "--head", "spans")
    threads = arguments.threads[-1:] if arguments.quick else arguments.threads
    # With the threads innermost: a part's rows for one and two threads are measured one after the other.
    jobs = [(part, number) for part in wanted for number in (threads[-1:] if part in ONCE else threads)]
    bar = tqdm(jobs, unit="part", disable=None)
    for part, number in bar:
        bar.set_description(f"{part}, {number} threads", refresh=True)
        if not _result_path(output, part, number).exists():
            measure = _measure_here if arguments.quick else _measure_in_child
            measure(arguments, part, number)
    table = render(arguments, output, threads)
    write_text(output / "table.md", table)
    print(table)
    curves = _result_path(output, CURVES, threads[-1])
    if curves.exists():
        from .curves import draw

        for path in draw(read_json(curves), output, describe_machine()):
            print(path)


def render(arguments: BenchmarkArguments, output: Path, threads: list[int]) -> str:
    """The table, of all parts that were measured."""
    data = "the embedded sample" if arguments.data_dir is None else "CCKS2017 and its term lists"
    lines = [
        f"{data}; {describe_machine()}",
        "",
        "| what | threads | DicMT | against | the other | ratio | aim | reached | note |",
        "|---|---:|---:|---|---:|---:|---:|---|---|",
    ]
    for part in PARTS:
        found = {number: _rows_of(output, part, number) for number in threads}
        longest = max(map(len, found.values()))
        for place in range(longest):
            for number in threads:
                if place < len(found[number]):
                    lines.append(_render_row(found[number][place]))
    if arguments.device == "cpu":
        lines += [
            "",
            "GPU rows (CRF, training step in bf16): not measured; the same command with `--device cuda` does.",
        ]
    return "\n".join(lines) + "\n"


def _render_row(row: Row) -> str:
    reached = {None: "", True: "yes", False: "**no**"}[row.reached]
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    cells = [row.what, row.threads, row.ours, row.against, row.theirs, ratio, row.aim, reached, row.note]
    return "| " + " | ".join(map(str, cells)) + " |"


def _rows_of(output: Path, part: str, threads: int) -> list[Row]:
    path = _result_path(output, part, threads)
    return [Row(**row) for row in read_json(path)] if path.exists() else []


def _result_path(output: Path, part: str, threads: int) -> Path:
    return output / "parts" / f"{part}-{threads}.json"


def _check_same_run(arguments: BenchmarkArguments, output: Path) -> None:
    """Parts of another run are not to be mixed in: they are put away."""
    settings = {name: getattr(arguments, name) for name in ("data_dir", "quick", "device", "epochs")}
    settings["machine"] = describe_machine()
    path = output / "settings.json"
    if path.exists() and read_json(path) != settings:
        shutil.rmtree(output / "parts", ignore_errors=True)
        for name in ("network", SPAN_NETWORK):
            shutil.rmtree(output / name, ignore_errors=True)
    write_json(path, settings)
    (output / "parts").mkdir(exist_ok=True)


def _train_network(arguments: BenchmarkArguments, output: Path, name: str = "network", *more: str) -> None:
    """The product's own training, for a few epochs: speed does not depend on more."""
    folder = output / name
    if (folder / "model.safetensors").exists():
        return
    settings = Settings(arguments.quick, max(arguments.threads), arguments.device, arguments.data_dir, str(output))
    corpus = ["--dataset_name", "sample"]
    if arguments.data_dir is not None:
        corpus = ["--dataset_name", "ccks2017", "--data_dir", f"{arguments.data_dir}/ccks2017"]
    command = [sys.executable, str(ROOT / "run_ner.py"), *corpus, "--dictionary", dictionary_path(settings)]
    command += [
        "--output_dir",
        str(folder),
        "--num_train_epochs",
        str(arguments.epochs),
        "--overwrite_output_dir",
        *more,
    ]
    _run_child(command, max(arguments.threads), output / f"training_{name}.log", "The network's training")


def _measure_in_child(arguments: BenchmarkArguments, part: str, threads: int) -> None:
    command = [sys.executable, "-m", "benchmarks.speed", "--part", part, "--threads", str(threads)]
    command += ["--output_dir", arguments.output_dir, "--device", arguments.device]
    command += ["--quick"] if arguments.quick else []
    command += ["--data_dir", arguments.data_dir] if arguments.data_dir is not None else []
    log = Path(arguments.output_dir) / "parts" / f"{part}-{threads}.log"
    _run_child(command, threads, log, f"Measuring {part!r} with {threads} thread(s)")


def _run_child(command: list[str], threads: int, log: Path, what: str) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with open(log, "w", encoding="utf-8") as file:
        finished = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, env=environment)
    if finished.returncode:
        last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
        raise ValueError(f"{what} failed; {log} has all of it:\n" + "\n".join(last))


def _measure_here(arguments: BenchmarkArguments, part: str, threads: int) -> None:
    torch.set_num_threads(threads)
    settings = Settings(arguments.quick, threads, arguments.device, arguments.data_dir, arguments.output_dir)
    module = import_module(f".{part}", __package__)
    found: Any = module.measure(settings) if part == CURVES else [asdict(row) for row in module.rows(settings)]
    write_json(_result_path(Path(arguments.output_dir), part, threads), found)


if __name__ == "__main__":
    run_command(run)
