"""Processes that start at once: they are forked from one that has imported torch, transformers and the like.

Imports are most of the time that a command takes for a few sentences. What is forked here is otherwise a process like
any other: it imports this package itself, is its own `__main__`, and can be killed. What is about imports, isolation or
several processes is tested with `subprocess`.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

HERE = Path(__file__).parent
POLL_SECONDS = 0.02
# What is read as Python starts and as libraries are imported: a server's processes agree about these.
READ_EARLY = re.compile("HF_(?!TOKEN)|HOME$|XDG_|TRANSFORMERS_|OMP_|MKL_|TORCH|CUDA|PYTHON(?!PATH)")
MOST_SERVERS = 4  # of half a gigabyte each, most of it shared with what they fork
START = f"import sys; sys.path.insert(0, {str(HERE)!r}); import warm_server; del sys.path[0]; warm_server.serve()"


class _Server:
    """The process that forks; it ends when nobody holds its input, at the latest with this process."""

    def __init__(self, environment: Mapping[str, str]):
        # A process that is forked has no threads but its own: there must not be others.
        environment = {**environment, "PYTHONPATH": "", "OPENBLAS_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", START], cwd="/", env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def ask(self, **request: object) -> int | None:
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the server has ended; its errors are among this process's"
        return json.loads(answer)

    def close(self) -> None:
        self.process.communicate()


_SERVERS: dict[tuple[tuple[str, str], ...], _Server] = {}  # the one used last stands last


def _server(environment: Mapping[str, str]) -> _Server:
    key = tuple(sorted(item for item in environment.items() if READ_EARLY.match(item[0])))
    _SERVERS[key] = _SERVERS.pop(key, None) or _Server(environment)
    while len(_SERVERS) > MOST_SERVERS:
        _SERVERS.pop(next(iter(_SERVERS))).close()
    return _SERVERS[key]


class _Running:
    """What one program and several of them have in common: it follows from `poll` and `send_signal`."""

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once all has ended."""
        deadline = time.monotonic() + (float("inf") if timeout is None else timeout)
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(type(self).__name__, timeout)
            time.sleep(POLL_SECONDS)
        return code

    def kill(self) -> None:
        """Kill what runs."""
        self.send_signal(signal.SIGKILL)


class WarmProcess(_Running):
    """A running Python program, with what is needed of `subprocess.Popen`.

    Args:
        arguments: What would follow `python`: a file, `-m` and a module, or `-c` and code, and what these are given.
        cwd: Its folder.
        environment: Its environment; default: this process's.
    """

    def __init__(self, arguments: Sequence[object], cwd: str | Path, environment: Mapping[str, str] | None = None):
        environment = dict(os.environ if environment is None else environment)
        self.returncode: int | None = None
        self._outputs = [tempfile.NamedTemporaryFile(mode="w+", encoding="utf-8", errors="replace") for _ in range(2)]
        self._server = _server(environment)
        self.pid = self._server.ask(
            arguments=list(map(str, arguments)),
            cwd=str(cwd),
            environment=environment,
            outputs=[output.name for output in self._outputs],
        )

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        if self.returncode is None:
            self.returncode = self._server.ask(look=self.pid)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it wrote to its output and to its errors, once it has ended."""
        self.wait(timeout)
        outputs = []
        for output in self._outputs:
            output.seek(0)
            outputs.append(output.read())
        return tuple(outputs)

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


class WarmRanks(_Running):
    """A Python program that processes run together, as `torchrun` would start it; with what `WarmProcess` has.

    Args:
        arguments: As of `WarmProcess`.
        cwd: Their folder.
        environment: Their environment but for what tells them of each other.
        size: How many they are.
    """

    def __init__(self, arguments: Sequence[object], cwd: str | Path, environment: Mapping[str, str], size: int = 2):
        with socket.create_server(("127.0.0.1", 0)) as free:
            place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1]), "WORLD_SIZE": str(size)}
        self.ranks = [
            WarmProcess(arguments, cwd, {**environment, **place, "RANK": str(rank), "LOCAL_RANK": str(rank)})
            for rank in range(size)
        ]

    @property
    def returncode(self) -> int | None:
        """0 if all have ended well, the exit code of one that has not, None while one runs."""
        codes = [rank.returncode for rank in self.ranks]
        return None if None in codes else next((code for code in codes if code), 0)

    def poll(self) -> int | None:
        """Their exit code as of `returncode`; if one has failed, the others are killed."""
        if any([rank.poll() for rank in self.ranks]):
            self.kill()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What all of them wrote, once all have ended."""
        self.wait(timeout)
        return tuple(map("".join, zip(*(rank.communicate() for rank in self.ranks), strict=True)))

    def send_signal(self, number: int) -> None:
        """Send all of them a signal."""
        for rank in self.ranks:
            rank.send_signal(number)


def workers_of(process: WarmProcess | subprocess.Popen) -> list[int]:
    """The numbers of the processes that work for a program, whichever way it starts them: those that start no other."""
    below = psutil.Process(process.pid).children(recursive=True)
    return [one.pid for one in below if not one.children() and not any("resource_tracker" in w for w in one.cmdline())]


def run_warm(
    arguments: Sequence[object], cwd: str | Path, environment: Mapping[str, str] | None = None, timeout: float = 600
) -> subprocess.CompletedProcess:
    """Run a program to its end, as `subprocess.run` would, which captures its output as text."""
    process = WarmProcess(arguments, cwd, environment)
    try:
        stdout, stderr = process.communicate(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return subprocess.CompletedProcess(list(arguments), process.returncode, stdout, stderr)
