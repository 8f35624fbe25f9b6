"""CoNLL files: schemes, and documents. What is wrong with a line is in `test_conll_reader.py`."""

import pytest
from made_up_records import read_all, record, spans, write

from data_scripts.readers.records import CorpusError


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("BIO", "B-A I-A I-A B-A B-B O"),
        ("BIOES", "B-A I-A E-A S-A S-B O"),
        ("BMES", "B-A M-A E-A S-A S-B O"),
        ("IOB1", "I-A I-A I-A B-A I-B O"),
    ],
)
def test_each_scheme_is_written_and_read(tmp_path, scheme, tags):
    made = record("头痛痛咳嗽。", (0, 3, "A"), (3, 4, "A"), (4, 5, "B"))
    path = tmp_path / "x.conll"
    write(path, [made], scheme=scheme)
    rows = [f"{character}\t{tag}\n" for character, tag in zip(made["text"], tags.split(), strict=True)]
    assert path.read_text(encoding="utf-8") == "-DOCSTART-\tO\n\n" + "".join(rows) + "\n"
    assert spans(read_all(path)[0]) == spans(made)


def test_documents_of_conll_2003_are_records_of_several_lines(tmp_path):
    path = tmp_path / "x.conll"
    sentences = (
        "-DOCSTART- -X- O O\n\n头 B-S\n痛 I-S\n\n\n咳 B-S\n嗽 I-S\n\n-DOCSTART- -X- O O\n\n-DOCSTART- -X- O O\n\n无 O\n"
    )
    path.write_text(sentences, encoding="utf-8")
    one, two, three = read_all(path)
    assert (one["text"], spans(one), one["id"]) == ("头痛\n咳嗽", [(0, 2, "S"), (3, 5, "S")], "x.conll:1")
    assert (two["text"], three["text"]) == ("", "无")


def test_an_entity_does_not_go_on_in_the_next_sentence(tmp_path):
    path = tmp_path / "x.conll"
    path.write_text("-DOCSTART- O\n\n头 B-S\n\n痛 I-S\n\n", encoding="utf-8")
    assert spans(read_all(path)[0]) == [(0, 1, "S"), (2, 3, "S")]


def test_entities_over_line_ends_are_left_out_and_counted(tmp_path):
    losses = write(tmp_path / "x.bio", [record("头\r\n痛", (0, 4, "S"), (0, 1, "T"))])
    assert losses["entities across line ends, left out"] == 1
    assert losses["inner ones of nested entities"] == 1
    assert losses["texts whose line ends became single ones, empty lines left out"] == 1


def test_a_type_with_a_tab_cannot_be_written(tmp_path):
    with pytest.raises(CorpusError, match="record 1: an entity type with a tab"):
        write(tmp_path / "x.conll", [record("头痛", (0, 2, "A\tB"))])
