"""Rule files → patterns that find identifiers: what a hospital's staff reads and changes lies in `rules/`, not in code.

A file is YAML:

    type: PHONE                       # of IDENTIFIER_TYPES
    words:                            # lists; [@file.txt] reads one of the folder `lists`, a word a line
      cue: [电话, 手机]
    parts:                            # patterns with a name; <name> in a pattern stands for a list or a part
      gap: '[:\\s]{0,3}'
    rules:
      after_cue: '<cue><gap>(\\d{7,12})'
      mobile: {pattern: '1[3-9]\\d{9}', not: ['13800000000']}
    examples:                         # what is found stands in 〔〕: rules that find anything else are refused
      - 联系电话：〔13812345678〕

The identifier is a pattern's one group, or all of it. Besides `pattern` and `not`, a rule may have `not_at`, `then`,
`near`, `check`, `repeats` and `only_here`, which `Rule` describes. Patterns are matched to text whose width and case
are folded (`normalization.py`): digits and Latin letters are half-width and small. Every repetition has an upper bound,
so that no text takes more than linear time, unless repetitions that can match the same lie within each other.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from ..files import decode_text
from ..normalization import normalize
from .checks import CHECKS
from .identifiers import IDENTIFIER_TYPES, Identifier

RULES_FOLDER = Path(__file__).parent / "rules"
LISTS = "lists"

_REFERENCE = re.compile(r"<([a-z_]+)>")
_KEYS = ("type", "words", "parts", "rules", "examples")
_RULE_KEYS = ("pattern", "then", "near", "not", "not_at", "check", "repeats", "only_here")
# Characters to either side of what `near` matches that the pattern is tried in: more than an identifier has.
_REACH = 80
# What stands for itself in a pattern, escapes and classes; and repetitions without an upper bound.
_LITERALS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_UNBOUNDED = re.compile(r"[*+]|\{\d*,\}")
_ALTERNATIVE_BEGINS = re.compile(r"(?<!\\)(?:\(\?:|\|)$")
_BRACKETS = re.compile("[〔〕]")
_LAYOUT = "type: PHONE, rules: {mobile: '1[3-9]\\d{9}'}"


class RuleError(ValueError):
    """A rule file says something that is not understood; the message names file and rule."""


@dataclass(frozen=True)
class Rule:
    """A pattern that finds identifiers of one type.

    It is compiled when it is first tried: there are hundreds, long ones, and most records have something for few.

    Args:
        name: `file/rule`.
        type: One of `IDENTIFIER_TYPES`.
        pattern: Matches folded text; the identifier is its group, or all of it.
        then: Matches what may follow an identifier, again and again, say the further names of a list.
        near: The pattern is tried only where this matches not far away, which saves the time elsewhere.
        unless: Words that are no identifier although they match, folded.
        not_at: Words where no identifier begins, folded: 高血压 is not 高血 and something.
        check: Whether what matched is one, say a date of the calendar; given the text as it is written.
        repeats: Whether what is found is an identifier wherever it stands in the record.
        only_here: Words that are identifiers where the rule finds them, and nowhere else because of it.
    """

    name: str
    type: str
    pattern: str
    then: str | None = None
    near: str | None = None
    unless: frozenset[str] = frozenset()
    not_at: frozenset[str] = frozenset()
    check: Callable[[str], bool] | None = None
    repeats: bool = False
    only_here: frozenset[str] = frozenset()

    def find(self, text: str, folded: str) -> Iterator[tuple[int, int]]:
        """Where identifiers are in a text, of which the folded form is given too, from left to right."""
        position = 0
        for start, end in self._windows(folded):
            position = max(position, start)
            while match := self._pattern.search(folded, position, end):
                if match.end() == end < len(folded):  # what follows was not looked at
                    break
                if self._begins_a_word(match):
                    position = match.start() + 1
                    continue
                yield from self._identifier(text, match)
                while self._then is not None and (further := self._then.match(folded, match.end())):
                    if further.end() == match.end() or self._begins_a_word(further):
                        break
                    match = further
                    yield from self._identifier(text, match)
                # Not to go over a list once for each of its members; on by one where a pattern looks ahead alone.
                position = max(match.end(), position + 1)

    def _begins_a_word(self, match: re.Match[str]) -> bool:
        start = match.start(match.lastindex or 0)
        return any(match.string[start : start + length] in self.not_at for length in self._lengths)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    @cached_property
    def _then(self) -> re.Pattern[str] | None:
        return None if self.then is None else re.compile(self.then)

    @cached_property
    def _near(self) -> re.Pattern[str] | None:
        return None if self.near is None else re.compile(self.near)

    @cached_property
    def _lengths(self) -> list[int]:
        return sorted({len(word) for word in self.not_at})

    def _identifier(self, text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
        start, end = match.span(match.lastindex or 0)
        if start < end and match.string[start:end] not in self.unless:
            if self.check is None or self.check(text[start:end]):
                yield start, end

    def _windows(self, folded: str) -> Iterator[tuple[int, int]]:
        """The stretches that the pattern is tried in, apart from each other."""
        if self._near is None:
            yield 0, len(folded)
            return
        window = None
        for match in self._near.finditer(folded):
            start, end = max(0, match.start() - _REACH), min(len(folded), match.end() + _REACH)
            if window is not None and start <= window[1]:
                window = window[0], end
                continue
            if window is not None:
                yield window
            window = start, end
        if window is not None:
            yield window


@dataclass(frozen=True)
class RuleFile:
    """What a file holds.

    Args:
        rules: Its rules.
        examples: Texts with what is to be found between 〔 and 〕.
    """

    path: Path
    type: str
    rules: tuple[Rule, ...]
    examples: tuple[str, ...]


def read_rules(folder: str | Path | None = None) -> list[RuleFile]:
    """The rules that come with the package, with those of a folder in place of files of the same names, or beside them.

    Args:
        folder: A folder of rule files, with a folder `lists` if they need one; a list that it lacks is the package's.

    Raises:
        RuleError: If a file is not as described above; names it and the rule.
        FileNotFoundError: If there is no such folder, or no file in it.
    """
    if folder is None:
        return list(_package_rules())
    own = sorted([*Path(folder).glob("*.yaml"), *Path(folder).glob("*.yml")])
    if not own:
        raise FileNotFoundError(f"{folder} holds no rule file (.yaml). What one looks like: {_LAYOUT}.")
    folders = [Path(folder) / LISTS, RULES_FOLDER / LISTS]
    paths = _package_paths() | {path.stem: path for path in own}
    return [read_rule_file(path, folders, check=path in own) for path in paths.values()]


@cache  # with what is compiled of them
def _package_rules() -> tuple[RuleFile, ...]:
    # That its patterns are right is tested.
    return tuple(read_rule_file(path, [RULES_FOLDER / LISTS], check=False) for path in _package_paths().values())


def _package_paths() -> dict[str, Path]:
    return {path.stem: path for path in sorted(RULES_FOLDER.glob("*.yaml"))}


def read_rule_file(path: Path, lists: Sequence[Path], check: bool = True) -> RuleFile:
    """One file.

    Args:
        lists: The folders in which its word lists are looked for, one after the other.
        check: Whether to see that each pattern is one, which takes longer than all else.

    Raises:
        RuleError: If the file is not as described above; names it and the rule.
    """
    content = _load(path)
    unknown = sorted(map(str, content.keys() - set(_KEYS)))
    if unknown:
        raise RuleError(f"{path}: unknown key {', '.join(unknown)}; there are {', '.join(_KEYS)}.")
    type_ = content.get("type")
    if type_ not in IDENTIFIER_TYPES:
        raise RuleError(f"{path}: type must be one of {', '.join(IDENTIFIER_TYPES)}, got {type_!r}.")
    parts = {
        name: _alternatives(words)
        for name, words in (
            (name, _some_words(entry, f"{path}, words, {name}", lists))
            for name, entry in _mapping(content.get("words", {}), f"{path}, words").items()
        )
    }
    for name, pattern in _mapping(content.get("parts", {}), f"{path}, parts").items():
        parts[name] = f"(?:{_insert(pattern, parts, f'{path}, parts, {name}')})"
    rules = []
    for name, entry in _mapping(content.get("rules", {}), f"{path}, rules").items():
        where = f"{path}, rules, {name}"
        rules.append(rule := _rule(entry, where, f"{path.stem}/{name}", type_, parts, lists))
        if check:
            _check_patterns(rule, where)
    examples = content.get("examples") or []
    if not isinstance(examples, list) or not all(isinstance(example, str) for example in examples):
        raise RuleError(f"{path}, examples: expected a list of texts.")
    return RuleFile(path, type_, tuple(rules), tuple(examples))


def check_examples(files: Iterable[RuleFile], find: Callable[[str], Iterable[Identifier]]) -> None:
    """Raise RuleError if an example's identifiers, of its file's type, are not what `find` finds."""
    for file in files:
        for number, example in enumerate(file.examples, start=1):
            text, spans = split_example(example)
            found = [(item.start, item.end) for item in find(text) if item.type == file.type]
            if found != spans:
                raise RuleError(
                    f"{file.path}, example {number}: it marks {len(spans)} of {file.type}, and {len(found)} are "
                    "found, or at other places. Mend a rule, or the example."
                )


def split_example(example: str) -> tuple[str, list[tuple[int, int]]]:
    """An example's text without its brackets, and where the bracketed stretches are."""
    pieces = _BRACKETS.split(example)
    starts = [0]
    for piece in pieces:
        starts.append(starts[-1] + len(piece))
    return "".join(pieces), [(starts[number], starts[number + 1]) for number in range(1, len(pieces), 2)]


def _rule(entry: Any, where: str, name: str, type_: str, parts: Mapping[str, str], lists: Sequence[Path]) -> Rule:
    values = {"pattern": entry} if isinstance(entry, str) else _mapping(entry, where)
    unknown = sorted(map(str, values.keys() - set(_RULE_KEYS)))
    if unknown or "pattern" not in values:
        said = f"unknown key {', '.join(unknown)}" if unknown else "pattern is missing"
        raise RuleError(f"{where}: {said}; there are {', '.join(_RULE_KEYS)}.")
    check = values.get("check")
    if check is not None and check not in CHECKS:
        raise RuleError(f"{where}: there is no check {check!r}; there are {', '.join(CHECKS)}.")
    patterns = {
        key: _insert(values[key], parts, f"{where}, {key}") for key in ("pattern", "then", "near") if key in values
    }
    unless, not_at, only_here = (
        frozenset(map(normalize, _words(values.get(key, []), f"{where}, {key}", lists)))
        for key in ("not", "not_at", "only_here")
    )
    repeats = bool(values.get("repeats", False))
    check = CHECKS[check] if check is not None else None
    words = {"unless": unless, "not_at": not_at, "only_here": only_here}
    return Rule(name, type_, check=check, repeats=repeats, **words, **patterns)


def _check_patterns(rule: Rule, where: str) -> None:
    for key, pattern in (("pattern", rule.pattern), ("then", rule.then), ("near", rule.near)):
        if pattern is not None:
            _check_pattern(pattern, f"{where}, {key}")


def _check_pattern(pattern: str, where: str) -> None:
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise RuleError(f"{where}: not a pattern of Python's re: {error}.") from error
    if _UNBOUNDED.search(_LITERALS.sub("", pattern)):
        raise RuleError(
            f"{where}: *, + and {{n,}} match any number of characters, which takes too long on long texts: write "
            "{0,20} or {1,20}."
        )
    if compiled.groups > 1:
        raise RuleError(f"{where}: it has {compiled.groups} groups; the identifier is one. Write (?:…) for the others.")
    if compiled.match(""):
        raise RuleError(f"{where}: it matches an empty text.")


def _insert(pattern: Any, parts: Mapping[str, str], where: str) -> str:
    """A pattern with what its <names> stand for."""
    if not isinstance(pattern, str):
        raise RuleError(f"{where}: a pattern is a text, got {pattern!r}; put it between single quotation marks.")

    def part(match: re.Match[str]) -> str:
        if match.string[: match.start()].endswith("(?P"):  # a group's name
            return match[0]
        if match[1] not in parts:
            raise RuleError(f"{where}: <{match[1]}> is neither a list of words nor a part; there are {_told(parts)}.")
        # A group that is an alternative of another is none: what begins with characters, and not with groups of them,
        # is looked for by its first characters.
        before, after = match.string[: match.start()], match.string[match.end() :]
        alone = _ALTERNATIVE_BEGINS.search(before) and after.startswith(("|", ")"))
        return parts[match[1]][len("(?:") : -len(")")] if alone else parts[match[1]]

    return _REFERENCE.sub(part, pattern)


def _alternatives(words: Sequence[str]) -> str:
    """A pattern of any of some words, the longest that fits first; single characters as a class, which is faster.

    Words of one first character stand together: at each place of a text one look at each first character is enough.
    """
    folded = sorted({normalize(word) for word in words}, key=lambda word: (-len(word), word))
    ends: dict[str, list[str]] = {}
    for word in folded:
        if len(word) > 1:
            ends.setdefault(word[0], []).append(re.escape(word[1:]))
    several = [
        re.escape(first) + (of_first[0] if len(of_first) == 1 else f"(?:{'|'.join(of_first)})")
        for first, of_first in ends.items()
    ]
    single = "".join(re.escape(word) for word in folded if len(word) == 1)
    return f"(?:{'|'.join([*several, *([f'[{single}]'] if single else [])])})"


def _words(entry: Any, where: str, lists: Sequence[Path]) -> list[str]:
    """Words that stand in a file, or in lists that it names."""
    if not isinstance(entry, list) or not all(isinstance(word, str) and word for word in entry):
        raise RuleError(f"{where}: expected a list of words: [电话, 手机], or [@file.txt] for a file of {LISTS}.")
    words: list[str] = []
    for word in entry:
        words += _read_list(word[1:], where, lists) if word.startswith("@") else [word]
    return words


def _some_words(entry: Any, where: str, lists: Sequence[Path]) -> list[str]:
    words = _words(entry, where, lists)
    if not words:
        raise RuleError(f"{where}: there is no word.")
    return words


def _read_list(name: str, where: str, lists: Sequence[Path]) -> list[str]:
    path = next((folder / name for folder in lists if (folder / name).is_file()), None)
    if path is None or Path(name).name != name:
        raise RuleError(f"{where}: there is no list {name} in {' or '.join(map(str, lists))}.")
    lines = decode_text(path.read_bytes(), str(path), RuleError).splitlines()
    return [word for line in lines for word in line.split("#")[0].split()]


def _load(path: Path) -> dict[str, Any]:
    text = decode_text(path.read_bytes(), str(path), RuleError)
    try:
        return _mapping(yaml.load(text, _Loader), str(path))  # a safe one
    except yaml.YAMLError as error:
        raise RuleError(f"{path} is not YAML: {' '.join(str(error).split())}.") from error


class _Loader(yaml.SafeLoader):
    """Plain values alone; a name that stands twice, of which the first would be lost, is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"{twice!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _mapping(content: Any, where: str) -> dict[str, Any]:
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise RuleError(f"{where}: expected names and values, got {content!r}.")
    return content


def _told(names: Iterable[str]) -> str:
    return ", ".join(f"<{name}>" for name in sorted(names)) or "none"
