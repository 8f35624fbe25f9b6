"""brat's standoff files, as its documentation shows them, and what is wrong with one."""

import logging

import pytest
from made_up_records import read_all, record, spans, write

from data_scripts.formats import Losses
from data_scripts.readers.records import CorpusError

TEXT = "患者头痛，\n腹部疼痛及压痛。😀咳嗽"
ANN = (
    "T1\tSymptom 2 4\t头痛\n"
    "T2\tSymptom 6 8;11 13\t腹部 压痛\n"
    "T3\tSymptom 15 17\t咳嗽\n"
    "*\tEquiv T1 T3\n"
    "R1\tCauses Arg1:T1 Arg2:T2\n"
    "E1\tFinding:T1 Site:T2\n"
    "A1\tNegated T1\n"
    "M1\tCertainty T1 High\n"
    "N1\tReference T1 ICD10:R51\t头痛\n"
    "#1\tAnnotatorNotes T1\t看看\n"
)


def put(folder, ann=ANN, text=TEXT, name="a/r1"):
    path = folder / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    if ann is not None:
        path.with_suffix(".ann").write_bytes(ann.encode())
    return folder


def refused(folder, **options):
    with pytest.raises(CorpusError) as error:
        read_all(folder, "brat", **options)
    return str(error.value)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_all_kinds_of_annotations_are_read_or_counted(tmp_path, end):
    losses = Losses()
    (found,) = read_all(put(tmp_path, ANN.replace("\n", end)), losses=losses)
    assert (found["id"], found["text"]) == ("a/r1", TEXT)
    assert spans(found) == [(2, 4, "Symptom"), (6, 13, "Symptom"), (15, 17, "Symptom")]
    kinds = {what.split()[0]: number for what, number in losses.items()}
    assert kinds == {"relations": 2, "events": 1, "attributes": 2, "normalizations": 1, "notes": 1}


def test_pieces_become_entities_of_their_own_where_that_is_told(tmp_path):
    (found,) = read_all(put(tmp_path), discontinuous="fragments")
    assert spans(found) == [(2, 4, "Symptom"), (6, 8, "Symptom"), (11, 13, "Symptom"), (15, 17, "Symptom")]


def test_a_text_without_annotations_is_told_from_one_that_has_none(tmp_path):
    put(tmp_path, None, name="a")
    put(tmp_path, "", name="b")
    assert [item.get("entities") for item in read_all(tmp_path, "brat")] == [None, []]


def test_annotations_without_their_text_are_not_passed_over(tmp_path):
    put(tmp_path)
    (tmp_path / "a" / "r2.ann").write_text("")
    assert "r2.txt, is missing" in refused(tmp_path)


def test_an_entity_over_a_line_end_is_written_as_brat_does(tmp_path):
    write(tmp_path / "out", [record("头痛\r\n咳\t嗽", (0, 7, "S"), id="a")], "brat")
    assert (tmp_path / "out" / "a.ann").read_bytes() == "T1\tS 0 2;4 7\t头痛 咳 嗽\n".encode()
    assert (tmp_path / "out" / "a.txt").read_bytes() == "头痛\r\n咳\t嗽".encode()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("T1\tSymptom 2 4\t头晕", "the text at 2 4 is not the mention"),
        ("T1\tSymptom 3 5\t头痛", "The mention stands at 2"),
        ("T1\tSymptom 2 99\t头痛", "outside the text"),
        ("T1\tSymptom 4 2\t头痛", "empty or reversed"),
        ("T1\tSymptom 11 13;6 8\t压痛 腹部", "not in their order"),
        ("T1\tSymptom 2 4", "malformed"),
        ("T1\tSymptom 2\t头痛", "malformed"),
        ("T1\tO 2 4\t头痛", "cannot be an entity type"),
        ("X1\tSymptom 2 4\t头痛", "no annotation of brat"),
    ],
)
def test_a_wrong_line_is_named_and_its_text_is_not_quoted(tmp_path, line, told):
    message = refused(put(tmp_path, f"T0\tSymptom 2 4\t头痛\n{line}\n"))
    assert "r1.ann, line 2: " in message and told in message and "头" not in message


def test_offsets_that_count_windows_line_ends_as_one_are_recognised(tmp_path):
    """brat's own issue: it counted \\r\\n as one character while the text has two."""
    folder = put(tmp_path, "T1\tSymptom 3 5\t咳嗽\n", "头痛\r\n咳嗽")
    assert "if \\r\\n counted as one" in refused(folder)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_offsets_are_those_of_the_text_in_any_encoding(tmp_path, encoding):
    made = record("\ufeff头痛", (1, 3, "S"), id="a") if encoding == "utf-8-sig" else record("头痛", (0, 2, "S"), id="a")
    write(tmp_path / "out", [made], "brat", encoding=encoding)
    assert read_all(tmp_path / "out", "brat", encoding=encoding) == [made]


def test_a_type_with_a_blank_cannot_be_written(tmp_path):
    with pytest.raises(CorpusError, match="record 1: brat takes no blank"):
        write(tmp_path / "out", [record("头痛", (0, 2, "A B"), id="a")], "brat")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "record_id",
    ["../x", "/etc/x", "a//b", "a/../b", "a.txt/b", "a/b/", "..", ".x", "", "CON", "a" * 300, "x\0", "a\\b", "r:1"],
)
def test_no_id_leads_out_of_the_folder_or_to_a_file_that_cannot_be(tmp_path, record_id):
    made = [record("头痛", (0, 2, "S"), id=name) for name in (record_id, "b", "B")]
    losses = write(tmp_path / "out", made, "brat")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == sorted(f"{n}.{end}" for n in ("record-1", "b", "record-3") for end in ("txt", "ann"))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert losses == {"ids that cannot be names of files, for which the records' numbers stand": 2}


def test_other_files_are_named(tmp_path, caplog):
    put(tmp_path)
    (tmp_path / "annotation.conf").write_text("")
    with caplog.at_level(logging.WARNING):
        assert len(read_all(tmp_path)) == 1
    assert "annotation.conf" in caplog.text


@pytest.mark.parametrize("format", ["brat", "text"])
def test_ids_that_are_paths_are_folders_and_read_back_as_they_were(tmp_path, format):
    made = [record("头痛", (0, 2, "S"), id=name) for name in ("2019/a", "2019/b/a", "a", "A/2019")]
    losses = write(tmp_path / "out", made, format)
    assert (tmp_path / "out" / "2019" / "b" / "a.txt").exists() and not losses["ids that cannot be names of files"]
    ids = [found["id"].removesuffix(".txt") for found in read_all(tmp_path / "out", format)]
    assert sorted(ids) == sorted(record["id"] for record in made)
