"""The model card: `model_card.md` at the repository's root, filled with what a run knows, and metadata for the Hub.

Of a run's settings only those go into a card that name no place on the machine it ran on.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from .text_sources import describe_sources

TEMPLATE = "model_card.md"
TAGS = ["dicmt", "named-entity-recognition", "clinical", "medical", "chinese", "custom_code"]

# The parts of a corpus under the names that all_results.json gives their figures.
PARTS = {"eval": ("development", "validation"), "test": ("test", "test")}


def render_card(
    config: Mapping[str, Any],
    run: Mapping[str, Any] | None = None,
    results: Mapping[str, Any] | None = None,
    *,
    dictionary: str = "included",
    dictionary_terms: int = 0,
    vetted_terms: int = 0,
    repo_id: str | None = None,
) -> str:
    """Fill the card's template.

    Args:
        config: The network's `config.json`.
        run: What is known of the run that trained it, as in `run.json`.
        results: The figures it had, as in `all_results.json`.
        dictionary: "included", "withheld", or "none" if the network was trained without.
        dictionary_terms: Terms of the dictionary.
        vetted_terms: Vetted terms that go with the network.
        repo_id: The repository's name; default: a placeholder.

    Returns:
        The card: YAML metadata and Markdown.
    """
    # Which takes seconds to import; arguments, which are checked before anything that does, import this module.
    from ..configuration_dicmt_nested import DicMTNestedConfig

    run, results = run or {}, results or {}
    report = run.get("dictionary") or {}
    name = (repo_id or "").rpartition("/")[2] or f"DicMT {run.get('dataset_name', '')}".strip()
    card = ModelCard.from_template(
        _metadata(config, run, results, name),
        template_path=str(find_template()),
        config=config,
        by_spans=config.get("model_type") == DicMTNestedConfig.model_type,
        title=name,
        repo_id=repo_id or "FOLDER_OR_NAME",
        representation=_representation(config),
        entity_types=config["entity_types"],
        dictionary=dictionary,
        dictionary_terms=report.get("terms") or dictionary_terms,
        vetted_terms=vetted_terms,
        vocabulary_note=vocabulary_note(run),
        dictionary_rows=[
            {
                "type": _cell(entry["entity_type"]),
                "lists": _cell(", ".join(entry["lists"])) or "–",
                "terms": entry["terms"],
                "matchable": entry["matchable"],
            }
            for entry in (report.get("types", []) if dictionary != "none" else [])
        ],
        ngram_sizes=config["ngram_sizes"],
        dataset_name=run.get("dataset_name"),
        parts=[
            {"name": shown, **{what: run[f"{part}_{what}"] for what in ("records", "characters", "entities")}}
            for part, shown in (("train", "training"), ("validation", "development"), ("test", "test"))
            if f"{part}_records" in run
        ],
        sources=list(describe_sources(config, run)),
        scores=[
            {"part": shown}
            | {
                name: _percent(results[f"{part}_{name}"])
                for name in ("precision", "recall", "f1", "macro_f1", "relaxed_f1")
            }
            for part, (shown, _) in PARTS.items()
            if f"{part}_macro_f1" in results
        ],
        tables=[table for part in PARTS for table in _tables(part, results)],
        seed=run.get("settings", {}).get("seed"),
        settings=[
            (name, run["settings"][name])
            for name in run.get("public_settings", ())
            if run.get("settings", {}).get(name) is not None
        ],
        training=list(_training(run, results)),
        number=lambda count: f"{count:,}",
    )
    return str(card)


def find_template() -> Path:
    """The template, in the repository or, where the package is installed, inside it."""
    package = Path(__file__).resolve().parents[1]
    candidates = (package.parent / TEMPLATE, package / TEMPLATE)
    return next((path for path in candidates if path.is_file()), candidates[0])


def vocabulary_note(run: Mapping[str, Any]) -> str:
    """What the vocabulary tells of a dictionary that is withheld; nothing if it tells nothing."""
    count = run.get("characters_of_terms_alone")
    if count == 0:
        return ""
    held = "may hold characters" if type(count) is not int else f"holds {count:,} character(s)"
    return (
        f"The vocabulary {held} that only the withheld terms have: training with --withhold_dictionary keeps them out."
    )


def hub_name(name_or_path: str | None) -> str | None:
    """What was given as a name or a folder, if it is a name on the Hub."""
    if not name_or_path or Path(name_or_path).exists():
        return None
    try:
        validate_repo_id(name_or_path)
    except HFValidationError:
        return None
    return name_or_path


def _metadata(
    config: Mapping[str, Any], run: Mapping[str, Any], results: Mapping[str, Any], name: str
) -> ModelCardData:
    dataset = run.get("dataset_name")
    eval_results = [
        EvalResult(
            task_type="token-classification",
            task_name="Named entity recognition",
            dataset_type=dataset,
            dataset_name=f"{dataset}, {shown} part",
            dataset_split=split,
            metric_type=metric,
            metric_name=f"Strict {label}",
            metric_value=round(results[f"{part}_{metric}"], 4),
        )
        for part, (shown, split) in PARTS.items()
        if dataset and f"{part}_f1" in results
        for metric, label in (("f1", "F1"), ("precision", "precision"), ("recall", "recall"))
    ]
    return ModelCardData(
        language="zh",
        library_name="transformers",
        pipeline_tag="token-classification",
        tags=TAGS,
        base_model=run.get("base_model"),
        metrics=["f1", "precision", "recall"],
        model_name=name,
        eval_results=eval_results or None,
    )


def _representation(config: Mapping[str, Any]) -> str:
    encoder = config.get("encoder_config")
    parts = [f"a {encoder['model_type'].upper()} encoder" if encoder else "character embeddings"]
    if config.get("bigram_embedding_size"):
        parts.append("character bigrams")
    if config.get("radical_embedding_size"):
        parts.append("radicals")
    if config.get("ngram_sizes"):
        parts.append("a clinical dictionary's n-grams")
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _tables(part: str, results: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    shown = PARTS[part][0]
    by_type = results.get(f"{part}_by_type")
    if by_type:
        rows = [
            (_cell(name), row["support"], *(_percent(row[ratio]) for ratio in ("precision", "recall", "f1")))
            for name, row in by_type.items()
        ]
        header = ("type", "annotated", "precision", "recall", "F1")
        yield {"title": f"By type, {shown} part", "header": header, "rows": rows}
    if f"{part}_by_nesting" in results:
        rows = [
            (name, row["support"], *(_percent(row[ratio]) for ratio in ("precision", "recall", "f1")))
            for name, row in results[f"{part}_by_nesting"].items()
        ]
        header = ("entities", "annotated", "precision", "recall", "F1")
        yield {"title": f"Within others (inner) or not (outer), {shown} part", "header": header, "rows": rows}
    for key, title, column in (
        ("recall_by_training_count", "Rare entities: recall by how often mention and type occur in training", "times"),
        ("recall_by_length", "Recall by length in characters", "characters"),
    ):
        rows = [
            (name, row["support"], _percent(row["recall"]) if row["support"] else "–")
            for name, row in results.get(f"{part}_{key}", {}).items()
        ]
        if rows:
            yield {"title": f"{title}, {shown} part", "header": (column, "annotated", "recall"), "rows": rows}
    if f"{part}_segmentation" in results:
        rows = [
            (counting, *(_percent(row[name]) for name in ("precision", "recall", "f1")))
            for counting, row in results[f"{part}_segmentation"].items()
            if counting in ("characters", "spans")
        ]
        header = ("counting", "precision", "recall", "F1")
        yield {"title": f"Segmentation task (NES), {shown} part", "header": header, "rows": rows}


def _training(run: Mapping[str, Any], results: Mapping[str, Any]) -> Iterator[str]:
    if "train_seconds" in results:
        chosen = " (the best on the development part)" if "eval_f1" in results else ""
        yield (
            f"{results['train_best_epoch']} of {results['train_epochs']} epochs{chosen}, "
            f"{results['train_seconds'] / 60:.1f} minutes"
        )
    for number, figures in enumerate(results.get("self_training", ()), start=1):
        yield f"Self-training, round {number}: {describe_round(number, figures)}"
    if "parameters" in run:
        yield f"{run['parameters']:,} parameters"
    if "calibration_temperature" in results:
        yield (
            f"Scores calibrated on the development part: expected calibration error "
            f"{_percent(results['calibration_error_before'])} before, {_percent(results['calibration_error'])} after "
            "(each half of the records with the temperature of the other)"
        )
    if "test_calibration" in results:
        yield f"Expected calibration error on the test part: {_percent(results['test_calibration']['error'])}"
    if "device" in run:
        yield (
            f"Hardware: {run['device']}, {run['processes']} process(es) of {run['threads']} thread(s), {run['machine']}"
        )
    if "versions" in run:
        yield "Versions: " + ", ".join(f"{name} {version}" for name, version in run["versions"].items())


def describe_round(number: int, figures: Mapping[str, Any]) -> str:
    """A round of self-training, by its number from 1 and its figures in `all_results.json`, in a sentence."""
    teachers, kept, unlabelled = (figures[name] for name in ("teachers", "kept", "unlabelled"))
    of_teachers = f"the student of round {number - 1}"
    if teachers:
        scores = ", ".join(_percent(teacher["f1"]) for teacher in teachers if "f1" in teacher)
        together = f"; together {_percent(figures['vote']['f1'])}" if scores and len(teachers) > 1 else ""
        of_teachers = f"{len(teachers)} teacher(s)" + (f" (development F1 {scores}{together})" if scores else "")
    return (
        f"{of_teachers} labelled {unlabelled['records']:,} records, of which {kept['sentences']:,} different and "
        f"certain sentences ({kept['characters']:,} characters, {kept['entities']:,} entities) were learnt from besides"
    )


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f}"
