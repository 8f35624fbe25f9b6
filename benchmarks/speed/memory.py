"""Memory of annotating a corpus in a stream: it must not grow with the corpus."""

import itertools
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from modeling_dicmt.pipeline_dicmt import DicMTPipeline

from .inputs import network, texts_of
from .measuring import Row, Settings


def rows(settings: Settings) -> Iterator[Row]:
    """Peaks of two processes, one of which reads ten times as much."""
    small = 100_000 if settings.quick else 1_000_000
    runs = 1 if settings.quick else 3
    peaks = [statistics.median(_peak(size, settings) for _ in range(runs)) for size in (small, 10 * small)]
    yield Row(
        f"memory of annotating {10 * small / 1e6:.0f} MB in a stream",
        f"annotating {small / 1e6:.1f} MB",
        f"{peaks[1] / 1e6:,.0f} MB peak",
        f"{peaks[0] / 1e6:,.0f} MB peak",
        peaks[1] / peaks[0],
        "≤ 1.10",
        f"whole processes, medians of {runs}; bytes of UTF-8",
        settings.threads,
    )


def _peak(size: int, settings: Settings) -> int:
    arguments = [str(size), settings.folder, settings.data_dir or "", str(settings.threads)]
    output = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed.memory", *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    return int(output.stdout.split()[-1])


def main() -> None:
    """Annotate so many bytes; print the process's peak."""
    size, folder, data_dir, threads = sys.argv[1:]
    settings = Settings(False, int(threads), "cpu", data_dir or None, folder)
    model, tokenizer = network(settings)
    texts = texts_of(settings, "train")

    def stream() -> Iterator[str]:
        written = 0
        for text in itertools.cycle(texts):
            written += len(text.encode())
            yield text
            if written >= int(size):
                return

    entities = sum(len(found) for found in DicMTPipeline(model=model, tokenizer=tokenizer, device="cpu")(stream()))
    if not entities:
        raise ValueError("Nothing was found.")
    # Not getrusage: its peak is, after exec, still that of the process which started this one.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(1024 * int(status["VmHWM"].split()[0]))


if __name__ == "__main__":
    main()
