"""Scores of found identifiers, against cases counted by hand and a reference that looks at one character at a time."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.deidentification.scoring import (
    GROUPS,
    mistakes_table,
    read_found,
    read_references,
    score,
    scores_table,
    worst,
)
from modeling_dicmt.deidentification import IDENTIFIER_TYPES, Identifier


def record(text, *identifiers, name="r1"):
    return {
        "id": name,
        "text": text,
        "identifiers": [{"start": start, "end": end, "type": kind} for start, end, kind in identifiers],
    }


def spans(*identifiers):
    return [Identifier(*item, "numbers/x") for item in identifiers]


# 王建国 is found exactly, 12床 as a number of a record, of 2013-05-01 half; 安定 is a drug.
TEXT = "王建国12床2013-05-01服安定"
GOLD = record(TEXT, (0, 3, "NAME"), (3, 6, "BED"), (6, 16, "DATE"))
FOUND = spans((0, 3, "NAME"), (3, 6, "RECORD_NUMBER"), (6, 11, "DATE"), (17, 19, "NAME"))


def test_a_case_counted_by_hand():
    counts = score([GOLD], [FOUND])
    name, bed, date, number = (counts[kind].figures() for kind in ("NAME", "BED", "DATE", "RECORD_NUMBER"))
    assert name == {
        "precision": 1 / 2,
        "recall": 1,
        "f1": 2 / 3,
        "relaxed_precision": 1 / 2,
        "relaxed_recall": 1,
        "leaked_characters": 0,
        "false_alarms": pytest.approx(10_000 / 19),
    }
    assert (bed["recall"], bed["relaxed_recall"], bed["leaked_characters"]) == (0, 1, 0)
    assert bed["precision"] is None and bed["false_alarms"] == 0
    assert (date["recall"], date["relaxed_recall"], date["leaked_characters"]) == (0, 1, 0.5)
    assert number["recall"] is None and (number["precision"], number["relaxed_precision"]) == (0, 1)
    everything = counts["all"].figures()
    assert (everything["precision"], everything["recall"]) == (1 / 4, 1 / 3)
    assert everything["leaked_characters"] == 5 / 16
    assert counts["numbers"].gold == 2 and counts["names"].found == 2


def test_nothing_found_leaks_everything_and_raises_no_alarm():
    figures = score([GOLD], [[]])["all"].figures()
    assert figures["leaked_characters"] == 1 and figures["recall"] == figures["f1"] == figures["false_alarms"] == 0
    assert figures["precision"] is None


def test_groups_divide_the_types():
    assert sorted(GROUPS["numbers"] + GROUPS["names"]) == sorted(IDENTIFIER_TYPES)


@st.composite
def annotated(draw):
    """Identifiers of a text of twenty characters, apart from each other."""
    edges = sorted(draw(st.sets(st.integers(0, 20), max_size=10)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [(start, end, draw(st.sampled_from(IDENTIFIER_TYPES[:3]))) for start, end in pairs]


@given(st.lists(st.tuples(annotated(), annotated()), min_size=1, max_size=3))
def test_counts_equal_those_of_looking_at_every_character(cases):
    records = [record("字" * 20, *gold, name=str(number)) for number, (gold, _) in enumerate(cases)]
    counts = score(records, [spans(*found) for _, found in cases])
    for kind in (*IDENTIFIER_TYPES[:4], "all"):
        expected = dict.fromkeys(("gold", "found", "exact", "touched", "touching", "characters", "leaked"), 0)
        for gold, found in cases:
            for start, end, of in gold:
                if kind in (of, "all"):
                    uncovered = [
                        offset for offset in range(start, end) if not any(s <= offset < e for s, e, _ in found)
                    ]
                    expected["gold"] += 1
                    expected["exact"] += (start, end, of) in found
                    expected["touched"] += len(uncovered) < end - start
                    expected["characters"] += end - start
                    expected["leaked"] += len(uncovered)
            for start, end, of in found:
                if kind in (of, "all"):
                    expected["found"] += 1
                    expected["touching"] += any(s <= offset < e for offset in range(start, end) for s, e, _ in gold)
        assert vars(counts[kind]) == expected | {"text": 20 * len(cases)}


def test_the_table_shows_percentages_and_a_dash_where_nothing_is_counted():
    lines = scores_table(score([GOLD], [FOUND])).splitlines()
    assert lines[2] == "| NAME | 1 | 2 | 50.00 | 100.00 | 66.67 | 50.00 | 100.00 | 0.00 | 526.32 |"
    assert lines[3] == "| ID | 0 | 0 | – | – | – | – | – | – | 0.00 |"
    assert lines[-1].startswith("| **all** | 3 | 4 | 25.00 | 33.33 |")
    assert len(lines) == 2 + len(IDENTIFIER_TYPES) + len(GROUPS)


def test_the_worst_are_shown_in_their_context():
    leaked, alarm, other = worst([GOLD], [FOUND], count=3, context=3)
    assert leaked == ("leaked", "DATE", "r1", "12床", "2013-05-01", "服安定", "DATE '2013-' by numbers/x", 5)
    assert alarm[:2] == ("false alarm", "NAME") and alarm.text == "安定" and alarm.found == "numbers/x"
    assert other[:2] == ("other span or type", "BED") and other.size == 0


def test_of_each_kind_and_type_so_many_are_shown_the_largest_first():
    gold = record("甲乙丙丁戊己", (0, 1, "NAME"), (1, 4, "NAME"), (4, 6, "ID"))
    assert [item.text for item in worst([gold], [[]], count=1)] == ["乙丙丁", "戊己"]
    assert [item.text for item in worst([gold], [[]], count=2)] == ["乙丙丁", "甲", "戊己"]


def test_a_table_of_mistakes_keeps_its_rows():
    table = mistakes_table(worst([record("甲\n乙|丙", (0, 3, "NAME"))], [[]], count=1))
    assert table.splitlines()[2] == "| leaked | NAME | r1 | 【甲⏎乙】¦丙 | – |"


def write_lines(path, *lines):
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def test_what_was_found_is_read_in_the_order_of_the_records(tmp_path):
    records = [record("王建国", name="a"), record("李明", name="b")]
    item = {"start": 0, "end": 2, "type": "NAME", "rule": "names"}
    early = {"start": 1, "end": 3, "type": "NAME", "rule": "names"}, {"start": 0, "end": 1, "type": "BED", "rule": "x"}
    path = write_lines(
        tmp_path / "spans.jsonl", {"id": "b", "identifiers": [item]}, {"id": "a", "identifiers": list(early)}
    )
    assert read_found(path, records) == [[(0, 1, "BED", "x"), (1, 3, "NAME", "names")], [(0, 2, "NAME", "names")]]


def test_gold_identifiers_need_no_rule(tmp_path):
    path = write_lines(tmp_path / "hard.jsonl", GOLD)
    assert read_references(path) == [GOLD]


WRONG_ITEMS = [
    ({"start": 0, "end": 4, "type": "NAME"}, "from 0 to 4 is none of a text of 3 characters"),
    ({"start": 1, "end": 1, "type": "NAME"}, "from 1 to 1 is none"),
    ({"start": -1, "end": 1, "type": "NAME"}, "from -1 to 1 is none"),
    ({"start": True, "end": 2, "type": "NAME"}, "from True to 2 is none"),
    ({"end": 2, "type": "NAME"}, "from None to 2 is none"),
    ({"start": 0, "end": 2, "type": "PERSON"}, "'PERSON' is no type of identifier; there are NAME, ID"),
    ({"start": 0, "end": 2, "type": ["NAME"]}, "is no type of identifier"),
    ({"start": 0, "end": 2, "type": "NAME", "rule": 3}, 'expected "rule", a string, got int'),
]


@pytest.mark.parametrize(("item", "reason"), WRONG_ITEMS)
def test_an_identifier_that_does_not_fit_is_named_with_its_line(tmp_path, item, reason):
    records = [record("王建国", name="a")]
    spans_file = write_lines(tmp_path / "spans.jsonl", {"id": "a", "identifiers": [item]})
    references = write_lines(tmp_path / "hard.jsonl", GOLD, {"id": "a", "text": "王建国", "identifiers": [item]})
    with pytest.raises(ValueError, match=r"spans\.jsonl, line 1: ") as error:
        read_found(spans_file, records)
    assert reason in str(error.value) and "王建国" not in str(error.value)
    with pytest.raises(ValueError, match=r"hard\.jsonl, line 2: "):
        read_references(references)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([{"identifiers": []}], 'line 1: expected "id"'),
        ([{"id": "", "identifiers": []}], 'line 1: expected "id"'),
        ([{"id": "z", "identifiers": []}], "line 1: no record of the references has the id 'z'"),
        ([{"id": "a"}], 'line 1: expected "identifiers"'),
        ([{"id": "a", "identifiers": [3]}], 'line 1: expected "identifiers"'),
        ([{"id": "a", "identifiers": []}] * 2, "line 2: an earlier line has the id 'a', too"),
        ([], "no line for 1 of 1 records, the first 'a'"),
        (
            [{"id": "a", "identifiers": [{"start": s, "end": s + 2, "type": "NAME"} for s in (1, 0)]}],
            "identifiers overlap, from 0 to 2 and from 1 to 3",
        ),
    ],
)
def test_a_wrong_file_of_spans_is_an_error(tmp_path, lines, reason):
    path = write_lines(tmp_path / "spans.jsonl", *lines)
    with pytest.raises(ValueError) as error:
        read_found(path, [record("王建国", name="a")])
    assert reason in str(error.value)


def test_references_without_text_or_records_are_an_error(tmp_path):
    path = write_lines(tmp_path / "hard.jsonl", {"id": "a", "identifiers": []})
    with pytest.raises(ValueError, match='line 1: expected "text", a string'):
        read_references(path)
    with pytest.raises(ValueError, match="holds no records"):
        read_references(write_lines(tmp_path / "empty.jsonl"))


def test_a_cut_file_is_an_error(tmp_path):
    path = tmp_path / "spans.jsonl"
    path.write_text('{"id": "a", "identifiers": [', encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 1: not valid JSON .*may be cut"):
        read_found(path, [record("王建国", name="a")])
