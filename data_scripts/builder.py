"""The corpora for the datasets library: records → Arrow, in memory or cached by the content of the files."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import datasets

from .label_sets import EntityType, resolve_label_set
from .loading import find_corpus, read_corpus
from .readers.records import Record

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


@dataclass
class CorpusConfig(datasets.BuilderConfig):
    """What a corpus is read with; see `read_corpus`."""

    label_set: tuple[EntityType, ...] | None = None
    validation_share: float = 0.1
    seed: int = 42
    flatten: str | None = None
    splits: tuple[str, ...] | None = None
    format_options: tuple[str, ...] | None = None


class CorpusBuilder(datasets.GeneratorBasedBuilder):
    """The records that `read_corpus` reads, prepared once and read from the cache until a file changes.

    Args:
        corpus: One of `CORPORA`.
        data_dir: The corpus's folder, or the one that holds it under the corpus's name; None for the sample.
        **kwargs: As for `datasets.DatasetBuilder`, and the fields of `CorpusConfig`.

    Raises:
        CorpusError: If the folder is not that of the corpus.
    """

    BUILDER_CONFIG_CLASS = CorpusConfig

    def __init__(self, corpus: str, data_dir: str | Path | None = None, **kwargs: Any) -> None:
        self.corpus, self.folder = corpus, data_dir
        kwargs.setdefault("hash", _content_hash(corpus, data_dir, kwargs.get("splits")))
        super().__init__(dataset_name=corpus, data_dir=None if data_dir is None else str(data_dir), **kwargs)

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(features=FEATURES)

    def _split_generators(self, dl_manager: datasets.DownloadManager) -> list[datasets.SplitGenerator]:
        own = {field.name for field in fields(CorpusConfig)} - {field.name for field in fields(datasets.BuilderConfig)}
        parts = read_corpus(self.corpus, self.folder, **{name: getattr(self.config, name) for name in own})
        return [
            datasets.SplitGenerator(name=name, gen_kwargs={"records": tuple(records)})
            for name, records in parts.items()
        ]

    def _generate_examples(self, records: tuple[Record, ...]) -> Iterator[tuple[str, Record]]:
        for record in records:
            yield record["id"], record


def load_corpus(
    name: str, data_dir: str | Path | None = None, *, cache_dir: str | Path | None = None, **options: Any
) -> datasets.DatasetDict:
    """Load a corpus for the datasets library: the parts that `read_corpus` reads as a `DatasetDict`.

    Args:
        name: One of `CORPORA`.
        data_dir: The corpus's folder, or the one that holds it under the corpus's name; None for the sample.
        cache_dir: Where the datasets library keeps a prepared copy, which is made anew when a file of the corpus
            changes; None for none: records are private.
        **options: See `read_corpus`.

    Raises:
        CorpusError: If the folder or a file in it is not as it should be; nothing is left in the cache then.
        ValueError: If an option is none that `read_corpus` takes.
    """
    if cache_dir is None:
        parts = read_corpus(name, data_dir, **options)
        return datasets.DatasetDict(
            {part: datasets.Dataset.from_list(records, FEATURES) for part, records in parts.items()}
        )
    if options.get("label_set") is not None:
        options["label_set"] = resolve_label_set(options["label_set"])
    builder = CorpusBuilder(name, data_dir, cache_dir=str(cache_dir), **options)
    builder.download_and_prepare()
    return builder.as_dataset()


def _content_hash(corpus: str, data_dir: str | Path | None, splits: Sequence[str] | None) -> str:
    """Hash of the corpus's files and of the code that reads them: a change of either is read anew."""
    digest = hashlib.sha256(corpus.encode())
    code = sorted(Path(__file__).parent.glob("**/*.py"))
    sources = [source for sources in find_corpus(corpus)(data_dir, splits).sources.values() for source in sources]
    for source in sources + code:
        files = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
        for path in files:
            name = path.relative_to(source.parent).as_posix()
            digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]
