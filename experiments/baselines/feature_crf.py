"""A linear-chain CRF over hand-made features (Yang et al., 2018), by python-crfsuite."""

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pycrfsuite

from data_scripts.records import Records
from modeling_dicmt.normalization import normalize
from modeling_dicmt.tagging import Span, tags_to_spans
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer, EncodedSentence
from modeling_dicmt.training.examples import make_examples

# Strengths of the two regularisers and the steps of L-BFGS, as python-crfsuite's own example has them, with more steps.
TRAINING = {"c1": 0.1, "c2": 0.01, "max_iterations": 100, "feature.possible_transitions": True}
WINDOW = 2


class FeatureCRF:
    """Labels each character of a sentence from features of a window around it.

    Args:
        tokenizer: Splits records into sentences, and knows radicals and dictionary.
        label2id: Ids of the BIO labels.
        options: Not used: there is no chance, and no epoch, in it.
    """

    def __init__(self, tokenizer: DicMTTokenizer, label2id: Mapping[str, int], **options: Any):
        self.tokenizer, self.label2id = tokenizer, dict(label2id)
        self.id2label = {index: label for label, index in label2id.items()}
        self.tagger = pycrfsuite.Tagger()
        self.model = b""

    def fit(self, train: Records, validation: Records) -> None:
        trainer = pycrfsuite.Trainer(verbose=False)
        trainer.set_params(TRAINING)
        examples = make_examples(train, self.tokenizer, self.label2id)
        for sentence, tags in zip(examples.sentences, examples.tags, strict=True):
            features = self.features(train[sentence.record]["text"], sentence)
            trainer.append(features, [self.id2label[tag] for tag in tags.tolist()])
        with TemporaryDirectory(prefix="dicmt-") as folder:
            path = Path(folder) / "model.crfsuite"
            trainer.train(str(path))
            self.model = path.read_bytes()  # the tagger reads it where it lies, and does not keep it alive
        self.tagger.open_inmemory(self.model)

    def predict(self, texts: Sequence[str]) -> list[list[Span]]:
        found: list[list[Span]] = [[] for _ in texts]
        for sentence in self.tokenizer.encode_records(texts):
            labels = self.tagger.tag(self.features(texts[sentence.record], sentence))
            tags = [self.label2id[label] for label in labels]
            found[sentence.record] += tags_to_spans(tags, self.id2label, sentence.start)
        return found

    def features(self, text: str, sentence: EncodedSentence) -> list[list[str]]:
        """The features of each character of a sentence."""
        length = len(sentence.input_ids)
        characters = normalize(text[sentence.start : sentence.start + length])
        edge = "\n" * WINDOW
        framed = f"{edge}{characters}{edge}"
        radicals = ["", *map(str, sentence.radical_ids.tolist()), ""]
        kinds = [unicodedata.category(character) for character in characters]
        matches = self._matches(sentence)
        rows = []
        for i in range(length):
            j = i + WINDOW
            row = ["bias", f"kind={kinds[i]}"]
            row += [f"c{offset}={framed[j + offset]}" for offset in range(-WINDOW, WINDOW + 1)]
            row += [f"b{offset}={framed[j + offset : j + offset + 2]}" for offset in range(-WINDOW, WINDOW)]
            row += [f"t{offset}={framed[j + offset : j + offset + 3]}" for offset in range(-WINDOW, WINDOW - 1)]
            row += [f"r{offset}={radicals[i + 1 + offset]}" for offset in (-1, 0, 1)]
            row += matches[i]
            row += [f"<{match}" for match in (matches[i - 1] if i else [])]
            row += [f">{match}" for match in (matches[i + 1] if i + 1 < length else [])]
            rows.append(row)
        return rows

    def _matches(self, sentence: EncodedSentence) -> list[list[str]]:
        """Which n-grams that end or start at each character are terms, and of which type."""
        features = sentence.dictionary_features
        slots = 2 * len(self.tokenizer.dictionary_matcher.ngram_sizes)
        if not slots:
            return [[] for _ in features]
        codes = features.reshape(len(features), slots, -1)
        codes = codes @ (1 << np.arange(codes.shape[2])[::-1])  # most significant bit first
        return [[f"d{slot}={code}" for slot, code in enumerate(row) if code] for row in codes.tolist()]
