"""What surrounds a command: arguments, also from a JSON file, and errors that a user can act on."""

import json
import logging
import os
import sys
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import Field
from pathlib import Path
from typing import Any

from transformers import HfArgumentParser

logger = logging.getLogger(__name__)

# Set to see where an error comes from, instead of its message alone.
DEBUG_VARIABLE = "DICMT_DEBUG"


class HelpFormatter(ArgumentDefaultsHelpFormatter, RawDescriptionHelpFormatter):
    """Descriptions as they are written, defaults with each argument."""


class DataclassParser(HfArgumentParser):
    """Arguments from the fields of dataclasses, whose metadata may also hold what is not the parser's matter.

    `free`: the setting changes nothing about the weights that a training ends with. `private`: it names a place on this
    machine, or what is told elsewhere, and stands in no card.
    """

    @staticmethod
    def _parse_dataclass_field(parser: ArgumentParser, field: Field) -> None:
        shown = copy(field)
        shown.metadata = {name: value for name, value in field.metadata.items() if name not in ("free", "private")}
        HfArgumentParser._parse_dataclass_field(parser, shown)


def parse_arguments(
    classes: Sequence[type],
    description: str | None,
    arguments: Sequence[str] | None = None,
    program: str | None = None,
) -> tuple[Any, ...]:
    """Parse a command line into dataclasses; a first argument `….json` gives settings that later ones override.

    Args:
        classes: Dataclasses whose fields are the arguments.
        description: Text that `--help` begins with.
        arguments: The command line; default: the process's.
        program: What the command is called in its help; default: the process's name.

    Raises:
        ValueError: If the JSON file is no object of settings.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments and arguments[0].endswith(".json"):
        arguments = [*_settings_as_arguments(Path(arguments[0])), *arguments[1:]]
    parser = DataclassParser(
        classes, prog=program, description=description, allow_abbrev=False, formatter_class=HelpFormatter
    )
    return parser.parse_args_into_dataclasses(arguments, look_for_args_file=False)


def _settings_as_arguments(path: Path) -> list[str]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 (byte {error.start}): save the settings as UTF-8.") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}, line {error.lineno}: not JSON ({error.msg}).") from error
    if not isinstance(settings, dict):
        raise ValueError(f"{path}: expected an object of settings, {{'learning_rate': 0.001, …}}.")
    arguments = []
    for name, value in settings.items():
        if value is not None:
            values = value if isinstance(value, list) else [value]
            arguments += [f"--{name}", *(str(item) for item in values)]
    return arguments


def run_command(main: Callable[[], None], interrupted: str = "Interrupted.") -> None:
    """Run a command. What a user can mend ends it with one message and status 1, Ctrl-C with `interrupted` and 130."""
    try:
        main()
    except KeyboardInterrupt:
        _stop(interrupted, 130)
    except (ValueError, OSError, FloatingPointError, ImportError) as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        _stop(f"{error} (set {DEBUG_VARIABLE}=1 for a traceback)", 1)


def _stop(message: str, status: int) -> None:
    rank = os.environ.get("RANK", "0")
    process = "" if rank == "0" else f" (process {rank})"
    print(f"error{process}: {message}", file=sys.stderr, flush=True)
    sys.stdout.flush()
    raise SystemExit(status)
