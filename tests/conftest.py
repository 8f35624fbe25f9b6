"""What all tests share. Warnings are errors (pyproject.toml), and nothing is fetched from anywhere."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # read when the libraries are imported

import hypothesis
import pytest
import torch
from tiny_network import make_model, make_tokenizer

# Matrices here are so small that threads would only wait for each other.
torch.set_num_threads(1)

hypothesis.settings.register_profile("dicmt", deadline=None, max_examples=50)
hypothesis.settings.load_profile("dicmt")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that several processes end at about the same time."""

    def seconds(item: pytest.Item) -> float:
        slow = item.get_closest_marker("slow")
        return 0 if slow is None else slow.kwargs.get("seconds", 10)

    items.sort(key=seconds, reverse=True)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """Folder of a saved tiny network with its tokenizer and dictionary. Only to be read: copy what a test changes."""
    folder = tmp_path_factory.mktemp("checkpoint") / "tiny"
    make_model(bigram_embedding_size=3, num_bigram_buckets=40).save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def channel_checkpoint(tmp_path_factory):
    """The same of a network with columns of vetted terms, whose corpus calls Disease 疾病和诊断. Only to be read."""
    folder = tmp_path_factory.mktemp("checkpoint") / "channel"
    make_model(vetted_terms=True).save_pretrained(folder)
    make_tokenizer(vetted_terms=True, corpus_labels={"Disease": "疾病和诊断"}).save_pretrained(folder)
    return folder


@pytest.fixture
def tokenizer():
    """A tokenizer of the test's own."""
    return make_tokenizer()


@pytest.fixture
def model():
    """A network of the test's own, in evaluation mode: BiLSTM, CRF, both tasks."""
    return make_model()
