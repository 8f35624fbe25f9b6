"""What becomes of each class, and what a command line may say about it."""

import pytest

from modeling_dicmt.deidentification import IDENTIFIER_TYPES, Identifier
from modeling_dicmt.deidentification.edits import Edit, EditedText
from modeling_dicmt.deidentification.policies import ACTIONS, COARSENED_TYPES, TAGS, Policies
from modeling_dicmt.deidentification.surrogates import Surrogates

SURROGATES = Surrogates(b"a key for the tests alone")
ORIGINALS = {
    "NAME": "王建国",
    "ID": "410101198005171233",
    "PHONE": "13800138000",
    "RECORD_NUMBER": "ZY000123",
    "BED": "3病区12床",
    "ADDRESS": "河南省郑州市金水区花园路12号",
    "INSTITUTION": "郑州市第三人民医院",
    "DATE": "2013年5月17日",
    "AGE": "92岁",
    "EMAIL": "wang@163.com",
    "PLATE": "豫A12345",
}
COARSE = {"ADDRESS": "河南省郑州市", "DATE": "2013年5月", "AGE": "90岁以上"}


def replaced(identifier_type, original, policies, surrogates=SURROGATES):
    text = f"现{original}。"
    identifier = Identifier(1, 1 + len(original), identifier_type, "rule")
    return policies.replacement(identifier, text, "patient 1", surrogates)


def test_the_examples_are_of_all_classes():
    assert tuple(ORIGINALS) == IDENTIFIER_TYPES == tuple(TAGS)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("identifier_type", IDENTIFIER_TYPES)
def test_every_action_on_every_class(identifier_type, action):
    original = ORIGINALS[identifier_type]
    if action == "coarsen" and identifier_type not in COARSENED_TYPES:
        with pytest.raises(ValueError, match=f"{identifier_type} cannot be coarsened, only ADDRESS, DATE, AGE can"):
            Policies.of("keep", {identifier_type: action})
        return
    policies = Policies.of("keep", {identifier_type: action})
    assert policies.needs_surrogates == (action == "surrogate")
    new = replaced(identifier_type, original, policies)
    if action == "surrogate":
        assert new == SURROGATES.of(identifier_type, original, "patient 1") != original
    else:
        assert (
            new
            == {
                "keep": original,
                "remove": "",
                "tag": TAGS[identifier_type],
                "coarsen": COARSE.get(identifier_type),
            }[action]
        )
        assert new == replaced(identifier_type, original, policies, None)


@pytest.mark.parametrize(
    ("original", "coarse"),
    [
        ("2013-05-17", "2013-05"),
        ("2013年5月17日", "2013年5月"),
        ("2013 年 5 月 17 日", "2013 年 5 月"),
        ("２０１３．５．１７", "２０１３．５"),
        ("二〇一三年五月十七日", "二〇一三年五月"),
        ("20130517", "201305"),
        ("05/17/2013", "05/2013"),
        ("5月17日", "5月"),
        ("五月十七日", "五月"),
        ("5/17", "5月"),
        ("05-17", "5月"),
        ("13/5/17", "13年5月"),
        ("130517", "13年5月"),
        ("13年5月17日", "13年5月"),
        ("2013-05", "2013-05"),
        ("2013年5月", "2013年5月"),
        ("5月", "5月"),
        ("2013年", "2013年"),
        ("2月30日", "2月"),
        ("2013-15-17", "[日期]"),
        ("17日", "[日期]"),
        ("2013-05-17至2013-05-20", "[日期]"),
        ("", "[日期]"),
    ],
)
def test_dates_are_coarsened_to_their_month(original, coarse):
    assert replaced("DATE", original, Policies.of("tag", {"DATE": "coarsen"})) == coarse


@pytest.mark.parametrize(
    ("original", "coarse"),
    [
        ("北京市海淀区中关村大街1号", "北京市"),
        ("河南省 新乡市红旗区", "河南省 新乡市"),
        ("江西景德镇市珠山区", "江西景德镇市"),
        ("四川省凉山彝族自治州西昌市", "四川省凉山彝族自治州"),
        ("新疆维吾尔自治区喀什地区疏附县", "新疆维吾尔自治区喀什地区"),
        ("内蒙古自治区锡林郭勒盟", "内蒙古自治区锡林郭勒盟"),
        ("王家村三组", "[地址]"),
        ("金水区市场街1号", "[地址]"),
        ("花园路12号市政家属院", "[地址]"),
    ],
)
def test_addresses_are_coarsened_to_their_city(original, coarse):
    assert replaced("ADDRESS", original, Policies.of("tag", {"ADDRESS": "coarsen"})) == coarse


def test_an_age_whose_unit_was_not_found_does_not_get_two():
    assert replaced("AGE", "九十二", Policies.of("tag", {"AGE": "coarsen"})) == "90以上"


def test_a_command_line_says_it_in_any_order():
    policies = Policies.from_options(["DATE=coarsen", "tag", "bed = keep"])
    assert dict(policies) == {**dict.fromkeys(IDENTIFIER_TYPES, "tag"), "DATE": "coarsen", "BED": "keep"}
    assert dict(Policies.from_options([])) == dict.fromkeys(IDENTIFIER_TYPES, "surrogate")
    assert policies == Policies.of("tag", {"DATE": "coarsen", "BED": "keep"}) != Policies.of("tag")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["hide"], "no action 'hide'; there are keep, remove, tag, coarsen, surrogate"),
        (["DATE=hide"], "no action 'hide'; there are keep"),
        (["DAY=keep"], "No class of identifiers is called 'DAY'; there are NAME, ID,"),
        (["=keep"], "called ''"),
        (["tag", "keep"], "Two actions are for all classes, 'tag' and 'keep': name a class, as in DATE=keep"),
        (["DATE=tag", "DATE=keep"], "Two actions are for DATE, 'tag' and 'keep'"),
        (["NAME=coarsen"], "NAME cannot be coarsened.* choose one of keep, remove, tag, surrogate"),
        (["coarsen"], "NAME cannot be coarsened"),
        ([""], "no action ''"),
    ],
)
def test_bad_policies_are_refused_with_what_there_is(options, message):
    with pytest.raises(ValueError, match=message):
        Policies.from_options(options)


def test_every_class_needs_an_action():
    with pytest.raises(ValueError, match="Nothing is said about NAME, ID"):
        Policies({"DATE": "keep"})


def test_surrogates_need_something_that_makes_them():
    with pytest.raises(ValueError, match="NAME gets surrogates, which need a key"):
        replaced("NAME", "王建国", Policies.of(), None)


def test_a_record_is_edited_by_its_policies():
    text = "王建国，92岁，12床，2013-05-17入院。"
    found = [
        Identifier(0, 3, "NAME", "r"),
        Identifier(4, 7, "AGE", "r"),
        Identifier(8, 11, "BED", "r"),
        Identifier(12, 22, "DATE", "r"),
    ]
    policies = Policies.of("tag", {"BED": "keep", "DATE": "coarsen", "AGE": "remove"})
    edits = policies.edits(found, text, "patient 1", None)
    assert edits == [Edit(0, 3, "[姓名]"), Edit(4, 7, ""), Edit(12, 22, "2013-05")]
    assert EditedText(text, edits).text == "[姓名]，，12床，2013-05入院。"
