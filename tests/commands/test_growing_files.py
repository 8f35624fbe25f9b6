"""Files that grow together: what is whole after an interrupt, who may write, how they get to their places."""

import os

import pytest

from modeling_dicmt.commands.growing_files import GrowingFiles


def grow(tmp_path, fingerprint="job", targets=None, memory=None):
    targets = targets or {"output": tmp_path / "out.jsonl", "spans": tmp_path / "spans.jsonl"}
    return GrowingFiles(tmp_path / ".unfinished", targets, fingerprint, memory or {"key": "new", "records": 0})


def lines(character):
    return {"output": f"{character}\n", "spans": f"{character.lower()}\n"}


def test_an_interrupt_within_a_part_leaves_the_parts_before_it(tmp_path, monkeypatch):
    with pytest.raises(KeyboardInterrupt), grow(tmp_path) as growing:
        growing.add(lines("A"), {"records": 1})
        writing = growing._files["spans"]

        class Interrupted:
            def write(self, content):
                raise KeyboardInterrupt

            def __getattr__(self, name):
                return getattr(writing, name)

        growing._files["spans"] = Interrupted()
        growing.add(lines("B"), {"records": 2})
    with grow(tmp_path) as again:
        assert (again.parts, again.memory["records"]) == (1, 1)
        again.add(lines("B"), {"records": 2})
        again.finish()
    assert (tmp_path / "out.jsonl").read_text() == "A\nB\n"
    assert (tmp_path / "spans.jsonl").read_text() == "a\nb\n"
    assert not (tmp_path / ".unfinished").exists()


def test_an_interrupt_right_after_going_on_keeps_what_there_is(tmp_path):
    with grow(tmp_path, memory={"key": "first", "records": 0}) as growing:
        growing.add(lines("A"), {"records": 1})
        growing.save()
        growing._files["output"].write(b"cut off")
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), grow(tmp_path) as growing:
            assert (growing.parts, growing.memory) == (1, {"key": "first", "records": 1})
            raise KeyboardInterrupt
    with grow(tmp_path) as growing:
        growing._files["output"].write(b"cut off, and longer than a part")
    with pytest.raises(KeyboardInterrupt), grow(tmp_path) as growing:
        growing.add(lines("B"), {"records": 2})
        raise KeyboardInterrupt
    with grow(tmp_path) as growing:
        assert growing.parts == 2
        growing.finish()
    assert (tmp_path / "out.jsonl").read_text() == "A\nB\n"


def test_a_second_writer_is_refused_and_takes_nothing(tmp_path):
    with grow(tmp_path) as growing:
        growing.add(lines("A"), {"records": 1})
        for fingerprint in ("job", "another job"):
            with pytest.raises(ValueError, match=r"Another process is writing .*out\.jsonl"):
                grow(tmp_path, fingerprint)
        growing.finish()
    assert (tmp_path / "out.jsonl").read_text() == "A\n"


def test_what_is_killed_between_two_files_that_take_their_places_puts_them_there_again(tmp_path, monkeypatch):
    (tmp_path / "nowhere").mkdir()
    targets = {"output": tmp_path / "out.jsonl", "spans": tmp_path / "nowhere" / "spans.jsonl"}
    with pytest.raises(OSError), grow(tmp_path, targets=targets) as growing:
        growing.add(lines("A"), {"records": 1})
        (tmp_path / "nowhere").rmdir()
        growing.finish()
    (tmp_path / "nowhere").mkdir()
    with grow(tmp_path, targets=targets) as again:
        assert again.parts == 1
        again.finish()
    assert (tmp_path / "nowhere" / "spans.jsonl").read_text() == "a\n"


def test_files_get_to_places_that_no_link_reaches(tmp_path, monkeypatch):
    def no_link(*_):
        raise OSError("another file system")

    monkeypatch.setattr(os, "link", no_link)
    with grow(tmp_path) as growing:
        growing.add(lines("A"), {"records": 1})
        growing.finish()
    assert (tmp_path / "out.jsonl").read_text() == "A\n" and not (tmp_path / ".unfinished").exists()


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="finds a descriptor's file in /proc")
@pytest.mark.parametrize("has_links", [True, False])
def test_what_takes_its_place_has_reached_the_disk(tmp_path, monkeypatch, has_links):
    """Else a machine without power would have names without content, beside the manifest that says they are whole."""
    done, sync, replace = [], os.fsync, os.replace

    def told_sync(descriptor):
        done.append(("synced", os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}"))))
        sync(descriptor)

    def told_replace(source, target):
        done.append(("placed", os.path.basename(target)))
        replace(source, target)

    def no_link(*_):
        raise OSError("another file system")

    monkeypatch.setattr(os, "fsync", told_sync)
    monkeypatch.setattr(os, "replace", told_replace)
    if not has_links:
        monkeypatch.setattr(os, "link", no_link)
    with grow(tmp_path) as growing:
        growing.add(lines("A"), {"records": 1})
        done.clear()
        growing.finish()
    names = [(what, "copy" if ".tmp" in name else name) for what, name in done]
    assert names[:3] == [("synced", "output"), ("synced", "spans"), ("placed", "state.json")]
    copied = [] if has_links else [("synced", "copy")]
    placed = [[*copied, ("placed", name), ("synced", tmp_path.name)] for name in ("out.jsonl", "spans.jsonl")]
    assert names[3:] == placed[0] + placed[1]
