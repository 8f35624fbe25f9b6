"""The datasets builder that all corpora share: files of each split → checked records → Arrow, cached by content."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import datasets

from .label_sets import LABEL_SETS, EntityType
from .readers.records import CorpusError, Record, type_names

FEATURES = datasets.Features(
    {
        "id": datasets.Value("string"),
        "group": datasets.Value("string"),
        "section": datasets.Value("string"),
        "text": datasets.Value("string"),
        "entities": datasets.List(
            {"start": datasets.Value("int32"), "end": datasets.Value("int32"), "type": datasets.Value("string")}
        ),
    }
)

SPLITS = ("train", "validation", "test")
_PARTS = {"train": "training part", "validation": "development part", "test": "test part"}


@dataclass
class CorpusConfig(datasets.BuilderConfig):
    """What a corpus is read with.

    Args:
        label_set: Entity types that may occur; None for the corpus's own.
        allow_overlap: Whether nested entities are read, a test part's apart, which always are; None for what the corpus
            has.
    """

    label_set: tuple[EntityType, ...] | None = None
    allow_overlap: bool | None = None


class ClinicalCorpusBuilder(datasets.GeneratorBasedBuilder):
    """Base of the corpora's builders. A corpus says where its files are and how one file or folder is read.

    Args:
        data_dir: The corpus's folder, or the one that holds it under the corpus's name.
        splits: Those that are read, all of which must be there; default: all that are, and a training part must be.
        hash: Content hash of the files, which tells a cached copy from a changed corpus; computed where not given.
        **kwargs: As for `datasets.DatasetBuilder`, and the fields of `CorpusConfig`.

    Raises:
        CorpusError: If the folder is not that of the corpus.
    """

    BUILDER_CONFIG_CLASS = CorpusConfig

    corpus: ClassVar[str]
    """Name under which `load_corpus` knows it, and its label set in `LABEL_SETS` where it has one."""
    layout: ClassVar[str]
    """What the folder must hold, in a line."""
    nested: ClassVar[bool] = False
    """Whether the corpus's entities may be nested."""

    def __init__(
        self,
        data_dir: str | Path | None = None,
        splits: Sequence[str] | None = None,
        hash: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.split_sources = self.find_splits(self.find_folder(data_dir), splits)
        super().__init__(
            data_dir=None if data_dir is None else str(data_dir), hash=hash or self._content_hash(), **kwargs
        )

    @classmethod
    def find_splits_in(cls, folder: Path) -> dict[str, list[Path]]:
        """Files or folders of each split that `folder` has; a subclass's part."""
        raise NotImplementedError

    def read(self, source: Path, names: Mapping[str, str] | None, allow_overlap: bool) -> Iterator[Record]:
        """Records of one of a split's files or folders; a subclass's part."""
        raise NotImplementedError

    @classmethod
    def find_folder(cls, data_dir: str | Path | None) -> Path:
        """The corpus's folder: `data_dir`, or the folder of the corpus's name in it.

        Raises:
            CorpusError: If it is missing.
        """
        if data_dir is None:
            raise CorpusError(f"{cls.corpus} needs a data_dir: the folder with {cls.layout}.")
        folder = Path(data_dir)
        if not folder.is_dir():
            raise CorpusError(f"{folder} is not a folder. {cls.corpus} needs a data_dir with {cls.layout}.")
        inner = folder / cls.corpus
        return inner if inner.is_dir() and not cls.find_splits_in(folder) else folder

    @classmethod
    def find_splits(cls, folder: Path, splits: Sequence[str] | None = None) -> dict[str, list[Path]]:
        """Files or folders of the given splits; default: of all that there are.

        Raises:
            CorpusError: If one of them, or by default the training part, is missing.
        """
        found = cls.find_splits_in(folder)
        for split in splits or ("train",):
            if split not in found:
                content = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
                raise CorpusError(
                    f"{folder} has no {_PARTS[split]} of {cls.corpus}: expected {cls.layout}; it holds {content}. Give "
                    "the folder above it if this is a split's own folder."
                )
        return {split: found[split] for split in splits or SPLITS if split in found}

    def _content_hash(self) -> str:
        """Hash of the corpus's files and of the code that reads them: a change of either is read anew."""
        digest = hashlib.sha256()
        code = sorted(Path(__file__).parent.glob("**/*.py"))
        sources = [source for sources in self.split_sources.values() for source in sources]
        for source in sources + code:
            files = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
            for path in files:
                name = path.relative_to(source.parent).as_posix()
                digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()[:32]

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(features=FEATURES)

    def _split_generators(self, dl_manager: datasets.DownloadManager) -> list[datasets.SplitGenerator]:
        return [
            datasets.SplitGenerator(name=split, gen_kwargs={"split": split, "sources": tuple(sources)})
            for split, sources in self.split_sources.items()
        ]

    def _generate_examples(self, split: str, sources: Sequence[Path]) -> Iterator[tuple[str, Record]]:
        label_set = self.config.label_set or LABEL_SETS.get(self.corpus)
        names = type_names(label_set)
        allow_overlap = self.nested if self.config.allow_overlap is None else self.config.allow_overlap
        # A test part is scored, never tagged, and scores take overlapping entities: what is there to be found counts.
        allow_overlap = allow_overlap or split == "test"
        records = entities = 0
        for source in sources:
            for record in self.read(source, names, allow_overlap):
                yield record["id"], record
                records += 1
                entities += len(record["entities"])
        place = ", ".join(str(source) for source in sources)
        if not records:
            raise CorpusError(
                f"{place}: the {split} part of {self.corpus} is empty: it has no record. Restore the file."
            )
        if split == "train" and not entities:
            raise CorpusError(
                f"{place}: the {split} part of {self.corpus} has {records} records but no entity, so that nothing "
                "can be learned from it. Restore the annotations."
            )
