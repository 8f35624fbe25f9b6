"""Options of a job that writes a folder of results."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass
class JobArguments:
    """Where the results of many files go, and what becomes of records that fail."""

    _argument_group_name = "many files"

    output_dir: str | None = field(
        default=None,
        metadata={
            "help": "Folder for the results of many files, in place of --output_file: a file for each of --input, "
            "folders included, under its name. The same command goes on where one was ended."
        },
    )
    engine: Literal["local", "ray"] = field(
        default="local",
        metadata={
            "help": "With --output_dir, what works on the records: local, this machine's processes, or ray, those of a "
            'cluster (pip install "dicmt[ray]"). The results are the same.'
        },
    )
    address: str | None = field(
        default=None,
        metadata={
            "help": "With --engine ray, the cluster: HOST:PORT of its head, or auto; the command runs on one of its "
            "machines. Default: Ray on this machine alone. Each machine needs DicMT of this version and "
            "--model_name_or_path, at the same path or from the Hub; input, terms and output need be here alone."
        },
    )
    max_failures: int = field(
        default=1000,
        metadata={
            "help": "With --output_dir, records that may fail and be set aside in failed.jsonl before the job stops.",
            "minimum": 0,
        },
    )
    log_file: str | None = field(
        default=None,
        metadata={"help": "With --output_dir, file that the progress is added to; default: run.log there."},
    )
