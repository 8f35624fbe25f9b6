#!/usr/bin/env python
"""Take out of records what tells who somebody is.

    python run_deidentify.py --input records.jsonl --output_file deidentified.jsonl

reads records, a file or folder in any format of `python -m data_scripts convert`: {"text": …} a line (with "id",
"group" and "entities", if there are any) of a .jsonl file, a .txt file that is one record, tables and others. Names,
numbers of identity cards, telephones, records and beds, addresses, institutions, dates, ages above 89, e-mails and
plates are found by rules, and replaced by made-up ones of the same form; entities move along with the text. "group" is
the patient: within a patient's records a person keeps one made-up name, and dates are shifted by the same number of
days. "id" and "group" stay as they are (a .txt file's name is its record's id); of an entity start, end, type and word
are kept.

--policies says otherwise: tag writes [姓名] in the place of a name, remove nothing, keep leaves it, coarsen leaves of a
date its month. "--policies tag DATE=surrogate BED=keep" says it for all and for two. --key_file FILE keeps the secret
that decides about made-up values, so that further records of the same patients get the same ones.

--names FILE adds names that are known (a staff list, a patient index: a name a line). --rules DIR adds rules, or
replaces the package's of the same file name; --model_name_or_path DIR asks a network that was trained to find
identifiers, too. --spans FILE writes what was found, {"id", "identifiers": [{"start", "end", "type", "rule"}]} a line,
in offsets of the original text. --report FILE tells how much was found by which rule. --review FILE holds a sample to
be read by a person: nobody knows what was overlooked unless somebody looks. The same command again goes on where one
was interrupted.
"""

import hashlib
import json
import os
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, tee
from pathlib import Path
from typing import Any

from data_scripts.formats.format import RecordFile
from data_scripts.formats.streams import read
from data_scripts.record_arguments import RecordArguments
from data_scripts.record_files import check_records
from data_scripts.record_outputs import check_output
from modeling_dicmt.chunks import record_chunks
from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.commands.growing_files import GrowingFiles
from modeling_dicmt.commands.places import check_exists, check_place
from modeling_dicmt.commands.processes import LIBRARIES_OF_NETWORKS, available_cores, map_in_processes
from modeling_dicmt.commands.progress import progress
from modeling_dicmt.deidentification import Deidentifier, IdentifierFinder, Policies
from modeling_dicmt.deidentification.arguments import IdentifierArguments
from modeling_dicmt.deidentification.report import read_spans, span_line, write_report, write_review
from modeling_dicmt.deidentification.rules import RULES_FOLDER

# Records that are worked on together, and written together.
CHUNK_RECORDS = 256
CHUNK_CHARACTERS = 2**17
_KEY_BYTES = 32


@dataclass(kw_only=True)
class DeidentificationArguments(RecordArguments, IdentifierArguments):
    """What is read, what is looked for, what becomes of it, and where the results go."""

    _argument_group_name = "de-identification"

    output_file: str = field(metadata={"help": "JSONL file for the new records."})
    model_name_or_path: str | None = field(
        default=None, metadata={"help": "Folder of a network that was trained to find identifiers: a second opinion."}
    )
    threshold: float = field(
        default=0.5,
        metadata={"help": "The least probability of what the network finds.", "minimum": 0, "maximum": 1, "rare": True},
    )
    key_file: str | None = field(
        default=None,
        metadata={
            "help": "File of the secret that decides about surrogates; made if it is not there. Default: a new one."
        },
    )
    spans: str | None = field(
        default=None, metadata={"help": "JSONL file for what was found, in the original's offsets."}
    )
    report: str | None = field(default=None, metadata={"help": "Markdown file for counts by class and rule."})
    review: str | None = field(
        default=None, metadata={"help": "Markdown file with a sample to check. It holds text and identifiers."}
    )
    max_records: int | None = field(default=None, metadata={"help": "Read only the first N records.", "minimum": 1})
    num_processes: int = field(
        default=1, metadata={"help": "Processes that share the records; 0 for one a core.", "minimum": 0}
    )
    quiet: bool = field(default=False, metadata={"help": "Show no progress."})


def prepare(
    arguments: DeidentificationArguments, key: bytes, finder: IdentifierFinder | None = None
) -> Callable[[Sequence[dict[str, Any]]], tuple[str, str]]:
    """What turns a chunk of records into lines of the output and of the spans; without a finder it builds its own."""
    finder = build_finder(arguments) if finder is None else finder
    deidentifier = Deidentifier(Policies.from_options(arguments.policies), finder, key=key)

    def work(records: Sequence[dict[str, Any]]) -> tuple[str, str]:
        done = deidentifier.records(records)
        lines = (json.dumps(record, ensure_ascii=False) + "\n" for record, _ in done)
        return "".join(lines), "".join(span_line(record["id"], found) for record, found in done)

    return work


def build_finder(arguments: DeidentificationArguments) -> IdentifierFinder:
    """What finds identifiers: rules, known names, a network.

    Raises:
        ValueError: If a rule, a list of names or the network cannot be used.
    """
    recognise = None
    if arguments.model_name_or_path is not None:
        from modeling_dicmt.commands.checkpoint import load_network, load_tokenizer
        from modeling_dicmt.deidentification.recogniser import identifier_recogniser
        from modeling_dicmt.recognition import EntityRecognizer
        from modeling_dicmt.torch_tagger import TorchTagger

        tagger = TorchTagger(load_network(arguments.model_name_or_path), cpu_threads=1)
        recognizer = EntityRecognizer(tagger, load_tokenizer(arguments.model_name_or_path))
        recognise = identifier_recogniser(recognizer, arguments.threshold)
    return arguments.build_finder(arguments.known_names(), recognise)


def check_outputs(arguments: DeidentificationArguments) -> None:
    """Raise ValueError if what is written would take the place of what is read, or of another output."""
    sources = {name: getattr(arguments, name) for name in ("input", "names", "rules", "model_name_or_path")}
    written: dict[Path, str] = {}
    for name in ("output_file", "spans", "report", "review", "key_file"):
        path = getattr(arguments, name)
        if path is not None:
            check_output(f"--{name} {path}", Path(path), sources)
            if not Path(path).parent.is_dir():
                raise ValueError(f"--{name} {path}: there is no folder {Path(path).parent}. Make it, or name another.")
            other = written.setdefault(Path(path).resolve(), name)
            if other != name:
                raise ValueError(f"--{other} and --{name} are one file: name two.")


def chunks(records: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Records in lists of bounded size."""
    return record_chunks(records, CHUNK_CHARACTERS, CHUNK_RECORDS)


def read_key(path: str | None) -> bytes | None:
    """The secret of a file, which is made if it is not there; None where there is no file.

    Raises:
        ValueError: If the file is none that this command made.
    """
    if path is None:
        return None
    file = Path(path)
    if not file.exists():
        made = file.with_name(f".{file.name}.{secrets.token_hex(8)}.tmp")
        made.touch(mode=0o600)
        made.write_text(secrets.token_hex(_KEY_BYTES) + "\n", encoding="ascii")
        with suppress(FileExistsError):  # another job made one meanwhile, which is that of both
            os.link(made, file)
        made.unlink()
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ValueError(
            f"--key_file {path} holds no key of {_KEY_BYTES} bytes as this command makes one: name a new file."
        )
    return key


def fingerprint(arguments: DeidentificationArguments, files: Sequence[RecordFile], key: bytes | None) -> str:
    """Hash of all that the output follows from, the key apart where the job makes its own."""
    digest = hashlib.sha256()
    settings = [
        arguments.policies,
        arguments.max_records,
        arguments.model_name_or_path,
        arguments.threshold,
        None if key is None else key.hex(),
        [file.name for file in files],
        [arguments.input_format, arguments.encoding, arguments.format_options],
    ]
    digest.update(json.dumps(settings).encode())
    folders = [RULES_FOLDER, *([Path(arguments.rules)] if arguments.rules else [])]
    places = [file.path for file in files]
    places += [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    for name in (arguments.names, arguments.model_name_or_path):
        if name is not None and Path(name).exists():
            places += sorted(Path(name).iterdir()) if Path(name).is_dir() else [Path(name)]
    for path in places:
        state = path.stat()
        digest.update(json.dumps([path.name, state.st_size, state.st_mtime_ns]).encode())
    return digest.hexdigest()


def run() -> None:
    (arguments,) = parse_arguments((DeidentificationArguments,), __doc__)
    policies = Policies.from_options(arguments.policies)
    for name in ("names", "rules"):
        check_exists(name, getattr(arguments, name))
    check_place(arguments.model_name_or_path)
    check_exists("input", arguments.input)
    reading = arguments.reading(annotated=True, named=True)
    files = arguments.find_files()
    check_outputs(arguments)
    finder = build_finder(arguments)  # a wrong rule is told before the records are read
    total = check_records(files, reading, arguments.max_records)

    key = read_key(arguments.key_file)
    output = Path(arguments.output_file)
    targets = {"output": output, "spans": Path(arguments.spans) if arguments.spans is not None else None}
    memory = {"key": (key or secrets.token_bytes(_KEY_BYTES)).hex(), "records": 0, "characters": 0}
    unfinished = output.with_name(f".{output.name}.unfinished")
    with GrowingFiles(unfinished, targets, fingerprint(arguments, files, key), memory) as growing:
        if growing.parts:
            print(f"Going on after record {growing.memory['records']:,}.", file=sys.stderr)
        records = islice(read(files, reading), arguments.max_records)
        todo, again = tee(islice(chunks(records), growing.parts, None))
        num_processes = arguments.num_processes or available_cores()
        own = finder if num_processes == 1 else None  # a network is no thing to send to other processes
        changed = map_in_processes(
            partial(prepare, arguments, bytes.fromhex(growing.memory["key"]), own),
            todo,
            num_processes,
            () if arguments.model_name_or_path is None else LIBRARIES_OF_NETWORKS,
        )
        with progress(total=total, initial=growing.memory["records"], quiet=arguments.quiet) as bar:
            for chunk, (lines, spans) in zip(again, changed, strict=True):
                counts = {"records": len(chunk), "characters": sum(len(record["text"]) for record in chunk)}
                counts = {name: growing.memory[name] + count for name, count in counts.items()}
                growing.add({"output": lines, "spans": spans}, counts)
                bar.update(len(chunk))
        spans = growing.path("spans")
        if arguments.report is not None:
            write_report(arguments.report, read_spans(spans), growing.memory["characters"], policies)
        if arguments.review is not None:
            records = islice(read(files, arguments.reading()), arguments.max_records)
            before = os.umask(0o077)  # it holds what is taken out elsewhere
            try:
                write_review(arguments.review, records, read_spans(spans))
            finally:
                os.umask(before)
        growing.finish()


def main() -> None:
    """Entry point of the console command `dicmt-deidentify`."""
    run_command(run, "Interrupted: the same command again goes on from here.")


if __name__ == "__main__":
    main()
