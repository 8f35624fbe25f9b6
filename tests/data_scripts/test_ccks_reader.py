"""The layout of CCKS2017, CCKS2018 and FCCd: every trap, on made-up records."""

import re
import tempfile
from pathlib import Path

import pytest
from corpus_files import ENTITIES_2017, MENTIONS_2017, TEXT, spans, write, write_pair

from data_scripts.label_sets import LABEL_SETS
from data_scripts.readers.ccks import find_records, read_record
from data_scripts.readers.records import CorpusError, CorpusWarning, type_names

NAMES_2017 = type_names(LABEL_SETS["ccks2017"])
NAMES_2018 = type_names(LABEL_SETS["ccks2018"])
MENTIONS_2018 = "头痛\t2\t4\t独立症状\n"


def read_2017(original, annotations):
    return read_record(original, annotations, NAMES_2017, inclusive_end=True, sections=True)


def read_2018(original, annotations):
    return read_record(original, annotations, NAMES_2018, inclusive_end=False, sections=False)


def message_of(folder, mentions, text=TEXT, read=read_2017):
    with pytest.raises(CorpusError) as error:
        read(*write_pair(folder, "病史-7", text, mentions))
    return str(error.value)


def test_ccks2017_has_inclusive_ends_and_counts_stored_line_ends(tmp_path):
    record = read_2017(*write_pair(tmp_path / "病史", "病史-12"))
    assert record["text"] == TEXT
    assert spans(record) == ENTITIES_2017
    assert (record["id"], record["group"], record["section"]) == ("病史-12", "12", "病史")


def test_ccks2018_has_exclusive_ends_and_no_section_folders(tmp_path):
    record = read_2018(*write_pair(tmp_path, "现病史-3", TEXT, MENTIONS_2018))
    assert spans(record) == [(2, 4, "IndependentSymptom")]
    assert (record["id"], record["group"], record["section"]) == ("现病史-3", "3", "现病史")


def test_ids_of_equal_file_names_in_two_sections_differ(tmp_path):
    ids = {read_2017(*write_pair(tmp_path / section, "5"))["id"] for section in ("病史", "查体")}
    assert ids == {"病史-5", "查体-5"}


def test_empty_annotations_are_a_record_without_entities(tmp_path):
    assert read_2017(*write_pair(tmp_path, "病史-1", mentions=""))["entities"] == []


def test_mentions_keep_blanks_and_tabs(tmp_path):
    record = read_2018(*write_pair(tmp_path, "a-1", "头 痛\t重 。", "头 痛\t重 \t0\t6\t独立症状\n"))
    assert spans(record) == [(0, 6, "IndependentSymptom")]


def test_entities_are_ordered_by_place(tmp_path):
    lines = MENTIONS_2017.splitlines(keepends=True)
    assert spans(read_2017(*write_pair(tmp_path, "a-1", mentions="".join(reversed(lines))))) == ENTITIES_2017


def test_a_mention_that_differs_from_the_text_names_both(tmp_path):
    message = message_of(tmp_path, "头痛\t2\t3\t症状和体征\r\n肺癌\t13\t14\t疾病和诊断\r\n")
    assert "病史-7.txt, line 2" in message and "'肺癌'" in message and "'肺炎'" in message and "13:14" in message
    assert "Restore it" in message


def test_offsets_of_other_line_ends_are_recognised(tmp_path):
    message = message_of(tmp_path, "肺炎\t12\t13\t疾病和诊断\r\n")
    assert "stands at 13" in message and "line ends" in message


@pytest.mark.parametrize(
    ("read", "mentions", "right"), [(read_2017, MENTIONS_2018, "ccks2018"), (read_2018, MENTIONS_2017, "ccks2017")]
)
def test_the_other_corpus_end_convention_is_recognised(tmp_path, read, mentions, right):
    assert re.search(f"as in {right}.*load the data as that corpus", message_of(tmp_path, mentions, read=read))


def test_an_unknown_type_names_the_corpus_that_has_it(tmp_path):
    message = message_of(tmp_path, "青霉素\t17\t19\t药物\r\n")
    assert "line 1" in message and "'药物'" in message and "疾病和诊断" in message and "ccks2018" in message


@pytest.mark.parametrize(
    "line",
    [
        "头痛 2 3 症状和体征",
        "头痛\t2\t症状和体征",
        "头痛\t2.0\t3\t症状和体征",
        "头痛\t２\t3\t症状和体征",
        "头痛\t2\t3\t症状和体征\t1",
    ],
)
def test_a_malformed_line_is_named_with_its_columns(tmp_path, line):
    message = message_of(tmp_path, MENTIONS_2017.splitlines(keepends=True)[0] + line + "\r\n")
    assert (
        "line 2" in message
        and f"{line.count(chr(9)) + 1} columns" in message
        and "mention, start, end, type" in message
    )


@pytest.mark.parametrize(
    "line", ["头痛\t-2\t3\t症状和体征", "予青霉素。\t16\t99\t治疗", "\t2\t1\t症状和体征", "头痛\t99\t100\t症状和体征"]
)
def test_offsets_outside_the_text_are_rejected(tmp_path, line):
    assert "病史-7.txt, line 1" in message_of(tmp_path, line + "\n")


def test_overlapping_entities_name_both_lines(tmp_path):
    message = message_of(tmp_path, "示肺炎\t12\t14\t疾病和诊断\n头痛\t2\t3\t症状和体征\n肺\t13\t13\t身体部位\n")
    assert (
        "line 3" in message and "line 1" in message and "Anatomy at 13:14" in message and "Disease at 12:15" in message
    )


def test_an_entity_within_a_long_one_is_found_behind_a_short_one(tmp_path):
    message = message_of(tmp_path, "查CT示肺炎\t9\t14\t疾病和诊断\nCT\t10\t11\t检查和检验\n")
    assert "overlaps" in message


def test_one_span_with_two_types_overlaps(tmp_path):
    assert "overlaps" in message_of(tmp_path, "肺炎\t13\t14\t疾病和诊断\n肺炎\t13\t14\t症状和体征\n")


def test_a_repeated_line_counts_once_and_warns(tmp_path):
    pair = write_pair(tmp_path, "病史-7", mentions="肺炎\t13\t14\t疾病和诊断\n" * 2)
    with pytest.warns(CorpusWarning, match="line 2: repeats the entity of .*line 1"):
        record = read_2017(*pair)
    assert spans(record) == [(13, 15, "Disease")]


@pytest.mark.parametrize("suffix", [".txt", ".txtoriginal.txt"])
def test_bytes_that_are_not_utf8_name_file_and_line(tmp_path, suffix):
    pair = write_pair(tmp_path, "病史-7")
    damaged = tmp_path / f"病史-7{suffix}"
    damaged.write_bytes(b"\xe5\xa4\xb4\n" + "患者".encode("gb18030"))
    with pytest.raises(CorpusError, match=re.escape(f"病史-7{suffix}, line 2: not UTF-8") + ".*byte 4.*iconv"):
        read_2017(*pair)


def test_a_missing_counterpart_is_named(tmp_path):
    original, annotations = write_pair(tmp_path / "病史", "病史-7")
    annotations.unlink()
    with pytest.raises(CorpusError, match=r"病史-7\.txtoriginal\.txt: its annotations, 病史-7\.txt, are missing"):
        find_records(tmp_path, sections=True)
    write(annotations, "")
    original.unlink()
    with pytest.raises(CorpusError, match=r"病史-7\.txt: its text, 病史-7\.txtoriginal\.txt, is missing"):
        find_records(tmp_path, sections=True)


def test_records_are_ordered_by_number_whatever_the_file_system_says(tmp_path):
    for number in (10, 9, 1, 100):
        write_pair(tmp_path, f"a-{number}")
    write(tmp_path / ".DS_Store.txt", "")
    assert [pair[1].name for pair in find_records(tmp_path, sections=False)] == [f"a-{n}.txt" for n in (1, 9, 10, 100)]


def test_the_other_layout_is_recognised(tmp_path):
    write_pair(tmp_path / "flat", "a-1")
    with pytest.raises(CorpusError, match=r"holds records directly.*ccks2018"):
        find_records(tmp_path / "flat", sections=True)
    write_pair(tmp_path / "deep" / "病史", "病史-1")
    with pytest.raises(CorpusError, match=r"holds records in folders .病史.*ccks2017"):
        find_records(tmp_path / "deep", sections=False)


@pytest.mark.parametrize("sections", [True, False])
def test_an_empty_folder_has_no_record(tmp_path, sections):
    with pytest.raises(CorpusError, match="has no record: expected pairs"):
        find_records(tmp_path, sections=sections)


def test_a_byte_order_mark_in_the_text_counts_as_stored(tmp_path):
    record = read_2017(*write_pair(tmp_path, "a-1", "\ufeff头痛", "\ufeff头痛\t1\t2\t症状和体征\n"))
    assert spans(record) == [(1, 3, "Symptom")]


@pytest.mark.parametrize("cut_file", [0, 1], ids=["original", "annotations"])
def test_files_cut_at_any_byte_give_an_error_or_whole_entities(cut_file):
    mentions = MENTIONS_2017.replace("\r\n", "\n")
    outcomes = set()
    with tempfile.TemporaryDirectory() as folder:
        pair = write_pair(Path(folder), "病史-1", mentions=mentions)
        content = pair[cut_file].read_bytes()
        for length in range(len(content)):
            pair[cut_file].write_bytes(content[:length])
            try:
                record = read_2017(*pair)
            except CorpusError as error:
                outcomes.add("error")
                assert "病史-1.txt" in str(error) and "line" in str(error)
            else:
                outcomes.add("read")
                assert set(spans(record)) <= set(ENTITIES_2017)
                assert cut_file == 1 or spans(record) == ENTITIES_2017
    assert outcomes == {"error", "read"}
