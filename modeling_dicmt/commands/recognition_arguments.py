"""How a command lets a trained network recognise: with which terms, and where it runs."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..dictionary import ClinicalDictionary
from ..dictionary_files import DictionaryError
from ..vetted_terms import ANY_TYPE, MAX_TERM_LENGTH
from .places import check_exists

if TYPE_CHECKING:  # which takes seconds to import
    from ..lexicon import Lexicon
    from ..tokenization_dicmt import DicMTTokenizer

# The options that name files of terms.
TERM_OPTIONS = ("dictionary", "terms", "not_terms")


@dataclass
class RecognitionArguments:
    """With which terms a network recognises, and where it runs."""

    _argument_group_name = "recognition"

    dictionary: str | None = field(
        default=None, metadata={"help": "Reference lists to use in place of the network's own."}
    )
    terms: str | None = field(
        default=None,
        metadata={
            "help": "Vetted terms, which are believed, besides the network's own; in the forms of a dictionary. A "
            "list, or a file of terms alone, has the name of an entity type, of a dictionary list, or what the corpus "
            "calls a type: Drug.txt."
        },
    )
    not_terms: str | None = field(
        default=None,
        metadata={
            "help": "What is no entity of the types that its lists name, as in --terms; of any type, in a file of "
            f"terms alone with any other name, or in a list {ANY_TYPE}."
        },
    )
    force_terms: bool = field(
        default=False,
        metadata={"help": "Make every vetted term that occurs an entity. Its score stays what the network says of it."},
    )
    device: str = field(default="cpu", metadata={"help": "Device to run networks on, say cuda."})
    dictionary_encoding: str = field(
        default="utf-8",
        metadata={
            "help": "Encoding of all files of terms, of --terms and --not_terms as well, say gb18030.",
            "rare": True,
        },
    )
    batch_characters: int | None = field(
        default=None,
        metadata={
            "help": "Characters of a batch, padding included; default: what is fast.",
            "minimum": 1,
            "rare": True,
        },
    )

    def given(self) -> Iterator[str]:
        """What was asked for of terms, as it stands on a command line."""
        yield from (f"--{option} {path}" for option in TERM_OPTIONS if (path := getattr(self, option)) is not None)
        if self.force_terms:
            yield "--force_terms"

    def without_terms(self) -> "RecognitionArguments":
        """The same with a network's own terms alone."""
        return replace(self, dictionary=None, terms=None, not_terms=None, force_terms=False)

    def check_places(self) -> None:
        """Raise FileNotFoundError if files of terms are not there."""
        for option in TERM_OPTIONS:
            check_exists(option, getattr(self, option))


def read_terms(tokenizer: "DicMTTokenizer", arguments: RecognitionArguments) -> ClinicalDictionary:
    """Give a tokenizer the terms that a command names.

    Args:
        tokenizer: The network's; it gets the dictionary, and the vetted terms besides its own.
        arguments: The command's.

    Returns:
        What is no entity, for `compile_lexicon`.

    Raises:
        ValueError: If a file of terms cannot be used, or not with this network; says which, and why.
    """
    encoding, not_terms = arguments.dictionary_encoding, ClinicalDictionary({})
    if arguments.dictionary is not None:
        tokenizer.dictionary = ClinicalDictionary.from_path(arguments.dictionary, encoding)
        tokenizer.dictionary_matcher.check_usable(arguments.dictionary)
    terms = None if arguments.terms is None else ClinicalDictionary.from_path(arguments.terms, encoding)
    if arguments.not_terms is not None:
        not_terms = _read_not_terms(tokenizer, Path(arguments.not_terms), encoding)
    try:
        if terms is not None:
            tokenizer.terms = tokenizer.terms.merge(terms)
        if len(not_terms):
            tokenizer.compile_lexicon(not_terms=not_terms)
    except DictionaryError as error:
        raise DictionaryError(f"--{error} A list's name is its file's.") from error
    if arguments.force_terms and not len(tokenizer.terms):
        raise ValueError("--force_terms: there are no vetted terms; pass --terms.")
    if arguments.terms is not None and not (tokenizer.lexicon.has_channel or arguments.force_terms):
        raise ValueError(
            "--terms: this network has no channel for vetted terms. Pass --force_terms to have them found all the "
            "same, or train a network with one, as run_ner.py does by default (--vetted_terms)."
        )
    return not_terms


def _read_not_terms(tokenizer: "DicMTTokenizer", path: Path, encoding: str) -> ClinicalDictionary:
    terms = ClinicalDictionary.from_path(path, encoding)
    is_one_list = path.is_file() and [*terms.lists] == [path.stem.strip()]
    if is_one_list and not tokenizer.types_of_name(path.stem.strip()):
        return ClinicalDictionary(dict.fromkeys(terms, ANY_TYPE))
    return terms


def describe_terms(lexicon: "Lexicon") -> str:
    """What was read of vetted terms, in a line; of rows that became none the number, and the first."""
    terms = lexicon.terms.terms
    rejected = "".join(f", the first {row.file}, line {row.line}: {row.reason}" for row in terms.rejected[:1])
    return (
        f"{len(terms)} vetted terms, {lexicon.terms.num_terms} of which can match (1 to {MAX_TERM_LENGTH} characters, "
        f"and no entity by no list); {len(terms.rejected)} rows rejected{rejected}."
    )
