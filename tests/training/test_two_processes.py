"""Two real processes against one."""

import pytest
import torch
from ner_command import (
    SAMPLE_DICTIONARY,
    command_line,
    results_in,
    run,
    run_here,
    scored_here,
    scores_in,
    start,
    train_here,
)
from safetensors.torch import load_file
from test_resume import wait_for_state

NO_DROPOUT = {"dropout": 0, "character_dropout": 0, "bigram_dropout": 0, "dictionary_dropout": 0}


@pytest.fixture(scope="module")
def settings() -> dict:
    # A rate at which rounding stays rounding: Adam's steps do not shrink with the gradients.
    return NO_DROPOUT | {
        "dictionary": SAMPLE_DICTIONARY,
        "max_train_records": 24,
        "num_train_epochs": 1,
        "learning_rate": 1e-3,
    }


def assert_weights_close(folder, other):
    weights, others = (load_file(path / "model.safetensors") for path in (folder, other))
    assert weights.keys() == others.keys()
    for name, weight in weights.items():
        torch.testing.assert_close(
            weight, others[name], rtol=0, atol=1e-5, msg=lambda text, name=name: f"{name}: {text}"
        )


def test_accumulated_batches_train_like_whole_ones(tmp_path, settings):
    train_here(tmp_path / "whole", **settings, per_device_train_batch_size=32)
    train_here(tmp_path / "parts", **settings, per_device_train_batch_size=16, gradient_accumulation_steps=2)
    assert_weights_close(tmp_path / "parts", tmp_path / "whole")


@pytest.mark.slow
def test_two_processes_train_and_score_like_one(tmp_path, settings):
    train_here(tmp_path / "one", **settings, per_device_train_batch_size=32)
    outcome = run(command_line(tmp_path / "two", **settings, per_device_train_batch_size=16), processes=2)
    assert outcome.status == 0, outcome.errors
    assert_weights_close(tmp_path / "two", tmp_path / "one")
    # The figures of two processes are exactly those of one process with the same weights.
    assert scored_here(tmp_path / "two", **settings) == scores_in(results_in(tmp_path / "two"))
    for part in ("validation", "test"):
        name = f"errors_{part}.jsonl"
        assert (tmp_path / "two" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


@pytest.mark.slow
def test_two_processes_resume_and_share_out_single_sentences(tmp_path, settings):
    """Batches of two and, since the sentences are odd in number, one of a single sentence, which one process lacks."""
    settings = settings | {"save_steps": 2, "final_fit": True, "num_train_epochs": 2}
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    for records in range(3, 9):
        outcome = run_here(
            command_line(whole, **settings | {"max_train_records": records}, per_device_train_batch_size=2)
        )
        sentences = int((whole / "run.json").read_text().split('"train_sentences": ')[1].split(",")[0])
        if sentences % 2:
            break
        settings["overwrite_output_dir"] = True
    assert outcome.status == 0 and sentences % 2
    arguments = command_line(
        resumed,
        **settings | {"max_train_records": records, "overwrite_output_dir": False},
        per_device_train_batch_size=1,
    )
    process = start(arguments, processes=2)
    wait_for_state(process, resumed, after=(0, 0))
    process.kill()
    process.communicate()
    outcome = run(arguments, processes=2)
    assert outcome.status == 0, outcome.errors
    assert "Resuming after epoch" in outcome.errors
    assert_weights_close(resumed, whole)

    outcome = run(arguments, processes=2)
    assert outcome.status != 0
    told = [line for line in outcome.errors.splitlines() if line.startswith("error")]
    # the second process may be ended before it has told the same
    assert told and all("holds the results of a finished run" in line for line in told)
    assert "gloo" not in outcome.errors
