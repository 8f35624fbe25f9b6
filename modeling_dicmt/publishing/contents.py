"""What of a checkpoint's folder may leave the machine, and nothing else.

A training's folder also holds predictions, reports, states and logs, which are text of patients' records or may hold
some. So files are not left out by name but taken in by name: a file that this module does not know stays where it is.
A checkpoint may come from anybody: what its configuration names is code of the folder itself, or nothing, and no link
is followed.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml
from huggingface_hub.utils import yaml_dump
from transformers.dynamic_module_utils import get_relative_imports

from ..dictionary import DICTIONARY_FILE, TERMS_FILE
from ..files import read_json
from .card import PARTS, render_card, vocabulary_note
from .text_sources import RUN_FILE

CARD_FILE = "README.md"
RESULTS_FILE = "all_results.json"
EVAL_RESULTS_FILE = ".eval_results/dicmt.yaml"

TOKENIZER_FILE = "tokenizer_config.json"

_REQUIRED = ("config.json", "tokenizer.json", TOKENIZER_FILE, "radicals.tsv")
_MODULE = re.compile(r"[A-Za-z0-9_]+")
_WEIGHTS = re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors|model\.safetensors\.index\.json")

# What an upload puts into a repository and a later one, of which it is no part, takes away. Code may stay.
OWN_FILES = re.compile("|".join([_WEIGHTS.pattern, *map(re.escape, (DICTIONARY_FILE, TERMS_FILE, EVAL_RESULTS_FILE))]))


@dataclass(frozen=True)
class Upload:
    """A file to upload.

    Args:
        path: Its path in the repository.
        source: The file, or its content.
        note: What should be known of it before it is uploaded.
    """

    path: str
    source: Path | bytes
    note: str = ""

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size


def dictionary_choice(publish: bool, withhold: bool, has_terms: bool) -> str:
    """ "included", "withheld" or "none", from two flags of which a checkpoint with terms needs exactly one.

    Raises:
        ValueError: If none or both are given.
    """
    if publish and withhold:
        raise ValueError("--publish_dictionary and --withhold_dictionary exclude each other: pass one of them.")
    if not has_terms:
        return "none"
    if not (publish or withhold):
        raise ValueError(
            "Are the dictionary and the vetted terms to be published with the network? A hospital's term lists may not "
            "be yours to give away. Pass --publish_dictionary or --withhold_dictionary."
        )
    return "included" if publish else "withheld"


def has_terms(folder: str | Path) -> bool:
    """Whether a checkpoint's network uses a dictionary, or its tokenizer was given vetted terms."""
    folder = Path(folder)
    return _uses_dictionary(_read_json(folder / "config.json")) or _is_own_file(folder / TERMS_FILE)


def _uses_dictionary(config: Mapping[str, Any]) -> bool:
    return bool(config.get("ngram_sizes"))


def collect_files(
    folder: str | Path, dictionary: str, repo_id: str | None = None, dataset_id: str | None = None
) -> list[Upload]:
    """The files of a checkpoint's folder that are uploaded, in order of their paths.

    Args:
        folder: A folder that `run_ner.py` or `save_pretrained` wrote.
        dictionary: "included", "withheld" or "none", as `dictionary_choice` gives it; of vetted terms as well.
        repo_id: The repository's name, for the card.
        dataset_id: Name of the corpus on the Hub, if it is there: results are then also given in the form that the
            Hub shows on the corpus's page.

    Raises:
        ValueError: If the folder is no whole checkpoint, or a file of it is not the folder's own; says which.
    """
    folder = Path(folder)
    config = _read_json(folder / "config.json")
    weights = sorted(path for path in folder.glob("model*") if _WEIGHTS.fullmatch(path.name))
    needed = [folder / name for name in _REQUIRED]
    if dictionary == "included":
        needed += [folder / name for name in _files_of_terms(folder, config)]
    missing = [path.name for path in needed if not _is_own_file(path)]
    if not any(path.suffix == ".safetensors" and _is_own_file(path) for path in weights):
        missing.append("model.safetensors")
    if missing:
        raise ValueError(f"{folder} is no whole checkpoint: it lacks {', '.join(missing)}.")
    note = vocabulary_note(_read_json(folder / RUN_FILE, default={})) if dictionary == "withheld" else ""
    uploads = []
    for path in (*needed, *weights, *_code_files(folder, config)):
        if not _is_own_file(path):
            raise ValueError(f"{folder} is no whole checkpoint: it lacks {path.name}. Save it anew.")
        if path.name in ("config.json", TOKENIZER_FILE):
            uploads.append(_settings_to_upload(path, dictionary))
        else:
            uploads.append(Upload(path.name, path, note if path.name == "tokenizer.json" else ""))
    results = _read_json(folder / RESULTS_FILE, default={})
    if results:
        figures = json.dumps(_figures(results), ensure_ascii=False, indent=2) + "\n"
        uploads.append(Upload(RESULTS_FILE, figures.encode("utf-8")))
    if results and dataset_id is not None:
        with _told_as_damage(folder):
            uploads.append(Upload(EVAL_RESULTS_FILE, _eval_results(results, dataset_id).encode("utf-8")))
    uploads.append(Upload(CARD_FILE, card_to_upload(folder, dictionary, repo_id).encode("utf-8")))
    return sorted(uploads, key=lambda item: item.path)


def _files_of_terms(folder: Path, config: Mapping[str, Any]) -> list[str]:
    return [DICTIONARY_FILE] * _uses_dictionary(config) + [TERMS_FILE] * _is_own_file(folder / TERMS_FILE)


def card_of(folder: str | Path, dictionary: str | None = None, repo_id: str | None = None) -> str:
    """The card of a checkpoint's folder, from the configuration, run and results that it holds.

    Args:
        folder: The folder.
        dictionary: See `collect_files`; default: as the folder has it.
        repo_id: See `collect_files`.
    """
    folder = Path(folder)
    vetted_terms = 0 if dictionary == "withheld" else _count_lines(folder / TERMS_FILE)
    return _render(folder, dictionary or "included", repo_id, vetted_terms)


def _render(folder: Path, dictionary: str, repo_id: str | None, vetted_terms: int) -> str:
    config = _read_json(folder / "config.json")
    if not _uses_dictionary(config):
        dictionary = "none"
    run, results = (_read_json(folder / name, default={}) for name in (RUN_FILE, RESULTS_FILE))
    with _told_as_damage(folder):
        return render_card(
            config,
            run,
            results,
            dictionary=dictionary,
            dictionary_terms=_count_lines(folder / DICTIONARY_FILE),
            vetted_terms=vetted_terms,
            repo_id=repo_id,
        )


def _count_lines(path: Path) -> int:
    """Lines of a file; 0 if there is none."""
    if not _is_own_file(path):
        return 0
    with open(path, "rb") as file:
        return sum(1 for _ in file)


@contextmanager
def _told_as_damage(folder: Path) -> Iterator[None]:
    """Turn what comes of figures and settings of other types than a training writes into one line."""
    try:
        yield
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{folder}: config.json, {RUN_FILE} or {RESULTS_FILE} holds what a training does not write "
            f"({type(error).__name__}). Restore them, or remove the last two."
        ) from error


def card_to_upload(folder: Path, dictionary: str, repo_id: str | None) -> str:
    """The card that is uploaded: a written one anew, for the repository; one that somebody has changed as it is."""
    path = folder / CARD_FILE
    if not _is_own_file(path):
        return card_of(folder, dictionary, repo_id)
    card = path.read_text(encoding="utf-8")
    # The training's knows nothing of vetted terms that were put into the folder since.
    if card in (card_of(folder), _render(folder, "included", None, vetted_terms=0)):
        return card_of(folder, dictionary, repo_id)
    if dictionary == "withheld" and _uses_dictionary(_read_json(folder / "config.json")) and "withheld" not in card:
        note = vocabulary_note(_read_json(folder / RUN_FILE, default={}))
        card += (
            f"\n## Dictionary\n\nThe dictionary is withheld: it is not part of this repository. {note}".rstrip() + "\n"
        )
    return card


def listing(uploads: Sequence[Upload]) -> str:
    """A table of what would be uploaded, and what should be known of it."""
    width = max(len("in all, bytes"), *(len(item.path) for item in uploads))
    lines = [f"{item.path:<{width}}  {item.size:>12,}" for item in uploads]
    lines.append(f"{'in all, bytes':<{width}}  {sum(item.size for item in uploads):>12,}")
    return "\n".join([*lines, *(f"{item.path}: {item.note}" for item in uploads if item.note)])


def _settings_to_upload(path: Path, dictionary: str) -> Upload:
    """Settings without what names a place on this machine, as earlier versions saved it.

    Those of the tokenizer also go without the digest of a dictionary that is withheld, which a guess could be tried on.
    """
    settings = _read_json(path)
    public = _without_places(settings)
    if dictionary == "withheld":
        public.pop("dictionary_fingerprint", None)
    if public == settings:
        return Upload(path.name, path)
    return Upload(path.name, (json.dumps(public, ensure_ascii=False, indent=2) + "\n").encode("utf-8"))


def _without_places(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _without_places(item)
            for name, item in value.items()
            if name not in ("_name_or_path", "name_or_path") and not _is_place(item)
        }
    if isinstance(value, list):
        return [_without_places(item) for item in value if not _is_place(item)]
    return value


def _is_place(value: Any) -> bool:
    return isinstance(value, str) and (
        value.startswith(("~", "./", "../", "file:"))
        or (len(value) > 1 and PurePosixPath(value).is_absolute())
        or PureWindowsPath(value).is_absolute()
    )


def _is_own_file(path: Path) -> bool:
    """Whether there is such a file.

    Raises:
        ValueError: If it is a link: what it leads to may be anything on this machine.
    """
    if path.is_symlink():
        raise ValueError(f"{path} is a link: only the folder's own files are uploaded. Copy the file there.")
    return path.is_file()


def _code_files(folder: Path, config: Mapping[str, Any]) -> Iterator[Path]:
    """The code that the checkpoint's configuration names, all that it imports, and the endpoint's handler."""
    modules = {"handler", *_code_references(folder, config)}
    found: set[str] = set()
    while modules:
        module = modules.pop()
        path = folder / f"{module}.py"
        if not _MODULE.fullmatch(module):
            raise ValueError(f"{folder} names the code {module!r}, which is none of its files: nothing is uploaded.")
        yield path
        found.add(module)
        if _is_own_file(path):
            modules |= set(get_relative_imports(path)) - found


def _code_references(folder: Path, config: Mapping[str, Any]) -> Iterator[str]:
    """The modules that a configuration names as `module.Class`."""
    try:
        references = list(config.get("auto_map", {}).values())
        references += [entry["impl"] for entry in config.get("custom_pipelines", {}).values()]
        for reference in references:
            for name in reference if isinstance(reference, list) else [reference]:
                if name is not None:
                    yield name.rpartition(".")[0]
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{folder / 'config.json'} is broken: its auto_map or custom_pipelines names no code."
        ) from error


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
    if not _is_own_file(path):
        if default is None:
            raise ValueError(f"{path.parent} is no checkpoint: there is no {path.name} in it.")
        return default
    content = read_json(path)
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected a JSON object.")
    return content
