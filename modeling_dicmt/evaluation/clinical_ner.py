"""Scores of clinical named entity recognition: an `evaluate` metric in one self-contained file.

`evaluate.load("…/clinical_ner.py")` works offline, `ClinicalNER().compute(…)` too, and `score_entities(…)` is the same
without arrow. Everything is counted on whole records, in offsets of the record's text, so what a system loses by
splitting or truncating a record counts as lost. All figures are fractions; a ratio without a denominator is 0.0.
"""

import operator
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import datasets
import evaluate
import numpy as np

_DESCRIPTION = """
Strict, relaxed and boundary scores of entities in clinical records, micro, macro and by type; recall by length and by
how often the mention occurs in training; scores of entity segmentation (NES) by characters and by spans.
"""

_INPUTS_DESCRIPTION = """
Args:
    predictions: For each record its predicted entities, each `{"start", "end", "type"}`: offsets of the record's text
        (end exclusive) and tag name. Further keys are ignored. An entity given twice counts once; nesting is allowed.
    references: For each record its annotated entities, likewise.
    texts: Text of each record; needed by `training_mentions` and `once_per_record`.
    training_mentions: `{type: {mention: count}}`: how often each mention is annotated in training (`count_mentions`).
    once_per_record: Also count each (mention, type) once a record, as the published counts of CCKS2018 do.
    segmentation: For each record a 0 or 1 for each character of its text: does the NES task put it inside an entity?

Returns: A dictionary of plain numbers that can be written as JSON.
    precision, recall, f1, support, predicted, correct: Strict, micro. An entity is correct if start, end and type are
        those of an annotated one. `support` counts the annotated entities, `predicted` the predicted ones.
    relaxed_precision, relaxed_recall, relaxed_f1, relaxed_correct: Relaxed, micro. A predicted and an annotated entity
        of one type that share a character may be paired, each with one partner at most; `relaxed_correct` is the
        largest number of pairs that the records' entities allow.
    boundary_precision, boundary_recall, boundary_f1, boundary_correct: Distinct spans (start, end), types ignored.
    macro_precision, macro_recall, macro_f1, relaxed_macro_precision, …: Means over the types that occur in predictions
        or references. `macro_f1` is the mean of the types' F1, not the F1 of mean precision and mean recall.
    by_type: For each such type its strict and relaxed figures, and support, predicted and correct.
    by_nesting: (where entities lie within others) Strict figures of the `inner` ones, which lie within a longer one of
        their record, and of the `outer` ones: recall of those annotated as such, precision of those predicted as
        such, whatever the other side has around them; `f1` is the harmonic mean of both.
    recall_by_length: Strict recall, support and correct of annotated entities of 1, …, 6, 7-10, more characters.
    recall_by_training_count: (given `training_mentions`) The same by how often the annotated (mention, type) occurs in
        training: 0, 1, 2, 3, more.
    once_per_record: (if asked for) Strict figures over the sets of (mention, type) of each record; micro and by type.
    segmentation: (given `segmentation`) `characters`: inside an entity or not. `spans`: maximal runs of 1 against the
        maximal runs of characters that annotated entities cover. `entities`: the same runs against the annotated
        entities' own spans. `gold_mask_entities`: what a perfect mask scores there, since a mask merges neighbours.
"""

LENGTH_ROWS = ("1", "2", "3", "4", "5", "6", "7-10", "more")
COUNT_ROWS = ("0", "1", "2", "3", "more")

Entity = tuple[int, int, str]


def count_mentions(records: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Count how often each mention is annotated with each type.

    Mentions are compared as written: `ct` and `CT` are two mentions.

    Args:
        records: Records with `text` and `entities` (`start`, `end`, `type`); those of the training part, as a rule.

    Returns:
        `{type: {mention: count}}`, the `training_mentions` of the metric.
    """
    counts: dict[str, Counter[str]] = {}
    for record in records:
        for entity in record["entities"]:
            mention = record["text"][entity["start"] : entity["end"]]
            counts.setdefault(entity["type"], Counter())[mention] += 1
    return {entity_type: dict(mentions) for entity_type, mentions in counts.items()}


def score_entities(
    predictions: Sequence[Iterable[Any]],
    references: Sequence[Iterable[Any]],
    *,
    texts: Sequence[str] | None = None,
    training_mentions: Mapping[str, Mapping[str, int]] | None = None,
    once_per_record: bool = False,
    segmentation: Sequence[Sequence[int] | np.ndarray] | None = None,
) -> dict[str, Any]:
    """Score predicted against annotated entities; `ClinicalNER().inputs_description` defines arguments and figures.

    Entities may also be given as tuples `(start, end, type)`.

    Raises:
        ValueError: If the arguments do not have one item a record, an entity is malformed, is empty or leaves its text,
            a mask is not one 0 or 1 a character, or `texts` is missing where mentions are asked for.
    """
    if texts is None and (training_mentions is not None or once_per_record):
        raise ValueError(
            "training_mentions and once_per_record compare mentions: give the records' texts as `texts`, too."
        )
    for name, values in (("references", references), ("texts", texts), ("segmentation", segmentation)):
        if values is not None and len(values) != len(predictions):
            raise ValueError(
                f"{len(predictions)} records in `predictions` but {len(values)} in `{name}`: give one item a record, "
                "in the same order, an empty list for a record without entities."
            )
    lengths = [None] * len(predictions) if texts is None else [len(text) for text in texts]
    predicted = read_entities(predictions, "predictions", lengths)
    annotated = read_entities(references, "references", lengths)
    pairs = list(zip(predicted, annotated, strict=True))

    support = Counter(entity[2] for record in annotated for entity in record)
    num_predicted = Counter(entity[2] for record in predicted for entity in record)
    correct = Counter(entity[2] for found, gold in pairs for entity in found & gold)
    relaxed = Counter[str]()
    for found, gold in pairs:
        relaxed.update(_count_overlapping_pairs(found, gold))

    results = _score_types(correct, num_predicted, support)
    relaxed_results = _score_types(relaxed, num_predicted, support)
    results |= {f"relaxed_{name}": relaxed_results[name] for name in _RATIOS + _MACRO_RATIOS + ("correct",)}
    for entity_type, scores in results["by_type"].items():
        relaxed_scores = relaxed_results["by_type"][entity_type]
        scores |= {f"relaxed_{name}": relaxed_scores[name] for name in (*_RATIOS, "correct")}
    boundary_scores = _score_sets(
        [{entity[:2] for entity in record} for record in predicted],
        [{entity[:2] for entity in record} for record in annotated],
    )
    results |= {f"boundary_{name}": boundary_scores[name] for name in (*_RATIOS, "correct")}

    if nesting := _score_nesting(predicted, annotated):
        results["by_nesting"] = nesting

    hits = [(index, entity, entity in predicted[index]) for index, gold in enumerate(annotated) for entity in gold]
    results["recall_by_length"] = _recall_table(
        LENGTH_ROWS, ((length_row(end - start), hit) for _, (start, end, _), hit in hits)
    )
    if training_mentions is not None:
        seen = (
            (training_mentions.get(entity_type, {}).get(texts[index][start:end], 0), hit)
            for index, (start, end, entity_type), hit in hits
        )
        results["recall_by_training_count"] = _recall_table(
            COUNT_ROWS, ((str(count) if count <= 3 else "more", hit) for count, hit in seen)
        )
    if once_per_record:
        results["once_per_record"] = _score_mentions(predicted, annotated, texts)
    if segmentation is not None:
        results["segmentation"] = _score_segmentation(segmentation, annotated, lengths)
    return results


class ClinicalNER(evaluate.Metric):
    """`score_entities` as an `evaluate` metric.

    Within one process the batches stay in memory, whatever `keep_in_memory` says. With `num_process > 1`, `evaluate`
    exchanges them through files in its cache folder: offsets and types, never text.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keep_in_memory = self.num_process == 1

    def _info(self) -> evaluate.MetricInfo:
        entities = datasets.List(
            {"start": datasets.Value("int64"), "end": datasets.Value("int64"), "type": datasets.Value("string")}
        )
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS_DESCRIPTION,
            features=datasets.Features({"predictions": entities, "references": entities}),
        )

    def add_batch(self, *, predictions: Any = None, references: Any = None, **kwargs: Any) -> None:
        """Add the predicted and annotated entities of some records."""
        if predictions is None or references is None or len(predictions) != len(references):
            raise ValueError("Give `predictions` and `references` for the same records: one list of entities a record.")
        super().add_batch(
            predictions=_as_rows(predictions, "predictions"), references=_as_rows(references, "references"), **kwargs
        )

    def add(self, *, prediction: Any = None, reference: Any = None, **kwargs: Any) -> None:
        """Add the predicted and annotated entities of one record."""
        self.add_batch(predictions=[prediction or []], references=[reference or []], **kwargs)

    def _compute(self, predictions: Any, references: Any, **options: Any) -> dict[str, Any]:
        return score_entities(predictions, references, **options)


_RATIOS = ("precision", "recall", "f1")
_MACRO_RATIOS = ("macro_precision", "macro_recall", "macro_f1")


def read_entities(
    records: Sequence[Iterable[Any]], name: str, lengths: Sequence[int | None] | None = None
) -> list[set[Entity]]:
    """The distinct entities of each record as tuples, checked; errors name them `name[index of the record]`."""
    lengths = [None] * len(records) if lengths is None else lengths
    return [
        {_read_entity(entity, f"{name}[{index}]", length) for entity in record}
        for index, (record, length) in enumerate(zip(records, lengths, strict=True))
    ]


def _read_entity(entity: Any, where: str, length: int | None) -> Entity:
    try:
        if isinstance(entity, Mapping):
            entity = (entity["start"], entity["end"], entity["type"])
        start, end, entity_type = entity
        start, end = operator.index(start), operator.index(end)
    except (KeyError, TypeError, ValueError):
        raise ValueError(
            f"{where}: a value of type {type(entity).__name__} is not an entity: give integers `start` and `end` and "
            "the tag name `type`."
        ) from None
    if not isinstance(entity_type, str) or not entity_type:
        raise ValueError(f"{where}: the type of the one at {start}:{end} is not a tag name such as 'Disease'.")
    if not 0 <= start < end:
        raise ValueError(f"{where}: {entity!r} has no characters: offsets count from 0 and the end is exclusive.")
    if length is not None and end > length:
        raise ValueError(
            f"{where}: {entity!r} leaves its text, which has {length} characters: are texts in this order?"
        )
    return start, end, entity_type


def _as_rows(records: Sequence[Iterable[Any]], name: str) -> list[list[dict[str, Any]]]:
    """The entities with exactly the keys that arrow expects."""
    entities = read_entities(records, name)
    return [[dict(zip(("start", "end", "type"), entity, strict=True)) for entity in sorted(r)] for r in entities]


def _score(correct: int, predicted: int, support: int) -> dict[str, Any]:
    return {
        "precision": correct / predicted if predicted else 0.0,
        "recall": correct / support if support else 0.0,
        "f1": 2 * correct / (predicted + support) if predicted + support else 0.0,
        "support": support,
        "predicted": predicted,
        "correct": correct,
    }


def _score_sets(predicted: Sequence[set], references: Sequence[set]) -> dict[str, Any]:
    correct = sum(len(found & gold) for found, gold in zip(predicted, references, strict=True))
    return _score(correct, sum(map(len, predicted)), sum(map(len, references)))


def _score_types(correct: Counter[str], predicted: Counter[str], support: Counter[str]) -> dict[str, Any]:
    by_type = {
        entity_type: _score(correct[entity_type], predicted[entity_type], support[entity_type])
        for entity_type in sorted(predicted | support)
    }
    macro = {
        f"macro_{name}": sum(scores[name] for scores in by_type.values()) / max(1, len(by_type)) for name in _RATIOS
    }
    return _score(correct.total(), predicted.total(), support.total()) | macro | {"by_type": by_type}


def inner_entities(entities: Iterable[Entity]) -> set[Entity]:
    """Those that lie within a longer one."""
    inner: set[Entity] = set()
    farthest = farthest_here = 0  # ends of entities that begin before this place, and of those that begin at it
    place = -1
    for entity in sorted(entities, key=lambda entity: (entity[0], -entity[1])):
        start, end, _ = entity
        if start != place:
            farthest, farthest_here, place = max(farthest, farthest_here), end, start
        if end <= farthest or end < farthest_here:
            inner.add(entity)
    return inner


def _score_nesting(predicted: Sequence[set[Entity]], annotated: Sequence[set[Entity]]) -> dict[str, dict[str, Any]]:
    """Figures of outer and inner entities; empty if none lies within another."""
    counts = {name: Counter[str]() for name in ("outer", "inner")}
    for found, gold in zip(predicted, annotated, strict=True):
        for entities, others, side in ((found, gold, "predicted"), (gold, found, "support")):
            inner = inner_entities(entities)
            for name, of_kind in (("inner", inner), ("outer", entities - inner)):
                counts[name][side] += len(of_kind)
                counts[name][f"correct of {side}"] += len(of_kind & others)
    if not counts["inner"]["predicted"] + counts["inner"]["support"]:
        return {}
    results = {}
    for name, count in counts.items():
        precision = count["correct of predicted"] / max(1, count["predicted"])
        recall = count["correct of support"] / max(1, count["support"])
        results[name] = {
            "precision": precision,
            "recall": recall,
            "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
            "support": count["support"],
            "predicted": count["predicted"],
        }
    return results


def _score_mentions(predicted: list[set[Entity]], annotated: list[set[Entity]], texts: Sequence[str]) -> dict[str, Any]:
    found, gold = (
        [{(text[start:end], kind) for start, end, kind in record} for text, record in zip(texts, records, strict=True)]
        for records in (predicted, annotated)
    )
    by_type = {}
    for entity_type in sorted({mention[1] for record in found + gold for mention in record}):
        of_type = [[{m for m in record if m[1] == entity_type} for record in records] for records in (found, gold)]
        by_type[entity_type] = _score_sets(*of_type)
    return _score_sets(found, gold) | {"by_type": by_type}


def overlapping(entities: Iterable[Entity], others: Sequence[Entity]) -> list[list[int]]:
    """For each of the entities, the indices of those of `others`, sorted, that share a character with it."""
    starts = [other[0] for other in others]
    longest = max((end - start for start, end, _ in others), default=0)
    indices = []
    for start, end, _ in entities:
        candidates = range(bisect_left(starts, start - longest), bisect_left(starts, end))
        indices.append([index for index in candidates if others[index][1] > start])
    return indices


def _count_overlapping_pairs(found: set[Entity], gold: set[Entity]) -> Counter[str]:
    """By type, the largest number of one-to-one pairs of overlapping entities of one record."""
    pairs = Counter[str]()
    for entity_type in {entity[2] for entity in found} & {entity[2] for entity in gold}:
        found_of_type = sorted(entity for entity in found if entity[2] == entity_type)
        gold_of_type = sorted(entity for entity in gold if entity[2] == entity_type)
        pairs[entity_type] = _maximum_matching(overlapping(found_of_type, gold_of_type))
    return pairs


def _maximum_matching(neighbours: Sequence[Sequence[int]]) -> int:
    """Size of a maximum matching of a bipartite graph, by augmenting paths; iterative, since chains can be long."""
    partner_of_left: dict[int, int] = {}
    partner_of_right: dict[int, int] = {}
    for root in range(len(neighbours)):
        reached_from: dict[int, int] = {}  # right node → the left node from which the search reached it
        queue = deque([root])
        while queue:
            left = queue.popleft()
            for right in neighbours[left]:
                if right in reached_from:
                    continue
                reached_from[right] = left
                if right in partner_of_right:
                    queue.append(partner_of_right[right])
                    continue
                while right is not None:  # a free node ends the path: swap pairs back to the root
                    left = reached_from[right]
                    freed = partner_of_left.get(left)
                    partner_of_left[left], partner_of_right[right] = right, left
                    right = freed
                queue.clear()
                break
    return len(partner_of_right)


def length_row(length: int) -> str:
    return str(length) if length <= 6 else "7-10" if length <= 10 else "more"


def _recall_table(rows: Sequence[str], hits: Iterable[tuple[str, bool]]) -> dict[str, dict[str, Any]]:
    support, correct = Counter[str](), Counter[str]()
    for row, hit in hits:
        support[row] += 1
        correct[row] += hit
    return {
        row: {
            "recall": correct[row] / support[row] if support[row] else 0.0,
            "support": support[row],
            "correct": correct[row],
        }
        for row in rows
    }


def _score_segmentation(
    masks: Sequence[Sequence[int] | np.ndarray], annotated: list[set[Entity]], lengths: Sequence[int | None]
) -> dict[str, dict[str, Any]]:
    characters, runs, gold_runs = np.zeros(3, dtype=np.int64), [], []
    for index, (values, entities, length) in enumerate(zip(masks, annotated, lengths, strict=True)):
        mask = np.asarray(values)  # (characters,)
        if mask.ndim != 1 or not np.isin(mask, (0, 1)).all():
            raise ValueError(f"segmentation[{index}] is not one row of 0 and 1: give decisions, not probabilities.")
        least = max((end for _, end, _ in entities), default=0)
        if len(mask) < least or (length is not None and len(mask) != length):
            raise ValueError(
                f"segmentation[{index}] has {len(mask)} characters, but its text has "
                f"{f'at least {least}' if length is None else length}: give one value a character of the whole record."
            )
        mask = mask.astype(bool)
        gold = np.zeros(len(mask), dtype=bool)
        for start, end, _ in entities:
            gold[start:end] = True
        characters += (mask & gold).sum(), mask.sum(), gold.sum()
        runs.append(_runs(mask))
        gold_runs.append(_runs(gold))
    spans = [{entity[:2] for entity in record} for record in annotated]
    return {
        "characters": _score(*characters.tolist()),
        "spans": _score_sets(runs, gold_runs),
        "entities": _score_sets(runs, spans),
        "gold_mask_entities": _score_sets(gold_runs, spans),
    }


def _runs(mask: np.ndarray) -> set[tuple[int, int]]:
    """Maximal runs of True as (start, end), end exclusive."""
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return set(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
