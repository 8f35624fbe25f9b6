"""Sentences with nested entities, and vetted terms simulated from them."""

import numpy as np
import pytest
from tiny_network import LISTS_OF_TYPE, make_span_tokenizer

from modeling_dicmt.tagging import Span
from modeling_dicmt.training.arguments import ModelArguments
from modeling_dicmt.training.examples import join_examples, make_examples
from modeling_dicmt.training.known_terms import KnownTerms
from modeling_dicmt.training.preparation import with_span_settings
from modeling_dicmt.training.span_examples import SpanExamples, longest_span, make_span_examples

TEXTS = ["患者左肺见阴影，考虑肺炎。既往有高血压病史", "胃镜示胃窦部充血水肿，考虑胃炎。"]
ENTITIES = [
    [
        (2, 7, "Disease"),
        (2, 4, "Anatomy"),
        (10, 12, "Disease"),
        (10, 12, "Drug"),
        (16, 19, "Disease"),
        (11, 15, "Drug"),
    ],
    [(3, 10, "Disease"), (3, 6, "Anatomy"), (4, 8, "Drug"), (13, 15, "Disease"), (0, 2, "Anatomy")],
]


def records_of(texts=TEXTS, entities=ENTITIES) -> list[dict]:
    return [
        {
            "id": f"r{number}",
            "text": text,
            "entities": [dict(zip(("start", "end", "type"), entity, strict=True)) for entity in found],
        }
        for number, (text, found) in enumerate(zip(texts, entities, strict=True))
    ]


@pytest.fixture(scope="module")
def tokenizer():
    return make_span_tokenizer(vetted_terms=True)


@pytest.fixture(scope="module")
def examples(tokenizer):
    return make_span_examples(records_of(), tokenizer)


def test_entities_are_those_of_each_sentence_and_those_across_a_sentence_are_told(examples, tokenizer):
    assert [rows.tolist() for rows in examples.entities] == [
        [[2, 4, 1], [2, 7, 0], [10, 12, 0], [10, 12, 2]],
        [[3, 6, 0]],
        [[0, 2, 1], [3, 6, 1], [3, 10, 0], [4, 8, 2], [13, 15, 0]],
    ]
    assert examples.crossing == [("r0", Span(11, 15, "Drug"))]
    assert examples.lengths.tolist() == [13, 8, 16] and len(examples) == 3
    assert join_examples(examples, examples).lengths.tolist() == [13, 8, 16] * 2


@pytest.mark.parametrize("entity", [(3, 3, "Drug"), (3, 4, "Exam")])
def test_a_wrong_entity_names_its_record(entity, tokenizer):
    with pytest.raises(ValueError, match=r"Record r1: .* is empty, or of a type that is none of Disease"):
        make_span_examples(records_of(entities=[[], [entity]]), tokenizer)


def test_the_longest_span_holds_the_share_that_is_asked_for():
    entities = [np.array([[0, size, 0] for size in range(1, 11)])]
    examples = SpanExamples([None], entities, [])
    assert [longest_span(examples, share) for share in (1, 0.91, 0.9, 0.5, 0.01)] == [10, 10, 9, 5, 1]
    assert longest_span(SpanExamples([], [], []), 0.99) == 1


def test_flat_entities_are_simulated_as_tags_are(tokenizer):
    """Sentences and entities are the same whether they are kept as tags or as spans."""
    flat = records_of(entities=[[(2, 4, "Anatomy"), (10, 12, "Disease")], [(3, 6, "Anatomy"), (13, 15, "Disease")]])
    spans, tags = make_span_examples(flat, tokenizer), make_examples(flat, tokenizer)
    by_spans, by_tags = KnownTerms(spans, tokenizer, 3), KnownTerms(tags, tokenizer, 3)
    changed = 0
    for epoch in range(30):
        assert by_spans.lengths(epoch).tolist() == by_tags.lengths(epoch).tolist()
        for index in range(len(spans)):
            sentence, entities = by_spans.sentence(index, epoch)
            other, labels = by_tags.sentence(index, epoch)
            assert SpanExamples.labels_of(entities, 0) is entities
            assert tags.labels_of(entities, len(sentence.input_ids)).tolist() == labels.tolist()
            assert np.array_equal(sentence.input_ids, other.input_ids)
            assert np.array_equal(sentence.dictionary_features, other.dictionary_features)
            changed += len(sentence.input_ids) != len(spans.sentences[index].input_ids)
    assert changed > 5


def test_simulated_terms_keep_nested_entities_where_they_are(examples, tokenizer):
    """An exchanged mention moves what comes after it and lengthens what holds it; no entity that holds others goes."""
    simulated, first = KnownTerms(examples, tokenizer, 3), len(tokenizer.init_kwargs["span_lists"])
    exchanged = nested_evidence = hidden = 0
    for epoch in range(60):
        for index in range(len(examples)):
            before, old = examples.sentences[index], examples.entities[index]
            sentence, entities = simulated.sentence(index, epoch)
            length = len(sentence.input_ids)
            assert len(sentence.dictionary_features) == len(sentence.radical_ids) == length
            assert entities[:, 2].tolist() == old[:, 2].tolist() and (entities[:, 0] < entities[:, 1]).all()
            assert entities[:, 1].max() <= length
            # how each two entities lie to each other is as it was
            for one, old_one in zip(entities, old, strict=True):
                for other, old_other in zip(entities, old, strict=True):
                    for a in (0, 1):
                        for b in (0, 1):
                            assert np.sign(one[a] - other[b]) == np.sign(old_one[a] - old_other[b])
            evidence = sentence.span_evidence
            assert (evidence[:, 0] < evidence[:, 1]).all() and (evidence[:, 1] <= length).all()
            known = {(start, end, kind) for start, end, kind in entities.tolist()}
            of_terms = [(b, e, source - first) for b, e, source in evidence.tolist() if source >= first]
            nested_evidence += {(2, 4, 1), (2, 7, 0)} <= set(of_terms) and index == 0
            for (start, end, kind), (old_start, old_end, _) in zip(entities.tolist(), old.tolist(), strict=True):
                same = np.array_equal(sentence.input_ids[start:end], before.input_ids[old_start:old_end])
                is_hidden = (sentence.input_ids[start:end] == tokenizer.unk_token_id).any()
                hidden += is_hidden
                if not same and not is_hidden and end - start != old_end - old_start:
                    exchanged += (start, end, kind) in of_terms
            # a term of a reference list stands where it stood before, or is gone
            for start, end, source in evidence.tolist():
                if source < first:
                    word = sentence.input_ids[start:end]
                    assert (word == tokenizer.unk_token_id).any() or tokenizer.dictionary.lists_of(
                        "".join(tokenizer.convert_ids_to_tokens(word.tolist()))
                    )
            assert known
    assert exchanged > 5 and nested_evidence > 0 and hidden > 0
    assert LISTS_OF_TYPE


def test_entities_that_are_too_long_to_be_found_are_told(caplog):
    examples = SpanExamples([None, None], [np.array([[0, 2, 0], [0, 9, 1]]), np.zeros((0, 3), dtype=np.int64)], [])
    for asked, longest, told in ((4, 4, True), (9, 9, False), (0, 9, False)):
        caplog.clear()
        assert with_span_settings(ModelArguments(max_span_length=asked), examples, "nested").max_span_length == longest
        assert ("1 of 2 entities of the training part are longer, up to 9" in caplog.text) is told
    assert with_span_settings(ModelArguments(), SpanExamples([], [], []), "none").max_span_length == 1
