"""How time grows: with a sentence's length, the batch, the number of terms, the number of tags; as plots."""

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import torch
from matplotlib import pyplot

from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification

from .crf import gradient, make_pair
from .dictionary import features_of
from .inputs import dictionary_of, network, sentences_of, texts_of
from .measuring import Settings

Curves = dict[str, list[float]]


def measure(settings: Settings) -> dict[str, Any]:
    """Milliseconds of each curve; `figures` draws them."""
    short = settings.quick
    lengths = [25, 50, 100, 200] if short else [25, 50, 100, 150, 200, 250, 400]
    batches = [1, 4, 16, 64] if short else [1, 2, 4, 8, 16, 32, 64, 128, 256]
    tags = [3, 11, 31] if short else [3, 7, 11, 21, 31, 41, 61]
    terms = [1_000, 10_000, 100_000] if short else [1_000, 10_000, 30_000, 100_000, 300_000, 1_000_000]
    model, _ = network(settings)
    texts = sentences_of(texts_of(settings, "train"))[:2000]
    features = [features_of(dictionary_of(count, settings)) for count in terms]
    return {
        "length": {
            "title": "Sentences' length (32 sentences)",
            "x": "characters",
            "values": lengths,
            "curves": {
                **_crf_curves([(32, length, 11) for length in lengths], settings),
                "network, to best paths": [_network_time(model, 32, length, settings) for length in lengths],
            },
        },
        "batch": {
            "title": "Batch (sentences of 60 characters)",
            "x": "sentences",
            "values": batches,
            "curves": {
                **_crf_curves([(size, 60, 11) for size in batches], settings),
                "network, to best paths": [_network_time(model, size, 60, settings) for size in batches],
            },
        },
        "tags": {
            "title": "Number of tags (32 sentences of 100 characters)",
            "x": "tags",
            "values": tags,
            "curves": _crf_curves([(32, 100, count) for count in tags], settings),
        },
        "terms": {
            "title": f"Number of terms (features of {sum(map(len, texts)):,} characters)",
            "x": "terms",
            "values": terms,
            "curves": {
                "dictionary features": [
                    _milliseconds(lambda item=item: item.features_batch(texts), settings) for item in features
                ]
            },
        },
    }


def draw(measured: dict[str, Any], folder: Path, machine: str) -> list[Path]:
    """One SVG for each abscissa; times are on a logarithmic axis where they differ by more than tenfold."""
    # The same file for the same numbers, with letters as letters.
    matplotlib.rcParams |= {"svg.hashsalt": "dicmt", "svg.fonttype": "none"}
    paths = []
    for name, figure in measured.items():
        plot, axes = pyplot.subplots(figsize=(6.5, 4.2), layout="constrained")
        for label, values in figure["curves"].items():
            axes.plot(figure["values"], values, marker="o", markersize=3, label=label)
        axes.set(xscale="log", xlabel=figure["x"], ylabel="milliseconds", title=figure["title"])
        numbers = [value for values in figure["curves"].values() for value in values]
        if max(numbers) > 10 * min(numbers):
            axes.set_yscale("log")
        else:
            axes.set_ylim(bottom=0)
        axes.set_xticks(figure["values"], [f"{value:,}" for value in figure["values"]], fontsize=8)
        axes.xaxis.minorticks_off()
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
        plot.supxlabel(machine, fontsize=6, color="0.4")
        path = folder / f"{name}.svg"
        plot.savefig(path, metadata={"Date": None})
        pyplot.close(plot)
        paths.append(path)
    return paths


def _crf_curves(sizes: Sequence[tuple[int, int, int]], settings: Settings) -> Curves:
    curves: Curves = {}
    for size in sizes:
        ours, theirs, *rest = make_pair(*size, settings.device)
        sides = {"CRF": ours, "torchcrf": theirs}
        for name, crf in sides.items():
            loss = _milliseconds(lambda crf=crf, rest=rest: gradient(crf, *rest), settings)
            curves.setdefault(f"{name}: loss and gradient", []).append(loss)
            with torch.no_grad():
                decoding = _milliseconds(lambda crf=crf, rest=rest: crf.decode(rest[0], rest[2]), settings)
            curves.setdefault(f"{name}: decoding", []).append(decoding)
    return curves


def _network_time(model: DicMTForTokenClassification, batch: int, length: int, settings: Settings) -> float:
    torch.manual_seed(0)
    shape = (batch, length)
    inputs = {
        "input_ids": torch.randint(2, model.config.vocab_size, shape),
        "radical_ids": torch.randint(1, model.config.num_radicals, shape),
        "dictionary_features": (torch.rand(*shape, model.config.dictionary_feature_size) < 0.05).to(torch.uint8),
    }
    inputs = {name: tensor.to(settings.device) for name, tensor in inputs.items()}
    with torch.inference_mode():
        return _milliseconds(lambda: model(**inputs, output_logits=False), settings)


def _milliseconds(run: Callable[[], Any], settings: Settings) -> float:
    run()
    times = []
    for _ in range(3 if settings.quick else 7):
        if settings.device == "cuda":
            torch.cuda.synchronize()
        started = time.perf_counter()
        run()
        if settings.device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
    return 1e3 * statistics.median(times)
