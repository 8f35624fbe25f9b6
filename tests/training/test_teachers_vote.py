"""The vote of several networks against the enumeration of every path under the mean of their scores."""

import itertools

import numpy as np
import pytest
from accelerate import Accelerator
from tiny_network import ENTITY_TYPES, RECORDS, SENTENCES, TERMS, make_model, make_tokenizer

from modeling_dicmt.crf_numpy import NumpyCRF
from modeling_dicmt.prediction import TaggedBatch, predict_sentences
from modeling_dicmt.tagging import bio_labels, tags_to_spans
from modeling_dicmt.tokenization_dicmt import character_vocabulary
from modeling_dicmt.torch_tagger import TorchTagger
from modeling_dicmt.training.teachers import Teacher, fingerprint_of_teachers, load_teachers
from modeling_dicmt.training.voting import Vote, read_batch

LABELS = bio_labels(["X"])


def say(found):
    """What was said of each sentence, rounded as fp32 is."""
    return [
        (answer.prediction.entities, answer.prediction.scores.round(5).tolist(), round(answer.certainty, 5))
        for answer in found
    ]


def test_certainty_is_the_least_probability_of_an_entity_or_of_being_outside():
    random = np.random.default_rng(3)
    emissions = random.normal(size=(20, 4, 3), scale=2)
    mask = np.arange(4) < random.integers(1, 5, size=(20, 1))
    chain = NumpyCRF(*(random.normal(size=shape) for shape in ((3,), (3, 3), (3,))))
    answers = list(read_batch(TaggedBatch(emissions, mask, chain.viterbi(emissions, mask), None), chain, LABELS))
    kinds = set()
    for scores, characters, (prediction, certainty) in zip(emissions, mask, answers, strict=True):
        length = int(characters.sum())
        paths = list(itertools.product(range(3), repeat=length))
        sums = np.array(
            [
                chain.start[path[0]]
                + chain.end[path[-1]]
                + sum(scores[place, tag] for place, tag in enumerate(path))
                + sum(chain.transitions[pair] for pair in itertools.pairwise(path))
                for path in paths
            ]
        )
        probabilities = np.exp(sums - np.logaddexp.reduce(sums))
        best = paths[int(probabilities.argmax())]
        assert tuple(prediction.tags) == best
        entities_of = [set(tags_to_spans(path, dict(enumerate(LABELS)))) for path in paths]
        least = [
            sum(p for p, others in zip(probabilities, entities_of, strict=True) if entity in others)
            for entity in prediction.entities
        ]
        np.testing.assert_allclose(prediction.scores, least, atol=1e-9)
        outside = [
            sum(p for p, path in zip(probabilities, paths, strict=True) if path[place] == 0)
            for place in range(length)
            if best[place] == 0
        ]
        assert certainty == pytest.approx(min([*least, *outside]), abs=1e-9)
        kinds.add((bool(least) and certainty == pytest.approx(min(least)), bool(outside)))
    assert {(True, True), (False, True)} <= kinds  # now an entity decides, now a character outside


def test_one_teacher_says_what_it_says_by_itself():
    network, tokenizer = make_model(), make_tokenizer()
    vote = Vote([Teacher(network, tokenizer)], tokenizer)
    sentences = vote.encode(RECORDS)
    alone = predict_sentences(TorchTagger(network), sentences[0], score="spans")
    found = [answer.prediction for answer in vote.label(sentences)]
    assert any(answer.entities for answer in alone)
    for answer, other in zip(found, alone, strict=True):
        assert answer.entities == other.entities and answer.tags.tolist() == other.tags.tolist()
        np.testing.assert_allclose(answer.scores, other.scores, atol=1e-5)


def test_teachers_that_agree_say_together_what_each_says_and_others_do_not():
    tokenizer = make_tokenizer()
    same = Teacher(make_model(), tokenizer)
    one, twice = Vote([same], tokenizer), Vote([same, same], tokenizer)
    other = Vote([same, Teacher(make_model(seed=5), tokenizer)], tokenizer)
    answers = [say(vote.label(vote.encode(RECORDS))) for vote in (one, twice, other)]
    assert answers[0] == answers[1] != answers[2]


def test_a_teacher_may_have_other_characters_another_dictionary_and_another_order_of_types():
    """Two teachers that differ in nothing but how they number their tags say the same."""
    student = make_tokenizer(dictionary=None, vocab=character_vocabulary(SENTENCES[:1], (), min_count=1))
    tokenizer, network = make_tokenizer(), make_model()
    turned = make_tokenizer(entity_types=ENTITY_TYPES[::-1], ngram_sizes=[])
    plain = make_tokenizer(ngram_sizes=[])
    first = make_model(ngram_sizes=[], segmentation_task=False)
    second = make_model(ngram_sizes=[], segmentation_task=False, entity_types=ENTITY_TYPES[::-1])
    weights = first.state_dict()
    order = [first.config.label2id[label] for label in second.config.label2id]
    for name, tensor in weights.items():
        if name.startswith(("classifier.", "crf.")):
            tensor = tensor[order]
            weights[name] = tensor[:, order] if name == "crf.transitions" else tensor
    second.load_state_dict(weights)
    votes = [Vote([teacher], student) for teacher in (Teacher(first, plain), Teacher(second, turned))]
    one, two = (say(vote.label(vote.encode(RECORDS))) for vote in votes)
    assert one == two and any(entities for entities, _, _ in one)
    both = Vote([Teacher(network, tokenizer), Teacher(second, turned)], student)
    assert len(both.label(both.encode(RECORDS))) == len(one)


def test_answers_do_not_depend_on_the_batches():
    tokenizer = make_tokenizer()
    vote = Vote([Teacher(make_model(seed=seed), tokenizer) for seed in (0, 1)], tokenizer)
    together = say(vote.label(vote.encode(RECORDS * 3)))
    vote.batch_characters = 1
    told = []
    assert say(vote.label(vote.encode(RECORDS * 3), told.append)) == together
    assert told == [1] * len(together)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"entity_types": ["Disease", "Drug"]}, "recognises Disease, Anatomy, Drug; what is trained is to recognise"),
        ({"max_sentence_length": 100}, "cuts sentences after 250 characters; here they are cut after 100"),
    ],
)
def test_a_given_teacher_that_labels_otherwise_is_refused(tmp_path, settings, reason):
    make_model().save_pretrained(tmp_path)
    make_tokenizer().save_pretrained(tmp_path)
    student = make_tokenizer(**settings | {"lists_of_type": None})
    with pytest.raises(ValueError, match=reason) as error:
        load_teachers([str(tmp_path)], student, Accelerator(cpu=True))
    assert str(error.value).startswith(str(tmp_path))


def test_what_teachers_label_by_is_in_their_fingerprint():
    network, tokenizer = make_model(), make_tokenizer()
    fingerprints = [
        fingerprint_of_teachers(teachers)
        for teachers in (
            [],
            [Teacher(network, tokenizer)],
            [Teacher(network, tokenizer)] * 2,
            [Teacher(make_model(seed=1), tokenizer)],
            [Teacher(network, make_tokenizer(max_sentence_length=9))],
            [Teacher(network, make_tokenizer(vocab=character_vocabulary(SENTENCES[:1], TERMS)))],
            [Teacher(network, make_tokenizer(terms={"drug": ["阿司匹林"]}))],
        )
    ]
    assert len(set(fingerprints)) == len(fingerprints)
    assert fingerprint_of_teachers([Teacher(make_model(), make_tokenizer())]) == fingerprints[1]
