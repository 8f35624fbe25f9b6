"""What a visitor gets: entities with and without own terms, what these change, de-identified text, files."""

import base64
import json
import re
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from reading_pages import Reading
from tiny_network import RECORDS, SENTENCES

from modeling_dicmt.app import view as views
from modeling_dicmt.app.arguments import Limits
from modeling_dicmt.app.deidentifying import deidentify
from modeling_dicmt.app.downloads import DOWNLOADS, download, json_lines
from modeling_dicmt.app.errors import VisitorError
from modeling_dicmt.app.page import import_gradio
from modeling_dicmt.app.recognising import Request, Result, changed_marks, filtered, recognise
from modeling_dicmt.app.words import WORDS, say
from modeling_dicmt.deidentification import IdentifierFinder
from modeling_dicmt.recognition import EntityRecognizer, with_type
from run_app import read_file, write_brat

TEXT = SENTENCES[0]
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)> \u202e\"'&lt; {{7*7}} ${7*7} 😀"


def request(text=TEXT, network="channel", **more):
    return Request([{"id": "r", "text": text}], network, **more)


def result(text, before, after=None, types=("Disease", "Drug")):
    entities = [
        None if side is None else [[{"start": a, "end": b, "type": kind, "score": score} for a, b, kind, score in side]]
        for side in (before, after)
    ]
    return Result(Request([{"id": "r", "text": text}], "n"), types, *entities)


@pytest.mark.parametrize("network", ["channel", "tiny"])
def test_entities_are_those_of_the_recogniser(networks, network):
    chosen = networks[network]
    expected = EntityRecognizer(chosen._tagger, chosen.tokenizer)(RECORDS)
    records = [{"id": str(number), "text": text} for number, text in enumerate(RECORDS)]
    found = recognise(networks, Request(records, network), Limits())
    assert found.after is None and [*found.found] == [[with_type(e) for e in of_record] for of_record in expected]
    assert any(found.found)


@pytest.mark.parametrize("network, force", [("channel", True), ("tiny", False)])
def test_forced_terms_are_entities_and_the_networks_own_stay_as_they_were(networks, network, force):
    asked = request(network=network, terms="Drug：阴影", not_terms="考虑", force=force)
    before = recognise(networks, request(network=network), Limits())
    found = recognise(networks, asked, Limits())
    assert [*found.before] == [*before.before]
    assert (TEXT.index("阴影"), "Drug") in {(entity["start"], entity["type"]) for entity in found.after[0]}
    assert [*recognise(networks, request(network=network), Limits()).found] == [*before.found]


def test_what_is_no_entity_is_none(networks):
    word = recognise(networks, request(), Limits()).found[0][0]["word"]
    found = recognise(networks, request(not_terms=word), Limits())
    assert word not in {entity["word"] for entity in found.after[0]}


@pytest.mark.parametrize(
    "asked, limits, word",
    [
        (request(network="../secret"), {}, "no such network"),
        (request(network=None), {}, "no such network"),
        (request(TEXT * 9), {"max_characters": 100}, "too many characters"),
        (request(TEXT * 2000), {"max_seconds": 0.01}, "took too long"),
        (request(terms="a\tDrug"), {"max_seconds": 1e-9}, "took too long"),
        (request(terms="肺炎：a"), {}, "unknown type"),
        (
            request("肺" * 40_000, terms="\n".join("肺" * n + "\tDrug" for n in range(1, 60))),
            {},
            "terms occur too often",
        ),
    ],
)
def test_a_request_that_cannot_be_answered_is_told_why(networks, asked, limits, word):
    with pytest.raises(VisitorError) as caught:
        recognise(networks, asked, Limits(**limits))
    assert caught.value.word == word


def test_nothing_of_a_request_outlives_it(networks):
    """The recogniser keeps its last call's terms; here it is one a request."""
    recognise(networks, request(terms="Drug：只有我用的词"), Limits())
    kept = [*vars(networks["channel"]).values()]
    assert not any(isinstance(value, EntityRecognizer) for value in kept)
    assert "只有我用的词" not in networks["channel"].tokenizer.terms


def test_changes_are_marked_once_with_what_they_are():
    def entity(start, end, kind, score):
        return {"start": start, "end": end, "type": kind, "score": score}

    before = [entity(0, 2, "A", 0.9), entity(3, 5, "A", 0.8), entity(6, 8, "A", 0.7), entity(9, 11, "A", 0.6)]
    after = [entity(0, 2, "A", 0.95), entity(3, 5, "B", 0.5), entity(6, 9, "A", 0.4), entity(12, 14, "B", 0.3)]
    marks = {(m.start, m.end, m.type): (m.error, m.side, m.score) for m in changed_marks(before, after)}
    assert marks == {
        (0, 2, "A"): ("", "", 0.95),
        (3, 5, "B"): ("other type", "predicted", 0.5),
        (3, 5, "A"): ("other type", "annotated", 0.8),
        (6, 9, "A"): ("other boundary", "predicted", 0.4),
        (6, 8, "A"): ("other boundary", "annotated", 0.7),
        (9, 11, "A"): ("lost", "annotated", 0.6),
        (12, 14, "B"): ("gained", "predicted", 0.3),
    }
    made = Result(Request([{"id": "", "text": "x" * 20}], "n"), ("A", "B"), [before], [after])
    assert made.changes() == {"other type": 1, "other boundary": 1, "lost": 1, "gained": 1}
    assert made.counts() == {"A": 4, "B": 2}
    assert [len(made.marks(view)[0]) for view in ("before", "after", "changes")] == [4, 4, 7]
    assert {m.type for m in filtered(made.marks("changes")[0], {"B"}, 0.65)} == {"A"}
    assert {m.start for m in filtered(made.marks("changes")[0], (), 0.65)} == {0, 3, 6}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_result_shows_counts_changes_and_a_table(language):
    made = result("肺炎阿莫西林", [(0, 2, "Disease", 0.91)], [(0, 2, "Drug", 0.42), (2, 6, "Drug", 0.8)])
    html = views.show_result(made, "changes", (), 0, language)
    reading = Reading(html)
    assert reading.text == "肺炎阿莫西林"
    assert say("of changes", language, gained=1, lost=0, altered=1) in html
    titles = [attributes["title"] for tag, attributes in reading.elements if "title" in attributes]
    assert any(f"{say('score', language)}: 0.42" in title for title in titles)
    assert any(f"{say('change', language)}: {say('other type', language)}" in title for title in titles)
    rows = re.findall(r"<tr>(.*?)</tr>", html)[1:]
    assert [re.findall("<td>(.*?)</td>", row)[:4] for row in rows] == [
        ["肺炎", "Disease", "0.91", "0–2"],
        ["肺炎", "Drug", "0.42", "0–2"],
        ["阿莫西林", "Drug", "0.80", "2–6"],
    ]
    assert say("no change", language) in views.show_result(result("肺炎", [], []), "changes", (), 0, language)
    hidden = Reading(views.show_result(made, "after", {"Drug"}, 0, language))
    assert "mark" not in [tag for tag, _ in hidden.elements] and hidden.text == "肺炎阿莫西林"


def test_nothing_of_a_visitor_becomes_markup():
    made = result(HOSTILE, [(0, 9, HOSTILE, 0.5)], [(0, len(HOSTILE), HOSTILE, 0.5)], types=(HOSTILE,))
    made.request.records[0]["id"] = HOSTILE
    for view in ("changes", "after", "before"):
        reading = Reading(views.show_result(made, view, (), 0, "en"))
        assert reading.text == HOSTILE and not reading.scripts
        assert {tag for tag, _ in reading.elements} <= {
            *("div", "p", "span", "b", "article", "h2", "mark", "br", "details", "summary"),
            *("table", "thead", "tbody", "tr", "th", "td"),
        }
    told = Reading(views.told(VisitorError("file cannot be read", reason=HOSTILE), "en"))
    assert [tag for tag, _ in told.elements] == ["div", "p"]
    told = Reading(views.told(VisitorError("unknown type", line=1, name=HOSTILE, types=HOSTILE), "zh"))
    assert [tag for tag, _ in told.elements] == ["div", "p"]


def test_a_record_of_a_hundred_thousand_characters_is_shown():
    text = "患者肺炎。" * 20_000
    made = result(text, [(5 * n + 2, 5 * n + 4, "Disease", 0.9) for n in range(20_000)])
    html = views.show_result(made, "after", (), 0, "zh")
    assert Reading(html).text == text and html.count("<tr>") == 501


@pytest.mark.parametrize("action", ["surrogate", "tag", "remove", "keep"])
def test_identifiers_are_replaced_and_marked(action):
    text = "患者王建国，住院号：ZY0012345，于2013年5月1日入院。"
    done = deidentify([{"id": "王建国", "text": text}], action, IdentifierFinder(), Limits())
    (record,), (marks,) = done.records, done.marks
    assert record["id"] == "1" and "王建国" not in record["text"] and "0012345" not in record["text"]
    assert done.replaced >= 3 and (not marks if action == "remove" else {"姓名"} <= {mark.type for mark in marks})
    assert action != "tag" or "[姓名]" in record["text"]
    html = views.show_deidentified(done, "zh")
    assert Reading(html).text == record["text"]


def test_deidentification_keeps_to_its_time():
    with pytest.raises(VisitorError, match="took too long"):
        deidentify([{"id": "1", "text": TEXT}] * 50, "tag", IdentifierFinder(), Limits(max_seconds=1e-6))


def test_downloads_hold_what_is_shown(tmp_path):
    text = "肺炎，\r\n阿莫西林 <b>"
    made = result(text, [], [(0, 2, "Disease", 0.9), (5, 9, "Drug", 0.8)])
    made.request.records[0]["id"] = "../../x/<b>"
    files = {kind: download(kind, made, write_brat, tmp_path) for kind in DOWNLOADS}
    content = {kind: base64.b64decode(file["data"]) for kind, file in files.items()}
    (record,) = map(json.loads, content["JSON"].decode().splitlines())
    assert record["text"] == text and record["entities"] == made.after[0]
    (tmp_path / "again.jsonl").write_bytes(content["JSON"])
    assert [item["text"] for item in read_file(tmp_path / "again.jsonl")] == [text]
    (tmp_path / "again.jsonl").unlink()
    with zipfile.ZipFile(BytesIO(content["BRAT"])) as archive:
        names = archive.namelist()
        assert not any(name.startswith("/") or ".." in Path(name).parts for name in names)
        (annotations,) = (archive.read(name).decode() for name in names if name.endswith(".ann"))
    assert annotations == "T1\tDisease 0 2\t肺炎\nT2\tDrug 5 9\t阿莫西林\n"
    assert "Content-Security-Policy" in content["HTML"].decode() and "肺炎" in content["HTML"].decode()
    assert not [*tmp_path.iterdir()]


def test_what_brat_cannot_hold_is_told_without_a_path(tmp_path):
    with pytest.raises(VisitorError) as caught:
        download("BRAT", result("肺炎", [(0, 2, "a b", 0.5)], types=("a b",)), write_brat, tmp_path)
    assert caught.value.word == "cannot be written" and str(tmp_path) not in caught.value.told("en")
    assert not [*tmp_path.iterdir()]


def test_lone_surrogates_do_not_end_a_download():
    assert json.loads(json_lines([{"id": "1", "text": "a\ud800"}]))["text"] == "a?"


def test_each_word_is_said_in_both_languages():
    for word, both in WORDS.items():
        english, chinese = both
        assert english.strip() and chinese.strip(), word
        assert {*re.findall(r"{\w+}", english)} == {*re.findall(r"{\w+}", chinese)}, word
    assert say("title", "zh") != say("title", "en") == say("title", "fr")


@pytest.mark.parametrize(
    "accepted, language",
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9", "en"),
        ("fr-FR, en;q=0.5", "en"),
        ("fr", "zh"),
        (None, "zh"),
    ],
)
def test_the_language_is_the_first_that_the_browser_asks_for(page, accepted, language):
    assert page.preferred_language(accepted) == language


def test_without_gradio_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    with pytest.raises(ImportError, match=r"dicmt\[app\]"):
        import_gradio()
