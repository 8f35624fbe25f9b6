"""Scores of a network on annotated records, the same for any number of processes."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from accelerate import Accelerator
from accelerate.utils import gather_object

from ..evaluation.clinical_ner import score_entities
from ..labelling import TorchLabeller
from ..modeling_dicmt import DicMTForTokenClassification
from ..prediction import collect_entities, collect_scores, collect_segmentation, predict_sentences
from ..tagging import Span
from ..tokenization_dicmt import DicMTTokenizer


class Predictions(NamedTuple):
    """What a network says of records.

    Args:
        entities: Entities of each record.
        segmentation: (characters,) boolean of each record, the segmentation task's answer; None without that task.
        scores: The probability of each entity, as the network sees it.
    """

    entities: list[list[Span]]
    segmentation: list[np.ndarray] | None
    scores: list[list[float]]


class Evaluator:
    """Predicts and scores a part of the corpus. Each process takes its share of the records and gets all results.

    Args:
        records: The part's records.
        tokenizer: The network's tokenizer.
        accelerator: The processes.
        batch_characters: Characters of a batch, padding included.
        training_mentions: Mentions of the training part, for recall by how often an entity was seen.
    """

    def __init__(
        self,
        records: Sequence[Mapping[str, Any]],
        tokenizer: DicMTTokenizer,
        accelerator: Accelerator,
        batch_characters: int,
        training_mentions: Mapping[str, Mapping[str, int]],
    ):
        self.records, self.accelerator = records, accelerator
        self.batch_characters, self.training_mentions = batch_characters, training_mentions
        self.texts = [record["text"] for record in records]
        self._own_texts = self.texts[accelerator.process_index :: accelerator.num_processes]
        self._sentences = list(tokenizer.encode_records(self._own_texts))

    def predict(self, model: DicMTForTokenClassification) -> Predictions:
        """Entities of all records, on every process."""
        predictions = predict_sentences(TorchLabeller(model), self._sentences, self.batch_characters, score="spans")
        own = len(self._own_texts)
        entities = collect_entities(self._sentences, predictions, own)
        scores = collect_scores(self._sentences, predictions, own)
        segmentation: list[Any] = [None] * own
        if model.config.segmentation_task:
            segmentation = collect_segmentation(self._sentences, predictions, self._own_texts)
        numbers = range(len(self.texts))[self._own_share]
        gathered = gather_object([*zip(numbers, entities, segmentation, scores, strict=True)])
        gathered.sort(key=lambda item: item[0])
        return Predictions(
            [item[1] for item in gathered],
            [item[2] for item in gathered] if model.config.segmentation_task else None,
            [item[3] for item in gathered],
        )

    @property
    def _own_share(self) -> slice:
        return slice(self.accelerator.process_index, None, self.accelerator.num_processes)

    def score(self, predictions: Predictions, recognition_task: bool = True) -> dict[str, Any]:
        """All figures of `score_entities`; without the recognition task, P, R and F1 are those of NES's spans."""
        results = score_entities(
            predictions.entities,
            [record["entities"] for record in self.records],
            texts=self.texts,
            training_mentions=self.training_mentions,
            segmentation=predictions.segmentation,
        )
        if not recognition_task:
            results |= {name: results["segmentation"]["spans"][name] for name in ("precision", "recall", "f1")}
        return results

    def __call__(self, model: DicMTForTokenClassification) -> dict[str, Any]:
        """Predict and score."""
        return self.score(self.predict(model), model.config.recognition_task)
