"""Names of files from ids of records, which may be anything: no name leaves the folder, and each is given once."""

import re

from .format import Losses

# A part of a path: no hidden file, nothing that a system reserves; with its ending it fits into 255 bytes of UTF-8.
_SAFE = re.compile(r"(?!\.)[\w.+-]+(?<!\.)")
_LONGEST_BYTES = 200
_DEEPEST = 16
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def _is_safe(part: str) -> bool:
    is_short = len(part.encode("utf-8", "replace")) <= _LONGEST_BYTES
    return bool(_SAFE.fullmatch(part)) and not _RESERVED.fullmatch(part) and is_short


class FileNames:
    """Gives each record the name of its file, without ending: its id where that will do, else its number.

    An id with slashes, as files in folders have it, is a path below the folder that is written.

    Args:
        losses: Takes the ids that are no names of files.
    """

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self._given: set[str] = set()
        self._count = 0

    def stem(self, record_id: str) -> str:
        self._count += 1
        *folders, _ = parts = record_id.split("/")
        # A folder with the ending of a file could be in the place of one.
        is_safe = len(parts) <= _DEEPEST and all(map(_is_safe, parts)) and not any("." in name for name in folders)
        name = record_id
        # Some systems do not tell capitals from small letters.
        if not is_safe or name.casefold() in self._given:
            self._losses["ids that cannot be names of files, for which the records' numbers stand"] += 1
            name = f"record-{self._count}"
            while name.casefold() in self._given:
                name += "-"
        self._given.add(name.casefold())
        return name
