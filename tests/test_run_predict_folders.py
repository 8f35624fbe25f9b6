"""`run_predict.py --output_dir` as a user calls it: what is killed goes on, what fails is set aside."""

import errno
import io
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file
from warm_process import WarmProcess, workers_of

import run_predict
from modeling_dicmt.commands import growing_files
from modeling_dicmt.commands.command_line import run_command

ROOT = Path(__file__).parents[1]
SENTENCES = ["患者左肺见阴影，考虑肺炎。", "既往有高血压病史10余年，规律服用阿莫西林。", "胃镜示胃窦部充血水肿。"]
SECRET = "王建国"


def lines_of(name, number, first=0):
    rows = ({"id": f"{name} {n}", "text": SENTENCES[n % 3] * (1 + n % 7)} for n in range(first, first + number))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.fixture
def records(tmp_path, monkeypatch):
    """A folder with two files of lines, one of them in a folder below, and two texts; parts of four records."""
    monkeypatch.setattr(run_predict, "CHUNK_RECORDS", 4)
    folder = tmp_path / "records"
    (folder / "2019").mkdir(parents=True)
    (folder / "a.jsonl").write_text(lines_of("a", 11), encoding="utf-8")
    (folder / "2019" / "b.jsonl").write_text(lines_of("b", 9), encoding="utf-8")
    for name in ("one", "two"):
        (folder / "2019" / f"{name}.txt").write_text(SENTENCES[0] + name, encoding="utf-8")
    return folder


def annotate(monkeypatch, checkpoint, source, target, *arguments):
    """The command in this process; returns its status."""
    command = ["run_predict.py", "--model_name_or_path", checkpoint, "--input", source, "--output_dir", target]
    monkeypatch.setattr(sys, "argv", [str(item) for item in (*command, *arguments)])
    try:
        run_command(run_predict.run)
    except SystemExit as stopped:
        return stopped.code
    return 0


def results(folder):
    """What a job's user sees: the bytes of each file, by name."""
    files = (path for path in folder.rglob("*.jsonl") if ".job" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def recognitions(monkeypatch):
    """Texts that the network is asked about from now on."""
    asked, load = [], run_predict.load_recognizer

    def load_counted(*arguments):
        recognize = load(*arguments)
        return lambda texts: asked.extend(texts) or recognize(texts)

    monkeypatch.setattr(run_predict, "load_recognizer", load_counted)
    return asked


def test_each_file_has_the_entities_that_it_has_alone(checkpoint, records, tmp_path, monkeypatch):
    out = tmp_path / "out"
    assert annotate(monkeypatch, checkpoint, records, out) == 0
    assert set(results(out)) == {"a.jsonl", "2019/b.jsonl", "2019/texts.jsonl"}
    for name in ("a.jsonl", "2019/b.jsonl"):
        options = ["--model_name_or_path", checkpoint, "--input", records / name, "--output_file", tmp_path / "alone"]
        monkeypatch.setattr(sys, "argv", ["run_predict.py", *map(str, options)])
        run_command(run_predict.run)
        assert (out / name).read_bytes() == (tmp_path / "alone").read_bytes()
    texts = rows(out / "2019" / "texts.jsonl")
    assert [row["id"] for row in texts] == ["2019/one.txt", "2019/two.txt"] and all(row["entities"] for row in texts)
    manifest = json.loads((out / ".job" / "shards" / "a.jsonl.json").read_text(encoding="utf-8"))
    entities = sum(len(row["entities"]) for row in rows(out / "a.jsonl"))
    assert manifest["input"]["bytes"] == (records / "a.jsonl").stat().st_size
    assert (manifest["records"], manifest["failed"], manifest["entities"]) == (11, 0, entities) and entities
    assert not list(out.rglob("*.unfinished"))


def test_what_is_finished_is_left_and_what_was_changed_is_done_again(
    checkpoint, records, tmp_path, monkeypatch, capsys
):
    out = tmp_path / "out"
    annotate(monkeypatch, checkpoint, records, out)
    before, states = results(out), {path: path.stat().st_mtime_ns for path in out.rglob("*.jsonl")}
    asked = recognitions(monkeypatch)
    for path in records.rglob("*.*"):
        os.utime(path, (1, 1))  # a copy from elsewhere is no change
    assert annotate(monkeypatch, checkpoint, records, out) == 0
    assert asked == [] and {path: path.stat().st_mtime_ns for path in out.rglob("*.jsonl")} == states
    content = (records / "a.jsonl").read_text(encoding="utf-8").replace("阴影", "气肿")  # of the same size
    (records / "a.jsonl").write_text(content, encoding="utf-8")
    (out / "2019" / "texts.jsonl").unlink()
    (records / "c.jsonl").write_text(lines_of("c", 1), encoding="utf-8")
    assert annotate(monkeypatch, checkpoint, records, out) == 0
    assert len(asked) == 11 + 2 + 1
    after = results(out)
    assert after["a.jsonl"] != before["a.jsonl"] and after["2019/texts.jsonl"] == before["2019/texts.jsonl"]
    assert after["2019/b.jsonl"] == before["2019/b.jsonl"] and len(rows(out / "c.jsonl")) == 1
    capsys.readouterr()
    (records / "c.jsonl").rename(records / "d.jsonl")
    assert annotate(monkeypatch, checkpoint, records, out) == 0
    assert "whose input is not there any more, which are left: 1." in capsys.readouterr().err
    assert len(rows(out / "c.jsonl")) == len(rows(out / "d.jsonl")) == 1


def test_results_that_somebody_changed_are_not_overwritten(checkpoint, records, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    annotate(monkeypatch, checkpoint, records, out)
    (out / "a.jsonl").write_text("corrected by hand\n", encoding="utf-8")
    assert annotate(monkeypatch, checkpoint, records, out) == 1
    assert "a.jsonl was changed since it was written" in capsys.readouterr().err
    assert (out / "a.jsonl").read_text(encoding="utf-8") == "corrected by hand\n"


def test_a_folder_of_another_job_is_refused_and_kept(checkpoint, records, tmp_path, monkeypatch, capsys):
    out, terms = tmp_path / "out", tmp_path / "disease.tsv"
    annotate(monkeypatch, checkpoint, records, out)
    before = results(out)
    other = shutil.copytree(checkpoint, tmp_path / "other")
    terms.write_text("替雷病\n", encoding="utf-8")
    capsys.readouterr()
    assert annotate(monkeypatch, other, records, out) == 0, "the same network elsewhere is the same job"
    weights = load_file(other / "model.safetensors")
    name = next(name for name, weight in weights.items() if weight.is_floating_point())
    save_file(weights | {name: weights[name] + 0.01}, other / "model.safetensors", {"format": "pt"})
    capsys.readouterr()
    for network, options, told in (
        (checkpoint, ("--threshold", 0.5), "--threshold was 0.0, is 0.5"),
        (checkpoint, ("--dictionary", terms), "another dictionary, or terms"),
        (checkpoint, ("--evidence",), "--evidence was False, is True"),
        (other, (), "another network"),
    ):
        assert annotate(monkeypatch, network, records, out, *options) == 1
        said = capsys.readouterr().err
        assert told in said and "the results of another job" in said and said.count("\n") == 1
    assert results(out) == before


def test_a_folder_with_other_files_is_refused(checkpoint, records, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.jsonl").write_text("mine\n", encoding="utf-8")
    assert annotate(monkeypatch, checkpoint, records, out) == 1
    assert "holds other files" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["a.jsonl"] and (out / "a.jsonl").read_text() == "mine\n"


def test_a_second_job_on_a_folder_is_told_and_takes_nothing(checkpoint, records, tmp_path, monkeypatch, capsys):
    out, load, inner = tmp_path / "out", run_predict.load_recognizer, []

    def load_beside_another(*arguments):
        monkeypatch.setattr(run_predict, "load_recognizer", load)
        inner.append(annotate(monkeypatch, checkpoint, records, out))
        return load(*arguments)

    monkeypatch.setattr(run_predict, "load_recognizer", load_beside_another)
    assert annotate(monkeypatch, checkpoint, records, out) == 0 and inner == [1]
    assert "Another process is writing to" in capsys.readouterr().err
    assert len(rows(out / "a.jsonl")) == 11


def test_records_that_fail_are_set_aside_and_the_others_are_done(checkpoint, records, tmp_path, monkeypatch, capsys):
    """Other encodings, cut lines, no text, and one on which the network itself fails."""
    good = lines_of("a", 6).encode().splitlines(keepends=True)
    cut = f'{{"id": "cut", "text": "{SECRET}\n'.encode()
    encoded = json.dumps({"id": "gbk", "text": SECRET}, ensure_ascii=False).encode("gb18030") + b"\n"
    lines = [good[0], encoded, good[1], cut, b"\n", b'{"id": "none"}\n', good[2], b"[]\n", *good[3:]]
    (records / "a.jsonl").write_bytes(b"".join(lines))
    (records / "2019" / "two.txt").write_bytes(SECRET.encode("gb18030"))
    load = run_predict.load_recognizer

    def load_failing(*arguments):
        recognize = load(*arguments)

        def fail(texts):
            if any(text.startswith(SENTENCES[1]) and len(text) == 2 * len(SENTENCES[1]) for text in texts):
                raise RuntimeError(f"cannot do {texts}")
            return recognize(texts)

        return fail

    monkeypatch.setattr(run_predict, "load_recognizer", load_failing)
    out = tmp_path / "out"
    assert annotate(monkeypatch, checkpoint, records, out) == run_predict.SOME_FAILED
    failed = [(row["file"], row["line"], row["id"], row["reason"]) for row in rows(out / "failed.jsonl")]
    assert [row[:3] for row in failed if row[0] == "a.jsonl"] == [
        ("a.jsonl", 2, "a.jsonl:2"), ("a.jsonl", 3, "a 1"), ("a.jsonl", 4, "a.jsonl:4"), ("a.jsonl", 6, "none"),
        ("a.jsonl", 8, "a.jsonl:8"),
    ]  # fmt: skip
    reasons = [row[3] for row in failed]
    for reason in ("not UTF-8", "not valid JSON", "RuntimeError while", "'text' is missing", "expected a JSON object"):
        assert any(reason in told for told in reasons)
    assert ("2019/two.txt", None, "2019/two.txt") in [row[:3] for row in failed]
    assert [row["id"] for row in rows(out / "a.jsonl")] == ["a 0", "a 2", "a 3", "a 4", "a 5"]
    said = capsys.readouterr().err + (out / "run.log").read_text(encoding="utf-8")
    assert SECRET not in said + "".join(reasons) and str(tmp_path) not in "".join(reasons)
    assert f"{len(failed)} failed" in said and "failed.jsonl" in said
    (records / "a.jsonl").write_bytes(b"".join(good[:1]))
    (records / "2019" / "two.txt").write_text("mended", encoding="utf-8")
    (records / "2019" / "b.jsonl").write_bytes(b"".join(good[2:]))
    assert annotate(monkeypatch, checkpoint, records, out) == 0
    assert not (out / "failed.jsonl").exists() and len(rows(out / "2019" / "texts.jsonl")) == 2


def test_what_fails_for_any_record_ends_the_job_and_sets_none_aside(checkpoint, records, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"

    def load_broken(*arguments):
        def fail(texts):
            raise ValueError("the device is gone")

        return fail

    with monkeypatch.context() as patched:
        patched.setattr(run_predict, "load_recognizer", load_broken)
        assert annotate(patched, checkpoint, records, out) == 1
    assert "the device is gone" in capsys.readouterr().err
    assert "Ended by an error" in (out / "run.log").read_text(encoding="utf-8")
    assert annotate(monkeypatch, checkpoint, records, out) == 0 and len(rows(out / "a.jsonl")) == 11


def test_input_of_another_kind_stops_the_job(checkpoint, records, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    (records / "b.jsonl").write_text("id,text\n" * 100, encoding="utf-8")
    (records / "c.jsonl").write_text(lines_of("c", 3), encoding="utf-8")
    for _ in range(2):  # the same command stops again
        assert annotate(monkeypatch, checkpoint, records, out, "--max_failures", 9) == 1
        said = capsys.readouterr().err
        assert "the input may be of another kind" in said and said.count("error:") == 1
        assert 10 <= len(rows(out / "failed.jsonl")) <= 16
        assert len(rows(out / "a.jsonl")) == 11 and not (out / "c.jsonl").exists()
    assert annotate(monkeypatch, checkpoint, records, out, "--max_failures", 100) == run_predict.SOME_FAILED
    assert len(rows(out / "failed.jsonl")) == 100 and len(rows(out / "c.jsonl")) == 3


def test_a_full_disk_is_told_with_the_file_and_the_same_command_goes_on(
    checkpoint, records, tmp_path, monkeypatch, capsys
):
    out = tmp_path / "out"
    monkeypatch.setattr(growing_files, "_SECONDS_BETWEEN_STATES", 0)
    room = [1 << 40]

    class Disk(io.FileIO):
        def write(self, content):
            if room[0] < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            room[0] -= len(content)
            return super().write(content)

    with monkeypatch.context() as patched:
        patched.setattr(
            growing_files, "open", lambda path, mode: io.BufferedWriter(Disk(path, mode)), raising=False
        )  # fmt: skip
        assert annotate(patched, checkpoint, records, tmp_path / "whole") == 0
        used = (1 << 40) - room[0]
        room[0] = used * 2 // 3
        assert annotate(patched, checkpoint, records, out) == 1
    said = capsys.readouterr().err
    assert "entities: No space left on device" in said and "make room" in said and "Traceback" not in said
    finished = results(out)
    assert finished and all(content == results(tmp_path / "whole")[name] for name, content in finished.items())
    assert len(finished) < 3
    asked = recognitions(monkeypatch)
    assert annotate(monkeypatch, checkpoint, records, out) == 0 and results(out) == results(tmp_path / "whole")
    assert 0 < len(asked) < 22, "what was whole is not done again"


def test_input_that_changes_meanwhile_is_told_and_no_result(checkpoint, records, tmp_path, monkeypatch, capsys):
    out, read = tmp_path / "out", run_predict.read_each

    def read_while_it_grows(files, options):
        yield from read(files, options)
        if files[0].name == "2019/b.jsonl":
            files[0].path.write_text(lines_of("b", 10), encoding="utf-8")

    monkeypatch.setattr(run_predict, "read_each", read_while_it_grows)
    (records / "2019" / "two.txt").unlink()
    (records / "2019" / "one.txt").unlink()
    (records / "0.jsonl").write_text(lines_of("0", 5), encoding="utf-8")
    assert annotate(monkeypatch, checkpoint, records, out) == 1
    assert "2019/b.jsonl: its input was changed while it was read" in capsys.readouterr().err
    assert not (out / "2019" / "b.jsonl").exists() and len(rows(out / "0.jsonl")) == 5


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--output_file", "x.jsonl"), "--output_file does not go with --output_dir"),
        (("--show",), "--show does not go with --output_dir"),
        (("--max_records", 3), "--max_records does not go with --output_dir"),
        (("--max_failures", -1), "--max_failures must be at least 0"),
        (("--log_file", "{in}/a.jsonl"), "a file of --input"),
        (("--output_dir", "{in}"), "is the folder of --input"),
        (("--output_dir", "{in}/new"), "lies in --input"),
        (("--output_dir", "{in}/a.jsonl"), "is no folder"),
        (("--input", "{in}/nowhere"), "--input: there is no file or folder"),
    ],
)
def test_options_that_do_not_go_together_are_told(checkpoint, records, tmp_path, monkeypatch, capsys, options, told):
    options = [str(option).replace("{in}", str(records)) for option in options]
    before = sorted(tmp_path.rglob("*"))
    assert annotate(monkeypatch, checkpoint, records, tmp_path / "out", *options) == 1
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1 and sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["failed.jsonl", "2019/texts.jsonl"])
def test_a_name_that_two_files_would_have_is_told(checkpoint, records, tmp_path, monkeypatch, capsys, name):
    (records / name).write_text(lines_of("a", 1), encoding="utf-8")
    assert annotate(monkeypatch, checkpoint, records, tmp_path / "out") == 1
    assert "rename" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_an_unreadable_file_is_told_before_the_work(checkpoint, records, tmp_path, monkeypatch, capsys):
    (records / "z.jsonl").symlink_to(tmp_path / "gone")
    assert annotate(monkeypatch, checkpoint, records, tmp_path / "out") == 1
    assert "z.jsonl" in capsys.readouterr().err and not (tmp_path / "out").exists()


# As a process of its own, whose work of a second is seen in steps: each part is a state.
SCRIPT = """
import run_predict
from modeling_dicmt.commands import growing_files
growing_files._SECONDS_BETWEEN_STATES = 0
run_predict.CHUNK_RECORDS = 8
run_predict.main()
"""


def start(checkpoint, source, target, *arguments):
    command = ["-c", SCRIPT, "--model_name_or_path", checkpoint, "--input", source, "--output_dir", target, *arguments]
    return WarmProcess(command, ROOT, os.environ | {"PYTHONPATH": str(ROOT)})


def written(folder):
    """Bytes of entities that there are, finished or not."""
    paths = [*folder.rglob("*.jsonl"), *folder.rglob("entities")]
    total = 0
    for path in paths:
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # it took its place meanwhile
            pass
    return total


def wait_for(process, folder, size):
    deadline = time.monotonic() + 240
    while process.poll() is None and written(folder) < size and time.monotonic() < deadline:
        time.sleep(0.005)


@pytest.mark.slow(seconds=90)
def test_a_job_that_is_killed_three_times_ends_with_the_bytes_of_one_that_was_not(checkpoint, tmp_path):
    source, chance = tmp_path / "in", random.Random(7)
    sizes = {"a": 500, "b/c": 300, "d": 300}
    (source / "b").mkdir(parents=True)
    for name, number in sizes.items():
        (source / f"{name}.jsonl").write_text(lines_of(name, number) + "no record\n", encoding="utf-8")
    whole = start(checkpoint, source, tmp_path / "whole")
    _, said = whole.communicate(timeout=300)
    assert whole.returncode == run_predict.SOME_FAILED, said
    expected, killed = results(tmp_path / "whole"), tmp_path / "killed"
    size = written(tmp_path / "whole")
    for time_of in range(3):
        process = start(checkpoint, source, killed, "--num_processes", 2)
        wait_for(process, killed, size * (time_of + chance.random()) / 3.2)
        assert process.poll() is None, f"it ended before it was killed:\n{process.communicate()[1]}"
        process.kill()
        process.communicate(timeout=60)
        assert results(killed) != expected
    last = start(checkpoint, source, killed, "--num_processes", 2)
    _, said = last.communicate(timeout=300)
    assert last.returncode == run_predict.SOME_FAILED, said
    assert "going on after" in (killed / "run.log").read_text(encoding="utf-8")
    assert results(killed) == expected
    ids = [row["id"] for name in sizes for row in rows(killed / f"{name}.jsonl")]
    assert ids == [f"{name} {n}" for name, number in sizes.items() for n in range(number)]


@pytest.mark.slow(seconds=60)
def test_a_worker_that_is_killed_is_one_message_and_the_same_command_goes_on(checkpoint, tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "a.jsonl").write_text(lines_of("a", 40), encoding="utf-8")
    (source / "b.jsonl").write_text(lines_of("b", 1500), encoding="utf-8")
    process = start(checkpoint, source, out, "--num_processes", 2)
    deadline = time.monotonic() + 240
    unfinished = out / ".job" / "shards" / "b.jsonl.unfinished" / "entities"
    while not (unfinished.exists() and unfinished.stat().st_size) and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.005)
    workers = workers_of(process)
    os.kill(workers[0], signal.SIGKILL)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1 and said.count("error:") == 1 and "Traceback" not in said
    assert "status -9" in said and "the same command goes on" in said
    finished = (out / "a.jsonl").read_bytes()
    again = start(checkpoint, source, out, "--num_processes", 2)
    _, said = again.communicate(timeout=300)
    assert again.returncode == 0 and "b.jsonl: going on after" in said and "1 of 2 shards are finished" in said
    assert (out / "a.jsonl").read_bytes() == finished
    assert [row["id"] for row in rows(out / "b.jsonl")] == [f"b {n}" for n in range(1500)]


def test_an_interrupt_is_told_with_what_to_do(checkpoint, records, tmp_path, monkeypatch, capsys):
    out, load = tmp_path / "out", run_predict.load_recognizer

    def load_interrupted(*arguments):
        recognize, calls = load(*arguments), []

        def interrupt(texts):
            calls.append(texts)
            if len(calls) == 6:  # the second part of a.jsonl
                raise KeyboardInterrupt
            return recognize(texts)

        return interrupt

    with monkeypatch.context() as patched:
        patched.setattr(run_predict, "load_recognizer", load_interrupted)
        assert annotate(patched, checkpoint, records, out) == 130
    assert "Interrupted: what is finished is kept, and the same command goes on." in capsys.readouterr().err
    assert "Interrupted." in (out / "run.log").read_text(encoding="utf-8")
    assert annotate(monkeypatch, checkpoint, records, out) == 0
    assert "a.jsonl: going on after 4 records." in (out / "run.log").read_text(encoding="utf-8")
    assert [row["id"] for row in rows(out / "a.jsonl")] == [f"a {n}" for n in range(11)]


def test_the_log_file_shows_how_far_a_job_is(checkpoint, records, tmp_path, monkeypatch):
    from modeling_dicmt.annotation import job_log

    monkeypatch.setattr(job_log, "SECONDS_BETWEEN_LINES", -1)
    log = tmp_path / "logs" / "job.log"
    assert annotate(monkeypatch, checkpoint, records, tmp_path / "out", "--log_file", log) == 0
    lines = log.read_text(encoding="utf-8").splitlines()
    states = [line for line in lines if "characters a second" in line]
    assert len(states) >= 7 and all(" left" in line for line in states) and "100.0 %: 22 records" in states[-1]
    assert "Done: 22 records" in lines[-1] and not (tmp_path / "out" / "run.log").exists()
