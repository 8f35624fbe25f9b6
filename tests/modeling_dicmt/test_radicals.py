import os
import re
from pathlib import Path

import numpy as np
import pytest

from modeling_dicmt import radicals
from modeling_dicmt.radicals import NO_HAN_RADICAL, NUM_RADICALS, UNKNOWN_RADICAL, RadicalTable

DATA_DIR = Path(os.environ.get("DICMT_DATA_DIR", Path(__file__).parents[2] / "../shared/data"))


@pytest.fixture(scope="module")
def table():
    return RadicalTable.load()


@pytest.mark.parametrize(
    ("characters", "kangxi_radical"),
    [
        ("肝腺腹脏⾁", 130),  # 130 is 肉, of which 月 is the form on the left
        ("疼痛病癌疒", 104),
        ("诊診", 149),  # 149'.5 in kRSUnicode: the simplified form counts as the radical itself
        ("一丁⼀", 1),
        ("月⽉", 74),
        ("龠", 214),
        ("\U00020000", 1),
    ],
)
def test_characters_of_one_radical_share_its_id(table, characters, kangxi_radical):
    assert table.ids(characters).tolist() == [kangxi_radical + 2] * len(characters)


def test_other_characters_are_told_from_unknown_han(table):
    assert table.ids("aＡ1，。 \n😀\U0010ffff\ud800").tolist() == [NO_HAN_RADICAL] * 10
    assert table.ids("〇\U0003fffd").tolist() == [UNKNOWN_RADICAL] * 2


def test_ids_are_one_byte_a_character_and_below_num_radicals(table):
    ids = table.ids("".join(map(chr, range(0x110000))))
    assert ids.dtype == np.uint8 and ids.shape == (0x110000,)
    assert NUM_RADICALS == 217
    assert set(ids.tolist()) == set(range(1, NUM_RADICALS))  # 0 is left to padding
    assert table.ids("").shape == (0,)


def test_a_bad_table_is_refused(tmp_path):
    content = Path(radicals.__file__).with_name("radicals.tsv").read_text(encoding="utf-8")
    path = tmp_path / "radicals.tsv"
    with pytest.raises(FileNotFoundError, match="copy the package's"):
        RadicalTable.load(path)
    # Cut between two lines, within the last line, and within one before.
    for cut in (content.rindex("\n", 0, -1) + 1, len(content) - 3, len(content) // 2):
        path.write_text(content[:cut], encoding="utf-8")
        with pytest.raises(ValueError, match="radicals: the file is cut"):
            RadicalTable.load(path)
    path.write_text(re.sub(r"(?m)^7\t.*$", "215\t5000", content), encoding="utf-8")
    with pytest.raises(ValueError, match="215 is not a Kangxi radical"):
        RadicalTable.load(path)
    path.write_text(re.sub(r"(?m)^7\t.*$", "7\t50000", content), encoding="utf-8")
    with pytest.raises(ValueError, match="50000-50000 of radical 7 is not a range of code points"):
        RadicalTable.load(path)
    path.write_text(content.replace("\n7\t", "\n7 "), encoding="utf-8")
    with pytest.raises(ValueError, match=r"radicals\.tsv, line 10: expected a radical's number"):
        RadicalTable.load(path)


@pytest.mark.real_data
def test_the_shipped_table_is_what_unihan_says(table, tmp_path):
    source = DATA_DIR / "unihan_kRSUnicode.tsv"
    if not source.is_file():
        pytest.skip("the real data are absent (DICMT_DATA_DIR)")
    entries = [line.split("\t") for line in source.read_text(encoding="utf-8").splitlines()]
    text = "".join(chr(int(code_point[2:], 16)) for code_point, _ in entries)
    expected = [int(re.match(r"\d+", values)[0]) + 2 for _, values in entries]
    assert table.ids(text).tolist() == expected
    assert len(expected) == 98060
