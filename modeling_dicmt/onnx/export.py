"""Export a trained network for ONNX Runtime; the command is in `__main__.py`."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import torch
from torch import Tensor, nn

from ..bilstm import BiLSTM
from ..files import replace_folder
from ..modeling_dicmt import DicMTForTokenClassification
from ..modeling_dicmt_nested import DicMTForNestedEntities
from ..tokenization_dicmt import DicMTTokenizer
from ..torch_tagger import chain_of
from .pipeline import MODEL_FILE, OnnxTagger
from .span_scores import SPAN_INPUTS, SpanScores

# The first with BitwiseXor, which hashes bigrams.
OPSET = 18


class ExportedNetwork(nn.Module):
    """The network up to emissions, or what characters give to spans, and segmentation logits, in operations of ONNX.

    Args:
        model: The network, which is copied.
    """

    def __init__(self, model: DicMTForTokenClassification | DicMTForNestedEntities):
        super().__init__()
        self.model = deepcopy(model).cpu().float().eval()
        encoder = self.model.dicmt.representation.encoder
        if encoder is not None:
            encoder.model.set_attn_implementation("eager")
        for module in self.model.modules():
            if isinstance(module, BiLSTM):
                module.forward = module.forward_packed
        config = model.config
        self.input_names = ["input_ids", "attention_mask"]
        self.input_names += ["radical_ids"] if config.radical_embedding_size else []
        self.input_names += ["dictionary_features"] if config.dictionary_feature_size else []
        if config.scores_spans:
            self.output_names = [*SPAN_INPUTS]
        else:
            self.output_names = ["emissions"] if config.recognition_task else []
        self.output_names += ["segmentation_logits"] if config.segmentation_task else []
        self.eval()  # the exporter gives a module back in the mode that it had, with all that is in it

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Inputs and outputs in the order of their names; (B, L, …), padded at the right."""
        named = dict(zip(self.input_names, inputs, strict=True))
        model = self.model
        states = model.dicmt.states(**named | {"attention_mask": named["attention_mask"].bool()})
        outputs: list[Tensor] = []
        if model.config.scores_spans:
            of_characters = model.spans.of_characters(states)
            outputs += [getattr(of_characters, name) for name in SPAN_INPUTS]
        elif model.classifier is not None:
            outputs.append(model.classifier(states))
        if model.segmenter is not None:
            outputs.append(model.segmenter(states).squeeze(-1))
        return tuple(outputs)


def export_onnx(
    model: DicMTForTokenClassification | DicMTForNestedEntities,
    tokenizer: DicMTTokenizer,
    folder: str | Path,
    quantize: bool = False,
) -> Path:
    """Write a network with all that it needs, so that `folder` holds the whole of it or is as it was.

    Args:
        model: The network.
        tokenizer: Its tokenizer.
        folder: The folder to make or replace.
        quantize: Whether to store matrices as 8-bit integers (dynamic quantisation).

    Returns:
        The folder.

    Raises:
        ValueError: If what was written does not say what the network says.
    """

    def write(target: Path) -> None:
        exported = ExportedNetwork(model)
        _write_graph(exported, target / MODEL_FILE)
        (_scores_of_spans(model) if model.config.scores_spans else chain_of(model)).save(target)
        model.config.save_pretrained(target)
        tokenizer.save_pretrained(target)
        _check(exported, target)
        if quantize:
            _quantize(target / MODEL_FILE)

    replace_folder(folder, write)
    return Path(folder)


def _scores_of_spans(model: DicMTForNestedEntities) -> SpanScores:
    """The scores of spans that are none of their characters'."""
    head = model.spans
    length = head.length.detach().cpu().float().numpy().copy()
    if head.evidence is None:
        return SpanScores(length, np.zeros((0, head.num_types), dtype=np.float32))
    return SpanScores(length, head.evidence.detach().cpu().float().numpy().copy())


def _write_graph(exported: ExportedNetwork, path: Path) -> None:
    shapes = {name: {0: "batch", 1: "length"} for name in (*exported.input_names, *exported.output_names)}
    with _with_integer_xor(), _without_native_warnings(), warnings.catch_warnings(), torch.inference_mode():
        # That this exporter is the older one (the newer fails on an LSTM of any length), and what tracing cannot see:
        # checks of shapes, which are true of every batch.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            exported,
            tuple(_example(exported).values()),
            str(path),
            input_names=exported.input_names,
            output_names=exported.output_names,
            dynamic_axes=shapes,
            opset_version=OPSET,
            dynamo=False,
        )


def _example(exported: ExportedNetwork, batch: int = 2, length: int = 6) -> dict[str, Tensor]:
    config = exported.model.config
    generator = torch.Generator().manual_seed(0)
    mask = torch.ones(batch, length, dtype=torch.int64)
    mask[-1, length // 2 :] = 0
    features = torch.randint(0, 2, (batch, length, config.dictionary_feature_size), generator=generator)
    values = {
        "input_ids": torch.randint(2, config.vocab_size, (batch, length), generator=generator),
        "attention_mask": mask,
        "radical_ids": torch.randint(1, config.num_radicals, (batch, length), generator=generator).to(torch.uint8),
        "dictionary_features": features.to(torch.uint8),
    }
    values["input_ids"] = values["input_ids"].masked_fill(mask == 0, config.pad_token_id)
    return {name: values[name] for name in exported.input_names}


@contextmanager
def _with_integer_xor() -> Iterator[None]:
    """Teach the exporter an operation that ONNX has and it lacks."""

    def xor(graph, left, right):
        return graph.op("BitwiseXor", left, right)

    names = ("aten::__xor__", "aten::bitwise_xor")
    for name in names:
        torch.onnx.register_custom_op_symbolic(name, xor, OPSET)
    try:
        yield
    finally:
        for name in names:
            torch.onnx.unregister_custom_op_symbolic(name, OPSET)


@contextmanager
def _without_native_warnings() -> Iterator[None]:
    """Hide what the exporter's C++ part prints of an LSTM's packed sequences; no filter of Python's reaches it."""
    sys.stderr.flush()
    shown = os.dup(2)
    with TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(shown, 2)
            os.close(shown)


def _check(exported: ExportedNetwork, folder: Path) -> None:
    """Compare with the network on a batch of another shape than the one that was traced."""
    model = exported.model
    inputs = _example(exported, batch=3, length=11)
    if model.config.scores_spans and model.config.num_span_sources:
        lengths = inputs["attention_mask"].sum(1).tolist()
        last = model.config.num_span_sources - 1
        inputs["span_evidence"] = torch.tensor([[[0, 1, 0], [length - 1, length, last]] for length in lengths])
    batch = OnnxTagger(folder).tag({name: tensor.numpy() for name, tensor in inputs.items()})
    with torch.inference_mode():
        expected = model(**inputs)
    inside = batch.mask
    name = "span_scores" if model.config.scores_spans else "emissions"
    if getattr(expected, name) is not None and not np.allclose(
        getattr(batch, name)[inside], getattr(expected, name).numpy()[inside], atol=1e-4, rtol=1e-4
    ):
        raise ValueError(f"The exported network does not give the network's {name}: do not use it.")


def _quantize(path: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    whole = path.with_name("whole.onnx")
    path.rename(whole)
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # it advises on stderr what it then does itself
    try:
        quantize_dynamic(whole, path, weight_type=QuantType.QInt8)
    finally:
        root.setLevel(level)
        whole.unlink()
