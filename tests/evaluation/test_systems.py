"""What is scored: types that only one side has, and scoring some types alone."""

import numpy as np
import pytest
from tiny_network import RECORDS as TEXTS
from tiny_network import make_model, make_tokenizer

from modeling_dicmt import DicMTPipeline
from modeling_dicmt.evaluation.evaluator import Predictions
from modeling_dicmt.evaluation.systems import System, compare_types, restrict_to_types, run_network
from modeling_dicmt.tagging import Span

RECORDS = [
    {
        "id": "a",
        "text": "x" * 9,
        "entities": [{"start": 0, "end": 2, "type": "A"}, {"start": 3, "end": 5, "type": "B"}],
    },
    {"id": "b", "text": "x" * 9, "entities": []},
]
FOUND = Predictions(
    [[Span(0, 2, "A")], [Span(0, 1, "C"), Span(2, 4, "A")]], [np.zeros(9, dtype=bool)] * 2, [[0.5], [0.6, 0.7]]
)


def test_types_of_one_side_alone_are_told_with_their_numbers():
    unknown, foreign, remedy = compare_types(RECORDS, System("net", FOUND, ["A", "C"]))
    assert "net does not have B (1)" in unknown and "missed" in unknown
    assert "C (1) of net" in foreign and "wrong" in foreign
    assert "--label_set A " in remedy
    # a network may know more types than the records have: that matters only where it finds them
    found = FOUND._replace(entities=[[Span(0, 2, "A")], []])
    assert compare_types(RECORDS, System("net", found, ["A", "B", "C", "D"])) == []


def test_no_type_in_common_is_an_error():
    with pytest.raises(ValueError, match=r"net has the types 疾病, the records have A, B: none is the same"):
        compare_types(RECORDS, System("net", FOUND, ["疾病"]))


def test_some_types_alone_on_both_sides():
    records, (system,) = restrict_to_types(RECORDS, [System("net", FOUND, ["A", "C"])], ["A", "B"])
    assert records == RECORDS
    assert system.predictions == ([[Span(0, 2, "A")], [Span(2, 4, "A")]], None, [[0.5], [0.7]])
    records, (system,) = restrict_to_types(RECORDS, [System("net", FOUND._replace(scores=None), ["A", "C"])], ["C"])
    assert [record["entities"] for record in records] == [[], []]
    assert system.predictions == ([[], [Span(0, 1, "C")]], None, None)
    assert RECORDS[0]["entities"], "what was passed stays as it is"
    with pytest.raises(ValueError, match="--label_set: there is no X; there are A, B, C"):
        restrict_to_types(RECORDS, [System("net", FOUND, ["A", "C"])], ["A", "X"])


def test_a_network_finds_what_its_pipeline_finds(checkpoint):
    records = [{"id": str(number), "text": text, "entities": []} for number, text in enumerate(TEXTS)]
    system = run_network(str(checkpoint), records)
    model = make_model(bigram_embedding_size=3, num_bigram_buckets=40)
    expected = DicMTPipeline(model=model, tokenizer=make_tokenizer(), device="cpu")(TEXTS)
    assert system.predictions.entities == [
        [(item["start"], item["end"], item["entity_group"]) for item in found] for found in expected
    ]
    assert sum(map(len, expected)) > 0 and system.types == make_tokenizer().entity_types


def test_a_network_without_entities_cannot_be_scored(tmp_path):
    make_model(recognition_task=False).save_pretrained(tmp_path)
    make_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="knows no entities that could be scored"):
        run_network(str(tmp_path), [])
