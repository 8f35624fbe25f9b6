"""Files that grow together, part by part, so that a job that was killed goes on where its last whole part ended."""

import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from ..files import read_json, replacing, write_json

_STATE = "state.json"
# How much work a killed job does again, at most; each state costs a wait for the disk.
_SECONDS_BETWEEN_STATES = 5


class GrowingFiles:
    """Files of lines that are written in parts, and take their places whole when `finish` is called.

    Until then they lie in a folder of their own, which nobody but the user may read, with a state: how long they are
    at the end of which part, and what the job must remember. What a killed job wrote after its last state is cut off.

    Args:
        folder: For the files meanwhile; gone after `finish`.
        targets: Where the files go, by their names; None for one that is needed meanwhile only.
        fingerprint: Of all that the files' content follows from: the beginnings of another job are thrown away.
        memory: What a new job is to remember, say a key; one that goes on has in `memory` what it remembered.

    Raises:
        OSError: If they cannot be written.
    """

    def __init__(self, folder: Path, targets: Mapping[str, Path | None], fingerprint: str, memory: Mapping[str, Any]):
        self.folder, self.targets, self.fingerprint = folder, dict(targets), fingerprint
        self.memory = dict(memory)
        self.parts = 0
        sizes = dict.fromkeys(self.targets, 0)
        state = self._read_state()
        if state is None:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700, parents=True)
        else:
            self.parts, self.memory, sizes = state["parts"], state["memory"], state["sizes"]
        self._files: dict[str, BinaryIO] = {}
        for name in self.targets:
            self._files[name] = open(folder / name, "ab")
            self._files[name].truncate(sizes[name])
        self._saved = time.monotonic()
        if state is None:
            self.save()

    def __enter__(self) -> "GrowingFiles":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            self.save()
        for file in self._files.values():
            file.close()

    def add(self, lines: Mapping[str, str]) -> None:
        """Write the next part: of each file some whole lines."""
        for name, text in lines.items():
            self._files[name].write(text.encode("utf-8", errors="backslashreplace"))
        self.parts += 1
        if time.monotonic() - self._saved > _SECONDS_BETWEEN_STATES:
            self.save()

    def save(self) -> None:
        """Write a state that a later job goes on from."""
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        sizes = {name: file.tell() for name, file in self._files.items()}
        state = {"fingerprint": self.fingerprint, "parts": self.parts, "sizes": sizes, "memory": self.memory}
        write_json(self.folder / _STATE, state)
        self._saved = time.monotonic()

    def path(self, name: str) -> Path:
        """Where a file is meanwhile, all that was added in it."""
        self._files[name].flush()
        return self.folder / name

    def finish(self) -> None:
        """Put the files in their places."""
        self.save()
        for name, target in self.targets.items():
            if target is None:
                continue
            with replacing(target) as temporary:
                os.replace(self.folder / name, temporary)
        shutil.rmtree(self.folder)

    def _read_state(self) -> dict[str, Any] | None:
        """The state of this very job; None if there is none, or it is damaged."""
        try:
            state = read_json(self.folder / _STATE)
            sizes = {name: (self.folder / name).stat().st_size for name in self.targets}
            is_sound = state["fingerprint"] == self.fingerprint and all(
                state["sizes"][name] <= size for name, size in sizes.items()
            )
            return state if is_sound and state["memory"].keys() == self.memory.keys() else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
