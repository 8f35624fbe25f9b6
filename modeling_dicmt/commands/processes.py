"""A stream of work on the whole machine: several processes, results in order, and no more in memory than is under way.

Small networks gain nothing from threads, which wait for each other as soon as another program is there; processes of
one thread each do not.
"""

import gc
import multiprocessing
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain, islice
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from typing import Any, TypeVar

# Results a process that may wait for an earlier one: as long as one process is at its start, at a large item, or beside
# another program, the others go on.
_FINISHED_A_PROCESS = 3
# A socket in the folder of temporary files has a name of at most 107 bytes, of which 32 are Python's.
_LONGEST_FOLDER = 75

LIBRARIES_OF_NETWORKS = ("torch", "transformers.modeling_utils", "safetensors.torch", "torchcrf")
"""What takes most of the start of a process that loads a network."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_in_processes(
    prepare: Callable[[], Callable[[Item], Result]],
    items: Iterable[Item],
    num_processes: int,
    libraries: Sequence[str] = (),
) -> Iterator[Result]:
    """Apply a function to items, and give the results in the items' order, whichever is done first.

    The processes end with the iterator: at its end, at an error, and when it is closed.

    Args:
        prepare: Gives the function, once in each process. With several processes it, items, results and what is raised
            must be picklable.
        items: Read as they are needed, at most a few a process ahead of the results.
        num_processes: With 1 all is done in this process.
        libraries: As of `start_server`, which is called unless it was.

    Raises:
        ChildProcessError: If a process ends before its work does, say because it was killed.
    """
    if num_processes == 1:
        function = _prepared(prepare)
        try:
            yield from map(function, items)
        finally:
            gc.unfreeze()
        return
    items = iter(items)
    first = list(islice(items, num_processes))  # no more processes than there is work for
    workers = {}
    context = start_server(libraries)
    try:
        for _ in first:
            connection, process = _start(prepare, context)
            workers[connection] = process
        yield from _exchange(workers, chain(first, items))
    finally:
        for process in workers.values():
            process.kill()
        for process in workers.values():
            process.join()


def start_server(libraries: Sequence[str]) -> BaseContext:
    """How processes are started: each from nothing, or, where the system bears it, forked from a server.

    The server is a process that has imported the libraries and has no threads. It does so while this one goes on, and
    ends with it.

    Args:
        libraries: Modules that each process will import; those of the first call count.
    """
    # Other systems' own libraries do not bear being forked, and earlier Pythons' servers listen to any user.
    can_fork = sys.platform == "linux" and sys.version_info >= (3, 11)
    if not can_fork or len(os.fsencode(tempfile.gettempdir())) > _LONGEST_FOLDER:
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver  # which not every system has

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(libraries))
    with _interrupts_ignored():  # by the server and all that it forks
        forkserver.ensure_running()
    return context


def _exchange(workers: dict[Connection, multiprocessing.Process], items: Iterable[Any]) -> Iterator[Any]:
    numbered = enumerate(items)
    upcoming = next(numbered, None)
    idle, under_way, finished, due = list(workers), {}, {}, 0
    while upcoming is not None or under_way or finished:
        while upcoming is not None and idle and len(finished) < _FINISHED_A_PROCESS * len(workers):
            connection = idle.pop()
            _call(workers[connection], connection.send, upcoming[1])
            under_way[connection] = upcoming[0]
            upcoming = next(numbered, None)
        if due in finished:
            yield finished.pop(due)
            due += 1
            continue
        for connection in wait(list(under_way)):
            error, trace, result = _call(workers[connection], connection.recv)
            if error is not None:
                raise error from RuntimeError(f"in a worker process:\n{trace}")
            finished[under_way.pop(connection)] = result
            idle.append(connection)


def _call(process: multiprocessing.Process, method: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return method(*arguments)
    except (EOFError, ConnectionError) as error:
        process.join()
        raise ChildProcessError(
            f"A worker process ended before its work was done (status {process.exitcode}; a negative number is the "
            "signal that killed it, and -9 often means that memory ran out: use fewer processes then)."
        ) from error


def _start(prepare: Callable, context: BaseContext) -> tuple[Connection, multiprocessing.Process]:
    connection, far_end = context.Pipe()
    process = context.Process(target=_work, args=(prepare, far_end), daemon=True)
    # A new process inherits it that interrupts are ignored: Ctrl-C is this one's matter. From a server it does anyway,
    # and Ctrl-C while that is waited for must not be lost, nor leave a process half started.
    with _interrupts_ignored() if context.get_start_method() == "spawn" else _interrupts_deferred():
        process.start()
    far_end.close()  # else the end of the process could not be seen
    return connection, process


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _interrupts_deferred() -> Iterator[None]:
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        signal.raise_signal(signal.SIGINT)


def _prepared(prepare: Callable[[], Callable[[Item], Result]]) -> Callable[[Item], Result]:
    """The function; what is loaded with it is not looked through for garbage again and again while it works."""
    function = prepare()
    gc.collect()
    gc.freeze()
    return function


def _work(prepare: Callable[[], Callable[[Any], Any]], connection: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it is not inherited
    function = None
    with suppress(EOFError, ConnectionError):  # the other end is gone
        while True:
            item = connection.recv()
            try:
                function = function or _prepared(prepare)
                answer = (None, None, function(item))
            except Exception as error:
                answer = (error, traceback.format_exc(), None)
            connection.send(answer)
