#!/usr/bin/env python
"""Pre-train a network on text without labels, for recognisers to start from.

    python run_mlm.py --corpus TEXT --output_dir PRE
    python run_ner.py --dataset_name NAME --data_dir DIR --dictionary TERMS --pretrained PRE --output_dir OUT

TEXT is .txt files, a document a line, or .jsonl files with records' `text`, or folders of them. Two character language
models, one for each direction, learn to predict the text's characters. PRE then holds the network with its vocabulary,
and all_results.json with its figures on held-out documents: perplexity, and the share of characters that it guesses.
The same command again resumes a run that was interrupted. Several processes: `accelerate launch run_mlm.py …`.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

from data_scripts.unlabelled.arguments import UnlabelledArguments
from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.commands.progress import progress
from modeling_dicmt.training.arguments import check_unfinished
from modeling_dicmt.training.pretraining_arguments import PreTrainedModelArguments, PreTrainingArguments

logger = logging.getLogger("run_mlm")


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command.

    Args:
        arguments: The command line; default: the process's.
    """
    text, model, training = parse_arguments(
        (UnlabelledArguments, PreTrainedModelArguments, PreTrainingArguments), __doc__, arguments
    )
    for path in map(Path, text.corpus):
        if path.exists() and Path(training.output_dir).resolve() == (path if path.is_dir() else path.parent).resolve():
            raise ValueError(
                f"--output_dir {training.output_dir} is the folder of --corpus, among whose files the results "
                "would stand: pass another one."
            )
    check_unfinished(training)
    # What takes seconds to load waits until the arguments are known to be right.
    from data_scripts.unlabelled.packed import PackedCorpus
    from data_scripts.unlabelled.preparation import prepare_corpus
    from modeling_dicmt.training.preparation import build_pretraining_network, build_pretraining_tokenizer
    from modeling_dicmt.training.pretraining import HeldOutText, PreTrainer
    from modeling_dicmt.training.pretraining_results import describe_pretraining, write_pretrained
    from modeling_dicmt.training.running import claim_output_dir, set_threads, start_process, start_trackers
    from modeling_dicmt.training.states import CHECKPOINTS, TEXT

    accelerator = start_process(training)
    folder = Path(training.output_dir) / CHECKPOINTS / TEXT
    with accelerator.main_process_first():
        if accelerator.is_main_process:
            bar = None if training.quiet else progress
            prepare_corpus(text, folder, max_sentence_length=model.max_sentence_length, progress=bar)
        corpus = PackedCorpus(folder)
    tokenizer = build_pretraining_tokenizer(model, corpus.character_counts)
    network = build_pretraining_network(model, tokenizer, training.seed)
    set_threads(accelerator, training, are_steps_large=True)
    settings = (text, model, training)
    output_dir = claim_output_dir(accelerator, settings, {"text_content": corpus.fingerprint})
    information = describe_pretraining(settings, accelerator, corpus.report.to_dict(), network)

    start_trackers(accelerator, information)
    held_out = HeldOutText(corpus.held_out, tokenizer, accelerator) if len(corpus.held_out) else None
    trainer = PreTrainer(network, tokenizer, corpus.train, held_out, accelerator, training)
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


def main() -> None:
    """Entry point of the console command `dicmt-pretrain`."""
    run_command(run, "Interrupted. The same command, without --overwrite_output_dir, resumes from the last state.")


if __name__ == "__main__":
    main()
