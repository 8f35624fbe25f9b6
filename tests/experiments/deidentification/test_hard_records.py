"""Hard records: an identifier stands where the record says and looks like its type; a patient's records agree."""

import os
import random
import re
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.deidentification.damage import add_blanks, break_lines, insert, misread
from experiments.deidentification.hard_records import (
    DEFAULT_COUNT,
    DEFAULT_SEED,
    Decks,
    RecordWriter,
    compose_hard_records,
)
from experiments.deidentification.patients import PATIENT_KINDS, Patient
from modeling_dicmt.deidentification import IDENTIFIER_TYPES

ROOT = Path(__file__).parents[3]
RECORDS = compose_hard_records(DEFAULT_SEED, DEFAULT_COUNT)

FIGURES = "零一二三四五六七八九"


def plain(text: str) -> str:
    """What was typed before it was widened, broken into lines and misread."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    return re.sub(r"(?<=\d)[Ol](?=[\dOl])|(?<=[\dOl])[Ol](?=\d)", lambda found: "0" if found[0] == "O" else "1", text)


def found(identifier_type: str) -> list[str]:
    return [
        record["text"][item["start"] : item["end"]]
        for record in RECORDS
        for item in record["identifiers"]
        if item["type"] == identifier_type
    ]


def chinese_number(text: str) -> int:
    """The number that Chinese words of 0 to 199 say, each sign on its own."""
    total, digit = 0, 0
    for sign in text:
        if sign in FIGURES:
            digit = FIGURES.index(sign)
        else:
            total += (digit or 1) * {"十": 10, "百": 100}[sign]
            digit = 0
    return total + digit


def is_valid_identity(number: str) -> bool:
    """By the definition of ISO 7064 MOD 11-2: the digits, each times its power of two, leave 1 when divided by 11."""
    values = [10 if sign in "xX" else int(sign) for sign in number]
    return sum(value * 2**power for power, value in enumerate(reversed(values))) % 11 == 1


def test_identifiers_are_sorted_apart_and_within_the_text():
    for record in RECORDS:
        end = 0
        for item in record["identifiers"]:
            assert set(item) == {"start", "end", "type"} and item["type"] in IDENTIFIER_TYPES
            assert end <= item["start"] < item["end"] <= len(record["text"])
            end = item["end"]
            text = record["text"][item["start"] : item["end"]]
            assert text == text.strip() and text


def test_records_have_distinct_ids_and_nothing_of_the_templates_is_left():
    assert len({record["id"] for record in RECORDS}) == len(RECORDS) == DEFAULT_COUNT
    for record in RECORDS:
        assert set(record) == {"id", "group", "text", "identifiers"}
        assert not re.search(r"[{}\[\]]|==", record["text"]), record["id"]


def test_every_type_is_there_often_enough_to_be_scored():
    counts = Counter(item["type"] for record in RECORDS for item in record["identifiers"])
    assert set(counts) == set(IDENTIFIER_TYPES)
    assert min(counts.values()) >= 60


def test_identity_cards_have_a_valid_checksum_and_others_their_form():
    full = masked = old = 0
    for text in map(plain, found("ID")):
        if re.fullmatch(r"\d{17}[\dXx]", text) and text[6:8] in ("19", "20"):
            assert is_valid_identity(text), text
            full += 1
        elif re.fullmatch(r"\d{6}\*{8}\d{3}[\dXx]", text):
            masked += 1
        elif re.fullmatch(r"\d{15}", text):
            old += 1
        else:
            assert re.fullmatch(r"[A-Z]{0,2}\d{7,18}(-\d\d)?|\d{12}-\d\d|.字第\d{7,8}号", text), text
    assert full > 60 and masked and old


def test_a_changed_digit_makes_an_identity_invalid():
    numbers = [text for text in map(plain, found("ID")) if re.fullmatch(r"\d{17}[\dXx]", text) and text[6:8] == "19"]
    assert not is_valid_identity(str((int(numbers[0][0]) + 1) % 10) + numbers[0][1:])


def test_dates_look_like_dates_and_hold_no_time():
    years = f"(?:[12]\\d{{3}}|\\d\\d|[{FIGURES}〇○]{{4}})"
    word = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
    forms = (
        rf"{years}年({word}月({word}[日号])?)?",
        rf"{word}月{word}[日号]",
        r"\d{4}[-/.—]\d{1,2}([-/.—]\d{1,2})?|\d\d([-/.])\d{1,2}\2\d{1,2}|\d{2}/\d{2}/\d{4}|20\d{6}|19\d{6}",
        r"\d{1,2}[A-Z][a-z]{2}\d{4}|[A-Z][a-z]{2}\d{1,2},\d{4}",
    )
    for text in found("DATE"):
        assert any(re.fullmatch(form, plain(text)) for form in forms), text


def test_dates_are_written_in_many_ways():
    shapes = {
        re.sub(f"[{FIGURES}〇○十]+", "一", re.sub(r"\d+", "9", re.sub(r"[A-Z][a-z]+", "May", text)))
        for text in found("DATE")
    }
    assert len(shapes) >= 25


def test_ages_are_those_above_89():
    for text in map(plain, found("AGE")):
        number = re.fullmatch(r"(\d+|[零一二三四五六七八九十百]+)周?岁", text)[1]
        assert 90 <= (int(number) if number.isdigit() else chinese_number(number)) <= 110, text


def test_ages_below_90_are_no_identifiers():
    below = 0
    for record in RECORDS:
        covered = {offset for item in record["identifiers"] for offset in range(item["start"], item["end"])}
        for age in re.finditer(r"(?<!\d)(?<!\d\s)(\d{2}) ?周?岁", record["text"]):
            assert (age.start() in covered) == (int(age[1]) >= 90), (record["id"], age[0])
            below += int(age[1]) < 90
    assert below > 100


def test_names_are_names_without_titles():
    for text in map(plain, found("NAME")):
        assert re.fullmatch(r"[一-鿿〇·•.・×*○XxA-Za-z'\-]{1,24}", text), text
        assert not re.search("主任|医师|医生|大夫|护士|教授|患者|先生|女士|之子|同志", text), text


def test_telephones_plates_and_mail_look_like_it():
    for text in map(plain, found("PHONE")):
        digits = sum(sign.isdigit() or sign in FIGURES + "〇幺*" for sign in text)
        assert digits >= 4 or re.fullmatch(r"[a-z]+[-_]?\d{3,6}", text), text
        assert re.fullmatch(rf"[\d()+.\-—转*{FIGURES}〇幺]+|[a-z_]+[-_]?[\dlO]+", text), text
    for text in map(plain, found("PLATE")):
        assert re.fullmatch(r"[一-鿿][A-Z][·-]?[A-Z\d]{4,6}[学警挂]?", text), text
    for text in map(plain, found("EMAIL")):
        assert re.fullmatch(r"[\w.\-]+@[\w.]+\.(com|cn)", text), text


def test_beds_and_record_numbers_look_like_it():
    for text in map(plain, found("BED")):
        assert re.fullmatch(
            r"(第?[\d一二三四五六七八九十]+病[区室])?([+加A]?[\d一二三四五六七八九十]+A?([-—]\d+)?号?床?)?", text
        ), text
    for text in map(plain, found("RECORD_NUMBER")):
        assert re.fullmatch(r"[A-Za-z]{0,2}-?\d[\d/\-]{4,14}", text), text


def test_addresses_and_institutions_are_more_than_a_word():
    assert min(len(plain(text)) for text in found("INSTITUTION")) >= 4
    for text in map(plain, found("ADDRESS")):
        assert len(text) >= 3
        assert not re.search("医院|公司|[：:，,]", text), text
    ours = {"我院", "外院", "当地医院", "上级医院", "本院", "贵院", "急诊科"}
    assert not ours & set(map(plain, found("INSTITUTION")))


@pytest.mark.parametrize("identifier_type", ("ID", "PHONE", "RECORD_NUMBER", "DATE", "AGE", "PLATE", "BED"))
def test_no_identifier_is_cut_out_of_a_longer_number(identifier_type):
    for record in RECORDS:
        text = record["text"]
        for item in record["identifiers"]:
            if item["type"] == identifier_type:
                before, after = text[max(0, item["start"] - 1) : item["start"]], text[item["end"] : item["end"] + 1]
                inside = text[item["start"] : item["end"]]
                assert not (before.isdigit() and inside[0].isdigit()), (record["id"], inside)
                assert not (after.isdigit() and inside[-1].isdigit()), (record["id"], inside)


def test_the_same_seed_makes_the_same_records_and_another_one_others():
    again = compose_hard_records(DEFAULT_SEED, 40)
    assert again == RECORDS[:40]
    assert compose_hard_records(DEFAULT_SEED + 1, 40) != again


def test_records_do_not_depend_on_the_order_of_pythons_sets():
    program = (
        "from experiments.deidentification.hard_records import compose_hard_records as compose; "
        "import hashlib; print(hashlib.sha256(repr(compose(3, 30)).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_a_patient_has_two_to_four_records_one_after_the_other():
    sizes = Counter(record["group"] for record in RECORDS)
    last = RECORDS[-1]["group"]  # which the count may cut
    assert {size for group, size in sizes.items() if group != last} == {2, 3, 4}
    assert [record["group"] for record in RECORDS] == sorted(record["group"] for record in RECORDS)


def test_records_of_a_patient_share_name_and_numbers():
    source = random.Random(5)
    writer = RecordWriter(source)
    shared = Counter()
    of_patients = [writer.admit() for _ in range(40)]
    for patient in of_patients:
        for _ in range(3):
            text, spans = writer.compose(writer.draw_kind(patient), patient)
            mentions = defaultdict(set)
            for start, end, kind in spans:
                mentions[kind].add(plain(text[start:end]).replace("·", ""))
            shared["name"] += plain(patient.name).replace("·", "") in mentions["NAME"]
            shared["number"] += plain(patient.record_number) in mentions["RECORD_NUMBER"]
            shared["address"] += plain(patient.address) in mentions["ADDRESS"]
            shared["mobile"] += patient.mobile in {re.sub(r"\D", "", text)[-11:] for text in mentions["PHONE"]}
    assert shared["name"] > 80 and min(shared.values()) >= 10, shared
    assert len({patient.name for patient in of_patients}) > 35


def test_a_patient_has_one_identity_number_whatever_its_form():
    patient = Patient(random.Random(2), "adult")
    for _ in range(50):
        text, kind = patient.fill("ID", "")
        number = plain(text).upper()
        assert kind == "ID"
        if len(number) == 18 and "*" not in number:
            assert number == patient.identity_number
        assert number[:6] == patient.identity_number[:6]


def test_each_kind_of_patient_has_the_age_that_it_says():
    for kind in PATIENT_KINDS:
        ages = {Patient(random.Random(seed), kind).fill("AGE", "patient")[1] for seed in range(30)}
        assert ages == {"AGE" if kind == "old" else None}


def test_decks_deal_every_member_before_any_comes_again():
    decks = Decks(random.Random(0))
    dealt = [decks.draw("letters", tuple("abcd")) for _ in range(8)]
    assert sorted(dealt[:4]) == sorted(dealt[4:]) == list("abcd")


@given(
    text=st.text("甲乙丙丁", min_size=1, max_size=30),
    cuts=st.lists(st.integers(0, 30), max_size=8),
    places=st.dictionaries(st.integers(0, 30), st.sampled_from(("#", "##")), max_size=10),
)
def test_what_is_inserted_stays_outside_the_ends_of_identifiers(text, cuts, places):
    edges = sorted({min(cut, len(text)) for cut in cuts})
    spans = [(start, end, "NAME") for start, end in zip(edges[::2], edges[1::2], strict=False)]
    pieces = {place: piece for place, piece in places.items() if place <= len(text)}
    new, moved = insert(text, spans, pieces)
    assert new.replace("#", "") == text and len(new) == len(text) + sum(map(len, pieces.values()))
    for (start, end, _), (new_start, new_end, _) in zip(spans, moved, strict=True):
        covered = new[new_start:new_end]
        assert covered.replace("#", "") == text[start:end] and covered[0] != "#" != covered[-1]
        assert new[:new_start].replace("#", "") == text[:start]


def test_long_lines_are_broken_also_within_a_name():
    assert break_lines("姓名王建国男\n短", [(2, 5, "NAME")], 4) == ("姓名王建\n国男\n短", [(2, 6, "NAME")])


def test_a_scan_adds_blanks_and_misreads_digits_beside_digits_only():
    text, spans = add_blanks(random.Random(0), "王建国12床", [(0, 3, "NAME"), (3, 6, "BED")], 1)
    assert text == "王 建 国 1 2 床" and spans == [(0, 5, "NAME"), (6, 11, "BED")]
    assert misread(random.Random(0), "1013年1 月0", 1) == "1Ol3年1 月0"
