#!/usr/bin/env python
"""Find the entities of records with a trained DicMT network.

    python run_predict.py --model_name_or_path OUT --input records.jsonl --output_file entities.jsonl

reads records, a file or a folder in any format of `python -m data_scripts convert`: {"text": …} a line (with an "id",
if you like) of a .jsonl file, a .txt file that is one record, tables, BRAT and others. It writes their entities, a line
a record: {"id", "entities": [{"start", "end", "type", "word", "score"}]}, in offsets of the record's text, end
exclusive; the score is the probability that just this stretch is an entity of the type. --output_format, or another
ending of --output_file, writes the records with their entities instead: --output_file preannotated.json is for Label
Studio. Records may be of any length. --threshold leaves out what is less certain; --evidence adds the terms that each
entity overlaps; --show prints the records with their entities marked, with scores and evidence; --html makes a page of
them, one file to look at in a browser, to search, and to print; --num_processes 0 uses the whole machine.

    python run_predict.py --model_name_or_path OUT --input RECORDS/ --output_dir ENTITIES/ --num_processes 0

annotates a hospital. Each file of the folder, or of one below it, becomes a file of the same name; the .txt files of a
folder together become its texts.jsonl. A file is there whole or not at all. The same command goes on where
one was interrupted or killed, and leaves what is finished; input that was changed is done again; a folder with results
of other settings or another network is refused. A record that cannot be read is set aside in failed.jsonl, with its
file, line and reason; the others are done, and the status is then 3 (0 if none failed, 1 where the job could not go
on, 130 after Ctrl-C). `tail -f ENTITIES/run.log` shows how far it is. --show, --html, --terms_report and --max_records
are for one file. --engine ray has the machines of a Ray cluster (--address) do the same.

Terms count at once, without training. --terms FILE adds vetted terms, which are believed: Drug.txt with a term a line,
a table with lines "term⇥Drug", a folder of lists, or JSON {"Drug": ["替雷利珠单抗"]}. --force_terms makes every one
that occurs an entity, and adds "forced" to the entities; --not_terms FILE says what is no entity. --dictionary replaces
the reference lists, of which the network believes as much as its training taught it. --terms_report FILE tells in
Markdown which vetted terms occurred and were not taken, with counts and contexts, and which frequent entities no list
has.
"""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, combinations, islice, tee
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING, Any

from data_scripts.formats.format import Losses
from data_scripts.formats.streams import open_writer, read, read_each
from data_scripts.record_arguments import RecordArguments
from data_scripts.record_files import check_records, find_shards
from data_scripts.record_outputs import check_output, describe_losses, write_as
from data_scripts.result_arguments import ENTITIES, ResultArguments
from modeling_dicmt import __version__
from modeling_dicmt.annotation.annotate import Plan, annotate
from modeling_dicmt.annotation.arguments import JobArguments
from modeling_dicmt.annotation.job import FAILED_NAME, LOG_NAME, Job, check_names
from modeling_dicmt.annotation.job_log import JobLog
from modeling_dicmt.annotation.ray_engine import check_ray, ray_cluster
from modeling_dicmt.annotation.shards import Shard
from modeling_dicmt.chunks import text_chunks
from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.commands.places import check_exists, check_output_dir, check_place, check_separate
from modeling_dicmt.commands.processes import LIBRARIES_OF_NETWORKS, available_cores, map_in_processes, start_server
from modeling_dicmt.commands.progress import progress
from modeling_dicmt.commands.recognition_arguments import (
    TERM_OPTIONS,
    RecognitionArguments,
    describe_terms,
    read_terms,
)

# What takes seconds to import is imported where it is used: arguments and files are checked before, and an error of the
# import itself, such as a library that is missing, is told like any other.
if TYPE_CHECKING:
    from modeling_dicmt.dictionary import ClinicalDictionary
    from modeling_dicmt.evaluation.term_report import TermReport
    from modeling_dicmt.tokenization_dicmt import DicMTTokenizer

# Records that are worked on together: as many short ones as the recogniser itself takes at a time. Answers differ in
# the last digits with what they are computed beside, so that these decide the output's bytes, and the number of
# processes does not.
CHUNK_RECORDS = 512
CHUNK_CHARACTERS = 2**16

# Status of a job that is done, with records that failed.
SOME_FAILED = 3

Entities = list[dict[str, Any]]


@dataclass(kw_only=True)
class PredictionArguments(RecordArguments, ResultArguments):
    """What is read, with which network, and where the entities go."""

    _argument_group_name = "prediction"

    model_name_or_path: str = field(metadata={"help": "Folder of a trained network, or its name on the Hub."})
    show: bool = field(
        default=False, metadata={"help": "Print the records with their entities marked, with scores and evidence."}
    )
    html: str | None = field(
        default=None,
        metadata={
            "help": "Page of the records with their entities, one file for a browser, for up to some ten thousand "
            "records: colours by type, scores and evidence, search, filters; default: none. It holds the records' text."
        },
    )
    terms_report: str | None = field(
        default=None,
        metadata={
            "help": "Markdown file that tells which vetted terms occurred and were not taken, with contexts, and which "
            "frequent entities no list has; default: none. It holds text of the records."
        },
    )
    threshold: float = field(
        default=0.0, metadata={"help": "The least score of an entity, from 0 to 1.", "minimum": 0, "maximum": 1}
    )
    evidence: bool = field(default=False, metadata={"help": "Add the terms that each entity overlaps."})
    max_records: int | None = field(default=None, metadata={"help": "Read only the first N records.", "minimum": 1})
    num_processes: int = field(
        default=1,
        metadata={
            "help": "Processes that share the records; 0 for one a core. On a GPU one; with --engine ray one a GPU.",
            "minimum": 0,
        },
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


def check_arguments(arguments: PredictionArguments, job: JobArguments, recognition: RecognitionArguments) -> None:
    """Raise ValueError if the arguments do not go together."""
    if job.output_dir is not None:
        for name in ("output_file", "show", "html", "terms_report", "max_records"):
            if getattr(arguments, name):
                raise ValueError(f"--{name} does not go with --output_dir: leave one of the two out.")
    elif job.log_file is not None:
        raise ValueError("--log_file goes with --output_dir: the log of one file is what the standard error shows.")
    elif job.engine != "local":
        raise ValueError(f"--engine {job.engine} goes with --output_dir: one file is worked on here.")
    elif arguments.output_file is arguments.html is arguments.terms_report is None and not arguments.show:
        raise ValueError(
            "Pass --output_file, --show, --html, or several: the entities have to go somewhere (or --terms_report). Of "
            "many files they go to --output_dir."
        )
    arguments.writing()
    if arguments.has_whole_records and arguments.evidence:
        raise ValueError(f"--evidence goes with --output_format {ENTITIES}: records have no place for it.")
    if job.engine == "ray":
        if recognition.device not in ("cpu", "cuda"):
            raise ValueError(f"--device {recognition.device}: with --engine ray it is cpu or cuda, Ray says which GPU.")
        check_ray(job.address)
    elif job.address is not None:
        raise ValueError("--address is where --engine ray finds its cluster: pass both.")
    elif arguments.num_processes > 1 and recognition.device != "cpu":
        raise ValueError(
            f"--num_processes {arguments.num_processes} is for CPUs: leave it out with --device {recognition.device}."
        )


def check_outputs(arguments: PredictionArguments, job: JobArguments, recognition: RecognitionArguments) -> None:
    """Raise ValueError if what is written would take the place of what is read, or be read the next time."""
    sources = {name: getattr(recognition, name) for name in TERM_OPTIONS}
    sources |= {name: getattr(arguments, name) for name in ("input", "model_name_or_path")}
    if job.output_dir is not None:
        check_output_dir(job.output_dir)
        for name, path in sources.items():
            check_separate(job.output_dir, name, [path])
        if Path(job.output_dir).resolve().is_relative_to(Path(arguments.input).resolve()):
            raise ValueError(f"--output_dir {job.output_dir} lies in --input, and would be read the next time.")
    if job.log_file is not None:
        check_output(f"--log_file {job.log_file}", Path(job.log_file), sources)
    outputs = [name for name in ("output_file", "html", "terms_report") if getattr(arguments, name) is not None]
    for name in outputs:
        output = Path(getattr(arguments, name))
        is_new_folder = name == "output_file" and arguments.is_folder and output.is_dir()
        if is_new_folder and any(output.iterdir()):
            raise ValueError(f"--{name} {output} holds files already: name a new folder.")
        if not is_new_folder:
            check_output(f"--{name} {getattr(arguments, name)}", output, sources)
    for one, other in combinations(outputs, 2):
        if Path(getattr(arguments, one)).resolve() == Path(getattr(arguments, other)).resolve():
            raise ValueError(f"--{one} and --{other} are one file: name two.")


def count_processes(arguments: PredictionArguments, on_cpu: bool) -> int:
    """How many processes of this machine look for entities."""
    return arguments.num_processes or (available_cores() if on_cpu else 1)


def load_terms(
    arguments: PredictionArguments, recognition: RecognitionArguments
) -> tuple["DicMTTokenizer", "ClinicalDictionary"]:
    """The network's tokenizer with the terms that were asked for, and what is no entity.

    Raises:
        ValueError: If the checkpoint, the device or the terms cannot be used.
    """
    from modeling_dicmt.commands.checkpoint import load_tokenizer
    from modeling_dicmt.commands.devices import check_device

    check_device(recognition.device)
    tokenizer = load_tokenizer(arguments.model_name_or_path)
    return tokenizer, read_terms(tokenizer, recognition)


def load_recognizer(
    arguments: PredictionArguments,
    recognition: RecognitionArguments,
    tokenizer: "DicMTTokenizer",
    not_terms: "ClinicalDictionary",
    fingerprint: str | None = None,
) -> Callable[[Sequence[str]], list[Entities]]:
    """Load the network and give the function that finds the entities of each of some texts, as files hold them.

    Raises:
        ValueError: If the checkpoint cannot be used, or the network is not that of a fingerprint.
    """
    import transformers

    from modeling_dicmt.annotation.fingerprints import network_fingerprint
    from modeling_dicmt.commands.checkpoint import load_network
    from modeling_dicmt.recognition import EntityRecognizer, with_type
    from modeling_dicmt.recognition_settings import RecognitionSettings
    from modeling_dicmt.torch_tagger import TorchTagger

    transformers.utils.logging.disable_progress_bar()
    network = load_network(arguments.model_name_or_path)
    if fingerprint is not None and network_fingerprint(network) != fingerprint:
        raise ValueError(
            f"{arguments.model_name_or_path} on {gethostname()} is another network than where the job was started: "
            "copy it there."
        )
    network.to(recognition.device)
    recognizer = EntityRecognizer(TorchTagger(network, cpu_threads=arguments.cpu_threads or None), tokenizer)
    settings = RecognitionSettings(
        threshold=arguments.threshold,
        not_terms=not_terms if len(not_terms) else None,
        force=recognition.force_terms,
        evidence=arguments.evidence or arguments.show or arguments.html is not None,
        batch_characters=recognition.batch_characters,
    )

    def recognize(texts: Sequence[str]) -> list[Entities]:
        return [[with_type(entity) for entity in found] for found in recognizer.stream(texts, settings)]

    return recognize


def predict(
    prepare: Callable[[], Callable[[Sequence[str]], list[Entities]]],
    records: Iterable[dict[str, Any]],
    num_processes: int,
) -> Iterator[tuple[dict[str, Any], Entities]]:
    """Records with their entities, in the order read; only what the processes are at is in memory."""
    records, again = tee(records)
    chunks = text_chunks((record["text"] for record in records), CHUNK_CHARACTERS, CHUNK_RECORDS)
    found = map_in_processes(prepare, chunks, num_processes, LIBRARIES_OF_NETWORKS)
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


def count_terms(
    pairs: Iterable[tuple[dict[str, Any], Entities]], report: "TermReport"
) -> Iterator[tuple[dict[str, Any], Entities]]:
    """Add each record to the report on terms, and pass it on."""
    for record, entities in pairs:
        report.add(record, entities)
        yield record, entities


def write(arguments: PredictionArguments, pairs: Iterable[tuple[dict[str, Any], Entities]]) -> None:
    """Write the records' entities to --output_file, which is either complete or not there."""
    if arguments.has_whole_records:
        losses = Losses()
        with open_writer(arguments.output_file, arguments.format, arguments.writing(), losses) as write_record:
            for record, entities in pairs:
                write_record(record | {"entities": entities})
        print(f"Left out or changed: {describe_losses(losses)}.", file=sys.stderr)
        return
    from modeling_dicmt.evaluation.prediction_files import write_predictions

    left_out = () if arguments.evidence else ("evidence",)
    first, second = tee(pairs)  # consumed side by side, so that it holds one pair at most
    write_predictions(
        arguments.output_file,
        (record for record, _ in first),
        ([{k: v for k, v in entity.items() if k not in left_out} for entity in found] for _, found in second),
    )


def annotate_files(arguments: PredictionArguments, job: JobArguments, recognition: RecognitionArguments) -> None:
    """Write a folder of results, a file for each of the input; ends with `SOME_FAILED` if records were set aside.

    Raises:
        ValueError, OSError: As `annotate` and `Job` do.
    """
    reading, is_whole = arguments.reading(named=arguments.has_whole_records), arguments.has_whole_records
    found = find_shards(arguments.find_files(), arguments.ending)
    shards = [
        Shard(name, [file.path for file in files], partial(read_each, files, reading)) for name, files in found.items()
    ]
    check_names(shards)
    on_cpu = recognition.device == "cpu"
    arguments = replace(arguments, cpu_threads=arguments.cpu_threads or int(on_cpu))
    is_local = job.engine == "local"
    if not is_local and os.path.isdir(arguments.model_name_or_path):  # elsewhere a process has another folder
        arguments = replace(arguments, model_name_or_path=os.path.abspath(arguments.model_name_or_path))
    if is_local and count_processes(arguments, on_cpu) > 1:
        start_server(LIBRARIES_OF_NETWORKS)
    # The device is the workers', and need not be here.
    tokenizer, not_terms = load_terms(arguments, recognition if is_local else replace(recognition, device="cpu"))
    settings = job_settings(arguments, recognition, tokenizer, not_terms)
    output_dir, losses = Path(job.output_dir), Losses()
    convert = None
    if is_whole:
        options = arguments.writing()
        convert = partial(write_as, root=output_dir, format=arguments.format, options=options, losses=losses)
    with (
        Job(output_dir, settings, convert) as folder,
        JobLog(Path(job.log_file or output_dir / LOG_NAME), sum(shard.size() for shard in shards)) as log,
        engine_of(arguments, job, on_cpu, log) as (map_parts, num_processes),
    ):
        told = f"engine: {job.engine}; processes: {num_processes}; device: {recognition.device}"
        log.write(f"Shards: {len(shards):,}; {told}.")
        strays = folder.strays(shards)
        if strays:
            log.tell(f"Results whose input is not there any more, which are left: {strays:,}.")
        limits = (job.max_failures, CHUNK_CHARACTERS, CHUNK_RECORDS)
        plan = Plan(num_processes, *limits, arguments.evidence, is_whole, map_parts)
        fingerprint = None if is_local else settings["network"]
        prepare = partial(load_recognizer, arguments, recognition, tokenizer, not_terms, fingerprint)
        try:
            counts = annotate(shards, folder, prepare, plan, log)
        except KeyboardInterrupt:
            raise KeyboardInterrupt("Interrupted: what is finished is kept, and the same command goes on.") from None
        finally:
            some_failed = folder.write_failed(shards)
        told = ", ".join(f"{counts[name]:,} {name}" for name in ("records", "characters", "entities", "failed"))
        log.tell(f"Done: {told}.")
        if is_whole and +losses:
            log.tell(f"Left out or changed: {describe_losses(losses)}.")
        if some_failed:
            log.tell(f"{output_dir / FAILED_NAME} tells which records failed, and why.")
            raise SystemExit(SOME_FAILED)


@contextmanager
def engine_of(
    arguments: PredictionArguments, job: JobArguments, on_cpu: bool, log: JobLog
) -> Iterator[tuple[Callable[..., Iterator[Any]], int]]:
    """What gives the answers to a job's parts, see `Plan`, and with how many processes."""
    if job.engine == "local":
        yield partial(map_in_processes, libraries=LIBRARIES_OF_NETWORKS), count_processes(arguments, on_cpu)
        return
    with ray_cluster(job.address, arguments.num_processes, arguments.cpu_threads, not on_cpu) as cluster:
        yield partial(cluster.map, tell=log.tell), cluster.num_workers


def job_settings(
    arguments: PredictionArguments,
    recognition: RecognitionArguments,
    tokenizer: "DicMTTokenizer",
    not_terms: "ClinicalDictionary",
) -> dict[str, Any]:
    """All that results follow from besides the records."""
    from modeling_dicmt.annotation.fingerprints import network_fingerprint, terms_fingerprint
    from modeling_dicmt.commands.checkpoint import load_network

    names = ("threshold", "evidence", "cpu_threads", "input_format", "encoding", "format_options", "output_options")
    options = {name: getattr(arguments, name) for name in names} | {"output_format": arguments.format}
    options |= {name: getattr(recognition, name) for name in ("force_terms", "batch_characters")}
    return {
        "network": network_fingerprint(load_network(arguments.model_name_or_path)),
        "dictionary, or terms": terms_fingerprint(tokenizer, not_terms),
        "--device": recognition.device.partition(":")[0],
        **{f"--{name}": value for name, value in options.items()},
        "records at a time": [CHUNK_RECORDS, CHUNK_CHARACTERS],
        "version of DicMT": __version__,
    }


def run() -> None:
    arguments, job, recognition = parse_arguments((PredictionArguments, JobArguments, RecognitionArguments), __doc__)
    check_arguments(arguments, job, recognition)
    check_place(arguments.model_name_or_path)
    recognition.check_places()
    check_exists("input", arguments.input)
    if job.output_dir is not None:
        check_outputs(arguments, job, recognition)
        annotate_files(arguments, job, recognition)
        return
    files = arguments.find_files()
    check_outputs(arguments, job, recognition)

    reading = arguments.reading(named=arguments.has_whole_records)
    total = check_records(files, reading, arguments.max_records)
    records = islice(read(files, reading), arguments.max_records)
    num_processes = count_processes(arguments, recognition.device == "cpu")
    if num_processes > 1:
        arguments = replace(arguments, cpu_threads=arguments.cpu_threads or 1)
        start_server(LIBRARIES_OF_NETWORKS)  # which imports while this process does
    tokenizer, not_terms = load_terms(arguments, recognition)
    lexicon = tokenizer.compile_lexicon(not_terms=not_terms) if len(not_terms) else tokenizer.lexicon
    if len(tokenizer.terms):
        print(describe_terms(lexicon), file=sys.stderr)
    predicted = predict(partial(load_recognizer, arguments, recognition, tokenizer, not_terms), records, num_processes)
    if arguments.terms_report is not None:
        from modeling_dicmt.evaluation.term_report import TermReport

        report = TermReport(tokenizer, lexicon)
        predicted = count_terms(predicted, report)
    with (
        ExitStack() as outputs,
        progress(predicted, total=total, quiet=arguments.show) as pairs,  # which ends before an error is told
    ):
        if arguments.html is not None:
            from modeling_dicmt.pages.page import records_page

            pairs = outputs.enter_context(records_page(arguments.html, tokenizer.entity_types)).passing(pairs)
        if arguments.show:
            pairs = show(pairs, arguments.output_file is arguments.html is arguments.terms_report is None)
        if arguments.output_file is None:
            deque(pairs, maxlen=0)
        else:
            write(arguments, pairs)
    if arguments.terms_report is not None:
        report.write(arguments.terms_report)


def main() -> None:
    """Entry point of the console command `dicmt-run-predict`."""
    run_command(run, "Interrupted: no entities were written.")


if __name__ == "__main__":
    main()
