"""The benchmark of jobs on folders: its records, what it refuses to compare, and one run for real."""

import json
import subprocess
import sys

import pytest

from benchmarks import annotating
from benchmarks.annotating import AnnotatingArguments, check_same, disturb, read, write_records


def test_records_are_the_same_each_time_and_their_files_have_the_sizes_asked_for(tmp_path):
    for name in ("one", "two"):
        write_records(tmp_path / name, [1, 5_000], seed=3)
    check_same(tmp_path / "one", tmp_path / "two", "Two runs write")
    first, second = sorted((tmp_path / "one").iterdir())
    assert len(first.read_text(encoding="utf-8").splitlines()) == 1 and 5_000 <= second.stat().st_size < 7_000
    ids = [row["id"] for row in read(tmp_path / "one")]
    assert len(set(ids)) == len(ids) > 5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({"a.jsonl": "1"}, {}),
        ({"a.jsonl": "1"}, {"a.jsonl": "2"}),
        ({"a.jsonl": "1"}, {"a.jsonl": "1", "b.jsonl": ""}),
    ],
)
def test_other_bytes_are_not_compared(one, other, tmp_path):
    for folder, files in (("one", one), ("other", other)):
        (tmp_path / folder).mkdir()
        for name, content in files.items():
            (tmp_path / folder / name).write_text(content)
    with pytest.raises(ValueError, match="They write other bytes"):
        check_same(tmp_path / "one", tmp_path / "other", "They write")


SLOW_JOB = """
import pathlib, shutil, sys, time
source, target = map(pathlib.Path, sys.argv[1:])
target.mkdir(exist_ok=True)
time.sleep(0 if (target / "run.log").exists() else 60)
shutil.copytree(source, target, dirs_exist_ok=True)
"""


@pytest.mark.parametrize("lost", [False, True])
def test_kills_are_counted_and_what_they_lose_is_told(lost, tmp_path, monkeypatch):
    write_records(tmp_path / "in", [1, 1], seed=3)
    started = []

    def start(arguments, source, target, num_processes):
        if len(started) == 2:  # two were killed
            target.mkdir(exist_ok=True)
            (target / "run.log").write_text("0000.jsonl: going on after 3 records.\n")
        started.append(subprocess.Popen([sys.executable, "-c", SLOW_JOB, str(source), str(target)]))
        return started[-1]

    def finish_and_lose(process, target):
        process.wait()
        (target / "0001.jsonl").unlink()

    monkeypatch.setattr(annotating, "start", start)
    if lost:
        monkeypatch.setattr(annotating, "finish", finish_and_lose)
    arguments = AnnotatingArguments("OUT", kills=2, num_processes=2)
    if lost:
        with pytest.raises(ValueError, match="After the kills records are missing"):
            disturb(arguments, tmp_path / "in", tmp_path / "out", 0.1, 0.1)
    else:
        counts = disturb(arguments, tmp_path / "in", tmp_path / "out", 0.1, 0.1)
        assert counts == {"kills": 2, "shards_that_went_on_within": 1}
    assert [process.returncode for process in started] == [-9, -9, 0]


@pytest.mark.slow(seconds=90)
def test_a_small_run_tells_all_figures(checkpoint, tmp_path, monkeypatch, capsys):
    options = {"model_name_or_path": checkpoint, "megabytes": 0.05, "rounds": 1, "num_processes": 2, "kills": 1}
    monkeypatch.setattr(sys, "argv", ["annotating", *(f"--{name}={value}" for name, value in options.items())])
    annotating.run()
    told = json.loads(capsys.readouterr().out)
    assert told["processes"] == 2 and told["records"] > 100 and told["characters"] > 10_000
    assert told["after_kills"]["kills"] in (0, 1)
    assert all(value > 0 for value in told["seconds_at_the_start"].values())
    for name in ("one", "several"):
        memory = told["memory_mb_at_the_quarters"][name]
        assert len(memory["own"]) == 4 and max(memory["own"]) == memory["own"][-1] > 50
    assert told["memory_mb_at_the_quarters"]["several"]["largest_worker"][-1] > 50
