"""A checkpoint as the start of a training, also one of another label set or with another head."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

import torch
from transformers import PreTrainedConfig

from ..commands.checkpoint import RECOGNISERS, load_config, load_network
from ..configuration_dicmt import DicMTConfig
from ..configuration_dicmt_nested import DicMTNestedConfig
from ..modeling_dicmt import DicMTForTokenClassification
from ..modeling_dicmt_nested import DicMTForNestedEntities
from ..tokenization_dicmt import DicMTTokenizer
from ..vetted_terms import BITS_OF_TYPE
from .arguments import ModelArguments

logger = logging.getLogger(__name__)

# Settings of a network that its weights have the shape or the meaning of.
_SHAPING = ("model_type", "entity_types", "ngram_sizes", "vetted_terms", "span_lists", "max_span_length")


def types_as_in_checkpoint(path: str, entity_types: Sequence[str]) -> list[str]:
    """The entity types, in the checkpoint's order if they are the same: weights and codes then keep their meaning."""
    before = load_config(path).entity_types
    return list(before) if set(before) == set(entity_types) else list(entity_types)


def transfer_network(
    model: ModelArguments, tokenizer: DicMTTokenizer, by_spans: bool = False
) -> DicMTForTokenClassification | DicMTForNestedEntities:
    """A checkpoint's network for a tokenizer that may have other entity types, or for the other head.

    `from_pretrained` carries over the shared layers and initialises the rest. What it cannot know is kept here: what
    belongs to labels, or types, that both have, by their names, and the BiLSTM's columns of all inputs but the
    dictionary's codes.

    Args:
        model: Names the checkpoint; of its settings those of spans, unless 0 or "auto", are the network's.
        tokenizer: The tokenizer of what is trained.
        by_spans: Whether that scores spans.
    """
    path = model.model_name_or_path
    before = load_network(path)
    config = _config_for(before.config, model, tokenizer, by_spans)
    if all(getattr(config, name, None) == getattr(before.config, name, None) for name in _SHAPING):
        if by_spans:
            before.config.span_overlap = config.span_overlap
        return before
    network, _ = RECOGNISERS[type(config)].from_pretrained(
        path, config=config, ignore_mismatched_sizes=True, output_loading_info=True, dtype=torch.float32
    )
    network.train()
    if before.config.entity_types != config.entity_types:
        old_types, types = ", ".join(before.config.entity_types), ", ".join(config.entity_types)
        logger.warning("%s was trained to recognise %s; now it is %s.", path, old_types, types)
    if before.config.scores_spans != by_spans:
        heads = ("spans are scored", "characters are labelled")
        logger.warning("%s has another head: now %s.", path, heads[0] if by_spans else heads[1])
    logger.warning("Newly initialised, to be trained: %s.", "; ".join(_carry_over(before, network)))
    return network


def _config_for(before: DicMTConfig, model: ModelArguments, tokenizer: DicMTTokenizer, by_spans: bool) -> DicMTConfig:
    """A checkpoint's configuration with the entity types, the dictionary and the head of what is trained."""
    config_class = DicMTNestedConfig if by_spans else DicMTConfig
    own = {item.name for item in fields(config_class)} - {item.name for item in fields(PreTrainedConfig)}
    settings = {name: getattr(before, name) for name in own if hasattr(before, name)}
    settings |= {name: tokenizer.init_kwargs[name] for name in ("entity_types", "ngram_sizes", "vetted_terms")}
    if by_spans:
        if not before.scores_spans:
            settings["span_head_size"] = model.span_head_size
        settings |= {"span_lists": tokenizer.init_kwargs["span_lists"], "recognition_task": True}
        if model.max_span_length:
            settings["max_span_length"] = model.max_span_length
        if model.span_overlap != "auto":
            settings["span_overlap"] = model.span_overlap
    return config_class(**settings)


@torch.no_grad()
def _carry_over(
    before: DicMTForTokenClassification | DicMTForNestedEntities,
    network: DicMTForTokenClassification | DicMTForNestedEntities,
) -> Iterator[str]:
    """Copy what has the same meaning in both and `from_pretrained` left out; yields what has no counterpart."""
    source = before.state_dict()
    shared_types = [name for name in network.config.entity_types if name in before.config.entity_types]
    same_codes = all(getattr(network.config, n) == getattr(before.config, n) for n in ("entity_types", "ngram_sizes"))
    for name, tensor in network.state_dict().items():
        if name.startswith(network.label_modules):
            continue
        old = source.get(name)
        if old is None:
            yield name
        elif name.startswith("dicmt.context.weight_ih") and not same_codes:
            # The last columns are those of the dictionary.
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
    if before.config.scores_spans != network.config.scores_spans:
        yield from (name for name in network.label_modules if getattr(network, name) is not None)
    elif network.config.scores_spans:
        yield from _carry_over_spans(before, network, shared_types)
    else:
        yield from _carry_over_labels(before, network)


def _carry_over_labels(before: DicMTForTokenClassification, network: DicMTForTokenClassification) -> Iterator[str]:
    source, old_ids, ids = before.state_dict(), before.config.label2id, network.config.label2id
    shared = [label for label in ids if label in old_ids]
    new_rows = torch.tensor([ids[label] for label in shared], dtype=torch.long)
    old_rows = torch.tensor([old_ids[label] for label in shared], dtype=torch.long)
    for name, tensor in network.state_dict().items():
        if name == "crf.transitions":
            tensor[new_rows[:, None], new_rows] = source[name][old_rows[:, None], old_rows]
        elif name.startswith(network.label_modules):
            tensor[new_rows] = source[name][old_rows]
    new = [label for label in ids if label not in old_ids]
    if new:
        yield f"labels {', '.join(new)}"


def _carry_over_spans(
    before: DicMTForNestedEntities, network: DicMTForNestedEntities, shared_types: Sequence[str]
) -> Iterator[str]:
    old, new = before.spans, network.spans
    types, old_types = (torch.tensor(_places(one.config.entity_types, shared_types)) for one in (network, before))
    new.ends.load_state_dict(old.ends.state_dict())
    for parameter, old_parameter in zip(new.typed.parameters(), old.typed.parameters(), strict=True):
        # Begin, end and inside of each type.
        parameter.unflatten(0, (3, -1))[:, types] = old_parameter.unflatten(0, (3, -1))[:, old_types]
    new.bilinear[types] = old.bilinear[old_types]
    longest = min(new.longest, old.longest)
    new.length[types, :longest] = old.length[old_types, :longest]
    added = [name for name in network.config.entity_types if name not in shared_types]
    if added:
        yield f"entity types {', '.join(added)}"
    if new.longest > old.longest:
        yield f"lengths above {old.longest}"
    if new.evidence is not None:
        sources, old_sources = (_sources(one.config) for one in (network, before))
        shared = [source for source in sources if source in old_sources]
        rows, old_rows = (torch.tensor(_places(one, shared))[:, None] for one in (sources, old_sources))
        new.evidence.zero_()
        if shared and shared_types:
            new.evidence[rows, types] = old.evidence[old_rows, old_types]
        lists = [name for name in network.config.span_lists if ("list", name) not in shared]
        if lists:
            yield f"evidence of the lists {', '.join(lists)}"


def _sources(config: DicMTNestedConfig) -> list[tuple[str, str]]:
    """What is evidence for spans, by kind and name, in the order of the weights."""
    if config.span_lists is None:
        return []
    return [*(("list", name) for name in config.span_lists), *(("type", name) for name in config.entity_types)]


def _places(names: Sequence[Any], some: Sequence[Any]) -> list[int]:
    place = {name: number for number, name in enumerate(names)}
    return [place[name] for name in some]


def _vetted_columns(config: DicMTConfig, types: Sequence[str]) -> list[int]:
    """Which of the last columns of the BiLSTM's inputs are those of vetted terms of these types."""
    first = -BITS_OF_TYPE * len(config.entity_types)
    places = [config.entity_types.index(name) for name in types]
    return [first + BITS_OF_TYPE * place + bit for place in places for bit in range(BITS_OF_TYPE)]
