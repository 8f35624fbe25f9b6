"""CMeEE: sentences with nested entities; `CMeEE_train.json`, `CMeEE_dev.json`, `CMeEE_test.json`; inclusive ends."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from .corpus import Corpus, find_one
from .readers.json_formats import read_cmeee
from .readers.records import Record

_FILES = {"train": "CMeEE_train.json", "validation": "CMeEE_dev.json", "test": "CMeEE_test.json"}


class CMeEE(Corpus):
    """CMeEE. Its entities nest; for a flat scheme, `load_corpus(…, flatten="outermost")` keeps the outermost.

    The development and test parts are of the second edition, whose guidelines nest more, the training part of the
    first: a training therefore learns most of the development part, too, and the rest chooses its epoch.

    The published training part holds two empty entities (`end_idx` before `start_idx`, `entity` ""). They are
    read as they are, so that the published counts hold; flattening leaves them out.
    """

    name = "cmeee"
    layout = "CMeEE_train.json (and CMeEE_dev.json, CMeEE_test.json with entities)"
    nested = True
    learn_validation = 0.8

    @classmethod
    def find_parts_in(cls, folder: Path) -> dict[str, list[Path]]:
        found = {part: [path] for part, name in _FILES.items() if (path := find_one(folder, [name]))}
        # CBLUE publishes the test part without its answers: there is nothing to score it by.
        if "test" in found and b'"entities"' not in found["test"][0].read_bytes():
            del found["test"]
        return found

    def read(self, source: Path, names: Mapping[str, str] | None, allow_overlap: bool) -> Iterator[Record]:
        return read_cmeee(source, names, allow_overlap=allow_overlap)
