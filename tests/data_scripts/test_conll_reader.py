"""CoNLL/BIO files: every trap, on made-up sentences."""

import pytest
from corpus_files import spans, write

from data_scripts.format_corpora import annotated_records
from data_scripts.formats import find_files
from data_scripts.label_sets import LABEL_SETS
from data_scripts.readers.records import CorpusError, type_names

LINES = "患\tO\n者\tO\n头\tB-Symptom\n痛\tI-Symptom\n。\tO\n\n胸\tB-Symptom\n闷\tI-Symptom\n\n"


def read_conll(path, names):
    return annotated_records(find_files(path, "conll"), names)


def read(tmp_path, content, names=None):
    return list(read_conll(write(tmp_path / "train.txt", content), names))


def rejected(tmp_path, content, names=None):
    with pytest.raises(CorpusError) as error:
        read(tmp_path, content, names)
    return str(error.value)


@pytest.mark.parametrize(
    "content",
    [LINES, LINES.replace("\t", " "), LINES.replace("\n", "\r\n"), "\ufeff\n" + LINES, LINES.replace("\n\n", "\n \n")],
)
def test_a_sentence_is_a_record(tmp_path, content):
    records = read(tmp_path, content)
    assert [record["text"] for record in records] == ["患者头痛。", "胸闷"]
    assert [spans(record) for record in records] == [[(2, 4, "Symptom")], [(0, 2, "Symptom")]]
    assert len({record["group"] for record in records}) == 2


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("O I-A I-A", [(1, 3, "A")]),
        ("B-A I-B I-B", [(0, 1, "A"), (1, 3, "B")]),
        ("B-A B-A I-A", [(0, 1, "A"), (1, 3, "A")]),
        ("S-A B-A E-A", [(0, 1, "A"), (1, 3, "A")]),
        ("B-A M-A E-A", [(0, 3, "A")]),
        ("E-A I-A O", [(0, 1, "A"), (1, 2, "A")]),
        ("S-A I-A O", [(0, 1, "A"), (1, 2, "A")]),
    ],
)
def test_tags_are_read_as_conlleval_does(tmp_path, tags, expected):
    content = "".join(f"字\t{tag}\n" for tag in tags.split()) + "\n"
    assert spans(read(tmp_path, content)[0]) == expected


def test_tokens_of_several_characters_and_blanks_keep_their_lengths(tmp_path):
    (record,) = read(tmp_path, "查\tO\nMRI\tB-Exam\n \tI-Exam\n示\tO\n")
    assert record["text"] == "查MRI 示" and spans(record) == [(1, 5, "Exam")]
    (record,) = read(tmp_path, "A B-X\n  I-X\n。 O\n")
    assert record["text"] == "A 。" and spans(record) == [(0, 2, "X")]


@pytest.mark.parametrize(
    "line", ["头", "头\t", "头\tB", "头\tB-", "头\tX-A", "头\tB-O", "头\tNN\tB-A", "头 NN B-A", "\tO"]
)
def test_a_malformed_line_is_named(tmp_path, line):
    message = rejected(tmp_path, f"患\tO\n{line}\n者\tO\n")
    assert "train.txt, line 2: malformed line" in message and "B-TYPE" in message


def test_an_unknown_type_is_named(tmp_path):
    assert "line 3: unknown entity type 'Symptom'" in rejected(tmp_path, LINES, type_names(LABEL_SETS["yidu_s4k"]))


def test_a_file_that_ends_within_an_entity_may_be_cut(tmp_path):
    message = rejected(tmp_path, LINES[:-1])
    assert "line 8: the file ends within an entity" in message and "blank line" in message
    assert read(tmp_path, LINES + "痛\tO")[-1]["text"] == "痛"


def test_a_file_cut_at_any_byte_gives_an_error_or_whole_entities(tmp_path):
    content = (LINES + " \tB-A\n字\tI-A\n\n").encode()
    path = tmp_path / "train.txt"
    outcomes = set()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        try:
            records = list(read_conll(path, None))
        except CorpusError:
            outcomes.add("error")
            continue
        outcomes.add("read")
        expected = [[(2, 4, "Symptom")], [(0, 2, "Symptom")], [(0, 2, "A")]]
        for record, entities in zip(records, expected, strict=False):
            assert spans(record) in (entities, [])
    assert outcomes == {"error", "read"}


def test_a_malformed_line_was_quoted_in_full(tmp_path):
    path = write(tmp_path / "train.conll", "患者三天前腹痛。\n")
    with pytest.raises(CorpusError, match="line 1: malformed line; expected") as refused:
        list(read_conll(path, None))
    assert "患者" not in str(refused.value)
