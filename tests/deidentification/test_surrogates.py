"""Surrogates have the form of their originals, and depend on key and patient alone."""

import datetime
import pickle
import random
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modeling_dicmt.deidentification import IDENTIFIER_TYPES
from modeling_dicmt.deidentification.draws import Patient
from modeling_dicmt.deidentification.surrogate_words import words_of
from modeling_dicmt.deidentification.surrogates import Surrogates

KEY = b"a key for the tests alone"
SURROGATES = Surrogates(KEY)
GROUPS = st.text("患者p12", min_size=1, max_size=4)
DIGITS = "〇零○一二三四五六七八九幺"

EXAMPLES = {
    "NAME": ["王建国", "王 建\n国", "王某某", "李××", "欧阳娜娜", "古丽巴哈尔·买买提", "John Smith"],
    "ID": ["41010119800517123X", "４１０１０１１９８００５１７１２３６", "E12345678", "南字第12345678号"],
    "PHONE": ["13800138000", "+86 138-0013-8000", "0371-65951234转801", "一三八零零一三八零零零", "138****8000"],
    "RECORD_NUMBER": ["ZY000123", "Ｎｏ．2013051234", "00123456-2"],
    "BED": ["12床", "+3床", "3病区12床", "12A床", "十二床", "二病区", "ICU3床"],
    "ADDRESS": ["河南省郑州市金水区花园路12号院3号楼2单元501室", "王家村三组", "江西省景德镇市珠山区"],
    "INSTITUTION": ["郑州市第三人民医院", "红星机械厂", "郑州大学第一附属医院", "ABC公司", "金水区第二中学"],
    "DATE": ["2013-05-17", "二〇一三年五月十七日", "5/17", "13.5.7", "2月30日", "17日", "2013-05-01至2013-05-07"],
    "AGE": ["92岁", "九十三岁", "１０２岁"],
    "EMAIL": ["wang.jg80@163.com", "ｗａｎｇ＠ｑｑ．ｃｏｍ"],
    "PLATE": ["豫A12345", "京A·D12345", "豫ＡＢ１２３警"],
}
ALL = [(name, original) for name, originals in EXAMPLES.items() for original in originals]


def mask(text):
    """The form of a code: what kind each of its characters is of."""

    def kind(character):
        if character in DIGITS:
            return "一"
        for first, last, name in (("0", "9", "9"), ("A", "Z", "A"), ("a", "z", "a")):
            for shift in (0, 0xFEE0):
                if ord(first) + shift <= ord(character) <= ord(last) + shift:
                    return chr(ord(name) + shift)
        return character

    return "".join(map(kind, text))


def of(identifier_type, original, group="patient 1", key=KEY):
    return Surrogates(key).of(identifier_type, original, group)


# ------------------------------------------------------------------------------------------- keys, patients, order


def test_order_and_processes_do_not_matter():
    wanted = [(*case, group) for case in ALL for group in ("patient 1", "patient 2")]
    expected = {case: SURROGATES.of(*case) for case in wanted}
    shuffled = random.Random(0).sample(wanted, len(wanted))
    again = pickle.loads(pickle.dumps(SURROGATES))
    assert {case: again.of(*case) for case in shuffled} == expected
    assert {case: Surrogates(KEY).of(*case) for case in wanted[-3:]}.items() <= expected.items()


@pytest.mark.parametrize(("identifier_type", "original"), [case for case in ALL if case[0] != "AGE"])
def test_patients_and_keys_differ(identifier_type, original):
    by_patient = {of(identifier_type, original, f"patient {i}") for i in range(8)}
    by_key = {of(identifier_type, original, key=KEY + bytes([i])) for i in range(8)}
    assert len(by_patient) > 1 and len(by_key) > 1
    assert original not in by_patient | by_key


def test_group_and_original_are_told_apart():
    draws = [Patient(KEY, group).draw(kind, value) for group, kind, value in (("1", "23", "4"), ("12", "3", "4"))]
    draws.append(Patient(KEY, "1").draw("2", "34"))
    assert len({draw.below(2**64) for draw in draws}) == 3
    assert of("RECORD_NUMBER", "1234567890") != of("PHONE", "1234567890")


def test_a_record_stays_a_record():
    for identifier_type, original in ALL:
        for i in range(10):
            new = of(identifier_type, original, f"patient {i}")
            assert new and not set(new) & set("[]【】<>{}（）()") and new.split(" ")[0].strip() == new.split(" ")[0]
            assert bool(re.search("[一-鿿]", new)) == bool(re.search("[一-鿿]", original))


def test_bad_keys_and_types_are_refused():
    with pytest.raises(ValueError, match="A key of 5 bytes can be guessed: pass 16 at least"):
        Surrogates(b"short")
    with pytest.raises(ValueError, match="No identifiers are 'DAY'; they are NAME, ID"):
        SURROGATES.of("DAY", "1", "p")
    assert tuple(EXAMPLES) == IDENTIFIER_TYPES


@given(
    st.sampled_from(IDENTIFIER_TYPES), st.text("王某12十三年月日省市路号院X a-·@廿第\U00020000é①", max_size=12), GROUPS
)
@example("NAME", "", "p")
@example("ID", "123456789012345678901234567890", "p")
@example("DATE", "99999999", "p")
@example("DATE", "0年0月0日", "p")
@example("DATE", "十十年十十月", "p")
@example("BED", "111111111111111111床", "p")
def test_no_text_is_too_odd(identifier_type, original, group):
    assert isinstance(SURROGATES.of(identifier_type, original, group), str)


# ------------------------------------------------------------------------------------------------------------ codes

CODES = st.text("0123456789ABCxyzＡ１０ -./一二零", max_size=20)


@pytest.mark.parametrize("identifier_type", ["PHONE", "ID", "RECORD_NUMBER"])
@given(CODES, GROUPS)
@example("1381234567x", "p")
def test_codes_keep_their_form(identifier_type, original, group):
    assert mask(SURROGATES.of(identifier_type, original, group)) == mask(original)


@pytest.mark.parametrize(
    ("identifier_type", "original"), [case for case in ALL if case[0] in ("PHONE", "RECORD_NUMBER") or "床" in case[1]]
)
def test_examples_keep_their_form(identifier_type, original):
    for i in range(10):
        new = of(identifier_type, original, f"patient {i}")
        # Tens are counted: 十二床 may become 三十一床.
        forms = [re.sub("[一十]+", "十", mask(text)) for text in (new, original)]
        assert forms[0] == forms[1] and new != original


def test_all_forms_of_a_number_get_the_same_number():
    forms = ["13800138000", "138 0013 8000", "+86 138-0013-8000", "１３８００１３８０００", "0086-13800138000"]
    assert len({re.sub(r"^0086|^86", "", re.sub(r"\D", "", of("PHONE", form)).translate(
        str.maketrans("０１２３４５６７８９", "0123456789"))) for form in forms}) == 1  # fmt: skip
    words = of("PHONE", "一三八零零一三八零零零").translate(str.maketrans("零一二三四五六七八九", "0123456789"))
    assert words == of("PHONE", "13800138000")
    assert of("RECORD_NUMBER", "ZY-000123").replace("-", "") == of("RECORD_NUMBER", "ZY000123")


@pytest.mark.parametrize("hidden", ["xxxx", "XXXX", "****", "××××"])
def test_hidden_digits_stay_hidden(hidden):
    for i in range(10):
        new = of("PHONE", f"138{hidden}8000", f"patient {i}")
        assert re.fullmatch(rf"1[3-9]\d{re.escape(hidden)}\d{{4}}", new)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), GROUPS)
def test_mobile_numbers_stay_mobile_numbers(original, group):
    assert re.fullmatch(r"1[3-9]\d{9}", SURROGATES.of("PHONE", original, group))


@given(
    st.from_regex(
        r"[1-6][0-9]{5}(19[3-9][0-9]|200[0-9])(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}[0-9X]", fullmatch=True
    )
)
def test_identity_cards_are_right_and_their_birth_dates_move_with_the_dates(original):
    new = SURROGATES.of("ID", original, "p")
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    total = sum(int(digit) * weight for digit, weight in zip(new[:17], weights, strict=True))
    assert new[17] == "10X98765432"[total % 11] and mask(new) == mask(original)
    assert new[6:14] == SURROGATES.of("DATE", original[6:14], "p")
    assert int(new[16]) % 2 == int(original[16]) % 2


def test_impossible_birth_dates_become_possible_ones():
    for card in ("410101198013451234", "410101801345123"):
        for i in range(10):
            new = of("ID", card, f"patient {i}")
            birth = new[6:14] if len(card) == 18 else "19" + new[6:12]
            assert datetime.datetime.strptime(birth, "%Y%m%d").year >= 1910


def test_beds_and_wards_agree_wherever_they_stand():
    ward, bed = of("BED", "3病区"), of("BED", "12床")
    assert of("BED", "3病区12床") == ward + bed
    assert of("BED", "床号：12") == "床号：" + bed[:-1] == "床号：" + of("BED", "12")
    assert of("BED", "ICU12床") == "ICU" + bed


@pytest.mark.parametrize(
    ("original", "expected"),
    [("92岁", "90岁"), ("九十三岁", "九十岁"), ("１０２周岁", "９０周岁"), ("玖拾叁", "玖拾"), ("九十有二", "九十")],
)
def test_ages_become_ninety_in_their_numerals(original, expected):
    assert of("AGE", original) == expected


def test_plates_and_mail_keep_their_form():
    for i in range(10):
        new = of("PLATE", "京A·D12345", f"patient {i}")
        assert mask(new)[1:] == "A·A99999" and new[0] in words_of("plate_regions") and new[0] != "京"
        assert not set(new) & set("IO")
        assert re.fullmatch(r"[a-z]{4}\.[a-z]{2}\d{2}@example\.(com|org|net)", of("EMAIL", "wang.jg80@163.com", f"{i}"))


# ----------------------------------------------------------------------------------------------------------- places


AREA = "自治区|省|市|区|县|镇(?!市)|村(?!大街)|组|路|大街|号院|号楼|单元|室|号"


def kinds(text):
    return re.findall(f"{AREA}|[0-9]+", re.sub("[0-9]", "9", text))


@pytest.mark.parametrize(
    "original",
    [
        *EXAMPLES["ADDRESS"],
        "北京市海淀区中关村大街1号",
        "河南省新郑县城关镇李家村3组",
        "广西壮族自治区南宁市青秀区民族大街88号",
    ],
)
def test_addresses_keep_their_depth_and_nothing_else(original):
    names = re.split(AREA, original)
    for i in range(10):
        new = of("ADDRESS", original, f"patient {i}")
        assert kinds(new) == kinds(original)
        assert not [name for name in names if len(name) > 1 and not name.isdecimal() and name in new]


def test_a_city_is_the_same_in_addresses_and_institutions():
    city = of("ADDRESS", "郑州市")
    assert of("INSTITUTION", "郑州市第三人民医院").startswith(city) and city != "郑州市"
    assert of("ADDRESS", "河南省郑州市金水区")[3:].startswith(city) or city in of("ADDRESS", "河南省郑州市金水区")


@pytest.mark.parametrize(
    ("original", "form"),
    [
        ("郑州市第三人民医院", "(?!郑州)..市第[^三]人民医院"),
        ("红星机械厂", "(?!红星)..机械厂"),
        ("郑州大学第一附属医院", "(?!郑州)..大学第[^一]附属医院"),
        ("郑州市第三人民医院东院区", "(?!郑州)..市第[^三]人民医院东院区"),
        ("郑州三院", "(?!郑州)..[^三]院"),
        ("ABC公司", "(?!ABC)[A-Z]{3}公司"),
        ("解放军第153医院", "(?!解放军)..第(?!153)[1-9][0-9]{2}医院"),
        ("某某县中医院", "某某县中医院"),
        ("市人民医院", "市人民医院"),
        ("华西", "(?!华西).."),
    ],
)
def test_institutions_keep_their_kind(original, form):
    for i in range(10):
        assert re.fullmatch(form, of("INSTITUTION", original, f"patient {i}"))


def test_lists_have_no_word_twice_and_none_is_odd():
    for name in (
        *("surnames", "rare_surnames", "compound_surnames", "given_female", "given_common", "transliterated"),
        *("latin_names", "provinces", "plate_regions", "place_names", "villages", "roads"),
        *("institution_names", "institution_kinds"),
    ):
        words = words_of(name)
        assert len(words) == len(set(words)) > 10
        assert all(re.fullmatch("[A-Z][a-z]+" if name == "latin_names" else "[一-鿿]+", word) for word in words)
    assert not set(words_of("surnames")) & set(words_of("rare_surnames"))
