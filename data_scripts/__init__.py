"""The corpora: `read_corpus` reads one by name, `load_corpus` gives it to the datasets library; statistics, export.

Names are imported when they are first used: `import data_scripts` alone does not import the datasets library.
"""

from modeling_dicmt import lazy_names

_MODULE_OF = {
    "CORPORA": ".loading",
    "load_corpus": ".builder",
    "read_corpus": ".loading",
    "label_set_of": ".loading",
    "resolve_label_set": ".label_sets",
    "flatten_outermost": ".flattening",
    "split_groups": ".splits",
    "corpus_statistics": ".statistics",
    "statistics_table": ".statistics",
    "export_corpus": ".export",
    "SAMPLE_DICTIONARY": ".sample",
    "CorpusError": ".readers.records",
    "CorpusWarning": ".readers.records",
}

__all__ = sorted(_MODULE_OF)
__getattr__, __dir__ = lazy_names(__name__, _MODULE_OF)
