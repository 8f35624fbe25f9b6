"""Files and folders that appear whole or not at all."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """If `target` cannot be written to the end, remove what there is of it.

    Raises:
        OSError: For all that torch, safetensors and the system raise where a disk is full or a folder is closed.
    """
    try:
        yield
    except BaseException as error:
        if target.is_dir():
            shutil.rmtree(target, ignore_errors=True)
        elif target.exists():
            target.unlink()
        if isinstance(error, OSError | RuntimeError | SafetensorError):
            raise OSError(
                f"Cannot write to {target.parent}: {error}. What was there before is as it was. Make room, and the "
                "same command resumes; or pass another --output_dir."
            ) from error
        raise


def write_json(path: str | os.PathLike, content: Any) -> None:
    """Write JSON so that `path` holds the old content or the new, never a part."""
    write_text(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a text so that `path` holds the old content or the new, never a part."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.tmp")
    with writing(temporary):
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)


def replace_folder(folder: str | os.PathLike, write: Callable[[Path], None]) -> None:
    """Let `write` fill a new folder, then put it in the place of `folder`.

    A process that is killed meanwhile leaves the old folder, or the new one; `restore_folder` finds which.
    """
    folder = Path(folder)
    new, old = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    restore_folder(folder)
    shutil.rmtree(new, ignore_errors=True)
    with writing(new):
        new.mkdir(parents=True)
        write(new)
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.rename(folder, old)
    os.rename(new, folder)
    shutil.rmtree(old, ignore_errors=True)


def restore_folder(folder: str | os.PathLike) -> bool:
    """Whether there is such a folder, after undoing a replacement that was cut off between its two renames."""
    folder = Path(folder)
    old = folder.with_name(f".{folder.name}.old")
    if not folder.exists() and old.exists():
        os.rename(old, folder)
    return folder.exists()


def publish_files(source: str | os.PathLike, target: str | os.PathLike) -> None:
    """Copy the files of `source` into `target`, each in one step, the weights last."""
    source, target = Path(source), Path(target)
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(
        (path for path in source.iterdir() if path.is_file()), key=lambda path: path.suffix == ".safetensors"
    ):
        temporary = target / f".{path.name}.tmp"
        with writing(temporary):
            shutil.copyfile(path, temporary)
            os.replace(temporary, target / path.name)
