"""The network on PyTorch as a tagger: its threads, its chain, entities in the one shape."""

import threading

import numpy as np
import pytest
import torch
from tiny_network import RECORDS, SENTENCES, make_encoder_settings, make_model, make_tokenizer

from modeling_dicmt.crf_numpy import NumpyCRF
from modeling_dicmt.prediction import pad_sentences
from modeling_dicmt.torch_tagger import TorchTagger, chain_of, predict_entities, threads_of_torch


@pytest.fixture
def inputs():
    return pad_sentences(list(make_tokenizer().encode_records(SENTENCES)), 0)


@pytest.fixture
def outside():
    """A number of threads that a user's program has set torch to."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield 3
    torch.set_num_threads(before)


def watched(model, act=lambda: None):
    """The numbers of threads that a network runs with, as they come."""
    seen = []
    model.register_forward_pre_hook(lambda *_: (seen.append(torch.get_num_threads()), act()) and None)
    return seen


def number_of_a_new_thread():
    numbers = []
    thread = threading.Thread(target=lambda: numbers.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    return numbers[0]


@pytest.mark.parametrize(
    ("settings", "cpu_threads", "expected"),
    [({}, None, 1), ({}, 2, 2), ({}, 3, 3), (make_encoder_settings(), None, 3), (make_encoder_settings(), 1, 1)],
)
def test_a_batch_runs_on_one_thread_unless_an_encoder_or_the_caller_wants_more(
    settings, cpu_threads, expected, inputs, outside
):
    model = make_model(**settings)
    seen = watched(model)
    TorchTagger(model, cpu_threads).tag(inputs)
    assert seen == [expected]
    assert torch.get_num_threads() == number_of_a_new_thread() == outside


def test_the_number_of_threads_is_restored_after_an_error(inputs, outside):
    model = make_model()
    watched(model, act=lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        TorchTagger(model).tag(inputs)
    assert torch.get_num_threads() == number_of_a_new_thread() == outside


def test_a_thread_that_begins_while_a_batch_runs_has_the_programs_number(inputs, outside):
    """torch gives new threads the number that was set last, whichever thread set it, and they keep it."""
    model, numbers = make_model(), []
    watched(model, act=lambda: numbers.append(number_of_a_new_thread()))
    TorchTagger(model).tag(inputs)
    assert numbers == [outside]


def test_several_threads_tag_at_once_each_with_its_own_number(inputs, outside):
    """All are within the network at the same time, and leave it in the order in which they came."""
    numbers, seen, after = (1, 2, 1, 5), {}, {}
    together = threading.Barrier(len(numbers))
    turns = [threading.Event() for _ in numbers]

    def work(place):
        def act():
            together.wait(timeout=30)
            seen[place] = torch.get_num_threads()
            if place:
                turns[place - 1].wait(timeout=30)

        model = make_model()
        watched(model, act)
        TorchTagger(model, numbers[place]).tag(inputs)
        after[place] = torch.get_num_threads()
        turns[place].set()

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(numbers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [seen[place] for place in range(len(numbers))] == list(numbers)
    assert set(after.values()) == {outside}
    assert torch.get_num_threads() == number_of_a_new_thread() == outside


def test_scopes_within_each_other(outside):
    with threads_of_torch(1):
        with threads_of_torch(2):
            assert torch.get_num_threads() == 2
        with threads_of_torch(None):
            assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == outside


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "2"])
def test_a_number_of_threads_that_is_none(wrong):
    with pytest.raises(ValueError, match="cpu_threads must be a whole number from 1 on"):
        TorchTagger(make_model(), wrong)


@pytest.mark.parametrize("settings", [{}, {"tag_decoder": "softmax"}, {"exclude_illegal_transitions": False}])
def test_the_batch_in_numpy_is_the_networks(settings, inputs):
    model = make_model(**settings)
    batch = TorchTagger(model).tag(inputs)
    with torch.inference_mode():
        output = model(**{name: torch.from_numpy(array) for name, array in inputs.items()})
    assert np.array_equal(batch.emissions, output.emissions.numpy())
    assert np.array_equal(batch.tags, output.predictions.numpy())
    assert np.array_equal(batch.in_entity, (output.segmentation_logits > 0).numpy())
    assert np.array_equal(batch.mask, inputs["attention_mask"] == 1)
    assert np.array_equal(chain_of(model).viterbi(batch.emissions, batch.mask), batch.tags)


def test_a_network_in_reduced_precision(inputs):
    model = make_model().bfloat16()
    batch = TorchTagger(model).tag(inputs)
    assert batch.emissions.dtype == np.float32
    assert np.allclose(TorchTagger(model).chain.marginals(batch.emissions, batch.mask).sum(-1), batch.mask)


def test_the_chain_is_that_of_the_weights_as_they_are_and_stays_as_it_was():
    model = make_model(exclude_illegal_transitions=False)
    tagger = TorchTagger(model)
    before = tagger.chain
    expected = NumpyCRF(*(scores.detach().numpy().copy() for scores in model.crf.chain()))
    with torch.no_grad():
        for parameter in model.crf.parameters():
            parameter.mul_(2)
    for name in ("start", "transitions", "end"):
        assert np.array_equal(getattr(before, name), getattr(expected, name))
        assert np.array_equal(getattr(tagger.chain, name), 2 * getattr(expected, name))


class TestPredictEntities:
    def test_entities_have_the_one_shape(self):
        found = predict_entities(make_model(), make_tokenizer(), iter(RECORDS))
        assert len(found) == len(RECORDS) and any(found)
        for text, entities in zip(RECORDS, found, strict=True):
            for entity in entities:
                assert entity.keys() == {"start", "end", "type", "word", "score"}
                assert text[entity["start"] : entity["end"]] == entity["word"]
                assert entity["type"] in ("Disease", "Anatomy", "Drug") and 0 < entity["score"] <= 1
            assert entities == sorted(entities, key=lambda entity: entity["start"])

    def test_batches_are_as_large_as_asked(self):
        model, sizes = make_model(), []
        model.register_forward_pre_hook(lambda _, __, given: sizes.append(given["input_ids"].numel()), with_kwargs=True)
        assert predict_entities(model, make_tokenizer(), ["肺", ""], batch_characters=1)[1] == []
        predict_entities(model, make_tokenizer(), RECORDS, batch_characters=49)
        assert max(sizes) <= 49

    def test_a_network_that_only_segments_is_refused(self):
        with pytest.raises(ValueError, match="segment"):
            predict_entities(make_model(recognition_task=False), make_tokenizer(), RECORDS)


def test_each_character_of_one_string_was_a_record():
    tokenizer = make_tokenizer()
    with pytest.raises(ValueError, match="texts must be a list of records' texts, got one string"):
        predict_entities(make_model(), tokenizer, "患者腹痛")
