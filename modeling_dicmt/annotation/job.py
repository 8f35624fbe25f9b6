"""The folder of a job: what it is, which shards are finished and with what counts, which records failed."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from ..commands.growing_files import GrowingFiles, WholeParts, sync, whole_parts
from ..commands.locks import take_lock
from ..files import read_json, write_json, write_text
from .shards import Shard

# The job's own files, in a folder that is passed over where the results are read as records.
JOB_FOLDER = ".job"
FAILED_NAME = "failed.jsonl"
LOG_NAME = "run.log"
# What is counted of a shard.
COUNTS = ("records", "characters", "entities", "failed", "bytes")
_MEMORY = {**dict.fromkeys(COUNTS, 0), "is_described": False}


class Job:
    """A folder of results that belongs to one job, and to one process at a time.

    Beside the results it has `.job/`: `job.json` with the settings, and for each shard `shards/NAME.json` (its
    manifest) and `shards/NAME.failed`, which take their places right after the results; `shards/NAME.unfinished/` while
    it is worked on.

    Args:
        folder: The folder; made if it is not there.
        settings: All that results follow from besides the records, by what a user calls it.
        convert: Writes the results to their place, a file or folder that is not there, from the file with their lines;
            None where that takes it as it is.

    Raises:
        ValueError: If another process is at it, or it holds something else: another job's results, other files.
        OSError: If it cannot be written.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, Any], convert: Callable[[Path, Path], object] | None = None
    ):
        self.folder, self.settings, self._convert = folder, json.loads(json.dumps(settings)), convert
        self.fingerprint = hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()
        own = folder / JOB_FOLDER
        if folder.is_dir() and not own.is_dir() and any(folder.iterdir()):
            raise ValueError(f"--output_dir {folder} holds other files, which might be replaced: name a new folder.")
        own.mkdir(parents=True, exist_ok=True)
        self._lock = take_lock(
            own / "lock", f"Another process is writing to {folder}: wait for it, or name another --output_dir."
        )
        try:
            self._check_settings(own / "job.json")
        except BaseException:
            self._lock.close()
            raise

    def __enter__(self) -> "Job":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._lock.close()

    def _check_settings(self, path: Path) -> None:
        if not path.exists():
            write_json(path, self.settings)
            return
        there = read_json(path)
        if not isinstance(there, dict):
            raise ValueError(f"{path} was damaged: name a new --output_dir.")
        names = sorted({*there, *self.settings})
        others = [name for name in names if there.get(name) != self.settings.get(name)]
        if others:
            told = ", ".join(_difference(name, there.get(name), self.settings.get(name)) for name in others)
            raise ValueError(
                f"--output_dir {self.folder} holds the results of another job, which are kept as they are: {told}. "
                "Name a new folder, or give that job's command."
            )

    def manifest(self, shard: Shard) -> dict[str, Any] | None:
        """What is known of the finished results of a shard; None if there are none.

        Raises:
            ValueError: If somebody changed them since.
        """
        try:
            found = read_json(self._beside(shard, ".json"))
            size = _size(self.folder / shard.name)
        except FileNotFoundError:
            return None
        if not isinstance(found, dict) or not found.keys() >= {"input", "output_bytes", *COUNTS[:-1]}:
            return None  # of no job that this command did
        if found["output_bytes"] != size:
            raise ValueError(
                f"{self.folder / shard.name} was changed since it was written: move it elsewhere, and the same command "
                "makes it anew."
            )
        return found

    def strays(self, shards: Iterable[Shard]) -> int:
        """How many finished results are of no shard: their input was removed or renamed."""
        folder = self.folder / JOB_FOLDER / "shards"
        known = {self._beside(shard, ".json") for shard in shards}
        found = (path for path in folder.rglob("*.json") if path.parent.suffix != ".unfinished")
        return sum(path not in known for path in found)

    def unfinished(self, shard: Shard, content: Mapping[str, Any]) -> WholeParts | None:
        """How far a shard is that was begun with this content."""
        return whole_parts(
            self._beside(shard, ".unfinished"), self._targets(shard), self._fingerprint(content), _MEMORY
        )

    def grow(self, shard: Shard, content: Mapping[str, Any]) -> GrowingFiles:
        """The files of a shard, `entities` and `failed`, to add to."""
        targets = self._targets(shard)
        for target in (*filter(None, targets.values()), self.folder / shard.name):
            target.parent.mkdir(parents=True, exist_ok=True)
        return GrowingFiles(self._beside(shard, ".unfinished"), targets, self._fingerprint(content), _MEMORY)

    def finish(self, growing: GrowingFiles, shard: Shard, content: Mapping[str, Any]) -> dict[str, Any]:
        """Put the files of a shard in their places, the manifest last; returns that."""
        counts = {name: growing.memory[name] for name in COUNTS if name != "bytes"}
        size = self._put(growing.path("entities"), self.folder / shard.name)
        manifest = {"input": dict(content), "job": self.fingerprint, **counts, "output_bytes": size}
        if not growing.memory["is_described"]:  # by a process that was killed while files took their places
            growing.add({"manifest": json.dumps(manifest, ensure_ascii=False) + "\n"}, {"is_described": True})
        growing.finish()
        return manifest

    def _put(self, lines: Path, target: Path) -> int:
        """Put converted results in their place; returns the results' bytes. What is finished without is not touched."""
        if self._convert is None:
            return lines.stat().st_size
        if target.is_dir():  # of a shard that is done again
            shutil.rmtree(target)
        self._convert(lines, target)
        for path in (*_files_in(target), target, target.parent):
            sync(path)
        return _size(target)

    def write_failed(self, shards: Sequence[Shard]) -> bool:
        """Gather what was set aside, also in a shard that is under way, in one file; whether there is any."""

        def lines() -> Iterator[str]:
            for shard in shards:
                for path in (self._beside(shard, ".unfinished") / "failed", self._beside(shard, ".failed")):
                    if path.exists():
                        with open(path, encoding="utf-8") as file:
                            yield from file
                        break

        target = self.folder / FAILED_NAME
        if next(lines(), None) is None:
            target.unlink(missing_ok=True)
            return False
        write_text(target, lines())
        return True

    def _fingerprint(self, content: Mapping[str, Any]) -> str:
        return f"{self.fingerprint} {content['sha256']}"

    def _beside(self, shard: Shard, ending: str) -> Path:
        return self.folder / JOB_FOLDER / "shards" / f"{shard.name}{ending}"

    def _targets(self, shard: Shard) -> dict[str, Path | None]:
        return {
            "entities": self.folder / shard.name if self._convert is None else None,
            "failed": self._beside(shard, ".failed"),
            "manifest": self._beside(shard, ".json"),
        }


def _files_in(path: Path) -> list[Path]:
    return [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else []


def _size(path: Path) -> int:
    """Bytes of a file, or of all in a folder; raises FileNotFoundError if it is not there."""
    return sum(file.stat().st_size for file in _files_in(path)) if path.is_dir() else path.stat().st_size


def check_names(shards: Iterable[Shard]) -> None:
    """Raise ValueError if a shard's results would be in the place of the job's own files."""
    for shard in shards:
        if shard.name in (FAILED_NAME, LOG_NAME):
            raise ValueError(f"{shard.files[0]}: the job writes a file of its own under this name: rename it.")


def _difference(name: str, there: Any, here: Any) -> str:
    if isinstance(here, str) and len(here) == 64:  # a hash says nothing to anybody
        return f"another {name}"
    return f"{name} was {there}, is {here}"
