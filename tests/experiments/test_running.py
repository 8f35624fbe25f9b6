"""The runner: every run once, resumed where it was, failures recorded, votes from what members found."""

import json
import os
import re
import signal
import time

import pytest
from accelerate.state import AcceleratorState
from made_up_runs import TINY, VALIDATION, table_of
from warm_process import WarmProcess

import run_mlm
from data_scripts.arguments import DataArguments
from data_scripts.records import load_records
from experiments import __main__ as command
from experiments import running
from experiments.recording import FAILED, FINISHED, ResultStore
from experiments.running import Options, Runner
from modeling_dicmt.evaluation.prediction_files import write_predictions
from modeling_dicmt.files import write_json

SCRIPT = """
import json, sys, pathlib
settings = json.loads(pathlib.Path(sys.argv[1]).read_text())
folder = pathlib.Path(settings["output_dir"])
print("started", settings["seed"])
{body}
"""


@pytest.fixture
def runner_of(tmp_path, parts, plan_of, monkeypatch):
    """Makes runners whose networks are a script: what a run costs is not the matter here."""

    def make(*tables, body: str | None = None, plan=None, **options) -> Runner:
        if body is not None:
            root = tmp_path / "scripts"
            root.mkdir(exist_ok=True)
            (root / "run_ner.py").write_text(SCRIPT.format(body=body), encoding="utf-8")
            monkeypatch.setattr(running, "ROOT", root)
        store = ResultStore(tmp_path / "results")
        return Runner(plan or plan_of(*tables), parts, store, Options(tmp_path / "out", **options))

    return make


FOUND = [[(3, 5, "Disease")], [(1, 3, "Drug")]]
FINISH = """
(folder / "predictions_validation.jsonl").write_text(
    '{"id": "v1", "entities": [{"start": 3, "end": 5, "type": "Disease"}]}\\n'
    '{"id": "v2", "entities": [{"start": 1, "end": 3, "type": "Drug"}]}\\n')
(folder / "model.safetensors").write_text("weights")
(folder / "checkpoints").mkdir(exist_ok=True)
(folder / "all_results.json").write_text(json.dumps({"eval_f1": 0.5, "train_seconds": 1}))
"""


def logs_of(runner):
    return {
        run.name: (runner.folder(run) / running.LOG_FILE).read_text(encoding="utf-8").count("started")
        for run in runner.plan.runs
        if (runner.folder(run) / running.LOG_FILE).exists()
    }


@pytest.mark.parametrize("jobs", [1, 3])
def test_every_run_is_done_once(runner_of, jobs):
    runner = runner_of(table_of("full", "same"), table_of("full", "bare", name="b"), body=FINISH, jobs=jobs)
    assert runner.run() == {FINISHED: 4, FAILED: 0, "before": 0, "not run": 0}
    assert set(logs_of(runner).values()) == {1} and len(logs_of(runner)) == 4
    assert runner.run() == {FINISHED: 0, FAILED: 0, "before": 4, "not run": 0}
    assert set(logs_of(runner).values()) == {1}
    result = runner.results.get(runner.plan.runs[0].name)
    assert result["status"] == FINISHED and result["parts"]["validation"]["per_record"] == [[1, 1, 2], [1, 1, 2]]
    assert result["command"].startswith("run_ner.py --num_train_epochs 1 ") and "--seed 1" in result["command"]
    assert "--dictionary DICTIONARY" in result["command"] and str(runner.options.output_dir) not in json.dumps(result)


def test_only_what_is_asked_for_stays_of_a_model(runner_of):
    for keep in (False, True):
        runner = runner_of(table_of("same") if keep else table_of("bare"), body=FINISH, keep_models=keep)
        runner.run()
        names = {path.name for path in runner.folder(runner.plan.runs[0]).iterdir()}
        assert ("model.safetensors" in names) == keep
        assert {"predictions_validation.jsonl", "all_results.json", "log.txt"} <= names
        assert "checkpoints" not in names


def test_a_run_that_fails_is_recorded_with_its_reason_and_the_others_go_on(runner_of):
    body = f"""
if settings["seed"] == 1:
    print("error: Training diverged by epoch 1, step 3, where the loss is nan.", file=sys.stderr)
    sys.exit(1)
{FINISH}"""
    runner = runner_of(table_of("full"), body=body)
    assert runner.run()[FAILED] == 1
    one, two = (runner.results.get(run.name) for run in runner.plan.runs)
    assert (one["status"], two["status"]) == (FAILED, FINISHED)
    assert one["reason"] == "Training diverged by epoch 1, step 3, where the loss is nan."
    assert runner.run() == {FINISHED: 0, FAILED: 0, "before": 2, "not run": 0}  # not tried again unasked
    again = runner_of(table_of("full"), body=FINISH, retry_failed=True)
    assert again.run()[FINISHED] == 1
    assert again.results.get(again.plan.runs[0].name)["status"] == FINISHED


REASONS = {
    "killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", r"killed by SIGKILL, as a machine without"),
    "an exception": ("raise RuntimeError('CUDA out of memory')", "RuntimeError: CUDA out of memory"),
    "silent": ("sys.exit(7)", "started 1"),
    "no results": ("pass", "its results cannot be read: .*all_results.json"),
    "half a result": ("(folder / 'all_results.json').write_text('{')", "its results cannot be read"),
}


@pytest.mark.parametrize("case", REASONS)
def test_why_a_run_failed(runner_of, case):
    body, reason = REASONS[case]
    runner = runner_of(table_of("same"), body=body)
    runner.run()
    result = runner.results.get(runner.plan.runs[0].name)
    assert result["status"] == FAILED
    assert re.search(reason, result["reason"])


def test_a_run_that_takes_too_long_is_ended(runner_of):
    runner = runner_of(table_of("same"), body="import time; time.sleep(600)", max_minutes=0.01)
    runner.run()
    assert "--max_minutes_per_run" in runner.results.get(runner.plan.runs[0].name)["reason"]


def test_a_vote_is_taken_from_what_the_members_found(runner_of, plan_of, parts):
    runner = runner_of(table_of("ensemble"), body=FINISH)
    rules = runner.plan.run_of["rules"][1]
    folder = runner.folder(rules)
    folder.mkdir(parents=True)
    write_predictions(folder / "predictions_validation.jsonl", VALIDATION, [[(6, 8, "Disease")], [(1, 3, "Drug")]])
    write_json(folder / "all_results.json", {"eval_f1": 0.1})
    runner.run()
    vote = runner.results.get(runner.plan.run_of["ensemble"][1].name)
    assert vote["status"] == FINISHED
    found = vote["parts"]["validation"]
    assert found["per_record"] == [[1, 1, 2], [1, 1, 2]]  # 肺炎 and 头孢, which two of three found at least
    assert found["scores"]["precision"] == 1 and found["scores"]["recall"] == 0.5
    assert found["scores"]["recall_by_training_count"]["3"]["support"] == 1


def test_a_member_is_done_again_where_its_predictions_are_not(runner_of):
    """Figures may have come from another machine, as files; votes need the predictions."""
    runner = runner_of(table_of("full", "bare"), body=FINISH)
    runner.run()
    first = runner.plan.run_of["full"][1]
    (runner.folder(first) / "predictions_validation.jsonl").unlink()
    (runner.folder(first) / "all_results.json").unlink()
    assert runner.run()["before"] == 4  # no vote, no need
    with_vote = runner_of(table_of("ensemble"), body=FINISH)
    assert {run.name for run in with_vote._to_do()} == {
        first.name,
        *(with_vote.plan.run_of[name][1].name for name in ("rules", "ensemble")),
    }


def test_a_vote_with_a_member_that_failed_fails(runner_of):
    runner = runner_of(table_of("ensemble"), body="print('error: no memory'); sys.exit(1)")
    rules = runner.folder(runner.plan.run_of["rules"][1])
    rules.mkdir(parents=True)
    write_predictions(rules / "predictions_validation.jsonl", VALIDATION, [[], []])
    write_json(rules / "all_results.json", {"eval_f1": 0.0})
    runner.run()
    result = runner.results.get(runner.plan.run_of["ensemble"][1].name)
    assert result["status"] == FAILED and "a member failed: full-seed1" in result["reason"]


def known_terms_runner(runner_of, monkeypatch, body=FINISH, **options):
    """A runner of a network and what gives it terms, which is a script that wants the network's weights to be there."""
    runner = runner_of(table_of("known_full"), body=body, **options)
    (running.ROOT / "adding.py").write_text(
        SCRIPT.format(
            body="assert settings['kind'] == 'network'\n"
            "assert (pathlib.Path(settings['model_dir']) / 'model.safetensors').exists()\n"
            "assert 'num_train_epochs' not in settings\n" + FINISH
        ),
        encoding="utf-8",
    )
    monkeypatch.setitem(running.PROGRAMS, "known_terms", ("adding.py",))
    return runner


def has_model(runner, run):
    return (runner.folder(run) / "model.safetensors").exists()


def test_a_model_is_kept_until_terms_were_given_to_it(runner_of, monkeypatch):
    runner = known_terms_runner(runner_of, monkeypatch)
    assert runner.run() == {FINISHED: 4, FAILED: 0, "before": 0, "not run": 0}
    assert set(logs_of(runner).values()) == {1}
    assert not any(has_model(runner, run) for run in runner.plan.runs)
    run = runner.plan.run_of["known_full"][1]
    command = runner.results.get(run.name)["command"]
    assert command.startswith("adding.py --dataset_name jsonl --data_dir DATA_DIR")
    assert f"--kind network --model_dir runs/{run.members[0].name}" in command
    assert runner.run()["before"] == 4
    kept = known_terms_runner(runner_of, monkeypatch, keep_models=True)
    for run in kept.plan.runs:
        kept.results.path(run.name).unlink()
    kept.run()
    assert all(has_model(kept, run) for run in kept.plan.runs if not run.members)


def test_what_terms_are_to_be_given_to_is_trained_again_where_its_model_is_not(runner_of, monkeypatch):
    """It was trained for another table, and its weights were removed."""
    before = runner_of(table_of("full"), body=FINISH)
    before.run()
    first, second = before.plan.runs
    (before.folder(second) / "model.safetensors").write_text("weights")
    runner = known_terms_runner(runner_of, monkeypatch)
    assert runner.run() == {FINISHED: 3, FAILED: 0, "before": 1, "not run": 0}
    logs = logs_of(runner)
    assert (logs[first.name], logs[second.name]) == (2, 1)
    assert runner.results.get(first.name)["status"] == FINISHED
    assert runner.run()["before"] == 4


def test_what_is_given_terms_fails_with_its_member(runner_of, monkeypatch):
    runner = known_terms_runner(runner_of, monkeypatch, body="print('error: no memory'); sys.exit(1)")
    assert runner.run()[FAILED] == 4
    result = runner.results.get(runner.plan.run_of["known_full"][1].name)
    assert result["reason"].startswith("a member failed: full-seed1")


def test_a_run_that_another_runner_works_on_is_left_to_it(runner_of, tmp_path):
    runner = runner_of(table_of("same"), body=FINISH)
    (run,) = runner.plan.runs
    claim = running._claim(runner.folder(run))
    waiting = [run]
    assert runner._start(waiting) == [] and waiting == [run] and not runner.processes
    claim.close()
    runner._start(waiting)
    assert waiting == []
    runner._stop_all()


def test_what_another_runner_has_recorded_is_not_recorded_again(runner_of):
    """It alone knows how long the run took."""
    runner = runner_of(table_of("same"), body=FINISH)
    (run,) = runner.plan.runs
    claim = running._claim(runner.folder(run))
    waiting = [run]
    assert runner._start(waiting) == [] and waiting == [run]
    of_the_other = {"status": FINISHED, "minutes": 3.0}
    write_predictions(runner.folder(run) / "predictions_validation.jsonl", VALIDATION, FOUND)
    write_json(runner.folder(run) / "all_results.json", {"eval_f1": 0.5})
    runner.results.put(run.name, of_the_other)
    claim.close()
    assert runner._start(waiting) == [(run, of_the_other)] and waiting == []
    assert runner.results.get(run.name) == of_the_other


def test_what_a_runner_that_was_killed_left_finished_is_recorded_not_repeated(runner_of):
    runner = runner_of(table_of("same"), body="sys.exit('must not be started')")
    folder = runner.folder(runner.plan.runs[0])
    folder.mkdir(parents=True)
    write_predictions(folder / "predictions_validation.jsonl", VALIDATION, FOUND)
    write_json(folder / "all_results.json", {"eval_f1": 0.5})
    assert runner.run()[FINISHED] == 1
    assert not (folder / running.LOG_FILE).exists()


def wait_for(condition, is_running):
    deadline = time.monotonic() + 120
    while not condition():
        assert is_running() and time.monotonic() < deadline, "it ended too early, or never came so far"
        time.sleep(0.02)


INTERRUPTED = f"""
import time
if (folder / "state").exists():
    print("resumed", settings["seed"])
else:
    (folder / "state").touch()
    if settings["seed"] == 2:
        time.sleep(2 if (folder.parent / "outlives").exists() else 600)
{FINISH}"""


def run_in_another_process(runner) -> int:
    """A runner that can be ended; a copy of this process, which has imported all that it needs."""
    process = os.fork()
    if process == 0:
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGTERM, command._interrupt)
            runner.run()
        except KeyboardInterrupt:
            status = 130
        finally:
            os._exit(status)
    return process


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_runner_that_is_ended_ends_its_runs_and_the_next_resumes_them(runner_of, sign):
    runner = runner_of(table_of("full"), body=INTERRUPTED)
    first, second = runner.plan.runs
    process = run_in_another_process(runner)
    wait_for((runner.folder(second) / "state").exists, lambda: os.waitpid(process, os.WNOHANG) == (0, 0))
    os.kill(process, sign)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 130
    claim = running._claim(runner.folder(second))
    assert claim is not None, "the run goes on without its runner"
    claim.close()
    assert runner.is_done(first) and not runner.is_done(second)
    assert runner.run() == {FINISHED: 1, FAILED: 0, "before": 1, "not run": 0}
    assert logs_of(runner) == {first.name: 1, second.name: 2}
    assert "resumed 2" in (runner.folder(second) / running.LOG_FILE).read_text(encoding="utf-8")


def test_a_run_that_outlives_its_runner_is_waited_for_and_not_repeated(runner_of):
    runner = runner_of(table_of("full"), body=INTERRUPTED)
    first, second = runner.plan.runs
    runner.folder(second).mkdir(parents=True)
    (runner.folder(second).parent / "outlives").touch()
    process = run_in_another_process(runner)
    wait_for((runner.folder(second) / "state").exists, lambda: os.waitpid(process, os.WNOHANG) == (0, 0))
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    assert runner.run() == {FINISHED: 1, FAILED: 0, "before": 1, "not run": 0}
    assert logs_of(runner) == {first.name: 1, second.name: 1}


@pytest.mark.slow(seconds=45)
def test_ended_half_way_the_command_goes_on_without_repeating_what_was_finished(tmp_path, data):
    """The real command on real, tiny networks, DicMT's and a baseline's: ended in the midst of the second run."""
    specification = tmp_path / "mine.yaml"
    settings = {name: value for name, value in TINY.items() if name != "num_train_epochs"}
    own = settings | {"num_train_epochs": 30, "save_steps": 1, "attention_heads": 2, "segmentation_epochs": 1}
    specification.write_text(
        json.dumps(
            {
                "title": "Mine",
                "show": "scores",
                "rows": ["short", "long"],
                "systems": {
                    "short": {"title": "short", "settings": settings},
                    "long": {"title": "long", "kind": "baseline_network", "settings": own},
                },
            }
        ),
        encoding="utf-8",
    )
    out = tmp_path / "out"
    arguments = ["-m", "experiments", "run", str(specification), "--output_dir", str(out)]
    arguments += ["--dataset_name", "jsonl", "--data_dir", data.data_dir, "--seeds", "1", "--num_train_epochs", "1"]
    environment = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}

    def start():
        return WarmProcess(arguments, running.ROOT, environment)

    def results():
        return {path.name.split("-")[0]: path.stat().st_mtime_ns for path in (out / "results").glob("*-seed1-*.json")}

    process = start()
    wait_for(lambda: list(out.glob("runs/long-*/checkpoints/last")), lambda: process.poll() is None)
    assert list(results()) == ["short"]
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "The same command goes on from here" in errors
    before = results()
    process = start()
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    after = results()
    assert set(after) == {"short", "long"} and after["short"] == before["short"]
    (log,) = out.glob("runs/long-*/log.txt")
    assert "Resuming after epoch" in log.read_text(encoding="utf-8")
    assert (out / "report" / "report.html").stat().st_size > 10_000
    assert len(list(out.glob("runs/short-*/log.txt"))) == 1


@pytest.mark.slow(seconds=40)
def test_the_ladder_of_records_without_labels_is_run_by_the_command(tmp_path, data):
    """The systems that come with the project, on a tiny pre-trained network and records of the sample."""
    text = tmp_path / "text.txt"
    parts, _ = load_records(DataArguments(dataset_name="sample", max_train_records=60))
    text.write_text("\n".join(record["text"].replace("\n", "") for record in parts["train"]), encoding="utf-8")
    tiny = {"lstm_hidden_size": 4, "num_train_epochs": 1, "character_embedding_size": 4, "bigram_embedding_size": 2}
    options = {"corpus": text, "output_dir": tmp_path / "pre", "num_bigram_buckets": 20, "quiet": True} | tiny
    run_mlm.run([word for name, value in options.items() for word in (f"--{name}", str(value))])
    AcceleratorState._reset_state(reset_partial_state=True)
    specification = tmp_path / "mine.yaml"
    settings = TINY | {"num_train_epochs": 6, "learning_rate": 0.03, "dropout": 0.1, "min_probability": 0.1}
    content = {
        "title": "Mine",
        "show": "scores",
        "columns": ["unseen_recall", "training_minutes"],
        "rows": ["both"],
        "systems": {
            "both": {
                "title": "both",
                "settings": settings
                | {"per_device_train_batch_size": 8, "pretrained": "$pretrained", "unlabelled": "$unlabelled"},
            }
        },
    }
    specification.write_text(json.dumps(content), encoding="utf-8")
    out = tmp_path / "out"
    arguments = [str(specification), "--output_dir", str(out), "--seeds", "1", "--max_train_records", "24"]
    arguments += ["--max_eval_records", "6", "--pretrained", str(tmp_path / "pre"), "--unlabelled", str(text)]
    assert command.main(["run", *arguments]) == 0
    (path,) = (out / "results").glob("both-seed1-*.json")
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result["training"]["self_training"][0]["unlabelled"]["records"] == 60
    assert result["training"]["train_seconds"] > 0
    assert "--pretrained PRETRAINED --unlabelled UNLABELLED" in result["command"]
    assert str(tmp_path) not in json.dumps(result)
    (log,) = out.glob("runs/both-*/log.txt")
    assert "Self-training, round 1" in log.read_text(encoding="utf-8")
    assert "minutes of training" in (out / "report" / "report.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_command_gives_terms_to_a_real_network_and_to_the_rules_and_reports_it(tmp_path, data):
    systems = {
        "tiny": {"title": "tiny", "settings": TINY | {"num_train_epochs": 1, "vetted_terms": True}},
        "known_tiny": {"title": "tiny, given terms", "kind": "known_terms", "members": ["tiny"]},
    }
    rows = ["known_tiny", "known_rules"]
    specification = tmp_path / "mine.yaml"
    content = {"title": "Mine", "show": "known_terms", "rows": rows, "systems": systems}
    specification.write_text(json.dumps(content), encoding="utf-8")
    out = tmp_path / "out"
    arguments = [str(specification), "--output_dir", str(out), "--seeds", "1", "--dataset_name", "jsonl"]
    arguments += ["--data_dir", data.data_dir, "--dictionary", data.dictionary]
    assert command.main(["run", *arguments, "--dictionary_mapping", data.dictionary_mapping]) == 0
    results = {
        path.name.split("-")[0]: json.loads(path.read_text("utf-8")) for path in (out / "results").glob("*-*.json")
    }
    assert results.keys() == {"tiny", "known_tiny", "rules", "known_rules"}
    for name, ways in (("known_tiny", 2), ("known_rules", 1)):
        known = results[name]["parts"]["validation"]["scores"]["known_terms"]
        assert (known["vetted_terms"], len(known["points"])) == (2, 20 * ways)
        assert str(tmp_path) not in json.dumps(results[name])
    points = results["known_tiny"]["parts"]["validation"]["scores"]["known_terms"]["points"]
    assert [p["found"] for p in points if (p["share"], p["beside"], p["way"]) == (1, "nothing", "forced")] == [1]
    # The run's own figures are those with all terms added.
    added = next(p for p in points if (p["share"], p["beside"], p["way"]) == (1, "nothing", "added"))
    assert results["known_tiny"]["parts"]["validation"]["scores"]["f1"] == added["f1"]
    assert not list(out.glob("runs/*/model.safetensors")) and not list(out.glob("runs/*/lexicon.json"))
    assert "tiny, given terms | forced | nothing" in (out / "report" / "report.md").read_text(encoding="utf-8")
