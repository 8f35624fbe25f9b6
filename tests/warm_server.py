"""A process that has imported what is slow to import, none of it this package's, and forks into any program.

Started by `warm_process`. A line on its standard input is a request: a program to become, answered by the number of the
process, or a process to look after, answered by its exit code, null while it runs. It ends with its input.
"""

import gc
import json
import os
import runpy
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from multiprocessing import util
from typing import Any

MODULES = (
    *("numpy", "pandas", "pyarrow", "scipy.stats", "jinja2", "yaml", "tqdm.auto", "huggingface_hub"),
    *("torch", "torch.optim", "torch.distributed", "torchcrf", "safetensors.torch", "tokenizers", "accelerate"),
    *("transformers.modeling_utils", "transformers.pipelines", "datasets", "evaluate"),
)


def serve() -> None:
    """Answer requests until there are no more; in a process that was asked for, be that program."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for module in MODULES:
        import_module(module)
    gc.freeze()
    while line := _line():
        request = json.loads(line)
        if "look" in request:
            number, status = os.waitpid(request["look"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if number else None
        else:
            answer = os.fork()
            if not answer:
                answers.close()
                _become(**request)
                return
        print(json.dumps(answer), file=answers, flush=True)


def _line() -> bytes:
    """The next line of the input, read byte by byte, so that nothing of the one after it is in a forked process."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(0, 1)):
        line += byte
    return line


def _become(arguments: list[str], cwd: str, environment: dict[str, str], outputs: list[str]) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    util.spawnv_passfds = _fork_instead_of_spawning
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for number, name in enumerate((os.devnull, *outputs)):
        stream = os.open(name, os.O_RDWR | os.O_APPEND)
        os.dup2(stream, number)
        os.close(stream)
    paths = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    program, *rest = arguments
    main: dict[str, Any] = sys.modules["__main__"].__dict__
    if program in ("-m", "-c"):
        name, *rest = rest
        sys.path[:] = [cwd, *paths, *sys.path]
        sys.argv = [program, *rest]
        if program == "-m":
            runpy.run_module(name, run_name="__main__", alter_sys=True)
        else:
            exec(name, main)
    else:
        main["__file__"] = os.path.abspath(program)
        sys.path[:] = [os.path.dirname(main["__file__"]), *paths, *sys.path]
        sys.argv = arguments
        with open(program, encoding="utf-8") as source:
            code = compile(source.read(), program, "exec")
        exec(code, main)


def _fork_instead_of_spawning(path: bytes, arguments: Sequence[str], kept: Sequence[int]) -> int:
    """What `multiprocessing` starts another Python with: a worker of a program, or what workers are forked from.

    It is given all that another Python would be given, and has nothing else of the program but its modules. The number
    of its process is returned.
    """
    code = arguments[arguments.index("-c") + 1]
    if "resource_tracker" in code:  # it watches over what others leave behind, and imports little
        return _spawn(path, arguments, kept)
    worker = os.fork()
    if worker:
        return worker
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for one in set(map(int, os.listdir("/dev/fd"))) - {0, 1, 2, *kept}:
            with suppress(OSError):  # the one that the list was read with
                os.close(one)
        sys.argv = ["-c", *arguments[arguments.index("-c") + 2 :]]
        exec(code, {"__name__": "__main__"})
    except SystemExit as end:
        status = end.code or 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


_spawn = util.spawnv_passfds
