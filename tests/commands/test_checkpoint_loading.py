"""The checkpoint that a command is given: whole, or told in one line what is wrong with it; asked of the Hub last."""

import json
import shutil
import socket
import struct

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_network import RECORDS, make_encoder_settings, make_model, make_tokenizer
from transformers.utils import logging

from modeling_dicmt.commands import checkpoint as loading
from modeling_dicmt.commands.checkpoint import load_config, load_encoder_config, load_network, load_tokenizer
from modeling_dicmt.configuration_dicmt import DicMTConfig
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.recognition import EntityRecognizer
from modeling_dicmt.torch_tagger import TorchTagger

VALUES = [None, [], {}, "", "x", -1, 0, 2.5, 10**12, True, [None], [[1]], {"a": 1}, ["x"] * 2000]


@pytest.fixture
def folder(checkpoint, tmp_path):
    """A copy of a checkpoint, to be damaged."""
    return shutil.copytree(checkpoint, tmp_path / "model")


@pytest.fixture
def no_network(monkeypatch):
    """Fails where a connection is tried, also as though the machine were online."""

    def connect(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", connect)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)


def refusal(folder, load=load_network) -> str:
    """The one line that a folder is refused with."""
    with pytest.raises(ValueError) as refused:
        load(str(folder))
    message = str(refused.value)
    assert str(folder) in message and "\n" not in message and len(message) < 700
    return message


def change(path, **settings) -> None:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | settings), encoding="utf-8")


def use_or_refuse(folder) -> bool:
    """Whether a checkpoint is refused; one that is taken has to work."""
    try:
        network, tokenizer = load_network(str(folder)), load_tokenizer(str(folder))
    except ValueError as error:
        assert str(folder) in str(error) and "\n" not in str(error)
        return True
    assert len(list(EntityRecognizer(TorchTagger(network), tokenizer).stream(RECORDS))) == len(RECORDS)
    return False


KEYS = {
    "config.json": [
        *("entity_types", "id2label", "label2id", "vocab_size", "pad_token_id", "unk_token_id", "ngram_sizes"),
        *("dropout", "character_embedding_size", "bigram_embedding_size", "num_bigram_buckets", "num_radicals"),
        *("radical_embedding_size", "lstm_hidden_size", "context_encoder", "tag_decoder", "max_sentence_length"),
        *("recognition_task", "segmentation_loss_weight", "exclude_illegal_transitions", "multi_hot_dictionary"),
        *("encoder_config", "architectures", "auto_map", "custom_pipelines", "dtype", "model_type"),
    ],
    "tokenizer_config.json": [
        *("entity_types", "lists_of_type", "ngram_sizes", "multi_hot_dictionary", "precedence"),
        *("max_sentence_length", "dictionary_terms", "dictionary_fingerprint", "pad_token", "tokenizer_class"),
    ],
}


@pytest.mark.parametrize(("name", "key"), [(name, key) for name, keys in KEYS.items() for key in keys])
def test_a_setting_of_a_wrong_type_was_a_traceback(name, key, folder):
    path = folder / name
    saved = path.read_text(encoding="utf-8")
    for value in VALUES:
        change(path, **{key: value})
        use_or_refuse(folder)
        path.write_text(saved, encoding="utf-8")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"id2label": []}, "id2label must be a dictionary, got list"),
        ({"pad_token_id": None}, "pad_token_id must be an id of the vocabulary"),
        ({"unk_token_id": 10**6}, "unk_token_id must be an id of the vocabulary"),
        ({"vocab_size": "5"}, "vocab_size"),
        ({"lstm_hidden_size": 11}, "other shapes than config.json says"),
        ({"entity_types": [f"T{number}" for number in range(1001)], "id2label": None, "label2id": None}, "1000 entity"),
        ({"model_type": "bert"}, "--encoder_name_or_path"),
    ],
)
def test_a_configuration_that_is_wrong_is_told_in_one_line(settings, message, folder):
    change(folder / "config.json", **settings)
    assert message in refusal(folder)


ENCODER_KEYS = ["hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size", "pad_token_id", "model_type"]


def test_an_encoder_of_a_billion_layers_kept_the_machine_busy(tmp_path):
    make_model(**make_encoder_settings()).save_pretrained(tmp_path)
    make_tokenizer().save_pretrained(tmp_path)
    assert not use_or_refuse(tmp_path)
    saved = (tmp_path / "config.json").read_text(encoding="utf-8")
    for key in (*ENCODER_KEYS, "encoder_begin_token_id"):
        for value in VALUES:
            settings = json.loads(saved)
            (settings if key.startswith("encoder_") else settings["encoder_config"])[key] = value
            (tmp_path / "config.json").write_text(json.dumps(settings), encoding="utf-8")
            use_or_refuse(tmp_path)
    settings = json.loads(saved)
    settings["encoder_config"]["num_hidden_layers"] = 10**9
    (tmp_path / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    assert "from 1 to 1000" in refusal(tmp_path)


CONTENTS = {
    "cut": lambda content: content[: len(content) * 2 // 3],
    "empty": lambda content: b"",
    "zeros": lambda content: bytes(len(content)),
    "a list": lambda content: b"[]",
    "a number": lambda content: b"5",
    "null": lambda content: b"null",
    "an empty object": lambda content: b"{}",
    "deep": lambda content: b"[" * 100_000,
    "a long number": lambda content: b'{"model_type": ' + b"9" * 10_000 + b"}",
    "a key twice": lambda content: b'{"model_type": "dicmt", "model_type": "bert"}',
    "no UTF-8": lambda content: b"\xff\xfe\x00" + content,
    "a web page": lambda content: b"<html>404</html>",
}


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "tokenizer.json"])
def test_json_that_is_damaged(name, kind, folder):
    (folder / name).write_bytes(CONTENTS[kind]((folder / name).read_bytes()))
    message = refusal(folder, load_tokenizer)
    assert name in message or (kind == "an empty object" and ("model_type" in message or "entity_types" in message))


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("name", ["radicals.tsv", "dictionary.tsv", "model.safetensors"])
def test_other_files_that_are_damaged(name, kind, folder):
    (folder / name).write_bytes(CONTENTS[kind]((folder / name).read_bytes()))
    if name != "dictionary.tsv":  # a dictionary may hold less, which is logged
        assert use_or_refuse(folder)
    else:
        use_or_refuse(folder)


@pytest.mark.parametrize(
    "vocabulary", [{}, [], "x", {"[PAD]": 0}, {"[PAD]": 0, "[UNK]": "1"}, {"[PAD]": 0, "[UNK]": 99}]
)
def test_a_vocabulary_that_does_not_fit_the_network(vocabulary, folder):
    content = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    content["model"]["vocab"] = vocabulary
    (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    refusal(folder, load_tokenizer)


@pytest.mark.parametrize("setting", [{"entity_types": ["Drug", "Anatomy", "Disease"]}, {"ngram_sizes": [2]}])
def test_a_tokenizer_of_another_network_answered_with_noise(setting, folder):
    change(folder / "tokenizer_config.json", **setting)
    assert "other entity types, n-gram sizes or vetted_terms" in refusal(folder, load_tokenizer)


HEADERS = [
    struct.pack("<Q", 2**60) + b"{}",
    struct.pack("<Q", 2) + b"{}",
    struct.pack("<Q", 5) + b"x" * 5,
    struct.pack("<Q", 62) + b'{"crf.transitions":{"dtype":"F32","shape":[9],"data_offsets":[0,99]}}',
]


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_of_weights_that_lies(header, folder):
    (folder / "model.safetensors").write_bytes(header)
    refusal(folder)


def change_weights(folder, change):
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize("name", ["crf.transitions", "classifier.weight", "dicmt.context.weight_ih_l0"])
def test_a_checkpoint_that_lacks_a_weight_answered_with_noise(name, folder):
    change_weights(folder, lambda weights: weights.pop(name))
    assert f"lacks weights (1, {name} among them)" in refusal(folder)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_checkpoint_with_weights_that_are_no_numbers_answered_with_noise(value, folder):
    change_weights(folder, lambda weights: weights["segmenter.weight"].view(-1)[3:4].fill_(value))
    assert "no finite numbers (1, segmenter.weight among them)" in refusal(folder)


@pytest.fixture
def sharded(folder):
    network = load_network(str(folder))
    (folder / "model.safetensors").unlink()
    network.save_pretrained(folder, max_shard_size="10KB")
    assert len(list(folder.glob("model-*.safetensors"))) > 1
    return folder


def test_a_checkpoint_in_shards_is_read(sharded, checkpoint):
    expected = load_network(str(checkpoint)).state_dict()
    assert all(torch.equal(weight, expected[name]) for name, weight in load_network(str(sharded)).state_dict().items())


def test_a_shard_that_is_missing_or_damaged(sharded):
    first, second, *_ = sorted(sharded.glob("model-*.safetensors"))
    whole = first.read_bytes()
    first.write_bytes(whole[:-10])
    refusal(sharded)
    first.write_bytes(whole)
    assert load_network(str(sharded))
    second.unlink()
    assert second.name in refusal(sharded)


@pytest.mark.parametrize("name", ["../elsewhere.safetensors", "/elsewhere.safetensors", "model.bin", 5])
def test_shards_are_files_of_the_folder(name, sharded):
    path = sharded / "model.safetensors.index.json"
    index = json.loads(path.read_text(encoding="utf-8"))
    index["weight_map"][next(iter(index["weight_map"]))] = name
    path.write_text(json.dumps(index), encoding="utf-8")
    assert "no shards of this checkpoint" in refusal(sharded)


def test_weights_that_are_a_pickle_are_not_read(folder):
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    refusal(folder)


PLACES = [
    "outputs/x/model",
    "./model",
    "../model",
    "~/model",
    "/model",
    "model/",
    "model",
    "a/b/",
    "C:\\model",
    "",
    "中文/模型",
]


@pytest.mark.parametrize("load", [load_config, load_tokenizer, load_network, load_encoder_config])
@pytest.mark.parametrize("place", PLACES)
def test_a_mistyped_folder_asked_the_hub_for_51_seconds(place, load, no_network, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="There is no folder") as refused:
        load(place)
    assert place in str(refused.value) and "owner/name" in str(refused.value)


def test_a_folder_that_is_partly_there_is_looked_up_here_only(no_network, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "file").touch()
    with pytest.raises(ValueError, match="There is no folder outputs/quickstrat"):
        load_network("outputs/quickstrat")
    with pytest.raises(ValueError, match="is a file"):
        load_network("outputs/file")


def test_only_a_name_of_the_hub_is_asked_for_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = []

    def ask(path, **_):
        asked.append(path)
        raise OSError("nobody there\nand more")

    monkeypatch.setattr(loading.PreTrainedConfig, "get_config_dict", ask)
    with pytest.raises(ValueError, match=r"owner/name\.v2 is no whole DicMT checkpoint: nobody there and more"):
        load_network("owner/name.v2")
    assert asked == ["owner/name.v2"]


def test_a_dicmt_checkpoint_given_as_encoder_is_told_off(checkpoint):
    assert "pass --model_name_or_path" in refusal(checkpoint, load_encoder_config)


def test_an_encoders_configuration(tmp_path):
    make_encoder_settings()["encoder_config"].save_pretrained(tmp_path)
    assert load_encoder_config(str(tmp_path)).model_type == "bert"
    (tmp_path / "config.json").write_text('{"model_type": "bert", "hidden_size": "x"}', encoding="utf-8")
    assert "no whole encoder" in refusal(tmp_path, load_encoder_config)


@pytest.mark.parametrize("bars", [True, False])
def test_loading_shows_no_bars_and_leaves_the_users_setting(bars, checkpoint, capsys):
    before = logging.is_progress_bar_enabled()
    switch = {True: logging.enable_progress_bar, False: logging.disable_progress_bar}
    switch[bars]()
    try:
        load_network(str(checkpoint))
        load_tokenizer(str(checkpoint))
        assert capsys.readouterr().err == ""
        with pytest.raises(ValueError):
            load_network(str(checkpoint / "nothing"))
        assert logging.is_progress_bar_enabled() is bars
    finally:
        switch[before]()


def test_weights_that_the_network_has_no_place_for_passed_unnoticed(folder):
    weights = load_file(folder / "model.safetensors")
    save_file(weights | {"dicmt.context.weight_of_another": torch.zeros(3)}, folder / "model.safetensors")
    assert "no place for (1, dicmt.context.weight_of_another among them)" in refusal(folder)


def test_a_network_that_is_asked_for_with_fewer_parts_leaves_their_weights_out(folder):
    load = DicMTForTokenClassification.from_pretrained
    config = DicMTConfig.from_pretrained(folder, bigram_embedding_size=0)
    assert load(folder, config=config, ignore_mismatched_sizes=True).dicmt.representation.bigrams is None
    assert load(folder, bigram_embedding_size=0, ignore_mismatched_sizes=True).dicmt.representation.bigrams is None
