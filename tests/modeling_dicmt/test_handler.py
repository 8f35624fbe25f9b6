"""The endpoint's handler: requests as they come over a wire. `test_checkpoint.py` starts it as an endpoint does."""

import itertools
import json
import shutil
import traceback
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from damaged_checkpoints import make_a_weight_no_number, remove_a_weight
from tiny_network import RECORDS, make_model, make_tokenizer, rounded

from modeling_dicmt import handler, recognition_settings
from modeling_dicmt.handler import EndpointHandler
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.pipeline_dicmt import DicMTPipeline
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer


@pytest.fixture
def endpoint(monkeypatch, checkpoint):
    recognise = DicMTPipeline(model=make_model(), tokenizer=make_tokenizer(), device="cpu")
    calls = []

    def pipeline(task, model, trust_remote_code, **settings):
        calls.append((task, str(model), trust_remote_code, settings))
        return recognise

    monkeypatch.setattr(handler, "pipeline", pipeline)
    made = EndpointHandler(str(checkpoint))
    assert calls == [("token-classification", str(checkpoint), True, {"cpu_threads": None})]
    return made


@pytest.fixture
def expected():
    return rounded(DicMTPipeline(model=make_model(), tokenizer=make_tokenizer(), device="cpu")(RECORDS))


@pytest.fixture(scope="module")
def recognise(channel_checkpoint):
    """The pipeline of a network with columns of vetted terms."""
    return DicMTPipeline(
        model=DicMTForTokenClassification.from_pretrained(channel_checkpoint),
        tokenizer=DicMTTokenizer.from_pretrained(channel_checkpoint),
        device="cpu",
    )


@pytest.fixture
def with_channel(monkeypatch, channel_checkpoint, recognise):
    """The endpoint of such a network."""
    own = DicMTPipeline(model=recognise.model, tokenizer=recognise.tokenizer, device="cpu")
    monkeypatch.setattr(handler, "pipeline", lambda *_, **__: own)
    return EndpointHandler(str(channel_checkpoint))


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


CALLS = [
    {},
    {"terms": {"Drug": ["患者左肺", "考虑"], "疾病和诊断": ["阴影"]}, "evidence": True},
    {"terms": {"drug": ["考虑"]}, "force": True},
    {"not_terms": ["患者", "肺炎", "阿莫西林"]},
    {"not_terms": {"Anatomy": ["左肺", "患者"], "*": ["痛"]}},
    {"terms": {"Drug": ["患者左肺", "见"]}, "not_terms": ["患者左肺"], "force": True, "dictionary": {"drug": ["阴影"]}},
    {"terms": {}, "not_terms": [], "force": False},
    {"terms": None, "not_terms": None, "force": None},
]


@pytest.mark.parametrize("parameters", CALLS)
def test_terms_of_a_request_are_those_of_the_pipelines_call(with_channel, recognise, parameters):
    own = rounded(recognise(RECORDS))
    found = over_the_wire(with_channel, {"inputs": RECORDS, "parameters": parameters})
    given = {name: value for name, value in parameters.items() if value is not None}
    assert rounded(found) == json.loads(json.dumps(rounded(recognise(RECORDS, **given))))
    assert (rounded(found) == own) == (not any(parameters.values()))
    assert rounded(over_the_wire(with_channel, {"inputs": RECORDS})) == own, "for the one request only"


def test_requests_at_once_do_not_mix_their_terms(with_channel, recognise):
    calls = CALLS[:6]
    expected = [rounded(recognise(RECORDS, **call)) for call in calls]
    assert all(first != second for first, second in itertools.combinations(expected, 2))
    with ThreadPoolExecutor(4) as threads:
        found = threads.map(lambda call: with_channel({"inputs": RECORDS, "parameters": call}), calls * 5)
        assert [rounded(answer) for answer in found] == expected * 5


def test_a_network_without_a_channel_takes_terms_by_force_alone(endpoint):
    terms = {"Drug": ["患者"]}
    with pytest.raises(ValueError, match="no channel for vetted terms"):
        endpoint({"inputs": RECORDS[0], "parameters": {"terms": terms}})
    (forced,) = [
        item
        for item in endpoint({"inputs": RECORDS[0], "parameters": {"terms": terms, "force": True}})
        if item["forced"]
    ]
    assert (forced["start"], forced["end"], forced["entity_group"]) == (0, 2, "Drug")


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
        ({"inputs": "肺炎", "option": 1}, r"Unknown fields \(1\)"),
        ({"inputs": None}, "got NoneType"),
        ({"inputs": 3}, "got int"),
        ({"inputs": {"text": "肺炎"}}, "got dict"),
        ({"inputs": ["肺炎", 3]}, r"inputs\[1\] must be a text, got int"),
        ({"inputs": "肺炎", "parameters": [1]}, "parameters must be an object, got list"),
        ({"inputs": "肺炎", "parameters": []}, "parameters must be an object, got list"),
        ({"inputs": "肺炎", "parameters": ""}, "parameters must be an object, got str"),
        ({"inputs": "肺炎", "parameters": 0}, "parameters must be an object, got int"),
        ({"inputs": "肺炎", "parameters": False}, "parameters must be an object, got bool"),
        ({"inputs": "肺炎", "parameters": {"max_seconds": 10**9}}, r"Unknown parameters \(1\)"),
        ({"inputs": "肺炎", "parameters": {"cpu_threads": 64}}, r"Unknown parameters \(1\)"),
        ({"inputs": "肺炎", "parameters": {"ignore_labels": 5}}, "ignore_labels must be"),
        ({"inputs": "肺炎", "parameters": {"batch_characters": 1}}, r"Unknown parameters \(1\)"),
        ({"inputs": "肺炎", "parameters": {"threshold": "high"}}, "threshold must be"),
        ({"inputs": "肺炎", "parameters": {"aggregation_strategy": "best"}}, "aggregation_strategy must be"),
        ({"inputs": "肺炎", "parameters": {"ignore_labels": "Drug"}}, "ignore_labels must be"),
        ({"inputs": "肺炎", "parameters": {"dictionary": "/etc/passwd"}}, "the terms themselves"),
        ({"inputs": "肺炎", "parameters": {"dictionary": {"equipment": ["肺炎"]}}}, "No term"),
        ({"inputs": "肺炎", "parameters": {"dictionary": 3}}, "dictionary must hold"),
        ({"inputs": "肺炎", "parameters": {"dictionary": []}}, "dictionary must hold"),
        ({"inputs": "肺炎", "parameters": {"dictionary": {"肺炎": "drug"}}}, "dictionary must hold"),
        ({"inputs": "肺炎", "parameters": {"dictionary": {}}}, "no usable term"),
        ({"inputs": "肺炎", "parameters": {"dictionary": {3: ["肺炎"]}}}, "dictionary must hold"),
    ],
)
def test_wrong_requests_get_an_error_that_quotes_no_record(endpoint, request_body, message):
    with pytest.raises(ValueError, match=message) as caught:
        endpoint(request_body)
    assert "肺炎" not in str(caught.value)


MARKER = "张某某3301061970"


@pytest.mark.parametrize(
    "request_body",
    [
        MARKER,
        [MARKER],
        {MARKER: 1},
        {"inputs": "肺", MARKER: 1},
        {"inputs": {MARKER: MARKER}},
        {"inputs": ["肺", [MARKER]]},
        *(
            {"inputs": MARKER, "parameters": parameters}
            for parameters in (
                MARKER,
                [MARKER],
                {MARKER: MARKER},
                *(
                    {name: value}
                    for name in handler.PARAMETERS
                    for value in (MARKER, [[MARKER]], {MARKER: [MARKER]}, {MARKER: MARKER}, {"drug": MARKER})
                ),
                {"threshold": 13300106197012},
                {"dictionary": {f"{MARKER},": ["肺炎"]}},
                {"dictionary": {MARKER * 20: ["肺炎"]}},
                {"dictionary": {"drug": [f"{MARKER}\0", {MARKER: MARKER}, [MARKER]]}},
                {"dictionary": {"drug": [MARKER * 20]}},
                {"dictionary": {"drug": [MARKER], MARKER: ["肺炎"]}},
            )
        ),
    ],
)
def test_no_message_and_no_log_quotes_a_request(endpoint, request_body, caplog):
    caplog.set_level("DEBUG")
    with pytest.raises(ValueError, match=r"\w") as caught:
        endpoint(request_body)
    told = "".join(traceback.format_exception(caught.value, chain=True)) + caplog.text
    assert MARKER not in told and "13300106197012" not in told and "\u5f20" not in ascii(told)


def test_the_log_of_an_answer_quotes_nothing(endpoint, caplog):
    caplog.set_level("DEBUG")
    endpoint({"inputs": f"{MARKER}肺炎", "parameters": {"dictionary": {MARKER: [MARKER], "drug": [MARKER[:4]]}}})
    assert "replaces the checkpoint's: 7 of its 7 terms" in caplog.text and MARKER[:4] not in caplog.text


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        *(
            ({name: value}, f"{name} must hold the terms themselves")
            for name in ("terms", "not_terms")
            for value in (
                MARKER,
                "/etc/passwd",
                3,
                True,
                {"Drug": MARKER},
                {"Drug": {MARKER: [MARKER]}},
                {"Drug": None},
            )
        ),
        ({"terms": [MARKER]}, "terms must hold the terms themselves"),
        ({"terms": {"Drug": [MARKER], MARKER: ["肺"]}}, r"terms: unknown names \(1\)"),
        ({"terms": {"*": [MARKER]}}, r"terms: unknown names \(1\)"),
        ({"not_terms": {MARKER: [MARKER]}}, r"not_terms: unknown names \(1\)"),
        ({"terms": {"Drug": [[MARKER], {MARKER: 1}, 3, None, f"{MARKER}\0"]}}, "no usable term"),
        ({"not_terms": [[MARKER], 3]}, "no usable term"),
        ({"terms": {"Drug": [MARKER * 20]}}, "characters of a term or list"),
        ({"not_terms": [MARKER * 20]}, "characters of a term or list"),
        ({"not_terms": {MARKER * 20: []}}, "characters of a term or list"),
        *(({"force": value}, "force must be True or False") for value in (1, "true", MARKER, [MARKER], {})),
        ({"terms": {"Drug": [MARKER], "*": ["肺"]}, "force": True}, r"terms: unknown names \(1\)"),
        (
            {"terms": {"Drug": [MARKER[:size] for size in range(1, 14)] * 2, MARKER: []}, "force": MARKER},
            "force must be",
        ),
    ],
)
def test_wrong_terms_get_an_error_that_quotes_nothing(with_channel, parameters, message, caplog):
    caplog.set_level("DEBUG")
    request_body = {"inputs": f"{MARKER}，肺炎", "parameters": parameters}
    with pytest.raises(ValueError, match=message) as caught:
        over_the_wire(with_channel, request_body)
    told = "".join(traceback.format_exception(caught.value, chain=True)) + caplog.text
    assert MARKER[:4] not in told and "肺炎" not in told and "\\u5f20" not in ascii(told)
    assert with_channel({"inputs": RECORDS}), "the next request is answered"


def test_terms_that_lie_within_one_another_without_end_are_refused(with_channel):
    terms = {"Drug": ["肺" * size for size in range(1, 200)]}
    for parameters in ({"terms": terms}, {"not_terms": terms}):
        with pytest.raises(ValueError, match=r"characters? on|a character") as caught:
            with_channel({"inputs": "肺" * 100_000, "parameters": parameters})
        assert "肺" not in str(caught.value)


SOME_TERMS = {"drug": ["青", "红"], "disease": ["青"]}


@pytest.mark.parametrize(
    ("limit", "allowed", "request_body", "message"),
    [
        ("RECORDS", 3, {"inputs": ["肺", "炎", "。"]}, "3 records are more than the 2"),
        ("CHARACTERS", 3, {"inputs": ["肺", "炎。"]}, "3 characters are more than the 2"),
        ("TERMS", 3, {"inputs": "肺", "parameters": {"dictionary": SOME_TERMS}}, "3 terms are more than the 2"),
        ("LISTS", 2, {"inputs": "肺", "parameters": {"dictionary": SOME_TERMS}}, "2 lists are more than the 1"),
        ("TERM_LENGTH", 7, {"inputs": "肺", "parameters": {"dictionary": SOME_TERMS}}, "7 characters of a term or"),
        (
            "TERM_LENGTH",
            9,
            {"inputs": "肺", "parameters": {"dictionary": {"drug": ["红" * 9]}}},
            "9 characters of a term or list are more than the 8",
        ),
        (
            "TERMS",
            8,
            {"inputs": "肺", "parameters": {"dictionary": SOME_TERMS, "terms": SOME_TERMS, "not_terms": ["青", "红"]}},
            "8 terms are more than the 7",
        ),
        ("TERMS", 2, {"inputs": "肺", "parameters": {"terms": {"Drug": ["青", "红"]}}}, "2 terms are more than the 1"),
        (
            "LISTS",
            4,
            {"inputs": "肺", "parameters": {"terms": SOME_TERMS, "not_terms": SOME_TERMS}},
            "4 lists are more",
        ),
        ("TERM_LENGTH", 9, {"inputs": "肺", "parameters": {"not_terms": ["红" * 9]}}, "9 characters of a term or list"),
    ],
)
def test_requests_that_are_too_large(monkeypatch, checkpoint, limit, allowed, request_body, message):
    monkeypatch.setattr(handler, "pipeline", lambda *_, **__: lambda texts, **___: [[] for _ in texts])
    for least, is_refused in ((allowed, False), (allowed - 1, True)):
        monkeypatch.setenv(f"DICMT_MAX_{limit}", str(least))
        made = EndpointHandler(str(checkpoint))
        if is_refused:
            with pytest.raises(ValueError, match=rf"{message}.*have DICMT_MAX_{limit} raised"):
                made(request_body)
        else:
            made(request_body)


def test_a_request_that_takes_too_long_is_stopped_between_batches(endpoint, monkeypatch):
    endpoint.limits["DICMT_MAX_SECONDS"] = 5
    seconds = iter(range(100))
    monkeypatch.setattr(recognition_settings, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    with pytest.raises(TimeoutError, match=r"longer than the 5 seconds .*DICMT_MAX_SECONDS"):
        endpoint({"inputs": RECORDS * 100})
    assert next(seconds) < 10, "the work stopped as soon as it looked at the clock"
    monkeypatch.undo()
    assert len(endpoint({"inputs": RECORDS})) == len(RECORDS), "the next request is answered"


def test_one_term_in_a_thousand_lists_does_not_multiply_the_answer(endpoint):
    dictionary = {name: ["患者左"] for name in ("drug", *(f"list {number}" for number in range(900)))}
    request_body = {"inputs": RECORDS[0] * 50, "parameters": {"dictionary": dictionary, "evidence": True}}
    named = sum(len(term["lists"]) for item in endpoint(request_body) for term in item["evidence"])
    assert named > 900
    endpoint.limits["DICMT_MAX_EVIDENCE"] = named
    endpoint(request_body)
    endpoint.limits["DICMT_MAX_EVIDENCE"] = named - 1
    with pytest.raises(ValueError, match=f"more than {named - 1} times.*DICMT_MAX_EVIDENCE"):
        endpoint(request_body)


@pytest.mark.parametrize("damage", [remove_a_weight, make_a_weight_no_number])
def test_a_damaged_checkpoint_is_refused(damage, checkpoint, tmp_path):
    folder = shutil.copytree(checkpoint, tmp_path / "damaged")
    with pytest.raises(ValueError, match=damage(folder)):
        EndpointHandler(str(folder))


def test_threads_come_from_the_environment(monkeypatch, checkpoint):
    monkeypatch.setattr(handler, "pipeline", lambda *_, **settings: settings["cpu_threads"])
    monkeypatch.setenv("DICMT_CPU_THREADS", "3")
    assert EndpointHandler(str(checkpoint)).recognize == 3
    assert EndpointHandler(str(checkpoint), cpu_threads=2).recognize == 2


@pytest.mark.parametrize("name", [*handler.LIMITS, "DICMT_CPU_THREADS"])
@pytest.mark.parametrize("value", ["0", "-1", "many", "", "٣", "1.5"])
def test_limits_that_are_none(monkeypatch, checkpoint, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=f"{name} must be a whole number"):
        EndpointHandler(str(checkpoint))
