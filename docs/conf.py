"""The site that `make docs` builds.

Sphinx with furo and MyST: it reads docstrings, what it makes needs nothing from other servers, and it is developed on.
MkDocs and its Material theme are not any more, and their successor Zensical is young.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from modeling_dicmt import __version__

project = "DicMT"
release = __version__
html_title = f"DicMT {release}"
html_theme = "furo"
html_show_copyright = False

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3
autodoc_typehints = "signature"
default_role = "code"  # docstrings write `names` as Markdown does
