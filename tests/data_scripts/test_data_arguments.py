"""The options of what is read, checked before anything is."""

import dataclasses

import pytest

from data_scripts.arguments import DataArguments
from modeling_dicmt.commands.command_line import parse_arguments


@pytest.mark.parametrize(
    ("name", "reason"),
    [("ccks2107", "Did you mean ccks2017"), ("JSON", "Did you mean jsonl"), ("x", "There are ccks2017")],
)
def test_a_mistyped_corpus_is_told_at_once(name, reason):
    with pytest.raises(ValueError, match=f"no corpus {name!r}.*{reason}"):
        DataArguments(dataset_name=name)


@pytest.mark.parametrize(
    ("option", "value", "bounds"),
    [
        ("max_train_records", -3, "at least 1"),
        ("max_eval_records", 0, "at least 1"),
        ("train_share", 0, "above 0 and at most 1"),
        ("train_share", 1.1, "above 0 and at most 1"),
        ("dictionary_share", -0.1, "above 0 and at most 1"),
        ("validation_share", -0.1, "at least 0 and below 1"),
        ("validation_share", 1, "at least 0 and below 1"),
        ("validation_share", "nan", "at least 0 and below 1"),
    ],
)
def test_numbers_out_of_bounds_are_told_by_their_option(option, value, bounds):
    with pytest.raises(ValueError, match=f"--{option} must be {bounds}, got"):
        parse_arguments((DataArguments,), None, ["--dataset_name", "sample", f"--{option}", str(value)])


def test_numbers_within_bounds_are_taken():
    given = {"max_train_records": 1, "train_share": 1.0, "dictionary_share": 0.5, "validation_share": 0.0}
    options = [item for name, value in given.items() for item in (f"--{name}", str(value))]
    (data,) = parse_arguments((DataArguments,), None, ["--dataset_name", "sample", *options])
    assert {name: dataclasses.asdict(data)[name] for name in given} == given
