"""Dictionary features against look-ups of every n-gram in a Python dict, and loading a million terms."""

import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from data_scripts.dictionary_lists import default_lists_of_type
from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.dictionary_features import DictionaryMatcher
from modeling_dicmt.normalization import normalize
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer, character_vocabulary

from .inputs import dictionary_of, sentences_of, texts_of
from .measuring import Row, Settings, compare, require, resident_bytes, speed_of

TYPES = ["Disease", "Anatomy", "Symptom", "Exam", "Treatment"]
SIZES = (2, 3, 4, 5, 6)
AIMS = {30_000: "≥ 15", 300_000: "≥ 12", 1_000_000: "≥ 12"}


def features_of(dictionary: ClinicalDictionary) -> DictionaryMatcher:
    """The features of the paper's scheme."""
    return DictionaryMatcher(dictionary, TYPES, default_lists_of_type(TYPES, dictionary.lists, corpus="ccks2017"))


_BITS_OF_CODE = [[code >> bit & 1 for bit in (2, 1, 0)] for code in range(len(TYPES) + 1)]


def naive_bits(texts: Sequence[str], code_of: dict[str, int]) -> list[np.ndarray]:
    """The features (L, 30) of each text as they are defined: at each character the n-grams that end and begin there."""
    found = []
    for text in map(normalize, texts):
        bits = np.zeros((len(text), 2 * len(SIZES), 3), dtype=np.uint8)
        for place in range(len(text)):
            for i, size in enumerate(SIZES):
                if place + 1 >= size:
                    code = code_of.get(text[place + 1 - size : place + 1])
                    if code:
                        bits[place, 2 * i] = _BITS_OF_CODE[code]
                if place + size <= len(text):
                    code = code_of.get(text[place : place + size])
                    if code:
                        bits[place, 2 * i + 1] = _BITS_OF_CODE[code]
        found.append(bits.reshape(len(text), -1))
    return found


def naive_bits_once(texts: Sequence[str], code_of: dict[str, int]) -> list[np.ndarray]:
    """The same with each n-gram looked up once, and written at its last and first character."""
    found = []
    for text in map(normalize, texts):
        bits = np.zeros((len(text), 2 * len(SIZES), 3), dtype=np.uint8)
        for i, size in enumerate(SIZES):
            for start in range(len(text) - size + 1):
                code = code_of.get(text[start : start + size])
                if code:
                    bits[start + size - 1, 2 * i] = bits[start, 2 * i + 1] = _BITS_OF_CODE[code]
        found.append(bits.reshape(len(text), -1))
    return found


def rows(settings: Settings) -> Iterator[Row]:
    """Features at each size of dictionary; loading."""
    texts = sentences_of(texts_of(settings, "train"))[: 2000 if settings.quick else None]
    characters = sum(map(len, texts))
    for count in (30_000,) if settings.quick else AIMS:
        features = features_of(dictionary_of(count, settings))
        code_of = {}
        for term, lists in features.dictionary.items():
            types = [kind for kind in features.precedence if set(lists) & set(features.lists_of_type[kind])]
            if types:
                code_of[term] = TYPES.index(types[0]) + 1
        naive = {
            "look-ups in a Python dict at each character": (naive_bits, AIMS[count]),
            "look-ups in a Python dict, each n-gram once": (naive_bits_once, ""),
        }
        for against, (look_up, aim) in naive.items():
            for mine, other in zip(features.features_batch(texts), look_up(texts, code_of), strict=True):
                require(np.array_equal(mine, other), "the features differ from the look-ups'")
            row = compare(
                f"dictionary features, {count:,} terms",
                against,
                lambda features=features: features.features_batch(texts),
                lambda look_up=look_up, code_of=code_of: look_up(texts, code_of),
                aim,
                settings,
                work=characters,
                note=f"{characters:,} characters, {len(texts):,} sentences",
            )
            yield row
        yield speed_of(row, characters, "≥ 1.5")
    yield from loading(30_000 if settings.quick else 1_000_000, settings)


def loading(count: int, settings: Settings) -> Iterator[Row]:
    """Time and memory of loading a tokenizer's folder with a large dictionary, each in a process of its own."""
    dictionary = dictionary_of(count, settings)
    table = Path(settings.folder) / "terms.tsv"
    # A table as users have it: in no order.
    terms = np.array([f"{term}\t{','.join(lists)}" for term, lists in dictionary.items()])
    np.random.default_rng(0).shuffle(terms)
    table.write_text("\n".join(terms) + "\n", encoding="utf-8")
    saved = Path(settings.folder) / "large_dictionary"
    tokenizer = DicMTTokenizer(
        character_vocabulary([], dictionary),
        dictionary=dictionary,
        entity_types=TYPES,
        lists_of_type=default_lists_of_type(TYPES, dictionary.lists, corpus="ccks2017"),
    )
    tokenizer.save_pretrained(saved)
    require(DicMTTokenizer.from_pretrained(saved).dictionary == dictionary, "the saved dictionary is another")
    require(ClinicalDictionary.from_path(table) == dictionary, "the table gives another dictionary")
    measured = in_processes({"load": saved, "parse": table}, settings)
    seconds, memory = measured["load"]
    text = 2 * sum(map(len, dictionary)) / count  # as Python keeps it, two bytes a character
    yield Row(
        f"loading {count:,} terms with the tokenizer, ready to match",
        "parsing the TSV",
        f"{seconds:.2f} s",
        f"{measured['parse'][0]:.2f} s",
        seconds,
        "≤ 1",
        "in seconds",
        settings.threads,
    )
    yield Row(
        f"memory of {count:,} terms, ready to match",
        "—",
        f"{memory:.0f} bytes a term",
        "",
        memory - text,
        "≤ 100",
        f"in bytes beyond the term's text, which takes {text:.0f}",
        settings.threads,
    )


def in_processes(paths: dict[str, Path], settings: Settings) -> dict[str, tuple[float, float]]:
    """Seconds and bytes a term of loading ("load") or parsing ("parse") what lies there: medians, sides in turn."""
    measured: dict[str, list[tuple[float, float]]] = {side: [] for side in paths}
    for _ in range(1 if settings.quick else 5):
        for side, path in paths.items():
            command = [sys.executable, "-m", "benchmarks.speed.dictionary", side, str(path)]
            output = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
            seconds, memory = output.stdout.split()[-2:]
            measured[side].append((float(seconds), float(memory)))
    return {side: tuple(map(statistics.median, zip(*figures, strict=True))) for side, figures in measured.items()}


def main() -> None:
    """Load or parse in this process; print seconds and bytes a term."""
    side, path = sys.argv[1:]
    features_of(ClinicalDictionary({"肝炎": ["disease"]}))  # what is imported or set up at first use is not counted
    gc.collect()
    before, started = resident_bytes(), time.perf_counter()
    if side == "load":
        made = DicMTTokenizer.from_pretrained(path)
        count = len(made.dictionary) + len(made.terms)
    else:
        made = features_of(ClinicalDictionary.from_path(path))
        count = len(made.dictionary)
    seconds = time.perf_counter() - started
    gc.collect()
    print(seconds, (resident_bytes() - before) / count)


if __name__ == "__main__":
    main()
