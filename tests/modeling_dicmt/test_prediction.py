"""From records to entities: offsets, seams, batches."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_network import RECORDS, SENTENCES, make_encoder_settings, make_model, make_tokenizer

from modeling_dicmt.prediction import (
    collect_entities,
    collect_scores,
    collect_segmentation,
    length_batches,
    pad_sentences,
    predict_sentences,
    tag_sentences,
)
from modeling_dicmt.tagging import Span, tags_to_spans
from modeling_dicmt.tokenization_dicmt import EncodedSentence
from modeling_dicmt.torch_tagger import TorchTagger

LONG = "".join(SENTENCES[i % 3].replace("。", "，") + "。" * (i % 7 == 0) for i in range(1000))


class MarkedNetwork(torch.nn.Module):
    """Knows each character's tag from the character alone: 肺 begins Anatomy, 炎 goes on as Disease, the rest is O."""

    crf = None

    def __init__(self):
        super().__init__()
        self.config = make_model().config
        vocab = make_tokenizer().get_vocab()
        self.anatomy, self.disease = vocab["肺"], vocab["炎"]
        self.device = torch.device("cpu")
        self.batches = []

    def forward(self, input_ids, attention_mask, **_):
        self.batches.append(tuple(input_ids.shape))
        tags = torch.where(input_ids == self.anatomy, 3, torch.where(input_ids == self.disease, 2, 0))
        output = type("Output", (), {})()
        output.emissions = 50.0 * torch.nn.functional.one_hot(tags, 7)
        output.predictions = tags.masked_fill(attention_mask == 0, -100)
        output.segmentation_logits = tags - 0.5
        return output


def as_tensors(inputs):
    return {name: torch.from_numpy(array) for name, array in inputs.items()}


def expected_entities(text):
    types = {"肺": "Anatomy", "炎": "Disease"}
    return [Span(i, i + 1, types[character]) for i, character in enumerate(text) if character in types]


def predict_spans(model, tokenizer, texts, batch_characters=None):
    texts = list(texts)
    sentences = list(tokenizer.encode_records(texts))
    predictions = predict_sentences(TorchTagger(model), sentences, batch_characters)
    return collect_entities(sentences, predictions, len(texts))


@pytest.mark.parametrize("batch_characters", [1, 60, 8192])
def test_entities_stand_where_the_text_has_them(batch_characters):
    model, tokenizer = MarkedNetwork(), make_tokenizer(max_sentence_length=40)
    texts = [*RECORDS, LONG, "", "肺"]
    found = predict_spans(model, tokenizer, texts, batch_characters)
    assert found == [expected_entities(text) for text in texts]
    assert max(length for _, length in model.batches) <= 40
    assert all(rows * length <= batch_characters or rows == 1 for rows, length in model.batches)
    assert not model.training


def test_the_answer_does_not_depend_on_batches_or_on_other_records():
    model, tokenizer = make_model(), make_tokenizer()
    texts = [*RECORDS, LONG[:700]]
    expected = predict_spans(model, tokenizer, texts)
    assert sum(map(len, expected)) > 50 and len({span.type for spans in expected for span in spans}) == 3
    for batch_characters in (1, 100, 1000):
        assert predict_spans(model, tokenizer, texts, batch_characters) == expected
    assert predict_spans(model, tokenizer, texts[::-1]) == expected[::-1]
    assert [predict_spans(model, tokenizer, [text])[0] for text in texts] == expected
    assert predict_spans(model, tokenizer, iter(texts)) == expected
    assert predict_spans(model.train(), tokenizer, texts) == expected, "without dropout"


def test_what_is_the_same_to_the_network_is_tagged_once():
    model, tokenizer = MarkedNetwork(), make_tokenizer()
    texts = ["左肺炎。右肺。", "右肺。", "右肺。左肺炎。", "ＣＴ。ct。"]
    assert predict_spans(model, tokenizer, texts) == [expected_entities(text) for text in texts]
    assert sum(rows for rows, _ in model.batches) == 3
    # Unknown characters have one id, but not one radical; and a dictionary can tell what characters do not.
    radical, dictionary = EncodedSentence(0, 0, *make_arrays()), EncodedSentence(1, 0, *make_arrays())
    radical.radical_ids[1] = 7
    dictionary.dictionary_features[0, 0] = 1
    model.batches.clear()
    predict_sentences(TorchTagger(model), [EncodedSentence(2, 0, *make_arrays()), radical, dictionary])
    assert model.batches == [(3, 2)]


def make_arrays():
    return np.ones(2, np.int32), np.ones(2, np.uint8), np.zeros((2, 20), np.uint8)


def test_an_encoder_on_a_cpu_has_small_batches_unless_others_are_asked_for():
    tokenizer = make_tokenizer()
    texts = [character * 29 + "。" for character in "肝胆胃肠心脾肾骨脑血" * 10]
    texts = [text[: 20 + number % 9] + "。" for number, text in enumerate(texts)]
    sizes = []
    for settings, at_once in (({}, True), (make_encoder_settings(), False)):
        model = make_model(**settings)
        sizes.clear()
        model.register_forward_pre_hook(
            lambda _, __, inputs: sizes.append(inputs["input_ids"].numel()), with_kwargs=True
        )
        predict_spans(model, tokenizer, texts)
        assert (len(sizes) == 1) == at_once
        assert max(sizes) <= (8192 if at_once else 1024)
        sizes.clear()
        predict_spans(model, tokenizer, texts, batch_characters=200)
        assert len(sizes) > 1
        assert max(sizes) <= 200


def test_a_record_of_any_length():
    text = LONG[:20_000]
    assert len(text) == 20_000
    model, tokenizer = make_model(), make_tokenizer()
    (entities,) = predict_spans(model, tokenizer, [text])
    assert len(entities) > 1000
    assert all(0 <= span.start < span.end <= len(text) for span in entities)
    assert all(one.end <= other.start for one, other in itertools.pairwise(entities))
    # Each sentence says in the record what it says by itself.
    sentences = [piece for piece in tokenizer.encode_records([text])][::40]
    for piece in sentences:
        end = piece.start + len(piece.input_ids)
        (prediction,) = predict_sentences(TorchTagger(model), [piece])
        alone = tags_to_spans(prediction.tags, model.config.id2label, offset=piece.start)
        assert [span for span in entities if piece.start <= span.start < end] == alone


def test_records_without_characters():
    model, tokenizer = make_model(), make_tokenizer()
    assert predict_spans(model, tokenizer, []) == []
    assert predict_spans(model, tokenizer, ["", ""]) == [[], []]
    assert predict_sentences(TorchTagger(model), []) == []


def test_sentences_come_back_in_their_order():
    model, tokenizer = make_model(), make_tokenizer()
    sentences = list(tokenizer.encode_records(RECORDS))
    found = predict_sentences(TorchTagger(model), sentences, batch_characters=30)
    for sentence, (tags, in_entity, *_) in zip(sentences, found, strict=True):
        output = model(**as_tensors(pad_sentences([sentence], 0)))
        assert tags.tolist() == output.predictions[0].tolist()
        assert in_entity.tolist() == (output.segmentation_logits[0] > 0).tolist()


@pytest.mark.parametrize("task", ["recognition_task", "segmentation_task"])
def test_a_network_of_one_task(task):
    model, tokenizer = make_model(**{task: False}), make_tokenizer()
    sentences = list(tokenizer.encode_records(RECORDS))
    predictions = predict_sentences(TorchTagger(model), sentences)
    masks = collect_segmentation(sentences, predictions, RECORDS)
    entities = collect_entities(sentences, predictions, len(RECORDS))
    assert any(entities) == (task == "segmentation_task")
    assert any(mask.any() for mask in masks) == (task == "recognition_task")
    assert [len(mask) for mask in masks] == [len(text) for text in RECORDS]


def test_segmentation_stands_where_the_record_has_it():
    tokenizer = make_tokenizer(max_sentence_length=9)
    sentences = list(tokenizer.encode_records(RECORDS))
    masks = collect_segmentation(sentences, predict_sentences(TorchTagger(MarkedNetwork()), sentences), RECORDS)
    for mask, text in zip(masks, RECORDS, strict=True):
        assert mask.dtype == bool
        assert np.flatnonzero(mask).tolist() == [i for i, character in enumerate(text) if character in "肺炎"]


@pytest.mark.parametrize("settings", [{}, {"tag_decoder": "softmax"}])
def test_scores_are_the_probabilities_of_the_networks_chain(settings):
    """Marginals are the gradient of torch's log partition; no span is likelier than any of its tags."""
    model, tokenizer = make_model(**settings), make_tokenizer()
    sentences = list(tokenizer.encode_records(RECORDS))
    spans = predict_sentences(TorchTagger(model), sentences, score="spans")
    tags = predict_sentences(TorchTagger(model), sentences, score="tags")
    plain = predict_sentences(TorchTagger(model), sentences)
    assert sum(len(prediction.entities) for prediction in spans) > 10
    for sentence, of_spans, of_tags, unscored in zip(sentences, spans, tags, plain, strict=True):
        assert of_spans.entities == of_tags.entities == unscored.entities and not len(unscored.scores)
        assert len(of_spans.scores) == len(of_spans.entities) and len(of_tags.scores) == len(of_tags.tags)
        assert ((0 < of_spans.scores) & (of_spans.scores <= 1)).all()
        output = model(**as_tensors(pad_sentences([sentence], 0)))
        if model.crf is None:
            marginals = output.emissions[0].softmax(-1)
            of_spans = of_spans._replace(entities=[], scores=np.zeros(0))  # which may begin with an I- as well
        else:
            emissions = output.emissions.detach().double().requires_grad_()
            mask = torch.ones(emissions.shape[:2], dtype=torch.bool)
            partition = model.crf.double()._compute_normalizer(emissions.transpose(0, 1), mask.T)
            marginals = torch.autograd.grad(partition.sum(), emissions)[0][0]
            model.crf.float()
        expected = marginals.gather(1, torch.from_numpy(of_tags.tags)[:, None])[:, 0]
        # Emissions in fp32 are rounded otherwise in another batch, by how much depends on the processor.
        assert np.allclose(of_tags.scores, expected.detach().numpy(), rtol=0, atol=1e-5)
        for span, score in zip(of_spans.entities, of_spans.scores, strict=True):
            assert score <= of_tags.scores[span.start : span.end].min() + 1e-6


def test_sentences_that_are_the_same_have_the_same_scores():
    model, tokenizer = make_model(), make_tokenizer()
    texts = [RECORDS[0], RECORDS[1], RECORDS[0]]
    sentences = list(tokenizer.encode_records(texts))
    batches = list(tag_sentences(TorchTagger(model), sentences, 60))
    assert sorted(place for places, _ in batches for same in places for place in same) == list(range(len(sentences)))
    assert len(sentences) == 6 and sum(len(batch.mask) for _, batch in batches) == 3
    predictions = predict_sentences(TorchTagger(model), sentences, 60, score="spans")
    scores = collect_scores(sentences, predictions, len(texts))
    assert scores[0] == scores[2] != scores[1]
    assert [len(of_record) for of_record in scores] == [
        len(spans) for spans in collect_entities(sentences, predictions, len(texts))
    ]


@pytest.fixture
def sentences():
    tokenizer = make_tokenizer()
    return [next(tokenizer.encode_records([text])) for text in SENTENCES]


def test_a_batch_is_what_the_tokenizer_gives(sentences):
    expected = make_tokenizer()(SENTENCES, padding=True, return_tensors="pt")
    found = pad_sentences(sentences, pad_token_id=0)
    assert found.keys() == expected.keys()
    for name, array in found.items():
        tensor = torch.from_numpy(array)
        assert torch.equal(tensor, expected[name]) and tensor.dtype == expected[name].dtype


def test_padding_and_labels(sentences):
    tags = [np.arange(len(text)) % 7 for text in SENTENCES]
    batch = pad_sentences(sentences, pad_token_id=5, tags=tags)
    for row, text in enumerate(SENTENCES):
        assert batch["labels"][row].tolist() == [*(np.arange(len(text)) % 7), *[-100] * (49 - len(text))]
        assert batch["input_ids"][row, len(text) :].tolist() == [5] * (49 - len(text))
    assert batch["labels"].dtype == np.int64


def test_tags_of_another_length_are_refused(sentences):
    with pytest.raises(ValueError, match="broadcast"):
        pad_sentences(sentences[:1], 0, [np.zeros(len(SENTENCES[0]) + 1, dtype=np.int64)])


def test_no_sentence_at_all():
    batch = pad_sentences([], 0, [])
    assert {name: array.shape for name, array in batch.items()} == {
        "input_ids": (0, 0),
        "attention_mask": (0, 0),
        "radical_ids": (0, 0),
        "dictionary_features": (0, 0, 0),
        "labels": (0, 0),
    }


@given(st.lists(st.integers(0, 40)), st.integers(1, 100))
def test_batches_hold_every_sentence_once_within_the_limit(lengths, limit):
    batches = list(length_batches(lengths, limit))
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    in_order = [lengths[index] for batch in batches for index in batch]
    assert in_order == sorted(lengths, reverse=True), "the longest first: a batch too large fails at once"
    for number, batch in enumerate(batches, start=1):
        longest = max(lengths[index] for index in batch)
        assert longest * len(batch) <= limit or len(batch) == 1
        if number < len(batches):
            assert max(1, longest) * (len(batch) + 1) > limit, "another sentence would not have fitted"
