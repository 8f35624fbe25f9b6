"""The network: independence of the batch, losses by hand, switches, and what all models must do."""

import copy
import math

import pytest
import torch
from network_switches import SWITCHES, each_switch, make_batch
from tiny_network import SENTENCES, make_model, make_tokenizer

from modeling_dicmt.tagging import IGNORED_TAG, spans_to_tags, tags_to_spans


def rows_of(batch, output):
    """What the network says of each sentence by itself, without padding."""
    sentences = []
    for row, mask in enumerate(batch["attention_mask"].bool()):
        names = ("logits", "predictions", "emissions", "segmentation_logits")
        sentences.append([output[name][row, mask] for name in names if output.get(name) is not None])
    return sentences


def assert_same(found, expected):
    for row, other in zip(found, expected, strict=True):
        assert len(row) == len(other)
        torch.testing.assert_close(row, other, rtol=1e-5, atol=1e-5)


@each_switch
@torch.no_grad()
def test_a_sentence_does_not_depend_on_its_batch_its_padding_or_the_order(name):
    model = make_model(**SWITCHES[name])
    whole = make_batch(model.config)
    expected = rows_of(whole, model(**whole))
    losses = []
    for row, sentence in enumerate(SENTENCES):
        alone = {key: value[row : row + 1, : len(sentence)] for key, value in whole.items()}
        output = model(**alone)
        assert_same(rows_of(alone, output), [expected[row]])
        losses.append(output.loss)

        more = {key: torch.cat([value] + 9 * [value[:, -1:]], 1) for key, value in alone.items()}
        more["attention_mask"][:, len(sentence) :] = 0
        output = model(**more)
        assert_same(rows_of(more, output), [expected[row]])
        torch.testing.assert_close(output.loss, losses[-1], rtol=1e-5, atol=1e-5)

    # The loss of a batch is the mean of its sentences'.
    torch.testing.assert_close(model(**whole).loss, torch.stack(losses).mean(), rtol=1e-5, atol=1e-5)
    order = [2, 0, 3, 1]
    shuffled = {key: value[order] for key, value in whole.items()}
    assert_same(rows_of(shuffled, model(**shuffled)), [expected[row] for row in order])

    left = make_batch(model.config, padding_side="left")
    assert not left["attention_mask"][0, 0]
    output = model(**left)
    assert_same(rows_of(left, output), expected)
    torch.testing.assert_close(output.loss, model(**whole).loss, rtol=1e-5, atol=1e-5)
    assert torch.isfinite(output.loss) and output.loss > 0


@torch.no_grad()
def test_what_stands_at_padding_does_not_matter():
    model = make_model(bigram_embedding_size=4)
    for side in ("right", "left"):
        batch = make_batch(model.config, padding_side=side)
        expected = model(**batch)
        padding = ~batch["attention_mask"].bool()
        garbage = dict(batch)
        garbage["input_ids"] = batch["input_ids"].masked_fill(padding, 7)
        garbage["radical_ids"] = batch["radical_ids"].masked_fill(padding, 9)
        garbage["dictionary_features"] = batch["dictionary_features"].masked_fill(padding[..., None], 1)
        garbage["labels"] = batch["labels"].masked_fill(padding, 3)
        found = model(**garbage)
        for key, value in expected.items():
            assert torch.equal(found[key], value), key
        assert (expected.predictions[padding] == IGNORED_TAG).all()
        for key in ("logits", "emissions", "segmentation_logits"):
            assert not expected[key][padding].any()


@torch.no_grad()
def test_without_an_attention_mask_nothing_is_padding():
    model = make_model()
    batch = make_batch(model.config, SENTENCES[:1])
    expected = model(**batch)
    del batch["attention_mask"]
    assert torch.equal(model(**batch).logits, expected.logits)


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("switch", ["defaults", "no_context", "tuned_encoder"])
def test_the_base_model_s_states_do_not_depend_on_the_batch(switch, side):
    base = make_model(**SWITCHES[switch]).dicmt
    tokenizer = make_tokenizer(padding_side=side)
    together = tokenizer([*SENTENCES, ""], padding=True, return_tensors="pt")
    states, inside = base(**together).last_hidden_state, together["attention_mask"].bool()
    assert states.shape[-1] == base.output_size and not states[~inside].any()
    for row, sentence in enumerate(SENTENCES):
        alone = base(**tokenizer(sentence, return_tensors="pt")).last_hidden_state[0]
        torch.testing.assert_close(states[row][inside[row]], alone, rtol=0, atol=1e-5)
    assert isinstance(base(**together, return_dict=False), tuple)


# Losses


@torch.no_grad()
@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_losses_by_hand(decoder):
    model = make_model(tag_decoder=decoder, recognition_loss_weight=3, segmentation_loss_weight=2)
    batch = make_batch(model.config)
    output = model(**batch)
    segmentation, recognition = [], []
    for row, sentence in enumerate(SENTENCES):
        labels = batch["labels"][row, : len(sentence)]
        total = 0.0
        for logit, label in zip(output.segmentation_logits[row].tolist(), labels.tolist(), strict=False):  # eq. 3
            probability = 1 / (1 + math.exp(-logit))
            total -= math.log(probability if label > 0 else 1 - probability)
        segmentation.append(total)
        emissions = output.emissions[row, : len(sentence)]
        if decoder == "softmax":
            recognition.append(-float(emissions.log_softmax(-1).gather(1, labels[:, None]).sum()))
        else:  # eq. 5: score of the labels' path minus the log of all paths' sum, by the plain recursion
            crf = model.crf
            legal = crf.legal_transitions
            score = crf.start_transitions[labels[0]] + crf.end_transitions[labels[-1]]
            score += emissions.gather(1, labels[:, None]).sum() + crf.transitions[labels[:-1], labels[1:]].sum()
            alpha = crf.start_transitions.masked_fill(~legal[-1], -torch.inf) + emissions[0]
            for emission in emissions[1:]:
                steps = alpha[:, None] + crf.transitions.masked_fill(~legal[:-1], -torch.inf)
                alpha = steps.logsumexp(0) + emission
            recognition.append(float((alpha + crf.end_transitions).logsumexp(0) - score))
    mean = {"segmentation": sum(segmentation) / len(SENTENCES), "recognition": sum(recognition) / len(SENTENCES)}
    assert output.segmentation_loss.item() == pytest.approx(mean["segmentation"], rel=1e-4)
    assert output.recognition_loss.item() == pytest.approx(mean["recognition"], rel=1e-4)
    assert output.loss.item() == pytest.approx(2 * mean["segmentation"] + 3 * mean["recognition"], rel=1e-4)


@torch.no_grad()
def test_the_loss_is_that_of_the_tasks_that_are_on():
    both = make_model()
    batch = make_batch(both.config)
    segmentation = make_model(recognition_task=False)(**batch)
    recognition = make_model(segmentation_task=False)(**batch)
    assert segmentation.loss == 2 * segmentation.segmentation_loss
    assert segmentation.recognition_loss is None and segmentation.predictions is None and segmentation.logits is None
    assert recognition.loss == 3 * recognition.recognition_loss
    assert recognition.segmentation_loss is None and recognition.segmentation_logits is None
    output = both(**batch)
    assert output.loss == 2 * output.segmentation_loss + 3 * output.recognition_loss


@each_switch
@torch.no_grad()
def test_empty_sentences_take_no_part(name):
    model = make_model(**SWITCHES[name])
    whole = make_batch(model.config, SENTENCES)
    for side in ("right", "left"):
        with_empty = make_batch(model.config, ["", *SENTENCES, ""], padding_side=side)
        with_empty["labels"][1:-1][with_empty["attention_mask"][1:-1].bool()] = whole["labels"][
            whole["attention_mask"].bool()
        ]
        output = model(**with_empty)
        torch.testing.assert_close(output.loss, model(**whole).loss, rtol=1e-5, atol=1e-5)
        found = rows_of(with_empty, output)
        assert all(len(value) == 0 for row in (0, -1) for value in found[row])
        assert_same(found[1:-1], rows_of(whole, model(**whole)))


@each_switch
@pytest.mark.parametrize("shape", [(2, 0), (0, 3), (0, 0)])
def test_a_batch_without_a_character(name, shape):
    model = make_model(**SWITCHES[name])
    ids = torch.zeros(shape, dtype=torch.long)
    features = torch.zeros(*shape, model.config.dictionary_feature_size, dtype=torch.uint8)
    inputs = {"input_ids": ids, "attention_mask": ids, "radical_ids": ids, "dictionary_features": features}
    expected = model(**make_batch(model.config))
    output = model(**inputs, labels=ids)
    assert output.keys() == expected.keys()
    for key, value in output.items():
        assert value.shape == (*shape, *expected[key].shape[2:]) if expected[key].dim() else value == 0
        assert value.dtype == expected[key].dtype
    model.train()(**inputs, labels=ids).loss.backward()
    assert model(**inputs).loss is None


def test_all_sentences_empty_is_a_loss_of_zero():
    model = make_model()
    batch = make_batch(model.config, ["肺", "炎"])
    batch["attention_mask"][:] = 0
    output = model(**batch)
    assert output.loss == 0
    output.loss.backward()
    assert all(parameter.grad is None or not parameter.grad.any() for parameter in model.parameters())


# Decoding


@pytest.mark.parametrize("name", [name for name in SWITCHES if name != "segmentation_only"])
@torch.no_grad()
def test_logits_predictions_and_the_crf_agree(name):
    model = make_model(**SWITCHES[name])
    batch = make_batch(model.config)
    output = model(**batch)
    mask = batch["attention_mask"].bool()
    assert torch.equal(output.logits.argmax(-1)[mask], output.predictions[mask])
    if model.crf is not None:
        decoded = model.crf.decode(output.emissions, mask)
        assert [row[row >= 0].tolist() for row in output.predictions] == decoded
    else:
        assert torch.equal(output.logits, output.emissions)
    assert len(output.predictions[mask].unique()) > 3, "the test's network should find all sorts of entities"


@torch.no_grad()
def test_excluded_transitions_are_never_predicted():
    for exclude, illegal_expected in ((True, False), (False, True)):
        model = make_model(exclude_illegal_transitions=exclude, context_encoder="none")
        batch = make_batch(model.config)
        illegal = 0
        for row in model(**batch).predictions.tolist():
            tags = [tag for tag in row if tag >= 0]
            spans = tags_to_spans(tags, model.config.id2label)
            illegal += spans_to_tags(spans, len(tags), model.config.label2id) != tags
        assert bool(illegal) == illegal_expected


def test_training_does_not_decode():
    model = make_model().train()
    output = model(**make_batch(model.config))
    assert output.logits is None and output.predictions is None
    assert output.loss.requires_grad and output.emissions is not None


@pytest.mark.parametrize("settings", SWITCHES.values(), ids=SWITCHES)
def test_without_logits_the_rest_is_the_same(settings):
    model = make_model(**settings)
    batch = make_batch(model.config)
    for inputs in (batch, {name: tensor[:, :0] for name, tensor in batch.items()}):
        whole, less = model(**inputs), model(**inputs, output_logits=False)
        assert "logits" not in less
        assert less.keys() == whole.keys() - {"logits"}
        for name, value in less.items():
            assert torch.equal(value, whole[name])


def test_dropout_is_for_training_alone():
    model = make_model(dropout=0.5)
    batch = make_batch(model.config)
    assert torch.equal(model(**batch).emissions, model(**batch).emissions)
    model.train()
    assert not torch.equal(model(**batch).emissions, model(**batch).emissions)


def test_dropout_is_at_the_input_and_at_the_output_of_the_bilstm():
    model = make_model(dropout=0.5).train()
    seen = {}
    model.dicmt.context.register_forward_pre_hook(lambda module, inputs: seen.update(before=inputs[0]))
    model.classifier.register_forward_pre_hook(lambda module, inputs: seen.update(after=inputs[0]))
    batch = make_batch(model.config)
    del batch["dictionary_features"], batch["labels"]
    model(**batch, dictionary_features=torch.ones(4, 49, 20))
    mask = batch["attention_mask"].bool()
    for states in (seen["before"], seen["after"]):
        assert 0.4 < (states[mask] == 0).float().mean() < 0.6


# Wrong inputs


def test_what_does_not_fit_is_named():
    model = make_model()
    batch = make_batch(model.config)
    for name in ("attention_mask", "radical_ids", "dictionary_features", "labels"):
        with pytest.raises(ValueError, match=rf"{name} has the shape .*, but input_ids \(4, 49\)"):
            model(**(batch | {name: batch[name][:, 1:]}))
    with pytest.raises(ValueError, match="pass radical_ids, as DicMTTokenizer returns them"):
        model(**(batch | {"radical_ids": None}))
    with pytest.raises(ValueError, match="pass dictionary_features, as DicMTTokenizer returns them"):
        model(**(batch | {"dictionary_features": None}))
    with pytest.raises(ValueError, match="Expected dictionary features of width 20, got 18"):
        model(**(batch | {"dictionary_features": batch["dictionary_features"][..., :18]}))


@pytest.mark.parametrize("name", ["defaults", "softmax", "segmentation_only", "recognition_only"])
@pytest.mark.parametrize("label", [-100, -1, 7])
def test_labels_that_the_network_lacks_are_named(name, label):
    model = make_model(**SWITCHES[name])
    batch = make_batch(model.config)
    batch["labels"][2, 5] = label
    with pytest.raises(ValueError, match=rf"Label {label} of character 5 in sentence 2 .* 7 labels \(O, B-Disease, "):
        model(**batch)


def test_labels_that_are_not_bio_are_named():
    model = make_model()
    batch = make_batch(model.config)
    batch["labels"][1, :3] = torch.tensor([0, 2, 0])
    with pytest.raises(ValueError, match="sentence 1 of the batch use a transition that the label scheme excludes"):
        model(**batch)


# Learning


@each_switch
def test_every_parameter_gets_a_gradient(name):
    model = make_model(**SWITCHES[name]).train()
    model(**make_batch(model.config)).loss.backward()
    for parameter_name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None and parameter.grad.abs().sum() > 0, parameter_name
            assert torch.isfinite(parameter.grad).all(), parameter_name
        else:
            assert {"frozen_encoder": ".encoder."}.get(name, ".language_model.") in parameter_name
    if model.dicmt.representation.characters is not None:
        assert not model.dicmt.representation.characters.weight.grad[0].any(), "padding learns nothing"
    if model.dicmt.representation.radicals is not None:
        assert not model.dicmt.representation.radicals.weight.grad[0].any()


@pytest.mark.parametrize("name", ["defaults", "tuned_encoder", "frozen_encoder"])
def test_autocast_gives_a_loss_close_to_fp32_and_finite_gradients(name):
    model = make_model(**SWITCHES[name])
    batch = make_batch(model.config)
    expected = model(**batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = model(**batch)
    assert output.loss.dtype == output.logits.dtype == torch.float32
    torch.testing.assert_close(output.loss, expected.loss, rtol=0.05, atol=0.5)
    output.loss.backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.requires_grad)


# What transformers' own common tests ask of every model


def test_a_tuple_holds_the_same_in_the_same_order():
    model = make_model()
    batch = make_batch(model.config)
    output, values = model(**batch), model(**batch, return_dict=False)
    assert isinstance(values, tuple)
    first = ["loss", "logits", "predictions", "emissions", "segmentation_logits"]
    assert list(output) == [*first, "recognition_loss", "segmentation_loss"]
    assert all(torch.equal(value, output[index]) for index, value in enumerate(values))
    model.config.return_dict = False
    assert isinstance(model(**batch), tuple)


def test_a_deep_copy_is_the_same_network_and_another_one():
    model = make_model()
    batch = make_batch(model.config)
    clone = copy.deepcopy(model)
    assert torch.equal(clone(**batch).logits, model(**batch).logits)
    before = model(**batch).logits
    with torch.no_grad():
        clone.classifier.weight.zero_()
    assert torch.equal(model(**batch).logits, before)


@pytest.mark.parametrize("name", ["defaults", "tuned_encoder"])
def test_input_embeddings(name):
    model = make_model(**SWITCHES[name])
    embeddings = model.get_input_embeddings()
    assert isinstance(embeddings, torch.nn.Embedding)
    other = copy.deepcopy(embeddings)
    model.set_input_embeddings(other)
    assert model.get_input_embeddings() is other
    batch = make_batch(model.config)
    before = model(**batch).emissions
    torch.nn.init.zeros_(other.weight)
    assert not torch.equal(model(**batch).emissions, before)
