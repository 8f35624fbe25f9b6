"""The pre-training head: what it predicts, from what, and what of it a recogniser takes."""

import numpy as np
import pytest
import torch
from tiny_network import make_config, make_encoder_settings, make_model, make_tokenizer

from modeling_dicmt.bilstm import concatenate
from modeling_dicmt.configuration_dicmt import LANGUAGE_MODEL_SIZES
from modeling_dicmt.modeling_dicmt import DicMTModel
from modeling_dicmt.pretraining_dicmt import DicMTForPreTraining

SETTINGS = {"ngram_sizes": [], "vocab_size": 40, "bigram_embedding_size": 5, "num_bigram_buckets": 97, "dropout": 0.0}


def make_network(**settings) -> DicMTForPreTraining:
    torch.manual_seed(0)
    network = DicMTForPreTraining(make_config(**(SETTINGS | settings)))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return network.eval()


def sentences(*lengths: int, vocab_size: int = 40) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    shape = (len(lengths), max(lengths))
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    ids = torch.randint(2, vocab_size, shape, generator=generator).masked_fill(~mask, 0)
    radicals = torch.randint(1, 5, shape, generator=generator).masked_fill(~mask, 0)
    return {"input_ids": ids, "attention_mask": mask.long(), "radical_ids": radicals}


def naive(network: DicMTForPreTraining, ids: list[int], radicals: list[int]) -> tuple[float, int, int]:
    """Log-likelihood, predictions and right ones of a sentence: a prefix, or a suffix, at a time."""
    total, right = 0.0, 0
    hidden = network.config.lstm_hidden_size
    for place, target in enumerate(ids):
        for part, half in ((slice(0, place), slice(0, hidden)), (slice(place + 1, None), slice(hidden, None))):
            if ids[part]:
                inputs = {"input_ids": torch.tensor([ids[part]]), "radical_ids": torch.tensor([radicals[part]])}
                states = network.dicmt(**inputs).last_hidden_state[0]
                state = states[-1 if half.start == 0 else 0, half]
                scores = network.decoder.log_prob(state[None])[0]
                total += float(scores[target])
                right += int(scores.argmax()) == target
    return total, 2 * (len(ids) - 1), right


@pytest.mark.parametrize("vocab_size", [40, 2000])
def test_each_character_is_predicted_from_those_before_and_from_those_after_alone(vocab_size):
    network = make_network(vocab_size=vocab_size)
    batch = sentences(7, 1, 4, vocab_size=vocab_size)
    with torch.no_grad():
        output = network(**batch)
        expected = [
            naive(network, ids[:length].tolist(), radicals[:length].tolist())
            for ids, radicals, length in zip(batch["input_ids"], batch["radical_ids"], (7, 1, 4), strict=True)
        ]
    totals, counts, right = (sum(column) for column in zip(*expected, strict=True))
    assert (int(output.num_predictions), int(output.num_correct)) == (counts, right)
    np.testing.assert_allclose(float(output.log_likelihood), totals, rtol=1e-4)
    np.testing.assert_allclose(float(output.loss), -totals / counts, rtol=1e-4)


def test_no_step_lets_a_direction_see_what_it_predicts(tmp_path):
    network = make_network()
    network.save_pretrained(tmp_path)
    for trained in (network, DicMTForPreTraining.from_pretrained(tmp_path)):
        trained.train()
        optimizer = torch.optim.AdamW(trained.parameters(), lr=0.1, weight_decay=0.1)
        for _ in range(3):
            trained(**sentences(6, 3)).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        size, before = 5, 12
        forward, backward = trained.dicmt.context.weight_ih_l0, trained.dicmt.context.weight_ih_l0_reverse
        assert not forward[:, before + size : before + 2 * size].any() and not backward[:, before : before + size].any()
        assert forward[:, before : before + size].all() and backward[:, before + size : before + 2 * size].all()


@torch.no_grad()
def test_padding_at_either_side_and_the_batch_change_nothing():
    network, batch = make_network(), sentences(5, 8)
    alone = [network(**{name: row[None, :length] for name, row in zip(batch, rows, strict=True)})
             for *rows, length in zip(*batch.values(), (5, 8), strict=True)]  # fmt: skip
    left = {name: torch.stack([rows[0].roll(3), rows[1]]) for name, rows in batch.items()}
    for inputs in (batch, left):
        output = network(**inputs)
        total = sum(float(one.log_likelihood) for one in alone)
        np.testing.assert_allclose(float(output.log_likelihood), total, rtol=1e-5)


@pytest.mark.parametrize("lengths", [(1,), (1, 1)])
def test_a_sentence_of_one_character_predicts_nothing(lengths):
    network = make_network().train()
    output = network(**sentences(*lengths))
    output.loss.backward()
    assert output.loss.item() == 0 == int(output.num_predictions)


def test_its_shared_layer_is_a_network_s_own(tmp_path):
    network, batch = make_network(), sentences(6, 2)
    network(**batch)
    network.save_pretrained(tmp_path)
    shared = DicMTModel.from_pretrained(tmp_path).eval()
    assert torch.equal(shared(**batch).last_hidden_state, network.dicmt(**batch).last_hidden_state)


@pytest.mark.parametrize("settings", [{"ngram_sizes": [2]}, {"context_encoder": "none"}, {"vetted_terms": True}])
def test_a_network_that_would_see_more_is_refused(settings):
    with pytest.raises(ValueError, match="characters, bigrams and radicals alone"):
        make_network(**settings)
    with pytest.raises(ValueError, match="characters, bigrams and radicals alone"):
        DicMTForPreTraining(make_config(**make_encoder_settings(), ngram_sizes=[]))


def sizes_of(network: DicMTForPreTraining) -> dict[str, int]:
    return {name: getattr(network.config, name) for name in LANGUAGE_MODEL_SIZES}


def test_a_recogniser_reads_its_states_and_leaves_its_weights_as_they_are(tmp_path):
    pretrained = make_network(vocab_size=len(make_tokenizer()))
    pretrained(**sentences(3))
    recogniser = make_model(language_model=sizes_of(pretrained), dropout=0.0)
    recogniser.dicmt.language_model.load_state_dict(pretrained.dicmt.state_dict())
    sentence = make_tokenizer()("患者肺炎", return_tensors="pt")
    alone = {name: sentence[name] for name in ("input_ids", "attention_mask", "radical_ids")}
    own = recogniser.dicmt.representation(
        sentence["input_ids"], sentence["attention_mask"].bool(), torch.tensor([4]), *list(sentence.values())[2:]
    )
    expected = recogniser.dicmt.context(
        torch.cat([pretrained.dicmt(**alone).last_hidden_state, concatenate(own)], dim=-1), torch.tensor([4])
    )
    torch.testing.assert_close(recogniser.dicmt(**sentence).last_hidden_state, expected)

    before = {name: weight.clone() for name, weight in recogniser.state_dict().items()}
    recogniser.train()
    optimizer = torch.optim.AdamW(recogniser.parameters(), lr=0.1, weight_decay=0.1)
    recogniser(**sentence, labels=torch.tensor([[0, 0, 1, 2]])).loss.backward()
    optimizer.step()
    changed = {name for name, weight in recogniser.state_dict().items() if not torch.equal(weight, before[name])}
    assert "dicmt.context.weight_ih_l0" in changed
    assert not [name for name in changed if name.startswith("dicmt.language_model.")]

    recogniser.eval().save_pretrained(tmp_path)
    again = type(recogniser).from_pretrained(tmp_path)
    assert torch.equal(again(**sentence).emissions, recogniser(**sentence).emissions)


@pytest.mark.parametrize("sizes", [{}, {"lstm_hidden_size": 3}, dict.fromkeys(LANGUAGE_MODEL_SIZES, 0)])
def test_sizes_that_no_pre_trained_network_has(sizes):
    with pytest.raises(ValueError, match=r"language_model must have|must be at least 1"):
        make_config(language_model=sizes)
