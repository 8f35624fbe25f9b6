"""What trainings by the command leave, and their settings."""

from pathlib import Path

import pytest
from ner_command import LAUNCHER, SAMPLE_DICTIONARY, command_line, run


@pytest.fixture(scope="session")
def sample() -> dict:
    """Settings of a run that learns something within seconds."""
    return {
        "dictionary": SAMPLE_DICTIONARY,
        "max_train_records": 60,
        "max_eval_records": 20,
        "num_train_epochs": 6,
        "per_device_train_batch_size": 8,
        "lstm_hidden_size": 16,
        "dropout": 0.1,
    }


@pytest.fixture(scope="session")
def trained(tmp_path_factory, sample) -> Path:
    """What `accelerate launch` leaves behind. Only to be read."""
    folder = tmp_path_factory.mktemp("trained")
    outcome = run(command_line(folder, **sample), LAUNCHER)
    assert outcome.status == 0, outcome.errors
    return folder


@pytest.fixture
def tiny() -> dict:
    """Settings of a run that takes half a second."""
    return {"dictionary": SAMPLE_DICTIONARY}
