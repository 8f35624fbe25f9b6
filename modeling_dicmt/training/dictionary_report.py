"""What a dictionary is worth to a label set: how many terms can match, for which type, and what is left out and why."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from ..dictionary_features import DictionaryMatcher, types_of_lists
from ..dictionary_files import RejectedRow

_SHOWN_ROWS = 5


@dataclass(frozen=True)
class TypeReport:
    """The terms of one entity type.

    Args:
        entity_type: Name of the type.
        lists: Lists that feed it.
        missing_lists: Those of them that the dictionary lacks.
        terms: Terms of these lists.
        matchable: Of them, those whose length is one of the n-gram sizes.
        too_short: Those shorter than the smallest size.
        too_long: Those longer than the largest size, or of a length between the sizes.
        lost: Matchable terms that are encoded as another type, which precedes this one.
    """

    entity_type: str
    lists: tuple[str, ...]
    missing_lists: tuple[str, ...]
    terms: int
    matchable: int
    too_short: int
    too_long: int
    lost: int


@dataclass(frozen=True)
class DictionaryReport:
    """A dictionary under a label scheme; `str` gives a table, `to_dict` plain values for JSON.

    Args:
        types: A report for each entity type, in order of precedence.
        terms: All terms of the dictionary.
        ngram_sizes: The sizes that can match.
        shared_terms: How many matchable terms each combination of several types has; the first type of each wins.
        unused_lists: Lists that no type uses, with their numbers of terms.
        evidence_lists: Those of them whose terms are evidence for spans of any type nonetheless.
        rejected: Rows that became no term.
    """

    types: tuple[TypeReport, ...]
    terms: int
    ngram_sizes: tuple[int, ...]
    shared_terms: dict[tuple[str, ...], int]
    unused_lists: dict[str, int]
    evidence_lists: tuple[str, ...]
    rejected: tuple[RejectedRow, ...]

    def to_dict(self) -> dict:
        """Plain values for JSON; rejected rows as their number and the first few."""
        return {
            "terms": self.terms,
            "ngram_sizes": list(self.ngram_sizes),
            "types": [
                asdict(entry) | {"lists": list(entry.lists), "missing_lists": list(entry.missing_lists)}
                for entry in self.types
            ],
            "shared_terms": [{"types": list(types), "terms": count} for types, count in self.shared_terms.items()],
            "unused_lists": dict(self.unused_lists),
            "evidence_lists": list(self.evidence_lists),
            "rejected_rows": len(self.rejected),
            "first_rejected_rows": [row._asdict() for row in self.rejected[:_SHOWN_ROWS]],
        }

    def __str__(self) -> str:
        header = ("type", "lists", "terms", "can match", "too short", "too long", "as other type")
        rows = [
            (
                entry.entity_type,
                ", ".join(name + " (missing)" * (name in entry.missing_lists) for name in entry.lists) or "–",
                *map(str, (entry.terms, entry.matchable, entry.too_short, entry.too_long, entry.lost)),
            )
            for entry in self.types
        ]
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        sizes = ", ".join(map(str, self.ngram_sizes))
        lines = [f"Dictionary: {self.terms} terms; terms of {sizes} characters can match."]
        for row in (header, *rows):
            cells = [
                cell.ljust(width) if i < 2 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            lines.append("  ".join(cells).rstrip())
        for types, count in self.shared_terms.items():
            lines.append(f"Of several types, {' and '.join(types)}: {count} terms, encoded as {types[0]}.")
        for name, count in self.unused_lists.items():
            lines.append(
                f"List {name} is no entity type's: its {count} terms are evidence for the spans where they stand."
                if name in self.evidence_lists
                else f"List {name} is left out: no entity type uses its {count} terms."
            )
        if self.rejected:
            lines.append(f"{len(self.rejected)} rows rejected; the first:")
            lines += [f"  {row.file}, line {row.line}: {row.reason}" for row in self.rejected[:_SHOWN_ROWS]]
        return "\n".join(lines)


def build_report(matcher: DictionaryMatcher, span_lists: Sequence[str] = ()) -> DictionaryReport:
    """Count a dictionary's terms under the label scheme that they were compiled for.

    Args:
        matcher: The terms.
        span_lists: Lists whose terms are evidence for spans, whatever type they are of.
    """
    dictionary, lists_of_type = matcher.dictionary, matcher.lists_of_type
    precedence, ngram_sizes = matcher.precedence, matcher.ngram_sizes
    _, starts, combination_of_term, combinations = dictionary.columns()
    lengths = np.diff(starts) - 1
    can_match = np.isin(lengths, ngram_sizes)
    too_short = lengths < min(ngram_sizes, default=1)
    types_of_combination = [types_of_lists(lists, lists_of_type, precedence) for lists in combinations]
    matchable_of_combination = np.bincount(combination_of_term[can_match], minlength=len(combinations)).tolist()

    shared: dict[tuple[str, ...], int] = {}
    for types, count in zip(types_of_combination, matchable_of_combination, strict=True):
        if len(types) > 1 and count:
            shared[types] = shared.get(types, 0) + count

    reports = []
    for name in precedence:
        is_of_type = np.array([name in types for types in types_of_combination], dtype=bool)[combination_of_term]
        terms, matchable = int(is_of_type.sum()), int((is_of_type & can_match).sum())
        short = int((is_of_type & too_short).sum())
        reports.append(
            TypeReport(
                entity_type=name,
                lists=tuple(lists_of_type[name]),
                missing_lists=tuple(item for item in lists_of_type[name] if item not in dictionary.lists),
                terms=terms,
                matchable=matchable,
                too_short=short,
                too_long=terms - matchable - short,
                lost=sum(count for types, count in shared.items() if name in types[1:]),
            )
        )
    used = {item for names in lists_of_type.values() for item in names}
    unused = {name: count for name, count in dictionary.lists.items() if name not in used}
    return DictionaryReport(
        types=tuple(reports),
        terms=len(dictionary),
        ngram_sizes=tuple(ngram_sizes),
        shared_terms=dict(sorted(shared.items())),
        unused_lists=unused,
        evidence_lists=tuple(name for name in unused if name in span_lists),
        rejected=dictionary.rejected,
    )
