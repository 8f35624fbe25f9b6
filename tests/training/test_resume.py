"""A real command, killed and started again."""

import signal
import subprocess
from pathlib import Path
from unittest import mock

import pytest
from ner_command import SAMPLE_DICTIONARY, command_line, results_in, run_here, start, train_here, without_times

from modeling_dicmt.files import read_json
from modeling_dicmt.training.states import CHECKPOINTS, LAST, PROGRESS_FILE

SETTINGS = {
    "dictionary": SAMPLE_DICTIONARY,
    "max_train_records": 24,
    "num_train_epochs": 10,  # enough that a stop at the third is no race with the end
    "per_device_train_batch_size": 2,
    "save_steps": 7,
    "dropout": 0.5,
    "character_dropout": 0.1,
    "bigram_dropout": 0.1,
    "dictionary_dropout": 0.2,
}


def place_of(output_dir: Path) -> tuple[int, int]:
    """Epoch and step of the state that a run has left; (0, 0) where there is none."""
    path = output_dir / CHECKPOINTS / LAST / PROGRESS_FILE
    if not path.exists():
        return 0, 0
    progress = read_json(path)["progress"]
    return progress["epoch"], progress["step"]


def wait_for_state(process: subprocess.Popen, output_dir: Path, after: tuple[int, int]) -> None:
    """Wait until a run has written a state of mid-epoch that is later than `after`."""
    while True:
        try:
            process.wait(timeout=0.02)
        except subprocess.TimeoutExpired:
            pass
        else:
            pytest.fail(f"The run ended before it could be stopped: {process.communicate()[1]}")
        try:
            place = place_of(output_dir)
        except OSError:  # just then replaced by the next state
            continue
        if place > after and place[1] > 0:
            return


@pytest.mark.slow
def test_a_run_killed_and_interrupted_ends_like_one_that_was_not(tmp_path):
    settings = SETTINGS
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    train_here(whole, **settings)

    process = start(command_line(stopped, **settings))
    wait_for_state(process, stopped, after=(0, 0))
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    first = place_of(stopped)
    assert (0, 0) < first < (SETTINGS["num_train_epochs"], 0)

    process = start(command_line(stopped, **settings))
    wait_for_state(process, stopped, after=(first[0] + 1, 0))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert f"Resuming after epoch {first[0]}, step {first[1]}." in errors
    assert [line for line in errors.splitlines() if line.startswith("error")] == [errors.splitlines()[-1]]
    assert "error: Interrupted. The same command" in errors and "Traceback" not in errors
    second = place_of(stopped)
    assert first < second < (SETTINGS["num_train_epochs"], 0)
    assert not (stopped / "all_results.json").exists() and not (stopped / "model.safetensors").exists()

    outcome = run_here(command_line(stopped, **settings))
    assert outcome.status == 0, outcome.errors
    assert f"Resuming after epoch {second[0]}, step {second[1]}." in outcome.errors
    for name in ("model.safetensors", "predictions_validation.jsonl", "predictions_test.jsonl", "dictionary.tsv"):
        assert (stopped / name).read_bytes() == (whole / name).read_bytes(), name
    assert without_times(results_in(stopped)) == without_times(results_in(whole))
    assert results_in(whole)["eval_f1"] > 0.2


def test_an_unfinished_run_is_not_resumed_with_other_settings(tmp_path):
    settings = {"dictionary": SAMPLE_DICTIONARY}
    with mock.patch("modeling_dicmt.training.results.write_results", side_effect=KeyboardInterrupt):
        assert run_here(command_line(tmp_path, **settings)).status == 130
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    outcome = run_here(command_line(tmp_path, **settings, seed=7, dropout=0.3))
    assert outcome.status == 1
    assert "dropout: 0.5 then, 0.3 now; seed: 42 then, 7 now)" in outcome.message
    outcome = run_here(command_line(tmp_path, **settings, max_train_records=11))
    assert "training_sentences: " in outcome.message and "max_train_records: 12 then, 11 now" in outcome.message
    outcome = run_here(command_line(tmp_path, **settings | {"dictionary": None}))
    assert "dictionary_content: " in outcome.message
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    results = train_here(tmp_path, **settings, save_steps=3, logging_steps=1)  # what changes no weight is free
    assert results["train_epochs"] == 2


@pytest.mark.slow
def test_two_runs_do_not_share_a_folder(tmp_path):
    settings = SETTINGS | {"num_train_epochs": 500, "early_stopping_patience": 0}
    process = start(command_line(tmp_path, **settings))
    wait_for_state(process, tmp_path, after=(0, 0))
    second = start(command_line(tmp_path, **settings, overwrite_output_dir=True))
    _, errors = second.communicate()
    assert second.returncode == 1
    assert f"Another run is writing to {tmp_path}" in errors and "Traceback" not in errors
    assert process.poll() is None, "the first run had ended before: give it more epochs"
    process.kill()
    process.communicate()
