"""`run_predict.py` as a user calls it, with a tiny untrained network: it is about records, offsets, messages."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from given_terms import pipeline_of
from warm_process import workers_of

import run_predict
from modeling_dicmt.commands.command_line import run_command
from modeling_dicmt.pages.page import RecordsPage
from modeling_dicmt.recognition import with_type

ROOT = Path(__file__).parents[1]
TEXTS = ["患者腹痛3天。\r\n行CT检查。", "", "高血压" * 200, "😀肝癌　术后", *["无发热，左肺肺炎。"] * 7]


def predict(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["run_predict.py", *map(str, arguments)])
    run_command(run_predict.run)


def refused(monkeypatch, capsys, *arguments):
    """What a command that must not work says."""
    with pytest.raises(SystemExit) as stopped:
        predict(monkeypatch, *arguments)
    assert stopped.value.code == 1
    return capsys.readouterr().err


def write_records(path, texts):
    lines = [json.dumps({"id": f"r{number}", "text": text}, ensure_ascii=False) for number, text in enumerate(texts)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_entities_are_those_of_the_pipeline_over_several_chunks(checkpoint, tmp_path, monkeypatch):
    texts = TEXTS
    write_records(tmp_path / "records.jsonl", texts)
    monkeypatch.setattr(run_predict, "CHUNK_RECORDS", 2)
    predict(
        monkeypatch, "--model_name_or_path", checkpoint, "--input", tmp_path / "records.jsonl", "--output_file",
        tmp_path / "entities.jsonl",
    )  # fmt: skip
    rows = [json.loads(line) for line in (tmp_path / "entities.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == [f"r{number}" for number in range(len(texts))]
    expected = pipeline_of(checkpoint)(texts)
    found = [[(entity["start"], entity["end"], entity["type"]) for entity in row["entities"]] for row in rows]
    assert found == [[(item["start"], item["end"], item["entity_group"]) for item in of_text] for of_text in expected]
    assert sum(map(len, found)) > 0, "an untrained network without any entity shows nothing: choose another seed"
    for text, row in zip(texts, rows, strict=True):
        assert all(text[entity["start"] : entity["end"]] == entity["word"] for entity in row["entities"])


def test_show_marks_entities_of_the_first_records(checkpoint, tmp_path, monkeypatch, capsys):
    write_records(tmp_path / "records.jsonl", ["患者腹痛", "无发热"])
    predict(
        monkeypatch, "--model_name_or_path", checkpoint, "--input", tmp_path / "records.jsonl", "--show",
        "--max_records", 1,
    )  # fmt: skip
    shown = capsys.readouterr().out
    assert shown.startswith("r0\n") and "r1" not in shown
    assert "".join(character for character in shown if character in "患者腹痛") == "患者腹痛"


def read_page(path):
    """The records of a page as its script reads them, and the names of its types."""
    html = path.read_text(encoding="utf-8")
    records = re.findall(r'<script type="application/json" class="record-data">(.*?)</script>', html)
    types = json.loads(re.search(r'id="types">(.*?)</script>', html)[1])
    return [json.loads(record) for record in records], [name for name, *_ in types]


def test_a_page_has_the_records_with_their_entities_and_evidence(checkpoint, tmp_path, monkeypatch):
    write_records(tmp_path / "records.jsonl", TEXTS)
    monkeypatch.setattr(run_predict, "CHUNK_RECORDS", 2)
    common = ("--model_name_or_path", checkpoint, "--input", tmp_path / "records.jsonl")
    predict(monkeypatch, *common, "--html", tmp_path / "a" / "page.html")
    predict(monkeypatch, *common, "--html", tmp_path / "b.html", "--output_file", tmp_path / "entities.jsonl")
    assert (tmp_path / "a" / "page.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    records, types = read_page(tmp_path / "b.html")
    rows = [json.loads(line) for line in (tmp_path / "entities.jsonl").read_text(encoding="utf-8").splitlines()]
    assert not any("evidence" in entity for row in rows for entity in row["entities"])
    assert all(f"<h2>{row['id']}</h2>" in record["html"] for row, record in zip(rows, records, strict=True))
    assert [[[types[kind], score] for kind, score, *_ in record["entities"]] for record in records] == [
        [[entity["type"], pytest.approx(entity["score"], abs=1e-4)] for entity in row["entities"]] for row in rows
    ]
    assert "dictionary: " in records[0]["html"] + records[2]["html"] + records[-1]["html"]


def test_a_page_is_there_whole_or_not_at_all(checkpoint, tmp_path, monkeypatch, capsys):
    write_records(tmp_path / "records.jsonl", TEXTS)
    common = ("--model_name_or_path", checkpoint, "--input", tmp_path / "records.jsonl")
    add = RecordsPage.add

    def fail_at_the_end(page, record, marks):
        if record["id"] == f"r{len(TEXTS) - 1}":
            raise OSError("no room")
        add(page, record, marks)

    monkeypatch.setattr(RecordsPage, "add", fail_at_the_end)
    before = sorted(path.name for path in tmp_path.iterdir())
    assert "no room" in refused(
        monkeypatch, capsys, *common, "--html", tmp_path / "page.html", "--output_file", tmp_path / "entities.jsonl"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_page_is_made_of_one_file_and_takes_no_other_s_place(checkpoint, tmp_path, monkeypatch, capsys):
    write_records(tmp_path / "records.jsonl", TEXTS)
    common = ("--model_name_or_path", checkpoint, "--input", tmp_path / "records.jsonl")
    message = refused(monkeypatch, capsys, *common, "--html", tmp_path / "p.html", "--output_dir", tmp_path / "out")
    assert "--html does not go with --output_dir" in message
    assert "is a file of --input" in refused(monkeypatch, capsys, *common, "--html", tmp_path / "records.jsonl")
    both = ("--html", tmp_path / "x", "--output_file", tmp_path / "x")
    assert "--output_file and --html are one file" in refused(monkeypatch, capsys, *common, *both)
    assert [path.name for path in tmp_path.iterdir()] == ["records.jsonl"]


def test_terms_scores_and_evidence(checkpoint, tmp_path, monkeypatch):
    text = "患者替雷病，肺炎，左肺。" * 5
    (tmp_path / "disease.tsv").write_text("替雷病\n", encoding="utf-8")
    write_records(tmp_path / "records.jsonl", [text])
    arguments = ["--model_name_or_path", checkpoint, "--input", tmp_path / "records.jsonl", "--output_file"]
    arguments += [tmp_path / "out.jsonl", "--evidence", "--threshold", 0.5]
    for extra, dictionary in ((), None), (("--dictionary", tmp_path / "disease.tsv"), tmp_path / "disease.tsv"):
        predict(monkeypatch, *arguments, *extra)
        (row,) = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
        expected = pipeline_of(checkpoint)(text, threshold=0.5, evidence=True, dictionary=dictionary)
        assert expected and row["entities"] == json.loads(json.dumps(expected).replace("entity_group", "type"))
        terms = {term["term"] for entity in row["entities"] for term in entity["evidence"]}
        assert terms <= ({"替雷病"} if dictionary else {"肺炎", "左肺"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": "患者"}\n{"text": \n', "records.jsonl, line 2: not valid JSON"),
        ('{"text": "患者"}\n{"text": 3}\n', "line 2: the key 'text' is 3; expected a string"),
        ("[]\n", "line 1: expected a JSON object"),
        ("患者".encode("gb18030"), "line 1: not UTF-8"),
    ],
)
def test_what_is_no_record_ends_the_run_without_an_output(checkpoint, tmp_path, monkeypatch, capsys, content, message):
    path = tmp_path / "records.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    output = tmp_path / "out" / "entities.jsonl"
    arguments = ("--model_name_or_path", checkpoint, "--input", path, "--output_file", output)
    assert message in refused(monkeypatch, capsys, *arguments)
    assert not output.parent.exists()


def test_wrong_values_are_told_by_their_options(checkpoint, tmp_path, monkeypatch, capsys):
    write_records(tmp_path / "records.jsonl", ["患者"])
    start = ("--model_name_or_path", checkpoint, "--input", tmp_path / "records.jsonl", "--show")
    for arguments, message in (
        (("--threshold", 1.5), "--threshold must be at least 0 and at most 1, got 1.5"),
        (("--threshold", "nan"), "--threshold must be at least 0 and at most 1, got nan"),
        (("--max_records", 0), "--max_records must be at least 1, got 0"),
        (("--num_processes", -1), "--num_processes must be at least 0"),
        (("--cpu_threads", -1), "--cpu_threads must be at least 0"),
        (("--device", "nonsense"), "--device nonsense cannot be used here: "),
        (("--device", "meta"), "--device meta cannot be used here: "),
        (("--device", "cuda", "--num_processes", 2), "--num_processes 2 is for CPUs"),
        (("--output_file", tmp_path), "is a folder: name a file"),
    ):
        said = refused(monkeypatch, capsys, *start, *arguments)
        assert message in said and said.count("\n") == 1


def test_a_missing_input_and_a_missing_goal_are_said(checkpoint, tmp_path, monkeypatch, capsys):
    for arguments, message in (
        (("--input", tmp_path / "none.jsonl", "--show"), "there is no file or folder"),
        (("--input", tmp_path, "--show"), "holds no file with the name of a format"),
        (("--input", tmp_path), "Pass --output_file, --show, --html, or several"),
    ):
        assert message in refused(monkeypatch, capsys, "--model_name_or_path", checkpoint, *arguments)


@pytest.mark.parametrize("way", ["same", "dotted", "linked", "hard linked", "of a folder", "new in the folder"])
def test_records_were_replaced_by_their_entities_where_input_and_output_are_one(
    checkpoint, tmp_path, monkeypatch, capsys, way
):
    folder = tmp_path / "records"
    folder.mkdir()
    path = folder / "a.jsonl"
    write_records(path, ["患者腹痛"])
    before = path.read_bytes()
    source, output = path, path
    if way == "dotted":
        output = os.path.join(folder, ".", "a.jsonl")
    elif way == "linked":
        output = tmp_path / "link.jsonl"
        output.symlink_to(path)
    elif way == "hard linked":
        output = tmp_path / "link.jsonl"
        output.hardlink_to(path)
    elif way == "of a folder":
        source = folder
    elif way == "new in the folder":
        source, output = folder, folder / "entities.JSONL"
    arguments = ("--model_name_or_path", checkpoint, "--input", source, "--output_file", output)
    assert f"--output_file {output}" in refused(monkeypatch, capsys, *arguments)
    assert path.read_bytes() == before and list(folder.iterdir()) == [path]


def test_terms_are_not_replaced_by_entities_either(checkpoint, tmp_path, monkeypatch, capsys):
    write_records(tmp_path / "records.jsonl", ["患者腹痛"])
    terms = tmp_path / "disease.txt"
    terms.write_text("替雷病\n", encoding="utf-8")
    said = refused(
        monkeypatch, capsys, "--model_name_or_path", checkpoint, "--input", tmp_path / "records.jsonl", "--dictionary",
        terms, "--output_file", terms,
    )  # fmt: skip
    assert "a file of --dictionary" in said and terms.read_text(encoding="utf-8") == "替雷病\n"


def test_an_entity_has_one_shape():
    term = {"term": "肺炎", "entity_group": "Disease", "lists": ["disease"], "start": 2, "end": 4}
    entity = {"entity_group": "Disease", "score": 0.5, "word": "肺炎", "start": 2, "end": 4, "evidence": [term]}
    stored = with_type(entity)
    assert stored == json.loads(json.dumps(entity).replace("entity_group", "type"))
    assert with_type(stored) == stored and entity["entity_group"] == "Disease"


def test_show_prints_scores_and_evidence_which_the_file_has_only_on_request(checkpoint, tmp_path, monkeypatch, capsys):
    write_records(tmp_path / "records.jsonl", ["患者左肺肺炎，" * 5])
    predict(
        monkeypatch, "--model_name_or_path", checkpoint, "--input", tmp_path / "records.jsonl", "--show",
        "--output_file", tmp_path / "out.jsonl",
    )  # fmt: skip
    shown = capsys.readouterr().out
    entities = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))["entities"]
    assert all(f"|{entity['type']} {entity['score']:.2f}" in shown for entity in entities)
    assert "←disease:肺炎" in shown or "←anatomy:左肺" in shown
    assert not any("evidence" in entity for entity in entities)


def start(checkpoint, folder, *arguments, path=()):
    """The command as a process of its own, head of a group that Ctrl-C reaches."""
    command = [sys.executable, "-u", ROOT / "run_predict.py", "--model_name_or_path", checkpoint, *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, [*path, ROOT]))
    return subprocess.Popen(
        [str(item) for item in command], cwd=folder, env=environment, text=True, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        # Tests that a shell runs in the background inherit an ignored SIGINT, which a child would inherit in turn.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def test_a_missing_torchcrf_was_a_traceback(checkpoint, tmp_path):
    write_records(tmp_path / "records.jsonl", ["患者"])
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "torchcrf.py").write_text("raise ImportError('there is none')\n")
    process = start(checkpoint, tmp_path, "--input", "records.jsonl", "--show", path=[tmp_path / "broken"])
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "pip install pytorch-crf" in said and "Traceback" not in said


def test_nothing_but_the_bar_is_printed(checkpoint, tmp_path):
    write_records(tmp_path / "records.jsonl", ["患者"])
    process = start(checkpoint, tmp_path, "--input", "records.jsonl", "--output_file", "out.jsonl")
    printed, said = process.communicate(timeout=120)
    assert process.returncode == 0 and printed == ""
    assert all("record" in line for line in said.splitlines()), "the bar, on a slow machine, and nothing else"


@pytest.mark.slow
def test_the_output_is_the_same_for_any_number_of_processes(checkpoint, tmp_path, monkeypatch):
    write_records(tmp_path / "records.jsonl", TEXTS)
    monkeypatch.setattr(run_predict, "CHUNK_RECORDS", 2)
    written = []
    for number in (1, 2):
        output = tmp_path / f"{number}.jsonl"
        predict(
            monkeypatch, "--model_name_or_path", checkpoint, "--input", tmp_path / "records.jsonl", "--output_file",
            output, "--num_processes", number, "--evidence",
        )  # fmt: skip
        written.append(output.read_bytes())
    assert written[0] == written[1]
    assert [json.loads(line)["id"] for line in written[0].splitlines()] == [f"r{n}" for n in range(len(TEXTS))]


@pytest.mark.slow
def test_a_broken_checkpoint_is_one_message_from_several_processes_too(checkpoint, tmp_path, monkeypatch, capsys):
    write_records(tmp_path / "records.jsonl", ["患者"] * 2)
    monkeypatch.setattr(run_predict, "CHUNK_RECORDS", 1)
    said = refused(
        monkeypatch, capsys, "--model_name_or_path", tmp_path, "--input", tmp_path / "records.jsonl", "--show",
        "--num_processes", 2,
    )  # fmt: skip
    assert str(tmp_path) in said and said.count("error:") == 1 and "Traceback" not in said


@pytest.mark.slow
@pytest.mark.parametrize("cause", ["interrupt", "killed process"])
def test_what_ends_half_way_ends_with_one_message_and_no_output(checkpoint, tmp_path, cause):
    write_records(tmp_path / "records.jsonl", ["左肺肺炎，"] * 60_000)  # more than can be done before it is ended
    (tmp_path / "out").mkdir()
    process = start(
        checkpoint, tmp_path, "--input", "records.jsonl", "--show", "--output_file", "out/entities.jsonl",
        "--num_processes", 2,
    )  # fmt: skip
    assert process.stdout.readline() == "r0\n"  # it is at work, and waits for somebody to read on
    workers = workers_of(process)
    assert len(workers) == 2
    if cause == "interrupt":
        os.killpg(process.pid, signal.SIGINT)
        status, message = 130, "error: Interrupted: no entities were written.\n"
    else:
        os.kill(workers[0], signal.SIGKILL)
        status, message = 1, "ended before its work was done (status -9"
    _, said = process.communicate(timeout=120)
    assert process.returncode == status
    assert message in said and said.count("\n") == 1
    assert not any(map(psutil.pid_exists, workers))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "dictionary.tsv"])
def test_a_file_of_the_network_was_replaced_by_entities(checkpoint, tmp_path, monkeypatch, capsys, name):
    write_records(tmp_path / "records.jsonl", ["患者腹痛"])
    before = (checkpoint / name).read_bytes()
    said = refused(
        monkeypatch, capsys, "--model_name_or_path", checkpoint, "--input", tmp_path / "records.jsonl",
        "--output_file", checkpoint / name,
    )  # fmt: skip
    assert "a file of --model_name_or_path" in said and (checkpoint / name).read_bytes() == before


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "ascii"])
def test_a_character_that_a_terminal_cannot_show_ended_the_work(checkpoint, tmp_path, monkeypatch, encoding):
    """Half of a surrogate pair in an id, or an emoji where the terminal's encoding is GBK: no entity was written."""
    row = json.dumps({"id": "r\ud800", "text": "患者腹痛😀"})
    (tmp_path / "records.jsonl").write_text(row, encoding="utf-8")
    out, shown = tmp_path / "out.jsonl", io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding=encoding))
    predict(
        monkeypatch, "--model_name_or_path", checkpoint, "--input", tmp_path / "records.jsonl", "--show",
        "--output_file", out,
    )  # fmt: skip
    sys.stdout.flush()
    assert rb"\ud800" in shown.getvalue() and out.exists()


def test_the_network_was_loaded_before_a_wrong_line_was_told(tmp_path, monkeypatch, capsys):
    records = tmp_path / "records.jsonl"
    records.write_text('{"text": "患者"}\n{"txt": "腹痛"}\n', encoding="utf-8")
    monkeypatch.setattr(run_predict, "load_recognizer", None)
    (tmp_path / "network").mkdir()
    (tmp_path / "network" / "config.json").write_text("{}")
    message = refused(
        monkeypatch, capsys, "--model_name_or_path", tmp_path / "network", "--input", records, "--show"
    )  # fmt: skip
    assert "line 2: the key 'text' is missing" in message


@pytest.mark.parametrize("option", ["model_name_or_path", "dictionary"])
def test_a_mistyped_name_was_told_after_the_processes_had_started(option, tmp_path, monkeypatch, capsys):
    write_records(tmp_path / "records.jsonl", ["患者", "腹痛"])
    (tmp_path / "network").mkdir()
    (tmp_path / "network" / "config.json").write_text("{}")
    monkeypatch.setattr(run_predict, "map_in_processes", None)
    given = {"model_name_or_path": tmp_path / "network", "input": tmp_path / "records.jsonl"} | {option: "notthere"}
    arguments = [item for name, value in given.items() for item in (f"--{name}", value)]
    message = refused(monkeypatch, capsys, *arguments, "--output_file", tmp_path / "entities", "--num_processes", 2)
    assert "no file or folder notthere" in message or "no folder notthere" in message


def test_a_device_was_replaced_by_the_entities(tmp_path, monkeypatch, capsys):
    write_records(tmp_path / "records.jsonl", ["患者"])
    (tmp_path / "config.json").write_text("{}")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    message = refused(
        monkeypatch, capsys, "--model_name_or_path", tmp_path, "--input", tmp_path / "records.jsonl", "--output_file",
        pipe,
    )  # fmt: skip
    assert "is a device or a pipe" in message and pipe.is_fifo()


@pytest.mark.slow
@pytest.mark.parametrize("writes", [False, True])
def test_show_ended_with_an_error_where_head_had_read_enough(checkpoint, tmp_path, writes):
    write_records(tmp_path / "records.jsonl", ["患者腹痛3天。"] * 600)
    output = tmp_path / "entities.jsonl"
    command = [
        *(sys.executable, ROOT / "run_predict.py", "--model_name_or_path", checkpoint, "--show"),
        *("--input", tmp_path / "records.jsonl", *(["--output_file", output] if writes else [])),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "r0\n"
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == (0 if writes else 141)
    assert output.exists() == writes and (not writes or len(output.read_text().splitlines()) == 600)
