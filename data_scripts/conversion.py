"""Records of one format to another, one at a time, and what was lost on the way."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from .formats.format import Losses
from .formats.options import FormatOptions, option_names
from .formats.registry import FORMATS, find_files, find_format, guess_format, what_is_lost
from .formats.streams import open_writer, read
from .readers.records import CorpusError
from .record_outputs import describe_losses

# What concerns one direction alone.
_READING = ("discontinuous",)
_WRITING = ("scheme", "label_config")


def convert(
    source: str | os.PathLike,
    target: str | os.PathLike,
    *,
    source_format: str | None = None,
    target_format: str | None = None,
    reading: FormatOptions | None = None,
    writing: FormatOptions | None = None,
) -> tuple[int, Losses]:
    """Write the records of a file or folder in another format; they pass through one at a time.

    Args:
        source: What is read, see `find_files`.
        target: What is written, see `open_writer`; what is there already is replaced when all is done.
        source_format: Its format; None for what its name says. Likewise `target_format`.
        reading: How it is read.
        writing: How it is written.

    Returns:
        The number of records, and what was left out or changed, in words and how often.

    Raises:
        FileNotFoundError: If there is nothing to read.
        CorpusError: If what is read is wrong; nothing is written then.
        OSError: If it cannot be written.
        ValueError: If there is no such format, or what is written would replace, or join, what is read.
    """
    files = find_files(source, source_format)
    target_format = find_format(target_format or guess_format(target)).name
    outputs = {"--output": Path(target)}
    if writing is not None and writing.label_config is not None:
        outputs["--output_label_config"] = Path(writing.label_config)
        if outputs["--output"].resolve() == outputs["--output_label_config"].resolve():
            raise CorpusError(f"--output and --output_label_config are both {target}: name another place for one.")
    for option, path in outputs.items():
        _check_apart(Path(source), path, [file.path for file in files], option)
    count, losses = 0, Losses()
    with open_writer(target, target_format, writing, losses) as write:
        for record in read(files, reading, losses):
            write(record)
            count += 1
    return count, +losses


def _check_apart(source: Path, target: Path, files: Sequence[Path], option: str) -> None:
    if target.exists() and any(target.samefile(path) for path in (source, *files)):
        raise CorpusError(f"{option} {target} is what --input reads, which would be replaced: name another place.")
    if source.is_dir() and source.resolve() in target.resolve().parents:
        raise CorpusError(
            f"{option} {target} would lie in the folder of --input and be read as a part of it the next time: name a "
            "place elsewhere."
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `convert`."""
    names = ", ".join(FORMATS)
    parser.add_argument("--input", required=True, help="file or folder with records")
    parser.add_argument("--from", dest="source_format", choices=FORMATS, metavar="FORMAT", help=f"its format: {names}")
    parser.add_argument("--output", required=True, help="file to write, or replace; of text and brat a new folder")
    parser.add_argument("--to", dest="target_format", choices=FORMATS, metavar="FORMAT", help="its format")
    described = {item.name: item.metadata for item in fields(FormatOptions) if item.metadata}
    for name in option_names():
        metadata = described[name]
        if name not in _WRITING:
            parser.add_argument(f"--{name}", choices=metadata["choices"], help=metadata["help"])
        if name not in _READING:
            told = metadata["help"] if name in _WRITING else f"--{name} of what is written"
            parser.add_argument(f"--output_{name}", choices=metadata["choices"], help=told)


def formats_described() -> str:
    """What each format is, and what it cannot carry, a line each."""
    return "\n".join(
        f"  {item.name}: {item.title}.\n      Cannot carry: {what_is_lost(item)}." for item in FORMATS.values()
    )


def run(options: argparse.Namespace) -> str:
    """Convert as the options say; returns what is to be told."""
    given = vars(options)
    reading, writing = (
        FormatOptions(**{name: value for name in option_names() if (value := given.get(prefix + name)) is not None})
        for prefix in ("", "output_")
    )
    count, losses = convert(
        options.input,
        options.output,
        source_format=options.source_format,
        target_format=options.target_format,
        reading=reading,
        writing=writing,
    )
    return f"Wrote {count:,} records to {options.output}. Left out or changed: {describe_losses(losses)}."
