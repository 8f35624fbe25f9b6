#!/usr/bin/env python
"""Find the entities of records with a trained DicMT network.

    python run_predict.py --model_name_or_path OUT --input records.jsonl --output_file entities.jsonl

reads records: {"text": …} a line (with an "id", if you like) of a .jsonl file, a .txt file that is one record, or a
folder of them. It writes their entities, a line a record: {"id", "entities": [{"start", "end", "type", "word",
"score"}]}, in offsets of the record's text, end exclusive; the score is the probability that just this stretch is an
entity of the type. Records may be of any length. --dictionary uses other terms, without training; --threshold leaves
out what is less certain; --evidence adds the dictionary's terms that each entity overlaps; --show prints the records
with their entities marked, with scores and evidence; --num_processes 0 uses the whole machine.
"""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice, tee
from pathlib import Path
from typing import Any

from data_scripts.plain_records import check_records, find_record_files, is_record_file, read_records
from modeling_dicmt.chunks import text_chunks
from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.commands.places import check_exists, check_place
from modeling_dicmt.commands.processes import available_cores, map_in_processes
from modeling_dicmt.commands.progress import progress
from modeling_dicmt.files import is_special

# What takes seconds to import is imported where it is used: arguments and files are checked before, and an error of the
# import itself, such as a library that is missing, is told like any other.

# Records that are worked on together. Answers differ in the last digits with what they are computed beside, so that
# these decide the output's bytes, and the number of processes does not.
CHUNK_RECORDS = 256
CHUNK_CHARACTERS = 2**16

Entities = list[dict[str, Any]]


@dataclass
class PredictionArguments:
    """What is read, with which network, and where the entities go."""

    _argument_group_name = "prediction"

    model_name_or_path: str = field(metadata={"help": "Folder of a trained network, or its name on the Hub."})
    input: str = field(
        metadata={"help": "Records: a .jsonl file, a .txt file that is one record, or a folder of such."}
    )
    output_file: str | None = field(default=None, metadata={"help": "JSONL file for the entities; default: none."})
    show: bool = field(
        default=False, metadata={"help": "Print the records with their entities marked, with scores and evidence."}
    )
    dictionary: str | None = field(default=None, metadata={"help": "Term lists to use in place of the network's own."})
    dictionary_encoding: str = field(
        default="utf-8", metadata={"help": "Encoding of the term lists, say gb18030.", "rare": True}
    )
    threshold: float = field(
        default=0.0, metadata={"help": "The least score of an entity, from 0 to 1.", "minimum": 0, "maximum": 1}
    )
    evidence: bool = field(default=False, metadata={"help": "Add the dictionary's terms that each entity overlaps."})
    max_records: int | None = field(default=None, metadata={"help": "Read only the first N records.", "minimum": 1})
    num_processes: int = field(
        default=1,
        metadata={"help": "Processes that share the records; 0 for one a core. On a GPU one.", "minimum": 0},
    )
    cpu_threads: int = field(
        default=0,
        metadata={
            "help": "Threads of each process; 0 for all cores where one process runs a network with an encoder, else "
            "one, since a smaller network's threads wait for each other.",
            "minimum": 0,
            "rare": True,
        },
    )
    device: str = field(default="cpu", metadata={"help": "Device to run on, say cuda."})
    batch_characters: int | None = field(
        default=None,
        metadata={
            "help": "Characters of a batch, padding included; default: what is fast.",
            "minimum": 1,
            "rare": True,
        },
    )


def check_arguments(arguments: PredictionArguments) -> None:
    """Raise ValueError if the arguments do not go together."""
    if arguments.output_file is None and not arguments.show:
        raise ValueError("Pass --output_file, --show, or both: the entities have to go somewhere.")
    if arguments.num_processes > 1 and arguments.device != "cpu":
        raise ValueError(
            f"--num_processes {arguments.num_processes} is for CPUs: leave it out with --device {arguments.device}."
        )


def check_output(arguments: PredictionArguments) -> None:
    """Raise ValueError if the entities would take the place of what is read, or be read the next time."""
    output = Path(arguments.output_file)
    if output.is_dir():
        raise ValueError(f"--output_file {arguments.output_file} is a folder: name a file.")
    if is_special(output):
        raise ValueError(
            f"--output_file {arguments.output_file} is a device or a pipe: name a file. --show prints the entities."
        )
    for option in ("input", "dictionary", "model_name_or_path"):
        path = getattr(arguments, option)
        source = Path(path) if path is not None else None
        if source is None or not source.exists():
            continue
        if any(output.exists() and file.exists() and output.samefile(file) for file in _files_of(source)):
            raise ValueError(
                f"--output_file {arguments.output_file} is a file of --{option}, which the entities would replace: "
                "name another one."
            )
        is_read_from = option != "model_name_or_path" and source.is_dir()
        if is_read_from and is_record_file(output) and output.parent.exists() and output.parent.samefile(source):
            raise ValueError(
                f"--output_file {arguments.output_file} would lie in the folder of --{option} and be read as a part "
                "of it the next time: name a file elsewhere."
            )


def _files_of(path: Path) -> Iterable[Path]:
    return path.iterdir() if path.is_dir() else [path]


def load_recognizer(arguments: PredictionArguments) -> Callable[[Sequence[str]], list[Entities]]:
    """Load the network and give the function that finds the entities of each of some texts, as files hold them.

    Raises:
        ValueError: If the device, the checkpoint or the dictionary cannot be used.
    """
    import transformers

    from modeling_dicmt.commands.checkpoint import load_network, load_tokenizer
    from modeling_dicmt.commands.devices import check_device
    from modeling_dicmt.dictionary import ClinicalDictionary
    from modeling_dicmt.recognition import EntityRecognizer, RecognitionSettings, with_type
    from modeling_dicmt.torch_tagger import TorchTagger

    transformers.utils.logging.disable_progress_bar()
    check_device(arguments.device)
    network = load_network(arguments.model_name_or_path).to(arguments.device)
    tokenizer = load_tokenizer(arguments.model_name_or_path)
    if arguments.dictionary is not None:
        encoding = arguments.dictionary_encoding
        tokenizer.dictionary = ClinicalDictionary.from_path(arguments.dictionary, encoding=encoding)
        tokenizer.dictionary_matcher.check_usable(arguments.dictionary)
    recognizer = EntityRecognizer(TorchTagger(network, cpu_threads=arguments.cpu_threads or None), tokenizer)
    settings = RecognitionSettings(
        threshold=arguments.threshold,
        evidence=arguments.evidence or arguments.show,
        batch_characters=arguments.batch_characters,
    )

    def recognize(texts: Sequence[str]) -> list[Entities]:
        return [[with_type(entity) for entity in found] for found in recognizer.stream(texts, settings)]

    return recognize


def predict(
    arguments: PredictionArguments, records: Iterable[dict[str, Any]], num_processes: int
) -> Iterator[tuple[dict[str, Any], Entities]]:
    """Records with their entities, in the order read; only what the processes are at is in memory."""
    if num_processes > 1:
        arguments = replace(arguments, cpu_threads=arguments.cpu_threads or 1)
    records, again = tee(records)
    chunks = text_chunks((record["text"] for record in records), CHUNK_CHARACTERS, CHUNK_RECORDS)
    found = map_in_processes(partial(load_recognizer, arguments), chunks, num_processes)
    yield from zip(again, chain.from_iterable(found), strict=True)


def show(pairs: Iterable[tuple[dict[str, Any], Entities]], is_all: bool) -> Iterator[tuple[dict[str, Any], Entities]]:
    """Print each record with its entities marked, and pass it on.

    Args:
        pairs: Records and their entities.
        is_all: Whether nothing else is done with them, so that it can end when nobody reads what is printed any more.
    """
    from modeling_dicmt.evaluation.report import render_entities

    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    is_read = True
    for record, entities in pairs:
        if is_read:
            try:
                print(f"{record['id']}\n{render_entities(record['text'], entities, color=color, details=True)}\n")
            except BrokenPipeError:
                if is_all:
                    raise
                is_read = False
        yield record, entities


def write(path: str, pairs: Iterable[tuple[dict[str, Any], Entities]], evidence: bool) -> None:
    """Write the records' entities to a file, which is either complete or not there."""
    from modeling_dicmt.evaluation.report import write_predictions

    left_out = () if evidence else ("evidence",)
    first, second = tee(pairs)  # consumed side by side, so that it holds one pair at most
    write_predictions(
        path,
        (record for record, _ in first),
        ([{k: v for k, v in entity.items() if k not in left_out} for entity in found] for _, found in second),
    )


def run() -> None:
    (arguments,) = parse_arguments((PredictionArguments,), __doc__)
    check_arguments(arguments)
    check_place(arguments.model_name_or_path)
    check_exists("dictionary", arguments.dictionary)
    files = find_record_files(Path(arguments.input))
    if arguments.output_file is not None:
        check_output(arguments)

    total = check_records(files, arguments.max_records)
    records = islice(read_records(files), arguments.max_records)
    num_processes = arguments.num_processes or (available_cores() if arguments.device == "cpu" else 1)
    predicted = predict(arguments, records, num_processes)
    with progress(predicted, total=total, quiet=arguments.show) as pairs:  # which ends before an error is told
        if arguments.show:
            pairs = show(pairs, arguments.output_file is None)
        if arguments.output_file is None:
            deque(pairs, maxlen=0)
        else:
            write(arguments.output_file, pairs, arguments.evidence)


def main() -> None:
    """Entry point of the console command `dicmt-run-predict`."""
    run_command(run, "Interrupted: no entities were written.")


if __name__ == "__main__":
    main()
