"""A checkpoint as the start of a training, also one of another label set."""

import logging
from collections.abc import Iterator, Sequence

import torch

from ..commands.checkpoint import load_config, load_network
from ..configuration_dicmt import DicMTConfig
from ..modeling_dicmt import DicMTForTokenClassification
from ..tokenization_dicmt import DicMTTokenizer
from ..vetted_terms import BITS_OF_TYPE

logger = logging.getLogger(__name__)


def types_as_in_checkpoint(path: str, entity_types: Sequence[str]) -> list[str]:
    """The entity types, in the checkpoint's order if they are the same: weights and codes then keep their meaning."""
    before = load_config(path).entity_types
    return list(before) if set(before) == set(entity_types) else list(entity_types)


def transfer_network(path: str, tokenizer: DicMTTokenizer, by_spans: bool = False) -> DicMTForTokenClassification:
    """A checkpoint's network for a tokenizer that may have other entity types or n-gram sizes.

    `from_pretrained` carries over the shared layers and initialises the rest. What it cannot know is kept here: labels
    that both have, by their names, and the BiLSTM's columns of all inputs but the dictionary's codes.

    Args:
        path: The checkpoint.
        tokenizer: The tokenizer of what is trained.
        by_spans: Whether that scores spans.

    Raises:
        ValueError: If the checkpoint is of the other kind, or scores spans and would need other weights.
    """
    before = load_network(path)
    if before.config.scores_spans != by_spans:
        kind = "spans" if before.config.scores_spans else "tags"
        raise ValueError(f"{path} is a network with another head: pass --head {kind}, or train a new one.")
    ngram_sizes = list(tokenizer.init_kwargs["ngram_sizes"])
    if before.config.entity_types == tokenizer.entity_types and list(before.config.ngram_sizes) == ngram_sizes:
        return before
    if before.config.scores_spans:
        raise ValueError(
            f"{path} scores spans, and was trained with other entity types, or n-gram sizes: train a new network, or "
            "this one on its own entity types and dictionary."
        )
    network, _ = DicMTForTokenClassification.from_pretrained(
        path,
        entity_types=tokenizer.entity_types,
        ngram_sizes=ngram_sizes,
        vetted_terms=tokenizer.init_kwargs["vetted_terms"],
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
    shared_types = [name for name in network.config.entity_types if name in before.config.entity_types]
    for name, tensor in network.state_dict().items():
        old = source.get(name)
        if old is None:
            yield name
        elif name == "crf.transitions":
            tensor[new_rows[:, None], new_rows] = old[old_rows[:, None], old_rows]
        elif name.startswith(network.label_modules):
            tensor[new_rows] = old[old_rows]
        elif name.startswith("dicmt.context.weight_ih"):  # the last columns are those of the dictionary
            new_columns = network.config.dictionary_feature_size
            width = tensor.size(1) - new_columns
            tensor[:, :width] = old[:, :width]
            if new_columns:
                # As an LSTM begins; of the same width, they would keep weights of other types' codes.
                bound = network.config.lstm_hidden_size**-0.5
                tensor[:, width:].uniform_(-bound, bound)
                yield f"the dictionary's columns of {name}"
            if network.config.vetted_terms and before.config.vetted_terms:
                vetted, old_vetted = (_vetted_columns(model.config, shared_types) for model in (network, before))
                tensor[:, vetted] = old[:, old_vetted]
    new = [label for label in ids if label not in old_ids]
    if new:
        yield f"labels {', '.join(new)}"


def _vetted_columns(config: DicMTConfig, types: Sequence[str]) -> list[int]:
    """Which of the last columns of the BiLSTM's inputs are those of vetted terms of these types."""
    first = -BITS_OF_TYPE * len(config.entity_types)
    places = [config.entity_types.index(name) for name in types]
    return [first + BITS_OF_TYPE * place + bit for place in places for bit in range(BITS_OF_TYPE)]
