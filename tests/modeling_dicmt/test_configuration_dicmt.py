import pickle

import pytest
from tiny_network import ENTITY_TYPES, make_config, make_encoder_config, make_encoder_settings, make_model
from transformers import BertConfig

from data_scripts.label_sets import LABEL_SETS
from modeling_dicmt.configuration_dicmt import DicMTConfig
from modeling_dicmt.tagging import bio_labels

LABELS = ["O", "B-Disease", "I-Disease", "B-Anatomy", "I-Anatomy", "B-Drug", "I-Drug"]


def test_the_labels_follow_from_the_entity_types():
    config = make_config()
    assert config.id2label == dict(enumerate(LABELS))
    assert config.label2id == {label: index for index, label in enumerate(LABELS)}
    assert config.num_labels == 7


def test_the_entity_types_follow_from_a_label_set_given_alone():
    for id2label in (dict(enumerate(LABELS)), {str(key): label for key, label in enumerate(LABELS)}):
        config = DicMTConfig(id2label=id2label)
        assert config.entity_types == ENTITY_TYPES
        assert config.id2label == dict(enumerate(LABELS))


def test_the_paper_s_defaults():
    config = DicMTConfig()
    assert config.entity_types == [entity_type.name for entity_type in LABEL_SETS["ccks2017"]]
    assert config.dictionary_feature_size == config.reference_feature_size == 30
    assert (config.character_embedding_size, config.radical_embedding_size, config.lstm_hidden_size) == (100, 50, 128)
    assert config.dropout == 0.5
    assert config.segmentation_loss_weight / config.recognition_loss_weight == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("types", "sizes", "multi_hot", "width"),
    [
        (5, (2, 3, 4, 5, 6), False, 30),
        (9, (2, 3, 4, 5, 6), False, 40),
        (3, (1,), False, 4),
        (4, (2, 3), False, 12),
        (7, (2,), True, 14),
        (5, (), False, 0),
    ],
)
def test_width_of_the_dictionary_feature(types, sizes, multi_hot, width):
    config = DicMTConfig(
        entity_types=[f"T{i}" for i in range(types)], ngram_sizes=sizes, multi_hot_dictionary=multi_hot
    )
    assert config.dictionary_feature_size == config.reference_feature_size == width
    config.vetted_terms = True
    assert (config.reference_feature_size, config.dictionary_feature_size) == (width, width + 4 * types)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"context_encoder": "gru"}, "context_encoder must be 'bilstm' or 'none', got 'gru'"),
        ({"tag_decoder": "viterbi"}, "tag_decoder must be 'crf' or 'softmax', got 'viterbi'"),
        ({"recognition_task": False, "segmentation_task": False}, "Switch on recognition_task or segmentation_task"),
        ({"ngram_sizes": [3, 2]}, "ascending order"),
        ({"ngram_sizes": [2, 2]}, "distinct"),
        ({"ngram_sizes": [0, 2]}, "from 1 to 10"),
        ({"ngram_sizes": [11]}, "from 1 to 10"),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1, got 1.0"),
        ({"character_dropout": -0.1}, "character_dropout must"),
        ({"bigram_dropout": 2}, "bigram_dropout must"),
        ({"dictionary_dropout": 1}, "dictionary_dropout must"),
        ({"max_sentence_length": 0}, "max_sentence_length must be at least 1"),
        ({"entity_types": ["Drug", "Drug"]}, "distinct"),
        ({"entity_types": ["O"]}, "'O' cannot be an entity type"),
    ],
)
def test_settings_that_no_network_can_be_built_from_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        make_config(**settings)


def test_settings_of_another_type_are_refused():
    with pytest.raises(Exception, match=r"lstm_hidden_size.*expected int, got str"):
        make_config(lstm_hidden_size="128")


@pytest.mark.parametrize(
    "settings",
    [
        {"id2label": {0: "O", 1: "B-Drug", 2: "I-Drug"}},
        {"id2label": dict(enumerate(reversed(LABELS)))},
        {"label2id": {"O": 0}},
    ],
)
def test_labels_that_contradict_the_entity_types_are_refused(settings):
    with pytest.raises(ValueError, match=r"must be the BIO labels of entity_types.*Pass entity_types alone"):
        make_config(**settings)


def test_a_label_set_that_is_not_bio_is_refused():
    with pytest.raises(ValueError, match="must be the BIO labels"):
        DicMTConfig(id2label={0: "O", 1: "B-Drug"})


def test_another_number_of_labels_is_refused():
    assert make_config(num_labels=7).num_labels == 7
    with pytest.raises(ValueError, match="must be the BIO labels of entity_types"):
        make_config(num_labels=2)


@pytest.mark.parametrize(
    ("name", "value"), [("entity_types", ["Operation"]), ("num_labels", 2), ("id2label", {0: "O", 1: "B-X", 2: "I-X"})]
)
def test_labels_changed_afterwards_are_noticed_by_the_network(name, value):
    config = make_config()
    setattr(config, name, value)
    with pytest.raises(ValueError, match="must be the BIO labels of entity_types"):
        type(make_model())(config)


def test_settings_have_names():
    with pytest.raises(Exception, match=r"positional|keyword"):
        DicMTConfig(["Drug"])


@pytest.mark.parametrize("encoder", [False, True])
def test_round_trip_through_a_file(encoder, tmp_path):
    settings = make_encoder_settings(freeze_encoder=True) if encoder else {}
    config = make_config(ngram_sizes=[1, 4], tag_decoder="softmax", dropout=0.25, vetted_terms=True, **settings)
    config.save_pretrained(tmp_path)
    loaded = DicMTConfig.from_pretrained(tmp_path)
    # Of these two, one is known only once the file is written, and the other only to the file.
    volatile = {"transformers_version": None, "architectures": None}
    assert loaded.to_dict() | volatile == config.to_dict() | volatile
    assert loaded.ngram_sizes == [1, 4]
    assert loaded.id2label == config.id2label
    if encoder:
        assert isinstance(loaded.encoder_config, BertConfig)
        assert loaded.encoder_config.to_dict() == make_encoder_config().to_dict()
    else:
        assert loaded.encoder_config is None


def test_every_setting_is_written_also_at_its_default():
    # A setting without an annotation is a class attribute, which is written only where it was changed.
    fixed = {"model_type", "context_encoders", "sub_configs_defaults", "keys_to_ignore_at_inference"}
    fixed |= {"scores_spans", "auto_classes"}  # what kind of network it is
    settings = {
        name
        for name, value in vars(DicMTConfig).items()
        if not name.startswith("_") and isinstance(value, (bool, int, float, str, list, tuple, dict, type(None)))
    }
    settings = (settings | set(DicMTConfig.__annotations__)) - fixed
    assert {"freeze_encoder", "ngram_sizes", "dropout", "entity_types"} <= settings
    written = DicMTConfig().to_dict()
    assert not {name for name in settings if name not in written or name not in DicMTConfig.__dataclass_fields__}


def test_pickle():
    config = make_config(**make_encoder_settings())
    assert pickle.loads(pickle.dumps(config)).to_dict() == config.to_dict()


def test_all_auto_classes_are_named():
    auto_map = make_config().to_dict()["auto_map"]
    assert set(auto_map) == {"AutoConfig", "AutoModel", "AutoModelForTokenClassification", "AutoTokenizer"}
    assert auto_map["AutoModel"] == auto_map["AutoModelForTokenClassification"]


def test_predictions_reach_the_stock_trainer_as_logits_alone():
    names = ["predictions", "emissions", "segmentation_logits", "recognition_loss", "segmentation_loss"]
    assert make_config().keys_to_ignore_at_inference == names  # a list: the Trainer adds one to it


def test_labels_are_those_of_bio_labels():
    for label_set in LABEL_SETS.values():
        types = [entity_type.name for entity_type in label_set]
        assert list(DicMTConfig(entity_types=types).id2label.values()) == bio_labels(types)
