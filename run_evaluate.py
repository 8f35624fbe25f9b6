#!/usr/bin/env python
"""Score a trained DicMT network, or entities in a file, against annotated records; compare two of them.

    python run_evaluate.py --model_name_or_path OUT --dataset_name jsonl --data_dir DIR --split test
    python run_evaluate.py --predictions entities.jsonl --references records.jsonl

What is scored is a network (--model_name_or_path) or the file of entities that run_predict.py or run_ner.py wrote
(--predictions; records are found by their ids). What it is held against is a part of a corpus (--dataset_name,
--data_dir, --split; a folder with a test file alone will do) or a file of records (--references), {"id", "text",
"entities": [{"start", "end", "type"}]} a line. Either may be a file or folder in any format of `python -m data_scripts
convert`, BRAT or Label Studio's export, say; of a format without ids, the order counts.

It prints a short table. --output_dir gets scores.json with every figure, report.md with errors in context, and
errors.jsonl with all of them by the records' ids; nothing else is written, and nothing without it. --html makes a page
of the records, one file for a browser, with what was found against what is annotated, and each error with its class.

A second system, --baseline_model_name_or_path or --baseline_predictions, is scored on the same records. The difference
of the strict F1 is given with its 95 % interval and p-value, by a paired bootstrap over records.

--dictionary, --terms, --not_terms and --force_terms are those of run_predict.py. They are for the network that is
scored alone: with the same network as --baseline_model_name_or_path the difference is what the terms do.

All entities of both sides count: those of a type that the network does not know as missed, those of a type that the
records do not have as wrong. Either is said. --label_set Disease,Drug scores these types alone, on both sides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_scripts.formats.options import FormatOptions
from data_scripts.formats.registry import FORMATS, find_files
from data_scripts.label_sets import resolve_label_set, split_type_names
from data_scripts.loading import find_corpus
from data_scripts.record_arguments import OPTIONS_HELP, format_options
from data_scripts.record_outputs import check_output as check_written
from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.commands.places import check_exists, check_output_dir, check_place
from modeling_dicmt.commands.recognition_arguments import TERM_OPTIONS, RecognitionArguments

# What takes seconds to import is imported where it is used: arguments are checked before, and an error of the import
# itself, such as a library that is missing, is told like any other.
if TYPE_CHECKING:
    from modeling_dicmt.evaluation.significance import Difference
    from modeling_dicmt.evaluation.systems import System

Records = list[dict[str, Any]]

SPLITS = ("train", "validation", "test")
FILE_OPTIONS = ("predictions", "baseline_predictions", "references", "training_records")
RESULTS_FILE, REPORT_FILE, ERRORS_FILE = "scores.json", "report.md", "errors.jsonl"


@dataclass
class EvaluationArguments:
    """What is scored, against what, and where figures and errors go."""

    _argument_group_name = "evaluation"

    model_name_or_path: str | None = field(
        default=None, metadata={"help": "What is scored: folder of a trained network, or its name on the Hub."}
    )
    predictions: str | None = field(
        default=None,
        metadata={
            "help": "What is scored: a file or folder of entities, as run_predict.py writes it, or of records with "
            "entities in a format of run_predict.py's --input."
        },
    )
    baseline_model_name_or_path: str | None = field(
        default=None, metadata={"help": "What it is compared with: another network."}
    )
    baseline_predictions: str | None = field(
        default=None, metadata={"help": "What it is compared with: another file or folder of entities."}
    )
    dataset_name: str | None = field(
        default=None, metadata={"help": "Annotated records: a corpus, as in run_ner.py (ccks2017, jsonl, sample, …)."}
    )
    data_dir: str | None = field(default=None, metadata={"help": "Folder of the corpus."})
    split: str = field(
        default="test",
        metadata={
            "help": "Part of the corpus. A development part that it lacks is the one that run_ner.py takes by default.",
            "choices": SPLITS,
        },
    )
    references: str | None = field(
        default=None, metadata={"help": "Annotated records: a file or folder of these formats, in place of a corpus."}
    )
    format: str | None = field(
        default=None,
        metadata={
            "help": "Format of --references, --predictions and --training_records; default: what their names say.",
            "choices": list(FORMATS),
        },
    )
    encoding: str | None = field(
        default=None, metadata={"help": "Their encoding, and that of the corpus, say gb18030; default: utf-8."}
    )
    format_options: list[str] | None = field(
        default=None, metadata={"help": f"How they, or the corpus, are read, {OPTIONS_HELP}", "rare": True}
    )
    label_set: list[str] | None = field(
        default=None, metadata={"help": "Types that are scored, say Disease,Drug; default: all of either side."}
    )
    training_records: str | None = field(
        default=None,
        metadata={
            "help": "Records that were trained on, a file or folder: adds recall by how often a mention occurs there."
        },
    )
    output_dir: str | None = field(
        default=None, metadata={"help": "Folder for scores.json, report.md and errors.jsonl; default: none is written."}
    )
    html: str | None = field(
        default=None,
        metadata={
            "help": "Page of the records with predicted against annotated entities, one file for a browser; default: "
            "none. It holds the records' text."
        },
    )


def check_arguments(arguments: EvaluationArguments, recognition: RecognitionArguments) -> None:
    """Raise ValueError unless there is one thing to score, one to hold it against, and at most one to compare with."""
    for names, needed in (
        (("model_name_or_path", "predictions"), True),
        (("dataset_name", "references"), True),
        (("baseline_model_name_or_path", "baseline_predictions"), False),
    ):
        given = [name for name in names if getattr(arguments, name) is not None]
        if len(given) > 1 or (needed and not given):
            raise ValueError(f"Pass {'one' if given else 'either'} of --{names[0]} and --{names[1]}.")
    if arguments.references is not None and arguments.data_dir is not None:
        raise ValueError("--data_dir goes with --dataset_name: leave it out with --references.")
    reading(arguments)
    if arguments.model_name_or_path is None and (given := next(recognition.given(), None)):
        raise ValueError(f"{given} is for the network that is scored: pass --model_name_or_path.")


def check_output(arguments: EvaluationArguments, recognition: RecognitionArguments) -> None:
    """Raise ValueError if what is written would take the place of what is read."""
    sources = {option: getattr(arguments, option) for option in FILE_OPTIONS}
    sources |= {option: getattr(recognition, option) for option in TERM_OPTIONS}
    if arguments.html is not None:
        read = sources | {name: getattr(arguments, name) for name in ("data_dir", "model_name_or_path")}
        check_written(f"--html {arguments.html}", Path(arguments.html), read)
    if arguments.output_dir is None:
        return
    outputs = [Path(arguments.output_dir, name) for name in (RESULTS_FILE, REPORT_FILE, ERRORS_FILE)]
    if arguments.html is not None and Path(arguments.html).resolve() in [output.resolve() for output in outputs]:
        raise ValueError(f"--html {arguments.html} is a file that --output_dir gets: name another one.")
    for option, source in sources.items():
        for output in outputs:
            if source is not None and output.exists() and Path(source).exists() and output.samefile(source):
                raise ValueError(
                    f"{output} is the file of --{option}, which it would replace: pass another --output_dir."
                )


def check_places(arguments: EvaluationArguments, recognition: RecognitionArguments) -> None:
    """Raise ValueError or OSError if what is to be read is not there, or what is to be written cannot be a folder."""
    for name in FILE_OPTIONS:
        check_exists(name, getattr(arguments, name))
    recognition.check_places()
    check_place(arguments.model_name_or_path)
    check_place(arguments.baseline_model_name_or_path)
    if arguments.dataset_name is not None:
        alone = None if arguments.split == "validation" else [arguments.split]
        find_corpus(arguments.dataset_name)(arguments.data_dir, alone)
    check_output_dir(arguments.output_dir)


def evaluate(arguments: EvaluationArguments, recognition: RecognitionArguments) -> None:
    """Score, print, and write what is asked for."""
    import datasets
    import transformers

    from modeling_dicmt.commands.devices import check_device
    from modeling_dicmt.evaluation.clinical_ner import count_mentions
    from modeling_dicmt.evaluation.evaluator import score_predictions
    from modeling_dicmt.evaluation.significance import count_by_record, paired_bootstrap
    from modeling_dicmt.evaluation.systems import compare_types, restrict_to_types

    datasets.disable_progress_bars()
    transformers.utils.logging.disable_progress_bar()
    check_device(recognition.device)
    records, source = load_references(arguments)
    mentions = None
    if arguments.training_records is not None:
        mentions = count_mentions(read_annotated(arguments.training_records, arguments))

    systems = load_systems(arguments, recognition, records, source)
    if arguments.label_set is not None:
        types = [kind.name for kind in resolve_label_set(split_type_names(arguments.label_set))]
        records, systems = restrict_to_types(records, systems, types)
    notes = [note for system in systems for note in compare_types(records, system)]

    scores = [score_predictions(system.predictions, records, mentions) for system in systems]
    difference = None
    if len(systems) == 2:
        annotated = [record["entities"] for record in records]
        counts = [[count_by_record(system.predictions.entities, annotated)] for system in systems]
        difference = paired_bootstrap(*counts)

    summary = render_summary([system.name for system in systems], scores, difference, notes)
    print(f"{systems[0].name} on {source}, {len(records)} records\n\n{summary}")
    if arguments.output_dir is not None:
        write_results(Path(arguments.output_dir), records, source, systems, scores, difference, summary)
    if arguments.html is not None:
        write_page(arguments.html, records, systems[0])


def load_references(arguments: EvaluationArguments) -> tuple[Records, str]:
    """The annotated records, and what to call them."""
    from data_scripts.records import load_split

    if arguments.references is not None:
        return read_annotated(arguments.references, arguments), arguments.references
    options = [*(arguments.format_options or ()), *([f"encoding={arguments.encoding}"] if arguments.encoding else ())]
    records = load_split(arguments.dataset_name, arguments.data_dir, arguments.split, options or None)
    return records, f"{arguments.dataset_name}, {arguments.split} part"


def read_annotated(path: str, arguments: EvaluationArguments) -> Records:
    """Records of a file or folder; raises ValueError if it holds none, naming file and line of what is wrong."""
    from data_scripts.format_corpora import annotated_records

    records = list(annotated_records(find_files(path, arguments.format), None, options=reading(arguments)))
    if not records:
        raise ValueError(f"{path} holds no record.")
    return records


def reading(arguments: EvaluationArguments) -> FormatOptions:
    """How files are read; raises ValueError if an option is wrong."""
    return format_options(arguments.format_options, arguments.encoding)


def read_found(path: str, arguments: EvaluationArguments, records: Records, source: str) -> "System":
    """What was found in the records, in a file or folder of any format; what a job set aside is passed over."""
    from data_scripts.format_corpora import predicted_rows
    from modeling_dicmt.annotation.job import FAILED_NAME
    from modeling_dicmt.evaluation.prediction_files import read_rows
    from modeling_dicmt.evaluation.systems import read_system

    files = [file for file in find_files(path, arguments.format) if file.name != FAILED_NAME]
    options = reading(arguments)
    if not any(pair.startswith("results=") for pair in arguments.format_options or ()):
        options = replace(options, results="predictions")  # of Label Studio's export, which may have both
    lines = [file.path for file in files if file.format == "jsonl"]  # which need not have the texts
    others = [file for file in files if file.format != "jsonl"]
    rows = predicted_rows(others, [record["id"] for record in records], options)
    return read_system(path, records, source, chain(chain.from_iterable(map(read_rows, lines)), rows))


def load_systems(
    arguments: EvaluationArguments, recognition: RecognitionArguments, records: Records, source: str
) -> list["System"]:
    """What is scored, and what it is compared with, if anything: with a network's own terms alone."""
    from modeling_dicmt.evaluation.systems import run_network

    systems = []
    for model, predictions, terms in (
        (arguments.model_name_or_path, arguments.predictions, recognition),
        (arguments.baseline_model_name_or_path, arguments.baseline_predictions, recognition.without_terms()),
    ):
        if predictions is not None:
            systems.append(read_found(predictions, arguments, records, source))
        elif model is not None:
            systems.append(run_network(model, records, terms, quiet=False))
    return systems


def render_summary(
    names: Sequence[str], scores: Sequence[Mapping[str, Any]], difference: "Difference | None", notes: Sequence[str]
) -> str:
    """The figures that are looked at first: of the types, and of the systems beside each other."""
    from modeling_dicmt.evaluation.report import markdown_table

    def row(name: str, of: Mapping[str, Any], prefix: str = "") -> tuple[str, ...]:
        figures = ("precision", "recall", "f1")
        figures = (*(prefix + figure for figure in figures), f"relaxed_{prefix}f1")
        return name, *(f"{100 * of[figure]:.2f}" for figure in figures)

    columns = ("%", "precision", "recall", "F1", "relaxed F1")
    rows = [row(f"{name} ({of_type['support']})", of_type) for name, of_type in scores[0]["by_type"].items()]
    rows += [row(f"all ({scores[0]['support']})", scores[0]), row("mean of the types", scores[0], "macro_")]
    parts = [markdown_table(columns, rows)]
    if difference is not None:
        parts += [
            markdown_table(columns, [row(*pair) for pair in zip(names, scores, strict=True)]),
            "Difference of F1: {:+.2f} points, 95 % interval {:+.2f} to {:+.2f}, p = {:.4f} (paired bootstrap over "
            "records).\n".format(*(100 * value for value in difference[:3]), difference.p),
        ]
    return "\n".join([*parts, *(f"Note: {note}\n" for note in notes)])


def write_results(
    output_dir: Path,
    records: Records,
    source: str,
    systems: Sequence["System"],
    scores: Sequence[Mapping[str, Any]],
    difference: "Difference | None",
    summary: str,
) -> None:
    """Write figures, report and errors, each file either complete or not there."""
    from modeling_dicmt.evaluation.report import render_report, write_errors
    from modeling_dicmt.files import write_json, write_text

    output_dir.mkdir(parents=True, exist_ok=True)
    entities = systems[0].predictions.entities
    results = {"records": source, "system": systems[0].name, "scores": scores[0]}
    if difference is not None:
        results |= {
            "baseline": systems[1].name,
            "baseline_scores": scores[1],
            "difference_of_f1": difference._asdict(),
        }
    title = f"{systems[0].name} on {source}"
    report = render_report(scores[0], records=records, predictions=entities, title=title)
    write_json(output_dir / RESULTS_FILE, results)
    write_text(output_dir / REPORT_FILE, f"{report}\n## Summary\n\n{summary}")
    write_errors(output_dir / ERRORS_FILE, records, entities)


def write_page(path: str, records: Records, system: "System") -> None:
    """Write the page of the records with what the system found against what is annotated."""
    from modeling_dicmt.pages.marks import compared_marks
    from modeling_dicmt.pages.page import records_page

    found, scores = system.predictions.entities, system.predictions.scores or [None] * len(records)
    types = dict.fromkeys([*system.types, *(entity["type"] for record in records for entity in record["entities"])])
    with records_page(path, types, compared=True) as page:
        for record, entities, of_entities in zip(records, found, scores, strict=True):
            page.add(record, compared_marks(entities, record["entities"], of_entities))


def run() -> None:
    arguments, recognition = parse_arguments((EvaluationArguments, RecognitionArguments), __doc__)
    check_arguments(arguments, recognition)
    check_output(arguments, recognition)
    check_places(arguments, recognition)
    evaluate(arguments, recognition)


def main() -> None:
    """Entry point of the console command `dicmt-run-evaluate`."""
    run_command(run)


if __name__ == "__main__":
    main()
