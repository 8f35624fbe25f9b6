"""Own records: JSON Lines, or CoNLL/BIO files, one file a split."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from .corpus import PART_NAMES, Corpus, find_one
from .readers.conll import read_conll
from .readers.json_formats import read_jsonl
from .readers.records import CorpusError, Record

_CONLL_SUFFIXES = (".conll", ".bio", ".bmes", ".txt", ".tsv")
_SUFFIXES = (".jsonl", *_CONLL_SUFFIXES)


class JSONL(Corpus):
    """Own records. Any entity type is read unless a label set is given; entities may be nested."""

    name = "jsonl"
    layout = (
        "train.jsonl (and validation.jsonl or dev.jsonl, test.jsonl): "
        '{"text", "entities": [{start, end, type}]} a line; or '
        f"CoNLL/BIO files train{', '.join(_CONLL_SUFFIXES)}: `character tag` a line, a blank line after each sentence"
    )
    nested = True

    @classmethod
    def find_folder(cls, data_dir: str | Path | None) -> Path:
        if data_dir is not None and Path(data_dir).is_file():
            raise CorpusError(f"{data_dir} is a file: give the folder that holds it. Read is {cls.layout}.")
        return super().find_folder(data_dir)

    @classmethod
    def find_parts_in(cls, folder: Path) -> dict[str, list[Path]]:
        found = {
            part: find_one(folder, [stem + suffix for stem in stems for suffix in _SUFFIXES])
            for part, stems in PART_NAMES.items()
        }
        return {part: [path] for part, path in found.items() if path}

    def read(self, source: Path, names: Mapping[str, str] | None, allow_overlap: bool) -> Iterator[Record]:
        if source.suffix in _CONLL_SUFFIXES:
            return read_conll(source, names)
        return read_jsonl(source, names, allow_overlap=allow_overlap)
