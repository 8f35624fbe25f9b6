"""The network with a span head: batches, padding, labels, what a checkpoint keeps."""

import json

import numpy as np
import pytest
import torch
from tiny_network import (
    ENTITY_TYPES,
    RECORDS,
    SENTENCES,
    SPAN_LISTS,
    make_encoder_settings,
    make_model,
    make_span_model,
    make_span_tokenizer,
)

from modeling_dicmt.configuration_dicmt_nested import DicMTNestedConfig
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.modeling_dicmt_nested import DicMTForNestedEntities, covered
from modeling_dicmt.prediction import pad_sentences
from modeling_dicmt.span_decoding import OVERLAPS, log_odds
from modeling_dicmt.tagging import pad_spans
from modeling_dicmt.torch_tagger import predict_entities

SENTENCE_ARRAYS = list(make_span_tokenizer().encode_records(SENTENCES))
LABELS = [np.array(rows).reshape(-1, 3) for rows in ([[0, 3, 0], [1, 2, 1], [4, 5, 2]], [[2, 40, 1]], [], [[0, 1, 2]])]


def batch_of(sentences, labels=None, side="right", extra=0):
    """Inputs of a batch, padded at either side, by more than need be."""
    arrays = pad_sentences(sentences, 0)
    for name, value in arrays.items():
        if name == "span_evidence":
            continue
        width = [(0, 0), (0, extra)] + [(0, 0)] * (value.ndim - 2)
        value = np.pad(value, width)
        if side == "left":
            value = np.stack(
                [np.roll(r, int((m == 0).sum()), 0) for r, m in zip(value, mask_of(arrays, extra), strict=True)]
            )
        arrays[name] = value
    if labels is not None:
        arrays["labels"] = pad_spans(labels)
    return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in arrays.items()}


def mask_of(arrays, extra):
    lengths = [len(sentence.input_ids) for sentence in SENTENCE_ARRAYS]
    total = max(lengths) + extra
    return [np.arange(total) < length for length in lengths]


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize(
    "settings", [{}, {"vetted_terms": True}, make_encoder_settings(), {"segmentation_task": False}]
)
def test_a_sentence_does_not_depend_on_its_batch_or_padding(side, settings):
    tokenizer = make_span_tokenizer(vetted_terms=settings.get("vetted_terms", False))
    model, sentences = make_span_model(**settings), list(tokenizer.encode_records(SENTENCES))
    with torch.inference_mode():
        together = model(**batch_of(sentences, LABELS, side, extra=3))
        alone = [model(**batch_of([one], [label])) for one, label in zip(sentences, LABELS, strict=True)]
    for row, (sentence, own) in enumerate(zip(sentences, alone, strict=True)):
        length = len(sentence.input_ids)
        total = together.span_scores.size(1)
        place = slice(0, length) if side == "right" else slice(total - length, total)
        assert torch.allclose(together.span_scores[row, place], own.span_scores[0], atol=1e-5)
        assert (own.span_scores > -torch.inf).sum() == 3 * sum(min(7, length - start) for start in range(length))
        if model.segmenter is not None:
            assert torch.allclose(together.segmentation_logits[row, place], own.segmentation_logits[0], atol=1e-5)
    assert (together.span_scores > -torch.inf).sum() == sum((own.span_scores > -torch.inf).sum() for own in alone)
    assert together.loss == pytest.approx(float(sum(own.loss for own in alone)) / 4, rel=1e-5)


def test_the_losses_are_weighted_and_of_labels_that_fit():
    model = make_span_model(recognition_loss_weight=3.0, segmentation_loss_weight=2.0)
    with torch.no_grad():
        output = model(**batch_of(SENTENCE_ARRAYS, LABELS))
    assert float(output.loss) == pytest.approx(3 * float(output.recognition_loss) + 2 * float(output.segmentation_loss))
    # An entity longer than any span is nothing to learn for recognition, and one for segmentation.
    without = [*LABELS]
    without[1] = np.zeros((0, 3), dtype=np.int64)
    with torch.no_grad():
        other = model(**batch_of(SENTENCE_ARRAYS, without))
    assert float(other.recognition_loss) == pytest.approx(float(output.recognition_loss))
    assert float(other.segmentation_loss) != pytest.approx(float(output.segmentation_loss))


@pytest.mark.parametrize(
    ("name", "spans", "reason"),
    [
        ("labels", [[0, 15, 0]], r"labels: \(0, 15, 0\) in sentence 0"),
        ("labels", [[3, 3, 0]], "no character"),
        ("labels", [[0, 1, 3]], "beyond the network's 3"),
        ("span_evidence", [[0, 1, 6]], "beyond the network's 6"),
    ],
)
def test_spans_that_do_not_fit_are_named(name, spans, reason):
    inputs = batch_of(SENTENCE_ARRAYS[:1]) | {name: torch.tensor([spans])}
    with pytest.raises(ValueError, match=reason):
        make_span_model()(**inputs)
    with pytest.raises(ValueError, match="is expected"):
        make_span_model()(**inputs | {name: torch.zeros(2, 1, 3, dtype=torch.long)})


def test_what_is_inside_any_entity():
    mask = torch.ones(2, 6, dtype=torch.bool)
    entities = torch.tensor([[[0, 4, 0], [1, 2, 1], [5, 6, 0]], [[2, 3, 0], [-1, -1, -1], [-1, -1, -1]]])
    assert covered(entities, mask).tolist() == [[1, 1, 1, 1, 0, 1], [0, 0, 1, 0, 0, 0]]


def test_a_term_of_any_length_is_evidence_for_its_span_alone():
    """Two networks that differ in a list's weight differ in the scores of its terms' spans and no others."""
    model, inputs = make_span_model(), batch_of(SENTENCE_ARRAYS)
    with torch.inference_mode():
        before = model(**inputs).span_scores
        model.spans.evidence[SPAN_LISTS.index("disease"), 1] += 5
        after = model(**inputs).span_scores
    changed = (after != before).nonzero().tolist()
    text = SENTENCES[1]
    places = [(1, text.index("高血压"), 1, 2), (1, text.index("胃炎"), 1, 1), (0, SENTENCES[0].index("肺炎"), 1, 1)]
    assert sorted(map(tuple, changed)) == sorted(places)


def test_training_hides_some_of_the_evidence():
    sentences = list(make_span_tokenizer(ngram_sizes=[]).encode_records(SENTENCES))
    model, inputs = make_span_model(dictionary_dropout=0.5, dropout=0, ngram_sizes=[]), batch_of(sentences)
    model.train()
    torch.manual_seed(0)
    scores = [model(**inputs).span_scores for _ in range(4)]
    assert any(not torch.equal(scores[0], other) for other in scores[1:])
    model.eval()
    assert torch.equal(model(**inputs).span_scores, model(**inputs).span_scores)


def test_an_empty_batch():
    model = make_span_model()
    nothing = {"input_ids": torch.zeros(2, 0, dtype=torch.long), "radical_ids": torch.zeros(2, 0, dtype=torch.long)}
    nothing["dictionary_features"] = torch.zeros(2, 0, model.config.dictionary_feature_size)
    output = model(**nothing, labels=torch.zeros(2, 0, 3, dtype=torch.long))
    assert output.span_scores.shape == (2, 0, 3, 7) and output.loss == 0
    output.loss.backward()


@pytest.mark.parametrize("overlap", OVERLAPS)
def test_entities_are_the_spans_above_the_threshold_that_may_stand_together(overlap):
    """Against every span of every sentence by itself, one after the other."""
    model, tokenizer = make_span_model(span_overlap=overlap, span_threshold=0.4), make_span_tokenizer()
    found = predict_entities(model, tokenizer, RECORDS)
    seen = {"nested": 0, "crossing": 0, "one character": 0}
    for record, (text, entities) in enumerate(zip(RECORDS, found, strict=True)):
        expected = {}
        for sentence in tokenizer.encode_records([text]):
            with torch.inference_mode():
                scores = model(**batch_of([sentence])).span_scores[0]
            for start, kind, length in (scores > log_odds(0.4)).nonzero().tolist():
                span = (sentence.start + start, sentence.start + start + length + 1, ENTITY_TYPES[kind])
                expected[span] = float(torch.sigmoid(scores[start, kind, length]))
        spans = [(entity["start"], entity["end"], entity["type"]) for entity in entities]
        assert len(set(spans)) == len(spans) and spans == sorted(
            spans, key=lambda span: (span[0], -span[1], spans.index(span))
        )
        for entity, span in zip(entities, spans, strict=True):
            assert text[entity["start"] : entity["end"]] == entity["word"]
            assert entity["score"] == pytest.approx(expected[span], abs=1e-4)
        if overlap == "crossing":
            assert set(spans) == set(expected)
        for one in spans:
            seen["one character"] += one[1] - one[0] == 1
            for other in spans:
                shared = one != other and one[0] < other[1] and other[0] < one[1]
                is_within = other[0] <= one[0] and one[1] <= other[1]
                seen["nested"] += shared and is_within
                seen["crossing"] += shared and one[0] < other[0] and one[1] < other[1]
        # what was left out could not be added
        assert record >= 0
    assert seen["one character"] > 0
    assert (seen["nested"] > 0) == (overlap != "none") and (seen["crossing"] > 0) == (overlap == "crossing")


def test_saved_and_loaded_it_gives_the_same(tmp_path):
    model, tokenizer = make_span_model(vetted_terms=True), make_span_tokenizer(vetted_terms=True)
    before = predict_entities(model, tokenizer, RECORDS)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    loaded, other = DicMTForNestedEntities.from_pretrained(tmp_path), type(tokenizer).from_pretrained(tmp_path)
    assert predict_entities(loaded, other, RECORDS) == before and any(before)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["auto_map"]["AutoModelForTokenClassification"] == "modeling_dicmt_nested.DicMTForNestedEntities"
    for reference in config["auto_map"].values():
        name = (reference[1] if isinstance(reference, list) else reference).split(".")[0]
        assert (tmp_path / f"{name}.py").is_file()


def test_from_pretrained_initialises_every_weight_of_the_head(tmp_path):
    """A checkpoint of tags gives the shared layer; what it lacks is what a new network begins with."""
    tags = make_model()
    tags.save_pretrained(tmp_path)
    spans = DicMTForNestedEntities.from_pretrained(tmp_path, span_lists=["a"], ignore_mismatched_sizes=True)
    for name, weight in tags.dicmt.state_dict().items():
        assert torch.equal(spans.dicmt.state_dict()[name], weight)
    assert (spans.spans.length == -6).all() and (spans.spans.evidence == 0).all()
    assert (spans.spans.typed.bias == 0).all() and 0 < spans.spans.ends.weight.abs().max() < 2
    back = tmp_path / "back"
    spans.save_pretrained(back)
    again = DicMTForTokenClassification.from_pretrained(back)
    assert torch.equal(again.dicmt.context.weight_ih_l0, tags.dicmt.context.weight_ih_l0)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"span_head_size": 0}, "span_head_size must be at least 1"),
        ({"max_span_length": 0}, "max_span_length must be at least 1"),
        ({"span_threshold": 1.0}, "span_threshold must be above 0 and below 1"),
        ({"span_overlap": "flat"}, "crossing, nested, none"),
        ({"recognition_task": False}, "recognition_task"),
    ],
)
def test_settings_that_no_network_can_have(settings, reason):
    with pytest.raises(ValueError, match=reason):
        DicMTNestedConfig(**settings)
