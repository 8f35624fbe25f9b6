"""DicMT on ONNX Runtime: the same entities as the pipeline's, without PyTorch.

`export_onnx` writes the folder that is read here: the network up to the CRF's emissions as `model.onnx`, the CRF as
numpy arrays beside it, configuration, tokenizer, dictionary and radicals.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..configuration_dicmt import DicMTConfig
from ..crf_numpy import CRF_FILE, NumpyCRF
from ..prediction import BATCH_CHARACTERS, ENCODER_BATCH_CHARACTERS, TaggedBatch
from ..recognition import EntityRecognizer
from ..recognition_settings import join_settings, read_settings
from ..tokenization_dicmt import DicMTTokenizer

try:
    import onnxruntime
except ImportError as error:
    raise ImportError('ONNX inference needs onnxruntime. Install it with: pip install "dicmt[onnx]"') from error

MODEL_FILE = "model.onnx"


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
        for name in (MODEL_FILE, CRF_FILE, "config.json"):
            if not (folder / name).is_file():
                raise ValueError(
                    f"{folder} holds no exported network: it lacks {name}. Write it with "
                    "`python -m modeling_dicmt.onnx`."
                )
        self.config = DicMTConfig.from_pretrained(folder)
        has_encoder = self.config.encoder_config is not None
        self.batch_characters = ENCODER_BATCH_CHARACTERS if has_encoder else BATCH_CHARACTERS
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or (0 if has_encoder else 1)  # 0 for all cores
        try:
            self.chain = NumpyCRF.load(folder)
            if len(self.chain.start) != self.config.num_labels:
                raise ValueError(f"{CRF_FILE} has scores of {len(self.chain.start)} tags, not {self.config.num_labels}")
            self._session = onnxruntime.InferenceSession(
                folder / MODEL_FILE, options, providers=providers or ["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime has errors of its own, with no base class but this
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise ValueError(f"{folder} holds a broken network: {reason}. Export it anew.") from error
        self._inputs = [item.name for item in self._session.get_inputs()]
        self._outputs = [item.name for item in self._session.get_outputs()]

    def tag(self, inputs: Mapping[str, np.ndarray]) -> TaggedBatch:
        """Tag a batch as `pad_sentences` gives it."""
        found = dict(
            zip(self._outputs, self._session.run(None, {name: inputs[name] for name in self._inputs}), strict=True)
        )
        mask = inputs["attention_mask"].astype(bool)
        emissions, segmentation = found.get("emissions"), found.get("segmentation_logits")
        if emissions is not None and not np.isfinite(emissions).all():
            raise ValueError("The exported network gives scores that are no finite numbers: export it anew.")
        return TaggedBatch(
            emissions,
            mask,
            None if emissions is None else self.chain.viterbi(emissions, mask),
            None if segmentation is None else segmentation > 0,
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
