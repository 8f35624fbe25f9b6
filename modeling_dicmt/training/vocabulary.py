"""Whether a vocabulary that comes from elsewhere is one for the texts that are to be learnt."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from ..normalization import normalize

logger = logging.getLogger(__name__)

# Shares of a text's characters that a vocabulary may lack: beyond the first something is odd (another script, texts of
# another kind), beyond the second it is one of other characters. Of Chinese text that is read with an English
# vocabulary, digits and marks are known still.
SUSPICIOUS_SHARE, LARGEST_SHARE = 0.05, 0.5


def count_characters(texts: Iterable[str]) -> Counter[str]:
    """How often each normalised character occurs."""
    return Counter(character for text in texts for character in normalize(text))


def check_vocabulary(vocabulary: Collection[str], counts: Mapping[str, int], name: str, remedy: str) -> float:
    """Share of a text's characters, blanks aside, that a vocabulary lacks; a warning where it is large.

    Args:
        vocabulary: The tokens, characters among them.
        counts: How often each normalised character occurs in what is to be read with it.
        name: The option that it comes from, and its value.
        remedy: What to do where it is of other characters.

    Raises:
        ValueError: If it lacks most of them.
    """
    written = {character: count for character, count in counts.items() if not character.isspace()}
    unknown = sum(count for character, count in written.items() if character not in vocabulary)
    share = unknown / max(1, sum(written.values()))
    told = f"{name} does not know {100 * share:.1f} % of the text's characters"
    if share > LARGEST_SHARE:
        raise ValueError(f"{told}: it is a network of other characters than those. {remedy}")
    if share > SUSPICIOUS_SHARE:
        logger.warning("%s, which all look alike to the network: is it one for texts like these?", told)
    return share
