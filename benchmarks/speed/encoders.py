"""What DicMT adds to a BERT encoder: a training step, and the pipeline against the stock one on the same encoder."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import BertConfig, BertForTokenClassification, pipeline

from modeling_dicmt.configuration_dicmt import DicMTConfig
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.pipeline_dicmt import DicMTPipeline
from modeling_dicmt.prediction import length_batches, pad_sentences
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer
from modeling_dicmt.training.examples import make_examples

from .inputs import network, records_of, sentences_of, texts_of
from .measuring import Row, Settings, compare, fastest, require
from .tokenizing import bert_tokenizer

BASE = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}
SMALL = {"hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 1024}


def make_pair(sizes: dict[str, int], settings: Settings) -> tuple[Any, ...]:
    """DicMT on an encoder with its tokenizer; the encoder with a linear head, and the stock tokenizer."""
    _, trained = network(settings)
    characters = sorted(token for token in trained.get_vocab() if len(token) == 1 and not token.isspace())
    stock_tokenizer = bert_tokenizer(characters, Path(settings.folder) / f"bert-{settings.threads}")
    vocab = stock_tokenizer.get_vocab()
    tokenizer = DicMTTokenizer(
        vocab=vocab,
        dictionary=trained.dictionary,
        entity_types=trained.entity_types,
        lists_of_type=trained.init_kwargs["lists_of_type"],
    )
    encoder_config = BertConfig(vocab_size=len(vocab), pad_token_id=vocab["[PAD]"], **sizes)
    config = DicMTConfig(
        entity_types=trained.entity_types,
        vocab_size=len(vocab),
        pad_token_id=vocab["[PAD]"],
        unk_token_id=vocab["[UNK]"],
        encoder_config=encoder_config,
        encoder_begin_token_id=vocab["[CLS]"],
        encoder_end_token_id=vocab["[SEP]"],
    )
    torch.manual_seed(0)
    ours = DicMTForTokenClassification(config)
    head_config = BertConfig(**(encoder_config.to_dict() | {"id2label": config.id2label, "label2id": config.label2id}))
    theirs = BertForTokenClassification(head_config)
    theirs.bert.load_state_dict(ours.dicmt.representation.encoder.model.state_dict())
    return ours.to(settings.device).eval(), tokenizer, theirs.to(settings.device).eval(), stock_tokenizer


def rows(settings: Settings) -> Iterator[Row]:
    """Both rows; both networks have one and the same encoder."""
    yield training_step(settings)
    yield from pipelines(SMALL, "4 layers × 256", settings)
    if not settings.quick:
        yield from pipelines(BASE, "BERT-base", settings)


def training_step(settings: Settings) -> Row:
    """Forward, backward and optimiser on sentences of about the same length."""
    ours, tokenizer, theirs, _ = make_pair(SMALL if settings.quick else BASE, settings)
    examples = make_examples(records_of(settings, "train")[:200], tokenizer, ours.config.label2id)
    middle = examples.lengths.argsort()[len(examples) // 2 :][: 4 if settings.quick else 16]
    arrays = pad_sentences(
        [examples.sentences[index] for index in middle], tokenizer.pad_token_id, [examples.tags[i] for i in middle]
    )
    inputs = {name: torch.from_numpy(array).to(settings.device) for name, array in arrays.items()}
    stock = {
        "input_ids": nn.functional.pad(inputs["input_ids"], (1, 1), value=tokenizer.pad_token_id),
        "attention_mask": nn.functional.pad(inputs["attention_mask"], (2, 0), value=1),
        "labels": nn.functional.pad(inputs["labels"], (1, 1), value=-100),
    }
    ours.train(), theirs.train()

    def step(model: nn.Module, batch: dict[str, torch.Tensor]) -> Callable[[], None]:
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
        on_gpu = settings.device == "cuda"
        precision = torch.autocast("cuda", dtype=torch.bfloat16) if on_gpu else nullcontext()

        def run() -> None:
            with precision:
                loss = model(**batch).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

        return run

    return compare(
        "training step, full DicMT on " + ("a small encoder" if settings.quick else "a BERT-base-sized encoder"),
        "the encoder with a linear softmax head",
        step(ours, inputs),
        step(theirs, stock),
        "≤ 1.10" if settings.device == "cpu" else "≤ 1.25",
        settings,
        note=f"{len(middle)} sentences of up to {arrays['input_ids'].shape[1]} characters",
        rounds=2 if settings.quick else 15,  # the first few are slower on both sides, while memory is found
    )


def pipelines(sizes: dict[str, int], name: str, settings: Settings) -> Iterator[Row]:
    """Sentences of real lengths through both pipelines, and what the encoder takes alone."""
    ours, tokenizer, theirs, stock_tokenizer = make_pair(sizes, settings)
    with torch.no_grad():  # an answer of O alone, which is the fastest to put together on both sides
        ours.classifier.bias[0] = theirs.classifier.bias[0] = 100.0
    limit = {"4 layers × 256": 800}.get(name, 160)
    texts = sentences_of(texts_of(settings, "validation"))
    texts = [text for text in texts if len(text) <= 250][: 100 if settings.quick else limit]
    characters = sum(map(len, texts))
    recognise = DicMTPipeline(model=ours, tokenizer=tokenizer, device=settings.device)
    stock = pipeline(
        "token-classification",
        model=theirs,
        tokenizer=stock_tokenizer,
        aggregation_strategy="simple",
        device=settings.device,
    )
    with torch.inference_mode():
        encoded = tokenizer(texts[:4], padding=True, return_tensors="pt").to(settings.device)
        lengths = encoded["attention_mask"].sum(1)
        mine = ours.dicmt.representation.encoder(encoded["input_ids"], lengths)[0, : int(lengths[0])]
        ids = encoded["input_ids"][0, : int(lengths[0])].tolist()
        framed = torch.tensor([[stock_tokenizer.cls_token_id, *ids, stock_tokenizer.sep_token_id]])
        other = theirs.bert(framed.to(settings.device)).last_hidden_state[0, 1:-1]
        require(torch.allclose(mine, other, atol=1e-3), "the encoders differ")
    require(len(recognise(texts)) == len(stock(texts, batch_size=8)), "a sentence was lost")
    some = texts[:: max(1, len(texts) // 60)]
    best = fastest({size: lambda size=size: stock(some, batch_size=size) for size in (1, 4, 16, 64)})
    yield compare(
        f"pipeline with an encoder ({name}), sentences",
        f"stock pipeline, batches of {best} (its best)",
        lambda: recognise(texts),
        lambda: stock(texts, batch_size=best),
        "≥ 2",
        settings,
        work=characters,
        note=f"{len(texts)} sentences, {characters:,} characters",
        rounds=2 if settings.quick else 3,
    )
    different = list(tokenizer.encode_records(sorted(set(texts), key=len)))
    batches = []
    for places in length_batches([len(sentence.input_ids) for sentence in different], 1024):
        arrays = pad_sentences([different[place] for place in places], tokenizer.pad_token_id)
        tensors = [torch.from_numpy(arrays[name]).to(settings.device) for name in ("input_ids", "attention_mask")]
        batches.append((tensors[0], tensors[1].sum(1)))

    @torch.inference_mode()
    def encode() -> None:
        for input_ids, lengths in batches:
            ours.dicmt.representation.encoder(input_ids, lengths)

    yield compare(
        f"floor of that ({name}): the encoder alone, by length, each sentence once",
        "the same stock pipeline",
        encode,
        lambda: stock(texts, batch_size=best),
        "",
        settings,
        work=characters,
        rounds=2 if settings.quick else 3,
    )
