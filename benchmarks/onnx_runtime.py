"""PyTorch, ONNX and ONNX in 8-bit integers: speed and F1 of one network on the same records, in one run.

    python benchmarks/onnx_runtime.py --model_name_or_path OUT --dataset_name ccks2017 --data_dir DIR

exports the network to a temporary folder, checks that ONNX gives the entities that PyTorch gives, then has each read
the corpus's development part (or its own tenth) in turn, round after round. Printed are medians over the rounds.
"""

import json
import os
import platform
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy
import onnxruntime
import torch
import transformers

from data_scripts.arguments import DataArguments
from data_scripts.records import load_records
from modeling_dicmt.commands.checkpoint import load_network, load_tokenizer
from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.evaluation.clinical_ner import score_entities
from modeling_dicmt.onnx.export import export_onnx
from modeling_dicmt.onnx.pipeline import MODEL_FILE, OnnxPipeline
from modeling_dicmt.pipeline_dicmt import DicMTPipeline


@dataclass
class BenchmarkArguments:
    """What is measured."""

    model_name_or_path: str = field(metadata={"help": "Folder of a trained network."})
    dataset_name: str = field(default="sample", metadata={"help": "Corpus whose development part is read."})
    data_dir: str | None = field(default=None, metadata={"help": "The corpus's folder."})
    threads: int = field(default=1, metadata={"help": "Threads of each runtime."})
    rounds: int = field(default=5, metadata={"help": "How often each reads the records."})
    quick: bool = field(default=False, metadata={"help": "Ten records, two rounds."})
    json: bool = field(default=False, metadata={"help": "Print JSON instead of a table."})


def as_spans(found: list[list[dict[str, Any]]]) -> list[list[tuple[int, int, str]]]:
    """What counts of the pipelines' answers."""
    return [[(item["start"], item["end"], item["entity_group"]) for item in items] for items in found]


def run() -> None:
    (arguments,) = parse_arguments((BenchmarkArguments,), __doc__)
    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory(prefix="dicmt-") as scratch:
        parts, _ = load_records(DataArguments(dataset_name=arguments.dataset_name, data_dir=arguments.data_dir))
        records = parts["validation"][: 10 if arguments.quick else None]
        print(render(measure(records, arguments, Path(scratch)), arguments))


def measure(records: list[dict[str, Any]], arguments: BenchmarkArguments, scratch: Path) -> dict[str, Any]:
    """Medians and F1 of each, in the order PyTorch, ONNX, int8."""
    network, tokenizer = (load(arguments.model_name_or_path) for load in (load_network, load_tokenizer))
    recognise = DicMTPipeline(model=network, tokenizer=tokenizer, device="cpu", cpu_threads=arguments.threads)
    runs: dict[str, Any] = {"PyTorch": recognise}
    sizes = {"PyTorch": sum(parameter.numel() * 4 for parameter in network.parameters())}
    for name, quantize in (("ONNX", False), ("ONNX int8", True)):
        folder = export_onnx(network, tokenizer, scratch / name, quantize)
        runs[name] = OnnxPipeline(folder, threads=arguments.threads)
        sizes[name] = (folder / MODEL_FILE).stat().st_size

    texts = [record["text"] for record in records]
    answers = {name: as_spans(recognise(texts)) for name, recognise in runs.items()}
    if answers["ONNX"] != answers["PyTorch"]:
        raise ValueError("ONNX finds other entities than PyTorch: there is nothing to compare.")
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(2 if arguments.quick else arguments.rounds):
        for name, recognise in runs.items():
            started = time.perf_counter()
            recognise(texts)
            seconds[name].append(time.perf_counter() - started)

    characters = sum(map(len, texts))
    references = [record["entities"] for record in records]
    rows = {}
    for name in runs:
        scores = score_entities([[tuple(span) for span in spans] for spans in answers[name]], references, texts=texts)
        median = statistics.median(seconds[name])
        rows[name] = {
            "characters_per_second": round(characters / median),
            "fastest": round(characters / min(seconds[name])),
            "slowest": round(characters / max(seconds[name])),
            "ratio": round(statistics.median(seconds["PyTorch"]) / median, 2),
            "f1": round(scores["f1"], 4),
            "bytes": sizes[name],
        }
    return {"records": len(texts), "characters": characters, "rows": rows}


def render(results: dict[str, Any], arguments: BenchmarkArguments) -> str:
    """The results for a reader, with what they were measured on."""
    versions = {"torch": torch.__version__, "onnxruntime": onnxruntime.__version__, "numpy": numpy.__version__}
    versions |= {"transformers": transformers.__version__, "python": platform.python_version()}
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {arguments.threads} thread(s)"
    if arguments.json:
        return json.dumps(results | {"machine": machine, "versions": versions}, indent=2)
    lines = [
        f"{arguments.dataset_name}: {results['records']} records, {results['characters']:,} characters; {machine}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items()),
        "",
        "| runtime | characters a second (slowest–fastest round) | against PyTorch | strict F1 | weights, MB |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, row in results["rows"].items():
        lines.append(
            f"| {name} | {row['characters_per_second']:,} ({row['slowest']:,}–{row['fastest']:,}) | "
            f"{row['ratio']:.2f} × | {100 * row['f1']:.2f} | {row['bytes'] / 1e6:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    run_command(run)
