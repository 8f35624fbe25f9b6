"""What a corpus itself says, in numbers: its size (Table 3), its types' radicals (Fig. 4), its contradictions."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from data_scripts.records import Records
from data_scripts.statistics import corpus_statistics
from modeling_dicmt.normalization import normalize
from modeling_dicmt.radicals import NUM_KANGXI_RADICALS, NUM_RADICALS, RadicalTable

from .recording import OUTSIDE

# Characters to either side that make the context of a mention.
CONTEXT_LENGTH = 5


class Contradiction(NamedTuple):
    """A mention that is annotated differently in the same context.

    Args:
        before: Characters before it.
        mention: The mention.
        after: Characters after it.
        types: How often it is annotated with which type; `none` stands for no annotation of just this stretch.
        places: The records' ids and offsets, one for each type.
    """

    before: str
    mention: str
    after: str
    types: dict[str, int]
    places: list[tuple[str, int]]


def analyse(parts: Mapping[str, Records], entity_types: Sequence[str]) -> dict[str, Any]:
    """All that the report says of a corpus, without any text of it.

    Returns:
        `statistics` (as `corpus_statistics`), `radicals` (`radical_counts` of the training part), `contradictions`
        (`count_contradictions` of training and development part).
    """
    seen = [record for name in ("train", "validation") for record in parts.get(name, ())]
    return {
        "entity_types": list(entity_types),
        "statistics": corpus_statistics(parts, entity_types),
        "radicals": radical_counts(parts["train"]),
        "contradictions": count_contradictions(seen),
    }


def radical_counts(records: Records) -> dict[str, dict[str, int]]:
    """How often the characters of each type's mentions have each Kangxi radical (`"1"` to `"214"`; Han only)."""
    table = RadicalTable.load()
    mentions: dict[str, list[str]] = defaultdict(list)
    for record in records:
        for entity in record["entities"]:
            mentions[entity["type"]].append(record["text"][entity["start"] : entity["end"]])
    first = NUM_RADICALS - NUM_KANGXI_RADICALS  # the id of Kangxi radical 1
    counts = {}
    for kind, texts in sorted(mentions.items()):
        ids = Counter(table.ids("".join(texts)).tolist())
        counts[kind] = {str(index - first + 1): count for index, count in sorted(ids.items()) if index >= first}
    return counts


def find_contradictions(records: Records, context: int = CONTEXT_LENGTH) -> list[Contradiction]:
    """Mentions that the annotations treat differently although the characters around them are the same.

    Every annotated mention is looked for, with `context` characters to either side, in all records. An occurrence that
    is not annotated with just these offsets counts as `none`. Texts are compared after normalisation.
    """
    texts = [normalize(record["text"]) for record in records]
    annotated = [{(e["start"], e["end"]): e["type"] for e in record["entities"]} for record in records]
    windows: dict[int, dict[str, None]] = defaultdict(dict)
    for text, entities in zip(texts, annotated, strict=True):
        for start, end in entities:
            if start >= context and end + context <= len(text):
                windows[end - start].setdefault(text[start - context : end + context])
    found = []
    for length, wanted in sorted(windows.items()):
        occurrences: dict[str, list[tuple[int, int]]] = {window: [] for window in wanted}
        width = length + 2 * context
        for number, text in enumerate(texts):
            for place in range(len(text) - width + 1):
                window = text[place : place + width]
                if window in occurrences:
                    occurrences[window].append((number, place + context))
        for window, places in occurrences.items():
            types: Counter[str] = Counter()
            examples: dict[str, tuple[str, int]] = {}
            for number, start in places:
                kind = annotated[number].get((start, start + length), OUTSIDE)
                types[kind] += 1
                examples.setdefault(kind, (records[number]["id"], start))
            if len(types) > 1:
                parts = window[:context], window[context:-context], window[-context:]
                found.append(Contradiction(*parts, dict(types.most_common()), list(examples.values())))
    return sorted(found, key=lambda item: (-sum(item.types.values()), item.mention, item.before))


def count_contradictions(records: Records) -> dict[str, Any]:
    """`find_contradictions` in numbers.

    Returns:
        `repeated_texts` and `repeated_texts_annotated_differently`: texts of records that occur more than once.
        `contexts`: contradictory contexts; `occurrences` in them; `minority`: those that are not annotated as most of
        their context are, which no system that sees the context alone can all get right. `pairs`: contexts by the two
        most frequent treatments, `"type / type"`.
    """
    annotations: dict[str, list[frozenset]] = defaultdict(list)
    for record in records:
        annotations[record["text"]].append(frozenset((e["start"], e["end"], e["type"]) for e in record["entities"]))
    repeated = [versions for versions in annotations.values() if len(versions) > 1]
    found = find_contradictions(records)
    pairs = Counter(" / ".join(sorted(list(item.types)[:2])) for item in found)
    occurrences = sum(sum(item.types.values()) for item in found)
    return {
        "repeated_texts": len(repeated),
        "repeated_texts_annotated_differently": sum(len(set(versions)) > 1 for versions in repeated),
        "contexts": len(found),
        "occurrences": occurrences,
        "minority": occurrences - sum(max(item.types.values()) for item in found),
        "pairs": dict(pairs.most_common()),
    }
