"""The network on PyTorch as a tagger of sentences."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel

from .crf_numpy import NumpyCRF
from .prediction import TaggedBatch, fast_batch
from .recognition import EntityRecognizer, with_type
from .tokenization_dicmt import DicMTTokenizer

_THREADS_LOCK = threading.Lock()


class TorchTagger:
    """Tags batches with a network, on the network's device; it is put into evaluation mode.

    Args:
        model: The network.
        cpu_threads: Threads that torch uses for a batch. Default: on a CPU and without an encoder one, since more gain
            little there, and wait for each other many times as long as soon as another program uses one of the cores;
            else as many as torch is set to.

    Raises:
        ValueError: If `cpu_threads` is no number of threads.
    """

    def __init__(self, model: PreTrainedModel, cpu_threads: int | None = None):
        if cpu_threads is not None and (type(cpu_threads) is not int or cpu_threads < 1):
            raise ValueError(f"cpu_threads must be a whole number from 1 on, got {cpu_threads!r}.")
        self.model = model.eval()
        self.config = model.config
        on_cpu, has_encoder = model.device.type == "cpu", model.config.encoder_config is not None
        self.cpu_threads = 1 if cpu_threads is None and on_cpu and not has_encoder else cpu_threads
        self.batch_characters = fast_batch(self.config, on_cpu)

    @property
    def chain(self) -> NumpyCRF | None:
        """The chain of the network's tags, as its weights are now; None of a network that scores spans."""
        return chain_of(self.model)

    @torch.inference_mode()
    def tag(self, inputs: Mapping[str, np.ndarray]) -> TaggedBatch:
        """Tag a batch as `pad_sentences` gives it."""
        tensors = {name: torch.from_numpy(array).to(self.model.device) for name, array in inputs.items()}
        if self.config.scores_spans:
            return self._score_spans(tensors, inputs["attention_mask"].astype(bool))
        with threads_of_torch(self.cpu_threads):
            output = self.model(**tensors, output_logits=False)
        emissions, tags, in_entity = output.emissions, output.predictions, output.segmentation_logits
        return TaggedBatch(
            None if emissions is None else emissions.float().cpu().numpy(),
            inputs["attention_mask"].astype(bool),
            None if tags is None else tags.cpu().numpy(),
            None if in_entity is None else (in_entity > 0).cpu().numpy(),
        )

    def _score_spans(self, tensors: Mapping[str, torch.Tensor], mask: np.ndarray) -> TaggedBatch:
        with threads_of_torch(self.cpu_threads):
            output = self.model(**tensors)
        in_entity = output.segmentation_logits
        return TaggedBatch(
            None,
            mask,
            None,
            None if in_entity is None else (in_entity > 0).cpu().numpy(),
            output.span_scores.float().cpu().numpy(),
        )


def chain_of(model: PreTrainedModel) -> NumpyCRF | None:
    """The chain that a network's tags are decoded by, as its weights are now; independent tags are one as well.

    None of a network that scores spans.
    """
    if model.config.scores_spans:
        return None
    if model.crf is None:
        return NumpyCRF.independent(model.config.num_labels)
    return NumpyCRF(*(scores.detach().cpu().numpy().copy() for scores in model.crf.chain()))


@contextmanager
def threads_of_torch(number: int | None) -> Iterator[None]:
    """Let torch use so many threads for what the calling thread does here, and for nothing else; None changes nothing.

    torch keeps the number for each thread that it has been called from, and one for those to come, and sets both at
    once: the second is set back from a thread that ends at once. A lock keeps others here from seeing it in between.
    """
    with _THREADS_LOCK:
        before = torch.get_num_threads()
        if number not in (None, before):
            torch.set_num_threads(number)
            back = threading.Thread(target=torch.set_num_threads, args=(before,))
            back.start()
            back.join()
    try:
        yield
    finally:
        if number not in (None, before):
            torch.set_num_threads(before)


def predict_entities(
    model: PreTrainedModel,
    tokenizer: DicMTTokenizer,
    texts: Iterable[str],
    batch_characters: int | None = None,
) -> list[list[dict[str, Any]]]:
    """Entities of records of any length.

    Args:
        model: The network.
        tokenizer: Its tokenizer, with the dictionary to use.
        texts: The records' texts.
        batch_characters: Characters of a batch, padding included; None for what is fast.

    Returns:
        For each record its entities in the text's order: `start`, `end` (exclusive), `type`, `word`, which is
        `text[start:end]`, and `score`, the probability that just this stretch is an entity of the type.

    Raises:
        ValueError: If the network was trained for segmentation alone, or a text is no string, or `texts` is one.
    """
    if isinstance(texts, str):  # whose characters would be records
        raise ValueError("texts must be a list of records' texts, got one string: put it into a list.")
    found = EntityRecognizer(TorchTagger(model), tokenizer)(list(texts), {"batch_characters": batch_characters})
    return [[with_type(entity) for entity in entities] for entities in found]
