"""What was found, in numbers; and, for a person who checks it, a sample of what was not."""

import heapq
import json
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..files import read_json_lines, write_text
from ..sentences import split_sentences
from .identifiers import IDENTIFIER_TYPES, Identifier
from .policies import Policies

SAMPLED_SENTENCES = 300
SAMPLED_IDENTIFIERS = 10
"""Of each rule."""

_CONTEXT = 30


def span_line(record_id: str, identifiers: Iterable[Identifier]) -> str:
    """A record's line of the file of spans: `{"id", "identifiers": [{"start", "end", "type", "rule"}]}`."""
    found = [identifier._asdict() for identifier in identifiers]
    return json.dumps({"id": record_id, "identifiers": found}, ensure_ascii=False) + "\n"


def read_spans(path: str | Path) -> Iterator[tuple[str, list[Identifier]]]:
    """The records' ids and identifiers of a file that `span_line` made."""
    for _, line in read_json_lines(path):
        yield line["id"], [Identifier(**found) for found in line["identifiers"]]


def leak_bound(sample: int, confidence: float = 0.95) -> float:
    """The share of leaks that a sample without any bounds: a larger one would have shown itself with `confidence`."""
    return 1 - (1 - confidence) ** (1 / sample)


def sample_size(share: float, confidence: float = 0.95) -> int:
    """How many without a leak bound the share of leaks."""
    return math.ceil(math.log(1 - confidence) / math.log(1 - share))


def write_report(
    path: str | Path, spans: Iterable[tuple[str, Sequence[Identifier]]], characters: int, policies: Policies
) -> None:
    """Tell in Markdown how much of each class was found by which rule; nothing of what was found.

    Args:
        path: The file.
        spans: The records' ids and identifiers.
        characters: Of all records.
        policies: What became of each class.
    """
    counts: Counter[tuple[str, str]] = Counter()
    records = without = 0
    for _, identifiers in spans:
        records += 1
        without += not identifiers
        counts.update((item.type, item.rule) for item in identifiers)
    total = counts.total()
    lines = [
        "# De-identification",
        "",
        f"{records:,} records, {characters:,} characters, {total:,} identifiers "
        f"({1e4 * total / max(1, characters):.1f} in 10,000 characters); none in {without:,} records.",
        "",
        "| class | became | found | by |",
        "|---|---|---:|---|",
    ]
    for kind in IDENTIFIER_TYPES:
        of_kind = Counter({rule: count for (type_, rule), count in counts.items() if type_ == kind})
        by = ", ".join(f"{rule} {count:,}" for rule, count in of_kind.most_common())
        lines.append(f"| {kind} | {policies[kind]} | {of_kind.total():,} | {by} |")
    lines += [
        "",
        "What was overlooked is not known from this. Read a random sample of sentences (`--review`): if n of them hold "
        "nothing that identifies, the share of sentences that do is, with 95 % confidence, below:",
        "",
        "| sentences read without a leak | share of leaking sentences below |",
        "|---:|---:|",
        *(f"| {sample_size(share):,} | {100 * share:g} % |" for share in (0.05, 0.01, 0.005, 0.001)),
    ]
    write_text(path, "\n".join(lines) + "\n")


def write_review(
    path: str | Path,
    records: Iterable[Mapping[str, Any]],
    spans: Iterable[tuple[str, Sequence[Identifier]]],
    seed: int = 0,
) -> None:
    """Write a sample for a person to check: sentences at random, and what each rule found. It holds text of records.

    The same records and seed give the same sample, whatever the order of records.

    Args:
        path: A Markdown file.
        records: With `id` and `text`.
        spans: The same records' identifiers.
        seed: Another one draws another sample.
    """
    sentences = _Sample(SAMPLED_SENTENCES)
    of_rules: dict[str, _Sample] = {}
    for record, (record_id, identifiers) in zip(records, spans, strict=True):
        text = record["text"]
        for start, end in split_sentences(text):
            if text[start:end].strip():
                sentences.offer((seed, record_id, start), text, start, end, identifiers)
        for item in identifiers:
            of_rule = of_rules.setdefault(f"{item.type} {item.rule}", _Sample(SAMPLED_IDENTIFIERS))
            start, end = max(0, item.start - _CONTEXT), min(len(text), item.end + _CONTEXT)
            of_rule.offer((seed, record_id, item.start), text, start, end, [item])
    lines = [
        "# Review of a de-identification",
        "",
        "This file holds text of the records, and identifiers: keep it where they are. 〔…〕 is what was found.",
        "",
        f"## {len(sentences)} sentences at random",
        "",
        "Look for what identifies and is not marked. If there is none in all of them, with 95 % confidence fewer than "
        f"{100 * leak_bound(max(1, len(sentences))):.2g} % of all sentences hold any.",
        "",
        *(f"{number}. {shown}" for number, shown in enumerate(sentences.shown(), start=1)),
        "",
        "## What each rule found",
        "",
        "Look for what identifies nobody.",
    ]
    for name in sorted(of_rules):
        lines += ["", f"### {name}", "", *(f"- {shown}" for shown in of_rules[name].shown())]
    write_text(path, "\n".join(lines) + "\n")


class _Sample:
    """A random sample of stretches of text: those of whose places the hashes are lowest, which asks for one look."""

    def __init__(self, size: int):
        self.size = size
        self._drawn: list[tuple[int, str]] = []  # a heap, the highest hash first

    def __len__(self) -> int:
        return len(self._drawn)

    def offer(self, place: tuple[Any, ...], text: str, start: int, end: int, identifiers: Sequence[Identifier]) -> None:
        rank = -int.from_bytes(sha256(repr(place).encode("utf-8", errors="backslashreplace")).digest())
        if len(self._drawn) < self.size:
            heapq.heappush(self._drawn, (rank, _marked(text, start, end, identifiers)))
        elif rank > self._drawn[0][0]:
            heapq.heapreplace(self._drawn, (rank, _marked(text, start, end, identifiers)))

    def shown(self) -> list[str]:
        return [shown for _, shown in sorted(self._drawn, reverse=True)]


def _marked(text: str, start: int, end: int, identifiers: Sequence[Identifier]) -> str:
    """A stretch of a text in one line, with the identifiers in it between 〔 and 〕."""
    pieces, last = [], start
    for number in range(bisect_right(identifiers, start, key=lambda item: item.end), len(identifiers)):
        item = identifiers[number]
        if item.start >= end:
            break
        begin = max(item.start, start)
        pieces += [text[last:begin], "〔", text[begin : min(item.end, end)], "〕"]
        last = min(item.end, end)
    pieces.append(text[last:end])
    return " ".join("".join(pieces).split())
