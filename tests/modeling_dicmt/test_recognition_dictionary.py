"""A dictionary that is passed to the recogniser for one call, in place of the tokenizer's."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tiny_network import TERMS, make_model, make_tokenizer
from tiny_recognizer import OTHER_TERMS, TEXTS, entities_of, recognizer, spans_of

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.dictionary_files import DictionaryError
from modeling_dicmt.recognition import EntityRecognizer
from modeling_dicmt.torch_tagger import TorchTagger


@pytest.fixture
def expected():
    terms = {term: [name] for name, terms in OTHER_TERMS.items() for term in terms}
    tokenizer = make_tokenizer(dictionary=ClinicalDictionary(terms))
    return list(EntityRecognizer(TorchTagger(make_model()), tokenizer).stream(TEXTS))


@pytest.mark.parametrize("form", ["mapping", "dictionary", "path", "foreign"])
def test_every_form_gives_what_a_tokenizer_with_these_terms_gives(form, expected, shared, tmp_path):
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


def test_a_list_of_a_name_that_only_this_network_knows():
    tokenizer = make_tokenizer(
        dictionary=ClinicalDictionary({}),
        lists_of_type={"Disease": ["我院"], "Anatomy": [], "Drug": []},
    )
    one = EntityRecognizer(TorchTagger(make_model()), tokenizer)
    assert entities_of(one, TEXTS, dictionary={"我院": ["阴影"]}) != entities_of(one, TEXTS)


def test_compiled_once_for_calls_that_repeat_it(monkeypatch):
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


def test_a_call_is_answered_with_its_own_dictionary_whatever_other_threads_do():
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


def test_threads_at_work():
    one = recognizer()
    dictionaries = [{"drug": ["患者左"]}, {"anatomy": ["阴影"]}, {"disease": ["胃镜"]}, None]
    expected = [spans_of(entities_of(one, TEXTS, dictionary=terms)) for terms in dictionaries]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda terms: spans_of(entities_of(one, TEXTS, dictionary=terms)), dictionaries * 5))
    assert found == expected * 5


def test_the_log_says_once_what_a_dictionary_lacks(caplog):
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
def test_terms_that_cannot_serve(dictionary, message, shared):
    with pytest.raises(ValueError, match=message):
        entities_of(shared, TEXTS, dictionary=dictionary)


def test_a_network_without_dictionary():
    one = EntityRecognizer(TorchTagger(make_model(ngram_sizes=[])), make_tokenizer(ngram_sizes=[]))
    with pytest.raises(DictionaryError, match="no dictionary features"):
        entities_of(one, TEXTS, dictionary=OTHER_TERMS)
