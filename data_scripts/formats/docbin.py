"""spaCy's DocBin (.spacy): a token a character, outermost entities as `doc.ents`, all of them as `doc.spans["sc"]`.

It is one compressed block, so that all records are in memory while it is read or written. Needs spaCy.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..flattening import flatten_outermost
from ..readers.records import Annotation, CorpusError
from ..readers.values import entity_type, identifier
from .format import ALL_PARTS, Format, FoundRecord, LazyRecord, Losses, RecordFile, Write
from .options import FormatOptions

if TYPE_CHECKING:
    from spacy.tokens import Doc

# The name under which spaCy's span categoriser looks for spans.
_SPANS = "sc"
_KEY = "dicmt"


def _import_spacy() -> Any:
    try:
        import spacy
    except ImportError as error:
        raise CorpusError("The format docbin needs spaCy: pip install spacy, or install dicmt[spacy].") from error
    return spacy


class DocBin(Format):
    """Ids, groups and sections are in each document's `user_data`. Read are documents with any tokens."""

    name = "docbin"
    title = "spaCy's DocBin, entities as doc.ents and doc.spans['sc']"
    suffixes = (".spacy",)
    carries = ALL_PARTS - {"scores"}
    limits = "more records than fit into memory"

    def read(self, file: RecordFile, options: FormatOptions, losses: Losses) -> Iterator[LazyRecord]:
        spacy = _import_spacy()
        from spacy.tokens import DocBin as Bin

        try:
            documents = Bin().from_bytes(file.path.read_bytes()).get_docs(spacy.blank("xx").vocab)
            for number, document in enumerate(documents, start=1):
                yield LazyRecord(number, partial(_record, document, f"{file.path}, document {number}", number))
        except (CorpusError, GeneratorExit):
            raise
        except Exception as error:  # what a damaged block makes of spaCy's parsers is of many kinds
            raise CorpusError(f"{file.path}: cannot be read as spaCy's DocBin ({type(error).__name__}).") from error

    @contextmanager
    def open(self, path: Path, name: str, options: FormatOptions, losses: Losses) -> Iterator[Write]:
        spacy = _import_spacy()
        from spacy.tokens import Doc, Span
        from spacy.tokens import DocBin as Bin

        vocab = spacy.blank("xx").vocab
        documents = Bin(store_user_data=True)

        def write(record: dict) -> None:
            document = Doc(vocab, words=list(record["text"]), spaces=[False] * len(record["text"]))
            entities = record.get("entities", [])
            document.ents = [Span(document, e["start"], e["end"], e["type"]) for e in flatten_outermost(entities)]
            document.spans[_SPANS] = [Span(document, e["start"], e["end"], e["type"]) for e in entities]
            document.user_data[_KEY] = {key: record[key] for key in ("id", "group", "section") if key in record}
            document.user_data[_KEY]["annotated"] = "entities" in record
            documents.add(document)

        yield write
        path.write_bytes(documents.to_bytes())


def _record(document: "Doc", place: str, number: int) -> FoundRecord:
    stored = document.user_data.get(_KEY)
    stored = stored if isinstance(stored, dict) else {}
    spans = dict.fromkeys(
        (span.start_char, span.end_char, span.label_) for span in (*document.spans.get(_SPANS, ()), *document.ents)
    )
    found = [Annotation(start, end, entity_type(name, place), place) for start, end, name in sorted(spans)]
    is_annotated = bool(found) or stored.get("annotated", True)
    names = (identifier(stored, key, place) for key in ("id", "group", "section"))
    return FoundRecord(place, number, document.text, found if is_annotated else None, *names)
