"""Records as users have them, in files of any format: found, counted, and sorted into what their results are called."""

import logging
from collections.abc import Sequence
from itertools import islice
from pathlib import PurePosixPath

from .formats.format import RecordFile
from .formats.options import FormatOptions
from .formats.registry import FORMATS
from .formats.streams import read
from .formats.text_files import plain_name
from .readers.records import CorpusError

logger = logging.getLogger(__name__)

# What the results of a folder's texts are called, together: a file each would be a million of a line each.
TEXTS_NAME = "texts"


def check_records(files: Sequence[RecordFile], options: FormatOptions, limit: int | None = None) -> int:
    """Read all records, or the first `limit`, so that a wrong one is told before hours of work; returns their number.

    Raises:
        CorpusError: As `formats.read`.
    """
    count = sum(1 for _ in islice(read(files, options), limit))
    if count == 0:
        logger.warning("%s: there is no record.", ", ".join(str(file.path) for file in files[:5]))
    return count


def find_shards(files: Sequence[RecordFile], ending: str) -> dict[str, list[RecordFile]]:
    """Files by what their results are to be called, each list in the order of names.

    A file's results have its name with another ending; those of all files of a folder that are a record each, such as
    .txt, are called `TEXTS_NAME` there.

    Args:
        files: As `find_files` gives them.
        ending: Of the results' names, say ".jsonl"; "" where they are folders.

    Raises:
        CorpusError: If two results would have one name, or one would lie in the other.
        OSError: If a file cannot be read.
    """
    shards: dict[str, list[RecordFile]] = {}
    for file in sorted(files, key=lambda file: file.name):
        with open(file.path, "rb"):  # told now rather than in the middle of the night
            pass
        name = _results_name(file, ending)
        of_shard = shards.setdefault(name, [])
        if of_shard and not (FORMATS[file.format].is_folder and FORMATS[of_shard[0].format].is_folder):
            raise CorpusError(f"{of_shard[0].path} and {file.path}: the results of both would be {name}: rename one.")
        of_shard.append(file)
    for name in shards:
        for folder in PurePosixPath(name).parents:
            if str(folder) in shards:
                other = shards[str(folder)][0].path
                raise CorpusError(f"{other}: its results would be {folder}, which is a folder of results: rename it.")
    return shards


def _results_name(file: RecordFile, ending: str) -> str:
    path = PurePosixPath(file.name)
    if FORMATS[file.format].is_folder:
        return path.with_name(TEXTS_NAME + ending).as_posix()
    name = plain_name(path.name)
    if ending and name.lower().endswith(ending):
        return path.with_name(name).as_posix()
    return path.with_name((PurePosixPath(name).stem or name) + ending).as_posix()
