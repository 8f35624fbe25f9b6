"""What the benchmarks of a trained network share: their arguments, and the corpus's development part that it reads."""

from dataclasses import dataclass, field

import torch

from data_scripts.arguments import DataArguments
from data_scripts.records import Records, load_records
from modeling_dicmt.commands.checkpoint import load_network, load_tokenizer
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer


@dataclass
class BenchmarkArguments:
    """What is measured."""

    model_name_or_path: str = field(metadata={"help": "Folder of a trained network."})
    dataset_name: str = field(default="sample", metadata={"help": "Corpus whose development part is read."})
    data_dir: str | None = field(default=None, metadata={"help": "The corpus's folder."})
    threads: int = field(default=1, metadata={"help": "Threads of each runtime."})
    quick: bool = field(default=False, metadata={"help": "Little of everything: ten records."})


def load(arguments: BenchmarkArguments) -> tuple[DicMTForTokenClassification, DicMTTokenizer, Records]:
    """Network, tokenizer and records."""
    torch.set_num_threads(arguments.threads)
    parts, _ = load_records(DataArguments(dataset_name=arguments.dataset_name, data_dir=arguments.data_dir))
    path = arguments.model_name_or_path
    return load_network(path), load_tokenizer(path), parts["validation"][: 10 if arguments.quick else None]
