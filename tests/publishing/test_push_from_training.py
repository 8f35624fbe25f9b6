"""What `run_ner.py --push_to_hub` asks before it trains."""

import ner_command
import pytest
from ner_command import SAMPLE_DICTIONARY, command_line, run_here


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dictionary": SAMPLE_DICTIONARY}, "Is the dictionary to be published with the network?"),
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
    monkeypatch.setattr("run_ner.Trainer", None)  # not to be reached
    outcome = run_here(command_line(tmp_path / "out", push_to_hub=True, **settings))
    assert outcome.status == 1 and message in outcome.message
    assert not (tmp_path / "out" / "checkpoints").exists()


def test_a_finished_training_has_its_card(tmp_path):
    results = ner_command.train_here(tmp_path, dictionary=SAMPLE_DICTIONARY)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert f"| development | {100 * results['eval_precision']:.2f} |" in card
    assert "`dictionary.tsv` holds" in card and str(tmp_path) not in card
