"""DicMT on ONNX Runtime: the same entities as the pipeline's, without PyTorch.

`export_onnx` writes the folder that is read here: the network up to the CRF's emissions, or what characters give to the
scores of spans, as `model.onnx`, the CRF or the other scores of spans as numpy arrays beside it, configuration,
tokenizer, dictionary and radicals.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..configuration_dicmt import DicMTConfig
from ..configuration_dicmt_nested import CONFIGURATIONS
from ..crf_numpy import CRF_FILE, NumpyCRF
from ..prediction import TaggedBatch, fast_batch
from ..recognition import EntityRecognizer
from ..recognition_settings import join_settings, read_settings
from ..tokenization_dicmt import DicMTTokenizer
from .span_scores import SPAN_INPUTS, SPANS_FILE, SpanScores

try:
    import onnxruntime
except ImportError as error:
    raise ImportError('ONNX inference needs onnxruntime. Install it with: pip install "dicmt[onnx]"') from error

MODEL_FILE = "model.onnx"
DECODER_FILES = (CRF_FILE, SPANS_FILE)
"""What an export has one of, beside the network: what its entities are found by."""


class OnnxTagger:
    """Tags batches with an exported network.

    Args:
        folder: What `export_onnx` wrote.
        threads: Threads of the runtime. Default, as `TorchTagger`'s: one without an encoder, else all cores.
        providers: Execution providers of the runtime; default: the CPU's.

    Raises:
        ValueError: If the folder holds no exported network, or a broken one.
    """

    def __init__(self, folder: str | os.PathLike, threads: int | None = None, providers: list[str] | None = None):
        folder = Path(folder)
        _check_presence(folder, "config.json")
        kind = DicMTConfig.get_config_dict(folder)[0].get("model_type")
        if not isinstance(kind, str) or kind not in CONFIGURATIONS:
            raise ValueError(f"{folder} holds no exported network: model_type of its config.json is none of DicMT's.")
        self.config = CONFIGURATIONS[kind].from_pretrained(folder)
        scores_spans = self.config.scores_spans
        _check_presence(folder, MODEL_FILE, SPANS_FILE if scores_spans else CRF_FILE)
        has_encoder = self.config.encoder_config is not None
        self.batch_characters = fast_batch(self.config)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or (0 if has_encoder else 1)  # 0 for all cores
        try:
            self.chain = None if scores_spans else NumpyCRF.load(folder)
            if self.chain is not None and len(self.chain.start) != self.config.num_labels:
                raise ValueError(f"{CRF_FILE} has scores of {len(self.chain.start)} tags, not {self.config.num_labels}")
            self._spans = SpanScores.load(folder, self.config) if scores_spans else None
            self._session = onnxruntime.InferenceSession(
                folder / MODEL_FILE, options, providers=providers or ["CPUExecutionProvider"]
            )
            self._inputs = [item.name for item in self._session.get_inputs()]
            self._outputs = [item.name for item in self._session.get_outputs()]
            if scores_spans and not {*self._outputs} >= {*SPAN_INPUTS}:
                raise ValueError(f"{MODEL_FILE} gives {', '.join(self._outputs)}, but {', '.join(SPAN_INPUTS)} are due")
        except Exception as error:  # the runtime has errors of its own, with no base class but this
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise ValueError(f"{folder} holds a broken network: {reason}. Export it anew.") from error

    def tag(self, inputs: Mapping[str, np.ndarray]) -> TaggedBatch:
        """Tag a batch as `pad_sentences` gives it."""
        found = dict(
            zip(self._outputs, self._session.run(None, {name: inputs[name] for name in self._inputs}), strict=True)
        )
        mask = inputs["attention_mask"].astype(bool)
        segmentation = found.pop("segmentation_logits", None)
        in_entity = None if segmentation is None else segmentation > 0
        if not all(np.isfinite(scores).all() for scores in found.values()):
            raise ValueError("The exported network gives scores that are no finite numbers: export it anew.")
        if self._spans is not None:
            scores = self._spans(*map(found.get, SPAN_INPUTS), mask, inputs.get("span_evidence"))
            return TaggedBatch(None, mask, None, in_entity, scores)
        emissions = found.get("emissions")
        return TaggedBatch(
            emissions, mask, None if emissions is None else self.chain.viterbi(emissions, mask), in_entity
        )


def _check_presence(folder: Path, *names: str) -> None:
    for name in names:
        if not (folder / name).is_file():
            raise ValueError(
                f"{folder} holds no exported network: it lacks {name}. Write it with `python -m modeling_dicmt.onnx`."
            )


class OnnxPipeline:
    """Recognises entities as `DicMTPipeline` does: the same inputs, settings and answers.

    Args:
        folder: What `export_onnx` wrote.
        threads: See `OnnxTagger`.
        providers: Execution providers of the runtime; default: the CPU's.
        **settings: See `RecognitionSettings`.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        threads: int | None = None,
        providers: list[str] | None = None,
        **settings: Any,
    ):
        self.settings = read_settings(settings)
        tagger = OnnxTagger(folder, threads, providers)
        self.tokenizer = DicMTTokenizer.from_pretrained(folder)
        self.recognizer = EntityRecognizer(tagger, self.tokenizer)

    def __call__(self, inputs: str | Iterable[str], **settings: Any) -> list[dict[str, Any]] | Iterable[Any]:
        """Entities of a record, or of each of many; see `DicMTPipeline`."""
        return self.recognizer(inputs, join_settings(self.settings, read_settings(settings)))
