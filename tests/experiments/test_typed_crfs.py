"""A CRF for each entity type: its paths, its loss, what it learns of nested entities."""

import json
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState
from hypothesis import given
from hypothesis import strategies as st
from ner_command import record, write_corpus
from tiny_network import ENTITY_TYPES, SENTENCES, make_span_tokenizer

from data_scripts.flattening import flatten_outermost
from experiments.baselines import typed_crfs
from experiments.baselines.typed_crfs import TypedCRFsConfig, TypedCRFsForNestedEntities, outermost_tags
from modeling_dicmt.prediction import pad_sentences, pad_spans
from modeling_dicmt.span_decoding import find_spans

PLACES = ("左肺", "右肺", "肝脏", "胃部", "左肾", "右肾", "脾脏", "胰腺")


def make_typed(seed: int = 0, **settings) -> TypedCRFsForNestedEntities:
    torch.manual_seed(seed)
    settings = {
        "entity_types": ENTITY_TYPES,
        "vocab_size": len(make_span_tokenizer()),
        "character_embedding_size": 12,
        "radical_embedding_size": 6,
        "lstm_hidden_size": 10,
        "max_span_length": 60,
        "span_overlap": "crossing",
    } | settings
    model = TypedCRFsForNestedEntities(TypedCRFsConfig(**settings))
    for name, parameter in model.named_parameters():
        if "bias" not in name and "representation" not in name:
            torch.nn.init.normal_(parameter, std=0.4 if name.startswith("dicmt") else 2.0)
    return model.eval()


def make_batch(sentences=SENTENCES, labels=None) -> dict[str, torch.Tensor]:
    arrays = pad_sentences(list(make_span_tokenizer().encode_records(sentences)), 0)
    arrays.pop("span_evidence", None)
    if labels is not None:
        arrays["labels"] = pad_spans([np.array(rows).reshape(-1, 3) for rows in labels])
    return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in arrays.items()}


def spans_of(tags: list[int]) -> list[tuple[int, int]]:
    text = "".join("OBI"[tag] for tag in tags) + "O"
    return [
        (i, i + 1 + len(text[i + 1 :]) - len(text[i + 1 :].lstrip("I"))) for i, tag in enumerate(text) if tag == "B"
    ]


@torch.no_grad()
def test_its_spans_are_those_of_each_types_best_path():
    model, batch = make_typed(), make_batch()
    mask = batch["attention_mask"].bool()
    states = model.dicmt(**batch).last_hidden_state
    expected = set()
    for kind, (chain, scores) in enumerate(zip(model.spans.chains, model.spans.emissions(states), strict=True)):
        for sentence, path in enumerate(chain.decode(scores, mask)):
            expected |= {(sentence, *span, kind) for span in spans_of(path)}
    found, _ = find_spans(model(**batch).span_scores.numpy(), 0.5, "crossing")
    assert set(map(tuple, found.tolist())) == expected and len({kind for *_, kind in expected}) == 3
    shorter = make_typed(max_span_length=2)
    found, _ = find_spans(shorter(**batch).span_scores.numpy(), 0.5, "crossing")
    assert set(map(tuple, found.tolist())) == {span for span in expected if span[2] - span[1] <= 2} != expected


def test_its_loss_is_the_sum_of_the_chains_over_all_tag_sequences():
    model = make_typed(segmentation_task=False, recognition_loss_weight=1.0)
    labels = [[(0, 3, 0), (1, 2, 1), (1, 2, 0)], [(2, 4, 2)]]
    batch = make_batch(["肺炎，痛", "左肺气肿。"], labels)
    # Of each type's entities that lie within each other, the outermost is the chain's.
    tags = {(0, 0): [1, 2, 2, 0], (0, 1): [0, 1, 0, 0], (0, 2): [0] * 4}
    tags |= {(1, 0): [0] * 5, (1, 1): [0] * 5, (1, 2): [0, 0, 1, 2, 0]}
    with torch.no_grad():
        states = model.dicmt(**{name: value for name, value in batch.items() if name != "labels"}).last_hidden_state
        total = 0.0
        for (sentence, kind), path in tags.items():
            chain, scores = model.spans.chains[kind], model.spans.emissions(states)[kind][sentence, : len(path)]

            def score(path, chain=chain, scores=scores):
                if any(tag == 2 and before == 0 for before, tag in pairwise((0, *path))):
                    return -torch.inf
                value = chain.start_transitions[path[0]] + chain.end_transitions[path[-1]]
                value = value + sum(scores[place, tag] for place, tag in enumerate(path))
                return float(value + sum(chain.transitions[pair] for pair in pairwise(path)))

            every = torch.tensor([score(path) for path in product(range(3), repeat=len(path))])
            total += float(every.logsumexp(0)) - score(tuple(path))
    loss = model.train()(**batch)
    assert model.eval()(**batch).loss.item() == pytest.approx(total / 2, rel=1e-4)
    loss.loss.backward()
    for name, parameter in model.spans.named_parameters():
        assert parameter.grad is not None and parameter.grad.any(), name


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 6), st.integers(1, 3), st.integers(0, 1)), max_size=5), min_size=1, max_size=3
    )
)
def test_tags_are_those_of_each_types_outermost_entities(sentences):
    rows = [sorted({(start, start + size, kind) for start, size, kind in of_sentence}) for of_sentence in sentences]
    labels = torch.from_numpy(pad_spans([np.array(of_sentence, dtype=np.int64).reshape(-1, 3) for of_sentence in rows]))
    tags = outermost_tags(labels, len(rows), 10, 2)
    for of_sentence, found in zip(rows, tags, strict=True):
        for kind in (0, 1):
            entities = [{"start": start, "end": end, "type": "x"} for start, end, of in of_sentence if of == kind]
            expected = [(entity["start"], entity["end"]) for entity in flatten_outermost(entities)]
            assert spans_of(found[:, kind].tolist()) == expected


@torch.no_grad()
def test_a_sentence_does_not_depend_on_its_batch():
    model = make_typed()
    together = model(**make_batch([*SENTENCES, ""]))
    for row, sentence in enumerate(SENTENCES):
        alone = model(**make_batch([sentence])).span_scores[0]
        assert torch.equal(together.span_scores[row, : len(sentence)], alone)


def test_nested_entities_of_two_types_are_learnt(tmp_path, monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    records = [record(f"患者{place}炎症，无发热。", (2, 6, "Disease"), (2, 4, "Part")) for place in PLACES]
    settings = {
        "dataset_name": "jsonl",
        "data_dir": str(write_corpus(tmp_path / "corpus", records)),
        "output_dir": str(tmp_path / "out"),
        "num_train_epochs": 30,
        "per_device_train_batch_size": 4,
        "lstm_hidden_size": 16,
        "dropout": 0.1,
        "learning_rate": 0.02,
        "warmup_steps": 0,
        "average_decay": 0.9,
        "quiet": True,
    }
    (tmp_path / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    typed_crfs.run([str(tmp_path / "settings.json")])
    AcceleratorState._reset_state(reset_partial_state=True)
    results = json.loads((tmp_path / "out" / "all_results.json").read_text(encoding="utf-8"))
    assert results["eval_f1"] > 0.9 and results["eval_by_nesting"]["inner"]["recall"] > 0.9
    config = json.loads((tmp_path / "out" / "config.json").read_text(encoding="utf-8"))
    assert config["model_type"] == "dicmt_typed_crfs" and not config.get("auto_map")
    loaded = TypedCRFsForNestedEntities.from_pretrained(tmp_path / "out")
    assert all(int(chain.legal_transitions.sum()) == 10 for chain in loaded.spans.chains)
