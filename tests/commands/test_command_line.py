import json
from dataclasses import dataclass, field

import pytest

from modeling_dicmt.commands.command_line import DEBUG_VARIABLE, parse_arguments, run_command


@dataclass
class Settings:
    """Arguments of a made-up command."""

    name: str = field(metadata={"help": "Name."})
    rate: float = field(default=0.1, metadata={"help": "Rate."})
    sizes: list[int] = field(default_factory=lambda: [1], metadata={"help": "Sizes."})
    fast: bool = field(default=True, metadata={"help": "Fast."})
    note: str | None = field(default=None, metadata={"help": "Note."})


def settings_file(tmp_path, content, name="settings.json") -> str:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


def test_settings_come_from_a_file_and_the_command_line_overrides_them(tmp_path):
    path = settings_file(tmp_path, {"name": "药", "rate": 1e-3, "sizes": [2, 3], "fast": False, "note": None})
    (settings,) = parse_arguments((Settings,), None, [path])
    assert settings == Settings("药", 0.001, [2, 3], False, None)
    (settings,) = parse_arguments((Settings,), None, [path, "--rate", "0.5", "--sizes", "4", "--fast", "True"])
    assert settings == Settings("药", 0.5, [4], True, None)


def test_the_process_s_own_arguments_are_the_default(monkeypatch):
    monkeypatch.setattr("sys.argv", ["command", "--name", "a"])
    assert parse_arguments((Settings,), None) == (Settings("a"),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"name": "a",\n "rate": }', "settings.json: not valid JSON .*line 2"),
        ([1, 2], "settings.json: expected an object of settings"),
        ({"name": "a", "learning_speed": 1}, "learning_speed"),
    ],
)
def test_a_wrong_settings_file_is_refused(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        parse_arguments((Settings,), None, [settings_file(tmp_path, content)])


def test_a_settings_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "settings.json"
    path.write_bytes('{"name": "腹痛"}'.encode("gb18030"))
    with pytest.raises(ValueError, match=r"settings.json: not UTF-8 \(byte 10\)"):
        parse_arguments((Settings,), None, [str(path)])


def test_abbreviated_arguments_are_refused():
    with pytest.raises(ValueError, match="--not"):
        parse_arguments((Settings,), None, ["--name", "a", "--not", "b"])


def test_help_shows_description_help_texts_and_defaults(capsys):
    with pytest.raises(SystemExit) as stop:
        parse_arguments((Settings,), "Does a thing.\n\n    command --name A", ["--help"])
    shown = capsys.readouterr().out
    assert stop.value.code == 0
    for part in ("Does a thing.\n\n    command --name A", "Rate. (default: 0.1)"):
        assert part in shown


@pytest.mark.parametrize("error", [ValueError, FileNotFoundError, FloatingPointError, ImportError])
def test_what_a_user_can_mend_is_one_message(capsys, error):
    def fail():
        raise error("a.jsonl, line 3: wrong.")

    with pytest.raises(SystemExit) as stop:
        run_command(fail)
    assert stop.value.code == 1
    assert capsys.readouterr().err == f"error: a.jsonl, line 3: wrong. (set {DEBUG_VARIABLE}=1 for a traceback)\n"


def test_the_message_says_which_process_it_comes_from(capsys, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    with pytest.raises(SystemExit):
        run_command(lambda: int("x"))
    assert capsys.readouterr().err.startswith("error (process 1): ")


def test_ctrl_c_is_one_message_and_status_130(capsys):
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as stop:
        run_command(interrupt)
    assert stop.value.code == 130
    captured = capsys.readouterr().err
    assert captured.startswith("error: Interrupted.") and captured.count("\n") == 1


def test_a_traceback_is_there_for_whoever_asks(monkeypatch):
    monkeypatch.setenv(DEBUG_VARIABLE, "1")
    with pytest.raises(ValueError):
        run_command(lambda: int("x"))


def test_a_bug_is_no_message():
    with pytest.raises(KeyError):
        run_command(lambda: {}["a"])
