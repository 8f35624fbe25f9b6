"""DicMT: recognition of medical entities in Chinese clinical records.

Names are imported when they are first used, so that a part of the package does not load all of it.
"""

from importlib import import_module
from typing import Any

_MODULE_OF = {
    "ClinicalDictionary": "dictionary",
    "DictionaryMatcher": "dictionary_features",
    "DicMTConfig": "configuration_dicmt",
    "DicMTForTokenClassification": "modeling_dicmt",
    "DicMTTokenizer": "tokenization_dicmt",
    "LinearChainCRF": "crf",
    "Span": "tagging",
    "character_vocabulary": "tokenization_dicmt",
    "predict_entities": "torch_tagger",
}

__version__ = "0.1.0"
__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
