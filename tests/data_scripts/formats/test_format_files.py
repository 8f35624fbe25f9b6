"""Which files are found, how they are opened, and that an output is there whole or not at all."""

import bz2
import gzip
import logging
import lzma
import os

import pytest
from made_up_records import read_all, record, spans, write

from data_scripts.formats import FORMATS, FormatOptions, find_files, guess_format, open_writer
from data_scripts.readers.records import CorpusError

LINE = '{"text": "头痛"}\n'


def refused(call, *arguments, error=CorpusError, **options):
    with pytest.raises(error) as raised:
        call(*arguments, **options)
    return str(raised.value)


@pytest.mark.parametrize(
    ("name", "format"),
    [
        *(("a.jsonl", "jsonl"), ("a.JSONL.gz", "jsonl"), ("a.csv", "csv"), ("a.tsv.xz", "tsv"), ("a.txt.bz2", "text")),
        *(("a.parquet", "parquet"), ("a.ann", "brat"), ("a.json", "label_studio"), ("a.bio", "conll")),
        ("a.spacy", "docbin"),
    ],
)
def test_names_say_formats(name, format):
    assert guess_format(name) == format


@pytest.mark.parametrize("name", ["a", "a.docx", "a.gz", "a.xml"])
def test_other_names_say_none(name):
    assert "does not say which format" in refused(guess_format, name)


def test_each_file_of_a_folder_is_of_the_format_that_its_name_says(tmp_path):
    def formats():
        return {file.name: file.format for file in find_files(tmp_path)}

    with pytest.raises(FileNotFoundError, match="holds no file"):
        formats()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "r.txt").write_text("无")
    (tmp_path / "x.csv").write_text("text\n")
    assert formats() == {"b/r.txt": "text", "x.csv": "csv"}
    (tmp_path / "b" / "r.ann").write_text("")
    assert formats() == {"b/r.txt": "brat", "x.csv": "csv"}
    (tmp_path / "b" / "r.txt").rename(tmp_path / "b" / "other.txt")
    with pytest.raises(CorpusError, match=r"r\.ann: its text, r\.txt, is missing"):
        formats()


def test_files_of_folders_at_any_depth_are_read_by_path_and_others_named(tmp_path, caplog):
    for name in ("b/2.txt", "b/1.TXT", "a.txt", ".hidden/x.txt", "b/.y.txt", "note.docx"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "loop").symlink_to(tmp_path)
    with caplog.at_level(logging.WARNING):
        found = read_all(tmp_path, "text")
    assert [item["id"] for item in found] == ["a.txt", "b/1.TXT", "b/2.txt"]
    assert "2 (loop, note.docx)" in caplog.text


def test_what_cannot_be_found_is_told(tmp_path):
    assert "no such file" in refused(find_files, tmp_path / "x.csv", error=FileNotFoundError)
    assert "no such file" in refused(find_files, tmp_path / "x", "csv", error=FileNotFoundError)
    assert "holds no file of the format csv" in refused(find_files, tmp_path, "csv", error=FileNotFoundError)
    assert "There is no format 'xls'" in refused(find_files, tmp_path, "xls", error=ValueError)
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    assert "gone.txt is a link to what is not there" in refused(find_files, tmp_path, "text")
    (tmp_path / "x.ann").write_text("")
    assert "name the folder" in refused(find_files, tmp_path / "x.ann")


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)])
def test_compressed_files_are_read_and_damaged_ones_told(tmp_path, ending, pack):
    path = tmp_path / f"x.jsonl{ending}"
    path.write_bytes(pack(LINE.encode()))
    assert read_all(path)[0]["text"] == "头痛"
    for content in (pack(LINE.encode() * 9)[:-9], b"nothing", LINE.encode()):
        path.write_bytes(content)
        assert f"{path}" in (message := refused(read_all, path)) and "cannot be read" in message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "big5", "utf-16", "utf-16-le", "utf-32"])
def test_encodings_are_read_as_told_and_marks_recognised(tmp_path, encoding):
    path = tmp_path / "x.jsonl"
    path.write_bytes((LINE.replace("头痛", "發燒，咳嗽") * 3).encode(encoding))
    assert [item["text"] for item in read_all(path, encoding=encoding)] == ["發燒，咳嗽"] * 3
    if encoding in ("utf-8-sig", "utf-16", "utf-32"):
        assert read_all(path)[0]["text"] == "發燒，咳嗽"


def test_the_same_records_give_the_same_compressed_bytes(tmp_path, monkeypatch):
    """Neither the time nor the temporary name is in them."""
    contents = []
    for seconds in (1e9, 2e9):
        monkeypatch.setattr("time.time", lambda now=seconds: now)
        write(tmp_path / "x.jsonl.gz", [record("头痛", id="a")])
        contents.append((tmp_path / "x.jsonl.gz").read_bytes())
    assert contents[0] == contents[1]


def test_a_file_in_utf_8_is_read_as_that_whatever_is_told(tmp_path):
    (tmp_path / "x.jsonl").write_text(LINE, encoding="utf-8")
    assert read_all(tmp_path / "x.jsonl", encoding="gb18030")[0]["text"] == "头痛"


def test_a_line_in_another_encoding_is_named(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_bytes((LINE * 20_000).encode() + LINE.replace("头痛", "患者").encode("gb18030"))
    message = refused(read_all, path)
    assert f"{path}, line 20001: not UTF-8" in message and "gb18030" in message
    path.write_bytes(LINE.encode("utf-16-le") + b"\x00\xd8")
    assert "after line 1: cannot be read" in refused(read_all, path, encoding="utf-16-le")


def test_an_unreadable_file_is_told(tmp_path, monkeypatch):
    path = tmp_path / "x.jsonl"
    path.write_text(LINE)

    def closed(*_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("builtins.open", closed)
    assert "x.jsonl: cannot be read (Permission denied)" in refused(read_all, path)


def test_a_line_without_end_is_not_read_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("data_scripts.formats.text_files.MAX_LINE_BYTES", 100)
    monkeypatch.setattr("data_scripts.formats.json_list.MAX_LINE_BYTES", 100_000)
    for name, content in (("x.jsonl", " " * 200), ("x.txt", "a" * 200), ("x.json", '[{"data": "' + "a" * 300_000)):
        (tmp_path / name).write_text(content)
        assert "longer than" in refused(read_all, tmp_path / name)


@pytest.mark.parametrize("format", FORMATS)
def test_an_output_that_fails_leaves_what_was_there(tmp_path, format):
    path = tmp_path / "x"
    if not FORMATS[format].is_folder:
        path.write_bytes(b"old")
    for wrong in ({"id": "b"}, {"id": "b", "text": 3}, record("头痛", (0, 3, "S"), id="b"), record("头", (0, 1, "O"))):
        message = refused(write, path, [record("头痛", (0, 2, "S"), id="a"), wrong], format)
        assert "x, record 2" in message and "头" not in message
    assert [item.name for item in tmp_path.iterdir()] == ([] if FORMATS[format].is_folder else ["x"])
    assert FORMATS[format].is_folder or path.read_bytes() == b"old"


@pytest.mark.parametrize("format", FORMATS)
def test_errors_of_others_while_it_is_written_are_theirs(tmp_path, format):
    """A file that could not be read was told as an output that cannot be written."""
    for error in (FileNotFoundError("theirs"), RuntimeError("theirs"), KeyboardInterrupt("theirs")):
        with pytest.raises(type(error), match=r"^theirs$"), open_writer(tmp_path / "x", format) as write_record:
            write_record(record("头痛", id="a"))
            raise error
    assert not list(tmp_path.iterdir())


def test_a_folder_with_something_in_it_is_not_written_to(tmp_path):
    (tmp_path / "out").mkdir()
    write(tmp_path / "out", [record("头痛", id="a")], "text")
    for format in ("text", "brat", "csv"):
        assert "folder" in refused(write, tmp_path / "out", [], format)
    assert os.listdir(tmp_path / "out") == ["a.txt"]


def test_a_full_disk_is_told_as_such(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    assert "Cannot write to" in refused(write, tmp_path / "x.csv", [record("头痛", id="a")], error=OSError)
    assert not list(tmp_path.iterdir())


def test_a_character_that_the_encoding_lacks_is_told(tmp_path):
    message = refused(write, tmp_path / "x.csv", [{"id": "a", "text": "头痛😀"}], encoding="gb2312")
    assert "record 1: gb2312 does not have the character U+1F600" in message


def test_texts_are_read_without_what_stands_beside_them(tmp_path):
    """Wrong annotations are no matter to who reads texts alone."""
    files = {
        "x.jsonl": '{"id": "a", "text": "头痛", "entities": [[0, 9]], "group": []}\n',
        "x.csv": "id,text,entities\na,头痛,x\n",
        "x.json": '[{"data": {"id": "a", "text": "头痛"}, "annotations": [{"result": 3}]}]',
        "x.txt": "头痛",
    }
    (tmp_path / "x.ann").write_text("wrong")
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
        format = "brat" if name == "x.txt" else None
        (found,) = read_all(tmp_path / name, format, annotated=False, named=False)
        assert found == {"id": found["id"], "text": "头痛"}
        assert str(tmp_path) in refused(read_all, tmp_path / name, format)


@pytest.mark.parametrize("pair", ["encoding", "encodings=x", "annotated=False"])
def test_options_that_there_are_not_are_told(pair):
    with pytest.raises(ValueError, match=r"is no option of a format\. There are discontinuous=…"):
        FormatOptions.from_pairs([pair])


def test_options_out_of_their_choices_are_told():
    for pair in ("encoding=none", "scheme=XYZ", "offsets=bytes", "discontinuous=inner", "results=drafts"):
        with pytest.raises(ValueError, match=pair.partition("=")[0]):
            FormatOptions.from_pairs([pair])
    assert FormatOptions.from_pairs(["text_column=a=b"]).text_column == "a=b"


def test_scores_and_words_that_are_wrong_are_told(tmp_path):
    path = tmp_path / "x.jsonl"
    for keys, told in (('"score": "high"', "'score' must be a number"), ('"word": "痛"', "'word' is")):
        path.write_text('{"text": "头痛", "entities": [{"start": 0, "end": 1, "type": "S", ' + keys + "}]}\n")
        assert "line 1, entity 1" in (message := refused(read_all, path)) and told in message
    path.write_text('{"text": "头痛", "entities": [{"start": 0, "end": 1, "type": "S", "word": "头", "score": null}]}')
    assert spans(read_all(path)[0]) == [(0, 1, "S")] and read_all(path)[0]["entities"][0]["word"] == "头"
