"""Files and folders that appear whole or not at all, and JSON that comes from others, read strictly."""

import codecs
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
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


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary file to write, which takes the place of `path` at the end: it holds the old content or the new.

    Raises:
        OSError: If it cannot be written; nothing is left of it then.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(temporary):
        yield temporary
        os.replace(temporary, path)


def write_json(path: str | os.PathLike, content: Any) -> None:
    """Write JSON so that `path` holds the old content or the new, never a part."""
    write_text(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def write_text(path: str | os.PathLike, text: str | Iterable[str]) -> None:
    """Write a text, or the pieces of one, so that `path` holds the old content or the new, never a part.

    A lone surrogate has no UTF-8 form; its backslash escape is what JSON writes for it, too.
    """
    pieces = [text] if isinstance(text, str) else text
    with (
        replacing(path) as temporary,
        open(temporary, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file,
    ):
        file.writelines(pieces)


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
        with replacing(target / path.name) as temporary:
            shutil.copyfile(path, temporary)


def parse_json(text: str | bytes, where: str, error: type[ValueError] = ValueError) -> Any:
    """What a JSON text holds, read strictly: it may come from anybody.

    Args:
        text: The JSON.
        where: What error messages call it, say its file and line.
        error: Class of the error.

    Raises:
        ValueError: If it is no JSON, an object has a key twice (one of the two values would be lost), or it is nested,
            or a number is long, beyond what a reader bears. The message quotes nothing of it.
    """
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except UnicodeDecodeError as found:
        raise error(f"{where}: not UTF-8 (byte {found.start}).") from found
    except json.JSONDecodeError as found:
        place = f"line {found.lineno}, column {found.colno}" if found.lineno > 1 else f"column {found.colno}"
        raise error(f"{where}: not valid JSON ({found.msg}, {place}).") from found
    except RecursionError as found:
        raise error(f"{where}: not valid JSON (nested too deeply).") from found
    except _BadJSON as found:
        raise error(f"{where}: not valid JSON ({found}).") from None
    except ValueError as found:  # Python's own limit of a number's digits
        raise error(f"{where}: not valid JSON (a number with too many digits).") from found


def read_json(path: str | os.PathLike, error: type[ValueError] = ValueError) -> Any:
    """What a JSON file holds; see `parse_json`. A byte order mark is dropped."""
    return parse_json(Path(path).read_bytes().removeprefix(codecs.BOM_UTF8), str(path), error)


def read_json_lines(
    path: str | os.PathLike, error: type[ValueError] = ValueError
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file with one a line, as (line number, object), read as they are consumed.

    Blank lines are passed over, a byte order mark is dropped.

    Raises:
        ValueError: If a line is no JSON object; names file and line. See `parse_json`.
    """
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            line = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if line.strip():
                value = parse_json(line, f"{path}, line {number}", error)
                if not isinstance(value, dict):
                    raise error(f"{path}, line {number}: expected a JSON object, got {type(value).__name__}.")
                yield number, value


class _BadJSON(ValueError):
    """Why a text is no JSON that is taken."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _BadJSON("an object has a key twice")
    return found


def _no_constant(name: str) -> Any:
    raise _BadJSON(f"{name} is no JSON number")
