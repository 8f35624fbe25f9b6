"""Terms given to what was trained: by a stand-in what is asked of it and counted, and each kind that takes terms."""

import pytest
import torch
from made_up_runs import TRAIN, TYPES, VALIDATION, record
from tiny_network import LISTS_OF_TYPE, RECORDS, make_config, make_model, make_tokenizer

from experiments.adding_terms import _TAKERS, NetworkTaker, RulesTaker, SpacyTaker, measure
from experiments.baselines.networks import BaselineConfig, BaselineForTokenClassification
from experiments.known_terms import ADDED, AMBIGUOUS, BESIDE, FORCED, NOTHING, SHARES
from experiments.specification import MODEL_OF_KIND
from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.files import write_json
from modeling_dicmt.normalization import normalize

# 头孢 and 哮喘 are vetted; 乏力 is ambiguous, since it is annotated once of twice.
HELD_OUT = [*VALIDATION, record("v3", "乏力，无乏力", ("乏力", "Disease"))]


class Taker:
    """Finds the terms that it is given, and nothing else; writes down what it was given."""

    def __init__(self, *ways):
        self.ways, self.given = ways, []

    def predict(self, texts, terms, way):
        self.given.append((terms, way))
        return [
            [
                (start, start + len(term), kind)
                for kind, of_kind in terms.items()
                for term in of_kind
                for start in range(len(text))
                if normalize(text).startswith(term, start)
            ]
            for text in texts
        ]


def test_every_share_is_known_beside_every_kind_of_others_in_every_way():
    taker = Taker(ADDED, FORCED)
    found, measured = measure(taker, TRAIN, HELD_OUT, TYPES, seed=1)
    assert found == [[], [(4, 6, "Disease"), (1, 3, "Drug")], []]
    assert {name: measured[name] for name in ("vetted_terms", "occurrences", "ambiguous_terms")} == {
        "vetted_terms": 2,
        "occurrences": 2,
        "ambiguous_terms": 1,
    }
    points = {(point["beside"], point["share"], point["way"]): point for point in measured["points"]}
    assert list(points) == [(name, share, way) for name in BESIDE for share in SHARES for way in (ADDED, FORCED)]
    assert [points[NOTHING, share, ADDED]["found"] for share in SHARES] == [0, 0, 0.5, 1, 1]  # of 2 × 0.75, rounded
    assert points[NOTHING, 1, FORCED] == {
        "share": 1,
        "beside": NOTHING,
        "way": FORCED,
        "found": 1,
        "precision": 1,
        "recall": 0.4,
        "f1": pytest.approx(4 / 7),
    }
    assert points[AMBIGUOUS, 0, ADDED]["found"] == 0 and points[AMBIGUOUS, 0, ADDED]["recall"] == 0.2
    wrong = points["100 wrong terms", 1, ADDED]
    assert wrong["found"] == 1 and wrong["precision"] < 0.1
    # Without any term, as at the shares 0 and 0.25 here, one way is the other.
    assert [way for terms, way in taker.given if not terms] == [ADDED, ADDED]
    assert len(taker.given) == len(points) - 2


def test_the_same_choice_for_the_same_seed_alone():
    given = []
    for seed in (1, 1, 2):
        taker = Taker(ADDED)
        measure(taker, TRAIN, HELD_OUT, TYPES, seed)
        given.append(taker.given)
    assert given[0] == given[1] != given[2]


def test_a_part_without_anything_new_has_nothing_to_find():
    _, measured = measure(Taker(ADDED), TRAIN, TRAIN, TYPES, seed=1)
    assert {point["found"] for point in measured["points"]} == {None} and measured["vetted_terms"] == 0


def test_a_known_term_is_an_entry_of_the_rules_lexicon(tmp_path):
    write_json(tmp_path / MODEL_OF_KIND["rules"], {"肺炎": "Disease", "ct": "Drug"})
    rules = RulesTaker(tmp_path)
    text = "肺炎，肺炎球菌，ＣＴ"
    assert rules.predict([text], {}, ADDED) == [[(0, 2, "Disease"), (3, 5, "Disease"), (8, 10, "Drug")]]
    terms = {"Disease": ["肺炎球菌"], "Drug": ["肺炎", "肺炎球菌"]}
    # The longest counts, a known term before the lexicon's own entry, and of several types the first.
    assert rules.predict([text], terms, ADDED) == [[(0, 2, "Drug"), (3, 7, "Disease"), (8, 10, "Drug")]]
    assert rules.predict([text], {}, ADDED)[0][0] == (0, 2, "Disease")


def test_spacy_s_ruler_adds_after_the_recogniser_and_forces_before_it(tmp_path):
    pytest.importorskip("spacy")
    from experiments.baselines.spacy_ner import SpacyNER

    label2id = {f"B-{kind}": number for number, kind in enumerate(TYPES)}
    trained = SpacyNER(None, label2id, epochs=10, seed=1)
    trained.fit(TRAIN * 10, TRAIN)
    trained.save(tmp_path)
    taker = SpacyTaker(tmp_path)
    text = TRAIN[0]["text"]  # 患者肺炎，予青霉素。
    own = [(2, 4, "Disease"), (6, 9, "Drug")]
    assert taker.predict([text], {}, ADDED) == [own] == taker.predict([text], {}, FORCED)
    terms = {"Drug": ["患者肺炎"], "Disease": ["予"]}
    assert taker.predict([text], terms, ADDED) == [[own[0], (5, 6, "Disease"), own[1]]]
    assert taker.predict([text], terms, FORCED) == [[(0, 4, "Drug"), (5, 6, "Disease"), own[1]]]
    assert taker.predict([text], {}, FORCED) == [own] and taker.model.pipe_names == ["ner"]
    # Full-width forms aside, case does not matter.
    assert (0, 2, "Drug") in taker.predict(["CT"], {"Drug": ["ct"]}, FORCED)[0]


def save_network(folder, has_channel, make=make_model, **settings):
    make(vetted_terms=has_channel, **settings).save_pretrained(folder)
    make_tokenizer(vetted_terms=has_channel, lists_of_type=LISTS_OF_TYPE | {"Drug": []}).save_pretrained(folder)
    return folder


KNOWN = {"Anatomy": ["左肺见阴影"], "Disease": ["充血水肿", "肺炎"], "Drug": ["规律"]}


@pytest.mark.parametrize("has_channel", [True, False])
def test_a_network_is_given_terms_in_its_channel_or_else_in_its_reference_lists(tmp_path, monkeypatch, has_channel):
    taker = NetworkTaker(save_network(tmp_path, has_channel))
    given = []
    monkeypatch.setattr(
        taker.recognizer, "stream", lambda texts, settings: given.append(settings) or [[] for _ in texts]
    )
    for way in taker.ways:
        assert taker.predict(RECORDS, KNOWN, way) == [[]] * len(RECORDS)
        assert taker.predict(RECORDS, {}, way) == [[]] * len(RECORDS)
    added, nothing, forced, _ = given
    assert (added.force, forced.force) == (False, True) and forced.terms == KNOWN
    assert (nothing.terms, nothing.dictionary, nothing.force) == (None, None, False)
    if has_channel:
        assert added.terms == KNOWN and added.dictionary is None and forced.dictionary is None
    else:
        assert added.terms is None
        own = taker.tokenizer.dictionary
        # 肺炎 was there, and a term of a type without a list would set no feature.
        expected = own.merge(ClinicalDictionary({"左肺见阴影": ["anatomy"], "充血水肿": ["disease"]}))
        assert added.dictionary == forced.dictionary == expected


@pytest.mark.parametrize(
    "make_taker",
    [
        lambda folder: NetworkTaker(save_network(folder, True)),
        lambda folder: NetworkTaker(save_network(folder, False)),
        lambda folder: _TAKERS["baseline_network"](
            save_network(folder, False, make_baseline, dictionary_lstm_hidden_size=3)
        ),
    ],
    ids=["channel", "no channel", "baseline"],
)
def test_forced_terms_are_found_by_every_network(tmp_path, make_taker):
    taker = make_taker(tmp_path)
    found = taker.predict(RECORDS, KNOWN, FORCED)
    words_found = {(RECORDS[0][start:end], kind) for start, end, kind in found[0]}
    assert {("左肺见阴影", "Anatomy"), ("充血水肿", "Disease"), ("规律", "Drug")} <= words_found
    assert taker.predict(RECORDS, {}, FORCED) == taker.predict(RECORDS, {}, ADDED)


def make_baseline(**settings):
    torch.manual_seed(0)
    shared = ("entity_types", "vocab_size", "character_embedding_size", "radical_embedding_size", "lstm_hidden_size")
    config = make_config()
    settings |= {name: getattr(config, name) for name in shared}
    return BaselineForTokenClassification(BaselineConfig(**settings))
