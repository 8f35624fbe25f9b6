"""What surrounds a command: arguments, also from a JSON file, and errors that a user can act on."""

import logging
import os
import sys
from argparse import (
    SUPPRESS,
    Action,
    ArgumentDefaultsHelpFormatter,
    ArgumentParser,
    Namespace,
    RawDescriptionHelpFormatter,
    _ArgumentGroup,
)
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import MISSING, Field, fields
from difflib import SequenceMatcher
from io import TextIOWrapper
from pathlib import Path
from typing import Any, get_type_hints

from transformers.hf_argparser import HfArgumentParser

from .. import __version__
from ..files import read_json

logger = logging.getLogger(__name__)

# Set to see where an error comes from, instead of its message alone.
DEBUG_VARIABLE = "DICMT_DEBUG"

# Status of a program that SIGPIPE ends, as a shell shows it.
_BROKEN_PIPE = 141

# What a field's metadata may hold that is not argparse's matter.
_OWN_METADATA = ("free", "private", "rare", "minimum", "maximum", "above", "below")
_METAVARS = {int: "N", float: "X", bool: "True|False"}
# How alike an unknown option and a known one must be, from 0 to 1, for the known one to be suggested.
_ALIKE = 0.7


class HelpFormatter(ArgumentDefaultsHelpFormatter, RawDescriptionHelpFormatter):
    """Descriptions as they are written, an option a line, its default with it if there is one."""

    def __init__(self, prog: str):
        super().__init__(prog, max_help_position=40)

    def _get_help_string(self, action: Action) -> str | None:
        return action.help if action.default in (None, False) else super()._get_help_string(action)


class DataclassParser(HfArgumentParser):
    """Options from the fields of dataclasses: required ones first, in each group everyday ones before rare ones.

    A field's metadata is what argparse takes, and:

    - `rare=True`: stands in `--help_all` only;
    - `minimum`, `maximum`, `above`, `below`: bounds of its numbers, see `check_bounds`;
    - `free=True`: changes nothing about the weights that a training ends with;
    - `private=True`: names a place on this machine, or what is told elsewhere, and stands in no card.

    Args:
        dataclass_types: The dataclasses; each is a group of options, `_argument_group_name` its heading.
        options: Those of `argparse.ArgumentParser`.
    """

    def __init__(self, dataclass_types: Sequence[type], **options: Any):
        self._required: _ArgumentGroup | None = None
        options = {"formatter_class": HelpFormatter, "usage": SUPPRESS, "allow_abbrev": False} | options
        super().__init__(dataclass_types, add_help=False, **options)
        about = self.add_argument_group("about")
        about.add_argument("-h", "--help", action=_ShowHelp, help="Show the options that are needed most days.")
        about.add_argument("--help_all", action=_ShowHelp, const=True, help="Show all options.")
        about.add_argument("--version", action="version", version=f"DicMT {__version__}", help="Show the version.")

    def error(self, message: str) -> None:
        """Raise what argparse would print below a usage of a hundred lines."""
        raise ValueError(f"{message.removeprefix('argument ').rstrip('.')}. --help shows the options.")

    def parse_args_into_dataclasses(self, args: Sequence[str] | None = None, **_: Any) -> tuple[Any, ...]:
        """The dataclasses, and a namespace of what was added to the parser besides, if anything was.

        Raises:
            ValueError: For anything that is wrong with an option: names it and, if it is misspelt, what is like it.
        """
        args = list(sys.argv[1:] if args is None else args)
        for name in (item.partition("=")[0] for item in args if item.startswith("--") and item != "--"):
            if name not in self._option_string_actions:
                alike = " or ".join(self._similar(name))
                hint = f"Did you mean {alike}?" if alike else "--help shows those that there are, --help_all even all."
                raise ValueError(f"There is no option {name}. {hint}")
        *parsed, rest = super().parse_args_into_dataclasses(
            args, return_remaining_strings=True, look_for_args_file=False
        )
        if rest:
            is_file = rest[0].endswith(".json")
            advice = "a file of settings goes first" if is_file else "each begins with --. --help shows them"
            raise ValueError(f"{' '.join(rest)} belongs to no option: {advice}.")
        for of_class in parsed:
            if not isinstance(of_class, Namespace):
                check_bounds(of_class)
        return tuple(parsed)

    def _similar(self, name: str) -> list[str]:
        """At most three options that may have been meant, the likeliest first; everyday ones before rare ones."""
        words = name.lstrip("-").replace("-", "_")

        def likeness(action: Action) -> float:
            of_option = action.dest.split("_")
            by_words = [max(_likeness(word, other) for other in of_option) for word in words.split("_")]
            return max(_likeness(words, action.dest), sum(by_words) / len(by_words))

        found = [(likeness(action), not _is_rare(action), action) for action in self._actions if action.option_strings]
        best = sorted((item for item in found if item[0] >= _ALIKE), key=lambda item: item[:2], reverse=True)
        return [action.option_strings[-1] for _, _, action in best[:3]]

    def _add_dataclass_arguments(self, dtype: type) -> None:
        if self._required is None:
            self._required = self.add_argument_group("required")
        group = self.add_argument_group(getattr(dtype, "_argument_group_name", dtype.__name__))
        types = get_type_hints(dtype)
        for item in sorted(fields(dtype), key=lambda item: bool(item.metadata.get("rare"))):
            field = copy(item)
            field.type = types[item.name]
            field.metadata = {name: value for name, value in item.metadata.items() if name not in _OWN_METADATA}
            is_required = item.default is MISSING and item.default_factory is MISSING
            self._parse_dataclass_field(_OneSpelling(self._required if is_required else group, item), field)


class _OneSpelling:
    """Takes the options of a field as `HfArgumentParser` makes them and passes on the one that bears its name."""

    def __init__(self, group: _ArgumentGroup, field: Field):
        self._group, self._field = group, field

    def add_argument(self, *names: str, **options: Any) -> None:
        name = f"--{self._field.name}"
        if names[0] != name:  # the complement `--no_…` of a flag
            return
        if not options.get("choices"):
            kind = bool if "const" in options else options.get("type")
            options.setdefault("metavar", _METAVARS.get(kind, "TEXT"))
        self._group.add_argument(name, **options).rare = bool(self._field.metadata.get("rare"))


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


def _is_rare(action: Action) -> bool:
    return getattr(action, "rare", False)


class _ShowHelp(Action):
    """Shows the help, of rare options only where `const` is True."""

    def __init__(self, option_strings: Sequence[str], dest: str, const: bool = False, help: str | None = None):
        super().__init__(option_strings, SUPPRESS, nargs=0, const=const, default=SUPPRESS, help=help)

    def __call__(self, parser: ArgumentParser, *_: Any) -> None:
        for action in parser._actions:
            if _is_rare(action) and not self.const:
                action.help = SUPPRESS
        parser.print_help()
        parser.exit()


def check_bounds(settings: Any) -> None:
    """Check the numbers of a dataclass against the bounds in its fields' metadata.

    Raises:
        ValueError: If a number, or one of a list's, is out of bounds; names the option, its bounds and the number.
    """
    checks: dict[str, tuple[str, Callable[[float, float], bool]]] = {
        "minimum": ("at least", lambda value, bound: value >= bound),
        "above": ("above", lambda value, bound: value > bound),
        "maximum": ("at most", lambda value, bound: value <= bound),
        "below": ("below", lambda value, bound: value < bound),
    }
    for field in fields(settings):
        bounds = [
            (words, field.metadata[name], holds) for name, (words, holds) in checks.items() if name in field.metadata
        ]
        given = getattr(settings, field.name)
        for value in given if isinstance(given, list | tuple) else [given]:
            fits = isinstance(value, int | float) and all(holds(value, bound) for _, bound, holds in bounds)
            if value is not None and bounds and not fits:
                told = " and ".join(f"{words} {bound}" for words, bound, _ in bounds)
                raise ValueError(f"--{field.name} must be {told}, got {value}.")


def parse_arguments(
    classes: Sequence[type],
    description: str | None,
    arguments: Sequence[str] | None = None,
    program: str | None = None,
) -> tuple[Any, ...]:
    """Parse a command line into dataclasses; a first argument `….json` gives settings that later ones override.

    Args:
        classes: Dataclasses whose fields are the options, see `DataclassParser`.
        description: Text that `--help` begins with.
        arguments: The command line; default: the process's.
        program: What the command is called in its help; default: the process's name.

    Raises:
        ValueError: If an option is unknown, misspelt, lacking or out of bounds, or the JSON file is no object of
            settings.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    parser = DataclassParser(classes, prog=program, description=description)
    if not arguments or not arguments[0].endswith(".json"):
        return parser.parse_args_into_dataclasses(arguments)
    path = Path(arguments[0])
    is_list = {action.dest: action.nargs == "+" for action in parser._actions}
    settings = [item for pair in _read_settings(path).items() for item in _as_arguments(path, *pair, is_list)]
    try:
        return parser.parse_args_into_dataclasses([*settings, *arguments[1:]])
    except ValueError as error:
        raise ValueError(f"{error} (Settings of {path} included.)") from error


def _read_settings(path: Path) -> Mapping[str, Any]:
    settings = read_json(path)
    if not isinstance(settings, dict):
        raise ValueError(f'{path}: expected an object of settings, {{"learning_rate": 0.001, …}}.')
    return {name: value for name, value in settings.items() if value is not None}


def _as_arguments(path: Path, name: str, value: Any, is_list: Mapping[str, bool]) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if any(isinstance(item, list | dict) for item in values):
        raise ValueError(f"{path}: {name} is nested; a setting is a string, a number, true, false, or a list of these.")
    if name in is_list and is_list[name] != isinstance(value, list):
        raise ValueError(f"{path}: {name} must {'' if is_list[name] else 'not '}be a list.")
    return [f"--{name}", *map(str, values)] if isinstance(value, list) else [f"--{name}={value}"]


def run_command(main: Callable[[], None], interrupted: str = "Interrupted.") -> None:
    """Run a command. What a user can mend ends it with one message and status 1, Ctrl-C with `interrupted` and 130.

    A KeyboardInterrupt that the command raises anew, with a message, is told by that.
    Where nobody reads its output any more, as after `| head`, it ends without a word.
    """
    if isinstance(sys.stdout, TextIOWrapper):  # what a terminal cannot show is escaped, as on stderr, and no error
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        main()
        sys.stdout.flush()  # here, where a closed pipe is met quietly, and not while Python ends
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(_BROKEN_PIPE) from None
    except KeyboardInterrupt as interrupt:
        _stop(str(interrupt) or interrupted, 130)
    except (ValueError, OSError, FloatingPointError, ImportError) as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        _stop(f"{_told(error)} (set {DEBUG_VARIABLE}=1 for a traceback)", 1)


def _told(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:  # "[Errno 2] No such file or directory: 'x'"
        return f"{error.filename}: {error.strerror}."
    return str(error)


def _stop(message: str, status: int) -> None:
    rank = os.environ.get("RANK", "0")
    process = "" if rank == "0" else f" (process {rank})"
    print(f"error{process}: {message}", file=sys.stderr, flush=True)
    sys.stdout.flush()
    raise SystemExit(status)
