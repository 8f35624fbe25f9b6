"""What users get of a record: entities, offsets, scores, evidence, other terms."""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import naive_terms
import numpy as np
import pytest
import torch
from counted_steps import is_linear
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_network import RECORDS, SENTENCES, TERMS, make_model, make_tokenizer, rounded

from modeling_dicmt import recognition, recognition_settings
from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.dictionary_files import DictionaryError
from modeling_dicmt.normalization import normalize
from modeling_dicmt.prediction import tag_sentences
from modeling_dicmt.recognition import EntityRecognizer
from modeling_dicmt.recognition_settings import Allowance, RecognitionSettings
from modeling_dicmt.sentences import split_sentences
from modeling_dicmt.tagging import tags_to_spans
from modeling_dicmt.term_evidence import Match, add_evidence
from modeling_dicmt.torch_tagger import TorchTagger, predict_entities

TEXTS = [*RECORDS, *SENTENCES]
NASTY = "肺炎患者左胃窦部\n\r\u2028。，a1ＣＴ　\t\x00\x1b\ud800\udfff😀𠂇\ufeff\u200b"


def recognizer(**settings):
    return EntityRecognizer(TorchTagger(make_model(**settings)), make_tokenizer())


@pytest.fixture(scope="module")
def shared():
    """Only to be asked, not to be changed."""
    return recognizer()


def entities_of(recognizer, texts, **settings):
    return list(recognizer.stream(texts, RecognitionSettings(**settings)))


def spans_of(answers):
    return [[(item["start"], item["end"], item["entity_group"]) for item in items] for items in answers]


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
def test_words_are_what_the_text_has_and_nothing_is_lost(texts):
    one = recognizer_of_the_module()
    answers = entities_of(one, texts)
    assert spans_of(answers) == [
        [(entity["start"], entity["end"], entity["type"]) for entity in found]
        for found in predict_entities(one.tagger.model, one.tokenizer, texts)
    ]
    for text, found in zip(texts, answers, strict=True):
        for entity in found:
            assert text[entity["start"] : entity["end"]] == entity["word"] != ""
            assert 0 <= entity["score"] <= 1 and type(entity["score"]) is float
        characters = next(one.stream([text], RecognitionSettings(aggregation_strategy="none", ignore_labels=[])))
        assert [item["start"] for item in characters] == list(range(len(text)))
        assert all(0 <= item["score"] <= 1 for item in characters)
        assert "".join(item["word"] for item in characters) == text


_SHARED = {}


def recognizer_of_the_module():
    return _SHARED.setdefault("one", recognizer())


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


def naive_evidence(text, entity):
    """Terms of `TERMS` within one sentence of the text that share a character with the entity."""
    found = []
    ends = [i for i, character in enumerate(text) if character in "。\n"]
    for term, lists in TERMS.items():
        for start in range(len(text)):
            end = start + len(term)
            seam = any(start <= place < end - 1 for place in ends)
            if len(term) > 1 and text[start:end] == term and not seam:
                if start < entity["end"] and entity["start"] < end:
                    found.append((start, end, term, sorted(lists)))
    return sorted(found)


def test_evidence_names_the_terms_that_overlap(shared):
    text = "".join(SENTENCES[:2]) * 2 + "无肺炎\n肺炎"
    (found,) = entities_of(shared, [text], evidence=True)
    named = 0
    for entity in found:
        expected = naive_evidence(text, entity)
        assert [(item["start"], item["end"], item["term"], item["lists"]) for item in entity["evidence"]] == expected
        named += len(expected)
    assert named > 4
    plain = [{key: value for key, value in entity.items() if key != "evidence"} for entity in found]
    assert entities_of(shared, [text]) == [plain]


def brute_force_evidence(text, entity, terms):
    """Each term at each place of each sentence, compared character by character."""
    return [
        {"term": folded[start:end], "entity_group": terms[folded[start:end]].title(), "start": start, "end": end}
        for folded in [normalize(text)]
        for sentence in split_sentences(text)
        for start in range(sentence.start, sentence.end)
        for end in range(start + 2, min(start + 6, sentence.end) + 1)
        if folded[start:end] in terms and start < entity["end"] and entity["start"] < end
    ]


EVIDENCE_ALPHABET = "肺炎左a，Ａ。\n"


@given(
    st.lists(st.text(EVIDENCE_ALPHABET, max_size=60), max_size=3),
    st.dictionaries(st.text("肺炎左a,。", min_size=2, max_size=6), st.sampled_from(["drug", "anatomy"]), min_size=1),
    st.sampled_from([3, 250]),
)
def test_evidence_is_that_of_brute_force(texts, terms, max_sentence_length):
    tokenizer = make_tokenizer(max_sentence_length=max_sentence_length)
    one = EntityRecognizer(recognizer_of_the_module().tagger, tokenizer)
    dictionary = ClinicalDictionary({term: [name] for term, name in terms.items()})
    for text, found in zip(texts, entities_of(one, texts, dictionary=dictionary, evidence=True), strict=True):
        for entity in found:
            evidence = [dict(item) for item in entity["evidence"]]
            assert all(item.pop("lists") == [terms[item["term"]]] for item in evidence)
            assert not any(item.pop("vetted") for item in evidence)
            assert evidence == brute_force_evidence(text, entity, terms)


def test_evidence_in_a_long_sentence_takes_linear_time():
    def add(entities):
        text = "肺炎" * len(entities)
        matches = [Match(place, place + 2, False, "Disease") for place in range(0, len(text), 2)]
        add_evidence(text, entities, matches, lexicon, Allowance(RecognitionSettings()))
        assert all(len(entity["evidence"]) == 1 for entity in entities)

    lexicon = make_tokenizer(dictionary=ClinicalDictionary(TERMS)).lexicon
    small, double = ([{"start": 2 * i, "end": 2 * i + 1} for i in range(number)] for number in (200, 400))
    assert is_linear(add, small, double)


OTHER_TERMS = {"drug": ["患者左", "阴影"], "anatomy": ["胃镜"]}


class TestOtherTerms:
    @pytest.fixture
    def expected(self):
        terms = {term: [name] for name, terms in OTHER_TERMS.items() for term in terms}
        tokenizer = make_tokenizer(dictionary=ClinicalDictionary(terms))
        return list(EntityRecognizer(TorchTagger(make_model()), tokenizer).stream(TEXTS))

    @pytest.mark.parametrize("form", ["mapping", "dictionary", "path", "foreign"])
    def test_every_form_gives_what_a_tokenizer_with_these_terms_gives(self, form, expected, shared, tmp_path):
        terms = {term: name for name, terms in OTHER_TERMS.items() for term in terms}
        (tmp_path / "terms.tsv").write_text("".join(f"{t}\t{n}\n" for t, n in terms.items()), encoding="utf-8")
        foreign = type("ClinicalDictionary", (), {"items": lambda self: [(t, (n,)) for t, n in terms.items()]})
        dictionary = {
            "mapping": {name: tuple(terms) for name, terms in OTHER_TERMS.items()},
            "dictionary": ClinicalDictionary({term: [name] for term, name in terms.items()}),
            "path": tmp_path / "terms.tsv",
            "foreign": foreign(),
        }[form]
        own = entities_of(shared, TEXTS)
        assert entities_of(shared, TEXTS, dictionary=dictionary) == expected != own
        assert entities_of(shared, TEXTS) == own, "for the one call only"

    def test_a_list_of_a_name_that_only_this_network_knows(self):
        tokenizer = make_tokenizer(
            dictionary=ClinicalDictionary({}),
            lists_of_type={"Disease": ["我院"], "Anatomy": [], "Drug": []},
        )
        one = EntityRecognizer(TorchTagger(make_model()), tokenizer)
        assert entities_of(one, TEXTS, dictionary={"我院": ["阴影"]}) != entities_of(one, TEXTS)

    def test_compiled_once_for_calls_that_repeat_it(self, monkeypatch):
        one = recognizer()
        compiled = []
        compile_dictionary = type(one.tokenizer).compile_dictionary
        monkeypatch.setattr(
            type(one.tokenizer),
            "compile_dictionary",
            lambda self, terms: (compiled.append(1), compile_dictionary(self, terms))[1],
        )
        for _ in range(3):
            entities_of(one, TEXTS, dictionary=dict(OTHER_TERMS))
        assert len(compiled) == 1
        entities_of(one, TEXTS, dictionary={"drug": ["阴影"]})
        assert len(compiled) == 2

    def test_a_call_is_answered_with_its_own_dictionary_whatever_other_threads_do(self):
        class Switching(EntityRecognizer):
            """Another thread's call comes whenever a call has read or set the lexicon that is kept."""

            other = None

            def interrupt(self):
                if self.other is not None:
                    dictionary, self.other = self.other, None
                    entities_of(self, ["肺"], dictionary=dictionary)
                    self.other = dictionary

            @property
            def _last(self):
                kept = vars(self)["kept"]
                self.interrupt()
                return kept

            @_last.setter
            def _last(self, last):
                vars(self)["kept"] = last
                self.interrupt()

        one = Switching(TorchTagger(make_model()), make_tokenizer())
        first, second = {"drug": ["患者左"]}, {"anatomy": ["阴影", "胃镜"]}
        expected = [entities_of(recognizer(), TEXTS, dictionary=terms) for terms in (first, second)]
        assert expected[0] != expected[1]
        for terms, other, wanted in ((first, second, expected[0]), (second, first, expected[1])):
            one.other = None
            entities_of(one, ["肺"], dictionary=terms)
            one.other = other
            for _ in range(3):
                assert entities_of(one, TEXTS, dictionary=terms) == wanted

    def test_threads_at_work(self):
        one = recognizer()
        dictionaries = [{"drug": ["患者左"]}, {"anatomy": ["阴影"]}, {"disease": ["胃镜"]}, None]
        expected = [spans_of(entities_of(one, TEXTS, dictionary=terms)) for terms in dictionaries]
        with ThreadPoolExecutor(4) as threads:
            found = list(
                threads.map(lambda terms: spans_of(entities_of(one, TEXTS, dictionary=terms)), dictionaries * 5)
            )
        assert found == expected * 5

    def test_the_log_says_once_what_a_dictionary_lacks(self, caplog):
        one = recognizer()
        whole = {name: [term for term, lists in TERMS.items() if name in lists] for name in ("disease", "drug")}
        for terms in ({"drug": ["阴影"]}, whole, {"drug": ["阴影"]}, {"anatomy": ["胃炎", "左肺", "肺"]}, whole):
            entities_of(one, TEXTS, dictionary=terms)
        messages = [record.getMessage() for record in caplog.records]
        assert [message.partition(": ")[2] for message in messages] == [
            f"{lacking} of its 7 terms are not in it." for lacking in (7, 3, 4)
        ]
        entities_of(one, TEXTS, dictionary=ClinicalDictionary(TERMS).merge(ClinicalDictionary({"阴影": ["drug"]})))
        assert len(caplog.records) == 3, "nothing is lacking"

    @pytest.mark.parametrize(
        ("dictionary", "message"),
        [
            (
                {"equipment": ["胃镜"]},
                "No term of the dictionary that was passed can match: its lists are 1, those that",
            ),
            ({"drug": ["一个长得不能再长的术语了"]}, "with terms of 2, 3, 4, 5, 6 characters"),
            ({"阴影": "drug"}, "is no dictionary"),
            ([{"term": "阴影", "type": "drug"}], "dictionary must be .* got list"),
            ({"drug": []}, "no usable term"),
            ({"drug": 3}, "is no dictionary"),
            (7, "dictionary must be"),
        ],
    )
    def test_terms_that_cannot_serve(self, dictionary, message, shared):
        with pytest.raises(ValueError, match=message):
            entities_of(shared, TEXTS, dictionary=dictionary)

    def test_a_network_without_dictionary(self):
        one = EntityRecognizer(TorchTagger(make_model(ngram_sizes=[])), make_tokenizer(ngram_sizes=[]))
        with pytest.raises(DictionaryError, match="no dictionary features"):
            entities_of(one, TEXTS, dictionary=OTHER_TERMS)


VETTED = {"Drug": ["患者左肺", "气肿", "考虑"], "anatomy": ["阴影", "患者", "见"], "Disease": ["阴影", "虑肺炎"]}
VETTED_TYPES = {"Drug": ["Drug"], "anatomy": ["Anatomy"], "Disease": ["Disease"]}


def terms_of(lists):
    """`{term: lists}` of `{list: terms}`."""
    terms = {}
    for name, of_list in lists.items():
        for term in of_list:
            terms.setdefault(term, []).append(name)
    return terms


def with_channel(**settings):
    return EntityRecognizer(TorchTagger(make_model(vetted_terms=True)), make_tokenizer(vetted_terms=True, **settings))


def expected_stretches(text, terms, not_terms=None):
    """The vetted terms of a text, sentence by sentence: `{(start, end): types}`."""
    types = naive_terms.types_of_terms(terms_of(terms), VETTED_TYPES, terms_of(not_terms or {}))
    found = {}
    for start, end in split_sentences(text):
        for first, last in naive_terms.longest_first(naive_terms.all_occurrences(text[start:end], types)):
            found[start + first, start + last] = types[normalize(text)[start + first : start + last]]
    return found


NASTY_TERMS = st.text(st.sampled_from("肺炎患者左 Ａa，。😀𠂇"), min_size=1, max_size=5).filter(str.strip)


class TestVettedTerms:
    @pytest.fixture(scope="class")
    @classmethod
    def channel(cls):
        """Only to be asked."""
        return with_channel()

    def test_terms_of_a_call_are_as_if_they_were_the_tokenizers(self, channel):
        own = entities_of(channel, TEXTS, evidence=True)
        expected = entities_of(with_channel(terms=VETTED), TEXTS, evidence=True)
        assert expected != own
        for terms in (VETTED, ClinicalDictionary(terms_of(VETTED))):
            assert entities_of(channel, TEXTS, terms=terms, evidence=True) == expected
            assert entities_of(channel, TEXTS, evidence=True) == own, "for the one call only"

    def test_terms_of_a_call_are_added_to_the_tokenizers(self):
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

    def test_reference_lists_of_a_call_leave_vetted_terms_alone(self):
        one = with_channel(terms=VETTED)
        other = with_channel(dictionary=ClinicalDictionary(terms_of(OTHER_TERMS)), terms=VETTED)
        found = entities_of(one, TEXTS, dictionary=OTHER_TERMS, evidence=True)
        assert found == entities_of(other, TEXTS, evidence=True) != entities_of(one, TEXTS, evidence=True)

    def test_terms_that_are_replaced_count_from_the_next_call_on(self):
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

    def test_compiled_once_for_calls_that_repeat_them(self, monkeypatch):
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

    def test_threads_at_work(self):
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

    def test_without_a_channel_terms_serve_by_force_alone(self, shared):
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

    def test_the_log_says_once_what_can_never_be_found(self, channel, caplog):
        for _ in range(2):
            entities_of(channel, ["肺"], terms={"Drug": ["左。肺", "肺"]})
            entities_of(channel, ["肺"], not_terms=["左。肺"])
        messages = [record.getMessage().partition(".")[0] for record in caplog.records]
        assert messages == ["terms: 1 of 2 can never be found", "not_terms: 1 of 1 can never be found"]

    @pytest.mark.parametrize("name", ["terms", "not_terms"])
    @pytest.mark.parametrize("terms", [{"equipment": ["胃镜"]}, 7, {"Drug": "胃镜"}, {"Drug": ["\n"]}, "no/such/path"])
    def test_terms_of_no_use_are_refused(self, name, terms, channel):
        with pytest.raises((ValueError, FileNotFoundError)) as caught:
            entities_of(channel, TEXTS, **{name: terms})
        assert not {"胃镜", "equipment"} & set(str(caught.value).split())

    @pytest.mark.parametrize("settings", [{}, {"tag_decoder": "softmax"}])
    def test_forced_terms_are_entities_with_the_networks_own_probability(self, settings):
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

    def test_force_knows_no_threshold_but_ignored_types(self, channel):
        found = entities_of(channel, TEXTS, terms=VETTED, force=True)
        forced = [entity for entity in itertools.chain(*found) if entity["forced"]]
        assert min(entity["score"] for entity in forced) < 0.3
        certain = entities_of(channel, TEXTS, terms=VETTED, force=True, threshold=1.0)
        assert list(itertools.chain(*certain)) == forced
        kept = entities_of(channel, TEXTS, terms=VETTED, force=True, ignore_labels=["Drug"])
        assert kept == [[item for item in items if item["entity_group"] != "Drug"] for items in found] != found

    def test_force_by_single_characters(self, channel):
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

    def test_without_force_nothing_says_forced(self, channel):
        for strategy in ("simple", "none"):
            found = entities_of(channel, TEXTS, terms=VETTED, aggregation_strategy=strategy)
            assert not any("forced" in item for item in itertools.chain(*found))

    def test_what_is_no_entity_is_none(self, channel):
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

    def test_of_one_type_alone_the_others_remain_possible(self, channel):
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

    def test_a_term_that_is_forbidden_too_is_forbidden(self, channel):
        (found,) = entities_of(
            channel, ["患者左肺见阴影"], terms=VETTED, not_terms=["患者左肺", "阴影"], force=True, evidence=True
        )
        spans = spans_of([found])[0]
        assert (0, 2, "Anatomy") in spans, "it is not in the way of the shorter term within it either"
        assert not {span[:2] for span in spans} & {(0, 4), (5, 7)}
        assert {item["term"] for entity in found for item in entity["evidence"] if item["vetted"]} <= {"患者", "见"}

    def test_evidence_names_vetted_and_reference_terms_apart(self, channel):
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
    def test_words_are_what_the_text_has_also_by_force(self, texts, terms, not_terms):
        one = _SHARED.setdefault("channel", with_channel())
        lists = {"Drug": terms, "Disease": terms[::2]}
        types = {"*": ["Disease", "Anatomy", "Drug"]}
        given_settings = {"terms": lists, "not_terms": not_terms, "force": True}
        forbidden = naive_terms.types_of_terms(terms_of({"*": not_terms}), types)
        for text, found in zip(texts, entities_of(one, texts, **given_settings), strict=True):
            forced = []
            for entity in found:
                assert text[entity["start"] : entity["end"]] == entity["word"] != ""
                assert normalize(entity["word"]) not in forbidden
                forced += [(entity["start"], entity["end"])] * entity["forced"]
            assert all(first["end"] <= second["start"] for first, second in itertools.pairwise(found))
            assert forced == sorted(expected_stretches(text, lists, {"Drug": not_terms, "Disease": not_terms}))
            (characters,) = entities_of(one, [text], **given_settings, aggregation_strategy="none", ignore_labels=[])
            assert "".join(item["word"] for item in characters) == text
            assert [item["start"] for item in characters if item["forced"]] == [
                place for start, end in forced for place in range(start, end)
            ]


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
