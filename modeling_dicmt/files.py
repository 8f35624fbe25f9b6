"""Files and folders that appear whole or not at all, and JSON that comes from others, read strictly."""

import codecs
import json
import math
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

# No record comes near it; a file without line ends is not read into memory to find that out.
MAX_LINE_BYTES = 1 << 26
# Nor is anything nested so deeply that is read here; what walks through it later need not mind Python's own limit.
MAX_DEPTH = 100


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """If `target` cannot be written to the end, remove what there is of it.

    Raises:
        OSError: For all that torch, safetensors and the system raise where a disk is full or a folder is closed.
    """
    try:
        yield
    except BaseException as error:
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target, ignore_errors=True)
        else:
            target.unlink(missing_ok=True)
        if isinstance(error, OSError | RuntimeError | SafetensorError):
            reason = getattr(error, "strerror", None) or str(error).rstrip(".")
            raise OSError(
                f"Cannot write to {target.parent}: {reason}. What was there before is as it was. Make room and give "
                "the same command again (a training resumes), or name another place to write to."
            ) from error
        raise


def is_special(path: Path) -> bool:
    """Whether there is something at a path that is neither file nor folder, such as /dev/null or /dev/stdout."""
    is_open_file = path.is_symlink() and os.readlink(path).startswith("/proc/")
    return is_open_file or (path.exists() and not path.is_file() and not path.is_dir())


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary path to write, which takes the place of `path` at the end: it holds the old content or the new.

    It may become a folder, too; `path` must then be a new folder or an empty one. A link at `path` is replaced, not
    followed.

    Raises:
        OSError: If it cannot be written, nothing of which is left then, or is a device or a pipe: /dev/null would
            become a file.
    """
    path = Path(path)
    if is_special(path):
        raise OSError(f"{path} is a device or a pipe, which a file would replace: name a file.")
    # A name that nobody can guess: no link is planted there, and processes of several machines do not meet at it.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    with writing(temporary):
        yield temporary
        os.replace(temporary, path)


def write_json(path: str | os.PathLike, content: Any) -> None:
    """Write JSON so that `path` holds the old content or the new, never a part."""
    write_text(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def write_text(path: str | os.PathLike, text: str | Iterable[str]) -> None:
    """Write a text, or the pieces of one, so that `path` holds the old content or the new, never a part.

    A lone surrogate has no UTF-8 form; its backslash escape is what JSON writes for it, too.

    Raises:
        OSError: If it cannot be written.
        Exception: What the pieces themselves raise, as it is.
    """
    of_pieces: list[Exception] = []

    def pieces() -> Iterator[str]:
        try:
            yield from [text] if isinstance(text, str) else text
        except Exception as error:
            of_pieces.append(error)
            raise

    try:
        with (
            replacing(path) as temporary,
            open(temporary, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file,
        ):
            file.writelines(pieces())
    except OSError:
        if of_pieces:  # no matter of the disk
            raise of_pieces[0] from of_pieces[0].__cause__
        raise


def replace_folder(folder: str | os.PathLike, write: Callable[[Path], None]) -> None:
    """Let `write` fill a new folder, then put it in the place of `folder`.

    A process that is killed meanwhile leaves the old folder, or the new one; `restore_folder` finds which. Of one
    folder there is one writer at a time.
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


def decode_json(text: str, position: int, where: str, error: type[ValueError] = ValueError) -> tuple[Any, int]:
    """The JSON value that begins at a position of a text, and the position after it; see `parse_json`."""
    try:
        value, end = _STRICT.raw_decode(text, position)
        if text.count("[", position, end) + text.count("{", position, end) > MAX_DEPTH and _is_deep(value):
            raise RecursionError
        return value, end
    except json.JSONDecodeError as found:
        place = f"line {found.lineno}, column {found.colno}" if found.lineno > 1 else f"column {found.colno}"
        is_cut = found.msg.startswith("Unterminated") or not found.doc[found.pos :].strip()
        raise error(
            f"{where}: not valid JSON ({found.msg}, {place}).{' The file may be cut.' if is_cut else ''}"
        ) from None
    except RecursionError:
        raise error(f"{where}: not valid JSON (nested too deeply).") from None
    except _BadJSON as found:
        raise error(f"{where}: not valid JSON ({found}).") from None
    except ValueError:  # Python's own limit of a number's digits
        raise error(f"{where}: not valid JSON (a number with too many digits).") from None


def parse_json(text: str | bytes, where: str, error: type[ValueError] = ValueError) -> Any:
    """What a JSON text holds, read strictly: it may come from anybody.

    Args:
        text: The JSON; bytes must be UTF-8.
        where: What error messages call it, say its file and line.
        error: Class of the error.

    Raises:
        ValueError: If it is no JSON, an object has a key twice (one of the two values would be lost), or it is nested,
            or a number is long, beyond what a reader bears. The message quotes nothing of it.
    """
    text = decode_text(text, where, error) if isinstance(text, bytes) else text
    value, end = decode_json(text, len(text) - len(text.lstrip(_JSON_BLANKS)), where, error)
    if text[end:].strip(_JSON_BLANKS):
        raise error(f"{where}: not valid JSON (text after its end).")
    return value


def check_encoding(option: str, encoding: str) -> None:
    """Raise ValueError if what an option names is no encoding of text."""
    try:
        "".encode(encoding)
    except LookupError:
        raise ValueError(
            f"--{option}: there is no text encoding {encoding!r}. Frequent ones: utf-8, gb18030, big5, utf-16."
        ) from None


def decode_text(content: bytes, where: str, error: type[ValueError] = ValueError) -> str:
    """Decode UTF-8; a byte order mark is dropped.

    Raises:
        ValueError: If it is in another encoding; names the likeliest.
    """
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content[:4]
    try:
        if not is_utf16:
            return content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
        place = "it begins as UTF-16 does"
    except UnicodeDecodeError as found:
        place = f"byte {found.start}: {found.reason}"
    likely = "UTF-16" if is_utf16 else "GB18030"
    raise error(
        f"{where}: not UTF-8 ({place}). It is damaged, cut within a character, or in another encoding: convert it, for "
        f"example by `iconv -f {likely} -t UTF-8`."
    )


def read_json(path: str | os.PathLike, error: type[ValueError] = ValueError) -> Any:
    """What a JSON file holds; see `parse_json`. A byte order mark is dropped."""
    return parse_json(Path(path).read_bytes(), str(path), error)


def read_json_lines(
    path: str | os.PathLike, error: type[ValueError] = ValueError
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file with one a line, as (line number, object), read as they are consumed.

    Blank lines are passed over, a byte order mark is dropped.

    Raises:
        ValueError: If a line is no JSON object, or longer than `MAX_LINE_BYTES`; names file and line. See `parse_json`.
    """
    for number, _, found in scan_json_lines(path, str(path), error):
        if isinstance(found, ValueError):
            raise found
        yield number, found


def scan_json_lines(
    path: str | os.PathLike, name: str, error: type[ValueError] = ValueError
) -> Iterator[tuple[int, int, dict[str, Any] | ValueError]]:
    """The same of a file that may have wrong lines, as (line number, bytes, object or error).

    Args:
        path: The file.
        name: What error messages call it.
        error: Class of the errors.

    Yields:
        The bytes are those of the line, or of what was read of one that is too long.
    """
    with open(path, "rb") as file:
        lines = iter(lambda: file.readline(MAX_LINE_BYTES + 1), b"")
        for number, line in enumerate(lines, start=1):
            where = f"{name}, line {number}"
            if len(line) > MAX_LINE_BYTES:
                found = error(f"{where}: longer than {MAX_LINE_BYTES >> 20} MiB. Expected a JSON object a line.")
                yield number, len(line), found
                while line and not line.endswith(b"\n"):  # only for who goes on: the rest may be the whole disk
                    line = file.readline(MAX_LINE_BYTES)
            elif line.strip():
                try:
                    found = parse_json(line, where, error)
                    if not isinstance(found, dict):
                        found = error(f"{where}: expected a JSON object, got {type(found).__name__}.")
                except error as wrong:
                    found = wrong
                yield number, len(line), found


def _is_deep(value: Any) -> bool:
    """Whether a JSON value is nested beyond `MAX_DEPTH`."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [item for item in level if isinstance(item, dict | list)]
        level = [child for item in level for child in (item.values() if isinstance(item, dict) else item)]
    return any(isinstance(item, dict | list) for item in level)


class _BadJSON(ValueError):
    """Why a text is no JSON that is taken."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _BadJSON("an object has a key twice")
    return found


def _no_constant(name: str) -> Any:
    raise _BadJSON(f"{name} is no JSON number")


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise _BadJSON("a number is too large")
    return value


_JSON_BLANKS = " \t\r\n"
_STRICT = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_constant=_no_constant, parse_float=_finite)
