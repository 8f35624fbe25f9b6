"""The component in spaCy's `nlp.pipe` against the pipeline by itself: what tokens and documents cost besides."""

from collections.abc import Iterator

import spacy

from modeling_dicmt.pipeline_dicmt import DicMTPipeline

from .inputs import network, spans_of, texts_of
from .measuring import Row, Settings, compare, require


def rows(settings: Settings) -> Iterator[Row]:
    """Whole records, one of spaCy's tokens a character."""
    texts = [*texts_of(settings, "train"), *texts_of(settings, "validation")][:: 10 if settings.quick else 2]
    characters = sum(map(len, texts))
    model, tokenizer = network(settings)
    recognise = DicMTPipeline(model=model, tokenizer=tokenizer, device=settings.device, cpu_threads=settings.threads)
    nlp = spacy.blank("zh")
    config = {"model": f"{settings.folder}/network", "device": settings.device, "cpu_threads": settings.threads}
    nlp.add_pipe("dicmt", config=config)

    found = spans_of(recognise(texts))
    require(any(found), "the pipeline finds nothing")
    docs = list(nlp.pipe(texts))
    of_spans = [[(s.start_char, s.end_char, s.label_) for s in doc.spans["dicmt"]] for doc in docs]
    require(of_spans == found, "spaCy's documents have other entities than the pipeline finds")
    yield compare(
        "component in nlp.pipe, records to documents (blank zh)",
        "the pipeline by itself",
        lambda: [len(doc.ents) for doc in nlp.pipe(texts)],
        lambda: recognise(texts),
        "≥ 0.8",
        settings,
        work=characters,
        note=f"{len(texts)} records, {characters:,} characters",
        rounds=3 if settings.quick else 7,
    )
