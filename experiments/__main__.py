"""The paper's experiments, on any corpus that the project reads.

    python -m experiments list
    python -m experiments run all --preset quick --output_dir outputs/experiments
    python -m experiments run table5 table8 --dataset_name ccks2017 --data_dir DIR --dictionary TERMS --output_dir OUT
    python -m experiments report --results_dir OUT/results --output_dir OUT/report

`run` does the runs that the specifications need, each distinct one once, and writes the report. The same command again
goes on where it was: finished runs are not repeated, an interrupted one resumes. `run --help` explains its settings.
"""

import logging
import shlex
import signal
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from benchmarks.speed.measuring import describe_machine
from data_scripts.arguments import DataArguments
from data_scripts.records import load_records
from data_scripts.sample import SAMPLE_DICTIONARY
from modeling_dicmt.commands.command_line import DataclassParser, parse_arguments, run_command
from modeling_dicmt.files import read_json, write_json

from .corpus_analysis import analyse
from .examples import EXAMPLES_FILE, collect_examples
from .planning import check_resources, make_plan, restrict
from .recording import PREFIXES, ResultStore
from .report.results import Results, write_plan
from .report.writing import write_report
from .running import RUNS_FOLDER, Options, Runner
from .specification import RESOURCES, available_presets, check_types, read_preset, read_specifications
from .stand_in import write_untrained_encoder

logger = logging.getLogger("experiments")

RESULTS_FOLDER, REPORT_FOLDER = "results", "report"


def _help(text: str, **options) -> dict:
    return {"metadata": {"help": text, **options}}


@dataclass
class RunArguments:
    """What is run, and where its results go."""

    _argument_group_name = "experiments"

    output_dir: str = field(
        **_help("Folder for the runs and the report. Predictions and reports with examples hold text.", private=True)
    )
    results_dir: str | None = field(
        default=None,
        **_help(
            "Folder for the figures, a JSON file a run, without any text. Default: OUTPUT_DIR/results.", private=True
        ),
    )
    preset: str = field(default="full", **_help("How much is spent on each run: quick, full or product."))
    jobs: int = field(
        default=1, **_help("Runs at a time; with one thread each, as many as there are cores.", minimum=1)
    )
    num_processes: int = field(
        default=1, **_help("Processes of each network's training, by accelerate launch.", minimum=1)
    )
    seeds: list[int] | None = field(default=None, **_help("Seeds, in place of the preset's, for whatever has several."))
    num_train_epochs: int | None = field(default=None, **_help("Epochs, in place of the preset's."))
    skip: list[str] | None = field(default=None, **_help("Systems to leave out, by their names in systems.yaml."))
    encoder: str | None = field(
        default=None, **_help("BERT-family encoder (name or folder) for the systems on BERT.", private=True)
    )
    domain_encoder: str | None = field(
        default=None, **_help("One further trained on clinical text, for FT-BERT.", private=True)
    )
    character_vectors: str | None = field(
        default=None, **_help("word2vec text file for the system with vectors.", private=True)
    )
    pretrained: str | None = field(
        default=None, **_help("Folder that run_mlm.py wrote, for the systems on a pre-trained network.", private=True)
    )
    unlabelled: list[str] | None = field(
        default=None, **_help("Files or folders of unlabelled records, for self-training.", private=True)
    )
    keep_models: bool = field(default=False, **_help("Keep the weights of each run."))
    retry_failed: bool = field(default=False, **_help("Do runs again that are recorded as failed."))
    max_minutes_per_run: float = field(
        default=0, **_help("Stop a run after so long and record it as failed; 0: never.", minimum=0)
    )


def run(arguments: Sequence[str]) -> int:
    """Do the runs of specifications; returns 1 if one failed."""
    parser = DataclassParser((RunArguments, DataArguments), prog="python -m experiments run", description=__doc__)
    parser.add_argument("specifications", nargs="+", help="names from `list`, `all`, or YAML files of your own")
    for action in parser._actions:
        if action.dest == "dataset_name":
            action.required, action.default = False, "sample"
    settings, data, given = parser.parse_args_into_dataclasses(arguments)

    specification = read_specifications(given.specifications)
    preset = read_preset(settings.preset)
    if data.dataset_name == "sample" and data.dictionary is None:
        data.dictionary = str(SAMPLE_DICTIONARY)
    data = restrict(data, preset)
    parts, entity_types = load_records(data)
    check_types(specification, entity_types, data.dataset_name)
    output_dir = Path(settings.output_dir)
    resources = {name: value for name in RESOURCES if (value := getattr(settings, name))}
    check_resources(resources)
    stand_ins = []
    if preset.untrained_encoder and "encoder" not in resources:
        texts = [record["text"] for record in parts["train"]]
        resources["encoder"] = write_untrained_encoder(texts, output_dir / "untrained_encoder")
        stand_ins.append("encoder")
    plan = make_plan(
        specification,
        preset,
        data,
        parts,
        settings={} if settings.num_train_epochs is None else {"num_train_epochs": settings.num_train_epochs},
        resources=resources,
        seeds=settings.seeds,
        skip=settings.skip or (),
        stand_ins=stand_ins,
    )
    results_dir = Path(settings.results_dir or output_dir / RESULTS_FOLDER)
    environment = {"command": _public_command(arguments, settings, data), "machine": describe_machine()}
    write_plan(results_dir, plan, data.dataset_name, analyse(parts, entity_types), environment)
    options = Options(
        output_dir,
        settings.jobs,
        settings.num_processes,
        settings.keep_models,
        settings.retry_failed,
        settings.max_minutes_per_run,
    )
    runner = Runner(plan, parts, ResultStore(results_dir), options)
    counts = runner.run()
    logger.info(
        "%(finished)d runs done, %(failed)d failed, %(before)d had been done before, %(not run)d are not run.", counts
    )
    examples = collect_examples(plan, output_dir / RUNS_FOLDER, parts)
    write_json(output_dir / EXAMPLES_FILE, examples)
    logger.info("Report: %s", write_report(Results(results_dir), output_dir / REPORT_FOLDER, examples))
    return 1 if counts["failed"] else 0


@dataclass
class ReportArguments:
    """What is reported, and where."""

    output_dir: str = field(**_help("Folder of the runs; the report goes to OUTPUT_DIR/report."))
    results_dir: str | None = field(
        default=None, **_help("Folder of the figures, where `run` put them elsewhere. Default: OUTPUT_DIR/results.")
    )
    part: str = field(
        default="validation", **_help("Part of the corpus whose figures are shown.", choices=list(PREFIXES))
    )
    without_text: bool = field(
        default=False, **_help("Leave out the examples, so that the report holds no text of any record.")
    )


def report(arguments: Sequence[str]) -> int:
    """Write the report anew, from what there is."""
    (settings,) = parse_arguments((ReportArguments,), report.__doc__, arguments, "python -m experiments report")
    output_dir = Path(settings.output_dir)
    results = Results(settings.results_dir or output_dir / RESULTS_FOLDER, settings.part)
    if settings.part not in results.parts:
        logger.warning("No run has figures of the part %r yet; there are: %s.", settings.part, results.parts)
    examples = output_dir / EXAMPLES_FILE
    text = read_json(examples) if examples.exists() and not settings.without_text else None
    logger.info("Report: %s", write_report(results, output_dir / REPORT_FOLDER, text))
    return 0


def list_specifications(arguments: Sequence[str]) -> int:
    """Show what can be run."""
    specification = read_specifications(["all"])
    print("specifications:")
    for table in specification.tables:
        print(f"  {table.name:<16} {table.title}")
        if table.rows:
            names = ", ".join(dict.fromkeys(row.system for row in table.rows))
            print(textwrap.fill(names, 110, initial_indent=" " * 19, subsequent_indent=" " * 19))
    print("presets:")
    for name in available_presets():
        preset = read_preset(name)
        print(f"  {name:<16} {preset.description}; seeds {', '.join(map(str, preset.seeds))}")
    return 0


def _public_command(arguments: Sequence[str], settings: RunArguments, data: DataArguments) -> str:
    """The command with names in the place of paths, however they were given: results may be published."""
    names = {
        place: item.name.upper()
        for given in (settings, data)
        for item in fields(given)
        if item.metadata.get("private") and (value := getattr(given, item.name)) is not None
        for place in (value if isinstance(value, list) else [value])
    }
    shown = []
    for argument in arguments:
        option, is_joined, value = argument.partition("=")
        if is_joined and value in names:
            shown.append(f"{option}={names[value]}")
        else:
            # A specification of one's own is named, not placed.
            own = Path(argument).name if argument.endswith((".yaml", ".yml")) else argument
            shown.append(names.get(argument, own))
    return shlex.join(["python", "-m", "experiments", "run", *shown])


_COMMANDS = {"run": run, "report": report, "list": list_specifications}


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", force=True)
    if arguments and arguments[0] in _COMMANDS:
        return _COMMANDS[arguments[0]](arguments[1:])
    print(__doc__.strip())
    return 0 if arguments[:1] in (["--help"], ["-h"]) else 2


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupt)  # so that the runs are ended, too
    run_command(lambda: sys.exit(main()), "Interrupted. The same command goes on from here.")
