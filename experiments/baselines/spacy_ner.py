"""spaCy's entity recogniser on characters: a blank Chinese pipeline, trained from nothing."""

import logging
import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.training import Example
from spacy.util import compounding, fix_random_seed, minibatch

from data_scripts.records import Records
from modeling_dicmt.evaluation.clinical_ner import score_entities
from modeling_dicmt.sentences import split_sentences
from modeling_dicmt.tagging import Span
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer

from ..specification import MODEL_OF_KIND

logger = logging.getLogger(__name__)

DROPOUT = 0.3
PREDICTION_BATCH = 128


class SpacyNER:
    """Trains for some epochs and keeps the one that is best on the development part.

    Args:
        tokenizer: Not used: spaCy's own splits the text into characters.
        label2id: Ids of the BIO labels, which name the entity types.
        epochs: Epochs.
        seed: Seed.
    """

    def __init__(self, tokenizer: DicMTTokenizer, label2id: Mapping[str, int], epochs: int, seed: int, **options: Any):
        self.epochs, self.seed = epochs, seed
        fix_random_seed(seed)
        self.model = spacy.blank("zh")
        recogniser = self.model.add_pipe("ner")
        for label in label2id:
            if label.startswith("B-"):
                recogniser.add_label(label[2:])

    def fit(self, train: Records, validation: Records) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of entities that its tokens cannot express
            examples = [example for record in train for example in self._examples(record)]
            optimizer = self.model.initialize(lambda: examples)
            order = random.Random(self.seed)
            texts = [record["text"] for record in validation]
            gold = [record["entities"] for record in validation]
            best, weights = -1.0, None
            for epoch in range(1, self.epochs + 1):
                order.shuffle(examples)
                for batch in minibatch(examples, size=compounding(4.0, 32.0, 1.001)):
                    self.model.update(batch, sgd=optimizer, drop=DROPOUT)
                f1 = score_entities(self.predict(texts), gold)["f1"]
                logger.info("epoch %d: development F1 %.4f", epoch, f1)
                if f1 > best:
                    best, weights = f1, self.model.to_bytes()
            self.model.from_bytes(weights)

    def predict(self, texts: Sequence[str]) -> list[list[Span]]:
        return find_entities(self.model, texts)

    def save(self, folder: Path) -> None:
        """Write the pipeline, to be read by `read_pipeline`."""
        self.model.to_disk(folder / MODEL_OF_KIND["spacy"])

    def _examples(self, record: Mapping[str, Any]) -> Iterator[Example]:
        for start, end in split_sentences(record["text"]):
            spans = [
                (entity["start"] - start, entity["end"] - start, entity["type"])
                for entity in record["entities"]
                if start <= entity["start"] and entity["end"] <= end
            ]
            document = self.model.make_doc(record["text"][start:end])
            yield Example.from_dict(document, {"entities": spans})


def read_pipeline(folder: Path) -> Language:
    """The pipeline that a run has left in its folder."""
    return spacy.load(folder / MODEL_OF_KIND["spacy"])


def find_entities(model: Language, texts: Sequence[str]) -> list[list[Span]]:
    """Entities of records, in offsets of their texts, by a pipeline that reads them sentence by sentence."""
    pieces = [
        (number, start, text[start:end]) for number, text in enumerate(texts) for start, end in split_sentences(text)
    ]
    found: list[list[Span]] = [[] for _ in texts]
    documents = model.pipe((piece for _, _, piece in pieces), batch_size=PREDICTION_BATCH)
    for (number, start, _), document in zip(pieces, documents, strict=True):
        found[number] += [Span(start + e.start_char, start + e.end_char, e.label_) for e in document.ents]
    return found
