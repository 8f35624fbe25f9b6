"""Records that were written by hand, apart from the rules and from the templates; their identifiers are marked.

`examined`'s misses were looked at while the rules were mended, `unseen`'s were not: only the latter tells what to
expect elsewhere. Everybody in them, and every number, is made up.
"""

import re
from pathlib import Path
from typing import Any

from modeling_dicmt.files import read_json_lines

FOLDER = Path(__file__).parent / "written"
SETS = ("examined", "unseen")
_MARKED = re.compile("⟦([A-Z_]+)\\|([^⟦⟧]*)⟧")


def read_written_records(name: str) -> list[dict[str, Any]]:
    """The records of one of `SETS`, as `compose_hard_records` gives them."""
    return [read_marked(record["id"], record["marked"]) for _, record in read_json_lines(FOLDER / f"{name}.jsonl")]


def read_marked(record_id: str, marked: str) -> dict[str, Any]:
    """A record whose identifiers are marked: 患者⟦NAME|王建国⟧，男.

    Raises:
        ValueError: If a mark is not closed, or lies within another.
    """
    text, identifiers, position = "", [], 0
    for mark in _MARKED.finditer(marked):
        text += marked[position : mark.start()]
        identifiers.append({"start": len(text), "end": len(text) + len(mark[2]), "type": mark[1]})
        text += mark[2]
        position = mark.end()
    text += marked[position:]
    if "⟦" in text or "⟧" in text:
        raise ValueError(f"Record {record_id}: a mark is not closed, or lies within another.")
    return {"id": record_id, "text": text, "identifiers": identifiers}
