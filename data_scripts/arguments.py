"""Command-line arguments of what is read: a corpus, and a dictionary."""

from dataclasses import dataclass, field

from .label_sets import LABEL_SETS
from .loading import CORPORA, find_corpus


def _help(text: str, **options) -> dict:
    return {"metadata": {"help": text, **options}}


@dataclass
class DataArguments:
    """What is read: a corpus of annotated records, and a dictionary."""

    _argument_group_name = "data"

    dataset_name: str = field(
        **_help(
            f"Corpus: {', '.join(CORPORA)}; jsonl is for your own records, or CoNLL files, others for those in the "
            "format of their name."
        )
    )
    data_dir: str | None = field(
        default=None, **_help("Folder of the corpus, with a train and, if you like, a test part.", private=True)
    )
    format_options: list[str] | None = field(
        default=None,
        **_help(
            "How own records are read, as NAME=VALUE: encoding=gb18030, text_column=Report, discontinuous=fragments; "
            "`python -m data_scripts convert --help` explains each.",
            private=True,
            rare=True,
        ),
    )
    label_set: list[str] | None = field(
        default=None,
        **_help(
            "Entity types that may occur: their names, between commas or blanks, or one of "
            f"{', '.join(LABEL_SETS)}. Default: the corpus's own; for jsonl those that are found."
        ),
    )
    dictionary: str | None = field(
        default=None,
        **_help(
            "Term lists: a folder (a file a list; its stem is the list's name), a TSV `term⇥list`, or JSON.",
            private=True,
        ),
    )
    dictionary_encoding: str = field(default="utf-8", **_help("Encoding of the term lists, say gb18030."))
    dictionary_mapping: str | None = field(
        default=None,
        **_help("JSON file {entity type: [dictionary lists]}, in place of the corpus's own mapping.", private=True),
    )
    dictionary_precedence: list[str] | None = field(
        default=None,
        **_help("Entity types whose code a term of several types gets first. Default: their order.", rare=True),
    )
    dictionary_share: float = field(
        default=1.0,
        **_help("Share of the dictionary's terms to use (Table 8 of the paper).", above=0, maximum=1, rare=True),
    )
    validation_share: float = field(
        default=0.1,
        **_help(
            "Share of the patients for development, where the corpus has no development part; 0 for none.",
            minimum=0,
            below=1,
        ),
    )
    learn_validation: float | None = field(
        default=None,
        **_help(
            "Share of the development part that is learnt as well; what remains chooses the epoch and is scored. "
            "Default: the corpus's own, which is 0 but for cmeee, whose development part is of another edition than "
            "its training part.",
            minimum=0,
            below=1,
            rare=True,
        ),
    )
    split_seed: int = field(
        default=42, **_help("Seed of these splits, and of the choice of --dictionary_share.", rare=True)
    )
    flatten: str | None = field(
        default=None,
        **_help(
            "Nested or overlapping entities: 'outermost' trains on the outermost and says how many it leaves out, "
            "'forbid' stops with an error; scores count all. Default: a network that scores spans learns them as they "
            "are (--head).",
            choices=["forbid", "outermost"],
        ),
    )
    train_share: float = field(
        default=1.0,
        **_help(
            "Share of the training records to use, chosen by --split_seed; a smaller share's are among a larger's.",
            above=0,
            maximum=1,
            rare=True,
        ),
    )
    max_train_records: int | None = field(
        default=None, **_help("Use only the first N training records (to try things out).", minimum=1)
    )
    max_eval_records: int | None = field(
        default=None, **_help("Use only the first N records of development and test part.", minimum=1, rare=True)
    )

    def __post_init__(self) -> None:
        find_corpus(self.dataset_name)
