"""`python -m data_scripts terms mine | accept`: what records say of the dictionary, and lists made of it."""

import argparse
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.files import check_encoding, write_text

from .dictionary_lists import default_lists_of_type
from .formats.options import FormatOptions
from .formats.registry import FORMATS, find_files
from .formats.streams import read
from .label_sets import resolve_label_set, split_type_names

# Conflicts that are told by line.
_TOLD = 20


def add_term_commands(commands: "argparse._SubParsersAction") -> None:
    """Add `terms` with its own commands."""
    terms = commands.add_parser(
        "terms", help="what records say of the dictionary: candidates for its lists, to be reviewed, and lists of them"
    )
    steps = terms.add_subparsers(dest="step", required=True, metavar="COMMAND")
    mine = steps.add_parser("mine", help="entities that no list has, ranked, as a table for a spreadsheet")
    mine.add_argument("--records", required=True, help="the records: a file, or a folder with all below it")
    mine.add_argument("--records_format", choices=FORMATS, metavar="FORMAT", help=f"their format: {', '.join(FORMATS)}")
    mine.add_argument(
        "--format_options", nargs="+", metavar="NAME=VALUE", help="how they are read, as of run_predict.py: encoding=…"
    )
    mine.add_argument("--entities", required=True, help="their entities, as run_predict.py writes them")
    mine.add_argument("--output_file", required=True, help="table to write, say review.tsv; must be new")
    mine.add_argument(
        "--dictionary", nargs="+", default=[], help="lists whose terms are known: reference lists, vetted terms"
    )
    mine.add_argument("--report", help="Markdown file that tells of entities by type and frequent mentions")
    mine.add_argument(
        "--max_candidates", type=int, default=2000, help="rows of the table, the best first (default: 2000)"
    )
    accept = steps.add_parser("accept", help="add the accepted rows to the lists that --terms and --dictionary read")
    accept.add_argument(
        "--review",
        required=True,
        help="the table, its column accept filled: x, yes, 1 or 是, or another type; as any spreadsheet saves text",
    )
    accept.add_argument("--output_dir", help="folder of lists to add to: Drug.txt, a term a line")
    accept.add_argument("--output_file", help="or table to add to: lines term⇥type")
    accept.add_argument(
        "--label_set", nargs="+", help="types that may be accepted (default: those of the table and of the lists)"
    )
    accept.add_argument(
        "--allow_several_types", action="store_true", help="add a term, too, that is of another type already"
    )
    for command in (mine, accept):
        command.add_argument(
            "--dictionary_encoding", default="utf-8", help="encoding of the lists, say gb18030 (default: utf-8)"
        )


def run_term_command(options: argparse.Namespace) -> None:
    """Run one of the two.

    Raises:
        ValueError: For all that a user can mend; nothing is written then.
    """
    check_encoding("dictionary_encoding", options.dictionary_encoding)
    (_mine if options.step == "mine" else _accept)(options)


def _mine(options: argparse.Namespace) -> None:
    # These import the metric's libraries, which takes seconds: no other command of data_scripts should wait for them.
    from modeling_dicmt.evaluation.mentions import MentionCounter
    from modeling_dicmt.evaluation.prediction_files import pair_predictions
    from modeling_dicmt.mining.candidates import candidates_of, group_candidates, is_in
    from modeling_dicmt.mining.report import Totals, mining_report
    from modeling_dicmt.mining.review import CONTEXTS, write_review

    if options.max_candidates < 1:
        raise ValueError("--max_candidates must be at least 1.")
    output, report = Path(options.output_file), options.report and Path(options.report)
    if output.exists():
        raise ValueError(
            f"--output_file {output} is there already, and somebody may have filled its column accept: name a new file."
        )
    sources = [options.records, options.entities, *options.dictionary]
    if report and (report.resolve() == output.resolve() or any(_is_read(report, Path(path)) for path in sources)):
        raise ValueError(f"--report {report} is a file that is read, or --output_file: name another one.")
    for source in map(Path, sources):
        if source.is_dir() and output.parent.exists() and output.parent.samefile(source):
            raise ValueError(f"--output_file {output} would be read as a part of {source} the next time: name another.")
    if report and report.is_dir():
        raise ValueError(f"--report {report} is a folder: name a file.")
    records = read(
        find_files(options.records, options.records_format), FormatOptions.from_pairs(options.format_options)
    )
    known = [ClinicalDictionary.from_path(path, options.dictionary_encoding) for path in options.dictionary]

    is_listed = lru_cache(maxsize=2**16)(lambda mention: is_in(mention, known))
    counter, totals = MentionCounter(contexts=CONTEXTS), Totals()
    for record, entities in pair_predictions(options.entities, records, options.records):
        if entities is None:
            totals.without += 1
            continue
        totals.records += 1
        # What annotators say is certain. Records of a patient, one behind the other, are one document.
        scored = [entity | {"score": 1.0} if entity["score"] is None else entity for entity in entities]
        counter.add(record["text"], scored, document=record.get("group") or f"record {totals.records}")
        for entity in entities:
            totals.entities[entity["type"]] += 1
            totals.listed[entity["type"]] += is_listed(entity["word"])
    if not totals.entities:
        raise ValueError(f"{options.entities}: there is no entity of a record of {options.records}.")

    candidates, unusable = candidates_of(counter, known, options.max_candidates)
    candidates = group_candidates(candidates, known, _lists_of_type(totals.entities, known))
    for path in (output, report):
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
    write_review(output, candidates)
    if report:
        write_text(report, mining_report(totals, counter, candidates, unusable, known))
    near = sum(bool(candidate.near_lists) for candidate in candidates)
    print(
        f"{totals.records:,} records, {totals.entities.total():,} entities, {totals.listed.total():,} of them in the "
        f"lists. Wrote {len(candidates):,} candidates to {output}, {near:,} of them nearly a known term. Fill the "
        "column accept, then: python -m data_scripts terms accept."
    )


def _lists_of_type(types: Iterable[str], known: Sequence[ClinicalDictionary]) -> dict[str, set[str]]:
    lists = {name for dictionary in known for name in dictionary.lists}
    return {kind: lists.intersection(names) for kind, names in default_lists_of_type([*types], sorted(lists)).items()}


def _is_read(output: Path, source: Path) -> bool:
    files = source.iterdir() if source.is_dir() else [source]
    return output.exists() and any(file.exists() and output.samefile(file) for file in files)


def _accept(options: argparse.Namespace) -> None:
    from modeling_dicmt.mining.merging import extend_folder, extend_table, plan_merge, read_lists
    from modeling_dicmt.mining.review import read_accepted

    if (options.output_dir is None) == (options.output_file is None):
        raise ValueError("Say where the terms go: --output_dir, a folder of lists, or --output_file, a table.")
    target = Path(options.output_dir or options.output_file)
    if target.exists() and target.is_dir() != (options.output_dir is not None):
        raise ValueError(f"{target} is a {'folder: pass --output_dir' if target.is_dir() else 'file: --output_file'}.")
    if target.suffix.lower() == ".json":
        raise ValueError(f"{target}: JSON is not added to. Name a folder of lists, or a table (.tsv).")
    review = Path(options.review)
    if _is_read(target, review) or (target.is_dir() and review.exists() and review.parent.samefile(target)):
        raise ValueError(f"{target} is, or holds, the table that was reviewed, which is no list: keep it elsewhere.")
    lists = read_lists(target, options.dictionary_encoding)
    names = split_type_names(options.label_set)
    allowed = [item.name for item in resolve_label_set(names)] if names else [*lists.lists]
    accepted, types = read_accepted(review, allowed, closed=bool(names))
    if not accepted:
        raise ValueError(f"{review}: no row is accepted. Fill the column accept: x, yes, 1, 是, or a type.")
    merge = plan_merge(accepted, lists, default_lists_of_type(sorted(types), lists.lists), options.allow_several_types)
    if merge.added:
        extend = extend_folder if options.output_dir else extend_table
        extend(target, merge.added, options.dictionary_encoding)
    added = ", ".join(f"{kind} {len(terms):,}" for kind, terms in sorted(merge.added.items()))
    print(f"Added to {target}: {added or 'nothing'}. Known already: {len(merge.known):,} rows.")
    for row, other in merge.conflicts[:_TOLD]:
        print(f"Not added, line {row.line}: accepted as {row.type}, but the term is {other}.")
    if len(merge.conflicts) > _TOLD:
        print(f"And {len(merge.conflicts) - _TOLD:,} more.")
    if merge.conflicts:
        print("Accept such a term as one type, or pass --allow_several_types to have it in the lists of all.")
