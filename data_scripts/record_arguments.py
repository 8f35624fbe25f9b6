"""Command-line arguments of commands that read records: where they are, and how they are read."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .formats.format import RecordFile
from .formats.options import FormatOptions
from .formats.registry import FORMATS, find_files

OPTIONS_HELP = (
    "as NAME=VALUE: text_column=Report, id_column=No, offsets=utf16; `python -m data_scripts convert --help` explains "
    "each."
)


@dataclass(kw_only=True)
class RecordArguments:
    """Records that are read, in any format."""

    _argument_group_name = "records"

    input: str = field(
        metadata={
            "help": f"Records: a file, or a folder with all below it, in one of {', '.join(FORMATS)}; also compressed "
            "(.gz, .bz2, .xz)."
        }
    )
    input_format: str | None = field(
        default=None, metadata={"help": "Its format; default: what the files' names say.", "choices": list(FORMATS)}
    )
    encoding: str | None = field(
        default=None, metadata={"help": "Its encoding, say gb18030, where it is not UTF-8; default: utf-8."}
    )
    format_options: list[str] | None = field(
        default=None, metadata={"help": f"How it is read, {OPTIONS_HELP}", "rare": True}
    )

    def reading(self, *, annotated: bool = False, named: bool = False) -> FormatOptions:
        """How the records are read.

        Raises:
            ValueError: If an option is wrong.
        """
        return replace(format_options(self.format_options, self.encoding), annotated=annotated, named=named)

    def find_files(self) -> list[RecordFile]:
        """The files.

        Raises:
            FileNotFoundError, ValueError: As `formats.find_files`.
        """
        return find_files(self.input, self.input_format)


def format_options(pairs: Sequence[str] | None, encoding: str | None) -> FormatOptions:
    """Options of a format from `--format_options` and `--encoding`.

    Raises:
        ValueError: If one is wrong, or the encoding is said twice.
    """
    if encoding is not None and any(pair.startswith("encoding=") for pair in pairs or ()):
        raise ValueError("--encoding and the option encoding= say the same: pass one of the two.")
    return FormatOptions.from_pairs([*(pairs or ()), *([f"encoding={encoding}"] if encoding is not None else ())])
