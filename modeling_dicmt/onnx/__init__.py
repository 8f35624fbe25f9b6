"""DicMT on ONNX Runtime: `python -m modeling_dicmt.onnx` exports, `OnnxPipeline` recognises without PyTorch.

Names are imported when they are first used: the pipeline needs nothing of what exports.
"""

from importlib import import_module
from typing import Any

_MODULE_OF = {"OnnxPipeline": "pipeline", "export_onnx": "export"}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
