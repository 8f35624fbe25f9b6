"""DicMT on ONNX Runtime: `python -m modeling_dicmt.onnx` exports, `OnnxPipeline` recognises without PyTorch."""
