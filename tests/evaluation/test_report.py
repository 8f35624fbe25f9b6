import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_dicmt.evaluation.clinical_ner import score_entities
from modeling_dicmt.evaluation.prediction_files import write_predictions
from modeling_dicmt.evaluation.report import (
    ERROR_CLASSES,
    EntityError,
    classify_errors,
    render_entities,
    render_report,
    write_errors,
)

TYPES = ["Anatomy", "Disease", "Drug"]
records = st.lists(
    st.builds(
        lambda start, size, kind: (start, start + size, kind),
        st.integers(0, 8),
        st.integers(1, 5),
        st.sampled_from(TYPES),
    ),
    max_size=6,
)
TEXT = "患者三天前因肺炎入院，给予甲药治疗。"  # 肺炎 6-8, 甲药 13-15, 治疗 15-17
GOLD = [(6, 8, "Disease"), (13, 15, "Drug")]


def kinds(predicted, annotated):
    return [(error.kind, error.predicted, error.annotated) for error in classify_errors([predicted], [annotated])]


# ---- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("predicted", "kind"),
    [
        ((2, 6, "Drug"), "wrong type"),
        ((2, 5, "Disease"), "wrong boundary"),
        ((5, 9, "Disease"), "wrong boundary"),
        ((5, 9, "Drug"), "wrong type and boundary"),
    ],
)
def test_a_wrong_entity_is_paired_with_the_one_it_overlaps(predicted, kind):
    assert kinds([predicted], [(2, 6, "Disease")]) == [(kind, predicted, (2, 6, "Disease"))]


def test_neighbours_are_missed_and_spurious():
    assert kinds([(0, 2, "Drug")], [(2, 4, "Drug")]) == [
        ("spurious", (0, 2, "Drug"), None),
        ("missed", None, (2, 4, "Drug")),
    ]


def test_the_closest_pair_comes_first_and_what_is_correct_is_no_partner():
    # The same span before the same type, the longer overlap before the shorter, each entity once.
    assert kinds([(0, 4, "Drug"), (0, 3, "Disease")], [(0, 4, "Disease")]) == [
        ("spurious", (0, 3, "Disease"), None),
        ("wrong type", (0, 4, "Drug"), (0, 4, "Disease")),
    ]
    assert kinds([(0, 9, "Drug")], [(0, 2, "Drug"), (3, 8, "Drug")]) == [
        ("missed", None, (0, 2, "Drug")),
        ("wrong boundary", (0, 9, "Drug"), (3, 8, "Drug")),
    ]
    assert kinds([(0, 7, "Drug")], [(0, 2, "Drug"), (2, 7, "Disease")]) == [
        ("wrong boundary", (0, 7, "Drug"), (0, 2, "Drug")),
        ("missed", None, (2, 7, "Disease")),
    ]
    assert kinds([(0, 4, "Drug"), (0, 2, "Drug")], [(0, 4, "Drug")]) == [("spurious", (0, 2, "Drug"), None)]


@given(st.lists(st.tuples(records, records), max_size=3))
def test_errors_are_exactly_the_entities_that_are_not_correct(pairs):
    predictions, references = [found for found, _ in pairs], [gold for _, gold in pairs]
    errors = classify_errors(predictions, references)
    wrong = [(i, e) for i, (found, gold) in enumerate(pairs) for e in set(found) - set(gold)]
    lost = [(i, e) for i, (found, gold) in enumerate(pairs) for e in set(gold) - set(found)]
    assert sorted((error.record, error.predicted) for error in errors if error.predicted) == sorted(wrong)
    assert sorted((error.record, error.annotated) for error in errors if error.annotated) == sorted(lost)
    for kind, _, predicted, annotated in errors:
        assert (kind == "missed") == (predicted is None) and (kind == "spurious") == (annotated is None)
        if predicted and annotated:
            assert predicted[0] < annotated[1] and annotated[0] < predicted[1]
            assert ("type" in kind) == (predicted[2] != annotated[2])
            assert ("boundary" in kind) == (predicted[:2] != annotated[:2])


# ---- the report ------------------------------------------------------------------------------------------------------


def report_of(predictions, ids=None, **options):
    references = [GOLD] * len(predictions)
    texts = [TEXT] * len(predictions)
    names = ids or map(str, range(len(predictions)))
    annotated = [{"id": name, "text": TEXT, "entities": GOLD} for name in names]
    results = score_entities(
        predictions,
        references,
        texts=texts,
        training_mentions={"Disease": {"肺炎": 2}},
        once_per_record=True,
        segmentation=[[0] * 6 + [1] * 2 + [0] * 10] * len(predictions),
    )
    return render_report(results, records=annotated, predictions=predictions, **options)


def rows(report, heading):
    """Cells of the table below a heading, without header and rule."""
    section = report.split(f"{heading}\n", 1)[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def test_the_report_shows_the_figures_in_per_cent():
    report = report_of(
        [[(6, 8, "Disease"), (13, 17, "Drug"), (0, 2, "Drug")]], run={"corpus": "sample|a", "settings": "in run.json"}
    )
    assert "## Run\n\n- corpus: sample|a\n- settings: in run.json\n\n## Scores" in report
    assert rows(report, "## Scores (%)") == [
        ["strict, micro", "33.33", "50.00", "40.00"],
        ["strict, macro", "50.00", "50.00", "50.00"],
        ["relaxed, micro", "66.67", "100.00", "80.00"],
        ["relaxed, macro", "75.00", "100.00", "83.33"],
        ["boundaries only", "33.33", "50.00", "40.00"],
        ["strict, each mention once a record", "33.33", "50.00", "40.00"],
    ]
    assert rows(report, "## By type") == [
        ["Disease", "1", "1", "1", "100.00", "100.00", "100.00", "100.00"],
        ["Drug", "1", "2", "0", "0.00", "0.00", "0.00", "66.67"],
    ]
    by_count = rows(report, "## Recall by occurrences of mention and type in training")
    assert by_count == [
        ["0", "1", "0", "0.00"],
        ["1", "0", "0", "–"],
        ["2", "1", "1", "100.00"],
        ["3", "0", "0", "–"],
        ["more", "0", "0", "–"],
    ]
    assert rows(report, "## Recall by length")[1] == ["2", "2", "1", "50.00"]
    assert [row[1:] for row in rows(report, "## Entity segmentation (NES)")] == [
        ["100.00", "50.00", "66.67"],
        ["100.00", "50.00", "66.67"],
        ["100.00", "50.00", "66.67"],
        ["100.00", "100.00", "100.00"],
    ]
    assert {row[0]: row[1] for row in rows(report, "## Errors")} == dict.fromkeys(ERROR_CLASSES, "0") | {
        "wrong boundary": "1",
        "spurious": "1",
    }


def test_the_report_shows_errors_in_context():
    report = report_of([[(6, 8, "Disease"), (13, 17, "Drug"), (0, 2, "Drug")]])
    assert "record 0: [患者|Drug]三天前因肺炎入院，给予甲药治疗…\n" in report
    predicted, annotated = "患者三天前因肺炎入院，给予[甲药治疗|Drug]。", "患者三天前因肺炎入院，给予[甲药|Drug]治疗。"
    assert f"record 0: {predicted}  annotated: {annotated}\n" in report


def test_the_report_names_records_by_their_ids():
    report = report_of([[(0, 2, "Drug"), *GOLD], GOLD[:1]], ids=["住院\n1\x1b", "b-2"])
    assert "record 住院 1␛: [患者|Drug]" in report and "record b-2: " in report


def test_examples_are_taken_evenly_and_not_more_than_asked_for():
    report = report_of([GOLD[:1]] * 100, examples=4)
    assert re.findall(r"record (\d+):", report) == ["0", "25", "50", "75"]
    assert re.findall(r"record (\d+):", report_of([GOLD[:1]] * 3, examples=4)) == ["0", "1", "2"]
    assert "```" not in report_of([GOLD[:1]], examples=0)


def test_no_text_breaks_the_report():
    text = "```\n|a|b|\r\n# 肺炎\x1b[31m"
    gold = [[(text.index("肺"), text.index("肺") + 2, "Disease")]]
    results = score_entities([[]], gold)
    report = render_report(results, records=[{"id": "0", "text": text, "entities": gold[0]}], predictions=[[]])
    fenced = report.split("```text\n")[1].split("\n```\n")[0]
    assert fenced == "record 0: ``` |a|b| # [肺炎|Disease]␛[31m"


def test_a_report_of_results_alone_has_no_other_part():
    report = render_report(score_entities([], []), title="空")
    assert re.findall(r"^#.*", report, re.MULTILINE) == ["# 空", "## Scores (%)", "## By type", "## Recall by length"]


# ---- predictions -----------------------------------------------------------------------------------------------------

RECORDS = [{"id": "a-1", "text": TEXT}, {"id": "二", "text": "\ud800咳嗽"}]


def test_predictions_are_json_lines_with_the_words(tmp_path):
    path = tmp_path / "predictions.jsonl"
    found = [[GOLD[0], {"start": 13, "end": 15, "type": "Drug", "word": "甲药", "score": 0.5}], [(0, 3, "Symptom")]]
    write_predictions(path, RECORDS, found)
    assert "肺炎" in path.read_text(encoding="utf-8")
    lines = path.read_bytes().split(b"\n")
    assert [json.loads(line) for line in lines[:-1]] == [
        {
            "id": "a-1",
            "entities": [
                {"start": 6, "end": 8, "type": "Disease", "word": "肺炎"},
                {"start": 13, "end": 15, "type": "Drug", "word": "甲药", "score": 0.5},
            ],
        },
        {"id": "二", "entities": [{"start": 0, "end": 3, "type": "Symptom", "word": "\ud800咳嗽"}]},
    ]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (
            [[{"start": 6, "end": 8, "type": "Disease", "word": "肺 炎"}], []],
            "its word is not what the record 'a-1' has from 6 to 8",
        ),
        ([[], [(1, 4, "Symptom")]], "1 to 4 (end exclusive) is no part of the record '二', which has 3 characters"),
        ([[]], "more records than the 1 lists of entities"),
    ],
)
def test_wrong_predictions_are_refused_and_the_former_file_stays(found, message, tmp_path):
    path = tmp_path / "predictions.jsonl"
    write_predictions(path, RECORDS, [[], []])
    before = path.read_bytes()
    with pytest.raises(ValueError, match=re.escape(message)):
        write_predictions(path, RECORDS, found)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_all_errors_are_written_with_ids_classes_and_words(tmp_path):
    records = [{"id": "a", "text": TEXT, "entities": GOLD}, {"id": "b", "text": TEXT, "entities": []}]
    found = [[(6, 8, "Disease"), (13, 17, "Drug")], [{"start": 0, "end": 2, "type": "Drug"}]]
    write_errors(tmp_path / "errors.jsonl", records, found)
    lines = [json.loads(line) for line in (tmp_path / "errors.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines == [
        {
            "id": "a",
            "error": "wrong boundary",
            "predicted": {"start": 13, "end": 17, "type": "Drug", "word": "甲药治疗"},
            "annotated": {"start": 13, "end": 15, "type": "Drug", "word": "甲药"},
        },
        {"id": "b", "error": "spurious", "predicted": {"start": 0, "end": 2, "type": "Drug", "word": "患者"}},
    ]
    write_errors(tmp_path / "errors.jsonl", records, [GOLD, []])
    assert (tmp_path / "errors.jsonl").read_text() == ""
    assert [path.name for path in tmp_path.iterdir()] == ["errors.jsonl"]


# ---- on a terminal ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "entities", "expected"),
    [
        ("", [], ""),
        ("肺炎", [], "肺炎"),
        ("有肺炎。", [(1, 3, "Disease")], "有[肺炎|Disease]。"),
        ("胸痛", [(1, 2, "Symptom"), (0, 1, "Anatomy")], "[胸|Anatomy][痛|Symptom]"),
        (
            "左肺肺炎",
            [(0, 4, "Disease"), (1, 2, "Anatomy"), (0, 2, "Anatomy")],
            "[[左[肺|Anatomy]|Anatomy]肺炎|Disease]",
        ),
        ("a\r\nb\tc\r\x1b[2J\x9b\ud800", [(0, 1, "Drug")], "[a|Drug]\nb\tc␍␛[2J\ufffd\ufffd"),
    ],
)
def test_render_entities(text, entities, expected):
    assert render_entities(text, entities) == expected


def test_a_color_for_each_type_that_goes_on_after_an_inner_entity():
    cyan, yellow, purple, reset = "\x1b[36m", "\x1b[33m", "\x1b[35m", "\x1b[0m"
    entities = [(0, 1, "Anatomy"), (0, 2, "Disease"), (3, 4, "Disease")]
    assert render_entities("肝癌，癌", entities, color=True) == (
        f"{yellow}[{cyan}[肝|Anatomy]{reset}{yellow}癌|Disease]{reset}，{yellow}[癌|Disease]{reset}"
    )
    entities = [(0, 1, "Anatomy"), (0, 2, "Disease"), (0, 3, "Operation")]
    assert render_entities("肝癌切除", entities, color=True) == (
        f"{purple}[{yellow}[{cyan}[肝|Anatomy]{reset}{yellow}癌|Disease]{reset}{purple}切|Operation]{reset}除"
    )


@given(st.text(st.sampled_from("肝癌，\n")), records)
def test_rendering_adds_marks_only(text, entities):
    entities = [e for e in set(entities) if e[1] <= len(text)]
    for color in (False, True):
        rendered = re.sub(r"\x1b\[\d+m", "", render_entities(text, entities, color))
        assert rendered.count("[") == rendered.count("]") == len(entities)
        assert re.sub(r"\[|\|[A-Z][a-z]+\]", "", rendered) == text


def test_an_error_says_which_record():
    assert classify_errors([[], []], [[], [(0, 1, "Drug")]]) == [EntityError("missed", 1, None, (0, 1, "Drug"))]


def test_details_of_entities_are_shown_with_them():
    term = {"term": "癌\x1b", "lists": ["disease", "exam"], "start": 1, "end": 2}
    entities = [
        {"start": 0, "end": 2, "type": "Disease", "score": 0.968, "evidence": [term, term | {"lists": ["symptom"]}]},
        {"start": 2, "end": 3, "type": "Drug", "score": 0.5, "evidence": []},
        (3, 4, "Drug"),
    ]
    assert render_entities("肝癌药丸", entities, details=True) == (
        "[肝癌|Disease 0.97 ←disease/exam:癌␛, symptom:癌␛][药|Drug 0.50][丸|Drug]"
    )
    assert render_entities("肝癌药丸", entities) == "[肝癌|Disease][药|Drug][丸|Drug]"
