"""ONNX Runtime against PyTorch: emissions, entities, scores, and what a broken export says."""

import importlib
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from tiny_network import RECORDS, SENTENCES, make_encoder_settings, make_model, make_tokenizer

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from modeling_dicmt import onnx_dicmt, onnx_export
from modeling_dicmt.onnx.export import export_onnx
from modeling_dicmt.onnx.pipeline import OnnxPipeline, OnnxTagger
from modeling_dicmt.pipeline_dicmt import DicMTPipeline
from modeling_dicmt.prediction import pad_sentences

TEXTS = [*RECORDS, *SENTENCES]
ROOT = Path(__file__).resolve().parents[2]

# What 8-bit matrices may cost an emission on average, as a share of all emissions' standard deviation. The tiny
# network's weights are large; on trained networks F1 changes by a few hundredths of a per cent (benchmarks).
INT8_TOLERANCE = 0.1

NETWORKS = {
    "plain": ({"bigram_embedding_size": 3, "num_bigram_buckets": 40}, {}),
    "encoder": (make_encoder_settings(), {}),
    "characters alone": ({"radical_embedding_size": 0, "ngram_sizes": []}, {"ngram_sizes": []}),
    "no context": ({"context_encoder": "none"}, {}),
    "dilated CNN": ({"context_encoder": "dilated_cnn", "dilated_cnn_size": 12}, {}),
    "window and attention": ({"window_convolution_size": 8, "attention_heads": 2}, {}),
    "dictionary in its own BiLSTM": ({"dictionary_lstm_hidden_size": 3}, {}),
    "softmax": ({"decoder": "softmax"}, {}),
    "all transitions": ({"exclude_illegal_transitions": False}, {}),
    "recognition alone": ({"segmentation_task": False}, {}),
}


def make(name):
    network, tokenizer = NETWORKS[name]
    return make_model(**network), make_tokenizer(**tokenizer)


@pytest.fixture(scope="module", params=list(NETWORKS))
def exported(request, tmp_path_factory):
    model, tokenizer = make(request.param)
    return model, tokenizer, export_onnx(model, tokenizer, tmp_path_factory.mktemp("onnx") / "network")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    model, tokenizer = make("plain")
    return model, tokenizer, export_onnx(model, tokenizer, tmp_path_factory.mktemp("onnx") / "network")


def test_emissions_are_the_networks_whatever_the_batch(exported):
    model, tokenizer, folder = exported
    tagger = OnnxTagger(folder, threads=1)
    sentences = list(tokenizer.encode_records(SENTENCES))
    for batch in ([0, 1, 2, 3], [3, 1], [3], [2, 2]):
        inputs = pad_sentences([sentences[index] for index in batch], 0)
        labels = tagger.label(inputs)
        with torch.inference_mode():
            output = model(**{name: torch.from_numpy(array) for name, array in inputs.items()})
        inside = labels.mask
        assert np.allclose(labels.emissions[inside], output.emissions.numpy()[inside], atol=1e-4)
        assert np.array_equal(labels.tags, output.predictions.numpy())
        if model.config.segmentation_task:
            assert np.array_equal(labels.in_entity[inside], (output.segmentation_logits > 0).numpy()[inside])
        else:
            assert labels.in_entity is None


@pytest.mark.parametrize("settings", [{}, {"aggregation_strategy": "none"}, {"evidence": True, "threshold": 0.5}])
def test_answers_are_those_of_the_pipeline(exported, settings):
    model, tokenizer, folder = exported
    expected = DicMTPipeline(model=model, tokenizer=tokenizer, device="cpu")(TEXTS, **settings)
    found = OnnxPipeline(folder, **settings)(TEXTS)
    assert sum(map(len, expected)) > 10
    for one, other in zip(found, expected, strict=True):
        assert [item["score"] for item in one] == pytest.approx([item["score"] for item in other], abs=1e-4)
        assert [item | {"score": 0} for item in one] == [item | {"score": 0} for item in other]


def test_the_interface_is_the_pipelines(plain):
    model, tokenizer, folder = plain
    recognise, expected = OnnxPipeline(folder), DicMTPipeline(model=model, tokenizer=tokenizer, device="cpu")

    def words(answers):
        return [[item["word"] for item in found] for found in answers]

    assert words([recognise(TEXTS[0])]) == words([expected(TEXTS[0])]) != [[]]
    assert recognise([]) == [] and recognise("") == []
    assert words(recognise(text for text in TEXTS)) == words(expected(TEXTS))
    terms = {"drug": ["患者左", "阴影"]}
    assert (
        words(recognise(TEXTS, dictionary=terms)) == words(expected(TEXTS, dictionary=terms)) != words(expected(TEXTS))
    )
    for wrong in (None, 3, ["肺", None]):
        with pytest.raises(ValueError, match=r"got (NoneType|int)"):
            recognise(wrong)
    with pytest.raises(ValueError, match="Unknown settings"):
        OnnxPipeline(folder, stop=1)


def test_eight_bits_stay_near(plain, tmp_path):
    model, tokenizer, folder = plain
    small = export_onnx(model, tokenizer, tmp_path / "small", quantize=True)
    assert {path.name for path in small.iterdir()} == {path.name for path in folder.iterdir()}
    assert (small / "model.onnx").stat().st_size < (folder / "model.onnx").stat().st_size
    inputs = pad_sentences(list(tokenizer.encode_records(SENTENCES)), 0)
    whole, rounded = (OnnxTagger(one, threads=1).label(inputs) for one in (folder, small))
    difference = np.abs(whole.emissions - rounded.emissions)[whole.mask]
    assert 0 < difference.mean() < INT8_TOLERANCE * whole.emissions[whole.mask].std()
    assert (whole.tags == rounded.tags)[whole.mask].mean() > 0.95


def test_a_network_that_only_segments_is_exported_and_labels(tmp_path):
    model, tokenizer = make_model(recognition_task=False), make_tokenizer()
    folder = export_onnx(model, tokenizer, tmp_path / "network")
    labels = OnnxTagger(folder).label(pad_sentences(list(tokenizer.encode_records(SENTENCES)), 0))
    assert labels.tags is None and labels.in_entity.any()
    with pytest.raises(ValueError, match="segment"):
        OnnxPipeline(folder)


def test_an_export_replaces_the_last_one_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "network"
    export_onnx(*make("plain"), folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with mock.patch.object(onnx_export, "_check", side_effect=ValueError("no")), pytest.raises(ValueError, match="no"):
        export_onnx(*make("softmax"), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["network"]


def test_an_export_that_says_something_else_is_refused(tmp_path):
    model, tokenizer = make("plain")
    with mock.patch.object(onnx_dicmt.OnnxTagger, "label") as label:
        label.side_effect = lambda inputs: mock.Mock(
            mask=inputs["attention_mask"].astype(bool), emissions=np.zeros((*inputs["input_ids"].shape, 7))
        )
        with pytest.raises(ValueError, match="does not give the network's emissions"):
            export_onnx(model, tokenizer, tmp_path / "network")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["model.onnx", "crf.npz", "config.json"])
def test_a_folder_that_lacks_something_or_is_broken(plain, tmp_path, name):
    folder = shutil.copytree(plain[2], tmp_path / "copy")
    if name != "config.json":
        (folder / name).write_bytes((folder / name).read_bytes()[:100])
        with pytest.raises(ValueError, match=r"broken network.*Export it anew"):
            OnnxTagger(folder)
    (folder / name).unlink()
    with pytest.raises(ValueError, match=f"lacks {name}"):
        OnnxTagger(folder)


def test_without_the_runtime_the_extra_is_named():
    with mock.patch.dict(sys.modules, {"onnxruntime": None}), pytest.raises(ImportError, match=r"dicmt\[onnx\]"):
        importlib.reload(onnx_dicmt)
    importlib.reload(onnx_dicmt)


def test_recognition_imports_nothing_of_torchs():
    """Where PyTorch is not installed transformers does without it; none of our own modules may ask for it."""
    code = (
        "import sys, transformers.utils.import_utils\n"
        "import modeling_dicmt.onnx.pipeline\n"
        "own = [name for name in sys.modules if name.startswith('modeling_dicmt.')]\n"
        "asked = [name for name in own if any(\n"
        "    getattr(value, '__name__', '') == 'torch' for value in vars(sys.modules[name]).values())]\n"
        "print(asked, 'torchcrf' in sys.modules, 'modeling_dicmt.modeling_dicmt' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[] False False"


class TestCommand:
    def run(self, *arguments):
        with mock.patch.object(sys, "argv", ["onnx_export", *map(str, arguments)]):
            onnx_export.run()

    def test_it_writes_what_the_pipeline_reads(self, checkpoint, tmp_path, capsys):
        self.run("--model_name_or_path", checkpoint, "--output_dir", tmp_path / "out")
        assert f"Wrote {tmp_path / 'out'}" in capsys.readouterr().out
        assert OnnxPipeline(tmp_path / "out")(TEXTS[0])
        self.run("--model_name_or_path", checkpoint, "--output_dir", tmp_path / "out", "--quantize")

    def test_it_replaces_no_other_folder(self, checkpoint, tmp_path):
        (tmp_path / "letters.txt").write_text("dear", encoding="utf-8")
        with pytest.raises(ValueError, match="something else than an export"):
            self.run("--model_name_or_path", checkpoint, "--output_dir", tmp_path)
        assert (tmp_path / "letters.txt").read_text(encoding="utf-8") == "dear"
