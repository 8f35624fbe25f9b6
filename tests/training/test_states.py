import dataclasses
import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from modeling_dicmt.files import write_json
from modeling_dicmt.training.arguments import TrainingArguments
from modeling_dicmt.training.optimization import advance_scheduler, create_scheduler
from modeling_dicmt.training.running import _claim
from modeling_dicmt.training.states import CHECKPOINTS, LAST, SETTINGS_FILE, Progress, TrainingState, check_settings

STATE_FILES = ["model.safetensors", "average.safetensors", "optimizer.safetensors", "progress.json"]


@pytest.fixture
def stopped(trainer_of, recipe):
    """Folder of the state that a run has left in the middle of its second epoch."""
    trainer = trainer_of(dataclasses.replace(recipe, save_steps=1), lambda network: {"f1": 0.5})
    step = trainer._step

    def step_until_interrupted(batch):
        if (trainer.progress.epoch, trainer.progress.step) == (1, 2):
            raise KeyboardInterrupt
        return step(batch)

    trainer._step = step_until_interrupted
    with pytest.raises(KeyboardInterrupt):
        trainer.train()
    folder = Path(recipe.output_dir) / CHECKPOINTS / LAST
    assert sorted(path.name for path in folder.iterdir()) == sorted(STATE_FILES)
    return folder


@pytest.fixture
def resume(trainer_of, recipe):
    """Goes on from the state that there is."""
    return lambda: trainer_of(recipe, lambda network: {"f1": 0.5}).train()


class Planted:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("name", [*STATE_FILES, "optimizer.bin", "custom_checkpoint_0.pkl", "random_states_0.pkl"])
def test_a_pickle_planted_in_a_state_does_not_run(stopped, resume, tmp_path, name):
    """`custom_checkpoint_*.pkl` was unpickled by resuming, whoever had written it."""
    (stopped / name).write_bytes(pickle.dumps(Planted(tmp_path / "ran")))
    if name in STATE_FILES:
        with pytest.raises(ValueError, match=rf"{name} is damaged, or of another training"):
            resume()
    else:
        assert resume().epoch == 3
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "pytorch_model.bin"])
def test_a_pickle_planted_in_the_best_version_does_not_run(trainer_of, recipe, tmp_path, name):
    trainer = trainer_of(recipe)
    trainer.train()
    best = trainer.folder / "best"
    if name.endswith(".bin"):
        (best / "model.safetensors").unlink()
    (best / name).write_bytes(pickle.dumps(Planted(tmp_path / "ran")))
    if name != "tokenizer.json":  # the run's own is used
        with pytest.raises(ValueError, match=r"The best version of this run, in .*best, is damaged"):
            trainer.load_best()
    assert not (tmp_path / "ran").exists()


def test_a_state_of_an_older_version_is_refused(stopped, resume):
    (stopped / "progress.json").unlink()
    (stopped / "custom_checkpoint_0.pkl").write_bytes(b"")
    with pytest.raises(ValueError, match=r"older versions, which were pickled and are not read. Pass --overwrite"):
        resume()


@pytest.mark.parametrize("name", STATE_FILES)
@pytest.mark.parametrize("damage", ["cut off", "empty", "missing"])
def test_a_damaged_state_names_the_file(stopped, resume, name, damage):
    path = stopped / name
    content = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes(content[: len(content) // 2] if damage == "cut off" else b"")
    with pytest.raises(ValueError, match=rf"last.*{name} is.*--overwrite_output_dir"):
        resume()


@pytest.mark.parametrize("name", STATE_FILES[:3])
@pytest.mark.parametrize("change", ["nan", "shape", "dtype", "unknown"])
def test_tensors_of_another_network_are_refused(stopped, resume, name, change):
    tensors = load_file(stopped / name)
    key = next(key for key, tensor in tensors.items() if tensor.ndim == 2)
    if change == "nan":
        tensors[key][0, 0] = float("nan")
    tensors["7.other" if change == "unknown" else key] = {
        "nan": tensors[key],
        "shape": tensors[key][1:].clone(),
        "dtype": tensors[key].double(),
        "unknown": torch.zeros(1),
    }[change]
    save_file(tensors, stopped / name)
    with pytest.raises(ValueError, match=f"{name} is damaged, or of another training"):
        resume()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"epoch": None}, "epoch is of type NoneType"),
        ({"epoch": "1"}, "epoch is of type str"),
        ({"step": True}, "step is of type bool"),
        ({"stopped": 0}, "stopped is of type int"),
        ({"epochs": 1}, "missing or unknown: epochs"),
        ({"history": [{}]}, "an entry of history has no epoch"),
        ({"epoch": 4}, "there is no epoch 4, step 2"),
        ({"step": -1}, "there is no epoch 1, step -1"),
        ({"best_epoch": -1}, "its best epoch is none of those done"),
        ({"best_epoch": 2}, "its best epoch is none of those done"),
        ({"best_score": 10**400}, "or its score none"),
        ({"loss_steps": -1}, "its losses are of no number of steps"),
        ({"seconds": 10**400}, "its seconds are no time"),
        ({"training_seconds": -1.0}, "its seconds are no time"),
    ],
)
def test_a_progress_that_is_none_is_refused(stopped, resume, change, reason):
    """It was taken for the beginning: a run started at step 0 on trained weights."""
    path = stopped / "progress.json"
    state = json.loads(path.read_text())
    state["progress"] |= change
    write_json(path, state)
    with pytest.raises(ValueError, match=rf"progress.json is damaged, .*{reason}"):
        resume()


def test_a_progress_that_lacks_something_is_refused(stopped, resume):
    path = stopped / "progress.json"
    state = json.loads(path.read_text())
    del state["progress"]["epoch"]
    write_json(path, state)
    with pytest.raises(ValueError, match=r"progress.json is damaged, .*missing or unknown: epoch"):
        resume()


def test_a_progress_of_another_step_is_refused(stopped, resume):
    path = stopped / "progress.json"
    state = json.loads(path.read_text())
    state["progress"] |= {"epoch": 0, "step": 0, "best_epoch": 0}
    write_json(path, state)
    with pytest.raises(ValueError, match=r"average.safetensors is damaged, .*not of the step that progress.json names"):
        resume()


def test_the_scaler_of_half_precision_goes_on_where_it_was(tmp_path):
    """As far as a CPU can tell: the scale, and the steps since it last grew."""

    def state_of(growth: int) -> TrainingState:
        network = torch.nn.Linear(2, 2)
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=growth)
        return TrainingState(network, torch.optim.AdamW(network.parameters()), None, scaler, Progress())

    def step(state: TrainingState) -> None:
        state.scaler.scale(state.network(torch.ones(1, 2)).sum()).backward()
        state.scaler.step(state.optimizer)
        state.scaler.update()
        state.optimizer.zero_grad()

    state, again = state_of(2), state_of(2)
    for _ in range(3):
        step(state)
    state.save(tmp_path)
    again.load(tmp_path, num_epochs=1, num_steps=9)
    assert again.scaler.state_dict() == state.scaler.state_dict() and state.scaler.get_scale() == 16
    for each in (state, again):
        step(each)
        assert each.scaler.get_scale() == 32
    assert torch.equal(again.network.weight, state.network.weight)
    with pytest.raises(ValueError, match=r"progress.json is damaged, .*the scaler of the loss"):
        again._replace(scaler=torch.amp.GradScaler("cpu", enabled=False)).load(tmp_path, 1, 9)


@pytest.mark.parametrize("name", ["linear", "cosine", "cosine_with_restarts", "polynomial", "constant_with_warmup"])
def test_a_schedule_that_is_advanced_goes_on_like_one_that_was_stepped(recipe, name):
    rates = []
    for advanced in (0, 7):
        optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
        scheduler = create_scheduler(optimizer, dataclasses.replace(recipe, lr_scheduler_type=name), 30)
        advance_scheduler(scheduler, advanced)
        for _ in range(12 - advanced):
            optimizer.step()
            scheduler.step()
        rates.append((optimizer.param_groups[0]["lr"], scheduler.get_last_lr()))
    assert rates[0] == rates[1]


@pytest.mark.parametrize(
    ("content", "reason"), [("[1]", "expected an object"), ('{"a": 1', "not valid JSON"), ('{"a": 1, "a": 2}', "twice")]
)
def test_damaged_settings_of_a_run_are_told(tmp_path, content, reason):
    (tmp_path / LAST).mkdir()
    with pytest.raises(ValueError, match=rf"{SETTINGS_FILE} is damaged, .*No such file"):
        check_settings(tmp_path, {})
    (tmp_path / SETTINGS_FILE).write_text(content)
    with pytest.raises(ValueError, match=rf"{SETTINGS_FILE} is damaged, .*{reason}"):
        check_settings(tmp_path, {})


def test_the_same_settings_may_resume(tmp_path):
    settings = {"seed": 1, "ngram_sizes": [2, 3], "dictionary": None, "dropout": 0.5}
    check_settings(tmp_path, settings)  # nothing has begun there
    write_json(tmp_path / SETTINGS_FILE, settings)
    check_settings(tmp_path, dict(settings))


def test_other_settings_are_refused_by_name(tmp_path):
    folder = tmp_path / "out" / "checkpoints"
    folder.mkdir(parents=True)
    write_json(folder / SETTINGS_FILE, {"seed": 1, "dropout": 0.5, "tag_decoder": "crf"})
    check_settings(folder, {"seed": 2})  # a run that failed before its first state blocks no other
    (folder / LAST).mkdir()
    with pytest.raises(ValueError) as error:
        check_settings(folder, {"seed": 2, "dropout": 0.5, "stage": "x"})
    message = str(error.value)
    for part in ("seed: 1 then, 2 now", "tag_decoder: 'crf' then, None now", "stage: None then, 'x' now"):
        assert part in message
    assert "dropout" not in message
    assert message.startswith(f"{tmp_path / 'out'} holds an unfinished run") and "--overwrite_output_dir" in message


def test_a_folder_called_checkpoints_that_was_there_before_was_removed(tmp_path):
    """A training took it for its own, and removed it with all in it at its end."""
    (tmp_path / CHECKPOINTS).mkdir()
    (tmp_path / CHECKPOINTS / "months.pt").touch()
    for overwrite in (False, True):
        with pytest.raises(ValueError, match="is not the work of a training"):
            _claim(TrainingArguments(output_dir=str(tmp_path), overwrite_output_dir=overwrite), {})
    assert [path.name for path in (tmp_path / CHECKPOINTS).iterdir()] == ["months.pt"]
