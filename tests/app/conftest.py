"""The page's parts, made with a tiny network; the folders are private as when it is served."""

import sys
from pathlib import Path

import pytest

from modeling_dicmt.app.arguments import Limits
from modeling_dicmt.app.networks import Networks
from modeling_dicmt.app.page import Page
from modeling_dicmt.app.uploads import Source
from modeling_dicmt.commands.recognition_arguments import RecognitionArguments
from modeling_dicmt.deidentification import IdentifierFinder
from run_app import ENDINGS, read_file, write_brat

sys.path.append(str(Path(__file__).parents[1] / "pages"))  # reading_pages.py


@pytest.fixture(scope="session")
def networks(channel_checkpoint, checkpoint):
    """Two networks by name: `channel`, with columns of vetted terms, and `tiny`, without."""
    return Networks([str(channel_checkpoint), str(checkpoint)], RecognitionArguments())


@pytest.fixture(scope="session")
def source():
    """How the page reads files."""
    return Source(read_file, ENDINGS)


@pytest.fixture
def page(networks, source, tmp_path):
    """What the page is made with."""
    return Page(networks, IdentifierFinder(), source, write_brat, Limits(), tmp_path)
