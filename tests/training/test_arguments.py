import dataclasses

import pytest
import torch

from data_scripts.arguments import DataArguments
from modeling_dicmt.configuration_dicmt_nested import DicMTNestedConfig
from modeling_dicmt.training.arguments import ModelArguments, TrainingArguments, with_epochs
from modeling_dicmt.training.optimization import create_scheduler
from modeling_dicmt.training.preparation import network_settings
from modeling_dicmt.training.pretraining_arguments import (
    EncoderArguments,
    PreTrainedModelArguments,
    PreTrainingArguments,
)
from modeling_dicmt.training.self_training_arguments import SelfTrainingArguments

PRE_TRAINING = (EncoderArguments, PreTrainedModelArguments, PreTrainingArguments)


@pytest.mark.parametrize(
    "arguments",
    [DataArguments, ModelArguments, SelfTrainingArguments, TrainingArguments, *PRE_TRAINING],
)
def test_every_argument_has_a_help_text(arguments):
    assert all(field.metadata["help"].strip() for field in dataclasses.fields(arguments))


SPAN_SETTINGS = ("head", "span_head_size", "max_span_length", "span_overlap")


def test_what_the_network_is_made_of_is_taken_over_from_the_arguments():
    taken = set(network_settings(ModelArguments()))
    arguments = {field.name for field in dataclasses.fields(ModelArguments)}
    assert arguments - taken == {
        "model_name_or_path",
        "encoder_name_or_path",
        "character_vectors",
        "ngram_sizes",
        "pretrained",
        "pretrained_as",
        *SPAN_SETTINGS,
    }
    # What those of a span head leave open follows from the training part: `with_span_settings`.
    assert set(network_settings(ModelArguments(), DicMTNestedConfig)) - taken == {*SPAN_SETTINGS} - {"head"}


@pytest.mark.parametrize(
    ("of_class", "name", "value", "bounds"),
    [
        (TrainingArguments, "num_train_epochs", 0, "at least 1"),
        (TrainingArguments, "learning_rate", -1.0, "above 0"),
        (TrainingArguments, "learning_rate", float("nan"), "above 0"),
        (TrainingArguments, "warmup_steps", -10, "at least 0"),
        (TrainingArguments, "average_decay", 1.0, "at least 0 and below 1"),
        (TrainingArguments, "seed", 2**32, "at least 0 and at most 4294967295"),
        (TrainingArguments, "eval_batch_characters", 0, "at least 1"),
        (ModelArguments, "dropout", 1.5, "at least 0 and below 1"),
        (ModelArguments, "lstm_hidden_size", -3, "at least 1"),
        (ModelArguments, "ngram_sizes", [2, 11], "at least 1 and at most 10"),
    ],
)
def test_numbers_out_of_bounds_are_refused_by_the_option_s_name(of_class, name, value, bounds):
    required = {"output_dir": "out"} if of_class is TrainingArguments else {}
    with pytest.raises(ValueError, match=f"--{name} must be {bounds}, got"):
        of_class(**required, **{name: value})


def test_every_number_has_a_bound():
    """A setting that is added with none would take -1 and fail somewhere, or not at all."""
    bounds = {"minimum", "maximum", "above", "below"}
    for of_class in (ModelArguments, TrainingArguments, *PRE_TRAINING):
        for field in dataclasses.fields(of_class):
            if field.type in (int, float, list[int], int | None, float | None):
                assert bounds & field.metadata.keys(), field.name


def test_every_schedule_can_be_made():
    choices = {field.name: field.metadata.get("choices") for field in dataclasses.fields(TrainingArguments)}
    for name in choices["lr_scheduler_type"]:
        optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        scheduler = create_scheduler(optimizer, TrainingArguments(output_dir="out", lr_scheduler_type=name), 100)
        optimizer.step()
        scheduler.step()
        assert scheduler.get_last_lr()[0] > 0


@pytest.mark.parametrize(
    ("characters", "epochs"), [(0, 24), (560_000, 24), (1_000_000, 14), (1_400_000, 10), (10**8, 8)]
)
def test_large_training_parts_are_passed_over_less_often_unless_one_says_how_often(characters, epochs):
    assert with_epochs(TrainingArguments(output_dir="out"), characters).num_train_epochs == epochs
    given = TrainingArguments(output_dir="out", num_train_epochs=30)
    assert with_epochs(given, characters) == given


@pytest.mark.parametrize(("epochs", "weight", "given", "expected"), [(24, 3, None, 4), (24, 3, 7, 7), (2, 3, None, 1)])
def test_a_student_sees_labelled_sentences_half_as_often_as_a_teacher(epochs, weight, given, expected):
    arguments = SelfTrainingArguments(unlabelled=["x"], labelled_weight=weight, student_epochs=given)
    assert arguments.epochs_of_student(epochs) == expected
