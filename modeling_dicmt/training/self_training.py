"""Self-training: networks label records that have no labels, and a new network learns from these labels as well.

A round: teachers, each trained as any network is (`Fitting`), vote on the unlabelled records (`voting.py`); what they
are sure of becomes pseudo-labels (`pseudo_labels.py`); a student starts afresh on the labelled sentences, repeated so
that they are not outnumbered, and the others. Of further rounds the student before is the teacher.

Simulated vetted terms (`known_terms.py`) come from the labels of both: where a network sees them as often as without
self-training it learns to trust them as far, and a mention that is marked agrees with the label even where the label is
wrong. New mentions to exchange others for come with it.

Each stage leaves its result in a folder of its own below the run's checkpoints, whole or not at all, and is not done
again where it is: a run may be killed at any moment.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from accelerate import Accelerator

from ..commands.progress import progress as progress_bar
from ..evaluation.calibration import calibrate
from ..evaluation.evaluator import Evaluator, Predictions
from ..files import read_json, replace_folder, restore_folder, write_json
from ..prediction import collect_entities, collect_scores
from ..publishing.card import describe_round
from .arguments import ModelArguments, TrainingArguments
from .examples import Examples, join_examples
from .fitting import Fitted, Fitting
from .pseudo_labels import PseudoLabels, damaged, label_records
from .running import create_accelerator
from .self_training_arguments import SelfTrainingArguments
from .states import CHECKPOINTS, LABELS
from .teachers import Teacher
from .unlabelled_records import UnlabelledRecords
from .voting import Vote

logger = logging.getLogger(__name__)

FIGURES_FILE = "figures.json"
_FIGURES = {"teachers", "vote", "unlabelled", "kept", "labelling_seconds", "history"}
_SEEDS = 2**32  # how many there are
_NOTHING_TO_TEACH = (
    "Who is to label the unlabelled records finds no entity of the development part, and has nothing to teach. Train "
    "without --unlabelled first, and find settings with which a network learns (more epochs, more records)."
)


class SelfTrained(NamedTuple):
    """What self-training ends with.

    Args:
        student: The last student.
        examples: The pseudo-labelled sentences that it learned from.
        rounds: Figures of each round.
        history: Figures of each evaluation of every stage, with the stage's name.
        seconds: Time spent on all stages.
        characters: Those of an epoch of the student.
    """

    student: Fitted
    examples: Examples
    rounds: list[dict[str, Any]]
    history: list[Mapping[str, Any]]
    seconds: float
    characters: int


@dataclass(frozen=True)
class SelfTraining:
    """The stages of a self-training.

    Args:
        arguments: How it is done.
        training: The recipe of a teacher.
        fitting: What trains students; its development part gives the figures.
        records: The unlabelled records.
        known: Texts of all records of the corpus.
        teachers: Given teachers; none to train them.
        model: What teachers that are trained here are made of; default: what students are made of.
    """

    arguments: SelfTrainingArguments
    training: TrainingArguments
    fitting: Fitting
    records: UnlabelledRecords
    known: Sequence[str]
    teachers: Sequence[Teacher] = ()
    model: ModelArguments | None = None

    def run(self, labelled: Examples, accelerator: Accelerator) -> SelfTrained:
        """Do all rounds, or what is left of them.

        Args:
            labelled: The labelled sentences.
            accelerator: The processes, for labelling and for the last student.

        Raises:
            ValueError: If no teacher finds anything, or teachers are sure of no sentence.
        """
        student, rounds, history, seconds = None, [], [], 0.0
        for number in range(1, self.arguments.self_training_rounds + 1):
            labels, figures = self._labels(number, labelled, student, accelerator)
            pseudo = labels.examples(self.records, self.fitting.tokenizer, type(labelled))
            is_last = number == self.arguments.self_training_rounds
            recipe = replace(
                self.training, num_train_epochs=self.arguments.epochs_of_student(self.training.num_train_epochs)
            )
            recipe = recipe if is_last else replace(recipe, report_to="none")
            stage = f"round_{number}_student"
            logger.info("Self-training, round %d: student, %d epochs.", number, recipe.num_train_epochs)
            mixture = self.mix(labelled, pseudo)
            student = self.fitting.fit(mixture, recipe, accelerator if is_last else create_accelerator(recipe), stage)
            history += [*figures.pop("history"), *_of_stage(stage, student)]
            rounds.append(figures | {"student": _figures_of(student)})
            seconds += figures["labelling_seconds"] + student.progress.seconds
            seconds += sum(teacher.get("seconds", 0) for teacher in figures["teachers"])
        return SelfTrained(student, pseudo, rounds, history, seconds, int(mixture.lengths.sum()))

    def mix(self, labelled: Examples, pseudo: Examples) -> Examples:
        """What a student learns from: the labelled sentences, repeated, and the pseudo-labelled ones."""
        weight = self.arguments.labelled_weight
        repeated = type(labelled)(labelled.sentences * weight, labelled.labels * weight, labelled.crossing)
        return join_examples(repeated, pseudo)

    def _labels(
        self, number: int, labelled: Examples, student: Fitted | None, accelerator: Accelerator
    ) -> tuple[PseudoLabels, dict[str, Any]]:
        """A round's pseudo-labels and figures: those on disk, or new ones."""
        folder = Path(self.training.output_dir) / CHECKPOINTS / f"round_{number}{LABELS}"
        if accelerator.is_main_process:
            restore_folder(folder)
        accelerator.wait_for_everyone()
        if not folder.exists():
            if student is not None:
                if student.progress.best_score == 0:
                    raise ValueError(_NOTHING_TO_TEACH)
                teachers, figures, history = [Teacher(student.network, self.fitting.tokenizer)], [], []
            else:
                teachers, figures, history = self._first_teachers(labelled, accelerator)
            labels, of_labels = self._label(teachers, accelerator)
            content = {"teachers": figures, **of_labels, "history": history}

            def write(new: Path) -> None:
                labels.save(new)
                write_json(new / FIGURES_FILE, content)

            if accelerator.is_main_process:
                replace_folder(folder, write)
            accelerator.wait_for_everyone()
        labels, figures = PseudoLabels.load(folder), read_json(folder / FIGURES_FILE)
        if not isinstance(figures, dict) or figures.keys() != _FIGURES:
            raise damaged(folder / FIGURES_FILE)
        logger.info("Self-training, round %d: %s.", number, describe_round(number, figures))
        return labels, figures

    def _first_teachers(
        self, labelled: Examples, accelerator: Accelerator
    ) -> tuple[list[Teacher], list[dict[str, Any]], list[dict[str, Any]]]:
        """The first round's teachers, their figures, and those of their evaluations."""
        teachers, figures, history = [], [], []
        for number, given in enumerate(self.teachers or [None] * self.arguments.num_teachers, start=1):
            if given is not None:
                teachers.append(given)
                figures.append(self._score_given(given, accelerator))
                continue
            recipe = replace(self.training, seed=(self.training.seed + number - 1) % _SEEDS, report_to="none")
            logger.info("Self-training: teacher %d of %d.", number, self.arguments.num_teachers)
            stage = f"teacher_{number}"
            fitting = replace(self.fitting, model=model_of_teacher(self.model or self.fitting.model, number))
            fitted = fitting.fit(labelled, recipe, create_accelerator(recipe), stage)
            teachers.append(Teacher(fitted.network, self.fitting.tokenizer))
            figures.append({"seed": recipe.seed, **_figures_of(fitted)})
            history += _of_stage(stage, fitted)
        able = [teacher for teacher, found in zip(teachers, figures, strict=True) if found.get("f1") != 0]
        if not able:
            raise ValueError(_NOTHING_TO_TEACH)
        return able, figures, history

    def _score_given(self, teacher: Teacher, accelerator: Accelerator) -> dict[str, Any]:
        """Calibrate a given teacher on the development part, and score it there; nothing without one."""
        development = self.fitting.development
        if development is None:
            return {}
        part = Evaluator(development.records, teacher.tokenizer, accelerator, development.batch_characters, None)
        f1 = part(teacher.network)["f1"]
        if f1 > 0:
            calibrate(teacher.network, part)
        return {"f1": f1}

    def _label(self, teachers: Sequence[Teacher], accelerator: Accelerator) -> tuple[PseudoLabels, dict[str, Any]]:
        vote = Vote(teachers, self.fitting.tokenizer)
        started = time.perf_counter()
        quiet = self.training.quiet or not accelerator.is_main_process
        with progress_bar(total=self.records.records, unit="record", description="labelling", quiet=quiet) as bar:
            labels, counts = label_records(
                vote, self.records, self.known, self.arguments.min_probability, accelerator, bar.update
            )
        if not len(labels.lengths):
            raise ValueError(
                "The teachers are sure of no new sentence of the unlabelled records: these hold no text that the "
                "corpus lacks, or they are too unlike. Pass other records, or a smaller --min_probability."
            )
        return labels, {
            "vote": self._score(vote),
            "unlabelled": {"records": self.records.records, "characters": self.records.characters, **counts},
            "kept": labels.figures(self.fitting.tokenizer.entity_types),
            "labelling_seconds": round(time.perf_counter() - started, 1),
        }

    def _score(self, vote: Vote) -> dict[str, float]:
        """Figures of the vote on the development part; nothing without one."""
        development = self.fitting.development
        if development is None:
            return {}
        sentences = vote.encode(development.texts)
        arguments = (sentences[0], [found.prediction for found in vote.label(sentences)], len(development.texts))
        scores = development.score(Predictions(collect_entities(*arguments), None, collect_scores(*arguments)))
        return {name: scores[name] for name in ("precision", "recall", "f1")} | {
            "calibration_error": scores["calibration"]["error"]
        }


def model_of_student(model: ModelArguments) -> ModelArguments:
    """What a student is made of: it is to be as fast as any network, and learns from its teachers what states say."""
    return replace(model, pretrained_as=model.pretrained_as or ("embeddings" if model.pretrained else None))


def model_of_teacher(model: ModelArguments, number: int) -> ModelArguments:
    """What the teacher of a number, from 1 on, is made of.

    Teachers that see different things err at different places, and their vote is the better for it: the first has the
    states of a pre-trained network, the second does not, and so on.
    """
    if model.pretrained is None or model.pretrained_as is not None:
        return model
    return replace(model, pretrained_as="states" if number % 2 else "embeddings")


def _figures_of(fitted: Fitted) -> dict[str, Any]:
    progress = fitted.progress
    f1 = {"f1": progress.best_score} if progress.best_score >= 0 else {}
    return f1 | {
        "epochs": progress.epoch,
        "best_epoch": progress.best_epoch,
        "seconds": round(progress.seconds, 1),
    }


def _of_stage(stage: str, fitted: Fitted) -> list[Mapping[str, Any]]:
    return [{"stage": stage, **entry} for entry in fitted.progress.history]
