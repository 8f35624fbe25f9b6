"""The networks that DicMT is compared with: what they share with it, padding, learning in steps, their command."""

import dataclasses
import itertools
import json
import logging

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from made_up_runs import TINY, TRAIN, TYPES
from tiny_network import RECORDS, SENTENCES, make_config, make_model, make_tokenizer

from experiments.baselines import networks
from experiments.baselines.networks import (
    BaselineConfig,
    BaselineForTokenClassification,
    BaselineModelArguments,
    BaselineTrainingArguments,
    StepwiseTrainer,
)
from experiments.specification import read_preset, read_specifications
from modeling_dicmt.modeling_dicmt import DicMTOutput
from modeling_dicmt.torch_tagger import predict_entities
from modeling_dicmt.training.arguments import ModelArguments
from modeling_dicmt.training.examples import make_examples
from modeling_dicmt.training.preparation import build_model, build_tokenizer

LAYERS = {
    "dilated_cnn": {"context_encoder": "dilated_cnn", "dilated_cnn_size": 12},
    "window_and_attention": {"window_convolution_size": 8, "attention_heads": 2},
    "window_alone": {"window_convolution_size": 8},
    "attention_on_convolutions": {"context_encoder": "dilated_cnn", "dilated_cnn_size": 8, "attention_heads": 4},
    "dictionary_lstm": {"dictionary_lstm_hidden_size": 3},
    "dictionary_lstm_without_dictionary": {"dictionary_lstm_hidden_size": 3, "ngram_sizes": []},
    "dictionary_lstm_alone": {"dictionary_lstm_hidden_size": 3, "context_encoder": "none"},
}
SHARED = ("entity_types", "vocab_size", "character_embedding_size", "radical_embedding_size", "lstm_hidden_size")
each_layer = pytest.mark.parametrize("name", LAYERS)


def make_baseline(seed: int = 0, **settings) -> BaselineForTokenClassification:
    """A network in evaluation mode, with weights so large that its answers differ from character to character."""
    torch.manual_seed(seed)
    tiny = make_config()
    model = BaselineForTokenClassification(
        BaselineConfig(**({name: getattr(tiny, name) for name in SHARED} | settings))
    )
    for name, parameter in model.named_parameters():
        if "bias" not in name and "representation" not in name:
            states = 0.2 if model.config.context_encoder == "dilated_cnn" else 0.4  # nothing bounds its values
            scale = {"dicmt": states, "crf": 0.5}.get(name.split(".")[0], 5.0)
            torch.nn.init.normal_(parameter, std=scale)
    return model.eval()


def make_batch(model, sentences=SENTENCES, labels=True, **padding) -> dict[str, torch.Tensor]:
    """The network's inputs; the labels say that all characters are outside any entity."""
    tokenizer = make_tokenizer(ngram_sizes=model.config.ngram_sizes, **padding)
    batch = dict(tokenizer(list(sentences), padding=True, return_tensors="pt"))
    if labels:
        batch["labels"] = torch.where(batch["attention_mask"].bool(), 0, -100)
    return batch


@torch.no_grad()
def test_without_a_layer_of_its_own_a_baseline_is_dicmt():
    theirs = make_model(bigram_embedding_size=3, num_bigram_buckets=40)
    settings = {name: getattr(theirs.config, name) for name in (*SHARED, "bigram_embedding_size", "num_bigram_buckets")}
    ours = make_baseline(**settings)
    ours.load_state_dict(theirs.state_dict())
    batch = make_batch(ours)
    found = ours(**batch)
    for name, value in theirs(**batch).items():  # which does not put the parts of a representation together
        torch.testing.assert_close(found[name], value, rtol=1e-5, atol=1e-4)
    torch.manual_seed(5)
    expected = theirs.train()(**batch).loss
    torch.manual_seed(5)
    assert torch.equal(ours.train()(**batch).loss, expected)


@each_layer
@torch.no_grad()
def test_a_sentence_does_not_depend_on_its_batch_its_padding_or_its_side(name):
    model = make_baseline(**LAYERS[name])
    batches = [
        make_batch(model),
        make_batch(model, padding_side="left"),
        make_batch(model, [SENTENCES[0], "", *SENTENCES[1:]]),
        *(make_batch(model, [sentence]) for sentence in SENTENCES),
    ]
    found = []
    for batch in batches:
        output = model(**batch)
        for row, mask in enumerate(batch["attention_mask"].bool()):
            if mask.any():
                found.append(
                    (output.emissions[row, mask], output.logits[row, mask], output.segmentation_logits[row, mask])
                )
    for place, answer in enumerate(found):
        torch.testing.assert_close(answer, found[place % len(SENTENCES)], rtol=1e-4, atol=1e-4)
    assert found[1][0].std(0).max() > 1, "the answers are alike"


@each_layer
def test_every_layer_is_learnt(name):
    model = make_baseline(**LAYERS[name]).train()
    model(**make_batch(model)).loss.backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), parameter_name
        # What every key has in common says nothing about which of them to attend to.
        if not parameter_name.endswith("in_proj_bias"):
            assert parameter.grad.any(), parameter_name


def test_the_dictionary_goes_to_its_own_lstm_alone():
    model = make_baseline(dictionary_lstm_hidden_size=3)
    batch = make_batch(model, labels=False)
    states = {}
    model.dicmt.context.register_forward_hook(lambda module, inputs, output: states.update(shared=output))
    model.dicmt.dictionary_context.register_forward_hook(lambda module, inputs, output: states.update(own=output))
    seen = []
    for features in (batch["dictionary_features"], 1 - batch["dictionary_features"]):
        model(**(batch | {"dictionary_features": features}))
        seen.append(dict(states))
    assert torch.equal(seen[0]["shared"], seen[1]["shared"]) and not torch.equal(seen[0]["own"], seen[1]["own"])
    with pytest.raises(ValueError, match="This network uses dictionary features"):
        model(**(batch | {"dictionary_features": None}))


@each_layer
def test_a_checkpoint_is_loaded_by_its_own_class_and_names_no_other(name, tmp_path):
    """DicMT's classes would take the weights that they know, and answer with a network that nobody trained."""
    model = make_baseline(**LAYERS[name])
    model.save_pretrained(tmp_path)
    saved = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert not saved.get("auto_map") and not saved.get("custom_pipelines")
    assert not list(tmp_path.glob("*.py"))
    loaded = BaselineForTokenClassification.from_pretrained(tmp_path)
    assert loaded.config.to_diff_dict() == model.config.to_diff_dict()
    tokenizer = make_tokenizer(ngram_sizes=model.config.ngram_sizes)
    expected = predict_entities(model, tokenizer, RECORDS)
    assert predict_entities(loaded, tokenizer, RECORDS) == expected and any(expected)
    batch = make_batch(model)
    assert torch.equal(loaded(**batch).logits, model(**batch).logits)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"context_encoder": "gru"}, "context_encoder must be 'bilstm' or 'dilated_cnn' or 'none', got 'gru'"),
        ({"attention_heads": 3}, "attention_heads must divide the width .* states, 20, got 3"),
        (
            {"context_encoder": "none", "attention_heads": 2},
            "attention_heads and window_convolution_size need a context",
        ),
        ({"context_encoder": "none", "window_convolution_size": 2}, "need a context_encoder, got 'none'"),
        ({"lstm_hidden_size": 0}, "lstm_hidden_size must be at least 1"),
    ],
)
def test_settings_that_no_network_can_be_built_from_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        make_baseline(**settings)


# Learning in steps


@pytest.fixture
def trainer_of(tmp_path, monkeypatch):
    """Makes trainers of one and the same tiny network."""
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")

    def make(evaluate=None, **settings) -> StepwiseTrainer:
        small = {
            name: value for name, value in TINY.items() if name in {f.name for f in dataclasses.fields(ModelArguments)}
        }
        arguments = BaselineModelArguments(**small, attention_heads=2)
        recipe = BaselineTrainingArguments(
            output_dir=str(tmp_path), num_train_epochs=3, warmup_steps=0, learning_rate=0.01, quiet=True, **settings
        )
        tokenizer = build_tokenizer(arguments, [item["text"] for item in TRAIN], TYPES)
        model = build_model(arguments, tokenizer, 1, BaselineForTokenClassification)
        examples = make_examples(TRAIN, tokenizer, model.config.label2id)
        return StepwiseTrainer(model, tokenizer, examples, evaluate, Accelerator(), recipe)

    yield make
    AcceleratorState._reset_state(reset_partial_state=True)


def test_tasks_are_learnt_one_after_the_other_and_then_together(trainer_of):
    """Only the task that is learnt moves its own layer; in the end both do."""
    weights = []

    def evaluate(network) -> dict[str, float]:
        weights.append({name: weight.clone() for name, weight in network.state_dict().items()})
        return {"f1": len(weights) / 10}

    trainer = trainer_of(evaluate, segmentation_epochs=1, recognition_epochs=1, average_decay=0.0)
    evaluate(trainer.network)
    trainer.train()
    moved = [
        {layer: not torch.equal(before[f"{layer}.weight"], after[f"{layer}.weight"]) for layer in layers}
        for layers in [("segmenter", "classifier")]
        for before, after in itertools.pairwise(weights)
    ]
    # The optimiser's momentum may carry a layer on; what has never been learnt has none.
    assert moved[0] == {"segmenter": True, "classifier": False}
    assert moved[1]["classifier"]
    assert moved[2] == {"segmenter": True, "classifier": True}
    best = trainer.load_best()
    assert type(best) is BaselineForTokenClassification and best.dicmt.attention is not None
    for name, weight in best.state_dict().items():
        assert torch.equal(weight, weights[-1][name]), name


@pytest.mark.parametrize(
    ("epoch", "expected"), [(0, ("segmentation",)), (1, ("recognition",)), (2, ("segmentation", "recognition"))]
)
def test_the_loss_of_an_epoch_is_that_of_its_tasks(trainer_of, epoch, expected):
    trainer = trainer_of(segmentation_epochs=1, recognition_epochs=1)
    trainer.progress.epoch = epoch
    losses = {"segmentation_loss": torch.tensor(5.0), "recognition_loss": torch.tensor(7.0)}
    config = trainer.accelerator.unwrap_model(trainer.model).config
    config.segmentation_loss_weight, config.recognition_loss_weight = 2.0, 3.0
    output = DicMTOutput(loss=torch.tensor(2 * 5.0 + 3 * 7.0), **losses)
    assert float(trainer.loss(output)) == sum({"segmentation": 10.0, "recognition": 21.0}[task] for task in expected)


@pytest.mark.parametrize("epochs", [(2, 1), (3, 0), (0, 3)])
def test_steps_that_leave_no_epoch_for_both_tasks_are_refused(epochs):
    first, second = epochs
    with pytest.raises(ValueError, match="leave none of the 3 epochs for learning both tasks together"):
        BaselineTrainingArguments(
            output_dir="o", num_train_epochs=3, segmentation_epochs=first, recognition_epochs=second
        )
    with pytest.raises(ValueError, match="--recognition_epochs must be at least 0, got -1"):
        BaselineTrainingArguments(output_dir="o", recognition_epochs=-1)


# The command


def baselines_of_table_5() -> list[str]:
    systems = read_specifications(["table5"])
    return [name for name in systems.needed() if systems.systems[name].kind == "baseline_network"]


@pytest.fixture
def as_a_command(monkeypatch):
    """What a process of its own would have; afterwards logging is as before."""
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.mark.parametrize("name", baselines_of_table_5())
def test_each_baseline_of_table_5_trains(name, data, tmp_path, as_a_command):
    system = read_specifications(["table5"]).systems[name]
    settings = read_preset("quick").network_settings | TINY | {"num_train_epochs": 5, "dilated_cnn_size": 6}
    settings |= {item: getattr(data, item) for item in ("dataset_name", "data_dir", "dictionary", "dictionary_mapping")}
    if "dictionary" in system.settings:
        settings["dictionary_mapping"] = None
    settings |= system.settings | {"output_dir": str(tmp_path / "out"), "seed": 1}
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    networks.run([str(path)])
    results = json.loads((tmp_path / "out" / "all_results.json").read_text(encoding="utf-8"))
    assert results["eval_support"] == 4 and results["train_best_epoch"] >= 1
    loaded = BaselineForTokenClassification.from_pretrained(tmp_path / "out")
    layers = {name for name in system.settings if name in {f.name for f in dataclasses.fields(BaselineConfig)}}
    for setting in layers:
        assert getattr(loaded.config, setting) == system.settings[setting]
