"""Where a run keeps its states and its best version, and whether a run may go on from them."""

import json
from pathlib import Path
from typing import Any

from ..files import restore_folder

CHECKPOINTS = "checkpoints"
BEST = "best"
LAST = "last"
SETTINGS_FILE = "settings.json"


def check_settings(checkpoints: Path, settings: dict[str, Any]) -> None:
    """Refuse to resume a run with other settings than those it was started with.

    Raises:
        ValueError: Names each setting that differs, with both values.
    """
    path = checkpoints / SETTINGS_FILE
    has_state = any(restore_folder(checkpoints / name) for name in (LAST, BEST))
    if not path.exists() or not has_state:  # a run that failed before its first state left nothing to resume
        return
    before = json.loads(path.read_text(encoding="utf-8"))
    differing = [name for name in sorted(before | settings) if before.get(name) != settings.get(name)]
    if differing:
        listed = "; ".join(f"{name}: {before.get(name)!r} then, {settings.get(name)!r} now" for name in differing)
        raise ValueError(
            f"{checkpoints.parent} holds an unfinished run with other settings ({listed}). Pass the same settings to "
            "resume it, another --output_dir, or --overwrite_output_dir to start afresh."
        )
