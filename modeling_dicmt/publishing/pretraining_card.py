"""The card of a pre-trained network: what text it comes from, how well it predicts, how a recogniser starts from it."""

from collections.abc import Mapping
from typing import Any

from huggingface_hub import ModelCard, ModelCardData

from .card import TAGS
from .text_sources import one_line, terms_of_use

_CARD = """---
{metadata}
---
<!-- Written by DicMT from what the pre-training knows. -->

# DicMT, pre-trained

Two character language models, one for each direction, {units} units each, for DicMT's recognisers of entities in
Chinese clinical records to start from:

    python run_ner.py --dataset_name NAME --data_dir DIR --dictionary TERMS --pretrained FOLDER --output_dir OUT

## Text

{names}: {documents:,} documents ({duplicates:,} further ones were duplicates), {characters:,} characters.
{terms}

## Evaluation

{figures}

## Privacy

The folder holds weights, configuration, a vocabulary of single characters and figures: no document, and no text of one.
A language model may betray something of what it was trained on to whoever has its weights: treat it as the texts' owner
would have you treat what is derived from them.
"""


_UNKNOWN_TERMS = (
    "What may be done with this network is what those texts' terms allow; where they allow research alone, so does it."
)


def render_pretraining_card(config: Mapping[str, Any], run: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    """Write the card.

    Args:
        config: The network's `config.json`.
        run: What is known of the run, as in `run.json`.
        results: The figures it had, as in `all_results.json`.
    """
    metadata = ModelCardData(language="zh", library_name="transformers", tags=[*TAGS[:1], *TAGS[2:], "pre-trained"])
    text, license_ = run["text"], run["settings"].get("text_license")
    figures = "No document was held out."
    if "heldout_perplexity" in results:
        figures = (
            f"On {text['held_out_documents']:,} documents that were held out: perplexity of a character "
            f"{results['heldout_perplexity']:.2f}, {100 * results['heldout_accuracy']:.2f} per cent of the characters "
            f"guessed, after {results['train_best_epoch']} of {results['train_epochs']} passes."
        )
    card = _CARD.format(
        metadata=metadata.to_yaml(),
        units=config["lstm_hidden_size"],
        names=", ".join(map(one_line, text["names"])) or "Text",
        figures=figures,
        terms=terms_of_use("these texts", license_) if license_ else _UNKNOWN_TERMS,
        **{name: text[name] for name in ("documents", "duplicates", "characters")},
    )
    return str(ModelCard(card))
