"""Lists of words that surrogates are made of: invented or so common that they mean nobody."""

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "rules" / "lists"


@cache
def words_of(name: str) -> tuple[str, ...]:
    """The words of the list `surrogate_<name>.txt`, one a line, in the order of the file; `#` begins a comment."""
    lines = (_FOLDER / f"surrogate_{name}.txt").read_text(encoding="utf-8").splitlines()
    words = (line.partition("#")[0].strip() for line in lines)
    return tuple(word for word in words if word)
