"""Training a recogniser. From Python it is what run_ner.py does:

    from data_scripts.arguments import DataArguments
    from data_scripts.records import load_records
    from modeling_dicmt.training import (
        Evaluator, ModelArguments, Trainer, TrainingArguments, build_model, build_tokenizer, make_examples,
        start_process, write_model,
    )

    settings, training = ModelArguments(), TrainingArguments(output_dir="outputs/python")
    parts, entity_types = load_records(DataArguments(dataset_name="sample"))
    accelerator = start_process(training)
    tokenizer = build_tokenizer(settings, [record["text"] for record in parts["train"]], entity_types)
    network = build_model(settings, tokenizer, training.seed)
    examples = make_examples(parts["train"], tokenizer, network.config.label2id)
    evaluate = Evaluator(parts["validation"], tokenizer, accelerator, None, {})
    trainer = Trainer(network, tokenizer, examples, evaluate, accelerator, training)
    print("Development F1:", trainer.train().best_score)
    write_model(training.output_dir, trainer.load_best(), tokenizer)

Records are of any origin, with `id`, `text` and `entities`; `build_tokenizer` also takes a `ClinicalDictionary`. Names
are imported when they are first used, so that a command's arguments are checked before the libraries are loaded.
"""

from .. import lazy_names

_MODULE_OF = {
    "Evaluator": "..evaluation.evaluator",
    "ModelArguments": ".arguments",
    "Progress": ".states",
    "Trainer": ".trainer",
    "TrainingArguments": ".arguments",
    "build_model": ".preparation",
    "build_tokenizer": ".preparation",
    "make_examples": ".examples",
    "start_process": ".running",
    "write_model": ".results",
}

__all__ = sorted(_MODULE_OF)
__getattr__, __dir__ = lazy_names(__name__, _MODULE_OF)
