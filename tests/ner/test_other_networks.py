"""The training command with other networks than the default."""

from pathlib import Path

import pytest
import torch
from ner_command import GENES, command_line, results_in, run_here, scored_here, train_here, write_corpus
from safetensors.torch import load_file
from transformers import BertConfig, BertModel, BertTokenizer

from data_scripts.sample import SAMPLE_FOLDER
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification


def test_fine_tuning_onto_another_label_set_says_what_is_new(trained, tmp_path):
    corpus = write_corpus(tmp_path / "corpus", GENES)
    settings = {"dataset_name": "jsonl", "data_dir": corpus, "model_name_or_path": trained}
    outcome = run_here(command_line(tmp_path / "out", **settings, num_train_epochs=40, early_stopping_patience=0))
    assert outcome.status == 0, outcome.errors
    (told,) = [line for line in outcome.errors.splitlines() if "Newly initialised, to be trained: " in line]
    assert "labels B-Gene, I-Gene, B-Virus, I-Virus" in told and "characters" not in told
    assert "was trained to recognise Disease, Anatomy" in outcome.errors and "now it is Gene, Virus" in outcome.errors
    assert results_in(tmp_path / "out")["eval_f1"] > 0.5
    config = DicMTForTokenClassification.from_pretrained(tmp_path / "out").config
    assert list(config.id2label.values()) == ["O", "B-Gene", "I-Gene", "B-Virus", "I-Virus"]


def test_the_softmax_decoder(tiny, tmp_path):
    train_here(tmp_path, **tiny, tag_decoder="softmax")
    assert not any(name.startswith("crf.") for name in load_file(tmp_path / "model.safetensors"))


def test_segmentation_alone(tiny, tmp_path):
    results = train_here(tmp_path, **tiny, recognition_task=False, num_train_epochs=15)
    assert results["eval_f1"] == results["eval_segmentation"]["spans"]["f1"] > 0.1
    assert not any(name.startswith(("classifier.", "crf.")) for name in load_file(tmp_path / "model.safetensors"))


def test_recognition_alone(tiny, tmp_path):
    results = train_here(tmp_path, **tiny, segmentation_task=False)
    assert "eval_segmentation" not in results and "eval_f1" in results
    assert not any(name.startswith("segmenter.") for name in load_file(tmp_path / "model.safetensors"))


def test_without_a_dictionary_the_network_has_no_columns_for_it(tiny, tmp_path):
    widths = {}
    for name, settings in {"with": tiny, "without": tiny | {"dictionary": None}}.items():
        train_here(tmp_path / name, **settings)
        network = DicMTForTokenClassification.from_pretrained(tmp_path / name)
        widths[name] = network.dicmt.representation.output_size
    assert widths["with"] - widths["without"] == 30


def test_mixed_precision_trains_finite_weights_in_fp32(tiny, tmp_path):
    plain = train_here(tmp_path / "plain", **tiny, num_train_epochs=6)
    mixed = train_here(tmp_path / "mixed", **tiny, num_train_epochs=6, mixed_precision="bf16")
    weights, others = (load_file(tmp_path / name / "model.safetensors") for name in ("mixed", "plain"))
    assert all(weight.dtype == torch.float32 and bool(weight.isfinite().all()) for weight in weights.values())
    assert any(not torch.equal(weight, others[name]) for name, weight in weights.items())
    assert mixed["eval_f1"] == pytest.approx(plain["eval_f1"], abs=0.15)


def test_character_vectors_set_the_embeddings_width(tiny, tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("3 5\n肺 1 2 3 4 5\n痛 0 1 0 1 0\n患者 1 1 1 1 1\n", encoding="utf-8")
    outcome = run_here(command_line(tmp_path / "out", **tiny, character_vectors=path))
    assert outcome.status == 0 and "Character vectors: 2 of" in outcome.errors
    assert DicMTForTokenClassification.from_pretrained(tmp_path / "out").config.character_embedding_size == 5


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> Path:
    """A BERT of two layers that has learnt nothing, with the sample's characters."""
    folder = tmp_path_factory.mktemp("bert")
    text = (SAMPLE_FOLDER / "train.jsonl").read_text(encoding="utf-8")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set(text) - set(" \n"))]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=300,
    )
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("frozen", [True, False])
def test_an_encoder_is_tuned_or_kept(tiny, bert, tmp_path, frozen):
    settings = tiny | {"encoder_name_or_path": bert, "freeze_encoder": frozen, "encoder_learning_rate": 1e-3}
    results = train_here(tmp_path / "out", **settings)
    weights, before = load_file(tmp_path / "out" / "model.safetensors"), load_file(bert / "model.safetensors")
    prefix = "dicmt.representation.encoder.model."
    kept = {
        name: torch.equal(weight, before[name[len(prefix) :]])
        for name, weight in weights.items()
        if name.startswith(prefix)
    }
    assert len(kept) > 30
    assert all(kept.values()) if frozen else not any(same for name, same in kept.items() if "query.weight" in name)
    assert not any(name.startswith("dicmt.representation.characters") for name in weights)
    # The encoder travels with the checkpoint: its folder is not needed to load it.
    scored = scored_here(tmp_path / "out")
    assert scored["eval_f1"] == results["eval_f1"] and scored["eval_segmentation"] == results["eval_segmentation"]
