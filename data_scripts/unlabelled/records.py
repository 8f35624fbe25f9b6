"""Files → the texts of records without labels, for self-training: the documents that pre-training reads as well."""

import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from .documents import read_documents
from .report import ReadingReport
from .sources import find_sources

logger = logging.getLogger(__name__)


class RecordReader:
    """Reads records' texts as they are consumed, anew each time that it is called; blank ones are none.

    What is passed over is logged after the first time. Pre-training packs what it reads, since it needs it in random
    order, and drops a document that was there before; here nothing is stored, and repetitions are dropped by the
    sentence (`UnseenSentences`), which whole documents' would add nothing to.

    Args:
        paths: .txt and .jsonl files, also as .gz, and folders of them.
        documents: What a record of a .txt file is: "line", "paragraph" or "file"; see `read_documents`.
        encoding: Encoding of files that are neither UTF-8 nor begin with a Unicode mark.
        limit: How many are read at most; None for all.
    """

    def __init__(
        self, paths: Sequence[str], *, documents: str = "line", encoding: str = "utf-8", limit: int | None = None
    ):
        self.paths, self.documents, self.encoding, self.limit = paths, documents, encoding, limit
        self.known: dict[str, Any] = {}
        """`names`, without a path, and numbers of `records` and `characters`, once all was read; for a card."""

    def __call__(self) -> Iterator[str]:
        """The texts, in the order of the paths and of the files in a folder.

        Raises:
            FileNotFoundError: If there is nothing at a path, or no file with text in a folder.
            CorpusError: If a file cannot be read or is not as it should be; names file and line.
        """
        report = ReadingReport()
        found = read_documents(
            find_sources(self.paths, report), report, documents=self.documents, encoding=self.encoding
        )
        for text, _ in islice(found, self.limit):
            report.documents += 1
            report.characters += len(text)
            yield text
        if not self.known:
            self.known = {"names": report.names, "records": report.documents, "characters": report.characters}
            for warning in report.warnings():
                logger.warning("Unlabelled records: %s", warning)
