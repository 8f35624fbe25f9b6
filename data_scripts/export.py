"""Export of a corpus as Parquet, which plain `datasets.load_dataset` reads, or JSON Lines; whole or not at all."""

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import datasets
from huggingface_hub import HfApi
from huggingface_hub.errors import HTTPError

from modeling_dicmt.publishing.access import check_access, open_repository, reason_of

from .readers.records import CorpusError
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

{table}
"""


def export_corpus(
    corpus: datasets.DatasetDict,
    output_dir: str | Path,
    *,
    name: str,
    format: str = "parquet",
    types: Sequence[str] = (),
) -> Path:
    """Write a corpus as a folder with a file a split and a README that names them.

    JSON Lines are also what `load_corpus("jsonl", output_dir)` reads, which takes no empty entities (CMeEE has two).

    Args:
        corpus: Splits as `load_corpus` gives them.
        output_dir: Folder to make; must be new or empty.
        name: Title of the README.
        format: "parquet" or "jsonl".
        types: Order of the types in the README's table.

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
    unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        for split, part in corpus.items():
            if format == "parquet":
                part.to_parquet(unfinished / f"{split}.parquet")
            else:
                _write_json_lines(part, unfinished / f"{split}.jsonl")
        files = "\n".join(f"  - split: {split}\n    path: {split}.{format}" for split in corpus)
        table = statistics_table(corpus_statistics(corpus, types))
        (unfinished / "README.md").write_text(_README.format(files=files, name=name, table=table), encoding="utf-8")
        unfinished.chmod(0o755)  # mkdtemp makes it private
        os.replace(unfinished, target)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return target


def push_corpus(
    corpus: datasets.DatasetDict, repo_id: str | None, *, name: str, private: bool = True, types: Sequence[str] = ()
) -> str:
    """Upload a corpus to the Hub as Parquet, so that `datasets.load_dataset(repo_id)` reads it.

    Args:
        corpus: Splits as `load_corpus` gives them.
        repo_id: The dataset's repository, `owner/name`; None for `name` of the user who is logged in.
        name: Title of the dataset's card.
        private: Whether the repository is, or becomes, private.
        types: Order of the types in the card's table.

    Returns:
        The repository's full name.

    Raises:
        ValueError: If this machine may not upload, or the Hub refuses.
    """
    repo_id = check_access(repo_id, name, "--hub_dataset_id")
    with tempfile.TemporaryDirectory(prefix="dicmt-") as scratch:
        folder = export_corpus(corpus, Path(scratch) / "corpus", name=name, types=types)
        try:
            open_repository(repo_id, private, "dataset")
            HfApi().upload_folder(
                folder_path=folder,
                repo_id=repo_id,
                repo_type="dataset",
                commit_message=f"Upload {name}",
                delete_patterns="*.parquet",  # parts that the corpus no longer has
            )
        except (HTTPError, OSError) as error:
            raise ValueError(f"The Hub did not take the upload to {repo_id}: {reason_of(error)}") from error
    return repo_id


def _write_json_lines(part: datasets.Dataset, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for record in part:
            entities = [entity for entity in record["entities"] if entity["start"] < entity["end"]]
            file.write(json.dumps(record | {"entities": entities}, ensure_ascii=False) + "\n")
