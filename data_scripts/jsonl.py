"""Own records: JSON Lines, or CoNLL/BIO files, one file a split."""

from pathlib import Path

from .format_corpora import FormatCorpus

_CONLL_SUFFIXES = (".conll", ".bio", ".bmes", ".txt", ".tsv")


class JSONL(FormatCorpus):
    """Own records. Any entity type is read unless a label set is given; entities may be nested."""

    name = "jsonl"
    layout = (
        "train.jsonl (and validation.jsonl or dev.jsonl, test.jsonl): "
        '{"text", "entities": [{start, end, type}]} a line; or '
        f"CoNLL/BIO files train{', '.join(_CONLL_SUFFIXES)}: `character tag` a line, a blank line after each sentence"
    )
    suffixes = (".jsonl", *_CONLL_SUFFIXES)

    def format_of(self, source: Path) -> str:
        return "conll" if source.suffix in _CONLL_SUFFIXES else "jsonl"
