"""What tests of the recogniser share."""

import pytest
from tiny_recognizer import recognizer


@pytest.fixture(scope="session")
def shared():
    """A recogniser, only to be asked, not to be changed."""
    return recognizer()
