"""The pages in Chromium: thousands of records, filters, search, the keyboard, themes, print.

Nothing is asked of a network and nothing is told on the console.

Skipped where Chromium, its driver or selenium is absent; `make test-browser` installs them.
"""

import base64
import json

import pytest
from chromium import MARKS, chromium, webdriver
from selenium.webdriver.common.keys import Keys

from modeling_dicmt.pages.marks import compared_marks, found_marks
from modeling_dicmt.pages.page import records_page
from modeling_dicmt.pages.training import count_errors, render_training

pytestmark = MARKS

RECORDS = 5000
TEXT = "患者{}天前出现腹痛，查体示肝大，诊断为肺炎，予阿莫西林治疗。"
HOSTILE = "</script><script>document.title='x'</script><!-- \x00\r\n\t\r'\"&lt;\u202e 👨‍👩‍👧😀𠮷 \ud800 end"


def record(number):
    """A record, its annotated entities, and what was found: right, missed, spurious, another type, another boundary."""
    text = TEXT.format(number)
    places = {
        word: (text.index(word), text.index(word) + len(word)) for word in ("腹痛", "肝", "肺炎", "阿莫西林", "治疗")
    }
    types = {"腹痛": "Symptom", "肝": "Anatomy", "肺炎": "Disease", "阿莫西林": "Drug"}
    gold = [(*places[word], kind) for word, kind in types.items()]
    found = [{"start": start, "end": end, "type": kind, "score": 0.9} for start, end, kind in gold]
    if number % 5 == 1:
        del found[0]
    elif number % 5 == 2:
        found.append({"start": places["治疗"][0], "end": places["治疗"][1], "type": "Drug", "score": 0.2})
    elif number % 5 == 3:
        found[2]["type"] = "Symptom"
    elif number % 5 == 4:
        found[3]["end"] -= 1
    return {"id": f"r{number}", "text": text}, found, gold


@pytest.fixture(scope="module")
def browser():
    with chromium() as driver:
        yield driver


def write_page(path, number_of_records):
    with records_page(path, ["Symptom", "Anatomy", "Disease", "Drug"], compared=True) as page:
        for number in range(number_of_records):
            of_record, found, gold = record(number)
            page.add(of_record, compared_marks(found, gold))
    return path


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("pages") / "records.html", RECORDS)


@pytest.fixture(scope="module")
def small_page(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("pages") / "small.html", 200)


def show(browser, path, width=1280, scheme="light"):
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})
    browser.get("about:blank")
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    browser.get(path.as_uri())


@pytest.fixture
def opened(browser, page):
    """The page of 5,000 records, freshly opened; nothing was told on the console or asked of anybody at the end."""
    yield from open_quietly(browser, page)


@pytest.fixture
def opened_small(browser, small_page):
    """The same of a page of 200."""
    yield from open_quietly(browser, small_page)


def open_quietly(browser, page):
    show(browser, page)
    yield browser
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = {m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"}
    assert asked <= {page.as_uri()}


def run(browser, script, *arguments):
    return browser.execute_script(script, *arguments)


def wait_for(browser, condition):
    """Until a condition holds in the page; fails after some time."""
    browser.set_script_timeout(60)
    browser.execute_async_script(
        f"const done = arguments[0]; const look = () => ({condition}) ? done() : setTimeout(look, 20); look();"
    )


def counts(browser):
    """Records, entities and errors that the page says are left."""
    told = run(browser, "return document.getElementById('counts').textContent")
    return [int("".join(filter(str.isdigit, part))) for part in told.split("，")]


def press(browser, *keys):
    webdriver.ActionChains(browser).send_keys(*keys).perform()
    return run(browser, "return document.activeElement.textContent")


def chip(browser, row, name):
    for button in browser.find_elements("css selector", f"#{row} button"):
        if name in button.text:
            return button
    raise AssertionError(name)


def test_of_thousands_of_records_only_those_near_are_in_the_document(opened):
    assert counts(opened) == [RECORDS, RECORDS * 4 + 3 * RECORDS // 5, 4 * RECORDS // 5]
    count = "return document.querySelectorAll('.e').length"
    wait_for(opened, "document.querySelectorAll('.e').length > 0")
    assert 20 < run(opened, count) < 400
    run(opened, "scrollTo(0, document.body.scrollHeight)")
    wait_for(opened, f"document.querySelector('main').lastChild.textContent.includes('患者{RECORDS - 1}天')")
    assert run(opened, count) < 400
    assert run(opened, "return document.querySelector('main .record').childNodes.length") == 0  # the first is away


def test_filters_by_type_score_result_and_side(opened):
    chip(opened, "types-row", "Anatomy").click()
    assert counts(opened)[:2] == [RECORDS, RECORDS * 3 + 3 * RECORDS // 5]
    chip(opened, "types-row", "全不选").click()
    opened.find_element("id", "only").click()
    assert counts(opened) == [0, 0, 0]
    assert opened.find_element("id", "nothing").is_displayed()
    chip(opened, "types-row", "全部").click()
    for name in ("正确", "漏报", "类型错误", "边界错误"):
        chip(opened, "results-row", name).click()
    assert counts(opened) == [RECORDS // 5] * 3  # the spurious ones
    run(opened, "const s = document.getElementById('score'); s.value = 0.5; s.dispatchEvent(new Event('input'))")
    assert counts(opened) == [0, 0, 0]
    chip(opened, "results-row", "类型错误").click()
    assert counts(opened) == [RECORDS // 5, 2 * RECORDS // 5, RECORDS // 5]
    chip(opened, "sides-row", "标注").click()
    assert counts(opened) == [RECORDS // 5, RECORDS // 5, 0]
    shown = "return [...document.querySelectorAll('.record:not([hidden]) .e:not(.off)')].map(e => e.textContent)"
    wait_for(opened, "document.querySelector('.record:not([hidden]) .e')")
    assert set(run(opened, shown)) == {"肺炎"}


def test_search_finds_texts_and_ids_and_shows_where(opened):
    opened.find_element("id", "search").send_keys("患者77天")
    wait_for(opened, "document.getElementById('counts').textContent.startsWith('1 ')")
    assert opened.find_element("css selector", ".record:not([hidden]) h2").text == "r77"
    found = "return [...CSS.highlights.get('dicmt-found')].map(range => range.toString())"
    assert run(opened, found) == ["患者77天"]
    box = opened.find_element("id", "search")
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys("腹痛，查体示肝大")  # across entities
    wait_for(opened, f"document.getElementById('counts').textContent.startsWith('{RECORDS:,} ')")
    assert set(run(opened, found)) == {"腹痛，查体示肝大"}
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys("R4999")
    wait_for(opened, "document.getElementById('counts').textContent.startsWith('1 ')")


def test_the_keyboard_goes_through_entities_records_and_errors(opened_small):
    assert [press(opened_small, "n") for _ in range(5)] == ["腹痛", "肝", "肺炎", "阿莫西林", "腹痛"]
    assert press(opened_small, "p") == "阿莫西林"
    tip = opened_small.find_element("id", "tip")
    assert tip.is_displayed() and "分数\n0.90" in tip.text
    assert [press(opened_small, "e")[:4] for _ in range(4)] == ["腹痛", "治疗", "肺炎", "阿莫西"]  # one an error
    assert press(opened_small, "E") == "肺炎"
    assert "类型错误" in opened_small.find_element("id", "tip").text
    assert press(opened_small, "j").startswith("r4") and press(opened_small, "k").startswith("r3")
    top = run(opened_small, "return document.activeElement.getBoundingClientRect().top")
    bottom = run(opened_small, "return document.querySelector('.bar').getBoundingClientRect().bottom")
    assert bottom <= top < bottom + 60
    chip(opened_small, "types-row", "Disease").click()
    chip(opened_small, "types-row", "Symptom").click()
    assert [press(opened_small, "n") for _ in range(4)] == ["肝", "阿莫西林", "肝", "阿莫西林"]  # of r3 and r4
    press(opened_small, "/")
    assert press(opened_small, "n", "j") == "" and run(opened_small, "return document.activeElement.value") == "nj"
    press(opened_small, Keys.ESCAPE, "?")
    assert opened_small.find_element("id", "keys").is_displayed()


def test_far_entities_are_reached_though_they_are_not_in_the_document(opened):
    opened.find_element("id", "only").click()
    for name in ("正确", "漏报", "类型错误", "边界错误"):
        chip(opened, "results-row", name).click()
    run(opened, "scrollTo(0, document.body.scrollHeight)")
    wait_for(opened, "document.querySelector('main .record:nth-last-child(3)').textContent.includes('天')")
    press(opened, "p")
    place = run(
        opened, "const r = document.activeElement.getBoundingClientRect(); return [r.top, innerHeight - r.bottom]"
    )
    assert min(place) > 0
    assert run(opened, "return document.activeElement.closest('.record').querySelector('h2').textContent")[0] == "r"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_themes_and_languages(browser, small_page, scheme):
    show(browser, small_page, scheme=scheme)
    background = "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
    assert (max(run(browser, background)) < 60) == (scheme == "dark")
    browser.find_element("css selector", "[data-switch=theme]").click()
    assert (max(run(browser, background)) < 60) == (scheme == "light")
    assert "病历" in browser.find_element("css selector", "header").text
    browser.find_element("css selector", "[data-switch=language]").click()
    header = browser.find_element("css selector", "header").text
    assert "wrong boundary" in header and "边界" not in header and "records" in header
    assert browser.find_element("id", "search").get_attribute("placeholder") == "Search texts and ids"


def test_all_that_filters_leave_is_printed_and_nothing_else(opened_small):
    opened_small.find_element("id", "search").send_keys("r1")
    wait_for(opened_small, "document.getElementById('counts').textContent.startsWith('111 ')")
    run(
        opened_small,
        "addEventListener('afterprint', () => {}); addEventListener('beforeprint', () => { window.printed = "
        "[...document.querySelectorAll('.record:not([hidden])')].map(r => r.querySelectorAll('.e').length)})",
    )
    pdf = base64.b64decode(opened_small.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"])
    printed = run(opened_small, "return window.printed")
    assert len(printed) == 111 and min(printed) >= 4
    assert 3 < pdf.count(b"/Type /Page") - pdf.count(b"/Type /Pages") < 40


def test_on_a_telephone_nothing_is_wider_than_the_screen(browser, small_page):
    show(browser, small_page, width=390)
    assert run(browser, "return document.documentElement.scrollWidth") <= 390
    assert not browser.find_element("id", "filters").is_displayed()
    browser.find_element("id", "open-filters").click()
    assert browser.find_element("id", "filters").is_displayed()
    assert run(browser, "return document.documentElement.scrollWidth") <= 390


def test_a_hostile_record_is_text_and_offsets_are_those_of_python(browser, tmp_path):
    spans = [(0, 9, "a"), (HOSTILE.index("👨"), HOSTILE.index("👨") + 5, "b"), (HOSTILE.index("𠮷"), len(HOSTILE), "c")]
    path = tmp_path / "hostile.html"
    with records_page(path) as page:
        page.add({"id": HOSTILE, "text": HOSTILE}, found_marks(spans))
    show(browser, path)
    wait_for(browser, "document.querySelector('.e')")
    read = (
        "const read = (element) => { const copy = element.cloneNode(true);"
        "for (const c of copy.querySelectorAll('.control')) c.textContent = `{${c.dataset.code}}`;"
        "return copy.textContent; };"
        "return [read(document.querySelector('.text')), ...[0, 1, 2].map(n => "
        "[...document.querySelectorAll(`[data-n='${n}']`)].map(read).join(''))];"
    )
    named = {"\x00": "{0000}", "\u202e": "{202E}", "\ud800": "{D800}"}

    def as_shown(text):
        for character, name in named.items():
            text = text.replace(character, name)
        return text.replace("\r'", "{000D}'")

    assert run(browser, read) == [as_shown(HOSTILE), *(as_shown(HOSTILE[start:end]) for start, end, _ in spans)]
    assert browser.title == "实体" and browser.get_log("browser") == []
    assert run(browser, "return document.querySelectorAll('script:not([type])').length") == 1


@pytest.mark.parametrize("width", [1280, 390])
def test_hundreds_of_types_and_long_names_leave_room_for_the_records(browser, tmp_path, width):
    path = tmp_path / "types.html"
    with records_page(path, [f"a type with a long beginning {number}" for number in range(300)]) as page:
        page.add({"id": "长" * 3000, "text": "肺炎"}, found_marks([(0, 2, "很长" * 3000)]))
    show(browser, path, width)
    wait_for(browser, "document.querySelector('.e')")
    run(browser, "if (document.getElementById('filters').hidden) document.getElementById('open-filters').click()")
    height = "return document.querySelector('.bar').offsetHeight / innerHeight"
    assert run(browser, height) < 0.65
    assert run(browser, "return document.documentElement.scrollWidth <= innerWidth")
    run(browser, "document.querySelector('.e').focus()")
    assert run(browser, "return document.getElementById('tip').offsetHeight <= innerHeight")


def test_labels_of_another_direction_leave_the_text_in_order(browser, tmp_path):
    path = tmp_path / "labels.html"
    with records_page(path) as page:
        page.add({"id": "a", "text": "肺炎123天"}, found_marks([(0, 2, "שלום")]))
    show(browser, path)
    wait_for(browser, "document.querySelector('.e')")
    label, digits = run(
        browser,
        "const mark = document.querySelector('.e'), range = new Range(); range.selectNode(mark.nextSibling);"
        "return [mark.getBoundingClientRect().right, range.getBoundingClientRect().left];",
    )
    assert digits >= label - 1


def test_what_is_not_of_the_page_does_not_run(browser, tmp_path):
    """The policy, apart from the escaping: markup that got in somehow has neither script nor picture."""
    path = tmp_path / "page.html"
    with records_page(path) as page:
        page.add({"id": "a", "text": "肺炎"}, found_marks([(0, 2, "A")]))
    broken = path.read_text(encoding="utf-8").replace(
        "<main", "<script>document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\"><main"
    )
    path.write_text(broken, encoding="utf-8")
    show(browser, path)
    assert browser.title == "实体"
    assert sum("Content Security Policy" in entry["message"] for entry in browser.get_log("browser")) >= 2


def test_the_page_of_a_training(browser, tmp_path):
    from modeling_dicmt.evaluation.calibration import calibration_error
    from modeling_dicmt.evaluation.clinical_ner import score_entities

    _, found, gold = record(3)
    found = [(item["start"], item["end"], item["type"]) for item in found]
    scores = score_entities([found], [gold]) | {"calibration": calibration_error([0.9, 0.4], [True, False])}
    history = [{"epoch": n, "f1": n / 9, "train_loss": 1 / n, "f1_by_type": {"Drug": 0.5}} for n in range(1, 8)]
    part = {"scores": scores, "errors": count_errors([found], [gold])}
    path = tmp_path / "report.html"
    path.write_text(render_training("sample", {}, history, {"test": part}, ["Drug"], 7), encoding="utf-8")
    show(browser, path, width=390)
    assert run(browser, "return document.documentElement.scrollWidth") <= 390
    assert "训练曲线" in browser.find_element("css selector", "main").text and browser.title == "训练报告"
    browser.find_element("css selector", "[data-switch=language]").click()
    text = browser.find_element("css selector", "main").text
    assert "Curves" in text and "训练" not in text
    assert browser.get_log("browser") == []
