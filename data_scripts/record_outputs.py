"""What commands write beside the records that they read: places that are safe to write, records in any format."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from modeling_dicmt.files import is_special

from .formats.format import Losses, RecordFile
from .formats.options import FormatOptions
from .formats.registry import FORMATS, format_of_name
from .formats.streams import open_writer, read

# Options whose folder is read with all below it; of the others, files that lie in it.
_DEEP = ("input",)
_READ_SUFFIXES = (".jsonl", ".txt", ".tsv")


def check_output(said: str, output: Path, sources: Mapping[str, str | None]) -> None:
    """Raise ValueError if a file that is written would take the place of what is read, or be read the next time.

    Args:
        said: The option that names it, with its value, as messages show it.
        output: The file.
        sources: Options that name what is read, with their values.
    """
    if output.is_dir():
        raise ValueError(f"{said} is a folder: name a file.")
    if is_special(output):
        raise ValueError(f"{said} is a device or a pipe: name a file. --show prints the entities.")
    for option, path in sources.items():
        source = Path(path) if path is not None else None
        if source is None or not source.exists():
            continue
        if any(output.exists() and file.exists() and output.samefile(file) for file in _files_of(source)):
            raise ValueError(f"{said} is a file of --{option}, which would be replaced: name another one.")
        if option != "model_name_or_path" and source.is_dir() and _would_be_read(output, option, source):
            raise ValueError(
                f"{said} would lie in the folder of --{option} and be read as a part of it the next time: name a file "
                "elsewhere."
            )


def _files_of(path: Path) -> Iterable[Path]:
    return path.iterdir() if path.is_dir() else [path]


def _would_be_read(output: Path, option: str, folder: Path) -> bool:
    if option in _DEEP:
        return format_of_name(output.name) is not None and output.resolve().is_relative_to(folder.resolve())
    return output.suffix.lower() in _READ_SUFFIXES and output.resolve().parent == folder.resolve()


def write_as(lines: Path, target: Path, root: Path, format: str, options: FormatOptions, losses: Losses) -> None:
    """Write the records of a JSON Lines file in another format; the file or folder is there whole or not at all.

    Args:
        lines: The file.
        target: What is written.
        root: A folder that it lies in, from which on ids that are paths are paths.
        format: Its format.
        options: How it is written.
        losses: Takes what the format cannot carry, in words and how often.

    Raises:
        CorpusError: If the format has no form for a record.
        OSError: If it cannot be written.
    """
    above = target.parent.relative_to(root).as_posix() + "/" if FORMATS[format].is_folder else ""
    with open_writer(target, format, options, losses) as write:
        for record in read([RecordFile(lines, target.name, "jsonl")]):
            write(record | {"id": record["id"].removeprefix(above)})


def describe_losses(losses: Losses) -> str:
    """What was left out or changed, in words; "nothing" if nothing was."""
    return "; ".join(f"{what} ({number:,})" for what, number in (+losses).items()) or "nothing"
