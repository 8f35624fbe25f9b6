"""spaCy's DocBin, as spaCy itself writes and reads it."""

import sys

import pytest
import spacy
from made_up_records import read_all, record, spans, write
from spacy.tokens import Doc, DocBin, Span

from data_scripts.readers.records import CorpusError


def test_documents_of_any_tokens_are_read(tmp_path):
    vocab = spacy.blank("zh").vocab
    document = Doc(vocab, words=["CT", "示", "肺炎", "。"], spaces=[True, False, False, False])
    document.ents = [Span(document, 0, 1, "Exam"), Span(document, 2, 3, "Disease")]
    other = Doc(vocab, words=["无"], spaces=[False])
    DocBin(docs=[document, other]).to_disk(tmp_path / "x.spacy")
    one, two = read_all(tmp_path / "x.spacy")
    assert (one["text"], spans(one)) == ("CT 示肺炎。", [(0, 2, "Exam"), (4, 6, "Disease")])
    assert two == {"id": "x.spacy:2", "text": "无", "entities": []}


def test_spacy_reads_what_is_written(tmp_path):
    write(tmp_path / "x.spacy", [record("肺部感染😀。", (0, 4, "Disease"), (0, 2, "Anatomy"), id="a")])
    (document,) = DocBin().from_disk(tmp_path / "x.spacy").get_docs(spacy.blank("zh").vocab)
    assert [(span.text, span.label_) for span in document.ents] == [("肺部感染", "Disease")]
    assert {(span.text, span.label_) for span in document.spans["sc"]} == {("肺部感染", "Disease"), ("肺部", "Anatomy")}


def test_a_damaged_file_is_told(tmp_path):
    path = tmp_path / "x.spacy"
    write(path, [record("头痛", (0, 2, "S"), id="a")])
    for content in (b"", b"nothing", path.read_bytes()[:-5]):
        path.write_bytes(content)
        with pytest.raises(CorpusError, match=r"x\.spacy: cannot be read as spaCy's DocBin"):
            read_all(path)


def test_without_spacy_what_to_install_is_told(tmp_path, monkeypatch):
    path = tmp_path / "x.spacy"
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(CorpusError, match="needs spaCy: pip install spacy"):
        write(path, [record("头痛", id="a")])
    path.write_bytes(b"")
    with pytest.raises(CorpusError, match="needs spaCy"):
        read_all(path)
