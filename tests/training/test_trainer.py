import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file

from modeling_dicmt.training.optimization import WeightAverage, create_optimizer, create_scheduler
from modeling_dicmt.training.states import CHECKPOINTS, Progress, TrainingState
from modeling_dicmt.training.trainer import Trainer


class Interrupted(Exception):
    """Stands for whatever ends a run before its end."""


class ScoredBy:
    """An evaluation with the F1 that it is told, one after the other."""

    def __init__(self, *scores: float):
        self.scores = list(scores)

    def __call__(self, network) -> dict:
        return {"f1": self.scores.pop(0), "by_type": {}}


def by_weights(network) -> dict:
    """An F1 that follows from the weights."""
    total = sum(float(weight.detach().abs().sum()) for weight in network.parameters())
    return {"f1": total % 1}


def final_weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {
        name: weight.clone() for name, weight in trainer.accelerator.unwrap_model(trainer.model).state_dict().items()
    }


def assert_equal(weights, others):
    assert weights.keys() == others.keys()
    for name, weight in weights.items():
        assert torch.equal(weight, others[name]), name


def without_times(progress: Progress) -> dict:
    history = [{k: v for k, v in entry.items() if k != "seconds"} for entry in progress.history]
    return dataclasses.asdict(progress) | {"seconds": 0, "training_seconds": 0, "history": history}


def test_training_lowers_the_loss(trainer_of, recipe):
    trainer = trainer_of(dataclasses.replace(recipe, num_train_epochs=8))
    losses = []
    step = trainer._step
    trainer._step = lambda batch: losses.append(step(batch)) or losses[-1]
    progress = trainer.train()
    per_epoch = np.mean(np.reshape([float(loss) for loss in losses], (8, -1)), axis=1)
    assert per_epoch[-1] < per_epoch[0] / 2
    assert progress.epoch == 8 and progress.step == 0


@pytest.mark.parametrize("resumed_at", range(1, 18, 3))
def test_a_run_interrupted_at_any_step_ends_with_the_weights_of_one_that_was_not(
    trainer_of, recipe, tmp_path, resumed_at
):
    """With dropout of every kind, averaged weights, a schedule, and an evaluation that depends on the weights."""
    whole = trainer_of(dataclasses.replace(recipe, output_dir=str(tmp_path / "whole")), by_weights)
    steps = len(whole.batches)
    expected = whole.train()
    assert 3 * steps > 16

    recipe = dataclasses.replace(recipe, save_steps=2)
    trainer = trainer_of(recipe, by_weights)
    step, done = trainer._step, []

    def step_until_interrupted(batch):
        if len(done) == resumed_at:
            raise Interrupted
        done.append(batch)
        return step(batch)

    trainer._step = step_until_interrupted
    with pytest.raises(Interrupted):
        trainer.train()

    torch.manual_seed(77)  # nothing may hang on the generator's state
    resumed = trainer_of(recipe, by_weights)
    step, repeated = resumed._step, []
    resumed._step = lambda batch: repeated.append(batch) or step(batch)
    progress = resumed.train()
    assert_equal(final_weights(resumed), final_weights(whole))
    assert_equal(resumed.average.state_dict(), whole.average.state_dict())
    assert_equal(resumed.load_best().state_dict(), whole.load_best().state_dict())
    assert without_times(progress) == without_times(expected)
    assert len(repeated) <= 3 * steps - resumed_at + 2  # it went on from the last state, not from the beginning
    assert progress.seconds >= progress.training_seconds > 0


def test_a_step_s_dropout_follows_from_seed_and_step_alone(trainer_of, recipe):
    losses = []
    for state in (1, 2):
        trainer = trainer_of(recipe)
        torch.manual_seed(state)
        losses.append([float(trainer._step(batch)) for batch in trainer.batches.epoch(0)])
    assert losses[0] == losses[1]
    other = trainer_of(dataclasses.replace(recipe, seed=recipe.seed + 1))
    assert float(other._step(next(trainer.batches.epoch(0)))) != losses[0][0]


def test_a_finished_training_does_nothing_more(trainer_of, recipe):
    trainer = trainer_of(recipe, by_weights)
    trainer.train()
    again = trainer_of(recipe, by_weights)
    again._step = None
    assert without_times(again.train()) == without_times(trainer.progress)
    assert_equal(final_weights(again), final_weights(trainer))


def test_the_best_version_is_kept(trainer_of, recipe):
    seen = []

    def evaluate(network):
        seen.append({name: weight.clone() for name, weight in network.state_dict().items()})
        return {"f1": [0.2, 0.6, 0.6][len(seen) - 1]}

    trainer = trainer_of(recipe, evaluate)
    progress = trainer.train()
    assert (progress.best_epoch, progress.best_score) == (2, 0.6)  # of equals the first
    assert_equal(trainer.load_best().state_dict(), seen[1])
    assert [(entry["epoch"], entry["f1"]) for entry in progress.history] == [(1, 0.2), (2, 0.6), (3, 0.6)]


def test_early_stopping_waits_as_long_as_it_is_told(trainer_of, recipe):
    recipe = dataclasses.replace(recipe, num_train_epochs=9, early_stopping_patience=2)
    trainer = trainer_of(recipe, ScoredBy(0.1, 0.3, 0.2, 0.4, 0.4, 0.3, 0.9))
    progress = trainer.train()
    assert (progress.epoch, progress.best_epoch, progress.stopped) == (6, 4, True)
    resumed = trainer_of(recipe, ScoredBy())
    assert resumed.train().epoch == 6  # a run that has stopped stays so


def test_without_early_stopping_all_epochs_are_trained(trainer_of, recipe):
    recipe = dataclasses.replace(recipe, num_train_epochs=5, early_stopping_patience=0)
    assert trainer_of(recipe, ScoredBy(0.5, 0.1, 0.1, 0.1, 0.1)).train().epoch == 5


def test_evaluations_come_every_so_many_epochs_and_at_the_end(trainer_of, recipe):
    recipe = dataclasses.replace(recipe, num_train_epochs=5, eval_every_epochs=2)
    progress = trainer_of(recipe, ScoredBy(0.1, 0.2, 0.3)).train()
    assert [entry["epoch"] for entry in progress.history] == [2, 4, 5]


def test_an_evaluation_knows_the_mean_loss_since_the_one_before_and_f1_by_type(trainer_of, recipe):
    recipe = dataclasses.replace(recipe, num_train_epochs=5, eval_every_epochs=2, logging_steps=2)

    def evaluate(network):
        return {"f1": 0.5, "by_type": {"Disease": {"f1": 0.25, "support": 3}, "Drug": {"f1": 0.75, "support": 1}}}

    trainer = trainer_of(recipe, evaluate)
    losses = []
    step = trainer._step
    trainer._step = lambda batch: losses.append(step(batch)) or losses[-1]
    history = trainer.train().history
    steps = len(trainer.batches)
    epochs = [losses[: 2 * steps], losses[2 * steps : 4 * steps], losses[4 * steps :]]
    assert [entry["train_loss"] for entry in history] == pytest.approx([np.mean(list(map(float, e))) for e in epochs])
    assert all(entry["f1_by_type"] == {"Disease": 0.25, "Drug": 0.75} for entry in history)


def test_without_an_evaluation_the_last_version_is_kept(trainer_of, recipe):
    trainer = trainer_of(recipe, stage="final_fit")
    trainer.train()
    assert_equal(trainer.load_best().state_dict(), trainer.average.module.state_dict())
    assert (Path(recipe.output_dir) / CHECKPOINTS / "final_fit" / "best").is_dir()


@pytest.fixture
def gradients_of(trainer_of, recipe, small):
    """Gradients of the first step, at dropout 0, with the loss."""
    model = dataclasses.replace(small, dropout=0.0, character_dropout=0.0, bigram_dropout=0.0, dictionary_dropout=0.0)

    def compute(sentences: int, **settings) -> dict[str, torch.Tensor]:
        trainer = trainer_of(
            dataclasses.replace(recipe, max_grad_norm=0.0, **settings), model=model, sentences=sentences
        )
        assert len(trainer.batches) == 1 and len(trainer.examples) == sentences
        gradients = {}
        zero_grad = trainer.optimizer.zero_grad

        def keep_gradients() -> None:
            gradients.update({name: weight.grad.clone() for name, weight in trainer.model.named_parameters()})
            zero_grad()

        trainer.optimizer.zero_grad = keep_gradients
        loss = trainer._step(next(trainer.batches.epoch(0)))
        return gradients | {"loss": loss}

    return compute


@pytest.mark.parametrize("sentences", [32, 31])
@pytest.mark.parametrize(("size", "accumulation_steps"), [(16, 2), (8, 4), (3, 11)])
def test_accumulated_parts_give_the_gradients_of_the_whole_batch(gradients_of, sentences, size, accumulation_steps):
    """Parts may have different numbers of sentences: every sentence counts as much."""
    whole = gradients_of(sentences, per_device_train_batch_size=33)
    accumulated = gradients_of(
        sentences, per_device_train_batch_size=size, gradient_accumulation_steps=accumulation_steps
    )
    assert whole["loss"] > 1
    for name, gradient in whole.items():
        torch.testing.assert_close(accumulated[name], gradient, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("sentences", "processes"), [(32, 2), (31, 2), (7, 5), (3, 2)])
def test_the_gradients_of_processes_average_to_those_of_the_whole_batch(
    gradients_of, monkeypatch, sentences, processes
):
    """Each process in turn, played by this one; several real ones are in test_two_processes.py."""
    whole = gradients_of(sentences, per_device_train_batch_size=33)
    monkeypatch.setattr(Accelerator, "num_processes", property(lambda self: processes))
    shares = []
    for process in range(processes):
        monkeypatch.setattr(Accelerator, "process_index", property(lambda self, process=process: process))
        shares.append(gradients_of(sentences, per_device_train_batch_size=16, gradient_accumulation_steps=2))
    for name, gradient in whole.items():
        combined = torch.stack([share[name] for share in shares])
        combined = combined.sum(0) if name == "loss" else combined.mean(0)
        torch.testing.assert_close(combined, gradient, rtol=1e-5, atol=1e-5)


def test_a_process_without_a_share_adds_nothing(trainer_of, recipe, monkeypatch):
    trainer = trainer_of(dataclasses.replace(recipe, max_grad_norm=0.0, average_decay=0.0, warmup_steps=0))
    monkeypatch.setattr(Accelerator, "num_processes", property(lambda self: 2))
    monkeypatch.setattr(Accelerator, "process_index", property(lambda self: 1))
    before, backward, passes = final_weights(trainer), trainer.accelerator.backward, []
    monkeypatch.setattr(trainer.accelerator, "backward", lambda loss: passes.append(loss) or backward(loss))
    assert trainer._step(np.array([3])) == 0
    assert_equal(final_weights(trainer), before)
    assert len(passes) == 1  # the exchange of gradients, which the other processes wait for, happens in it


@pytest.mark.parametrize("save_steps", [0, 1])
def test_a_diverged_training_stops_and_leaves_a_sound_state(trainer_of, recipe, save_steps):
    recipe = dataclasses.replace(recipe, save_steps=save_steps, warmup_steps=0, average_decay=0.0)
    trainer = trainer_of(recipe, by_weights)
    step, losses = trainer._step, []

    def break_weights(batch):
        losses.append(step(batch))
        if len(losses) == len(trainer.batches) + 2:  # in the second epoch
            with torch.no_grad():
                trainer.model.classifier.bias.fill_(math.nan)
        return losses[-1]

    trainer._step = break_weights
    with pytest.raises(FloatingPointError, match=r"diverged by epoch 2, step \d+.*--learning_rate"):
        trainer.train()
    state = load_file(Path(recipe.output_dir) / CHECKPOINTS / "last" / "model.safetensors")
    assert all(bool(weight.isfinite().all()) for weight in state.values())
    resumed = trainer_of(recipe, by_weights)
    assert resumed.train().epoch == 3


def test_an_interrupt_while_a_state_is_written_leaves_the_one_before(trainer_of, recipe, monkeypatch):
    recipe = dataclasses.replace(recipe, save_steps=1)
    trainer = trainer_of(recipe, by_weights)
    saved = []

    def save_a_part(state, folder):
        save(state, folder)
        saved.append(folder)
        if len(saved) == 3:
            (folder / "optimizer.safetensors").write_bytes(b"cut off")
            raise KeyboardInterrupt

    save = TrainingState.save
    monkeypatch.setattr(TrainingState, "save", save_a_part)
    with pytest.raises(KeyboardInterrupt):
        trainer.train()
    folder = Path(recipe.output_dir) / CHECKPOINTS
    assert [path.name for path in folder.iterdir()] == ["last"]
    resumed = trainer_of(recipe, by_weights)
    step, done = resumed._step, []
    resumed._step = lambda batch: done.append(batch) or step(batch)
    resumed.train()
    assert len(done) == 3 * len(resumed.batches) - 2


def test_too_few_sentences_for_the_processes_are_refused(trainer_of, recipe):
    with pytest.raises(ValueError, match="0 training sentences cannot be shared by 1 processes"):
        trainer_of(recipe, sentences=0)


def test_the_encoder_has_a_rate_of_its_own_and_vectors_no_decay(recipe, network):
    encoder = torch.nn.Module()
    encoder.inner = torch.nn.Linear(2, 2)
    network.dicmt.representation.encoder = encoder
    network.dicmt.representation.characters.weight.requires_grad_(False)
    recipe = dataclasses.replace(recipe, weight_decay=0.1, encoder_learning_rate=1e-5, learning_rate=1e-2)
    optimizer = create_optimizer(network, recipe)
    names = {id(weight): name for name, weight in network.named_parameters()}
    settings = {
        names[id(weight)]: (group["lr"], group["weight_decay"])
        for group in optimizer.param_groups
        for weight in group["params"]
    }
    assert settings.keys() == set(names.values()) - {"dicmt.representation.characters.weight"}
    assert settings["dicmt.representation.encoder.inner.weight"] == (1e-5, 0.1)
    assert settings["dicmt.representation.encoder.inner.bias"] == (1e-5, 0.0)
    assert settings["classifier.weight"] == (1e-2, 0.1)
    assert settings["classifier.bias"] == (1e-2, 0.0)


def test_the_rate_rises_and_falls_within_the_run(recipe, network):
    recipe = dataclasses.replace(recipe, warmup_steps=4, learning_rate=1.0)
    optimizer = create_optimizer(network, recipe)
    scheduler = create_scheduler(optimizer, recipe, num_steps=44)
    rates = []
    for _ in range(44):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    np.testing.assert_allclose(rates[:5], [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(rates[5:], 1 - np.arange(1, 40) / 40)
    assert scheduler.get_last_lr()[0] == 0


def test_a_short_run_warms_up_for_a_tenth_of_it(recipe, network):
    recipe = dataclasses.replace(recipe, warmup_steps=100, learning_rate=1.0)
    optimizer = create_optimizer(network, recipe)
    scheduler = create_scheduler(optimizer, recipe, num_steps=20)
    for _ in range(2):
        optimizer.step()
        scheduler.step()
    assert scheduler.get_last_lr()[0] == 1


def test_the_average_forgets_faster_at_first():
    network = torch.nn.Linear(1, 1, bias=False)
    average = WeightAverage(network, decay=0.5)
    expected = None
    for count, value in enumerate([3.0, 1.0, 7.0, 2.0, 5.0, 8.0, 1.0, 4.0, 6.0, 2.0, 9.0, 3.0]):
        with torch.no_grad():
            network.weight.fill_(value)
        average.update_parameters(network)
        keep = min(0.5, (1 + count) / (10 + count))
        expected = value if expected is None else keep * expected + (1 - keep) * value
        assert float(average.module.weight.detach()) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("decay", [0.0, 0.9])
def test_what_is_scored_and_saved_is_the_average_where_there_is_one(trainer_of, recipe, decay):
    scored = []
    trainer = trainer_of(
        dataclasses.replace(recipe, average_decay=decay), lambda net: scored.append(net) or {"f1": 0.1}
    )
    trainer.train()
    current = trainer.accelerator.unwrap_model(trainer.model)
    assert (scored[0] is current) == (decay == 0)
    assert scored[0] is trainer.network
