#!/usr/bin/env python
"""Pre-train a network on text without labels, for recognisers to start from.

    python run_mlm.py --corpus TEXT --output_dir PRE
    python run_mlm.py --corpus TEXT --encoder_name_or_path BERT --dictionary TERMS --output_dir PRE
    python run_ner.py --dataset_name NAME --data_dir DIR --dictionary TERMS --pretrained PRE --output_dir OUT

TEXT is .txt files, a document a line, or .jsonl files with records' `text`, or folders of them. Names, numbers and
dates in it are replaced by made-up ones before anything is learnt (see run_deidentify.py): --policies, --names and
--rules say how, --deidentify False refuses it. Without an encoder, two
character language models, one for each direction, learn to predict the text's characters. With one, characters are
hidden from it, terms of a dictionary as a whole, and it learns to guess them; --encoder_preset makes a new encoder. PRE
then holds the network with its vocabulary, and all_results.json with its figures on held-out documents: perplexity, and
the share of characters that it guesses. The same command again resumes a run that was interrupted. Several processes:
`accelerate launch run_mlm.py …`.
"""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from data_scripts.unlabelled.arguments import UnlabelledArguments
from data_scripts.unlabelled.report import ReadingReport
from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.commands.places import check_exists, check_place, check_separate
from modeling_dicmt.commands.progress import progress
from modeling_dicmt.deidentification import Policies
from modeling_dicmt.deidentification.arguments import DocumentDeidentificationArguments
from modeling_dicmt.training.arguments import check_unfinished
from modeling_dicmt.training.pretraining_arguments import (
    EncoderArguments,
    PreTrainedModelArguments,
    PreTrainingArguments,
)

logger = logging.getLogger("run_mlm")


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command.

    Args:
        arguments: The command line; default: the process's.
    """
    text, deidentification, encoder, model, training = parse_arguments(
        (
            UnlabelledArguments,
            DocumentDeidentificationArguments,
            EncoderArguments,
            PreTrainedModelArguments,
            PreTrainingArguments,
        ),
        __doc__,
        arguments,
    )
    model.check(encoder)
    training = training.resolved(encoder)
    check_places(text, deidentification, encoder, training)
    # What takes seconds to load waits until the arguments are known to be right.
    from data_scripts.unlabelled.packed import PackedCorpus
    from modeling_dicmt.training.encoder_preparation import build_encoder_pretraining, check_encoder, read_dictionary
    from modeling_dicmt.training.encoder_pretraining import EncoderPreTrainer, HeldOutHiddenCharacters
    from modeling_dicmt.training.pretraining import HeldOutText, PreTrainer
    from modeling_dicmt.training.pretraining_preparation import build_pretraining_network, build_pretraining_tokenizer
    from modeling_dicmt.training.pretraining_results import describe_pretraining, write_pretrained
    from modeling_dicmt.training.running import claim_output_dir, set_threads, start_process, start_trackers
    from modeling_dicmt.training.states import CHECKPOINTS, TEXT

    accelerator = start_process(training)
    if encoder.encoder_name_or_path is not None:
        check_encoder(encoder.encoder_name_or_path, model.max_sentence_length)
    dictionary = read_dictionary(encoder)
    folder = Path(training.output_dir) / CHECKPOINTS / TEXT
    with accelerator.main_process_first():
        if accelerator.is_main_process:
            prepare_text(text, deidentification, folder, model.max_sentence_length, training.quiet)
        corpus = PackedCorpus(folder)
    contents = {"text_content": corpus.fingerprint}
    held_out_class, trainer_class = HeldOutText, PreTrainer
    if encoder.is_given:
        network, tokenizer, hidden = build_encoder_pretraining(
            encoder, model, corpus.character_counts, dictionary, training.seed
        )
        held_out_class = partial(HeldOutHiddenCharacters, hidden=hidden)
        trainer_class = partial(EncoderPreTrainer, hidden=hidden)
        if dictionary is not None:
            contents["dictionary_content"] = dictionary.fingerprint
    else:
        tokenizer = build_pretraining_tokenizer(model, corpus.character_counts)
        network = build_pretraining_network(model, tokenizer, training.seed)
    set_threads(accelerator, training, are_steps_large=True)
    settings = (text, deidentification, *([encoder] if encoder.is_given else []), model, training)
    output_dir = claim_output_dir(accelerator, settings, contents)
    replaced = describe_deidentification(deidentification, corpus.report)
    information = describe_pretraining(settings, accelerator, corpus.report.to_dict(), replaced, network)

    start_trackers(accelerator, information)
    held_out = held_out_class(corpus.held_out, tokenizer, accelerator) if len(corpus.held_out) else None
    trainer = trainer_class(network, tokenizer, corpus.train, held_out, accelerator, training)
    trained = trainer.train()
    network = trainer.load_best()
    figures = held_out(network) if held_out is not None else {}
    if accelerator.is_main_process:
        write_pretrained(output_dir, network, tokenizer, information, trained, figures, training.keep_states)
        if figures:
            logger.info("Held-out text: perplexity %.2f, accuracy %.4f", figures["perplexity"], figures["accuracy"])
        logger.info("The network is in %s: run_ner.py --pretrained %s", output_dir, output_dir)
    accelerator.wait_for_everyone()
    accelerator.end_training()


def prepare_text(
    text: UnlabelledArguments,
    deidentification: DocumentDeidentificationArguments,
    folder: Path,
    max_sentence_length: int,
    quiet: bool = True,
) -> None:
    """Read the text into a folder, without identifiers unless that is refused.

    Surrogates follow from the text as a whole, so that the same text always becomes the same one: by another seed, in
    another folder, after an interruption. A seed would not do for their key: it is told with the network, and by it a
    made-up name that the network betrays would lead to the real one.
    """
    from data_scripts.unlabelled.preparation import prepare_corpus
    from data_scripts.unlabelled.sources import content_secret
    from modeling_dicmt.deidentification.documents import DocumentDeidentifier

    transformation: dict[str, Any] = {}
    if deidentification.deidentify:
        deidentify = DocumentDeidentifier(deidentification, content_secret(text.corpus))
        transformation = {
            "transformation": deidentify,
            "transformation_name": deidentify.name,
            "transformation_counts": deidentify.found,
        }
    else:
        logger.warning("The text is learnt from as it is: --deidentify False.")
    bar = None if quiet else progress
    corpus = prepare_corpus(text, folder, max_sentence_length=max_sentence_length, progress=bar, **transformation)
    if deidentification.deidentify:
        found = ", ".join(f"{name} {count:,}" for name, count in corpus.report.transformed.items())
        logger.info("Identifiers found in the text: %s", found or "none")


def describe_deidentification(
    deidentification: DocumentDeidentificationArguments, report: ReadingReport
) -> dict[str, Any] | None:
    """What became of the text's identifiers, by class: `policies`, and how many were `found`; None if refused."""
    if not deidentification.deidentify:
        return None
    policies = Policies.from_options(deidentification.policies)
    return {"policies": dict(policies), "found": {name: report.transformed.get(name, 0) for name in policies}}


def check_places(
    text: UnlabelledArguments,
    deidentification: DocumentDeidentificationArguments,
    encoder: EncoderArguments,
    training: PreTrainingArguments,
) -> None:
    """Raise ValueError or OSError if what is to be read is not there, or results would be written over or among it."""
    check_separate(training.output_dir, "corpus", text.corpus)
    check_separate(training.output_dir, "encoder_name_or_path", [encoder.encoder_name_or_path])
    read = {"names": deidentification.names, "rules": deidentification.rules, "dictionary": encoder.dictionary}
    for option, path in read.items():
        check_separate(training.output_dir, option, [path])
        check_exists(option, path)
    check_place(encoder.encoder_name_or_path)
    check_unfinished(training)


def main() -> None:
    """Entry point of the console command `dicmt-pretrain`."""
    run_command(run, "Interrupted. The same command, without --overwrite_output_dir, resumes from the last state.")


if __name__ == "__main__":
    main()
