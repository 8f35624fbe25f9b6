"""Names of files from ids of records, which may be anything: no name leaves the folder, and each is given once."""

import re

from .format import Losses

# No separator, no hidden file, nothing that a system reserves; with its ending it fits into 255 bytes of UTF-8.
_SAFE = re.compile(r"(?!\.)[\w.+-]+(?<!\.)")
_LONGEST_BYTES = 200
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class FileNames:
    """Gives each record the name of its file, without ending: its id where that will do, else its number.

    Args:
        losses: Takes the ids that are no names of files.
    """

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self._given: set[str] = set()
        self._count = 0

    def stem(self, record_id: str) -> str:
        self._count += 1
        is_safe = (
            _SAFE.fullmatch(record_id)
            and not _RESERVED.fullmatch(record_id)
            and len(record_id.encode("utf-8", "replace")) <= _LONGEST_BYTES
        )
        name = record_id
        # Some systems do not tell capitals from small letters.
        if not is_safe or name.casefold() in self._given:
            self._losses["ids that cannot be names of files, for which the records' numbers stand"] += 1
            name = f"record-{self._count}"
            while name.casefold() in self._given:
                name += "-"
        self._given.add(name.casefold())
        return name
