"""Own records: JSON Lines, or CoNLL/BIO files, one file a split."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from .corpus_builder import ClinicalCorpusBuilder
from .readers.conll import read_conll
from .readers.json_formats import read_jsonl
from .readers.records import CorpusError, Record

_STEMS = {"train": ("train",), "validation": ("validation", "valid", "dev"), "test": ("test",)}
_CONLL_SUFFIXES = (".conll", ".bio", ".bmes", ".txt", ".tsv")
_SUFFIXES = (".jsonl", *_CONLL_SUFFIXES)


class JSONL(ClinicalCorpusBuilder):
    """Own records. Any entity type is read unless a label set is given; entities may be nested."""

    corpus = "jsonl"
    layout = (
        "train.jsonl (and validation.jsonl or dev.jsonl, test.jsonl): "
        '{"text", "entities": [{start, end, type}]} a line; or '
        f"CoNLL/BIO files train{', '.join(_CONLL_SUFFIXES)}: `character tag` a line, a blank line after each sentence"
    )
    nested = True

    @classmethod
    def find_splits_in(cls, folder: Path) -> dict[str, list[Path]]:
        found = {}
        for split, stems in _STEMS.items():
            paths = [
                folder / (stem + suffix)
                for stem in stems
                for suffix in _SUFFIXES
                if (folder / (stem + suffix)).is_file()
            ]
            if len(paths) > 1:
                raise CorpusError(
                    f"{folder} has several files for the {split} part: {', '.join(path.name for path in paths)}. "
                    "Leave one."
                )
            if paths:
                found[split] = paths
        return found

    def read(self, source: Path, names: Mapping[str, str] | None, allow_overlap: bool) -> Iterator[Record]:
        if source.suffix in _CONLL_SUFFIXES:
            return read_conll(source, names)
        return read_jsonl(source, names, allow_overlap=allow_overlap)
