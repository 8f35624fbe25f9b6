"""A checkpoint as the start of a network with the other head, or of other entity types: what is kept, what is new."""

import pytest
import torch
from tiny_network import (
    ENTITY_TYPES,
    SENTENCES,
    SPAN_LISTS,
    make_model,
    make_span_model,
    make_span_tokenizer,
    make_tokenizer,
)

from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.modeling_dicmt_nested import DicMTForNestedEntities
from modeling_dicmt.prediction import pad_sentences
from modeling_dicmt.tagging import Span
from modeling_dicmt.torch_tagger import TorchTagger
from modeling_dicmt.training.arguments import ModelArguments
from modeling_dicmt.training.preparation import build_model, build_tokenizer, with_span_settings
from modeling_dicmt.training.span_examples import SpanExamples
from modeling_dicmt.training.transfer import transfer_network


def saved(folder, model, tokenizer, **settings) -> ModelArguments:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return ModelArguments(model_name_or_path=str(folder), **settings)


def told(caplog) -> str:
    return "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("modeling_dicmt"))


def scores_of(model, tokenizer):
    return TorchTagger(model).tag(pad_sentences(list(tokenizer.encode_records(SENTENCES)), 0)).span_scores


def shared_layer(model):
    return {name: w for name, w in model.state_dict().items() if name.startswith(("dicmt.", "segmenter."))}


def assert_equal(weights, others):
    assert weights.keys() == others.keys() and len(weights) > 5
    for name, weight in weights.items():
        assert torch.equal(weight, others[name]), name


def test_spans_are_learnt_from_a_tagger_on_its_shared_layer(tmp_path, caplog):
    model = make_model(vetted_terms=True)
    arguments = saved(tmp_path, model, make_tokenizer(vetted_terms=True), max_span_length=9, span_head_size=5)
    tokenizer = build_tokenizer(arguments, SENTENCES, ENTITY_TYPES, span_lists=[])
    assert tokenizer.init_kwargs["span_lists"] == SPAN_LISTS, "those of the checkpoint's dictionary"
    network = build_model(arguments, tokenizer, 3, DicMTForNestedEntities)
    assert type(network) is DicMTForNestedEntities
    assert_equal(shared_layer(network), shared_layer(model))
    config = network.config
    assert (config.max_span_length, config.span_head_size, config.span_lists) == (9, 5, SPAN_LISTS)
    assert (network.spans.length == -6).all() and (network.spans.evidence == 0).all()
    assert all(bool(weight.isfinite().all()) for weight in network.parameters())
    assert "has another head: now spans are scored" in told(caplog) and told(caplog).endswith("trained: spans.")
    assert scores_of(network, tokenizer).shape[2:] == (3, 9)


def test_tags_are_learnt_from_a_network_of_spans_on_its_shared_layer(tmp_path, caplog):
    model = make_span_model(vetted_terms=True, span_threshold=0.3)
    arguments = saved(tmp_path, model, make_span_tokenizer(vetted_terms=True))
    tokenizer = build_tokenizer(arguments, SENTENCES, ENTITY_TYPES)
    assert tokenizer.init_kwargs["span_lists"] is None
    network = build_model(arguments, tokenizer, 3)
    assert type(network) is DicMTForTokenClassification and network.config.model_type == "dicmt"
    assert_equal(shared_layer(network), shared_layer(model))
    assert "now characters are labelled" in told(caplog) and told(caplog).endswith("trained: classifier; crf.")
    network.save_pretrained(tmp_path / "out")
    assert "span_threshold" not in (tmp_path / "out" / "config.json").read_text(encoding="utf-8")


def test_a_segmenter_has_no_recognition_task_and_spans_need_one(tmp_path):
    arguments = saved(tmp_path, make_model(recognition_task=False), make_tokenizer(), max_span_length=4)
    tokenizer = build_tokenizer(arguments, SENTENCES, ENTITY_TYPES, span_lists=[])
    assert transfer_network(arguments, tokenizer, by_spans=True).config.recognition_task


@pytest.mark.parametrize("longest", [4, 7, 11])
def test_types_of_the_same_name_are_scored_as_before(tmp_path, caplog, longest):
    """Three types for three: every shape is the same, and yet only what has the same name means the same."""
    lists = ["drug", "disease"]
    model = make_span_model(ngram_sizes=[], span_lists=lists)
    own = make_span_tokenizer(ngram_sizes=[], span_lists=lists, terms={"Drug": ["服用"]})
    arguments = saved(tmp_path, model, own, max_span_length=longest, span_overlap="none")
    types = ["Drug", "Symptom", "Disease"]
    given = {"ngram_sizes": [], "entity_types": types, "lists_of_type": None, "dictionary": own.dictionary}
    tokenizer = make_span_tokenizer(**given, span_lists=["disease", "anatomy"], terms={"Drug": ["服用"]})
    torch.manual_seed(4)
    network = transfer_network(arguments, tokenizer, by_spans=True).eval()
    assert (network.config.max_span_length, network.config.span_overlap) == (longest, "none")
    with torch.no_grad():  # lists that are evidence for one of the two alone are no matter here
        model.spans.evidence[lists.index("drug")] = 0
    before, after = scores_of(model, own), scores_of(network, tokenizer)
    width = min(longest, 7)
    for kind, place in (("Drug", 0), ("Disease", 2)):
        old, new = before[:, :, ENTITY_TYPES.index(kind), :width], after[:, :, place, :width]
        assert torch.allclose(torch.from_numpy(old), torch.from_numpy(new), atol=1e-5), kind
    new, old = network.spans, model.spans
    for other in range(3):  # a new type is none of the old ones, in no part
        assert not torch.equal(new.bilinear[1], old.bilinear[other])
        assert (new.typed.weight.unflatten(0, (3, -1))[:, 1] != old.typed.weight.unflatten(0, (3, -1))[:, other]).all()
    assert (new.length[1] == -6).all() and (new.length[:, 7:] == -6).all()
    assert (new.evidence[:, 1] == 0).all() and (new.evidence[1] == 0).all() and (new.evidence[0, [0, 2]] != 0).all()
    assert "entity types Symptom" in told(caplog) and "evidence of the lists anatomy" in told(caplog)
    assert ("lengths above 7" in told(caplog)) == (longest > 7) and "Drug" not in told(caplog).split("initialised")[1]


def test_a_network_of_spans_keeps_all_weights_on_its_own_types(tmp_path, caplog):
    model = make_span_model(vetted_terms=True)
    arguments = saved(tmp_path, model, make_span_tokenizer(vetted_terms=True), max_span_length=7, span_overlap="none")
    tokenizer = build_tokenizer(arguments, SENTENCES, ENTITY_TYPES, span_lists=[])
    network = build_model(arguments, tokenizer, 3, DicMTForNestedEntities)
    assert_equal(network.state_dict(), model.state_dict())
    assert network.config.span_overlap == "none" and told(caplog) == ""


def test_another_dictionary_keeps_what_it_shares_with_the_first(tmp_path):
    model = make_span_model()
    arguments = saved(tmp_path, model, make_span_tokenizer())
    tokenizer = make_span_tokenizer(span_lists=["drug", "other", "disease"])
    network = transfer_network(arguments, tokenizer, by_spans=True)
    assert_equal(shared_layer(network), shared_layer(model))
    old, new = model.spans.evidence, network.spans.evidence
    assert torch.equal(new[[0, 2]], old[[2, 1]]) and (new[1] == 0).all() and torch.equal(new[3:], old[3:])


def test_a_checkpoint_of_spans_finds_no_less_than_before(tmp_path):
    arguments = saved(tmp_path, make_span_model(span_overlap="nested"), make_span_tokenizer())

    def of(longest, overlap, model=arguments):
        entities = [torch.tensor([[0, longest, 0]] * 20).numpy()]
        chosen = with_span_settings(model, SpanExamples([], entities, [("r", Span(0, 1, "Drug"))]), overlap)
        return chosen.max_span_length, chosen.span_overlap

    assert of(3, "none") == (7, "nested") and of(12, "crossing") == (12, "crossing")
    asked = ModelArguments(model_name_or_path=str(tmp_path), max_span_length=5, span_overlap="none")
    assert of(9, "crossing", asked) == (5, "none")
    assert of(3, "none", ModelArguments()) == (3, "none")
