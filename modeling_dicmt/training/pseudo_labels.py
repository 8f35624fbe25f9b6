"""Labels that networks give to unlabelled records, and the file that keeps them.

The file names sentences by their places in the stream of records and holds the places of entities, no text: who
resumes a run has the records themselves, and nothing of them lies in the output folder.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from accelerate import Accelerator
from accelerate.utils import gather_object
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ..chunks import text_chunks
from ..tokenization_dicmt import DicMTTokenizer
from .examples import Examples
from .span_examples import SpanExamples
from .unlabelled_records import UnseenSentences
from .voting import Tell, Vote

PSEUDO_LABELS_FILE = "pseudo_labels.safetensors"

# Characters of the records that are labelled together, which is the same for any number of processes.
CHUNK_CHARACTERS = 2**17

_PLACES = ("records", "starts", "lengths", "counts")
_ARRAYS = ("input_ids", "radical_ids", "dictionary_features")


class PseudoLabels(NamedTuple):
    """Labels of N sentences, in the records' order.

    Args:
        records: (N,) int64 index of each sentence's record among the unlabelled ones.
        starts: (N,) int64 offset of its first character in the record.
        lengths: (N,) int64 its characters.
        counts: (N,) int64 its entities.
        entities: (sum of the counts, 3) int32, one sentence after the other: first character, end (exclusive), type.
    """

    records: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    counts: np.ndarray
    entities: np.ndarray

    @classmethod
    def of(cls, sentences: Sequence[tuple[int, int, int, np.ndarray]]) -> "PseudoLabels":
        """Labels of sentences given as record, start, length and entities (n, 3)."""
        places = [(record, start, length, len(entities)) for record, start, length, entities in sentences]
        columns = np.array(places, dtype=np.int64).reshape(-1, 4).T
        entities = np.concatenate([np.zeros((0, 3), np.int32), *(rows for *_, rows in sentences)], dtype=np.int32)
        return cls(*map(np.ascontiguousarray, columns), entities)

    def save(self, folder: Path) -> None:
        """Write them into a folder."""
        save_file(self._asdict(), folder / PSEUDO_LABELS_FILE)

    @classmethod
    def load(cls, folder: Path) -> "PseudoLabels":
        """Read what `save` wrote.

        Raises:
            ValueError: If the file is missing or damaged.
        """
        path = folder / PSEUDO_LABELS_FILE
        try:
            arrays = load_file(path)
        except (OSError, ValueError, SafetensorError) as error:
            raise damaged(path) from error
        kinds = dict.fromkeys(_PLACES, (1, np.int64)) | {"entities": (2, np.int32)}
        if arrays.keys() != kinds.keys() or any(
            (array.ndim, array.dtype) != kinds[name] for name, array in arrays.items()
        ):
            raise damaged(path)
        labels = cls(**arrays)
        of_places = [getattr(labels, name) for name in _PLACES]
        if len({len(array) for array in of_places}) != 1 or any((array < 0).any() for array in of_places):
            raise damaged(path)
        if labels.entities.shape != (labels.counts.sum(), 3):
            raise damaged(path)
        start, end, kind = labels.entities.T
        if ((start < 0) | (start >= end) | (end > np.repeat(labels.lengths, labels.counts)) | (kind < 0)).any():
            raise damaged(path)
        return labels

    def examples(
        self,
        texts: Iterable[str],
        tokenizer: DicMTTokenizer,
        examples_class: type[Examples] | type[SpanExamples] = Examples,
    ) -> Examples | SpanExamples:
        """The sentences with their labels.

        Args:
            texts: The unlabelled records.
            tokenizer: The student's tokenizer.
            examples_class: What the student learns from.

        Raises:
            ValueError: If these are not the records that were labelled.
        """
        ends = np.cumsum(self.counts)
        places = zip(self.records.tolist(), self.starts.tolist(), strict=True)
        numbers = {place: number for number, place in enumerate(places)}
        found: list[Any] = []
        labels: list[np.ndarray] = []
        for sentence in tokenizer.encode_records(texts):
            number = numbers.get((sentence.record, sentence.start))
            if number is not None and self.lengths[number] == len(sentence.input_ids):
                # Copies: the arrays are parts of larger ones, most of which may not be needed.
                arrays = (sentence.input_ids.copy(), sentence.radical_ids.copy(), sentence.dictionary_features.copy())
                found.append(sentence._replace(**dict(zip(_ARRAYS, arrays, strict=True))))
                entities = self.entities[ends[number] - self.counts[number] : ends[number]].astype(np.int64)
                labels.append(examples_class.labels_of(entities, len(sentence.input_ids)))
        if len(found) != len(numbers):
            raise ValueError(
                "The pseudo-labels of this run are of other unlabelled records. Pass --overwrite_output_dir to start "
                "afresh."
            )
        return examples_class(found, labels, [])

    def figures(self, entity_types: Sequence[str]) -> dict[str, Any]:
        """How many `sentences`, `characters` and `entities` there are, the latter also `by_type`."""
        counts = np.bincount(self.entities[:, 2], minlength=len(entity_types)).tolist()
        return {
            "sentences": len(self.lengths),
            "characters": int(self.lengths.sum()),
            "entities": len(self.entities),
            "by_type": dict(zip(entity_types, counts, strict=False)),
        }


def label_records(
    vote: Vote,
    texts: Iterable[str],
    known: Iterable[str],
    min_probability: float,
    accelerator: Accelerator,
    tell: Tell = lambda count: None,
) -> tuple[PseudoLabels, dict[str, int]]:
    """Label unlabelled records, each process its share; memory holds a chunk of them and the labels.

    A sentence is labelled where it first occurs, and not at all where it is one of the known records' sentences: those
    of the training part have labels, and those that scores are counted on are to stay unknown.

    Args:
        vote: Who labels.
        texts: The records.
        known: Texts of all records of the corpus.
        min_probability: Sentences are left out whose `certainty` (`LabelledSentence`) is below.
        accelerator: The processes; the labels do not depend on their number.
        tell: Called after each chunk, with the number of its records.

    Returns:
        The labels, the same on every process, and how many sentences there were: `sentences` in all, of them `repeated`
        or known ones, and `uncertain` ones; the others have labels.
    """
    unseen = UnseenSentences(vote.teachers[0].tokenizer.max_sentence_length)
    for text in known:
        unseen.starts(text)
    total, repeated, first = 0, 0, 0
    own: list[tuple[int, list[tuple[int, int, int, np.ndarray]], int]] = []
    for number, chunk in enumerate(text_chunks(texts, CHUNK_CHARACTERS)):
        chosen = set()
        for record, text in enumerate(chunk):
            starts, sentences = unseen.starts(text)
            chosen.update((record, start) for start in starts)
            total += sentences
            repeated += sentences - len(starts)
        if number % accelerator.num_processes == accelerator.process_index:
            of_chunk = _label_chunk(vote, chunk, chosen)
            sure = [(first + record, *labels) for record, *labels, p in of_chunk if p >= min_probability]
            own.append((number, sure, len(of_chunk) - len(sure)))
        first += len(chunk)
        tell(len(chunk))
    chunks = sorted(gather_object(own), key=lambda chunk: chunk[0])
    labels = PseudoLabels.of([sentence for _, sure, _ in chunks for sentence in sure])
    uncertain = sum(number for _, _, number in chunks)
    return labels, {"sentences": total, "repeated": repeated, "uncertain": uncertain}


def _label_chunk(
    vote: Vote, texts: Sequence[str], chosen: set[tuple[int, int]]
) -> list[tuple[int, int, int, np.ndarray, float]]:
    """Record, start, length, entities and certainty of the chosen sentences of records."""
    encoded = vote.encode(texts)
    places = [n for n, sentence in enumerate(encoded[0]) if (sentence.record, sentence.start) in chosen]
    of_teachers = [[sentences[place] for place in places] for sentences in encoded]
    return [
        (sentence.record, sentence.start, len(sentence.input_ids), vote.rows(prediction.entities), certainty)
        for sentence, (prediction, certainty) in zip(of_teachers[0], vote.label(of_teachers), strict=True)
    ]


def damaged(path: Path) -> ValueError:
    """What is raised of a file that is not what a round wrote."""
    return ValueError(
        f"{path} is damaged, or of another training. Pass --overwrite_output_dir to start afresh, or another "
        "--output_dir."
    )
