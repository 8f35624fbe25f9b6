"""A record → the record without what tells who somebody is, and the way from one's offsets to the other's."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .edits import EditedText
from .finding import IdentifierFinder
from .identifiers import Identifier
from .policies import Policies
from .surrogates import Surrogates


class Deidentified(NamedTuple):
    """What became of a text.

    Args:
        edited: The new text, `edited.text`, and the way between its offsets and those of the original.
        identifiers: What was found, in offsets of the original, also what is kept.
    """

    edited: EditedText
    identifiers: list[Identifier]


class Deidentifier:
    """Finds identifiers and replaces them as policies say.

        deidentify = Deidentifier(Policies.from_options(["surrogate", "BED=keep"]), key=secrets.token_bytes(32))
        new = deidentify("姓名：王建国，入院日期：2013-05-01。", group="patient 1").edited.text

    Args:
        policies: What becomes of each class; default: surrogates for all.
        finder: What finds them; default: the package's rules.
        key: At least 16 bytes that decide about surrogates: with another key they are others, without it nobody can
            tell what they stand for. Needed where a class gets surrogates.

    Raises:
        ValueError: If there is no key, and surrogates need one.
    """

    def __init__(
        self, policies: Policies | None = None, finder: IdentifierFinder | None = None, key: bytes | None = None
    ):
        self.policies = policies if policies is not None else Policies.of()
        self.finder = finder if finder is not None else IdentifierFinder()
        if self.policies.needs_surrogates and key is None:
            raise ValueError(
                "Surrogates need a key: pass key=secrets.token_bytes(32), and keep it for equal surrogates."
            )
        self.surrogates = Surrogates(key) if key is not None else None

    def __call__(self, text: str, group: str = "") -> Deidentified:
        """De-identify a text.

        Args:
            text: Of any length.
            group: The patient: the same person, and the same shift of dates, within the records of one group.
        """
        return self._edit(text, group, self.finder.find(text))

    def records(self, records: Sequence[Mapping[str, Any]]) -> list[tuple[dict[str, Any], list[Identifier]]]:
        """De-identify records.

        Args:
            records: With `id` and `text`, and if they have them `group` and `entities`.

        Returns:
            Each record with its new text, its entities moved along, and what was found, in offsets of the original.
            A record without a group is a patient of its own.
        """
        found = self.finder.find_all([record["text"] for record in records])
        return [self._record(record, identifiers) for record, identifiers in zip(records, found, strict=True)]

    def _record(
        self, record: Mapping[str, Any], identifiers: list[Identifier]
    ) -> tuple[dict[str, Any], list[Identifier]]:
        edited, _ = self._edit(record["text"], record.get("group") or record["id"], identifiers)
        new = dict(record) | {"text": edited.text}
        if record.get("section"):
            new["section"] = self(record["section"], record.get("group") or record["id"]).edited.text
        if "entities" in record:
            new["entities"] = edited.move(record["entities"])
        return new, identifiers

    def _edit(self, text: str, group: str, identifiers: list[Identifier]) -> Deidentified:
        edits = self.policies.edits(identifiers, text, group, self.surrogates)
        return Deidentified(EditedText(text, edits), identifiers)
