"""What goes wrong with a visitor's request, in words of the page."""

import time

from .words import say


class VisitorError(Exception):
    """A request that cannot be answered, for a reason that the visitor can understand.

    Args:
        word: Its message, a word of `words.py`.
        **values: What the message names.
    """

    def __init__(self, word: str, **values: object):
        super().__init__(word)
        self.word, self.values = word, values

    def told(self, language: str) -> str:
        """The message, as text."""
        return say(self.word, language, **self.values)


class Deadline:
    """The time that a request may take, from now on.

    Args:
        seconds: How long.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left.

        Raises:
            VisitorError: If there are none.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise VisitorError("took too long", seconds=f"{self.seconds:g}")
        return left
