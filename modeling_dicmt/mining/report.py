"""What records say of the dictionary, in Markdown. It holds text of the records: it is as confidential as they are."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..dictionary import ClinicalDictionary
from ..evaluation.mentions import MentionCounter
from ..evaluation.report import markdown_cell, markdown_table
from .candidates import MIN_TERM_LENGTH, Candidate, is_in

FREQUENT = 50  # mentions that are shown


@dataclass
class Totals:
    """What was read.

    Args:
        records: Records with a line of entities, even of none.
        without: Records without one.
        entities: Entities of each type.
        listed: Those of them whose mention is in a list, of whatever type.
    """

    records: int = 0
    without: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    listed: Counter[str] = field(default_factory=Counter)


def mining_report(
    totals: Totals,
    counter: MentionCounter,
    candidates: Sequence[Candidate],
    unusable: int,
    known: Sequence[ClinicalDictionary],
) -> Iterator[str]:
    """The report, in parts: entities by type, the most frequent mentions, the candidates in numbers."""
    yield "# Terms of the records\n\n"
    yield "This report holds text of the records: it is as confidential as they are.\n\n"
    yield f"- records with entities looked for: {totals.records:,}; others, not counted: {totals.without:,}\n"
    yield f"- terms of the lists given: {sum(map(len, known)):,}\n"
    yield f"- entities: {totals.entities.total():,}, of which {totals.listed.total():,} are in the lists\n\n"
    yield "## Entities by type\n\n"
    rows = sorted(totals.entities.items(), key=lambda item: (-item[1], item[0]))
    yield markdown_table(
        ("type", "entities", "in the lists", "in the lists (%)"),
        (
            (markdown_cell(kind), number, totals.listed[kind], f"{100 * totals.listed[kind] / number:.1f}")
            for kind, number in rows
        ),
    )
    yield "\n## Most frequent mentions\n\n"
    if counter.forgotten:
        yield f"Rare ones were forgotten on the way: each may have occurred {counter.forgotten:,} times more.\n\n"
    yield markdown_table(
        ("mention", "type", "occurrences", "documents", "mean score", "in the lists"),
        (
            (
                *map(markdown_cell, (mention.word, kind)),
                mention.occurrences,
                mention.documents,
                f"{mention.score / mention.occurrences:.2f}",
                "yes" if is_in(text, known) else "no",
            )
            for (text, kind), mention in [*counter.items()][:FREQUENT]
        ),
    )
    near_known = sum(bool(candidate.near_lists) for candidate in candidates)
    near_new = sum(bool(candidate.near) for candidate in candidates) - near_known
    yield "\n## Candidates\n\n"
    yield f"- mentions that no list has, in the table: {len(candidates):,}\n"
    yield f"- of these, nearly a term of the lists: {near_known:,}; nearly a better candidate: {near_new:,}\n"
    yield (
        f"- left out, since they could be no terms (below {MIN_TERM_LENGTH} characters, too long, across the end of a "
        f"sentence): {unusable:,}\n"
    )
    yield "- ranked by probability × ln(1 + occurrences) × documents; near duplicates are put with the best of them\n\n"
    by_type = Counter(candidate.type for candidate in candidates)
    yield markdown_table(
        ("type", "candidates"), ((markdown_cell(kind), number) for kind, number in sorted(by_type.items()))
    )
