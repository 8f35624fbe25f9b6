"""A shard: the files that are annotated as one, and what is written of them as one."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..chunks import record_chunks

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, eq=False)
class Shard:
    """Files whose results are one file.

    Args:
        name: The results' file, from the output folder on.
        files: What is read.
        read: Gives the records: mappings with `file`, `line`, `id` and `text`, or `reason` in place of the text for
            what is no record; `bytes` is how much of the files it takes. It is called anew for each reading, gives the
            same each time, and is all that knows of formats.
    """

    name: str
    files: Sequence[Path]
    read: Callable[[], Iterable[dict[str, Any]]]

    def size(self) -> int:
        """Bytes of the files."""
        return sum(file.stat().st_size for file in self.files)

    def state(self) -> list[tuple[int, int]]:
        """What changes when somebody writes to a file."""
        return [(state.st_size, state.st_mtime_ns) for state in (file.stat() for file in self.files)]

    def content(self) -> dict[str, Any]:
        """What the files hold: `files`, how many; `bytes`; `sha256`, of what `sha256sum` prints of each by its name."""
        digest, size = hashlib.sha256(), 0
        for file in self.files:
            of_file = hashlib.sha256()
            with open(file, "rb") as opened:
                while block := opened.read(_BLOCK_BYTES):
                    of_file.update(block)
                    size += len(block)
            digest.update(f"{of_file.hexdigest()}  {file.name}\n".encode(errors="surrogateescape"))
        return {"files": len(self.files), "bytes": size, "sha256": digest.hexdigest()}


@dataclass(frozen=True)
class Part:
    """Records of a shard that are worked on together and written together.

    Args:
        shard: The shard.
        content: What its files hold, see `Shard.content`.
        records: As `Shard.read` gives them.
        is_last: Whether none follow.
        error: Why it could not be read: raised in its turn, when what was read before is written.
    """

    shard: Shard
    content: dict[str, Any]
    records: Sequence[dict[str, Any]] = ()
    is_last: bool = False
    error: Exception | None = None


def parts_of(shard: Shard, content: dict[str, Any], skip: int, max_characters: int, max_records: int) -> Iterator[Part]:
    """The parts of a shard after the first `skip`, and an empty last one.

    Which records are together depends on the shard's content alone, so that the results do.

    Raises:
        ValueError: If a file was changed since its content was looked at.
    """
    before = shard.state()
    for number, records in enumerate(record_chunks(shard.read(), max_characters, max_records)):
        if number >= skip:
            yield Part(shard, content, records)
    if shard.state() != before:
        raise ValueError(
            f"{shard.name}: its input was changed while it was read. What else is finished is kept; when nobody "
            "writes to it any more, the same command does it anew."
        )
    yield Part(shard, content, is_last=True)
