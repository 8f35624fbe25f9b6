"""Files that grow together, part by part, so that a job that was killed goes on where its last whole part ended."""

import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple

from ..files import read_json, replacing, write_json

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_STATE = "state.json"
_LOCK = "lock"
# How much work a killed job does again, at most; each state costs a wait for the disk.
_SECONDS_BETWEEN_STATES = 5


class _Done(NamedTuple):
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
        self._lock = self._locked()
        self._files: dict[str, BinaryIO] = {}
        state = self._read_state(memory.keys())
        if state is None:
            for path in folder.iterdir():
                if path.name != _LOCK:
                    path.unlink()
            state = _Done(0, dict.fromkeys(self.targets, 0), dict(memory))
        self._done = state
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
            if kind is not None and issubclass(kind, KeyboardInterrupt):
                self.save()
        finally:
            for file in self._files.values():
                file.close()
            self._lock.close()

    def add(self, lines: Mapping[str, str], memory: Mapping[str, Any]) -> None:
        """Write the next part.

        Args:
            lines: Of each file some whole lines.
            memory: What the job remembers from now on, in place of what it did.
        """
        for name, text in lines.items():
            self._files[name].write(text.encode("utf-8", errors="backslashreplace"))
        sizes = {name: file.tell() for name, file in self._files.items()}
        self._done = _Done(self.parts + 1, sizes, {**self.memory, **memory})  # in one step: an interrupt may be next
        if time.monotonic() - self._saved > _SECONDS_BETWEEN_STATES:
            self.save()

    def save(self) -> None:
        """Write a state that a later job goes on from."""
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        write_json(self.folder / _STATE, {"fingerprint": self.fingerprint, **self._done._asdict()})
        self._saved = time.monotonic()

    def path(self, name: str) -> Path:
        """Where a file is meanwhile, all that was added in it."""
        self._files[name].flush()
        return self.folder / name

    def finish(self) -> None:
        """Put the files in their places. A job that is killed meanwhile puts them there again."""
        self.save()
        for name, target in self.targets.items():
            if target is None:
                continue
            with replacing(target) as temporary:
                try:
                    os.link(self.folder / name, temporary)
                except OSError:  # another file system, or one without links
                    shutil.copyfile(self.folder / name, temporary)
        shutil.rmtree(self.folder)

    def _locked(self) -> BinaryIO:
        lock = open(self.folder / _LOCK, "wb")
        try:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            places = ", ".join(str(target) for target in self.targets.values() if target is not None)
            raise ValueError(f"Another process is writing {places}: wait for it, or name other files.") from error
        return lock

    def _read_state(self, memory: Any) -> _Done | None:
        """The state of this very job; None if there is none, or it is damaged."""
        try:
            state = read_json(self.folder / _STATE)
            done = _Done(state["parts"], state["sizes"], state["memory"])
            is_whole = all(done.sizes[name] <= (self.folder / name).stat().st_size for name in self.targets)
            is_same = state["fingerprint"] == self.fingerprint and done.memory.keys() == memory
            return done if is_same and is_whole else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
