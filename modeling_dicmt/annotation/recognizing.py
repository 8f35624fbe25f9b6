"""What a process does with the records of a part: lines of results, and which records failed."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..evaluation.prediction_files import prediction_lines

Recognize = Callable[[Sequence[str]], list[list[dict[str, Any]]]]


class Answer(NamedTuple):
    """Results of some records.

    Args:
        lines: A line for each record that did not fail, in the records' order.
        entities: How many there are in them.
        failed: Reasons by the index of the record.
    """

    lines: str
    entities: int
    failed: dict[int, str]


def prepare_answers(
    prepare: Callable[[], Recognize], evidence: bool, whole_records: bool = False
) -> Callable[[Sequence[Mapping]], Answer]:
    """What turns records, `id` and `text` each, into an answer.

    Args:
        prepare: Gives the function that finds the entities of texts.
        evidence: Whether the entities' evidence is written.
        whole_records: Whether a line is the record with its entities, rather than its id and these.
    """
    recognize = prepare()

    def lines_of(records: Sequence[Mapping]) -> list[tuple[str, int]]:
        found = recognize([record["text"] for record in records])
        if not evidence:
            found = [[{k: v for k, v in entity.items() if k != "evidence"} for entity in of_one] for of_one in found]
        if whole_records:
            pairs = zip(records, found, strict=True)
            lines = [json.dumps({**record, "entities": of_one}, ensure_ascii=False) + "\n" for record, of_one in pairs]
        else:
            lines = prediction_lines(records, found)
        return list(zip(lines, map(len, found), strict=True))

    def answer(records: Sequence[Mapping]) -> Answer:
        failed: dict[int, str] = {}
        if not records:
            return Answer("", 0, failed)
        try:
            done = lines_of(records)
        except Exception:
            done = []
            for index, record in enumerate(records):
                try:
                    done += lines_of([record])
                except Exception as error:  # of a library, whose message may quote the record
                    recognize(["患者"])  # if this fails as well, it is no matter of the record, and ends the job
                    failed[index] = f"{type(error).__name__} while its entities were looked for."
        return Answer("".join(line for line, _ in done), sum(number for _, number in done), failed)

    return answer
