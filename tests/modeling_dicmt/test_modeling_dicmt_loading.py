"""The network's weights: initialised, saved, loaded whole, for other labels, under another head, or refused."""

import re

import pytest
import torch
from network_switches import SWITCHES, each_switch, make_batch
from safetensors.torch import load_file, save_file
from tiny_network import ENTITY_TYPES, make_config, make_encoder_settings, make_model
from transformers import AutoModel

import modeling_dicmt  # noqa: F401  (the Auto classes know DicMT then)
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification, DicMTModel


def check_initialisation(model):
    """All values within what `_init_weights` draws from; nothing left as it was allocated."""
    embeddings = {
        "characters": model.dicmt.representation.characters,
        "radicals": model.dicmt.representation.radicals,
        "bigrams": model.dicmt.representation.bigrams.table,
    }
    for name, embedding in embeddings.items():
        weight, bound = embedding.weight, (3 / embedding.embedding_dim) ** 0.5
        assert not weight[0].any(), f"{name}: padding"
        assert weight.abs().max() <= bound
        assert weight.abs().max() > 0.95 * bound
        assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.15)
    for linear in (model.segmenter, model.classifier):
        bound = (6 / sum(linear.weight.shape)) ** 0.5
        assert 0.8 * bound < linear.weight.abs().max() <= bound
        assert not linear.bias.any()
    for name, parameter in model.dicmt.context.named_parameters():
        if "bias" in name:
            assert not parameter.any()
        else:
            bound = (6 / sum(parameter.shape)) ** 0.5
            assert 0.9 * bound < parameter.abs().max() <= bound
    for parameter in model.crf.parameters():
        assert 0.03 < parameter.abs().max() <= 0.1
    check_legal_transitions(model)


def check_legal_transitions(model):
    labels = list(model.config.id2label.values())
    for before, row in zip([*labels, "O"], model.crf.legal_transitions.tolist(), strict=True):
        assert row == [not label.startswith("I-") or label[2:] == before[2:] for label in labels]


def test_initialisation():
    torch.manual_seed(0)
    check_initialisation(DicMTForTokenClassification(make_config(bigram_embedding_size=4)))


def test_what_a_checkpoint_lacks_is_initialised_and_what_it_has_is_kept(tmp_path):
    model = make_model(bigram_embedding_size=4)
    model.save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    assert not [name for name in weights if "legal" in name]

    save_file({"segmenter.bias": weights["segmenter.bias"]}, tmp_path / "model.safetensors", {"format": "pt"})
    torch.manual_seed(0)
    loaded, report = DicMTForTokenClassification.from_pretrained(tmp_path, output_loading_info=True)
    assert set(report["missing_keys"]) == set(weights) - {"segmenter.bias"}
    assert torch.equal(loaded.segmenter.bias, weights["segmenter.bias"])
    torch.nn.init.zeros_(loaded.segmenter.bias)
    check_initialisation(loaded)

    for name in weights:  # each one missing by itself: what stands beside it in its module stays
        rest = {key: value for key, value in weights.items() if key != name}
        save_file(rest, tmp_path / "model.safetensors", {"format": "pt"})
        loaded, _ = DicMTForTokenClassification.from_pretrained(tmp_path, output_loading_info=True)
        state = loaded.state_dict()
        for key, value in rest.items():
            assert torch.equal(state[key], value), f"{key} without {name}"
        assert torch.isfinite(state[name]).all() and state[name].abs().max() < 2


def test_a_checkpoint_loads_for_another_label_set_and_names_what_is_new(tmp_path, caplog):
    model = make_model()
    model.save_pretrained(tmp_path)
    types = [*ENTITY_TYPES[:2], "Drug", "Exam", "Operation"]
    loaded = DicMTForTokenClassification.from_pretrained(tmp_path, entity_types=types)
    assert loaded.config.entity_types == types and loaded.config.num_labels == 11
    assert loaded.crf.legal_transitions.shape == (12, 11)
    check_legal_transitions(loaded)
    assert loaded.crf.transitions.abs().max() <= 0.1
    (told,) = [record.message for record in caplog.records if "Newly initialised" in record.message]
    for name in ("classifier.weight", "classifier.bias", "crf.transitions", "dicmt.context.weight_ih_l0"):
        assert name in told  # a code has another width, so that the BiLSTM's input has, too
    assert torch.equal(loaded.segmenter.weight, model.segmenter.weight)
    assert "representation" not in told


def test_a_label_set_of_the_same_size_does_not_take_other_labels_scores(tmp_path, caplog):
    model = make_model()
    torch.nn.init.ones_(model.classifier.bias)
    model.save_pretrained(tmp_path)
    loaded = DicMTForTokenClassification.from_pretrained(tmp_path, entity_types=["Exam", "Operation", "Symptom"])
    assert loaded.config.id2label[1] == "B-Exam"
    for name, weight in model.state_dict().items():
        same = torch.equal(weight, loaded.state_dict()[name])
        assert same != name.startswith(("classifier.", "crf.")), name
    assert "classifier.weight" in caplog.text


def test_a_checkpoint_loads_under_another_head(tmp_path):
    model, batch = make_model(), make_batch(make_model().config)
    model.save_pretrained(tmp_path / "head")
    base = DicMTModel.from_pretrained(tmp_path / "head")
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    states = base(**inputs).last_hidden_state
    assert torch.equal(states, model.dicmt(**inputs).last_hidden_state)
    assert states.shape == (*batch["input_ids"].shape, 20)

    base.save_pretrained(tmp_path / "base")
    head = DicMTForTokenClassification.from_pretrained(tmp_path / "base")
    assert torch.equal(head.dicmt(**inputs).last_hidden_state, states)
    assert head.crf.transitions.abs().max() <= 0.1  # what the base has not is initialised


@pytest.mark.parametrize("name", ["classifier.weight", "crf.end_transitions", "dicmt.context.weight_hh_l0"])
def test_a_checkpoint_that_lacks_weights_answers_nothing(tmp_path, name):
    make_model().save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    save_file({key: value for key, value in weights.items() if key != name}, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match=f"lacks weights .*{re.escape(name)}"):
        DicMTForTokenClassification.from_pretrained(tmp_path)


@pytest.mark.parametrize("loader", [DicMTForTokenClassification, AutoModel])
def test_surplus_weights_are_refused_also_where_the_configuration_is_passed_on(tmp_path, loader):
    make_model(**make_encoder_settings()).save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors") | {"dicmt.extra.weight": torch.ones(2)}
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(ValueError, match=r"no place for .*dicmt.extra.weight"):
        loader.from_pretrained(tmp_path)


def test_a_checkpoint_with_weights_that_are_no_numbers_answers_nothing(tmp_path):
    make_model().save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights["segmenter.weight"][0, 3] = torch.nan
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(ValueError, match=r"no finite numbers .*segmenter.weight"):
        DicMTForTokenClassification.from_pretrained(tmp_path)


def test_loading_in_bf16_keeps_the_crf_in_fp32(tmp_path):
    model = make_model()
    model.save_pretrained(tmp_path)
    loaded = DicMTForTokenClassification.from_pretrained(tmp_path, dtype=torch.bfloat16)
    assert {parameter.dtype for parameter in loaded.crf.parameters()} == {torch.float32}
    assert loaded.classifier.weight.dtype == loaded.dicmt.context.weight_hh_l0.dtype == torch.bfloat16
    assert torch.equal(loaded.crf.transitions, model.crf.transitions)
    batch = make_batch(model.config)
    output, expected = loaded(**batch), model(**batch)
    assert output.loss.dtype == output.logits.dtype == torch.float32
    assert output.loss.item() == pytest.approx(expected.loss.item(), rel=0.05)


@each_switch
@torch.no_grad()
def test_saved_and_loaded_outputs_are_bit_equal(name, tmp_path):
    model = make_model(**SWITCHES[name])
    model.save_pretrained(tmp_path)
    loaded = DicMTForTokenClassification.from_pretrained(tmp_path)
    assert not loaded.training
    batch = make_batch(model.config)
    for key, value in model(**batch).items():
        assert torch.equal(loaded(**batch)[key], value), key
