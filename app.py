#!/usr/bin/env python
"""The page of `run_app.py`, under the name that a Space on the Hub looks for.

    python app.py --model_name_or_path OUT

Without options it takes those of `app.json`, which lies beside it in a Space: {"model_name_or_path": ["owner/name"]}.
"""

import sys
from pathlib import Path

from run_app import main

SETTINGS = Path(__file__).with_name("app.json")

if __name__ == "__main__":
    if len(sys.argv) == 1 and SETTINGS.is_file():
        sys.argv.append(str(SETTINGS))
    main()
