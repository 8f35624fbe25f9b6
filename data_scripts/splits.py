"""The development split of a corpus that has none: a share of the groups, identical texts on one side only."""

import random
from collections import defaultdict
from collections.abc import Sequence

from .readers.records import CorpusError


def split_groups(
    groups: Sequence[str], texts: Sequence[str], share: float = 0.1, seed: int = 42
) -> tuple[list[int], list[int]]:
    """Divide records into a training and a development part.

    Records of one group stay together, and so do groups that share a text: a text seen in training would be
    scored as if it were new. Which groups go where depends on the groups' names, the texts and the seed, not on
    the records' order.

    Args:
        groups: Group (patient) of each record.
        texts: Text of each record.
        share: Share of the groups for development, in (0, 1).
        seed: Seed of the choice.

    Returns:
        Indices of the training and of the development records, each ascending.

    Raises:
        ValueError: If `share` is not within (0, 1).
        CorpusError: If the records cannot be divided because all belong together.
    """
    if not 0 < share < 1:
        raise ValueError(f"The development split's share must lie between 0 and 1, got {share}.")
    components = _connected(groups, texts)
    if len(components) < 2:
        raise CorpusError(
            f"No development split can be made: all {len(groups)} records are of one group or share their texts. "
            "Give a validation file or more records, or train without: --validation_share 0."
        )
    random.Random(seed).shuffle(components)
    total = sum(len(component) for component in components)
    target = min(max(1, round(share * total)), total - 1)
    chosen: set[str] = set()
    for component in components:
        if len(chosen) + len(component) <= target:
            chosen |= component
    if not chosen:
        chosen = min(components, key=len)
    development = [index for index, group in enumerate(groups) if group in chosen]
    train = [index for index, group in enumerate(groups) if group not in chosen]
    return train, development


def _connected(groups: Sequence[str], texts: Sequence[str]) -> list[set[str]]:
    """Sets of groups that belong together, in the order of their smallest names."""
    groups_of_text: dict[str, set[str]] = defaultdict(set)
    for group, text in zip(groups, texts, strict=True):
        if text.strip():
            groups_of_text[text].add(group)
    neighbours: dict[str, set[str]] = {group: set() for group in groups}
    for sharing in groups_of_text.values():
        for group in sharing:
            neighbours[group] |= sharing
    components = []
    visited: set[str] = set()
    for first in sorted(neighbours):
        component: set[str] = set()
        frontier = {first} - visited
        while frontier:
            component |= frontier
            frontier = set().union(*(neighbours[group] for group in frontier)) - component
        visited |= component
        if component:
            components.append(component)
    return components
