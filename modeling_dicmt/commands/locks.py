"""A file that one process has at a time: whoever finds it taken is told, and a killed process leaves it free."""

from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


def take_lock(path: Path, told: str) -> BinaryIO:
    """Open a file that no other process has; it is free again when it is closed, or the process ends in any way.

    Raises:
        ValueError: With `told`, if another process has it.
    """
    lock = open(path, "wb")
    try:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise ValueError(told) from error
    return lock
