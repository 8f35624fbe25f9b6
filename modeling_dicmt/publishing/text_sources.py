"""The texts that a network learnt from besides its corpus, for its card: names, counts, and what their terms allow."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..files import read_json

RUN_FILE = "run.json"

_DEIDENTIFIED = "Names, numbers and what else rules find of identifiers were taken out of that text first."
_NOT_DEIDENTIFIED = "Identifiers were not taken out of that text first: that was refused."


def pretraining_of(pretrained: str | None, checkpoint: str | None) -> dict[str, Any] | None:
    """What is known of the text that a new recogniser's pre-trained network learnt from.

    Args:
        pretrained: The folder of that network, where the recogniser starts from one.
        checkpoint: The folder of a recogniser, where it is trained further: what that one knows is handed on.

    Returns:
        `names`, `documents`, `characters`, `license`, and whether it was `deidentified`, as far as they are known; None
        without a pre-trained network.
    """
    if pretrained is not None:
        run = _run_of(pretrained)
        settings = run.get("settings")
        text = run.get("text")
        license_ = settings.get("text_license") if isinstance(settings, Mapping) else None
        known = {**(text if isinstance(text, Mapping) else {}), "license": license_}
        if "deidentification" in run:
            known["deidentified"] = run["deidentification"] is not None
        return _known(known)
    if checkpoint is not None:
        found = _run_of(checkpoint).get("pretrained")
        return _known(found) if isinstance(found, Mapping) else None
    return None


def describe_sources(config: Mapping[str, Any], run: Mapping[str, Any]) -> Iterator[str]:
    """A sentence or two for each text besides the corpus, and for the terms of all.

    Args:
        config: The network's `config.json`.
        run: What is known of the run that trained it, as in `run.json`.
    """
    pretrained, unlabelled = run.get("pretrained"), run.get("unlabelled")
    if pretrained is not None or config.get("language_model") is not None:
        told = _counted(pretrained or {}, "documents") or "of its text nothing is known here"
        yield f"It starts from a network that was pre-trained on text without annotations: {told}."
        if pretrained and "deidentified" in pretrained:
            yield _DEIDENTIFIED if pretrained["deidentified"] else _NOT_DEIDENTIFIED
        if pretrained and pretrained.get("license"):
            yield terms_of_use("that text", pretrained["license"])
    if unlabelled is not None:
        yield f"It learnt from records without annotations besides: {_counted(unlabelled, 'records')}."
    license_ = run.get("settings", {}).get("text_license")
    if license_:
        yield terms_of_use("the records that it was trained on", license_)


def terms_of_use(texts: str, license_: str) -> str:
    """What the terms of texts mean for the network."""
    return f"The terms of {texts}: {one_line(license_)}. The network may be used within them alone."


def _counted(text: Mapping[str, Any], things: str) -> str:
    counts = [f"{text[name]:,} {name}" for name in (things, "characters") if name in text]
    names = ", ".join(map(one_line, text.get("names", ())))
    return ": ".join(filter(None, (names, ", ".join(counts))))


def _run_of(folder: str) -> Mapping[str, Any]:
    """`run.json` of a folder; nothing where there is none, as on the Hub, or it is somebody else's."""
    path = Path(folder) / RUN_FILE
    try:
        content = read_json(path) if path.is_file() else {}
    except ValueError:
        content = {}
    return content if isinstance(content, Mapping) else {}


def _known(text: Mapping[str, Any]) -> dict[str, Any]:
    """What of a text's description is as a run writes it: it may come from anybody."""
    known: dict[str, Any] = {name: text[name] for name in ("documents", "characters") if type(text.get(name)) is int}
    names = text.get("names")
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        known["names"] = [Path(name).name for name in names]
    if isinstance(text.get("license"), str):
        known["license"] = text["license"]
    if isinstance(text.get("deidentified"), bool):
        known["deidentified"] = text["deidentified"]
    return known


def one_line(text: str) -> str:
    """A name or phrase as a part of a sentence."""
    return " ".join(text.split()).rstrip(".")
