"""What a run leaves behind: the model, its scores, its predictions and a report."""

import os
import platform
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch
import transformers
from accelerate import Accelerator
from torch import nn
from transformers import PreTrainedTokenizerBase

from ..dictionary_features import types_of_lists
from ..evaluation.calibration import Calibration
from ..evaluation.evaluator import Evaluator, Predictions
from ..evaluation.prediction_files import write_predictions
from ..evaluation.report import render_report, write_errors
from ..files import publish_files, replace_folder, write_json, write_text
from ..modeling_dicmt import DicMTForTokenClassification
from ..normalization import normalize
from ..pages.training import PAGE_FILE, count_errors, render_training
from ..publishing.card import PARTS, describe_round, hub_name, render_card
from ..publishing.contents import CARD_FILE, RESULTS_FILE, RUN_FILE
from ..publishing.text_sources import pretraining_of
from ..tokenization_dicmt import DicMTTokenizer
from .dictionary_report import build_report
from .examples import Examples
from .self_training import SelfTrained
from .states import BEST, CHECKPOINTS, Progress

# The development part's figures bear the name that transformers' scripts give them.
_PREFIXES = {part: name for name, (_, part) in PARTS.items()}


def describe_run(
    arguments: Sequence[Any],
    accelerator: Accelerator,
    parts: Mapping[str, Sequence[Mapping[str, Any]]],
    tokenizer: DicMTTokenizer,
    network: DicMTForTokenClassification,
    examples: Examples,
    unlabelled: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What there is to know about a run before it starts: settings, sizes, coverage, machine, versions.

    `public_settings` names those of the settings that a model card may show: they name no place on the machine.

    Args:
        arguments: Dataclasses of the settings.
        accelerator: The processes.
        parts: The corpus's records.
        tokenizer: The network's tokenizer.
        network: The network.
        examples: The sentences that it is trained on.
        unlabelled: Names and counts of the records without labels that it learns from; None for none.
    """
    described = describe_settings(arguments)
    settings = described["settings"]
    return {
        "dataset_name": settings.get("dataset_name"),
        "entity_types": tokenizer.entity_types,
        **{f"{name}_records": len(records) for name, records in parts.items()},
        **{f"{name}_characters": sum(len(record["text"]) for record in records) for name, records in parts.items()},
        **{f"{name}_entities": sum(len(record["entities"]) for record in records) for name, records in parts.items()},
        "train_sentences": len(examples),
        "train_entities_across_sentences": len(examples.crossing),
        "dictionary": build_report(tokenizer.dictionary_matcher, tokenizer.init_kwargs["span_lists"] or ()).to_dict(),
        "characters_of_terms_alone": 0
        if network.config.encoder_config is not None  # the vocabulary is the encoder's
        else characters_of_terms_alone(tokenizer, (record["text"] for record in parts["train"])),
        "dictionary_coverage": {name: dictionary_coverage(records, tokenizer) for name, records in parts.items()},
        "base_model": hub_name(settings.get("encoder_name_or_path")),
        "pretrained": pretraining_of(settings.get("pretrained"), settings.get("model_name_or_path")),
        "unlabelled": None if unlabelled is None else dict(unlabelled),
        "parameters": network.num_parameters(),
        **described,
        **describe_machine(accelerator),
    }


def describe_settings(arguments: Sequence[Any]) -> dict[str, Any]:
    """All `settings` by name, and the names of those that a card may show."""
    return {
        "settings": {item.name: getattr(of_class, item.name) for of_class in arguments for item in fields(of_class)},
        "public_settings": [
            item.name
            for of_class in arguments
            for item in fields(of_class)
            if not (item.metadata.get("free") or item.metadata.get("private"))
        ],
    }


def describe_machine(accelerator: Accelerator) -> dict[str, Any]:
    """What a run runs on."""
    return {
        "device": str(accelerator.device),
        "processes": accelerator.num_processes,
        "threads": torch.get_num_threads(),
        "machine": platform.processor() or platform.machine(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
    }


def characters_of_terms_alone(tokenizer: DicMTTokenizer, texts: Iterable[str]) -> int:
    """How many characters of the vocabulary occur in the dictionary's terms but in none of the texts."""
    of_terms = {character for term in tokenizer.dictionary for character in term}
    of_terms &= tokenizer.get_vocab().keys()
    for text in texts:
        of_terms -= set(normalize(text))
    return len(of_terms)


def dictionary_coverage(records: Sequence[Mapping[str, Any]], tokenizer: DicMTTokenizer) -> dict[str, float]:
    """Shares of the entities whose mention is a term of the dictionary: of any type, its type, a matching size.

    Returns:
        `any_type`, `same_type` and `same_type_matchable`, as fractions; 0 without entities.
    """
    matcher = tokenizer.dictionary_matcher
    counts = dict.fromkeys(("any_type", "same_type", "same_type_matchable"), 0)
    total = 0
    for record in records:
        for entity in record["entities"]:
            total += 1
            mention = record["text"][entity["start"] : entity["end"]]
            if mention not in tokenizer.dictionary:
                continue
            types = types_of_lists(tokenizer.dictionary.lists_of(mention), matcher.lists_of_type, matcher.precedence)
            counts["any_type"] += bool(types)
            counts["same_type"] += entity["type"] in types
            counts["same_type_matchable"] += entity["type"] in types and len(mention) in matcher.ngram_sizes
    return {name: count / total if total else 0.0 for name, count in counts.items()}


def write_results(
    output_dir: Path,
    network: DicMTForTokenClassification,
    tokenizer: DicMTTokenizer,
    evaluators: Mapping[str, Evaluator],
    predictions: Mapping[str, Predictions],
    information: Mapping[str, Any],
    progress: Progress,
    calibration: Calibration | None = None,
    keep_states: bool = False,
    self_trained: SelfTrained | None = None,
) -> dict[str, Any]:
    """Write model, predictions, reports and, last of all, `all_results.json`: where it is, the run is complete.

    The states of the run are removed then, but for `keep_states`. Of a self-training, the figures of every round are
    `self_training`, the seconds are those of all stages, and so is the history.

    Returns:
        The content of `all_results.json`: strict micro `eval_precision`, `eval_recall`, `eval_f1` (fractions) of the
        development part, `test_…` of the test part, and all further figures.
    """
    results: dict[str, Any] = {}
    seconds, history, characters, rounds = progress.seconds, progress.history, information["train_characters"], []
    if self_trained is not None:
        _, _, rounds, history, seconds, characters = self_trained
        results["self_training"] = rounds
    shown: dict[str, dict[str, Any]] = {}
    for part, evaluator in evaluators.items():
        entities = predictions[part].entities
        scores = evaluator.score(predictions[part], network.config.recognition_task)
        results |= {f"{_PREFIXES[part]}_{name}": value for name, value in scores.items()}
        write_predictions(
            output_dir / f"predictions_{part}.jsonl",
            evaluator.records,
            [
                [{**span._asdict(), "score": round(score, 4)} for span, score in zip(*of_record, strict=True)]
                for of_record in zip(entities, predictions[part].scores, strict=True)
            ],
        )
        write_errors(output_dir / f"errors_{part}.jsonl", evaluator.records, entities)
        title, summary = (
            f"{information['dataset_name']}, {part} part",
            _summary(information, part, progress, seconds, rounds),
        )
        errors = count_errors(entities, [record["entities"] for record in evaluator.records])
        shown[part] = {"scores": scores, "errors": errors}
        report = render_report(scores, summary, records=evaluator.records, predictions=entities, title=title)
        write_text(output_dir / f"report_{part}.md", report)
    characters *= progress.epoch
    results |= {
        "train_epochs": progress.epoch,
        "train_best_epoch": progress.best_epoch,
        "train_seconds": round(seconds, 1),
        "train_characters_per_second": round(characters / progress.training_seconds) if characters else 0,
    }
    write_json(output_dir / "history.json", history)
    page = render_training(
        str(information["dataset_name"]),
        _summary(information, None, progress, seconds, rounds),
        history,
        shown,
        tokenizer.entity_types,
        progress.best_epoch,
        None if calibration is None else asdict(calibration),
    )
    write_text(output_dir / PAGE_FILE, page)
    if calibration is not None:
        results |= {f"calibration_{name}": value for name, value in asdict(calibration).items()}
    write_model(output_dir, network, tokenizer)
    write_json(output_dir / RUN_FILE, dict(information))
    card = render_card(
        network.config.to_dict(),
        information,
        results,
        dictionary="included" if network.config.ngram_sizes else "none",
        dictionary_terms=len(tokenizer.dictionary),
    )
    write_text(output_dir / CARD_FILE, card)
    write_json(output_dir / RESULTS_FILE, results)
    checkpoints = output_dir / CHECKPOINTS
    for folder in [*checkpoints.rglob(BEST)] if keep_states else [checkpoints]:  # the best is in the folder itself now
        shutil.rmtree(folder, ignore_errors=True)
    return results


def _summary(
    information: Mapping[str, Any],
    part: str | None,
    progress: Progress,
    seconds: float,
    rounds: Sequence[Mapping[str, Any]],
) -> dict[str, str]:
    """What a reader of a report on a part, or on all parts, has to know of the run."""
    names = [name for name in ("validation", "test") if part in (name, None) and f"{name}_records" in information]
    sizes = {name: f"{information[f'{name}_records']:,} records" for name in ("train", *names)}
    terms = information["dictionary"]["terms"]
    return {
        "trained on": f"{sizes['train']}, {information['train_entities']:,} entities",
        **{f"self-training, round {n}": describe_round(n, figures) for n, figures in enumerate(rounds, start=1)},
        "scored on": "; ".join(f"{sizes[name]}, {information[f'{name}_entities']:,} entities" for name in names)
        or "nothing",
        "dictionary": f"{terms:,} terms" if terms else "none",
        "network": f"{information['parameters']:,} parameters",
        "epochs": f"{progress.epoch}, kept the version after {progress.best_epoch}",
        "seconds": f"{seconds:.0f} on {information['device']}",
        "settings": f"in {RUN_FILE}",
    }


def write_model(output_dir: str | os.PathLike, network: nn.Module, tokenizer: PreTrainedTokenizerBase) -> None:
    """Put a checkpoint, with all that the two save, into a folder, file by file, none of them ever half-written."""

    def write(folder: Path) -> None:
        network.save_pretrained(folder)
        tokenizer.save_pretrained(folder)

    complete = Path(output_dir) / CHECKPOINTS / "publish"
    replace_folder(complete, write)
    publish_files(complete, output_dir)
    shutil.rmtree(complete)
