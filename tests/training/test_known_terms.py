import dataclasses

import numpy as np
import pytest

from modeling_dicmt.radicals import PADDING_RADICAL
from modeling_dicmt.tagging import Span, bio_labels, tags_to_spans
from modeling_dicmt.training import known_terms
from modeling_dicmt.training.examples import Examples
from modeling_dicmt.training.known_terms import KnownTerms

EPOCHS = 40


@pytest.fixture(scope="module")
def id2label(tokenizer):
    return dict(enumerate(bio_labels(tokenizer.entity_types)))


@pytest.fixture(scope="module")
def simulated(examples, tokenizer):
    return KnownTerms(examples, tokenizer, seed=3)


@pytest.fixture(scope="module")
def seen(simulated, examples):
    """Every sentence in some epochs: (index, sentence, tags)."""
    return [(i, *simulated.sentence(i, epoch)) for epoch in range(EPOCHS) for i in range(len(examples))]


def marked_spans(sentence, tokenizer) -> list[Span]:
    """What the columns of vetted terms show, read character by character."""
    bits = sentence.dictionary_features[:, tokenizer.dictionary_matcher.dim :].reshape(
        -1, len(tokenizer.entity_types), 4
    )
    found, start = [], None
    for place, character in enumerate(bits):
        assert character.sum() <= 1, "one term, of one type"
        if not character.any():
            assert start is None, "a term ends before it is left"
            continue
        ((kind, bit),) = np.argwhere(character)
        name = tokenizer.entity_types[kind]
        if bit == 3:
            assert start is None
            found.append(Span(place, place + 1, name))
        elif bit == 0:
            assert start is None
            start, begun = place, name
        else:
            assert start is not None and name == begun
            if bit == 2:
                found.append(Span(start, place + 1, name))
                start = None
    assert start is None
    return found


def test_what_is_marked_is_an_entity_but_for_a_few_stretches(seen, tokenizer, id2label):
    right = wrong = 0
    for _, sentence, tags in seen:
        entities = set(tags_to_spans(tags, id2label))
        marked = marked_spans(sentence, tokenizer)
        right += len(entities & set(marked))
        wrong += len(set(marked) - entities)
    assert right > 500 and 0 < wrong < 0.5 * right


def test_every_density_from_none_to_all(seen, tokenizer, id2label):
    shares = []
    for _, sentence, tags in seen:
        entities = set(tags_to_spans(tags, id2label))
        if len(entities) >= 4:
            shares.append(len(entities & set(marked_spans(sentence, tokenizer))) / len(entities))
    counts, _ = np.histogram(shares, bins=[0, 0.001, 0.25, 0.5, 0.75, 0.999, 1])
    assert counts[0] > 0.25 * len(shares), "sentences without any are the most frequent"
    assert counts.min() > 0.03 * len(shares)


def test_known_entities_are_hidden_or_exchanged_and_some_other_stretches_hidden(
    seen, examples, tokenizer, id2label, monkeypatch
):
    hidden = {True: 0, False: 0}
    total = {True: 0, False: 0}
    outside = exchanged = 0
    for index, sentence, tags in seen:
        before, old_tags = examples.sentences[index], examples.tags[index]
        assert len(sentence.input_ids) == len(sentence.radical_ids) == len(sentence.dictionary_features) == len(tags)
        is_hidden = (sentence.input_ids == tokenizer.unk_token_id) & (sentence.radical_ids == PADDING_RADICAL)
        marked = set(marked_spans(sentence, tokenizer))
        entities = tags_to_spans(tags, id2label)
        old_entities = tags_to_spans(old_tags, id2label)
        assert [entity.type for entity in entities] == [entity.type for entity in old_entities]
        for entity, old in zip(entities, old_entities, strict=True):
            place = slice(entity.start, entity.end)
            total[entity in marked] += 1
            hidden[entity in marked] += bool(is_hidden[place].all())
            same = np.array_equal(sentence.input_ids[place], before.input_ids[old.start : old.end])
            if not same and not is_hidden[place].any():
                exchanged += 1
                assert entity in marked, "what is not known is not exchanged"
                assert not sentence.dictionary_features[place, : tokenizer.dictionary_matcher.dim].any()
        outside += int((is_hidden & (tags == 0)).sum())
    assert 0.2 < hidden[True] / total[True] < 0.4
    assert 0.02 < hidden[False] / total[False] < 0.12
    assert exchanged > 0.25 * total[True]
    assert outside > 0


def test_an_entity_is_exchanged_for_a_mention_or_a_reference_term_of_its_type(seen, examples, tokenizer, id2label):
    allowed = {name: set() for name in tokenizer.entity_types}
    for sentence, tags in zip(examples.sentences, examples.tags, strict=True):
        for start, end, name in tags_to_spans(tags, id2label):
            allowed[name].add(sentence.input_ids[start:end].tobytes())
    mentions = {name: set(of_type) for name, of_type in allowed.items()}
    lists_of_type = tokenizer.dictionary_matcher.lists_of_type
    for term, lists in tokenizer.dictionary.items():
        ids = np.array(tokenizer(term)["input_ids"], dtype=np.int32).tobytes()
        for name in tokenizer.entity_types:
            if {*lists} & {*lists_of_type[name]}:
                allowed[name].add(ids)
    from_lists = 0
    for _, sentence, tags in seen:
        for start, end, name in tags_to_spans(tags, id2label):
            ids = sentence.input_ids[start:end]
            if not (ids == tokenizer.unk_token_id).any():
                assert ids.tobytes() in allowed[name]
                from_lists += ids.tobytes() not in mentions[name]
    assert from_lists > 20


def test_an_epoch_is_the_same_again_and_another_one_is_not(examples, tokenizer, simulated):
    again = KnownTerms(examples, tokenizer, seed=3)
    other_seed = KnownTerms(examples, tokenizer, seed=4)

    def epoch(terms, number):
        return [
            array.tobytes()
            for i in reversed(range(len(examples)))
            for sentence, tags in [terms.sentence(i, number)]
            for array in (sentence.input_ids, sentence.radical_ids, sentence.dictionary_features, tags)
        ]

    assert epoch(again, 2) == epoch(simulated, 2)
    assert epoch(again, 3) != epoch(simulated, 2) != epoch(other_seed, 2)


def test_lengths_are_told_before_the_sentences_are_made(examples, simulated, monkeypatch):
    monkeypatch.setattr(known_terms, "WRONG", 0.0)  # which may cover an entity that was to be exchanged
    for epoch in range(EPOCHS):
        told = simulated.lengths(epoch)
        made = [len(simulated.sentence(index, epoch)[1]) for index in range(len(examples))]
        assert told.tolist() == made
    assert told.tolist() != examples.lengths.tolist()


def test_the_examples_stay_as_they_are(examples, tokenizer, simulated):
    for sentence in examples.sentences:
        assert not marked_spans(sentence, tokenizer)
    before = [sentence.input_ids.copy() for sentence in examples.sentences]
    for index in range(len(examples)):
        simulated.sentence(index, 0)
    for sentence, ids in zip(examples.sentences, before, strict=True):
        assert np.array_equal(sentence.input_ids, ids)
        assert not marked_spans(sentence, tokenizer)


def test_no_sentence_grows_beyond_what_the_network_takes(examples, tokenizer, monkeypatch):
    longest = int(examples.lengths.max())
    simulated = KnownTerms(examples, tokenizer, seed=3)
    simulated.max_length = longest
    monkeypatch.setattr(known_terms, "EXCHANGED", 1.0)
    grown = 0
    for epoch in range(10):
        for index, length in enumerate(examples.lengths.tolist()):
            sentence, _ = simulated.sentence(index, epoch)
            assert len(sentence.input_ids) <= longest
            grown += len(sentence.input_ids) > length
    assert grown


def test_a_sentence_of_one_character_without_an_entity(examples, tokenizer):
    index = int(examples.lengths.argmin())
    single = Examples(
        sentences=[
            examples.sentences[index]._replace(
                input_ids=np.array([5], dtype=np.int32),
                radical_ids=np.array([1], dtype=np.uint8),
                dictionary_features=np.zeros((1, tokenizer.lexicon.dim), dtype=np.uint8),
            )
        ],
        tags=[np.zeros(1, dtype=np.int64)],
        crossing=[],
    )
    simulated = KnownTerms(single, tokenizer, seed=1)
    for epoch in range(100):
        sentence, tags = simulated.sentence(0, epoch)
        assert tags.tolist() == [0] and len(sentence.input_ids) == 1


def test_training_simulates_only_where_the_network_has_the_channel(trainer_of, recipe, small):
    assert trainer_of(recipe).known_terms is not None
    without = dataclasses.replace(small, vetted_terms=False)
    assert trainer_of(recipe, model=without).known_terms is None
