"""`run_ner.py --unlabelled` from end to end, on the sample."""

import json
from unittest import mock

import pytest
from ner_command import (
    SAMPLE_DICTIONARY,
    command_line,
    files_in,
    json_lines,
    results_in,
    run,
    run_here,
    scored_here,
    scores_in,
    train_here,
    without_times,
)

from data_scripts.sample import SAMPLE_FOLDER
from modeling_dicmt.files import replace_folder
from modeling_dicmt.publishing.contents import collect_files
from modeling_dicmt.training import self_training
from modeling_dicmt.training.trainer import Trainer

# Neither is in the sample nor in the dictionary; none of it may be found anywhere afterwards.
SECRET = "鼍鼐鼗"


@pytest.fixture(scope="session")
def unlabelled(tmp_path_factory):
    """Two files with thirty records."""
    folder = tmp_path_factory.mktemp("unlabelled")
    texts = [record["text"].replace("\n", "") for record in json_lines(SAMPLE_FOLDER / "train.jsonl")[-30:]]
    texts[0] += f"患者{SECRET}否认发热。"
    (folder / "a.txt").write_text("\n".join(texts[:20]), encoding="utf-8")
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in texts[20:]]
    (folder / "b.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def settings(unlabelled):
    """Those of a run whose teachers find something, so that there is something to learn."""
    return {
        "dictionary": SAMPLE_DICTIONARY,
        "max_train_records": 24,
        "num_train_epochs": 4,
        "per_device_train_batch_size": 8,
        "learning_rate": 0.03,
        "dropout": 0.1,
        "unlabelled": unlabelled,
        "num_teachers": 1,
        "labelled_weight": 2,
        "min_probability": 0.2,
    }


@pytest.fixture(scope="session")
def self_trained(tmp_path_factory, settings):
    """What two rounds leave behind, with what the command said. Only to be read."""
    folder = tmp_path_factory.mktemp("self_trained") / "out"
    outcome = run_here(command_line(folder, **settings | {"num_teachers": 2}, self_training_rounds=2, quiet=False))
    assert outcome.status == 0, outcome.errors
    return folder, outcome.errors


@pytest.fixture(scope="session")
def teacher(tmp_path_factory, settings):
    """A network that may be given as a teacher."""
    alone = ("unlabelled", "num_teachers", "labelled_weight", "min_probability")
    folder = tmp_path_factory.mktemp("teacher") / "out"
    train_here(folder, **{name: value for name, value in settings.items() if name not in alone})
    return folder


@pytest.fixture(scope="session")
def taught(settings, teacher):
    """Settings of a run with a given teacher, which spares its training."""
    return settings | {"teachers": teacher, "num_teachers": None}


def test_figures_of_each_round_are_among_the_results(self_trained, settings):
    folder, _ = self_trained
    results = results_in(folder)
    first, second = results["self_training"]
    assert [teacher["seed"] for teacher in first["teachers"]] == [42, 43] and second["teachers"] == []
    assert all(0.3 < teacher["f1"] < 1 and teacher["epochs"] == 4 for teacher in first["teachers"])
    # The vote of one network is what it says by itself.
    assert second["vote"]["f1"] == first["student"]["f1"] and second["student"]["f1"] == results["eval_f1"]
    for figures in (first, second):
        counts, kept = figures["unlabelled"], figures["kept"]
        assert counts["records"] == 30
        assert counts["sentences"] == counts["repeated"] + counts["uncertain"] + kept["sentences"]
        assert kept["entities"] == sum(kept["by_type"].values()) > 0
        assert figures["student"]["epochs"] == 1  # 4 epochs, each labelled sentence twice, half as often
    history = json.loads((folder / "history.json").read_text(encoding="utf-8"))
    stages = [entry["stage"] for entry in history]
    assert stages == ["teacher_1"] * 4 + ["teacher_2"] * 4 + ["round_1_student", "round_2_student"]
    assert history[-1]["f1"] == results["eval_f1"]
    of_stages = [figures["labelling_seconds"] + figures["student"]["seconds"] for figures in (first, second)]
    of_stages += [teacher["seconds"] for teacher in first["teachers"]]
    assert results["train_seconds"] == pytest.approx(sum(of_stages), abs=0.3)


def test_card_and_report_tell_of_it(self_trained):
    folder, _ = self_trained
    for name in ("README.md", "report_validation.md", "report_test.md"):
        text = (folder / name).read_text(encoding="utf-8").lower()
        assert "self-training, round 1: 2 teacher(s) (development f1 " in text, name
        assert "self-training, round 2: the student of round 1 labelled 30 records" in text, name


def test_the_card_names_the_records_and_not_their_place(self_trained, unlabelled):
    card = (self_trained[0] / "README.md").read_text(encoding="utf-8")
    assert "records without annotations besides: a.txt, b.jsonl: 30 records, " in card and str(unlabelled) not in card


def test_nothing_of_the_unlabelled_records_is_left_anywhere(self_trained, unlabelled):
    folder, errors = self_trained
    marks = [SECRET.encode(), SECRET[:1].encode(), json.dumps(SECRET)[1:-1].encode(), str(unlabelled).encode()]
    for name, content in files_in(folder).items():
        for mark in marks[:3] if name in ("run.json",) else marks:
            assert mark not in content, name
    assert SECRET[:1] not in errors
    assert not (folder / "checkpoints").exists()
    uploads = collect_files(folder, "included")
    assert "all_results.json" in [item.path for item in uploads]
    for item in uploads:
        content = item.source if isinstance(item.source, bytes) else item.source.read_bytes()
        assert not any(mark in content for mark in marks), item.path


def test_states_that_are_kept_hold_no_text(taught, tmp_path):
    train_here(tmp_path, **taught, keep_states=True)
    files = files_in(tmp_path)
    assert any(name.endswith("pseudo_labels.safetensors") for name in files)
    assert not any(SECRET[:1].encode() in content for content in files.values())


@pytest.mark.slow
def test_a_run_stopped_at_every_state_ends_like_one_that_was_not(settings, tmp_path):
    settings = settings | {"num_teachers": 2, "self_training_rounds": 2, "num_train_epochs": 3, "final_fit": True}
    settings["student_epochs"] = 2
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    train_here(whole, **settings)
    save = Trainer._save_state

    def save_and_stop(self):
        save(self)
        raise KeyboardInterrupt

    def replace_and_stop(folder, write):
        replace_folder(folder, write)
        raise KeyboardInterrupt

    stops, status = 0, 130
    while status == 130:
        with (
            mock.patch.object(Trainer, "_save_state", save_and_stop),
            mock.patch.object(self_training, "replace_folder", replace_and_stop),
        ):
            status = run_here(command_line(stopped, **settings)).status
        stops += status == 130
        # Before anything of a stage is written, too.
        with mock.patch.object(self_training, "label_records", side_effect=KeyboardInterrupt):
            if status == 130 and stops == 6:
                assert run_here(command_line(stopped, **settings)).status == 130
    assert status == 0
    # Two teachers of three epochs, then twice the labels and two epochs, then the final fit.
    final_epochs = results_in(whole)["train_best_epoch"]
    assert stops == 2 * 3 + 2 * (1 + 2) + final_epochs
    for name in ("model.safetensors", "config.json", "predictions_validation.jsonl", "predictions_test.jsonl"):
        assert (stopped / name).read_bytes() == (whole / name).read_bytes(), name
    one, other = (json.dumps(results_in(folder)).split('"labelling_seconds"') for folder in (whole, stopped))
    assert len(one) == len(other) == 3
    results, others = (timeless(without_times(results_in(folder))) for folder in (whole, stopped))
    assert results == others
    histories = [json.loads((folder / "history.json").read_text(encoding="utf-8")) for folder in (whole, stopped)]
    assert timeless(histories[0]) == timeless(histories[1])


def timeless(value):
    """Figures without those of the machine's speed, at any depth."""
    if isinstance(value, dict):
        return {name: timeless(item) for name, item in value.items() if "second" not in name}
    return [timeless(item) for item in value] if isinstance(value, list) else value


def test_an_unfinished_run_is_not_resumed_with_other_records_or_teachers(settings, teacher, unlabelled, tmp_path):
    records = tmp_path / "records"
    records.mkdir()
    for path in unlabelled.iterdir():
        (records / path.name).write_bytes(path.read_bytes())
    given = tmp_path / "teacher"
    given.mkdir()
    for path in teacher.iterdir():
        (given / path.name).write_bytes(path.read_bytes())
    settings = settings | {"unlabelled": records, "teachers": given, "num_teachers": None}
    arguments = command_line(tmp_path / "out", **settings)
    with mock.patch("modeling_dicmt.training.trainer.Trainer.train", side_effect=KeyboardInterrupt):
        assert run_here(arguments).status == 130  # the labels are there, and no state yet
    lines = (records / "a.txt").read_text(encoding="utf-8").replace("患者", "病人", 1)
    before = (records / "a.txt").read_bytes()
    (records / "a.txt").write_text(lines, encoding="utf-8")
    assert "unlabelled_content: " in run_here(arguments).message
    (records / "a.txt").write_bytes(before)
    again = command_line(tmp_path / "out", **settings | {"min_probability": 0.9}, seed=1)
    assert "min_probability: 0.2 then, 0.9 now; seed: 42 then, 1 now" in run_here(again).message
    with mock.patch("modeling_dicmt.training.self_training.label_records", side_effect=AssertionError):
        (given / "model.safetensors").write_bytes(other_weights(given / "model.safetensors"))
        assert "teachers_content: " in run_here(arguments).message
        for path in teacher.iterdir():
            (given / path.name).write_bytes(path.read_bytes())
        assert run_here(arguments).status == 0  # and the labels are not made anew


def other_weights(path):
    """A file of weights, each of them doubled."""
    from safetensors.torch import load, save

    return save({name: tensor * 2 for name, tensor in load(path.read_bytes()).items()}, {"format": "pt"})


def test_damaged_pseudo_labels_are_told(taught, tmp_path):
    with mock.patch("modeling_dicmt.training.trainer.Trainer.train", side_effect=KeyboardInterrupt):
        assert run_here(command_line(tmp_path, **taught)).status == 130
    folder = tmp_path / "checkpoints" / "round_1_labels"
    for name, content in (("figures.json", b'{"kept": 1}'), ("pseudo_labels.safetensors", b"no tensors")):
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(content)
        message = run_here(command_line(tmp_path, **taught)).message
        assert f"{name} is damaged, or of another training. Pass --overwrite_output_dir" in message
        (folder / name).write_bytes(before)
    assert run_here(command_line(tmp_path, **taught, overwrite_output_dir=True)).status == 0


def test_a_given_teacher_is_scored_and_not_trained(settings, teacher, tmp_path):
    results = train_here(tmp_path, **settings | {"teachers": [teacher, teacher], "num_teachers": None})
    (figures,) = results["self_training"]
    f1 = results_in(teacher)["eval_f1"]
    assert figures["teachers"] == [{"f1": f1}] * 2 and figures["vote"]["f1"] == f1
    history = json.loads((tmp_path / "history.json").read_text(encoding="utf-8"))
    assert {entry["stage"] for entry in history} == {"round_1_student"}


@pytest.mark.slow
def test_two_processes_label_as_one_does(taught, tmp_path):
    """Networks that two processes train differ by rounding; of a given teacher the labels are the same to the bit."""
    settings = taught | {"keep_states": True, "student_epochs": 1}
    train_here(tmp_path / "one", **settings)
    arguments = command_line(tmp_path / "two", **settings | {"per_device_train_batch_size": 4})
    outcome = run(arguments, processes=2)
    assert outcome.status == 0, outcome.errors
    label_files = [
        (tmp_path / name / "checkpoints" / "round_1_labels" / "pseudo_labels.safetensors").read_bytes()
        for name in ("one", "two")
    ]
    assert label_files[0] == label_files[1]
    one, two = (timeless(results_in(tmp_path / name)["self_training"][0]) for name in ("one", "two"))
    assert one["kept"] == two["kept"] and one["vote"] == two["vote"] and one["teachers"] == two["teachers"]
    assert scored_here(tmp_path / "two", **settings) == scores_in(results_in(tmp_path / "two"))


@pytest.mark.slow
def test_a_final_fit_learns_from_both_as_well(taught, tmp_path):
    learned = []

    class Watched(Trainer):
        def __init__(self, *arguments, stage="", **options):
            super().__init__(*arguments, stage=stage, **options)
            learned.append((stage, len(self.examples)))

    with mock.patch("modeling_dicmt.training.trainer.Trainer", Watched):
        results = train_here(tmp_path, **taught, final_fit=True)
    labelled = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["train_sentences"]
    kept = results["self_training"][0]["kept"]["sentences"]
    (stage, of_student), (final, of_both) = learned
    assert (stage, final) == ("round_1_student", "final_fit") and of_student == 2 * labelled + kept
    assert of_both > of_student and (of_both - of_student) % 2 == 0  # the development part, twice as well


def test_it_works_without_a_development_part(settings, tmp_path):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for part in ("train", "test"):
        (corpus / f"{part}.jsonl").write_bytes((SAMPLE_FOLDER / f"{part}.jsonl").read_bytes())
    data = {"dataset_name": "jsonl", "data_dir": corpus, "validation_share": 0}
    results = train_here(tmp_path / "out", **settings | data)
    (figures,) = results["self_training"]
    assert figures["vote"] == {} and all("f1" not in teacher for teacher in figures["teachers"])
    assert results["test_f1"] > 0.1 and "1 teacher(s) labelled" in (tmp_path / "out" / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (
            {"unlabelled": None, "num_teachers": 3},
            "--num_teachers is a matter of self-training: name unlabelled records by --unlabelled",
        ),
        ({"unlabelled": "absent.txt"}, "--unlabelled: there is no file or folder absent.txt"),
        (
            {"num_teachers": 3, "teachers": "absent"},
            "--num_teachers are trained here, --teachers are given: pass one of the two",
        ),
        ({"num_teachers": None, "teachers": "absent"}, "There is no folder absent"),
        ({"num_teachers": 0}, "--num_teachers must be at least 1, got 0"),
        ({"recognition_task": False}, "--unlabelled needs networks that recognise entities"),
        (
            {"num_teachers": None, "teachers": "TEACHER", "min_probability": 0.999999},
            "sure of no new sentence of the unlabelled records",
        ),
        (
            {"learning_rate": 1e-9, "num_train_epochs": 1, "max_train_records": 12},
            "finds no entity of the development part, and has nothing to teach",
        ),
    ],
)
def test_what_cannot_be_done_is_told(settings, teacher, tmp_path, changed, reason):
    if changed.get("teachers") == "TEACHER":
        changed = changed | {"teachers": teacher}
    assert reason in run_here(command_line(tmp_path / "out", **settings | changed)).message
    assert not (tmp_path / "out" / "all_results.json").exists()


def test_the_records_are_read_before_any_training(settings, unlabelled, tmp_path):
    broken = tmp_path / "broken.txt"
    broken.write_bytes("一\n".encode() + "乙".encode("gb18030"))
    message = run_here(command_line(tmp_path / "out", **settings | {"unlabelled": [unlabelled, broken]})).message
    assert f"{broken}, line 2: not utf-8" in message and not (tmp_path / "out").exists()
    (tmp_path / "empty.txt").write_text("\n \n", encoding="utf-8")
    message = run_here(command_line(tmp_path / "out", **settings | {"unlabelled": tmp_path / "empty.txt"})).message
    assert "there is no text in these files" in message and not (tmp_path / "out").exists()
    message = run_here(command_line(unlabelled, **settings)).message
    assert "is the folder of --unlabelled" in message
