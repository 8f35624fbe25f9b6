"""The page as it is served, asked as no browser would: what is closed, refused, and forgotten.

Skipped where Gradio is absent.
"""

import gc
import json
import os
import stat
import threading
import time
import warnings
from datetime import timedelta

import pytest
from tiny_network import SENTENCES

pytest.importorskip("gradio", reason="gradio is not installed")

import httpx

from modeling_dicmt.app.arguments import AppArguments, Limits
from modeling_dicmt.app.page import Page
from modeling_dicmt.app.serving import forget_idle, private_folder, serve, sweep
from modeling_dicmt.deidentification import IdentifierFinder
from run_app import write_brat

pytestmark = [pytest.mark.slow(seconds=30), pytest.mark.filterwarnings("default")]  # Gradio's own, in its threads

# What the controls hold: language, text, records, network, terms twice, force; result, view, types, score.
ASKED = ["zh", "", None, "tiny", "", "", False, None, "changes", [], 0]
TEXT = SENTENCES[0]
LIMITS = Limits(max_characters=2000, max_file_kilobytes=8)


@pytest.fixture(scope="module")
def served(networks, source):
    """Gradio's blocks, a client, and the folder for files."""
    with private_folder() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        page = Page(networks, IdentifierFinder(), source, write_brat, LIMITS, folder)
        with (
            serve(page, AppArguments(model_name_or_path=["unused"], port=0)) as blocks,
            httpx.Client(base_url=blocks.local_url, timeout=60) as client,
        ):
            yield blocks, client, folder
        del blocks, page
        gc.collect()  # what Gradio leaves open is told of here, and not at the end of all tests


def call_of(client, name, event="click"):
    config = client.get("config").json()
    control = next(item["id"] for item in config["components"] if item["props"].get("elem_id") == name)
    return next(item["id"] for item in config["dependencies"] if [control, event] in item["targets"])


def ask(client, session, name, data, event="click", succeeds=True):
    """What the page's functions give to a request as a browser sends it."""
    body = {"data": data, "fn_index": call_of(client, name, event), "session_hash": session}
    told = client.post("gradio_api/queue/join", json=body).raise_for_status().json()
    with client.stream("GET", "gradio_api/queue/data", params={"session_hash": session}) as stream:
        for line in stream.iter_lines():
            message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
            if message.get("event_id") == told["event_id"] and message["msg"] == "process_completed":
                assert message["success"] == succeeds
                return message["output"]
    raise AssertionError("no answer")


def is_refused(client, path, body):
    # By a connection of its own: Gradio's answer to a function that there is not may be to end it.
    with httpx.Client(base_url=client.base_url, timeout=client.timeout) as own:
        try:
            return own.post(path, json=body).status_code >= 400
        except (httpx.ReadError, httpx.RemoteProtocolError):
            return True


def recognise(client, session, text):
    return ask(client, session, "run", ["zh", text, *ASKED[2:]])


def test_only_the_names_of_networks_are_told(served, checkpoint, capfd):
    _, client, folder = served
    pages = client.get("").text + client.get("config").text
    assert "tiny" in pages and str(checkpoint.parent) not in pages and str(folder) not in pages
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700


def test_no_function_is_called_past_the_queue_and_none_is_offered_to_programs(served):
    _, client, _ = served
    assert client.get("gradio_api/info").status_code == 404
    for number in range(len(client.get("config").json()["dependencies"])):
        for path in (f"gradio_api/run/{number}", f"gradio_api/call/{number}"):
            assert is_refused(client, path, {"data": []})
    assert is_refused(client, "gradio_api/run/predict", {"data": ASKED, "fn_index": call_of(client, "run")})


def test_files_of_the_server_are_neither_read_nor_served(served, tmp_path, capfd):
    _, client, _ = served
    secret = tmp_path / "secret.txt"
    secret.write_text("geheim")
    forged = {"path": str(secret), "meta": {"_type": "gradio.FileData"}, "orig_name": "secret.txt"}
    output = ask(client, "forger", "upload", ["zh", forged, *ASKED[3:]], event="upload", succeeds=False)
    assert "geheim" not in json.dumps(output) and str(tmp_path) not in json.dumps(output)
    assert client.get(f"gradio_api/file={secret}").status_code >= 400
    assert secret.read_text() == "geheim"


def test_a_file_is_gone_once_it_is_read(served):
    _, client, folder = served
    (path,) = client.post("gradio_api/upload", files={"files": ("a.txt", "患者肺炎。".encode())}).json()
    assert path.startswith(str(folder)) and [*folder.rglob("a.txt")]
    file = {"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": "a.txt"}
    output = ask(client, "uploader", "upload", ["zh", file, *ASKED[3:]], event="upload")
    assert "1 份病历" in json.dumps(output, ensure_ascii=False)
    assert not [*folder.rglob("a.txt")]


def test_what_gradio_offers_besides_the_page_is_closed(served):
    """Its links to a session write what is shown to a file, which all may fetch who have the address."""
    _, client, folder = served
    recognise(client, "linker", "左肺见阴影。")
    assert client.get("gradio_api/deep_link", params={"session_hash": "linker"}).status_code == 404
    assert client.post("gradio_api/process_recording", files={"f": ("a.webm", b"x")}).status_code == 404
    for path in (
        "proxy=http://example.org/",
        "file=http://example.org/",
        f"file={folder}",
        "openapi.json",
        "vibe-code/",
    ):
        assert client.get(f"gradio_api/{path}").status_code == 404
    for path in ("gradio_api/upload_progress?upload_id=x", "config", "theme.css"):
        assert "Not Found" not in client.get(path).text
    assert not [*folder.rglob("state.json")]


@pytest.mark.parametrize(
    "data",
    [
        ["zh", "患者王某"],
        [*ASKED[:3], "患者王某", *ASKED[4:]],
        [*ASKED[:-1], "患者王某"],
        [{"患者": "王某"}, *ASKED[1:]],
    ],
)
def test_requests_that_no_browser_sends_leave_no_text_in_the_log(served, capfd, caplog, data):
    _, client, _ = served
    ask(client, "forger", "run", data, succeeds=False)
    told = "".join(capfd.readouterr()) + caplog.text
    assert "A request failed: " in told and "王某" not in told and "Traceback" not in told


def test_types_that_are_shown_no_more_may_still_be_chosen(served):
    """As by a page that was open when the server was started anew, or while another request was answered."""
    _, client, _ = served
    types = ["Disease", "Anatomy", "Drug"]
    for session, texts in (("restarted", [TEXT]), ("waiting", [TEXT, "。", TEXT])):
        for text in texts:
            output = ask(client, session, "run", ["zh", text, *ASKED[2:-2], types, 0])
            assert "个实体" in json.dumps(output, ensure_ascii=False)


def test_the_same_file_of_two_visitors_is_two_files(served):
    _, client, folder = served
    paths = [client.post("gradio_api/upload", files={"files": ("s.txt", TEXT.encode())}).json()[0] for _ in range(2)]
    for number, path in enumerate(paths):
        file = {"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": "s.txt"}
        output = ask(client, f"pupil {number}", "upload", ["zh", file, *ASKED[3:]], event="upload")
        assert "1 份病历" in json.dumps(output, ensure_ascii=False)
    assert not [*folder.rglob("s.txt")]


def test_rows_of_a_terms_file_that_are_left_out_are_told(served):
    _, client, _ = served
    content = "阿莫西林\n阿\u200b莫\n\x7f\n".encode()
    for session, text in (("before any text", ""), ("with a text", TEXT)):
        if text:
            recognise(client, session, text)
        (path,) = client.post("gradio_api/upload", files={"files": ("Drug.txt", content)}).json()
        file = {"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": "Drug.txt"}
        output = ask(client, session, "upload-terms", ["zh", file, text, *ASKED[2:]], event="upload")
        told = json.dumps(output, ensure_ascii=False)
        assert "Drug.txt 中有 2 行不能作为术语" in told and "第 2 行" in told and "阿莫西林" in told


def test_visitors_who_never_leave_are_forgotten(served):
    blocks, client, _ = served
    holder = blocks.app.state_holder
    assert holder.capacity == LIMITS.max_visitors
    for session in ("early", "late"):
        recognise(client, session, "左肺见阴影。")
    holder.time_last_used["early"] -= timedelta(minutes=31)
    forget_idle(holder, 30 * 60)
    assert "early" not in holder.session_data and "early" not in holder.time_last_used and "late" in holder.session_data


def test_what_is_too_large_is_refused_before_it_is_read(served):
    _, client, _ = served
    assert client.post("gradio_api/upload", files={"files": ("a.txt", b"x" * 9000)}).status_code == 413
    assert client.post("gradio_api/queue/join", content=b"x" * 3_000_000).status_code == 413


def test_files_that_nobody_asks_for_are_swept_away(tmp_path):
    old, new = tmp_path / "a" / "old.txt", tmp_path / "b" / "new.txt"
    for path in (old, new):
        path.parent.mkdir()
        path.write_text("x")
    (tmp_path / "a" / "link").symlink_to(new)
    os.utime(old, (0, 0))
    os.utime(tmp_path / "a" / "link", (0, 0), follow_symlinks=False)
    os.utime(old.parent, (0, 0))
    sweep(tmp_path, 60)
    assert [*tmp_path.rglob("*.txt")] == [new] and not (tmp_path / "a" / "link").exists()


def test_an_unexpected_error_tells_nothing_of_the_request(served, monkeypatch, capfd, caplog):
    _, client, _ = served

    def fail(*_):
        raise RuntimeError("患者姓名")

    monkeypatch.setattr("modeling_dicmt.app.answers.recognise", fail)
    output = json.dumps(recognise(client, "unlucky", "患者肺炎。"), ensure_ascii=False)
    assert "服务器出错" in output and "患者姓名" not in output
    told = "".join(capfd.readouterr()) + caplog.text
    assert "RuntimeError" in told and "患者" not in told


def test_what_a_visitor_asked_is_nobody_elses_and_forgotten_when_the_page_is_closed(served):
    blocks, client, _ = served
    sessions = blocks.app.state_holder.session_data
    left = threading.Event()

    def stay():
        with client.stream("GET", "gradio_api/heartbeat/leaver") as stream:
            for _ in stream.iter_lines():
                if left.is_set():
                    return

    visit = threading.Thread(target=stay)
    visit.start()
    recognise(client, "leaver", "左肺见阴影。")
    output = recognise(client, "stayer", "")
    assert "请先粘贴" in json.dumps(output, ensure_ascii=False)
    assert "leaver" in sessions and "左肺" not in str(vars(sessions["stayer"]).get("config_values"))
    left.set()
    visit.join(60)
    end = time.monotonic() + 60
    while "leaver" in sessions and time.monotonic() < end:
        time.sleep(0.1)
    assert "leaver" not in sessions and "stayer" in sessions
