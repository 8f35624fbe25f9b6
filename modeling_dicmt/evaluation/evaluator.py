"""Scores of a network on annotated records, the same for any number of processes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from accelerate import Accelerator
from accelerate.utils import gather_object
from tqdm import tqdm

from ..commands.progress import progress
from ..lexicon import Lexicon
from ..modeling_dicmt import DicMTForTokenClassification
from ..prediction import (
    SentencePrediction,
    TaggedBatch,
    collect_entities,
    collect_scores,
    collect_segmentation,
    constrain,
    read_batches,
    tag_sentences,
)
from ..tagging import Span
from ..tokenization_dicmt import DicMTTokenizer
from ..torch_tagger import TorchTagger, chain_of
from .calibration import best_threshold, calibration_error
from .clinical_ner import score_entities


class Predictions(NamedTuple):
    """What a network says of records.

    Args:
        entities: Entities of each record.
        segmentation: (characters,) boolean of each record, the segmentation task's answer; None without that task.
        scores: The probability of each entity, as the network sees it; None where it is not known.
    """

    entities: list[list[Span]]
    segmentation: list[np.ndarray] | None
    scores: list[list[float]] | None


def score_predictions(
    predictions: Predictions,
    records: Sequence[Mapping[str, Any]],
    training_mentions: Mapping[str, Mapping[str, int]] | None = None,
    recognition_task: bool = True,
) -> dict[str, Any]:
    """All figures of `score_entities`, and, of entities with scores, `calibration` (`calibration_error`).

    Without the recognition task there is no calibration, and P, R and F1 are those of NES's spans.

    Args:
        predictions: What a network says of the records.
        records: The annotated records.
        training_mentions: Mentions of the training part, for recall by how often an entity was seen.
        recognition_task: Whether the network has it.
    """
    results = score_entities(
        predictions.entities,
        [record["entities"] for record in records],
        texts=[record["text"] for record in records],
        training_mentions=training_mentions,
        segmentation=predictions.segmentation,
    )
    if not recognition_task:
        results |= {name: results["segmentation"]["spans"][name] for name in ("precision", "recall", "f1")}
    elif predictions.scores is not None:
        scores = [score for of_record in predictions.scores for score in of_record]
        results["calibration"] = calibration_error(scores, _correct(predictions.entities, records))
    return results


def _correct(entities: Sequence[Sequence[Span]], records: Sequence[Mapping[str, Any]]) -> list[bool]:
    annotated = [
        {(entity["start"], entity["end"], entity["type"]) for entity in record["entities"]} for record in records
    ]
    return [tuple(span) in known for known, found in zip(annotated, entities, strict=True) for span in found]


def _counted(batches: Iterable[tuple[Any, TaggedBatch]], bar: tqdm) -> Iterator[tuple[Any, TaggedBatch]]:
    for places, batch in batches:
        yield places, batch
        bar.update(sum(map(len, places)))


class Evaluator:
    """Predicts and scores a part of the corpus. Each process takes its share of the records and gets all results.

    Args:
        records: The part's records.
        tokenizer: The network's tokenizer.
        accelerator: The processes.
        batch_characters: Characters of a batch, padding included; None for what is fast.
        training_mentions: Mentions of the training part, for recall by how often an entity was seen; None without.
        lexicon: The terms; default: the tokenizer's own.
        force: Whether every vetted term is an entity.
    """

    def __init__(
        self,
        records: Sequence[Mapping[str, Any]],
        tokenizer: DicMTTokenizer,
        accelerator: Accelerator,
        batch_characters: int | None,
        training_mentions: Mapping[str, Mapping[str, int]] | None,
        lexicon: Lexicon | None = None,
        force: bool = False,
    ):
        self.records, self.accelerator, self.force = records, accelerator, force
        self.batch_characters, self.training_mentions = batch_characters, training_mentions
        self.texts = [record["text"] for record in records]
        self._own_texts = self.texts[accelerator.process_index :: accelerator.num_processes]
        self._sentences = list(tokenizer.encode_records(self._own_texts, lexicon))

    def predict(
        self,
        model: DicMTForTokenClassification,
        scores: bool = True,
        quiet: bool = True,
        batches: Iterable[tuple[list[list[int]], TaggedBatch]] | None = None,
    ) -> Predictions:
        """What the network says of all records, on every process.

        Args:
            model: The network.
            scores: Whether entities get scores, which takes time.
            quiet: Show no progress.
            batches: What `tag` gave, where it was called already.
        """
        with progress(total=len(self._sentences), unit="sentence", description="prediction", quiet=quiet) as bar:
            chain = chain_of(model)
            tagged = _counted(self.tag(model) if batches is None else batches, bar)
            batches = constrain(tagged, chain, self._sentences, model.config, self.force)
            found = read_batches(batches, model.config, chain, "spans" if scores else None)
        entities, of_entities = self.collect(found)
        segmentation = collect_segmentation(self._sentences, found, self._own_texts)
        rows = self.gather([*zip(entities, segmentation, of_entities, strict=True)])
        return Predictions(
            [row[0] for row in rows],
            [row[1] for row in rows] if model.config.segmentation_task else None,
            [row[2] for row in rows] if scores else None,
        )

    def tag(self, model: DicMTForTokenClassification) -> Iterator[tuple[list[list[int]], TaggedBatch]]:
        """Tag the sentences of this process's records, as `tag_sentences` does."""
        return tag_sentences(TorchTagger(model), self._sentences, self.batch_characters)

    def collect(self, predictions: Sequence[SentencePrediction]) -> tuple[list[list[Span]], list[list[float]]]:
        """Entities, and scores, of each of this process's records from the predictions of its sentences."""
        arguments = (self._sentences, predictions, len(self._own_texts))
        return collect_entities(*arguments), collect_scores(*arguments)

    def gather(self, own: Sequence[Any]) -> list[Any]:
        """Something of each of this process's records → that of all records, in their order, on every process."""
        numbers = range(self.accelerator.process_index, len(self.texts), self.accelerator.num_processes)
        gathered = gather_object([*zip(numbers, own, strict=True)])
        return [item for _, item in sorted(gathered, key=lambda pair: pair[0])]

    def score(self, predictions: Predictions, recognition_task: bool = True) -> dict[str, Any]:
        """Score predictions for the records; see `score_predictions`."""
        return score_predictions(predictions, self.records, self.training_mentions, recognition_task)

    def correct(self, entities: Sequence[Sequence[Span]]) -> list[bool]:
        """Whether each entity predicted for the records, one record after the other, is annotated just so."""
        return _correct(entities, self.records)

    @property
    def num_entities(self) -> int:
        """How many entities the records are annotated with, each counted once."""
        return sum(
            len({(entity["start"], entity["end"], entity["type"]) for entity in record["entities"]})
            for record in self.records
        )

    def __call__(self, model: DicMTForTokenClassification) -> dict[str, Any]:
        """Figures for training to go by: those of entities and segmentation, without their scores' calibration.

        Of a network that scores spans they are those at the threshold that suits it best, which it has from then on.
        """
        batches = None
        if model.config.scores_spans:
            batches = list(self.tag(model))
            model.config.span_threshold = best_threshold(model, self, batches)
        return self.score(self.predict(model, scores=False, batches=batches), model.config.recognition_task)
