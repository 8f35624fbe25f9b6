"""Accepted terms in lists: nothing lost, nothing twice, and read by what reads dictionaries."""

import pytest

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.mining.merging import extend_folder, extend_table, plan_merge, read_lists
from modeling_dicmt.mining.review import Accepted

LISTS = ClinicalDictionary({"肺炎": ["disease"], "阿莫西林": ["drug"], "一般": ["generic"]})
LISTS_OF_TYPE = {"Disease": ["disease"], "Treatment": ["drug", "operation"]}


def test_a_plan_by_hand():
    rows = [
        Accepted("肺炎", "Disease", 2),
        Accepted("气胸", "Disease", 3),
        Accepted("气胸", "Disease", 4),
        Accepted("肺炎", "Treatment", 5),
        Accepted("输液", "Treatment", 6),
        Accepted("输液", "Disease", 7),
        Accepted("一般", "Disease", 8),
    ]
    merge = plan_merge(rows, LISTS, LISTS_OF_TYPE)
    assert merge.added == {"Disease": ["气胸", "一般"]}
    assert [row.line for row in merge.known] == [2, 4]
    assert [(row.line, other) for row, other in merge.conflicts] == [
        (5, "Disease in line 2 and Disease in the lists"),
        (6, "Disease in line 7"),
        (7, "Treatment in line 6"),
    ]
    merge = plan_merge(rows, LISTS, LISTS_OF_TYPE, allow_several_types=True)
    assert merge.added == {"Disease": ["气胸", "输液", "一般"], "Treatment": ["肺炎", "输液"]} and not merge.conflicts


ADDED = {"Disease": ["气胸"], "Drug": ["ct造影剂"]}


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_folder_keeps_what_it_has(tmp_path, encoding):
    (tmp_path / "disease.tsv").write_bytes("肺炎\t来源\r\n坏\u200b的\r\n发热待查".encode(encoding))
    (tmp_path / "anatomy.txt").write_bytes("肝".encode(encoding))
    (tmp_path / "notes.md").write_text("ours")
    extend_folder(tmp_path, ADDED, encoding)
    content = (tmp_path / "disease.tsv").read_bytes()
    assert content.decode(encoding) == "肺炎\t来源\r\n坏\u200b的\r\n发热待查\r\n气胸\r\n"
    assert (tmp_path / "anatomy.txt").read_bytes().decode(encoding) == "肝"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Drug.txt", "anatomy.txt", "disease.tsv", "notes.md"]
    lists = dict(ClinicalDictionary.from_path(tmp_path, encoding).items())
    assert lists == {
        "肺炎": ("disease",),
        "发热待查": ("disease",),
        "气胸": ("disease",),
        "肝": ("anatomy",),
        "ct造影剂": ("Drug",),
    }


def test_a_list_of_the_very_name_is_preferred(tmp_path):
    for name in ("DRUG.txt", "Drug.txt", "drug.tsv"):
        (tmp_path / name).write_text("甲\n")
    extend_folder(tmp_path, {"Drug": ["乙"]}, "utf-8")
    assert [(tmp_path / name).read_text() for name in ("DRUG.txt", "Drug.txt", "drug.tsv")] == [
        "甲\n",
        "甲\n乙\n",
        "甲\n",
    ]


def test_a_new_folder_a_table_and_a_list_are_made_and_extended(tmp_path):
    for _ in range(2):
        extend_folder(tmp_path / "new" / "lists", ADDED, "utf-8")
        extend_table(tmp_path / "new" / "table.tsv", ADDED, "utf-8")
        extend_table(tmp_path / "new" / "Drug.txt", {"Drug": ["甲"]}, "utf-8")
    lists = {"气胸": ("Disease",), "ct造影剂": ("Drug",)}
    for name in ("lists", "table.tsv"):
        assert dict(ClinicalDictionary.from_path(tmp_path / "new" / name).items()) == lists
    (tmp_path / "Drug.txt").write_text("\ufeff乙", encoding="utf-8")
    extend_table(tmp_path / "Drug.txt", {"drug": ["甲"]}, "utf-8")
    assert (tmp_path / "Drug.txt").read_text(encoding="utf-8") == "\ufeff乙\n甲\n"


@pytest.mark.parametrize("kind", ["../Drug", "a/b", "a:b", ".hidden", "x."])
def test_a_type_that_names_no_file_is_refused_before_anything_is_written(tmp_path, kind):
    with pytest.raises(ValueError, match="cannot name a file"):
        extend_folder(tmp_path / "lists", {"Disease": ["气胸"], kind: ["甲"]}, "utf-8")
    assert [*tmp_path.iterdir()] == []


def test_a_list_of_another_type_is_refused(tmp_path):
    path = tmp_path / "Drug.txt"
    path.write_text("甲\n")
    with pytest.raises(ValueError, match="is a list of Drug alone, and Disease was accepted"):
        extend_table(path, ADDED, "utf-8")
    assert path.read_text() == "甲\n" and [*tmp_path.iterdir()] == [path]


def test_what_there_is_not_is_no_list(tmp_path):
    assert len(read_lists(tmp_path / "none", "utf-8")) == len(read_lists(tmp_path, "utf-8")) == 0
    (tmp_path / "Drug.txt").write_text("甲")
    assert dict(read_lists(tmp_path, "utf-8").items()) == {"甲": ("Drug",)}
