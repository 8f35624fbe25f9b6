"""What was read and what was not, counted while it is read: for the log, and for a model card."""

from dataclasses import asdict, dataclass, field
from typing import Any, TypedDict

# Names of sections that are told, and their length: a field may hold anything, a record's text as well.
_TOLD_SECTIONS = 12
_LONGEST_SECTION = 12


class Exclusion(TypedDict):
    """How often something was left out or changed for one reason, and where first (a file's name, a line)."""

    count: int
    first: str


@dataclass
class ReadingReport:
    """Counts of a pass over the text. No text, no path: files are named as in the folder that was given.

    Args:
        names: The corpora, as a card names them.
        files: Files that were read.
        documents: Documents that were kept, those that are held out among them.
        duplicates: Documents dropped since one equal to them, after normalisation, is kept.
        empty: Documents without a character other than blanks.
        without_section: Documents that have none of the sections asked for.
        sentences: Sentences of the documents that were kept, those held out among them.
        characters: Their characters.
        held_out_documents: Documents held out; their sentences and characters in the next two.
        exclusions: What else was skipped or cut, by reason.
        sections: How many documents have which section; only where sections are asked for.
        transformed: How often a transformation of the text changed what, as it counts it; nothing of what was changed.
    """

    names: list[str] = field(default_factory=list)
    files: int = 0
    documents: int = 0
    duplicates: int = 0
    empty: int = 0
    without_section: int = 0
    sentences: int = 0
    characters: int = 0
    held_out_documents: int = 0
    held_out_sentences: int = 0
    held_out_characters: int = 0
    exclusions: dict[str, Exclusion] = field(default_factory=dict)
    sections: dict[str, int] = field(default_factory=dict)
    transformed: dict[str, int] = field(default_factory=dict)

    def exclude(self, reason: str, place: str) -> None:
        """Count what is skipped or cut, and remember where it was first."""
        self.exclusions.setdefault(reason, Exclusion(count=0, first=place))["count"] += 1

    def saw_section(self, name: str) -> None:
        """Count a document's section; only short names, and of those a bounded number, are told."""
        if len(name) <= _LONGEST_SECTION and (name in self.sections or len(self.sections) < 1000):
            self.sections[name] = self.sections.get(name, 0) + 1

    def told_sections(self) -> str:
        """The sections that most documents have."""
        most = sorted(self.sections.items(), key=lambda item: -item[1])[:_TOLD_SECTIONS]
        return ", ".join(f"{name} {count:,}" for name, count in most) or "none"

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    def summary(self) -> str:
        """One paragraph for a log."""
        without = f", {self.without_section:,} without a chosen section" if self.without_section else ""
        return (
            f"{self.files:,} files, {self.documents:,} documents (left out: {self.duplicates:,} duplicates, "
            f"{self.empty:,} empty{without}), {self.sentences:,} sentences, {self.characters:,} characters; of these "
            f"held out: {self.held_out_documents:,} documents, {self.held_out_sentences:,} sentences."
        )

    def warnings(self) -> list[str]:
        """A line for each reason for which something was skipped or cut."""
        return [f"{item['count']:,} × {reason}; first: {item['first']}." for reason, item in self.exclusions.items()]
