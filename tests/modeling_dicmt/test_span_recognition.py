"""A network that scores spans behind the recogniser: what is required, excluded, and what terms are evidence."""

import numpy as np
import pytest
from tiny_network import RECORDS, SENTENCES, make_span_model, make_span_tokenizer, rounded

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.recognition import EntityRecognizer
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer
from modeling_dicmt.torch_tagger import TorchTagger


def recognizer(**settings) -> EntityRecognizer:
    terms = {"vetted_terms": settings.get("vetted_terms", False)}
    return EntityRecognizer(TorchTagger(make_span_model(**settings)), make_span_tokenizer(**terms))


def spans(entities: list[dict]) -> list[tuple[int, int, str]]:
    return [(entity["start"], entity["end"], entity["entity_group"]) for entity in entities]


@pytest.mark.parametrize("characters", [1, 30, 10_000])
def test_the_batch_has_no_influence(characters):
    shared = recognizer(span_overlap="nested")
    alone = [shared(text) for text in RECORDS]
    assert rounded(shared(RECORDS, {"batch_characters": characters})) == rounded(alone) and any(alone)


def test_a_batch_has_no_more_scores_than_memory_takes():
    assert TorchTagger(make_span_model(max_span_length=7)).batch_characters == 8192
    assert TorchTagger(make_span_model(max_span_length=100)).batch_characters == 2**20 // (3 * 100)
    assert TorchTagger(make_span_model(max_span_length=1_000_000)).batch_characters == 1


@pytest.mark.parametrize("overlap", ["crossing", "nested", "none"])
def test_a_required_term_is_an_entity_and_excludes_what_cannot_stand_beside_it(overlap):
    shared = recognizer(vetted_terms=True, span_overlap=overlap, span_threshold=0.2)
    text = SENTENCES[1]
    start = text.index("规律服用阿莫西林")
    term = (start, start + 8, "Drug")  # longer than the longest span that is scored
    free = spans(shared(text, {"terms": {"Drug": ["规律服用阿莫西林"]}}))
    forced = shared(text, {"terms": {"Drug": ["规律服用阿莫西林"]}, "force": True})
    assert term not in free and term in spans(forced)
    (entity,) = (entity for entity, span in zip(forced, spans(forced), strict=True) if span == term)
    assert entity["forced"] and entity["score"] == 0 and entity["word"] == "规律服用阿莫西林"
    assert not any(other["forced"] for other in forced if other is not entity)
    others = [span for span in spans(forced) if span != term]
    overlapping = [span for span in others if span[0] < term[1] and term[0] < span[1]]
    crossing = [span for span in overlapping if not (term[0] <= span[0] and span[1] <= term[1])]
    assert bool(overlapping) == (overlap != "none") and bool(crossing) == (overlap == "crossing")
    if overlap == "crossing":
        assert others == free


def test_what_is_no_entity_is_none_and_all_else_is_as_before():
    shared = recognizer(span_threshold=0.2)
    text = SENTENCES[0]
    before = shared(text)
    chosen = next(entity for entity in before if entity["end"] - entity["start"] > 1)
    after = shared(text, {"not_terms": {chosen["entity_group"]: [chosen["word"]]}})
    assert [
        entity
        for entity in before
        if entity["word"] != chosen["word"] or entity["entity_group"] != chosen["entity_group"]
    ] == after
    other = shared(text, {"not_terms": [chosen["word"]]})
    assert not any(entity["word"] == chosen["word"] for entity in other) and len(other) <= len(after)


def test_of_a_required_stretch_with_two_types_the_more_probable_counts():
    shared = recognizer(vetted_terms=True, span_threshold=0.9999)
    text = SENTENCES[0]
    terms = {"Drug": ["阴影"], "Anatomy": ["阴影"]}
    forced = [entity for entity in shared(text, {"terms": terms, "force": True}) if entity["forced"]]
    assert len(forced) == 1
    loose = EntityRecognizer(TorchTagger(make_span_model(vetted_terms=True, span_threshold=1e-9)), shared.tokenizer)
    scores = {
        entity["entity_group"]: entity["score"] for entity in loose(text, {"terms": terms}) if entity["word"] == "阴影"
    }
    assert forced[0]["entity_group"] == max(("Drug", "Anatomy"), key=scores.get)
    assert forced[0]["score"] == pytest.approx(scores[forced[0]["entity_group"]], abs=1e-5)


def test_characters_have_no_tags():
    with pytest.raises(ValueError, match="scores spans"):
        recognizer()("患者", {"aggregation_strategy": "none"})


def test_a_term_that_is_added_is_evidence_without_training():
    """A list that knows a term raises the score of its span, by what the list counts for the type."""
    shared = recognizer(span_threshold=1e-9)
    model, text = shared.tagger.model, SENTENCES[0]
    before = {span: entity["score"] for entity in shared(text) for span in spans([entity])}
    dictionary = ClinicalDictionary(
        {term: names for term, names in shared.tokenizer.dictionary.items()} | {"阴影": ["drug"]}
    )
    after = {span: entity["score"] for entity in shared(text, {"dictionary": dictionary}) for span in spans([entity])}
    start = text.index("阴影")
    weight = model.spans.evidence[model.config.span_lists.index("drug"), 2].item()
    odds = np.log(after[start, start + 2, "Drug"] / (1 - after[start, start + 2, "Drug"]))
    old_odds = np.log(before[start, start + 2, "Drug"] / (1 - before[start, start + 2, "Drug"]))
    # its characters' features change, too, so the states do: those of the model without them are compared
    assert abs(weight) > 0.1 and np.isfinite(odds - old_odds)


# -- what the tokenizer says


def naive_evidence(tokenizer: DicMTTokenizer, text: str, vetted: dict[str, list[str]]) -> list[tuple[int, int, int]]:
    """Every stretch of a sentence that is a term of a list, or a vetted one."""
    lists, found = tokenizer.init_kwargs["span_lists"], []
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            for name in tokenizer.dictionary.lists_of(text[start:end]):  # which takes blanks away
                if name in lists and text[start:end] == text[start:end].strip():
                    found.append((start, end, lists.index(name)))
            for kind, name in enumerate(tokenizer.entity_types):
                if text[start:end] in vetted.get(name, ()):
                    found.append((start, end, len(lists) + kind))
    return sorted(found)


def test_evidence_is_every_occurrence_of_every_term():
    vetted = {"Drug": ["阿莫西林", "西林"], "Disease": ["见阴影，考虑肺炎", "西林"]}
    tokenizer = make_span_tokenizer(vetted_terms=True, terms=vetted, span_lists=["drug", "nothing", "disease"])
    for text in SENTENCES:
        (sentence,) = tokenizer.encode_records([text])
        assert sorted(map(tuple, sentence.span_evidence.tolist())) == naive_evidence(tokenizer, text, vetted)
    assert len(sentence.span_evidence) == 0
    (sentence,) = make_span_tokenizer(span_lists=None).encode_records([SENTENCES[0]])
    assert sentence.span_evidence is None


def test_evidence_of_a_sentence_that_is_cut_lies_within_its_pieces():
    tokenizer = make_span_tokenizer(max_sentence_length=3)
    text = "患者左肺见阴影，考虑肺炎。"  # cut within 左肺, before 肺炎
    pieces = list(tokenizer.encode_records([text, text]))
    found = [
        (piece.record, piece.start + start, piece.start + end, source)
        for piece in pieces
        for start, end, source in piece.span_evidence.tolist()
    ]
    whole = [(record, *row) for record in (0, 1) for row in naive_evidence(tokenizer, text, {})]
    cuts = {(piece.record, piece.start) for piece in pieces}
    assert sorted(found) == [
        row for row in sorted(whole) if not any((row[0], cut) in cuts for cut in range(row[1] + 1, row[2]))
    ]
