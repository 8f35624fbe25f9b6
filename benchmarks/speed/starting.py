"""From a new process to the first entity, and what is imported on the way."""

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import spacy

from .inputs import texts_of
from .measuring import Row, Settings, require

OURS = """
import sys, time
started = time.perf_counter()
from modeling_dicmt.pipeline_dicmt import DicMTPipeline
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer
imported = time.perf_counter()
folder, text = sys.argv[1:]
recognise = DicMTPipeline(
    model=DicMTForTokenClassification.from_pretrained(folder), tokenizer=DicMTTokenizer.from_pretrained(folder)
)
found = recognise(text)
print(imported - started, time.perf_counter() - imported)
print(",".join(name for name in ("datasets", "evaluate", "accelerate") if name in sys.modules))
"""
STOCK = """
import sys
from transformers import Pipeline, PreTrainedModel
print(",".join(name for name in ("datasets", "evaluate", "accelerate") if name in sys.modules))
"""
THEIRS = """
import sys, time
started = time.perf_counter()
import spacy
imported = time.perf_counter()
folder, text = sys.argv[1:]
found = spacy.load(folder)(text).ents
print(imported - started, time.perf_counter() - imported)
"""


def rows(settings: Settings) -> Iterator[Row]:
    """Both, each in new processes in turn."""
    folder = Path(settings.folder)
    text = texts_of(settings, "validation")[0][:100]
    model = spacy.blank("zh")
    model.add_pipe("ner").add_label("Disease")
    model.initialize()
    model.to_disk(folder / "spacy")
    sides = {"ours": (OURS, folder / "network"), "theirs": (THEIRS, folder / "spacy")}
    figures: dict[str, list[list[float]]] = {name: [] for name in sides}
    modules = ""
    for _ in range(1 if settings.quick else 7):
        for name, (code, path) in sides.items():
            lines = _run(code, str(path), text)
            figures[name].append([float(value) for value in lines[0].split()])
            modules = lines[1] if name == "ours" else modules
    stock = _run(STOCK)[0]
    require(modules == stock, f"the pipeline imports {modules}, transformers alone {stock}")
    medians = {
        name: [statistics.median(values) for values in zip(*rounds, strict=True)] for name, rounds in figures.items()
    }
    totals = {name: sum(values) for name, values in medians.items()}
    told = {name: f"{sum(values):.2f} s (imports {values[0]:.2f})" for name, values in medians.items()}
    yield Row(
        "start: import, load a small checkpoint, first entity",
        "spaCy's blank pipeline",
        told["ours"],
        told["theirs"],
        totals["ours"] / totals["theirs"],
        "",
        f"of datasets, evaluate, accelerate only what transformers' Pipeline imports by itself: {stock or 'none'}",
        settings.threads,
    )


def _run(code: str, *arguments: str) -> list[str]:
    output = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    return [*output.stdout.splitlines(), ""]
