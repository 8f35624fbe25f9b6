"""Export a trained network for ONNX Runtime.

    python -m modeling_dicmt.onnx --model_name_or_path OUT --output_dir ONNX

writes a folder that `modeling_dicmt.onnx.OnnxPipeline` reads, with the same interface and the same entities as the
pipeline on PyTorch. --quantize stores the matrices as 8-bit integers: a smaller file, and scores that differ.
"""

from dataclasses import dataclass, field
from pathlib import Path

from ..commands.command_line import parse_arguments, run_command
from ..commands.places import check_output_dir, check_place


@dataclass
class ExportArguments:
    """What is exported, and where to."""

    model_name_or_path: str = field(metadata={"help": "Folder of a trained network, or its name on the Hub."})
    output_dir: str = field(metadata={"help": "Folder to write; what an earlier export left there is replaced."})
    quantize: bool = field(default=False, metadata={"help": "Store matrices as 8-bit integers."})


def run() -> None:
    (arguments,) = parse_arguments((ExportArguments,), __doc__)
    check_place(arguments.model_name_or_path)
    check_output_dir(arguments.output_dir)
    # What takes seconds to load waits until the arguments are known to be right.
    from ..commands.checkpoint import load_network, load_tokenizer
    from .export import export_onnx
    from .pipeline import DECODER_FILES, MODEL_FILE

    target = Path(arguments.output_dir)
    source = Path(arguments.model_name_or_path)
    if source.exists() and source.resolve().is_relative_to(target.resolve()):
        raise ValueError(
            f"{target} holds the network that is exported, which would be lost: pass another --output_dir."
        )
    if target.exists() and any(target.iterdir()) and not _is_export(target, MODEL_FILE, DECODER_FILES):
        raise ValueError(f"{target} holds something else than an export: pass another --output_dir.")
    network, tokenizer = load_network(arguments.model_name_or_path), load_tokenizer(arguments.model_name_or_path)
    folder = export_onnx(network, tokenizer, target, arguments.quantize)
    size = (folder / MODEL_FILE).stat().st_size
    print(f"Wrote {folder} ({MODEL_FILE}: {size:,} bytes).")


def _is_export(folder: Path, network: str, decoders: tuple[str, ...]) -> bool:
    """Whether a folder may be replaced: it holds an export, and nothing that an export does not have."""
    names = {path.name for path in folder.iterdir()}
    suffixes = {"" if path.is_dir() else path.suffix for path in folder.iterdir()}
    return network in names and not names.isdisjoint(decoders) and suffixes <= {".onnx", ".npz", ".json", ".tsv", ".py"}


def main() -> None:
    """Entry point of the console command `dicmt-export-onnx`."""
    run_command(run)


if __name__ == "__main__":
    main()
