"""What a command is told to read: whether it is there, found out before anything that takes seconds is loaded."""

import os
import re

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def check_exists(option: str, path: str | None) -> None:
    """Raise FileNotFoundError if an option names what is not there; None names nothing."""
    if path is not None and not os.path.exists(path):
        raise FileNotFoundError(f"--{option}: there is no file or folder {path}.")


def check_output_dir(path: str | None) -> None:
    """Raise FileExistsError if a folder to write to is something else; None names nothing."""
    if path is not None and os.path.lexists(path) and not os.path.isdir(path):
        raise FileExistsError(f"--output_dir {path} is no folder: name a new one.")


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
