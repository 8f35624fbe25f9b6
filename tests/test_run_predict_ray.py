"""`run_predict.py --engine ray`: a cluster's workers give what the own processes do, whichever of them are lost."""

import os
import shutil
import signal
import socket
import tempfile
import time
from itertools import count
from pathlib import Path

import pytest
from test_run_predict_folders import annotate, lines_of, records, results, rows, start, wait_for

import run_predict
from modeling_dicmt.annotation import ray_engine
from modeling_dicmt.annotation.ray_engine import ray_cluster

pytest.importorskip("ray")
SENTENCE = "患者左肺见阴影"
__all__ = ["records"]  # a fixture


@pytest.fixture(scope="module")
def cluster():
    """Two machines of a core each, as far as Ray knows."""
    from ray.cluster_utils import Cluster

    folder = tempfile.mkdtemp(prefix="ray")  # a socket's path is at most 107 bytes long
    Path(folder, "ray").mkdir()  # where Ray notes the cluster's address, and which it expects to be there
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", folder)
        cluster = Cluster()
        cluster.add_node(num_cpus=1, object_store_memory=10**8, include_dashboard=False)
        cluster.add_node(num_cpus=1, object_store_memory=10**8)
    yield cluster
    cluster.shutdown()
    shutil.rmtree(folder)


@pytest.fixture
def told():
    return []


@pytest.fixture
def connected(cluster, told):
    """Gives results of a function for items, from two workers."""
    with ray_cluster(cluster.address, 2, 1, False) as ray:
        yield lambda prepare, items: ray.map(prepare, items, 2, told.append)


def dies_once(flag):
    """Prepares a function that ends its process at the item 5, once."""

    def prepare():
        def double(item):
            if item == 5 and not flag.exists():
                flag.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return 2 * item

        return double

    return prepare


def test_results_are_in_order_and_items_are_read_as_they_are_needed(connected, told, tmp_path):
    """One worker is at the first item until the other has done all that may be read meanwhile, and some time more."""
    read, ahead = [], 2 * ray_engine._PARTS_AHEAD

    def prepare():
        def square(item):
            (tmp_path / str(item)).touch()
            while item == 0 and not (tmp_path / str(ahead - 1)).exists():
                time.sleep(0.01)
            if item == 0:
                time.sleep(0.2)
            return item * item

        return square

    def items():
        for number in count():
            read.append(number)
            yield number

    found = connected(prepare, items())
    assert next(found) == 0 and len(read) == ahead + 1
    assert [next(found) for _ in range(29)] == [number * number for number in range(1, 30)]
    assert len(read) <= 30 + ahead + 1 and told == []
    found.close()
    assert list(connected(prepare, [])) == []


def test_workers_that_are_waited_for_are_told_once(connected, told, monkeypatch):
    monkeypatch.setattr(ray_engine, "_SECONDS_UNTIL_TOLD", 0.001)
    assert list(connected(lambda: str, range(3))) == ["0", "1", "2"]
    assert len(told) == 1 and "No worker is ready yet, of 2" in told[0]


def test_an_error_is_raised_as_it_is(connected):
    def prepare():
        def divide(item):
            return 1 // item

        return divide

    with pytest.raises(ZeroDivisionError, match="by zero"):
        list(connected(prepare, [1, 0]))


def test_what_a_lost_worker_was_at_is_done_by_another(connected, told, tmp_path):
    prepare = dies_once(tmp_path / "flag")
    assert list(connected(prepare, range(40))) == [2 * number for number in range(40)]
    assert (tmp_path / "flag").exists() and len(told) == 1 and "was lost" in told[0] and len(told[0]) < 200
    kills = lambda: lambda item: os.kill(os.getpid(), signal.SIGKILL) if item == 5 else item  # noqa: E731
    found = []
    with pytest.raises(ChildProcessError, match=r"4 workers .* at the same records"):
        for item in connected(kills, range(40)):
            found.append(item)
    assert found == [*range(5)][: len(found)]  # what came with the news of the last loss is not given any more


def test_workers_that_do_not_start_are_told(connected, monkeypatch):
    def fail():
        raise FileNotFoundError("no checkpoint here")

    with pytest.raises(FileNotFoundError, match="no checkpoint here"):
        list(connected(fail, range(3)))
    with pytest.raises(ChildProcessError, match=r"No worker starts.* has to be installed on each"):
        list(connected(lambda: os.kill(os.getpid(), signal.SIGKILL), range(3)))
    monkeypatch.setattr(ray_engine, "__version__", "9.9")
    with pytest.raises(ValueError, match=r"has DicMT .*, and 9\.9 is at work here"):
        list(connected(lambda: str, range(3)))


def test_a_machine_that_is_lost_takes_no_item_with_it(cluster, told, tmp_path):
    machine = cluster.add_node(num_cpus=1, object_store_memory=10**8)

    def prepare():
        def lengthen(item):
            (tmp_path / str(os.getpid())).touch()
            while len(list(tmp_path.iterdir())) < 3:  # all three are at work before the first is done
                time.sleep(0.01)
            return str(item) * 10**5  # so large that it stays where it was made until it is asked for

        return lengthen

    def items():
        for number in range(40):
            if number == 20:
                cluster.remove_node(machine, allow_graceful=False)
            yield number

    with ray_cluster(cluster.address, 3, 1, False) as ray:
        found = list(ray.map(prepare, items(), 3, told.append))
    assert found == [str(number) * 10**5 for number in range(40)]
    assert any("was lost" in line for line in told)


def test_a_job_has_the_bytes_of_the_own_processes_when_a_worker_is_killed(
    cluster, checkpoint, records, tmp_path, monkeypatch, capfd
):
    (records / "a.jsonl").write_text(lines_of("a", 11) + "no record\n", encoding="utf-8")
    own, on_ray, flag, load = tmp_path / "own", tmp_path / "ray", tmp_path / "flag", run_predict.load_recognizer
    assert annotate(monkeypatch, checkpoint, records, own) == run_predict.SOME_FAILED

    def load_and_die(*arguments):
        recognize = load(*arguments)

        def die_once(texts):
            if not flag.exists():
                flag.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return recognize(texts)

        return die_once

    monkeypatch.setattr(run_predict, "load_recognizer", load_and_die)
    options = ("--engine", "ray", "--address", cluster.address, "--num_processes", 2)
    capfd.readouterr()
    assert annotate(monkeypatch, checkpoint, records, on_ray, *options) == run_predict.SOME_FAILED
    printed, said = capfd.readouterr()
    assert flag.exists() and "was lost" in (on_ray / "run.log").read_text(encoding="utf-8")
    assert results(on_ray) == results(own) and len(rows(on_ray / "a.jsonl")) == 11
    manifests = [{path.name: path.read_bytes() for path in out.rglob("shards/**/*.json")} for out in (own, on_ray)]
    assert manifests[0] == manifests[1] and len(manifests[0]) == 3
    assert printed == "" and "(raylet)" not in said and SENTENCE not in said


@pytest.mark.slow(seconds=40)
def test_a_killed_command_goes_on_with_either_engine(checkpoint, tmp_path, monkeypatch):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name, number in (("a", 40), ("b", 600)):
        (source / f"{name}.jsonl").write_text(lines_of(name, number), encoding="utf-8")
    monkeypatch.setattr(run_predict, "CHUNK_RECORDS", 8)  # as in a process that `start` gives
    assert annotate(monkeypatch, checkpoint, source, tmp_path / "whole") == 0
    expected = results(tmp_path / "whole")
    folder = tempfile.mkdtemp(prefix="ray")
    monkeypatch.setenv("RAY_TMPDIR", folder)
    process = start(checkpoint, source, out, "--engine", "ray", "--num_processes", 2)
    wait_for(process, out, sum(map(len, expected.values())) // 3)
    assert process.poll() is None, f"it ended before it was killed:\n{process.stderr.read()}"
    process.kill()
    process.communicate(timeout=60)
    assert results(out) != expected
    logs = [path for path in Path(folder).rglob("*") if path.is_file() and path.parent.name == "logs"]
    assert logs and not [path for path in logs if SENTENCE.encode() in path.read_bytes()]
    shutil.rmtree(folder)
    assert annotate(monkeypatch, checkpoint, source, out) == 0 and results(out) == expected
    assert "going on after" in (out / "run.log").read_text(encoding="utf-8")


def test_another_network_on_a_machine_is_told(checkpoint):
    parsed = run_predict.parse_arguments(
        (run_predict.PredictionArguments, run_predict.RecognitionArguments),
        None,
        ["--model_name_or_path", str(checkpoint), "--input", "x"],
    )
    loaded = run_predict.load_terms(*parsed)
    with pytest.raises(ValueError, match="is another network than where the job was started"):
        run_predict.load_recognizer(*parsed, *loaded, "0" * 64)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--address", "auto"), "--address is where --engine ray finds"),
        (("--engine", "spark"), "--engine"),
        (("--engine", "ray", "--address", "ray://head:10001"), "name the head of a Ray cluster as HOST:PORT"),
        (("--engine", "ray", "--address", "head"), "name the head of a Ray cluster as HOST:PORT"),
        (("--engine", "ray", "--address", "{free}"), "{free}: there is no Ray cluster"),
        (("--engine", "ray", "--device", "cuda:1"), "--device cuda:1: with --engine ray it is cpu or cuda"),
        (("--engine", "ray", "--num_processes", 0, "--device", "cuda", "--address", "{cluster}"), "and a GPU"),
    ],
)  # fmt: skip
def test_what_cannot_be_reached_or_does_not_go_together_is_told(
    cluster, checkpoint, records, tmp_path, monkeypatch, capsys, options, told
):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        fill = lambda text: str(text).replace("{free}", address).replace("{cluster}", cluster.address)  # noqa: E731
        out = tmp_path / "out"
        assert annotate(monkeypatch, checkpoint, records, out, *map(fill, options)) == 1
    said = capsys.readouterr().err
    assert fill(told) in said and said.count("error:") == 1 and not results(out)


@pytest.mark.parametrize(("installed", "told"), [(None, "needs Ray. Install"), ("2.9.3", "2.60 or newer, and 2.9.3")])
def test_a_ray_that_is_missing_or_old_is_told(checkpoint, records, tmp_path, monkeypatch, capsys, installed, told):
    def version(name):
        if installed is None:
            raise ray_engine.PackageNotFoundError(name)
        return installed

    monkeypatch.setattr(ray_engine, "version", version)
    assert annotate(monkeypatch, checkpoint, records, tmp_path / "out", "--engine", "ray") == 1
    said = capsys.readouterr().err
    assert told in said and 'pip install "dicmt[ray]"' in said and not (tmp_path / "out").exists()
