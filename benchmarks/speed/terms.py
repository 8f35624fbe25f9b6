"""Vetted terms: how fast they are found, and what they cost tokenizer, training, pipeline and loading."""

import copy
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.normalization import code_points, normalize
from modeling_dicmt.pipeline_dicmt import DicMTPipeline
from modeling_dicmt.prediction import pad_sentences
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer, character_vocabulary
from modeling_dicmt.training.arguments import TrainingArguments
from modeling_dicmt.training.batches import EpochBatches
from modeling_dicmt.training.examples import make_examples
from modeling_dicmt.training.known_terms import KnownTerms
from modeling_dicmt.training.optimization import create_optimizer
from modeling_dicmt.vetted_terms import BEGIN, BITS_OF_TYPE, END, INSIDE, MAX_TERM_LENGTH, SINGLE, TermMatcher

from .dictionary import TYPES, in_processes
from .inputs import dictionary_of, known_terms, network, records_of, sentences_of, spans_of, texts_of
from .measuring import Row, Settings, close, compare, require, speed_of

KNOWN = 1000  # vetted terms of a hospital


def rows(settings: Settings) -> Iterator[Row]:
    """From the matcher to the whole."""
    yield from matching(settings)
    yield encoding(settings)
    yield training(settings)
    yield from recognition(settings)
    yield loading(30_000 if settings.quick else 1_000_000, settings)


def matching(settings: Settings) -> Iterator[Row]:
    """Terms found, the longest first, and written as features: those of the lists, and some of up to 200 characters."""
    texts = sentences_of(texts_of(settings, "train"))[: 2000 if settings.quick else None]
    characters = sum(map(len, texts))
    of_lists = list(dictionary_of(30_000 if settings.quick else 300_000, settings))
    long = long_terms(of_lists, texts, len(of_lists) // 100)
    for terms in (vetted(of_lists), vetted([*of_lists[len(long) :], *long])):
        matcher = TermMatcher(terms, TYPES, {name: (name,) for name in TYPES})
        type_of_term = {term: TYPES.index(name) for term, (name,) in terms.items()}
        sizes = sorted(set(map(len, terms)), reverse=True)
        require(
            np.array_equal(features(texts, matcher), naive_features(texts, type_of_term, sizes)),
            "the features differ from the look-ups'",
        )
        row = compare(
            f"vetted terms, {len(terms):,} of up to {sizes[0]} characters: found, features written",
            "look-ups in a Python dict, longest first",
            lambda matcher=matcher: features(texts, matcher),
            lambda look_up=(type_of_term, sizes): naive_features(texts, *look_up),
            "",
            settings,
            work=characters,
            note=f"{characters:,} characters, {len(texts):,} sentences",
        )
        yield row
        yield speed_of(row, characters, "≥ 3")


def features(texts: Sequence[str], matcher: TermMatcher) -> np.ndarray:
    """Features (L, 4 · types) of texts, end to end."""
    found = matcher.find(code_points("".join(texts)), list(itertools.accumulate(map(len, texts))))
    bits = np.zeros((sum(map(len, texts)), BITS_OF_TYPE * len(TYPES)), dtype=np.uint8)
    matcher.write_features(found, bits)
    return bits


def naive_features(texts: Sequence[str], type_of_term: dict[str, int], sizes: Sequence[int]) -> np.ndarray:
    """The same as it is defined: of the sizes, descending, each n-gram that is a term and overlaps no chosen one."""
    bits = np.zeros((sum(map(len, texts)), len(TYPES), BITS_OF_TYPE), dtype=np.uint8)
    offset = 0
    for text in map(normalize, texts):
        taken = [False] * len(text)
        for size in sizes:
            for start in range(len(text) - size + 1):
                kind = type_of_term.get(text[start : start + size])
                if kind is None or any(taken[start : start + size]):
                    continue
                taken[start : start + size] = [True] * size
                first, last = offset + start, offset + start + size - 1
                if size == 1:
                    bits[first, kind, SINGLE] = 1
                else:
                    bits[first, kind, BEGIN] = bits[last, kind, END] = 1
                    bits[first + 1 : last, kind, INSIDE] = 1
        offset += len(text)
    return bits.reshape(len(bits), -1)


def vetted(terms: Sequence[str]) -> ClinicalDictionary:
    """The terms as vetted ones, of each type as many."""
    return ClinicalDictionary({term: [TYPES[place % len(TYPES)]] for place, term in enumerate(terms)})


def long_terms(terms: Sequence[str], texts: Sequence[str], count: int) -> list[str]:
    """Terms of 31 to 200 characters: of half of them the sentences have an occurrence, the others begin as terms do."""
    generator = random.Random(0)
    long_texts = [text for text in texts if len(text) > 30]
    found: set[str] = set()
    for number in range(count):
        size = generator.randint(31, MAX_TERM_LENGTH)
        if number % 2:
            text = generator.choice(long_texts)
            start = generator.randrange(max(1, len(text) - size))
        else:
            text, start = "".join(generator.choices(terms, k=size)), 0
        found.add(text[start : start + size].strip())
    return sorted(term for term in found if len(term) > 30 and term.isprintable())


def encoding(settings: Settings) -> Row:
    """What the tokenizer makes of records, against the same without vetted terms and their columns."""
    texts = texts_of(settings, "validation")
    ours, theirs = tokenizers(settings)
    ours.dictionary = theirs.dictionary = dictionary_of(30_000 if settings.quick else 300_000, settings)
    ours.terms = known_terms(records_of(settings, "train"), KNOWN)
    width, count = theirs.lexicon.dim, 0
    for mine, other in zip(ours.encode_records(texts), theirs.encode_records(texts), strict=True):
        require(np.array_equal(mine.dictionary_features[:, :width], other.dictionary_features), "the features differ")
        text = texts[mine.record]
        for start, end, name in mine.terms:
            require(name in ours.terms.lists_of(text[mine.start + start : mine.start + end]), "no term is there")
            count += 1
    require(count > 0, "no vetted term is found")
    return compare(
        f"tokenizer, records, {len(ours.dictionary):,} reference and {len(ours.terms):,} vetted terms",
        "the reference terms alone, no columns of vetted terms",
        lambda: list(ours.encode_records(texts)),
        lambda: list(theirs.encode_records(texts)),
        "≤ 1.1",
        settings,
        work=sum(map(len, texts)),
        note=f"{count:,} occurrences of vetted terms",
    )


def training(settings: Settings) -> Row:
    """Steps of an epoch in which vetted terms are simulated, against the same network without their columns."""
    model, tokenizer = network(settings)
    sides = {"ours": (model, tokenizer), "theirs": (without_channel(model), tokenizers(settings)[1])}
    arguments = TrainingArguments(output_dir=settings.folder)
    examples = {
        side: make_examples(records_of(settings, "train"), tokenizer, model.config.label2id)
        for side, (_, tokenizer) in sides.items()
    }
    batches = EpochBatches(examples["ours"].lengths, arguments.per_device_train_batch_size, seed=42)
    share = min(len(batches), 10 if settings.quick else 40)
    simulated = KnownTerms(examples["ours"], tokenizer, arguments.seed)
    epochs = itertools.count()

    def chosen(epoch: int, lengths: np.ndarray | None = None) -> list[np.ndarray]:
        """Batches of all lengths."""
        found = list(batches.epoch(epoch, lengths=lengths))
        order = np.argsort([batches.lengths[batch].sum() for batch in found], kind="stable")
        return [found[place] for place in order[np.linspace(0, len(found) - 1, share).astype(int)]]

    def loss(side: str, batch: np.ndarray, epoch: int | None = None) -> torch.Tensor:
        if epoch is None:
            pairs = [(examples[side].sentences[index], examples[side].tags[index]) for index in batch.tolist()]
        else:
            pairs = [simulated.sentence(index, epoch) for index in batch.tolist()]
        arrays = pad_sentences([pair[0] for pair in pairs], tokenizer.pad_token_id, [pair[1] for pair in pairs])
        tensors = {name: torch.from_numpy(array).to(settings.device) for name, array in arrays.items()}
        return sides[side][0](**tensors).loss

    with torch.no_grad():
        first = chosen(0)[0]
        require(close(loss("ours", first), loss("theirs", first), 1e-4), "the two networks' losses differ")
    optimizers = {side: create_optimizer(network.train(), arguments) for side, (network, _) in sides.items()}

    def steps(side: str) -> None:
        epoch = next(epochs)
        for batch in chosen(epoch, simulated.lengths(epoch) if side == "ours" else None):
            loss(side, batch, epoch if side == "ours" else None).backward()
            optimizers[side].step()
            optimizers[side].zero_grad()

    return compare(
        "a training epoch with simulated vetted terms",
        "the same network without vetted terms",
        lambda: steps("ours"),
        lambda: steps("theirs"),
        "≤ 1.1",
        settings,
        work=sum(map(len, chosen(0))),
        unit="sentences/s",
        note=f"{share} of an epoch's {len(batches)} steps, without clipping and averaging",
        rounds=2 if settings.quick else 7,
    )


def recognition(settings: Settings) -> Iterator[Row]:
    """Records to entities: without vetted terms, with them, and with them forced, against a network without columns."""
    texts = texts_of(settings, "validation")[: 20 if settings.quick else None]
    model, tokenizer = network(settings)
    recognise, other = (
        DicMTPipeline(model=model, tokenizer=tokenizer, device=settings.device, cpu_threads=settings.threads)
        for model, tokenizer in ((model, tokenizer), (without_channel(model), tokenizers(settings)[1]))
    )
    terms = known_terms(records_of(settings, "train"), KNOWN)
    require(spans_of(recognise(texts)) == spans_of(other(texts)), "the two networks find different entities")
    forced = recognise(texts, terms=terms, force=True)
    found = sum(entity["forced"] for entities in forced for entity in entities)
    require(found == vetted_occurrences(tokenizer, texts, terms), "a vetted term that is forced is no entity")
    sides: dict[str, Callable[[], Any]] = {
        "no vetted terms": lambda: recognise(texts),
        f"{len(terms):,} vetted terms": lambda: recognise(texts, terms=terms),
        f"{len(terms):,} vetted terms, forced": lambda: recognise(texts, terms=terms, force=True),
    }
    for what, ours in sides.items():
        yield compare(
            f"pipeline, records, {what}",
            "the same network without columns of vetted terms",
            ours,
            lambda: other(texts),
            "≤ 1.1",
            settings,
            work=sum(map(len, texts)),
            note=f"{len(texts)} records, {found:,} occurrences of the terms",
            rounds=2 if settings.quick else 7,
        )


def vetted_occurrences(tokenizer: DicMTTokenizer, texts: Sequence[str], terms: ClinicalDictionary) -> int:
    """Stretches of the texts that are vetted terms, one of several types counted once."""
    lexicon = tokenizer.compile_lexicon(terms=terms)
    sentences = tokenizer.encode_records(texts, lexicon)
    return sum(len({(start, end) for start, end, _ in sentence.terms}) for sentence in sentences)


def loading(count: int, settings: Settings) -> Row:
    """Loading a tokenizer's folder with so many vetted terms, in processes of their own."""
    terms = vetted(list(dictionary_of(count, settings)))
    saved = Path(settings.folder) / "many_vetted_terms"
    tokenizer = DicMTTokenizer(character_vocabulary([], terms), terms=terms, entity_types=TYPES, vetted_terms=True)
    tokenizer.save_pretrained(saved)
    require(DicMTTokenizer.from_pretrained(saved).terms == terms, "the saved terms are others")
    seconds, memory = in_processes({"load": saved}, settings)["load"]
    return Row(
        f"loading {count:,} vetted terms with the tokenizer, ready to match",
        "—",
        f"{seconds:.2f} s",
        "",
        seconds,
        "≤ 1",
        f"in seconds; {memory:.0f} bytes a term",
        settings.threads,
    )


def tokenizers(settings: Settings) -> tuple[DicMTTokenizer, DicMTTokenizer]:
    """The tokenizer of the benchmark's network, and the same without columns of vetted terms."""
    path = f"{settings.folder}/network"
    return DicMTTokenizer.from_pretrained(path), DicMTTokenizer.from_pretrained(path, vetted_terms=False)


def without_channel(model: DicMTForTokenClassification) -> DicMTForTokenClassification:
    """The same network without the inputs that vetted terms have, the last ones of the BiLSTM's."""
    columns = model.config.vetted_feature_size
    require(columns > 0, "the network in the output folder has no columns of vetted terms: remove it")
    config = copy.deepcopy(model.config)
    config.vetted_terms = False
    other = DicMTForTokenClassification(config)
    weights = model.state_dict()
    for name in weights:
        if name.startswith("dicmt.context.weight_ih"):
            weights[name] = weights[name][:, :-columns]
    other.load_state_dict(weights)
    return other.to(model.device).eval()
