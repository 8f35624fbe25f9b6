import errno
import json
import os
import shutil
from pathlib import Path

import pytest
from safetensors import SafetensorError

from modeling_dicmt.files import publish_files, replace_folder, restore_folder, write_json


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


def test_a_full_disk_leaves_the_old_json_and_nothing_half_written(tmp_path, monkeypatch):
    write_json(tmp_path / "a.json", 1)
    monkeypatch.setattr(os, "replace", disk_full)
    with pytest.raises(OSError, match=r"Cannot write to .*No space left.* Make room"):
        write_json(tmp_path / "a.json", 23)
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
