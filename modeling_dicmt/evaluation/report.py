"""What is left for a reader after an evaluation: report, errors, a record's entities on a terminal.

Reports with examples and errors hold text of the records: they are as confidential as the records are.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from ..files import write_text
from .clinical_ner import Entity, overlapping, read_entities
from .prediction_files import prediction

CONTEXT_LENGTH = 15
ERROR_CLASSES = {
    "wrong type": "the span of an annotated entity, another type",
    "wrong boundary": "overlaps an annotated entity of its type",
    "wrong type and boundary": "overlaps an annotated entity of another type only",
    "missed": "annotated, and no prediction left that overlaps it",
    "spurious": "predicted, and no annotated entity left that it overlaps",
}

SCORE_ROWS = {
    "strict, micro": "",
    "strict, macro": "macro_",
    "relaxed, micro": "relaxed_",
    "relaxed, macro": "relaxed_macro_",
    "boundaries only": "boundary_",
}
_SEGMENTATION_ROWS = {
    "characters": "characters inside an entity",
    "spans": "spans of the mask against spans of the annotated mask",
    "entities": "spans of the mask against annotated entities",
    "gold_mask_entities": "(a perfect mask against annotated entities)",
}

_ANSI_RESET = "\x1b[0m"
_ANSI_COLORS = tuple(f"\x1b[{code}m" for code in (36, 33, 35, 32, 34, 31, 96, 93, 95, 92, 94, 91))
# Control characters of a record must not drive the terminal: they become pictures (ESC → ␛), or U+FFFD without one.
_VISIBLE = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: 0x2421}
_VISIBLE |= dict.fromkeys([*range(0x80, 0xA0), *range(0xD800, 0xE000)], 0xFFFD)

# What Markdown might obey, as what it shows. A stroke ends a cell even after a backslash that is meant to spare it.
_MARKS = {ord(mark): f"&#{ord(mark)};" for mark in "\\`|*_~[]$"}


class EntityError(NamedTuple):
    """A wrong entity: what was predicted, what is annotated, or both.

    Args:
        kind: One of `ERROR_CLASSES`.
        record: Index of the record.
        predicted: The predicted entity, None where one was missed.
        annotated: The annotated entity, None where the predicted one is spurious.
    """

    kind: str
    record: int
    predicted: Entity | None
    annotated: Entity | None


def classify_errors(predictions: Sequence[Iterable[Any]], references: Sequence[Iterable[Any]]) -> list[EntityError]:
    """Sort the entities that are not strictly correct into `ERROR_CLASSES`.

    Predicted and annotated entities are paired one to one: first those with the same span, then those of one type that
    overlap, then any that overlap; among these, those that share most characters first. What stays alone is spurious
    or missed, so that each wrong entity is counted exactly once.

    Args:
        predictions: For each record its predicted entities, as `score_entities` takes them.
        references: For each record its annotated entities.

    Returns:
        The errors, in the order of records and offsets.
    """
    errors = []
    pairs = zip(read_entities(predictions, "predictions"), read_entities(references, "references"), strict=True)
    for record, (predicted, annotated) in enumerate(pairs):
        found, gold = sorted(predicted - annotated), sorted(annotated - predicted)
        candidates = []
        for left, neighbours in enumerate(overlapping(found, gold)):
            for right in neighbours:
                kind, shared = _compare(found[left], gold[right])
                candidates.append((list(ERROR_CLASSES).index(kind), -shared, left, right, kind))
        partners: dict[int, tuple[int, str]] = {}
        paired = set()
        for _, _, left, right, kind in sorted(candidates):
            if left not in partners and right not in paired:
                partners[left] = (right, kind)
                paired.add(right)
        of_record = [EntityError("missed", record, None, gold[i]) for i in range(len(gold)) if i not in paired]
        for left, entity in enumerate(found):
            if left in partners:
                right, kind = partners[left]
                of_record.append(EntityError(kind, record, entity, gold[right]))
            else:
                of_record.append(EntityError("spurious", record, entity, None))
        errors += sorted(of_record, key=lambda error: error.predicted or error.annotated)
    return errors


def render_report(
    results: Mapping[str, Any],
    run: Mapping[str, Any] | None = None,
    *,
    records: Sequence[Mapping[str, Any]] = (),
    predictions: Sequence[Iterable[Any]] | None = None,
    title: str = "Evaluation",
    examples: int = 5,
) -> str:
    """Write the metric's results, and the errors behind them, as Markdown.

    Args:
        results: What `score_entities` or `ClinicalNER.compute` returned; only the parts that it has are shown.
        run: What is to be known about the run, in a few words each.
        records: The annotated records, with `id`, `text` and `entities`.
        predictions: The entities found in them, to count the errors by class and show some in context.
        title: Heading of the report.
        examples: How many errors of each class are shown in context, taken evenly from all of that class.

    Returns:
        The report; figures in per cent.
    """
    parts = [f"# {title}\n"]
    if run:
        parts += ["## Run\n", *(f"- {name}: {value}" for name, value in run.items()), ""]
    parts += ["## Scores (%)\n", markdown_table(("counting", "precision", "recall", "F1"), _score_rows(results))]
    columns = ("type", "annotated", "predicted", "correct", "precision", "recall", "F1", "relaxed F1")
    parts += ["## By type\n", markdown_table(columns, [_type_row(*item) for item in results["by_type"].items()])]
    if "by_nesting" in results:
        rows = [
            (name, scores["support"], scores["predicted"], *_ratios(scores))
            for name, scores in results["by_nesting"].items()
        ]
        columns = ("entities", "annotated", "predicted", "precision", "recall", "F1")
        parts += ["## Within others (inner) or not (outer)\n", markdown_table(columns, rows)]
    for key, heading, column in (
        ("recall_by_training_count", "Recall by occurrences of mention and type in training", "occurrences"),
        ("recall_by_length", "Recall by length", "characters"),
    ):
        if key in results:
            rows = [
                (row, scores["support"], scores["correct"], _percent(scores["recall"]) if scores["support"] else "–")
                for row, scores in results[key].items()
            ]
            parts += [f"## {heading}\n", markdown_table((column, "annotated", "correct", "recall"), rows)]
    if "segmentation" in results:
        rows = [(text, *_ratios(results["segmentation"][key])) for key, text in _SEGMENTATION_ROWS.items()]
        parts += ["## Entity segmentation (NES)\n", markdown_table(("counting", "precision", "recall", "F1"), rows)]
    if results.get("calibration", {}).get("bins"):
        rows = [
            (f"{row['from']:.2f}–{row['to']:.2f}", row["entities"], _percent(row["score"]), _percent(row["precision"]))
            for row in results["calibration"]["bins"]
        ]
        parts += ["## Calibration\n", f"Expected calibration error: {_percent(results['calibration']['error'])} %\n"]
        parts += [markdown_table(("score", "entities", "mean score", "precision"), rows)]
    if predictions is not None:
        errors = classify_errors(predictions, [record["entities"] for record in records])
        numbers = Counter(error.kind for error in errors)
        counts = [(kind, numbers[kind], meaning) for kind, meaning in ERROR_CLASSES.items()]
        parts += ["## Errors\n", markdown_table(("class", "count", "what"), counts)]
        for kind, lines in show_errors(errors, records, examples).items():
            parts.append(f"{kind.capitalize()}:\n\n{text_block(lines)}")
    return "\n".join(parts)


def write_errors(
    path: str | os.PathLike[str], records: Sequence[Mapping[str, Any]], predictions: Sequence[Iterable[Any]]
) -> None:
    """Write every error of a part as a JSON line, `{"id", "error", "predicted"?, "annotated"?}`.

    Args:
        path: The file; it is either complete or not there.
        records: The records, with `id`, `text` and `entities`.
        predictions: For each record its predicted entities, as `score_entities` takes them.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_text(path, _error_lines(records, predictions))


def _error_lines(records: Sequence[Mapping[str, Any]], predictions: Sequence[Iterable[Any]]) -> Iterator[str]:
    for error in classify_errors(predictions, [record["entities"] for record in records]):
        record = records[error.record]
        line: dict[str, Any] = {"id": record["id"], "error": error.kind}
        for side in ("predicted", "annotated"):
            if (entity := getattr(error, side)) is not None:
                line[side] = prediction(entity, record)
        yield json.dumps(line, ensure_ascii=False) + "\n"


def render_entities(text: str, entities: Iterable[Any], color: bool = False, details: bool = False) -> str:
    """Show entities within their text for a terminal: `患者有[肺炎|Disease]。`, nested ones within one another.

    Args:
        text: The record's text. Control characters are shown as pictures; line ends and tabs are kept.
        entities: Its entities, tuples or mappings as `write_predictions` takes them.
        color: Give each type a colour (ANSI).
        details: Show scores and evidence of those that have them, and which are forced, vetted terms first:
            `[肺炎|Disease 0.97 forced ←vetted Disease:肺炎 ←disease:肺炎]`.

    Returns:
        The text with its entities marked.
    """
    entities = list(entities)
    (found,) = read_entities([entities], "entities", [len(text)])
    mappings = [entity for entity in entities if details and isinstance(entity, Mapping)]
    details_of = {(item["start"], item["end"], item["type"]): _details(item) for item in mappings}
    types = sorted({entity_type for _, _, entity_type in found})
    colors = {kind: _ANSI_COLORS[index % len(_ANSI_COLORS)] if color else "" for index, kind in enumerate(types)}
    reset = _ANSI_RESET if color else ""

    pieces, position, open_entities = [], 0, []
    # At one place: ends before starts, the inner entity ends first, the outer one starts first.
    marks = [(end, 0, -start, kind, (start, end, kind)) for start, end, kind in found]
    marks += [(start, 1, -end, kind, (start, end, kind)) for start, end, kind in found]
    for place, is_start, _, kind, entity in sorted(marks):
        pieces.append(visible(text[position:place]))
        position = place
        if is_start:
            open_entities.append(entity)
            pieces.append(f"{colors[kind]}[")
        else:
            open_entities.remove(entity)
            outer = colors[open_entities[-1][2]] if open_entities else ""
            pieces.append(f"|{kind}{details_of.get(entity, '')}]{reset}{outer}")
    return "".join([*pieces, visible(text[position:])])


def _details(entity: Mapping[str, Any]) -> str:
    score = f" {entity['score']:.2f}" if entity.get("score") is not None else ""
    forced = " forced" if entity.get("forced") else ""
    terms: dict[bool, list[str]] = {True: [], False: []}
    for term in entity.get("evidence", ()):
        terms[term.get("vetted", False)].append(f"{'/'.join(term['lists'])}:{term['term']}")
    shown = [
        f" ←{'vetted ' if is_vetted else ''}{visible(', '.join(of_kind))}"
        for is_vetted, of_kind in terms.items()
        if of_kind
    ]
    return score + forced + "".join(shown)


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f}"


def _ratios(scores: Mapping[str, Any], prefix: str = "") -> tuple[str, str, str]:
    return tuple(_percent(scores[prefix + name]) for name in ("precision", "recall", "f1"))


def _score_rows(results: Mapping[str, Any]) -> list[tuple[str, ...]]:
    rows = [(text, *_ratios(results, prefix)) for text, prefix in SCORE_ROWS.items()]
    if "once_per_record" in results:
        rows.append(("strict, each mention once a record", *_ratios(results["once_per_record"])))
    return rows


def _type_row(entity_type: str, scores: Mapping[str, Any]) -> tuple[Any, ...]:
    counts = (scores["support"], scores["predicted"], scores["correct"])
    return entity_type, *counts, *_ratios(scores), _percent(scores["relaxed_f1"])


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table in Markdown, its first column aligned to the left and the others to the right."""

    def line(cells: Sequence[Any]) -> str:
        return "| " + " | ".join(" ".join(str(cell).replace("|", "\\|").split()) for cell in cells) + " |\n"

    rule = "|---|" + "---:|" * (len(header) - 1) + "\n"
    return line(header) + rule + "".join(map(line, rows))


def markdown_cell(text: str) -> str:
    """A text of others, in one line of Markdown that stays text."""
    return escape(" ".join(visible(text).split()), quote=False).translate(_MARKS)


def _compare(found: Entity, gold: Entity) -> tuple[str, int]:
    """Class of the error of predicting `found` for `gold`, which it overlaps, and how many characters they share."""
    shared = min(found[1], gold[1]) - max(found[0], gold[0])
    if found[:2] == gold[:2]:
        return "wrong type", shared
    return "wrong boundary" if found[2] == gold[2] else "wrong type and boundary", shared


def text_block(lines: Iterable[str]) -> str:
    """Lines with records' text as a block of Markdown; each must begin with words of ours, or it might end it."""
    return "```text\n" + "".join(f"{line}\n" for line in lines) + "```\n"


def show_errors(
    errors: Sequence[EntityError], records: Sequence[Mapping[str, Any]], examples: int
) -> dict[str, list[str]]:
    """Some errors of each class that occurs, taken evenly from all of it, as lines that show them in context.

    Args:
        errors: As `classify_errors` returns them.
        records: The records, with `id` and `text`.
        examples: How many of each class.
    """
    shown = {}
    for kind in ERROR_CLASSES:
        of_class = [error for error in errors if error.kind == kind]
        number = min(examples, len(of_class))
        chosen = [of_class[index * len(of_class) // number] for index in range(number)]
        if chosen:
            shown[kind] = [
                f"{record_name(records[error.record])}: {_in_context(error, records[error.record]['text'])}"
                for error in chosen
            ]
    return shown


def record_name(record: Mapping[str, Any]) -> str:
    """What a line of a report calls a record."""
    return f"record {visible(' '.join(record['id'].split()))}"


def in_context(text: str, entities: Iterable[Entity], start: int, end: int) -> str:
    """A stretch of a text with a few characters around it, entities that lie within it marked, in one line."""
    start, end = max(0, start - CONTEXT_LENGTH), min(len(text), end + CONTEXT_LENGTH)
    window = render_entities(text[start:end], [(first - start, last - start, kind) for first, last, kind in entities])
    return ("…" if start else "") + " ".join(window.split()) + ("…" if end < len(text) else "")


def _in_context(error: EntityError, text: str) -> str:
    spans = [entity for entity in (error.predicted, error.annotated) if entity]
    start, end = min(entity[0] for entity in spans), max(entity[1] for entity in spans)
    shown = [in_context(text, [entity], start, end) for entity in spans]
    return "  annotated: ".join(shown)


def visible(text: str) -> str:
    """A text whose control characters a terminal shows and does not obey; line ends and tabs are kept."""
    return text.replace("\r\n", "\n").translate(_VISIBLE)
