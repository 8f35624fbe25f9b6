"""DicMT on ONNX Runtime: `python -m modeling_dicmt.onnx` exports, `OnnxPipeline` recognises without PyTorch.

Names are imported when they are first used: the pipeline needs nothing of what exports.
"""

from .. import lazy_names

_MODULE_OF = {"OnnxPipeline": ".pipeline", "export_onnx": ".export"}

__all__ = sorted(_MODULE_OF)
__getattr__, __dir__ = lazy_names(__name__, _MODULE_OF)
