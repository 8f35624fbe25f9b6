"""Baselines that are no network: what they see, what they find, and the files they leave."""

import json
import sys

import pytest
from made_up_runs import TRAIN, TYPES, VALIDATION, record

from data_scripts.records import load_dictionary, load_lists_of_type
from experiments.adding_terms import _TAKERS
from experiments.baselines import __main__ as command
from experiments.baselines.rules import Rules
from experiments.known_terms import ADDED
from experiments.recording import read_predictions
from experiments.specification import MODEL_OF_KIND
from modeling_dicmt.training.arguments import ModelArguments
from modeling_dicmt.training.preparation import build_tokenizer

LABELS = ["O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BI")]
LABEL2ID = {label: number for number, label in enumerate(LABELS)}


def tokenizer_of(data, texts):
    dictionary = load_dictionary(data)
    lists_of_type = load_lists_of_type(data, dictionary, TYPES)
    return build_tokenizer(ModelArguments(vetted_terms=False), texts, TYPES, dictionary, lists_of_type)


@pytest.fixture
def tokenizer(data):
    return tokenizer_of(data, [item["text"] for item in TRAIN])


def words(text, spans):
    return [(text[start:end], kind) for start, end, kind in spans]


class TestRules:
    def found(self, tokenizer, text, train=TRAIN):
        rules = Rules(tokenizer, LABEL2ID)
        rules.fit(train, VALIDATION)
        (spans,) = rules.predict([text])
        return words(text, spans)

    def test_terms_and_training_mentions_are_found(self, tokenizer):
        text = "肺炎，阿莫西林；哮喘，头孢。"
        assert self.found(tokenizer, text) == [
            ("肺炎", "Disease"),
            ("阿莫西林", "Drug"),  # a mention of the training part, no term
            ("哮喘", "Disease"),  # a term that does not occur there
            ("头孢", "Drug"),
        ]

    def test_the_longest_entry_is_taken(self, tokenizer):
        longer = [*TRAIN, record("t4", "肺炎球菌感染。", ("肺炎球菌感染", "Disease"))]
        assert self.found(tokenizer, "肺炎球菌感染，肺炎", longer) == [("肺炎球菌感染", "Disease"), ("肺炎", "Disease")]

    def test_an_entry_that_the_training_part_mostly_does_not_annotate_is_dropped(self, tokenizer):
        contrary = [*TRAIN, *(record(f"n{number}", "否认胃炎。") for number in range(2))]
        assert ("胃炎", "Disease") in self.found(tokenizer, "胃炎")
        assert self.found(tokenizer, "胃炎", contrary) == []

    def test_unseen_terms_of_a_type_that_is_mostly_wrong_are_dropped(self, tokenizer):
        # 青霉素 is the only term of Drug that occurs, and is mostly not annotated.
        contrary = [*TRAIN, *(record(f"n{number}", "青霉素过敏。") for number in range(3))]
        assert ("头孢", "Drug") not in self.found(tokenizer, "头孢", contrary)

    def test_the_more_frequent_annotation_counts(self, tokenizer):
        twice = [*TRAIN, *(record(f"m{number}", "胃炎。", ("胃炎", "Drug")) for number in range(2))]
        assert self.found(tokenizer, "胃炎", twice) == [("胃炎", "Drug")]

    def test_an_entry_does_not_begin_or_end_inside_a_word(self, tokenizer):
        train = [*TRAIN, record("t4", "查CT。", ("CT", "Drug"))]
        assert self.found(tokenizer, "CT，CTA，ＣＴ", train) == [("CT", "Drug"), ("ＣＴ", "Drug")]


class TestFeatureCRF:
    @pytest.fixture
    def baseline(self, tokenizer):
        pytest.importorskip("pycrfsuite")
        from experiments.baselines.feature_crf import FeatureCRF

        return FeatureCRF(tokenizer, LABEL2ID)

    def test_what_it_sees_of_a_character(self, baseline, tokenizer):
        text = "患肺炎，"
        (sentence,) = tokenizer.encode_records([text])
        rows = baseline.features(text, sentence)
        assert len(rows) == len(text)
        seen = set(rows[1])
        assert {"c0=肺", "c-1=患", "c1=炎", "c2=,", "b0=肺炎", "b-1=患肺", "t-1=患肺炎", "kind=Lo"} <= seen
        radicals = sentence.radical_ids.tolist()
        assert f"r0={radicals[1]}" in seen and f"r-1={radicals[0]}" in seen
        # 肺炎 is a Disease (code 1): it starts here (slot 1 of its size), and ends at the next character (slot 0).
        assert {"d1=1", ">d0=1"} <= seen and "d0=1" not in seen
        assert {"d0=1", "<d1=1"} <= set(rows[2])
        assert not any(feature.lstrip("<>").startswith("d") for feature in rows[3] if "<d0" not in feature)

    def test_it_learns_what_it_is_shown_with_exact_offsets(self, baseline):
        train = TRAIN * 5
        baseline.fit(train, VALIDATION)
        texts = ["\r\n患者肺炎，予青霉素。\n\n患者肺炎好转。", "", "予阿莫西林"]
        found = [words(text, spans) for text, spans in zip(texts, baseline.predict(texts), strict=True)]
        assert found == [
            [("肺炎", "Disease"), ("青霉素", "Drug"), ("肺炎", "Disease")],
            [],
            [("阿莫西林", "Drug")],
        ]

    def test_its_model_outlives_the_training(self, baseline):
        """The tagger reads the model where it lies: freed and used again, it crashed a run on a whole corpus."""
        baseline.fit(TRAIN * 5, VALIDATION)
        others = [bytes([255]) * size for size in range(1000, 60_000, 100)]  # what would take its place
        assert words(TRAIN[0]["text"], baseline.predict([TRAIN[0]["text"]])[0]) == [
            ("肺炎", "Disease"),
            ("青霉素", "Drug"),
        ]
        assert others

    def test_without_a_dictionary(self, data, tmp_path):
        pytest.importorskip("pycrfsuite")
        from dataclasses import replace

        from experiments.baselines.feature_crf import FeatureCRF

        tokenizer = tokenizer_of(replace(data, dictionary=None, dictionary_mapping=None), ["肺炎"])
        (sentence,) = tokenizer.encode_records(["肺炎"])
        rows = FeatureCRF(tokenizer, LABEL2ID).features("肺炎", sentence)
        assert not any(feature.startswith("d") for row in rows for feature in row)


def test_spacy_learns_and_finds_exact_offsets(tokenizer):
    pytest.importorskip("spacy")
    from experiments.baselines.spacy_ner import SpacyNER

    train = TRAIN * 10
    answers = []
    for _ in range(2):
        baseline = SpacyNER(tokenizer, LABEL2ID, epochs=10, seed=1)
        baseline.fit(train, TRAIN)
        texts = ["\n患者肺炎，予青霉素。\r\n患者肺炎好转", ""]
        answers.append([words(text, spans) for text, spans in zip(texts, baseline.predict(texts), strict=True)])
    assert answers[0] == [[("肺炎", "Disease"), ("青霉素", "Drug"), ("肺炎", "Disease")], []]
    assert answers[1] == answers[0]  # of the same seed


@pytest.mark.parametrize("kind", ["rules", "feature_crf", "spacy"])
def test_the_command_leaves_the_files_that_run_ner_leaves(kind, data, tmp_path, monkeypatch):
    settings = {
        "kind": kind,
        "dataset_name": "jsonl",
        "data_dir": data.data_dir,
        "dictionary": data.dictionary,
        "dictionary_mapping": data.dictionary_mapping,
        "output_dir": str(tmp_path / "out"),
        "num_train_epochs": 40,
    }
    (tmp_path / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["experiments.baselines", str(tmp_path / "settings.json")])
    command.run()
    results = json.loads((tmp_path / "out" / "all_results.json").read_text(encoding="utf-8"))
    lines = (tmp_path / "out" / "predictions_validation.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["v1", "v2"]
    assert sum(len(json.loads(line)["entities"]) for line in lines) == results["eval_predicted"] > 0
    assert results["eval_recall_by_training_count"]["0"]["support"] == 2 and results["train_seconds"] >= 0
    model = MODEL_OF_KIND.get(kind)
    assert (model is not None) == (kind != "feature_crf")
    if model is not None:
        texts = [item["text"] for item in VALIDATION]
        found = read_predictions(tmp_path / "out", "validation")
        assert _TAKERS[kind](tmp_path / "out").predict(texts, {}, ADDED) == found
