"""Export a trained network for ONNX Runtime.

    python -m modeling_dicmt.onnx.export --model_name_or_path OUT --output_dir ONNX

writes a folder that `modeling_dicmt.onnx.pipeline.OnnxPipeline` reads, with the same interface and the same entities as
the pipeline on PyTorch. --quantize stores the matrices as 8-bit integers: a smaller file, and scores that differ.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..bilstm import BiLSTM
from ..commands.checkpoint import load_network, load_tokenizer
from ..commands.command_line import parse_arguments, run_command
from ..crf_numpy import NumpyCRF
from ..files import replace_folder
from ..modeling_dicmt import DicMTForTokenClassification
from ..tokenization_dicmt import DicMTTokenizer
from .pipeline import MODEL_FILE, OnnxTagger

logger = logging.getLogger(__name__)

# The first with BitwiseXor, which hashes bigrams.
OPSET = 18


class ExportedNetwork(nn.Module):
    """The network up to emissions and segmentation logits, in operations that ONNX has.

    Args:
        model: The network, which is copied.
    """

    def __init__(self, model: DicMTForTokenClassification):
        super().__init__()
        self.model = deepcopy(model).cpu().float().eval()
        encoder = self.model.representation.encoder
        if encoder is not None:
            encoder.model.set_attn_implementation("eager")
        for module in self.model.modules():
            if isinstance(module, BiLSTM):
                module.forward = module.forward_packed
        config = model.config
        self.input_names = ["input_ids", "attention_mask"]
        self.input_names += ["radical_ids"] if config.radical_embedding_size else []
        self.input_names += ["dictionary_features"] if config.dictionary_feature_size else []
        self.output_names = ["emissions"] if config.recognition_task else []
        self.output_names += ["segmentation_logits"] if config.segmentation_task else []
        self.eval()  # the exporter gives a module back in the mode that it had, with all that is in it

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Inputs and outputs in the order of their names; (B, L, …), padded at the right."""
        named = dict(zip(self.input_names, inputs, strict=True))
        model, mask = self.model, named["attention_mask"]
        states = model.shared_states(
            named["input_ids"],
            mask.bool(),
            mask.sum(1).clamp(min=1),
            named.get("radical_ids"),
            named.get("dictionary_features"),
        )
        outputs = []
        if model.classifier is not None:
            outputs.append(model.classifier(states))
        if model.segmenter is not None:
            outputs.append(model.segmenter(states).squeeze(-1))
        return tuple(outputs)


def export_onnx(
    model: DicMTForTokenClassification, tokenizer: DicMTTokenizer, folder: str | Path, quantize: bool = False
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
        _numpy_crf(model).save(target)
        model.config.save_pretrained(target)
        tokenizer.save_pretrained(target)
        _check(exported, target)
        if quantize:
            _quantize(target / MODEL_FILE)

    replace_folder(folder, write)
    return Path(folder)


def _write_graph(exported: ExportedNetwork, path: Path) -> None:
    shapes = {name: {0: "batch", 1: "length"} for name in (*exported.input_names, *exported.output_names)}
    with _with_integer_xor(), _with_plain_attention(), warnings.catch_warnings(), torch.inference_mode():
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
def _with_plain_attention() -> Iterator[None]:
    """Keep torch from running attention as one operation that ONNX has not."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _numpy_crf(model: DicMTForTokenClassification) -> NumpyCRF:
    tags = model.config.num_labels
    if model.crf is None:  # independent tags are a chain whose transitions say nothing
        nothing = np.zeros(tags, dtype=np.float32)
        return NumpyCRF(nothing, np.zeros((tags, tags), dtype=np.float32), nothing)
    return NumpyCRF(*(scores.detach().cpu().numpy() for scores in model.crf.chain()))


def _check(exported: ExportedNetwork, folder: Path) -> None:
    """Compare with the network on a batch of another shape than the one that was traced."""
    inputs = _example(exported, batch=3, length=11)
    with torch.inference_mode():
        expected = dict(zip(exported.output_names, exported(*inputs.values()), strict=True))
    labels = OnnxTagger(folder, threads=1).label({name: tensor.numpy() for name, tensor in inputs.items()})
    inside = labels.mask
    if "emissions" in expected and not np.allclose(
        labels.emissions[inside], expected["emissions"].numpy()[inside], atol=1e-4, rtol=1e-4
    ):
        raise ValueError("The exported network does not give the network's emissions: do not use it.")


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


@dataclass
class ExportArguments:
    """What is exported, and where to."""

    model_name_or_path: str = field(metadata={"help": "Folder of a trained network, or its name on the Hub."})
    output_dir: str = field(metadata={"help": "Folder to write; what an earlier export left there is replaced."})
    quantize: bool = field(default=False, metadata={"help": "Store matrices as 8-bit integers."})


def run() -> None:
    (arguments,) = parse_arguments((ExportArguments,), __doc__)
    target = Path(arguments.output_dir)
    if target.exists() and any(target.iterdir()) and not (target / MODEL_FILE).is_file():
        raise ValueError(f"{target} holds something else than an export: pass another --output_dir.")
    network, tokenizer = load_network(arguments.model_name_or_path), load_tokenizer(arguments.model_name_or_path)
    folder = export_onnx(network, tokenizer, target, arguments.quantize)
    size = (folder / MODEL_FILE).stat().st_size
    print(f"Wrote {folder} ({MODEL_FILE}: {size:,} bytes).")


if __name__ == "__main__":
    run_command(run)
