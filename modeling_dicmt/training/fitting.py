"""One training from a new network to its best version, calibrated: what a run does once, or for teacher and student."""

from dataclasses import dataclass
from typing import NamedTuple

from accelerate import Accelerator

from ..evaluation.calibration import Calibration, calibrate
from ..evaluation.evaluator import Evaluator
from ..modeling_dicmt import DicMTForTokenClassification
from ..tokenization_dicmt import DicMTTokenizer
from .arguments import ModelArguments, TrainingArguments
from .examples import Examples
from .preparation import build_model
from .states import Progress
from .trainer import Trainer


class Fitted(NamedTuple):
    """What a training ends with.

    Args:
        network: The best version, its scores calibrated.
        progress: How the training went.
        calibration: What calibration did; None without a development part, or where it says too little.
    """

    network: DicMTForTokenClassification
    progress: Progress
    calibration: Calibration | None


@dataclass(frozen=True)
class Fitting:
    """Trains networks that are alike in all but seed, sentences and epochs.

    Args:
        model: What the networks are made of.
        tokenizer: Their tokenizer.
        development: The part that the best version is chosen and calibrated on; None to keep the last version.
        network_class: The networks' class.
        trainer_class: What trains them.
    """

    model: ModelArguments
    tokenizer: DicMTTokenizer
    development: Evaluator | None
    network_class: type[DicMTForTokenClassification] = DicMTForTokenClassification
    trainer_class: type[Trainer] = Trainer

    def fit(
        self,
        examples: Examples,
        training: TrainingArguments,
        accelerator: Accelerator,
        stage: str = "",
        network: DicMTForTokenClassification | None = None,
    ) -> Fitted:
        """Train one network; resumes where the stage has states.

        Args:
            examples: The sentences to train on.
            training: The recipe.
            accelerator: The processes; it takes the state of this training and of no other.
            stage: See `Trainer`.
            network: The network; default: a new one of the recipe's seed.
        """
        if network is None:
            network = build_model(self.model, self.tokenizer, training.seed, self.network_class)
        trainer = self.trainer_class(
            network, self.tokenizer, examples, self.development, accelerator, training, stage=stage
        )
        progress = trainer.train()
        network = trainer.load_best()
        # A network that finds nothing has no scores to calibrate.
        is_calibrated = self.development is not None and progress.best_score > 0
        return Fitted(network, progress, calibrate(network, self.development) if is_calibrated else None)
