"""What decides each surrogate: draws that a key, a patient and the original determine, and nothing else."""

import hmac
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TypeVar

_T = TypeVar("_T")

# A surrogate equals its original by chance at most; where the form leaves nothing else, the last attempt stays.
_ATTEMPTS = 32

# A date moves by at least a month, so that a month alone becomes another one too, and by so much less than a year that
# a day and month without a year do.
MIN_DAYS, MAX_DAYS = 31, 334


class Draw:
    """A sequence of numbers that looks random, and is the same for the same seed.

    Args:
        seed: 32 bytes.
    """

    def __init__(self, seed: bytes):
        self._seed, self._block, self._left = seed, 0, b""

    def below(self, number: int) -> int:
        """One of 0 … number - 1, each as likely as the others (to 1 in 2⁶⁴ / number)."""
        if not self._left:
            self._left = hmac.digest(self._seed, self._block.to_bytes(8, "big"), "sha256")
            self._block += 1
        value, self._left = self._left[:8], self._left[8:]
        return int.from_bytes(value, "big") % number

    def choice(self, choices: Sequence[_T]) -> _T:
        """One of `choices`."""
        return choices[self.below(len(choices))]


class Patient:
    """All that is drawn for one patient.

    Args:
        key: The secret key: without it no draw can be told, and so no surrogate be traced to its original.
        group: Which patient.
    """

    def __init__(self, key: bytes, group: str):
        self._key, self._group = key, group
        self._cycles: dict[str, dict[str, str]] = {}

    def _seed(self, *parts: str) -> bytes:
        # Lengths, so that no two lists of parts make the same message.
        message = "".join(f"{len(part)}:{part}" for part in (self._group, *parts))
        return hmac.digest(self._key, message.encode("utf-8", "surrogatepass"), "sha256")

    def draw(self, kind: str, value: str) -> Draw:
        """The draws for what an original of a kind becomes, `value` being its normal form."""
        return Draw(self._seed(kind, value))

    def other(self, kind: str, value: str, original: str, make: Callable[[Draw], str]) -> str:
        """The first that `make` makes of `value`'s draws and that is not the original."""
        made = original
        for attempt in range(_ATTEMPTS):
            made = make(Draw(self._seed(kind, value, str(attempt))))
            if made != original:
                break
        return made

    def next_in_cycle(self, kind: str, words: tuple[str, ...]) -> dict[str, str]:
        """Each word's successor in a cycle through all of them: two words never have the same, none has itself.

        Args:
            kind: What they are; one kind always comes with the same words.
            words: Two at least, none twice.
        """
        if kind not in self._cycles:
            order = sorted(words, key=lambda word: self._seed(kind, word))
            self._cycles[kind] = dict(zip(order, [*order[1:], order[0]], strict=True))
        return self._cycles[kind]

    @cached_property
    def days(self) -> int:
        """By how many days all dates of the patient move: `MIN_DAYS` to `MAX_DAYS`, forward or back."""
        draw = self.draw("DATE", "")
        days = MIN_DAYS + draw.below(MAX_DAYS - MIN_DAYS + 1)
        return days if draw.below(2) else -days
