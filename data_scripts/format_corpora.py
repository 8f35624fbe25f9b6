"""Own records as corpora: a corpus for each format that carries entities, with a file or folder for each part."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from .corpus import PART_NAMES, Corpus, find_one
from .formats.format import Losses, RecordFile
from .formats.options import FormatOptions
from .formats.registry import FORMATS, find_files
from .formats.streams import find_records
from .formats.text_files import COMPRESSIONS, plain_name
from .readers.records import CorpusError, Record, named_entities, replace_surrogates

logger = logging.getLogger(__name__)


def annotated_records(
    files: Sequence[RecordFile],
    names: Mapping[str, str] | None,
    *,
    allow_overlap: bool = True,
    options: FormatOptions | None = None,
    losses: Losses | None = None,
) -> Iterator[Record]:
    """Records of files as those of a corpus: annotated, each with an id of its own.

    Without an id, a record is named after its line; without a group, it is its own.

    Args:
        files: As `find_files` gives them.
        names: Tag name of each type that may occur (`type_names`); None for any.
        allow_overlap: Whether entities may overlap.
        options: How the files are read.
        losses: Takes what the files have and a record cannot.

    Raises:
        CorpusError: If a file is none of its format, a record is not annotated, or two have one id.
    """
    places: dict[str, str] = {}
    for file, found in find_records(files, options, losses):
        if found.annotations is None:
            raise CorpusError(
                f"{found.place}: the record is not annotated: {FORMATS[file.format].annotated_by} is missing. Expected "
                "is a list, empty where a record has no entity. Correct the record."
            )
        record_id = replace_surrogates(found.id) or f"{Path(plain_name(file.path.name)).stem}-{found.number}"
        if record_id in places:
            other = places[record_id].removeprefix(f"{file.path}, ")
            raise CorpusError(
                f"{found.place}: the id {record_id!r} is also that of {other}. Give each record its own id."
            )
        places[record_id] = found.place
        yield Record(
            id=record_id,
            group=replace_surrogates(found.group) or record_id,
            section=replace_surrogates(found.section),
            text=replace_surrogates(found.text),
            entities=named_entities(found.annotations, names, allow_overlap=allow_overlap),
        )


def predicted_rows(
    files: Sequence[RecordFile], ids: Sequence[str], options: FormatOptions
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Entities that were found by anything, in files of any format, as rows that are scored against records.

    Args:
        files: As `find_files` gives them.
        ids: Those of the records, in their order: what a format without ids has is theirs in this order.
        options: How the files are read.

    Yields:
        What messages call the place, the record's id, and an object with `text` and `entities`.

    Raises:
        CorpusError: If a file is none of its format, or a record has no entities.
    """
    for count, (file, found) in enumerate(find_records(files, options)):
        if found.annotations is None:
            lacking = FORMATS[file.format].annotated_by
            raise CorpusError(f"{found.place}: the record has no entities, not even none: {lacking} is missing.")
        row = found.as_dict(f"{file.name}:{found.number}")
        if "ids" not in FORMATS[file.format].carries and count < len(ids):
            row["id"] = ids[count]
        yield found.place, row["id"], row


class FormatCorpus(Corpus):
    """Own records in one format. Any entity type is read unless a label set is given; entities may be nested."""

    nested = True
    has_options = True
    suffixes: ClassVar[tuple[str, ...]]
    """Endings of the parts' files; none where a part is a folder."""

    @classmethod
    def find_folder(cls, data_dir: str | Path | None) -> Path:
        if data_dir is not None and Path(data_dir).is_file():
            raise CorpusError(f"{data_dir} is a file: give the folder that holds it. Read is {cls.layout}.")
        return super().find_folder(data_dir)

    @classmethod
    def find_parts_in(cls, folder: Path) -> dict[str, list[Path]]:
        endings = cls.suffixes or ("",)
        found = {
            part: find_one(folder, [stem + ending for stem in stems for ending in endings], is_folder=not cls.suffixes)
            for part, stems in PART_NAMES.items()
        }
        return {part: [path] for part, path in found.items() if path}

    def format_of(self, source: Path) -> str:
        """The format of a part's file or folder."""
        return self.name

    def read(self, source: Path, names: Mapping[str, str] | None, allow_overlap: bool) -> Iterator[Record]:
        files = find_files(source, self.format_of(source))
        losses = Losses()
        yield from annotated_records(files, names, allow_overlap=allow_overlap, options=self.options, losses=losses)
        if losses := +losses:
            told = ", ".join(f"{what} ({number:,})" for what, number in losses.items())
            logger.warning("%s: %s.", source, told)


def _corpus_of(name: str) -> type[FormatCorpus]:
    item = FORMATS[name]
    compressions = ("",) if name in ("parquet", "docbin") else ("", *COMPRESSIONS)
    # doccano's files are called as any JSON Lines.
    suffixes = item.suffixes or FORMATS["jsonl"].suffixes
    suffixes = () if item.is_folder else tuple(suffix + end for suffix in suffixes for end in compressions)
    ending = "/" if item.is_folder else suffixes[0]
    layout = f"train{ending} (and validation{ending} or dev{ending}, test{ending}): {item.title}"
    return type(name, (FormatCorpus,), {"name": name, "layout": layout, "suffixes": suffixes, "__doc__": item.title})


FORMAT_CORPORA = tuple(
    _corpus_of(name) for name, item in FORMATS.items() if name != "jsonl" and "entities" in item.carries
)
