"""An epoch in the Random setting against the same network padded to 250 characters, with torchcrf."""

from collections.abc import Iterator

import numpy as np
import torch
import torchcrf
from torch import Tensor, nn
from torch.nn import functional

from modeling_dicmt.bilstm import concatenate
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.prediction import pad_sentences
from modeling_dicmt.training.arguments import TrainingArguments
from modeling_dicmt.training.batches import EpochBatches
from modeling_dicmt.training.examples import make_examples
from modeling_dicmt.training.optimization import create_optimizer

from .inputs import network, records_of
from .measuring import Row, Settings, close, compare, require

LENGTH = 250


class PaddedNetwork(nn.Module):
    """The network as tutorials write it: every sentence padded to one length, `nn.LSTM`, torchcrf."""

    def __init__(self, model: DicMTForTokenClassification):
        super().__init__()
        self.config = model.config
        base = model.dicmt
        self.representation, self.dropout = base.representation, base.dropout
        self.segmenter, self.classifier = model.segmenter, model.classifier
        self.lstm = nn.LSTM(
            base.context.input_size, model.config.lstm_hidden_size, batch_first=True, bidirectional=True
        )
        self.lstm.load_state_dict(base.context.state_dict())
        self.crf = torchcrf.CRF(model.config.num_labels, batch_first=True)
        self.crf.load_state_dict(model.crf.state_dict())

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """The loss, as the product's."""
        mask = inputs["attention_mask"].bool()
        parts = self.representation(
            inputs["input_ids"], mask, mask.sum(1), inputs["radical_ids"], inputs["dictionary_features"]
        )
        states = concatenate(parts)
        states = self.dropout(self.lstm(self.dropout(states))[0])
        labels = inputs["labels"].clamp(min=0)
        inside = self.segmenter(states).squeeze(-1)
        segmentation = functional.binary_cross_entropy_with_logits(inside, (labels > 0).float(), reduction="none")
        recognition = -self.crf(self.classifier(states), labels, mask, reduction="sum")
        config = self.config
        total = (
            config.segmentation_loss_weight * segmentation[mask].sum() + config.recognition_loss_weight * recognition
        )
        return total / len(mask)


def rows(settings: Settings) -> Iterator[Row]:
    """Steps of an epoch: forward, backward, optimiser."""
    model, tokenizer = network(settings)
    padded = PaddedNetwork(network(settings)[0]).to(settings.device)
    label2id = model.config.label2id
    examples = make_examples(records_of(settings, "train"), tokenizer, label2id)
    arguments = TrainingArguments(output_dir=settings.folder)
    batches = list(EpochBatches(examples.lengths, arguments.per_device_train_batch_size, seed=42).epoch(0))
    generator = np.random.default_rng(42)
    shuffled = np.array_split(generator.permutation(len(examples)), len(batches))

    def inputs_of(batch: np.ndarray, length: int | None = None) -> dict[str, Tensor]:
        arrays = pad_sentences(
            [examples.sentences[index] for index in batch], tokenizer.pad_token_id, [examples.tags[i] for i in batch]
        )
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        if length is not None:
            missing = length - tensors["input_ids"].size(1)
            for name, tensor in tensors.items():
                sides = (0, 0, 0, missing) if tensor.dim() == 3 else (0, missing)
                tensors[name] = functional.pad(tensor, sides, value=-100 if name == "labels" else 0)
        return {name: tensor.to(settings.device) for name, tensor in tensors.items()}

    # The legal-transition mask is not torchcrf's: without it both compute one and the same loss.
    model.crf.legal_transitions = None
    padded.lstm.flatten_parameters()
    with torch.no_grad():
        model.eval(), padded.eval()
        for sentence in batches[0][:4]:  # by itself, since the other's LSTM reads padding
            inputs = inputs_of(np.array([sentence]))
            require(close(model(**inputs).loss, padded(inputs), 1e-4), "the two networks' losses differ")
    model.train(), padded.train()
    optimizers = [create_optimizer(network, arguments) for network in (model, padded)]

    # The same share of an epoch: its batches evenly spaced, by length for ours, at random for the other.
    share = min(len(batches), 10 if settings.quick else 40)
    chosen = np.linspace(0, len(batches) - 1, share).astype(int)

    def ours() -> None:
        for number in chosen:
            model(**inputs_of(batches[number])).loss.backward()
            optimizers[0].step()
            optimizers[0].zero_grad()

    def theirs_() -> None:
        for number in chosen:
            padded(inputs_of(shuffled[number], LENGTH)).backward()
            optimizers[1].step()
            optimizers[1].zero_grad()

    order = np.argsort([examples.lengths[batch].sum() for batch in batches], kind="stable")
    chosen = order[chosen]  # of all lengths
    sentences = sum(len(batches[number]) for number in chosen)
    yield compare(
        "a training epoch, Random setting",
        f"padded to {LENGTH}, nn.LSTM, torchcrf",
        ours,
        theirs_,
        "≥ 4",
        settings,
        work=sentences,
        unit="sentences/s",
        note=f"{share} of an epoch's {len(batches)} steps of {arguments.per_device_train_batch_size} sentences",
        rounds=2 if settings.quick else 5,
    )
