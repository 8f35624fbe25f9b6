"""Command-line arguments of a command that writes what it found in records: where, and in which format."""

from dataclasses import dataclass, field
from pathlib import Path

from .formats.options import FormatOptions
from .formats.registry import FORMATS, format_of_name
from .record_arguments import OPTIONS_HELP, format_options

# The results' own format, beside those of records.
ENTITIES = "entities"


@dataclass(kw_only=True)
class ResultArguments:
    """Where the entities that were found go, and how."""

    _argument_group_name = "results"

    output_file: str | None = field(default=None, metadata={"help": "File for the results; default: none."})
    output_format: str | None = field(
        default=None,
        metadata={
            "help": f"Format of the results: {ENTITIES}, JSONL with ids and entities and without the texts, or records "
            "with their entities in one of those of --input. Default: what the name of --output_file says, .jsonl and "
            f"all in --output_dir being {ENTITIES}.",
            "choices": [ENTITIES, *FORMATS],
        },
    )
    output_options: list[str] | None = field(
        default=None, metadata={"help": f"How records are written, {OPTIONS_HELP}", "rare": True}
    )

    @property
    def format(self) -> str:
        """The results' format: `ENTITIES`, or the name of one of records."""
        if self.output_format is not None:
            return self.output_format
        said = format_of_name(Path(self.output_file).name) if self.output_file is not None else None
        has_place = said is not None and said != "jsonl" and "entities" in FORMATS[said].carries
        return said if has_place else ENTITIES

    @property
    def has_whole_records(self) -> bool:
        """Whether the results are records, with their texts."""
        return self.format != ENTITIES

    @property
    def is_folder(self) -> bool:
        """Whether the results are a folder with a file a record."""
        return self.has_whole_records and FORMATS[self.format].is_folder

    @property
    def ending(self) -> str:
        """What names of results end with; "" where they are folders."""
        item = FORMATS[self.format if self.has_whole_records else "jsonl"]
        return "" if item.is_folder else (item.suffixes or FORMATS["jsonl"].suffixes)[0]

    def writing(self) -> FormatOptions:
        """How records are written: what a recogniser found is a prediction, unless an option says otherwise.

        Raises:
            ValueError: If an option is wrong, or the format has no place for entities.
        """
        if self.has_whole_records and "entities" not in FORMATS[self.format].carries:
            raise ValueError(f"The format {self.format} has no place for entities: pass another --output_format.")
        if not self.has_whole_records and self.output_options:
            raise ValueError("--output_options are those of a format of records: pass --output_format.")
        pairs = self.output_options or []
        if not any(pair.startswith("results=") for pair in pairs):
            pairs = [*pairs, "results=predictions"]
        return format_options(pairs, None)
