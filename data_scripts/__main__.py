"""`python -m data_scripts list | statistics | export | push`: look at a corpus, or give it a form that others read."""

import argparse
import json
import sys
from collections.abc import Sequence
from tempfile import TemporaryDirectory

from datasets.utils.logging import disable_progress_bar

from modeling_dicmt import __version__

from .export import EXPORT_FORMATS, export_corpus, push_corpus
from .label_sets import LABEL_SETS
from .loading import CORPORA, FLATTEN_CHOICES, label_set_of, load_corpus
from .statistics import corpus_statistics, statistics_table

_EXAMPLES = """examples:
  python -m data_scripts list
  python -m data_scripts statistics --dataset_name sample
  python -m data_scripts statistics --dataset_name ccks2017 --data_dir DIR --json
  python -m data_scripts export --dataset_name cmeee --data_dir DIR --flatten outermost --output_dir cmeee_flat
  then: datasets.load_dataset("cmeee_flat")
  python -m data_scripts push --dataset_name sample --hub_dataset_id owner/name
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m data_scripts",
        description="The clinical corpora that DicMT reads: list them, count what they hold, export them.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"DicMT {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="the corpora, what their folders must hold, and their entity types")
    statistics = commands.add_parser(
        "statistics", help="records, characters, sentences and entities by type and split, as a Markdown table"
    )
    statistics.add_argument("--json", action="store_true", help="print JSON instead of a table")
    export = commands.add_parser("export", help="write Parquet that plain datasets.load_dataset reads, or JSON Lines")
    export.add_argument("--output_dir", required=True, help="folder to write; must be new or empty")
    export.add_argument(
        "--format",
        choices=EXPORT_FORMATS,
        default="parquet",
        help="parquet, or jsonl, which the corpus 'jsonl' reads again (default: parquet)",
    )
    push = commands.add_parser("push", help="upload it to the Hub as Parquet: only records that you may pass on")
    push.add_argument("--hub_dataset_id", help="repository, owner/name (default: the corpus's name, under your user)")
    push.add_argument("--public", action="store_true", help="make a new repository public (default: private)")
    for command in (statistics, export, push):
        command.add_argument("--dataset_name", required=True, choices=CORPORA, help="the corpus")
        command.add_argument("--data_dir", help="the corpus's folder (see `list`); not for the sample")
        command.add_argument("--cache_dir", help="folder for a prepared copy; default: none is kept")
        command.add_argument(
            "--label_set",
            nargs="+",
            help=f"types that may occur: {', '.join(LABEL_SETS)}, or the types' names (default: the corpus's own; "
            "for jsonl any)",
        )
        command.add_argument(
            "--validation_share",
            type=float,
            default=0.1,
            help="share of the groups (patients) that become the development split where the corpus has none; "
            "0 for none (default: 0.1)",
        )
        command.add_argument("--seed", type=int, default=42, help="seed of that split (default: 42)")
        command.add_argument(
            "--flatten",
            choices=FLATTEN_CHOICES,
            help="nested entities: keep the outermost and say how many are left out, or stop at the first "
            "(default: keep all)",
        )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status (1 for an error in the data, after one message on stderr)."""
    options = _parser().parse_args(arguments)
    if options.command == "list":
        for name, builder in CORPORA.items():
            types = ", ".join(t.name for t in LABEL_SETS.get(name, ())) or "any, unless a label set is given"
            print(f"{name}\n    folder: {builder.layout}\n    types:  {types}")
        return 0
    disable_progress_bar()
    label_set = options.label_set
    if label_set is not None and len(label_set) == 1 and label_set[0] in LABEL_SETS:
        label_set = label_set[0]
    try:
        # Records are private: without a cache folder asked for, no copy of them stays behind in one.
        with TemporaryDirectory(prefix="dicmt-") as scratch:
            corpus = load_corpus(
                options.dataset_name,
                options.data_dir,
                cache_dir=options.cache_dir or scratch,
                label_set=label_set,
                validation_share=options.validation_share,
                seed=options.seed,
                flatten=options.flatten,
            )
            types = [t.name for t in label_set_of(options.dataset_name, corpus, label_set)]
            if options.command == "export":
                folder = export_corpus(
                    corpus, options.output_dir, name=options.dataset_name, format=options.format, types=types
                )
                print(f"Wrote {', '.join(corpus)} to {folder}.")
            elif options.command == "push":
                repo_id = push_corpus(
                    corpus, options.hub_dataset_id, name=options.dataset_name, private=not options.public, types=types
                )
                print(f"Uploaded {', '.join(corpus)} to {repo_id}.")
            else:
                statistics = corpus_statistics(corpus, types)
                text = json.dumps(statistics, ensure_ascii=False, indent=2) if options.json else None
                print(text or statistics_table(statistics))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
