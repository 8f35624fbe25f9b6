"""The corpora: `read_corpus` reads one by name, `load_corpus` gives it to the datasets library; statistics, export.

Names are imported when they are first used: `import data_scripts` alone does not import the datasets library.
"""

from importlib import import_module
from typing import Any

_MODULE_OF = {
    "CORPORA": "loading",
    "load_corpus": "builder",
    "read_corpus": "loading",
    "label_set_of": "loading",
    "resolve_label_set": "label_sets",
    "flatten_outermost": "flattening",
    "split_groups": "splits",
    "corpus_statistics": "statistics",
    "statistics_table": "statistics",
    "export_corpus": "export",
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
