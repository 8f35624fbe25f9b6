"""How far a job is, for who looks at the terminal and for who reads the log file on a server."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from ..commands.progress import SECONDS_BETWEEN_LINES, progress


class JobLog:
    """A bar on the standard error, and a file to which lines with the time are added; neither holds text of a record.

    Args:
        path: The file.
        total: Bytes of input.

    Raises:
        OSError: If the file cannot be written.
    """

    def __init__(self, path: Path, total: int):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path, "a", encoding="utf-8", errors="backslashreplace")
        self._bar = progress(total=total, unit="B", unit_scale=True)
        self._begin = self._told = time.monotonic()
        self._counts = {"records": 0, "characters": 0, "bytes": 0}  # of this process
        self._skipped, self._total = 0, total

    def __enter__(self) -> "JobLog":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._bar.close()
        if isinstance(error, KeyboardInterrupt):
            self.write("Interrupted.")
        elif error is not None and not isinstance(error, SystemExit):
            self.write(f"Ended by an error: {error}")
        self._file.close()

    def write(self, message: str) -> None:
        """Add a line to the file alone."""
        try:
            self._file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {message}\n")
            self._file.flush()
        except OSError:  # a full disk, which the results meet as well and tell
            pass

    def tell(self, message: str) -> None:
        """Add a line to the file, and show it."""
        self.write(message)
        self._bar.write(message, file=sys.stderr)

    def skip(self, size: int) -> None:
        """Count bytes of input that were done before."""
        self._skipped += size
        self._bar.initial += size
        self._bar.update(size)

    def add(self, counts: Mapping[str, int]) -> None:
        """Count what is done now: `records`, `characters` and `bytes` of input."""
        for name in self._counts:
            self._counts[name] += counts.get(name, 0)
        records, speed = self._counts["records"], self._counts["characters"] / max(1e-9, self.seconds)
        self._bar.set_postfix_str(f"{records:,} records, {speed:,.0f} characters/s", refresh=False)
        self._bar.update(counts["bytes"])
        if time.monotonic() - self._told > SECONDS_BETWEEN_LINES:
            self._told = time.monotonic()
            self.write(self.state())

    @property
    def seconds(self) -> float:
        """Since the job was begun, or went on."""
        return time.monotonic() - self._begin

    def state(self) -> str:
        """How far the job is, how fast, and when it may be done."""
        counts = self._counts
        done, rest = self._skipped + counts["bytes"], self._total - self._skipped - counts["bytes"]
        share = 100 * done / max(1, self._total)
        left: Any = time.gmtime(self.seconds * rest / max(1, counts["bytes"]))
        days = f"{(left.tm_yday - 1)} d " if left.tm_yday > 1 else ""
        return (
            f"{share:.1f} %: {counts['records']:,} records, {counts['characters'] / max(1e-9, self.seconds):,.0f} "
            f"characters a second, {days}{time.strftime('%H:%M:%S', left)} left"
        )
