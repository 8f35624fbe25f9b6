"""DicMT in spaCy's pipelines: `nlp.add_pipe("dicmt", config={"model": DIR})`.

Names are imported when they are first used: spaCy need not be there for the rest of the package.
"""

from .. import lazy_names

_MODULE_OF = {"DicMTComponent": ".component"}

__all__ = sorted(_MODULE_OF)
__getattr__, __dir__ = lazy_names(__name__, _MODULE_OF)
