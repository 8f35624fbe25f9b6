"""Train a baseline and score it, with run_ner.py's files as result: `python -m experiments.baselines SETTINGS.json`."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Protocol

from data_scripts.arguments import DataArguments
from data_scripts.records import Records, load_dictionary, load_lists_of_type, load_records, taggable_records
from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.evaluation.clinical_ner import count_mentions
from modeling_dicmt.files import write_json
from modeling_dicmt.tagging import Span, bio_labels
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer
from modeling_dicmt.training.arguments import ModelArguments
from modeling_dicmt.training.preparation import build_tokenizer

from ..recording import PREFIXES, write_part
from ..specification import MODEL_OF_KIND

logger = logging.getLogger("experiments.baselines")

KINDS = {"feature_crf": "FeatureCRF", "rules": "Rules", "spacy": "SpacyNER"}


class Baseline(Protocol):
    """A baseline."""

    def fit(self, train: Records, validation: Records) -> None:
        """Learn from annotated records; the development part is for choosing an epoch, where there are epochs."""

    def predict(self, texts: Sequence[str]) -> list[list[Span]]:
        """Entities of records, in offsets of their texts."""

    def save(self, folder: Path) -> None:
        """Write what it has learnt, where it can be given terms later (`MODEL_OF_KIND`)."""


@dataclass
class BaselineArguments:
    """Which baseline is trained, and where its results go."""

    kind: str = field(metadata={"help": "The baseline.", "choices": list(KINDS)})
    output_dir: str = field(metadata={"help": "Folder for scores and predictions."})
    seed: int = field(default=42, metadata={"help": "Seed."})
    num_train_epochs: int = field(default=12, metadata={"help": "Epochs, for spaCy."})
    quiet: bool = field(default=False, metadata={"help": "No progress bars."})


def create(arguments: BaselineArguments, tokenizer: DicMTTokenizer, label2id: dict[str, int]) -> Baseline:
    """The baseline of a kind; its library is imported only here."""
    module = {"spacy": "spacy_ner"}.get(arguments.kind, arguments.kind)
    kind: Callable[..., Baseline] = getattr(import_module(f".{module}", __package__), KINDS[arguments.kind])
    return kind(tokenizer=tokenizer, label2id=label2id, epochs=arguments.num_train_epochs, seed=arguments.seed)


def run() -> None:
    arguments, data = parse_arguments((BaselineArguments, DataArguments), __doc__)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", datefmt="%H:%M:%S")
    parts, entity_types = load_records(data)
    texts = [record["text"] for record in parts["train"]]
    dictionary = load_dictionary(data)
    lists_of_type = load_lists_of_type(data, dictionary, entity_types)
    tokenizer = build_tokenizer(
        ModelArguments(vetted_terms=False), texts, entity_types, dictionary, lists_of_type, data.dictionary_precedence
    )
    baseline = create(arguments, tokenizer, {label: index for index, label in enumerate(bio_labels(entity_types))})

    started = time.perf_counter()
    train, validation = (taggable_records(part, parts[part], data) for part in ("train", "validation"))
    baseline.fit(train, validation)
    results = {"train_seconds": round(time.perf_counter() - started, 1)}
    output_dir = Path(arguments.output_dir)
    if arguments.kind in MODEL_OF_KIND:
        output_dir.mkdir(parents=True, exist_ok=True)
        baseline.save(output_dir)
    mentions = count_mentions(parts["train"])
    for part, prefix in PREFIXES.items():
        if part in parts:
            found = baseline.predict([record["text"] for record in parts[part]])
            results |= write_part(output_dir, part, parts[part], found, mentions)
            logger.info("%s: F1 %.4f", part, results[f"{prefix}f1"])
    write_json(output_dir / "all_results.json", results)


if __name__ == "__main__":
    run_command(run)
