#!/usr/bin/env python
"""Find the entities of records with a trained DicMT network.

    python run_predict.py --model_name_or_path OUT --input records.jsonl --output_file entities.jsonl

reads records: {"text": …} a line (with an "id", if you like), a text file that is one record, or a folder of them.
It writes their entities, a line a record: {"id", "entities": [{"start", "end", "type", "word", "score"}]}, in offsets
of the record's text, end exclusive; the score is the probability that just this stretch is an entity of the type.
Records may be of any length. --dictionary uses other terms, without training; --threshold leaves out what is less
certain; --evidence adds the dictionary's terms that each entity overlaps; --show prints the records with their entities
marked.
"""

import json
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, tee
from pathlib import Path
from typing import Any

import torch
import transformers
from tqdm.auto import tqdm

from modeling_dicmt.commands.checkpoint import load_network, load_tokenizer
from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.evaluation.report import render_entities, write_predictions
from modeling_dicmt.recognition import EntityRecognizer, RecognitionSettings
from modeling_dicmt.torch_tagger import TorchTagger


@dataclass
class PredictionArguments:
    """What is read, with which network, and where the entities go."""

    model_name_or_path: str = field(metadata={"help": "Folder of a trained network, or its name on the Hub."})
    input: str = field(
        metadata={"help": "Records: a .jsonl file, a text file that is one record, or a folder of such."}
    )
    output_file: str | None = field(default=None, metadata={"help": "JSONL file for the entities; default: none."})
    show: bool = field(default=False, metadata={"help": "Print the records with their entities marked."})
    dictionary: str | None = field(default=None, metadata={"help": "Term lists to use in place of the network's own."})
    dictionary_encoding: str = field(default="utf-8", metadata={"help": "Encoding of the term lists, say gb18030."})
    threshold: float = field(default=0.0, metadata={"help": "The least score of an entity, from 0 to 1."})
    evidence: bool = field(default=False, metadata={"help": "Add the dictionary's terms that each entity overlaps."})
    max_records: int | None = field(default=None, metadata={"help": "Read only the first N records."})
    device: str = field(default="cpu", metadata={"help": "Device to run on, say cuda."})
    batch_characters: int | None = field(
        default=None, metadata={"help": "Characters of a batch, padding included; default: what is fast."}
    )


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Records of a file or folder, with `id` and `text`; text is read as it is stored, line ends included.

    Raises:
        ValueError: If a file is not UTF-8 or a line is no record; names file and line.
        FileNotFoundError: If there is nothing at `path`.
    """
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in (".txt", ".jsonl"))
        if not files:
            raise FileNotFoundError(f"{path} holds no .txt or .jsonl file.")
        for file in files:
            yield from read_records(file)
        return
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            if path.suffix != ".jsonl":
                yield {"id": path.name, "text": file.read()}
                return
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _read_line(line, f"{path}, line {number}", f"{path.name}:{number}")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 (byte {error.start}): convert it, say with iconv -f gb18030.") from error


def _read_line(line: str, where: str, default_id: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"{where}: not JSON ({error.msg}, column {error.colno}).") from error
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        raise ValueError(f'{where}: expected an object with a string "text".')
    return {"id": str(record.get("id", default_id)), "text": record["text"]}


def predict(arguments: PredictionArguments) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Records with their entities, in the order read; only as many records as a chunk holds are in memory.

    Raises:
        ValueError: If the device, the checkpoint, the dictionary or a record cannot be used.
    """
    try:
        torch.zeros(1, device=arguments.device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"--device {arguments.device} cannot be used here: {str(error).splitlines()[0]}") from error
    network = load_network(arguments.model_name_or_path).to(arguments.device)
    tokenizer = load_tokenizer(arguments.model_name_or_path)
    if arguments.dictionary is not None:
        encoding = arguments.dictionary_encoding
        tokenizer.dictionary = ClinicalDictionary.from_path(arguments.dictionary, encoding=encoding)
        tokenizer.dictionary_matcher.check_usable(arguments.dictionary)
    settings = RecognitionSettings(
        threshold=arguments.threshold, evidence=arguments.evidence, batch_characters=arguments.batch_characters
    )
    records, again = tee(islice(read_records(Path(arguments.input)), arguments.max_records))
    recognizer = EntityRecognizer(TorchTagger(network), tokenizer)
    for record, found in zip(again, recognizer.stream((record["text"] for record in records), settings), strict=True):
        yield record, [{"type": entity.pop("entity_group"), **entity} for entity in found]


def show(pairs: Iterable[tuple[dict[str, Any], list]]) -> Iterator[tuple[dict[str, Any], list]]:
    """Print each record with its entities marked, and pass it on."""
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for record, entities in pairs:
        print(f"{record['id']}\n{render_entities(record['text'], entities, color=color)}\n")
        yield record, entities


def run() -> None:
    (arguments,) = parse_arguments((PredictionArguments,), __doc__)
    if arguments.output_file is None and not arguments.show:
        raise ValueError("Pass --output_file, --show, or both: the entities have to go somewhere.")
    if arguments.max_records is not None and arguments.max_records < 1:
        raise ValueError(f"--max_records must be at least 1, got {arguments.max_records}.")
    transformers.utils.logging.disable_progress_bar()
    pairs = predict(arguments)
    pairs = show(pairs) if arguments.show else tqdm(pairs, unit="record", disable=not sys.stderr.isatty())
    if arguments.output_file is None:
        deque(pairs, maxlen=0)
    else:
        first, second = tee(pairs)  # consumed side by side, so that it holds one pair at most
        write_predictions(arguments.output_file, (record for record, _ in first), (found for _, found in second))


def main() -> None:
    """Entry point of the console command `dicmt-run-predict`."""
    run_command(run)


if __name__ == "__main__":
    main()
