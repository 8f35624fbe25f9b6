"""Options of a job that writes a folder of results."""

from dataclasses import dataclass, field


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
