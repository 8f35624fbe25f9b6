"""What all corpora share: where the files of each part are, and how they become checked records."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from .formats.options import FormatOptions
from .label_sets import LABEL_SETS, EntityType
from .readers.records import CorpusError, Record, type_names

PART_NAMES = {"train": ("train",), "validation": ("validation", "valid", "dev"), "test": ("test",)}
"""The parts in their order, and what their files or folders may be called."""

_TITLES = {"train": "training part", "validation": "development part", "test": "test part"}

_UNREAD_SUFFIXES = (
    *(".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".ann", ".xml", ".xls", ".xlsx", ".doc", ".docx"),
    *(".parquet", ".gz", ".bz2", ".xz", ".zip", ".tar", ".7z"),
)


class Corpus:
    """Base of the corpora. A corpus says where its files are and how one file or folder is read.

    Args:
        data_dir: The corpus's folder, or the one that holds it under the corpus's name.
        splits: The parts that are read, all of which must be there; default: all that are, and a training part must be.
        options: How its files are read, where their format leaves that open.

    Raises:
        CorpusError: If the folder is not that of the corpus.
        ValueError: If there are options for a corpus that has none.
    """

    name: ClassVar[str]
    """Name under which `load_corpus` knows it, and its label set in `LABEL_SETS` where it has one."""
    layout: ClassVar[str]
    """What the folder must hold, in a line."""
    nested: ClassVar[bool] = False
    """Whether the corpus's entities may be nested."""
    learn_validation: ClassVar[float] = 0.0
    """Share of the development part that a training learns as well, where it is nearer to the test part than the
    training part is."""
    has_options: ClassVar[bool] = False
    """Whether it can be read in several ways, as `FormatOptions` say."""

    def __init__(
        self,
        data_dir: str | Path | None = None,
        splits: Sequence[str] | None = None,
        options: FormatOptions | None = None,
    ) -> None:
        if options is not None and not self.has_options:
            raise ValueError(f"{self.name} has one form: options of a format are for own records.")
        self.options = options or FormatOptions()
        folder = self.find_folder(data_dir)
        found = self.find_parts_in(folder)
        for part in splits or ("train",):
            if part not in found:
                content = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
                raise CorpusError(
                    f"{folder} has no {_TITLES[part]} of {self.name}: expected {self.layout}; it holds {content}. Give "
                    "the folder above it if this is a split's own folder."
                )
        self.sources = {part: found[part] for part in PART_NAMES if part in (splits or found)}
        """Files or folders of each part that is read."""

    @classmethod
    def find_parts_in(cls, folder: Path) -> dict[str, list[Path]]:
        """Files or folders of each part that `folder` has; a subclass's part."""
        raise NotImplementedError

    def read(self, source: Path, names: Mapping[str, str] | None, allow_overlap: bool) -> Iterator[Record]:
        """Records of one of a part's files or folders; a subclass's part."""
        raise NotImplementedError

    @classmethod
    def find_folder(cls, data_dir: str | Path | None) -> Path:
        """The corpus's folder: `data_dir`, or the folder of the corpus's name in it.

        Raises:
            CorpusError: If it is missing.
        """
        if data_dir is None:
            raise CorpusError(f"{cls.name} needs a data_dir: the folder with {cls.layout}.")
        folder = Path(data_dir)
        if not folder.is_dir():
            raise CorpusError(f"{folder} is not a folder. {cls.name} needs a data_dir with {cls.layout}.")
        inner = folder / cls.name
        return inner if inner.is_dir() and not cls.find_parts_in(folder) else folder

    def read_part(
        self, part: str, label_set: Sequence[EntityType] | None = None, allow_overlap: bool | None = None
    ) -> list[Record]:
        """The records of a part.

        Args:
            part: A key of `sources`.
            label_set: Entity types that may occur; None for the corpus's own.
            allow_overlap: Whether nested entities are read; None for what the corpus has. A test part's always are: it
                is scored, never tagged, and scores take overlapping entities.

        Raises:
            CorpusError: If a file is not as it should be, or the part has no record, or nothing to learn from.
        """
        names = type_names(label_set or LABEL_SETS.get(self.name))
        allow_overlap = part == "test" or (self.nested if allow_overlap is None else allow_overlap)
        sources = self.sources[part]
        records = [record for source in sources for record in self.read(source, names, allow_overlap)]
        place = ", ".join(str(source) for source in sources)
        if not records:
            raise CorpusError(f"{place}: the {part} part of {self.name} is empty: it has no record. Restore the file.")
        if part == "train" and not any(record["entities"] for record in records):
            raise CorpusError(
                f"{place}: the {part} part of {self.name} has {len(records)} records but no entity, so that nothing "
                "can be learned from it. Restore the annotations."
            )
        seen: set[str] = set()
        for record in records:
            if record["id"] in seen:
                raise CorpusError(f"{place}: two records have the id {record['id']!r}. Rename the files of one.")
            seen.add(record["id"])
        return records


def find_one(folder: Path, names: Sequence[str], *, is_folder: bool = False) -> Path | None:
    """The one file or folder that has one of the names; None if none has.

    A part that is there and not read would be left out without a word, and cut from the training part instead. So what
    cannot be read, and what only looks like it, is an error.

    Args:
        folder: Where to look.
        names: Names in exact spelling.
        is_folder: Whether a folder is meant, not a file.

    Raises:
        CorpusError: If it cannot be read, there are several, or there is none but one of a similar name.
    """
    paths = [folder / name for name in names if os.path.lexists(folder / name)]
    if len(paths) > 1:
        raise CorpusError(f"{folder} has {', '.join(path.name for path in paths)} for one part. Leave one.")
    for path in paths:
        if not path.exists():
            raise CorpusError(f"{path} is a link to what is not there. Restore that, or remove the link.")
        if path.is_dir() != is_folder:
            kinds = ("a file", "a folder")
            raise CorpusError(f"{path} is {kinds[not is_folder]}; expected {kinds[is_folder]}. Rename or remove it.")
        return path
    stems = {name.partition(".")[0].casefold() for name in names}
    suffixes = {"", *_UNREAD_SUFFIXES, *(Path(name).suffix for name in names)}
    for path in sorted(folder.iterdir()):
        stem, _, rest = path.name.casefold().partition(".")
        if stem in stems and Path(f"x.{rest}" if rest else "x").suffix in suffixes:
            raise CorpusError(
                f"{path} is not read: a part of this corpus is {'a folder' if is_folder else 'a file'} called "
                f"{' or '.join(names)}, in this spelling. Give it that name and form, or put it elsewhere."
            )
    return None
