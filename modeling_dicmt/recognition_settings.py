"""What a call of the recogniser may say: how entities are returned, with which terms, and how much it may take."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .dictionary import ClinicalDictionary, as_dictionary
from .vetted_terms import ANY_TYPE

# Settings of transformers' own pipeline that say how work is cut up, which is settled here without them.
_NOT_NEEDED = ("batch_size", "num_workers", "stride")

AGGREGATION_STRATEGIES = ("none", "simple", "first", "average", "max")


@dataclass(frozen=True)
class RecognitionSettings:
    """How entities are returned.

    Args:
        aggregation_strategy: "simple" for entities. "first", "average" and "max" give the same: a token is a
            character, and the CRF's path has nothing to reconcile. "none" for single characters with their tags.
        ignore_labels: Entity types that are left out; with "none" also tags, of which "O" is left out by default.
        threshold: The least score of an entity (with "none": of a character's tag), from 0 to 1.
        dictionary: Reference lists that replace all of the tokenizer's own, for the call: a `ClinicalDictionary`, a
            path as `ClinicalDictionary.from_path` takes it, or `{list: [terms]}`. How many of its own terms they lack
            is logged once.
        terms: Vetted terms besides the tokenizer's own, in the same forms; a list is named by an entity type, by what
            the corpus calls one, or by a dictionary list.
        not_terms: What is no entity, in the same forms: of the types that its list names; given without a list, or in
            the list "*", of any type. Just this stretch is none, a longer or shorter one may be; a vetted term that is
            also among these is no vetted term.
        force: Whether every vetted term is an entity of its type, whatever the network says; also below the threshold.
            Of terms that overlap the longest counts, of a term's types the one most probable to the network. A term
            that a sentence of more than the tokenizer's `max_sentence_length` is cut within is none.
        evidence: Whether each entity names the terms that it overlaps, of the vetted ones and of the dictionary's.
        batch_characters: Characters of a batch, padding included; default: what is fast. No influence on the answers.
        max_seconds: Time that a call may take, from when its first answer is asked for; default: no limit.
        max_evidence: Names of lists that a call's evidence may hold altogether; default: no limit.

    Raises:
        ValueError: If a value is of no use; says which would be, and quotes nothing of it.
    """

    aggregation_strategy: str = "simple"
    ignore_labels: Sequence[str] = ("O",)
    threshold: float = 0.0
    dictionary: Any = None
    terms: Any = None
    not_terms: Any = None
    force: bool = False
    evidence: bool = False
    batch_characters: int | None = None
    max_seconds: float | None = None
    max_evidence: int | None = None

    def __post_init__(self) -> None:
        # transformers' own enumeration is understood, too
        strategy = getattr(self.aggregation_strategy, "value", self.aggregation_strategy)
        strategy = strategy.lower() if isinstance(strategy, str) else strategy
        if strategy not in AGGREGATION_STRATEGIES:
            raise ValueError(
                f"aggregation_strategy must be one of {', '.join(AGGREGATION_STRATEGIES)}, got {_described(strategy)}."
            )
        object.__setattr__(self, "aggregation_strategy", strategy)
        labels = self.ignore_labels
        are_names = isinstance(labels, list | tuple | set | frozenset) and all(isinstance(item, str) for item in labels)
        if not are_names:
            raise ValueError(f"ignore_labels must be a list of strings, got {_described(labels)}.")
        object.__setattr__(self, "ignore_labels", frozenset(labels))
        if not _is_number(self.threshold) or not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold must be a number from 0 to 1, got {_described(self.threshold)}.")
        for name in ("force", "evidence"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} must be True or False, got {_described(getattr(self, name))}.")
        for name in ("batch_characters", "max_evidence"):
            size = getattr(self, name)
            if size is not None and (type(size) is not int or size < 1):
                raise ValueError(f"{name} must be a whole number from 1 on, got {_described(size)}.")
        if self.max_seconds is not None and not (_is_number(self.max_seconds) and self.max_seconds > 0):
            raise ValueError(f"max_seconds must be a number above 0, got {_described(self.max_seconds)}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _described(value: Any) -> str:
    """A value's type, and the length of a string or a list: its content may be a record's."""
    name = type(value).__name__
    if _is_number(value):
        return f"another number ({name})"
    return f"{name} of length {len(value)}" if isinstance(value, str | list | tuple | dict) else name


def join_settings(own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A pipeline's own settings with those of a call, which replace them; terms are added."""
    joined = {**own, **given}
    for name, read in (("terms", read_terms), ("not_terms", read_not_terms)):
        if name in own and name in given:
            joined[name] = read(own[name]).merge(read(given[name]))
    return joined


def read_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a caller gave; those of the stock pipeline that are not needed here are left out.

    Raises:
        ValueError: If there is no such setting, or its value is of no use.
    """
    given = {name: value for name, value in settings.items() if value is not None and name not in _NOT_NEEDED}
    known = RecognitionSettings.__dataclass_fields__
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ValueError(f"Unknown settings {', '.join(unknown)}; this pipeline has {', '.join(known)}.")
    RecognitionSettings(**given)
    return given


class Allowance:
    """What is left of the time and the evidence that a call may take."""

    def __init__(self, settings: RecognitionSettings):
        self._settings = settings
        self._begin = time.monotonic()
        self._evidence = 0

    def check_time(self) -> None:
        """Raise TimeoutError if no time is left."""
        limit = self._settings.max_seconds
        if limit is not None and time.monotonic() - self._begin > limit:
            raise TimeoutError(
                f"The call took longer than the {limit:g} seconds that it may take (max_seconds; of an endpoint "
                "DICMT_MAX_SECONDS): pass fewer characters at a time, or have the limit raised."
            )

    def take_evidence(self, names: int) -> None:
        """Count further names of lists; raise ValueError if they are too many."""
        self._evidence += names
        limit = self._settings.max_evidence
        if limit is not None and self._evidence > limit:
            raise ValueError(
                f"The evidence names lists more than {limit} times, which is what a call may hold (max_evidence; of an "
                "endpoint DICMT_MAX_EVIDENCE): pass fewer characters at a time, or do without evidence."
            )


def read_terms(terms: Any) -> ClinicalDictionary:
    """Vetted terms in any of the forms that they may be given in; there may be none."""
    return as_dictionary(terms, "terms", may_be_empty=True)


def read_not_terms(terms: Any) -> ClinicalDictionary:
    """Likewise what is no entity; a list of terms is of any type."""
    if isinstance(terms, list | tuple | set | frozenset):
        terms = {ANY_TYPE: list(terms)}
    return as_dictionary(terms, "not_terms", may_be_empty=True)
