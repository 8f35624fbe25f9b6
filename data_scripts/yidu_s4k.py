"""Yidu-S4K (CCKS2019 task 1): two training files and a test file, a JSON object a line."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from .corpus import Corpus, find_one
from .readers.json_formats import read_yidu_s4k
from .readers.records import CorpusError, Record

_TRAIN = ("subtask1_training_part1.txt", "subtask1_training_part2.txt")
_TEST = "subtask1_test_set_with_answer.json"


class YiduS4K(Corpus):
    """Yidu-S4K; the two training files are one training part."""

    name = "yidu_s4k"
    layout = f"{_TRAIN[0]} and {_TRAIN[1]} (and {_TEST})"

    @classmethod
    def find_parts_in(cls, folder: Path) -> dict[str, list[Path]]:
        train = [path for name in _TRAIN if (path := find_one(folder, [name]))]
        if len(train) == 1:
            missing = next(name for name in _TRAIN if folder / name not in train)
            raise CorpusError(
                f"{folder / missing} is missing: the training part of yidu_s4k is {cls.layout}. Add the file."
            )
        test = find_one(folder, [_TEST])
        return ({"train": train} if train else {}) | ({"test": [test]} if test else {})

    def read(self, source: Path, names: Mapping[str, str] | None, allow_overlap: bool) -> Iterator[Record]:
        return read_yidu_s4k(source, names, allow_overlap=allow_overlap)
