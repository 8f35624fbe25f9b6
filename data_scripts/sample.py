"""The sample that comes with the package: synthetic records and a term list, written by `sample_generator.py`."""

from pathlib import Path

from .jsonl import JSONL
from .readers.records import CorpusError

SAMPLE_FOLDER = Path(__file__).with_name("sample_data")
SAMPLE_DICTIONARY = SAMPLE_FOLDER / "dictionary"


class Sample(JSONL):
    """Synthetic records; nothing in them is about anybody."""

    name = "sample"
    layout = "nothing: the sample comes with the package"
    nested = False

    @classmethod
    def find_folder(cls, data_dir: str | Path | None) -> Path:
        if data_dir is not None:
            raise CorpusError(
                f"sample takes no data_dir, got {data_dir}: it comes with the package. Own records are 'jsonl'."
            )
        return SAMPLE_FOLDER
