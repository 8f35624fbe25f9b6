"""Records without annotations, for self-training: files with a record a line, read as they are consumed."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from modeling_dicmt.files import MAX_LINE_BYTES, decode_text, read_json_lines

from .readers.records import CorpusError, at_line, replace_surrogates

# How the files are named that a folder is searched for.
SUFFIXES = (".jsonl", ".txt")


def read_unlabelled(paths: Sequence[str], limit: int | None = None) -> Iterator[str]:
    """The texts of unlabelled records; blank lines are none.

    Args:
        paths: `.jsonl` files, `{"text": …}` a line, other files, a record a line, or folders, of which `.jsonl` and
            `.txt` files are read, those of folders within them as well.
        limit: How many are read at most; None for all.

    Raises:
        CorpusError: If a folder has no such file, or a line cannot be read; names file and line.
    """
    files = [file for path in paths for file in _files(Path(path))]
    return islice((text for file in files for text in _read(file)), limit)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    if not found:
        raise CorpusError(f"{path} holds no {' or '.join(SUFFIXES)} file: name files with a record a line.")
    return found


def _read(path: Path) -> Iterator[str]:
    if path.suffix.lower() == ".jsonl":
        for line, value in read_json_lines(path, CorpusError):
            if not isinstance(value.get("text"), str):
                raise CorpusError(f"{at_line(path, line)}: expected the record's text, a string, as its key 'text'.")
            yield replace_surrogates(value["text"])
        return
    with open(path, "rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE_BYTES + 1), b""), start=1):
            if len(line) > MAX_LINE_BYTES:
                raise CorpusError(
                    f"{at_line(path, number)}: longer than {MAX_LINE_BYTES >> 20} MiB. Expected a record a line."
                )
            text = decode_text(line, at_line(path, number), CorpusError).rstrip("\r\n")
            if text and not text.isspace():
                yield text
