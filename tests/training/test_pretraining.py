"""Pre-training by the command: text in, a network out that recognisers start from; killed, and by two processes."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from ner_command import ENVIRONMENT, REPOSITORY, SAMPLE_DICTIONARY, files_in, results_in, torchrun, train_here
from safetensors.torch import load_file
from test_resume import place_of, wait_for_state

import run_mlm
from data_scripts.arguments import DataArguments
from data_scripts.records import load_records
from data_scripts.unlabelled.arguments import UnlabelledArguments
from data_scripts.unlabelled.packed import PackedCorpus
from data_scripts.unlabelled.preparation import prepare_corpus
from modeling_dicmt.commands.checkpoint import load_network, load_pretrained, load_tokenizer
from modeling_dicmt.training.arguments import ModelArguments
from modeling_dicmt.training.batches import CharacterBatches
from modeling_dicmt.training.pretraining import HeldOutText, character_inputs

MARKER = "特征串甲乙丙丁"
TINY = {
    "character_embedding_size": 8,
    "bigram_embedding_size": 4,
    "num_bigram_buckets": 50,
    "radical_embedding_size": 4,
    "lstm_hidden_size": 8,
    "num_train_epochs": 2,
    "train_batch_characters": 1000,
    "warmup_steps": 0,
    "learning_rate": 0.01,
    "cpu_threads": 1,
    "quiet": True,
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """The sample's texts, a document a line."""
    path = tmp_path_factory.mktemp("text") / "records.txt"
    parts, _ = load_records(DataArguments(dataset_name="sample", max_train_records=120))
    lines = [record["text"].replace("\n", " ") for record in parts["train"]]
    path.write_text("\n".join([*lines, f"患者{MARKER}。"]), encoding="utf-8")
    return path


def command_line(corpus: Path, output_dir: Path, **settings) -> list[str]:
    merged = TINY | {"corpus": corpus, "output_dir": output_dir} | settings
    return [word for name, value in merged.items() for word in (f"--{name}", str(value))]


def pretrain_here(corpus: Path, output_dir: Path, **settings) -> dict:
    """Run the command in this process."""
    errors = io.StringIO()
    try:
        arguments = ["run_mlm.py", *command_line(corpus, output_dir, **settings)]
        with (
            mock.patch.object(sys, "argv", arguments),
            mock.patch.dict(os.environ, ENVIRONMENT),
            contextlib.redirect_stderr(errors),
        ):
            run_mlm.main()
    except SystemExit as stop:
        raise ValueError(errors.getvalue()) from stop
    finally:
        AcceleratorState._reset_state(reset_partial_state=True)
    return results_in(output_dir)


def start(corpus: Path, output_dir: Path, launcher=(sys.executable,), **settings) -> subprocess.Popen:
    return subprocess.Popen(
        [*launcher, str(REPOSITORY / "run_mlm.py"), *command_line(corpus, output_dir, **settings)],
        cwd=REPOSITORY,
        env=os.environ | ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def pretrained(corpus, tmp_path_factory) -> Path:
    """What the command leaves. Only to be read."""
    folder = tmp_path_factory.mktemp("pretrained") / "pre"
    pretrain_here(corpus, folder, num_train_epochs=6, text_license="research only")
    return folder


def test_it_learns(pretrained):
    history = json.loads((pretrained / "history.json").read_text(encoding="utf-8"))
    results = results_in(pretrained)
    assert history[-1]["perplexity"] < history[0]["perplexity"] and history[-1]["accuracy"] > history[0]["accuracy"]
    assert results["heldout_accuracy"] == max(entry["accuracy"] for entry in history)


def test_no_text_is_left(pretrained):
    for name, content in files_in(pretrained).items():
        assert MARKER[:4].encode() not in content and MARKER[:4].encode("utf-32-le") not in content, name
        assert str(pretrained.parent).encode() not in content or name == "run.json", name
    assert not (pretrained / "checkpoints").exists()


def test_the_vocabulary_is_in_the_order_of_frequency(pretrained, packed):
    vocabulary = load_tokenizer(str(pretrained)).get_vocab()
    first, second, *ordered = sorted(vocabulary, key=vocabulary.get)
    assert (first, second) == ("[PAD]", "[UNK]")
    counts = [packed.character_counts[character] for character in ordered]
    assert all(earlier >= later >= 3 for earlier, later in pairwise(counts))
    assert sum(count >= 3 for count in packed.character_counts.values()) == len(ordered)


@pytest.fixture
def packed(corpus, tmp_path) -> PackedCorpus:
    """The text as the command reads it."""
    return prepare_corpus(UnlabelledArguments(corpus=[str(corpus)]), tmp_path / "packed")


def test_inputs_are_those_of_the_tokenizer(pretrained, packed):
    tokenizer = load_tokenizer(str(pretrained))
    indices = np.array([3, 0, 5])
    inputs = character_inputs(packed.train, indices, tokenizer)
    expected = tokenizer(packed.train.texts(indices), padding=True, return_tensors="np")
    for name, array in inputs.items():
        np.testing.assert_array_equal(array, expected[name])


def test_held_out_figures_are_those_of_each_sentence_alone(pretrained, packed):
    tokenizer, network = load_tokenizer(str(pretrained)), load_pretrained(str(pretrained))
    network.train()
    figures = HeldOutText(packed.held_out, tokenizer, Accelerator(cpu=True))(network)
    assert network.training
    network.eval()
    total = predictions = correct = 0
    with torch.no_grad():
        for index in range(len(packed.held_out)):
            inputs = character_inputs(packed.held_out, np.array([index]), tokenizer)
            output = network(**{name: torch.from_numpy(array) for name, array in inputs.items()})
            total += output.log_likelihood.item()
            predictions += output.num_predictions.item()
            correct += output.num_correct.item()
    np.testing.assert_allclose(figures["perplexity"], np.exp(-total / predictions), rtol=1e-5)
    assert figures["accuracy"] == correct / predictions
    assert figures["accuracy"] == results_in(pretrained)["heldout_accuracy"]


def test_a_recogniser_starts_from_it(pretrained, tmp_path):
    train_here(tmp_path / "out", pretrained=pretrained, dictionary=SAMPLE_DICTIONARY, num_train_epochs=1)
    recogniser, network = load_network(str(tmp_path / "out")), load_pretrained(str(pretrained))
    beside = recogniser.dicmt.language_model.state_dict()
    for name, weight in network.dicmt.state_dict().items():
        assert torch.equal(weight, beside[name]), name
    own = recogniser.dicmt.representation.characters.weight
    distance = (own - network.dicmt.representation.characters.weight).abs().mean()
    assert 0 < distance < 0.2 * own.abs().mean()  # started from, and trained since
    assert load_tokenizer(str(tmp_path / "out")).get_vocab() == load_tokenizer(str(pretrained)).get_vocab()

    # Its card, and that of a recogniser that is trained further, name the text that the pre-training learnt from.
    train_here(tmp_path / "on", model_name_or_path=tmp_path / "out", num_train_epochs=1)
    for folder in (pretrained, tmp_path / "out", tmp_path / "on"):
        card = (folder / "README.md").read_text(encoding="utf-8")
        assert "records.txt: 121 documents" in card and str(pretrained.parent) not in card
        assert "text: research only. The network may be used within them alone." in card.replace("these texts", "text")


def test_a_recogniser_is_no_pre_trained_network(pretrained, tmp_path):
    train_here(tmp_path / "out", num_train_epochs=1)
    with pytest.raises(AssertionError, match="holds no pre-trained network but DicMTForTokenClassification"):
        train_here(tmp_path / "again", pretrained=tmp_path / "out")


@pytest.mark.parametrize("other", ["model_name_or_path", "encoder_name_or_path", "character_vectors"])
def test_a_network_that_was_to_start_from_two_took_one_without_a_word(other):
    with pytest.raises(ValueError, match=f"--pretrained and --{other} exclude each other"):
        ModelArguments(pretrained="pre", **{other: "x"})


def test_a_pre_trained_network_would_lie_among_the_texts(corpus):
    for source in (corpus, corpus.parent):
        with pytest.raises(ValueError, match="is the folder of --corpus"):
            pretrain_here(source, corpus.parent)
    assert [*corpus.parent.iterdir()] == [corpus]


@pytest.mark.parametrize("batch_characters", [40, 300, 5_000])
def test_batches_hold_each_sentence_once_and_about_as_many_characters(batch_characters):
    lengths = np.random.default_rng(0).integers(1, 40, size=500)
    batches = CharacterBatches(lengths, batch_characters, seed=1)
    for epoch in range(2):
        found = [*batches.epoch(epoch)]
        assert sorted(np.concatenate(found).tolist()) == list(range(500)) and len(found) == len(batches)
        sizes = [lengths[batch].sum() for batch in found]
        assert max(sizes) <= lengths.sum() / len(batches) + 2 * 40
    np.testing.assert_array_equal(np.concatenate([*batches.epoch(1, start=1)]), np.concatenate(found[1:]))


@pytest.mark.slow
def test_killed_and_started_again_it_ends_like_one_that_was_not(corpus, tmp_path):
    settings = {"num_train_epochs": 10, "save_steps": 3, "train_batch_characters": 400}
    pretrain_here(corpus, tmp_path / "whole", **settings)
    process = start(corpus, tmp_path / "stopped", **settings)
    wait_for_state(process, tmp_path / "stopped", after=(0, 0))
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL and place_of(tmp_path / "stopped") < (10, 0)
    pretrain_here(corpus, tmp_path / "stopped", **settings)
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


@pytest.mark.slow
def test_two_processes_pre_train_like_one(corpus, tmp_path):
    settings = {"dropout": 0, "bigram_dropout": 0, "num_train_epochs": 1, "learning_rate": 1e-3}
    pretrain_here(corpus, tmp_path / "one", **settings)
    process = start(corpus, tmp_path / "two", torchrun(), **settings, train_batch_characters=500)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    weights, others = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "two"))
    for name, weight in weights.items():
        torch.testing.assert_close(weight, others[name], rtol=0, atol=1e-5)
    # Figures of two processes are exactly those of one with the same weights.
    tokenizer, network = load_tokenizer(str(tmp_path / "two")), load_pretrained(str(tmp_path / "two"))
    packed = prepare_corpus(UnlabelledArguments(corpus=[str(corpus)]), tmp_path / "packed")
    figures = HeldOutText(packed.held_out, tokenizer, Accelerator(cpu=True))(network)
    assert {f"heldout_{name}": value for name, value in figures.items()}.items() <= results_in(tmp_path / "two").items()
