"""A checkpoint as the start of a training, also one of another label set."""

import logging
from collections.abc import Iterator, Sequence

import torch

from ..commands.checkpoint import load_config, load_network
from ..modeling_dicmt import DicMTForTokenClassification
from ..tokenization_dicmt import DicMTTokenizer

logger = logging.getLogger(__name__)


def types_as_in_checkpoint(path: str, entity_types: Sequence[str]) -> list[str]:
    """The entity types, in the checkpoint's order if they are the same: weights and codes then keep their meaning."""
    before = load_config(path).entity_types
    return list(before) if set(before) == set(entity_types) else list(entity_types)


def transfer_network(path: str, tokenizer: DicMTTokenizer) -> DicMTForTokenClassification:
    """A checkpoint's network for a tokenizer that may have other entity types or n-gram sizes.

    `from_pretrained` carries over the shared layers and initialises the rest. What it cannot know is kept here: labels
    that both have, by their names, and the BiLSTM's columns of all inputs but the dictionary's codes.
    """
    before = load_network(path)
    ngram_sizes = list(tokenizer.init_kwargs["ngram_sizes"])
    if before.config.entity_types == tokenizer.entity_types and list(before.config.ngram_sizes) == ngram_sizes:
        return before
    network, _ = DicMTForTokenClassification.from_pretrained(
        path,
        entity_types=tokenizer.entity_types,
        ngram_sizes=ngram_sizes,
        ignore_mismatched_sizes=True,
        output_loading_info=True,
        dtype=torch.float32,
    )
    network.train()
    old_types, types = ", ".join(before.config.entity_types), ", ".join(network.config.entity_types)
    logger.warning("%s was trained to recognise %s; now it is %s.", path, old_types, types)
    logger.warning("Newly initialised, to be trained: %s.", "; ".join(_carry_over(before, network)))
    return network


@torch.no_grad()
def _carry_over(before: DicMTForTokenClassification, network: DicMTForTokenClassification) -> Iterator[str]:
    """Copy what has the same meaning in both and `from_pretrained` left out; yields what has no counterpart."""
    source, old_ids, ids = before.state_dict(), before.config.label2id, network.config.label2id
    shared = [label for label in ids if label in old_ids]
    new_rows = torch.tensor([ids[label] for label in shared], dtype=torch.long)
    old_rows = torch.tensor([old_ids[label] for label in shared], dtype=torch.long)
    for name, tensor in network.state_dict().items():
        old = source.get(name)
        if old is None:
            yield name
        elif name == "crf.transitions":
            tensor[new_rows[:, None], new_rows] = old[old_rows[:, None], old_rows]
        elif name.startswith(network.label_modules):
            tensor[new_rows] = old[old_rows]
        elif name.startswith("dicmt.context.weight_ih"):  # the last columns are those of the dictionary
            dictionary = network.config.dictionary_feature_size
            width = tensor.size(1) - dictionary
            tensor[:, :width] = old[:, :width]
            if dictionary:
                # As an LSTM begins; of the same width, they would keep weights of other types' codes.
                bound = network.config.lstm_hidden_size**-0.5
                tensor[:, width:].uniform_(-bound, bound)
                yield f"the dictionary's columns of {name}"
    new = [label for label in ids if label not in old_ids]
    if new:
        yield f"labels {', '.join(new)}"
