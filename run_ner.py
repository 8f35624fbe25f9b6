#!/usr/bin/env python
"""Train DicMT on a corpus of clinical records, score it, and leave the model in a folder.

    python run_ner.py --dataset_name ccks2017 --data_dir DIR --dictionary TERMS --output_dir OUT

trains on DIR's train part, keeps the best epoch on the development part (DIR's own, or a tenth of the patients), and
scores the test part if there is one. OUT then holds the model, all_results.json, and for each part predictions, errors
and a report. With --unlabelled FILES it also learns from records without annotations. The same command again resumes a
run that was interrupted. Several processes: `accelerate launch run_ner.py …`. Settings may also come from a JSON file,
which the command line overrides:

    python run_ner.py settings.json --seed 1
"""

import dataclasses
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from data_scripts.arguments import DataArguments
from data_scripts.loading import find_corpus
from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.commands.places import check_exists, check_output_dir, check_place, check_separate
from modeling_dicmt.publishing.arguments import HubArguments
from modeling_dicmt.training.arguments import ModelArguments, TrainingArguments, check_unfinished, with_epochs
from modeling_dicmt.training.self_training_arguments import SelfTrainingArguments

if TYPE_CHECKING:
    from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
    from modeling_dicmt.training.trainer import Trainer

logger = logging.getLogger("run_ner")


def check_output(
    data: DataArguments, model: ModelArguments, self_training: SelfTrainingArguments, training: TrainingArguments
) -> None:
    """Raise ValueError if the folder that is written is one that is read, or holds a file that is."""
    for of_class, option in (
        (data, "data_dir"),
        (data, "dictionary"),
        (data, "dictionary_mapping"),
        (model, "model_name_or_path"),
        (model, "encoder_name_or_path"),
        (model, "pretrained"),
        (self_training, "unlabelled"),
        (self_training, "teachers"),
    ):
        given = getattr(of_class, option)
        check_separate(training.output_dir, option, given if isinstance(given, list) else [given])


def run(
    arguments: Sequence[str] | None = None,
    model_arguments: type[ModelArguments] = ModelArguments,
    training_arguments: type[TrainingArguments] = TrainingArguments,
    network_class: "type[DicMTForTokenClassification] | None" = None,
    trainer_class: "type[Trainer] | None" = None,
) -> None:
    """Run the command.

    Args:
        arguments: The command line; default: the process's.
        model_arguments: Settings of the network.
        training_arguments: Settings of the training.
        network_class: What is trained; default: as --head says.
        trainer_class: What trains it; default: what suits the head.
    """
    data, model, self_training, training, hub = parse_arguments(
        (DataArguments, model_arguments, SelfTrainingArguments, training_arguments, HubArguments), __doc__, arguments
    )
    check_output(data, model, self_training, training)
    check_places(data, model, training)
    self_training.check(model.recognition_task)
    is_given = network_class is not None
    tags_alone = not model.recognition_task or (is_given and not network_class.config_class.scores_spans)
    if tags_alone and model.head == "spans":
        raise ValueError("--head spans recognises entities: leave --recognition_task True.")
    # What takes seconds to load waits until the arguments are known to be right.
    from data_scripts.flattening import count_overlaps
    from data_scripts.records import corpus_labels, load_dictionary, load_lists_of_type, load_records, taggable_records
    from data_scripts.unlabelled.records import RecordReader
    from modeling_dicmt.commands.checkpoint import load_config
    from modeling_dicmt.evaluation.calibration import scale_scores
    from modeling_dicmt.evaluation.clinical_ner import count_mentions
    from modeling_dicmt.evaluation.evaluator import Evaluator
    from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
    from modeling_dicmt.modeling_dicmt_nested import DicMTForNestedEntities
    from modeling_dicmt.publishing.upload import Push
    from modeling_dicmt.training.dictionary_report import build_report
    from modeling_dicmt.training.examples import join_examples, make_examples, warn_of_crossing_entities
    from modeling_dicmt.training.fitting import Fitting
    from modeling_dicmt.training.preparation import (
        build_model,
        build_tokenizer,
        resolve_pretrained,
        with_span_settings,
    )
    from modeling_dicmt.training.results import describe_run, write_results
    from modeling_dicmt.training.running import (
        check_development_part,
        claim_output_dir,
        create_accelerator,
        fingerprint_of,
        set_threads,
        start_process,
        start_trackers,
    )
    from modeling_dicmt.training.self_training import SelfTraining, model_of_student
    from modeling_dicmt.training.span_examples import make_span_examples
    from modeling_dicmt.training.span_trainer import SpanTrainer
    from modeling_dicmt.training.teachers import fingerprint_of_teachers, load_teachers
    from modeling_dicmt.training.trainer import Trainer
    from modeling_dicmt.training.transfer import types_as_in_checkpoint
    from modeling_dicmt.training.unlabelled_records import UnlabelledRecords

    accelerator = start_process(training)
    asked = resolve_pretrained(model)
    model = model_of_student(asked) if self_training.unlabelled else asked

    # record → sentences → characters → features
    parts, entity_types = load_records(data, tags=tags_alone or model.head == "tags")
    learnt = {part: taggable_records(part, parts[part], data) for part in ("train", "validation") if part in parts}
    overlaps = count_overlaps(learnt["train"])
    by_spans = is_given or model.head == "spans"
    if model.head == "auto" and not is_given:
        before = None if model.model_name_or_path is None else load_config(model.model_name_or_path)
        by_spans = overlaps.kind != "none" or (before is not None and before.scores_spans)
    by_spans &= not tags_alone
    if by_spans:
        logger.info("Spans are scored: of %d entities %d lie within another one, and %d cross one.", *overlaps)
    network_class = network_class or (DicMTForNestedEntities if by_spans else DicMTForTokenClassification)
    trainer_class = trainer_class or (SpanTrainer if by_spans else Trainer)
    if model.model_name_or_path is not None:
        entity_types = types_as_in_checkpoint(model.model_name_or_path, entity_types)
    dictionary = load_dictionary(data)
    tokenizer = build_tokenizer(
        model,
        [record["text"] for record in parts["train"]],
        entity_types,
        dictionary,
        load_lists_of_type(data, dictionary, entity_types),
        data.dictionary_precedence,
        hub.withhold_dictionary,
        corpus_labels(data, entity_types),
        sorted(dictionary.lists if dictionary is not None else ()) if by_spans else None,
    )
    has_terms = len(tokenizer.dictionary) > 0
    evidence_lists = tokenizer.init_kwargs["span_lists"] or ()
    logger.info("%s", build_report(tokenizer.dictionary_matcher, evidence_lists) if has_terms else "No dictionary.")
    make = make_span_examples if by_spans else make_examples
    examples = {part: make(records, tokenizer) for part, records in learnt.items()}
    training = with_epochs(training, int(examples["train"].lengths.sum()))
    check_development_part(parts, training)
    if by_spans:
        model = with_span_settings(model, examples["train"], overlaps.kind)
        of_spans = {name: getattr(model, name) for name in ("max_span_length", "span_overlap")}
        asked = dataclasses.replace(asked, **of_spans)
    network = build_model(model, tokenizer, training.seed, network_class)
    set_threads(accelerator, training, are_steps_large=network.config.encoder_config is not None)
    # What would keep an upload from working is told before the training.
    push = Push(hub, training.output_dir, bool(network.config.ngram_sizes)) if training.push_to_hub else None
    warn_of_crossing_entities(examples["train"])

    training_mentions = count_mentions(parts["train"])
    evaluators = {
        part: Evaluator(parts[part], tokenizer, accelerator, training.eval_batch_characters, training_mentions)
        for part in ("validation", "test")
        if part in parts
    }
    settings: tuple[Any, ...] = (data, model, training)
    contents = {
        "training_sentences": fingerprint_of(examples["train"]),
        "dictionary_content": tokenizer.dictionary.fingerprint,
    }
    unlabelled, reader, teachers = None, None, []
    if self_training.unlabelled:
        settings = (data, model, self_training, training)
        reader = RecordReader(
            self_training.unlabelled,
            documents=self_training.unlabelled_documents,
            encoding=self_training.unlabelled_encoding,
            limit=self_training.max_unlabelled_records,
        )
        unlabelled = UnlabelledRecords(reader)
        teachers = load_teachers(self_training.teachers or (), tokenizer, accelerator)
        contents["unlabelled_content"] = unlabelled.fingerprint
        contents["teachers_content"] = fingerprint_of_teachers(teachers)
    output_dir = claim_output_dir(accelerator, settings, contents)
    others = None if reader is None else reader.known
    information = describe_run(settings, accelerator, parts, tokenizer, network, examples["train"], others)

    start_trackers(accelerator, information)
    fitting = Fitting(model, tokenizer, evaluators.get("validation"), network_class, trainer_class)
    self_trained = None
    if unlabelled is None:
        fitted = fitting.fit(examples["train"], training, accelerator, network=network)
    else:
        # Nor are the sentences that scores are counted on learnt from.
        known = [record["text"] for records in parts.values() for record in records]
        stages = SelfTraining(self_training, training, fitting, unlabelled, known, teachers, asked)
        self_trained = stages.run(examples["train"], accelerator)
        fitted = self_trained.student
    network, progress, calibration = fitted
    predictions = {part: evaluator.predict(network) for part, evaluator in evaluators.items()}

    if training.final_fit:
        # Development figures stay those of the network that had not seen the development part.
        final = dataclasses.replace(training, num_train_epochs=progress.best_epoch, report_to="none")
        annotated = join_examples(examples["train"], examples["validation"])
        if self_trained is not None:
            annotated = stages.mix(annotated, self_trained.examples)
        alone = dataclasses.replace(fitting, development=None)
        developed, (network, _, _) = network, alone.fit(annotated, final, create_accelerator(final), "final_fit")
        if calibration is not None:
            scale_scores(network, calibration.temperature)
        if by_spans:
            network.config.span_threshold = developed.config.span_threshold
        if "test" in evaluators:
            predictions["test"] = evaluators["test"].predict(network)

    if accelerator.is_main_process:
        results = write_results(
            output_dir,
            network,
            tokenizer,
            evaluators,
            predictions,
            information,
            progress,
            calibration,
            training.keep_states,
            self_trained,
        )
        for part in ("eval", "test"):
            if f"{part}_f1" in results:
                figures = [results[f"{part}_{name}"] for name in ("precision", "recall", "f1")]
                logger.info("%s: precision %.4f, recall %.4f, F1 %.4f", part, *figures)
        logger.info("Model, scores, predictions, errors and reports are in %s.", output_dir)
        if push is not None:
            logger.info("Uploaded: %s", push())
    accelerator.wait_for_everyone()
    accelerator.end_training()  # from here on the processes cannot exchange anything


def check_places(data: DataArguments, model: ModelArguments, training: TrainingArguments) -> None:
    """Raise ValueError or OSError if what is to be read is not there, or results would be written over."""
    find_corpus(data.dataset_name)(data.data_dir)
    check_exists("dictionary", data.dictionary)
    check_exists("dictionary_mapping", data.dictionary_mapping)
    check_exists("character_vectors", model.character_vectors)
    check_place(model.model_name_or_path)
    check_place(model.encoder_name_or_path)
    check_place(model.pretrained)
    check_output_dir(training.output_dir)
    check_unfinished(training)


def main() -> None:
    """Entry point of the console command `dicmt-run-ner`."""
    run_command(run, "Interrupted. The same command, without --overwrite_output_dir, resumes from the last state.")


if __name__ == "__main__":
    main()
