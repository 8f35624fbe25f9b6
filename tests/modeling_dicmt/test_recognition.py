"""What users get of a record: entities, offsets, scores; what is refused; records read in chunks."""

import itertools
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_network import make_tokenizer
from tiny_recognizer import NASTY, TEXTS, entities_of, recognizer, spans_of

from modeling_dicmt import recognition, recognition_settings
from modeling_dicmt.recognition_settings import RecognitionSettings
from modeling_dicmt.tagging import tags_to_spans
from modeling_dicmt.torch_tagger import predict_entities


def path_probabilities(model, text):
    """Every path of tags through a text, with its probability, by enumeration."""
    with torch.inference_mode():
        emissions = model(**make_tokenizer()([text], return_tensors="pt")).emissions[0].double().numpy()
    start, transitions, end = np.zeros(7), np.zeros((7, 7)), np.zeros(7)
    if model.crf is not None:
        legal = model.crf.legal_transitions.numpy()
        start, transitions, end = (
            parameter.detach().double().numpy()
            for parameter in (model.crf.start_transitions, model.crf.transitions, model.crf.end_transitions)
        )
        start, transitions = np.where(legal[-1], start, -np.inf), np.where(legal[:-1], transitions, -np.inf)
    scores = {}
    for path in itertools.product(range(7), repeat=len(text)):
        score = start[path[0]] + end[path[-1]] + sum(emissions[t, tag] for t, tag in enumerate(path))
        scores[path] = score + sum(transitions[pair] for pair in itertools.pairwise(path))
    log_partition = np.logaddexp.reduce(list(scores.values()))
    return {path: np.exp(score - log_partition) for path, score in scores.items()}


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
@pytest.mark.parametrize("text", ["左肺炎。", "胃窦", "痛"])
def test_scores_are_probabilities_over_all_paths(decoder, text):
    one = recognizer(tag_decoder=decoder)
    model = one.tagger.model
    paths = path_probabilities(model, text)
    id2label = model.config.id2label
    (found,) = entities_of(one, [text])
    best = max(paths, key=paths.get)
    assert spans_of([found]) == [[tuple(span) for span in tags_to_spans(best, id2label)]]
    for entity in found:
        span = (entity["start"], entity["end"], entity["entity_group"])
        expected = sum(p for path, p in paths.items() if span in tags_to_spans(path, id2label))
        assert entity["score"] == pytest.approx(expected, abs=1e-5)
    (characters,) = entities_of(one, [text], aggregation_strategy="none", ignore_labels=[])
    assert [item["entity"] for item in characters] == [id2label[tag] for tag in best]
    for place, item in enumerate(characters):
        expected = sum(p for path, p in paths.items() if path[place] == best[place])
        assert item["score"] == pytest.approx(expected, abs=1e-5)


@given(st.lists(st.text(st.sampled_from(NASTY) | st.characters(), max_size=40), max_size=4))
@settings(max_examples=100)
def test_words_are_what_the_text_has_and_nothing_is_lost(shared, texts):
    answers = entities_of(shared, texts)
    assert spans_of(answers) == [
        [(entity["start"], entity["end"], entity["type"]) for entity in found]
        for found in predict_entities(shared.tagger.model, shared.tokenizer, texts)
    ]
    for text, found in zip(texts, answers, strict=True):
        for entity in found:
            assert text[entity["start"] : entity["end"]] == entity["word"] != ""
            assert 0 <= entity["score"] <= 1 and type(entity["score"]) is float
        characters = next(shared.stream([text], RecognitionSettings(aggregation_strategy="none", ignore_labels=[])))
        assert [item["start"] for item in characters] == list(range(len(text)))
        assert all(0 <= item["score"] <= 1 for item in characters)
        assert "".join(item["word"] for item in characters) == text


def test_batches_and_company_have_no_influence(shared):
    expected = entities_of(shared, TEXTS)
    assert sum(map(len, expected)) > 40
    for size in (1, 33, 10**6):
        found = entities_of(shared, TEXTS, batch_characters=size)
        assert spans_of(found) == spans_of(expected)
        for one, other in zip(itertools.chain(*found), itertools.chain(*expected), strict=True):
            assert one["score"] == pytest.approx(other["score"], abs=1e-5)
    assert spans_of(entities_of(shared, TEXTS[::-1])) == spans_of(expected)[::-1]


def test_answers_are_json(shared):
    for strategy in ("simple", "none"):
        answers = entities_of(shared, TEXTS, aggregation_strategy=strategy, evidence=True)
        assert json.loads(json.dumps(answers)) == answers


def test_strategies_for_words_are_the_simple_one(shared):
    simple = entities_of(shared, TEXTS)
    for strategy in ("first", "average", "max", "SIMPLE"):
        assert entities_of(shared, TEXTS, aggregation_strategy=strategy) == simple


def test_single_characters_spell_the_entities(shared):
    answers = entities_of(shared, TEXTS, aggregation_strategy="none")
    expected = [
        [(place, entity["entity_group"]) for entity in found for place in range(entity["start"], entity["end"])]
        for found in entities_of(shared, TEXTS)
    ]
    assert [[(item["start"], item["entity"][2:]) for item in found] for found in answers] == expected
    assert all(item["index"] == item["start"] == item["end"] - 1 for found in answers for item in found)


def test_threshold_and_ignored_types_leave_out(shared):
    everything = list(itertools.chain(*entities_of(shared, TEXTS)))
    for strategy in ("simple", "none"):
        whole = list(itertools.chain(*entities_of(shared, TEXTS, aggregation_strategy=strategy)))
        certain = list(itertools.chain(*entities_of(shared, TEXTS, aggregation_strategy=strategy, threshold=0.9)))
        assert certain == [item for item in whole if item["score"] >= 0.9] and 0 < len(certain) < len(whole)
    kept = list(itertools.chain(*entities_of(shared, TEXTS, ignore_labels=["Drug", "O"])))
    assert kept == [item for item in everything if item["entity_group"] != "Drug"] and 0 < len(kept) < len(everything)
    tags = {item["entity"] for found in entities_of(shared, TEXTS, aggregation_strategy="none") for item in found}
    assert "I-Drug" in tags and "O" not in tags
    left = entities_of(shared, TEXTS, aggregation_strategy="none", ignore_labels=["I-Drug"])
    assert {item["entity"] for found in left for item in found} == {*tags, "O"} - {"I-Drug"}


def test_a_stream_is_read_in_chunks(monkeypatch, shared):
    monkeypatch.setattr(recognition, "CHUNK_RECORDS", 3)
    read = []
    stream = shared.stream(text for text in TEXTS if read.append(text) is None)
    assert read == []
    first = next(stream)
    assert len(read) == 3
    monkeypatch.setattr(recognition, "CHUNK_RECORDS", 10**6)
    assert spans_of([first, *stream]) == spans_of(entities_of(shared, TEXTS))
    monkeypatch.setattr(recognition, "CHUNK_CHARACTERS", 1)
    assert spans_of(entities_of(shared, TEXTS)) == spans_of([first, *entities_of(shared, TEXTS[1:])])


def test_a_list_with_something_that_is_no_text_is_refused_before_any_work(monkeypatch, shared):
    monkeypatch.setattr(recognition, "CHUNK_RECORDS", 1)
    stream = shared.stream(["肺", 3])
    with pytest.raises(ValueError, match="Record 1"):
        next(stream)
    stream = shared.stream(text for text in ["肺", 3])
    next(stream)
    with pytest.raises(ValueError, match="Record 1"):
        next(stream)


def test_a_call_stops_when_its_time_is_over(monkeypatch, shared):
    now = [0.0]
    monkeypatch.setattr(recognition_settings, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(recognition, "CHUNK_RECORDS", 1)
    stream = shared.stream(TEXTS, RecognitionSettings(max_seconds=1.5))
    now[0] = 100.0  # the time counts from the first answer's being asked for
    first = next(stream)
    now[0] = 101.5
    assert [first, next(stream)] == entities_of(shared, TEXTS[:2])
    now[0] = 101.6
    with pytest.raises(TimeoutError, match=r"longer than the 1.5 seconds"):
        next(stream)


@pytest.mark.parametrize("stop", ["。", "，", ""])
def test_a_record_of_a_hundred_thousand_characters(stop, shared):
    """With full stops, with commas only, and without any mark at all."""
    unit = "患者左肺见阴影考虑肺炎" + stop
    text = (unit * (100_000 // len(unit) + 1))[:100_000]
    (found,) = entities_of(shared, [text])
    assert len(found) > 10_000
    assert all(text[entity["start"] : entity["end"]] == entity["word"] for entity in found)
    assert all(one["end"] <= other["start"] for one, other in itertools.pairwise(found))
    assert found[-1]["end"] > 99_900
    assert spans_of(entities_of(shared, [text], batch_characters=1000)) == spans_of([found])


@pytest.mark.parametrize("text", ["", " ", "\n\n\r\n", "\t　\x00", "\ud800", "。"])
def test_a_record_with_little_in_it(text, shared):
    (found,) = entities_of(shared, [text])
    assert all(text[entity["start"] : entity["end"]] == entity["word"] for entity in found)
    if not text:
        assert found == []


@pytest.mark.parametrize("wrong", [None, 3, 1.5, b"\xe8\x82\xba", ["肺"], {"text": "肺"}])
def test_a_record_that_is_no_text(wrong, shared):
    with pytest.raises(ValueError, match=rf"Record 1: expected its text, a string, got {type(wrong).__name__}"):
        entities_of(shared, ["肺", wrong])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"aggregation_strategy": "best"}, "one of none, simple, first, average, max, got str of length 4"),
        ({"aggregation_strategy": None}, "aggregation_strategy must be"),
        ({"threshold": 1.5}, "from 0 to 1, got another number"),
        ({"threshold": "high"}, "from 0 to 1, got str of length 4"),
        ({"threshold": float("nan")}, "from 0 to 1"),
        ({"threshold": True}, "from 0 to 1"),
        ({"ignore_labels": "O"}, "a list of strings"),
        ({"ignore_labels": [1]}, "a list of strings, got list of length 1"),
        ({"ignore_labels": 5}, "a list of strings, got int|a list of strings, got another number"),
        ({"ignore_labels": None}, "a list of strings, got NoneType"),
        ({"ignore_labels": {"O": 1}}, "a list of strings"),
        ({"evidence": 1}, "True or False"),
        ({"force": 1}, "force must be True or False"),
        ({"batch_characters": 0}, "from 1 on"),
        ({"batch_characters": 1.5}, "from 1 on"),
        ({"max_evidence": 0}, "from 1 on"),
        ({"max_seconds": 0}, "a number above 0"),
        ({"max_seconds": float("nan")}, "a number above 0"),
        ({"max_seconds": "1"}, "a number above 0"),
    ],
)
def test_settings_of_no_use(setting, message):
    with pytest.raises(ValueError, match=message):
        RecognitionSettings(**setting)


def test_a_network_that_only_segments_recognises_nothing():
    with pytest.raises(ValueError, match="segment"):
        recognizer(recognition_task=False)
