"""Command-line arguments of the page: which networks, where it is served, and what a visitor may ask of it."""

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class AppArguments:
    """Which networks are shown, and where."""

    _argument_group_name = "page"

    model_name_or_path: list[str] = field(
        metadata={"help": "Folders of trained networks, or their names on the Hub; visitors choose among these."}
    )
    host: str | None = field(
        default=None,
        metadata={"help": "Address to serve at; default: this machine alone, or GRADIO_SERVER_NAME. 0.0.0.0 is all."},
    )
    port: int = field(
        default=7860, metadata={"help": "Port to serve at; 0 for a free one.", "minimum": 0, "maximum": 65535}
    )
    share: bool = field(
        default=False,
        metadata={"help": "Have Gradio's servers pass on a public address: records then go through them."},
    )
    language: str = field(
        default="zh",
        metadata={"help": "Language where a browser asks for neither Chinese nor English.", "choices": ["zh", "en"]},
    )
    cpu_threads: int = field(default=1, metadata={"help": "Threads of each request.", "minimum": 1, "rare": True})


@dataclass(kw_only=True)
class Limits:
    """What one request may hold and take, and how many there may be."""

    _argument_group_name = "limits"

    max_characters: int = field(
        default=100_000, metadata={"help": "Characters of all records of a request.", "minimum": 1}
    )
    max_records: int = field(default=50, metadata={"help": "Records of a request.", "minimum": 1})
    max_file_kilobytes: int = field(
        default=2048, metadata={"help": "Size of a file that is uploaded, in KiB.", "minimum": 1}
    )
    max_terms: int = field(
        default=5000, metadata={"help": "A visitor's terms, and likewise what is no entity.", "minimum": 1}
    )
    max_seconds: float = field(
        default=30, metadata={"help": "Seconds that a request may take once it is begun.", "above": 0}
    )
    max_requests: int = field(
        default=2, metadata={"help": "Requests that are worked on at the same time.", "minimum": 1}
    )
    max_waiting: int = field(
        default=40, metadata={"help": "Requests that wait; further ones are refused.", "minimum": 1}
    )
    max_visitors: int = field(
        default=200,
        metadata={
            "help": "Visitors whose results are kept; of more, who asked for nothing the longest is forgotten.",
            "minimum": 1,
            "rare": True,
        },
    )
    session_minutes: float = field(
        default=30,
        metadata={"help": "Minutes until the results of an idle visitor are forgotten.", "above": 0, "rare": True},
    )
