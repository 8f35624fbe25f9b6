"""Files that grow together, part by part, so that a job that was killed goes on where its last whole part ended."""

import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple

from ..files import read_json, replacing, write_json
from .locks import take_lock

_STATE = "state.json"
_LOCK = "lock"
# How much work a killed job does again, at most; each state costs a wait for the disk.
_SECONDS_BETWEEN_STATES = 5


class WholeParts(NamedTuple):
    """What is whole: how many parts, how long the files are with them, and what the job remembers."""

    parts: int
    sizes: dict[str, int]
    memory: dict[str, Any]


class GrowingFiles:
    """Files of lines that are written in parts, and take their places whole when `finish` is called.

    Until then they lie in a folder of their own, which nobody but the user may read, with a state. What a job that was
    interrupted or killed wrote after its last whole part, or after its last state, is cut off.

    Args:
        folder: For the files meanwhile; gone after `finish`.
        targets: Where the files go, by their names; None for one that is needed meanwhile only.
        fingerprint: Of all that the files' content follows from: the beginnings of another job are thrown away.
        memory: What a new job is to remember, say a key; one that goes on has in `memory` what it remembered.

    Raises:
        ValueError: If another process is at the same files.
        OSError: If they cannot be written.
    """

    def __init__(self, folder: Path, targets: Mapping[str, Path | None], fingerprint: str, memory: Mapping[str, Any]):
        self.folder, self.targets, self.fingerprint = folder, dict(targets), fingerprint
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        places = ", ".join(str(target) for target in self.targets.values() if target is not None)
        self._lock = take_lock(
            folder / _LOCK, f"Another process is writing {places}: wait for it, or name other files."
        )
        self._files: dict[str, BinaryIO] = {}
        state = whole_parts(folder, self.targets, fingerprint, memory)
        if state is None:
            for path in folder.iterdir():
                if path.name != _LOCK:
                    path.unlink()
            state = WholeParts(0, dict.fromkeys(self.targets, 0), dict(memory))
        self._done, self._synced = state, state.sizes
        for name in self.targets:
            file = self._files[name] = open(folder / name, "ab")
            file.truncate(state.sizes[name])
            file.seek(0, os.SEEK_END)
        self.save()

    @property
    def parts(self) -> int:
        """How many parts are written whole."""
        return self._done.parts

    @property
    def memory(self) -> dict[str, Any]:
        """What the job remembers as of the last whole part."""
        return self._done.memory

    def __enter__(self) -> "GrowingFiles":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            if kind is not None and issubclass(kind, KeyboardInterrupt | ChildProcessError):
                self.save()
        finally:
            for name, file in self._files.items():
                try:
                    with self._writing(name):
                        file.close()
                except OSError:
                    if kind is None:  # else what went wrong first is what is told
                        raise
            self._lock.close()

    def add(self, lines: Mapping[str, str], memory: Mapping[str, Any]) -> None:
        """Write the next part.

        Args:
            lines: Of each file some whole lines.
            memory: What the job remembers from now on, in place of what it did.
        """
        for name, text in lines.items():
            with self._writing(name):
                self._files[name].write(text.encode("utf-8", errors="backslashreplace"))
        sizes = {name: file.tell() for name, file in self._files.items()}
        self._done = WholeParts(
            self.parts + 1, sizes, {**self.memory, **memory}
        )  # in one step: an interrupt may be next
        if time.monotonic() - self._saved > _SECONDS_BETWEEN_STATES:
            self.save()

    def save(self) -> None:
        """Write a state that a later job goes on from."""
        for name, file in self._files.items():
            with self._writing(name):
                file.flush()
                if self._done.sizes[name] != self._synced[name]:  # of a thousand small jobs most of the time is this
                    os.fsync(file.fileno())
        self._synced = self._done.sizes
        write_json(self.folder / _STATE, {"fingerprint": self.fingerprint, **self._done._asdict()})
        self._saved = time.monotonic()

    def path(self, name: str) -> Path:
        """Where a file is meanwhile, all that was added in it."""
        self._files[name].flush()
        return self.folder / name

    def finish(self) -> None:
        """Put the files in their places, in the targets' order. A job that is killed meanwhile puts them there again.

        What stands in its place has reached the disk, and so has its name.
        """
        self.save()
        for name, target in self.targets.items():
            if target is None:
                continue
            with replacing(target) as temporary:
                try:
                    os.link(self.folder / name, temporary)
                except OSError:  # another file system, or one without links
                    shutil.copyfile(self.folder / name, temporary)
                    sync(temporary)
            sync(target.parent)
        shutil.rmtree(self.folder)

    @contextmanager
    def _writing(self, name: str) -> Iterator[None]:
        """Name the file in what the system says of a full disk."""
        try:
            yield
        except OSError as error:
            raise OSError(
                f"{self.folder / name}: {error.strerror or error}. What is whole is kept: make room, and the same "
                "command goes on from there."
            ) from error


def whole_parts(folder: Path, names: Iterable[str], fingerprint: str, memory: Iterable[str]) -> WholeParts | None:
    """What a job left in a folder, as `GrowingFiles` goes on from it.

    Args:
        folder: The folder.
        names: Those of the files.
        fingerprint: The job's.
        memory: Names of what the job remembers.

    Returns:
        None if there is nothing, it is another job's, or it is damaged.
    """
    try:
        state = read_json(folder / _STATE)
        done = WholeParts(state["parts"], state["sizes"], state["memory"])
        is_whole = all(done.sizes[name] <= (folder / name).stat().st_size for name in names)
        is_same = state["fingerprint"] == fingerprint and done.memory.keys() == set(memory)
        return done if is_same and is_whole else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, have reached the disk."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:  # a folder on Windows, which has no such thing
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
