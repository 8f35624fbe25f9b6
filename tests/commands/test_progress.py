import io

import pytest

from modeling_dicmt.commands import progress as module
from modeling_dicmt.commands.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def every_state_is_shown(monkeypatch):
    monkeypatch.setattr(module, "SECONDS_BETWEEN_LINES", 0)


def test_a_log_file_gets_whole_lines_with_the_total(capsys):
    assert list(progress(iter("abc"), total=3, description="Reading")) == list("abc")
    shown = capsys.readouterr().err
    lines = shown.split("\n")
    assert lines.pop() == "" and "\r" not in shown
    assert all(line.startswith("Reading") for line in lines) and any(" 2/3 [" in line for line in lines)
    assert " 3/3 [" in lines[-1]


def test_a_log_file_got_the_last_line_twice(capsys):
    with progress(total=2) as bar:
        bar.update(2)
    assert capsys.readouterr().err.count(" 2/2 [") == 1


def test_what_takes_no_time_leaves_no_line(capsys, monkeypatch):
    monkeypatch.setattr(module, "SECONDS_BETWEEN_LINES", 1000)
    assert list(progress("abc")) == list("abc")
    assert capsys.readouterr().err == ""


def test_a_terminal_has_one_line_that_is_drawn_anew(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with progress(total=9, unit="step", initial=4) as bar:
        bar.update(5)
    assert terminal.getvalue().startswith("\r") and terminal.getvalue().count("\n") == 1
    assert "4/9" in terminal.getvalue() and "9/9" in terminal.getvalue()


def test_nothing_is_shown_where_it_is_not_wanted(capsys):
    assert list(progress("abc", quiet=True)) == list("abc")
    assert capsys.readouterr().err == ""
