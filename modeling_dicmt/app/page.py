"""What the page is made with, and Gradio, which shows it."""

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from ..deidentification import IdentifierFinder
from .arguments import Limits
from .downloads import WriteRecords
from .networks import Networks
from .uploads import Source
from .words import LANGUAGES


@dataclass(frozen=True)
class Page:
    """What the page is made with. None of it changes while it is served, and none is of a visitor.

    Args:
        networks: The networks to choose from.
        finder: What finds identifiers.
        source: Reads records' files.
        write_brat: Writes records as brat has them.
        limits: What a request may hold and take.
        folder: A private folder for files that are uploaded, and for those that are on their way.
        language: "en" or "zh", for browsers that ask for neither.
    """

    networks: Networks
    finder: IdentifierFinder
    source: Source
    write_brat: WriteRecords
    limits: Limits
    folder: Path
    language: str = "zh"

    def preferred_language(self, accepted: str | None) -> str:
        """The language of a browser's Accept-Language header: the first that the page has."""
        for item in (accepted or "").split(","):
            tag = item.partition(";")[0].strip().lower().partition("-")[0]
            if tag in LANGUAGES:
                return tag
        return self.language


def import_gradio() -> ModuleType:
    """Gradio, which is an extra.

    Raises:
        ImportError: If it is not installed; says how to.
    """
    try:
        import gradio
    except ImportError as error:
        raise ImportError(f'The page needs Gradio ({error}): pip install "dicmt[app]".') from error
    return gradio
