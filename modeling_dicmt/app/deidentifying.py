"""A visitor's records without what tells who somebody is."""

import secrets
from dataclasses import dataclass

from ..deidentification import Deidentifier, IdentifierFinder, Policies
from ..deidentification.policies import TAGS
from ..pages.marks import Mark
from .arguments import Limits
from .errors import Deadline
from .uploads import Record, check_records

ACTIONS = ("surrogate", "tag", "remove")
"""What becomes of identifiers, for a visitor to choose."""


@dataclass(frozen=True)
class Deidentified:
    """Records without identifiers.

    Args:
        records: The new records, `id` and `text`; ids are numbers, since a file's own may be a patient's.
        marks: What stands in the place of the identifiers of each.
        replaced: How many identifiers there were.
    """

    records: list[Record]
    marks: list[list[Mark]]
    replaced: int


def deidentify(records: list[Record], action: object, finder: IdentifierFinder, limits: Limits) -> Deidentified:
    """De-identify a visitor's records, each as of a patient of its own, by a key that is forgotten.

    Args:
        records: The records.
        action: One of `ACTIONS`; anything else is the first.
        finder: What finds identifiers.
        limits: What the request may hold and take.

    Raises:
        VisitorError: If it exceeds a limit.
    """
    check_records(records, limits)
    deadline = Deadline(limits.max_seconds)
    policies = Policies.of(action if action in ACTIONS else ACTIONS[0])
    work = Deidentifier(policies, finder, secrets.token_bytes(32))
    new, marks, replaced = [], [], 0
    for number, record in enumerate(records, start=1):
        deadline.left()
        edited, identifiers = work(record["text"], str(number))
        places = [(edited.span_to_new(item.start, item.end), item) for item in identifiers]
        new.append({"id": str(number), "text": edited.text})
        marks.append([Mark(*place, TAGS[item.type].strip("[]")) for place, item in places if place is not None])
        replaced += len(identifiers)
    deadline.left()
    return Deidentified(new, marks, replaced)
