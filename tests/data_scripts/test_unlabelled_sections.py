"""Sections by field and by heading."""

import pytest
from unlabelled_texts import read, write, write_records

from data_scripts.unlabelled.sections import SectionFilter

RECORD = (
    "姓名：张三。主诉：腹痛3天。现病史：患者3天前腹痛，体温：36.5℃。否认发热。"
    "既往史：体健。\n【诊断】胆囊炎\n出院诊断:同上"
)


def select(text, *names):
    chosen = SectionFilter(names)
    return chosen.select(text, chosen.headings(text))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["主诉"], "主诉：腹痛3天。"),
        (["现病史"], "现病史：患者3天前腹痛，体温：36.5℃。否认发热。"),  # 体温 is no section
        (["现病史", "既往史"], "现病史：患者3天前腹痛，体温：36.5℃。否认发热。既往史：体健。\n"),
        (["诊断"], "【诊断】胆囊炎\n"),
        (["出院诊断"], "出院诊断:同上"),
        (["主诉", "诊断"], "主诉：腹痛3天。\n【诊断】胆囊炎\n"),
        (["手术史"], ""),
    ],
)
def test_a_section_reaches_to_the_next_heading(names, expected):
    assert select(RECORD, *names) == expected


def test_a_heading_stands_at_a_start_alone():
    assert select("患者既往史：体健，现病史：无", "现病史") == ""
    assert select("  现病史 ：腹痛", "现病史") == "  现病史 ：腹痛"
    assert select("否认。现病史不详", "现病史") == ""


def test_a_name_of_ones_own_is_a_heading_too_and_width_and_case_do_not_count():
    assert select("ＨＰＩ：腹痛。主诉：无", "hpi") == "ＨＰＩ：腹痛。"


def test_a_records_field_decides_before_its_headings(tmp_path):
    path = write_records(
        tmp_path / "a.jsonl",
        {"text": "腹痛", "section": "现病史"},
        {"text": "现病史：无", "section": "主诉"},
        {"text": "主诉：无。现病史：咳嗽"},
        {"text": "没有标题"},
    )
    texts, report = read(path, sections=["现病史"])
    assert texts == ["腹痛", "现病史：咳嗽"]
    assert report.without_section == 2
    assert report.sections == {"现病史": 2, "主诉": 2}


def test_a_long_field_is_told_to_nobody(tmp_path):
    path = write_records(tmp_path / "a.jsonl", {"text": "腹痛", "section": "患者张三三天前因为腹痛来诊"})
    _, report = read(path, sections=["现病史"])
    assert report.told_sections() == "none"


def test_by_default_all_is_read(tmp_path):
    assert read(write(tmp_path / "a.txt", RECORD.replace("\n", "")))[0] == [RECORD.replace("\n", "")]
