"""Command-line arguments of the text that is pre-trained on."""

from dataclasses import dataclass, field

from modeling_dicmt.files import check_encoding

DOCUMENT_CHOICES = ("line", "paragraph", "file")


def _help(text: str, **options) -> dict:
    return {"metadata": {"help": text, **options}}


@dataclass
class UnlabelledArguments:
    """Which text is read, and as what."""

    _argument_group_name = "text"

    # Its content, not its place, binds a training: the packed text's fingerprint.
    corpus: list[str] = field(
        **_help(
            'Text files or folders of them: .txt, or .jsonl with {"text": …, "section": …} a line; each may be .gz.',
            private=True,
            free=True,
        )
    )
    sections: list[str] | None = field(
        default=None,
        **_help(
            "Read these sections only (现病史 主诉): by a record's field `section`, or by headings such as 现病史： at "
            "the start of a document, a line or a sentence. Default: all."
        ),
    )
    documents: str = field(
        default="line",
        **_help(
            "What a document is in a .txt file: a 'line'; a 'paragraph', which ends at a blank line; the 'file'. Lines "
            "that were broken within a sentence are joined in the latter two.",
            choices=list(DOCUMENT_CHOICES),
        ),
    )
    encoding: str = field(
        default="utf-8", **_help("Encoding of files that are neither UTF-8 nor begin with a Unicode mark, say gb18030.")
    )
    held_out_share: float = field(
        default=0.01,
        **_help(
            "Share of the documents that is not trained on but measured on; of a small corpus more are taken.",
            minimum=0,
            below=1,
            rare=True,
        ),
    )

    def __post_init__(self) -> None:
        check_encoding("encoding", self.encoding)
        if self.documents not in DOCUMENT_CHOICES:
            raise ValueError(f"--documents must be one of {', '.join(DOCUMENT_CHOICES)}, got {self.documents!r}.")
        if self.sections is not None and not all(name.strip() for name in self.sections):
            raise ValueError("--sections: a section's name is empty.")
