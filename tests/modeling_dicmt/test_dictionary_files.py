import json

import pytest

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.dictionary_files import DictionaryError


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def test_a_folder_of_lists(tmp_path):
    write(tmp_path / "disease.tsv", "\ufeff胃炎\tward 3\r\n\r\n  \t \r\n黄疸\r\n")
    write(tmp_path / "symptom.TXT", "黄疸\n腹痛")
    write(tmp_path / "notes.md", "no list")
    write(tmp_path / ".hidden.tsv", "no list")
    dictionary = ClinicalDictionary.from_path(tmp_path)
    assert dictionary == ClinicalDictionary({"胃炎": ["disease"], "黄疸": ["disease", "symptom"], "腹痛": ["symptom"]})
    assert dictionary.rejected == ()
    assert ClinicalDictionary.from_path(tmp_path, lists=["symptom"]).lists == {"symptom": 2}
    with pytest.raises(DictionaryError, match="has no list drug; its lists are disease, symptom"):
        ClinicalDictionary.from_path(tmp_path, lists=["symptom", "drug"])


def test_a_table_and_a_single_list(tmp_path):
    table = write(tmp_path / "terms.tsv", "胃炎\tdisease\n黄疸\tdisease,symptom\n黄疸\town\tremark\n")
    assert ClinicalDictionary.from_path(table).lists_of("黄疸") == ("disease", "own", "symptom")
    assert ClinicalDictionary.from_path(table, lists=["own"]).lists == {"own": 1}
    assert ClinicalDictionary.from_path(write(tmp_path / "drug.txt", "阿司匹林\n")).lists == {"drug": 1}


@pytest.mark.parametrize(
    "content",
    [
        {"disease": ["胃炎", "黄疸"], "symptom": ["黄疸"]},
        {" disease ": ["胃炎", " 黄疸 "], "symptom": ["黄疸", "黄疸"], "empty": []},
    ],
)
def test_json(tmp_path, content):
    path = write(tmp_path / "terms.json", json.dumps(content))
    expected = ClinicalDictionary({"胃炎": ["disease"], "黄疸": ["disease", "symptom"]})
    assert ClinicalDictionary.from_path(path) == expected


def test_json_in_another_encoding(tmp_path):
    path = write(tmp_path / "terms.json", json.dumps({"drug": ["慢性胃炎"]}, ensure_ascii=False).encode("gb18030"))
    assert ClinicalDictionary.from_path(path, encoding="gb18030").lists == {"drug": 1}
    with pytest.raises(DictionaryError, match="encoding='gb18030'"):
        ClinicalDictionary.from_path(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"胃炎":\n "disease"', "not valid JSON .*line 2, column 11"),
        ('"胃炎"', "is no dictionary: give"),
        ('["胃炎"]', "is no dictionary: give"),
        ('{"胃炎": 3}', "is no dictionary: give"),
        ('{"胃炎": "disease"}', "is no dictionary: give"),
        ('[{"term": "胃炎", "type": "disease"}]', "is no dictionary: give"),
        ("[]", "is no dictionary: give"),
        ("{}", r"holds no usable term \(0 rows rejected\)"),
        ('{"drug": [3]}', "line 1: the term is no string"),
        ('{"a,b": ["胃炎"]}', "line 1: the row has no type, or one that is no usable name"),
        ('{"drug": ["胃炎"], "drug": ["黄疸"]}', "an object has a key twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"drug": [' + "1" * 5000 + "]}", "too many digits"),
        ('{"drug": [NaN]}', "NaN is no JSON number"),
    ],
)
def test_json_that_is_no_dictionary(tmp_path, content, message):
    with pytest.raises(DictionaryError, match=message):
        ClinicalDictionary.from_path(write(tmp_path / "terms.json", content))


def test_rejected_rows_are_located_and_not_quoted(tmp_path):
    rows = ["胃炎", "\tnothing", "", "胃\x00炎", "胃\u200b炎", "胃\ufffd炎", "黄\x85疸", "黄疸"]
    write(tmp_path / "disease.tsv", "\n".join(rows))
    dictionary = ClinicalDictionary.from_path(tmp_path)
    assert list(dictionary) == ["胃炎", "黄疸"]
    assert [(row.file, row.line) for row in dictionary.rejected] == [("disease.tsv", i) for i in (2, 4, 5, 6, 7)]
    assert not any("胃" in row.reason or "黄" in row.reason for row in dictionary.rejected)
    assert "U+0085" in dictionary.rejected[-1].reason


@pytest.mark.parametrize(
    ("written", "read", "suggested"), [("gb18030", "utf-8", "gb18030"), ("utf-16", "utf-8", "utf-16")]
)
def test_another_encoding_is_recognised(tmp_path, written, read, suggested):
    path = write(tmp_path / "disease.tsv", "abc\n慢性胃炎\n".encode(written))
    with pytest.raises(DictionaryError, match=rf"disease\.tsv is not {read}: line \d, byte \d.*encoding='{suggested}'"):
        ClinicalDictionary.from_path(tmp_path, encoding=read)
    assert ClinicalDictionary.from_path(tmp_path, encoding=written) == ClinicalDictionary(
        {"abc": ["disease"], "慢性胃炎": ["disease"]}
    )
    assert path.exists()


def test_line_and_byte_of_a_damaged_file(tmp_path):
    write(tmp_path / "disease.tsv", "胃炎\n".encode() + b"\xff\xffa\xff")
    with pytest.raises(DictionaryError, match=r"line 2, byte 7 cannot be decoded\. It is damaged"):
        ClinicalDictionary.from_path(tmp_path)
    with pytest.raises(DictionaryError, match="'utf-88' is no known encoding"):
        ClinicalDictionary.from_path(tmp_path, encoding="utf-88")


def test_utf8_read_as_something_else_is_recognised(tmp_path):
    write(tmp_path / "disease.tsv", "胃炎\n黄疸\n腹痛\n".encode())
    with pytest.raises(DictionaryError, match=r"is not ascii.*encoding='utf-8'"):
        ClinicalDictionary.from_path(tmp_path, encoding="ascii")


def test_nothing_to_read(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no dictionary at"):
        ClinicalDictionary.from_path(tmp_path / "nowhere")
    with pytest.raises(DictionaryError, match=r"has no list: a list is a \.tsv or \.txt file"):
        ClinicalDictionary.from_path(tmp_path)
    write(tmp_path / "disease.tsv", "\n\x00\n")
    with pytest.raises(DictionaryError, match=r"no usable term \(1 rows rejected\).*disease\.tsv, line 2: the term"):
        ClinicalDictionary.from_path(tmp_path)
    write(tmp_path / "a,b.tsv", "胃炎\n")
    with pytest.raises(DictionaryError, match=r"a,b\.tsv: a list is named after its file"):
        ClinicalDictionary.from_path(tmp_path)


def test_lists_in_another_form_were_passed_over_without_a_word(tmp_path, caplog):
    write(tmp_path / "disease.tsv", "胃炎\n")
    assert ClinicalDictionary.from_path(tmp_path).lists == {"disease": 1} and not caplog.records
    for name in ("drug.csv", "exam.json", "more/symptom.tsv", ".hidden.csv"):
        write(tmp_path / name, "阿司匹林\n")
    assert ClinicalDictionary.from_path(tmp_path).lists == {"disease": 1}
    (said,) = [record.getMessage() for record in caplog.records]
    assert said == f"{tmp_path}: not read, since neither .tsv nor .txt: 3 (drug.csv, exam.json, more)."
