"""`python -m data_scripts list | statistics | export | convert | push | compose_identifiers | radicals | terms`.

Corpora are looked at, given another form, or made up; `terms` is in `term_commands`.
"""

import argparse
import json
import secrets
import sys
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory

from modeling_dicmt import __version__
from modeling_dicmt.deidentification.finding import IdentifierFinder

from . import conversion
from .export import EXPORT_FORMATS, export_corpus
from .formats.options import FormatOptions
from .formats.registry import FORMATS, find_files
from .formats.streams import read
from .identified.composition import write_identified_records
from .identified.own_sentences import sample_sentences
from .label_sets import LABEL_SETS, split_type_names
from .loading import CORPORA, FLATTEN_CHOICES, Parts, label_set_of, read_corpus
from .radical_table import write_radical_table
from .statistics import corpus_statistics, statistics_table
from .term_commands import add_term_commands, run_term_command

_EXAMPLES = """examples:
  python -m data_scripts list
  python -m data_scripts statistics --dataset_name sample
  python -m data_scripts statistics --dataset_name ccks2017 --data_dir DIR --json
  python -m data_scripts export --dataset_name cmeee --data_dir DIR --flatten outermost --output_dir cmeee_flat
  then: datasets.load_dataset("cmeee_flat")
  python -m data_scripts convert --input export.json --from label_studio --output records.jsonl
  python -m data_scripts compose_identifiers --output_dir identifiers
  then: python run_ner.py --dataset_name jsonl --data_dir identifiers
  python -m data_scripts terms mine --records FILE --entities ENTITIES --dictionary LISTS --output_file review.tsv
  then, its column accept filled: python -m data_scripts terms accept --review review.tsv --output_dir LISTS
  python -m data_scripts push --dataset_name sample --deidentified before --hub_dataset_id owner/name
"""

# What a corpus's card says of each choice.
_DEIDENTIFIED = {
    "now": "Names, numbers, addresses, dates and what else tells who somebody is were looked for by rules, and "
    "replaced by made-up ones; records and patients were numbered anew. What rules overlook is in the text.",
    "before": "Whoever uploaded it states that nothing in it tells who a patient is.",
    "no": "It was not de-identified before its upload.",
}


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong without a usage, and takes options in one spelling."""

    def __init__(self, **options):
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> None:
        raise ValueError(f"{message.removeprefix('argument ')}. {self.prog} --help shows the options.")

    def parse_known_args(self, args=None, namespace=None):
        parsed, rest = super().parse_known_args(args, namespace)
        for name in rest:
            alike = get_close_matches(name.partition("=")[0], self._option_string_actions, n=1)
            hint = f"Did you mean {alike[0]}?" if alike else f"{self.prog} --help shows those that there are."
            raise ValueError(f"There is no option {name}. {hint}")
        return parsed, rest


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
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
    convert = commands.add_parser(
        "convert",
        help="records of one format to another, and what was lost: " + ", ".join(FORMATS),
        description="Convert records; formats are told from the names where these say it.",
        epilog="formats:\n" + conversion.formats_described(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    conversion.add_arguments(convert)
    push = commands.add_parser("push", help="upload it to the Hub as Parquet: only records that you may pass on")
    push.add_argument("--hub_dataset_id", help="repository, owner/name (default: the corpus's name, under your user)")
    push.add_argument(
        "--deidentified",
        choices=tuple(_DEIDENTIFIED),
        help="has to be said. now: rules find what tells who somebody is, and made-up values take its place; before: "
        "that was done, or no record is of a patient; no: the records go as they are",
    )
    push.add_argument("--public", action="store_true", help="make a new repository public (default: private)")
    identifiers = commands.add_parser(
        "compose_identifiers",
        help="make up records with labelled names, numbers, places and dates, for a recogniser that de-identifies",
    )
    identifiers.add_argument("--output_dir", required=True, help="folder to write; must be new or empty")
    identifiers.add_argument(
        "--records", type=int, default=3000, help="how many, a tenth of them the development part (default: 3000)"
    )
    identifiers.add_argument("--seed", type=int, default=2021, help="seed of all choices (default: 2021)")
    identifiers.add_argument(
        "--texts",
        nargs="+",
        help="records of your own (.txt, .jsonl, folders): made-up identifiers are put among their sentences, so that "
        "a recogniser knows how your records read; sentences with identifiers of their own are left out",
    )
    radicals = commands.add_parser("radicals", help="derive the table of radicals from Unihan's field kRSUnicode")
    radicals.add_argument("unihan_file", metavar="UNIHAN_FILE", help="Unihan_IRGSources.txt of Unicode's Unihan.zip")
    radicals.add_argument("output", metavar="OUT", help="the table to write")
    add_term_commands(commands)
    for command in (statistics, export, push):
        command.add_argument("--dataset_name", required=True, help=f"the corpus: {', '.join(CORPORA)}")
        command.add_argument("--data_dir", help="the corpus's folder (see `list`); not for the sample")
        command.add_argument(
            "--label_set",
            nargs="+",
            help="types that may occur: their names, between blanks or commas, or one of "
            f"{', '.join(LABEL_SETS)} (default: the corpus's own; for jsonl any)",
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
    """Run a command; returns the exit status (1 for what a user can mend, after one message on stderr)."""
    try:
        options = _parser().parse_args(arguments)
        if options.command == "push" and options.deidentified is None:
            raise ValueError(
                "Does anything in these records tell who somebody is: a name, a number, an address, a date? Say one of "
                "three: --deidentified now (rules find it, made-up values take its place, records and patients are "
                "numbered anew), --deidentified before (it was taken out, say by run_deidentify.py, or no record is of "
                "a patient), --deidentified no (the records go as they are)."
            )
        if options.command == "list":
            for name, corpus in CORPORA.items():
                types = ", ".join(t.name for t in LABEL_SETS.get(name, ())) or "any, unless a label set is given"
                print(f"{name}\n    folder: {corpus.layout}\n    types:  {types}")
        elif options.command == "radicals":
            write_radical_table(options.unihan_file, options.output)
        elif options.command == "terms":
            run_term_command(options)
        elif options.command == "convert":
            print(conversion.run(options))
        elif options.command == "compose_identifiers":
            sentences = _own_sentences(options.texts, options.seed) if options.texts else ()
            folder = write_identified_records(options.output_dir, options.records, options.seed, sentences)
            print(f"Wrote {options.records:,} records to {folder}.")
        else:
            _run_on_corpus(options)
    except (ValueError, OSError) as error:
        is_of_system = isinstance(error, OSError) and error.strerror and error.filename
        print(f"error: {f'{error.filename}: {error.strerror}.' if is_of_system else error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: Interrupted.", file=sys.stderr)
        return 130
    return 0


def _own_sentences(paths: Sequence[str], seed: int) -> list[str]:
    finder = IdentifierFinder()
    files = [file for path in paths for file in find_files(path)]
    texts = (record["text"] for record in read(files, FormatOptions(annotated=False, named=False)))
    sentences = sample_sentences(texts, lambda sentence: not finder.find(sentence), seed)
    if not sentences:
        raise ValueError(
            f"--texts: no sentence in {len(files):,} files can be taken: each is too short or too long, or holds an "
            "identifier. Name records with findings and courses, or leave --texts out."
        )
    print(f"Drew {len(sentences):,} sentences without identifiers from {len(files):,} files.")
    return sentences


def _run_on_corpus(options: argparse.Namespace) -> None:
    name, label_set = options.dataset_name, split_type_names(options.label_set)
    parts = read_corpus(
        name,
        options.data_dir,
        label_set=label_set,
        validation_share=options.validation_share,
        seed=options.seed,
        flatten=options.flatten,
    )
    types = [t.name for t in label_set_of(name, parts, label_set)]
    if options.command == "export":
        folder = export_corpus(parts, options.output_dir, name=name, format=options.format, types=types)
        print(f"Wrote {', '.join(parts)} to {folder}.")
    elif options.command == "push":
        if options.deidentified == "now":
            parts, found = deidentified_parts(parts)
            print("Identifiers replaced:", ", ".join(f"{kind} {count:,}" for kind, count in found.items()) or "none")
        note = _DEIDENTIFIED[options.deidentified]
        repo_id = _push(parts, options.hub_dataset_id, name, not options.public, types, note)
        print(f"Uploaded {', '.join(parts)} to {repo_id}.")
    else:
        statistics = corpus_statistics(parts, types)
        text = json.dumps(statistics, ensure_ascii=False, indent=2) if options.json else None
        print(text or statistics_table(statistics))


def deidentified_parts(parts: Parts) -> tuple[Parts, dict[str, int]]:
    """A corpus with made-up values in the place of what tells who somebody is.

    Its key is drawn anew each time and is nowhere kept, so that nobody can tell what a value stands for. Records and
    patients get numbers, since their own may be those of a hospital; what is no entity (it is empty) goes.

    Args:
        parts: As `read_corpus` gives them.

    Returns:
        The new parts, entities moved along, and how many identifiers of each class were found.
    """
    from modeling_dicmt.deidentification import Deidentifier

    deidentifier = Deidentifier(key=secrets.token_bytes(32))
    numbers: dict[str, str] = {}
    found: Counter[str] = Counter()
    new: Parts = {}
    for part, records in parts.items():
        whole = [{**record, "entities": [e for e in record["entities"] if e["start"] < e["end"]]} for record in records]
        new[part] = []
        for number, (record, identifiers) in enumerate(deidentifier.records(whole), start=1):
            group = numbers.setdefault(record["group"], f"patient {len(numbers) + 1}")
            new[part].append({**record, "id": f"{part} {number}", "group": group})
            found.update(item.type for item in identifiers)
    return new, dict(found.most_common())


def _push(parts: Parts, repo_id: str | None, name: str, private: bool, types: Sequence[str], note: str) -> str:
    """Upload a corpus as Parquet, so that `datasets.load_dataset(repo_id)` reads it; returns the repository's name."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HTTPError

    from modeling_dicmt.publishing.access import check_access, open_repository, reason_of

    repo_id = check_access(repo_id, name, "--hub_dataset_id")
    with TemporaryDirectory(prefix="dicmt-") as scratch:
        folder = export_corpus(parts, Path(scratch) / "corpus", name=name, types=types, note=note)
        try:
            open_repository(repo_id, private, "dataset")
            HfApi().upload_folder(
                folder_path=folder,
                repo_id=repo_id,
                repo_type="dataset",
                commit_message=f"Upload {name}",
                delete_patterns="*.parquet",  # parts that the corpus no longer has
            )
        except (HTTPError, OSError) as error:
            raise ValueError(f"The Hub did not take the upload to {repo_id}: {reason_of(error)}") from error
    return repo_id


if __name__ == "__main__":
    sys.exit(main())
