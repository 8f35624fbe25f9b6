"""Entity types as they are found in own records: which of them look like slips of the annotators."""

import unicodedata
from collections.abc import Mapping
from difflib import SequenceMatcher

# Above this many types (and characters) there is more to mend than slips, and comparing all pairs takes its time.
_MOST_TYPES = 200
_MOST_CHARACTERS = 40
# How alike two names must be; and how rare the one beside the other, lest Grade1 be told from Grade2.
_ALIKE = 0.8
_RARE = 0.1


def suspicious_types(counts: Mapping[str, int]) -> list[str]:
    """What looks wrong about the types found, a sentence each.

    Args:
        counts: How many entities each type has.

    Returns:
        Types that differ from a commoner one only by case, width, blanks or punctuation; rare ones whose name is much
        like a common one's; and those that occur once.
    """
    order = sorted(counts, key=lambda name: (-counts[name], name))
    reasons = []
    for index, name in enumerate(order):
        commoner = order[:index] if len(order) <= _MOST_TYPES else []
        same = next((other for other in commoner if _plain(other) == _plain(name)), None)
        like = next((other for other in commoner if _is_slip(name, other, counts)), None)
        if same is not None:
            reasons.append(f"{name!r} ({counts[name]}) differs from {same!r} ({counts[same]}) by its writing alone.")
        elif like is not None:
            reasons.append(f"{name!r} ({counts[name]}) is much like {like!r} ({counts[like]}): is it misspelt?")
        elif counts[name] == 1:
            reasons.append(f"{name!r} occurs once: nothing can be learned from it.")
    return reasons


def _plain(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())


def _is_slip(name: str, other: str, counts: Mapping[str, int]) -> bool:
    if counts[name] > _RARE * counts[other] or max(len(name), len(other)) > _MOST_CHARACTERS:
        return False
    return SequenceMatcher(None, _plain(name), _plain(other)).ratio() >= _ALIKE
