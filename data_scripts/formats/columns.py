"""Which column of a table holds what: as the options say, or under the names that the columns are written by."""

from collections.abc import Sequence

from ..readers.records import CorpusError
from .options import FormatOptions

_KEYS = ("id", "group", "section", "text", "entities")


class Columns:
    """The columns of a table that are read.

    Args:
        options: What they are called.
        header: The columns that there are.
        place: The header's place, for messages.
        shown: Those whose names may be shown: without a header, the first row may be a record.

    Raises:
        CorpusError: If one that an option names is not there or there twice, or there is none with texts.
    """

    def __init__(self, options: FormatOptions, header: Sequence[str], place: str, shown: str) -> None:
        self.header = header
        """The columns that there are."""
        self.names: dict[str, str] = {}
        """Name of the column of each of id, group, section, text and entities that there is."""
        for key in _KEYS:
            given = getattr(options, f"{key}_column")
            name = given or key
            if name in header:
                if header.count(name) > 1:
                    raise CorpusError(f"{place}: there are several columns {name!r}. Rename the others.")
                self.names[key] = name
            elif given or key == "text":
                raise CorpusError(
                    f"{place}: there is no column {name!r} among the {len(header)} there are "
                    f"({shown or 'no such names'}). Name the column by {key}_column."
                )

    @staticmethod
    def written(options: FormatOptions) -> dict[str, str]:
        """Names of the columns of a table that is written."""
        names = {key: getattr(options, f"{key}_column") or key for key in _KEYS}
        if len({*names.values()}) < len(names):
            raise ValueError("Two columns have one name: give each its own.")
        return names
