"""What a command is told to read: whether it is there, found out before anything that takes seconds is loaded."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def check_exists(option: str, path: str | None) -> None:
    """Raise FileNotFoundError if an option names what is not there; None names nothing."""
    if path is not None and not os.path.exists(path):
        raise FileNotFoundError(f"--{option}: there is no file or folder {path}.")


def check_output_dir(path: str | None) -> None:
    """Raise FileExistsError if a folder to write to is something else; None names nothing."""
    if path is not None and os.path.lexists(path) and not os.path.isdir(path):
        raise FileExistsError(f"--output_dir {path} is no folder: name a new one.")


def check_separate(output_dir: str, option: str, paths: Iterable[str | None]) -> None:
    """Raise ValueError if the folder that is written is one that an option reads, or holds a file that it reads."""
    for path in paths:
        source = Path(path).resolve() if path is not None else None
        if source is not None and source.exists():
            if Path(output_dir).resolve() == (source if source.is_dir() else source.parent):
                raise ValueError(
                    f"--output_dir {output_dir} is the folder of --{option}, whose files the results would replace, or "
                    "stand among: pass another one."
                )


def check_place(path: str | None) -> None:
    """Find out without the network whether a checkpoint's folder is there; None names none.

    Only what can be nothing but a name on the Hub passes without one.

    Raises:
        ValueError: If the folder is no checkpoint's, or there is none, and `path` is no `owner/name` or its first part
            is a folder here.
    """
    if path is None:
        return
    if os.path.isdir(path):
        if not os.path.exists(os.path.join(path, "config.json")):
            raise ValueError(f"{path} is no checkpoint: there is no config.json in it. A finished training leaves one.")
        return
    if os.path.exists(path):
        raise ValueError(f"{path} is a file: name the folder that it is in.")
    if not _HUB_NAME.fullmatch(path) or os.path.isdir(path.split("/")[0]):
        raise ValueError(
            f"There is no folder {path}. Name a checkpoint's folder, or one on the Hub as owner/name "
            "(google-bert/bert-base-chinese)."
        )
