"""The parts of a job on the machines of a Ray cluster: what `map_in_processes` does on one, with the same results.

Parts are given to Ray's actors one by one, and this process keeps the job's folder. Why not a dataset of Ray Data: its
source either holds all rows before the first is worked on (`from_items`), or is read by Ray's own tasks, again where
one was lost, so that records would have to lie where each machine reads them. Here no other machine needs the input or
the output. What it costs is one process that reads, sends and writes; docs/annotating.md says how many workers it
feeds.

`ray.util.ActorPool` reads all items before it gives a result. Ray's own retries (`max_restarts`, `max_task_retries`)
bind a part to its actor and wait, perhaps for ever, for a machine that does not come back: here the parts of an actor
that is lost go to the next that has time, and another actor takes its place as soon as there is room for it.
"""

import os
import pickle
import socket
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, redirect_stdout, suppress
from importlib.metadata import PackageNotFoundError, version
from itertools import chain, islice
from typing import Any

from .. import __version__
from ..commands.processes import Item, Result, available_cores

# The least version of Ray, which the interface used here is that of.
_LEAST_RAY = (2, 60)
# Parts that an actor has at a time, so that it need not wait for the next, and for each actor those ahead of the one
# that is to be written: what is in memory at most, here and in the cluster.
_PARTS_AT_ONCE, _PARTS_AHEAD = 2, 4
# How often a part may be lost with its actor before it is what ends them; how many may fail to start in succession.
_MAX_LOST = 4
_SECONDS_TO_CONNECT = 10
_SECONDS_UNTIL_TOLD = 30

Outcome = tuple[Exception | None, str, Any]


def check_ray(address: str | None) -> None:
    """Find out without importing Ray whether it is there, and whether a cluster may be.

    Args:
        address: As of `ray_cluster`.

    Raises:
        ImportError: If Ray is not installed, or is too old.
        ValueError: If the address is none.
        ConnectionError: If nobody answers there.
    """
    install = 'Install it with: pip install "dicmt[ray]"'
    try:
        installed = version("ray")
    except PackageNotFoundError as error:
        raise ImportError(f"--engine ray needs Ray. {install}") from error
    if tuple(int(number) for number in installed.split(".")[:2]) < _LEAST_RAY:
        least = ".".join(map(str, _LEAST_RAY))
        raise ImportError(f"--engine ray needs Ray {least} or newer, and {installed} is installed. {install}")
    if address is None or address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal()) or "/" in host:
        raise ValueError(
            f"--address {address}: name the head of a Ray cluster as HOST:PORT, as `ray start --head` tells it; auto "
            "where this machine is of one; or leave it out to use this machine alone."
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS_TO_CONNECT).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise ConnectionError(f"--address {address}: there is no Ray cluster ({error}).") from error


class RayCluster:
    """A cluster that this process is connected to; see `ray_cluster`.

    Attributes:
        num_workers: Actors that share the work.
    """

    def __init__(self, num_workers: int, cpu_threads: int, on_gpu: bool, may_grow: bool):
        import ray

        self._resources = {"num_cpus": max(1, cpu_threads), "num_gpus": int(on_gpu)}
        of_nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        room = 0
        for resources in of_nodes:
            of_node = int(resources.get("CPU", 0)) // self._resources["num_cpus"]
            room += min(of_node, int(resources.get("GPU", 0))) if on_gpu else of_node
        if not room and not (num_workers and may_grow):
            needed = f"{self._resources['num_cpus']} CPU cores" + (" and a GPU" if on_gpu else "")
            raise ValueError(
                f"Each worker needs {needed}, which none of the Ray cluster's machines ({len(of_nodes)}) has. For "
                "machines that join it when they are needed, --num_processes says how many workers to wait for."
            )
        self.num_workers = num_workers or room

    def map(
        self,
        prepare: Callable[[], Callable[[Item], Result]],
        items: Iterable[Item],
        num_workers: int,
        tell: Callable[[str], Any],
    ) -> Iterator[Result]:
        """What `map_in_processes` does, on the cluster.

        Args:
            prepare: Gives the function, once in each actor. It, items, results and what is raised must be picklable.
            items: Read as they are needed, at most a few an actor ahead of the results.
            num_workers: How many actors.
            tell: Gets lines about workers that are lost, or do not come.

        Raises:
            ChildProcessError: If workers end before their work does, however often others take it over.
        """
        with closing(_Actors(prepare, self._resources, tell)) as actors:
            yield from _exchange(actors, iter(items), num_workers)


@contextmanager
def ray_cluster(address: str | None, num_workers: int, cpu_threads: int, on_gpu: bool) -> Iterator[RayCluster]:
    """Be connected to a cluster meanwhile, or have Ray run on this machine alone.

    Args:
        address: HOST:PORT of the head, auto, or None for this machine alone.
        num_workers: Actors that share the work; 0 for as many as the cluster has room for.
        cpu_threads: Cores that each of them takes.
        on_gpu: Whether each takes a GPU as well.

    Raises:
        ConnectionError: If there is no cluster, or one of other versions.
        ValueError: If it has no room for a worker.
    """
    # Read when Ray is imported: figures of its use would go to its makers; a hint about a later version.
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    import ray

    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address is None:
        cores = max(available_cores(), num_workers * max(1, cpu_threads))
        options |= {"num_cpus": cores, "include_dashboard": False}
    try:
        ray.init(address or "local", **options)
    except (RuntimeError, OSError, SystemExit) as error:  # it ends the process where something else answers
        told = "what answers there is no cluster" if isinstance(error, SystemExit) else " ".join(str(error).split())
        raise ConnectionError(
            f"--engine ray{f' --address {address}' if address else ''}: {told} The command runs on a machine of the "
            "cluster, with its versions of Ray and Python."
        ) from error
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):  # where Ray prints what becomes of its processes
        try:
            yield RayCluster(num_workers, cpu_threads, on_gpu, may_grow=address is not None)
        finally:
            ray.shutdown()


def _exchange(actors: "_Actors", items: Iterator[Any], num_workers: int) -> Iterator[Any]:
    first = list(islice(items, num_workers))  # no more actors than there is work for
    for _ in first:
        actors.start()
    numbered = enumerate(chain(first, items))
    upcoming, due, finished = next(numbered, None), 0, {}
    while upcoming is not None or actors.has_work or finished:
        actors.give_again()
        while upcoming is not None and actors.has_time and upcoming[0] < due + _PARTS_AHEAD * num_workers:
            actors.give(*upcoming)
            upcoming = next(numbered, None)
        if due in finished:
            yield finished.pop(due)
            due += 1
            continue
        finished |= actors.results()


class _Worker:
    """What an actor is. Errors are its results, since what is raised, Ray writes to its logs."""

    def __init__(self) -> None:
        self._function: Callable[[Any], Any] | None = None

    def prepare(self, pickled: bytes, expected: str) -> Outcome:
        def prepare() -> None:
            if __version__ != expected:
                raise ValueError(
                    f"{socket.gethostname()} has DicMT {__version__}, and {expected} is at work here: install the same "
                    "on each machine of the cluster."
                )
            self._function = pickle.loads(pickled)()

        return _outcome(prepare)

    def apply(self, item: Any) -> Outcome:
        return _outcome(self._function, item)


def _outcome(function: Callable[..., Any], *arguments: Any) -> Outcome:
    try:
        return None, "", function(*arguments)
    except Exception as error:
        return error, traceback.format_exc(), None


class _Actors:
    """The actors, and which item is where.

    Args:
        prepare: Gives the function, in each.
        resources: What each takes, as options of Ray.
        tell: As of `RayCluster.map`.
    """

    def __init__(self, prepare: Callable[[], Callable], resources: dict[str, int], tell: Callable[[str], Any]):
        import ray

        self._ray, self._tell = ray, tell
        # No retries of Ray's, see above.
        self._class = ray.remote(_Worker).options(max_restarts=0, max_task_retries=0, **resources)
        self._prepare = ray.put(ray.cloudpickle.dumps(prepare))
        self._starting: dict[Any, Any] = {}  # reference to its being ready → actor
        self._load: dict[Any, int] = {}  # actor that is ready → items that it has
        self._given: dict[Any, tuple[Any, int]] = {}  # reference to a result → actor, number of the item
        self._items: dict[int, Any] = {}  # those without a result, by their numbers
        self._again: deque[int] = deque()
        self._times_lost: dict[int, int] = {}
        self._failed_starts = 0
        self._is_waiting = False

    @property
    def has_work(self) -> bool:
        """Whether there are items without a result."""
        return bool(self._items)

    @property
    def has_time(self) -> bool:
        """Whether an actor can be given an item."""
        return any(load < _PARTS_AT_ONCE for load in self._load.values())

    def start(self) -> None:
        """Have one more actor, once the cluster has room for it."""
        actor = self._class.remote()
        self._starting[actor.prepare.remote(self._prepare, __version__)] = actor

    def give(self, number: int, item: Any) -> None:
        """Have an actor work on an item; one of them must have time."""
        self._items[number] = item
        actor = min(self._load, key=self._load.__getitem__)
        self._load[actor] += 1
        self._given[actor.apply.remote(item)] = actor, number

    def give_again(self) -> None:
        """Have other actors work on what was lost."""
        while self._again and self.has_time:
            number = self._again.popleft()
            self.give(number, self._items[number])

    def results(self) -> dict[int, Any]:
        """Wait for something to happen, and give the results that are there, by the items' numbers.

        Raises:
            ChildProcessError: See `RayCluster.map`.
            Exception: What the function raised.
        """
        found: dict[int, Any] = {}
        done, _ = self._ray.wait([*self._starting, *self._given], timeout=_SECONDS_UNTIL_TOLD)
        if not done and not self._load and not self._is_waiting:
            self._is_waiting = True
            self._tell(
                f"No worker is ready yet, of {len(self._starting):,}: they load the network, or wait for room on the "
                "Ray cluster."
            )
        for reference in done:
            is_start = reference in self._starting
            if not is_start and reference not in self._given:  # its actor was found to be lost
                continue
            actor = self._starting[reference] if is_start else self._given[reference][0]
            try:
                error, trace, result = self._ray.get(reference)
            except self._ray.exceptions.RayError as lost:
                self._replace(actor, lost)
                continue
            if error is not None:
                raise error from RuntimeError(f"in a worker of the Ray cluster:\n{trace}")
            if is_start:
                del self._starting[reference]
                self._load[actor], self._failed_starts, self._is_waiting = 0, 0, False
            else:
                _, number = self._given.pop(reference)
                self._load[actor] -= 1
                del self._items[number]
                found[number] = result
        return found

    def _replace(self, actor: Any, lost: Exception) -> None:
        """Take an actor's items back and start another one.

        Raises:
            ChildProcessError: If that has been done too often.
        """
        told = str(lost).strip().splitlines() or [type(lost).__name__]
        reason = f"{told[-1].strip().partition('. ')[0].rstrip('.')}."  # the rest is advice on running Ray
        was_ready = self._load.pop(actor, None) is not None
        self._starting = {reference: other for reference, other in self._starting.items() if other is not actor}
        numbers = sorted(number for other, number in self._given.values() if other is actor)
        self._given = {reference: given for reference, given in self._given.items() if given[0] is not actor}
        self._end(actor)
        for number in numbers:
            self._times_lost[number] = self._times_lost.get(number, 0) + 1
            if self._times_lost[number] == _MAX_LOST:
                raise ChildProcessError(
                    f"{_MAX_LOST} workers of the Ray cluster ended at the same records ({reason} Often memory ran out: "
                    "use fewer workers then)."
                )
        self._again.extendleft(reversed(numbers))
        self._failed_starts += not was_ready
        if self._failed_starts < _MAX_LOST:
            self._tell(f"A worker of the Ray cluster was lost, and another takes its place ({reason})")
            self.start()
        elif not self._load and not self._starting:
            raise ChildProcessError(
                f"No worker starts on the Ray cluster ({reason} DicMT {__version__} has to be installed on each of its "
                "machines)."
            )
        else:
            self._tell(f"A worker of the Ray cluster did not start; the others go on ({reason})")

    def close(self) -> None:
        """End all actors."""
        for actor in (*self._starting.values(), *self._load):
            self._end(actor)

    def _end(self, actor: Any) -> None:
        with suppress(self._ray.exceptions.RayError):
            self._ray.kill(actor)
