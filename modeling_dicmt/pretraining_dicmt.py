"""The pre-training head: two character language models on the shared layer, one for each direction (not in the paper).

The forward LSTM's state at a character predicts the next character, the backward LSTM's the one before, so that every
position of a text teaches (Peters et al., 2018; Akbik et al., 2018). Neither is to see what it predicts: the bigram of
a character and the next is an input of the backward direction alone, that of the character before and this one of the
forward direction alone. The weights of the other inputs are zero and stay so, hence in use the network is a
`DicMTModel` like any other.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers.utils import ModelOutput

from .configuration_dicmt import DicMTConfig
from .modeling_dicmt import DicMTModel, DicMTPreTrainedModel, right_padded

# Characters by frequency: the first are told apart by the whole state, the further ones by a half and a quarter of it
# (adaptive softmax: Grave et al., 2017).
_CUTOFFS = (300, 1200)


@dataclass
class PreTrainingOutput(ModelOutput):
    """What the network returns.

    Args:
        loss: Negative log-likelihood of a character, in nats, the mean over all predictions of both directions.
        log_likelihood: Sum of the log-likelihoods.
        num_predictions: How many characters were predicted.
        num_correct: For how many of them the most probable character was right; outside training only.
    """

    loss: Tensor | None = None
    log_likelihood: Tensor | None = None
    num_predictions: Tensor | None = None
    num_correct: Tensor | None = None


class DicMTForPreTraining(DicMTPreTrainedModel):
    """A shared layer (`DicMTModel`) that predicts the characters of texts. `DicMTModel.from_pretrained` loads it alone.

    Args:
        config: A network without an encoder and dictionary features, with a BiLSTM. The ids of its vocabulary are in
            the order of the characters' frequency.

    Raises:
        ValueError: If it is of another kind.
    """

    def __init__(self, config: DicMTConfig):
        super().__init__(config)
        if config.encoder_config is not None or config.dictionary_feature_size or config.context_encoder != "bilstm":
            raise ValueError("The network for pre-training has a BiLSTM over characters, bigrams and radicals alone.")
        self.dicmt = DicMTModel(config, initialize=False)
        cutoffs = [cutoff for cutoff in _CUTOFFS if cutoff < config.vocab_size] or [config.vocab_size - 1]
        self.decoder = nn.AdaptiveLogSoftmaxWithLoss(
            config.lstm_hidden_size, config.vocab_size, cutoffs, div_value=2.0, head_bias=True
        )
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        radical_ids: Tensor | None = None,
        return_dict: bool | None = None,
    ) -> PreTrainingOutput | tuple[Tensor, ...]:
        """Predict each character of sentences from those before it, and from those after it.

        Args:
            input_ids: (B, L) character ids.
            attention_mask: (B, L), 1 for characters, 0 for padding at either side; default: no padding.
            radical_ids: (B, L) radical ids.
            return_dict: False for a tuple of what is not None.

        Raises:
            ValueError: If an input that the network needs is missing or does not fit.
        """
        self._keep_blind()
        inputs, _ = right_padded(input_ids, attention_mask, radical_ids)
        ids, mask = inputs["input_ids"], inputs["attention_mask"]
        states = self.dicmt(**inputs, return_dict=True).last_hidden_state
        forward, backward = states.chunk(2, dim=-1)
        both = mask[:, :-1] & mask[:, 1:]
        states = torch.cat([forward[:, :-1][both], backward[:, 1:][both]])
        targets = torch.cat([ids[:, 1:][both], ids[:, :-1][both]])
        output = PreTrainingOutput(num_predictions=both.new_tensor(len(targets), dtype=torch.long))
        if len(targets):
            output["log_likelihood"] = self.decoder(states, targets).output.float().sum()
        else:
            output["log_likelihood"] = states.sum()
        output["loss"] = -output["log_likelihood"] / max(1, len(targets))
        if not self.training:
            output["num_correct"] = (self.decoder.predict(states) == targets).sum()
        return_dict = self.config.return_dict if return_dict is None else return_dict
        return output if return_dict else output.to_tuple()

    def _keep_blind(self) -> None:
        """Give each direction weight 0 for the bigrams that hold what it predicts, and no gradient that changes it."""
        for weight, columns in self._unseen():
            if not getattr(weight, "_keeps_blind", False):
                with torch.no_grad():
                    weight[:, columns] = 0
                if weight.requires_grad:
                    weight.register_hook(lambda gradient, columns=columns: gradient.index_fill(1, columns, 0))
                    weight._keeps_blind = True

    def _unseen(self) -> Iterator[tuple[nn.Parameter, Tensor]]:
        """The input weights of each direction, and the columns that it is not to see."""
        bigrams = self.dicmt.representation.bigrams
        if bigrams is not None:
            size, context = bigrams.output_size // 2, self.dicmt.context
            before = torch.arange(size, device=context.weight_ih_l0.device) + self.config.character_embedding_size
            yield context.weight_ih_l0, before + size
            yield context.weight_ih_l0_reverse, before


DicMTForPreTraining.register_for_auto_class("AutoModelForPreTraining")
