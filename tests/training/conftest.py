"""A few records of the sample, and what training makes of them."""

from pathlib import Path

import pytest
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from mlm_command import MARKER

from data_scripts.arguments import DataArguments
from data_scripts.records import load_dictionary, load_lists_of_type, load_records
from data_scripts.sample import SAMPLE_DICTIONARY
from data_scripts.unlabelled.arguments import UnlabelledArguments
from data_scripts.unlabelled.packed import PackedCorpus
from modeling_dicmt.deidentification.arguments import DocumentDeidentificationArguments
from modeling_dicmt.training.arguments import ModelArguments, TrainingArguments
from modeling_dicmt.training.examples import make_examples
from modeling_dicmt.training.preparation import build_model, build_tokenizer
from modeling_dicmt.training.trainer import Trainer
from run_mlm import prepare_text


@pytest.fixture(scope="session")
def data() -> DataArguments:
    return DataArguments(
        dataset_name="sample",
        dictionary=str(SAMPLE_DICTIONARY),
        max_train_records=10,
        max_eval_records=5,
    )


@pytest.fixture(scope="session")
def small() -> ModelArguments:
    return ModelArguments(
        character_embedding_size=8,
        bigram_embedding_size=4,
        num_bigram_buckets=50,
        radical_embedding_size=4,
        lstm_hidden_size=8,
        character_dropout=0.1,
        dictionary_dropout=0.1,
    )


@pytest.fixture(scope="session")
def corpus(data):
    """Parts of the corpus, and its entity types."""
    return load_records(data)


@pytest.fixture(scope="session")
def tokenizer(data, small, corpus):
    parts, entity_types = corpus
    texts, dictionary = [record["text"] for record in parts["train"]], load_dictionary(data)
    lists_of_type = load_lists_of_type(data, dictionary, entity_types)
    return build_tokenizer(small, texts, entity_types, dictionary, lists_of_type)


@pytest.fixture
def network(small, tokenizer):
    return build_model(small, tokenizer, seed=1)


@pytest.fixture(scope="session")
def examples(small, tokenizer, corpus):
    label2id = build_model(small, tokenizer, seed=1).config.label2id
    return make_examples(corpus[0]["train"], tokenizer, label2id)


@pytest.fixture
def recipe(tmp_path) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(tmp_path / "out"),
        num_train_epochs=3,
        per_device_train_batch_size=6,
        warmup_steps=2,
        learning_rate=0.01,
        quiet=True,
    )


@pytest.fixture
def accelerator(monkeypatch):
    """Makes accelerators of one CPU process."""
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    yield Accelerator
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture
def trainer_of(small, tokenizer, examples, accelerator):
    """Makes trainers of networks that begin alike."""

    def make(recipe, evaluate=None, sentences=None, model=small, **options) -> Trainer:
        network = build_model(model, tokenizer, seed=1)
        chosen = examples if sentences is None else type(examples)(*(part[:sentences] for part in examples))
        return Trainer(
            network,
            tokenizer,
            chosen,
            evaluate,
            accelerator(mixed_precision=recipe.mixed_precision),
            recipe,
            **options,
        )

    return make


@pytest.fixture(scope="session")
def plain_text(tmp_path_factory) -> Path:
    """The sample's texts, a document a line, alone in their folder. Only to be read."""
    path = tmp_path_factory.mktemp("text") / "records.txt"
    parts, _ = load_records(DataArguments(dataset_name="sample", max_train_records=120))
    lines = [record["text"].replace("\n", " ") for record in parts["train"]]
    path.write_text("\n".join([*lines, f"患者{MARKER}。"]), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def packed(plain_text, tmp_path_factory) -> PackedCorpus:
    """The text as `run_mlm.py` reads it. Only to be read."""
    folder = tmp_path_factory.mktemp("packed") / "packed"
    prepare_text(UnlabelledArguments(corpus=[str(plain_text)]), DocumentDeidentificationArguments(), folder, 250)
    return PackedCorpus(folder)
