import dataclasses
import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from data_scripts.records import load_dictionary, load_lists_of_type
from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer
from modeling_dicmt.training.arguments import ModelArguments
from modeling_dicmt.training.preparation import (
    build_model,
    build_tokenizer,
    read_character_vectors,
)
from modeling_dicmt.training.transfer import types_as_in_checkpoint

LISTS = {"Symptom": ["symptom"]}
TEXTS = ["肺炎,腹痛,肺炎,腹痛"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, small, tokenizer) -> Path:
    """An untrained network of its own sentence limit."""
    folder = tmp_path_factory.mktemp("checkpoint")
    network = build_model(small, tokenizer, seed=1)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings |= {"max_sentence_length": 37, "precedence": tokenizer.entity_types[::-1]}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def from_checkpoint(checkpoint: Path, **settings) -> ModelArguments:
    return ModelArguments(model_name_or_path=str(checkpoint), **settings)


def test_a_new_tokenizer_takes_the_training_part_s_characters(small):
    tokenizer = build_tokenizer(small, [*TEXTS, "痰"], ["Symptom"], ClinicalDictionary({"心悸": ["symptom"]}))
    assert set(tokenizer.get_vocab()) == {"[PAD]", "[UNK]", *"肺炎,腹痛"}  # once in text or terms is too little
    assert tokenizer.init_kwargs["ngram_sizes"] == small.ngram_sizes


def test_without_a_dictionary_there_are_no_dictionary_features(small):
    tokenizer = build_tokenizer(small, TEXTS, ["Symptom"])
    network = build_model(small, tokenizer, seed=1)
    assert network.config.reference_feature_size == 0 == tokenizer.dictionary_matcher.dim


def test_a_checkpoint_s_tokenizer_keeps_its_own_settings(tokenizer, checkpoint):
    model = from_checkpoint(checkpoint, max_sentence_length=250, ngram_sizes=[3], multi_hot_dictionary=True)
    built = build_tokenizer(model, TEXTS, tokenizer.entity_types)
    assert built.max_sentence_length == 37
    assert built.get_vocab() == tokenizer.get_vocab()
    assert built.dictionary == tokenizer.dictionary
    for name in ("ngram_sizes", "multi_hot_dictionary", "lists_of_type"):
        assert built.init_kwargs[name] == tokenizer.init_kwargs[name], name
    assert built.init_kwargs["precedence"] == tokenizer.entity_types[::-1]


def test_a_checkpoint_s_vetted_terms_stay_with_it_and_this_is_told(tokenizer, checkpoint, tmp_path, caplog):
    folder = shutil.copytree(checkpoint, tmp_path / "checkpoint")
    assert len(build_tokenizer(from_checkpoint(folder), TEXTS, tokenizer.entity_types).terms) == 0 == len(caplog.text)
    vetted = DicMTTokenizer.from_pretrained(folder)
    vetted.terms = {"Symptom": ["腹痛", "心悸"]}
    vetted.save_pretrained(folder)
    assert len(build_tokenizer(from_checkpoint(folder), TEXTS, tokenizer.entity_types).terms) == 0
    assert "its 2 vetted terms are not taken along" in caplog.text and "腹痛" not in caplog.text


@pytest.mark.parametrize("terms", [{"炎": ["symptom"]}, {"腹痛": ["other"]}])
def test_a_dictionary_of_which_no_term_can_match_is_refused(small, terms):
    with pytest.raises(ValueError, match=r"No term of the dictionary can match: .* serve are symptom, with"):
        build_tokenizer(small, TEXTS, ["Symptom"], ClinicalDictionary(terms), {"Symptom": ["symptom"]})


def test_a_dictionary_for_a_checkpoint_without_dictionary_features_is_refused(data, small, tmp_path):
    tokenizer = build_tokenizer(small, TEXTS, ["Symptom"])
    build_model(small, tokenizer, seed=1).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"has no dictionary features, so that the terms of .* cannot serve"):
        build_tokenizer(from_checkpoint(tmp_path), TEXTS, ["Symptom"], load_dictionary(data))


def test_a_new_dictionary_replaces_a_checkpoint_s(tokenizer, checkpoint):
    dictionary = ClinicalDictionary({"心悸": ["symptom"]})
    built = build_tokenizer(from_checkpoint(checkpoint), TEXTS, tokenizer.entity_types, dictionary, LISTS)
    assert built.dictionary == dictionary
    assert built.dictionary_matcher.dim == tokenizer.dictionary_matcher.dim


def test_a_checkpoint_keeps_all_weights_on_its_own_labels(tokenizer, network, checkpoint, caplog):
    model = from_checkpoint(checkpoint)
    built = build_tokenizer(model, TEXTS, tokenizer.entity_types, tokenizer.dictionary, LISTS)
    with caplog.at_level(logging.WARNING):
        loaded = build_model(model, built, seed=9)
    for (name, weight), other in zip(loaded.state_dict().items(), network.state_dict().values(), strict=True):
        assert torch.equal(weight, other), name
    assert not [record for record in caplog.records if record.name.startswith("modeling_dicmt")]


@pytest.mark.parametrize("with_dictionary", [True, False])
def test_another_label_set_keeps_what_has_the_same_meaning(
    data, tokenizer, network, checkpoint, caplog, with_dictionary
):
    """Five types for five: every shape is the same, and yet only the labels of the same name mean the same."""
    types = ["Drug", "Gene", "Virus", "Disease", "Exam"]
    dictionary = load_dictionary(data) if with_dictionary else None
    model = from_checkpoint(checkpoint)
    built = build_tokenizer(model, TEXTS, types, dictionary, load_lists_of_type(data, dictionary, types))
    assert len(built.dictionary) > 0, "without --dictionary the checkpoint's own serves"
    with caplog.at_level(logging.WARNING):
        loaded = build_model(model, built, seed=5)
    before, after = network.state_dict(), loaded.state_dict()
    old, new = network.config.label2id, loaded.config.label2id
    shared = [label for label in new if label in old]
    assert shared == ["O", "B-Disease", "I-Disease", "B-Exam", "I-Exam"]
    for label in shared:
        assert torch.equal(after["classifier.weight"][new[label]], before["classifier.weight"][old[label]]), label
        for other in shared:
            pairs = (new[label], new[other]), (old[label], old[other])
            assert after["crf.transitions"][pairs[0]] == before["crf.transitions"][pairs[1]]
    assert not torch.equal(after["classifier.weight"][new["B-Drug"]], before["classifier.weight"][new["B-Drug"]])
    width = loaded.config.dictionary_feature_size
    vetted = {name: loaded.config.entity_types.index(name) for name in ("Disease", "Exam")}
    for name in ("dicmt.context.weight_ih_l0", "dicmt.context.weight_ih_l0_reverse"):
        assert torch.equal(after[name][:, :-width], before[name][:, :-width])
        assert not torch.equal(after[name][:, -width:], before[name][:, -width:])
        # The columns of vetted terms: four for each type.
        for kind, place in vetted.items():
            new_place, old_place = (place - 5) * 4, (network.config.entity_types.index(kind) - 5) * 4
            columns = [after[name][:, new_place + bit] for bit in range(4)]
            assert all(torch.equal(c, before[name][:, old_place + bit]) for bit, c in enumerate(columns)), kind
        assert not torch.equal(after[name][:, -20], before[name][:, -20])
    for name, weight in after.items():
        if not name.startswith(("classifier.", "crf.", "dicmt.context.weight_ih")):
            assert torch.equal(weight, before[name]), name
    (told,) = [record.getMessage() for record in caplog.records if "Newly initialised" in record.getMessage()]
    assert "labels B-Drug, I-Drug, B-Gene" in told and "B-Disease" not in told
    assert "dictionary's columns of dicmt.context.weight_ih_l0" in told


def test_the_same_types_in_another_order_keep_the_checkpoint_s_order(tokenizer, checkpoint):
    types = types_as_in_checkpoint(str(checkpoint), sorted(tokenizer.entity_types))
    assert types == tokenizer.entity_types != sorted(types)
    assert types_as_in_checkpoint(str(checkpoint), ["B", "A"]) == ["B", "A"]


def test_ignored_settings_of_the_network_are_told(tokenizer, checkpoint, caplog):
    model = dataclasses.replace(from_checkpoint(checkpoint), dropout=0.1, segmentation_task=False)
    with caplog.at_level(logging.WARNING):
        build_model(model, tokenizer, seed=1)
    assert "ignored: --dropout, --segmentation_task" in caplog.text


def test_truncated_weights_are_refused(tokenizer, checkpoint, tmp_path):
    for path in checkpoint.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "model.safetensors").write_bytes((checkpoint / "model.safetensors").read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"is no whole DicMT checkpoint: .*or copy it anew"):
        build_model(from_checkpoint(tmp_path), tokenizer, seed=1)


def test_a_folder_of_another_kind_is_no_checkpoint(tokenizer, tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"is no DicMT checkpoint: its model_type is 'bert'.*--encoder_name_or_path"):
        build_tokenizer(from_checkpoint(tmp_path), TEXTS, tokenizer.entity_types)


def vectors_file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "vectors.txt"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_vectors_of_single_characters_are_read(tmp_path):
    vectors, width = read_character_vectors(vectors_file(tmp_path, "3 2\n肺 1 -2.5\n肺炎 3 4\n痛 0 1e-1\n"))
    assert width == 2 and set(vectors) == {"肺", "痛"}
    np.testing.assert_allclose(vectors["肺"], [1, -2.5])
    np.testing.assert_allclose(vectors["痛"], [0, 0.1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("肺 1 2\n", "line 1: expected the number of words and their width"),
        ("", "line 1: expected the number of words"),
        ("2 2\n肺 1 2\n痛 1\n", "line 3: expected a word and 2 numbers, got 1"),
        ("1 2\n肺 1 x\n", "line 2: .*x"),
        ("1 2\n肺炎 1 2\n", "no single character"),
    ],
)
def test_malformed_vectors_are_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read_character_vectors(vectors_file(tmp_path, text))


def test_character_vectors_start_the_embeddings(tmp_path):
    """Their directions and relative lengths; the scale is the network's own. Characters that only they have get in."""
    rows = {"肺": [1.0, 2, 3], "痛": [-2.0, 0, 1], "癌": [4.0, -4, 0]}
    lines = "".join(f"{character} {' '.join(map(str, row))}\n" for character, row in rows.items())
    model = ModelArguments(character_vectors=vectors_file(tmp_path, "3 3\n" + lines), lstm_hidden_size=4)
    tokenizer = build_tokenizer(model, TEXTS, ["Symptom"])
    network = build_model(model, tokenizer, seed=1)
    assert network.config.character_embedding_size == 3
    weight = network.dicmt.representation.characters.weight.detach().numpy()
    ids = tokenizer.get_vocab()
    factors = np.concatenate(
        [weight[ids[c]][np.array(row) != 0] / np.array(row)[np.array(row) != 0] for c, row in rows.items()]
    )
    np.testing.assert_allclose(factors, factors[0], rtol=1e-5)
    assert 0.5 < np.std([weight[ids[c]] for c in rows]) < 2  # ±sqrt(3/3), uniform, has 0.58
    plain = build_model(
        dataclasses.replace(model, character_vectors=None, character_embedding_size=3), tokenizer, seed=1
    )
    assert np.array_equal(weight[ids["炎"]], plain.dicmt.representation.characters.weight.detach().numpy()[ids["炎"]])


def test_a_dicmt_checkpoint_as_encoder_is_told_off(tokenizer, checkpoint):
    with pytest.raises(ValueError, match=r"is a DicMT checkpoint, not an encoder: .*--model_name_or_path"):
        build_tokenizer(ModelArguments(encoder_name_or_path=str(checkpoint)), TEXTS, ["Symptom"])
