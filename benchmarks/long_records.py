"""Long records through DicMT's pipeline, and how often transformers' own pipeline says something else.

    python benchmarks/long_records.py --model_name_or_path OUT --dataset_name ccks2017 --data_dir DIR

puts the corpus's development part together to a record of --length characters, as it is and without any full stop or
line end, and tells seconds and memory, after checking that every word is what the record has there and that the
entities are the same in small batches. Then both pipelines read the part's sentences, and its records.
"""

import itertools
import json
import resource
import time
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import pipeline

from data_scripts.arguments import DataArguments
from data_scripts.records import load_records
from modeling_dicmt.commands.checkpoint import load_network, load_tokenizer
from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.pipeline_dicmt import DicMTPipeline
from modeling_dicmt.sentences import split_sentences


@dataclass
class BenchmarkArguments:
    """What is measured."""

    model_name_or_path: str = field(metadata={"help": "Folder of a trained network."})
    dataset_name: str = field(default="sample", metadata={"help": "Corpus whose development part is read."})
    data_dir: str | None = field(default=None, metadata={"help": "The corpus's folder."})
    length: int = field(default=100_000, metadata={"help": "Characters of the long records."})
    threads: int = field(default=1, metadata={"help": "Threads."})
    quick: bool = field(default=False, metadata={"help": "Records of 10,000 characters, the part's first ten records."})


Spans = list[tuple[int, int, str]]


def as_spans(found: list[dict[str, Any]]) -> Spans:
    """What counts of a pipeline's answer."""
    return [(item["start"], item["end"], item["entity_group"]) for item in found]


def peak_memory() -> float:
    """The most memory that this process had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def long_record(recognise: DicMTPipeline, text: str) -> dict[str, Any]:
    """Seconds and memory of one record; raises ValueError if an offset is wrong or batches have an influence."""
    before, started = peak_memory(), time.perf_counter()
    found = recognise(text)
    seconds, memory = time.perf_counter() - started, peak_memory() - before
    if not all(text[item["start"] : item["end"]] == item["word"] for item in found):
        raise ValueError("A word is not what the record has at its offsets.")
    if as_spans(recognise(text, batch_characters=500)) != as_spans(found):
        raise ValueError("Small batches give other entities.")
    return {
        "characters": len(text),
        "entities": len(found),
        "seconds": round(seconds, 2),
        "characters_per_second": round(len(text) / seconds),
        "memory_mb": round(memory, 1),
    }


def differences(recognise: DicMTPipeline, stock: Any, texts: list[str]) -> dict[str, Any]:
    """On how many texts the stock pipeline finds other entities, and how many entities only one of the two finds."""
    started = time.perf_counter()
    own = [set(as_spans(found)) for found in recognise(texts)]
    own_seconds, started = time.perf_counter() - started, time.perf_counter()
    other = [set(as_spans(found)) for found in stock(texts)]
    return {
        "texts": len(texts),
        "entities": sum(map(len, own)),
        "texts_that_differ": sum(one != two for one, two in zip(own, other, strict=True)),
        "entities_that_differ": sum(len(one ^ two) for one, two in zip(own, other, strict=True)),
        "times_as_slow": round((time.perf_counter() - started) / own_seconds, 1),
    }


def run() -> None:
    (arguments,) = parse_arguments((BenchmarkArguments,), __doc__)
    torch.set_num_threads(arguments.threads)
    parts, _ = load_records(DataArguments(dataset_name=arguments.dataset_name, data_dir=arguments.data_dir))
    texts = [record["text"] for record in parts["validation"]][: 10 if arguments.quick else None]
    length = 10_000 if arguments.quick else arguments.length
    network, tokenizer = load_network(arguments.model_name_or_path), load_tokenizer(arguments.model_name_or_path)
    recognise = DicMTPipeline(model=network, tokenizer=tokenizer, device="cpu", cpu_threads=arguments.threads)
    stock = pipeline(
        "token-classification", model=network, tokenizer=tokenizer, device="cpu", aggregation_strategy="simple"
    )
    recognise(texts[0])  # what is done once is not counted
    text = "".join(itertools.islice(itertools.cycle("".join(texts)), length))
    without = text.translate(dict.fromkeys(map(ord, "。\n\v\f\r\x85\u2028\u2029"), "，"))
    sentences = [record[start:end] for record in texts for start, end in split_sentences(record) if end - start <= 250]
    results = {
        "a long record": long_record(recognise, text),
        "one without full stop or line end": long_record(recognise, without),
        "stock pipeline on sentences": differences(recognise, stock, sentences),
        "stock pipeline on records": differences(recognise, stock, texts),
    }
    print(json.dumps(results, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    run_command(run)
