"""Long records through DicMT's pipeline, and how often transformers' own pipeline says something else.

    python -m benchmarks.long_records --model_name_or_path OUT --dataset_name ccks2017 --data_dir DIR

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

from transformers import pipeline

from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.pipeline_dicmt import DicMTPipeline
from modeling_dicmt.sentences import split_sentences

from .development_part import BenchmarkArguments, load
from .speed.inputs import spans_of


@dataclass
class LengthArguments(BenchmarkArguments):
    """What is measured."""

    length: int = field(default=100_000, metadata={"help": "Characters of the long records; with --quick 10,000."})


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
    if spans_of([recognise(text, batch_characters=500)]) != spans_of([found]):
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
    own = list(map(set, spans_of(recognise(texts))))
    own_seconds, started = time.perf_counter() - started, time.perf_counter()
    other = list(map(set, spans_of(stock(texts))))
    return {
        "texts": len(texts),
        "entities": sum(map(len, own)),
        "texts_that_differ": sum(one != two for one, two in zip(own, other, strict=True)),
        "entities_that_differ": sum(len(one ^ two) for one, two in zip(own, other, strict=True)),
        "times_as_slow": round((time.perf_counter() - started) / own_seconds, 1),
    }


def run() -> None:
    (arguments,) = parse_arguments((LengthArguments,), __doc__)
    network, tokenizer, records = load(arguments)
    texts = [record["text"] for record in records]
    length = 10_000 if arguments.quick else arguments.length
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
