"""Inference endpoint: the class that a Hub endpoint looks for in a checkpoint's `handler.py`.

It is imported by itself, not as part of a package, so it takes all else from the checkpoint through transformers.
"""

import os
import re
from typing import Any

from transformers import pipeline

# The most that one request may hold; environment variables of the same names change them.
LIMITS = {"DICMT_MAX_RECORDS": 1000, "DICMT_MAX_CHARACTERS": 1_000_000, "DICMT_MAX_TERMS": 100_000}

# Settings that a request may carry: not `batch_characters`, which is the server's matter, nor paths.
PARAMETERS = ("aggregation_strategy", "ignore_labels", "threshold", "dictionary", "evidence")

_SURROGATE = re.compile("[\ud800-\udfff]")


class EndpointHandler:
    """Answers requests `{"inputs": text or [texts], "parameters": {…}}` with entities as JSON has them.

    Parameters are `aggregation_strategy`, `ignore_labels`, `threshold`, `evidence`, and `dictionary`, terms to use in
    place of the checkpoint's: `{"drug": ["替雷利珠单抗"]}`. No error message quotes a record, so that logs hold none.

    Args:
        path: The checkpoint's folder.
        **settings: Further arguments of `transformers.pipeline`, say `device`.

    Raises:
        ValueError: If a limit in the environment is no whole number.
    """

    def __init__(self, path: str = "", **settings: Any):
        self.limits = {name: _limit(name, default) for name, default in LIMITS.items()}
        folder = path or os.path.dirname(os.path.abspath(__file__))
        self.recognize = pipeline("token-classification", model=folder, trust_remote_code=True, **settings)

    def __call__(self, data: dict[str, Any]) -> list[Any]:
        """Entities of the record, or a list of those of each of the records.

        Args:
            data: The request.

        Raises:
            ValueError: If the request is not of this form, or too large; says what is expected.
        """
        if not isinstance(data, dict) or "inputs" not in data:
            raise ValueError('Expected {"inputs": text or [texts], "parameters": {…}}.')
        unknown = sorted(str(name) for name in set(data) - {"inputs", "parameters"})
        if unknown:
            raise ValueError(f"Unknown fields {', '.join(unknown)}: a request has inputs and parameters.")
        inputs, parameters = data["inputs"], data.get("parameters") or {}
        texts = [inputs] if isinstance(inputs, str) else inputs
        self._check_texts(texts)
        self._check_parameters(parameters)
        # Half of a surrogate pair, which JSON may hold, cannot be answered in UTF-8; offsets stay as they are.
        answers = self.recognize([_SURROGATE.sub("\ufffd", text) for text in texts], **parameters)
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
        unknown = sorted(set(parameters) - set(PARAMETERS))
        if unknown:
            raise ValueError(f"Unknown parameters {', '.join(unknown)}; there are {', '.join(PARAMETERS)}.")
        dictionary = parameters.get("dictionary")
        if isinstance(dictionary, str):  # the pipeline would read it as a path on this machine
            raise ValueError('dictionary must hold the terms themselves: {"drug": ["…"]}.')
        if isinstance(dictionary, dict | list):
            values = dictionary.values() if isinstance(dictionary, dict) else dictionary
            terms = sum(len(value) if isinstance(value, list) else 1 for value in values)
            self._check_limit("DICMT_MAX_TERMS", terms, "terms")

    def _check_limit(self, name: str, count: int, things: str) -> None:
        if count > self.limits[name]:
            raise ValueError(
                f"{count} {things} are more than the {self.limits[name]} that a request may hold: send several "
                f"requests, or have {name} raised."
            )


def _limit(name: str, default: int) -> int:
    value = os.environ.get(name, str(default))
    if not value.isdecimal() or int(value) < 1:
        raise ValueError(f"{name} must be a whole number from 1 on, got {value!r}.")
    return int(value)
