"""What of a checkpoint's folder may leave the machine, and nothing else.

A training's folder also holds predictions, reports, states and logs, which are text of patients' records or may hold
some. So files are not left out by name but taken in by name: a file that this module does not know stays where it is.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml
from huggingface_hub.utils import yaml_dump
from transformers.dynamic_module_utils import get_relative_import_files

from ..dictionary import DICTIONARY_FILE
from .card import PARTS, render_card

CARD_FILE = "README.md"
RUN_FILE = "run.json"
RESULTS_FILE = "all_results.json"
EVAL_RESULTS_FILE = ".eval_results/dicmt.yaml"

TOKENIZER_FILE = "tokenizer_config.json"

_REQUIRED = ("config.json", "tokenizer.json", TOKENIZER_FILE, "radicals.tsv")
_WEIGHTS = re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors|model\.safetensors\.index\.json")

# What an upload puts into a repository and a later one, of which it is no part, takes away. Code may stay.
OWN_FILES = re.compile(rf"{_WEIGHTS.pattern}|{re.escape(DICTIONARY_FILE)}|{re.escape(EVAL_RESULTS_FILE)}")


@dataclass(frozen=True)
class Upload:
    """A file to upload.

    Args:
        path: Its path in the repository.
        source: The file, or its content.
    """

    path: str
    source: Path | bytes

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size


def dictionary_choice(publish: bool, withhold: bool, has_dictionary: bool) -> str:
    """ "included", "withheld" or "none", from two flags of which a network with a dictionary needs exactly one.

    Raises:
        ValueError: If none or both are given.
    """
    if publish and withhold:
        raise ValueError("--publish_dictionary and --withhold_dictionary exclude each other: pass one of them.")
    if not has_dictionary:
        return "none"
    if not (publish or withhold):
        raise ValueError(
            "Is the dictionary to be published with the network? A hospital's term lists may not be yours to give "
            "away. Pass --publish_dictionary or --withhold_dictionary."
        )
    return "included" if publish else "withheld"


def has_dictionary(folder: str | Path) -> bool:
    """Whether a checkpoint's network uses a dictionary."""
    return bool(_read_json(Path(folder) / "config.json").get("ngram_sizes"))


def collect_files(
    folder: str | Path, dictionary: str, repo_id: str | None = None, dataset_id: str | None = None
) -> list[Upload]:
    """The files of a checkpoint's folder that are uploaded, in order of their paths.

    Args:
        folder: A folder that `run_ner.py` or `save_pretrained` wrote.
        dictionary: "included", "withheld" or "none", as `dictionary_choice` gives it.
        repo_id: The repository's name, for the card.
        dataset_id: Name of the corpus on the Hub, if it is there: results are then also given in the form that the
            Hub shows on the corpus's page.

    Raises:
        ValueError: If the folder is no whole checkpoint; says which file is missing.
    """
    folder = Path(folder)
    config = _read_json(folder / "config.json")
    weights = sorted(path for path in folder.glob("model*") if _WEIGHTS.fullmatch(path.name))
    needed = [folder / name for name in _REQUIRED] + ([folder / DICTIONARY_FILE] if dictionary == "included" else [])
    missing = [path.name for path in needed if not path.is_file()]
    if not any(path.suffix == ".safetensors" for path in weights):
        missing.append("model.safetensors")
    if missing:
        raise ValueError(f"{folder} is no whole checkpoint: it lacks {', '.join(missing)}.")
    uploads = [Upload(path.name, path) for path in (*needed, *weights, *_code_files(folder, config))]
    if dictionary == "withheld":
        uploads = [_without_fingerprint(item) if item.path == TOKENIZER_FILE else item for item in uploads]
    results = _read_json(folder / RESULTS_FILE, default={})
    if results:
        figures = json.dumps(_figures(results), ensure_ascii=False, indent=2) + "\n"
        uploads.append(Upload(RESULTS_FILE, figures.encode("utf-8")))
    if results and dataset_id is not None:
        uploads.append(Upload(EVAL_RESULTS_FILE, _eval_results(results, dataset_id).encode("utf-8")))
    uploads.append(Upload(CARD_FILE, card_to_upload(folder, dictionary, repo_id).encode("utf-8")))
    return sorted(uploads, key=lambda item: item.path)


def card_of(folder: str | Path, dictionary: str | None = None, repo_id: str | None = None) -> str:
    """The card of a checkpoint's folder, from the configuration, run and results that it holds.

    Args:
        folder: The folder.
        dictionary: See `collect_files`; default: as the folder has it.
        repo_id: See `collect_files`.
    """
    folder = Path(folder)
    terms = 0
    if (folder / DICTIONARY_FILE).is_file():
        with open(folder / DICTIONARY_FILE, "rb") as file:
            terms = sum(1 for _ in file)
    return render_card(
        _read_json(folder / "config.json"),
        _read_json(folder / RUN_FILE, default={}),
        _read_json(folder / RESULTS_FILE, default={}),
        dictionary=dictionary or ("included" if has_dictionary(folder) else "none"),
        dictionary_terms=terms,
        repo_id=repo_id,
    )


def card_to_upload(folder: Path, dictionary: str, repo_id: str | None) -> str:
    """The card that is uploaded: a written one anew, for the repository; one that somebody has changed as it is."""
    path = folder / CARD_FILE
    if not path.is_file() or path.read_text(encoding="utf-8") == card_of(folder):
        return card_of(folder, dictionary, repo_id)
    card = path.read_text(encoding="utf-8")
    if dictionary == "withheld" and "withheld" not in card:
        card += "\n## Dictionary\n\nThe dictionary is withheld: it is not part of this repository.\n"
    return card


def listing(uploads: Sequence[Upload]) -> str:
    """A table of what would be uploaded."""
    width = max(len("in all, bytes"), *(len(item.path) for item in uploads))
    lines = [f"{item.path:<{width}}  {item.size:>12,}" for item in uploads]
    return "\n".join([*lines, f"{'in all, bytes':<{width}}  {sum(item.size for item in uploads):>12,}"])


def _without_fingerprint(upload: Upload) -> Upload:
    """The tokenizer's settings without the digest of a dictionary that is withheld, which a guess could be tried on."""
    settings = _read_json(upload.source)
    settings.pop("dictionary_fingerprint", None)
    return Upload(upload.path, (json.dumps(settings, ensure_ascii=False, indent=2) + "\n").encode("utf-8"))


def _code_files(folder: Path, config: Mapping[str, Any]) -> Iterator[Path]:
    """The code that the checkpoint's configuration names, all that it imports, and the endpoint's handler."""
    references = [*config.get("auto_map", {}).values()]
    references += [entry["impl"] for entry in config.get("custom_pipelines", {}).values()]
    names = [name for entry in references for name in ([entry] if isinstance(entry, str) else entry) if name]
    found: set[str] = set()
    try:
        for module in {f"{name.split('.')[0]}.py" for name in names} | {"handler.py"}:
            found |= {module, *(Path(path).name for path in get_relative_import_files(folder / module))}
    except FileNotFoundError as error:
        raise ValueError(
            f"{folder} is no whole checkpoint: it lacks {Path(error.filename).name}. Save it anew."
        ) from error
    yield from (folder / name for name in sorted(found))


def _figures(value: Any) -> Any:
    """Results without anything that could be a text: numbers, under the names of figures and types."""
    if isinstance(value, Mapping):
        return {name: _figures(item) for name, item in value.items() if not isinstance(item, str)}
    if isinstance(value, list):
        return [_figures(item) for item in value if not isinstance(item, str)]
    return value


def _eval_results(results: Mapping[str, Any], dataset_id: str) -> str:
    entry = partial(EvalResultEntry, dataset_id=dataset_id, notes="strict micro F1 of entities")
    entries = [
        entry(task_id=f"ner_{split}", value=round(results[f"{part}_f1"], 4))
        for part, (_, split) in PARTS.items()
        if f"{part}_f1" in results
    ]
    return yaml_dump(eval_result_entries_to_yaml(entries))


def _read_json(path: Path, default: dict[str, Any] | None = None) -> dict[str, Any]:
    if default is not None and not path.is_file():
        return default
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"{path.parent} is no checkpoint: there is no {path.name} in it.") from error
    except ValueError as error:
        raise ValueError(f"{path} is broken: {error}.") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} is broken: expected a JSON object.")
    return content
