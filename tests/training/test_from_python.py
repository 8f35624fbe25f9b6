"""The training in ten lines that the package's docstring shows."""

import logging
import textwrap

import pytest
from accelerate.state import AcceleratorState
from ner_command import ENVIRONMENT

from modeling_dicmt import training
from modeling_dicmt.commands.checkpoint import load_network, load_tokenizer

TINY = {
    "ModelArguments()": "ModelArguments(character_embedding_size=8, num_bigram_buckets=50, lstm_hidden_size=8)",
    'output_dir="outputs/python")': 'output_dir="out", num_train_epochs=1, quiet=True)',
    'dataset_name="sample")': 'dataset_name="sample", max_train_records=10, max_eval_records=5)',
}


def test_the_example_trains_a_network(tmp_path, monkeypatch, capsys):
    example = textwrap.dedent(training.__doc__.split("\n\n", 1)[1].split("\n\nRecords")[0])
    for shown, quick in TINY.items():
        assert example.count(shown) == 1
        example = example.replace(shown, quick)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # which the example sets
    monkeypatch.chdir(tmp_path)
    try:
        exec(compile(example, "example", "exec"), {})
    finally:
        AcceleratorState._reset_state(reset_partial_state=True)
    assert "Development F1: 0." in capsys.readouterr().out
    assert load_network("out").config.entity_types == load_tokenizer("out").entity_types


def test_every_name_of_the_package_can_be_imported():
    assert all(getattr(training, name).__name__ == name for name in training.__all__)
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        _ = training.absent
