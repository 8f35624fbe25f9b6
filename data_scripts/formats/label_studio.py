"""Label Studio's JSON: a list of tasks, their texts under `data`, entities as results of type `labels`.

Offsets count characters since version 1.4, as Python does, and counted UTF-16 code units before; \\r\\n is two in
either. What Label Studio repeats of the text (`value.text`) may have lost blanks and line ends.

Checked with version 1.23.2: its import, its page (pre-annotations accepted, entities drawn by mouse) and its export. An
export as JSON has the tasks that were annotated or skipped, and of predictions only the numbers.
"""

import colorsys
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from modeling_dicmt.files import write_text as replace_text

from ..readers.records import Annotation, CorpusError, at_line, is_offset, is_whole
from ..readers.values import described, entity_type, field, identifier, score
from .format import Format, FoundRecord, LazyRecord, Losses, RecordFile, Write
from .json_list import json_list
from .jsonl import json_line
from .options import FormatOptions
from .text_files import text_output
from .utf16 import Utf16Offsets

# As in Label Studio's own template for named entities.
_LABELS, _TEXT = "label", "text"
_BLANKS = re.compile(r"\s|\\n|\\r")
_OTHER_UNIT = {"characters": "utf16", "utf16": "characters"}


class LabelStudio(Format):
    """Of several annotations of a task the one marked as ground truth is read, else the first that was not skipped.

    A task that was only skipped is left out, unless texts alone are read; drafts, which were not submitted, are, too.
    """

    name = "label_studio"
    title = 'Label Studio\'s JSON (not JSON-MIN): [{"data": {"text"}, "annotations" or "predictions"}]'
    suffixes = (".json",)
    annotated_by = "an annotation, or prediction, with its 'result'"

    def read(self, file: RecordFile, options: FormatOptions, losses: Losses) -> Iterator[LazyRecord]:
        names = {key: getattr(options, f"{key}_column") or key for key in ("text", "id", "group", "section")}

        def data_of(task: dict[str, Any], place: str) -> dict[str, Any]:
            data = task.get("data")
            if not isinstance(data, dict):
                raise CorpusError(f"{place}: a task must have an object 'data' with the text. Export as JSON.")
            return data

        def get_id(task: dict[str, Any], place: str) -> str:
            return identifier(data_of(task, place), names["id"], place) or identifier(task, "id", place)

        def get(task: dict[str, Any], place: str, count: int) -> FoundRecord:
            data = data_of(task, place)
            text = field(data, names["text"], str, place)
            results = _results(task, options.results, place, losses) if options.annotated else None
            found = None if results is None else _annotations(results, text, place, options.offsets, losses)
            others = (identifier(data, names[key], place) for key in ("group", "section"))
            return FoundRecord(place, count, text, found, get_id(task, place), *others)

        for count, (number, task) in enumerate(json_list(file.path, options.encoding), start=1):
            place = f"{at_line(file.path, number)} (task {count})"
            if options.annotated and _is_skipped(task, options.results):
                losses["tasks that were skipped in Label Studio, left out"] += 1
                continue
            yield LazyRecord(count, partial(get, task, place, count), get_id=partial(get_id, task, place))

    @contextmanager
    def open(self, path: Path, name: str, options: FormatOptions, losses: Losses) -> Iterator[Write]:
        names = {key: getattr(options, f"{key}_column") or key for key in ("text", "id", "group", "section")}
        separator, types = "[\n", set()
        if options.label_config is not None and not (names["text"].isascii() and names["text"].isidentifier()):
            raise CorpusError(
                f"Label Studio's page finds no texts in a column named {names['text']!r}: for label_config, give a "
                "text_column of letters a to z, digits and underscores."
            )
        with text_output(path, name, options.encoding) as write_text:

            def write(record: dict) -> None:
                nonlocal separator
                task: dict[str, Any] = {"data": {name: record[key] for key, name in names.items() if key in record}}
                if "entities" in record:
                    # Imported annotations are marked as ground truth unless they say otherwise.
                    of_all = {"model_version": "dicmt"} if options.results == "predictions" else {"ground_truth": False}
                    task[options.results] = [of_all | {"result": _as_results(record, options.offsets)}]
                    types.update(entity["type"] for entity in record["entities"])
                write_text(separator + json_line(task).removesuffix("\n"))
                separator = ",\n"

            yield write
            write_text("[]\n" if separator == "[\n" else "\n]\n")
        if options.label_config is not None:
            replace_text(options.label_config, _label_config(types, names["text"]))


def _label_config(types: set[str], text_column: str) -> str:
    """The labelling configuration of a project that takes what is written; Label Studio's own colours are alike.

    Raises:
        CorpusError: If there are no types: Label Studio takes no configuration without a label.
    """
    if not types:
        raise CorpusError(
            "label_config needs the types of entities, and no record has one. Leave it out, and name the labels in "
            "Label Studio."
        )
    labels = (
        f'    <Label value={quoteattr(name)} background="{_color(number / len(types))}"/>\n'
        for number, name in enumerate(sorted(types))
    )
    return (
        f'<View>\n  <Labels name="{_LABELS}" toName="{_TEXT}">\n{"".join(labels)}  </Labels>\n'
        f'  <Text name="{_TEXT}" value={quoteattr("$" + text_column)}/>\n</View>\n'
    )


def _color(hue: float) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colorsys.hls_to_rgb(hue, 0.5, 0.7))


def _all_of(task: dict[str, Any], key: str) -> Any:
    """The annotations or predictions of a task; annotations were called completions before version 1.0."""
    return task.get(key, task.get("completions") if key == "annotations" else None)


def _is_skipped(task: dict[str, Any], key: str) -> bool:
    """Whether all that was done with a task is that it was passed over."""
    found = _all_of(task, key)
    return (
        bool(found) and isinstance(found, list) and all(isinstance(i, dict) and i.get("was_cancelled") for i in found)
    )


def _results(task: dict[str, Any], key: str, place: str, losses: Losses) -> list[Any] | None:
    """The results of the annotation, or prediction, of a task that is read; None where it has none."""
    if key == "annotations" and isinstance(task.get("drafts"), list):
        losses["drafts of Label Studio, which were not submitted, left out"] += len(task["drafts"])
    found = _all_of(task, key)
    if found is None:
        return None
    if isinstance(found, list) and found and all(is_whole(item) for item in found):
        raise CorpusError(
            f"{place}: {key!r} holds numbers alone, as in Label Studio's export by its page. Accept the predictions "
            "there (Create Annotations From Predictions) and export again, or export a snapshot by its API with "
            '"serialization_options": {"predictions": {"only_id": false}}.'
        )
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise CorpusError(f"{place}: {key!r} must be a list of objects. Export as JSON.")
    taken = [item for item in found if not item.get("was_cancelled")]
    if not taken:
        return None
    chosen = next((item for item in taken if item.get("ground_truth")), taken[0])
    losses[f"further {key} of one task, left out"] += len(taken) - 1
    return field(chosen, "result", list, place)


def _annotations(results: list[Any], text: str, place: str, unit: str, losses: Losses) -> list[Annotation]:
    found = []
    offsets = Utf16Offsets(text)
    for number, result in enumerate(results, start=1):
        where = f"{place}, result {number}"
        if not isinstance(result, dict):
            raise CorpusError(f"{where}: expected an object, got {described(result)}.")
        if result.get("type") != "labels":
            losses["results of Label Studio that are no labels of a text, left out"] += 1
            continue
        value = result.get("value")
        if not isinstance(value, dict) or not all(is_offset(value.get(key)) for key in ("start", "end")):
            raise CorpusError(f"{where}: 'value' must have whole numbers 'start' and 'end'. Correct the result.")
        start, end = _span(value, text, offsets, unit, where)
        labels = field(value, "labels", list, where)
        if not labels:
            losses["results of Label Studio without a label, left out"] += 1
        for label in labels:
            name = entity_type(field({"labels": label}, "labels", str, where), where)
            found.append(Annotation(start, end, name, where, score(result, where)))
    return found


def _span(value: dict[str, Any], text: str, offsets: Utf16Offsets, unit: str, place: str) -> tuple[int, int]:
    """A result's offsets in characters.

    Raises:
        CorpusError: If they are none of the text, or it is not what the result has as its text.
    """
    span, reason = _fit(value, text, offsets, unit)
    if span is not None:
        return span
    other = _OTHER_UNIT[unit]
    is_other = _fit(value, text, offsets, other)[0] is not None
    hint = (
        f"They fit if they count {other}: say offsets={other}." if is_other else "Restore the text as it was labelled."
    )
    raise CorpusError(
        f"{place}: the offsets {value['start']}:{value['end']}, in {unit}, do not fit the text of {len(text)} "
        f"characters: {reason}. {hint}"
    )


def _fit(value: dict[str, Any], text: str, offsets: Utf16Offsets, unit: str) -> tuple[tuple[int, int] | None, str]:
    start, end = value["start"], value["end"]
    if unit == "utf16":
        if not 0 <= start < end <= offsets.length:
            return None, "they lie outside it, or are empty or reversed"
        first, last = offsets.to_character(start), offsets.to_character(end)
        if first is None or last is None:
            return None, "one lies within a character of two code units, such as an emoji"
        start, end = first, last
    if not 0 <= start < end <= len(text):
        return None, "they lie outside it, or are empty or reversed"
    stated = value.get("text")
    if isinstance(stated, str) and _BLANKS.sub("", stated) != _BLANKS.sub("", text[start:end]):
        return None, "the result's text is another"
    return (start, end), ""


def _as_results(record: dict, unit: str) -> list[dict[str, Any]]:
    text, results = record["text"], []
    offsets = Utf16Offsets(text)
    for number, entity in enumerate(record["entities"], start=1):
        start, end = entity["start"], entity["end"]
        value = {"start": start, "end": end, "text": text[start:end], "labels": [entity["type"]]}
        if unit == "utf16":
            value |= {"start": offsets.from_character(start), "end": offsets.from_character(end)}
        result = {"id": str(number), "from_name": _LABELS, "to_name": _TEXT, "type": "labels", "value": value}
        results.append(result | ({"score": entity["score"]} if "score" in entity else {}))
    return results
