import json
import re
from itertools import pairwise
from pathlib import Path

import evaluate
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from seqeval.metrics.v1 import precision_recall_fscore_support
from seqeval.scheme import IOB2

import modeling_dicmt.evaluation.clinical_ner as clinical_ner
from modeling_dicmt.evaluation.clinical_ner import ClinicalNER, count_mentions, score_entities

TYPES = ["Anatomy", "Disease", "Drug"]


def entity(start, end, entity_type="Disease"):
    return {"start": start, "end": end, "type": entity_type}


def figures(scores, prefix=""):
    return tuple(scores[prefix + name] for name in ("precision", "recall", "f1"))


@st.composite
def flat_entities(draw, length=12):
    cuts = sorted(draw(st.sets(st.integers(0, length), max_size=6)))
    stretches = list(pairwise(cuts))
    types = draw(st.lists(st.sampled_from([*TYPES, None]), min_size=len(stretches), max_size=len(stretches)))
    return [entity(*stretch, kind) for stretch, kind in zip(stretches, types, strict=True) if kind]


any_entities = st.lists(
    st.builds(
        lambda start, size, kind: entity(start, start + size, kind),
        st.integers(0, 8),
        st.integers(1, 4),
        st.sampled_from(TYPES),
    ),
    max_size=6,
)


def records_of(entities, **sizes):
    return st.lists(st.tuples(entities, entities), **sizes).map(
        lambda pairs: [list(side) for side in zip(*pairs, strict=True)] or [[], []]
    )


# ---- a naive scorer, entity by entity --------------------------------------------------------------------------------


def naive_ratio(numerator, denominator):
    return numerator / denominator if denominator else 0.0


def naive_f1(precision, recall):
    return naive_ratio(2 * precision * recall, precision + recall)


def unique(entities):
    return [e for index, e in enumerate(entities) if e not in entities[:index]]


def naive_most_pairs(found, gold):
    """Tries every partner of the first entity, and none."""
    if not found:
        return 0
    first, rest = found[0], found[1:]
    most = naive_most_pairs(rest, gold)
    for index, other in enumerate(gold):
        characters = set(range(first["start"], first["end"])) & set(range(other["start"], other["end"]))
        if characters and first["type"] == other["type"]:
            most = max(most, 1 + naive_most_pairs(rest, gold[:index] + gold[index + 1 :]))
    return most


def naive_figures(predictions, references, entity_type=None, relaxed=False):
    correct = predicted = support = 0
    for found, gold in zip(predictions, references, strict=True):
        found = [e for e in unique(found) if entity_type in (None, e["type"])]
        gold = [e for e in unique(gold) if entity_type in (None, e["type"])]
        correct += naive_most_pairs(found, gold) if relaxed else sum(e in gold for e in found)
        predicted, support = predicted + len(found), support + len(gold)
    precision, recall = naive_ratio(correct, predicted), naive_ratio(correct, support)
    return precision, recall, naive_f1(precision, recall)


@given(records_of(any_entities, max_size=3))
def test_strict_and_relaxed_figures_equal_the_naive_scorers(records):
    predictions, references = records
    scores = score_entities(predictions, references)
    types = sorted({e["type"] for side in records for record in side for e in record})
    assert list(scores["by_type"]) == types
    for relaxed, prefix in ((False, ""), (True, "relaxed_")):
        assert figures(scores, prefix) == pytest.approx(naive_figures(predictions, references, relaxed=relaxed))
        by_type = [naive_figures(predictions, references, kind, relaxed) for kind in types]
        assert [figures(scores["by_type"][kind], prefix) for kind in types] == [pytest.approx(row) for row in by_type]
        assert figures(scores, f"{prefix}macro_") == pytest.approx(tuple(np.mean(by_type or [[0, 0, 0]], axis=0)))
    assert scores["relaxed_correct"] >= scores["correct"]

    untyped = [[[entity(e["start"], e["end"], "any") for e in record] for record in side] for side in records]
    assert figures(scores, "boundary_") == pytest.approx(naive_figures(*untyped))


@given(records_of(flat_entities(), min_size=1, max_size=4))
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_strict_figures_of_flat_entities_equal_seqevals(records):
    def labels(entities):
        row = ["O"] * 12
        for e in entities:
            row[e["start"] : e["end"]] = [f"B-{e['type']}"] + [f"I-{e['type']}"] * (e["end"] - e["start"] - 1)
        return row

    predictions, references = records
    scores = score_entities(predictions, references)
    if not scores["by_type"]:  # seqeval raises where there is no entity at all
        assert figures(scores) == (0.0, 0.0, 0.0)
        return
    rows = [list(map(labels, side)) for side in (references, predictions)]
    for average, prefix in (("micro", ""), ("macro", "macro_")):
        expected = precision_recall_fscore_support(*rows, scheme=IOB2, average=average, zero_division=0)
        assert figures(scores, prefix) == pytest.approx(expected[:3])


def test_figures_by_hand():
    references = [[entity(0, 2), entity(3, 5), entity(6, 8, "Drug")], [entity(0, 4)]]
    predictions = [[entity(0, 2), entity(3, 4), entity(6, 8)], []]
    scores = score_entities(predictions, references)
    assert {name: scores[name] for name in ("support", "predicted", "correct")} == {
        "support": 4,
        "predicted": 3,
        "correct": 1,
    }
    assert figures(scores) == pytest.approx((1 / 3, 1 / 4, 2 / 7))
    assert scores["relaxed_correct"] == 2 and scores["boundary_correct"] == 2
    assert figures(scores["by_type"]["Drug"]) == (0.0, 0.0, 0.0)
    assert scores["by_type"]["Disease"] == {
        **{"precision": pytest.approx(1 / 3), "recall": pytest.approx(1 / 3), "f1": pytest.approx(1 / 3)},
        **{"support": 3, "predicted": 3, "correct": 1},
        **{"relaxed_precision": pytest.approx(2 / 3), "relaxed_recall": pytest.approx(2 / 3)},
        **{"relaxed_f1": pytest.approx(2 / 3), "relaxed_correct": 2},
    }
    assert figures(scores, "macro_") == pytest.approx((1 / 6, 1 / 6, 1 / 6))


def test_a_long_prediction_is_paired_with_one_entity_only():
    scores = score_entities([[entity(0, 9)]], [[entity(0, 2), entity(3, 5), entity(6, 9)]])
    assert (scores["relaxed_correct"], scores["relaxed_precision"], scores["relaxed_recall"]) == (1, 1.0, 1 / 3)


nested_entities = st.lists(
    st.builds(lambda start, size: entity(start, start + size), st.integers(0, 8), st.sampled_from([1, 1, 2, 5, 12])),
    max_size=6,
)


@given(nested_entities, nested_entities)
@example([entity(0, 10), entity(1, 3)], [entity(0, 5), entity(6, 9)])  # the first pair must be swapped
@example(  # and here several, each from where the last swap left them
    [entity(2, 4), entity(5, 11), entity(7, 17)], [entity(0, 10), entity(1, 4), entity(3, 5)]
)
def test_relaxed_pairs_are_as_many_as_any_choice_of_pairs_allows(found, gold):
    found, gold = unique(found), unique(gold)
    assert score_entities([found], [gold])["relaxed_correct"] == naive_most_pairs(found, gold)


def test_ten_thousand_entities_of_one_record_whose_pairs_hang_together():
    references = [entity(4 * i, 4 * i + 3) for i in range(10_000)]
    predictions = [entity(4 * i + 2, 4 * i + 5) for i in range(10_000)]
    assert score_entities([predictions], [references])["relaxed_correct"] == 10_000


@pytest.mark.parametrize("records", [([], []), ([[]], [[]])])
def test_without_any_entity_all_figures_are_zero(records):
    scores = score_entities(*records)
    assert figures(scores) == figures(scores, "macro_") == figures(scores, "relaxed_") == (0.0, 0.0, 0.0)
    assert scores["by_type"] == {}


def test_duplicates_count_once_and_nested_entities_count_each():
    nested = [entity(0, 4), entity(0, 2, "Anatomy"), entity(0, 2), entity(2, 4)]
    scores = score_entities([[nested[0], nested[0], nested[2]]], [[*nested, nested[3]]])
    assert (scores["predicted"], scores["support"], scores["correct"]) == (2, 4, 2)
    assert (scores["boundary_recall"], scores["boundary_correct"]) == (2 / 3, 2)


# ---- mentions --------------------------------------------------------------------------------------------------------


def test_count_mentions_takes_mentions_as_written():
    records = [
        {"text": "CT示肺炎", "entities": [entity(0, 2, "Exam"), entity(3, 5)]},
        {"text": "肺炎，ct", "entities": [entity(0, 2), entity(3, 5, "Exam")]},
    ]
    assert count_mentions(records) == {"Exam": {"CT": 1, "ct": 1}, "Disease": {"肺炎": 2}}


def test_recall_by_training_count_is_that_of_mention_and_type():
    text = "甲乙丙丁戊己庚"
    references = [[*(entity(i, i + 1) for i in range(6)), entity(6, 7, "Drug")]]
    predictions = [[entity(0, 1), entity(2, 3), entity(4, 5), entity(5, 6, "Drug")]]
    training = {"Disease": {"乙": 1, "丙": 2, "丁": 3, "戊": 4, "己": 5000}, "Drug": {"甲": 7, "庚": 2}}
    scores = score_entities(predictions, references, texts=[text], training_mentions=training)
    assert scores["recall_by_training_count"] == {
        "0": {"recall": 1.0, "support": 1, "correct": 1},
        "1": {"recall": 0.0, "support": 1, "correct": 0},
        "2": {"recall": 0.5, "support": 2, "correct": 1},
        "3": {"recall": 0.0, "support": 1, "correct": 0},
        "more": {"recall": 0.5, "support": 2, "correct": 1},
    }


@given(records_of(any_entities, max_size=3))
def test_rows_of_recall_tables_add_up_to_the_whole(records):
    texts = ["肝癌肝癌肺癌肝肝癌癌肺癌"] * len(records[0])
    training = {"Disease": {"肝": 1, "癌": 2, "肝癌": 3, "肺癌": 9}}
    scores = score_entities(*records, texts=texts, training_mentions=training)
    for table in (scores["recall_by_length"], scores["recall_by_training_count"]):
        assert sum(row["support"] for row in table.values()) == scores["support"]
        assert sum(row["correct"] for row in table.values()) == scores["correct"]


def test_recall_by_length():
    lengths = [1, 2, 3, 4, 5, 6, 7, 10, 11, 40]
    references = [[entity(0, length)] for length in lengths]
    predictions = [[entity(0, length)] if length in (2, 7, 40) else [] for length in lengths]
    table = score_entities(predictions, references)["recall_by_length"]
    assert {row: (scores["support"], scores["correct"]) for row, scores in table.items()} == {
        **{"1": (1, 0), "2": (1, 1), "3": (1, 0), "4": (1, 0), "5": (1, 0), "6": (1, 0)},
        **{"7-10": (2, 1), "more": (2, 1)},
    }
    assert table["more"]["recall"] == 0.5


def naive_inner(entities):
    return [
        e
        for e in entities
        if any(set(range(e["start"], e["end"])) < set(range(other["start"], other["end"])) for other in entities)
    ]


@given(records_of(any_entities, max_size=3))
def test_figures_by_nesting_equal_the_naive_ones(records):
    scores = score_entities(*records)
    predictions, references = [[unique(record) for record in side] for side in records]
    inner = [[naive_inner(record) for record in side] for side in (predictions, references)]
    if not any(inner[0] + inner[1]):
        assert "by_nesting" not in scores
        return
    outer = [
        [[e for e in record if e not in lower] for record, lower in zip(side, lowers, strict=True)]
        for side, lowers in zip((predictions, references), inner, strict=True)
    ]
    for name, (found, gold) in (("inner", inner), ("outer", outer)):
        row = scores["by_nesting"][name]
        hits = sum(e in record for record, lower in zip(predictions, gold, strict=True) for e in lower)
        right = sum(e in record for record, lower in zip(references, found, strict=True) for e in lower)
        assert (row["predicted"], row["support"]) == (sum(map(len, found)), sum(map(len, gold)))
        precision, recall = naive_ratio(right, row["predicted"]), naive_ratio(hits, row["support"])
        assert figures(row) == pytest.approx((precision, recall, naive_f1(precision, recall)))


def test_an_inner_entity_counts_as_found_without_what_is_around_it():
    references = [[entity(0, 3), entity(2, 3, "Anatomy"), entity(4, 6), entity(4, 6, "Drug")]]
    predictions = [[entity(2, 3, "Anatomy"), entity(4, 6), entity(4, 5, "Anatomy")]]
    nesting = score_entities(predictions, references)["by_nesting"]
    assert nesting["inner"] == {"precision": 0.0, "recall": 1.0, "f1": 0.0, "support": 1, "predicted": 1}
    assert nesting["outer"] == {"precision": 1.0, "recall": 1 / 3, "f1": 0.5, "support": 3, "predicted": 2}


def test_once_per_record_counts_mention_and_type_once():
    texts = ["肺炎，肺炎，肺", "肺炎"]
    references = [[entity(0, 2), entity(3, 5), entity(6, 7, "Anatomy")], [entity(0, 2)]]
    predictions = [[entity(3, 5), entity(0, 1, "Anatomy")], [entity(0, 2, "Drug")]]
    scores = score_entities(predictions, references, texts=texts, once_per_record=True)
    assert scores["correct"] == 1
    once = scores["once_per_record"]
    assert (once["support"], once["predicted"], once["correct"]) == (3, 3, 2)
    assert figures(once) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert {kind: (row["support"], row["predicted"], row["correct"]) for kind, row in once["by_type"].items()} == {
        "Anatomy": (1, 1, 1),
        "Disease": (2, 1, 1),
        "Drug": (0, 1, 0),
    }


# ---- segmentation ----------------------------------------------------------------------------------------------------


def naive_runs(mask):
    return {(m.start(), m.end()) for m in re.finditer("1+", "".join(map(str, mask)))}


def sets_figures(found, gold):
    correct = sum(len(f & g) for f, g in zip(found, gold, strict=True))
    precision, recall = naive_ratio(correct, sum(map(len, found))), naive_ratio(correct, sum(map(len, gold)))
    return pytest.approx((precision, recall, naive_f1(precision, recall)))


@given(st.lists(st.tuples(any_entities, st.lists(st.integers(0, 1), min_size=12, max_size=12)), max_size=3))
def test_segmentation_equals_the_naive_scorer(records):
    references = [gold for gold, _ in records]
    masks = [mask for _, mask in records]
    scores = score_entities([[] for _ in records], references, segmentation=masks)["segmentation"]
    gold_masks = [[int(any(e["start"] <= i < e["end"] for e in gold)) for i in range(12)] for gold in references]
    spans = [{(e["start"], e["end"]) for e in gold} for gold in references]
    inside = [[{i for i, value in enumerate(mask) if value} for mask in side] for side in (masks, gold_masks)]
    runs, gold_runs = ([naive_runs(mask) for mask in side] for side in (masks, gold_masks))
    assert figures(scores["characters"]) == sets_figures(*inside)
    assert figures(scores["spans"]) == sets_figures(runs, gold_runs)
    assert figures(scores["entities"]) == sets_figures(runs, spans)
    assert figures(scores["gold_mask_entities"]) == sets_figures(gold_runs, spans)


def test_a_perfect_mask_merges_neighbours():
    references = [[entity(0, 2, "Anatomy"), entity(2, 4), entity(5, 6)]]
    mask = np.array([True, True, True, True, False, True])
    scores = score_entities(references, references, segmentation=[mask])["segmentation"]
    assert figures(scores["characters"]) == figures(scores["spans"]) == (1.0, 1.0, 1.0)
    assert figures(scores["entities"]) == figures(scores["gold_mask_entities"]) == pytest.approx((1 / 2, 1 / 3, 2 / 5))


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(predictions=[[]], references=[]), "1 records in `predictions` but 0 in `references`"),
        (dict(predictions=[[]], references=[[]], texts=[]), "1 records in `predictions` but 0 in `texts`"),
        (dict(predictions=[], references=[], segmentation=[[]]), "0 records in `predictions` but 1 in `segmentation`"),
        (dict(predictions=[[]], references=[[]], once_per_record=True), "give the records' texts"),
        (dict(predictions=[[]], references=[[]], training_mentions={}), "give the records' texts"),
        (dict(predictions=[[], [entity(2, 2)]], references=[[], []]), "predictions[1]: (2, 2, 'Disease') has no"),
        (dict(predictions=[[]], references=[[entity(-1, 2)]]), "references[0]: (-1, 2, 'Disease') has no characters"),
        (dict(predictions=[[entity(0, 3)]], references=[[]], texts=["肺炎"]), "leaves its text, which has 2"),
        (dict(predictions=[[{"start": 0, "end": 1}]], references=[[]]), "is not an entity"),
        (dict(predictions=[[entity(0.0, 1)]], references=[[]]), "is not an entity"),
        (dict(predictions=[[3]], references=[[]]), "predictions[0]: a value of type int is not an entity"),
        (dict(predictions=[[entity(0, 1, 2)]], references=[[]]), "is not a tag name"),
        (dict(predictions=[[]], references=[[]], segmentation=[[0.7]]), "segmentation[0] is not one row of 0 and 1"),
        (dict(predictions=[[]], references=[[]], segmentation=[[[0]]]), "segmentation[0] is not one row of 0 and 1"),
        (dict(predictions=[[]], references=[[entity(0, 3)]], segmentation=[[1]]), "but its text has at least 3"),
        (dict(predictions=[[]], references=[[]], segmentation=[[1]], texts=[""]), "1 characters, but its text has 0"),
    ],
)  # fmt: skip
def test_malformed_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        score_entities(**arguments)


# ---- the evaluate metric ---------------------------------------------------------------------------------------------

REFERENCES = [[entity(0, 2), entity(3, 5, "Drug")], [], [entity(1, 2)]]
PREDICTIONS = [[entity(0, 2)], [entity(0, 1)], []]
OPTIONS = dict(
    texts=["肺炎用甲药。", "无", "咳嗽"],
    training_mentions={"Disease": {"肺炎": 2}},
    once_per_record=True,
    segmentation=[[1, 1, 0, 0, 0, 0], [1], [0, 0]],
)


@pytest.mark.parametrize("loaded", [False, True], ids=["class", "evaluate.load"])
def test_the_metric_gives_what_score_entities_gives(loaded, tmp_path):
    path = str(Path(clinical_ner.__file__))
    metric = evaluate.load(path, cache_dir=tmp_path) if loaded else ClinicalNER(cache_dir=tmp_path)
    expected = score_entities(PREDICTIONS, REFERENCES, **OPTIONS)
    for _ in range(2):  # a metric can be used again
        assert metric.compute(predictions=PREDICTIONS, references=REFERENCES, **OPTIONS) == expected
    assert json.loads(json.dumps(expected)) == expected


def test_batches_and_single_records_add_up_and_stay_off_the_disk(tmp_path):
    metric = ClinicalNER(cache_dir=tmp_path)
    scored = [[{**e, "score": 0.9, "word": "肺炎"} for e in record] for record in PREDICTIONS]
    metric.add_batch(predictions=scored[:2], references=REFERENCES[:2])
    metric.add(prediction=scored[2], reference=[tuple(e.values()) for e in REFERENCES[2]])
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert metric.compute(**OPTIONS) == score_entities(PREDICTIONS, REFERENCES, **OPTIONS)


@pytest.mark.parametrize("records", [([], []), ([[]], [[]]), ([[]], [[entity(0, 1)]]), ([[entity(0, 1)]], [[]])])
def test_the_metric_takes_empty_lists(records, tmp_path):
    predictions, references = records
    metric = ClinicalNER(cache_dir=tmp_path)
    assert metric.compute(predictions=predictions, references=references) == score_entities(predictions, references)


def test_the_metric_refuses_other_numbers_of_records_and_goes_on(tmp_path):
    metric = ClinicalNER(cache_dir=tmp_path)
    with pytest.raises(ValueError, match="one list of entities a record"):
        metric.add_batch(predictions=[[]], references=[[], []])
    with pytest.raises(ValueError, match=r"predictions\[0\]: .* is not an entity"):
        metric.add_batch(predictions=[[{"begin": 0}]], references=[[]])
    assert metric.compute(predictions=PREDICTIONS, references=REFERENCES)["correct"] == 1


def test_an_entity_that_is_none_was_quoted_with_its_word():
    for broken in ({"start": 0, "word": "肺炎"}, {"start": "肺炎", "end": 2, "type": "D"}, "肺炎", (0, 2, ["肺炎"])):
        with pytest.raises(ValueError, match=r"predictions\[0\]: ") as refused:
            score_entities([[broken]], [[]])
        assert "肺炎" not in str(refused.value)
