"""Made-up texts in files, and the short way to read and to pack them."""

import gzip
import json
from pathlib import Path

import numpy as np

from data_scripts.unlabelled.arguments import UnlabelledArguments
from data_scripts.unlabelled.documents import read_documents
from data_scripts.unlabelled.packed import PackedCorpus, PackedSentences
from data_scripts.unlabelled.preparation import prepare_corpus
from data_scripts.unlabelled.report import ReadingReport
from data_scripts.unlabelled.sources import find_sources


def write(path: Path, *lines: str, encoding: str = "utf-8", end: str = "\n") -> Path:
    """A file of lines, compressed if its name says so."""
    content = "".join(line + end for line in lines).encode(encoding, "surrogatepass")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def write_records(path: Path, *records: object) -> Path:
    return write(path, *(json.dumps(record, ensure_ascii=False) for record in records))


def read(*paths: Path, **options: object) -> tuple[list[str], ReadingReport]:
    """The documents' texts, and the report."""
    report = ReadingReport()
    documents = read_documents(find_sources(paths, report), report, **options)
    return [document.text for document in documents], report


def pack(folder: Path, *paths: Path, max_sentence_length: int = 250, **settings: object) -> PackedCorpus:
    arguments = UnlabelledArguments(corpus=[str(path) for path in paths], **settings)
    return prepare_corpus(arguments, folder, max_sentence_length=max_sentence_length)


def documents_of(sentences: PackedSentences) -> list[str]:
    """The sentences of each document put end to end."""
    texts = sentences.texts(np.arange(len(sentences)))
    whole: dict[int, str] = {}
    for key, text in zip(sentences.documents.tolist(), texts, strict=True):
        whole[key] = whole.get(key, "") + text
    return list(whole.values())
