"""Teachers that score spans: what they say together, what becomes of it, and who cannot label with whom."""

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from tiny_network import (
    ENTITY_TYPES,
    RECORDS,
    SENTENCES,
    make_model,
    make_span_model,
    make_span_tokenizer,
    make_tokenizer,
)

from modeling_dicmt.prediction import pad_sentences, predict_sentences
from modeling_dicmt.span_decoding import log_odds
from modeling_dicmt.torch_tagger import TorchTagger
from modeling_dicmt.training.pseudo_labels import PseudoLabels, label_records
from modeling_dicmt.training.span_examples import SpanExamples
from modeling_dicmt.training.teachers import Teacher, fingerprint_of_teachers, load_teachers
from modeling_dicmt.training.voting import Vote

TOKENIZER = make_span_tokenizer()
TURNED = make_span_tokenizer(entity_types=ENTITY_TYPES[::-1])


def teachers():
    """Two with other lengths, thresholds and an order of types of their own."""
    first = make_span_model(span_overlap="none", span_threshold=0.6)
    second = make_span_model(1, max_span_length=4, entity_types=ENTITY_TYPES[::-1], span_threshold=0.8)
    return [Teacher(first, TOKENIZER), Teacher(second, TURNED)]


def test_one_teacher_says_what_it_says_by_itself():
    network = make_span_model(span_overlap="nested", span_threshold=0.4)
    vote = Vote([Teacher(network, TOKENIZER)], TOKENIZER)
    sentences = vote.encode(RECORDS)
    alone = predict_sentences(TorchTagger(network), sentences[0], score="spans")
    assert sum(len(answer.entities) for answer in alone) > 20
    for (answer, _), other in zip(vote.label(sentences), alone, strict=True):
        assert answer.entities == other.entities
        np.testing.assert_allclose(answer.scores, other.scores, atol=1e-5)


def test_several_say_what_the_mean_of_their_log_odds_says():
    """Span by span, in the student's order of types; a length that one cannot score is left to the other."""
    pair = teachers()
    vote = Vote(pair, TOKENIZER)
    assert vote.overlap == "crossing"
    threshold = (log_odds(0.6) + log_odds(0.8)) / 2
    entities, long = 0, 0
    answers = vote.label(vote.encode(SENTENCES))
    for text, (answer, certainty) in zip(SENTENCES, answers, strict=True):
        inputs = [pad_sentences(list(tokenizer.encode_records([text])), 0) for _, tokenizer in pair]
        first, second = (
            TorchTagger(network).tag(of_one).span_scores[0] for (network, _), of_one in zip(pair, inputs, strict=True)
        )
        expected, least = {}, 1.0
        for start in range(len(text)):
            for end in range(start + 1, min(len(text), start + 7) + 1):
                for kind, name in enumerate(ENTITY_TYPES):
                    score = float(first[start, kind, end - start - 1])
                    if end - start <= 4:
                        score = (score + float(second[start, 2 - kind, end - start - 1])) / 2
                    probability = 1 / (1 + np.exp(-score))
                    if score > threshold:
                        expected[start, end, name] = probability
                        long += end - start > 4
                    least = min(least, probability if score > threshold else 1 - probability)
        assert {*answer.entities} == {*expected}
        np.testing.assert_allclose(answer.scores, [expected[entity] for entity in answer.entities], atol=1e-5)
        assert certainty == pytest.approx(least, abs=1e-5)
        entities += len(expected)
    assert entities > 20 and long > 0


def test_a_student_learns_what_the_teachers_say(tmp_path):
    vote = Vote(teachers(), TOKENIZER)
    vote.overlap = "nested"
    labels, counts = label_records(vote, RECORDS, (), 0.0, Accelerator(cpu=True))
    assert counts["uncertain"] == 0
    labels.save(tmp_path)
    student = make_span_tokenizer(ngram_sizes=[])
    examples = PseudoLabels.load(tmp_path).examples(RECORDS, student, SpanExamples)
    assert isinstance(examples, SpanExamples) and len(examples) == len(labels.lengths) >= 4
    answers = vote.label(vote.encode(RECORDS))
    places = {(one.record, one.start): answer for one, answer in zip(vote.encode(RECORDS)[0], answers, strict=True)}
    nested = 0
    for sentence, entities in zip(examples.sentences, examples.labels, strict=True):
        prediction = places[sentence.record, sentence.start].prediction
        expected = sorted((start, end, ENTITY_TYPES.index(kind)) for start, end, kind in prediction.entities)
        assert entities.tolist() == [*map(list, expected)]
        assert sentence.span_evidence is not None and sentence.dictionary_features.shape[1] == student.lexicon.dim
        nested += sum(a < c and d < b for a, b, _ in expected for c, d, _ in expected)
    assert nested > 0, "entities within entities are kept"
    figures = labels.figures(ENTITY_TYPES)
    assert figures["entities"] == sum(map(len, examples.labels)) == sum(figures["by_type"].values())
    network = make_span_model(ngram_sizes=[])
    inputs = pad_sentences(examples.sentences, 0)
    inputs["labels"] = np.concatenate([np.full((len(examples), 1, 3), -1), np.zeros((len(examples), 0, 3))], axis=1)
    inputs["labels"] = inputs["labels"].astype(np.int64)
    assert network(**{name: torch.from_numpy(array) for name, array in inputs.items()}).loss > 0


def test_sentences_that_are_uncertain_are_left_out():
    vote = Vote(teachers(), TOKENIZER)
    certainty = sorted(answer.certainty for answer in vote.label(vote.encode(SENTENCES)))
    found, counts = label_records(vote, SENTENCES, (), certainty[2], Accelerator(cpu=True))
    assert len(found.lengths) == 2 and counts["uncertain"] == 2


def test_teachers_of_both_heads_cannot_vote_together():
    mixed = [Teacher(make_span_model(), TOKENIZER), Teacher(make_model(), make_tokenizer())]
    with pytest.raises(ValueError, match="Some teachers label characters and others score spans"):
        Vote(mixed, TOKENIZER)


@pytest.mark.parametrize("by_spans", [True, False])
def test_a_given_teacher_with_the_other_head_is_refused(tmp_path, by_spans):
    make, made = (make_span_model, make_span_tokenizer) if by_spans else (make_model, make_tokenizer)
    make().save_pretrained(tmp_path)
    made().save_pretrained(tmp_path)
    student = make_tokenizer() if by_spans else make_span_tokenizer()
    reason = (
        "scores spans; what is trained is to label" if by_spans else "labels characters; what is trained is to score"
    )
    with pytest.raises(ValueError, match=reason):
        load_teachers([str(tmp_path)], student, Accelerator(cpu=True))
    assert len(load_teachers([str(tmp_path)], made(), Accelerator(cpu=True))) == 1


def test_how_spans_are_chosen_is_in_the_fingerprint():
    settings = ({}, {"span_threshold": 0.4}, {"span_overlap": "none"}, {"span_lists": ["drug", "disease", "anatomy"]})
    found = {fingerprint_of_teachers([Teacher(make_span_model(**one), TOKENIZER)]) for one in settings}
    assert len(found) == len(settings)
