"""Inference endpoint: the class that a Hub endpoint looks for in a checkpoint's `handler.py`.

It is imported by itself, not as part of a package, so it takes all else from the checkpoint through transformers.
"""

import os
import re
from typing import Any

from transformers import pipeline

# The most that one request may hold, or take; environment variables of the same names change them.
LIMITS = {
    "DICMT_MAX_RECORDS": 1000,
    "DICMT_MAX_CHARACTERS": 1_000_000,
    "DICMT_MAX_TERMS": 100_000,  # a term of two lists counts as two
    "DICMT_MAX_LISTS": 1000,
    "DICMT_MAX_TERM_LENGTH": 200,  # of a term, and of a list's name
    "DICMT_MAX_EVIDENCE": 500_000,  # names of lists in an answer
    "DICMT_MAX_SECONDS": 60,
}
CPU_THREADS = "DICMT_CPU_THREADS"

# Settings that a request may carry: not `batch_characters`, which is the server's matter, nor paths.
PARAMETERS = (
    "aggregation_strategy",
    "ignore_labels",
    "threshold",
    "dictionary",
    "terms",
    "not_terms",
    "force",
    "evidence",
)
# Those of them that hold terms, which count together.
TERMS = ("dictionary", "terms", "not_terms")

_SURROGATE = re.compile("[\ud800-\udfff]")


class EndpointHandler:
    """Answers requests `{"inputs": text or [texts], "parameters": {…}}` with entities as JSON has them.

    Parameters are `aggregation_strategy`, `ignore_labels`, `threshold`, `evidence`, and, for the request alone, terms
    as `{list: [terms]}`: `terms`, which are believed, besides the checkpoint's own (`{"Drug": ["替雷利珠单抗"]}`);
    `not_terms`, what is no entity, of any type where it is a list of terms; `force`, whether every one of the
    `terms` that occurs is an entity; and `dictionary`, which replaces the checkpoint's reference lists. No parameters,
    or null, are none. No error message quotes anything that a request holds, so that logs hold none of it.

    The environment variables of `LIMITS` bound a request, `DICMT_CPU_THREADS` sets the threads on a CPU.

    Args:
        path: The checkpoint's folder.
        **settings: Further arguments of `transformers.pipeline`, say `device`.

    Raises:
        ValueError: If one of these variables is no whole number from 1 on, or the checkpoint is damaged.
    """

    def __init__(self, path: str = "", **settings: Any):
        self.limits = {name: _number(name, default) for name, default in LIMITS.items()}
        settings.setdefault("cpu_threads", _number(CPU_THREADS, None))
        folder = path or os.path.dirname(os.path.abspath(__file__))
        self.recognize = pipeline("token-classification", model=folder, trust_remote_code=True, **settings)

    def __call__(self, data: dict[str, Any]) -> list[Any]:
        """Entities of the record, or a list of those of each of the records.

        Args:
            data: The request.

        Raises:
            ValueError: If the request is not of this form, or too large; says what is expected.
            TimeoutError: If it takes longer than `DICMT_MAX_SECONDS`.
        """
        if not isinstance(data, dict) or "inputs" not in data:
            raise ValueError('Expected {"inputs": text or [texts], "parameters": {…}}.')
        unknown = len(set(data) - {"inputs", "parameters"})
        if unknown:
            raise ValueError(f"Unknown fields ({unknown}): a request has inputs and parameters.")
        inputs, parameters = data["inputs"], data.get("parameters")
        parameters = {} if parameters is None else parameters
        texts = [inputs] if isinstance(inputs, str) else inputs
        self._check_texts(texts)
        self._check_parameters(parameters)
        # Half of a surrogate pair, which JSON may hold, cannot be answered in UTF-8; offsets stay as they are.
        answers = self.recognize(
            [_SURROGATE.sub("\ufffd", text) for text in texts],
            **parameters,
            max_seconds=self.limits["DICMT_MAX_SECONDS"],
            max_evidence=self.limits["DICMT_MAX_EVIDENCE"],
        )
        return answers[0] if isinstance(inputs, str) else answers

    def _check_texts(self, texts: Any) -> None:
        if not isinstance(texts, list):
            raise ValueError(f"inputs must be a text or a list of texts, got {type(texts).__name__}.")
        for number, text in enumerate(texts):
            if not isinstance(text, str):
                raise ValueError(f"inputs[{number}] must be a text, got {type(text).__name__}.")
        self._check_limit("DICMT_MAX_RECORDS", len(texts), "records")
        self._check_limit("DICMT_MAX_CHARACTERS", sum(map(len, texts)), "characters")

    def _check_parameters(self, parameters: Any) -> None:
        if not isinstance(parameters, dict):
            raise ValueError(f"parameters must be an object, got {type(parameters).__name__}.")
        unknown = len(set(parameters) - set(PARAMETERS))
        if unknown:
            raise ValueError(f"Unknown parameters ({unknown}): there are {', '.join(PARAMETERS)}.")
        given = [(name, parameters[name]) for name in TERMS if parameters.get(name) is not None]
        lists = [of_list for name, terms in given for of_list in self._read_lists(name, terms)]
        self._check_limit("DICMT_MAX_LISTS", len(lists), "lists")
        self._check_limit("DICMT_MAX_TERMS", sum(len(terms) for _, terms in lists), "terms")
        names = [text for name, terms in lists for text in (name, *terms) if isinstance(text, str)]
        self._check_limit("DICMT_MAX_TERM_LENGTH", max(map(len, names), default=0), "characters of a term or list")

    def _read_lists(self, parameter: str, terms: Any) -> list[tuple[str, list[Any]]]:
        # A string would be read as a path on this machine.
        if isinstance(terms, list) and parameter == "not_terms":
            return [("", terms)]
        if not isinstance(terms, dict) or not all(
            isinstance(name, str) and isinstance(of_list, list) for name, of_list in terms.items()
        ):
            or_list = ', or ["…"]' if parameter == "not_terms" else ""
            raise ValueError(f'{parameter} must hold the terms themselves: {{"drug": ["…"]}}{or_list}.')
        return list(terms.items())

    def _check_limit(self, name: str, count: int, things: str) -> None:
        if count > self.limits[name]:
            raise ValueError(
                f"{count} {things} are more than the {self.limits[name]} that a request may hold: send several "
                f"requests, or have {name} raised."
            )


def _number(name: str, default: int | None) -> int | None:
    value = os.environ.get(name)
    if value is None:
        return default
    if not value.isascii() or not value.isdecimal() or int(value) < 1:
        raise ValueError(f"{name} must be a whole number from 1 on, got {value!r}.")
    return int(value)
