"""Which files are read, and what they are called."""

import pytest
from unlabelled_texts import write

from data_scripts.unlabelled.report import ReadingReport
from data_scripts.unlabelled.sources import content_hash, content_secret, find_sources, state_of


def names(*paths):
    report = ReadingReport()
    return [source.name for source in find_sources(paths, report)], report


def test_folders_are_read_with_what_is_below_them_each_file_once(tmp_path):
    for name in ("b.txt", "a/C.TXT", "a/d.jsonl.gz", ".hidden.txt", ".git/e.txt"):
        write(tmp_path / name, "患者")
    found, report = names(tmp_path, tmp_path / "b.txt", tmp_path / "a")
    assert found == ["a/C.TXT", "a/d.jsonl.gz", "b.txt"]
    assert report.exclusions == {}


def test_what_is_not_read_is_counted(tmp_path):
    for name in ("a.txt", "b.csv", "c.docx"):
        write(tmp_path / name, "患者")
    write(tmp_path / "elsewhere" / "d.txt", "患者")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    found, report = names(tmp_path)
    assert found == ["a.txt", "elsewhere/d.txt"]
    assert [(item["count"], item["first"]) for item in report.exclusions.values()] == [(1, "link"), (2, "b.csv")]


def test_a_card_gets_names_without_paths_and_none_of_many_single_records(tmp_path):
    for number in range(3):
        write(tmp_path / "few" / "deep" / f"{number}.txt", "患者")
    for number in range(21):
        write(tmp_path / "ward" / f"张三-{number}.txt", "患者")
    _, report = names(tmp_path / "few", tmp_path / "ward")
    assert report.names == ["0.txt", "1.txt", "2.txt", "ward (21 files)"]


@pytest.mark.parametrize("name", ["a.csv", "a", "a.jsonl.zip"])
def test_a_named_file_of_another_kind_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"is not read\. Read are \.txt"):
        find_sources([write(tmp_path / name, "患者")])


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such file or folder"):
        find_sources([tmp_path / "none.txt"])
    with pytest.raises(FileNotFoundError, match="holds no file with text"):
        find_sources([tmp_path])
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"gone\.txt is a link to what is not there"):
        find_sources([tmp_path])


def test_a_file_that_vanished_is_named_in_an_error_that_is_none_of_the_output_place(tmp_path):
    (source,) = find_sources([write(tmp_path / "a.txt", "患者")])
    source.path.unlink()
    for look in (content_hash, state_of):
        with pytest.raises(ValueError, match=r"a\.txt: cannot be read \(No such file"):
            look(source)


def test_a_secret_follows_from_the_content_of_all_files_and_from_nothing_else(tmp_path):
    first, second = write(tmp_path / "a.txt", "患者"), write(tmp_path / "b.txt", "腹痛")
    secret = content_secret([first, second])
    assert len(secret) == 32 and secret == content_secret([tmp_path]) == content_secret([second, first])
    first.rename(tmp_path / "c.txt")
    assert content_secret([tmp_path]) == secret
    assert len({secret, content_secret([second]), content_secret([tmp_path / "c.txt"])}) == 3
    write(second, "腹胀")
    assert content_secret([tmp_path]) != secret
