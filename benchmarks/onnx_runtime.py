"""PyTorch, ONNX and ONNX in 8-bit integers: speed and F1 of one network on the same records, in one run.

    python -m benchmarks.onnx_runtime --model_name_or_path OUT --dataset_name ccks2017 --data_dir DIR

exports the network to a temporary folder, checks that ONNX gives the entities that PyTorch gives, then has each read
the corpus's development part (or its own tenth) in turn, round after round. Printed are medians over the rounds.
"""

import json
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnxruntime

from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.evaluation.clinical_ner import score_entities
from modeling_dicmt.onnx.export import export_onnx
from modeling_dicmt.onnx.pipeline import MODEL_FILE, OnnxPipeline
from modeling_dicmt.pipeline_dicmt import DicMTPipeline

from .development_part import BenchmarkArguments, load
from .speed.inputs import spans_of
from .speed.measuring import describe_machine


@dataclass
class RuntimeArguments(BenchmarkArguments):
    """What is measured."""

    rounds: int = field(default=5, metadata={"help": "How often each reads the records; with --quick twice."})
    json: bool = field(default=False, metadata={"help": "Print JSON instead of a table."})


def run() -> None:
    (arguments,) = parse_arguments((RuntimeArguments,), __doc__)
    with tempfile.TemporaryDirectory(prefix="dicmt-") as scratch:
        print(render(measure(arguments, Path(scratch)), arguments))


def measure(arguments: RuntimeArguments, scratch: Path) -> dict[str, Any]:
    """Medians and F1 of each, in the order PyTorch, ONNX, int8."""
    network, tokenizer, records = load(arguments)
    recognise = DicMTPipeline(model=network, tokenizer=tokenizer, device="cpu", cpu_threads=arguments.threads)
    runs: dict[str, Any] = {"PyTorch": recognise}
    sizes = {"PyTorch": sum(parameter.numel() * 4 for parameter in network.parameters())}
    for name, quantize in (("ONNX", False), ("ONNX int8", True)):
        folder = export_onnx(network, tokenizer, scratch / name, quantize)
        runs[name] = OnnxPipeline(folder, threads=arguments.threads)
        sizes[name] = (folder / MODEL_FILE).stat().st_size

    texts = [record["text"] for record in records]
    answers = {name: spans_of(recognise(texts)) for name, recognise in runs.items()}
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
        scores = score_entities(answers[name], references, texts=texts)
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


def render(results: dict[str, Any], arguments: RuntimeArguments) -> str:
    """The results for a reader, with what they were measured on."""
    machine = f"{arguments.threads} thread(s) of {describe_machine()}, onnxruntime {onnxruntime.__version__}"
    if arguments.json:
        return json.dumps(results | {"machine": machine}, indent=2)
    lines = [
        f"{arguments.dataset_name}: {results['records']} records, {results['characters']:,} characters; {machine}",
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
