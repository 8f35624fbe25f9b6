"""The pipeline in the Random setting against spaCy, a linear-chain CRF, and the stock pipeline on a small BERT."""

import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pycrfsuite
import spacy
import torch
from spacy.training import Example
from transformers import BertConfig, BertForTokenClassification, pipeline

from data_scripts.records import Records
from modeling_dicmt.pipeline_dicmt import DicMTPipeline
from modeling_dicmt.sentences import split_sentences
from modeling_dicmt.tagging import bio_labels, tags_to_spans
from modeling_dicmt.training.examples import make_examples

from .inputs import network, records_of, texts_of
from .measuring import Row, Settings, compare, fastest, require
from .tokenizing import bert_tokenizer


def rows(settings: Settings) -> Iterator[Row]:
    """Whole records to entities with offsets, by each system."""
    records = records_of(settings, "train")
    texts = [*(record["text"] for record in records), *texts_of(settings, "validation")][:: 10 if settings.quick else 2]
    characters = sum(map(len, texts))
    model, tokenizer = network(settings)
    recognise = DicMTPipeline(model=model, tokenizer=tokenizer, device=settings.device, cpu_threads=settings.threads)
    found = recognise(texts)
    require(any(found), "the pipeline finds nothing")
    for text, entities in zip(texts, found, strict=True):
        require(all(text[e["start"] : e["end"]] == e["word"] for e in entities), "an offset of the pipeline is wrong")

    vocabulary = sorted({character for text in texts for character in text if not character.isspace()})
    others: dict[str, tuple[str, Callable[[list[str]], Any]]] = {
        "spaCy's NER (blank zh, characters)": ("≥ 10", spacy_ner(records)),
        "linear-chain CRF (python-crfsuite)": ("≥ 1", feature_crf(records, tokenizer, model.config, settings)),
        "stock pipeline, BERT of 4 layers × 256": ("≥ 10", stock_pipeline(vocabulary, texts, settings)),
    }
    for name, (aim, other) in others.items():
        yield compare(
            "pipeline, Random setting, records",
            name,
            lambda: recognise(texts),
            lambda other=other: other(texts),
            aim,
            settings,
            work=characters,
            note=f"{len(texts)} records, {characters:,} characters",
            rounds=2 if settings.quick else 5,
        )
    yield floor(settings, characters)


def spacy_ner(records: Records) -> Callable[[list[str]], Any]:
    """spaCy's own NER, trained a little: how much makes no difference to its speed."""
    model = spacy.blank("zh")
    recogniser = model.add_pipe("ner")
    records = records[:40]
    for kind in {entity["type"] for record in records for entity in record["entities"]}:
        recogniser.add_label(kind)
    examples = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of entities that it cannot align
        for record in records:
            spans = [(entity["start"], entity["end"], entity["type"]) for entity in record["entities"]]
            examples.append(Example.from_dict(model.make_doc(record["text"]), {"entities": spans}))
        optimizer = model.initialize(lambda: examples)
        for _ in range(5):
            for example in examples:
                model.update([example], sgd=optimizer)

    def entities(texts: list[str], batch_size: int) -> list[list[tuple[int, int, str]]]:
        documents = model.pipe(texts, batch_size=batch_size)
        return [[(span.start_char, span.end_char, span.label_) for span in document.ents] for document in documents]

    some = [record["text"] for record in records]
    require(any(entities(some, 32)), "spaCy finds nothing")
    best = fastest({size: lambda size=size: entities(some, size) for size in (32, 128, 512)})
    return lambda texts: entities(texts, best)


def feature_crf(records: Records, tokenizer: Any, config: Any, settings: Settings) -> Callable[[list[str]], Any]:
    """CRFsuite with the usual features of characters, bigrams and a window of two."""

    def features(text: str) -> list[list[str]]:
        framed = f"««{text}»»"
        return [
            [
                f"-2{framed[i - 2]}",
                f"-1{framed[i - 1]}",
                f"0{framed[i]}",
                f"1{framed[i + 1]}",
                f"2{framed[i + 2]}",
                f"a{framed[i - 2 : i]}",
                f"b{framed[i - 1 : i + 1]}",
                f"c{framed[i : i + 2]}",
                f"d{framed[i + 1 : i + 3]}",
                f"e{framed[i - 1 : i + 2]}",
            ]
            for i in range(2, len(text) + 2)
        ]

    records = records[: 60 if settings.quick else 300]
    examples = make_examples(records, tokenizer, config.label2id)
    trainer = pycrfsuite.Trainer(verbose=False)
    for sentence, tags in zip(examples.sentences, examples.tags, strict=True):
        text = records[sentence.record]["text"][sentence.start : sentence.start + len(tags)]
        trainer.append(features(text), [config.id2label[tag] for tag in tags.tolist()])
    trainer.set_params({"c1": 0.1, "c2": 0.01, "max_iterations": 15 if settings.quick else 40})
    path = str(Path(settings.folder) / f"crfsuite-{settings.threads}.model")
    trainer.train(path)
    tagger = pycrfsuite.Tagger()
    tagger.open(path)

    def entities(texts: list[str]) -> list[list[tuple[int, int, str]]]:
        found = []
        for text in texts:
            spans: list[tuple[int, int, str]] = []
            for start, end in split_sentences(text):
                labels = tagger.tag(features(text[start:end]))
                spans += tags_to_spans([config.label2id[label] for label in labels], config.id2label, start)
            found.append(spans)
        return found

    require(any(entities([record["text"] for record in records[:20]])), "CRFsuite finds nothing")
    return entities


def stock_pipeline(vocabulary: list[str], texts: list[str], settings: Settings) -> Callable[[list[str]], Any]:
    """transformers' own pipeline; the network's weights are random, its answer always O, which is its fastest."""
    tokenizer = bert_tokenizer(vocabulary, Path(settings.folder) / f"bert-{settings.threads}")
    labels = bio_labels(["Disease", "Anatomy", "Symptom", "Exam", "Treatment"])
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=256,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=1024,
        id2label=dict(enumerate(labels)),
    )
    torch.manual_seed(0)
    model = BertForTokenClassification(config).eval()
    with torch.no_grad():
        model.classifier.bias[0] = 100.0
    recognise = pipeline(
        "token-classification",
        model=model,
        tokenizer=tokenizer,
        aggregation_strategy="simple",
        stride=64,
        device=settings.device,
    )
    some = texts[:20]
    best = fastest({size: lambda size=size: recognise(some, batch_size=size) for size in (1, 4, 16)})
    return lambda records: recognise(records, batch_size=best)


def floor(settings: Settings, characters: int) -> Row:
    """What the recurrence's matrix products alone take: none of it can be left out."""
    hidden, rows_ = 128, 64
    state, weight = torch.randn(2, rows_, hidden), torch.randn(2, hidden, 4 * hidden)
    gates = torch.zeros(2, rows_, 4 * hidden)
    steps = 200
    times = []
    for _ in range(7):
        started = time.perf_counter()
        for _ in range(steps):
            torch.bmm(state, weight, out=gates)
        times.append((time.perf_counter() - started) / (steps * rows_))
    best = sorted(times)[len(times) // 2]
    return Row(
        "floor of the pipeline: the BiLSTM's recurrent products alone",
        "—",
        f"{1 / best:,.0f} characters/s",
        "",
        None,
        "",
        "2 directions × 128 × 512 multiplications a character, 64 sentences at a time",
        settings.threads,
    )
