"""The endpoint's handler: requests as they come over a wire. `test_checkpoint.py` starts it as an endpoint does."""

import json

import pytest
from tiny_network import RECORDS, make_model, make_tokenizer, rounded

from modeling_dicmt import handler
from modeling_dicmt.handler import EndpointHandler
from modeling_dicmt.pipeline_dicmt import DicMTPipeline


@pytest.fixture
def endpoint(monkeypatch, checkpoint):
    recognise = DicMTPipeline(model=make_model(), tokenizer=make_tokenizer(), device="cpu")
    calls = []

    def pipeline(task, model, trust_remote_code, **settings):
        calls.append((task, str(model), trust_remote_code, settings))
        return recognise

    monkeypatch.setattr(handler, "pipeline", pipeline)
    made = EndpointHandler(str(checkpoint))
    assert calls == [("token-classification", str(checkpoint), True, {})]
    return made


@pytest.fixture
def expected():
    return rounded(DicMTPipeline(model=make_model(), tokenizer=make_tokenizer(), device="cpu")(RECORDS))


def over_the_wire(endpoint, request):
    answer = endpoint(json.loads(json.dumps(request)))
    return json.loads(json.dumps(answer, ensure_ascii=False, allow_nan=False).encode("utf-8"))


def test_a_record_and_a_batch(endpoint, expected):
    assert rounded([over_the_wire(endpoint, {"inputs": RECORDS[0]})]) == expected[:1] != [[]]
    assert rounded(over_the_wire(endpoint, {"inputs": RECORDS, "parameters": None})) == expected
    assert over_the_wire(endpoint, {"inputs": []}) == []
    assert over_the_wire(endpoint, {"inputs": ""}) == []


def test_parameters(endpoint, expected):
    found = over_the_wire(endpoint, {"inputs": RECORDS, "parameters": {"threshold": 0.9, "evidence": False}})
    assert rounded(found) == [[item for item in items if item["score"] >= 0.9] for items in expected] != expected
    found = over_the_wire(
        endpoint, {"inputs": RECORDS[0], "parameters": {"dictionary": {"drug": ["患者左"]}, "evidence": True}}
    )
    assert {term["term"] for item in found for term in item["evidence"]} <= {"患者左"}
    assert rounded([found]) != expected[:1]


def test_half_a_surrogate_pair_is_answered_in_utf8(endpoint):
    text = "肺\ud800炎\udfff😀。"
    found = over_the_wire(endpoint, {"inputs": text})
    assert found
    clean = text.replace("\ud800", "\ufffd").replace("\udfff", "\ufffd")
    assert all(clean[item["start"] : item["end"]] == item["word"] for item in found)


@pytest.mark.parametrize(
    ("request_body", "message"),
    [
        (None, "Expected"),
        ([], "Expected"),
        ({}, "Expected"),
        ({"text": "肺炎"}, "Expected"),
        ({"inputs": "肺炎", "option": 1}, "Unknown fields option"),
        ({"inputs": None}, "got NoneType"),
        ({"inputs": 3}, "got int"),
        ({"inputs": {"text": "肺炎"}}, "got dict"),
        ({"inputs": ["肺炎", 3]}, r"inputs\[1\] must be a text, got int"),
        ({"inputs": "肺炎", "parameters": [1]}, "parameters must be an object"),
        ({"inputs": "肺炎", "parameters": {"batch_characters": 1}}, "Unknown parameters batch_characters"),
        ({"inputs": "肺炎", "parameters": {"threshold": "high"}}, "threshold must be"),
        ({"inputs": "肺炎", "parameters": {"aggregation_strategy": "best"}}, "aggregation_strategy must be"),
        ({"inputs": "肺炎", "parameters": {"ignore_labels": "Drug"}}, "ignore_labels must be"),
        ({"inputs": "肺炎", "parameters": {"dictionary": "/etc/passwd"}}, "the terms themselves"),
        ({"inputs": "肺炎", "parameters": {"dictionary": {"equipment": ["肺炎"]}}}, "No term"),
        ({"inputs": "肺炎", "parameters": {"dictionary": 3}}, "dictionary must be"),
    ],
)
def test_wrong_requests_get_an_error_that_quotes_no_record(endpoint, request_body, message):
    with pytest.raises(ValueError, match=message) as caught:
        endpoint(request_body)
    assert "肺炎" not in str(caught.value)


@pytest.mark.parametrize(
    ("limit", "request_body", "message"),
    [
        ("DICMT_MAX_RECORDS", {"inputs": ["肺", "炎", "。"]}, "3 records are more than the 2"),
        ("DICMT_MAX_CHARACTERS", {"inputs": ["肺", "炎。"]}, "3 characters are more than the 2"),
        ("DICMT_MAX_TERMS", {"inputs": "肺", "parameters": {"dictionary": {"drug": ["青", "红", "白"]}}}, "3 terms"),
    ],
)
def test_requests_that_are_too_large(monkeypatch, checkpoint, limit, request_body, message):
    monkeypatch.setattr(handler, "pipeline", lambda *_, **__: lambda texts, **___: [[] for _ in texts])
    assert EndpointHandler(str(checkpoint))(request_body) == [] or request_body["inputs"] != "肺"
    monkeypatch.setenv(limit, "2")
    with pytest.raises(ValueError, match=message):
        EndpointHandler(str(checkpoint))(request_body)


@pytest.mark.parametrize("value", ["0", "-1", "many", ""])
def test_limits_that_are_none(monkeypatch, checkpoint, value):
    monkeypatch.setenv("DICMT_MAX_RECORDS", value)
    with pytest.raises(ValueError, match="DICMT_MAX_RECORDS must be a whole number"):
        EndpointHandler(str(checkpoint))
