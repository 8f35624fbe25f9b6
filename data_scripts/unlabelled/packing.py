"""Documents → sentences in Arrow files that are read without being loaded."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
from datasets.arrow_writer import ArrowWriter

from modeling_dicmt.normalization import code_points
from modeling_dicmt.sentences import cut_sentence, split_sentences

from .counts import BigramCounts, CharacterCounts
from .documents import Document
from .duplicates import SeenKeys, document_key
from .held_out import HeldOutChoice, KeyedDocument
from .report import ReadingReport

TRAIN_FILE, HELD_OUT_FILE, COUNTS_FILE = "train.arrow", "held_out.arrow", "counts.npz"

FEATURES = datasets.Features({"points": datasets.List(datasets.Value("uint32")), "document": datasets.Value("uint64")})
"""Of a sentence: the code points of its normalised characters, and its document's hash."""

# A batch that is written at once; it lies in one piece in the file.
_BATCH_CHARACTERS = 1 << 20


def pack_documents(
    documents: Iterable[Document],
    folder: Path,
    report: ReadingReport,
    *,
    max_sentence_length: int,
    held_out_share: float,
) -> None:
    """Write documents as sentences, those that are held out to a file of their own, and the counts of the others.

    Documents that are equal after normalisation are written once. Memory does not grow with the text, but for 8 bytes a
    document.

    Args:
        documents: What is read; blanks at a document's ends are dropped.
        folder: Where the three files are written.
        report: Takes the counts of what is kept.
        max_sentence_length: Characters of a sentence beyond which it is cut.
        held_out_share: Share of the documents that is held out.

    Raises:
        OSError: If the folder cannot be written to.
    """
    seen, choice = SeenKeys(), HeldOutChoice(held_out_share)
    characters, bigrams = CharacterCounts(), BigramCounts()
    with ExitStack() as stack:
        train = stack.enter_context(_SentenceWriter(folder / TRAIN_FILE, (characters, bigrams)))
        held_out = stack.enter_context(_SentenceWriter(folder / HELD_OUT_FILE))

        def write(settled: Iterable[tuple[KeyedDocument, bool]]) -> None:
            for document, is_held_out in settled:
                (held_out if is_held_out else train).add(document)
                report.held_out_documents += is_held_out

        for document in documents:
            points = code_points(document.text.strip())
            content = points.tobytes()
            key = document_key(content)
            if seen.add(key):
                report.documents += 1
                ends = _sentence_ends(content.decode("utf-32-le"), max_sentence_length)
                write(choice.settle(KeyedDocument(key, points, ends)))
            else:
                report.duplicates += 1
        write(choice.settle_rest())
    report.sentences = train.sentences + held_out.sentences
    report.characters = train.characters + held_out.characters
    report.held_out_sentences, report.held_out_characters = held_out.sentences, held_out.characters
    points, point_counts = characters.arrays()
    pairs, pair_counts = bigrams.arrays()
    np.savez(
        folder / COUNTS_FILE,
        characters=points,
        character_counts=point_counts,
        bigrams=pairs,
        bigram_counts=pair_counts,
        bigram_error=bigrams.error,
    )


def _sentence_ends(text: str, max_length: int) -> list[int]:
    ends: list[int] = []
    for sentence in split_sentences(text):
        if sentence.end - sentence.start <= max_length:
            ends.append(sentence.end)
        else:
            ends += [piece.end for piece in cut_sentence(text, sentence, max_length)]
    return ends


class _SentenceWriter:
    """Collects documents' sentences and writes them in batches; a context that closes the file.

    Args:
        path: The file.
        counts: What counts the characters, and the bigrams, of all that is written; None for nothing.
    """

    def __init__(self, path: Path, counts: tuple[CharacterCounts, BigramCounts] | None = None):
        self.sentences = self.characters = 0
        self._counts = counts
        self._held: list[KeyedDocument] = []
        self._length = 0
        self._writer = ArrowWriter(features=FEATURES, path=str(path), writer_batch_size=_BATCH_CHARACTERS)

    def __enter__(self) -> "_SentenceWriter":
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        if kind is not None:  # what there is of the file is thrown away
            self._writer.close()
            return
        self._write()
        self._writer.finalize()

    def add(self, document: KeyedDocument) -> None:
        """Add a document's sentences."""
        self._held.append(document)
        self._length += len(document.points)
        if self._length >= _BATCH_CHARACTERS:
            self._write()

    def _write(self) -> None:
        points = np.concatenate([np.zeros(0, np.uint32), *(document.points for document in self._held)])
        numbers = np.array([len(document.ends) for document in self._held], dtype=np.int64)
        keys = np.array([document.key for document in self._held], dtype=np.uint64)
        starts = np.cumsum([0, *(len(document.points) for document in self._held)])[:-1]
        ends = np.array([end for document in self._held for end in document.ends], dtype=np.int64)
        ends += np.repeat(starts, numbers)
        if self._counts is not None and len(ends):
            characters, bigrams = self._counts
            characters.add(points)
            bigrams.add(points, ends)
        offsets = pa.array(np.concatenate([[0], ends]).astype(np.int32))
        columns = [pa.ListArray.from_arrays(offsets, pa.array(points)), pa.array(np.repeat(keys, numbers))]
        self._writer.write_table(pa.table(columns, names=list(FEATURES)))
        self.sentences += len(ends)
        self.characters += len(points)
        self._held, self._length = [], 0
