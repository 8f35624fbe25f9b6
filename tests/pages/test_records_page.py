"""The page of records as a file: what a browser is given, whatever records, types and terms say."""

import base64
import hashlib
import json
import re

import pytest
from reading_pages import Reading

from modeling_dicmt.evaluation.report import ERROR_CLASSES
from modeling_dicmt.pages.marks import compared_marks, found_marks
from modeling_dicmt.pages.page import records_page, say
from modeling_dicmt.pages.words import WORDS

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "<img src=x onerror=alert(1)>",
    "\"' onmouseover=alert(1) x='\"",
    "&lt;b&gt;&#60;",
    "<!-- records -->",
    "{{ 7 * 7 }}{% raw %}",
    "\x00\ud800\u202e\u2028",
]


def write(path, records, **options):
    with records_page(path, **options) as page:
        for record, marks in records:
            page.add(record, marks)
    return path.read_text(encoding="utf-8")


def data_of(html):
    """What the page's script reads: the records, and all else by its id."""
    scripts = Reading(html).scripts
    records = [json.loads(content) for attributes, content in scripts if attributes.get("class") == "record-data"]
    others = {attributes["id"]: json.loads(content) for attributes, content in scripts if "id" in attributes}
    return records, others


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_of_a_record_becomes_markup(tmp_path, hostile):
    evidence = [{"term": hostile, "type": hostile, "lists": [hostile], "vetted": True, "start": 0, "end": 1}]
    entity = {"start": 0, "end": len(hostile), "type": hostile, "score": 0.5, "evidence": evidence}
    harmless = write(tmp_path / "a.html", [({"id": "r", "text": "肺"}, found_marks([(0, 1, "A")]))], types=["A"])
    html = write(tmp_path / "b.html", [({"id": hostile, "text": hostile}, found_marks([entity]))], types=[hostile])
    page, other = Reading(html), Reading(harmless)
    assert [(tag, attributes) for tag, attributes in page.elements] == other.elements
    records, others = data_of(html)
    drawn = Reading(records[0]["html"])
    assert drawn.text == hostile and drawn.marked == {0: hostile}
    assert {tag for tag, _ in drawn.elements} <= {"h2", "div", "mark", "span", "br"}
    assert {name for _, attributes in drawn.elements for name in attributes} <= {
        "class", "lang", "data-n", "data-label", "data-code", "tabindex", "title",
    }  # fmt: skip
    assert len(others["types"]) == 1
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202a-\u202e\u2028]", html)


def test_the_policy_lets_the_pages_own_script_run_and_nothing_else(tmp_path):
    html = write(tmp_path / "page.html", [])
    reading = Reading(html)
    policy = next(a["content"] for tag, a in reading.elements if a.get("http-equiv") == "Content-Security-Policy")
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    (script,) = (content for attributes, content in reading.scripts if not attributes)
    hashes = [base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() for content in (style, script)]
    assert policy.split("; ") == [
        "default-src 'none'", f"style-src 'sha256-{hashes[0]}'", f"script-src 'sha256-{hashes[1]}'",
        "base-uri 'none'", "form-action 'none'",
    ]  # fmt: skip
    assert all(attributes.get("type") == "application/json" for attributes, _ in reading.scripts if attributes)
    names = {name for _, attributes in reading.elements for name in attributes}
    assert not names & {"src", "href", "style", "srcset", "action"} and not {n for n in names if n.startswith("on")}
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttpRequest|localStorage|cookie", html)


def test_what_filters_go_by_is_that_of_the_marks(tmp_path):
    text = "患者肺炎，服用阿莫西林，无发热。"
    found = [(2, 4, "Disease"), (7, 10, "Drug"), (0, 2, "Other")]
    gold = [(2, 4, "Disease"), (7, 11, "Drug"), (13, 15, "Symptom")]
    marks = compared_marks(found, gold, [0.91, 0.52, 0.33])
    html = write(tmp_path / "p.html", [({"id": 7, "text": text}, marks)], types=["Disease"], compared=True)
    ((record,), others) = data_of(html)
    kinds = list(ERROR_CLASSES)
    names = [name for name, _, _ in others["types"]]
    assert record["characters"] == len(text) and others["settings"]["errors"] == kinds
    assert [
        (names[kind], score, kinds[error] if error >= 0 else "", side, counted)
        for kind, score, error, side, counted in record["entities"]
    ] == [
        ("Other", 0.33, "spurious", 1, 1),
        ("Disease", 0.91, "", 0, 0),
        ("Drug", None, "wrong boundary", 2, 0),
        ("Drug", 0.52, "wrong boundary", 1, 1),
        ("Symptom", None, "missed", 2, 1),
    ]
    assert [Reading(record["html"]).marked[n] for n in range(5)] == ["患者", "肺炎", "阿莫西林", "阿莫西", "发热"]


def test_a_page_that_is_not_finished_leaves_the_old_one(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(ValueError, match="is no part of the text"), records_page(path) as page:
        page.add({"id": "a", "text": "肺炎"}, found_marks([(0, 2, "A")]))
        page.add({"id": "b", "text": ""}, found_marks([(0, 2, "A")]))
    assert path.read_text(encoding="utf-8") == "old" and [*tmp_path.iterdir()] == [path]


def test_records_are_written_as_they_come(tmp_path):
    with records_page(tmp_path / "page.html") as page:
        (temporary,) = tmp_path.iterdir()
        for number in range(200):
            page.add({"id": str(number), "text": "肺炎" * 500}, found_marks([(0, 2, "A")]))
        assert temporary.stat().st_size > 100_000


def test_each_word_is_said_in_both_languages(tmp_path):
    html = write(tmp_path / "page.html", [], compared=True)
    for word, (english, chinese) in WORDS.items():
        assert english.strip() and chinese.strip(), word
        assert english.isascii() or word == "language", word
    for english, chinese in (WORDS[word] for word in ("comparison", "results", "print note")):
        assert f'<span class="en" lang="en">{english}</span><span class="zh" lang="zh">{chinese}</span>' in html
    with pytest.raises(KeyError):
        say("no such word")
