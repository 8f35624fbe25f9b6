"""Work on a stream in several processes, with functions that a fresh process can import."""

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import pytest

from modeling_dicmt.commands.processes import _LONGEST_FOLDER, available_cores, map_in_processes

ROOT = Path(__file__).parents[2]
LATEST = 20


def run_elsewhere(code, *folders, **environment):
    """Run code that can import this module, and those of some folders, in a new Python."""
    environment = os.environ | environment
    environment["PYTHONPATH"] = os.pathsep.join(map(str, [ROOT, Path(__file__).parent, *folders]))
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)


def prepare(fail_at=None, kill_at=None):
    if fail_at == "start":
        raise ValueError("cannot be prepared")

    def function(item):
        if item == fail_at:
            raise KeyError(item)
        if item == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        # The first item takes so long that all others could be done before it.
        return item, sum(range(10_000_000 if item == 0 else 100_000)), os.getpid()

    return function


@pytest.mark.parametrize("num_processes", [1, 2, 3])
def test_results_are_in_the_items_order_and_few_items_are_under_way(num_processes):
    taken = []

    def items():
        for item in range(LATEST):
            taken.append(item)
            yield item

    results = []
    for result in map_in_processes(prepare, items(), num_processes):
        results.append(result)
        assert len(taken) <= len(results) + 5 * num_processes
    assert [item for item, _, _ in results] == list(range(LATEST))
    processes = {process for _, _, process in results}
    assert processes == {os.getpid()} if num_processes == 1 else len(processes) == num_processes
    assert multiprocessing.active_children() == []


def prepare_to_count_frozen():
    return lambda item: gc.get_freeze_count()


@pytest.mark.parametrize("num_processes", [1, 2])
def test_what_is_loaded_is_no_garbage_to_look_for_while_it_is_used(num_processes):
    before = gc.get_freeze_count()
    assert min(map_in_processes(prepare_to_count_frozen, range(3), num_processes)) > before + 1000
    assert gc.get_freeze_count() == before


def prepare_to_meet(signal_file):
    def function(item):
        if item == 5:
            signal_file.touch()
        deadline = time.monotonic() + 20
        while item == 0 and not signal_file.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        return signal_file.exists()

    return function


def test_a_process_goes_on_while_another_is_at_one_item(tmp_path):
    assert next(map_in_processes(partial(prepare_to_meet, tmp_path / "sixth"), range(LATEST), 2))


def test_there_are_no_more_processes_than_items():
    assert [item for item, _, _ in map_in_processes(prepare, [LATEST - 1], 50)] == [LATEST - 1]
    assert list(map_in_processes(prepare, [], 50)) == []


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (partial(prepare, fail_at="start"), ValueError("cannot be prepared")),
        (partial(prepare, fail_at=4), KeyError(4)),
    ],
)
def test_an_error_there_is_the_same_error_here(function, error):
    with pytest.raises(type(error)) as raised:
        list(map_in_processes(function, range(LATEST), 2))
    assert raised.value.args == error.args
    assert "in prepare" in str(raised.value.__cause__) or "in function" in str(raised.value.__cause__)
    assert multiprocessing.active_children() == []


def test_a_killed_process_ends_the_whole():
    with pytest.raises(ChildProcessError, match=r"ended before its work was done \(status -9"):
        list(map_in_processes(partial(prepare, kill_at=5), range(LATEST), 2))
    assert multiprocessing.active_children() == []


def test_an_error_of_the_items_ends_the_processes():
    def items():
        yield from range(5)
        raise ValueError("a bad record")

    with pytest.raises(ValueError, match="a bad record"):
        list(map_in_processes(prepare, items(), 2))
    assert multiprocessing.active_children() == []


def test_processes_end_with_whoever_started_them():
    """The pipe to here is open as long as one of them lives."""
    code = """
import os, signal
from test_processes import map_in_processes, prepare
if __name__ == "__main__":
    for result in map_in_processes(prepare, iter(int, 1), 2):
        os.kill(os.getpid(), signal.SIGKILL)
"""
    assert run_elsewhere(code).returncode == -signal.SIGKILL


def prepare_to_tell_origin(module):
    return lambda item: (os.getpid(), os.getppid(), module in sys.modules)


@pytest.mark.skipif(sys.platform != "linux", reason="a server is there on Linux")
def test_what_is_imported_is_imported_once_and_not_by_this_process():
    code = """
import os, sys
from test_processes import map_in_processes, partial, prepare_to_tell_origin
if __name__ == "__main__":
    done = list(map_in_processes(partial(prepare_to_tell_origin, "colorsys"), range(20), 2, ["no_such", "colorsys"]))
    assert all(is_imported for _, _, is_imported in done) and "colorsys" not in sys.modules
    (parent,) = {parent for _, parent, _ in done}
    assert len({process for process, _, _ in done}) == 2 and parent != os.getpid()
"""
    done = run_elsewhere(code)
    assert done.returncode == 0 and not done.stderr


def test_a_system_without_servers_can_import_what_starts_processes():
    done = run_elsewhere("import sys; sys.modules['multiprocessing.forkserver'] = None; import test_processes")
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="a server is there on Linux")
def test_an_interrupt_while_libraries_are_imported_is_not_lost_and_told_once(tmp_path):
    (tmp_path / "slow_library.py").write_text("import time; time.sleep(1.5)", encoding="utf-8")
    code = """
import os, signal
from test_processes import map_in_processes, prepare
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    signal.setitimer(signal.ITIMER_REAL, 0.7)
    try:
        list(map_in_processes(prepare, iter(int, 1), 2, ["slow_library"]))
    except KeyboardInterrupt:
        print("interrupted")
"""
    done = run_elsewhere(code, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")


@pytest.mark.parametrize("reason", ["system", "python", "folder"])
def test_where_no_server_can_be_each_process_starts_from_nothing(reason, monkeypatch, tmp_path):
    if reason == "system":
        monkeypatch.setattr(sys, "platform", "darwin")
    elif reason == "python":
        monkeypatch.setattr(sys, "version_info", (3, 10, 12))
    else:
        (tmp_path / ("a" * 90)).mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("a" * 90)))
    done = list(map_in_processes(partial(prepare_to_tell_origin, "os"), range(5), 2))
    assert {parent for _, parent, _ in done} == {os.getpid()}


@pytest.mark.skipif(sys.platform != "linux", reason="a server is there on Linux")
def test_a_server_s_socket_fits_into_the_longest_folder_that_is_taken():
    code = """
import os
from test_processes import map_in_processes, partial, prepare_to_tell_origin
if __name__ == "__main__":
    done = list(map_in_processes(partial(prepare_to_tell_origin, "os"), range(5), 2))
    assert os.getpid() not in {parent for _, parent, _ in done}
"""
    with tempfile.TemporaryDirectory() as folder:
        folder = os.path.join(folder, "a" * (_LONGEST_FOLDER - len(folder) - 1))
        os.mkdir(folder)
        assert len(folder) == _LONGEST_FOLDER
        done = run_elsewhere(code, TMPDIR=folder)
    assert done.returncode == 0, done.stderr


def test_cores_are_those_that_may_be_used(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    assert available_cores() == 2
