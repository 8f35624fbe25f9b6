import json
import re
from dataclasses import dataclass, field

import pytest

import modeling_dicmt
from modeling_dicmt.commands.command_line import DEBUG_VARIABLE, check_bounds, parse_arguments, run_command


@dataclass
class Settings:
    """Arguments of a made-up command."""

    name: str = field(metadata={"help": "Name."})
    rate: float = field(default=0.1, metadata={"help": "Rate."})
    sizes: list[int] = field(default_factory=lambda: [1], metadata={"help": "Sizes."})
    fast: bool = field(default=True, metadata={"help": "Fast."})
    note: str | None = field(default=None, metadata={"help": "Note."})
    num_steps: int | None = field(default=None, metadata={"help": "Steps.", "minimum": 1, "rare": True, "free": True})
    share_of_steps: float = field(default=0.5, metadata={"help": "Share.", "above": 0, "below": 1, "private": True})


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
        ({"name": "a", "learning_speed": 1}, "no option --learning_speed.*Settings of .*settings.json"),
        ({"name": "a", "rates": 1}, "no option --rates. Did you mean --rate?"),
        ({"name": "a", "rate": "x"}, "--rate: invalid float value: 'x'.*Settings of .*settings.json"),
        ({"name": "a", "rate": [0.1, 0.2]}, "settings.json: rate must not be a list"),
        ({"name": "a", "rate": {"first": 1}}, "settings.json: rate is nested"),
        ({"name": "a", "sizes": 5}, "settings.json: sizes must be a list"),
        ({"name": "a", "sizes": [[1]]}, "settings.json: sizes is nested"),
        ({"name": "a", "sizes": [1, "b"]}, "--sizes: invalid int value: 'b'"),
        ({"name": "a", "num_steps": 0}, "--num_steps must be at least 1, got 0"),
        ('{"name": "a", "name": "b"}', "settings.json: not valid JSON .*a key twice"),
    ],
)
def test_a_wrong_settings_file_is_refused(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        parse_arguments((Settings,), None, [settings_file(tmp_path, content)])


def test_a_settings_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "settings.json"
    path.write_bytes('{"name": "腹痛"}'.encode("gb18030"))
    with pytest.raises(ValueError, match=r"settings.json: not UTF-8 \(byte 10"):
        parse_arguments((Settings,), None, [str(path)])


def test_a_value_from_a_file_may_begin_with_a_minus(tmp_path):
    path = settings_file(tmp_path, {"name": "a", "rate": -1e-05, "note": "--x"})
    assert parse_arguments((Settings,), None, [path])[0] == Settings("a", -1e-05, note="--x")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--not", "b"], "There is no option --not. Did you mean --note?"),
        (["--steps", "3"], "There is no option --steps. Did you mean --share_of_steps or --num_steps?"),
        (["--share-of-steps", "3"], "There is no option --share-of-steps. Did you mean --share_of_steps"),
        (["--no_fast"], "There is no option --no_fast. Did you mean --fast"),
        (["--zzz=1"], "There is no option --zzz. --help shows"),
        (["b"], "b belongs to no option: each begins with --."),
        (["settings.json"], "settings.json belongs to no option: a file of settings goes first."),
        (
            ["--fast", "maybe"],
            "--fast: Truthy value expected: got maybe but expected one of yes/no, true/false, t/f, "
            "y/n, 1/0 (case insensitive). --help",
        ),
        (["--rate"], "--rate: expected one argument. --help"),
        (["--rate", "x"], "--rate: invalid float value: 'x'"),
        (["--num_steps", "-3"], "--num_steps must be at least 1, got -3."),
        (["--share_of_steps", "1"], "--share_of_steps must be above 0 and below 1, got 1.0."),
        (["--share_of_steps", "nan"], "--share_of_steps must be above 0 and below 1, got nan."),
    ],
)
def test_a_wrong_option_is_one_message_with_its_name(arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        parse_arguments((Settings,), None, ["--name", "a", *arguments])


def test_a_number_that_is_none_was_a_type_error():
    with pytest.raises(ValueError, match=r"^--num_steps must be at least 1, got 3.$"):
        check_bounds(Settings("a", num_steps="3"))


def test_what_is_lacking_is_told_in_one_line():
    with pytest.raises(ValueError, match=r"^the following arguments are required: --name. --help shows the options.$"):
        parse_arguments((Settings,), None, [])


def shown_by(option: str, capsys) -> str:
    with pytest.raises(SystemExit) as stop:
        parse_arguments((Settings,), "Does a thing.\n\n    command --name A", [option])
    assert stop.value.code == 0
    return capsys.readouterr().out


def test_help_shows_what_is_required_first_and_no_usage(capsys):
    shown = shown_by("--help", capsys)
    assert shown.startswith("Does a thing.\n\n    command --name A\n\nrequired:\n  --name TEXT")
    assert "usage" not in shown
    for part in ("--rate X", "Rate. (default: 0.1)", "--fast [True|False]", "Note.\n"):
        assert part in shown, part


def test_help_has_each_option_once_and_rare_ones_only_when_asked(capsys):
    short, full = shown_by("--help", capsys), shown_by("--help_all", capsys)
    assert "--num_steps" not in short and "--num_steps N" in full
    assert full.index("--share_of_steps") < full.index("--num_steps")  # rare ones last
    for shown in (short, full):
        assert not re.search(r"--no[_-]|--share-of", shown)
        assert len(re.findall(r"^  --fast\b", shown, re.MULTILINE)) == 1


def test_the_version_is_shown(capsys):
    assert shown_by("--version", capsys) == f"DicMT {modeling_dicmt.__version__}\n"


@pytest.mark.parametrize("error", [ValueError, FileNotFoundError, FloatingPointError, ImportError])
def test_what_a_user_can_mend_is_one_message(capsys, error):
    def fail():
        raise error("a.jsonl, line 3: wrong.")

    with pytest.raises(SystemExit) as stop:
        run_command(fail)
    assert stop.value.code == 1
    assert capsys.readouterr().err == f"error: a.jsonl, line 3: wrong. (set {DEBUG_VARIABLE}=1 for a traceback)\n"


def test_a_missing_file_is_told_without_a_number_of_an_error(capsys, tmp_path):
    with pytest.raises(SystemExit):
        run_command(lambda: open(tmp_path / "absent"))
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'absent'}: No such file or directory. (set")


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
