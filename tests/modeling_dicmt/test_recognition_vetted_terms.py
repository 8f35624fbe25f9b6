"""Vetted terms of a call of the recogniser: beside the tokenizer's own, by force, as no entities, and as evidence."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_terms import stretches_in_record, terms_of, types_of_terms
from tiny_network import make_model, make_tokenizer, rounded
from tiny_recognizer import NASTY, OTHER_TERMS, TEXTS, entities_of, naive_evidence, recognizer, spans_of

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.normalization import normalize
from modeling_dicmt.prediction import tag_sentences
from modeling_dicmt.recognition import EntityRecognizer
from modeling_dicmt.torch_tagger import TorchTagger

VETTED = {"Drug": ["患者左肺", "气肿", "考虑"], "anatomy": ["阴影", "患者", "见"], "Disease": ["阴影", "虑肺炎"]}
VETTED_TYPES = {"Drug": ["Drug"], "anatomy": ["Anatomy"], "Disease": ["Disease"]}
NASTY_TERMS = st.text(st.sampled_from("肺炎患者左 Ａa，。😀𠂇"), min_size=1, max_size=5).filter(str.strip)


def with_channel(**settings):
    return EntityRecognizer(TorchTagger(make_model(vetted_terms=True)), make_tokenizer(vetted_terms=True, **settings))


def expected_stretches(text, terms, not_terms=None):
    """The vetted terms of a text, sentence by sentence: `{(start, end): types}`."""
    return stretches_in_record(text, types_of_terms(terms_of(terms), VETTED_TYPES, terms_of(not_terms or {})))


@pytest.fixture(scope="module")
def channel():
    """Only to be asked."""
    return with_channel()


def test_terms_of_a_call_are_as_if_they_were_the_tokenizers(channel):
    own = entities_of(channel, TEXTS, evidence=True)
    expected = entities_of(with_channel(terms=VETTED), TEXTS, evidence=True)
    assert expected != own
    for terms in (VETTED, ClinicalDictionary(terms_of(VETTED))):
        assert entities_of(channel, TEXTS, terms=terms, evidence=True) == expected
        assert entities_of(channel, TEXTS, evidence=True) == own, "for the one call only"


def test_terms_of_a_call_are_added_to_the_tokenizers():
    first, second = {"Drug": VETTED["Drug"]}, {name: VETTED[name] for name in ("anatomy", "Disease")}
    both = entities_of(with_channel(terms=VETTED), TEXTS, evidence=True)
    one = with_channel(terms=first)
    assert entities_of(one, TEXTS, terms=second, evidence=True) == both != entities_of(one, TEXTS, evidence=True)
    assert entities_of(one, TEXTS, terms={}, evidence=True) == entities_of(one, TEXTS, evidence=True)
    same_term = with_channel(terms={"Drug": ["阴影"]})
    types = {
        item["entity_group"]
        for entity in itertools.chain(*entities_of(same_term, TEXTS, terms={"Disease": ["阴影"]}, evidence=True))
        for item in entity["evidence"]
        if item["vetted"]
    }
    assert types == {"Drug", "Disease"}, "a term of both has the types of both"


def test_reference_lists_of_a_call_leave_vetted_terms_alone():
    one = with_channel(terms=VETTED)
    other = with_channel(dictionary=ClinicalDictionary(terms_of(OTHER_TERMS)), terms=VETTED)
    found = entities_of(one, TEXTS, dictionary=OTHER_TERMS, evidence=True)
    assert found == entities_of(other, TEXTS, evidence=True) != entities_of(one, TEXTS, evidence=True)


def test_terms_that_are_replaced_count_from_the_next_call_on():
    one = with_channel(terms=VETTED)
    given = {"terms": {"Drug": ["胃镜"]}, "evidence": True}
    entities_of(one, TEXTS, **given)
    one.tokenizer.terms = {"Drug": ["考虑"]}
    expected = entities_of(with_channel(terms={"Drug": ["考虑"]}), TEXTS, **given)
    assert entities_of(one, TEXTS, **given) == expected
    one.tokenizer.dictionary = ClinicalDictionary(terms_of(OTHER_TERMS))
    dictionary = ClinicalDictionary(terms_of(OTHER_TERMS))
    other = entities_of(with_channel(terms={"Drug": ["考虑"]}, dictionary=dictionary), TEXTS, **given)
    assert entities_of(one, TEXTS, **given) == other != expected


def test_compiled_once_for_calls_that_repeat_them(monkeypatch):
    one = with_channel(terms=VETTED)
    compiled = []
    compile_lexicon = type(one.tokenizer).compile_lexicon
    monkeypatch.setattr(
        type(one.tokenizer),
        "compile_lexicon",
        lambda self, *args, **kwargs: (compiled.append(1), compile_lexicon(self, *args, **kwargs))[1],
    )
    terms = {"Drug": ["胃"]}
    for call in ({"terms": terms}, {"not_terms": ["胃"]}, {"terms": terms, "force": True}):
        for _ in range(2):
            entities_of(one, TEXTS, **call)
    assert len(compiled) == 3
    entities_of(one, TEXTS)
    assert len(compiled) == 3


def test_threads_at_work():
    one = with_channel(terms={"Drug": ["考虑"]})
    calls = [
        {},
        {"terms": VETTED},
        {"terms": {"Drug": ["胃镜"]}, "force": True},
        {"not_terms": ["肺", "左肺"]},
        {"terms": VETTED, "not_terms": {"Drug": ["患者左肺"]}, "force": True},
        {"dictionary": OTHER_TERMS},
    ]
    expected = [rounded(entities_of(one, TEXTS, **call)) for call in calls]
    assert all(first != second for first, second in itertools.combinations(expected, 2))
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda call: rounded(entities_of(one, TEXTS, **call)), calls * 5))
    assert found == expected * 5


def test_without_a_channel_terms_serve_by_force_alone(shared):
    forced = entities_of(shared, TEXTS, terms=VETTED, force=True)
    assert any(entity["forced"] for found in forced for entity in found)
    for terms in (VETTED, ClinicalDictionary(terms_of(VETTED))):
        with pytest.raises(ValueError, match=r"no channel for vetted terms: .* or have them found by force"):
            entities_of(shared, TEXTS, terms=terms)  # also after a call by force has compiled them
    own = recognizer()
    own.tokenizer.terms = VETTED
    assert [[entity | {"forced": None} for entity in found] for found in forced] == [
        [entity | {"forced": None} for entity in found] for found in entities_of(own, TEXTS, force=True)
    ]
    assert entities_of(own, TEXTS) == entities_of(shared, TEXTS)
    assert entities_of(own, TEXTS, not_terms=["肺"]) == entities_of(shared, TEXTS, not_terms=["肺"])
    assert entities_of(shared, TEXTS, terms={}) == entities_of(shared, TEXTS)


def test_the_log_says_once_what_can_never_be_found(channel, caplog):
    for _ in range(2):
        entities_of(channel, ["肺"], terms={"Drug": ["左。肺", "肺"]})
        entities_of(channel, ["肺"], not_terms=["左。肺"])
    messages = [record.getMessage().partition(".")[0] for record in caplog.records]
    assert messages == ["terms: 1 of 2 can never be found", "not_terms: 1 of 1 can never be found"]


@pytest.mark.parametrize("name", ["terms", "not_terms"])
@pytest.mark.parametrize("terms", [{"equipment": ["胃镜"]}, 7, {"Drug": "胃镜"}, {"Drug": ["\n"]}, "no/such/path"])
def test_terms_of_no_use_are_refused(name, terms, channel):
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        entities_of(channel, TEXTS, **{name: terms})
    assert not {"胃镜", "equipment"} & set(str(caught.value).split())


@pytest.mark.parametrize("settings", [{}, {"tag_decoder": "softmax"}])
def test_forced_terms_are_entities_with_the_networks_own_probability(settings):
    tokenizer = make_tokenizer(vetted_terms=True, max_sentence_length=20)
    one = EntityRecognizer(TorchTagger(make_model(vetted_terms=True, **settings)), tokenizer)
    lexicon = tokenizer.compile_lexicon(terms=ClinicalDictionary(terms_of(VETTED)))
    found = entities_of(one, TEXTS, terms=VETTED, force=True)
    ids, number = one.tagger.config.label2id, 0
    for sentence in tokenizer.encode_records(TEXTS, lexicon):
        ((_, batch),) = tag_sentences(one.tagger, [sentence])
        of_record = {
            (entity["start"] - sentence.start, entity["end"] - sentence.start, entity["entity_group"]): entity
            for entity in found[sentence.record]
        }
        stretches = {}
        for start, end, name in sentence.terms:
            span = np.array([(0, start, end, ids[f"B-{name}"], ids[f"I-{name}"])])
            score = np.exp(one.tagger.chain.span_log_probabilities(batch.emissions, span, batch.mask))[0]
            stretches.setdefault((start, end), {})[name] = score
        for (start, end), scores in stretches.items():
            name = max(scores, key=scores.get)
            entity = of_record[start, end, name]
            assert entity["score"] == pytest.approx(scores[name], abs=1e-5) and entity["forced"] is True
            number += 1
    assert number == sum(entity["forced"] for entity in itertools.chain(*found)) > 8


def test_force_knows_no_threshold_but_ignored_types(channel):
    found = entities_of(channel, TEXTS, terms=VETTED, force=True)
    forced = [entity for entity in itertools.chain(*found) if entity["forced"]]
    assert min(entity["score"] for entity in forced) < 0.3
    certain = entities_of(channel, TEXTS, terms=VETTED, force=True, threshold=1.0)
    assert list(itertools.chain(*certain)) == forced
    kept = entities_of(channel, TEXTS, terms=VETTED, force=True, ignore_labels=["Drug"])
    assert kept == [[item for item in items if item["entity_group"] != "Drug"] for items in found] != found


def test_force_by_single_characters(channel):
    spans = entities_of(channel, TEXTS, terms=VETTED, force=True)
    for call in ({}, {"threshold": 1.0}):
        characters = entities_of(channel, TEXTS, terms=VETTED, force=True, aggregation_strategy="none", **call)
        expected = [
            [
                (place, ("B-" if place == entity["start"] else "I-") + entity["entity_group"])
                for entity in found
                if entity["forced"]
                for place in range(entity["start"], entity["end"])
            ]
            for found in spans
        ]
        assert [
            [(item["start"], item["entity"]) for item in items if item["forced"]] for items in characters
        ] == expected
        others = any(not item["forced"] for item in itertools.chain(*characters))
        assert others == (not call)
    kept = entities_of(
        channel, TEXTS, terms=VETTED, force=True, aggregation_strategy="none", ignore_labels=["O", "Drug"]
    )
    assert not any(item["entity"].endswith("Drug") for item in itertools.chain(*kept))


def test_without_force_nothing_says_forced(channel):
    for strategy in ("simple", "none"):
        found = entities_of(channel, TEXTS, terms=VETTED, aggregation_strategy=strategy)
        assert not any("forced" in item for item in itertools.chain(*found))


def test_what_is_no_entity_is_none(channel):
    def spans(**settings):
        return {
            (record, *span)
            for record, found in enumerate(spans_of(entities_of(channel, TEXTS, **settings)))
            for span in found
        }

    own = spans()
    words = {(TEXTS[record][start:end], name) for record, start, end, name in own}
    assert len(words) > 10
    lists = {}
    for word, name in sorted(words)[::2]:
        lists.setdefault(name, []).append(word)
    left = spans(not_terms=lists)
    # Just these stretches are none: one with a blank beside them is another.
    here = {(normalize(TEXTS[record][start:end]), name) for record, start, end, name in left}
    assert here.isdisjoint((normalize(word).strip(), name) for name, of in lists.items() for word in of)
    none = spans(not_terms=[word for word, _ in words])
    assert not {normalize(TEXTS[record][start:end]) for record, start, end, _ in none}.intersection(
        normalize(word).strip() for word, _ in words
    )
    tags = entities_of(channel, TEXTS, not_terms=lists, aggregation_strategy="none")
    covered = {(record, place) for record, start, end, _ in left for place in range(start, end)}
    assert {(record, item["start"]) for record, items in enumerate(tags) for item in items} == covered


def test_of_one_type_alone_the_others_remain_possible(channel):
    text = "患者左肺见阴影，考虑肺炎。"
    (found,) = entities_of(channel, [text])
    entity = found[0]
    kept = next(name for name in ("Disease", "Anatomy", "Drug") if name != entity["entity_group"])
    (left,) = entities_of(
        channel,
        [text],
        terms={kept: [entity["word"]], entity["entity_group"]: [entity["word"]]},
        not_terms={entity["entity_group"]: [entity["word"]]},
        force=True,
    )
    assert (entity["start"], entity["end"], kept) in spans_of([left])[0]


def test_a_term_that_is_forbidden_too_is_forbidden(channel):
    (found,) = entities_of(
        channel, ["患者左肺见阴影"], terms=VETTED, not_terms=["患者左肺", "阴影"], force=True, evidence=True
    )
    spans = spans_of([found])[0]
    assert (0, 2, "Anatomy") in spans, "it is not in the way of the shorter term within it either"
    assert not {span[:2] for span in spans} & {(0, 4), (5, 7)}
    assert {item["term"] for entity in found for item in entity["evidence"] if item["vetted"]} <= {"患者", "见"}


def test_evidence_names_vetted_and_reference_terms_apart(channel):
    for not_terms in ({}, {"Disease": ["阴影", "虑肺炎"]}):
        found = entities_of(channel, TEXTS, terms=VETTED, not_terms=not_terms, evidence=True)
        own = entities_of(channel, TEXTS, terms=VETTED, not_terms=not_terms)
        assert [[{k: v for k, v in item.items() if k != "evidence"} for item in items] for items in found] == own
        names, number = terms_of(VETTED), 0
        for text, entities in zip(TEXTS, found, strict=True):
            stretches = expected_stretches(text, VETTED, not_terms)
            for entity in entities:
                expected = [
                    {
                        "term": normalize(text[start:end]),
                        "entity_group": name,
                        "lists": sorted(names[normalize(text[start:end])]),
                        "vetted": True,
                        "start": start,
                        "end": end,
                    }
                    for (start, end), types in sorted(stretches.items())
                    for name in sorted(types)
                    if start < entity["end"] and entity["start"] < end
                ]
                assert [item for item in entity["evidence"] if item["vetted"]] == expected
                places = [(item["start"], item["end"]) for item in entity["evidence"]]
                assert places == sorted(places)
                number += len(expected)
                reference = [item for item in entity["evidence"] if not item["vetted"]]
                assert [(item["start"], item["end"], item["term"], item["lists"]) for item in reference] == (
                    naive_evidence(text, entity)
                )
        assert number > 8


@settings(max_examples=100)
@given(
    st.lists(st.text(st.sampled_from(NASTY) | st.characters(), max_size=40), max_size=3),
    st.lists(NASTY_TERMS, max_size=5),
    st.lists(NASTY_TERMS, max_size=3),
)
def test_words_are_what_the_text_has_also_by_force(channel, texts, terms, not_terms):
    lists = {"Drug": terms, "Disease": terms[::2]}
    types = {"*": ["Disease", "Anatomy", "Drug"]}
    given_settings = {"terms": lists, "not_terms": not_terms, "force": True}
    forbidden = types_of_terms(terms_of({"*": not_terms}), types)
    for text, found in zip(texts, entities_of(channel, texts, **given_settings), strict=True):
        forced = []
        for entity in found:
            assert text[entity["start"] : entity["end"]] == entity["word"] != ""
            assert normalize(entity["word"]) not in forbidden
            forced += [(entity["start"], entity["end"])] * entity["forced"]
        assert all(first["end"] <= second["start"] for first, second in itertools.pairwise(found))
        assert forced == sorted(expected_stretches(text, lists, {"Drug": not_terms, "Disease": not_terms}))
        (characters,) = entities_of(channel, [text], **given_settings, aggregation_strategy="none", ignore_labels=[])
        assert "".join(item["word"] for item in characters) == text
        assert [item["start"] for item in characters if item["forced"]] == [
            place for start, end in forced for place in range(start, end)
        ]
