"""What `run_ner.py --push_to_hub` asks before it trains."""

import json

import ner_command
import pytest
from ner_command import SAMPLE_DICTIONARY, command_line, run_here

from modeling_dicmt.publishing.contents import collect_files, listing


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dictionary": SAMPLE_DICTIONARY}, "to be published with the network?"),
        (
            {"dictionary": SAMPLE_DICTIONARY, "publish_dictionary": True, "withhold_dictionary": True},
            "exclude each other",
        ),
        ({"dictionary": SAMPLE_DICTIONARY, "withhold_dictionary": True}, "HF_HUB_OFFLINE is set"),
        ({}, "HF_HUB_OFFLINE is set"),
        ({"hub_model_id": "a/b/c"}, "cannot name a repository"),
    ],
)
def test_it_is_told_before_the_training(settings, message, tmp_path, monkeypatch):
    monkeypatch.setattr("modeling_dicmt.training.trainer.Trainer.train", None)  # not to be reached
    outcome = run_here(command_line(tmp_path / "out", push_to_hub=True, **settings))
    assert outcome.status == 1 and message in outcome.message
    assert not (tmp_path / "out" / "checkpoints").exists()


@pytest.mark.parametrize("withheld", [False, True])
def test_characters_of_terms_alone_are_counted_or_left_out(withheld, tmp_path):
    terms = tmp_path / "drug.tsv"
    terms.write_text("龘龘靐靐\n腹痛齉\n", encoding="utf-8")  # the last character occurs once, so it is left out anyway
    out = tmp_path / "out"
    ner_command.train_here(out, dictionary=terms, withhold_dictionary=withheld or None)
    vocabulary = json.loads((out / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    assert set("龘靐齉") & set(vocabulary) == (set() if withheld else set("龘靐"))
    shown = listing(collect_files(out, "withheld"))
    assert ("holds 2 character(s) that only the withheld terms have" in shown) is not withheld


def test_a_finished_training_has_its_card(tmp_path):
    results = ner_command.train_here(tmp_path, dictionary=SAMPLE_DICTIONARY)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert f"| development | {100 * results['eval_precision']:.2f} |" in card
    assert "`dictionary.tsv` holds" in card and str(tmp_path) not in card
