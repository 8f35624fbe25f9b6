"""The corpora: a datasets builder for each, `load_corpus` to load one by name, statistics and export.

Names are imported when they are first used: `import data_scripts` alone does not import the datasets library.
"""

from importlib import import_module
from typing import Any

_MODULE_OF = {
    "CORPORA": "loading",
    "load_corpus": "loading",
    "label_set_of": "loading",
    "resolve_label_set": "loading",
    "add_validation_split": "loading",
    "flatten_corpus": "loading",
    "flatten_outermost": "flattening",
    "split_groups": "splits",
    "corpus_statistics": "statistics",
    "statistics_table": "statistics",
    "export_corpus": "export",
    "push_corpus": "export",
    "SAMPLE_DICTIONARY": "sample",
    "CorpusError": "readers.records",
    "CorpusWarning": "readers.records",
}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
