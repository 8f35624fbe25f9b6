"""Lines of any length and encoding, and files that are no text."""

import codecs
import gzip
import tracemalloc

import pytest
from unlabelled_texts import write

from data_scripts.encodings import find_encoding
from data_scripts.unlabelled.lines import read_lines
from data_scripts.unlabelled.report import ReadingReport
from data_scripts.unlabelled.sources import Source


def lines(path, encoding="utf-8", limit=1000, is_named=True, advance=lambda _: None):
    report = ReadingReport()
    return list(read_lines(Source(path, path.name, is_named), encoding, limit, report, advance)), report


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_lines_have_numbers_and_no_ends(tmp_path, name, end):
    path = write(tmp_path / name, "患者", "", "腹痛 ", end=end)
    read, _ = lines(path)
    assert [(line.number, line.text, line.is_end) for line in read] == [
        (1, "患者", True),
        (2, "", True),
        (3, "腹痛 ", True),
    ]


@pytest.mark.parametrize("ends", [True, False])
def test_a_line_beyond_the_limit_comes_in_pieces(tmp_path, ends):
    path = tmp_path / "a.txt"
    path.write_text("一\n" + "二三四五六七八" + "\n九" * ends, encoding="utf-8")
    read, _ = lines(path, limit=3)
    texts = {}
    for line in read:
        assert len(line.text) <= 3
        texts[line.number] = texts.get(line.number, "") + line.text
    assert texts == {1: "一", 2: "二三四五六七八"} | ({3: "九"} if ends else {})
    assert [line.is_end for line in read if line.number == 2] == [False, False, True]
    assert read[-1].is_end


def test_a_huge_line_takes_no_more_memory_than_the_limit(tmp_path):
    path = tmp_path / "a.txt"
    with open(path, "w", encoding="utf-8") as file:
        for _ in range(200):
            file.write("患者腹痛三天。" * 10_000)
    source = Source(path, path.name, True)
    tracemalloc.start()
    try:
        characters = sum(len(line.text) for line in read_lines(source, "utf-8", 100_000, ReadingReport()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert characters == 14_000_000
    assert peak < 2_000_000


@pytest.mark.parametrize(
    ("text", "encoding", "given", "found"),
    [
        ("患者", "utf-8", "utf-8", "utf-8"),
        ("患者", "utf-8", "gb18030", "utf-8"),  # read as GB18030 it gives 鎮ｈ€
        ("患者", "utf-8-sig", "gb18030", "utf-8-sig"),
        ("患者", "gb18030", "gb18030", "gb18030"),
        ("头痛", "gb18030", "gb18030", "gb18030"),  # its bytes are UTF-8 by chance: ͷʹ
        ("患者", "utf-16", "utf-8", "utf-16"),
        ("患者", "utf-16-le", "utf-16-le", "utf-16-le"),
        ("CT", "ascii", "gb18030", "gb18030"),
    ],
)
def test_encoding_is_found_by_mark_or_content_or_given(tmp_path, text, encoding, given, found):
    path = write(tmp_path / "a.txt", text, text, encoding=encoding)
    if encoding == "utf-16":  # one mark, at the beginning
        path.write_bytes(codecs.BOM_UTF16_BE + f"{text}\n{text}\n".encode("utf-16-be"))
    if encoding == "utf-8-sig":
        path.write_bytes(codecs.BOM_UTF8 + f"{text}\n{text}\n".encode())
    assert find_encoding(path.read_bytes(), given) == found
    assert [line.text for line in lines(path, given)[0]] == [text, text]


def test_a_character_cut_at_the_heads_end_is_no_sign_of_another_encoding():
    assert find_encoding("患者".encode()[:-1], "gb18030") == "utf-8"


def test_a_damaged_line_is_skipped_and_counted(tmp_path):
    path = tmp_path / "a.txt"
    good = [f"第{number}行".encode() for number in range(400)]
    path.write_bytes(b"\n".join([*good[:5], "患者".encode("gb18030"), b"x\0y", *good[5:]]))
    read, report = lines(path)
    assert [line.text for line in read if not line.is_skipped] == [line.decode() for line in good]
    (found,) = report.exclusions.values()
    assert found == {"count": 2, "first": "a.txt, line 6"}


@pytest.mark.parametrize("number", [1, 3, 5000])
def test_a_file_in_another_encoding_is_refused_with_its_line(tmp_path, number):
    path = write(tmp_path / "a.txt", *["患者腹痛"] * number, encoding="gb18030")
    with pytest.raises(ValueError, match=r"a\.txt, line 1: not utf-8 .*gb18030") as raised:
        lines(path)
    assert "患者" not in str(raised.value)
    if number == 5000:
        assert "of the first 10 lines" in str(raised.value)  # not found out at the end


def test_a_binary_file_is_refused_if_named_and_skipped_if_found(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"PK\x03\x04\0\0" * 100)
    with pytest.raises(ValueError, match=r"a\.txt: a binary file"):
        lines(path)
    read, report = lines(path, is_named=False)
    assert read == [] and report.files == 0
    assert report.exclusions == {"binary file, skipped": {"count": 1, "first": "a.txt"}}


def test_a_cut_archive_is_an_error_with_its_line(tmp_path):
    path = tmp_path / "a.txt.gz"
    content = gzip.compress("".join(f"第{number * number}行\n" for number in range(50_000)).encode())
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"a\.txt\.gz, after line \d+: cannot be read"):
        lines(path)
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"a\.txt\.gz: cannot be read"):
        lines(path)


@pytest.mark.parametrize(("rest", "message"), [(b"\x81", "line 2: not utf-16"), (b"\x3c\xd8", "after line 1: cannot")])
def test_half_a_character_in_utf_16_is_an_error_with_its_line(tmp_path, rest, message):
    path = tmp_path / "a.txt"
    path.write_bytes(codecs.BOM_UTF16_LE + "患者\n".encode("utf-16-le") + rest)
    with pytest.raises(ValueError, match=rf"a\.txt, {message}"):
        lines(path)


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_what_is_read_of_the_file_is_told_to_the_last_byte(tmp_path, name):
    path = write(tmp_path / name, *[f"第{number * number}行" for number in range(10_000)])
    steps = []
    lines(path, advance=steps.append)
    assert sum(steps) == path.stat().st_size and max(steps) < path.stat().st_size
