"""What becomes of each class of identifiers."""

import re
from collections.abc import Iterable, Iterator, Mapping

from .dates import coarsen_date
from .edits import Edit
from .identifiers import IDENTIFIER_TYPES, Identifier
from .surrogate_addresses import coarsen_address
from .surrogates import Surrogates

ACTIONS = ("keep", "remove", "tag", "coarsen", "surrogate")
"""keep: as it is. remove: nothing in its place. tag: its class (`TAGS`). coarsen: less exact (`COARSENED_TYPES`).
surrogate: something made up, of the same form."""

COARSENED_TYPES = ("ADDRESS", "DATE", "AGE")
"""What can be coarsened: an address to its city, a date to its month, an age above 89 to 90岁以上."""

TAGS = {
    "NAME": "[姓名]",
    "ID": "[证件号]",
    "PHONE": "[电话]",
    "RECORD_NUMBER": "[病案号]",
    "BED": "[床号]",
    "ADDRESS": "[地址]",
    "INSTITUTION": "[机构]",
    "DATE": "[日期]",
    "AGE": "[年龄]",
    "EMAIL": "[邮箱]",
    "PLATE": "[车牌]",
}


class Policies(Mapping[str, str]):
    """The action for each class of identifiers, as `policies["DATE"]`.

    Args:
        actions: One of `ACTIONS` for each of `IDENTIFIER_TYPES`.

    Raises:
        ValueError: If a class is missing or unknown, an action is unknown, or a class cannot be coarsened.
    """

    def __init__(self, actions: Mapping[str, str]):
        for identifier_type, action in actions.items():
            _check_type(identifier_type)
            _check_action(action)
            if action == "coarsen" and identifier_type not in COARSENED_TYPES:
                raise ValueError(
                    f"{identifier_type} cannot be coarsened, only {', '.join(COARSENED_TYPES)} can: choose one of "
                    f"{', '.join(action for action in ACTIONS if action != 'coarsen')}."
                )
        missing = [name for name in IDENTIFIER_TYPES if name not in actions]
        if missing:
            raise ValueError(f"Nothing is said about {', '.join(missing)}: each class of identifiers needs an action.")
        self._actions = {name: actions[name] for name in IDENTIFIER_TYPES}

    @classmethod
    def of(cls, default: str = "surrogate", actions: Mapping[str, str] | None = None) -> "Policies":
        """One action for all classes, and others for some.

        Args:
            default: One of `ACTIONS`.
            actions: The actions of classes that have another.

        Raises:
            ValueError: As above.
        """
        _check_action(default)
        return cls({**dict.fromkeys(IDENTIFIER_TYPES, default), **(actions or {})})

    @classmethod
    def from_options(cls, options: Iterable[str]) -> "Policies":
        """What a command line says: `["surrogate", "DATE=coarsen", "BED=keep"]`, in any order.

        Args:
            options: At most one action for all, by default "surrogate", and actions for classes.

        Raises:
            ValueError: As above, and if two options are about the same.
        """
        default: str | None = None
        actions: dict[str, str] = {}
        for option in options:
            name, has_type, action = (part.strip() for part in option.partition("="))
            if not has_type:
                if default is not None:
                    raise ValueError(
                        f"Two actions are for all classes, {default!r} and {name!r}: name a class, as in DATE={name}."
                    )
                _check_action(name)
                default = name
                continue
            name = name.upper()
            _check_type(name)
            _check_action(action)
            if name in actions:
                raise ValueError(f"Two actions are for {name}, {actions[name]!r} and {action!r}: say one.")
            actions[name] = action
        return cls.of(default or "surrogate", actions)

    def __getitem__(self, identifier_type: str) -> str:
        return self._actions[identifier_type]

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def __len__(self) -> int:
        return len(self._actions)

    def __repr__(self) -> str:
        return f"Policies({self._actions})"

    @property
    def needs_surrogates(self) -> bool:
        """Whether any class gets surrogates, and so a key is needed."""
        return "surrogate" in self._actions.values()

    def replacement(self, identifier: Identifier, text: str, group: str, surrogates: Surrogates | None) -> str:
        """What stands in an identifier's place.

        Args:
            identifier: A stretch of the text.
            text: The whole record.
            group: The patient; the same string in all records of one.
            surrogates: What makes surrogates; None if `needs_surrogates` is false.

        Returns:
            New text, empty for "remove"; the old one for "keep"; the class's tag where "coarsen" cannot be done.

        Raises:
            ValueError: If a surrogate is needed and nothing is there to make it.
        """
        original = text[identifier.start : identifier.end]
        action = self[identifier.type]
        if action == "keep":
            return original
        if action == "remove":
            return ""
        if action == "coarsen":
            return _coarsen(original, identifier.type) or TAGS[identifier.type]
        if action == "surrogate":
            if surrogates is None:
                raise ValueError(f"{identifier.type} gets surrogates, which need a key: pass surrogates.")
            return surrogates.of(identifier.type, original, group)
        return TAGS[identifier.type]

    def edits(
        self, identifiers: Iterable[Identifier], text: str, group: str, surrogates: Surrogates | None
    ) -> list[Edit]:
        """The edits for all identifiers of a record, those that are kept left out; arguments and errors as above."""
        return [
            Edit(identifier.start, identifier.end, self.replacement(identifier, text, group, surrogates))
            for identifier in identifiers
            if self[identifier.type] != "keep"
        ]


def _coarsen(original: str, identifier_type: str) -> str | None:
    if identifier_type == "DATE":
        return coarsen_date(original)
    if identifier_type == "ADDRESS":
        return coarsen_address(original)
    # 岁 may stand after what was found.
    return "90岁以上" if re.search("岁", original) else "90以上"


def _check_type(name: str) -> None:
    if name not in IDENTIFIER_TYPES:
        raise ValueError(f"No class of identifiers is called {name!r}; there are {', '.join(IDENTIFIER_TYPES)}.")


def _check_action(action: str) -> None:
    if action not in ACTIONS:
        raise ValueError(f"There is no action {action!r}; there are {', '.join(ACTIONS)}.")
