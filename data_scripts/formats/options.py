"""What a format is read and written with: encoding, columns, schemes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from modeling_dicmt.files import check_encoding

OFFSET_UNITS = ("characters", "utf16")
SCHEMES = ("BIO", "BIOES", "BMES", "IOB1")


def _option(default: Any, text: str, choices: Sequence[str] | None = None) -> Any:
    return field(default=default, metadata={"help": text, "choices": choices})


@dataclass(frozen=True)
class FormatOptions:
    """Options of reading and writing; each format takes note of those that concern it.

    Raises:
        ValueError: If an encoding does not exist, or an option is none of its choices.
    """

    encoding: str = _option(
        "utf-8", "encoding; a file that is UTF-8, or has a byte order mark, is read as that (default: utf-8)"
    )
    text_column: str | None = _option(None, "csv, tsv, parquet, label_studio: column of the texts (default: text)")
    id_column: str | None = _option(None, "the same: column of the ids (default: id, if there is one)")
    group_column: str | None = _option(None, "the same: column of the patients (default: group, if there is one)")
    section_column: str | None = _option(None, "the same: column of the sections (default: section, if there is one)")
    entities_column: str | None = _option(
        None, "csv, tsv, parquet: column of the entities, in csv and tsv as JSON (default: entities, if there is one)"
    )
    discontinuous: str = _option(
        "outermost",
        "brat: an annotation of several pieces becomes an entity from its first to its last character, or one for "
        "each piece (default: outermost)",
        ("outermost", "fragments"),
    )
    scheme: str = _option("BIO", "conll: the tags that are written; any of these is read (default: BIO)", SCHEMES)
    offsets: str = _option(
        "characters",
        "label_studio: what its offsets count: characters, as since version 1.4, or UTF-16 code units, as before, "
        "where an emoji is two (default: characters)",
        OFFSET_UNITS,
    )
    results: str = _option(
        "annotations",
        "label_studio: whether entities are what people annotated or what a model predicted (default: annotations)",
        ("annotations", "predictions"),
    )
    label_config: str | None = _option(
        None,
        "label_studio: a further file to write, with the labelling configuration of the project that is to take it",
    )

    annotated: bool = True
    """Whether the records' entities are read, so that they must be right."""

    named: bool = True
    """Whether the records' groups and sections are read, likewise."""

    def __post_init__(self) -> None:
        check_encoding("encoding", self.encoding)
        for item in fields(self):
            choices, value = item.metadata.get("choices"), getattr(self, item.name)
            if choices is not None and value not in choices:
                raise ValueError(f"{item.name} must be one of {', '.join(choices)}, got {value!r}.")

    @classmethod
    def from_pairs(cls, pairs: Sequence[str] | None) -> "FormatOptions":
        """Options from words such as `encoding=gb18030`.

        Raises:
            ValueError: If a word is no such pair, or there is no such option.
        """
        known = option_names()
        values: dict[str, Any] = {}
        for pair in pairs or ():
            name, equals, value = pair.partition("=")
            if not equals or name not in known:
                raise ValueError(f"{pair!r} is no option of a format. There are {'=…, '.join(sorted(known))}=….")
            values[name] = value
        return cls(**values)


def option_names() -> list[str]:
    """The options that a user can give, in their order."""
    return [item.name for item in fields(FormatOptions) if item.metadata]
