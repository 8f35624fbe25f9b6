"""The training loop: steps, evaluations, states to resume from."""

import logging
import math
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from accelerate import Accelerator
from safetensors import SafetensorError
from tqdm import tqdm

from ..commands.progress import progress as progress_bar
from ..files import replace_folder, restore_folder
from ..modeling_dicmt import DicMTForTokenClassification, DicMTOutput
from ..prediction import pad_sentences
from ..tokenization_dicmt import DicMTTokenizer, EncodedSentence
from .arguments import TrainingArguments, with_epochs
from .batches import EpochBatches, share_of_process
from .examples import Examples
from .known_terms import KnownTerms
from .optimization import WeightAverage, advance_scheduler, create_optimizer, create_scheduler
from .states import BEST, CHECKPOINTS, LAST, Progress, TrainingState

logger = logging.getLogger(__name__)

# Evaluates a model and returns figures, the trainer's `criterion` among them, the same on every process.
Evaluate = Callable[[DicMTForTokenClassification], dict[str, Any]]


class Trainer:
    """Trains a network and keeps its best version.

    What a step computes depends on seed, step and the state before it alone (dropout is seeded by the step), so a run
    that resumes from a state, at any step, ends with the weights of a run that was never interrupted.

    A subclass may learn from other examples (`inputs`), by another loss (`loss`), and go by another figure.

    Args:
        model: The network.
        tokenizer: Its tokenizer, saved with it.
        examples: The sentences to train on.
        evaluate: Called with the network, after every `eval_every_epochs`; None to keep the last version.
        accelerator: The processes and the device; it takes the state of this training and of no other.
        arguments: The recipe; the folder `checkpoints` of its `output_dir` takes states and the best version.
        stage: Name of a further training within the same run, which keeps its states apart.
    """

    criterion: ClassVar[str] = "f1"
    """The development figure, from 0 to 1, of which the best version has the highest."""
    criterion_title: ClassVar[str] = "F1"

    def __init__(
        self,
        model: DicMTForTokenClassification,
        tokenizer: DicMTTokenizer,
        examples: Examples,
        evaluate: Evaluate | None,
        accelerator: Accelerator,
        arguments: TrainingArguments,
        stage: str = "",
    ):
        arguments = with_epochs(arguments, int(examples.lengths.sum()))
        self.arguments, self.accelerator, self.examples = arguments, accelerator, examples
        self.tokenizer, self.evaluate = tokenizer, evaluate
        self.folder = Path(arguments.output_dir) / CHECKPOINTS / stage
        if len(examples) < accelerator.num_processes:
            raise ValueError(
                f"{len(examples)} training sentences cannot be shared by {accelerator.num_processes} processes: "
                "train with fewer processes, or on more records."
            )
        self.batches = self.make_batches()
        has_channel = getattr(model.config, "vetted_terms", False)
        self.known_terms = KnownTerms(examples, tokenizer, arguments.seed) if has_channel else None
        num_steps = len(self.batches) * arguments.num_train_epochs
        optimizer = create_optimizer(model, arguments)
        scheduler = create_scheduler(optimizer, arguments, num_steps)
        # The schedule counts the steps of this loop: accelerate would advance it once a process.
        self.scheduler = scheduler
        self.average = WeightAverage(model, arguments.average_decay) if arguments.average_decay else None
        self.model, self.optimizer = accelerator.prepare(model, optimizer)
        if self.average is not None:
            self.average.to(accelerator.device)
        self.progress = Progress()

    def make_batches(self) -> EpochBatches:
        """The batches of the epochs."""
        arguments = self.arguments
        parts = self.accelerator.num_processes * arguments.gradient_accumulation_steps
        return EpochBatches(self.examples.lengths, arguments.per_device_train_batch_size * parts, arguments.seed)

    @property
    def network(self) -> DicMTForTokenClassification:
        """The network that is evaluated and saved: the running average, where there is one."""
        return self.average.module if self.average is not None else self.accelerator.unwrap_model(self.model)

    @property
    def state(self) -> TrainingState:
        """What changes as the training goes on."""
        network = self.accelerator.unwrap_model(self.model)
        return TrainingState(network, self.optimizer.optimizer, self.average, self.accelerator.scaler, self.progress)

    def train(self) -> Progress:
        """Run to the end, from the last state on if there is one.

        Raises:
            ValueError: If there is one that cannot be read.
            FloatingPointError: If the weights diverge.
        """
        arguments, progress = self.arguments, self.progress
        if self._restore(LAST):
            self.state.load(self.folder / LAST, arguments.num_train_epochs, len(self.batches))
            advance_scheduler(self.scheduler, self._global_step)
            logger.info("Resuming after epoch %d, step %d.", progress.epoch, progress.step)
        bar = progress_bar(
            total=len(self.batches) * arguments.num_train_epochs,
            unit="step",
            quiet=arguments.quiet or not self.accelerator.is_main_process,
            initial=self._global_step,
        )
        with bar:
            while progress.epoch < arguments.num_train_epochs and not progress.stopped:
                self._train_epoch(bar)
                if self._is_evaluation_due():
                    self._evaluate(bar)
                self._save_state()
        if self.evaluate is None:
            progress.best_epoch = progress.epoch
            self._keep_best()
        return progress

    def load_best(self) -> DicMTForTokenClassification:
        """The best version, on the training's device, in evaluation mode."""
        if not self._restore(BEST):
            raise FileNotFoundError(
                f"The best version of this run is no longer in {self.folder / BEST}. Pass --overwrite_output_dir to "
                "start afresh."
            )
        try:
            network = type(self.network).from_pretrained(self.folder / BEST, dtype=torch.float32, use_safetensors=True)
        except (OSError, RuntimeError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"The best version of this run, in {self.folder / BEST}, is damaged: {error} Pass "
                "--overwrite_output_dir to start afresh."
            ) from error
        return network.to(self.accelerator.device).eval()

    def _train_epoch(self, bar: tqdm) -> None:
        arguments, progress = self.arguments, self.progress
        started = time.perf_counter()
        self.model.train()
        losses: list[torch.Tensor] = []
        lengths = self.known_terms.lengths(progress.epoch) if self.known_terms is not None else None
        for batch in self.batches.epoch(progress.epoch, progress.step, lengths):
            losses.append(self._step(batch))
            progress.step += 1
            bar.update()
            last = progress.step == len(self.batches)
            saves = bool(arguments.save_steps) and progress.step % arguments.save_steps == 0 and not last
            if progress.step % arguments.logging_steps == 0 or last or saves:
                values = self._check_losses(losses)
                loss = sum(values) / len(values)
                for value in values:  # one by one, so that the sum does not follow from when states are saved
                    progress.loss_sum += value
                progress.loss_steps += len(values)
                best = f", best {self.criterion_title} {progress.best_score:.4f}" if progress.best_score >= 0 else ""
                bar.set_description(f"epoch {progress.epoch + 1}, loss {loss:.3f}{best}", refresh=False)
                learning_rate = self.scheduler.get_last_lr()[0]
                self.accelerator.log({"train/loss": loss, "train/learning_rate": learning_rate}, step=self._global_step)
                losses.clear()
            if saves:
                started = self._count_time(started)
                self._save_state()
        self._count_time(started)
        progress.epoch += 1
        progress.step = 0

    def _count_time(self, started: float) -> float:
        now = time.perf_counter()
        self.progress.seconds += now - started
        self.progress.training_seconds += now - started
        return now

    @property
    def _global_step(self) -> int:
        return self.progress.epoch * len(self.batches) + self.progress.step

    def _step(self, batch: np.ndarray) -> torch.Tensor:
        """One optimiser step; returns this process's part of the loss (its sum over processes is the mean loss)."""
        accelerator, arguments = self.accelerator, self.arguments
        processes = accelerator.num_processes
        seeds = np.random.SeedSequence((arguments.seed, self._global_step, accelerator.process_index))
        torch.manual_seed(int(seeds.generate_state(1)[0]))
        parts = share_of_process(batch, accelerator.process_index, processes, arguments.gradient_accumulation_steps)
        # A process without a share still takes part in the exchange of gradients, with a sentence that counts nothing.
        size = max(1, self.weight(batch))
        shares = [(part, self.weight(part) / size) for part in parts if len(part)] or [(batch[:1], 0.0)]
        total = torch.zeros((), device=accelerator.device)
        for number, (part, weight) in enumerate(shares, start=1):
            inputs = {name: torch.from_numpy(array).to(accelerator.device) for name, array in self.inputs(part).items()}
            with nullcontext() if number == len(shares) else accelerator.no_sync(self.model):
                with accelerator.autocast():
                    loss = self.loss(self.model(**inputs))
                # The network returns the mean over its part; what counts is the mean over the whole batch.
                # Processes average their gradients, hence their number.
                loss = loss * weight
                accelerator.backward(loss * processes)
            total += loss.detach()
        if arguments.max_grad_norm:
            accelerator.clip_grad_norm_(self.model.parameters(), arguments.max_grad_norm)
        self.optimizer.step()
        self.scheduler.step()
        self.optimizer.zero_grad()
        if self.average is not None:
            self.average.update_parameters(accelerator.unwrap_model(self.model))
        return total

    def inputs(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """The network's inputs, and labels, for some of the examples as this epoch sees them."""
        sentences, tags = zip(*map(self._example, indices.tolist()), strict=True)
        return pad_sentences(sentences, self.tokenizer.pad_token_id, tags)

    def _example(self, index: int) -> tuple[EncodedSentence, np.ndarray]:
        """A sentence and its labels as this epoch sees them."""
        if self.known_terms is None:
            return self.examples.sentences[index], self.examples.labels[index]
        return self.known_terms.sentence(index, self.progress.epoch)

    def weight(self, indices: np.ndarray) -> int:
        """Over how many things the network's loss for these examples is a mean: sentences."""
        return len(indices)

    def loss(self, output: DicMTOutput) -> torch.Tensor:
        """What is minimised: the network's own loss. A subclass may learn otherwise."""
        return output.loss

    def _check_losses(self, losses: list[torch.Tensor]) -> list[float]:
        """The losses of some steps over all processes."""
        values = self.accelerator.reduce(torch.stack(losses), reduction="sum").tolist()
        loss = sum(values) / len(values)
        # The weights, too: the step after the last loss may have broken them, and a state is written next.
        if not (math.isfinite(loss) and all(bool(weight.isfinite().all()) for weight in self.model.parameters())):
            raise FloatingPointError(
                f"Training diverged by epoch {self.progress.epoch + 1}, step {self.progress.step}, where the loss is "
                f"{loss}. Use a smaller --learning_rate, or --mixed_precision no; the last state on disk is sound."
            )
        return values

    def _is_evaluation_due(self) -> bool:
        last = self.progress.epoch == self.arguments.num_train_epochs
        return self.evaluate is not None and (last or self.progress.epoch % self.arguments.eval_every_epochs == 0)

    def _evaluate(self, bar: tqdm) -> None:
        progress = self.progress
        started = time.perf_counter()
        results = self.evaluate(self.network)
        progress.seconds += time.perf_counter() - started
        figures = {name: value for name, value in results.items() if isinstance(value, int | float)}
        entry: dict[str, Any] = {"epoch": progress.epoch, "seconds": round(progress.seconds, 1), **figures}
        if progress.loss_steps:
            entry["train_loss"] = progress.loss_sum / progress.loss_steps
            progress.loss_sum, progress.loss_steps = 0.0, 0
        if results.get("by_type"):
            entry["f1_by_type"] = {name: of_type["f1"] for name, of_type in results["by_type"].items()}
        progress.history.append(entry)
        self.accelerator.log({f"eval/{name}": value for name, value in figures.items()}, step=self._global_step)
        score = results[self.criterion]
        if score > progress.best_score:
            progress.best_score, progress.best_epoch = score, progress.epoch
            self._keep_best()
        evaluations = sum(entry["epoch"] > progress.best_epoch for entry in progress.history)
        patience = self.arguments.early_stopping_patience
        progress.stopped = bool(patience) and evaluations >= patience
        if not bar.disable:
            told = f"development {self.criterion_title} {score:.4f}, best {progress.best_score:.4f}"
            bar.write(f"epoch {progress.epoch}: {told}", file=sys.stderr)

    def _restore(self, name: str) -> bool:
        """Whether there is such a folder, whole, for all processes."""
        if self.accelerator.is_main_process:
            restore_folder(self.folder / name)
        self.accelerator.wait_for_everyone()
        return (self.folder / name).exists()

    def _keep_best(self) -> None:
        if self.accelerator.is_main_process:
            replace_folder(self.folder / BEST, self._save_network)
        self.accelerator.wait_for_everyone()

    def _save_network(self, folder: Path) -> None:
        self.network.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    def _save_state(self) -> None:
        if self.accelerator.is_main_process:
            replace_folder(self.folder / LAST, self.state.save)
        self.accelerator.wait_for_everyone()
