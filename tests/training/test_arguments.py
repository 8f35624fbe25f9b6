import dataclasses

import pytest

from data_scripts.arguments import DataArguments
from modeling_dicmt.configuration_dicmt import DicMTConfig
from modeling_dicmt.training.arguments import ModelArguments, TrainingArguments
from modeling_dicmt.training.preparation import _NETWORK_SETTINGS


@pytest.mark.parametrize("arguments", [DataArguments, ModelArguments, TrainingArguments])
def test_every_argument_has_a_help_text(arguments):
    assert all(field.metadata["help"].strip() for field in dataclasses.fields(arguments))


def test_what_goes_to_the_network_is_an_argument_and_a_setting_of_it():
    arguments = {field.name for field in dataclasses.fields(ModelArguments)}
    settings = {field.name for field in dataclasses.fields(DicMTConfig)}
    assert set(_NETWORK_SETTINGS) <= arguments & settings


@pytest.mark.parametrize(
    "name",
    [
        "num_train_epochs",
        "per_device_train_batch_size",
        "gradient_accumulation_steps",
        "eval_every_epochs",
        "logging_steps",
        "eval_batch_characters",
    ],
)
def test_counts_below_one_are_refused(name):
    with pytest.raises(ValueError, match=f"--{name} must be at least 1, got 0"):
        TrainingArguments(output_dir="out", **{name: 0})


@pytest.mark.parametrize("decay", [1.0, -0.1])
def test_a_decay_outside_its_range_is_refused(decay):
    with pytest.raises(ValueError, match="--average_decay must be at least 0 and below 1"):
        TrainingArguments(output_dir="out", average_decay=decay)


@pytest.mark.parametrize("epochs", [(2, 1), (3, 0), (0, 3)])
def test_steps_that_leave_no_epoch_for_both_tasks_are_refused(epochs):
    first, second = epochs
    with pytest.raises(ValueError, match="leave none of the 3 epochs for learning both tasks together"):
        TrainingArguments(output_dir="o", num_train_epochs=3, segmentation_epochs=first, recognition_epochs=second)
    with pytest.raises(ValueError, match="must be at least 0"):
        TrainingArguments(output_dir="o", recognition_epochs=-1)
