"""`run_deidentify.py` as a user calls it: spans, moved entities, keys, resuming after a kill, refusals."""

import json
import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest
from warm_process import WarmProcess, run_warm

import run_deidentify
from modeling_dicmt.commands.command_line import run_command
from modeling_dicmt.deidentification import IDENTIFIER_TYPES

ROOT = Path(__file__).parents[1]
RECORDS = [
    {
        "id": "r1",
        "group": "p1",
        "text": "姓名：王建国，男，95岁，住院号：ZY0012345，入院日期：2013-05-01 10:20。\r\n主诉：腹痛3天。",
        "entities": [{"start": 54, "end": 56, "type": "Symptom", "word": "腹痛"}],
    },
    {"id": "r2", "group": "p1", "text": "患者王建国，于2013年5月3日行手术，术者：李明主任医师。😀电话：13812345678。"},
    {"id": "r3", "text": "无发热，双肺呼吸音清，血压120/80mmHg。"},
    {"id": "r4", "text": ""},
]


def write_records(path, records):
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


def deidentify(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["run_deidentify.py", *map(str, arguments), "--quiet"])
    run_command(run_deidentify.run)


def refused(monkeypatch, capsys, *arguments):
    """What a command that must not work says."""
    with pytest.raises(SystemExit) as stopped:
        deidentify(monkeypatch, *arguments)
    assert stopped.value.code == 1
    return capsys.readouterr().err


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_records_come_out_in_order_with_spans_of_the_original_and_entities_moved(tmp_path, monkeypatch):
    source = write_records(tmp_path / "in.jsonl", RECORDS)
    deidentify(
        monkeypatch, "--input", source, "--output_file", tmp_path / "out.jsonl", "--spans", tmp_path / "spans.jsonl",
        "--policies", "tag", "DATE=keep",
    )  # fmt: skip
    spans, new = read(tmp_path / "spans.jsonl"), read(tmp_path / "out.jsonl")
    assert [record["id"] for record in new] == [record["id"] for record in spans] == ["r1", "r2", "r3", "r4"]
    found = [
        [(record["text"][item["start"] : item["end"]], item["type"]) for item in line["identifiers"]]
        for record, line in zip(RECORDS, spans, strict=True)
    ]
    assert found == [
        [("王建国", "NAME"), ("95岁", "AGE"), ("ZY0012345", "RECORD_NUMBER"), ("2013-05-01", "DATE")],
        [("王建国", "NAME"), ("2013年5月3日", "DATE"), ("李明", "NAME"), ("13812345678", "PHONE")],
        [],
        [],
    ]
    assert new[0]["text"].startswith("姓名：[姓名]，男，[年龄]，住院号：[病案号]，入院日期：2013-05-01")
    (entity,) = new[0]["entities"]
    assert new[0]["text"][entity["start"] : entity["end"]] == entity["word"] == "腹痛"
    assert new[2:] == RECORDS[2:] and new[1]["group"] == "p1"
    assert not list(tmp_path.glob(".*"))


def test_surrogates_of_a_patient_agree_and_a_key_file_keeps_them(tmp_path, monkeypatch):
    source = write_records(tmp_path / "in.jsonl", RECORDS)
    texts = []
    for name, options in (("a", ["--key_file", tmp_path / "key"]), ("b", ["--key_file", tmp_path / "key"]), ("c", [])):
        deidentify(monkeypatch, "--input", source, "--output_file", tmp_path / f"{name}.jsonl", *options)
        texts.append([record["text"] for record in read(tmp_path / f"{name}.jsonl")])
    assert texts[0] == texts[1] != texts[2]
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    first, second, *_ = texts[0]
    name = re.match("姓名：(.+?)，", first)[1]
    assert name != "王建国" and second.startswith(f"患者{name}，")


def test_two_processes_write_the_same_bytes_as_one(tmp_path, monkeypatch):
    monkeypatch.setattr(run_deidentify, "CHUNK_RECORDS", 2)
    source = write_records(tmp_path / "in.jsonl", [RECORDS[n % 4] | {"id": f"r{n}"} for n in range(11)])
    contents = []
    for number in (1, 2):
        deidentify(
            monkeypatch, "--input", source, "--output_file", tmp_path / "out.jsonl", "--num_processes", number,
            "--key_file", tmp_path / "key",
        )  # fmt: skip
        contents.append((tmp_path / "out.jsonl").read_bytes())
    assert contents[0] == contents[1]


def test_one_process_reads_rules_and_network_once(tmp_path, monkeypatch):
    built = []
    build = run_deidentify.build_finder
    monkeypatch.setattr(run_deidentify, "build_finder", lambda arguments: built.append(build(arguments)) or built[-1])
    source = write_records(tmp_path / "in.jsonl", RECORDS)
    deidentify(monkeypatch, "--input", source, "--output_file", tmp_path / "out.jsonl")
    assert len(built) == 1 and len(read(tmp_path / "out.jsonl")) == len(RECORDS)


def test_names_and_rules_of_one_s_own(tmp_path, monkeypatch):
    source = write_records(tmp_path / "in.jsonl", [{"text": "今晨明月来电，代号猎鹰。"}])
    (tmp_path / "staff.txt").write_text("明月\n", encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "code.yaml").write_text("type: ID\nrules: {code: '代号(\\w{2})'}\n", encoding="utf-8")
    deidentify(
        monkeypatch, "--input", source, "--output_file", tmp_path / "out.jsonl", "--names", tmp_path / "staff.txt",
        "--rules", tmp_path / "rules", "--policies", "tag",
    )  # fmt: skip
    assert read(tmp_path / "out.jsonl")[0]["text"] == "今晨[姓名]来电，代号[证件号]。"


def test_the_report_tells_numbers_and_nothing_that_was_found(tmp_path, monkeypatch, capsys):
    source = write_records(tmp_path / "in.jsonl", RECORDS)
    deidentify(
        monkeypatch, "--input", source, "--output_file", tmp_path / "out.jsonl", "--report", tmp_path / "report.md",
        "--review", tmp_path / "review.md",
    )  # fmt: skip
    report, review = ((tmp_path / name).read_text(encoding="utf-8") for name in ("report.md", "review.md"))
    assert re.search(r"\| NAME \| surrogate \| 3 \|", report)
    assert all(f"| {name} |" in report for name in IDENTIFIER_TYPES)
    for secret in ("王建国", "李明", "ZY0012345", "2013", "13812345678"):
        assert secret not in report and secret in review
    output = capsys.readouterr()
    assert "王建国" not in output.out + output.err


def test_a_job_that_was_killed_goes_on_and_ends_with_the_same_bytes(tmp_path):
    (tmp_path / "key").write_text("ab" * 32 + "\n", encoding="ascii")
    source = write_records(tmp_path / "in.jsonl", [RECORDS[n % 4] | {"id": f"r{n}"} for n in range(2000)])
    command = ["run_deidentify.py", "--input", source, "--key_file", tmp_path / "key", "--quiet"]

    def options(name):
        others = [item for what in ("spans", "report") for item in (f"--{what}", tmp_path / f"{name}.{what}")]
        return [*command, "--output_file", tmp_path / name, *others]

    assert run_warm(options("whole.jsonl"), ROOT).returncode == 0
    process = WarmProcess(options("killed.jsonl"), ROOT)
    unfinished = tmp_path / ".killed.jsonl.unfinished"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        output = unfinished / "output"
        if output.exists() and output.stat().st_size > 50_000:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert not (tmp_path / "killed.jsonl").exists() and (unfinished / "output").stat().st_size > 0
    assert os.stat(unfinished).st_mode & 0o077 == 0
    with open(unfinished / "output", "ab") as file:  # what was written after the last state
        file.write(b'{"id": "r')
    again = run_warm(options("killed.jsonl"), ROOT)
    assert again.returncode == 0 and "Going on after record" in again.stderr
    for ending in ("", ".spans", ".report"):
        assert (tmp_path / f"killed.jsonl{ending}").read_bytes() == (tmp_path / f"whole.jsonl{ending}").read_bytes()
    assert not unfinished.exists()


def test_what_stands_beside_the_text_does_not_give_it_away(tmp_path, monkeypatch):
    entity = {
        "start": 3,
        "end": 6,
        "type": "Name",
        "word": "王建国",
        "mention": "王建国",
        "notes": [{"text": "王建国"}],
    }
    record = {"text": "姓名：王建国 男", "section": "患者王建国，男", "entities": [entity], "doctor": "李明"}
    source = write_records(tmp_path / "in.jsonl", [record])
    deidentify(monkeypatch, "--input", source, "--output_file", tmp_path / "out.jsonl", "--policies", "tag",
               "--review", tmp_path / "review.md")  # fmt: skip
    content = (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    assert "王建国" not in content and "李明" not in content
    assert json.loads(content)["entities"] == [{"start": 3, "end": 7, "type": "Name", "word": "[姓名]"}]
    assert (tmp_path / "review.md").stat().st_mode & 0o077 == 0


def test_a_key_that_would_be_read_as_a_record_is_refused(tmp_path, monkeypatch, capsys):
    (tmp_path / "in").mkdir()
    write_records(tmp_path / "in" / "a.jsonl", RECORDS)
    said = refused(monkeypatch, capsys, "--input", tmp_path / "in", "--output_file", tmp_path / "out.jsonl",
                   "--key_file", tmp_path / "in" / "key.txt")  # fmt: skip
    assert "--key_file" in said and "would lie in the folder of --input" in said


def test_the_beginnings_of_another_job_are_thrown_away(tmp_path, monkeypatch):
    source = write_records(tmp_path / "in.jsonl", RECORDS)
    unfinished = tmp_path / ".out.jsonl.unfinished"
    unfinished.mkdir()
    for name in ("output", "spans"):
        (unfinished / name).write_text("nonsense\n", encoding="utf-8")
    memory = {"key": "ab" * 32, "records": 1, "characters": 1}
    state = {"fingerprint": "x", "parts": 0, "sizes": {"output": 9, "spans": 9}, "memory": memory}
    (unfinished / "state.json").write_text(json.dumps(state), encoding="utf-8")
    deidentify(monkeypatch, "--input", source, "--output_file", tmp_path / "out.jsonl")
    assert len(read(tmp_path / "out.jsonl")) == len(RECORDS)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--policies", "hide"], "There is no action 'hide'"),
        (["--policies", "NAME=coarsen"], "NAME cannot be coarsened"),
        (["--policies", "COLOUR=tag"], "COLOUR"),
        (["--names", "nowhere.txt"], "--names: there is no file or folder"),
        (["--rules", "nowhere"], "--rules: there is no file or folder"),
        (["--model_name_or_path", "nowhere"], "There is no folder nowhere"),
        (["--spans", "{out}"], "are one file"),
        (["--report", "{in}"], "is a file of --input"),
        (["--key_file", "{out}"], "are one file"),
        (["--spans", "{out}/spans.jsonl"], "there is no folder"),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_is_written(tmp_path, monkeypatch, capsys, options, told):
    source = write_records(tmp_path / "in.jsonl", RECORDS)
    out = tmp_path / "out.jsonl"
    options = [option.format(**{"out": out, "in": source}) for option in options]
    assert told in refused(monkeypatch, capsys, "--input", source, "--output_file", out, *options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl"]


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"text": "a", "entities": 3}, "the key 'entities' is 3; expected a list"),
        ({"text": "王建国", "entities": [{"start": 0, "end": 9, "type": "X"}]}, "does not fit"),
        ({"text": "王建国", "entities": [{"start": 0.5, "end": 2, "type": "X"}]}, "must be a whole number"),
        ({"text": "王建国", "group": ["p"]}, "'group' must be a string"),
        ({"no": "王建国"}, "the key 'text' is missing"),
    ],
)
def test_a_wrong_record_is_told_by_its_line_without_its_text(tmp_path, monkeypatch, capsys, record, told):
    source = write_records(tmp_path / "in.jsonl", [RECORDS[0], record])
    said = refused(monkeypatch, capsys, "--input", source, "--output_file", tmp_path / "out.jsonl")
    assert "in.jsonl, line 2" in said and told in said and "王建国" not in said
    assert not (tmp_path / "out.jsonl").exists()


def test_a_file_that_holds_no_key_is_none(tmp_path, monkeypatch, capsys):
    source = write_records(tmp_path / "in.jsonl", RECORDS)
    (tmp_path / "key").write_text("secret\n", encoding="utf-8")
    said = refused(
        monkeypatch, capsys, "--input", source, "--output_file", tmp_path / "o.jsonl", "--key_file", tmp_path / "key"
    )
    assert "holds no key of 32 bytes" in said and "secret" not in said
