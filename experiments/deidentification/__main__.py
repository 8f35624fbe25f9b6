"""Hard records for de-identification, and scores of what was found in them.

python -m experiments.deidentification compose --output_file hard.jsonl       # or --source unseen
python run_deidentify.py …                       # writes spans.jsonl
python -m experiments.deidentification score --references hard.jsonl --spans spans.jsonl --details 5
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.files import write_text

from .hard_records import DEFAULT_COUNT, DEFAULT_SEED, compose_hard_records
from .scoring import mistakes_table, read_found, read_references, score, scores_table, worst
from .written_records import SETS, read_written_records


def _help(text: str, **options) -> dict:
    return {"metadata": {"help": text, **options}}


@dataclass
class ComposeArguments:
    """Which records are composed."""

    _argument_group_name = "records"

    output_file: str = field(**_help("JSON Lines file that the records are written to."))
    seed: int = field(default=DEFAULT_SEED, **_help("Seed of all choices: the same seed makes the same records."))
    source: str = field(
        default="templates",
        **_help(
            "Where they are from: composed from 'templates'; or written by hand, 'examined' ones, whose misses were "
            "looked at while the rules were mended, or 'unseen' ones.",
            choices=["templates", *SETS],
        ),
    )
    count: int = field(default=DEFAULT_COUNT, **_help("How many records.", minimum=1))


@dataclass
class ScoreArguments:
    """What is scored."""

    _argument_group_name = "scores"

    references: str = field(**_help("JSON Lines file of records with gold identifiers, as `compose` writes it."))
    spans: str = field(**_help("JSON Lines file with what was found: id and identifiers of a record a line."))
    details: int = field(
        default=0,
        **_help(
            "How many mistakes of each kind and type are shown below the table. They quote the records.", minimum=0
        ),
    )


def compose(arguments: Sequence[str]) -> None:
    """Compose the records."""
    (settings,) = parse_arguments(
        (ComposeArguments,), compose.__doc__, arguments, "python -m experiments.deidentification compose"
    )
    is_written = settings.source in SETS
    records = (
        read_written_records(settings.source) if is_written else compose_hard_records(settings.seed, settings.count)
    )
    write_text(settings.output_file, (json.dumps(record, ensure_ascii=False) + "\n" for record in records))
    identifiers = sum(len(record["identifiers"]) for record in records)
    source = f"the {settings.source} ones" if is_written else f"seed {settings.seed}"
    print(f"{settings.output_file}: {len(records)} records with {identifiers} identifiers, {source}.")


def score_spans(arguments: Sequence[str]) -> None:
    """Score what was found in records."""
    (settings,) = parse_arguments(
        (ScoreArguments,), score_spans.__doc__, arguments, "python -m experiments.deidentification score"
    )
    records = read_references(settings.references)
    found = read_found(settings.spans, records)
    print(scores_table(score(records, found)))
    if settings.details:
        print(f"\n{mistakes_table(worst(records, found, settings.details))}")


_COMMANDS = {"compose": compose, "score": score_spans}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the status."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments and arguments[0] in _COMMANDS:
        _COMMANDS[arguments[0]](arguments[1:])
        return 0
    print(__doc__.strip())
    return 0 if arguments[:1] in (["--help"], ["-h"]) else 2


if __name__ == "__main__":
    run_command(lambda: sys.exit(main()))
