"""What the tokenizer gives a network that scores spans beside all else: where terms stand, as evidence."""

import numpy as np
import pytest
import torch
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st
from tiny_network import (
    ENTITY_TYPES,
    SENTENCES,
    SPAN_LISTS,
    TERMS,
    make_span_model,
    make_span_tokenizer,
    make_tokenizer,
)
from transformers import DataCollatorForTokenClassification

from modeling_dicmt.recognition import EntityRecognizer
from modeling_dicmt.torch_tagger import TorchTagger

VETTED = {"Drug": ["左肺见", "甲"]}
TOKENIZER = make_span_tokenizer(vetted_terms=True, terms=VETTED)
MODEL = make_span_model(vetted_terms=True)
WORDS = st.sampled_from([*TERMS, *VETTED["Drug"], "见", "，", "Ｃ", "😀", " "])
TEXTS = st.lists(st.lists(WORDS, max_size=6).map("".join), min_size=1, max_size=4)


def naive_evidence(text: str, first: int = 0, last: int | None = None) -> list[list[int]]:
    """Every term of a stretch of a text, found one by one, in offsets of the stretch."""
    stretch = text[first:last]
    sources = [(term, SPAN_LISTS.index(name)) for term, names in TERMS.items() for name in names]
    sources += [(term, len(SPAN_LISTS) + ENTITY_TYPES.index(name)) for name, terms in VETTED.items() for term in terms]
    return sorted(
        [start, start + len(term), source]
        for term, source in sources
        for start in range(len(stretch))
        if stretch.startswith(term, start)
    )


def as_set(evidence: object) -> list[list[int]]:
    return sorted(row for row in np.asarray(evidence).reshape(-1, 3).tolist() if row[0] >= 0)


@pytest.mark.parametrize("side", ["right", "left"])
@given(texts=TEXTS)
def test_the_network_gives_encodings_the_scores_of_the_pipeline(side, texts):
    encoding = TOKENIZER(texts, padding=True, padding_side=side, return_tensors="pt")
    with torch.inference_mode():
        scores = torch.sigmoid(MODEL(**encoding).span_scores)
    answers = EntityRecognizer(TorchTagger(MODEL), TOKENIZER)(texts)
    for text, of_text, mask, found in zip(texts, scores, encoding["attention_mask"].bool(), answers, strict=True):
        of_text = of_text[mask].numpy()
        assert len(of_text) == len(text)
        expected = {}
        for entity in found:
            size, kind = entity["end"] - entity["start"], ENTITY_TYPES.index(entity["entity_group"])
            expected[entity["start"], kind, size - 1] = entity["score"]
        assert {*expected} == {*zip(*(of_text > 0.5).nonzero(), strict=True)}
        for place, score in expected.items():
            assert of_text[place] == pytest.approx(score, abs=1e-5)


def test_evidence_changes_scores():
    """Or the comparison above would say nothing of it."""
    encoding = TOKENIZER(SENTENCES[0], return_tensors="pt")
    with torch.inference_mode():
        with_terms = MODEL(**encoding).span_scores
        without = MODEL(**{name: value for name, value in encoding.items() if name != "span_evidence"}).span_scores
    changed = (with_terms != without).nonzero()[:, 1:].tolist()
    assert {(start, start + size + 1) for start, _, size in changed} == {
        (start, end) for start, end, _ in naive_evidence(SENTENCES[0])
    }


def test_one_text_and_a_batch_and_no_terms():
    assert TOKENIZER.model_input_names[-1] == "span_evidence"
    for text in (SENTENCES[0], "无", ""):
        one, batch = TOKENIZER(text)["span_evidence"], TOKENIZER([text])["span_evidence"]
        assert one.dtype == np.int64 and one.shape == (len(naive_evidence(text)), 3)
        assert as_set(one) == as_set(batch[0]) == naive_evidence(text)
    ragged = TOKENIZER(SENTENCES)["span_evidence"]
    assert [as_set(rows) for rows in ragged] == [naive_evidence(text) for text in SENTENCES]
    padded_lists = TOKENIZER(SENTENCES, padding=True)["span_evidence"]
    assert {len(rows) for rows in padded_lists} == {max(map(len, ragged))}
    for tensors in ("pt", "np"):
        padded = TOKENIZER(SENTENCES, padding=True, return_tensors=tensors)["span_evidence"]
        assert "int64" in str(padded.dtype) and tuple(padded.shape) == (4, max(map(len, ragged)), 3)
        assert [as_set(rows) for rows in padded] == [naive_evidence(text) for text in SENTENCES]
        assert tuple(TOKENIZER([], return_tensors=tensors)["span_evidence"].shape) == (0, 0, 3)
        assert tuple(TOKENIZER(["", "无"], padding=True, return_tensors=tensors)["span_evidence"].shape) == (2, 0, 3)
    assert "span_evidence" not in make_tokenizer()(SENTENCES[0])
    assert "span_evidence" not in make_tokenizer().model_input_names


def test_what_is_cut_has_the_terms_that_are_whole_within():
    text = SENTENCES[1]
    for side in ("right", "left"):
        TOKENIZER.truncation_side = side
        for size in (5, 20, 27):
            first = 0 if side == "right" else len(text) - size
            cut = TOKENIZER(["肺炎", text], truncation=True, max_length=size)["span_evidence"][1]
            assert as_set(cut) == naive_evidence(text, first, first + size)
    TOKENIZER.truncation_side = "right"
    windows = TOKENIZER(
        [SENTENCES[0], text], truncation=True, max_length=10, stride=4, padding=True, padding_side="left",
        return_overflowing_tokens=True, return_offsets_mapping=True, return_tensors="np",
    )  # fmt: skip
    for row, source in enumerate(windows["overflow_to_sample_mapping"]):
        places = windows["offset_mapping"][row][windows["attention_mask"][row].astype(bool)]
        expected = naive_evidence(SENTENCES[source], places[0, 0], places[-1, 1])
        assert as_set(windows["span_evidence"][row]) == expected
    words = TOKENIZER([["左", "肺见"], ["肺炎"]], is_split_into_words=True)["span_evidence"]
    assert [as_set(rows) for rows in words] == [naive_evidence("左肺见"), naive_evidence("肺炎")]


@pytest.mark.parametrize("kind", ["lists", "arrays", "tensors", "columns"])
def test_pad_puts_single_encodings_together(kind):
    texts = ["", *SENTENCES]
    features = [dict(TOKENIZER(text)) for text in texts]
    if kind == "tensors":
        texts, features = texts[1:], features[1:]
        features = [{name: torch.as_tensor(np.asarray(value)) for name, value in one.items()} for one in features]
    elif kind != "arrays":  # as a dataset returns them: no terms have lost their width
        features = [{name: np.asarray(value).tolist() for name, value in one.items()} for one in features]
        assert features[0]["span_evidence"] == []
    if kind == "columns":
        features = {name: [one[name] for one in features] for name in features[0]}
    padded = TOKENIZER.pad(features, return_tensors="pt")
    expected = TOKENIZER(texts, padding=True, return_tensors="pt")
    assert torch.equal(padded["span_evidence"], expected["span_evidence"])
    assert padded.keys() == expected.keys()


def test_pad_of_texts_without_terms_keeps_the_width():
    features = [{name: torch.as_tensor(value) for name, value in TOKENIZER(text).items()} for text in ("无", "未见")]
    assert TOKENIZER.pad(features)["span_evidence"].shape == (2, 0, 3)


def test_pad_leaves_one_encoding_its_own():
    one = TOKENIZER.pad(TOKENIZER(SENTENCES[0]), padding="max_length", max_length=20, padding_side="left")
    assert as_set(one["span_evidence"]) == naive_evidence(SENTENCES[0]) and len(one["input_ids"]) == 20


def test_the_stock_collator_and_datasets_keep_it(tmp_path):
    texts = ["无", *SENTENCES]  # the first has none: its column's type is that of the others
    data = Dataset.from_dict({"text": texts}).map(TOKENIZER, input_columns="text", remove_columns="text")
    rows = [data[place] | {"labels": [0] * len(text)} for place, text in enumerate(texts)]
    assert [as_set(row["span_evidence"]) for row in rows] == [naive_evidence(text) for text in texts]
    batch = DataCollatorForTokenClassification(TOKENIZER)(rows)
    expected = TOKENIZER(texts, padding=True, return_tensors="pt")
    assert torch.equal(batch["span_evidence"], expected["span_evidence"])


def test_terms_that_are_replaced_are_evidence_from_then_on():
    tokenizer = make_span_tokenizer()
    before = tokenizer("患者见阴影")["span_evidence"]
    tokenizer.terms = {"Drug": ["阴影"]}
    assert before.tolist() == [] and tokenizer("患者见阴影")["span_evidence"].tolist() == [[3, 5, 5]]
