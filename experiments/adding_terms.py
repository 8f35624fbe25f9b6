"""Give known terms to what a run has trained, and count what it finds then.

    python -m experiments.adding_terms SETTINGS.json

Nothing is trained: the same network, pipeline or lexicon predicts once for each share of a part's vetted terms
(`known_terms`), for each kind of terms beside them, and in each way that it has of taking terms:

| kind | added | forced |
|---|---|---|
| a network with a channel for vetted terms | `terms=` | `terms=`, `force=True` |
| another network | in its reference lists, under the first list of the term's type | the same, and `force=True` |
| spaCy | an EntityRuler after its recogniser, for what overlaps no entity | one before it, whose entities it keeps |
| rules | in the lexicon | – |
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch

from data_scripts.arguments import DataArguments
from data_scripts.records import Records, load_records
from modeling_dicmt.commands.checkpoint import load_network
from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.evaluation.clinical_ner import count_mentions, score_entities
from modeling_dicmt.files import write_json
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.recognition import EntityRecognizer
from modeling_dicmt.recognition_settings import RecognitionSettings
from modeling_dicmt.tagging import Span
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer
from modeling_dicmt.torch_tagger import TorchTagger

from .baselines.networks import BaselineForTokenClassification
from .baselines.rules import match_lexicon, read_lexicon
from .known_terms import (
    ADDED,
    AMBIGUOUS,
    BESIDE,
    FORCED,
    NOTHING,
    SHARES,
    WRONG_COUNTS,
    Terms,
    ambiguous_terms,
    merge_terms,
    share_found,
    share_of_terms,
    unseen_mentions,
    vetted_terms,
    wrong_terms,
)
from .recording import PREFIXES, write_part
from .specification import MODEL_OF_KIND

logger = logging.getLogger("experiments.adding_terms")


class TermTaker(Protocol):
    """What recognises entities and can be given terms."""

    ways: Sequence[str]  # of taking them

    def predict(self, texts: Sequence[str], terms: Mapping[str, Sequence[str]], way: str) -> list[list[Span]]:
        """Entities of records, in offsets of their texts.

        Args:
            texts: The records' texts.
            terms: Known terms of each entity type.
            way: One of `ways`.
        """


class NetworkTaker:
    """A network: terms go into its channel for vetted terms, without one into its reference lists."""

    ways = (ADDED, FORCED)

    def __init__(self, folder: Path, network_class: type[DicMTForTokenClassification] | None = None):
        model = load_network(str(folder)) if network_class is None else network_class.from_pretrained(folder)
        self.tokenizer = DicMTTokenizer.from_pretrained(folder)
        self.has_channel = model.config.vetted_terms
        self.recognizer = EntityRecognizer(
            TorchTagger(model.to("cuda" if torch.cuda.is_available() else "cpu")), self.tokenizer
        )

    def predict(self, texts: Sequence[str], terms: Mapping[str, Sequence[str]], way: str) -> list[list[Span]]:
        settings: dict[str, Any] = {}
        if terms and not self.has_channel:
            settings["dictionary"] = self._with_terms(terms)
        if terms and (self.has_channel or way == FORCED):
            settings |= {"terms": terms, "force": way == FORCED}
        return [
            [Span(entity["start"], entity["end"], entity["entity_group"]) for entity in entities]
            for entities in self.recognizer.stream(texts, RecognitionSettings(**settings))
        ]

    def _with_terms(self, terms: Mapping[str, Sequence[str]]) -> ClinicalDictionary:
        lists_of_type = self.tokenizer.dictionary_matcher.lists_of_type
        # A type without a list has no feature that a term of it could set.
        content = {lists_of_type[kind][0]: of_kind for kind, of_kind in terms.items() if lists_of_type[kind]}
        dictionary = self.tokenizer.dictionary
        return dictionary.merge(ClinicalDictionary.from_json(content)) if content else dictionary


class SpacyTaker:
    """spaCy's recogniser with its EntityRuler, which takes the longest of several matches; case does not matter."""

    ways = (ADDED, FORCED)

    def __init__(self, folder: Path):
        from .baselines import spacy_ner

        self.model, self.find_entities = spacy_ner.read_pipeline(folder), spacy_ner.find_entities

    def predict(self, texts: Sequence[str], terms: Mapping[str, Sequence[str]], way: str) -> list[list[Span]]:
        with self._ruler(terms, way):
            return self.find_entities(self.model, texts)

    @contextmanager
    def _ruler(self, terms: Mapping[str, Sequence[str]], way: str) -> Iterator[None]:
        patterns = [{"label": kind, "pattern": term} for kind, of_kind in terms.items() for term in of_kind]
        if not patterns:  # a ruler without any warns
            yield
            return
        place = {"before": "ner"} if way == FORCED else {"after": "ner"}
        ruler = self.model.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"}, **place)
        try:
            ruler.add_patterns(patterns)
            yield
        finally:
            self.model.remove_pipe("entity_ruler")


class RulesTaker:
    """Matching alone: a known term is one more entry of the lexicon, whose longest entries count from left to right."""

    ways = (ADDED,)

    def __init__(self, folder: Path):
        self.lexicon = read_lexicon(folder)

    def predict(self, texts: Sequence[str], terms: Mapping[str, Sequence[str]], way: str) -> list[list[Span]]:
        # Of several types of a term the first counts.
        known = {term: kind for kind in reversed(list(terms)) for term in terms[kind]}
        return match_lexicon(self.lexicon | known, texts)


_TAKERS: dict[str, Callable[[Path], TermTaker]] = {
    "network": NetworkTaker,
    "baseline_network": lambda folder: NetworkTaker(folder, BaselineForTokenClassification),
    "spacy": SpacyTaker,
    "rules": RulesTaker,
}


def measure(
    taker: TermTaker, train: Records, held_out: Records, entity_types: Sequence[str], seed: int
) -> tuple[list[list[Span]], dict[str, Any]]:
    """What is found of a part when shares of its vetted terms are known, beside other terms.

    Args:
        taker: What recognises.
        train: Training part.
        held_out: The part.
        entity_types: Types that wrong terms may be given.
        seed: Of which terms a share has, and of the wrong terms' types.

    Returns:
        The entities with all vetted terms added and nothing beside them; and counts of the part's `vetted_terms`, their
        `occurrences` and its `ambiguous_terms`, and `points`: for each `share` (of `SHARES`), what is `beside` it, and
        each `way` the fractions `found` (of the vetted terms' annotated occurrences, known or not; None if there are
        none), `precision`, `recall` and `f1`.
    """
    mentions = unseen_mentions(train, held_out)
    vetted, ambiguous = vetted_terms(mentions), ambiguous_terms(mentions)
    beside: dict[str, Terms] = {NOTHING: {}, AMBIGUOUS: ambiguous}
    for name, count in WRONG_COUNTS.items():
        beside[name] = wrong_terms(train, held_out, count, entity_types, seed)
    texts, gold = [record["text"] for record in held_out], [record["entities"] for record in held_out]
    main: list[list[Span]] = []
    points = []
    for name in BESIDE:
        for share in SHARES:
            terms = merge_terms(share_of_terms(vetted, share, seed), beside[name])
            found = None
            for way in taker.ways:
                if found is None or terms:  # without terms, one way is the other
                    found = taker.predict(texts, terms, way)
                if (name, share, way) == (NOTHING, 1, ADDED):
                    main = found
                scores = score_entities(found, gold)
                figures = {figure: scores[figure] for figure in ("precision", "recall", "f1")}
                point = {"share": share, "beside": name, "way": way, "found": share_found(found, mentions)}
                points.append(point | figures)
    certain = [mention for mention in mentions if mention.vetted_type]
    counts = {
        "vetted_terms": len(certain),
        "occurrences": sum(mention.occurrences for mention in certain),
        "ambiguous_terms": len(mentions) - len(certain),
    }
    return main, counts | {"points": points}


@dataclass
class AddingArguments:
    """What is given terms, and where the results go."""

    kind: str = field(metadata={"help": "Kind of the system.", "choices": list(MODEL_OF_KIND)})
    model_dir: str = field(metadata={"help": "Folder of the run that has trained it."})
    output_dir: str = field(metadata={"help": "Folder for scores and predictions."})
    seed: int = field(default=42, metadata={"help": "Seed of the choice of terms."})


def run() -> None:
    arguments, data = parse_arguments((AddingArguments, DataArguments), __doc__)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", datefmt="%H:%M:%S")
    parts, entity_types = load_records(data)
    taker = _TAKERS[arguments.kind](Path(arguments.model_dir))
    output_dir = Path(arguments.output_dir)
    mentions = count_mentions(parts["train"])
    results: dict[str, Any] = {}
    for part, prefix in PREFIXES.items():
        if part in parts:
            found, measured = measure(taker, parts["train"], parts[part], entity_types, arguments.seed)
            results |= write_part(output_dir, part, parts[part], found, mentions)
            results[f"{prefix}known_terms"] = measured
            logger.info("%s: F1 %.4f with all vetted terms", part, results[f"{prefix}f1"])
    write_json(output_dir / "all_results.json", results)


if __name__ == "__main__":
    run_command(run)
