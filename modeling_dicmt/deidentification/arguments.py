"""Command-line arguments of what is looked for in texts, and of what becomes of it."""

from dataclasses import dataclass, field, fields

from ..dictionary import ClinicalDictionary
from .finding import IdentifierFinder, Recognise, known_names
from .policies import Policies
from .rules import check_examples, read_rules


@dataclass
class IdentifierArguments:
    """What is looked for, and what becomes of it."""

    # Of names and rules the content binds a training, not the place: the packed text's fingerprint.
    policies: list[str] = field(
        default_factory=lambda: ["surrogate"],
        metadata={
            "help": "What becomes of identifiers: surrogate, tag, remove, coarsen or keep, for all or, as in "
            "DATE=coarsen, for a class (NAME, ID, PHONE, RECORD_NUMBER, BED, ADDRESS, "
            "INSTITUTION, DATE, AGE, EMAIL, PLATE)."
        },
    )
    names: str | None = field(
        default=None,
        metadata={
            "help": "Names that are known: a text file, one a line, in any form of a dictionary.",
            "private": True,
            "free": True,
        },
    )
    rules: str | None = field(
        default=None, metadata={"help": "Folder of rule files of your own.", "private": True, "free": True}
    )

    def __post_init__(self) -> None:
        Policies.from_options(self.policies)

    def known_names(self) -> ClinicalDictionary | None:
        """The list of known names; None if there is none.

        Raises:
            ValueError: If it cannot be read as one.
        """
        return None if self.names is None else ClinicalDictionary.from_path(self.names)

    def build_finder(
        self, names: ClinicalDictionary | None = None, recognise: Recognise | None = None
    ) -> IdentifierFinder:
        """What finds identifiers; rules of one's own are tried on their examples.

        Args:
            names: As `known_names` gives them.
            recognise: A network's opinion besides.

        Raises:
            ValueError: If a rule cannot be used, or finds anything else in its file's examples than they mark.
        """
        files = read_rules(self.rules)
        finder = IdentifierFinder(files, None if names is None else known_names(names), recognise)
        if self.rules is not None:
            check_examples(files, finder.find)
        return finder


@dataclass
class DocumentDeidentificationArguments(IdentifierArguments):
    """Whether identifiers are taken out of a text that is learnt from, and how."""

    _argument_group_name = "de-identification of the text"

    deidentify: bool = field(
        default=True,
        metadata={
            "help": "Replace what tells who somebody is before anything is learnt from the text. False refuses that: "
            "for text of no patients, or that it was done to."
        },
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.deidentify:
            return
        defaults = IdentifierArguments()
        given = [
            f"--{item.name}" for item in fields(defaults) if getattr(self, item.name) != getattr(defaults, item.name)
        ]
        if given:
            raise ValueError(
                f"--deidentify False leaves the text as it is, and {', '.join(given)} would change it: leave one of "
                "them out."
            )
