"""The report on vetted terms, counted again by the definition, and what it makes of texts that Markdown would obey."""

import html
import random
import re
from collections import Counter, defaultdict
from unittest import mock

import naive_terms
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_network import ENTITY_TYPES, TERMS, make_tokenizer

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.evaluation import term_report
from modeling_dicmt.evaluation.report import visible
from modeling_dicmt.evaluation.term_report import TermReport
from modeling_dicmt.normalization import normalize

TYPES_OF_LIST = {name: [name] for name in ENTITY_TYPES}
MARKS = "|`<>*_[]~\\$"


def entity(text, start, end, kind, score=0.5):
    return {"start": start, "end": end, "type": kind, "word": text[start:end], "score": score}


def written(path, tokenizer, pairs, lexicon=None, **settings):
    """The report on pairs of a record and its entities."""
    report = TermReport(tokenizer, lexicon or tokenizer.lexicon, **settings)
    for record, entities in pairs:
        report.add(record, entities)
    report.write(str(path))
    return path.read_text(encoding="utf-8")


def rows_below(report, heading):
    """Cells, as a reader sees them, of the table below a heading; fails where one is more than plain text."""
    section = report.split(f"## {heading}\n", 1)[1].split("\n## ")[0]
    rows = []
    for line in [line for line in section.splitlines() if line.startswith("|")][2:]:
        cells = line.removeprefix("| ").removesuffix(" |").split(" | ")
        assert not {*"".join(cells)}.intersection(MARKS), line
        rows.append([html.unescape(cell) for cell in cells])
    return rows


def contexts_in(report):
    """The heading of each term that was not taken, as a reader sees it, and its lines."""
    found = re.findall(r"^### (.*)\n\n```text\n((?:record .*\n)+)```$", report, re.MULTILINE)
    assert len(found) == report.count("\n### ") and len(re.findall(r"^\s*```", report, re.MULTILINE)) == 2 * len(found)
    assert not {*"".join(heading for heading, _ in found)}.intersection(MARKS)
    return [(html.unescape(heading), lines.splitlines()) for heading, lines in found]


def test_an_example_by_hand(tmp_path):
    text = "患者左肺见阴影，考虑肺炎。未见阴影，予阴影。阴影。"
    spans = [(4, 7, "Anatomy"), (10, 12, "Disease"), (15, 17, "Drug"), (19, 20, "Drug"), (22, 24, "Disease")]
    tokenizer = make_tokenizer(terms={"Drug": ["阴影", "予"], "Disease": ["肺炎", "左肺"]})
    pairs = [({"id": "一", "text": text}, [entity(text, *span) for span in spans])]
    report = written(tmp_path / "terms.md", tokenizer, pairs)
    assert "- records: 1\n- vetted terms: 4, of which 4 can match" in report
    assert "- their occurrences: 7, of which 2 were taken" in report
    assert rows_below(report, "Not taken") == [
        ["阴影", "Drug", "4", "1", "3", "longer Anatomy (1), shorter Drug (1), Disease (1)"],
        ["予", "Drug", "1", "0", "1", "nothing (1)"],
        ["左肺", "Disease", "1", "0", "1", "nothing (1)"],
    ]
    assert contexts_in(report)[0] == (
        "阴影 (Drug)",
        [
            "record 一: 患者左肺[见[阴影|vetted term]|Anatomy]，考虑肺炎。未见阴影，予阴影。…",
            "record 一: …见阴影，考虑肺炎。未见阴影，予[[阴|Drug]影|vetted term]。阴影。",
            "record 一: …，考虑肺炎。未见阴影，予阴影。[[阴影|Disease]|vetted term]。",
        ],
    )
    assert rows_below(report, "Always taken") == [["肺炎", "Disease", "1"]]
    assert rows_below(report, "Frequent entities that no list has") == [
        ["见阴影", "Anatomy", "1", "1", "0.50"],
        ["阴", "Drug", "1", "1", "0.50"],
    ]


def lies(start, end, other):
    """How a stretch that overlaps a term lies to it."""
    if (other["start"], other["end"]) == (start, end):
        return other["type"]
    of_term, of_other = {*range(start, end)}, {*range(other["start"], other["end"])}
    how = "longer" if of_term < of_other else "shorter" if of_other < of_term else "overlapping"
    return f"{how} {other['type']}"


def shown(text):
    return " ".join(visible(text).split())


def without_marks(line):
    return re.sub(rf"\s|\[|\]|\|vetted term|\|(?:{'|'.join(ENTITY_TYPES)})", "", line)


def recounted(pairs, types, max_sentence_length):
    """Of each term its occurrences, those taken, what was found instead, and what its contexts show."""
    counts = {}
    for record, entities in pairs:
        text = record["text"]
        stretches = naive_terms.stretches_in_record(text, types, max_sentence_length)
        for (start, end), kinds in sorted(stretches.items()):
            key = normalize(text[start:end]), "/".join(kind for kind in ENTITY_TYPES if kind in kinds)
            row = counts.setdefault(key, {"occurrences": 0, "taken": 0, "instead": Counter(), "contexts": []})
            row["occurrences"] += 1
            overlap = [item for item in entities if item["start"] < end and start < item["end"]]
            if any((item["start"], item["end"]) == (start, end) and item["type"] in kinds for item in overlap):
                row["taken"] += 1
                continue
            row["instead"].update([lies(start, end, item) for item in overlap] or ["nothing"])
            first = max(0, min([start, *(item["start"] for item in overlap)]) - 15)
            last = min(len(text), max([end, *(item["end"] for item in overlap)]) + 15)
            window = "…" * (first > 0) + shown(text[first:last]) + "…" * (last < len(text))
            marked = Counter(["vetted term", *(item["type"] for item in overlap)])
            row["contexts"].append((without_marks(f"record {record['id']}: {window}"), marked))
    return counts


def unlisted(pairs, lists):
    """Entities that no list has, their occurrences, records, and mean score."""
    known = {normalize(term).strip() for terms in lists for term in terms}
    found = defaultdict(list)
    for record, entities in pairs:
        for item in entities:
            if (mention := normalize(item["word"]).strip()) not in known:
                found[mention, item["type"]].append((record["id"], item["score"]))
    return [
        [shown(mention), kind, str(len(of)), str(len({name for name, _ in of})), sum(s for _, s in of) / len(of)]
        for (mention, kind), of in found.items()
    ]


@st.composite
def answered_records(draw):
    """Vetted terms, what is no entity, and records with entities that often are vetted terms, in part or whole."""
    letters = st.sampled_from("肺肺炎炎左 Ａ。|`<*[\\&")
    term = st.text(letters, min_size=1, max_size=3).filter(str.strip)
    terms = {name: draw(st.lists(term, max_size=4)) for name in ENTITY_TYPES[:2]}
    not_terms = {ENTITY_TYPES[0]: draw(st.lists(st.sampled_from([*terms[ENTITY_TYPES[0]], "肺"]), max_size=1))}
    chance = random.Random(draw(st.integers(0, 2**32)))
    types = naive_terms.types_of_terms(naive_terms.terms_of(terms), TYPES_OF_LIST, naive_terms.terms_of(not_terms))
    pairs = []
    for number, text in enumerate(
        draw(st.lists(st.text(letters | st.sampled_from("\n\x1b"), max_size=50), max_size=4))
    ):
        stretches = [stretch for stretch in naive_terms.stretches_in_record(text, types, 20) if chance.random() < 0.6]
        for _ in range(len(text) // 5):
            start = chance.randrange(len(text))
            stretches.append((start, min(len(text), start + chance.randint(1, 4))))
        spans = naive_terms.longest_first({*stretches})
        entities = [entity(text, *span, chance.choice(ENTITY_TYPES[:2]), chance.random()) for span in spans]
        pairs.append(({"id": f"r{number}", "text": text}, entities))
    return terms, not_terms, pairs


@given(answered_records(), st.sampled_from([1, 30, 2**15]))
def test_the_report_is_that_of_a_naive_recount(tmp_path_factory, drawn, chunk_characters):
    terms, not_terms, pairs = drawn
    tokenizer = make_tokenizer(terms=terms, max_sentence_length=20)
    lexicon = tokenizer.compile_lexicon(not_terms=ClinicalDictionary(naive_terms.terms_of(not_terms)))
    with mock.patch.object(term_report, "_CHUNK_CHARACTERS", chunk_characters):
        report = written(tmp_path_factory.getbasetemp() / "terms.md", tokenizer, pairs, lexicon)
    types = naive_terms.types_of_terms(naive_terms.terms_of(terms), TYPES_OF_LIST, naive_terms.terms_of(not_terms))
    counts = recounted(pairs, types, 20)
    missed = {key: row for key, row in counts.items() if row["taken"] < row["occurrences"]}

    occurrences, taken = (sum(row[name] for row in counts.values()) for name in ("occurrences", "taken"))
    assert f"- records: {len(pairs)}\n" in report
    assert f" can match (1 to 200 characters, and no entity by no list) and {len(counts)} occur\n" in report
    assert f"- their occurrences: {occurrences}, of which {taken} were taken" in report

    rows = rows_below(report, "Not taken")
    numbers = [[int(cell) for cell in row[2:5]] for row in rows]
    instead = [{tuple(part.rsplit(" ", 1)) for part in row[5].split(", ")} for row in rows]
    expected = [
        (
            [shown(term), kind],
            [row["occurrences"], row["taken"], row["occurrences"] - row["taken"]],
            {(what, f"({number})") for what, number in row["instead"].items()},
        )
        for (term, kind), row in missed.items()
    ]
    found = [(row[:2], *others) for row, *others in zip(rows, numbers, instead, strict=True)]
    assert sorted(found, key=lambda row: row[:2]) == sorted(expected, key=lambda row: row[:2])
    assert [row[2] for row in numbers] == sorted((row[2] for row in numbers), reverse=True)

    contexts = contexts_in(report)
    assert [heading for heading, _ in contexts] == [f"{term} ({kind})" for term, kind, *_ in rows]
    told = sorted(
        (heading, [(without_marks(line), Counter(_marks_in(line))) for line in lines]) for heading, lines in contexts
    )
    assert told == sorted((f"{shown(term)} ({kind})", row["contexts"][:3]) for (term, kind), row in missed.items())

    whole = [
        [shown(term), kind, str(row["occurrences"])]
        for (term, kind), row in counts.items()
        if row not in missed.values()
    ]
    assert sorted(rows_below(report, "Always taken")) == sorted(whole)
    rows = rows_below(report, "Frequent entities that no list has")
    expected = sorted(unlisted(pairs, [TERMS, *terms.values()]))
    assert sorted(row[:4] for row in rows) == [row[:4] for row in expected]
    assert [float(row[4]) for row in sorted(rows)] == pytest.approx([row[4] for row in expected], abs=0.0051)
    assert [int(row[2]) for row in rows] == sorted((int(row[2]) for row in rows), reverse=True)


def _marks_in(line):
    return re.findall(rf"\|(vetted term|{'|'.join(ENTITY_TYPES)})\]", line)


def test_rare_mentions_are_forgotten_and_the_report_tells_how_many_may_be_missing(tmp_path):
    chance = random.Random(0)
    names = [f"{number:03d}号" for number in range(150)]
    drawn = chance.choices(names, weights=[1 / (1 + number) for number in range(len(names))], k=3000)
    tokenizer, true = make_tokenizer(), Counter(drawn)
    report, most = TermReport(tokenizer, tokenizer.lexicon, mentions=10), 0
    for number, name in enumerate(drawn):
        report.add({"id": f"r{number}", "text": name}, [entity(name, 0, 4, "Drug")])
        if number % 100 == 99:
            report._count()
        most = max(most, len(report._mentions))
    assert most <= 2 * 10 + 1
    report.write(str(tmp_path / "terms.md"))
    told = (tmp_path / "terms.md").read_text(encoding="utf-8")
    forgotten = int(re.search(r"may have occurred ([\d,]+) times", told)[1].replace(",", ""))
    counts = {row[0]: int(row[2]) for row in rows_below(told, "Frequent entities that no list has")}
    assert [*counts][:3] == [name for name, _ in true.most_common(3)]
    for name, number in true.items():
        assert number - forgotten <= counts.get(name, 0) <= number
    assert any(name not in counts for name in true) and any(counts[name] < true[name] for name in counts)
    assert 0 < forgotten < true[names[0]] / 2


def test_memory_does_not_grow_with_the_records(tmp_path):
    text = "患者左肺见阴影，考虑肺炎。" * 10
    tokenizer = make_tokenizer(terms={"Drug": ["阴影"]})
    report = TermReport(tokenizer, tokenizer.lexicon)
    with mock.patch.object(term_report, "_CHUNK_CHARACTERS", 1000):
        for number in range(50):
            report.add({"id": f"r{number}", "text": text}, [])
            assert len(report._waiting) < 10
    report.write(str(tmp_path / "terms.md"))
    told = (tmp_path / "terms.md").read_text(encoding="utf-8")
    assert "- their occurrences: 500, of which 0" in told and len(contexts_in(told)[0][1]) == 3


NASTY = [
    "a|b",
    "`rm`",
    "```",
    "<script>alert(1)</script>",
    "<!--",
    "![肺](http://x/y.png)",
    "[肺](javascript:0)",
    "**肺**",
    "CYP2C19*2/*3",
    "~~肺~~",
    "a\\|b",
    "&lt;b&gt;",
    "# 肺",
]


def test_texts_of_records_are_no_markdown(tmp_path):
    """A link or an image of a record was one in the report, and a backslash before a stroke began another cell."""
    tokenizer = make_tokenizer(terms={"Drug": NASTY})
    pairs = []
    for number, term in enumerate(NASTY):
        text = f"\n# 一\n```\n{term}\r\n|---|\n<b>予{term}</b>\u2028```\x1b[31m"
        spans = [entity(text, text.index("予"), text.index("予") + 1 + len(term), "Drug")]
        pairs.append(({"id": f"```\n# {number}\x1b", "text": text}, spans))
    report = written(tmp_path / "terms.md", tokenizer, pairs)
    terms = {normalize(term) for term in NASTY}
    assert {row[0] for row in rows_below(report, "Not taken")} >= terms
    assert {heading.removesuffix(" (Drug)") for heading, _ in contexts_in(report)} >= terms
    assert {row[0] for row in rows_below(report, "Frequent entities that no list has")} == {
        f"予{term}" for term in terms
    }
    assert "\x1b" not in report and "\u2028" not in report
    # What is no text in a block and no row of a table is ours.
    others = re.sub(r"^```text\n(record .*\n)+```$|^\|.*\|$|^### .*$", "", report, flags=re.MULTILINE)
    assert not {*others}.intersection("|`<>*_[]\\")


def test_an_entity_is_listed_by_either_kind_of_list_whatever_its_type(tmp_path):
    text = "左肺，ＡＢ片，阿莫西林 ，XY片"
    tokenizer = make_tokenizer(terms={"Drug": ["ab片"]})
    spans = [(0, 2), (3, 6), (7, 12), (13, 16)]
    pairs = [({"id": "r", "text": text}, [entity(text, *span, "Disease", 0.25) for span in spans])] * 2
    report = written(tmp_path / "terms.md", tokenizer, pairs)
    assert rows_below(report, "Frequent entities that no list has") == [["xy片", "Disease", "2", "2", "0.25"]]


def test_the_most_frequent_are_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(term_report, "MAX_ROWS", 2)
    text = "甲乙乙丙丙丙丁"
    pairs = [({"id": "r", "text": text}, [entity(text, place, place + 1, "Drug") for place in range(len(text))])]
    report = written(tmp_path / "terms.md", make_tokenizer(), pairs)
    rows = rows_below(report, "Frequent entities that no list has")
    assert [(row[0], row[2], row[3]) for row in rows] == [("丙", "3", "1"), ("乙", "2", "1")]
    assert "first 2 of 4" in report


def test_what_cannot_be_written_to_the_end_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "terms.md"
    path.write_text("of the last time")
    tables = iter([lambda *_: "", None])
    monkeypatch.setattr(term_report, "markdown_table", lambda *arguments: next(tables)(*arguments))
    text, tokenizer = "左肺肺炎", make_tokenizer(terms={"Drug": ["左肺"]})
    with pytest.raises(TypeError):
        written(path, tokenizer, [({"id": "r", "text": text}, [])])
    assert path.read_text() == "of the last time" and [*tmp_path.iterdir()] == [path]


def test_nothing_to_tell_of(tmp_path):
    report = written(tmp_path / "terms.md", make_tokenizer(), [])
    assert "- records: 0\n" in report and report.count("None.\n") == 2
    assert rows_below(report, "Frequent entities that no list has") == []
