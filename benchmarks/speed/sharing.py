"""Recognition beside another program: as many threads as a batch is worth, against as many as there are cores.

A batch is cut into pieces for all threads, and each waits for the last at every step: where another program has one of
the cores, all of them wait for it.
"""

import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from modeling_dicmt.pipeline_dicmt import DicMTPipeline

from .inputs import network, spans_of, texts_of
from .measuring import Row, Settings, in_turn, require


def rows(settings: Settings) -> Iterator[Row]:
    """Records with the pipeline's default threads and with torch's, while all cores are free and while one is busy."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    if len(cores) < 2:
        return  # the other program would leave nothing
    texts = texts_of(settings, "validation")[: 20 if settings.quick else None]
    characters = sum(map(len, texts))
    model, tokenizer = network(settings)
    threads_of = {"default": None, "all": len(cores)}
    sides = {
        name: DicMTPipeline(model=model, tokenizer=tokenizer, device="cpu", cpu_threads=threads)
        for name, threads in threads_of.items()
    }
    found = {name: spans_of(recognise(texts)) for name, recognise in sides.items()}
    require(any(found["default"]), "nothing is found")
    require(found["default"] == found["all"], "the numbers of threads give other entities")

    with busy_program(cores[0]) as beside:
        runs: dict[str, Callable[[], Any]] = {}
        for name, recognise in sides.items():
            runs[name] = lambda recognise=recognise: recognise(texts)
            runs[f"{name}, beside"] = lambda recognise=recognise: beside(lambda: recognise(texts))
        seconds = in_turn(runs, rounds=2 if settings.quick else 7)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    told = {name: f"{characters / value:,.0f} characters/s" for name, value in medians.items()}
    note = f"{len(texts)} records, {characters:,} characters; the four runs in turn"
    pairs = (
        ("cores free", "default", "all", f"{len(cores)} threads, torch's default here", ""),
        (
            f"another program on one of {len(cores)} cores",
            "default, beside",
            "all, beside",
            f"{len(cores)} threads, torch's default here",
            "≥ 2",
        ),
        (f"another program on one of {len(cores)} cores", "default, beside", "default", "all cores free", "≤ 1.5"),
    )
    for what, mine, other, against, aim in pairs:
        ratio = medians[mine] / medians[other] if aim.startswith("≤") else medians[other] / medians[mine]
        rounds = {"ours": seconds[mine], "theirs": seconds[other]}
        yield Row(f"pipeline, {what}", against, told[mine], told[other], ratio, aim, note, rounds=rounds)


@contextmanager
def busy_program(core: int) -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """A program that keeps a core busy, asleep but for the calls of what this gives: it calls a function beside it."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {core})
        process.send_signal(signal.SIGSTOP)

        def beside(run: Callable[[], Any]) -> Any:
            process.send_signal(signal.SIGCONT)
            try:
                return run()
            finally:
                process.send_signal(signal.SIGSTOP)

        yield beside
    finally:
        process.kill()
        process.wait()
