import pytest
import torch
from tiny_network import SENTENCES, make_config, make_encoder_settings, make_tokenizer

from modeling_dicmt.bilstm import concatenate
from modeling_dicmt.representations import BertFamilyEncoder, BigramEmbedding, CharacterRepresentation, embedding_bound


@pytest.fixture
def batch():
    encoded = make_tokenizer()(SENTENCES, padding=True, return_tensors="pt")
    mask = encoded["attention_mask"].bool()
    return {
        "input_ids": encoded["input_ids"],
        "mask": mask,
        "lengths": mask.sum(1),
        "radical_ids": encoded["radical_ids"],
        "dictionary_features": encoded["dictionary_features"],
    }


class WholeRepresentation(CharacterRepresentation):
    """The parts side by side, as the BiLSTM sees them."""

    def forward(self, *args, **kwargs):
        return concatenate(super().forward(*args, **kwargs))


def make_representation(training=False, **settings):
    torch.manual_seed(5)
    return WholeRepresentation(make_config(**settings)).train(training)


def test_the_parts_stand_side_by_side(batch):
    representation = make_representation(bigram_embedding_size=4)
    output = representation(**batch)
    characters, bigrams, radicals, dictionary = output.split([12, 8, 6, 20], dim=-1)
    assert torch.equal(characters, representation.characters.weight[batch["input_ids"]])
    assert torch.equal(radicals, representation.radicals.weight[batch["radical_ids"].long()])
    assert torch.equal(dictionary, batch["dictionary_features"].float())
    assert dictionary.any()
    assert output.size(-1) == representation.output_size
    for row, length in enumerate(batch["lengths"].tolist()):
        ids = [0, *batch["input_ids"][row, :length].tolist(), 0]
        for position in range(length):
            pairs = [(ids[position], ids[position + 1]), (ids[position + 1], ids[position + 2])]
            rows = [1 + ((a * 73_856_093) ^ (b * 19_349_663)) % 20_000 for a, b in pairs]
            expected = representation.bigrams.table.weight[rows].flatten()
            assert torch.equal(bigrams[row, position], expected)


def test_each_part_can_be_switched_off(batch):
    assert make_representation(radical_embedding_size=0)(**batch).size(-1) == 12 + 20
    assert make_representation(ngram_sizes=[])(**batch).size(-1) == 12 + 6
    bare = make_representation(radical_embedding_size=0, ngram_sizes=[])
    alone = bare(**(batch | {"radical_ids": None, "dictionary_features": None}))
    assert torch.equal(alone, bare.characters.weight[batch["input_ids"]])


def test_what_is_missing_or_of_another_width_is_named(batch):
    representation = make_representation()
    with pytest.raises(ValueError, match="embeds radicals: pass radical_ids"):
        representation(**(batch | {"radical_ids": None}))
    with pytest.raises(ValueError, match="uses dictionary features: pass dictionary_features"):
        representation(**(batch | {"dictionary_features": None}))
    with pytest.raises(ValueError, match=r"width 20, got 19: the tokenizer's n-gram sizes .* columns of vetted_terms"):
        representation(**(batch | {"dictionary_features": batch["dictionary_features"][..., :-1]}))


@pytest.mark.parametrize("sizes", [(2, 3, 4, 5, 6), ()])
def test_vetted_terms_stand_after_the_reference_lists(sizes):
    terms = {"Drug": ["服用", "痛"]}
    tokenizer = make_tokenizer(ngram_sizes=sizes, vetted_terms=True, terms=terms)
    batch = dict(tokenizer(SENTENCES, padding=True, return_tensors="pt"))
    mask = batch.pop("attention_mask").bool()
    representation = make_representation(ngram_sizes=sizes, vetted_terms=True)
    output = representation(**batch, mask=mask, lengths=mask.sum(1))
    width = 20 if sizes else 0
    assert output.size(-1) == representation.output_size == 12 + 6 + width + 12
    assert torch.equal(output[..., 18:], batch["dictionary_features"].float())
    assert output[1, :, -12:].any() and output[3, 0, -1] == 1


DROPOUTS = {"character_dropout": 0.5, "bigram_dropout": 0.5, "dictionary_dropout": 0.5}


def test_nothing_is_left_out_outside_training(batch):
    plain = make_representation(bigram_embedding_size=4)(**batch)
    assert torch.equal(make_representation(bigram_embedding_size=4, **DROPOUTS)(**batch), plain)
    assert not torch.equal(make_representation(True, bigram_embedding_size=4, **DROPOUTS)(**batch), plain)
    assert torch.equal(make_representation(True, bigram_embedding_size=4)(**batch), plain)


def test_character_dropout_puts_the_unknown_character_in_their_place(batch):
    representation = make_representation(True, character_dropout=0.5, ngram_sizes=[], radical_embedding_size=0)
    weight = representation.characters.weight
    output = representation(**batch)
    unknown = (output == weight[1]).all(-1)
    kept = (output == weight[batch["input_ids"]]).all(-1)
    assert (unknown | kept).all()
    assert kept[~batch["mask"]].all(), "padding stays padding"
    known = batch["mask"] & (batch["input_ids"] != 1)
    assert 0.3 < (unknown & known).sum() / known.sum() < 0.7


def test_bigram_dropout_leaves_a_bigram_out_for_both_its_characters(batch):
    representation = make_representation(True, bigram_embedding_size=4, bigram_dropout=0.5)
    _, first, second, _, _ = representation(**batch).split([12, 4, 4, 6, 20], dim=-1)
    plain = representation.eval()(**batch)[..., 12:16]
    dropped = (first == 0).all(-1)
    assert torch.equal(first[~dropped], plain[~dropped])
    assert torch.equal(second[:, :-1], first[:, 1:]), "a character's second bigram is the next one's first"
    assert 0.3 < dropped[batch["mask"]].float().mean() < 0.7


def test_dictionary_dropout_leaves_whole_codes_out_and_scales_nothing(batch):
    representation = make_representation(True, dictionary_dropout=0.5)
    batch["dictionary_features"] = torch.ones_like(batch["dictionary_features"])
    codes = representation(**batch)[..., -20:].unflatten(-1, (10, 2))[batch["mask"]]
    assert set(codes.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(codes[..., 0], codes[..., 1]), "the bits of a code go together"
    assert 0.4 < codes.mean() < 0.6
    assert (codes[..., 0].std(-1) > 0).any(), "each code is drawn by itself"


@pytest.mark.parametrize("sizes", [(2, 3, 4, 5, 6), ()])
def test_dictionary_dropout_leaves_vetted_terms_alone(batch, sizes):
    representation = make_representation(True, dictionary_dropout=0.5, ngram_sizes=sizes, vetted_terms=True)
    width = 20 if sizes else 0
    batch["dictionary_features"] = torch.ones((*batch["input_ids"].shape, width + 12), dtype=torch.uint8)
    output = representation(**batch)[..., 18:]
    assert torch.equal(output[..., width:], batch["mask"][..., None].float().expand(-1, -1, 12))
    assert not sizes or 0.4 < output[..., :width][batch["mask"]].mean() < 0.6


def test_bigrams_are_those_of_any_integer_type_and_never_padding():
    embedding = BigramEmbedding(4, num_buckets=50, dropout=0.0)
    ids = torch.randint(0, 21_000, (20, 30))
    buckets = embedding.buckets(ids[:, :-1], ids[:, 1:])
    assert buckets.min() >= 1 and buckets.max() <= 50
    assert len(buckets.unique()) == 50, "all rows are used"
    assert torch.equal(embedding.buckets(ids[:, :-1].int(), ids[:, 1:].int()), buckets)
    assert embedding.buckets(ids[:, 1:], ids[:, :-1]).ne(buckets).any(), "the order of the two characters counts"


def test_bigrams_do_not_depend_on_padding(batch):
    representation = make_representation(bigram_embedding_size=4)
    length = int(batch["lengths"][0])
    alone = {name: value[:1, :length] if value.dim() > 1 else value[:1] for name, value in batch.items()}
    torch.testing.assert_close(representation(**alone)[0], representation(**batch)[0, :length], rtol=0, atol=0)


def test_the_encoder_sees_cls_and_sep_around_each_sentence(batch):
    settings = make_encoder_settings()
    torch.manual_seed(5)
    encoder = BertFamilyEncoder(make_config(**settings)).eval()
    output = encoder(batch["input_ids"], batch["lengths"])
    assert output.shape == (*batch["input_ids"].shape, 16)
    for row, length in enumerate(batch["lengths"].tolist()):
        ids = batch["input_ids"][row, :length].tolist()
        framed = [settings["encoder_begin_token_id"], *ids, settings["encoder_end_token_id"]]
        expected = encoder.model(input_ids=torch.tensor([framed])).last_hidden_state[0, 1:-1]
        torch.testing.assert_close(output[row, :length], expected, rtol=1e-5, atol=1e-5)


def test_a_frozen_encoder_is_a_constant(batch):
    settings = make_encoder_settings(freeze_encoder=True)
    representation = make_representation(True, **settings)
    assert representation.training and not representation.encoder.model.training
    assert not any(parameter.requires_grad for parameter in representation.encoder.parameters())
    assert not any(module.training for module in representation.encoder.model.modules())
    outputs = [representation.encoder(batch["input_ids"], batch["lengths"]) for _ in range(2)]
    assert torch.equal(*outputs)
    assert not outputs[0].requires_grad


def test_a_tuned_encoder_learns_and_has_dropout(batch):
    representation = make_representation(True, **make_encoder_settings())
    outputs = [representation(**batch) for _ in range(2)]
    assert not torch.equal(*outputs)
    outputs[0].square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in representation.encoder.parameters())


def test_an_encoder_without_its_marks_is_refused():
    for name in ("encoder_begin_token_id", "encoder_end_token_id"):
        with pytest.raises(ValueError, match="needs encoder_begin_token_id and encoder_end_token_id"):
            BertFamilyEncoder(make_config(**make_encoder_settings(**{name: None})))


def test_a_sentence_too_long_for_the_encoder_is_named():
    encoder = BertFamilyEncoder(make_config(**make_encoder_settings()))
    assert encoder(torch.ones(1, 78).long(), torch.tensor([78])).shape == (1, 78, 16)
    with pytest.raises(ValueError, match="takes 78 characters at most, got a sentence of 79: cut sentences"):
        encoder(torch.ones(1, 79).long(), torch.tensor([79]))


def test_bound_of_the_paper():
    assert embedding_bound(100) == pytest.approx((3 / 100) ** 0.5)
