"""Export of a corpus as Parquet, which plain `datasets.load_dataset` reads, or JSON Lines; whole or not at all."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from modeling_dicmt.files import replacing, write_text

from .formats.streams import open_writer
from .readers.records import CorpusError, Record
from .statistics import corpus_statistics, statistics_table

EXPORT_FORMATS = ("parquet", "jsonl")

_README = """---
language:
- zh
task_categories:
- token-classification
configs:
- config_name: default
  data_files:
{files}
---
# {name}

Clinical records with entities. Read with `datasets.load_dataset("this folder")`.

Each row is a whole record: `id`, `group` (records of one group belong to one patient, where that is known), `section`,
`text`, and `entities`, a list of `{{start, end, type}}`: `text[start:end]` is the mention.
{note}
{table}
"""


def export_corpus(
    corpus: Mapping[str, Sequence[Record]],
    output_dir: str | Path,
    *,
    name: str,
    format: str = "parquet",
    types: Sequence[str] = (),
    note: str = "",
) -> Path:
    """Write a corpus as a folder with a file a split and a README that names them.

    JSON Lines are also what `load_corpus("jsonl", output_dir)` reads, which takes no empty entities (CMeEE has two).

    Args:
        corpus: Parts as `read_corpus` or `load_corpus` gives them.
        output_dir: Folder to make; must be new or empty.
        name: Title of the README.
        format: "parquet" or "jsonl".
        types: Order of the types in the README's table.
        note: What its README is to say besides, a sentence or more.

    Returns:
        The folder.

    Raises:
        CorpusError: If the folder holds something already.
        ValueError: If the format is neither of the two.
    """
    if format not in EXPORT_FORMATS:
        raise ValueError(f"format must be one of {', '.join(EXPORT_FORMATS)}, got {format!r}.")
    target = Path(output_dir).absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CorpusError(f"{output_dir} exists and is not an empty folder. Give a new folder, or remove it.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as unfinished:
        unfinished.mkdir()
        for part, records in corpus.items():
            if format == "parquet":
                _write_parquet(records, unfinished / f"{part}.parquet")
            else:
                with open_writer(unfinished / f"{part}.jsonl") as write:
                    for record in records:
                        entities = [entity for entity in record["entities"] if entity["start"] < entity["end"]]
                        write({**record, "entities": entities})
        files = "\n".join(f"  - split: {part}\n    path: {part}.{format}" for part in corpus)
        table = statistics_table(corpus_statistics(corpus, types))
        note = f"\n{note}\n" if note else ""
        write_text(unfinished / "README.md", _README.format(files=files, name=name, note=note, table=table))
    return target


def _write_parquet(records: Sequence[Record], path: Path) -> None:
    from datasets import Dataset

    from .builder import FEATURES

    Dataset.from_list(list(records), FEATURES).to_parquet(path)
