"""Dates move by the patient's days, in the form that they have."""

import datetime
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_dicmt.deidentification.dates import move_date
from modeling_dicmt.deidentification.draws import Draw, Patient
from modeling_dicmt.deidentification.surrogates import Surrogates

SURROGATES = Surrogates(b"a key for the tests alone")
DAYS = st.dates(datetime.date(1951, 1, 1), datetime.date(2048, 12, 31))
SMALL = "〇一二三四五六七八九"


def counted(number):
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else SMALL[tens]) + ("十" if tens else "") + (SMALL[ones] if ones else "")


def capital(text):
    return text.translate(str.maketrans("〇一二三四五六七八九十", "零壹贰叁肆伍陆柒捌玖拾"))


def small(d):
    return f"{''.join(SMALL[int(c)] for c in str(d.year))}年{counted(d.month)}月{counted(d.day)}日"


def full_width(text):
    return "".join(chr(ord(c) + 0xFEE0) if c.isdecimal() else c for c in text)


# Each writes a date so that one can see how; `move_date` must write the moved date as these would.
WRITERS = {
    "padded": lambda d: f"{d:%Y-%m-%d}",
    "slashes": lambda d: f"{d:%Y/%m/%d}",
    "words": lambda d: f"{d.year}年{d.month}月{d.day}日",
    "words, padded": lambda d: f"{d:%Y年%m月%d日}",
    "words, blanks": lambda d: f"{d.year} 年{d.month}月 {d.day}\n号",
    "compact": lambda d: f"{d:%Y%m%d}",
    "two digits of a year": lambda d: f"{d:%y}年{d.month}月{d.day}日",
    "short": lambda d: f"{d:%y-%m-%d}",
    "the year last": lambda d: f"{d:%m/%d/%Y}",
    "full-width": lambda d: full_width(f"{d.year}年{d.month}月{d.day}日"),
    "Chinese": small,
    "capital": lambda d: capital(small(d)),
    "mixed": lambda d: f"{d.year}年{counted(d.month)}月{d.day}日",
}


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
@given(DAYS, st.integers(-365, 365))
def test_full_dates_are_written_as_before(writer, date, days):
    moved = date + datetime.timedelta(days)
    original = writer(date)
    has_words = "年" in original and "0" not in original.replace(str(date.year), "")
    if has_words or date.month < 10 or date.day < 10:
        # 2013年12月21日 says nothing about zeros; both ways of writing are right.
        assert re.sub(r"(?<=\D)0", "", move_date(original, days, Draw(bytes(32)))) == re.sub(
            r"(?<=\D)0", "", writer(moved)
        )
    if date.month < 10 or "-" in original or "年" not in original:
        assert move_date(original, days, Draw(bytes(32))) == writer(moved)


@given(DAYS, DAYS, st.text("患p1", min_size=1))
def test_intervals_of_a_patient_are_kept(first, second, group):
    new = [
        datetime.datetime.strptime(SURROGATES.of("DATE", f"{date:{form}}", group), form).date()
        for date, form in ((first, "%Y-%m-%d"), (second, "%Y年%m月%d日"))
    ]
    assert new[1] - new[0] == second - first and new[0] != first


@given(st.text(max_size=5), st.binary(min_size=16, max_size=20))
def test_no_patient_keeps_a_date_or_a_month(group, key):
    patient = Patient(key, group)
    assert 31 <= abs(patient.days) <= 334
    for month in range(1, 13):
        assert move_date(f"2013年{month}月", patient.days, Draw(bytes(32))) != f"2013年{month}月"
        assert move_date(f"{month}月5日", patient.days, Draw(bytes(32))) != f"{month}月5日"


def test_offsets_are_of_both_signs_and_many():
    days = {Patient(b"a key for the tests alone", f"{i}").days for i in range(200)}
    assert len(days) > 120 and min(days) < 0 < max(days)


@pytest.mark.parametrize(
    ("original", "days", "expected"),
    [
        ("2013-12-21", 20, "2014-01-10"),
        ("2013年12月21日", 20, "2014年1月10日"),
        ("2013.9.30", 1, "2013.10.1"),
        ("2013年5月", 31, "2013年6月"),
        ("2013年5月上旬", 31, "2013年6月上旬"),
        ("2013.05", -31, "2013.04"),
        ("13年12月", 31, "14年1月"),
        ("201305", 31, "201306"),
        ("5月17日", 20, "6月6日"),
        ("05-17", 20, "06-06"),
        ("12月31日", 1, "1月1日"),
        ("2月28日", 1, "3月1日"),
        ("2月29日", 1, "3月1日"),
        ("2月29日", -1, "2月28日"),
        ("2月30日", 1, "3月1日"),
        ("2013年2月30日", 1, "2013年3月1日"),
        ("2012年2月30日", 1, "2012年3月1日"),
        ("2013-13-40", 1, "2014-01-01"),
        ("5月", 31, "6月"),
        ("2013年", 100, "2013年"),
        ("2013年", 300, "2014年"),
        ("2013", -300, "2012"),
        ("99/12/31", 1, "00/01/01"),
        ("二零一三年十二月廿一日", 1, "二零一三年十二月廿二日"),
        ("二○○九年十月十日", -40, "二○○九年八月三十一日"),
        ("13.5", 31, "13.6"),
        ("25/5/13", 1, "25/5/14"),
        ("5/13/13", 1, "5/14/13"),
        ("17/05/2013", 1, "18/05/2013"),
        ("05/17/2013", 1, "05/18/2013"),
    ],
)
def test_dates_move(original, days, expected):
    assert move_date(original, days, Draw(bytes(32))) == expected


@pytest.mark.parametrize(
    "original", ["17日", "初五", "2013-05-01至2013-05-07", "May 5, 2013", "20130501123000", "二〇一三年五月一日至七日"]
)
def test_what_is_no_date_changes_in_its_numbers_alone(original):
    number = r"[0-9]+|[〇一二三四五六七八九十]+"
    for i in range(10):
        new = SURROGATES.of("DATE", original, f"{i}")
        assert new != original and re.sub(number, "1", new) == re.sub(number, "1", original)
        for old_number, new_number in zip(re.findall("[0-9]+", original), re.findall("[0-9]+", new), strict=True):
            assert old_number != new_number
            assert len(old_number) > 2 or 1 <= int(new_number) <= 31
