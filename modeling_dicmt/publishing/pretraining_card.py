"""The card of a pre-trained network: what text it comes from, how well it predicts, how a recogniser starts from it."""

from collections.abc import Mapping
from typing import Any

from huggingface_hub import ModelCard, ModelCardData

from ..configuration_dicmt import DicMTConfig
from .card import TAGS
from .text_sources import one_line, terms_of_use

_CARD = """---
{metadata}
---
<!-- Written by DicMT from what the pre-training knows. -->

# DicMT, pre-trained

{network} for DicMT's recognisers of entities in Chinese clinical records to start from:

    python run_ner.py --dataset_name NAME --data_dir DIR --dictionary TERMS --pretrained FOLDER --output_dir OUT

## Text

{names}: {documents:,} documents ({duplicates:,} further ones were duplicates), {characters:,} characters.
{deidentification}{terms}

## Evaluation

{figures}

## Privacy

The folder holds weights, configuration, a vocabulary of single characters and figures: no document, and no text of one.
A language model may betray something of what it was trained on to whoever has its weights: treat it as the texts' owner
would have you treat what is derived from them.
"""

_NOT_ITS_TAGS = {False: TAGS[1:2], True: [TAGS[1], "custom_code"]}

_LANGUAGE_MODELS = "Two character language models, one for each direction, {lstm_hidden_size} units each,"

_ENCODER = """An encoder ({model_type}, {num_hidden_layers} layers of {hidden_size} units), {origin}.
It learnt from text without labels, of which {share:.0f} per cent of the characters{terms}
were hidden and had to be guessed. transformers loads it (`AutoModelForMaskedLM`, `AutoTokenizer`) without this package.
It is meant"""


_UNKNOWN_TERMS = (
    "What may be done with this network is what those texts' terms allow; where they allow research alone, so does it."
)

_NOT_DEIDENTIFIED = "The text was learnt from as it is: its de-identification was refused.\n"


def render_pretraining_card(config: Mapping[str, Any], run: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    """Write the card.

    Args:
        config: The network's `config.json`.
        run: What is known of the run, as in `run.json`.
        results: The figures it had, as in `all_results.json`.
    """
    is_encoder = config["model_type"] != DicMTConfig.model_type
    metadata = ModelCardData(
        language="zh",
        library_name="transformers",
        pipeline_tag="fill-mask" if is_encoder else None,
        base_model=run.get("base_model"),
        # Only a network of this package's own brings code along.
        tags=[tag for tag in (*TAGS, "pre-trained") if tag not in _NOT_ITS_TAGS[is_encoder]],
    )
    text, license_ = run["text"], run["settings"].get("text_license")
    figures = "No document was held out."
    if "heldout_perplexity" in results:
        asked, guessed = ("hidden character", "them") if is_encoder else ("character", "the characters")
        figures = (
            f"On {text['held_out_documents']:,} documents that were held out: perplexity of a {asked} "
            f"{results['heldout_perplexity']:.2f}, {100 * results['heldout_accuracy']:.2f} per cent of {guessed} "
            f"guessed, after {results['train_best_epoch']} of {results['train_epochs']} passes."
        )
    card = _CARD.format(
        metadata=metadata.to_yaml(),
        network=_describe_encoder(config, run) if is_encoder else _LANGUAGE_MODELS.format_map(config),
        names=", ".join(map(one_line, text["names"])) or "Text",
        figures=figures,
        deidentification=_describe_deidentification(run["deidentification"]) if "deidentification" in run else "",
        terms=terms_of_use("these texts", license_) if license_ else _UNKNOWN_TERMS,
        **{name: text[name] for name in ("documents", "duplicates", "characters")},
    )
    return str(ModelCard(card))


def _describe_deidentification(done: Mapping[str, Any] | None) -> str:
    """A paragraph's lines on what became of identifiers: numbers and classes alone."""
    if done is None:
        return _NOT_DEIDENTIFIED
    policies, found = done["policies"], done["found"]
    told = ", ".join(f"{name} {found[name]:,} ({policies[name]})" for name in policies if found.get(name)) or "none"
    none = ", ".join(name for name in policies if not found.get(name)) or "none"
    return (
        f"Before anything was learnt from it, rules looked for identifiers. Found, and what became of them: {told}.\n"
        f"Looked for and not found: {none}. What rules overlook is in the text.\n"
    )


def _describe_encoder(config: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    settings = run["settings"]
    is_new = settings.get("encoder_preset") is not None
    further = f"pre-trained further from {run['base_model'] or 'another checkpoint'}"
    return _ENCODER.format_map(
        {
            **config,
            "origin": "pre-trained from random weights" if is_new else further,
            "share": 100 * settings["masked_share"],
            "terms": ", terms of a dictionary as a whole," if settings.get("dictionary") is not None else "",
        }
    )
