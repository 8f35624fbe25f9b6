"""Exports: what is written says what the network says, whole or not at all; the command."""

import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from onnx_networks import make
from tiny_network import RECORDS, SENTENCES, make_model, make_tokenizer

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from modeling_dicmt.onnx import OnnxPipeline, export, export_onnx, pipeline
from modeling_dicmt.onnx.__main__ import run
from modeling_dicmt.onnx.pipeline import OnnxTagger
from modeling_dicmt.prediction import pad_sentences
from modeling_dicmt.torch_tagger import TorchTagger

ROOT = Path(__file__).resolve().parents[2]

# What 8-bit matrices may cost an emission on average, as a share of all emissions' standard deviation. The tiny
# network's weights are large; on trained networks F1 changes by a few hundredths of a per cent (benchmarks).
INT8_TOLERANCE = 0.1


def test_emissions_are_the_networks_whatever_the_batch(exported):
    model, tokenizer, folder = exported
    tagger = OnnxTagger(folder, threads=1)
    sentences = list(tokenizer.encode_records(SENTENCES))
    for chosen in ([0, 1, 2, 3], [3, 1], [3], [2, 2]):
        inputs = pad_sentences([sentences[index] for index in chosen], 0)
        batch = tagger.tag(inputs)
        with torch.inference_mode():
            output = model(**{name: torch.from_numpy(array) for name, array in inputs.items()})
        inside = batch.mask
        assert np.allclose(batch.emissions[inside], output.emissions.numpy()[inside], atol=1e-4)
        assert np.array_equal(batch.tags, output.predictions.numpy())
        if model.config.segmentation_task:
            assert np.array_equal(batch.in_entity[inside], (output.segmentation_logits > 0).numpy()[inside])
        else:
            assert batch.in_entity is None


def test_scores_of_spans_are_the_networks_whatever_the_batch(exported_spans):
    model, tokenizer, folder = exported_spans
    tagger = OnnxTagger(folder, threads=1)
    sentences = list(tokenizer.encode_records(SENTENCES))
    for chosen in ([0, 1, 2, 3], [3, 1], [3], [2, 2]):
        inputs = pad_sentences([sentences[index] for index in chosen], 0)
        batch, expected = tagger.tag(inputs), TorchTagger(model).tag(inputs)
        assert (batch.span_scores > -np.inf).any()
        np.testing.assert_allclose(batch.span_scores, expected.span_scores, atol=1e-4)
        if model.config.segmentation_task:
            assert np.array_equal(batch.in_entity[batch.mask], expected.in_entity[batch.mask])
        else:
            assert batch.in_entity is None
    assert tagger.batch_characters == TorchTagger(model).batch_characters and tagger.chain is None


def test_eight_bits_stay_near_for_spans_too(export, tmp_path):
    model, tokenizer, folder = export("spans")
    small = export_onnx(model, tokenizer, tmp_path / "small", quantize=True)
    assert (small / "model.onnx").stat().st_size < (folder / "model.onnx").stat().st_size
    inputs = pad_sentences(list(tokenizer.encode_records(SENTENCES)), 0)
    whole, rounded = (OnnxTagger(one, threads=1).tag(inputs).span_scores for one in (folder, small))
    within = whole > -np.inf
    assert np.array_equal(within, rounded > -np.inf)
    assert 0 < np.abs(whole[within] - rounded[within]).mean() < INT8_TOLERANCE * whole[within].std()


def test_eight_bits_stay_near(plain, tmp_path):
    model, tokenizer, folder = plain
    small = export_onnx(model, tokenizer, tmp_path / "small", quantize=True)
    assert {path.name for path in small.iterdir()} == {path.name for path in folder.iterdir()}
    assert (small / "model.onnx").stat().st_size < (folder / "model.onnx").stat().st_size
    inputs = pad_sentences(list(tokenizer.encode_records(SENTENCES)), 0)
    whole, rounded = (OnnxTagger(one, threads=1).tag(inputs) for one in (folder, small))
    difference = np.abs(whole.emissions - rounded.emissions)[whole.mask]
    assert 0 < difference.mean() < INT8_TOLERANCE * whole.emissions[whole.mask].std()
    assert (whole.tags == rounded.tags)[whole.mask].mean() > 0.95


def test_a_network_that_only_segments_is_exported_and_tags(tmp_path):
    model, tokenizer = make_model(recognition_task=False), make_tokenizer()
    folder = export_onnx(model, tokenizer, tmp_path / "network")
    batch = OnnxTagger(folder).tag(pad_sentences(list(tokenizer.encode_records(SENTENCES)), 0))
    assert batch.tags is None and batch.in_entity.any()
    with pytest.raises(ValueError, match="segment"):
        OnnxPipeline(folder)


def test_an_export_replaces_the_last_one_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "network"
    export_onnx(*make("plain"), folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with mock.patch.object(export, "_check", side_effect=ValueError("no")), pytest.raises(ValueError, match="no"):
        export_onnx(*make("softmax"), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["network"]


@pytest.mark.parametrize(("network", "shape", "name"), [("plain", (7,), "emissions"), ("spans", (3, 7), "span_scores")])
def test_an_export_that_says_something_else_is_refused(tmp_path, network, shape, name):
    model, tokenizer = make(network)
    with mock.patch.object(pipeline.OnnxTagger, "tag") as tag:
        tag.side_effect = lambda inputs: mock.Mock(
            mask=inputs["attention_mask"].astype(bool), **{name: np.zeros((*inputs["input_ids"].shape, *shape))}
        )
        with pytest.raises(ValueError, match=f"does not give the network's {name}"):
            export_onnx(model, tokenizer, tmp_path / "network")
    assert not list(tmp_path.iterdir())


class TestCommand:
    def run(self, *arguments):
        with mock.patch.object(sys, "argv", ["modeling_dicmt.onnx", *map(str, arguments)]):
            run()

    def test_it_writes_what_the_pipeline_reads(self, checkpoint, tmp_path, capsys):
        self.run("--model_name_or_path", checkpoint, "--output_dir", tmp_path / "out")
        assert f"Wrote {tmp_path / 'out'}" in capsys.readouterr().out
        assert OnnxPipeline(tmp_path / "out")(RECORDS[0])
        self.run("--model_name_or_path", checkpoint, "--output_dir", tmp_path / "out", "--quantize")

    def test_an_export_of_spans_is_replaced_by_one_of_tags_and_back(self, checkpoint, export, tmp_path):
        model, tokenizer, _ = export("spans")
        for part in (model, tokenizer):
            part.save_pretrained(tmp_path / "spans")
        for source in (tmp_path / "spans", checkpoint, tmp_path / "spans"):
            self.run("--model_name_or_path", source, "--output_dir", tmp_path / "out")
            assert OnnxPipeline(tmp_path / "out")(RECORDS[0])
        assert not (tmp_path / "out" / "crf.npz").exists()

    def test_the_exporter_warned_of_packed_sequences(self, checkpoint, tmp_path, capfd):
        self.run("--model_name_or_path", checkpoint, "--output_dir", tmp_path / "out")
        assert capfd.readouterr().err == ""

    def test_a_mistyped_checkpoint_was_told_after_seven_seconds(self):
        code = (
            "import sys; from modeling_dicmt.onnx.__main__ import run\n"
            "sys.argv[1:] = ['--model_name_or_path', 'none', '--output_dir', 'out']\n"
            "try: run()\n"
            "except ValueError as error: print(error, 'torch' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.startswith("There is no folder none.") and done.stdout.endswith(" False\n")

    def test_it_replaces_no_other_folder(self, checkpoint, tmp_path):
        (tmp_path / "letters.txt").write_text("dear", encoding="utf-8")
        with pytest.raises(ValueError, match="something else than an export"):
            self.run("--model_name_or_path", checkpoint, "--output_dir", tmp_path)
        assert (tmp_path / "letters.txt").read_text(encoding="utf-8") == "dear"

    def test_an_export_into_the_folder_of_the_network_removed_it(self, checkpoint, tmp_path):
        """A folder that held `model.onnx` was taken for an export, and replaced with all in it."""
        folder = shutil.copytree(checkpoint, tmp_path / "outputs" / "model")
        for name in ("model.onnx", "crf.npz"):
            (folder / name).touch()
            (folder.parent / name).touch()
        for target in (folder, folder.parent, folder / ".." / "model"):
            with pytest.raises(ValueError, match="holds the network that is exported"):
                self.run("--model_name_or_path", folder, "--output_dir", target)
        with pytest.raises(ValueError, match="something else than an export"):
            self.run("--model_name_or_path", checkpoint, "--output_dir", folder)
        assert (folder / "model.safetensors").read_bytes() == (checkpoint / "model.safetensors").read_bytes()

    def test_it_is_run_as_a_module(self):
        command = [sys.executable, "-m", "modeling_dicmt.onnx", "--help"]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert "--output_dir" in result.stdout and not result.stderr
