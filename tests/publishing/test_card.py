"""The model card: metadata that the Hub's library reads, figures as measured, nothing of the machine."""

import json

import pytest
from huggingface_hub import ModelCard

from modeling_dicmt.publishing.card import hub_name, render_card
from modeling_dicmt.publishing.pretraining_card import render_pretraining_card
from modeling_dicmt.publishing.text_sources import pretraining_of

CONFIG = {
    "entity_types": ["Disease", "Drug|α"],
    "context_encoder": "bilstm",
    "tag_decoder": "crf",
    "recognition_task": True,
    "segmentation_task": True,
    "encoder_config": None,
    "bigram_embedding_size": 50,
    "radical_embedding_size": 50,
    "ngram_sizes": [2, 3],
    "max_sentence_length": 250,
}
RUN = {
    "dataset_name": "ccks2017",
    "train_records": 1078,
    "train_characters": 244461,
    "train_entities": 26964,
    "test_records": 7,
    "test_characters": 8000,
    "test_entities": 99,
    "parameters": 1805067,
    "device": "cpu",
    "processes": 1,
    "threads": 2,
    "machine": "x86_64",
    "versions": {"torch": "2.13.0"},
    "dictionary": {
        "terms": 191400,
        "types": [{"entity_type": "Drug|α", "lists": ["a|b"], "terms": 1500, "matchable": 1200}],
        "first_rejected_rows": [{"file": "SECRET", "line": 3, "reason": "SECRET"}],
    },
    "settings": {
        "data_dir": "/SECRET/data",
        "dictionary": "/SECRET/terms",
        "output_dir": "/SECRET/out",
        "cache_dir": "/SECRET/cache",
        "model_name_or_path": "/SECRET/model",
        "encoder_name_or_path": "/SECRET/bert",
        "character_vectors": "/SECRET/vectors",
        "dictionary_mapping": "/SECRET/mapping",
        "seed": 13,
        "learning_rate": 0.002,
    },
    "public_settings": ["seed", "learning_rate"],
}
RESULTS = {
    "test_precision": 0.8,
    "test_recall": 0.9,
    "test_f1": 0.8471,
    "test_macro_f1": 0.7,
    "test_relaxed_f1": 0.95,
    "test_by_type": {"Drug|α": {"support": 3, "precision": 0.5, "recall": 0.25, "f1": 1 / 3}},
    "test_recall_by_training_count": {"0": {"support": 4, "recall": 0.75}, "1": {"support": 0, "recall": 0.0}},
    "test_calibration": {"error": 0.0312},
    "calibration_temperature": 1.5,
    "calibration_error_before": 0.0435,
    "calibration_error": 0.0144,
    "train_seconds": 90.0,
    "train_epochs": 24,
    "train_best_epoch": 14,
}


def card(run=RUN, results=RESULTS, config=CONFIG, **settings):
    return ModelCard(render_card(config, run, results, **settings))


def test_the_hubs_library_reads_the_metadata():
    data = card(repo_id="owner/name").data
    assert data.language == "zh" and data.pipeline_tag == "token-classification"
    assert data.library_name == "transformers" and "custom_code" in data.tags
    assert data.model_name == "name" and data.base_model is None
    results = {result.metric_type: result for result in data.eval_results}
    assert {name: result.metric_value for name, result in results.items()} == {
        "f1": 0.8471,
        "precision": 0.8,
        "recall": 0.9,
    }
    assert results["f1"].dataset_type == "ccks2017" and results["f1"].dataset_split == "test"
    assert ModelCard(str(card())).data.to_dict() == card().data.to_dict(), "and writes them as it read them"


def test_figures_are_those_of_the_run():
    text = card().text
    for line in (
        "| test | 80.00 | 90.00 | 84.71 | 70.00 | 95.00 |",
        "| Drug\\|α | 3 | 50.00 | 25.00 | 33.33 |",
        "| 0 | 4 | 75.00 |",
        "| 1 | 0 | – |",
        "| training | 1,078 | 244,461 | 26,964 |",
        "| Drug\\|α | a\\|b | 1,500 | 1,200 |",
        "one run with seed 13",
        "14 of 24 epochs",
        "error 4.35 before, 1.44 after",
        "on the test part: 3.12",
        "1,805,067 parameters",
        "| learning_rate | 0.002 |",
    ):
        assert line in text, line


def test_nothing_of_the_machine_but_its_kind():
    for dictionary in ("included", "withheld", "none"):
        assert "SECRET" not in str(card(dictionary=dictionary))


TEXT = {"names": ["a.txt", "ward\n(21 files)"], "documents": 1200, "characters": 33333, "license": "research only."}


def test_the_texts_besides_the_corpus_are_named_with_their_terms():
    others = {"pretrained": TEXT, "unlabelled": {"names": ["x.txt"], "records": 9475, "characters": 1234567}}
    text = card(RUN | others | {"settings": RUN["settings"] | {"text_license": "on request"}}).text
    for line in (
        "pre-trained on text without annotations: a.txt, ward (21 files): 1,200 documents, 33,333 characters.\n",
        "The terms of that text: research only. The network may be used within them alone.\n",
        "records without annotations besides: x.txt: 9,475 records, 1,234,567 characters.\n",
        "The terms of the records that it was trained on: on request. The network",
    ):
        assert line in text, line
    nothing = card(RUN | {"pretrained": None, "unlabelled": None})
    assert str(nothing) == str(card()) and "annotations" not in str(nothing) and "terms of th" not in str(nothing)


def test_a_pre_trained_network_of_which_nothing_is_known_is_told():
    for run, config in ((RUN | {"pretrained": {}}, CONFIG), (None, CONFIG | {"language_model": {}})):
        assert "without annotations: of its text nothing is known here." in card(run, config=config).text


def write_run(folder, content) -> str:
    folder.mkdir()
    (folder / "run.json").write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(folder)


def test_what_a_pre_training_s_folder_says_of_its_text_is_handed_on_without_places(tmp_path):
    text = TEXT | {"names": ["/secret/a.txt", "b.txt"], "exclusions": {"x": {"count": 1, "first": "secret.txt"}}}
    settings = {"text_license": "research only", "corpus": ["/secret"]}
    pretrained = write_run(tmp_path / "pre", {"text": text, "settings": settings})
    known = {"names": ["a.txt", "b.txt"], "documents": 1200, "characters": 33333, "license": "research only"}
    assert pretraining_of(pretrained, None) == known
    assert pretraining_of(None, write_run(tmp_path / "recogniser", {"pretrained": known})) == known
    assert pretraining_of(None, None) is pretraining_of(None, write_run(tmp_path / "plain", {})) is None


@pytest.mark.parametrize(
    ("done", "told"),
    [({"policies": {"NAME": "tag"}, "found": {"NAME": 3}}, "were taken out of"), (None, "were not taken out of")],
)
def test_whether_that_text_was_de_identified_is_handed_on(done, told, tmp_path):
    pretrained = write_run(tmp_path / "pre", {"text": TEXT, "settings": {}, "deidentification": done})
    known = pretraining_of(pretrained, None)
    assert known["deidentified"] == (done is not None)
    assert pretraining_of(None, write_run(tmp_path / "recogniser", {"pretrained": known})) == known
    assert f"{told} that text first" in card(RUN | {"pretrained": known}).text
    assert "that text first" not in card(RUN | {"pretrained": TEXT}).text


@pytest.mark.parametrize(
    "content", ["{", "[]", {"text": 3, "settings": []}, {"text": {"names": [1], "documents": "9"}}]
)
def test_a_folder_that_says_something_else_says_nothing(content, tmp_path):
    assert pretraining_of(write_run(tmp_path / "pre", content), None) == {}
    assert pretraining_of(str(tmp_path / "owner" / "name"), None) == {}


PRE_TRAINING = {"text": TEXT | {"duplicates": 7, "held_out_documents": 30}, "settings": {}}


def test_the_card_of_a_pre_trained_network_names_its_text_and_the_terms():
    figures = {"heldout_perplexity": 21.5, "heldout_accuracy": 0.4, "train_best_epoch": 1, "train_epochs": 3}
    config = {"model_type": "dicmt", "lstm_hidden_size": 256}
    text = render_pretraining_card(config, PRE_TRAINING, figures)
    assert "1,200 documents (7 further ones were duplicates), 33,333 characters." in text
    assert "where they allow research alone, so does it" in text and "perplexity of a character 21.50" in text
    settings = {"text_license": "research only", "corpus": ["/SECRET"]}
    text = render_pretraining_card(config, PRE_TRAINING | {"settings": settings}, {})
    assert "The terms of these texts: research only. The network may be used within them alone." in text
    assert "SECRET" not in text and "No document was held out" in text


def test_the_card_of_a_pre_trained_network_says_what_became_of_identifiers():
    config = {"model_type": "dicmt", "lstm_hidden_size": 256}
    done = {
        "policies": {"NAME": "surrogate", "PHONE": "surrogate", "DATE": "coarsen"},
        "found": {"NAME": 1234, "PHONE": 0, "DATE": 5},
    }
    text = render_pretraining_card(config, PRE_TRAINING | {"deidentification": done}, {})
    assert "what became of them: NAME 1,234 (surrogate), DATE 5 (coarsen).\nLooked for and not found: PHONE. " in text
    assert "refused" not in text
    text = render_pretraining_card(config, PRE_TRAINING | {"deidentification": None}, {})
    assert "its de-identification was refused" in text and "Looked for" not in text
    # Of a run that is older nothing is said.
    text = render_pretraining_card(config, PRE_TRAINING, {})
    assert "refused" not in text and "Looked for" not in text


@pytest.mark.parametrize(
    ("dictionary", "said", "unsaid"),
    [
        ("included", "`dictionary.tsv` holds the 191,400 terms", "withheld"),
        ("withheld", "(191,400 terms) is withheld", "`dictionary.tsv` holds"),
        ("none", "trained without a dictionary", "191,400"),
    ],
)
def test_the_card_says_where_the_dictionary_is(dictionary, said, unsaid):
    text = card(dictionary=dictionary).text
    assert said in text and unsaid not in text


def test_a_checkpoint_of_which_nothing_is_known():
    text = card(run=None, results=None, dictionary_terms=7).text
    assert "holds the 7 terms" in text
    for heading in ("## Data", "## Evaluation", "## Training"):
        assert heading not in text
    assert "None" not in text and "## Privacy" in text


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {},
            "bigrams, radicals and a clinical dictionary's n-grams, read by\na BiLSTM; a CRF",
        ),
        ({"encoder_config": {"model_type": "bert"}, "bigram_embedding_size": 0}, "a BERT encoder, radicals and"),
        ({"bigram_embedding_size": 0, "radical_embedding_size": 0, "ngram_sizes": []}, "character embeddings, read by"),
        ({"tag_decoder": "softmax", "segmentation_task": False}, "a softmax recognises the entities. One"),
        ({"recognition_task": False}, "a BiLSTM; a second task segments them"),
        ({"context_encoder": "none"}, "no further layer"),
    ],
)
def test_the_architecture_is_said_in_words(settings, said):
    assert said in card(config=CONFIG | settings, dictionary="none").text


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"vetted_terms": True}, "own; they are found without training"),
        ({}, "own; this network takes them with `force=True` alone"),
        ({"ngram_sizes": []}, '- `not_terms=["发热"]`: what is no entity;\n- `threshold'),
    ],
)
def test_how_the_network_takes_terms_is_said(settings, said):
    assert said in card(config=CONFIG | settings).text


def test_an_encoder_with_a_name_on_the_hub_is_the_base_model(tmp_path, monkeypatch):
    name = "google-bert/bert-base-chinese"
    assert hub_name(name) == name and card(run=RUN | {"base_model": name}).data.base_model == name
    (tmp_path / "google-bert" / "bert-base-chinese").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert [hub_name(place) for place in (name, None, "", "/models/bert", "./bert", "a/b/c")] == [None] * 6


def test_a_folder_of_another_working_directory_was_taken_for_a_name_on_the_hub():
    run = RUN | {"settings": RUN["settings"] | {"encoder_name_or_path": "models/bert"}}
    assert "models/bert" not in str(card(run=run))


def test_tables_are_tables():
    """Every row of a table has as many cells as its head."""
    width = None
    for line in card().text.splitlines():
        if line.startswith("|"):
            cells = len(line.replace("\\|", "").split("|"))
            assert width in (None, cells), line
            width = cells
        else:
            width = None


def test_the_cards_example_is_python():
    code = card(repo_id="owner/name").text.split("```python\n")[1].split("```")[0]
    compile(code, "card", "exec")
    assert '"owner/name"' in code


def test_a_network_that_scores_spans_is_described_as_one():
    card = render_card(CONFIG | {"model_type": "dicmt_nested", "max_span_length": 17}, RUN, RESULTS)
    assert "entities may lie within each other" in card and "Entities of more than 17 characters" in card
    assert not any(said in card for said in ("CRF", "Labels are flat", "aggregation_strategy", "{{", "{%"))
    flat = render_card(CONFIG | {"model_type": "dicmt"}, RUN, RESULTS)
    assert all(said in flat for said in ("a CRF recognises", "Labels are flat", "aggregation_strategy"))
