"""Synthetic records with labelled identifiers: where the labels lie, how much varies, what stays plain."""

import re
from collections import defaultdict
from random import Random

import pytest

from data_scripts.__main__ import main
from data_scripts.arguments import DataArguments
from data_scripts.identified import composition, field_templates, places
from data_scripts.identified.composition import compose_identified_records, to_record
from data_scripts.identified.documents import KINDS, PLAIN_POOLS, POOLS, compose_document, is_held_out, pools_of
from data_scripts.identified.filling import TERMS, WORDS, Piece, choose, fill
from data_scripts.identified.noise import add_noise
from data_scripts.identified.own_sentences import sample_sentences
from data_scripts.identified.patient import IDENTIFIER_SLOTS, IDENTIFIER_TYPES, Patient
from data_scripts.records import load_records
from modeling_dicmt.deidentification import identifiers
from modeling_dicmt.deidentification.checks import is_calendar_date, is_identity_number
from modeling_dicmt.normalization import normalize

SLOTS = re.compile(r"\{(\w+)\*?\}")


@pytest.fixture(scope="module")
def parts():
    return compose_identified_records(1200, seed=3)


@pytest.fixture(scope="module")
def mentions(parts):
    """What the records of both parts have of each type."""
    found = defaultdict(list)
    for record in (record for records in parts.values() for record in records):
        for entity in record["entities"]:
            found[entity["type"]].append(record["text"][entity["start"] : entity["end"]])
    return found


def compact(text):
    return normalize(re.sub(r"\s", "", text))


def test_the_types_are_those_that_the_package_finds():
    assert IDENTIFIER_TYPES == identifiers.IDENTIFIER_TYPES


def test_entities_are_the_stretches_that_were_put_in():
    pieces = [
        Piece("患者"),
        Piece("王建国", "NAME"),
        Piece("李娜", "NAME"),
        Piece("，电话"),
        Piece("13812345678", "PHONE"),
    ]
    record = to_record(pieces, "1-1", "1", "")
    assert record["text"] == "患者王建国李娜，电话13812345678"
    assert [(e["start"], e["end"], e["type"]) for e in record["entities"]] == [
        (2, 5, "NAME"),
        (5, 7, "NAME"),
        (10, 21, "PHONE"),
    ]


def test_entities_lie_apart_within_the_text_and_begin_and_end_with_no_blank(parts):
    for record in (record for records in parts.values() for record in records):
        end = 0
        for entity in record["entities"]:
            assert end <= entity["start"] < entity["end"] <= len(record["text"])
            end = entity["end"]
            mention = record["text"][entity["start"] : end]
            assert mention == mention.strip()


def test_noise_changes_no_letter_of_an_identifier_and_no_type():
    for seed in range(300):
        patient = Patient(Random(seed))
        _, pieces = compose_document(patient)
        noisy = add_noise(pieces, patient.random)
        before, after = ([piece for piece in some if piece.type] for some in (pieces, noisy))
        assert [piece.type for piece in before] == [piece.type for piece in after]
        assert [compact(piece.text) for piece in before] == [compact(piece.text) for piece in after]


def test_one_seed_gives_one_set_of_records():
    first = compose_identified_records(60, seed=5)
    assert first == compose_identified_records(60, seed=5)
    assert first != compose_identified_records(60, seed=6)


def test_as_many_records_as_asked_for_none_twice_and_no_patient_on_both_sides(parts):
    assert {part: len(records) for part, records in parts.items()} == {"train": 1080, "validation": 120}
    both = [record for records in parts.values() for record in records]
    assert len({record["text"] for record in both}) == len({record["id"] for record in both}) == 1200
    groups = [{record["group"] for record in records} for records in parts.values()]
    assert not set.intersection(*groups) and len(set.union(*groups)) < 800


def test_a_text_that_there_is_already_is_composed_anew(monkeypatch):
    few = [[Piece(f"腹痛{number}天")] for number in range(12)]
    monkeypatch.setattr(composition, "compose_document", lambda patient, pools: ("", patient.random.choice(few)))
    parts = compose_identified_records(10)
    assert len({record["text"] for records in parts.values() for record in records}) == 10


def test_records_of_one_patient_share_identifiers(parts):
    names = defaultdict(list)
    for record in parts["train"]:
        found = {
            record["text"][e["start"] : e["end"]] for e in record["entities"] if e["type"] in ("NAME", "RECORD_NUMBER")
        }
        if len(found) > 2:
            names[record["group"]].append(found)
    several = [found for found in names.values() if len(found) > 1]
    assert sum(bool(found[0] & found[1]) for found in several) > 0.6 * len(several) > 50


def test_there_are_nine_hundred_templates_and_more_each_once():
    templates = [template for pool in POOLS.values() for template in pool]
    assert len(templates) == len(set(templates)) > 950
    used = {part.pool for kind in KINDS for part in kind.parts} - {"head"}
    assert used <= POOLS.keys() and {f"field {subject}" for subject in field_templates.FIELDS} <= POOLS.keys()


def test_every_template_can_be_filled():
    for seed, template in enumerate(template for pool in POOLS.values() for template in pool):
        for again in range(5):
            text = "".join(piece.text for piece in fill(template, Patient(Random(10 * seed + again))))
            assert text and not re.search(r"[{}\[\]~]", text), text


def test_plain_templates_have_no_slot_of_an_identifier():
    for template in (template for pool in PLAIN_POOLS for template in POOLS[pool]):
        assert not set(SLOTS.findall(template)) & set(IDENTIFIER_SLOTS), template
        assert not any(piece.type for piece in fill(template, Patient(Random(1))))


def test_words_that_are_no_identifiers_name_no_day_and_nobody():
    texts = [word for words in WORDS.values() for word in words]
    texts += [choose(Random(seed), t) for pool in PLAIN_POOLS for t in POOLS[pool] for seed in range(20)]
    for text in texts:
        assert not re.search(r"(?:19|20)\d\d(?:年|[-./]\d)|1[3-9]\d{9}", text), text
        assert not re.search(r"[王李张刘陈杨赵吴周徐孙朱胡郭][\u4e00-\u9fff]{0,2}(?:主任|医生|医师|教授|护士)", text), (
            text
        )


def test_a_good_share_of_the_records_is_plain(parts):
    plain = [record for record in parts["train"] if not record["entities"]]
    assert 0.08 < len(plain) / len(parts["train"]) < 0.25
    assert len(set(TERMS)) == 9


@pytest.mark.parametrize(
    ("type_", "forms"),
    {
        "NAME": 2500,
        "ID": 130,
        "PHONE": 300,
        "RECORD_NUMBER": 500,
        "BED": 300,
        "ADDRESS": 200,
        "INSTITUTION": 350,
        "DATE": 1000,
        "AGE": 50,
        "EMAIL": 60,
        "PLATE": 90,
    }.items(),
)
def test_a_type_has_many_forms(mentions, type_, forms):
    assert len(set(mentions[type_])) >= forms


def test_names_are_of_every_kind(mentions):
    names = set(mentions["NAME"])
    for kind in (
        r"[\u4e00-\u9fff]{2}",
        r"[\u4e00-\u9fff]{3}",
        r"(?:欧阳|上官|司马|诸葛|慕容|令狐|皇甫)[\u4e00-\u9fff]{1,2}",
        r"[\u4e00-\u9fff]{2,8}[·•・‧．.][\u4e00-\u9fff]{2,8}",
        r"[A-Z][a-z]+ [A-Z][a-z]+",
        r"[A-Z]+ [A-Z]+",
        r"[\u4e00-\u9fff]某{1,2}",
        r"[\u4e00-\u9fff][×*]{1,2}",
        r"[\u4e00-\u9fff][*×某＊][\u4e00-\u9fff]",
        r"[\u4e00-\u9fff] [\u4e00-\u9fff] [\u4e00-\u9fff]",
        r"[\u4e00-\u9fff]",
    ):
        assert any(re.fullmatch(kind, name) for name in names), kind
    characters = {character for name in names for character in name}
    assert len(characters) > 1200, "names of too few characters"


def test_surnames_are_as_frequent_as_in_life_and_rare_ones_are_there(mentions):
    chinese = [name[0] for name in mentions["NAME"] if re.fullmatch("[\u4e00-\u9fff]{2,3}", name)]
    wang = chinese.count("王") / len(chinese)
    assert 0.02 < wang < 0.12 and len(set(chinese)) > 250


def test_identity_numbers_have_their_check_digit(mentions):
    numbers = [compact(number).replace("-", "") for number in mentions["ID"]]
    whole = [number for number in numbers if re.fullmatch(r"[1-6]\d{5}(?:18|19|20)\d{9}[\dx]", number)]
    assert len(whole) > 80 and all(map(is_identity_number, whole))


def test_dates_are_on_the_calendar_and_ages_above_89(mentions):
    western = [compact(day) for day in mentions["DATE"] if "月" in day or "-" in day]
    western = [day for day in western if not re.search("农历|阴历|旧历|初|廿|[正腊冬]月|[a-z]", day)]
    western = [day for day in western if not re.match("[一二三四五六七八九零〇]{2}年", day)]  # 九六年八月
    western = ["20" + day if re.fullmatch("\\d\\d年\\d+月", day) else day for day in western]
    assert len(western) > 500
    assert not [day for day in western if not is_calendar_date(day.replace("—", "-"))]
    for age in mentions["AGE"]:
        years = re.match(r"\d+", compact(age))
        assert int(years[0]) >= 90 if years else age[0] in "九一", age


def test_an_age_below_90_is_no_identifier():
    patient = Patient(Random(1))
    patient.years = 89
    assert patient.age()[1] == ""
    patient.years = 90
    assert patient.age()[1] == "AGE"


def test_each_part_has_each_type(parts):
    for records in parts.values():
        assert {entity["type"] for record in records for entity in record["entities"]} == set(IDENTIFIER_TYPES)


def test_some_templates_are_the_development_part_s_alone_and_each_pool_keeps_others():
    for name, pool in POOLS.items():
        assert any(not is_held_out(template) for template in pool), name
    templates = [template for pool in POOLS.values() for template in pool]
    assert 0.04 < sum(map(is_held_out, templates)) / len(templates) < 0.13
    without = pools_of(lambda template: "乘坐" not in template)
    assert not any(
        "乘坐" in "".join(piece.text for piece in compose_document(Patient(Random(seed)), without)[1])
        for seed in range(200)
    )


def test_addresses_go_down_to_the_house():
    random = Random(2)
    addresses = [places.compose_address(random) for _ in range(500)]
    assert len(set(addresses)) == 500
    assert (
        sum(bool(re.search("[省市区].*(?:路|街|道|巷|里|弄|胡同|村|庄|屯|寨)", address)) for address in addresses) > 350
    )


def test_the_command_writes_what_the_corpus_jsonl_reads(tmp_path, capsys):
    folder = tmp_path / "identifiers"
    options = ["compose_identifiers", "--output_dir", str(folder), "--records", "50", "--seed", "4"]
    assert main(options) == 0
    assert "Wrote 50 records" in capsys.readouterr().out
    parts, types = load_records(DataArguments(dataset_name="jsonl", data_dir=str(folder)))
    assert {part: len(records) for part, records in parts.items()} == {"train": 45, "validation": 5}
    assert set(types) <= set(IDENTIFIER_TYPES)
    assert parts == compose_identified_records(50, seed=4)
    assert main(options) == 1 and "not an empty folder" in capsys.readouterr().err


def test_fewer_than_ten_records_are_refused(tmp_path, capsys):
    assert main(["compose_identifiers", "--output_dir", str(tmp_path / "out"), "--records", "9"]) == 1
    assert "--records must be at least 10, got 9" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


OWN = [f"患者第{number}次换药，切口愈合可。" for number in range(400)]


def test_a_user_s_own_sentences_surround_the_identifiers_and_those_of_the_development_part_are_others():
    parts = compose_identified_records(200, seed=1, sentences=OWN)
    used = {part: {s for s in OWN if any(s in record["text"] for record in parts[part])} for part in parts}
    assert len(used["train"]) > 50 and used["validation"]
    assert not used["train"] & used["validation"]
    # Somebody's name stands where the sentence says 患者, and is labelled.
    named = [
        record["text"][entity["start"] : entity["end"]]
        for record in parts["train"]
        for entity in record["entities"]
        if entity["type"] == "NAME" and re.match(r"第\d+次换药", record["text"][entity["end"] :])
    ]
    assert len(named) > 10 and "患者" not in named


def test_sentences_are_drawn_evenly_once_each_and_only_plain_ones():
    texts = [
        "患者李四来诊。\n" + "。".join(f"切口第{n}次换药" for n in range(start, start + 100)) for start in (0, 50, 900)
    ]
    plain = lambda sentence: "李四" not in sentence  # noqa: E731
    everything = sample_sentences(texts, plain, seed=1)
    assert len(everything) == len(set(everything)) == 250 and all(map(plain, everything))
    few = sample_sentences(texts, plain, seed=1, most=40)
    assert len(few) == 40 and few == sample_sentences(texts, plain, seed=1, most=40)
    assert few != sample_sentences(texts, plain, seed=2, most=40)
    assert 5 < sum("第9" in sentence for sentence in few) < 35  # the last hundred, too


@pytest.mark.parametrize(
    "sentence", ["给予[某药]治疗", "患者王某换药来诊", "{S}反复发作三天", "2016-10-11行手术治疗", "短句"]
)
def test_sentences_that_a_template_would_misread_or_that_hold_a_mask_are_left_out(sentence):
    assert sample_sentences([sentence], lambda sentence: True, seed=1) == []


def test_the_command_leaves_out_sentences_with_identifiers_of_their_own(tmp_path, capsys):
    (tmp_path / "own.txt").write_text("患者王建国今日换药。切口愈合良好无渗出。", "utf-8")
    arguments = ["--records", "20", "--texts", str(tmp_path / "own.txt"), "--output_dir", str(tmp_path / "out")]
    assert main(["compose_identifiers", *arguments]) == 0
    assert "1 sentences" in capsys.readouterr().out
    text = (tmp_path / "out" / "train.jsonl").read_text("utf-8")
    assert "王建国" not in text and "切口愈合良好无渗出" in text


@pytest.mark.parametrize("text", ["", "患者王建国今日换药。", "短句。"])
def test_texts_without_a_sentence_to_take_are_told_before_anything_is_written(text, tmp_path, capsys):
    (tmp_path / "own.txt").write_text(text, "utf-8")
    arguments = ["--records", "20", "--texts", str(tmp_path / "own.txt"), "--output_dir", str(tmp_path / "out")]
    assert main(["compose_identifiers", *arguments]) == 1
    assert "no sentence in 1 files" in capsys.readouterr().err and not (tmp_path / "out").exists()
