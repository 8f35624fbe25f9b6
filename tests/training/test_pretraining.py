"""Pre-training by the command: text in, a network out that recognisers start from; killed, and by two processes."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from mlm_command import MARKER, pretrain_by_two_processes, pretrain_here, pretrain_killed_once
from ner_command import SAMPLE_DICTIONARY, files_in, results_in, train_here
from safetensors.torch import load_file

from data_scripts.sample import SAMPLE_FOLDER
from modeling_dicmt.commands.checkpoint import load_network, load_pretrained, load_tokenizer
from modeling_dicmt.training import fitting
from modeling_dicmt.training.arguments import ModelArguments
from modeling_dicmt.training.batches import CharacterBatches
from modeling_dicmt.training.pretraining import HeldOutText, character_inputs


@pytest.fixture(scope="module")
def pretrained(plain_text, tmp_path_factory) -> Path:
    """What the command leaves. Only to be read."""
    folder = tmp_path_factory.mktemp("pretrained") / "pre"
    pretrain_here(plain_text, folder, num_train_epochs=6, text_license="research only")
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


def test_its_embeddings_alone_make_a_network_that_is_no_slower(pretrained, tmp_path):
    train_here(tmp_path / "out", pretrained=pretrained, pretrained_as="embeddings", num_train_epochs=1)
    recogniser, network = load_network(str(tmp_path / "out")), load_pretrained(str(pretrained))
    assert recogniser.config.language_model is None
    for part in ("characters", "radicals"):
        own, others = (getattr(of.dicmt.representation, part).weight for of in (recogniser, network))
        assert 0 < (own - others).abs().mean() < 0.2 * own.abs().mean()


@pytest.mark.parametrize(("asked", "states"), [(None, [True, False, False]), ("states", [True, True, True])])
def test_of_self_training_teachers_differ_and_the_result_is_no_slower(asked, states, pretrained, tmp_path, monkeypatch):
    built = []
    build = fitting.build_model
    monkeypatch.setattr(fitting, "build_model", lambda *settings: built.append(build(*settings)) or built[-1])
    settings = {"pretrained_as": asked} if asked else {}
    train_here(
        tmp_path / "out",
        pretrained=pretrained,
        unlabelled=SAMPLE_FOLDER / "train.jsonl",
        max_unlabelled_records=60,
        num_teachers=2,
        min_probability=0,
        max_train_records=24,
        num_train_epochs=4,
        per_device_train_batch_size=8,
        learning_rate=0.03,
        dropout=0.1,
        dictionary=SAMPLE_DICTIONARY,
        **settings,
    )
    assert [network.config.language_model is not None for network in built] == states
    assert (load_network(str(tmp_path / "out")).config.language_model is not None) == states[-1]


def test_a_use_of_what_is_not_given_is_refused():
    with pytest.raises(ValueError, match="--pretrained_as says how a pre-trained network is used: name it"):
        ModelArguments(pretrained_as="states")


def test_a_recogniser_is_no_pre_trained_network(pretrained, tmp_path):
    train_here(tmp_path / "out", num_train_epochs=1)
    with pytest.raises(AssertionError, match="holds no pre-trained network but DicMTForTokenClassification"):
        train_here(tmp_path / "again", pretrained=tmp_path / "out")


@pytest.mark.parametrize("other", ["model_name_or_path", "encoder_name_or_path", "character_vectors"])
def test_a_network_that_was_to_start_from_two_took_one_without_a_word(other):
    with pytest.raises(ValueError, match=f"--pretrained and --{other} exclude each other"):
        ModelArguments(pretrained="pre", **{other: "x"})


def test_a_pre_trained_network_would_lie_among_the_texts(plain_text):
    for source in (plain_text, plain_text.parent):
        with pytest.raises(ValueError, match="is the folder of --corpus"):
            pretrain_here(source, plain_text.parent)
    assert [*plain_text.parent.iterdir()] == [plain_text]


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


@pytest.mark.slow(seconds=25)
def test_killed_and_started_again_it_ends_like_one_that_was_not(plain_text, tmp_path):
    settings = {"num_train_epochs": 10, "save_steps": 3, "train_batch_characters": 400}
    pretrain_here(plain_text, tmp_path / "whole", **settings)
    pretrain_killed_once(plain_text, tmp_path / "stopped", **settings)
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


@pytest.mark.slow(seconds=25)
def test_two_processes_pre_train_like_one(plain_text, packed, tmp_path):
    settings = {"dropout": 0, "bigram_dropout": 0, "num_train_epochs": 1, "learning_rate": 1e-3}
    pretrain_here(plain_text, tmp_path / "one", **settings)
    pretrain_by_two_processes(plain_text, tmp_path / "two", **settings, train_batch_characters=500)
    weights, others = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "two"))
    for name, weight in weights.items():
        torch.testing.assert_close(weight, others[name], rtol=0, atol=1e-5)
    # Figures of two processes are exactly those of one with the same weights.
    tokenizer, network = load_tokenizer(str(tmp_path / "two")), load_pretrained(str(tmp_path / "two"))
    figures = HeldOutText(packed.held_out, tokenizer, Accelerator(cpu=True))(network)
    assert {f"heldout_{name}": value for name, value in figures.items()}.items() <= results_in(tmp_path / "two").items()
