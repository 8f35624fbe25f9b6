"""Texts, terms and networks that the rows share."""

import random
from typing import Any

from data_scripts.arguments import DataArguments
from data_scripts.records import Records, load_records
from data_scripts.sample import SAMPLE_DICTIONARY
from modeling_dicmt.commands.checkpoint import load_network, load_tokenizer
from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.sentences import split_sentences

from .measuring import Settings


def records_of(settings: Settings, part: str) -> Records:
    """A part of CCKS2017, its development part cut off the training part, or of the embedded sample."""
    arguments = DataArguments(dataset_name="sample")
    if settings.data_dir is not None:
        arguments = DataArguments(dataset_name="ccks2017", data_dir=f"{settings.data_dir}/ccks2017")
    return load_records(arguments)[0][part]


def texts_of(settings: Settings, part: str) -> list[str]:
    """The texts of a part's records."""
    return [record["text"] for record in records_of(settings, part)]


def dictionary_path(settings: Settings) -> str:
    """The term lists."""
    return str(SAMPLE_DICTIONARY) if settings.data_dir is None else f"{settings.data_dir}/dictionaries"


def sentences_of(texts: list[str]) -> list[str]:
    """All sentences of the records."""
    return [text[start:end] for text in texts for start, end in split_sentences(text)]


def network(settings: Settings, name: str = "network") -> tuple[Any, Any]:
    """A network of the Random setting that was trained for the benchmark, and its tokenizer."""
    path = f"{settings.folder}/{name}"
    return load_network(path).to(settings.device).eval(), load_tokenizer(path)


def spans_of(answers: list[list[dict[str, Any]]]) -> list[list[tuple[int, int, str]]]:
    """What pipelines' answers must have in common: scores differ by rounding."""
    return [[(item["start"], item["end"], item["entity_group"]) for item in found] for found in answers]


def known_terms(records: Records, count: int) -> ClinicalDictionary:
    """So many of the records' mentions, or all, as vetted terms of their types."""
    mentions = sorted(
        {
            (entity["type"], record["text"][entity["start"] : entity["end"]])
            for record in records
            for entity in record["entities"]
        }
    )
    terms: dict[str, list[str]] = {}
    for name, mention in random.Random(0).sample(mentions, min(count, len(mentions))):
        terms.setdefault(name, []).append(mention)
    return ClinicalDictionary.from_json(terms)


def dictionary_of(count: int, settings: Settings) -> ClinicalDictionary:
    """A dictionary of so many terms: a part of the real ones, or all and new ones of their halves."""
    real = ClinicalDictionary.from_path(dictionary_path(settings))
    if len(real) >= count:
        return real.subsample(count / len(real))
    generator = random.Random(0)
    pool = list(real)
    lists_of_term: dict[str, Any] = dict(real.items())
    lists = list(lists_of_term.values())
    characters = sorted({character for term in pool for character in term if not character.isspace()})
    while len(lists_of_term) < count:
        first, second = generator.choice(pool), generator.choice(pool)
        # A character between the halves, since a small dictionary has too few pairs of terms.
        term = first[: max(1, len(first) // 2)] + generator.choice(characters) + second[len(second) // 2 :]
        if len(term) <= 30 and term == term.strip():
            lists_of_term.setdefault(term, generator.choice(lists))
    return ClinicalDictionary(lists_of_term)
