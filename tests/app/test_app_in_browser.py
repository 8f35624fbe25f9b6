"""The page served by its command and used in Chromium: what visitors do, and what nobody must be able to do.

Skipped where Chromium, its driver, selenium or Gradio is absent.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from chromium import MARKS, chromium
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from tiny_network import SENTENCES

pytest.importorskip("gradio", reason="gradio is not installed")

pytestmark = MARKS

ROOT = Path(__file__).parents[2]
TEXT = SENTENCES[0]
HOSTILE = "</script><script>document.title='x'</script><img src=x onerror=\"document.title='x'\">\"' &lt;"
HOSTILE += "{{7*7}} ${7*7} \u202e😀"
LIMITS = ["--max_characters", "100000", "--max_file_kilobytes", "400", "--max_records", "5", "--max_seconds", "60"]


@pytest.fixture(scope="module")
def server(channel_checkpoint, checkpoint, tmp_path_factory):
    """Address and log of the page; nothing that a visitor gave is in the log, or in the folder, at the end."""
    folder = tmp_path_factory.mktemp("server")
    log, temporary = folder / "log", folder / "temporary"
    temporary.mkdir()
    command = [sys.executable, str(ROOT / "app.py"), "--model_name_or_path", str(channel_checkpoint), str(checkpoint)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "TMPDIR": str(temporary)}
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [*command, "--port", "0", *LIMITS], stdout=output, stderr=output, env=environment, cwd=folder
        )
    end = time.monotonic() + 300
    while not (found := re.search(r"The page is at (\S+);", log.read_text())):
        assert process.poll() is None and time.monotonic() < end, log.read_text()
        time.sleep(0.2)
    yield found[1]
    # Gradio makes an empty file for each that it took in.
    left = [path for path in temporary.rglob("*") if path.is_file() and path.stat().st_size]
    process.send_signal(signal.SIGINT)
    status = process.wait(60)
    told = log.read_text()
    assert status == 130 and "Traceback" not in told
    assert not any(word in told for word in ("阴影", "阿莫西林", "script", "发热"))
    assert not left and not [*temporary.glob("dicmt-app-*")]


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(downloads):
    with chromium(downloads=downloads) as driver:
        yield driver


@pytest.fixture
def opened(browser, server):
    """The page, freshly opened; at the end the console is empty, no script ran, and nobody else was asked."""
    yield from open_page(browser, server)


def open_page(browser, server):
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    browser.get(server)
    wait(lambda: find(browser, "#record textarea").is_displayed())
    wait(lambda: browser.execute_script("return document.documentElement.dataset.language"))
    yield browser
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert not [url for url in asked if not url.startswith((server, "data:", "blob:"))]
    assert browser.title == "DicMT"
    # Gradio tells of the streams that a page leaves when it is left: those of the page before.
    assert [entry for entry in browser.get_log("browser") if "AbortError" not in entry["message"]] == []


def wait(condition, seconds=90):
    """What a condition gives once it is true; elements that Gradio draws anew meanwhile are looked for again."""
    end, error = time.monotonic() + seconds, None
    while time.monotonic() < end:
        try:
            if result := condition():
                return result
        except Exception as caught:  # stale, or not there yet
            error = caught
        time.sleep(0.1)
    raise AssertionError("It did not come about.") from error


def find(browser, selector):
    return browser.find_element(By.CSS_SELECTOR, selector)


def shown(browser, selector="#shown"):
    """The text of the records that are shown, and their marked entities, without the controls' names."""
    all_of = "return [...document.querySelectorAll(`${arguments[0]} %s`)].map((element) => %s)"
    texts = browser.execute_script(all_of % (".text", "element.textContent"), selector)
    marks = browser.execute_script(all_of % ("mark.first", "element.title.split('\\n')[0]"), selector)
    return "|".join(texts), marks


def write(browser, selector, text):
    """Put a text into a box as pasting does, since keys cannot type all characters."""
    script = """const box = document.querySelector(arguments[0]);
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(box, arguments[1]);
    box.dispatchEvent(new Event('input', { bubbles: true }));"""
    browser.execute_script(script, f"{selector} textarea", text)


def press(browser, selector):
    button = wait(lambda: find(browser, selector))
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    wait(lambda: find(browser, selector).click() or True)


def open_terms(browser):
    if not browser.find_elements(By.CSS_SELECTOR, "#terms textarea"):
        press(browser, "button.label-wrap")
    wait(lambda: find(browser, "#terms textarea").is_displayed())


def leave(browser, selector):
    box = find(browser, f"{selector} textarea")
    box.click()
    box.send_keys(Keys.TAB)


def upload(browser, selector, path):
    # The control is a button that opens a dialog; the input that it opens takes the file.
    field = browser.find_element(
        By.XPATH, f"//button[@id='{selector}']/preceding-sibling::input[@type='file'] | //*[@id='{selector}']//input"
    )
    field.send_keys(str(path))


def message(browser):
    return find(browser, "#message .message").text


def recognise(browser, text=TEXT):
    write(browser, "#record", text)
    press(browser, "#run")
    wait(lambda: shown(browser)[0] == text)


def download(browser, downloads, selector, name):
    for path in downloads.iterdir():
        path.unlink()
    press(browser, selector)
    path = downloads / name
    return wait(lambda: path.is_file() and path)


def test_pasting_shows_entities_that_filters_hide(opened):
    recognise(opened)
    types = shown(opened)[1]
    assert len({*types}) > 1
    press(opened, "#types label input")
    wait(lambda: set(shown(opened)[1]) == {*types} - {sorted({*types}, key=["Disease", "Anatomy", "Drug"].index)[0]})
    press(opened, "#types label input")
    wait(lambda: shown(opened)[1] == types)
    number = find(opened, "#score input[type=number]")
    number.send_keys(Keys.CONTROL, "a")
    number.send_keys("1", Keys.TAB)
    wait(lambda: len(shown(opened)[1]) < len(types))


def test_terms_show_at_once_what_they_change_and_networks_are_switched(opened):
    recognise(opened)
    before = shown(opened)[1]
    open_terms(opened)
    write(opened, "#terms", "Drug：阴影")
    press(opened, "#force input")
    wait(lambda: "术语带来的变化：" in find(opened, "#shown").text)
    labels = "return [...document.querySelectorAll('#shown mark.wrong')].map((mark) => mark.dataset.label)"
    assert any(re.search("[+≠↔]", label) for label in opened.execute_script(labels))
    press(opened, "#view label:nth-of-type(3)")
    wait(lambda: shown(opened)[1] == before)
    press(opened, "#view label:nth-of-type(2)")
    wait(lambda: shown(opened)[1] != before and "Drug" in shown(opened)[1])
    write(opened, "#terms", "")
    leave(opened, "#terms")
    wait(lambda: "术语带来的变化" not in find(opened, "#shown").text and shown(opened)[1] == before)
    write(opened, "#terms", "肺：x")
    leave(opened, "#terms")
    assert "术语第 1 行" in wait(lambda: message(opened))
    write(opened, "#terms", "")
    press(opened, "#network input")
    press(opened, "ul[role=listbox] li:nth-of-type(2)")
    wait(lambda: shown(opened)[1] != before)


def test_files_of_records_and_of_terms(opened, tmp_path):
    path = tmp_path / "r<b>&.jsonl"
    path.write_text("".join(json.dumps({"id": f"<i>{n}", "text": f"{n}{HOSTILE}"}) + "\n" for n in range(3)))
    upload(opened, "upload", path)
    wait(lambda: shown(opened)[0].count("7*7") == 6)
    assert "3 份病历" in find(opened, "#was-read").text
    assert "<i>0" in find(opened, "#shown").text
    terms = tmp_path / "Drug.txt"
    terms.write_text("阴影\n<b>\n")
    open_terms(opened)
    upload(opened, "upload-terms", terms)
    wait(lambda: find(opened, "#terms textarea").get_property("value") == "Drug：<b>、阴影")


@pytest.mark.parametrize(
    "name, content, told",
    [
        ("a.exe", b"x", None),
        ("a.jsonl", b"{", "文件无法读取"),
        ("<b>.txt", b"\xff\xff\xff", "文件无法读取"),
        ("a.txt", b" ", "没有文本"),
        ("a.txt", b"x" * 100_001, "超过单次上限"),
        ("a.jsonl", b'{"text": "x"}\n' * 6, "超过单次上限"),
    ],
)
def test_wrong_files_are_told_without_a_path(opened, tmp_path, name, content, told):
    path = tmp_path / name
    path.write_bytes(content)
    upload(opened, "upload", path)
    if told is not None:
        text = wait(lambda: message(opened))
        assert told in text and "/" not in text.replace(name, "") and "dicmt-app" not in text
    assert "识别结果将显示在这里" in find(opened, "#shown").text


def test_nothing_and_too_much_are_told(opened):
    press(opened, "#run")
    assert "请先粘贴" in wait(lambda: message(opened))
    recognise(opened)
    assert not opened.find_elements(By.CSS_SELECTOR, "#message .message")


def test_whatever_a_text_says_it_is_a_text(opened):
    text = f"{HOSTILE}\n{TEXT}"
    write(opened, "#record", text)
    press(opened, "#run")
    wait(lambda: "7*7" in shown(opened)[0])
    expected = text.replace("\u202e", "U+202E")
    assert shown(opened)[0] == expected
    open_terms(opened)
    write(opened, "#terms", f"{HOSTILE}\tDrug\n{HOSTILE}：x")
    leave(opened, "#terms")
    assert "术语第" in wait(lambda: message(opened))
    press(opened, "button[role=tab]:nth-of-type(2)")
    press(opened, "#deidentify")
    wait(lambda: shown(opened, "#shown-deidentified")[0] == expected)


def test_a_hundred_thousand_characters(opened):
    text = (TEXT * 10_000)[:100_000]
    write(opened, "#record", text)
    press(opened, "#run")
    wait(lambda: shown(opened)[0] == text, seconds=240)


def test_identifiers_are_taken_out_and_saved(opened, downloads):
    write(opened, "#record", "患者王建国，住院号：ZY0012345，于2013年5月1日入院。")
    press(opened, "button[role=tab]:nth-of-type(2)")
    press(opened, "#policy label:nth-of-type(2)")
    press(opened, "#deidentify")
    wait(lambda: "[姓名]" in shown(opened, "#shown-deidentified")[0])
    path = download(opened, downloads, "#download-text", "deidentified.jsonl")
    assert "[姓名]" in json.loads(path.read_text())["text"]


def test_downloads_are_what_is_shown(opened, downloads):
    recognise(opened)
    types = sorted(shown(opened)[1])
    record = json.loads(download(opened, downloads, "#download-json", "entities.jsonl").read_text())
    assert record["text"] == TEXT and sorted(entity["type"] for entity in record["entities"]) == types
    with zipfile.ZipFile(download(opened, downloads, "#download-brat", "entities.zip")) as archive:
        assert sorted(Path(name).suffix for name in archive.namelist()) == [".ann", ".txt"]
    assert "Content-Security-Policy" in download(opened, downloads, "#download-html", "entities.html").read_text()


def test_the_language_is_the_browsers_and_can_be_switched(opened, server):
    assert find(opened, "#run").text == "识别实体"
    recognise(opened)
    press(opened, "#language label:nth-of-type(2)")
    wait(lambda: find(opened, "#run").text == "Find entities" and "entities" in find(opened, "#shown").text)
    assert shown(opened)[0] == TEXT and find(opened, "#record textarea").get_property("value") == TEXT
    with chromium("en-US") as english:
        for browser in open_page(english, server):
            wait(lambda browser=browser: find(browser, "#run").text == "Find entities")


def test_what_is_cleared_is_gone(opened):
    recognise(opened)
    press(opened, "#clear")
    wait(lambda: "识别结果将显示在这里" in find(opened, "#shown").text)
    assert find(opened, "#record textarea").get_property("value") == ""
    press(opened, "#run")
    assert "请先粘贴" in wait(lambda: message(opened))


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_screen(opened, width):
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        recognise(opened, f"{TEXT}{'长' * 300}{'w' * 300}")
        open_terms(opened)
        wait(lambda: opened.execute_script("return document.documentElement.scrollWidth <= innerWidth"), seconds=10)
    finally:
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
