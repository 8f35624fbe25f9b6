"""Read once, used again, never half there."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from unlabelled_texts import documents_of, pack, write, write_records

from data_scripts.unlabelled import preparation
from data_scripts.unlabelled.arguments import UnlabelledArguments
from data_scripts.unlabelled.packed import PackedCorpus
from data_scripts.unlabelled.preparation import prepare_corpus
from modeling_dicmt.commands.command_line import parse_arguments

ROOT = Path(__file__).parents[2]


@pytest.fixture
def text(tmp_path):
    return write(tmp_path / "text" / "a.txt", *(f"患者腹痛{number}天。" for number in range(50)))


@pytest.fixture
def packed(tmp_path):
    return tmp_path / "out" / "packed"


@pytest.fixture
def passes(monkeypatch):
    """Counts how often the text is read."""
    calls = []
    original = preparation.pack_documents
    monkeypatch.setattr(preparation, "pack_documents", lambda *args, **kw: (calls.append(1), original(*args, **kw)))
    return calls


def test_the_same_text_is_read_once(text, packed, passes):
    first, again = pack(packed, text), pack(packed, text)
    assert len(passes) == 1
    assert again.fingerprint == first.fingerprint and again.report == first.report
    moved = text.rename(text.parent / "elsewhere" / "a.txt") if (text.parent / "elsewhere").mkdir() else text
    pack(packed, moved)
    os.utime(moved)
    pack(packed, moved)
    assert len(passes) == 1


def test_changed_text_is_read_again(text, packed, passes):
    first = pack(packed, text)
    text.write_text(text.read_text(encoding="utf-8").replace("腹", "胸"), encoding="utf-8")  # of the same size
    assert pack(packed, text).fingerprint != first.fingerprint and len(passes) == 2
    assert "胸" in "".join(documents_of(PackedCorpus(packed).train))


@pytest.mark.parametrize(
    "settings",
    [
        {"held_out_share": 0.5},
        {"max_sentence_length": 5},
        {"documents": "file"},
        {"encoding": "gb18030"},
        {"sections": ["现病史"]},
    ],
)
def test_other_settings_are_read_again(tmp_path, packed, passes, settings):
    texts = write(tmp_path / "a.txt", "现病史：患者腹痛。", "现病史：患者胸痛，", "现病史：腹胀")
    first = pack(packed, texts)
    assert pack(packed, texts, **settings).fingerprint != first.fingerprint and len(passes) == 2


def test_another_transformation_is_read_again_and_must_have_a_name(text, packed, passes):
    arguments = UnlabelledArguments(corpus=[str(text)])
    plain = prepare_corpus(arguments, packed)
    hidden = prepare_corpus(
        arguments, packed, transformation=lambda record: record.replace("腹", "某"), transformation_name="hide 1"
    )
    assert hidden.fingerprint != plain.fingerprint and len(passes) == 2
    assert all("某" in document and "腹" not in document for document in documents_of(hidden.train))
    with pytest.raises(ValueError, match="its name belong together"):
        prepare_corpus(arguments, packed, transformation=str.upper)


def test_what_a_transformation_counts_is_kept_with_what_was_read(text, packed, passes):
    counts = {}

    def hide(record):
        counts["腹"] = counts.get("腹", 0) + record.count("腹")
        return record.replace("腹", "某")

    settings = {"transformation": hide, "transformation_name": "x", "transformation_counts": counts}
    for _ in range(2):
        corpus = prepare_corpus(UnlabelledArguments(corpus=[str(text)]), packed, **settings)
        assert corpus.report.transformed == {"腹": 50} == counts
    assert len(passes) == 1


def test_a_damaged_folder_is_made_anew(text, packed, passes):
    pack(packed, text)
    for number, damage in enumerate(("", "{}", '{"fingerprint": 1, "report": {"x": 2}}'), start=2):
        (packed / "packed.json").write_text(damage, encoding="utf-8")
        assert len(pack(packed, text).train) and len(passes) == number
    (packed / "train.arrow").unlink()
    assert len(pack(packed, text).train) and len(passes) == 5
    (packed / "train.arrow").write_bytes((packed / "held_out.arrow").read_bytes())
    with pytest.raises(ValueError, match="is damaged: remove it"):
        PackedCorpus(packed)
    assert len(pack(packed, text).train) and len(passes) == 6


def test_the_report_has_no_text_and_no_path(text, packed):
    write_records(text.parent / "b.jsonl", {"text": "咳嗽"}, {"text": ""})
    write(text.parent / "c.doc", "x")
    corpus = pack(packed, text.parent)
    content = (packed / "packed.json").read_text(encoding="utf-8")
    assert "患者" not in content and str(text.parent) not in content
    report = json.loads(content)["report"]
    assert report["names"] == ["a.txt", "b.jsonl"] == corpus.report.names
    assert (report["files"], report["documents"], report["empty"]) == (2, 51, 1)
    assert report["exclusions"] == {"file of another kind, not read": {"count": 1, "first": "c.doc"}}


KILLED = """
import os, signal, sys
from data_scripts.unlabelled.arguments import UnlabelledArguments
from data_scripts.unlabelled.preparation import prepare_corpus
seen = []
def end_half_way(text):
    seen.append(text)
    if len(seen) == 30:
        os.kill(os.getpid(), signal.SIGKILL)
    return text
_, text, folder = sys.argv
prepare_corpus(UnlabelledArguments(corpus=[text]), folder, transformation=end_half_way, transformation_name="x")
"""


@pytest.mark.slow(seconds=10)
def test_a_process_that_is_killed_leaves_what_there_was(text, packed):
    def is_killed():
        done = subprocess.run([sys.executable, "-c", KILLED, str(text), str(packed)], cwd=ROOT)
        return done.returncode == -signal.SIGKILL

    assert is_killed() and not packed.exists()
    before = pack(packed, text)
    assert [path.name for path in packed.parent.iterdir()] == ["packed"]  # and nothing of the one that was killed
    content = {path.name: path.read_bytes() for path in packed.iterdir()}
    assert is_killed()
    assert {path.name: path.read_bytes() for path in packed.iterdir()} == content
    assert PackedCorpus(packed).fingerprint == before.fingerprint


def test_an_error_on_the_way_leaves_what_there_was(text, packed, tmp_path):
    before = pack(packed, text)
    bad = write(tmp_path / "bad.txt", "患者", encoding="gb18030")
    with pytest.raises(ValueError, match=r"bad\.txt, line 1: not utf-8"):
        pack(packed, text, bad)
    assert [path.name for path in packed.parent.iterdir()] == ["packed"]
    assert PackedCorpus(packed).fingerprint == before.fingerprint


def test_a_file_that_vanishes_or_changes_while_it_is_read_is_told_as_that(text, packed):
    other = write(text.parent / "b.txt", "咳嗽")

    def prepare(transformation):
        prepare_corpus(
            UnlabelledArguments(corpus=[str(text.parent)]),
            packed,
            transformation=transformation,
            transformation_name="x",
        )

    def change(record):
        text.write_text("胸痛\n", encoding="utf-8")
        return record

    def remove(record):
        other.unlink(missing_ok=True)
        return record

    for transformation, message in ((change, r"a\.txt was changed"), (remove, r"b\.txt: cannot be read")):
        with pytest.raises(ValueError, match=message):
            prepare(transformation)
        assert not packed.exists() and list(packed.parent.iterdir()) == []


def test_no_usable_text_is_told_with_what_was_passed_over(tmp_path, packed):
    empty = write(tmp_path / "a.txt", "", " ")
    with pytest.raises(ValueError, match=r"There is no text in .*a\.txt.*2 empty"):
        pack(packed, empty)
    (tmp_path / "binary").mkdir()
    (tmp_path / "binary" / "b.txt").write_bytes(b"\0")
    with pytest.raises(ValueError, match=r"1 × binary file, skipped; first: b\.txt"):
        pack(packed, tmp_path / "binary")
    records = write_records(tmp_path / "c.jsonl", {"text": "主诉：咳嗽"}, {"text": "腹痛", "section": "查体"})
    with pytest.raises(ValueError, match=r"No document has a section 现病史\. Sections found: 主诉 1, 查体 1"):
        pack(packed, records, sections=["现病史"])


def test_all_text_held_out_is_told(tmp_path, packed, monkeypatch):
    monkeypatch.setattr("data_scripts.unlabelled.held_out.MIN_HELD_OUT_SENTENCES", 1)
    with pytest.raises(ValueError, match="lower --held_out_share"):
        pack(packed, write(tmp_path / "a.txt", "患者", "腹痛"), held_out_share=1 - 2**-53)


def test_progress_reaches_the_end(text, packed):
    class Bar:
        def __init__(self, **options):
            self.total, self.done = options["total"], 0

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def update(self, number):
            self.done += number

    bars = []
    prepare_corpus(
        UnlabelledArguments(corpus=[str(text)]),
        packed,
        progress=lambda **options: bars.append(Bar(**options)) or bars[0],
    )
    assert bars[0].done == bars[0].total == text.stat().st_size


def test_arguments_of_a_command_line():
    (arguments,) = parse_arguments(
        [UnlabelledArguments], None, ["--corpus", "a.txt", "b", "--sections", "现病史", "主诉", "--encoding", "gb18030"]
    )
    assert arguments.corpus == ["a.txt", "b"] and arguments.sections == ["现病史", "主诉"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--encoding", "gbk18030"], "no text encoding 'gbk18030'"),
        (["--encoding", "base64"], "no text encoding"),
        (["--sections", " "], "a section's name is empty"),
        (["--documents", "page"], "documents"),
        (["--held_out_share", "1"], "held_out_share must be"),
    ],
)
def test_wrong_arguments_are_told(options, message):
    with pytest.raises(ValueError, match=message):
        parse_arguments([UnlabelledArguments], None, ["--corpus", "a.txt", *options])
