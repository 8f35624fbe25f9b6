"""Evidence of entities: the terms that overlap with them, against every place compared by itself."""

from counted_steps import is_linear
from hypothesis import given
from hypothesis import strategies as st
from tiny_network import SENTENCES, TERMS, make_tokenizer
from tiny_recognizer import entities_of, naive_evidence

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.normalization import normalize
from modeling_dicmt.recognition import EntityRecognizer
from modeling_dicmt.recognition_settings import Allowance, RecognitionSettings
from modeling_dicmt.sentences import split_sentences
from modeling_dicmt.term_evidence import Match, add_evidence


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
def test_evidence_is_that_of_brute_force(shared, texts, terms, max_sentence_length):
    tokenizer = make_tokenizer(max_sentence_length=max_sentence_length)
    one = EntityRecognizer(shared.tagger, tokenizer)
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
