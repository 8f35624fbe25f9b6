"""The stock Trainer and collator train and evaluate the network: nothing of the project's own training is needed."""

import random

import numpy as np
import pytest
import torch
from datasets import Dataset
from tiny_network import ENTITY_TYPES, TERMS, make_config, make_tokenizer, rounded
from transformers import DataCollatorForTokenClassification, Trainer, TrainingArguments

from modeling_dicmt.evaluation.clinical_ner import ClinicalNER
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.tagging import spans_to_tags, tags_to_spans
from modeling_dicmt.torch_tagger import predict_entities


def make_sentences(number, seed):
    """Made-up sentences with two terms each: (text, spans)."""
    draw = random.Random(seed)
    type_of_list = {"disease": "Disease", "anatomy": "Anatomy", "drug": "Drug"}
    sentences = []
    for _ in range(number):
        text, spans = "", []
        for words in (["患者", "今晨见", "既往"], ["，考虑", "，服用", "、"]):
            text += draw.choice(words)
            term = draw.choice(sorted(TERMS))
            spans.append((len(text), len(text) + len(term), type_of_list[TERMS[term][0]]))
            text += term
        sentences.append((text + "。", spans))
    return sentences


@pytest.fixture(params=[{}, {"vetted_terms": True}], ids=["plain", "vetted_terms"])
def settings(request):
    """Of network and tokenizer."""
    return request.param


@pytest.fixture
def tokenizer(settings):
    return make_tokenizer(**settings, terms={"Drug": ["阿莫西林"]})


@pytest.fixture
def trainer(tokenizer, settings, tmp_path):
    torch.manual_seed(1)
    config = make_config(lstm_hidden_size=16, dropout=0.1, **settings)
    model = DicMTForTokenClassification(config)

    def make_dataset(number, seed):
        rows = []
        for text, spans in make_sentences(number, seed):
            row = {name: np.asarray(value).tolist() for name, value in tokenizer(text).items()}
            rows.append({"text": text, **row, "labels": spans_to_tags(spans, len(text), config.label2id)})
        return Dataset.from_list(rows)

    def compute_metrics(prediction):
        found, annotated = [], []
        assert isinstance(prediction.predictions, np.ndarray), "logits alone, no tuple"
        for tags, labels in zip(prediction.predictions.argmax(-1), prediction.label_ids, strict=True):
            inside = labels != -100
            for spans, row in ((found, tags), (annotated, labels)):
                read = tags_to_spans(row[inside], config.id2label)
                spans.append([{"start": span.start, "end": span.end, "type": span.type} for span in read])
        return ClinicalNER().compute(predictions=found, references=annotated)

    return Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(tmp_path),
            num_train_epochs=6,
            per_device_train_batch_size=8,
            per_device_eval_batch_size=5,
            learning_rate=1e-2,
            logging_steps=8,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            use_cpu=True,
            seed=3,
            dataloader_pin_memory=False,
        ),
        train_dataset=make_dataset(64, seed=0),
        eval_dataset=make_dataset(24, seed=1),
        data_collator=DataCollatorForTokenClassification(tokenizer),
        processing_class=tokenizer,
        compute_metrics=compute_metrics,
    )


def test_the_stock_trainer_trains_and_evaluates(trainer, tokenizer, tmp_path):
    before = trainer.evaluate()
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert losses[-1] < 0.2 * losses[0]
    after = trainer.evaluate()
    assert before["eval_f1"] < 0.3 and after["eval_f1"] > 0.9
    assert after["eval_loss"] < 0.2 * before["eval_loss"]

    # What the Trainer read from the logits is what the project's own prediction says, scored by the same metric.
    sentences = make_sentences(24, seed=1)
    own = predict_entities(trainer.model, tokenizer, [text for text, _ in sentences])
    score = ClinicalNER().compute(
        predictions=own,
        references=[[{"start": s, "end": e, "type": kind} for s, e, kind in spans] for _, spans in sentences],
    )
    for name in ("f1", "precision", "recall", "correct", "predicted", "support"):
        assert after[f"eval_{name}"] == pytest.approx(score[name])
    assert set(score["by_type"]) == set(ENTITY_TYPES)

    trainer.save_model(tmp_path / "saved")
    loaded = DicMTForTokenClassification.from_pretrained(tmp_path / "saved")
    again = predict_entities(loaded, type(tokenizer).from_pretrained(tmp_path / "saved"), [sentences[0][0]])
    assert rounded(again) == rounded(own[:1])


def test_argmax_of_the_trainer_s_logits_is_the_network_s_prediction(trainer):
    torch.nn.init.normal_(trainer.model.classifier.weight, std=6.0)  # an untrained network: many kinds of paths
    prediction = trainer.predict(trainer.eval_dataset)
    assert prediction.predictions.shape == (*prediction.label_ids.shape, 7)
    seen = set()
    for row, tags in zip(trainer.eval_dataset, prediction.predictions.argmax(-1), strict=True):
        batch = trainer.data_collator([{name: row[name] for name in trainer.processing_class.model_input_names}])
        with torch.no_grad():
            own = trainer.model.eval()(**batch).predictions[0].tolist()
        assert tags[: len(own)].tolist() == own
        seen |= set(own)
    assert len(seen) > 3
