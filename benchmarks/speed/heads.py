"""Scored spans against tags, on the same shared layer: what nested entities cost."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from modeling_dicmt.pipeline_dicmt import DicMTPipeline
from modeling_dicmt.prediction import pad_sentences, pad_spans
from modeling_dicmt.training.arguments import TrainingArguments
from modeling_dicmt.training.batches import EpochBatches
from modeling_dicmt.training.examples import make_examples
from modeling_dicmt.training.optimization import create_optimizer
from modeling_dicmt.training.span_examples import make_span_examples

from .inputs import network, records_of, spans_of, texts_of
from .measuring import Row, Settings, compare, require

SPAN_NETWORK = "span_network"


def rows(settings: Settings) -> Iterator[Row]:
    """Training, then recognition."""
    yield training(settings)
    yield recognition(settings)


def training(settings: Settings) -> Row:
    """Steps of an epoch: forward, backward, optimiser; the same sentences on both sides."""
    (tagging, _), (scoring, tokenizer) = network(settings), network(settings, SPAN_NETWORK)
    records = records_of(settings, "train")
    tags = make_examples(records, tokenizer, tagging.config.label2id)
    spans = make_span_examples(records, tokenizer)
    arguments = TrainingArguments(output_dir=settings.folder)
    batches = list(EpochBatches(tags.lengths, arguments.per_device_train_batch_size, seed=42).epoch(0))
    share = min(len(batches), 10 if settings.quick else 40)
    order = np.argsort([tags.lengths[batch].sum() for batch in batches], kind="stable")
    chosen = [batches[place] for place in order[np.linspace(0, len(batches) - 1, share).astype(int)]]  # of all lengths

    def tensors(arrays: dict[str, np.ndarray]) -> dict[str, Tensor]:
        return {name: torch.from_numpy(array).to(settings.device) for name, array in arrays.items()}

    def loss_of_tags(batch: np.ndarray) -> Tensor:
        sentences = [tags.sentences[index]._replace(span_evidence=None) for index in batch]
        labels = [tags.tags[index] for index in batch]
        return tagging(**tensors(pad_sentences(sentences, tokenizer.pad_token_id, labels))).loss

    def loss_of_spans(batch: np.ndarray) -> Tensor:
        arrays = pad_sentences([spans.sentences[index] for index in batch], tokenizer.pad_token_id)
        return scoring(**tensors(arrays | {"labels": pad_spans([spans.entities[index] for index in batch])})).loss

    for index, entities in enumerate(spans.entities):
        require(np.array_equal(tags.entities_of(index), entities), "the two heads learn different entities")
    optimizers = [create_optimizer(model.train(), arguments) for model in (scoring, tagging)]

    def steps(loss, optimizer) -> None:
        for batch in chosen:
            loss(batch).backward()
            optimizer.step()
            optimizer.zero_grad()

    return compare(
        f"a training epoch, scored spans of up to {scoring.config.max_span_length} characters",
        "tags with a CRF",
        lambda: steps(loss_of_spans, optimizers[0]),
        lambda: steps(loss_of_tags, optimizers[1]),
        "≥ 0.6",
        settings,
        work=sum(map(len, chosen)),
        unit="sentences/s",
        note=f"{share} of an epoch's {len(batches)} steps, without clipping and averaging",
        rounds=2 if settings.quick else 7,
    )


def recognition(settings: Settings) -> Row:
    """Records to entities."""
    texts = texts_of(settings, "validation")[: 20 if settings.quick else None]
    scoring, tagging = (
        DicMTPipeline(model=model, tokenizer=tokenizer, device=settings.device, cpu_threads=settings.threads)
        for model, tokenizer in (network(settings, SPAN_NETWORK), network(settings))
    )
    found = scoring(texts)
    require(any(found), "the pipeline finds nothing")
    require(spans_of([scoring(text) for text in texts]) == spans_of(found), "entities depend on the batch")
    return compare(
        f"pipeline, records, scored spans of up to {scoring.model.config.max_span_length} characters",
        "tags with a CRF",
        lambda: scoring(texts),
        lambda: tagging(texts),
        "≥ 0.6",
        settings,
        work=sum(map(len, texts)),
        note=f"{len(texts)} records; {sum(map(len, found)):,} entities, {sum(map(len, tagging(texts))):,} by tags",
        rounds=2 if settings.quick else 7,
    )
