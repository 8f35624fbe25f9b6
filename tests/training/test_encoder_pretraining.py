"""Pre-training of encoders by the command: text and a BERT in, a plain checkpoint of transformers out; bad input."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from mlm_command import MARKER, pretrain_by_two_processes, pretrain_here, pretrain_killed_once
from ner_command import SAMPLE_DICTIONARY, command_line, files_in, results_in, run_here, train_here
from safetensors.torch import load_file, save_file
from tiny_bert import character_tokenizer, make_masked_language_model, write_bert
from torch.nn import functional
from transformers import AutoModelForMaskedLM, AutoTokenizer

from experiments.planning import check_resources
from modeling_dicmt.commands.checkpoint import load_network
from modeling_dicmt.training.encoder_preparation import EncoderPreTraining, build_encoder_pretraining
from modeling_dicmt.training.encoder_pretraining import HeldOutHiddenCharacters, MaskedCharacterModel
from modeling_dicmt.training.hidden_characters import IGNORED, HiddenCharacters
from modeling_dicmt.training.pretraining_arguments import (
    ENCODER_PRESETS,
    EncoderArguments,
    PreTrainedModelArguments,
    PreTrainingArguments,
)

# Loads a folder as somebody does who has transformers and not this package.
STRANGER = """
import sys, warnings

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("modeling_dicmt", "data_scripts"):
            raise ModuleNotFoundError(f"blocked: {name}")

sys.meta_path.insert(0, Blocker())
warnings.simplefilter("error")
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model, information = AutoModelForMaskedLM.from_pretrained(sys.argv[1], output_loading_info=True)
assert not any(information.values()), information
assert AutoModel.from_pretrained(sys.argv[1]).config.hidden_size == model.config.hidden_size
inputs = tokenizer(sys.argv[2], return_tensors="pt")
print(tokenizer.convert_ids_to_tokens(inputs["input_ids"][0].tolist()))
print(model(**inputs).logits.shape[-1] == len(tokenizer) == model.config.vocab_size)
"""


@pytest.fixture(scope="module")
def characters(packed) -> list[str]:
    return sorted(packed.character_counts)


@pytest.fixture(scope="module")
def bert(characters, tmp_path_factory) -> Path:
    """A BERT over the text's characters. Only to be read."""
    return write_bert(tmp_path_factory.mktemp("encoder") / "bert", characters)


@pytest.fixture(scope="module")
def pretrained(plain_text, bert, tmp_path_factory) -> Path:
    """The same BERT, pre-trained further. Only to be read."""
    folder = tmp_path_factory.mktemp("pretrained") / "pre"
    pretrain_here(plain_text, folder, encoder_name_or_path=bert, dictionary=SAMPLE_DICTIONARY)
    return folder


@pytest.fixture(scope="module")
def new_encoder(plain_text, tmp_path_factory) -> Path:
    """A new encoder of a preset. Only to be read."""
    folder = tmp_path_factory.mktemp("new") / "pre"
    pretrain_here(plain_text, folder, encoder_preset="tiny", learning_rate=None, num_train_epochs=1)
    return folder


def test_it_learns_from_what_stands_around(tmp_path):
    """Sentences of which all but one character is the same: by frequency alone one in eleven is guessed."""
    text = tmp_path / "text.txt"
    text.write_text("\n".join(f"患者{chr(0x4E00 + n)}主诉头晕三天余。" for n in range(100)), encoding="utf-8")
    folder = write_bert(tmp_path / "bert", text.read_text(encoding="utf-8"))
    settings = {"num_train_epochs": 10, "train_batch_characters": 60, "encoder_name_or_path": folder}
    results = pretrain_here(text, tmp_path / "out" / "pre", **settings)
    history = json.loads((tmp_path / "out" / "pre" / "history.json").read_text(encoding="utf-8"))
    assert history[-1]["perplexity"] < 0.5 * history[0]["perplexity"]
    assert results["heldout_accuracy"] == max(entry["accuracy"] for entry in history) > 0.5


def test_all_weights_are_trained_and_none_is_added(pretrained, bert):
    before, after = (load_file(folder / "model.safetensors") for folder in (bert, pretrained))
    assert before.keys() == after.keys() and not any(torch.equal(before[name], after[name]) for name in before)


def test_no_text_and_no_term_is_left(pretrained):
    for name, content in files_in(pretrained).items():
        assert MARKER[:4].encode() not in content and "高血压".encode() not in content, name
        assert str(pretrained.parent).encode() not in content or name == "run.json", name
    assert not (pretrained / "checkpoints").exists()


def test_the_card_says_what_was_done(pretrained, new_encoder):
    further, new = ((folder / "README.md").read_text(encoding="utf-8") for folder in (pretrained, new_encoder))
    assert "pre-trained further from another checkpoint" in further and "terms of a dictionary as a whole" in further
    assert (
        "from random weights" in new
        and "(bert, 2 layers of 128 units)" in new
        and "dictionary" not in new.split("##")[0].lower().replace("--dictionary", "")
    )
    for card in (further, new):
        assert (
            "pipeline_tag: fill-mask" in card and "15 per cent of the characters" in card and "hidden character" in card
        )


def test_a_new_encoder_has_the_text_s_vocabulary_and_the_preset_s_sizes(new_encoder, packed):
    config = json.loads((new_encoder / "config.json").read_text(encoding="utf-8"))
    assert [config[name] for name in ENCODER_PRESETS["tiny"]._fields[:4]] == [2, 128, 2, 512]
    vocabulary = AutoTokenizer.from_pretrained(new_encoder).get_vocab()
    ordered = sorted(vocabulary, key=vocabulary.get)
    assert ordered[:2] == ["[PAD]", "[UNK]"] and ordered[-3:] == ["[CLS]", "[SEP]", "[MASK]"]
    counts = [packed.character_counts[character] for character in ordered[2:-3]]
    assert counts == sorted((count for count in packed.character_counts.values() if count >= 3), reverse=True)


def test_plain_transformers_loads_it(pretrained, new_encoder, tmp_path):
    tokens = {}
    for folder in (pretrained, new_encoder):
        command = [sys.executable, "-c", STRANGER, str(folder), "患者，[MASK]痛CT10天"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        tokens[folder], fits = done.stdout.splitlines()
        assert fits == "True"
    # A new encoder's own tokenizer gives what it learnt from: width and case folded, a token a character.
    assert tokens[new_encoder] == str(["[CLS]", *"患者,", "[MASK]", *"痛ct10天", "[SEP]"])


@pytest.mark.parametrize("model_type", ["bert", "roberta", "ernie", "albert", "mobilebert"])
def test_scores_at_hidden_characters_alone_are_those_of_the_whole(model_type):
    """Also of a head that does not call its last layer (MobileBERT)."""
    settings = {"embedding_size": 8, "intra_bottleneck_size": 16} if model_type in ("albert", "mobilebert") else {}
    model = make_masked_language_model(30, model_type, **settings).eval()
    generator = torch.Generator().manual_seed(3)
    input_ids = torch.randint(5, 30, (3, 9), generator=generator)
    attention_mask = torch.ones_like(input_ids)
    attention_mask[1, 6:] = 0
    labels = input_ids.masked_fill((torch.rand((3, 9), generator=generator) > 0.4) | (attention_mask == 0), IGNORED)
    output = MaskedCharacterModel(model).eval()(input_ids, attention_mask, labels)
    logits = model(input_ids=input_ids, attention_mask=attention_mask).logits
    is_hidden = labels != IGNORED
    expected = functional.cross_entropy(logits[is_hidden], labels[is_hidden], reduction="sum")
    torch.testing.assert_close(-output.log_likelihood, expected)
    torch.testing.assert_close(output.loss, expected / is_hidden.sum())
    assert output.num_predictions == is_hidden.sum() > 5
    assert output.num_correct == (logits.argmax(-1) == labels).sum()


def test_a_part_of_a_step_in_which_nothing_is_hidden_counts_nothing():
    network = MaskedCharacterModel(make_masked_language_model(30)).train()
    ids = torch.full((2, 5), 7)
    output = network(ids, torch.ones_like(ids), torch.full_like(ids, IGNORED))
    output.loss.backward()
    assert output.loss == 0 and output.num_predictions == 0
    assert all(not weight.grad.any() for weight in network.parameters())


def held_out_figures(folder: Path, packed) -> tuple[HeldOutHiddenCharacters, MaskedCharacterModel]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    hidden = HiddenCharacters(character_tokenizer(tokenizer), tokenizer, 0.15)
    network = MaskedCharacterModel.from_pretrained(folder)
    return HeldOutHiddenCharacters(packed.held_out, tokenizer, Accelerator(cpu=True), hidden), network


def test_held_out_figures_are_those_of_each_sentence_alone_and_the_same_each_time(plain_text, bert, packed, tmp_path):
    results = pretrain_here(plain_text, tmp_path / "pre", encoder_name_or_path=bert, seed=7)
    held_out, network = held_out_figures(tmp_path / "pre", packed)
    network.train()
    figures = held_out(network)
    assert network.training and held_out(network) == figures
    network.eval()
    total = predictions = correct = 0
    with torch.no_grad():
        for index in range(len(packed.held_out)):
            output = network(
                **{name: torch.from_numpy(array) for name, array in held_out.inputs(np.array([index])).items()}
            )
            total += output.log_likelihood.item()
            predictions += output.num_predictions.item()
            correct += output.num_correct.item()
    assert 0.1 < predictions / packed.held_out.lengths.sum() < 0.2
    np.testing.assert_allclose(figures["perplexity"], np.exp(-total / predictions), rtol=1e-5)
    assert figures["accuracy"] == correct / predictions == results["heldout_accuracy"]


def test_a_recogniser_takes_it_by_either_name(pretrained, tmp_path):
    settings = {"dictionary": SAMPLE_DICTIONARY, "num_train_epochs": 1, "encoder_learning_rate": 1e-9}
    for name in ("pretrained", "encoder_name_or_path"):
        train_here(tmp_path / name, **settings | {name: pretrained})
    one, other = (files_in(tmp_path / name) for name in ("pretrained", "encoder_name_or_path"))
    assert one.keys() == other.keys()
    for name in ("model.safetensors", "tokenizer.json", "config.json", "predictions_test.jsonl"):
        assert one[name] == other[name], name
    own = load_network(str(tmp_path / "pretrained")).dicmt.representation.encoder.model.state_dict()
    for name, weight in load_file(pretrained / "model.safetensors").items():
        if name.startswith("bert."):
            torch.testing.assert_close(own[name.removeprefix("bert.")], weight, rtol=0, atol=1e-5)


def test_experiments_take_it_as_domain_encoder(pretrained, new_encoder):
    check_resources({"domain_encoder": str(pretrained), "encoder": str(new_encoder)})


@pytest.mark.parametrize("model_type", ["gpt2", "bart", "electra", "nonsense"])
def test_what_is_pre_trained_in_neither_way_is_refused(tmp_path, model_type):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text(json.dumps({"model_type": model_type}), encoding="utf-8")
    outcome = run_here(command_line(tmp_path / "out", pretrained=tmp_path / "other"))
    assert outcome.status == 1 and model_type in outcome.message
    assert "is no whole pre-trained network" in outcome.message and "Name the folder that run_mlm.py" in outcome.message


def test_the_rate_follows_from_the_kind_of_network():
    def rate(given=None, **encoder) -> float:
        return (
            PreTrainingArguments(output_dir="x", learning_rate=given)
            .resolved(EncoderArguments(**encoder))
            .learning_rate
        )

    assert rate() == 2e-3 and rate(encoder_name_or_path="x") == 5e-5
    assert {name: rate(encoder_preset=name) for name in ENCODER_PRESETS} == {
        name: preset.learning_rate for name, preset in ENCODER_PRESETS.items()
    }
    assert rate(0.25, encoder_preset="tiny") == 0.25


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"encoder_name_or_path": "x", "encoder_preset": "tiny"}, "exclude each other"),
        ({"masked_share": 0.2}, "Only an encoder has --masked_share"),
        ({"dictionary": "x", "dictionary_encoding": "gb18030"}, "has --dictionary, --dictionary_encoding"),
        ({"encoder_preset": "huge"}, "must be one of tiny, mini, small, base, got 'huge'"),
        ({"encoder_preset": "tiny", "masked_share": 1.0}, "--masked_share must be above 0 and below 1"),
    ],
)
def test_options_of_the_encoder_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        EncoderArguments(**settings)


def test_options_of_the_character_networks_with_an_encoder_are_refused():
    further, new = EncoderArguments(encoder_name_or_path="x"), EncoderArguments(encoder_preset="tiny")
    with pytest.raises(ValueError, match=r"Only the character networks have --lstm_hidden_size, --dropout, .*_preset"):
        PreTrainedModelArguments(lstm_hidden_size=64, dropout=0.3).check(new)
    with pytest.raises(ValueError, match="Only the character networks have --min_character_count"):
        PreTrainedModelArguments(min_character_count=1).check(further)
    PreTrainedModelArguments(min_character_count=1, max_sentence_length=50).check(new)
    PreTrainedModelArguments(max_sentence_length=50).check(further)
    PreTrainedModelArguments(dropout=0.3).check(EncoderArguments())


def refused(plain_text: Path, output_dir: Path, encoder: Path, **settings) -> str:
    """The one message with which the command refuses an encoder; it leaves no results."""
    with pytest.raises(ValueError, match="error: ") as raised:
        pretrain_here(plain_text, output_dir, encoder_name_or_path=encoder, **settings)
    assert not (output_dir / "all_results.json").exists()
    (message,) = [line for line in str(raised.value).splitlines() if line.startswith("error")]
    return message


def build(folder: Path, packed) -> EncoderPreTraining:
    """What the command begins with, made here."""
    encoder = EncoderArguments(encoder_name_or_path=str(folder))
    return build_encoder_pretraining(encoder, PreTrainedModelArguments(), packed.character_counts, None, seed=1)


@pytest.fixture
def damaged(bert, tmp_path) -> Path:
    """A copy of the BERT for a test to damage."""
    return shutil.copytree(bert, tmp_path / "damaged")


def edit_json(path: Path, **values) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    content |= {name: value for name, value in values.items() if value is not None}
    content = {name: value for name, value in content.items() if name not in values or values[name] is not None}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


@pytest.mark.parametrize("model_type", ["gpt2", "bart", "electra"])
def test_a_checkpoint_of_another_kind_is_refused(plain_text, damaged, tmp_path, model_type):
    edit_json(damaged / "config.json", model_type=model_type)
    message = refused(plain_text, tmp_path / "out", damaged)
    assert f"is no BERT-family encoder: its model_type is '{model_type}'" in message and "Chinese characters" in message


def test_character_networks_are_no_encoder(plain_text, checkpoint, tmp_path):
    assert "is a DicMT checkpoint, not an encoder" in refused(plain_text, tmp_path / "out", checkpoint)


def test_a_folder_that_is_not_there_is_refused(plain_text, tmp_path):
    assert "There is no folder" in refused(plain_text, tmp_path / "out", tmp_path / "bret")
    assert "--dictionary: there is no file" in refused(plain_text, tmp_path / "out", tmp_path, dictionary="nowhere.tsv")


def test_a_checkpoint_without_a_mask_token_is_refused(plain_text, damaged, tmp_path):
    edit_json(damaged / "tokenizer_config.json", mask_token=None, tokenizer_class="PreTrainedTokenizerFast")
    assert "its tokenizer has no mask_token" in refused(plain_text, tmp_path / "out", damaged)
    assert not (tmp_path / "out").exists()  # told before the text was read


def test_a_tokenizer_of_another_network_is_refused(plain_text, bert, characters, tmp_path):
    folder = write_bert(tmp_path / "small", characters[:50])
    shutil.copy(bert / "tokenizer.json", folder)
    message = refused(plain_text, tmp_path / "out", folder)
    assert f"its tokenizer has ids up to {len(characters) + 4}, its network takes those below 55" in message


def test_a_checkpoint_of_other_characters_is_refused(plain_text, tmp_path):
    folder = write_bert(tmp_path / "latin", "abcdefghijklmnopqrstuvwxyz0123456789,.")
    message = refused(plain_text, tmp_path / "out", folder)
    assert f"--encoder_name_or_path {folder} does not know " in message and "--encoder_preset" in message
    share = float(message.split("does not know ")[1].split()[0])
    assert 50 < share < 100


def test_a_checkpoint_that_lacks_some_characters_is_warned_of(packed, tmp_path, caplog):
    frequent = [character for character, _ in packed.character_counts.most_common(100)]
    folder = write_bert(tmp_path / "some", frequent)
    build(folder, packed)
    written = {character: n for character, n in packed.character_counts.items() if not character.isspace()}
    share = sum(n for character, n in written.items() if character not in frequent) / sum(written.values())
    assert 0.05 < share < 0.5
    assert f"does not know {100 * share:.1f} % of the text's characters, which" in caplog.text


@pytest.mark.parametrize("name", ["bert.encoder.layer.1.output.dense.bias", "cls.predictions.transform.dense.weight"])
def test_weights_that_are_no_numbers_are_refused(plain_text, damaged, tmp_path, name):
    weights = load_file(damaged / "model.safetensors")
    weights[name].view(-1)[3] = torch.nan
    save_file(weights, damaged / "model.safetensors", metadata={"format": "pt"})
    message = refused(plain_text, tmp_path / "out", damaged)
    assert f"weights of {name} are no finite numbers" in message and "is no whole encoder" in message


def test_missing_weights_are_refused_in_the_encoder_and_told_of_in_the_head(
    plain_text, packed, damaged, tmp_path, caplog
):
    weights = load_file(damaged / "model.safetensors")
    encoder = {name: weight for name, weight in weights.items() if name.startswith("bert.")}
    save_file(encoder, damaged / "model.safetensors", metadata={"format": "pt"})
    build(damaged, packed)
    assert "has no head that guesses characters, or a part of one only: " in caplog.text
    del encoder["bert.encoder.layer.0.output.dense.weight"]
    save_file(encoder, damaged / "model.safetensors", metadata={"format": "pt"})
    message = refused(plain_text, tmp_path / "out", damaged)
    assert "its file of weights lacks bert.encoder.layer.0.output.dense.weight" in message


def test_sentences_longer_than_its_positions_are_refused(plain_text, characters, tmp_path):
    folder = write_bert(tmp_path / "short", characters, max_position_embeddings=62)
    message = refused(plain_text, tmp_path / "out", folder)
    assert "takes 60 characters at most, but sentences are cut after 250 only: pass --max_sentence_length 60" in message
    results = pretrain_here(
        plain_text, tmp_path / "out", encoder_name_or_path=folder, max_sentence_length=60, num_train_epochs=1
    )
    assert results["heldout_perplexity"] > 1


def test_results_do_not_lie_among_what_is_read(plain_text, bert):
    assert "is the folder of --encoder_name_or_path" in refused(plain_text, bert, bert)


def test_a_run_is_not_resumed_with_other_terms(plain_text, bert, tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    terms = tmp_path / "terms.txt"
    terms.write_text("腹痛\n", encoding="utf-8")
    settings = {"encoder_name_or_path": bert, "dictionary": terms, "num_train_epochs": 1}
    with monkeypatch.context() as patched:
        patched.setattr("modeling_dicmt.training.pretraining_results.write_pretrained", interrupt)
        with pytest.raises(ValueError, match="Interrupted"):
            pretrain_here(plain_text, tmp_path / "out", **settings)
    terms.write_text("腹痛\n头痛\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"unfinished run with other settings .*dictionary_content: "):
        pretrain_here(plain_text, tmp_path / "out", **settings)
    terms.write_text("腹痛\n", encoding="utf-8")
    pretrain_here(plain_text, tmp_path / "out", **settings)


@pytest.mark.slow(seconds=30)
def test_killed_and_started_again_it_ends_like_one_that_was_not(plain_text, bert, tmp_path):
    settings = {
        "encoder_name_or_path": bert,
        "dictionary": SAMPLE_DICTIONARY,
        "num_train_epochs": 10,
        "save_steps": 3,
        "train_batch_characters": 400,
    }
    pretrain_here(plain_text, tmp_path / "whole", **settings)
    pretrain_killed_once(plain_text, tmp_path / "stopped", **settings)
    for name in ("model.safetensors", "tokenizer.json", "tokenizer_config.json", "config.json"):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    figures = [results_in(tmp_path / name)["heldout_perplexity"] for name in ("stopped", "whole")]
    assert figures[0] == figures[1]


@pytest.mark.slow(seconds=30)
def test_two_processes_pre_train_like_one(plain_text, packed, characters, tmp_path):
    without_dropout = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    folder = write_bert(tmp_path / "bert", characters, **without_dropout)
    settings = {"encoder_name_or_path": folder, "num_train_epochs": 1, "learning_rate": 1e-3}
    pretrain_here(plain_text, tmp_path / "one", **settings)
    pretrain_by_two_processes(plain_text, tmp_path / "two", **settings, train_batch_characters=500)
    weights, others = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "two"))
    for name, weight in weights.items():
        torch.testing.assert_close(weight, others[name], rtol=0, atol=1e-5)
    # Figures of two processes are exactly those of one with the same weights.
    held_out, network = held_out_figures(tmp_path / "two", packed)
    figures = {f"heldout_{name}": value for name, value in held_out(network).items()}
    assert figures.items() <= results_in(tmp_path / "two").items()
    assert isinstance(network.model, type(AutoModelForMaskedLM.from_pretrained(folder)))
