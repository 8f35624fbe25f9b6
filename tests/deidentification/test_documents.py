"""Documents taken one by one: counted, and the same whatever was read before and whoever reads them."""

import pytest

from modeling_dicmt.deidentification import IDENTIFIER_TYPES
from modeling_dicmt.deidentification.arguments import IdentifierArguments
from modeling_dicmt.deidentification.documents import DocumentDeidentifier

SECRET = bytes(range(32))
FIRST, SECOND = "患者王建国，于2013年5月3日入院。", "患者王建国，于2013年5月3日出院。"


def make(secret=SECRET, **settings):
    return DocumentDeidentifier(IdentifierArguments(**settings), secret)


def test_a_document_does_not_depend_on_those_before_it():
    one, other = make(), make()
    assert [one(text) for text in (FIRST, SECOND)] == [other(text) for text in (SECOND, FIRST)][::-1]


def test_each_document_is_a_patient_of_its_own_and_another_secret_gives_others():
    new = make()(FIRST)
    assert "王建国" not in new and "2013年5月3日" not in new
    assert make()(SECOND) != new.replace("入院", "出院") and make(SECRET[::-1])(FIRST) != new


def test_documents_that_are_equal_after_normalisation_remain_so():
    wide = "　患者王建国，于２０１３年５月３日入院。\n"
    deidentify = make()
    assert deidentify(wide).strip().translate({ord(c): ord(c) - 0xFEE0 for c in "０１２３４５６７８９"}) == deidentify(
        FIRST
    )


def test_what_is_found_is_counted_also_where_it_is_kept():
    deidentify = make(policies=["NAME=keep"])
    assert "王建国" in deidentify(FIRST) and "王建国" in deidentify(SECOND)
    assert deidentify.found == {"NAME": 2, "DATE": 2}
    assert list(deidentify.policies) == list(IDENTIFIER_TYPES)


def test_the_name_tells_settings_apart_and_none_of_them(tmp_path):
    for number, names in enumerate(("甲乙丙", "丁戊己")):
        (tmp_path / f"{number}.txt").write_text(names, encoding="utf-8")
        (tmp_path / f"rules{number}").mkdir()
        rule = f"type: ID\nrules: {{a: '{names}'}}\n"
        (tmp_path / f"rules{number}" / "a.yaml").write_text(rule, encoding="utf-8")
    (tmp_path / "rules2" / "lists").mkdir(parents=True)
    (tmp_path / "rules2" / "a.yaml").write_text("type: ID\nrules: {a: '甲乙丙'}\n", encoding="utf-8")
    (tmp_path / "rules2" / "lists" / "a.txt").write_text("甲", encoding="utf-8")
    settings = [
        {},
        {"secret": SECRET[::-1]},
        {"policies": ["tag"]},
        *({"names": str(tmp_path / f"{number}.txt")} for number in (0, 1)),
        *({"rules": str(tmp_path / f"rules{number}")} for number in (0, 1, 2)),
    ]
    made = [make(**one).name for one in settings]
    assert len(set(made)) == len(made) and made == [make(**one).name for one in settings]
    assert all(len(name) == 64 and set(name) <= set("0123456789abcdef") for name in made)


def test_a_text_of_half_a_character_is_read():
    assert make()("\ud83d患者王建国。").startswith("\ud83d患者")


def test_wrong_policies_are_refused():
    with pytest.raises(ValueError, match="no action 'hide'"):
        IdentifierArguments(policies=["hide"])
