"""Files that appear whole or not at all, and JSON of strangers."""

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError

from modeling_dicmt import files
from modeling_dicmt.files import (
    parse_json,
    publish_files,
    read_json,
    read_json_lines,
    replace_folder,
    replacing,
    restore_folder,
    scan_json_lines,
    write_json,
    write_text,
)


class Killed(BaseException):
    """Stands for a signal that ends the process."""


def write_version(version: str):
    def write(folder: Path) -> None:
        (folder / "config.json").write_text(version)
        (folder / "model.safetensors").write_text(version)

    return write


def version_of(folder: Path) -> set[str]:
    return {path.read_text() for path in folder.iterdir()}


def write_half(error: BaseException):
    def write(folder: Path) -> None:
        (folder / "config.json").write_text("new")
        raise error

    return write


def disk_full(*_args, **_options):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_json_is_replaced_as_a_whole(tmp_path):
    write_json(tmp_path / "a.json", {"病": 1})
    write_json(tmp_path / "a.json", {"病": 2})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"病": 2}
    assert os.listdir(tmp_path) == ["a.json"]


def test_json_that_cannot_be_encoded_leaves_the_old_file(tmp_path):
    write_json(tmp_path / "a.json", 1)
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"value": object()})
    assert (tmp_path / "a.json").read_text() == "1\n"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_full_disk_leaves_the_old_text_and_nothing_half_written(tmp_path, monkeypatch):
    write_json(tmp_path / "a.json", 1)
    monkeypatch.setattr(os, "replace", disk_full)
    with pytest.raises(OSError, match=r"Cannot write to .*No space left.* Make room"):
        write_text(tmp_path / "a.json", iter(["a part"]))
    assert (tmp_path / "a.json").read_text() == "1\n"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    folder = tmp_path / "checkpoints" / "last"
    for version in ("old", "new"):
        replace_folder(folder, write_version(version))
        assert version_of(folder) == {version}
    assert os.listdir(folder.parent) == ["last"]


@pytest.mark.parametrize("error", [ValueError("a bug"), KeyboardInterrupt(), Killed()])
def test_a_failure_while_writing_leaves_the_old_folder(tmp_path, error):
    folder = tmp_path / "last"
    replace_folder(folder, write_version("old"))
    with pytest.raises(type(error)):
        replace_folder(folder, write_half(error))
    assert version_of(folder) == {"old"}
    assert os.listdir(tmp_path) == ["last"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        RuntimeError("[enforce fail at inline_container.cc] unexpected pos"),  # torch.save on a full disk
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_reported_alike_whichever_library_meets_it(tmp_path, error):
    folder = tmp_path / "last"
    replace_folder(folder, write_version("old"))
    with pytest.raises(OSError, match=r"Cannot write to .* What was there before is as it was. Make room"):
        replace_folder(folder, write_half(error))
    assert version_of(folder) == {"old"}
    assert os.listdir(tmp_path) == ["last"]


@pytest.mark.parametrize("num_renames", [0, 1])
def test_a_kill_at_a_rename_leaves_one_whole_version(tmp_path, monkeypatch, num_renames):
    folder = tmp_path / "last"
    replace_folder(folder, write_version("old"))
    rename, done = os.rename, []

    def rename_until_killed(source, target):
        if len(done) == num_renames:
            raise Killed
        done.append(source)
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", rename_until_killed)
        with pytest.raises(Killed):
            replace_folder(folder, write_version("new"))
    assert restore_folder(folder)
    assert version_of(folder) == {"old"}
    replace_folder(folder, write_version("newer"))
    assert version_of(folder) == {"newer"}
    assert os.listdir(tmp_path) == ["last"]


def test_a_replacement_that_follows_a_kill_may_be_killed_itself(tmp_path, monkeypatch):
    """Twice cut off before the last rename, without a `restore_folder` in between."""
    folder, rename = tmp_path / "best", os.rename
    replace_folder(folder, write_version("old"))

    def rename_until_killed(source, target):
        if Path(source).name == ".best.new":
            raise Killed
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", rename_until_killed)
        for version in ("new", "newer"):
            with pytest.raises(Killed):
                replace_folder(folder, write_version(version))
            assert not folder.exists()
    assert restore_folder(folder)
    assert version_of(folder) == {"old"}


def test_there_is_nothing_to_restore_in_a_new_folder(tmp_path):
    assert not restore_folder(tmp_path / "last")
    assert os.listdir(tmp_path) == []


def test_files_are_published_with_the_weights_last(tmp_path, monkeypatch):
    source, target, published = tmp_path / "source", tmp_path / "target", []
    replace_folder(source, write_version("new"))
    (source / "tokenizer.json").write_text("new")
    replace_folder(target, write_version("old"))
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (published.append(Path(b).name), replace(a, b)))
    publish_files(source, target)
    assert sorted(published[:-1]) == ["config.json", "tokenizer.json"] and published[-1] == "model.safetensors"
    assert version_of(target) == {"new"}


def test_a_full_disk_while_publishing_leaves_whole_files(tmp_path, monkeypatch):
    source, target = tmp_path / "source", tmp_path / "target"
    replace_folder(source, write_version("new"))
    replace_folder(target, write_version("old"))

    def copy_a_part(_source, destination):
        Path(destination).write_text("n")
        disk_full()

    monkeypatch.setattr(shutil, "copyfile", copy_a_part)
    with pytest.raises(OSError, match=r"Cannot write to .*target"):
        publish_files(source, target)
    assert version_of(target) == {"old"}
    assert sorted(os.listdir(target)) == ["config.json", "model.safetensors"]


def test_a_link_planted_as_the_temporary_name_is_not_followed(tmp_path):
    """The name was made of the process's number: who guessed it had any file of the user's overwritten."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    names = set()
    for _ in range(2):
        with replacing(tmp_path / "a.json") as temporary:
            assert str(os.getpid()) not in temporary.name.split(".")
            names.add(temporary.name)
            temporary.write_text("new")
    assert len(names) == 2
    (tmp_path / "a.json").unlink()
    (tmp_path / "a.json").symlink_to(victim)
    write_text(tmp_path / "a.json", "new")  # a link at the place itself is replaced, not followed
    assert victim.read_text() == "precious" and not (tmp_path / "a.json").is_symlink()


def test_what_a_failure_leaves_is_removed_even_if_it_is_a_link(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("x")
    for goal in ("kept", "nowhere"):
        with pytest.raises(OSError, match="Cannot write to"), replacing(tmp_path / "a") as temporary:
            temporary.symlink_to(tmp_path / goal)
            disk_full()
    assert os.listdir(tmp_path) == ["kept"] and os.listdir(tmp_path / "kept") == ["file"]


def test_a_folder_may_take_a_new_place_but_no_full_one(tmp_path):
    for name in ("new", "empty"):
        if name == "empty":
            (tmp_path / name).mkdir()
        with replacing(tmp_path / name) as unfinished:
            unfinished.mkdir()
            (unfinished / "file").write_text("x")
        assert os.listdir(tmp_path / name) == ["file"]
    with pytest.raises(OSError, match="Cannot write to"), replacing(tmp_path / "new") as unfinished:
        unfinished.mkdir()
    assert os.listdir(tmp_path / "new") == ["file"] and sorted(os.listdir(tmp_path)) == ["empty", "new"]


def test_the_umask_decides_who_may_read(tmp_path):
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "a", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_processes_that_write_one_file_leave_one_whole_text(tmp_path):
    code = (
        "import sys\nfrom modeling_dicmt.files import write_text\n"
        "for _ in range(50): write_text(sys.argv[1], (sys.argv[2] * 1000 for _ in range(20)))"
    )
    path = str(tmp_path / "a")
    environment = os.environ | {"PYTHONPATH": str(Path(files.__file__).parents[1])}
    writers = [subprocess.Popen([sys.executable, "-c", code, path, letter], env=environment) for letter in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert (tmp_path / "a").read_text() in ("a" * 20_000, "b" * 20_000)
    assert os.listdir(tmp_path) == ["a"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.sampled_from([None, 1]), st.booleans(), st.text(" \t\r\n", max_size=3))
def test_what_is_json_is_read_as_the_json_module_reads_it(value, indent, ascii_only, blanks):
    text = blanks + json.dumps(value, indent=indent, ensure_ascii=ascii_only) + blanks
    assert parse_json(text, "here") == value
    if ascii_only:
        assert parse_json(text.encode(), "here") == value


@given(st.text('{}[]",:0a.-eN \n\\', max_size=12))
def test_what_is_no_json_is_refused_with_its_place_alone(text):
    try:
        expected = json.loads(text, parse_constant=lambda _: 1 / 0)
    except (ValueError, ZeroDivisionError):
        with pytest.raises(KeyError, match="here: not valid JSON"):
            parse_json(text, "here", KeyError)
    else:
        try:
            assert parse_json(text, "here") == expected
        except ValueError as error:
            assert "a key twice" in str(error) or "too large" in str(error)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"病": 1, "病": 1}', "an object has a key twice"),
        ('[[{"a": {"b": 1, "\\u0062": 2}}]]', "an object has a key twice"),
        ("[" * 100_000, "nested too deeply"),
        ("[" * 101 + "]" * 101, "nested too deeply"),
        ('{"a":' * 500 + "1" + "}" * 500, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("-" + "9" * 5_000, "a number with too many digits"),
        ("1e999", "a number is too large"),
        ("[NaN]", "NaN is no JSON number"),
        ("-Infinity", "-Infinity is no JSON number"),
        ("{} {}", "text after its end"),
        ("", "may be cut"),
        ('\n\n {"a":', "line 3, column 7.*may be cut"),
        ('{"病人": "张三', "may be cut"),
    ],
    ids=range(14),
)
def test_json_of_strangers_is_read_strictly(text, reason):
    with pytest.raises(ValueError, match=f"^here: not valid JSON .*{reason}") as error:
        parse_json(text, "here")
    assert len(str(error.value)) < 200 and "张三" not in str(error.value) and "病" not in str(error.value)


@pytest.mark.parametrize(
    ("encoding", "likely"),
    [("utf-16", "UTF-16"), ("utf-16-be", "UTF-16"), ("utf-32", "UTF-16"), ("gb18030", "GB18030")],
)
def test_another_encoding_is_named(tmp_path, encoding, likely):
    """The json module guesses UTF-16, but a line of it ends within a character."""
    path = tmp_path / "a.jsonl"
    path.write_bytes('{"text": "肺炎"}\n'.encode(encoding))
    for read in (read_json, lambda path: list(read_json_lines(path))):
        with pytest.raises(ValueError, match=rf"a\.jsonl.*: not UTF-8 .*iconv -f {likely} -t UTF-8"):
            read(path)


def test_json_lines_come_with_their_numbers(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": "\xe2\x80\xa8"}\r\n\n  \n{"a": 2}')
    assert list(read_json_lines(path)) == [(1, {"a": "\u2028"}), (4, {"a": 2})]
    path.write_text('{"a": 1}\n[1]\n')
    lines = read_json_lines(path)
    assert next(lines) == (1, {"a": 1})
    with pytest.raises(ValueError, match=r"a\.jsonl, line 2: expected a JSON object, got list"):
        next(lines)


def test_a_file_without_line_ends_is_not_read_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_LINE_BYTES", 1 << 20)
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n')
    with path.open("ab") as file:
        file.truncate(1 << 28)  # a hole
    lines = read_json_lines(path)
    assert next(lines) == (1, {"a": 1})
    with pytest.raises(ValueError, match=r"a\.jsonl, line 2: longer than 1 MiB"):
        next(lines)


def test_many_brackets_are_not_yet_deep():
    for text in ("[" * 100 + "]" * 100, "[" + ",".join(["[{}]"] * 500) + "]"):
        assert json.dumps(parse_json(text, "here"), separators=(",", ":")) == text


def test_a_device_was_replaced_by_a_file(tmp_path):
    pipe, outlet = tmp_path / "pipe", tmp_path / "outlet"
    os.mkfifo(pipe)
    outlet.symlink_to("/proc/self/fd/1")
    for path in (pipe, outlet):
        with pytest.raises(OSError, match=r"is a device or a pipe, which a file would replace: name a file"):
            write_text(path, "text")
    assert stat.S_ISFIFO(pipe.stat().st_mode) and outlet.is_symlink()
    assert sorted(tmp_path.iterdir()) == [outlet, pipe]


@pytest.mark.parametrize("error", [FileNotFoundError("no dictionary there."), RuntimeError("of the network")])
def test_an_error_of_what_was_written_was_told_as_a_full_disk(tmp_path, error):
    def pieces():
        yield "first"
        raise error

    with pytest.raises(type(error)) as raised:
        write_text(tmp_path / "text", pieces())
    assert raised.value is error
    assert not list(tmp_path.iterdir())


def test_wrong_lines_are_read_past_with_their_places_and_sizes(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_LINE_BYTES", 40)
    lines = [b'{"a": 1}\n', b"\n", b'{"a": "' + b"x" * 200 + b'"}\n', b"[]\n", b"\xd6\xd0\n", b'{"a": 2}', b"x" * 90]
    (tmp_path / "lines.jsonl").write_bytes(b"".join(lines[:-1]))
    found = list(scan_json_lines(tmp_path / "lines.jsonl", "it"))
    assert [(number, size) for number, size, _ in found] == [
        (number, min(41, len(lines[number - 1]))) for number in (1, 3, 4, 5, 6)
    ]  # fmt: skip
    assert [item for _, _, item in found if isinstance(item, dict)] == [{"a": 1}, {"a": 2}]
    told = [str(item) for _, _, item in found if isinstance(item, ValueError)]
    for start, reason in (
        ("it, line 3: ", "longer than"),
        ("it, line 4: ", "a JSON object"),
        ("it, line 5: ", "UTF-8"),
    ):
        assert any(message.startswith(start) and reason in message for message in told)
    (tmp_path / "last.jsonl").write_bytes(lines[-1])  # no line end comes
    assert [(number, size) for number, size, _ in scan_json_lines(tmp_path / "last.jsonl", "it")] == [(1, 41)]
