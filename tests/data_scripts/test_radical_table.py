"""Derivation of the table of radicals from Unihan."""

import os
from pathlib import Path

import pytest

from data_scripts.__main__ import main
from data_scripts.radical_table import derive_radicals
from modeling_dicmt import radicals
from modeling_dicmt.radicals import UNKNOWN_RADICAL, RadicalTable

DATA_DIR = Path(os.environ.get("DICMT_DATA_DIR", Path(__file__).parents[2] / "../shared/data"))


def test_derivation_takes_the_first_radical_and_reads_back(tmp_path):
    source = tmp_path / "unihan.txt"
    lines = [f"U+{0x4E00 + radical:X}\tkRSUnicode\t{radical}.0" for radical in range(1, 215)]
    lines += [
        "# comment",
        "",
        "U+5000\tkTotalStrokes\t9",
        "U+3400\tkRSUnicode\t7'.2 9.1",
        "U+3401\t7''.-1",
        "U+3402\t7.1",
    ]
    source.write_text("\n".join(lines), encoding="utf-8")
    derived = tmp_path / "radicals.tsv"
    assert main(["radicals", str(source), str(derived)]) == 0
    assert "\n7\t3400-3402 4E07\n" in derived.read_text(encoding="utf-8")
    assert RadicalTable.load(derived).ids("㐀㐁㐂\u4e07\u5000").tolist() == [9, 9, 9, 9, UNKNOWN_RADICAL]


def test_derivation_names_the_line_it_cannot_read(tmp_path):
    source = tmp_path / "unihan.txt"
    source.write_text("U+4E00\t1.0\nU+4E01\tone\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"unihan\.txt, line 2: 'U\+4E01 one'"):
        derive_radicals(source)


def test_a_failed_derivation_leaves_no_table(tmp_path, capsys):
    (tmp_path / "unihan.txt").write_text("U+4E00\t1.0\nU+4E01\tone\n", encoding="utf-8")
    assert main(["radicals", str(tmp_path / "unihan.txt"), str(tmp_path / "radicals.tsv")]) == 1
    assert "unihan.txt, line 2" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["unihan.txt"]


@pytest.mark.real_data
def test_the_shipped_table_is_derived_from_unihan(tmp_path):
    source = DATA_DIR / "unihan_kRSUnicode.tsv"
    if not source.is_file():
        pytest.skip("the real data are absent (DICMT_DATA_DIR)")
    assert main(["radicals", str(source), str(tmp_path / "radicals.tsv")]) == 0
    shipped = Path(radicals.__file__).with_name("radicals.tsv").read_bytes()
    assert (tmp_path / "radicals.tsv").read_bytes() == shipped


def test_the_file_that_is_read_was_replaced_by_its_table(tmp_path):
    source = tmp_path / "unihan.txt"
    source.write_text("U+3402\t7.1\n", encoding="utf-8")
    (tmp_path / "link").symlink_to(source)
    assert main(["radicals", str(source), str(source)]) == main(["radicals", str(tmp_path / "link"), str(source)]) == 1
    assert source.read_text(encoding="utf-8") == "U+3402\t7.1\n"
