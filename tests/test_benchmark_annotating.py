"""The benchmark of jobs on folders: its records, what it refuses to compare, and one run for real."""

import json
import subprocess
import sys

import pytest
from ner_command import REPOSITORY
from warm_process import WarmProcess

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


JOB = """
import pathlib, shutil, sys, time
source, target, seconds = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), float(sys.argv[3])
growing = target / ".job" / "entities"
growing.parent.mkdir(parents=True, exist_ok=True)
with open(target / "run.log", "a") as log:
    log.write("a.jsonl: going on after 3 records.\\n" * growing.exists())
while not growing.exists() or growing.stat().st_size < 1000:
    with open(growing, "a") as file:
        file.write("x" * 100)
    time.sleep(seconds)
shutil.copytree(source, target, dirs_exist_ok=True)
"""


def disturbed(monkeypatch, tmp_path, seconds=0.3, finish=None):
    """A job that writes 100 of 1,000 bytes every so many seconds is killed twice; what is told, and how each ended."""
    write_records(tmp_path / "in", [1, 1], seed=3)
    started = []

    def start(arguments, source, target, num_processes):
        started.append(subprocess.Popen([sys.executable, "-c", JOB, *map(str, (source, target, seconds))]))
        return started[-1]

    monkeypatch.setattr(annotating, "start", start)
    monkeypatch.setattr(annotating, "finish", finish or (lambda process, target: process.wait()))
    try:
        arguments = AnnotatingArguments("OUT", kills=2, num_processes=2)
        return disturb(arguments, tmp_path / "in", tmp_path / "out", 1000), [job.returncode for job in started]
    finally:
        for process in started:
            process.wait()


def test_a_job_is_killed_as_often_as_asked(tmp_path, monkeypatch):
    told, ends = disturbed(monkeypatch, tmp_path)
    assert told == {"kills": 2, "files_that_went_on_within": 2} and ends == [-9, -9, 0]


def test_what_kills_lose_is_told(tmp_path, monkeypatch):
    def finish_and_lose(process, target):
        process.wait()
        (target / "0001.jsonl").unlink()

    with pytest.raises(ValueError, match="After the kills records are missing"):
        disturbed(monkeypatch, tmp_path, finish=finish_and_lose)


def test_a_job_that_cannot_be_killed_in_time_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(annotating, "written", lambda folder: 0)
    with pytest.raises(ValueError, match="ended before it was killed"):
        disturbed(monkeypatch, tmp_path, seconds=0)


@pytest.mark.slow(seconds=90)
def test_a_small_run_tells_all_figures(checkpoint, tmp_path, monkeypatch, capsys):
    def start(arguments, source, target, num_processes):
        settings = {"input": source, "output_dir": target, "num_processes": num_processes}
        command = ["run_predict.py", f"--model_name_or_path={arguments.model_name_or_path}"]
        return WarmProcess([*command, *(f"--{name}={value}" for name, value in settings.items())], REPOSITORY)

    monkeypatch.setattr(annotating, "start", start)
    options = {"model_name_or_path": checkpoint, "megabytes": 0.05, "rounds": 1, "num_processes": 2, "kills": 1}
    monkeypatch.setattr(sys, "argv", ["annotating", *(f"--{name}={value}" for name, value in options.items())])
    annotating.run()
    told = json.loads(capsys.readouterr().out)
    assert told["processes"] == 2 and told["records"] > 100 and told["characters"] > 10_000
    assert told["after_kills"]["kills"] == 1
    assert all(value > 0 for value in told["seconds_at_the_start"].values())
    for name in ("one", "several"):
        memory = told["memory_mb_at_the_quarters"][name]
        assert len(memory["own"]) == 4 and max(memory["own"]) == memory["own"][-1] > 50
    assert told["memory_mb_at_the_quarters"]["several"]["largest_worker"][-1] > 50
