"""What users get of a record: entities, offsets, scores, evidence, other terms."""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from counted_steps import is_linear
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_network import RECORDS, SENTENCES, TERMS, make_model, make_tokenizer

from modeling_dicmt import recognition
from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.dictionary_files import DictionaryError
from modeling_dicmt.normalization import normalize
from modeling_dicmt.recognition import EntityRecognizer, RecognitionSettings, _add_evidence, _Allowance, _Match
from modeling_dicmt.sentences import split_sentences
from modeling_dicmt.tagging import tags_to_spans
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
        matches = [_Match(place, place + 2, False, "Disease") for place in range(0, len(text), 2)]
        _add_evidence(text, entities, matches, lexicon, _Allowance(RecognitionSettings()))
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
            """Another thread's call comes whenever a call has read or set the matcher that is kept."""

            other = None

            def interrupt(self):
                if self.other is not None:
                    dictionary, self.other = self.other, None
                    entities_of(self, ["肺"], dictionary=dictionary)
                    self.other = dictionary

            @property
            def _last_matcher(self):
                kept = vars(self)["kept"]
                self.interrupt()
                return kept

            @_last_matcher.setter
            def _last_matcher(self, matcher):
                vars(self)["kept"] = matcher
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
    monkeypatch.setattr(recognition, "time", SimpleNamespace(monotonic=lambda: now[0]))
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
