"""The speed benchmark: what it counts, what it keeps, and one part of it for real."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from tiny_network import RECORDS, make_model, make_span_model, make_span_tokenizer, make_tokenizer

from benchmarks.speed import __main__ as command
from benchmarks.speed import deidentifying, heads, sharing
from benchmarks.speed.measuring import Row, Settings, compare, in_turn
from benchmarks.speed.sharing import busy_program

ROOT = Path(__file__).parents[1]
SETTINGS = Settings(quick=True, threads=1, device="cpu", data_dir=None, folder="")


@pytest.mark.parametrize(
    ("ratio", "aim", "reached"),
    [(2.0, "≥ 2", True), (1.99, "≥ 2", False), (2.5, "≤ 2.5", True), (2.51, "≤ 2.5", False), (3.0, "", None)],
)
def test_an_aim_is_reached_or_not(ratio, aim, reached):
    assert Row("x", "y", "1 ms", "2 ms", ratio, aim).reached is reached


def test_sides_run_in_turn_and_the_first_round_does_not_count():
    calls = []
    seconds = in_turn({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3)
    assert "".join(calls) == "abababab"
    assert {name: len(values) for name, values in seconds.items()} == {"a": 3, "b": 3}


@pytest.mark.parametrize(("aim", "ratio"), [("≥ 2", 4.0), ("≤ 1", 0.25), ("", 4.0)])
def test_a_ratio_is_the_one_that_the_aim_speaks_of(aim, ratio, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])

    def lasting(seconds):
        return lambda: now.__setitem__(0, now[0] + seconds)

    row = compare("x", "y", lasting(1.0), lasting(4.0), aim, SETTINGS, work=100)
    assert row.ratio == ratio
    assert (row.ours, row.theirs) == ("100 characters/s", "25 characters/s")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads what Linux tells of a process")
def test_the_other_program_is_busy_only_while_something_is_measured_beside_it(monkeypatch):
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])

    def seconds():
        fields = Path(f"/proc/{started[0].pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def until_it_has_worked():
        before = seconds()
        while seconds() <= before:
            time.sleep(0.01)
        return "answer"

    with busy_program(min(os.sched_getaffinity(0))) as beside:
        assert beside(until_it_has_worked) == "answer"
        while Path(f"/proc/{started[0].pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            time.sleep(0.01)
        worked = seconds()
        time.sleep(0.1)
        assert seconds() == worked
        with pytest.raises(ZeroDivisionError):
            beside(lambda: 1 / 0)
    assert started[0].returncode is not None


def test_identifiers_are_found_with_all_rules_and_with_those_that_a_text_has_characters_for(monkeypatch):
    measured = list(deidentifying.rows(SETTINGS))
    assert len(measured) == 6 and all(row.rounds for row in measured[::2])
    monkeypatch.setattr(deidentifying.NoSieve, "candidates", lambda self, points, starts: [[]] * len(starts))
    with pytest.raises(ValueError, match="the sieve loses identifiers"):
        next(deidentifying.rows(SETTINGS))


def test_both_heads_are_timed_on_the_same_entities(monkeypatch, tmp_path):
    def entities(text):
        return [{"start": text.index("肺"), "end": text.index("肺") + 1, "type": "Anatomy"}] if "肺" in text else []

    records = [{"id": str(index), "text": text, "entities": entities(text)} for index, text in enumerate(RECORDS)]
    networks = {"network": (make_model(), make_tokenizer()), "span_network": (make_span_model(), make_span_tokenizer())}
    monkeypatch.setattr(heads, "network", lambda settings, name="network": networks[name])
    monkeypatch.setattr(heads, "records_of", lambda settings, part: records)
    monkeypatch.setattr(heads, "texts_of", lambda settings, part: RECORDS)
    settings = Settings(quick=True, threads=1, device="cpu", data_dir=None, folder=str(tmp_path))
    measured = list(heads.rows(settings))
    assert [row.aim for row in measured] == ["≥ 0.6"] * 2 and all(row.rounds["ours"] for row in measured)
    make = heads.make_span_examples
    monkeypatch.setattr(heads, "make_span_examples", lambda records, tokenizer: make(records[:1] * 4, tokenizer))
    with pytest.raises(ValueError, match="the two heads learn different entities"):
        heads.training(settings)


def run_speed(tmp_path, *arguments):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.speed", "--output_dir", str(tmp_path), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=environment,
    )


@pytest.mark.slow
def test_a_part_is_measured_once_and_told_in_the_table(tmp_path):
    first = run_speed(tmp_path, "--quick", "--only", "crf", "--threads", "1")
    assert first.returncode == 0, first.stderr
    lines = [line for line in first.stdout.splitlines() if line.startswith("| CRF")]
    assert len(lines) == 8
    assert (tmp_path / "table.md").read_text(encoding="utf-8").strip() in first.stdout
    rows = json.loads((tmp_path / "parts" / "crf-1.json").read_text(encoding="utf-8"))
    rows[0]["ours"] = "42.0 ms"
    (tmp_path / "parts" / "crf-1.json").write_text(json.dumps(rows), encoding="utf-8")
    again = run_speed(tmp_path, "--quick", "--only", "crf", "--threads", "1")
    assert "42.0 ms" in again.stdout, "what was measured is kept"


def test_parts_of_another_run_are_put_away(tmp_path):
    arguments = command.BenchmarkArguments(output_dir=str(tmp_path), quick=True)
    command._check_same_run(arguments, tmp_path)
    kept = tmp_path / "parts" / "crf-1.json"
    kept.write_text("[]", encoding="utf-8")
    command._check_same_run(arguments, tmp_path)
    assert kept.exists()
    command._check_same_run(command.BenchmarkArguments(output_dir=str(tmp_path), quick=False), tmp_path)
    assert not kept.exists()


def test_a_part_that_fails_says_why_and_leaves_no_result(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "_result_path", lambda *_: tmp_path / "result.json")
    log = tmp_path / "log"
    with pytest.raises(ValueError, match=r"Measuring failed; .*log has all of it:\nof this"):
        command._run_child([sys.executable, "-c", "import sys; sys.exit('of this')"], 1, log, "Measuring")
    assert not (tmp_path / "result.json").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--data_dir", "nowhere"], "nowhere holds no ccks2017"), (["--device", "cuda"], "torch sees no GPU here")],
)
def test_what_cannot_be_measured(arguments, message, tmp_path, monkeypatch):
    if "cuda" in arguments and torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    monkeypatch.setattr(sys, "argv", ["speed", "--output_dir", str(tmp_path), *arguments])
    with pytest.raises(ValueError, match=message):
        command.run()
    assert not list(tmp_path.iterdir())


def test_a_missing_extra_is_named_before_anything_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["speed", "--output_dir", str(tmp_path), "--only", "starting"])
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(ImportError, match=r'spacy is missing. Install it with: pip install "dicmt\[benchmarks\]"'):
        command.run()
    assert not list(tmp_path.iterdir())


def test_both_numbers_of_threads_are_measured_alone_and_beside_another_program(monkeypatch):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core: nothing to share")
    monkeypatch.setattr(sharing, "network", lambda settings: (make_model(), make_tokenizer()))
    monkeypatch.setattr(sharing, "texts_of", lambda settings, part: RECORDS)
    rows = list(sharing.rows(SETTINGS))
    assert [row.aim for row in rows] == ["", "≥ 2", "≤ 1.5"]
    assert all(len(row.rounds[side]) == 2 for row in rows for side in ("ours", "theirs"))
    assert rows[1].ours == rows[2].ours and rows[2].theirs == rows[0].ours
    monkeypatch.setattr(sharing, "spans_of", lambda answers: [[object()]])
    with pytest.raises(ValueError, match="the numbers of threads give other entities"):
        next(sharing.rows(SETTINGS))
