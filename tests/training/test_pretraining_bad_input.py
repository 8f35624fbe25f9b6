"""Mistakes in what run_mlm.py and run_ner.py --pretrained are given: told with file and line or weight, and remedy."""

import json
import shutil
from pathlib import Path

import pytest
from damaged_checkpoints import change_weights
from mlm_command import pretrain_here
from ner_command import command_line, run_here, train_here

from data_scripts.arguments import DataArguments
from data_scripts.records import load_records
from data_scripts.unlabelled import documents
from modeling_dicmt.normalization import normalize
from modeling_dicmt.training.pretraining_arguments import PreTrainedModelArguments
from modeling_dicmt.training.pretraining_preparation import build_pretraining_network, build_pretraining_tokenizer

SENTENCE = "患者因反复咳嗽咳痰三天入院。"


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder of text that is as it should be."""
    path = tmp_path / "text"
    path.mkdir()
    lines = [f"{number}年前{SENTENCE}" for number in range(60)]
    (path / "a.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def passed_over(output_dir: Path) -> dict[str, tuple[int, str]]:
    """What a pre-training says that it passed over: how often, and where first."""
    text = json.loads((output_dir / "run.json").read_text(encoding="utf-8"))["text"]
    return {reason: (found["count"], found["first"]) for reason, found in text["exclusions"].items()}


def pretrain(folder: Path, output_dir: Path, **settings) -> dict:
    return pretrain_here(folder, output_dir, num_train_epochs=1, held_out_share=0, **settings)


def test_what_is_no_text_among_the_text_is_passed_over_and_told(folder, tmp_path, monkeypatch):
    """A binary file, a damaged line, one that is as long as a file, empty ones."""
    monkeypatch.setattr(documents, "MAX_DOCUMENT_CHARACTERS", 1000)
    (folder / "b.txt").write_bytes(b"PK\x03\x04\0\0" * 100)
    with open(folder / "a.txt", "ab") as file:
        file.write(b"\xff\xfe\n\n \n" + (SENTENCE * 1000).encode())
    pretrain(folder, tmp_path / "out")
    assert passed_over(tmp_path / "out") == {
        "binary file, skipped": (1, "b.txt"),
        "line that is damaged or in another encoding, skipped": (1, "a.txt, line 61"),
        "text longer than 1,000 characters, cut into documents of at most that": (1, "a.txt, line 64"),
    }
    text = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["text"]
    assert text["empty"] == 2 and str(folder) not in json.dumps(text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"b.txt": SENTENCE.encode("gb18030")}, r"b\.txt, line 1: not utf-8 .*name that by --encoding \(gb18030"),
        ({"b.jsonl": b'{"text": "a"}\n{"text": "a'}, r"b\.jsonl, line 2: not valid JSON .*may be cut"),
        ({"a.txt": b"\n \n\n"}, r"There is no text in .*3 empty documents"),
        ({"a.txt": b"PK\0\0" * 90}, r"There is no text in .*1 × binary file, skipped; first: a\.txt"),
        ({"a.txt": "患者咳嗽".encode()}, r"No character of the text occurs 3 times: give more text"),
    ],
)
def test_text_that_cannot_be_learnt_from_is_refused(folder, tmp_path, content, message):
    for name, written in content.items():
        (folder / name).write_bytes(written)
    with pytest.raises(ValueError, match=message) as refused:
        pretrain(folder, tmp_path / "out")
    assert "Traceback" not in str(refused.value) and SENTENCE[:4] not in str(refused.value)
    assert not (tmp_path / "out" / "all_results.json").exists()


def test_a_binary_file_that_is_named_is_refused(tmp_path):
    (tmp_path / "b.txt").write_bytes(b"PK\0\0" * 90)
    with pytest.raises(ValueError, match=r"b\.txt: a binary file .*Leave it out or convert it"):
        pretrain(tmp_path / "b.txt", tmp_path / "out")


def test_text_in_another_encoding_is_read_where_that_is_named(folder, tmp_path):
    (folder / "b.txt").write_text("新的一句话。\n" * 3, encoding="gb18030")
    pretrain(folder, tmp_path / "out", encoding="gb18030")
    assert passed_over(tmp_path / "out") == {}


@pytest.mark.parametrize(
    ("learning_rate", "message"),
    [
        (1e38, r"diverged by epoch \d+, step \d+.*--learning_rate"),
        (1e30, r"held-out text is nan: the training diverged.*--learning_rate"),  # left a network of perplexity nan
    ],
)
def test_a_pre_training_that_diverges_is_told_and_leaves_no_network(folder, tmp_path, learning_rate, message):
    settings = {"max_grad_norm": 0, "train_batch_characters": 100, "held_out_share": 0.1}
    with pytest.raises(ValueError, match=message):
        pretrain_here(folder, tmp_path / "out", learning_rate=learning_rate, **settings)
    assert not (tmp_path / "out" / "model.safetensors").exists()


def write_network(folder: Path, characters: str) -> Path:
    """An untrained network as run_mlm.py leaves one."""
    model = PreTrainedModelArguments(
        character_embedding_size=4,
        bigram_embedding_size=2,
        num_bigram_buckets=20,
        radical_embedding_size=2,
        lstm_hidden_size=4,
    )
    tokenizer = build_pretraining_tokenizer(model, dict.fromkeys(characters, 9))
    network = build_pretraining_network(model, tokenizer, seed=1)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def characters() -> str:
    """Those of the sample."""
    parts, _ = load_records(DataArguments(dataset_name="sample", max_train_records=40))
    return "".join(sorted({character for record in parts["train"] for character in normalize(record["text"])}))


@pytest.fixture(scope="module")
def network(characters, tmp_path_factory) -> Path:
    """A network of the sample's characters. Only to be read."""
    return write_network(tmp_path_factory.mktemp("network") / "pre", characters)


def cut_weights(folder: Path) -> str:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    return "is no whole pre-trained network"


def lose_a_weight(folder: Path) -> str:
    change_weights(folder, lambda weights: weights.pop("dicmt.context.weight_hh_l0"))
    return "lacks weights (1, dicmt.context.weight_hh_l0 among them)"


def break_a_weight(folder: Path) -> str:
    change_weights(folder, lambda weights: weights["decoder.head.weight"][0].fill_(float("nan")))
    return "no finite numbers (1, decoder.head.weight among them)"


def lose_the_configuration(folder: Path) -> str:
    (folder / "config.json").unlink()
    return "is no checkpoint: there is no config.json in it"


def lose_the_vocabulary(folder: Path) -> str:
    (folder / "tokenizer.json").write_bytes(b"{")
    return "tokenizer.json"


def be_nowhere(folder: Path) -> str:
    shutil.rmtree(folder)
    return "There is no folder"


DAMAGES = [
    *(cut_weights, lose_a_weight, break_a_weight),
    *(lose_the_configuration, lose_the_vocabulary, be_nowhere),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_pre_trained_network_that_is_none_is_refused(damage, network, tmp_path):
    folder = shutil.copytree(network, tmp_path / "pre")
    expected = damage(folder)
    message = run_here(command_line(tmp_path / "out", pretrained=folder)).message
    assert expected in message and str(folder) in message, message
    assert not (tmp_path / "out").exists()


def test_a_network_of_other_characters_is_refused_with_their_share(characters, tmp_path):
    foreign = write_network(tmp_path / "pre", "abcdefghijklmnopqrstuvwxyz0123456789.,。，")
    message = run_here(command_line(tmp_path / "out", pretrained=foreign)).message
    assert f"--pretrained {foreign} does not know " in message and "other characters than those" in message
    assert not (tmp_path / "out").exists()


def test_a_network_that_lacks_some_characters_is_told_and_taken(characters, tmp_path):
    lacking = write_network(tmp_path / "pre", "".join(sorted(set(characters) - set("患者，,。、0123456789"))))
    outcome = run_here(command_line(tmp_path / "out", pretrained=lacking, num_train_epochs=1))
    assert outcome.status == 0 and f"--pretrained {lacking} does not know " in outcome.errors


def test_a_network_of_the_same_characters_is_taken_without_a_word(network, tmp_path):
    train_here(tmp_path / "out", pretrained=network, num_train_epochs=1)
    assert (tmp_path / "out" / "model.safetensors").exists()
