"""The paper's experiments, on any corpus that the project reads.

    python -m experiments list
    python -m experiments run all --preset quick --output_dir outputs/experiments
    python -m experiments run table5 table8 --dataset_name ccks2017 --data_dir DIR --dictionary TERMS --output_dir OUT
    python -m experiments report --results_dir OUT/results --output_dir OUT/report

`run` does the runs that the specifications need, each distinct one once, and writes the report. The same command again
goes on where it was: finished runs are not repeated, an interrupted one resumes. `run --help` explains its settings.
"""

import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from transformers import HfArgumentParser

from data_scripts.sample import SAMPLE_DICTIONARY
from modeling_dicmt.training.arguments import DataArguments
from modeling_dicmt.training.command_line import HelpFormatter, run_command
from modeling_dicmt.training.preparation import load_records

from .planning import make_plan
from .recording import ResultStore
from .running import Options, Runner
from .specification import read_preset, read_specifications

logger = logging.getLogger("experiments")


def _help(text: str, **options) -> dict:
    return {"metadata": {"help": text, **options}}


@dataclass
class RunArguments:
    """What is run, and where its results go."""

    _argument_group_name = "experiments"

    output_dir: str = field(
        **_help("Folder for the runs and the report. Predictions and reports with examples hold text.")
    )
    results_dir: str | None = field(
        default=None,
        **_help("Folder for the figures, a JSON file a run, without any text. Default: OUTPUT_DIR/results."),
    )
    preset: str = field(default="full", **_help("How much is spent on each run: quick or full (presets.yaml)."))
    jobs: int = field(default=1, **_help("Runs at a time; with one thread each, as many as there are cores."))
    num_processes: int = field(default=1, **_help("Processes of each network's training, by accelerate launch."))
    seeds: list[int] | None = field(default=None, **_help("Seeds, in place of the preset's, for whatever has several."))
    num_train_epochs: int | None = field(default=None, **_help("Epochs, in place of the preset's."))
    skip: list[str] | None = field(default=None, **_help("Systems to leave out, by their names in systems.yaml."))
    encoder: str | None = field(default=None, **_help("BERT-family encoder (name or folder) for the systems on BERT."))
    domain_encoder: str | None = field(default=None, **_help("One further trained on clinical text, for FT-BERT."))
    character_vectors: str | None = field(default=None, **_help("word2vec text file for the system with vectors."))
    keep_models: bool = field(default=False, **_help("Keep the weights of each run."))
    retry_failed: bool = field(default=False, **_help("Do runs again that are recorded as failed."))
    max_minutes_per_run: float = field(
        default=0, **_help("Stop a run after so long and record it as failed; 0: never.")
    )

    def __post_init__(self) -> None:
        for name in ("jobs", "num_processes"):
            if getattr(self, name) < 1:
                raise ValueError(f"--{name} must be at least 1, got {getattr(self, name)}.")


def run(arguments: Sequence[str]) -> int:
    """Do the runs of specifications; returns 1 if one failed."""
    parser = HfArgumentParser(
        (RunArguments, DataArguments),
        prog="python -m experiments run",
        allow_abbrev=False,
        formatter_class=HelpFormatter,
    )
    parser.add_argument("specifications", nargs="+", help="names from `list`, `all`, or YAML files of your own")
    for action in parser._actions:
        if action.dest == "dataset_name":
            action.required, action.default = False, "sample"
    settings, data, given = parser.parse_args_into_dataclasses(list(arguments), look_for_args_file=False)

    specification = read_specifications(given.specifications)
    preset = read_preset(settings.preset)
    if data.dataset_name == "sample" and data.dictionary is None:
        data.dictionary = str(SAMPLE_DICTIONARY)
    parts, _ = load_records(data)
    output_dir = Path(settings.output_dir)
    resources = {
        name: value for name in ("encoder", "domain_encoder", "character_vectors") if (value := getattr(settings, name))
    }
    plan = make_plan(
        specification,
        preset,
        data,
        parts,
        settings={} if settings.num_train_epochs is None else {"num_train_epochs": settings.num_train_epochs},
        resources=resources,
        seeds=settings.seeds,
        skip=settings.skip or (),
    )
    results = ResultStore(settings.results_dir or output_dir / "results")
    options = Options(
        output_dir,
        settings.jobs,
        settings.num_processes,
        settings.keep_models,
        settings.retry_failed,
        settings.max_minutes_per_run,
    )
    counts = Runner(plan, parts, results, options).run()
    logger.info(
        "%(finished)d runs done, %(failed)d failed, %(before)d had been done before, %(not run)d are not run.", counts
    )
    return 1 if counts["failed"] else 0


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", force=True)
    if arguments[:1] == ["run"]:
        return run(arguments[1:])
    print(__doc__.strip())
    return 0 if arguments[:1] in (["--help"], ["-h"]) else 2


if __name__ == "__main__":
    run_command(lambda: sys.exit(main()), "Interrupted. The same command goes on from here.")
