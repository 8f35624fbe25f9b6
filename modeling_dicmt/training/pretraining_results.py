"""What a pre-training leaves behind: the network, its figures, what it learnt from."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from torch import nn
from transformers import PreTrainedTokenizerBase

from ..files import write_json, write_text
from ..publishing.card import hub_name
from ..publishing.contents import CARD_FILE, RESULTS_FILE, RUN_FILE
from ..publishing.pretraining_card import render_pretraining_card
from .results import describe_machine, describe_settings, write_model
from .states import BEST, CHECKPOINTS, TEXT, Progress


def describe_pretraining(
    arguments: Sequence[Any],
    accelerator: Accelerator,
    text: Mapping[str, Any],
    deidentification: Mapping[str, Any] | None,
    network: nn.Module,
) -> dict[str, Any]:
    """What there is to know about a pre-training before it starts: settings, text, machine, versions.

    Args:
        arguments: Dataclasses of the settings.
        accelerator: The processes.
        text: Counts of what was read, and its names.
        deidentification: By class of identifiers the `policies` and how many were `found`; None if that was refused.
        network: The network: what has a configuration, `num_parameters` and `save_pretrained`.
    """
    described = describe_settings(arguments)
    return {
        "text": dict(text),
        "deidentification": None if deidentification is None else dict(deidentification),
        "base_model": hub_name(described["settings"].get("encoder_name_or_path")),
        "parameters": network.num_parameters(),
        **described,
        **describe_machine(accelerator),
    }


def write_pretrained(
    output_dir: Path,
    network: nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    information: Mapping[str, Any],
    progress: Progress,
    figures: Mapping[str, Any],
    keep_states: bool = False,
) -> dict[str, Any]:
    """Write network, card and, last of all, `all_results.json`: where it is, the run is complete.

    The text and the states of the run are removed then; `keep_states` keeps the states.

    Returns:
        The content of `all_results.json`: `heldout_perplexity`, `heldout_accuracy`, whether the text was
        `deidentified`, and how many identifiers of which class were found, epochs and seconds.
    """
    results = {f"heldout_{name}": value for name, value in figures.items()} | {
        "deidentified": information["deidentification"] is not None,
        "identifiers_found": (information["deidentification"] or {}).get("found", {}),
        "train_epochs": progress.epoch,
        "train_best_epoch": progress.best_epoch,
        "train_seconds": round(progress.seconds, 1),
    }
    write_json(output_dir / "history.json", progress.history)
    write_model(output_dir, network, tokenizer)
    write_json(output_dir / RUN_FILE, dict(information))
    write_text(output_dir / CARD_FILE, render_pretraining_card(network.config.to_dict(), information, results))
    write_json(output_dir / RESULTS_FILE, results)
    checkpoints = output_dir / CHECKPOINTS
    for folder in [checkpoints / TEXT, *checkpoints.rglob(BEST)] if keep_states else [checkpoints]:
        shutil.rmtree(folder, ignore_errors=True)
    return results
