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
PARAMETERS = ("aggregation_strategy", "ignore_labels", "threshold", "dictionary", "evidence")

_SURROGATE = re.compile("[\ud800-\udfff]")


class EndpointHandler:
    """Answers requests `{"inputs": text or [texts], "parameters": {…}}` with entities as JSON has them.

    Parameters are `aggregation_strategy`, `ignore_labels`, `threshold`, `evidence`, and `dictionary`, terms that
    replace all of the checkpoint's for the request: `{"drug": ["替雷利珠单抗"]}`. No parameters, or null, are none. No
    error message quotes anything that a request holds, so that logs hold none of it.

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
        dictionary = parameters.get("dictionary")
        if dictionary is not None:
            self._check_dictionary(dictionary)

    def _check_dictionary(self, dictionary: Any) -> None:
        # A string would be read as a path on this machine.
        if not isinstance(dictionary, dict) or not all(
            isinstance(name, str) and isinstance(terms, list) for name, terms in dictionary.items()
        ):
            raise ValueError('dictionary must hold the terms themselves: {"drug": ["…"]}.')
        self._check_limit("DICMT_MAX_LISTS", len(dictionary), "lists")
        self._check_limit("DICMT_MAX_TERMS", sum(map(len, dictionary.values())), "terms")
        names = [*dictionary, *(term for terms in dictionary.values() for term in terms if isinstance(term, str))]
        self._check_limit("DICMT_MAX_TERM_LENGTH", max(map(len, names), default=0), "characters of a term or list")

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
