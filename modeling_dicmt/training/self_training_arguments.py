"""Command-line arguments of self-training; without `--unlabelled` there is none, and the others may not be given."""

from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path

from ..commands.command_line import check_bounds
from ..commands.places import check_exists, check_place
from ..files import check_encoding


def _help(text: str, **options) -> dict:
    return {"metadata": {"help": text, **options}}


@dataclass
class SelfTrainingArguments:
    """How unlabelled records teach: teachers label them, and a student learns from these labels besides."""

    _argument_group_name = "self-training"

    unlabelled: list[str] | None = field(
        default=None,
        **_help(
            "Unlabelled records to learn from besides: .txt files with a record a line, .jsonl files with a text a "
            "line, each may be .gz, or folders of these. Networks trained on the labelled records label them, and the "
            "result is one that learns from both.",
            private=True,
        ),
    )
    unlabelled_documents: str = field(
        default="line",
        **_help(
            "What a record is in a .txt file of these: a 'line'; a 'paragraph', which ends at a blank line; the "
            "'file'. Lines that were broken within a sentence are joined in the latter two.",
            choices=["line", "paragraph", "file"],
            rare=True,
        ),
    )
    unlabelled_encoding: str = field(
        default="utf-8",
        **_help(
            "Encoding of those that are neither UTF-8 nor begin with a Unicode mark, say gb18030.",
            rare=True,
        ),
    )
    num_teachers: int = field(
        default=2,
        **_help(
            "Networks, trained with the seeds from --seed on, that label the unlabelled records together; of a "
            "--pretrained network they read the states by turns.",
            minimum=1,
        ),
    )
    teachers: list[str] | None = field(
        default=None,
        **_help("Checkpoints of the same entity types that label them instead of networks trained here.", private=True),
    )
    self_training_rounds: int = field(
        default=1,
        **_help("Rounds; the student of one labels the unlabelled records anew for the next one's.", minimum=1),
    )
    labelled_weight: int = field(
        default=3, **_help("How often the student sees each labelled sentence an epoch.", minimum=1)
    )
    student_epochs: int | None = field(
        default=None,
        **_help(
            "Epochs of a student. Default: those in which it sees a labelled sentence half as often as a teacher does.",
            minimum=1,
        ),
    )
    min_probability: float = field(
        default=0.0,
        **_help(
            "Sentences are left out that the teachers are less sure of (the least of the probabilities of its entities "
            "and of being no entity's of its other characters); 0 for none.",
            minimum=0,
            below=1,
        ),
    )
    max_unlabelled_records: int | None = field(
        default=None, **_help("Use only the first N unlabelled records.", minimum=1, rare=True)
    )

    def __post_init__(self) -> None:
        check_bounds(self)
        check_encoding("unlabelled_encoding", self.unlabelled_encoding)

    def check(self, recognition_task: bool) -> None:
        """Find out whether the arguments agree with each other and what they name is there.

        Args:
            recognition_task: Whether the network learns to recognise entities.

        Raises:
            ValueError: If they do not agree, or a teacher is no checkpoint.
            FileNotFoundError: If there are no such unlabelled records.
        """
        given = [item.name for item in fields(self) if getattr(self, item.name) != _default(item)]
        if not self.unlabelled:
            if given:
                raise ValueError(f"--{given[0]} is a matter of self-training: name unlabelled records by --unlabelled.")
            return
        if not recognition_task:
            raise ValueError("--unlabelled needs networks that recognise entities: leave --recognition_task True.")
        if self.teachers and "num_teachers" in given:
            raise ValueError("--num_teachers are trained here, --teachers are given: pass one of the two.")
        for path in self.unlabelled:
            check_exists("unlabelled", path)
        for path in self.teachers or ():
            check_place(path)

    def epochs_of_student(self, num_train_epochs: int) -> int:
        """Epochs of a student, where a teacher is trained for `num_train_epochs`."""
        return self.student_epochs or max(1, round(num_train_epochs / (2 * self.labelled_weight)))

    def places(self) -> dict[str, list[Path]]:
        """What is read, by option."""
        return {name: [Path(path) for path in getattr(self, name) or ()] for name in ("unlabelled", "teachers")}


def _default(item):
    return item.default if item.default is not MISSING else item.default_factory()
